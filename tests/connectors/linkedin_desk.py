"""An officer's desk over the practice LinkedIn: a real file, a real meter, the real poll and the real outbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import httpx

from inbox import metering
from inbox.connectors import http as web
from inbox.connectors.connector import Room
from inbox.connectors.linkedin import LinkedIn
from inbox.connectors.linkedin.pages import EVERYTHING, LIMITS
from inbox.connectors.linkedin.server import CALLS, DAILY, Place
from inbox.metering import Use
from inbox.model import Account, AccountId, Channel, ChannelFound, Delivery, DeliveryState, Rendition, Update
from inbox.practice.faults import Faults
from inbox.practice.linkedin import Network, linkedin_app
from inbox.publishing.outbox import Outbox
from inbox.store import accounts, outbox, reading, spending
from inbox.store.database import Database
from inbox.store.outbox import StoredSteps
from inbox.sync.fetch import Fetch, Outcome
from inbox.tasks import Tasks
from tests.clock import TestClock, quiet
from tests.connectors.harness import KeptSecret

ROOT = "http://localhost:1"


class Desk:
    """One page, signed in. ``network`` counts calls as LinkedIn does; ``meter`` as we do."""

    def __init__(self, folder: Path, clock: TestClock) -> None:
        self.clock = clock
        self.network = Network(clock)
        self.faults = Faults()
        self.page = self.network.add_organization("Harbour Council")
        self.admin = self.network.add_member("Ada", "Admin")
        self.network.appoint(self.admin, self.page)
        self.network.add_app()
        self.vera = self.network.add_member("Vera", "Citizen")
        self.database = Database.open(folder)
        self.http = web.client(transport=httpx.ASGITransport(linkedin_app(self.network, self.faults)))
        self.secret = KeptSecret(token=self.network.token_for(self.admin))
        place = Place(api=ROOT, www=ROOT, member=self.admin.urn)
        self.account = Account(
            id=AccountId("linkedin-1"), network="linkedin", title="Harbour Council", settings=place.settings()
        )
        found = ChannelFound(
            remote_id=self.page.urn, title=self.page.name, capabilities=EVERYTHING, limits=LIMITS
        )  # fmt: skip
        with self.database.transaction() as connection:
            accounts.add_account(connection, self.account, at=clock.now())
            [self.channel_id] = accounts.add_channels(
                connection, self.account, [found], interval_s=LinkedIn.interval_s, history_before=clock.now()
            )
        self.meter = spending.StoredMeter(self.database, clock, self.account.id, LinkedIn.allowances)
        self.restart()
        self.fetch = Fetch(self.database, clock, lambda changed: None)
        self.failed: list[BaseException] = []
        self.tasks = Tasks(self.failed.append)
        self.outbox = Outbox(self.database, clock, self.tasks, lambda changed: None, self._connector_for)

    def restart(self) -> None:
        """A new connector, which remembers nothing but what is kept."""
        self.connector = LinkedIn(
            Room(
                account=self.account, http=self.http, secret=self.secret, clock=self.clock, meter=self.meter,
                steps=StoredSteps(self.database),
            )
        )  # fmt: skip

    def room_for_more(self) -> spending.StoredMeter:
        """A meter for tests that are not about calls: ten thousand a day."""
        return spending.StoredMeter(self.database, self.clock, self.account.id, [replace(DAILY, limit=10_000)])

    @property
    def channel(self) -> Channel:
        found = accounts.channel(self.database.connection, self.channel_id)
        assert found is not None
        return found

    @property
    def use(self) -> Use:
        return spending.use(self.database.connection, self.account.id, DAILY, now=self.clock.now())

    @property
    def went_on(self) -> Mapping[str, int]:
        """What today's calls went on."""
        lines = spending.lines(self.database.connection, self.account.id, DAILY, now=self.clock.now())
        return {line.what: line.amount for line in lines}

    def calls_counted_there(self) -> int:
        """Calls that LinkedIn counted today."""
        return self.network.calls.get((self.admin.urn, self.clock.now().date().isoformat()), 0)

    async def poll(self) -> Outcome:
        return await self.fetch.poll(self.channel, self.connector)

    def next_poll_in_s(self) -> float:
        """As the schedule would have it, without its jitter."""
        return LinkedIn.interval_s * metering.pace([self.use], self.clock.now())

    def stored(self, remote_id: str) -> reading.StoredMessage | None:
        return reading.message_by_remote_id(self.database.connection, self.channel_id, remote_id)

    def queue(self, rendition: Rendition) -> int:
        """Approve it; it goes when the outbox runs."""
        update = Update(kind=rendition.kind, text=rendition.text)
        plan = outbox.Planned(channel_id=self.channel_id, rendition=rendition, not_before_at=self.clock.now())
        with self.database.transaction() as connection:
            [id_] = outbox.approve(connection, update, [plan], at=self.clock.now(), actor="person:test")
        return id_

    async def send(self, rendition: Rendition) -> Delivery:
        """One attempt."""
        id_ = self.queue(rendition)
        await self.outbox.deliver(self.channel, self.delivery(id_))
        return self.delivery(id_)

    async def settle(self, id_: int, *, hours: float = 1) -> Delivery:
        """Let the outbox do what it does until the delivery is settled, or so much time went by."""
        run = self.tasks.start(self.outbox.run(), name="outbox")
        for _ in range(int(hours * 60)):
            await self.clock.run(60)
            if self.delivery(id_).state not in (DeliveryState.UNKNOWN, DeliveryState.QUEUED, DeliveryState.SENDING):
                break
        run.cancel()
        await quiet()
        return self.delivery(id_)

    def delivery(self, id_: int) -> Delivery:
        found = outbox.delivery(self.database.connection, id_)
        assert found is not None
        return found

    async def _connector_for(self, channel: Channel) -> LinkedIn:
        return self.connector

    async def close(self) -> None:
        await self.tasks.cancel()
        await self.http.aclose()
        self.database.close()


def limited(desk: Desk, calls: int) -> None:
    """Use up today's calls but for these."""
    left = desk.meter.left(CALLS, person=True) or 0
    desk.meter.spend(CALLS, left - calls, "used up by the test")
