"""An inbox and its networks for property tests: the power may go at any step, and everything goes on from the file."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Coroutine, Iterator
from pathlib import Path
from typing import Any, TypeVar

from inbox.connectors.memory import Crash, Memory, World
from inbox.desk import Desk
from inbox.errors import OutcomeUnknown
from inbox.model import Channel, Receipt, Rendition
from inbox.publishing.outbox import Outbox
from inbox.store import accounts
from inbox.store.database import FILE_NAME, Database
from inbox.sync.fetch import Fetch
from inbox.tasks import Tasks
from tests.clock import TestClock, quiet
from tests.inbox.making import add_channel
from tests.inbox.networks import connected

T = TypeVar("T")
MEMORY = Path("/dev/shm")


@functools.cache
def _template() -> Path:
    """An empty inbox to copy, since making one takes most of the time that a short example takes."""
    folder = Path(tempfile.mkdtemp(prefix="postroom-template-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    Database.open(folder).close()
    return folder / FILE_NAME


@contextlib.contextmanager
def empty_inbox() -> Iterator[Path]:
    """The folder of a new inbox, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="postroom-", dir=_template().parents[1]) as folder:
        shutil.copy(_template(), Path(folder) / FILE_NAME)
        yield Path(folder)


def tear_down_template() -> None:
    """At the end of the run."""
    shutil.rmtree(_template().parent, ignore_errors=True)
    _template.cache_clear()


class Power:
    """Goes at the step it is told: before or after a request, before, within or after a transaction."""

    def __init__(self) -> None:
        self.fails_in: int | None = None
        self.failed = False

    def step(self, *_: object) -> None:
        if self.failed:
            raise Crash("the power is gone")
        if self.fails_in is not None:
            self.fails_in -= 1
            if self.fails_in < 0:
                self.failed, self.fails_in = True, None
                raise Crash("the power went")

    @contextlib.contextmanager
    def transaction(self, database: Database) -> Iterator[sqlite3.Connection]:
        self.step()
        with Database.transaction(database) as connection:
            yield connection
            self.step()
        self.step()


class LateMemory(Memory):
    """A network that may take a request and do it only when the sender has given it up."""

    house: House
    world: World

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        if (late := self.house.late.pop(channel.remote_id, None)) is not None:
            delay_s, crash = late
            self.house.in_flight.append((self.house.clock.monotonic_s() + delay_s, channel.remote_id, rendition, key))
            if crash:
                self.house.power.fails_in = 0
                self.house.power.step()
            raise OutcomeUnknown("Timed out")
        return await super().publish(channel, rendition, key)


class House:
    """Database, fetch, outbox and desk over networks in memory, on a loop of its own."""

    def __init__(self, home: Path, names: tuple[str, ...] = ("blog",), *, page_size: int = 3) -> None:
        self.home = home
        self.clock = TestClock()
        self.power = Power()
        self.worlds = {name: World(self.clock, page_size=page_size) for name in names}
        self.late: dict[str, tuple[float, bool]] = {}
        self.in_flight: list[tuple[float, str, Rendition, str]] = []
        self.runner = asyncio.Runner()
        self.bugs: list[BaseException] = []
        for world in self.worlds.values():
            world.hook = self.power.step
        self.database: Database
        self.open()

    def open(self) -> None:
        """Start the program on the file."""
        self.power.failed, self.power.fails_in = False, None
        self.database = Database.open(self.home)
        self.channels = {name: add_channel(self.database, name, account=f"memory-{name}") for name in self.worlds}
        self.database.transaction = lambda: self.power.transaction(self.database)
        self.connectors = {name: self._connector(name) for name in self.worlds}
        self.tasks = Tasks(self._ended)
        self.fetch = Fetch(self.database, self.clock, lambda changed: None)
        self.outbox = Outbox(self.database, self.clock, self.tasks, lambda changed: None, self.connector_for)
        self.desk = Desk(self.database, self.clock, self, self.outbox, lambda changed: None, "person:test")

    def _connector(self, name: str) -> LateMemory:
        plain = connected(self.worlds[name], self.clock, self.channels[name])
        made = LateMemory.over({self.channels[name].remote_id: self.worlds[name]})(plain._room)
        made.house = self
        return made

    async def connector_for(self, channel: Channel) -> Memory:
        return self.connectors[channel.remote_id]

    def start_outbox(self) -> None:
        """Recover and send, as at the start of the engine."""

        async def start() -> None:
            self.outbox.recover()
            self.tasks.start(self.outbox.run(), name="outbox")
            await quiet()

        self.run(start())

    def run(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do it; when the power goes meanwhile, start again on the file and return nothing."""

        async def then_quiet() -> T:
            result = await work
            await quiet()
            return result

        result = None
        try:
            result = self.runner.run(then_quiet())
        except Crash:
            self.power.failed = True
        if self.power.failed:
            self.crash()
        return result

    def crash(self) -> None:
        """What is in memory is gone."""
        running = len(self.tasks) > 0 or self._outbox_ran
        self.power.failed = True
        self.runner.run(self.tasks.cancel())
        self.database.connection.close()
        self.database._lock.close()
        self.open()
        if running:
            self.start_outbox()

    _outbox_ran = False

    def pass_time(self, seconds: int) -> None:
        """In steps, at each of which what is in flight may arrive."""
        left_s = seconds
        while left_s > 0:
            step_s = 15 if self.in_flight or self.late else left_s
            left_s -= step_s
            now_s = self.clock.monotonic_s() + step_s
            due = [f for f in self.in_flight if f[0] < now_s]
            self.in_flight = [f for f in self.in_flight if f[0] >= now_s]
            for _, name, rendition, key in due:
                self.worlds[name].accept(rendition, key)
            self.run(self.clock.run(step_s))

    def sign_in(self) -> None:
        """A person gives every account its password."""
        with Database.transaction(self.database) as connection:
            for name, channel in self.channels.items():
                self.connectors[name]._room.secret.save({"password": self.worlds[name].password})
                accounts.set_signed_in(connection, channel.account_id, True)
        self.outbox.poke()

    def close(self) -> None:
        self.runner.run(self.tasks.cancel())
        self.runner.close()
        self.database.close()

    def _ended(self, error: BaseException) -> None:
        if not isinstance(error, Crash):
            self.bugs.append(error)
