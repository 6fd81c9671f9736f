"""A notice that stays where the trouble is: what happened, what Postroom did, what you can do. Never a toast."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QFont
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ui.notices import Notice
from ui.theme import GAP
from ui.widgets.form import button, words


class InlineNotice(QFrame):
    """Hidden until it is told something. ``wanted`` carries the command that helps, when its button is pressed.

    ``strip``: it lies across a whole window, as a banner does, and not among the cards of a page.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None, *, margin: int = 3 * GAP, strip: bool = False) -> None:
        super().__init__(parent)
        self._strip = strip
        self._action = ""
        self._title = words("", weight=QFont.Weight.DemiBold)
        self._words = words()
        self._hint = words("", "text-2")
        self._button = button("")
        self._button.clicked.connect(lambda: self.wanted.emit(self._action))
        column = QVBoxLayout(self)
        column.setContentsMargins(margin, 2 * GAP, margin, 2 * GAP)
        column.setSpacing(GAP)
        for part in (self._title, self._words, self._hint, self._button):
            column.addWidget(part)
        self.hide()

    def tell(self, notice: Notice, *, action: str = "", action_words: str = "") -> None:
        """Show a notice and announce it: at once when it is an alarm, else when the reader is free."""
        calm, alarm = ("banner", "alarm") if self._strip else ("notice", "notice-alarm")
        self.setProperty("role", alarm if notice.alarm else calm)
        self.style().unpolish(self)
        self.style().polish(self)
        for label, text in ((self._title, notice.title), (self._words, notice.words), (self._hint, notice.hint)):
            label.setText(text)
            label.setVisible(bool(text))
        self._action = action
        self._button.setVisible(bool(action_words))
        self._button.setText(action_words)
        self._button.setAccessibleName(action_words or notice.title)
        self.show()
        spoken = self.text()
        self.setAccessibleName(spoken)
        announce(self, spoken, urgent=notice.alarm)

    def text(self) -> str:
        """All that is said, in one line; empty while nothing is."""
        if self.isHidden():
            return ""
        return " ".join(w.text() for w in (self._title, self._words, self._hint) if w.text())

    def clear(self) -> None:
        """The trouble is over."""
        self.hide()
        self.setAccessibleName("")


def announce(about: QWidget, what: str, *, urgent: bool = False) -> None:
    """Have a screen reader say it, without moving the focus."""
    event = QAccessibleAnnouncementEvent(about, what)
    if urgent:
        event.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
    QAccessible.updateAccessibility(event)
