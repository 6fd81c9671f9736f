"""The application object: one instance per inbox, the last-resort error hook, the fonts and the look."""

from __future__ import annotations

import hashlib
import logging
import logging.handlers
import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import cast

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication, QIcon
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QApplication

from inbox import private
from inbox.errors import StoreError
from ui.notices import store_notice
from ui.theme import Theme

log = logging.getLogger(__name__)

UNSEEN = ("offscreen", "minimal")
"""Platforms of Qt where a dialog would wait for ever for somebody to close it."""
ICON = Path(__file__).parents[1] / "resources" / "icons" / "postroom.svg"


class OneInstance(QObject):
    """The first start on an inbox listens; a second one only says hello, and the first comes to the front."""

    greeted = Signal()

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._name = "postroom-" + hashlib.sha256(str(home.resolve()).encode()).hexdigest()[:20]
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._greet)

    def greet_running(self) -> bool:
        """Whether another window has this inbox open; it was asked to come to the front."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(300):
            return False
        socket.write(b"hello")
        socket.waitForBytesWritten(300)
        socket.disconnectFromServer()
        return True

    def listen(self) -> None:
        """Be the one; what a crashed start left behind is cleared away."""
        if not self._server.listen(self._name):
            QLocalServer.removeServer(self._name)
            self._server.listen(self._name)

    def _greet(self) -> None:
        while self._server.hasPendingConnections():
            self._server.nextPendingConnection().deleteLater()
        self.greeted.emit()


def make_application(arguments: list[str]) -> tuple[QApplication, Theme]:
    """The QApplication in our look. Fusion, because it follows the palette on every system."""
    application = QApplication(arguments)
    application.setApplicationName("Postroom")
    application.setDesktopFileName("postroom")
    application.setWindowIcon(QIcon(str(ICON)))
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)  # Qt would stop the loop before the tasks in it have ended
    application.setAttribute(Qt.ApplicationAttribute.AA_DontShowIconsInMenus, True)
    return application, Theme(application)


def hook_errors(show: Callable[[BaseException], None]) -> None:
    """Whatever nobody caught is logged with its trace and shown; the program goes on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        log.error("unexpected", exc_info=(kind, error, trace))
        show(error)

    sys.excepthook = hook


class _PrivateLog(logging.handlers.RotatingFileHandler):
    """Each file that it begins can be read by the owner only: names of people may stand in it."""

    def _open(self) -> TextIOWrapper:
        made = open(self.baseFilename, self.mode, encoding=self.encoding, opener=private.opener)  # noqa: SIM115
        return cast("TextIOWrapper", made)


def start_log(folder: Path) -> None:
    """Write the log beside the inbox: a megabyte at a time, three of them. Never a secret, never a whole message."""
    private.make_folder(folder)
    handler = _PrivateLog(folder / "postroom.log", maxBytes=1_000_000, backupCount=2, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every address


def say_unusable(error: StoreError) -> None:
    """Why an inbox cannot be opened: on the error stream, and in a dialog where somebody can see it."""
    title, words = store_notice(error)
    print(f"{title}: {words}", file=sys.stderr)
    if QGuiApplication.instance() is None or QGuiApplication.platformName() in UNSEEN:
        return
    from PySide6.QtWidgets import QMessageBox  # here: a start that goes well has no time for it

    box = QMessageBox(QMessageBox.Icon.Critical, "Postroom", title)
    box.setInformativeText(words)
    box.exec()
