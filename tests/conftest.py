"""What every test stands on: no screen, no internet, no real key store, and time that only the test moves."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before anything imports Qt

import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keyring
import pytest
from hypothesis import HealthCheck, Phase, settings
from keyring.backend import KeyringBackend

from inbox.store.database import Database
from tests.clock import TestClock

_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
# Making a failure of a machine small takes minutes, and a test that takes minutes is ended (faulthandler_timeout). So
# the quick run only reports and remembers it; it is made small by HYPOTHESIS_PROFILE=thorough with
# `-o faulthandler_timeout=0`.
_NOT_SMALLER = [phase for phase in Phase if phase not in (Phase.shrink, Phase.explain)]
settings.register_profile(
    "quick",
    deadline=None,
    max_examples=40,
    stateful_step_count=30,
    phases=_NOT_SMALLER,
    suppress_health_check=_SLOW,
)
settings.register_profile("thorough", deadline=None, max_examples=300, suppress_health_check=_SLOW)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


class NetworkBlocked(RuntimeError):
    """A test tried to leave this machine. No OSError, so that nothing mistakes it for being offline."""


class MemoryKeyring(KeyringBackend):
    """A key store that ends with the test."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("not found")
        del self.kept[service, username]


def _stays_here(address: object) -> bool:
    """Whether an address given to a socket is on this machine: a path, or loopback."""
    if not isinstance(address, tuple):
        return True
    host = str(address[0])
    return host in ("localhost", "::1", "") or host.startswith(("127.", "::ffff:127."))


@pytest.fixture(autouse=True)
def _network_blocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but loopback can be reached. Names that end in .invalid are unknown, as everywhere."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_getaddrinfo = socket.getaddrinfo

    def connect(self: socket.socket, address: Any) -> None:
        if not _stays_here(address):
            raise NetworkBlocked(f"a test wanted to connect to {address}")
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        if not _stays_here(address):
            raise NetworkBlocked(f"a test wanted to connect to {address}")
        return real_connect_ex(self, address)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and not _stays_here((name,)):
            if name.endswith(".invalid"):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            raise NetworkBlocked(f"a test wanted to know the address of {name}")
        return real_getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", connect)
    monkeypatch.setattr(socket.socket, "connect_ex", connect_ex)
    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


@pytest.fixture(autouse=True)
def key_store() -> Iterator[MemoryKeyring]:
    """An empty key store in place of the desktop's."""
    before = keyring.get_keyring()
    store = MemoryKeyring()
    keyring.set_keyring(store)
    yield store
    keyring.set_keyring(before)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def home() -> Iterator[Path]:
    """An inbox's folder, not made yet; in memory where the system offers that, since each commit waits for the disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="postroom-", dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder) / "home"


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    """An empty inbox, open in this thread."""
    opened = Database.open(home)
    yield opened
    opened.close()
