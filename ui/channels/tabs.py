"""The networks along the top: "All" first, each with its glyph and a badge of what is owed.

Where they do not fit with their names, the chosen one keeps its name and the last of the others lose theirs: the glyph
and the tip say them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QCursor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QTabBar, QWidget

from ui.format import badge
from ui.theme import CHIP_RADIUS, Theme, scaled
from ui.widgets.glyph import paint_glyph, side_for

_PAD, _GAP = 12, 8
_MARK = 3
"""Height in px of the line under the chosen tab."""


class NetworkTabs(QTabBar):
    """``network_chosen(name)``; empty for all. Painted here: under a style sheet Qt sets a badge far from its word."""

    network_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(self.tr("Networks"))
        self._networks: list[str] = []
        self._owed: dict[str, int] = {}
        self._nameless: frozenset[int] = frozenset()
        self.show_networks([])
        self.currentChanged.connect(self._moved)
        self.currentChanged.connect(lambda i: self.network_chosen.emit(self._networks[i] if i >= 0 else ""))

    @property
    def network(self) -> str:
        """The network chosen; empty for all."""
        return self._networks[self.currentIndex()] if self.currentIndex() >= 0 else ""

    @property
    def title(self) -> str:
        """What the network chosen is called; empty for all."""
        return self.tabText(self.currentIndex()) if self.network else ""

    def show_networks(self, networks: Sequence[tuple[str, str]]) -> None:
        """Show a tab for each (name, title); the chosen one stays chosen."""
        wanted = ["", *(name for name, _ in networks)]
        if wanted == self._networks:
            return
        chosen = self.network if self._networks else ""
        self.blockSignals(True)
        while self.count():
            self.removeTab(0)
        self._networks, self._owed = wanted, {}
        self.addTab(self.tr("All"))
        for _, title in networks:
            self.setTabToolTip(self.addTab(title), title)
        self.setCurrentIndex(wanted.index(chosen) if chosen in wanted else 0)
        self.blockSignals(False)
        self._fit()

    def show_owed(self, owed: Mapping[str, int]) -> None:
        """Put the count owed on each tab; the tab for all has their sum."""
        counts = {name: owed.get(name, 0) if name else sum(owed.values()) for name in self._networks}
        before, self._owed = self._owed, counts
        changed = [n for n, name in enumerate(self._networks) if before.get(name) != counts[name]]
        for n in changed:
            self.setAccessibleTabName(n, self.tr("{0}, {1} owed").format(self.tabText(n), counts[self._networks[n]]))
        if any(badge(before.get(name, 0)) != badge(counts[name]) for name in self._networks):
            self._fit()
            self._measure()

    def step(self, by: int) -> None:
        """The next or previous network, round the end."""
        self.setCurrentIndex((self.currentIndex() + by) % max(self.count(), 1))

    # Measuring and painting

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """The window may be as narrow as the glyphs; below that the bar scrolls."""
        return QSize(min(super().minimumSizeHint().width(), 240), super().minimumSizeHint().height())

    def _fit(self) -> None:
        """Leave out the names that do not fit, from the end, and put them back when they do."""
        others = [n for n, name in enumerate(self._networks) if name and n != self.currentIndex()]
        widths = {n: _GAP + self._name_width(n) for n in others}
        whole = sum(2 * _PAD + sum(self._parts(n, nameless=False)) for n in range(len(self._networks)))
        over, left_out = whole - self.width(), set[int]()
        for n in reversed(others):
            if over <= 0:
                break
            left_out.add(n)
            over -= widths[n]
        if left_out != self._nameless:
            self._nameless = frozenset(left_out)
            self._measure()

    def _moved(self) -> None:
        if self._nameless:  # another one has to have its name now
            self._fit()

    def _measure(self) -> None:
        """Let Qt ask for all widths again: a badge or a name may need more room or less."""
        self.setTabText(0, self.tabText(0))
        self.updateGeometry()
        self.update()

    def _fonts(self) -> tuple[QFont, QFont]:
        return scaled(self.font(), 100, QFont.Weight.DemiBold), scaled(self.font(), 85, QFont.Weight.DemiBold)

    def _name_width(self, index: int) -> float:
        return QFontMetricsF(self._fonts()[0]).horizontalAdvance(self.tabText(index))

    def _parts(self, index: int, *, nameless: bool | None = None) -> tuple[float, float, float]:
        """Widths of glyph, words and badge, each with the gap before what follows; 0 for what is not there."""
        _, small = self._fonts()
        network = self._networks[index]
        nameless = index in self._nameless if nameless is None else nameless
        glyph = side_for(self.font()) + (0 if nameless else _GAP) if network else 0
        count = badge(self._owed.get(network, 0))
        chip = _GAP + QFontMetricsF(small).horizontalAdvance(count) + 12 if count else 0
        return glyph, 0 if nameless else self._name_width(index), chip

    def tabSizeHint(self, index: int) -> QSize:
        if index >= len(self._networks):
            return super().tabSizeHint(index)
        height = max(self.fontMetrics().height(), side_for(self.font())) + 22
        return QSize(round(2 * _PAD + sum(self._parts(index))), height)

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
        rect, network = QRectF(self.tabRect(index)), self._networks[index]
        chosen = index == self.currentIndex()
        glyph, words, chip = self._parts(index)
        x, middle = rect.left() + _PAD, rect.center().y()
        if network:
            side = side_for(self.font())
            paint_glyph(painter, QRectF(x, middle - side / 2, side, side), network, self.font())
        painter.setFont(bold if chosen else self.font())
        painter.setPen(QColor(t.text if chosen or pointed else t.text_2))
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        own = painter.fontMetrics().horizontalAdvance(self.tabText(index)) if words else 0
        if words:
            painter.drawText(QRectF(x + glyph, rect.top(), words + 2, rect.height()), left, self.tabText(index))
        if chip:
            height = QFontMetricsF(small).height() + 4
            box = QRectF(x + glyph + own + _GAP, middle - height / 2, chip - _GAP, height)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.owed_soft))
            painter.drawRoundedRect(box, height / 2, height / 2)
            painter.setFont(small)
            painter.setPen(QColor(t.owed))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, badge(self._owed.get(network, 0)))
        if chosen:
            painter.fillRect(QRectF(rect.left(), rect.bottom() - _MARK, rect.width(), _MARK), QColor(t.accent))
        if chosen and self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(rect.adjusted(1, 3, -1, -_MARK - 2), CHIP_RADIUS, CHIP_RADIUS)
