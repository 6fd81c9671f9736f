"""A whole engine at work in its own thread, over a network in memory, in a time that only the test moves."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from inbox.connectors.memory import Memory, World
from inbox.engine import Engine
from inbox.events import Changed
from inbox.model import Account, AccountId, Delivery
from inbox.secrets import MemorySecrets
from inbox.store import accounts, outbox, reading
from inbox.store.database import FILE_NAME, open_reader
from tests.clock import TestClock, quiet

T = TypeVar("T")
WITHIN_S = 20.0
"""Nothing here takes so long; a test that hangs ends with an error."""


class NoHttp:
    """In place of the one HTTP client: no request is expected."""

    async def aclose(self) -> None:
        """Nothing is held open."""


class Running:
    """An engine and what stands around it. ``do`` waits for a command and for all that follows from it."""

    def __init__(self, home: Path, clock: TestClock, *, worlds: int = 1, poll_by_itself: bool = True) -> None:
        self.home, self.clock = home, clock
        self.worlds = {f"blog{n}": World(clock) for n in range(1, worlds + 1)}
        self.world = self.worlds["blog1"]
        self.secrets = MemorySecrets()
        self.heard: list[Changed] = []
        self.failed: list[BaseException] = []
        self._poll_by_itself = poll_by_itself
        self._reader: sqlite3.Connection | None = None
        self.start()

    def start(self, *, held: bool = False) -> None:
        """Start it, or start it again after ``stop``."""
        self.engine = Engine(
            self.home, self.secrets, clock=self.clock, networks={"memory": Memory.over(self.worlds)}, client=NoHttp,
            poll_by_itself=self._poll_by_itself, on_error=self.failed.append,
        )  # fmt: skip
        self.engine.bus.subscribe(self.heard.append)
        self.engine.start(held=held)
        if not held:  # else its loop does not turn yet
            self.settle()

    def stop(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
        self.engine.stop(within_s=WITHIN_S)

    def on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it on the engine's loop and wait."""
        return asyncio.run_coroutine_threadsafe(work, self.engine._its_loop()).result(WITHIN_S)

    def settle(self) -> None:
        """Return when the engine has nothing to do but wait."""
        self.on_loop(quiet())

    def run(self, seconds: float) -> None:
        """Let time pass for the engine."""
        self.on_loop(self.clock.run(seconds))

    def do(self, command: Future[T]) -> T:
        result = command.result(WITHIN_S)
        self.settle()
        return result

    def sign_in(self, again: AccountId | None = None) -> Account:
        discovery = self.do(self.engine.discover("memory", " memory.example "))
        return self.do(self.engine.sign_in(discovery, {"password": self.world.password}, again=again))

    @property
    def reader(self) -> sqlite3.Connection:
        """What the window reads through."""
        if self._reader is None:
            self._reader = open_reader(self.home / FILE_NAME)
        return self._reader

    @property
    def channel_ids(self) -> list[str]:
        return [c.id for c in accounts.channels(self.reader)]

    def message(self, remote_id: str, channel: int = 0) -> reading.StoredMessage:
        found = reading.message_by_remote_id(self.reader, self.channel_ids[channel], remote_id)
        assert found is not None, f"{remote_id} is not here"
        return found

    def row(self, remote_id: str) -> reading.ConversationRow:
        id_ = self.message(remote_id).conversation_id
        return reading.rows(self.reader, [id_])[id_]

    def delivery(self, id_: int) -> Delivery:
        found = outbox.delivery(self.reader, id_)
        assert found is not None
        return found

    def health(self, channel: int = 0) -> accounts.Health:
        return accounts.health(self.reader)[channel]

    def heard_while(self, act: Callable[[], object]) -> Changed:
        """All that was told while ``act`` ran."""
        start = len(self.heard)
        act()
        whole = Changed()
        for one in self.heard[start:]:
            whole |= one
        return whole
