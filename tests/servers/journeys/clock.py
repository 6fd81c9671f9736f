"""The machine's own time, which a test may move ahead: what is due in ten minutes is then due at once."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta


class MovableClock:
    """Satisfies ``inbox.clock.Clock``. Time passes as it does; ``move`` adds to it, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ahead_s = 0.0
        self._sleepers: list[tuple[float, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The present moment, aware UTC, and as much later as it was moved."""
        return datetime.now(UTC) + timedelta(seconds=self._ahead_s)

    def monotonic_s(self) -> float:
        """Steady seconds, moved ahead too."""
        return time.monotonic() + self._ahead_s

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``, or as soon as the clock was moved that far."""
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        until_s = self.monotonic_s() + seconds
        with self._lock:
            self._sleepers = [s for s in self._sleepers if not s[2].done()]
            self._sleepers.append((until_s, loop, woken))
        alarm = loop.call_later(max(seconds, 0), _wake, woken)
        try:
            await woken
        finally:
            alarm.cancel()

    def move(self, seconds: float) -> None:
        """It is that much later now: everybody whose time has come wakes up."""
        with self._lock:
            self._ahead_s += seconds
            due = [s for s in self._sleepers if s[0] <= self.monotonic_s()]
        for _, loop, woken in due:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, woken)


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)
