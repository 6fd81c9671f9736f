"""What the parts of a conversation are made of: labels, chips, a stranger's words, and the card around them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from inbox.model import MessageState
from ui.reading.markup import breakable, directed
from ui.theme import line_height
from ui.widgets.flow import FlowLayout
from ui.widgets.text import LEAST_LETTERS, Text, Wrapping

QWIDGETSIZE_MAX = 16_777_215
MEASURE_LINES = 40
"""Width of a card in heights of a line: longer lines are hard to read, so it grows with the font, not the window."""


STATE_CHIPS = {
    MessageState.HELD: ("held for moderation", "chip-held"),
    MessageState.SPAM: ("spam", "chip-danger"),
    MessageState.TRASHED: ("in the bin", "chip"),
    MessageState.DELETED: ("deleted at the network", "chip"),
    MessageState.SCHEDULED: ("scheduled", "chip"),
    MessageState.DRAFT: ("draft", "chip"),
    MessageState.PRIVATE: ("private", "chip-held"),
    MessageState.HIDDEN: ("hidden for everybody", "chip"),
}


def label(text: str, role: str = "", *, percent: float = 100, bold: bool = False, wrap: bool = False) -> QLabel:
    """A plain-text label of a given role and size."""
    made = Wrapping(text) if wrap else Text(text)
    if percent != 100 or bold:  # else it follows the font of its parent by itself
        made.set_size(percent, QFont.Weight.Bold if bold else None)
    if role:
        made.setProperty("role", role)
    return made


def chip(text: str, role: str = "chip") -> QLabel:
    """A small word on a tinted ground."""
    made = Text(text)
    chip_of(made, role)
    return made


def chip_of(made: Text, role: str) -> None:
    """Make a chip of these words."""
    made.set_size(85)
    made.setProperty("role", role)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)


def beginning(text: str, most: int) -> str:
    """The first words of a line, at most so many characters, and a sign when there is more."""
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(",;:–—- ") + " …"


def outside_link(words: str, url: str, *, about: str) -> QPushButton:
    """A quiet button that opens a web address in the browser; its tool tip says which."""
    button = QPushButton(words)
    button.setProperty("role", "quiet")
    button.setToolTip(url)
    button.setAccessibleName(f"Open in the browser: {about}")
    button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(button.toolTip())))
    return button


def line_of(button: QPushButton) -> FlowLayout:
    """A line that begins with a quiet button, whose words stand under the words above."""
    line = FlowLayout()
    line.addWidget(button)
    return line


def stops(part: QWidget | FlowLayout) -> list[QWidget]:
    """What Tab stops at in a part, from the top down."""
    if isinstance(part, FlowLayout):
        return [stop for widget in part.widgets for stop in stops(widget)]
    if isinstance(part, Card):
        return [part, *part.stops()]
    # Never by walking through Qt's own layouts: PySide takes what QLayout.itemAt().layout() gives for a child of the
    # item, and forgets all that is in it together with the item.
    return [w for w in (part, *part.findChildren(QWidget)) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]


def chain(before: QWidget, after: Iterable[QWidget]) -> None:
    """Let Tab lead from one to the next. To look first whether it does would not be safe: PySide takes the answer of
    ``nextInFocusChain`` for a child of the widget that was asked, and forgets it together with that (6.11)."""
    for one in after:
        QWidget.setTabOrder(before, one)
        before = one


def discard(part: QWidget | FlowLayout) -> None:
    """Take a part away: out of sight at once, and deleted by Qt when nobody is busy with it any more.

    Nothing is taken out of its layout first: PySide would make it Python's then, to be deleted whenever the last name
    for it goes or a cycle is found, be it in the middle of a paint.
    """
    if isinstance(part, FlowLayout):
        for widget in part.widgets:
            discard(widget)
        part.dissolve()
    else:
        part.hide()
        part.deleteLater()


class Body(Wrapping):
    """A message's words: sanitised rich text, selectable, links by mouse and keyboard, opened outside."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextBrowserInteraction | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setOpenExternalLinks(True)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # Tab goes from card to card, not into every text
        self.linkHovered.connect(self.setToolTip)  # where a link really goes
        self.show_html(html)

    def show_html(self, html: str) -> None:
        """Show this markup, which must be clean."""
        self._html = html
        body = directed(breakable(html) if html.startswith("<p>") else f"<p>{html}</p>")
        for block, gap in (("p", 6), ("li", 2), ("blockquote", 6)):  # Qt takes the line height from each block itself
            style = f'style="margin:0 0 {gap}px 0; line-height:140%"'
            body = body.replace(f"<{block}>", f"<{block} {style}>").replace(f"<{block} dir", f"<{block} {style} dir")
        above, margin, below = body.rpartition("margin:0 0 6px 0;")
        self.setText(
            f"{above}margin:0;{below}" if margin else body
        )  # what is below the last one keeps its own distance

    def sizeHint(self) -> QSize:
        """Any width will do, and the height follows from it. Qt would lay the text out three times to find a better
        answer, which nobody uses."""
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 40, metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 2 * LEAST_LETTERS, metrics.height())

    def empty(self) -> None:
        """Say nothing, with nothing chosen in it."""
        self._html = ""
        self.clear()
        self.setToolTip("")

    def dress(self, role: str) -> None:
        """Take the colour of a role; "" for that of the text."""
        if (self.property("role") or "") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_html") and self._html:
            self.setText("")  # the colour of links is worked out when the text is set, and only for another text
            self.show_html(self._html)
        super().changeEvent(event)


