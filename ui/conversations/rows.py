"""The rows of the list as a view, what stands there when there are none, and the key shown in the search line."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)  # fmt: skip

from ui.conversations.even import EvenList
from ui.widgets.text import Text


def key_hint(edit: QLineEdit, key: str) -> QLabel:
    """The key that leads here, at the right inside the line."""
    hint = QLabel(key)
    hint.setProperty("role", "chip")
    hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    inside = QHBoxLayout(edit)
    inside.setContentsMargins(0, 0, 8, 0)
    inside.addWidget(hint, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return hint


class Rows(EvenList):
    """The rows. Enter goes into the conversation; letters are commands of the window, not a search."""

    entered_row = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "plain")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.activated.connect(lambda: self.entered_row.emit())
        self.setMinimumWidth(260)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)

    def keyboardSearch(self, search: str) -> None:
        """Letters belong to the commands."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers():
            self.entered_row.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Take the keyboard without opening a row: Qt would make the first one current."""
        chosen = self.selectionModel().hasSelection()
        self.selectionModel().blockSignals(True)
        super().focusInEvent(event)
        if not chosen:
            self.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)
        self.selectionModel().blockSignals(False)

    def sizeHint(self) -> QSize:
        return QSize(440, 600)


class Empty(QWidget):
    """A title and a sentence in the middle of an empty list; on the first run a way in."""

    def __init__(self) -> None:
        super().__init__()
        self.words = QFrame()  # takes the keyboard while there are no rows to take it
        self.words.setProperty("role", "empty")
        self.words.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        said = QVBoxLayout(self.words)
        said.setContentsMargins(12, 12, 12, 12)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 24, 12, 24)
        self._title = Text()
        self._title.setWordWrap(True)
        self._title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._title.set_size(100, QFont.Weight.Bold)
        self._words = QLabel(wordWrap=True, alignment=Qt.AlignmentFlag.AlignCenter)
        self._words.setProperty("role", "text-3")
        layout.addStretch(2)
        said.addWidget(self._title)
        said.addWidget(self._words)
        layout.addWidget(self.words)
        self.add = QPushButton(self.tr("Add an account"))
        self.add.setProperty("role", "primary")
        layout.addWidget(self.add, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def say(self, title: str, words: str, *, offer_account: bool = False) -> None:
        """Show these."""
        self.add.setVisible(offer_account)
        self._title.setText(title)
        self._words.setText(words)
        self.setAccessibleName(f"{title} {words}")
        self.words.setAccessibleName(self.accessibleName())
