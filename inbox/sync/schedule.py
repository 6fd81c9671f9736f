"""When a channel is fetched. Pure: told the time and what happened, says what is due.

Interval with jitter, longer after each failure, never before a Retry-After, never while signed out. While nothing can
be reached at all, one channel asks for all. After the machine slept, everything is due, but not at once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.errors import NotAllowed, Offline, OutOfBudget, PostroomError, SignInNeeded, Unavailable
from inbox.model import Channel, ChannelId

JITTER = 0.15
LONGEST_PAUSE = timedelta(minutes=30)
OFFLINE_PROBE = timedelta(seconds=15)
SLEPT = timedelta(seconds=90)
"""A look at the clock this much later than promised means that the machine slept; as much earlier, that its clock was
put back, and no plan made by the old time holds."""
WAKE_SPREAD_S = 20.0


@dataclass(slots=True)
class _Plan:
    interval: timedelta
    due_at: datetime
    failures: int = 0
    offline: bool = False
    stopped: bool = False
    not_before: datetime | None = None  # the network said so


class Schedule:
    """The plan for all channels of one engine."""

    def __init__(self, seed: int | None = None) -> None:
        self._plans: dict[ChannelId, _Plan] = {}
        self._random = random.Random(seed)
        self._promised_at: datetime | None = None
        self.offline_since: datetime | None = None

    def keep(self, channels: Iterable[Channel], now: datetime) -> None:
        """Plan exactly these channels; new ones are due at once."""
        wanted = {c.id: c for c in channels}
        for gone in self._plans.keys() - wanted.keys():
            del self._plans[gone]
        for id_, one in wanted.items():
            if id_ not in self._plans:
                self._plans[id_] = _Plan(interval=timedelta(seconds=one.interval_s), due_at=now)
            self._plans[id_].interval = timedelta(seconds=one.interval_s)

    def due(self, now: datetime, busy: Iterable[ChannelId] = ()) -> list[ChannelId]:
        """Channels to fetch now, longest overdue first; those in ``busy`` are being fetched already."""
        if self._promised_at is not None and abs(now - self._promised_at) > SLEPT:
            self._wake(now)
        ready = [(p.due_at, i) for i, p in self._plans.items() if p.due_at <= now and not p.stopped]
        ready.sort()
        taken = set(busy)
        found = [i for _, i in ready if i not in taken]
        if self.offline_since is not None:
            return found[:1] if not taken else []
        return found

    def next_at(self, now: datetime) -> datetime:
        """When to look again; promise to do so, which is how sleep is noticed."""
        times = [p.due_at for p in self._plans.values() if not p.stopped and p.due_at > now]
        self._promised_at = min([*times, now + timedelta(seconds=30)])
        return self._promised_at

    def succeeded(self, channel_id: ChannelId, now: datetime, *, stretch: float = 1.0) -> bool:
        """The channel was fetched. Returns whether that ended an offline time. ``stretch``: what is left of a budget
        asks for a longer interval (metering.pace)."""
        back, self.offline_since = self.offline_since is not None, None
        if (plan := self._plans.get(channel_id)) is not None:
            plan.failures = 0
            plan.offline = plan.stopped = False
            plan.not_before = None
            plan.due_at = now + self._jittered(plan.interval * stretch)
        if back:
            self._spread(now, (p for i, p in self._plans.items() if i != channel_id))
        return back

    def failed(self, channel_id: ChannelId, error: PostroomError, now: datetime) -> bool:
        """The channel could not be fetched. Returns whether an offline time began, or ended: a refusal is an answer."""
        plan = self._plans.get(channel_id)
        if plan is None:
            return False
        plan.failures += 1
        pause = min(plan.interval * 2 ** min(plan.failures, 10), LONGEST_PAUSE)
        plan.offline = isinstance(error, Offline)
        plan.stopped |= isinstance(error, SignInNeeded | NotAllowed)
        plan.not_before = error.retry_at if isinstance(error, Unavailable | OutOfBudget) else None
        turned = False
        if plan.offline:
            pause = min(pause, OFFLINE_PROBE)
            if self.offline_since is None and all(p.offline or p.stopped for p in self._plans.values()):
                self.offline_since, turned = now, True
        elif self.offline_since is not None and error.status is not None:
            self.offline_since, turned = None, True
        plan.due_at = now + self._jittered(pause)
        if plan.not_before is not None:
            plan.due_at = max(plan.not_before, plan.due_at)  # it may say "at once", and refuse again at once
        return turned

    def hurry(self, channel_ids: Iterable[ChannelId], now: datetime) -> None:
        """A person asks for it: due now, whatever went before."""
        for id_ in channel_ids:
            if (plan := self._plans.get(id_)) is not None:
                plan.due_at, plan.stopped = now, False

    def hint(self, channel_id: ChannelId, now: datetime) -> None:
        """A push hints at news: due now, unless the channel fails. A stream may go on where fetching is refused, and no
        machine may talk its way past a pause, a Retry-After or what a person must mend."""
        plan = self._plans.get(channel_id)
        if plan is not None and not plan.stopped and not plan.failures:
            plan.due_at = min(plan.due_at, now)

    def _wake(self, now: datetime) -> None:
        self._spread(now, self._plans.values())

    def _spread(self, now: datetime, plans: Iterable[_Plan]) -> None:
        for plan in plans:
            soon = now + timedelta(seconds=self._random.uniform(0, WAKE_SPREAD_S))
            plan.due_at = max(soon, plan.not_before or soon)

    def _jittered(self, pause: timedelta) -> timedelta:
        return pause * self._random.uniform(1 - JITTER, 1 + JITTER)
