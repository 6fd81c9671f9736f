"""X's ids carry the time at which they were given out, in milliseconds (x.md section 4)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)  # 1288834974657 ms
_MILLISECOND: Final = timedelta(milliseconds=1)
_SHIFT: Final = 22
_FIRST: Final = 29_700_859_247
"""Ids below this were counted, not timed."""


def time_of(number: str) -> datetime | None:
    """When the id was given out; None for ids from before November 2010 and for what is no id."""
    if not number.isdecimal() or int(number) < _FIRST:
        return None
    return _EPOCH + (int(number) >> _SHIFT) * _MILLISECOND


def at(moment: datetime) -> str:
    """The smallest id of that millisecond: everything later is above it."""
    return str(max((moment - _EPOCH) // _MILLISECOND, 0) << _SHIFT)


def newer(one: str, other: str) -> bool:
    """Whether ``one`` was given out after ``other``; anything is newer than nothing."""
    return (len(one), one) > (len(other), other)
