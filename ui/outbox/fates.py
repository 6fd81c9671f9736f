"""What the outbox shows, read at once: updates with what became of each of their deliveries."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from inbox.model import Delivery, DeliveryState, UpdateId
from inbox.store import outbox

RECENT = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Fates:
    """``waiting``: updates of which something has not arrived, oldest first, with all their deliveries. ``recent``:
    others of which something went lately, newest first, with what went. ``count``: deliveries that have not arrived."""

    waiting: dict[UpdateId, list[Delivery]]
    recent: dict[UpdateId, list[Delivery]]
    count: int


def fates(connection: sqlite3.Connection) -> Fates:
    """As it stands in the store now."""
    waiting = outbox.waiting(connection)
    found: dict[UpdateId, list[Delivery]] = {d.update_id: [] for d in waiting}
    for delivery in outbox.of_updates(connection, found):
        found[delivery.update_id].append(delivery)
    sent = (d for d in outbox.deliveries(connection, limit=4 * RECENT) if d.state is DeliveryState.SENT)
    lately = [d for d in sent if d.update_id not in found][:RECENT]
    recent: dict[UpdateId, list[Delivery]] = {d.update_id: [] for d in lately}
    for delivery in reversed(lately):
        recent[delivery.update_id].append(delivery)
    return Fates(waiting=found, recent=recent, count=len(waiting))
