"""The list of keys, shown by "?": made from the table of commands, so that it cannot be wrong."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from ui.actions import COMMANDS, key_words
from ui.reading.parts import label


class KeySheet(QDialog):
    """Every command with its keys, by group, in as many columns as the screen has room for."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and commands"))
        room = self.screen().availableSize() * 0.92
        for breaks in ((2, 4), (2,), ()):
            inner = self._in_columns(breaks)
            if inner.sizeHint().width() + 64 <= room.width():
                break
        scroll = QScrollArea(widgetResizable=True)
        scroll.setAccessibleName(self.windowTitle())
        scroll.setProperty("role", "pane")
        scroll.setWidget(inner)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 20, 20, 20)
        box.addWidget(scroll)
        box.addWidget(buttons)
        wanted = inner.sizeHint() + QSize(64, 56 + buttons.sizeHint().height())
        self.resize(wanted.boundedTo(room))

    def _in_columns(self, breaks: tuple[int, ...]) -> QWidget:
        """The groups; a column begins at each of ``breaks``."""
        inner = QWidget()
        columns = QHBoxLayout(inner)
        columns.setContentsMargins(8, 8, 16, 8)  # beside the scroll bar
        columns.setSpacing(32)
        column = _column()
        widest = max(self.fontMetrics().horizontalAdvance(key_words(c)) for c in COMMANDS) + 16
        for position, (group, commands) in enumerate(groupby(COMMANDS, key=lambda c: c.group)):
            if position in breaks:
                column.addStretch(1)
                columns.addLayout(column)
                column = _column()
            column.addWidget(label(self.tr(group), bold=True))
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(6)
            grid.setColumnStretch(1, 1)
            grid.setColumnMinimumWidth(0, widest)  # the words of all groups begin at the same place
            for row, command in enumerate(commands):
                key = label(key_words(command), "chip")
                words = label(self.tr(command.words))
                words.setAccessibleName(f"{words.text()}: {key.text()}")
                grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(words, row, 1)
            column.addLayout(grid)
            column.addSpacing(16)
        column.addStretch(1)
        columns.addLayout(column)
        return inner


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(6)  # or it would take the wide spacing between the columns
    return column
