"""What one poll of one channel does: read on from the cursor, save, ask after what matters, sweep when counts drift."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from inbox.clock import Clock
from inbox.connectors.connector import Connector
from inbox.errors import CursorExpired, NotAllowed, NotFound, PostroomError, SignInNeeded, StoreError
from inbox.events import Changed
from inbox.markup import overgrown
from inbox.model import AccountId, Batch, Capability, Channel, Cursor, Message
from inbox.store import accounts, ledger, messages, record, triage
from inbox.store.database import Database, to_ms
from inbox.sync import carried, grouping

log = logging.getLogger(__name__)

ASK_AFTER = timedelta(days=14)
ASK_LIMIT = 100
ROLL_EVERY_POLLS = 10
MOST_THREADS = 20
"""Conversations read whole after one batch, because what their newest message answers never came."""
THREAD_YOUNGER_THAN = timedelta(days=14)
SWEEP_EVERY = timedelta(hours=24)


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What a poll came to."""

    channel: Channel
    new: int = 0
    edited: int = 0
    moved: int = 0
    gone: int = 0
    requests: int = 0
    signed_in: bool = False  # the sign-in was taken for lost, and this poll proved that it is not
    error: PostroomError | None = None
    outdated: bool = False  # what was refused is a sign-in that has been replaced, or given up, since

    def add(self, saved: messages.Saved, requests: int) -> None:
        self.new += saved.new
        self.edited += saved.edited
        self.moved += saved.moved
        self.gone += saved.gone
        self.requests += requests