class FoldLine(QPushButton):
    """One line for what is folded away. ``stepped(+1/-1)`` as of a card; Enter and a click open it."""

    stepped = Signal(int)
    taken = Signal()

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.setProperty("role", "quiet")
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers():
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.taken.emit()
        super().focusInEvent(event)


class Inner(QFrame):
    """A part with parts of its own below one another; ``box`` takes them."""

    def __init__(self, role: str = "", *, margins: tuple[int, int, int, int] = (0, 0, 0, 0)) -> None:
        super().__init__()
        if role:
            self.setProperty("role", role)
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(*margins)
        self.box.setSpacing(4)


@contextmanager
def at_once(layout: QLayout) -> Iterator[None]:
    """Change what is in a layout without its being worked out after each change: Qt does that for every part that is
    shown or hidden (seven buttons took 5 ms). It is worked out when the parts are given their places."""
    layout.setEnabled(False)
    try:
        yield
    finally:
        layout.setEnabled(True)


class Card(Inner):
    """A framed part that takes the keyboard. ``stepped(+1/-1)``: go to the next or the one before."""

    stepped = Signal(int)
    taken = Signal()

    def __init__(self, role: str) -> None:
        super().__init__(role, margins=(14, 10, 14, 10))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._measured = True
        self._measure()

    def stops(self) -> list[QWidget]:
        """What Tab stops at in it, from the top down."""
        return [w for w in self.findChildren(QWidget) if w.focusPolicy() & Qt.FocusPolicy.TabFocus]

    def _measure(self) -> None:
        if self._measured:
            self.setMaximumWidth(round(MEASURE_LINES * line_height(self.font())))

    def as_wide_as_the_pane(self) -> None:
        """Keep to no measure."""
        self._measured = False
        self.setMaximumWidth(QWIDGETSIZE_MAX)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.FontChange and hasattr(self, "_measured"):
            self._measure()
        super().changeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and not event.modifiers():
            self.stepped.emit(1 if event.key() == Qt.Key.Key_Down else -1)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._mark(True)
        self.taken.emit()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._mark(False)
        super().focusOutEvent(event)

    def _mark(self, focused: bool) -> None:
        self.setProperty("focused", focused)
        self.style().polish(self)
