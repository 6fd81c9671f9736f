"""Time that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class TestClock:
    """Satisfies ``inbox.clock.Clock``. ``move`` may be called from any thread, also while an engine sleeps."""

    __test__ = False

    def __init__(self, start: datetime = START) -> None:
        self._lock = threading.Lock()
        self._now = start
        self._passed_s = 0.0
        self._sleepers: list[tuple[float, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The moment it was set to, aware UTC."""
        with self._lock:
            return self._now

    def monotonic_s(self) -> float:
        """Seconds moved so far; putting the clock back does not count."""
        with self._lock:
            return self._passed_s

    async def sleep(self, seconds: float) -> None:
        """Return when the clock was moved that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        with self._lock:
            self._sleepers.append((self._passed_s + seconds, loop, woken))
        await woken

    def move(self, seconds: float) -> None:
        """That much later at once, as after a pause: everybody whose time has come wakes up."""
        with self._lock:
            self._now += timedelta(seconds=seconds)
            self._passed_s += seconds
            due = [s for s in self._sleepers if s[0] <= self._passed_s]
            self._sleepers = [s for s in self._sleepers if s[0] > self._passed_s]
        for _, loop, woken in due:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, woken)

    def put_back(self, seconds: float) -> None:
        """The wall clock is set back, as a time server may do; nobody sleeps longer for it."""
        with self._lock:
            self._now -= timedelta(seconds=seconds)

    def next_in_s(self) -> float | None:
        """Seconds until the next sleeper wakes; ``None`` when nobody sleeps."""
        with self._lock:
            self._sleepers = [s for s in self._sleepers if not s[2].done() and not s[1].is_closed()]
            return min(at for at, *_ in self._sleepers) - self._passed_s if self._sleepers else None

    async def run(self, seconds: float) -> None:
        """Let this much time pass in the running loop, stopping wherever somebody wakes until all is quiet again."""
        until_s = self.monotonic_s() + seconds
        await quiet()
        while (left_s := until_s - self.monotonic_s()) > 0:
            next_s = self.next_in_s()
            self.move(left_s if next_s is None else min(max(next_s, 1e-6), left_s))
            await quiet()


def _wake(woken: asyncio.Future[None]) -> None:
    if not woken.done():
        woken.set_result(None)


async def quiet() -> None:
    """Return when the running loop has nothing left to do but wait."""
    ready = asyncio.get_running_loop()._ready
    while True:
        await asyncio.sleep(0)
        if not ready:
            return
