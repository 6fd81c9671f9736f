"""Quotas and money as one idea: what an account may use up, what it has used, and how fast it may go on.

Values and arithmetic only; ``store.spending`` keeps the figures. An amount of money is in millionths of a US dollar, so
that the price of the cheapest call is a whole number; days and months are those of UTC, as the networks bill them.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol

MICRO: Final = 1_000_000
SLOWEST: Final = 12.0
"""However little is left, the next look is at most so many times later than usual."""
_SLOW_FROM, _STOP_AT = 75, 95  # percent of what the network itself reports (facebook.md section 2.7)


class Unit(enum.StrEnum):
    """What is counted."""

    CALLS = "calls"
    MONEY = "money"  # millionths of a US dollar
    SHARE = "share"  # percent of a limit that the network does not name


class Period(enum.StrEnum):
    """When counting begins anew, in UTC."""

    DAY = "day"
    MONTH = "month"
    ROLLING = "rolling"  # the network says when


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowance:
    """Something a connector may use up. ``reserve``: this much of it is kept for what a person does; reading stops
    before. ``settable``: the officer sets ``limit``, which stands until then. ``source``: where the figure is from and
    as of when."""

    name: str
    title: str
    unit: Unit
    period: Period
    limit: int | None = None
    reserve: int = 0
    settable: bool = False
    source: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """How an allowance stands."""

    allowance: Allowance
    used: int
    limit: int | None
    begins_at: datetime
    ends_at: datetime

    @property
    def left(self) -> int | None:
        """What may still be used; None without a limit."""
        return None if self.limit is None else max(self.limit - self.used, 0)

    def forecast(self, now: datetime) -> int:
        """What will be used by the end of the period if it goes on like this."""
        gone = (now - self.begins_at) / (self.ends_at - self.begins_at)
        return round(self.used / gone) if gone > 0.02 else self.used


@dataclass(frozen=True, kw_only=True, slots=True)
class Validity:
    """How long what an account relies on is good for. ``None`` and empty: for good, or not known."""

    sign_in_ends_at: datetime | None = None
    version: str = ""  # of the network's API, as we speak it
    version_ends_on: date | None = None
    words: tuple[str, ...] = ()  # what else an administrator should know, such as a right that was not granted


class Meter(Protocol):
    """One account's meter, given to its connector. Everything is durable when a method returns."""

    def left(self, name: str, *, person: bool = False) -> int | None:
        """What may still be used of an allowance; None: no limit. Without a ``person`` behind it, less its reserve."""
        ...

    def need(self, name: str, amount: int, *, person: bool = False) -> None:
        """Raise OutOfBudget unless ``amount`` is left."""
        ...

    def spend(self, name: str, amount: int, what: str, *, times: int = 1) -> None:
        """So much was used by ``what`` (a word for the officer's table, such as "mentions read")."""
        ...

    def unbilled(self, name: str, objects: Iterable[str]) -> list[str]:
        """Those of the objects that were not noted on this UTC day yet, in their order."""
        ...

    def bill(self, name: str, objects: Iterable[str]) -> None:
        """Note that these objects are paid for until the UTC day ends."""
        ...

    def report(self, name: str, used: int, *, limit: int | None = None, ends_at: datetime | None = None) -> None:
        """The network's own word on how an allowance stands; it counts more than ours."""
        ...


class _Unmetered:
    """For connectors that use nothing up."""

    def left(self, name: str, *, person: bool = False) -> int | None:
        return None

    def need(self, name: str, amount: int, *, person: bool = False) -> None: ...

    def spend(self, name: str, amount: int, what: str, *, times: int = 1) -> None: ...

    def unbilled(self, name: str, objects: Iterable[str]) -> list[str]:
        return list(objects)

    def bill(self, name: str, objects: Iterable[str]) -> None: ...

    def report(self, name: str, used: int, *, limit: int | None = None, ends_at: datetime | None = None) -> None: ...


UNMETERED: Final[Meter] = _Unmetered()


def span(period: Period, now: datetime) -> tuple[datetime, datetime]:
    """Beginning and end of the period that ``now`` lies in; of a rolling one, the last and the next twelve hours."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case Period.DAY:
            return day, day + timedelta(days=1)
        case Period.MONTH:
            first = day.replace(day=1)
            return first, (first + timedelta(days=32)).replace(day=1)
        case Period.ROLLING:
            return now - timedelta(hours=12), now + timedelta(hours=12)


def pace(uses: Sequence[Use], now: datetime) -> float:
    """By how much the interval between looks is stretched, so that what is left lasts: 1 as long as it does.

    What a person does always comes first, so the reserve does not count as left.
    """
    return max((_pace(use, now) for use in uses), default=1.0)


def _pace(use: Use, now: datetime) -> float:
    if use.allowance.unit is Unit.SHARE:
        over = (use.used - _SLOW_FROM) / (_STOP_AT - _SLOW_FROM)
        return min(1.0 + max(over, 0.0) * (SLOWEST - 1.0), SLOWEST)
    if use.limit is None or use.limit <= 0:
        return 1.0 if use.limit is None else SLOWEST
    for_reading = use.limit - use.allowance.reserve
    left = for_reading - use.used
    if left <= 0:
        return SLOWEST
    whole, rest = use.ends_at - use.begins_at, use.ends_at - now
    if use.used < for_reading * 0.25:
        return 1.0  # early in a period a few calls look like a flood
    ahead = (use.used / for_reading) / max((whole - rest) / whole, 0.01)  # 2: twice as fast as it can last
    return min(max(ahead, 1.0), SLOWEST)


def exhausted(use: Use, *, person: bool = False) -> bool:
    """Nothing may be used any more until the period ends."""
    if use.allowance.unit is Unit.SHARE:
        return use.used >= _STOP_AT
    if use.limit is None:
        return False
    return use.used >= use.limit - (0 if person else use.allowance.reserve)
