"""The practice world's own time: quicker than real time, and a person may stop, start and step it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from inbox.clock import Clock, SystemClock


class PracticeClock:
    """Story time. Satisfies ``inbox.clock.Clock``; safe to use from several threads.

    ``now()`` runs ahead of real time as soon as ``speed`` is over 1, so it decides only *when* something happens.
    What is written into posts and comments is ``real.now()``, the moment at which they arrive: no message may lie in
    the future of the engine, whose clock is the real one.
    """

    def __init__(self, real: Clock | None = None, *, speed: float = 60.0, running: bool = True) -> None:
        self.real: Clock = real or SystemClock()
        self.started_at = self.real.now()
        self._lock = threading.RLock()
        self._speed = speed
        self._running = running
        self._story_s = 0.0
        self._since_s = self.real.monotonic_s()
        self._listeners: list[Callable[[], object]] = []

    def now(self) -> datetime:
        """The story's moment, aware UTC."""
        return self.started_at + timedelta(seconds=self.monotonic_s())

    def monotonic_s(self) -> float:
        """Story seconds since the start."""
        with self._lock:
            if not self._running:
                return self._story_s
            return self._story_s + (self.real.monotonic_s() - self._since_s) * self._speed

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of story time; stands still while the clock does."""
        until_s = self.monotonic_s() + seconds
        loop = asyncio.get_running_loop()
        moved = asyncio.Event()
        forget = self.on_change(lambda: loop.call_soon_threadsafe(moved.set))
        try:
            while self.monotonic_s() < until_s:
                moved.clear()
                await wait_for_either(moved, self.real_s_until(until_s), self.real)
        finally:
            forget()

    @property
    def running(self) -> bool:
        return self._running

    @property
    def speed(self) -> float:
        """Story seconds per real second while running."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if speed <= 0:
            raise ValueError("a clock runs forwards; use stop()")
        with self._lock:
            self._settle()
            self._speed = speed
        self._tell()

    def stop(self) -> None:
        """Hold story time."""
        with self._lock:
            self._settle()
            self._running = False
        self._tell()

    def go(self) -> None:
        """Let story time run on."""
        with self._lock:
            self._settle()
            self._running = True
        self._tell()

    def step(self, seconds: float) -> None:
        """Move story time on by so many seconds at once, running or not."""
        if seconds < 0:
            raise ValueError("a clock runs forwards")
        with self._lock:
            self._settle()
            self._story_s += seconds
        self._tell()

    def real_s_until(self, story_s: float) -> float | None:
        """Real seconds until story time reaches ``story_s``; ``None`` while the clock is stopped."""
        with self._lock:
            if not self._running:
                return None
            return max(0.0, (story_s - self.monotonic_s()) / self._speed)

    def on_change(self, listener: Callable[[], object]) -> Callable[[], None]:
        """Call ``listener`` on whatever thread stops, starts, steps or speeds up; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def _settle(self) -> None:
        self._story_s = self.monotonic_s()
        self._since_s = self.real.monotonic_s()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


async def wait_for_either(event: asyncio.Event, seconds: float | None, clock: Clock) -> None:
    """Return when ``event`` is set or ``seconds`` of ``clock`` have passed; ``None`` waits for the event alone."""
    if seconds is None:
        await event.wait()
        return
    waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(seconds))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