class Fetch:
    """Polls channels into the store and tells the bus after each commit."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        publish: Callable[[Changed], None],
        is_current: Callable[[AccountId, Connector], bool] = lambda account_id, connector: True,
    ) -> None:
        self._database = database
        self._clock = clock
        self._publish = publish
        self._is_current = is_current
        self._polls: dict[str, int] = {}
        self._asked_at: dict[str, datetime] = {}

    async def poll(self, channel: Channel, connector: Connector) -> Outcome:
        """Bring the channel up to date. A failure is in the outcome and, unless outdated, in the ledger; StoreError is
        raised."""
        outcome = Outcome(channel=channel)
        began = self._clock.now()
        try:
            try:
                await self._read_on(channel, connector, began, outcome)
            except CursorExpired:
                log.info("%s: cursor expired, reading from the start", channel.id)
                with self._database.transaction() as connection:
                    connection.execute("UPDATE channels SET cursor = '' WHERE id = ?", (channel.id,))
                await self._read_on(channel, connector, began, outcome)
            await self._ask_after(channel, connector, outcome)
            outcome.signed_in = self._proven(channel)
        except StoreError:
            raise  # nothing can be noted in a file that cannot be written
        except PostroomError as error:
            outcome.error = error
            outcome.outdated = isinstance(error, SignInNeeded | NotAllowed) and not self._is_current(
                channel.account_id, connector
            )
            if not outcome.outdated:  # else it says nothing about the sign-in of now
                self._fail(channel, error, began)
        return outcome

    async def _read_on(self, channel: Channel, connector: Connector, began: datetime, outcome: Outcome) -> None:
        reading = accounts.reading(self._database.connection, channel.id)
        cursor, drifted = reading.cursor, False
        while True:
            batch = await connector.fetch(channel, cursor)
            stuck = not batch.complete and batch.cursor == cursor
            orphans = self._orphans(channel, batch)
            self._save(channel, batch, outcome, poll=ledger.Poll(at=began))
            for message in orphans:
                await self.around(channel, connector, message, outcome)
            cursor, drifted = batch.cursor, drifted or batch.drifted
            if batch.complete or stuck:
                break
        now = self._clock.now()
        first_round = not reading.backfilled
        stale = reading.swept_at is None or now - reading.swept_at > SWEEP_EVERY
        if Capability.SWEEP in connector.capabilities and (drifted or (stale and not first_round)):
            await self._sweep(channel, connector, cursor, outcome)

    def _orphans(self, channel: Channel, batch: Batch) -> list[Message]:
        """Messages of the batch that are new and answer something that is neither here nor coming with them: one for
        each thing missing, the youngest, for whoever reads them later asks then."""
        if Capability.THREAD not in channel.capabilities:
            return []
        since = self._clock.now() - THREAD_YOUNGER_THAN
        young = [m for m in batch.messages if m.parent_remote_id and m.created_at >= since]
        here = messages.known_roots(self._database.connection, channel, young) if young else {}
        coming = {m.remote_id for m in batch.messages}
        missing = {
            m.parent_remote_id: m
            for m in young
            if m.remote_id not in here and m.parent_remote_id not in here and m.parent_remote_id not in coming
        }
        return sorted(missing.values(), key=lambda m: m.created_at)[-MOST_THREADS:]

    async def around(
        self, channel: Channel, connector: Connector, message: Message, outcome: Outcome, *, asked: bool = False
    ) -> None:
        """Read the conversation around a message, as far as the network has it. ``asked``: a person wants to see it."""
        try:
            batch = await connector.thread(channel, message)
        except NotFound:
            return  # it was withdrawn while we asked
        self._save(channel, batch, outcome, asked=asked)

    def _save(
        self, channel: Channel, batch: Batch, outcome: Outcome, *, poll: ledger.Poll | None = None, asked: bool = False
    ) -> messages.Saved:
        saved = save(self._database, channel, batch, at=self._clock.now(), poll=poll, asked=asked)
        outcome.add(saved, batch.requests)
        heard = Changed(channels=frozenset({channel.id}) if poll else frozenset())
        settled = carried.settle(self._database, channel, batch.messages, self._clock)
        self._publish(saved.changed | heard | settled)
        return saved

    async def _ask_after(self, channel: Channel, connector: Connector, outcome: Outcome) -> None:
        """Re-read what the officer still has to do with, and, now and then, the next hundred of everything else."""
        if Capability.REREAD not in connector.capabilities:
            return
        now = self._clock.now()
        asked_at = self._asked_at.get(channel.id)
        if asked_at is not None and now - asked_at < timedelta(seconds=connector.reread_every_s):
            return
        self._asked_at[channel.id] = now
        round_ = self._polls[channel.id] = self._polls.get(channel.id, -1) + 1
        connection = self._database.connection
        wanted = triage.watched(connection, channel, since=self._clock.now() - ASK_AFTER, limit=ASK_LIMIT)
        if wanted:
            await self._reread(channel, connector, wanted, outcome)
        if round_ % ROLL_EVERY_POLLS == ROLL_EVERY_POLLS - 1:
            rolled_to = accounts.reading(connection, channel.id).rolled_to
            rows = triage.roll(connection, channel.id, after=rolled_to, limit=ASK_LIMIT)
            if rows:
                await self._reread(channel, connector, [remote_id for _, remote_id in rows], outcome)
            with self._database.transaction() as connection:
                connection.execute(
                    "UPDATE channels SET rolled_to = ? WHERE id = ?", (rows[-1][0] if rows else 0, channel.id)
                )

    async def _reread(
        self, channel: Channel, connector: Connector, remote_ids: Sequence[str], outcome: Outcome
    ) -> None:
        for start in range(0, len(remote_ids), ASK_LIMIT):
            batch = await connector.reread(channel, remote_ids[start : start + ASK_LIMIT])
            self._save(channel, batch, outcome)

    async def _sweep(self, channel: Channel, connector: Connector, cursor: Cursor, outcome: Outcome) -> None:
        """Compare the state of everything there with the store; read what differs, prove what is missing gone."""
        sighted: set[str] = set()
        prefixes: tuple[str, ...] = ()
        after: Cursor | None = None
        async for page in connector.sweep(channel, cursor):
            outcome.requests += 1
            here = {s.remote_id: (s.state.value, s.parent_remote_id) for s in page.sightings}
            stored = triage.standing_of(self._database.connection, channel.id, list(here))
            await self._reread(channel, connector, [r for r, s in here.items() if stored.get(r) != s], outcome)
            sighted |= here.keys()
            prefixes, after = page.swept_prefixes, page.cursor
        for prefix in prefixes:
            missing = [r for r in triage.alive(self._database.connection, channel.id, prefix) if r not in sighted]
            await self._reread(channel, connector, missing, outcome)
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE channels SET swept_at = ?, cursor = coalesce(?, cursor) WHERE id = ?",
                (to_ms(self._clock.now()), after, channel.id),
            )

    def _proven(self, channel: Channel) -> bool:
        """The network served us: was the sign-in taken for lost, that is over. A host may stop passing on the header
        that carries it, and begin again; then nobody has to sign in for a second time."""
        out = [a.id for a in accounts.accounts(self._database.connection) if not a.signed_in]
        if channel.account_id not in out:
            return False
        with self._database.transaction() as connection:
            accounts.set_signed_in(connection, channel.account_id, True)
        self._publish(Changed(channels=frozenset({channel.id}), accounts=True))
        return True

    def _fail(self, channel: Channel, error: PostroomError, began: datetime) -> None:
        with self._database.transaction() as connection:
            news = ledger.fail(
                connection,
                channel.id,
                ledger.Poll(at=began, problem=f"{type(error).__name__}: {error}"),
                trouble_of(error),
            )
            if isinstance(error, SignInNeeded):
                accounts.set_signed_in(connection, channel.account_id, False)
        if news:  # said once, and its recovery once
            log.warning("%s: %s: %s", channel.id, type(error).__name__, error)
        self._publish(Changed(channels=frozenset({channel.id}), accounts=isinstance(error, SignInNeeded | NotAllowed)))


def trouble_of(error: PostroomError) -> str:
    """The one sentence and the next step that the window shows for a failing channel."""
    what = error.title if error.detail == error.title else f"{error.title}: {error.detail}"
    return f"{what.rstrip('.')}. {error.hint}".strip()


def save(
    database: Database, channel: Channel, batch: Batch, *, at: datetime, poll: ledger.Poll | None = None,
    actor: str = record.MACHINE, asked: bool = False,
) -> messages.Saved:  # fmt: skip
    """Group the batch and save it; without a poll the channel's cursor stays. ``actor``: who made what is saved;
    ``asked``: a person wants to see it."""
    if any(overgrown(m.html) for m in batch.messages):  # nothing would ever show it; its words and raw form are here
        batch = replace(batch, messages=tuple(replace(m, html="") if overgrown(m.html) else m for m in batch.messages))
    known = messages.known_roots(database.connection, channel, batch.messages)
    roots = grouping.roots(batch.messages, known)
    return messages.save(
        database, channel, batch, roots, at=at, poll=poll, keep_cursor=poll is None, actor=actor, asked=asked
    )


def ours(message: Message) -> Batch:
    """A batch of one: something we did ourselves and have proof of."""
    return Batch(messages=(message,), cursor=Cursor(""), requests=0)


def gone(remote_id: str) -> Batch:
    """A batch that says one message is no more, with proof."""
    return Batch(gone=(remote_id,), cursor=Cursor(""), requests=0)
