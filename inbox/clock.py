"""The only source of time, so that tests and practice own it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for the record, steady seconds for waiting, and the wait itself."""

    def now(self) -> datetime:
        """The present moment, aware UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds that never go back; stands still while the machine sleeps on some systems."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock."""
        ...


class SystemClock:
    """The machine's own time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        import asyncio  # here, as in tasks.py

        await asyncio.sleep(seconds)
