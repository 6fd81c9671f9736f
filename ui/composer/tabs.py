"""The common text, and one tab for each chosen channel: below its name whether it inherits or was edited.

Where there is no room for all names, only the open tab has one; the others are their glyphs, with a sign below those
that do not inherit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QCursor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QTabBar

from inbox.model import Channel, ChannelId
from ui.composer.room import Room
from ui.composer.wording import room_words
from ui.theme import CHIP_RADIUS, Theme, scaled
from ui.widgets.glyph import paint_glyph, side_for

COMMON = ChannelId("")
"""The tab of the text that all channels share."""
_PAD, _GAP = 10, 8
_MARK = 3
"""Height in px of the line under the chosen tab."""
_SIGNS = {"accent": "•", "danger": "!"}
"""Below a glyph that stands alone: it has a text of its own, or does not fit."""
_LETTERS = 18
"""Longer names are cut with a sign: the whole one is in the tool tip and is spoken."""


class TextTabs(QTabBar):
    """``currentChanged`` when another text is wanted; ``key`` says which."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(self.tr("Whose text"))
        self._keys: list[ChannelId] = []
        self._networks: list[str] = []
        self._marks: list[tuple[str, str]] = []  # words and colour token below each name
        self._tight = False  # no room for all names
        self.currentChanged.connect(self._measure)
        self.show_channels([])

    @property
    def key(self) -> ChannelId:
        """The channel whose text is shown, or COMMON."""
        return self._keys[self.currentIndex()] if 0 <= self.currentIndex() < len(self._keys) else COMMON

    def show_channels(self, channels: Sequence[Channel]) -> None:
        """A tab for each; the one that is open stays open while its channel is there."""
        wanted = [COMMON, *(c.id for c in channels)]
        if wanted == self._keys:
            return
        was = self.key
        self.blockSignals(True)
        while self.count():
            self.removeTab(0)
        self._keys = wanted
        self._networks = ["", *(c.network for c in channels)]
        self._marks = [("", "text_3")] * len(wanted)
        for index, title in enumerate([self.tr("Common text"), *(c.title for c in channels)]):
            self.addTab(title)
            self.setTabToolTip(index, title)
        self.setCurrentIndex(wanted.index(was) if was in wanted else 0)
        self.blockSignals(False)
        self._measure()
        if self.key != was:
            self.currentChanged.emit(self.currentIndex())

    def show_marks(self, edited: Mapping[ChannelId, bool], rooms: Mapping[ChannelId, Room]) -> None:
        """Say below each name how it stands."""
        marks = []
        for index, key in enumerate(self._keys):
            if key == COMMON:
                inherits = sum(not e for e in edited.values())
                said, colour = self.tr("shown on {0}").format(inherits), "text_3"
            else:
                said = self.tr("edited") if edited.get(key) else self.tr("inherits")
                over = key in rooms and rooms[key].tone == "chip-danger"
                colour = "danger" if over else "accent" if edited.get(key) else "text_3"
                if over:
                    said = self.tr("{0} · {1}").format(said, room_words(rooms[key]))
            marks.append((said, colour))
            self.setTabToolTip(index, self.tabText(index) if key == COMMON else f"{self.tabText(index)}: {said}")
            left = f", {room_words(rooms[key])}" if key in rooms else ""
            spoken = f"{self.tabText(index)}, {said}{left}"
            if self.accessibleTabName(index) != spoken:
                self.setAccessibleTabName(index, spoken)
        if marks != self._marks:
            longer = [len(said) for said, _ in marks] != [len(said) for said, _ in self._marks]
            self._marks = marks
            if longer and marks:
                self._measure()
            self.update()

    def go_to(self, key: ChannelId) -> None:
        """Open this tab, if it is there."""
        if key in self._keys:
            self.setCurrentIndex(self._keys.index(key))

    def step(self, by: int) -> None:
        """The next or previous one, round the end."""
        self.setCurrentIndex((self.currentIndex() + by) % max(self.count(), 1))

    # Measuring and painting

    def _fonts(self) -> tuple[QFont, QFont]:
        return scaled(self.font(), 100, QFont.Weight.DemiBold), scaled(self.font(), 85)

    def _name(self, index: int) -> str:
        bold, _ = self._fonts()
        metrics = QFontMetricsF(bold)
        room = metrics.averageCharWidth() * _LETTERS
        return metrics.elidedText(self.tabText(index), Qt.TextElideMode.ElideRight, room)

    def _measure(self) -> None:
        """Let Qt ask for the size of every tab again: one may need more room or less, or a name."""
        if self.count():
            self._tight = sum(self._width(n, whole=True) for n in range(self.count())) > self.width()
            self.setTabText(0, self.tabText(0))
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measure()

    def _bare(self, index: int) -> bool:
        """Whether the glyph stands alone."""
        return self._tight and bool(self._networks[index]) and index != self.currentIndex()

    def _width(self, index: int, *, whole: bool) -> int:
        bold, small = (QFontMetricsF(f) for f in self._fonts())
        glyph = side_for(self.font()) if self._networks[index] else 0
        if not whole and self._bare(index):
            return glyph + 2 * _PAD
        words = max(bold.horizontalAdvance(self._name(index)), small.horizontalAdvance(self._marks[index][0]))
        return round(2 * _PAD + (glyph + _GAP if glyph else 0) + words) + 2

    def tabSizeHint(self, index: int) -> QSize:
        if index >= len(self._keys):
            return super().tabSizeHint(index)
        bold, small = (QFontMetricsF(f) for f in self._fonts())
        return QSize(self._width(index, whole=False), round(bold.height() + small.height()) + 12 + _MARK)

    def minimumTabSizeHint(self, index: int) -> QSize:
        return self.tabSizeHint(index)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pointed = self.tabAt(self.mapFromGlobal(QCursor.pos())) if self.underMouse() else -1
        for index in range(self.count()):
            self._paint_tab(painter, index, index == pointed)
        painter.end()

    def _paint_tab(self, painter: QPainter, index: int, pointed: bool) -> None:
        t = self._theme.tokens
        bold, small = self._fonts()
        rect, chosen = QRectF(self.tabRect(index)), index == self.currentIndex()
        x, top = rect.left() + _PAD, rect.top() + 5
        upper = QFontMetricsF(bold).height()
        if network := self._networks[index]:
            side = side_for(self.font())
            paint_glyph(painter, QRectF(x, rect.center().y() - side / 2, side, side), network, self.font())
            x += side + _GAP
        said, colour = self._marks[index]
        if self._bare(index):
            if colour in _SIGNS:  # a shape and not only a colour
                painter.setFont(bold)
                painter.setPen(self._theme.colour(colour))
                below = QRectF(rect.left(), rect.center().y() + side_for(self.font()) / 2, rect.width(), upper)
                top_middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
                painter.drawText(below.translated(0, -upper / 4), top_middle, _SIGNS[colour])
            return
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.setFont(bold if chosen else self.font())
        painter.setPen(QColor(t.text if chosen or pointed else t.text_2))
        painter.drawText(QRectF(x, top, rect.right() - x, upper), flags, self._name(index))
        painter.setFont(small)
        painter.setPen(self._theme.colour(colour))
        painter.drawText(QRectF(x, top + upper, rect.right() - x, QFontMetricsF(small).height()), flags, said)
        if chosen:
            painter.fillRect(QRectF(rect.left(), rect.bottom() - _MARK, rect.width(), _MARK), QColor(t.accent))
        if chosen and self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -_MARK - 2), CHIP_RADIUS, CHIP_RADIUS)
