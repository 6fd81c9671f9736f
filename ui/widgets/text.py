"""Labels that no endless word or name can widen: one is cut with a sign, one wraps and takes what it gets."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from ui.theme import scaled

LEAST_LETTERS = 6


class Text(QLabel):
    """Plain text at a part of the usual size, also after the usual size changed while the program runs."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._size: tuple[float, QFont.Weight | None] | None = None

    def set_size(self, percent: float, weight: QFont.Weight | None = None) -> None:
        """Be ``percent`` of the usual size."""
        self._size = (percent, weight)
        self.setFont(scaled(QApplication.font(), percent, weight))

    def follow_font(self) -> None:
        """The usual size is another now (``ui.theme`` calls this: to look at every event that comes would cost more
        than all else that a label does)."""
        if self._size is not None:
            self.set_size(*self._size)


class Elided(Text):
    """Plain text in one line. The whole is in its accessible text, and in its tool tip while something is cut."""

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


class Wrapping(Text):
    """Text that wraps. Asks for the width of a few letters: else its widest word would push a pane off the edge."""

    def __init__(self, text: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setWordWrap(True)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()  # a minimum width would not do: Qt measures the height at that width then
        return QSize(min(least.width(), self.fontMetrics().averageCharWidth() * 2 * LEAST_LETTERS), least.height())
