"""What a person carried over by hand, seen by a poll: then nobody has to say that it is done."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from datetime import timedelta

from inbox.clock import Clock
from inbox.events import Changed
from inbox.model import Channel, Delivery, Message
from inbox.store import outbox, record
from inbox.store.database import Database

_EARLIER = timedelta(minutes=10)
"""Clocks differ, and a person may have posted it a moment before the delivery was noted."""


def settle(database: Database, channel: Channel, messages: Iterable[Message], clock: Clock) -> Changed:
    """Note as sent what waits to be carried over and is among these messages; what changed."""
    ours = [m for m in messages if m.ours]
    waiting = outbox.handed_over(database.connection, channel.id) if ours else []
    changed = Changed()
    if waiting:  # what settled one delivery, or was published by us, settles no other
        ours = [m for m in ours if not outbox.accounted(database.connection, channel.id, m.remote_id)]
    for delivery in waiting:
        found = next((m for m in ours if _same(delivery, m)), None)
        if found is None:
            continue
        ours.remove(found)
        with database.transaction() as connection:
            outbox.carried(
                connection, delivery.id, remote_id=found.remote_id, url=found.url, at=clock.now(),
                actor=record.MACHINE, verb="seen where it was carried to",
            )  # fmt: skip
        where = frozenset({delivery.conversation_id} if delivery.conversation_id else ())
        changed |= Changed(deliveries=frozenset({delivery.id}), conversations=where)
    return changed


def _same(delivery: Delivery, message: Message) -> bool:
    wanted = delivery.rendition
    if delivery.sending_at is not None and message.created_at < delivery.sending_at - _EARLIER:
        return False
    if wanted.reply_to and message.parent_remote_id != wanted.reply_to:
        return False
    return bool(_words(wanted.text)) and _words(wanted.text) == _words(message.text)


def _words(text: str) -> str:
    """The words alone: networks shorten links, unescape and change white space."""
    bare = re.sub(r"https?://\S+|(?<!\w)@\w[\w.@-]*", " ", html.unescape(text))
    return " ".join(re.findall(r"\w+", bare.casefold()))
