"""Runs the schedule: starts each due channel's poll, a few at a time, and feeds the result back to the plan."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from inbox import metering
from inbox.accounts import Accounts
from inbox.clock import Clock
from inbox.connectors.connector import Connector
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.metering import Use
from inbox.model import AccountId, Capability, Channel, ChannelId, Message
from inbox.store import accounts
from inbox.store.database import Database
from inbox.sync.fetch import Fetch, Outcome
from inbox.sync.hints import Hints
from inbox.sync.schedule import Schedule
from inbox.tasks import Tasks

AT_ONCE = 8


class Polling:
    """The polls of one engine: one at a time per channel and per host, a few over all."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        publish: Callable[[Changed], None],
        accounts_: Accounts,
        network_returned: Callable[[], None],
        interval_s: int | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._publish = publish
        self._accounts = accounts_
        self._network_returned = network_returned
        self._interval_s = interval_s
        self._fetch = Fetch(database, clock, publish, accounts_.is_current)
        self._schedule = Schedule()
        self._hints = Hints(clock, tasks, accounts_.connector_for, self._hinted)
        self._room = asyncio.Semaphore(AT_ONCE)
        self._hosts: dict[str, asyncio.Lock] = {}
        self._wake = asyncio.Event()
        self.busy: set[ChannelId] = set()
        self._under_way: dict[ChannelId, asyncio.Task[Outcome]] = {}
        self.paused = False
        self.uses: dict[AccountId, tuple[Use, ...]] = {}

    @property
    def offline_since(self) -> datetime | None:
        """Since when nothing could be reached at all."""
        return self._schedule.offline_since

    def replan(self, hurry: AccountId | None = None) -> None:
        """Accounts changed; those of ``hurry`` are fetched at once."""
        channels = self._channels()
        self._schedule.keep(channels, self._clock.now())
        self._hints.keep([] if self.paused else [c for c in channels if Capability.HINTS in c.capabilities])
        if hurry is not None:
            self._schedule.hurry([c.id for c in channels if c.account_id == hurry], self._clock.now())
        self._wake.set()

    def pause(self, paused: bool) -> None:
        """Begin no poll until told to go on."""
        self.paused = paused
        self.replan()
        self._publish(Changed(connectivity=True))

    async def run(self) -> None:
        """Poll what is due, for ever."""
        self.replan()
        while True:
            self._wake.clear()
            now = self._clock.now()
            if not self.paused:
                channels = {c.id: c for c in self._channels()}
                # A plan for one that may not be polled any more would be due for ever, and offline the only one asked.
                self._schedule.keep(channels.values(), now)
                for id_ in self._schedule.due(now, self.busy):
                    if id_ in channels:
                        self._begin(channels[id_])
            wait_s = max((self._schedule.next_at(now) - now).total_seconds(), 0.05)
            sleep = self._tasks.start(self._clock.sleep(wait_s), name="polling sleeps")
            woken = self._tasks.start(self._wake.wait(), name="polling listens")
            await asyncio.wait({sleep, woken}, return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
            woken.cancel()

    async def now(self, channel_ids: Sequence[ChannelId] = ()) -> list[Outcome]:
        """Poll these (none named: all) now, and return what each came to, in their order; a poll under way counts."""
        known = [c for c in self._all() if Capability.FETCH in c.capabilities]
        channels = [c for c in known if not channel_ids or c.id in channel_ids]
        self._schedule.keep(self._channels(), self._clock.now())
        return list(await asyncio.gather(*(self._under_way.get(c.id) or self._begin(c) for c in channels)))

    async def around(self, channel: Channel, message: Message) -> None:
        """Read the conversation around a message now, because somebody looks at it."""
        connector = await self._accounts.connector_for(channel)
        await self._fetch.around(channel, connector, message, Outcome(channel=channel), asked=True)

    async def measure(self, account_id: AccountId) -> tuple[Use, ...]:
        """How the account's allowances stand now; told to the window with the next change."""
        return self._measured(account_id, await self._accounts.connector(account_id))

    def _measured(self, account_id: AccountId, connector: Connector) -> tuple[Use, ...]:
        found = tuple(self._accounts.uses(account_id, connector))
        if found:
            self.uses[account_id] = found
        return found

    def _hinted(self, channel_id: ChannelId) -> None:
        """The network says that something may be new."""
        self._schedule.hint(channel_id, self._clock.now())
        self._wake.set()

    def _begin(self, channel: Channel) -> asyncio.Task[Outcome]:
        self.busy.add(channel.id)
        self._publish(Changed(channels=frozenset({channel.id})))
        poll = self._under_way[channel.id] = self._tasks.start(self._poll(channel), name=f"poll {channel.id}")
        return poll

    async def _poll(self, channel: Channel) -> Outcome:
        outcome: Outcome | None = None
        stretch = 1.0
        try:
            host = self._hosts.setdefault(urlsplit(channel.url).netloc or channel.id, asyncio.Lock())
            async with host, self._room:
                try:
                    connector = await self._accounts.connector_for(channel)
                except PostroomError as error:
                    outcome = Outcome(channel=channel, error=error)
                else:
                    if await self._accounts.refresh(channel.account_id, connector):
                        self.replan()
                        self._publish(Changed(accounts=True))
                    channel = accounts.channel(self._database.connection, channel.id) or channel
                    outcome = await self._fetch.poll(channel, connector)
                    if self._accounts.is_current(channel.account_id, connector):  # not removed meanwhile
                        stretch = metering.pace(self._measured(channel.account_id, connector), self._clock.now())
                        if self._accounts.note_validity(channel.account_id, connector):
                            self._publish(Changed(accounts=True))
        finally:
            self.busy.discard(channel.id)
            self._under_way.pop(channel.id, None)
            if outcome is None:  # a full disk or a bug: said elsewhere, and not tried again at once
                self._schedule.failed(channel.id, PostroomError(), self._clock.now())
                self._publish(Changed(channels=frozenset({channel.id})))
        now = self._clock.now()
        if outcome.error is None:
            turned = self._schedule.succeeded(channel.id, now, stretch=stretch)
        elif outcome.outdated:
            turned = False
            self._schedule.hurry([channel.id], now)  # with the new sign-in
        else:
            turned = self._schedule.failed(channel.id, outcome.error, now)
        if outcome.signed_in:
            self.replan()
        if outcome.signed_in or (turned and self._schedule.offline_since is None):
            self._network_returned()
        self._publish(Changed(channels=frozenset({channel.id}), connectivity=turned))
        self._wake.set()
        return outcome

    def _all(self) -> list[Channel]:
        return accounts.channels(self._database.connection)

    def _channels(self) -> list[Channel]:
        """Channels that may be polled: signed in and not paused. Their interval, or the one set for all (practice)."""
        open_ = {h.channel.id for h in accounts.health(self._database.connection) if h.signed_in and not h.paused}
        return [self._timed(c) for c in self._all() if c.id in open_ and Capability.FETCH in c.capabilities]

    def _timed(self, channel: Channel) -> Channel:
        if self._interval_s is None:
            return channel
        return replace(channel, interval_s=self._interval_s)
