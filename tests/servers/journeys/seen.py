"""The real window over an inbox, drawn off the screen and driven by the keyboard alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QFont, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot
from qasync import QEventLoop

from inbox.store import outbox
from inbox.tasks import Tasks
from tests.servers.journeys.inbox import Inbox
from ui.reader import Reader
from ui.theme import Theme
from ui.widgets.banner import Banner
from ui.window import Window

PICTURES = Path(__file__).parents[3] / "build" / "pictures"
PATIENCE_MS = 30_000


class Seen:
    """The window, a keyboard, and eyes."""

    def __init__(self, window: Window, theme: Theme, qtbot: QtBot) -> None:
        self.window = window
        self._theme = theme
        self._qtbot = qtbot

    def until(self, holds: Callable[[], object]) -> None:
        """Let the window live until something holds."""
        self._qtbot.waitUntil(lambda: bool(holds()), timeout=PATIENCE_MS)

    def press(self, *keys: Qt.Key | str, ctrl: bool = False, shift: bool = False) -> None:
        """Press keys wherever the keyboard is."""
        modifier = Qt.KeyboardModifier.NoModifier
        if ctrl:
            modifier |= Qt.KeyboardModifier.ControlModifier
        if shift:
            modifier |= Qt.KeyboardModifier.ShiftModifier
        for key in keys:
            where = QApplication.focusWidget()
            assert where is not None, "the keyboard is nowhere"
            QTest.keyClick(where, key, modifier)

    def type(self, text: str) -> None:
        """Type letter by letter; what no key has comes from the input method, as on a real desk."""
        for letter in text:
            where = QApplication.focusWidget()
            assert where is not None, "the keyboard is nowhere"
            if letter.isascii():
                QTest.keyClick(where, Qt.Key.Key_Return if letter == "\n" else letter)
            else:
                _commit(letter)

    def go_to(self, place: str, conversation_id: int) -> None:
        """Choose a list and step down with j until the conversation is reached."""
        self.window.rail.choose(place)
        self.window.list.view.setFocus()
        for _ in range(200):
            row = self.window.list.current()
            if row is not None and row.id == conversation_id:
                return
            self.press("j")
        raise AssertionError(f"conversation {conversation_id} is not in {place}")

    def send(self) -> None:
        """Send and close, and wait until it is accepted."""
        before = len(outbox.deliveries(self.window._reader.connection))
        self.press(Qt.Key.Key_Return, ctrl=True)
        self.until(lambda: len(outbox.deliveries(self.window._reader.connection)) > before)
        self.until(lambda: not self.window.conversation.reply.text.hasFocus())

    def says(self, banner: Banner) -> str:
        """The words of a banner, empty when it is not shown."""
        return banner.findChild(QLabel).text() if banner.isVisible() else ""

    def picture(self, name: str) -> None:
        """Keep a picture of the window, light and dark, for people to judge."""
        for dark in (True, False):
            self._theme.force(dark)
            QTest.qWait(80)  # a style change is painted with the next frames
            keep(self.window, f"{name}-{'dark' if dark else 'light'}")


def _commit(letter: str) -> None:
    event = QInputMethodEvent()
    event.setCommitString(letter)
    QApplication.sendEvent(QApplication.focusWidget(), event)


@contextlib.contextmanager
def window_over(inbox: Inbox, qtbot: QtBot) -> Iterator[Seen]:
    """The window of this inbox, shown and active; errors that reached nobody fail the test at the end."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    failures: list[BaseException] = []
    with _as_desktop(application), _asyncio_on_qt(application):
        theme, reader, tasks = Theme(application), Reader(inbox.home), Tasks(failures.append)
        theme.force(False)
        settings = QSettings(str(inbox.home / "window.ini"), QSettings.Format.IniFormat)
        window = Window(inbox.engine, reader, theme, tasks, settings=settings)
        try:
            window.resize(1440, 900)
            with qtbot.waitActive(window):
                window.show()
                window.activateWindow()
            window.complete()
            yield Seen(window, theme, qtbot)
        finally:
            window.close()
            for task in tuple(tasks._running):
                task.cancel()
            qtbot.waitUntil(lambda: len(tasks) == 0, timeout=PATIENCE_MS)
            reader.close()
            window.deleteLater()
    assert not failures, failures


@contextlib.contextmanager
def _as_desktop(application: QApplication) -> Iterator[None]:
    before = application.font()
    application.setStyle("Fusion")
    application.setFont(QFont("Inter", 10))
    try:
        yield
    finally:
        application.setFont(before)


@contextlib.contextmanager
def _asyncio_on_qt(application: QApplication) -> Iterator[None]:
    """Asyncio on the Qt loop that pytest-qt turns while it waits, so that async slots run in plain tests."""
    loop = QEventLoop(application, already_running=True)
    try:
        yield
    finally:  # also after a failed test, or every later one would find a loop running
        application.aboutToQuit.disconnect(loop._after_run_forever)
        asyncio.events._set_running_loop(None)
        # Not stop(): it tells the application to exit, after which Qt refuses every later nested loop (waitUntil).
        loop._QEventLoop__is_running = False
        loop._after_run_forever()
        loop.close()


def keep(widget: QWidget, name: str) -> None:
    """A picture of a widget, for somebody to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    assert widget.grab().save(str(PICTURES / f"{name}.png"))
