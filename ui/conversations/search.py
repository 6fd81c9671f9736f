"""The search field: asks while somebody types, and hands on the answer to what stands in it now."""

from __future__ import annotations

import functools
import sqlite3

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit

from inbox.store import reading
from inbox.tasks import Tasks
from ui.conversations.rows import key_hint
from ui.reader import Reader
from ui.slots import async_slot

PAUSE_MS = 60
MOST_HITS = 100
_TO_RESULTS = (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchField(QLineEdit):
    """``found(hits)``. ``first_wanted``: go to the first result, which is there. ``emptied``: the search is over."""

    found = Signal(list)
    first_wanted = Signal()
    emptied = Signal()

    def __init__(self, reader: Reader, tasks: Tasks) -> None:
        super().__init__()
        self.tasks = tasks
        self._reader = reader
        self._asked = self.answered = ("", "")  # the words, and in which network
        self._hurried = False
        self._network = self.network_title = ""
        self.setClearButtonEnabled(True)
        self.setToolTip(self.tr("Search every message kept here (/)"))
        hint = key_hint(self, "/")
        self.textChanged.connect(lambda text: hint.setVisible(not text))
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.look_up)
        self.textEdited.connect(self._typed)
        self.textChanged.connect(lambda text: None if text else self._over())
        self.search_in("", "")

    def search_in(self, network: str, title: str) -> None:
        """Search in this network, or in all; what is searched for already is searched for there."""
        self._network, self.network_title = network, title or network
        words = self.tr("Search {0}").format(self.network_title) if network else self.tr("Search everything")
        self.setPlaceholderText(words)
        self.setAccessibleName(words)
        self.look_up()

    def look_up(self) -> None:
        """Ask now."""
        self._pause.stop()
        if self.text().strip():
            self._asked = (self.text(), self._network)
            self._reader.interrupt()
            self._run()

    def stop(self) -> None:
        """Ask nothing any more."""
        self._pause.stop()
        self._asked = ("", "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _TO_RESULTS and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            self._go_to_first()
        else:
            super().keyPressEvent(event)

    def _typed(self) -> None:
        self._hurried = False
        self._pause.start()

    def _over(self) -> None:
        self.stop()
        self.answered = ("", "")
        self._hurried = False
        self.emptied.emit()

    def _go_to_first(self) -> None:
        """At once, or as soon as there is an answer to what stands here."""
        if not self.text().strip() or self.answered == (self.text(), self._network):
            self.first_wanted.emit()
        else:
            self._hurried = True
            self.look_up()

    @async_slot
    async def _run(self) -> None:
        while self._asked[0]:
            asked = words, network = self._asked
            ask = functools.partial(reading.search, words=words, network=network, limit=MOST_HITS)
            try:
                hits = await self._reader.slowly(ask)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                    raise
                continue  # a newer question is waiting, or the same one once more
            if asked == self._asked:
                self._answer(hits)
                return

    def _answer(self, hits: list[reading.Hit]) -> None:
        if self._asked != (self.text(), self._network):
            return  # a late answer to an old question is dropped
        self.answered = self._asked
        self.found.emit(hits)
        if self._hurried and self.hasFocus():
            self.first_wanted.emit()
        self._hurried = False
