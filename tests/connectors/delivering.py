"""Queueing and delivering through the real outbox, for the tests of lost answers: one step after the other."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from inbox.model import Channel, Delivery, DeliveryState, Rendition, Update
from inbox.publishing.outbox import Outbox
from inbox.store import outbox
from inbox.store.database import Database
from tests.connectors.harness import SetClock
from tests.inbox.making import OFFICER

ENDED = frozenset({DeliveryState.SENT, DeliveryState.REJECTED, DeliveryState.BY_HAND})
MOST_STEPS = 30


class Delivering:
    """What an office needs besides its network: ``database``, ``channel``, ``clock`` and ``outbox`` are its own."""

    database: Database
    channel: Channel
    clock: SetClock
    outbox: Outbox

    def queue(self, rendition: Rendition) -> int:
        """Approve it, to be sent at once."""
        plan = outbox.Planned(channel_id=self.channel.id, rendition=rendition, not_before_at=self.clock.now())
        update = Update(kind=rendition.kind, text=rendition.text)
        with self.database.transaction() as connection:
            [id_] = outbox.approve(connection, update, [plan], at=self.clock.now(), actor=OFFICER)
        return id_

    def get(self, id_: int) -> Delivery:
        """How it stands."""
        found = outbox.delivery(self.database.connection, id_)
        assert found is not None
        return found

    async def deliver(self, id_: int, ended: Collection[DeliveryState] = ENDED) -> Delivery:
        """Step by step until it is settled, however long that takes."""
        for _ in range(MOST_STEPS):
            delivery = self.get(id_)
            if delivery.state in ended:
                return delivery
            wait = (delivery.not_before_at - self.clock.now()) if delivery.not_before_at else timedelta(0)
            self.clock.forward(max(wait.total_seconds(), 1))
            await self.outbox.deliver(self.channel, self.get(id_))
        return self.get(id_)
