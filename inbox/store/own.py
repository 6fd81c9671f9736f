"""What a network does not tell of a message, so that what we know from our own acts holds: ``Message.untold``."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from inbox.model import ChannelId, Counts, Message, MessageState, Reaction

_KNOWN = (
    "SELECT m.remote_id, m.state, coalesce(f.extras, m.extras) FROM messages m"
    " LEFT JOIN fleeting f ON f.message_id = m.id"
    " WHERE m.channel_id = ? AND m.remote_id IN (SELECT value FROM json_each(?))"
)


def held(connection: sqlite3.Connection, channel_id: ChannelId, messages: Sequence[Message]) -> tuple[Message, ...]:
    """The messages with what is here already in the place of what is untold."""
    wanted = [m.remote_id for m in messages if m.untold]
    if not wanted:
        return tuple(messages)
    known = {r[0]: r[1:] for r in connection.execute(_KNOWN, (channel_id, json.dumps(wanted)))}
    return tuple(_held(m, *known[m.remote_id]) if m.untold and m.remote_id in known else m for m in messages)


def _held(m: Message, state: str, extras: str) -> Message:
    here: dict[str, Any] = {}
    more = json.loads(extras)
    if "state" in m.untold and (state, m.state) == (MessageState.HIDDEN, MessageState.PUBLISHED):
        here["state"] = MessageState.HIDDEN
    if "reacted" in m.untold:
        here["reacted"] = tuple(Reaction(r) for r in more.get("reacted", ()))
    if "counts" in m.untold:
        here["counts"] = Counts(**more.get("counts", {}))
    return replace(m, **here)
