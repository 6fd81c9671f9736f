"""The record as seen: its lines, those about one thing, and whether every line is sound."""

from __future__ import annotations

import sqlite3

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QHeaderView, QLineEdit, QTableView, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.events import Changed
from inbox.store import record
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.record.lines import Lines, verdict_words
from ui.slots import async_slot
from ui.theme import GAP, line_height
from ui.widgets.form import button, describe, heading, words
from ui.widgets.inline_notice import announce


class RecordView(QWidget):
    """Who did what, when, newest first. Enter on a line shows only what is about the same thing; Escape shows all."""

    def __init__(self, reader: Reader, tasks: Tasks, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._reader = reader
        self._stale = True
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.lines = Lines(reader.connection, clock, self)
        self.subject = QLineEdit(clearButtonEnabled=True)
        self.subject.setPlaceholderText(self.tr("All, or only about, such as: delivery 3"))
        describe(self.subject, self.tr("Only about"), self.tr("A kind and a number, such as delivery 3 or message 12"))
        self.subject.returnPressed.connect(self._filter)
        self.subject.textChanged.connect(lambda text: None if text else self._filter())
        self.check = button(self.tr("Verify"), hint=self.tr("Check that no line was changed, removed or put in"))
        self.check.clicked.connect(self.verify)
        self.verdict = words("", "text-2")
        self.table = QTableView()
        self.table.setModel(self.lines)
        self.table.setAccessibleName(self.tr("The record, newest first"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setAlternatingRowColors(False)
        self.table.setTabKeyNavigation(False)
        self.table.setWordWrap(False)
        self.table.setFrameShape(QTableView.Shape.NoFrame)
        self.table.verticalHeader().hide()
        self.table.activated.connect(lambda index: self.show_subject(self.lines.line(index.row()).subject))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(Lines.DETAILS, QHeaderView.ResizeMode.Stretch)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP)
        head.addWidget(heading(self.tr("Record")))
        head.addStretch(1)
        head.addWidget(self.subject, 2)
        head.addWidget(self.check)
        column = QVBoxLayout(self)
        column.setContentsMargins(5 * GAP, 4 * GAP, 5 * GAP, 4 * GAP)
        column.setSpacing(2 * GAP)
        column.addLayout(head)
        column.addWidget(self.verdict)
        column.addWidget(self.table, 1)
        self.verdict.hide()
        self._size_columns()

    def on_changed(self, changed: Changed) -> None:
        """Something was done, so lines were written; while hidden only note it."""
        self._stale = True
        if self.isVisible() and changed:
            self._read_newer()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self.lines.rowCount() == 0:
            self.lines.show_subject(self._asked())
        elif self._stale:
            self._read_newer()

    def show_subject(self, subject: str) -> None:
        """Show only what is about this, such as ``delivery:3``."""
        self.subject.setText(subject.replace(":", " "))
        self._filter()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Escape or not self.clear_subject():
            super().keyPressEvent(event)

    def clear_subject(self) -> bool:
        """Show everything again; whether anything was hidden."""
        if not self.subject.text():
            return False
        self.subject.clear()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    @async_slot
    async def verify(self) -> None:
        self.check.setEnabled(False)
        self._say(self.tr("Checking every line …"))
        try:
            self._say(verdict_words(await self._reader.slowly(record.verify)))
        except sqlite3.OperationalError:  # a search took the reader thread
            self._say(self.tr("Checking was interrupted. Verify again."))
        finally:
            self.check.setEnabled(True)

    def _say(self, what: str) -> None:
        self.verdict.setText(what)
        self.verdict.show()
        announce(self, what)

    def _asked(self) -> str:
        return ":".join(self.subject.text().strip().lower().replace(":", " ").split())

    def _filter(self) -> None:
        self.lines.show_subject(self._asked())
        if self.lines.rowCount():
            self.table.setCurrentIndex(self.lines.index(0, 0))

    def _read_newer(self) -> None:
        self._stale = False
        self.lines.read_newer()

    def _size_columns(self) -> None:
        letter = self.fontMetrics().averageCharWidth()
        for column, letters in ((Lines.WHEN, 20), (Lines.WHO, 14), (Lines.WHAT, 20), (Lines.ABOUT, 22)):
            self.table.setColumnWidth(column, letter * letters)
        self.table.verticalHeader().setDefaultSectionSize(round(line_height(self.font())) + 3 * GAP)
