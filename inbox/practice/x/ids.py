"""Ids as X gives them out: time in milliseconds above 22 bits of counting."""

from __future__ import annotations

from datetime import datetime

_EPOCH_MS = 1_288_834_974_657


class Ids:
    """Ids that rise with time; several of one millisecond are counted."""

    def __init__(self) -> None:
        self._last = 0

    def at(self, moment: datetime) -> str:
        """A fresh id of that moment."""
        wanted = (round(moment.timestamp() * 1000) - _EPOCH_MS) << 22
        self._last = wanted if wanted > self._last else self._last + 1
        return str(self._last)

    def past(self, moment: datetime, number: int) -> str:
        """The id of something said earlier; may lie below others that were given out."""
        return str(((round(moment.timestamp() * 1000) - _EPOCH_MS) << 22) + number % 4096)


def floor_of(moment: datetime) -> int:
    """The smallest id of that moment."""
    return (round(moment.timestamp() * 1000) - _EPOCH_MS) << 22
