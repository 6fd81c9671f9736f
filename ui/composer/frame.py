"""What stands around the two sides of the composer: its head with the buttons, its foot with what is tightest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMessageBox, QSplitter, QWidget

from ui.composer.counters import Counter, by_tightness
from ui.composer.state import Shown
from ui.composer.wording import alt_words, summary_words
from ui.theme import GAP
from ui.widgets.ask import ask
from ui.widgets.form import button, heading, words

NARROW = 110
"""Letters across, below which the previews stand under the text instead of beside it."""


class Head(QFrame):
    """What is written here, when it was kept, and the two ways out: ``leave`` and ``publish``."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "window")
        self.title = heading("", 115)
        self.title.setWordWrap(False)
        self.saved = words("", "text-3", percent=92, wrap=False)
        self.leave = button(self.tr("Close, keep the draft"))
        self.publish = button("", "primary")
        row = QHBoxLayout(self)
        row.setContentsMargins(5 * GAP, 3 * GAP, 5 * GAP, 3 * GAP)
        row.setSpacing(2 * GAP)
        row.addWidget(self.title)
        row.addWidget(self.saved, 1)
        row.addWidget(self.leave)
        row.addWidget(self.publish)

    def show_deed(self, said: str) -> None:
        """What the button will do."""
        if self.publish.text() != said:
            self.publish.setText(said)
            self.publish.setAccessibleName(said)


class Foot(QFrame):
    """The tightest channel's counter, always in sight, and how many things there are to look at."""

    def __init__(self) -> None:
        super().__init__()
        self.tightest = Counter()
        self.summary = words("", "text-3", percent=92)
        self.keys = words(self.tr("F8 next thing to look at · Ctrl ↵ publishes · Esc closes"), "text-3", percent=92)
        self.keys.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(5 * GAP, GAP, 5 * GAP, GAP)
        row.setSpacing(3 * GAP)
        row.addWidget(self.tightest)
        row.addWidget(self.summary, 1)
        row.addWidget(self.keys, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # Where there is no room for both, how it stands goes first: the keys are in the help too.
        self.keys.setVisible(self.width() >= self.fontMetrics().averageCharWidth() * NARROW)

    def show_rooms(self, shown: Sequence[Shown]) -> None:
        """Say how it stands."""
        self.summary.setText(summary_words(shown))
        limited = [s for s in by_tightness(shown) if s.room.left is not None]
        self.tightest.setVisible(bool(limited))
        if limited:
            self.tightest.show_room(limited[0], named=True)


class Sides(QSplitter):
    """The text at the left and the previews at the right; below each other where there is little room."""

    def __init__(self, left: QWidget, right: QWidget) -> None:
        super().__init__()
        self.setChildrenCollapsible(False)
        self.setHandleWidth(1)
        for side in (left, right):
            self.addWidget(side)
            self.setStretchFactor(self.indexOf(side), 5)
        self.setSizes([600, 600])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < self.fontMetrics().averageCharWidth() * NARROW
        wanted = Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal
        if self.orientation() != wanted:
            self.setOrientation(wanted)
            self.setSizes([600, 400] if narrow else [600, 600])


def ask_for_alt(parent: QWidget, count: int, answered: Callable[[str], None]) -> QMessageBox:
    """Ask once about pictures without description: "describe", "decorative" or "anyway"."""
    which, why, answers = alt_words(count)
    return ask(parent, which, why, answers, answered, default="describe")
