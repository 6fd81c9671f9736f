"""Delivers what was approved: commit "sending", call, commit the receipt. Survives an end at any line.

What may have arrived without our knowing is "unknown": it is looked for, and only a proven absence, after the network
had time to finish what it might still be doing, sends again. One channel's trouble never touches another's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from inbox.clock import Clock
from inbox.connectors.connector import Connector
from inbox.errors import (
    BadReply,
    ByHand,
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    OutOfBudget,
    PostroomError,
    Rejected,
    SignInNeeded,
    Unavailable,
    Unsupported,
)
from inbox.events import Changed
from inbox.model import AccountId, Channel, ChannelId, Delivery, DeliveryId, DeliveryState, Receipt
from inbox.store import accounts, outbox, record
from inbox.store.database import Database
from inbox.sync import fetch
from inbox.tasks import Tasks

log = logging.getLogger(__name__)

SETTLE_S = 90.0
"""A request may still be worked on this long after we gave it up; absence before that proves nothing."""
PENDING_S = 5.0
RETRY_FIRST_S = 15.0
RETRY_LONGEST_S = 900.0
_A_MOMENT_S = 0.001  # what the store's times can tell apart
_SURELY_NOT_SENT = (DeliveryState.QUEUED, DeliveryState.SENDING)


class Outbox:
    """The one sender of an engine."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        tasks: Tasks,
        publish: Callable[[Changed], None],
        connector_for: Callable[[Channel], Awaitable[Connector]],
        *,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._tasks = tasks
        self._publish = publish
        self._connector_for = connector_for
        self._settle_s = settle_s
        self._busy: set[ChannelId] = set()
        self._resting: dict[ChannelId, float] = {}  # after a failure nobody foresaw: not again before then
        self._recovered_s = clock.monotonic_s()
        self._held_offline: set[DeliveryId] = set()
        self._poked = asyncio.Event()
        self.paused = False

    def recover(self) -> None:
        """At start: whatever was being sent when the last run ended is looked for now."""
        with self._database.transaction() as connection:
            ids = outbox.interrupted(connection, at=self._clock.now())
        self._recovered_s = self._clock.monotonic_s()
        self._publish(Changed(deliveries=frozenset(ids)))

    def poke(self) -> None:
        """Something new is queued, or may go now."""
        self._poked.set()

    def pause(self, paused: bool) -> None:
        """Begin no delivery until told to go on."""
        self.paused = paused
        self.poke()

    def network_returned(self) -> None:
        """What was held for want of a network goes now."""
        with self._database.transaction() as connection:
            outbox.hurry(connection, self._held_offline, at=self._clock.now())
        self._held_offline.clear()
        self.poke()

    def budget_raised(self, account_id: AccountId) -> None:
        """What was held for want of a budget goes now, if the new one is enough."""
        connection = self._database.connection
        mine = {c.id for c in accounts.channels(connection, account_id=account_id)}
        held = [d.id for d in outbox.waiting(connection) if d.channel_id in mine and self._lacks_budget(d)]
        with self._database.transaction() as writing:
            outbox.hurry(writing, held, at=self._clock.now())
        self.poke()

    def _lacks_budget(self, delivery: Delivery) -> bool:
        """Held for that and nothing else: a network that asks us to wait is still waited for."""
        newest = record.lines(self._database.connection, subject=f"delivery:{delivery.id}", limit=1)
        return bool(newest) and newest[0].verb == f"held: {OutOfBudget.__name__}"

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            self._poked.clear()
            now = self._clock.now()
            self.start_due()
            # What is due already is under way, or rests.
            next_at = outbox.next_due_at(self._database.connection, after=now)
            waits = [until_s - self._clock.monotonic_s() for until_s in self._resting.values()]
            waits += [(next_at - now).total_seconds()] if next_at is not None else []
            wait_s = min([30.0, *(max(s, 0.05) for s in waits)])
            sleep = self._tasks.start(self._clock.sleep(wait_s), name="outbox sleeps")
            poke = self._tasks.start(self._poked.wait(), name="outbox listens")
            await asyncio.wait({sleep, poke}, return_when=asyncio.FIRST_COMPLETED)
            sleep.cancel()
            poke.cancel()

    def start_due(self) -> None:
        """Start each channel that has something due and is not at it already; within a channel, oldest first."""
        if self.paused:
            return
        now, now_s = self._clock.now(), self._clock.monotonic_s()
        self._resting = {id_: until_s for id_, until_s in self._resting.items() if until_s > now_s}
        due = [d.channel_id for d in outbox.due(self._database.connection, now=now)]
        for channel_id in dict.fromkeys([*due, *sorted(outbox.ahead(self._database.connection, now=now))]):
            if channel_id not in self._busy and channel_id not in self._resting:
                self._busy.add(channel_id)
                self._tasks.start(self._channel(channel_id), name=f"outbox {channel_id}")

    async def _channel(self, channel_id: ChannelId) -> None:
        finished = False
        try:
            while not self.paused:
                now = self._clock.now()
                self._reckon_anew(channel_id, now)
                due = [d for d in outbox.due(self._database.connection, now=now) if d.channel_id == channel_id]
                channel = accounts.channel(self._database.connection, channel_id)
                if not due or channel is None:
                    break
                await self.deliver(channel, due[0])
            finished = True
        finally:
            self._busy.discard(channel_id)
            if not finished:  # a full disk or a bug: at once it would only fail again
                self._resting[channel_id] = self._clock.monotonic_s() + RETRY_FIRST_S
            self._poked.set()

    def _reckon_anew(self, channel_id: ChannelId, now: datetime) -> None:
        """The clock may have been put back."""
        if channel_id not in outbox.ahead(self._database.connection, now=now):
            return
        with self._database.transaction() as connection:
            ids = outbox.reckon_anew(connection, channel_id, now=now)
        self._publish(Changed(deliveries=frozenset(ids)))

    async def deliver(self, channel: Channel, delivery: Delivery) -> None:
        """One step for one delivery of a channel that sends nothing else: send it if queued, look for it if unknown."""
        if delivery.state is DeliveryState.SENDING:  # nobody is: whoever was failed before its end was on disk
            self._unknown(delivery, OutcomeUnknown("Sending it was interrupted."))
            return
        try:
            connector = await self._connector_for(channel)
        except PostroomError as error:
            if delivery.state is DeliveryState.UNKNOWN:
                self._look_later(channel, delivery, error, self._clock.now())
            else:
                self._wait(delivery, error)
            return
        if delivery.state is DeliveryState.UNKNOWN:
            await self._look(channel, connector, delivery)
            return
        with self._database.transaction() as connection:
            if not outbox.begin(connection, delivery.id, at=self._clock.now(), steady_s=self._clock.monotonic_s()):
                return  # undone a moment ago
        self._tell(delivery)
        try:
            receipt = await connector.publish(channel, delivery.rendition, delivery.key)
        except (OutcomeUnknown, BadReply) as error:
            self._unknown(delivery, error)
        except (Offline, Unavailable, SignInNeeded, NotAllowed, OutOfBudget) as error:
            self._wait(delivery, error)
        except ByHand as error:
            with self._database.transaction() as connection:
                outbox.by_hand(
                    connection, delivery.id, url=error.url, words=str(error), hint=error.hint, at=self._clock.now()
                )
            self._tell(delivery)
        except (Rejected, NotFound, Unsupported) as error:
            with self._database.transaction() as connection:
                outbox.rejected(connection, delivery.id, words=str(error), hint=error.hint, at=self._clock.now())
            self._tell(delivery)
        else:
            self._sent(channel, delivery, receipt, "sent")

    def _sent(self, channel: Channel, delivery: Delivery, receipt: Receipt, verb: str) -> None:
        now = self._clock.now()
        if receipt.pending:
            self._pending(delivery, now)
            return
        if receipt.message is not None:  # shown at once; the next poll finds it known
            saved = fetch.save(self._database, channel, fetch.ours(receipt.message), at=now)
            self._publish(saved.changed)
        with self._database.transaction() as connection:
            outbox.sent(connection, delivery.id, receipt, at=now, verb=verb)
        self._tell(delivery)

    def _pending(self, delivery: Delivery, now: datetime) -> None:
        """The network has it and is not done with it: neither sent nor lost, so it is asked again."""
        words = "The network has accepted it and is still working on it."
        with self._database.transaction() as connection:
            outbox.unknown(
                connection, delivery.id, words=words, hint="Postroom asks again by itself.", at=now, verb="accepted"
            )
            again = now + timedelta(seconds=PENDING_S)
            outbox.look_again(connection, delivery.id, not_before_at=again, words=words, at=now)
        self._tell(delivery)

    def _unknown(self, delivery: Delivery, error: PostroomError) -> None:
        now = self._clock.now()
        log.warning("delivery %s: outcome unknown: %s", delivery.id, error)
        with self._database.transaction() as connection:
            outbox.unknown(
                connection, delivery.id, at=now,
                words=f"The answer was lost: {error}", hint="Postroom looks for it before anything is sent again.",
            )  # fmt: skip
            outbox.look_again(connection, delivery.id, not_before_at=now, words=f"The answer was lost: {error}", at=now)
        self._tell(delivery)

    async def _look(self, channel: Channel, connector: Connector, delivery: Delivery) -> None:
        began = self._clock.now()
        left_s = self._unsettled_s(delivery, began)
        try:
            receipt = await connector.find(channel, delivery)
        except PostroomError as error:
            self._look_later(channel, delivery, error, began)
            return
        if receipt is not None:
            self._sent(channel, delivery, receipt, "found")
            return
        with self._database.transaction() as connection:
            if left_s >= _A_MOMENT_S:
                outbox.look_again(
                    connection, delivery.id, not_before_at=began + timedelta(seconds=left_s), at=began,
                    words="Not there yet; Postroom looks once more before it sends again.",
                )  # fmt: skip
            else:
                outbox.requeue(
                    connection, delivery.id, was=[DeliveryState.UNKNOWN], not_before_at=began,
                    words="It was not there: it is sent again.", hint="", at=began, verb="proven absent",
                )  # fmt: skip
        self._tell(delivery)

    def _unsettled_s(self, delivery: Delivery, now: datetime) -> float:
        """Seconds that the network may still be working on it, by both clocks: a wall clock that is put forward in the
        meantime makes a moment look like hours. Put back behind its beginning, it says nothing.

        The steady clock counts from the machine's start, so that it goes on from one run to the next; after a restart
        of the machine it has begun anew, and then at least so much time has passed.
        """
        now_s, began_s = self._clock.monotonic_s(), outbox.began_s(self._database.connection, delivery.id)
        if began_s is None:  # begun by an earlier version
            steady_s = now_s - self._recovered_s
        else:
            steady_s = now_s - began_s if now_s >= began_s else now_s
        wall_s = (now - delivery.sending_at).total_seconds() if delivery.sending_at is not None else 0.0
        return self._settle_s - (steady_s if wall_s < 0 else min(steady_s, wall_s))

    def _look_later(self, channel: Channel, delivery: Delivery, error: PostroomError, began: datetime) -> None:
        """It could not be looked for: still unknown."""
        again = self._after(delivery, began)
        if isinstance(error, Unavailable) and error.retry_at is not None:
            again = max(error.retry_at, again)
        with self._database.transaction() as connection:
            outbox.look_again(
                connection, delivery.id, not_before_at=again, at=began,
                words=f"It is not known whether this went out; looking for it failed: {error}",
            )  # fmt: skip
        if isinstance(error, SignInNeeded):
            self._sign_out(channel)
        if isinstance(error, Offline):
            self._held_offline.add(delivery.id)
        self._tell(delivery)

    def _wait(self, delivery: Delivery, error: PostroomError) -> None:
        """Surely not sent: it stays queued until the cause has gone."""
        now = self._clock.now()
        # Nothing is due while signed out; afterwards all goes at once and in order: there is nothing to wait for.
        again = now if isinstance(error, SignInNeeded) else self._after(delivery, now)
        if isinstance(error, Unavailable | OutOfBudget) and error.retry_at is not None:
            again = max(error.retry_at, again)
        with self._database.transaction() as connection:
            outbox.requeue(
                connection, delivery.id, was=_SURELY_NOT_SENT, not_before_at=again, words=str(error), hint=error.hint,
                at=now, verb=f"held: {type(error).__name__}",
            )  # fmt: skip
        if isinstance(error, Offline):
            self._held_offline.add(delivery.id)
        if isinstance(error, SignInNeeded) and (
            channel := accounts.channel(self._database.connection, delivery.channel_id)
        ):
            self._sign_out(channel)
        self._tell(delivery)

    def _sign_out(self, channel: Channel) -> None:
        with self._database.transaction() as connection:
            accounts.set_signed_in(connection, channel.account_id, False)
        self._publish(Changed(accounts=True, channels=frozenset({channel.id})))

    def _after(self, delivery: Delivery, now: datetime) -> datetime:
        return now + timedelta(seconds=min(RETRY_FIRST_S * 2 ** min(delivery.attempts, 8), RETRY_LONGEST_S))

    def _tell(self, delivery: Delivery) -> None:
        conversation = frozenset({delivery.conversation_id} if delivery.conversation_id else ())
        self._publish(Changed(deliveries=frozenset({delivery.id}), conversations=conversation))
