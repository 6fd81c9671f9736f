"""What the parts of a conversation are made of: labels, chips, a stranger's words, and the card around them."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy, QVBoxLayout

from inbox.model import MessageState
from ui.reading.markup import breakable, directed
from ui.theme import line_height
from ui.widgets.text import Text, Wrapping

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
    button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl(url)))
    return button


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
        self.setText(body)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_html"):
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


class Card(Inner):
    """A framed part that takes the keyboard. ``stepped(+1/-1)``: go to the next or the one before."""

    stepped = Signal(int)
    taken = Signal()

    def __init__(self, role: str) -> None:
        super().__init__(role, margins=(14, 10, 14, 10))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._measured = True
        self._measure()

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
