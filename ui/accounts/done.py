"""The happy end of signing in."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from ui.theme import GAP
from ui.widgets.form import button, empty, words


class Done(QWidget):
    """The channels that are read from now on, and the way out."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3 * GAP)
        self.words = words(self.tr("Signed in. Postroom reads these from now on:"), weight=QFont.Weight.DemiBold)
        self._titles = QVBoxLayout()
        self._titles.setSpacing(GAP)
        self.close_ = button(self.tr("Done"), "primary")
        self.close_.setAutoDefault(True)
        self.close_.clicked.connect(self.closed)
        column.addWidget(self.words)
        column.addLayout(self._titles)
        column.addWidget(self.close_)

    def show_channels(self, titles: Mapping[str, str]) -> None:
        """Title -> address."""
        empty(self._titles)
        for title, address in titles.items():
            self._titles.addWidget(words(f"{title}  ·  {address}" if address else title))
        self.close_.setAccessibleDescription(f"{self.words.text()} {', '.join(titles)}")

    def take_focus(self) -> None:
        """Enter closes."""
        self.close_.setFocus(Qt.FocusReason.OtherFocusReason)
