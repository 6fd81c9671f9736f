"""One run of the command line at one inbox: its read-only connection, or the engine with the inbox to itself."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

from inbox.clock import Clock
from inbox.connectors import http
from inbox.connectors.connector import Connector
from inbox.engine import Engine
from inbox.errors import PostroomError, StoreDamaged, StoreError, StoreLocked, StoreTooNew
from inbox.model import DeliveryState
from inbox.secrets import Secrets
from inbox.store import outbox
from inbox.store.database import FILE_NAME, Database, errors_named, open_reader
from inbox.store.purging import Purger, overdue
from inbox.store.version import APPLICATION_ID, VERSION

T = TypeVar("T")
LOOK_EVERY_S: Final = 0.25
DRAIN_S: Final = 60.0


def identity(connection: sqlite3.Connection) -> tuple[int, int]:
    """What the file says it is: application id and version of its tables."""
    return (
        int(connection.execute("PRAGMA application_id").fetchone()[0]),
        int(connection.execute("PRAGMA user_version").fetchone()[0]),
    )


def check_identity(connection: sqlite3.Connection) -> None:
    """Raise the StoreError that says why this file cannot be read as an inbox."""
    application_id, version = identity(connection)
    if application_id != APPLICATION_ID:
        raise StoreDamaged(f"{FILE_NAME} is not an inbox of Postroom.", hint="Choose another folder with --home.")
    if version > VERSION:
        raise StoreTooNew(f"{FILE_NAME} has version {version}, this Postroom knows {VERSION}.")
    if version < VERSION:
        raise StoreError(
            f"{FILE_NAME} was made by an older Postroom.", hint="`sync` brings it up to date, after taking a backup."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """Which inbox, with which networks, secrets and clock, and the way out (in practice: to the town alone)."""

    home: Path
    secrets: Secrets
    networks: Mapping[str, type[Connector]]
    clock: Clock
    practice: bool = False
    client: Callable[[], Any] = http.client

    @property
    def path(self) -> Path:
        """The inbox file."""
        return self.home / FILE_NAME

    def must_exist(self) -> None:
        """Raise StoreError unless there is an inbox: only adding an account makes one."""
        if not self.path.exists():
            raise StoreError(
                f"There is no inbox in {self.home}.", hint="`account add` makes one; --home names another folder."
            )

    @contextlib.contextmanager
    def reader(self) -> Iterator[sqlite3.Connection]:
        """A read-only connection, also while a window holds the inbox. Raises StoreError."""
        self.must_exist()
        with errors_named(self.path), contextlib.closing(open_reader(self.path)) as connection:
            check_identity(connection)
            if overdue(connection, self.clock.now()):
                self._purge()
            yield connection

    def _purge(self) -> None:
        """Forget what may not be kept, unless a window holds the inbox, which does so itself."""
        with contextlib.suppress(StoreLocked), contextlib.closing(Database.open(self.home)) as database:
            Purger(database).run(self.clock.now())

    @contextlib.contextmanager
    def engine(self, *, makes_inbox: bool = False) -> Iterator[Running]:
        """The engine at work, not polling by itself; at the end, what is due in the outbox has been tried.

        Raises StoreLocked when a window holds the inbox, and whatever error the engine itself ended with.
        """
        if not makes_inbox:
            self.must_exist()
        running = Running(self)
        running.start()
        try:
            yield running
            running.wait(running.idle, within_s=DRAIN_S)
        except PostroomError:  # a wrong number typed is no reason to break off what the outbox is sending
            running.wait(running.idle, within_s=DRAIN_S)
            raise
        finally:
            running.stop()


class Running:
    """The engine, with its answers awaited."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._stirred = threading.Event()
        self._fault: BaseException | None = None
        self.engine = Engine(
            session.home,
            session.secrets,
            clock=session.clock,
            networks=session.networks,
            client=session.client,
            poll_by_itself=False,
            on_error=self._failed,
        )
        self._reader: sqlite3.Connection | None = None

    def start(self) -> None:
        """Open the inbox. Raises StoreError."""
        self.engine.bus.subscribe(lambda _: self._stirred.set())
        self.engine.start()
        self._reader = open_reader(self._session.path)

    def stop(self) -> None:
        """Let go of the inbox."""
        if self._reader is not None:
            self._reader.close()
        self.engine.stop()

    @property
    def connection(self) -> sqlite3.Connection:
        """A read-only connection beside the engine's own."""
        assert self._reader is not None
        return self._reader

    def now(self) -> datetime:
        """The moment by the engine's clock."""
        return self._session.clock.now()

    def result(self, future: Future[T]) -> T:
        """What the engine answers. Raises what went wrong there."""
        future.add_done_callback(lambda _: self._stirred.set())
        self.wait(future.done)
        return future.result()

    def wait(self, over: Callable[[], bool], *, within_s: float | None = None) -> None:
        """Return once it is over: asked at each change, and every quarter second since time changes things too.

        Gives up quietly after ``within_s``. Raises what the engine failed with.
        """
        until = None if within_s is None else time.monotonic() + within_s
        while True:
            self._stirred.clear()
            if self._fault is not None:
                raise self._fault
            if over() or (until is not None and time.monotonic() > until):
                return
            self._stirred.wait(LOOK_EVERY_S)

    def idle(self) -> bool:
        """Nothing is being sent, and nothing is due that could be tried now."""
        sending = any(d.state is DeliveryState.SENDING for d in outbox.waiting(self.connection))
        return not sending and not outbox.due(self.connection, now=self.now())

    def _failed(self, error: BaseException) -> None:
        self._fault = error
        self._stirred.set()
