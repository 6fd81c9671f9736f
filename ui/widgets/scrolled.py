"""What a scroll area holds."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget


class Scrolled(QWidget):
    """Its height is what its parts need at the width there is.

    Qt also asks for the least height, which a layout of wrapping texts gives for its least width: far too tall, so
    that one could scroll into the void below the last part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), 0)
