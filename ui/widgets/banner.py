"""A strip above the panes: what happened, what Postroom did, what you can do. Stays until it is dealt with."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget


class Banner(QFrame):
    """``acted`` when its button is pressed; ``closed`` when it was put away."""

    acted = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 12, 6)
        row.setSpacing(12)
        self._words = QLabel(wordWrap=True)
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._button = QPushButton()
        self._button.clicked.connect(self.acted)
        self._close = QPushButton(self.tr("Close"))
        self._close.setProperty("role", "quiet")
        self._close.clicked.connect(self._put_away)
        row.addWidget(self._words, 1)
        row.addWidget(self._button)
        row.addWidget(self._close)
        self.hide()

    def say(self, words: str, *, button: str = "", alarm: bool = False, closable: bool = False) -> None:
        """Show these words; an alarm is red and is spoken at once."""
        if words == self._words.text() and self.isVisible():
            return
        self.setProperty("role", "alarm" if alarm else "banner")
        self.style().polish(self)
        self._words.setText(words)
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self._close.setVisible(closable)
        self.setAccessibleName(words)
        self.show()
        announce(self, words, assertive=alarm)

    def _put_away(self) -> None:
        self.hide()
        self.closed.emit()


def announce(widget: QWidget, words: str, *, assertive: bool = False) -> None:
    """Let a screen reader say it without moving the focus."""
    event = QAccessibleAnnouncementEvent(widget, words)
    if assertive:
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
    QAccessible.updateAccessibility(event)
