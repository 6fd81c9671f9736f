"""The list of keys, shown by "?": made from the table of commands, so that it cannot be wrong."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ui.actions import COMMANDS, key_words


class KeySheet(QDialog):
    """Every command with its keys, by group."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys and commands"))
        inner = QWidget()
        columns = QHBoxLayout(inner)
        columns.setSpacing(32)
        column = _column()
        widest = max(self.fontMetrics().horizontalAdvance(key_words(c)) for c in COMMANDS) + 16
        for position, (group, commands) in enumerate(groupby(COMMANDS, key=lambda c: c.group)):
            if position in (2, 4):
                column.addStretch(1)
                columns.addLayout(column)
                column = _column()
            heading = QLabel(self.tr(group))
            font = heading.font()
            font.setBold(True)
            heading.setFont(font)
            column.addWidget(heading)
            grid = QGridLayout()
            grid.setHorizontalSpacing(16)
            grid.setVerticalSpacing(6)
            grid.setColumnStretch(1, 1)
            grid.setColumnMinimumWidth(0, widest)  # the words of all groups begin at the same place
            for row, command in enumerate(commands):
                key = QLabel(key_words(command))
                key.setProperty("role", "chip")
                key.setAlignment(Qt.AlignmentFlag.AlignCenter)
                words = QLabel(self.tr(command.words))
                words.setAccessibleName(f"{command.words}: {key.text()}")
                grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
                grid.addWidget(words, row, 1)
            column.addLayout(grid)
            column.addSpacing(16)
        column.addStretch(1)
        columns.addLayout(column)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(inner)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        box = QVBoxLayout(self)
        box.setContentsMargins(20, 20, 20, 20)
        columns.setContentsMargins(0, 0, 0, 0)
        box.addWidget(scroll)
        box.addWidget(buttons)
        self.resize(inner.sizeHint().width() + 60, min(inner.sizeHint().height() + 90, 760))


def _column() -> QVBoxLayout:
    column = QVBoxLayout()
    column.setSpacing(6)  # or it would take the wide spacing between the columns
    return column
