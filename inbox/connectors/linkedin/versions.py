"""Which version of LinkedIn's interface we speak, and until when (linkedin.md section 3).

A version is a month; there is no default, each dies about twelve months later with HTTP 426, and the youngest may not
be switched on yet. So one of two to four months is taken, and a 426 steps to the next.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Final

READ_ON: Final = date(2026, 11, 23)
TABLE: Final[dict[str, date | None]] = {
    # version: LinkedIn's own date of its end, as its migration page said after March 2026; None: not announced then
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    "202605": None,  # metricType is a string from here on
    "202606": None,
    "202609": None,  # the newest view of the documentation, read 2026-10-01
    "202610": None,  # sent by two public programs
}
_USUAL_AGES: Final = range(2, 5)


def ends_on(version: str) -> date:
    """When it is switched off: as announced, else the middle of its month a year later, as all before it."""
    return TABLE.get(version) or date(int(version[:4]) + 1, int(version[4:6]), 15)


def announced(version: str) -> bool:
    """Whether LinkedIn named the day itself."""
    return TABLE.get(version) is not None


def choices(today: date) -> list[str]:
    """Versions worth trying, best first: known ones alive of two to four months, older ones, younger ones; then, for
    the years after this table, what the calendar says."""
    alive = [v for v in sorted(TABLE, reverse=True) if ends_on(v) > today and _age(v, today) >= 0]
    usual = [v for v in alive if _age(v, today) in _USUAL_AGES]
    older = [v for v in alive if _age(v, today) > _USUAL_AGES[-1]]
    younger = [v for v in alive if _age(v, today) < _USUAL_AGES[0]]
    guessed = [_month(today, age) for age in (3, 2, 4, 5, 6, 7, 8, 9, 10, 11, 1)]
    return list(dict.fromkeys([*usual, *older, *younger, *guessed]))


def choose(today: date, refused: Collection[str] = ()) -> str:
    """The version to speak: the best that was not refused; empty when all were."""
    return next((v for v in choices(today) if v not in refused), "")


def _age(version: str, today: date) -> int:
    return (today.year - int(version[:4])) * 12 + today.month - int(version[4:6])


def _month(today: date, age: int) -> str:
    months = today.year * 12 + today.month - 1 - age
    return f"{months // 12}{months % 12 + 1:02d}"
