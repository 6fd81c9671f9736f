"""One of a few values from a list that drops down."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QWheelEvent
from PySide6.QtWidgets import QComboBox, QSizePolicy


class Pick(QComboBox):
    """Shows words for values; ``value`` is the chosen one. The wheel scrolls the page unless it has the focus."""

    def __init__(self) -> None:
        super().__init__()
        self._values: list[Any] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        # Under a style sheet Qt draws the button as a grey step over our edge; so it draws none, and we the arrow.
        self.setStyleSheet("::drop-down { subcontrol-origin: border; width: 28px; border: none; }")

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(16, 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 12 + 40, super().minimumSizeHint().height())

    @property
    def value(self) -> Any:
        """The value that is chosen; ``None`` while there is nothing to choose."""
        return self._values[self.currentIndex()] if 0 <= self.currentIndex() < len(self._values) else None

    def offer(self, choices: Iterable[tuple[Any, str]], value: Any) -> None:
        """Offer these values with their words, with ``value`` chosen; says nothing of a change."""
        found = list(choices)
        self.blockSignals(True)
        if [v for v, _ in found] != self._values:
            self._values = [v for v, _ in found]
            self.clear()
            self.addItems([said for _, said in found])
        self.setCurrentIndex(self._values.index(value) if value in self._values else 0)
        self.blockSignals(False)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self.palette().color(QPalette.ColorRole.Text), 1.6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        x, y = self.width() - 16.0, self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)]))
        painter.end()
