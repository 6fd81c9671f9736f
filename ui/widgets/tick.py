"""Tick boxes and choices whose marks grow with the text, keep 3:1 in both schemes, and whose words wrap.

Fusion paints its own 13 px wide and, on a dark window, with an edge that cannot be seen; and its words never wrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QCheckBox, QRadioButton, QSizePolicy

from ui.theme import CHIP_RADIUS, GAP, line_height
from ui.widgets.glyph import paint_glyph, side_for

_FLAGS = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignVCenter)
WIDEST_HINT = 60
"""Letters in a line beyond which the words prefer to wrap."""


# Two Qt classes in one Python class end the process, so that at run time this is a plain mixin.
if TYPE_CHECKING:
    _Base = QAbstractButton
else:
    _Base = object


class _Drawn(_Base):
    """What both share: measuring and painting. Comes before the Qt class it is mixed into."""

    network = ""

    def _begin(self, network: str) -> None:
        self.network = network
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _side(self) -> int:
        return max(16, round(line_height(self.font()) * 0.95))

    def _words_left(self) -> int:
        glyph = side_for(self.font()) + GAP + 2 if self.network else 0
        return GAP + self._side() + 2 * GAP + glyph

    def _words_height(self, width: int) -> int:
        room = max(width - self._words_left() - GAP, 40)
        box = QFontMetrics(self.font()).boundingRect(0, 0, room, 10_000, _FLAGS, self.text())
        return max(box.height(), self._side()) + 2 * GAP

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        widest = metrics.averageCharWidth() * WIDEST_HINT
        width = self._words_left() + min(metrics.horizontalAdvance(self.text()) + 2, widest) + GAP
        return QSize(width, max(self._words_height(width), 24))

    def minimumSizeHint(self) -> QSize:
        words = [QFontMetrics(self.font()).horizontalAdvance(w) for w in self.text().split()]
        return QSize(self._words_left() + max(words, default=0) + GAP, 24)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(self._words_height(width), 24)

    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        group = QPalette.ColorGroup.Active if self.isEnabled() else QPalette.ColorGroup.Disabled
        palette, role, side = self.palette(), QPalette.ColorRole, self._side()
        line = line_height(self.font())
        lines_top = (self.height() - self._words_height(self.width())) / 2 + GAP
        # On whole px with a line of 2, so that nothing of the edge is lost to smoothing.
        mark = QRectF(GAP + 1, round(lines_top + (max(line, side) - side) / 2) + 1, side - 2, side - 2)
        on = self.isChecked()
        accent = palette.color(group, role.Accent) if self.isEnabled() else palette.color(group, role.Text)
        painter.setPen(QPen(accent if on else palette.color(group, role.Dark), 2))
        painter.setBrush(accent if on and self._filled() else palette.color(group, role.Base))
        self._paint_mark(painter, mark, on, QPen(palette.color(role.HighlightedText), side / 8))
        left = GAP + side + 2 * GAP
        if self.network:
            glyph = side_for(self.font())
            top = round(lines_top + (max(line, side) - glyph) / 2)
            paint_glyph(painter, QRectF(left, top, glyph, glyph), self.network, self.font())
        painter.setPen(palette.color(group, role.WindowText))
        words = QRectF(self._words_left(), 0, self.width() - self._words_left() - GAP, self.height())
        painter.drawText(words, _FLAGS, self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(palette.color(role.Accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), CHIP_RADIUS, CHIP_RADIUS)
        painter.end()

    def _filled(self) -> bool:
        return True

    def _paint_mark(self, painter: QPainter, mark: QRectF, on: bool, inner: QPen) -> None:
        raise NotImplementedError


class Tick(_Drawn, QCheckBox):
    """A tick box, for a channel with the glyph of its ``network`` before the words."""

    def __init__(self, text: str = "", network: str = "") -> None:
        super().__init__()
        self.setText(text)
        self._begin(network)

    def _paint_mark(self, painter: QPainter, mark: QRectF, on: bool, inner: QPen) -> None:
        painter.drawRoundedRect(mark, 3, 3)
        if on:
            inner.setCapStyle(Qt.PenCapStyle.RoundCap)
            inner.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(inner)
            w, h, x, y = mark.width(), mark.height(), mark.left(), mark.top()
            points = [(0.24, 0.53), (0.43, 0.72), (0.78, 0.31)]
            painter.drawPolyline(QPolygonF([QPointF(x + w * a, y + h * b) for a, b in points]))


class Choice(_Drawn, QRadioButton):
    """One of several that exclude each other; with a ``network`` as a tick box has it."""

    def __init__(self, text: str = "", network: str = "") -> None:
        super().__init__()
        self.setText(text)
        self._begin(network)

    def _filled(self) -> bool:
        return False

    def _paint_mark(self, painter: QPainter, mark: QRectF, on: bool, inner: QPen) -> None:
        painter.drawEllipse(mark)
        if on:
            painter.setBrush(painter.pen().color())
            painter.setPen(Qt.PenStyle.NoPen)
            gap = mark.width() * 0.24
            painter.drawEllipse(mark.adjusted(gap, gap, -gap, -gap))
