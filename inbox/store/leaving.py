"""What an account that is removed leaves behind: its texts go nowhere by themselves, and none of them is lost."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict
from datetime import datetime

from inbox.events import Changed
from inbox.model import Delivery, DeliveryState, Update, UpdateKind
from inbox.store import aims, outbox, triage


def take_back(connection: sqlite3.Connection, account_id: str, *, at: datetime, actor: str) -> Changed:
    """Cancel what the account has queued or was refused, newest first, and keep the texts as drafts.

    A reply goes before what was begun in its conversation meanwhile, as when it is taken back by hand; a post becomes
    the draft of the composer unless something is being written there, and then its text stays readable in the outbox.
    What is being sent or is unknown stays as it is: it is looked for if the account returns, see ``outbox.requeue``.
    Returns what changed.
    """
    changed = Changed()
    for delivery in _not_left(connection, account_id):
        undo = outbox.cancel(connection, delivery.id, at=at, actor=actor, verb="cancelled: account removed")
        if undo:
            triage.restore(connection, undo, at=at, actor=actor)
        _keep(connection, outbox.update_of(connection, delivery.update_id), delivery, at=at)
        where = frozenset({delivery.conversation_id} if delivery.conversation_id else ())
        changed |= Changed(deliveries=frozenset({delivery.id}), conversations=where)
    return changed


def _not_left(connection: sqlite3.Connection, account_id: str) -> list[Delivery]:
    channels = {r[0] for r in connection.execute("SELECT id FROM channels WHERE account_id = ?", (account_id,))}
    states = (DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.BY_HAND)
    return [d for d in reversed(outbox.waiting(connection)) if d.channel_id in channels and d.state in states]


def _keep(connection: sqlite3.Connection, update: Update, delivery: Delivery, *, at: datetime) -> None:
    if update.kind is UpdateKind.REPLY and delivery.conversation_id:
        place = f"reply:{delivery.conversation_id}"
        typed = outbox.draft(connection, place)
        body = update.text if typed in ("", update.text) else f"{update.text}\n\n{typed}"
        outbox.save_draft(connection, place, body, at=at)
        aims.take_back(connection, delivery.conversation_id, update.reply_to, update.visibility, at=at)
    elif update.kind is UpdateKind.POST:
        place = f"post:{update.replaces}" if update.replaces is not None else "post"
        if not outbox.draft(connection, place):
            outbox.save_draft(connection, place, _as_draft(update), at=at)


def _as_draft(update: Update) -> str:
    """As the composer keeps it (ui/composer/draft.py), with no channel chosen: the one it was for has gone."""
    fields = asdict(update)
    fields["publish_at"] = update.publish_at.isoformat() if update.publish_at else None
    names = (
        "title", "text", "excerpt", "categories", "tags", "publish_at", "variations", "choices", "visibility",
        "warning", "language", "poll", "card", "audience", "quotable", "replaces", "quotes",
    )  # fmt: skip
    body = {name: fields[name] for name in names} | {"pictures": fields["media"], "channels": []}
    return json.dumps(body, ensure_ascii=False)
