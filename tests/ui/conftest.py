"""The parts a window is given: Qt's own loop as asyncio's, a real engine over the network in memory, and its reader."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from inbox.clock import SystemClock
from inbox.connectors.memory import Memory, World
from inbox.engine import Engine
from inbox.model import Account
from inbox.secrets import MemorySecrets
from inbox.tasks import Tasks
from tests.ui.walk import nameless
from ui.reader import Reader
from ui.theme import Theme

PATIENCE_MS = 5_000


@pytest.fixture
def loop(qapp: QApplication) -> Iterator[QEventLoop]:
    """Asyncio on the Qt loop that pytest-qt turns while it waits, so that async slots run in plain tests."""
    made = QEventLoop(qapp, already_running=True)
    yield made
    qapp.aboutToQuit.disconnect(made._after_run_forever)
    asyncio.events._set_running_loop(None)
    # Not stop(): it tells the application to exit, after which Qt refuses every later nested loop (waitUntil).
    made._QEventLoop__is_running = False
    made._after_run_forever()
    made.close()


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    made = Theme(qapp)
    made.force(False)
    return made


@pytest.fixture
def failures() -> Iterator[list[BaseException]]:
    """Errors that reached nobody; a test that leaves one here fails."""
    found: list[BaseException] = []
    yield found
    assert not found, found


@pytest.fixture
def world() -> World:
    return World(SystemClock())


@pytest.fixture
def second_world() -> World:
    return World(SystemClock())


@pytest.fixture
def engine(tmp_path: Path, world: World, second_world: World, failures: list[BaseException]) -> Iterator[Engine]:
    """An engine over a network in memory with two channels, "square" and "harbour"; nobody is signed in yet."""
    networks = {"memory": Memory.over({"square": world, "harbour": second_world})}
    made = Engine(
        tmp_path / "home", MemorySecrets(), networks=networks, poll_by_itself=False, settle_s=0.2,
        on_error=failures.append,
    )  # fmt: skip
    made.start()
    yield made
    made.stop()


@pytest.fixture
def account(engine: Engine, world: World) -> Account:
    """Signed in at the network in memory."""
    discovery = engine.discover("memory", "memory.example").result(5)
    return engine.sign_in(discovery, {"password": world.password}).result(5)


@pytest.fixture
def reader(engine: Engine) -> Iterator[Reader]:
    made = Reader(engine.home)
    yield made
    made.close()


@pytest.fixture
def tasks(loop: QEventLoop, qtbot: QtBot, failures: list[BaseException]) -> Iterator[Tasks]:
    made = Tasks(failures.append)
    yield made
    for task in tuple(made._running):
        task.cancel()
    qtbot.waitUntil(lambda: len(made) == 0, timeout=PATIENCE_MS)


@pytest.fixture
def until(qtbot: QtBot) -> Callable[[Callable[[], object]], None]:
    """Wait until something holds."""
    return lambda holds: qtbot.waitUntil(lambda: bool(holds()), timeout=PATIENCE_MS)


@pytest.fixture
def named() -> Callable[[QWidget], None]:
    """Assert that whatever can take the focus in a window has a name to speak."""

    def check(window: QWidget) -> None:
        assert nameless(window) == []

    return check


@pytest.fixture
def browser() -> Iterator[list[str]]:
    """Addresses the desktop was asked to open."""

    class Browser(QObject):
        def __init__(self) -> None:
            super().__init__()
            self.opened: list[str] = []

        @Slot(QUrl)
        def open(self, url: QUrl) -> None:
            self.opened.append(url.toString())

    browser = Browser()
    QDesktopServices.setUrlHandler("https", browser, "open")
    yield browser.opened
    QDesktopServices.unsetUrlHandler("https")
