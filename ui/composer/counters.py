"""What is left on each channel, as it counts: the tightest first. A press leads to that channel's text."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from inbox.model import ChannelId
from ui.composer.state import Shown
from ui.composer.wording import room_words
from ui.format import cut_name
from ui.theme import GAP
from ui.widgets.flow import FlowLayout
from ui.widgets.form import words
from ui.widgets.glyph import Glyph


class Counter(QWidget):
    """Glyph and number of one channel. Not in the order of the Tab key: the tab of the channel says the same."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._id = ChannelId("")
        self._glyph = Glyph("")
        self.said = words("", "chip", percent=92, wrap=False)
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GAP)
        for part in (self._glyph, self.said):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignVCenter)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_room(self, shown: Shown, *, named: bool = False) -> None:
        """Say what is left there; ``named``: with the channel's name, where it stands alone."""
        self._id = shown.channel.id
        if self._glyph.network != shown.channel.network:
            self._glyph.show_network(shown.channel.network)
        said = room_words(shown.room)
        self.said.setText(f"{cut_name(shown.channel.title)}: {said}" if named else said)
        if self.said.property("role") != shown.room.tone:
            self.said.setProperty("role", shown.room.tone)
            self.said.style().unpolish(self.said)
            self.said.style().polish(self.said)
        self.setToolTip(shown.channel.title)
        self.setAccessibleName(f"{shown.channel.title}: {said}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.wanted.emit(self._id)


class Counters(QWidget):
    """One counter for each chosen channel. ``wanted(channel id)`` when one is pressed."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("What is left"))
        self.each: list[Counter] = []
        self._flow = FlowLayout(self, spacing=3 * GAP)

    def show_rooms(self, shown: Sequence[Shown]) -> None:
        """Show these, the tightest first."""
        while len(self.each) < len(shown):
            made = Counter()
            made.wanted.connect(self.wanted)
            self._flow.addWidget(made)
            self.each.append(made)
        for counter in self.each[len(shown) :]:
            counter.hide()
        for counter, one in zip(self.each, by_tightness(shown), strict=False):
            counter.show_room(one)
            counter.show()
        self.setVisible(bool(shown))


def by_tightness(shown: Sequence[Shown]) -> list[Shown]:
    """The tightest first; of those without a limit in the order of the channels."""
    return sorted(shown, key=lambda s: s.room.tightness)
