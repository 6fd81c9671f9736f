"""Labels that no endless word or name can widen: one is cut with a sign, one wraps and takes what it gets."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QLabel, QWidget

LEAST_LETTERS = 6


class Elided(QLabel):
    """Plain text in one line. The whole is in its accessible text, and in its tool tip while something is cut."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        least = self.fontMetrics().averageCharWidth() * LEAST_LETTERS
        return QSize(min(least, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, _: QPaintEvent) -> None:
        metrics, whole = self.fontMetrics(), self.text()
        words = metrics.elidedText(whole, Qt.TextElideMode.ElideRight, self.width())
        self.setToolTip(whole if words != whole else "")
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        side = self.alignment() & Qt.AlignmentFlag.AlignHorizontal_Mask
        painter.drawText(self.rect(), side | Qt.AlignmentFlag.AlignVCenter, words)
        painter.end()


class Wrapping(QLabel):
    """Text that wraps. Asks for the width of a few letters: else its widest word would push a pane off the edge."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()  # a minimum width would not do: Qt measures the height at that width then
        return QSize(min(least.width(), self.fontMetrics().averageCharWidth() * 2 * LEAST_LETTERS), least.height())
