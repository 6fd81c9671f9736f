"""The networks along the top: "All" first, each with its glyph and a badge of what is owed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QLabel, QTabBar, QWidget

from ui.format import badge, plural
from ui.theme import scaled
from ui.widgets.glyph import paint_glyph


class NetworkTabs(QTabBar):
    """``network_chosen(name)``; empty for all."""

    network_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setUsesScrollButtons(True)
        self.setElideMode(Qt.TextElideMode.ElideRight)
        self.setAccessibleName(self.tr("Networks"))
        side = self.fontMetrics().height() + 3
        self.setIconSize(QSize(side, side))
        self._networks: list[str] = []
        self.show_networks([])
        self.currentChanged.connect(lambda i: self.network_chosen.emit(self._networks[i] if i >= 0 else ""))

    @property
    def network(self) -> str:
        """The network chosen; empty for all."""
        return self._networks[self.currentIndex()] if self.currentIndex() >= 0 else ""

    def show_networks(self, networks: Sequence[tuple[str, str]]) -> None:
        """Show a tab for each (name, title); the chosen one stays chosen."""
        wanted = ["", *(name for name, _ in networks)]
        if wanted == self._networks:
            return
        chosen = self.network if self._networks else ""
        self.blockSignals(True)
        while self.count():
            self.removeTab(0)
        self._networks = wanted
        self.addTab(self.tr("All"))
        for name, title in networks:
            self.addTab(self._icon(name), title)
        self.setCurrentIndex(wanted.index(chosen) if chosen in wanted else 0)
        self.blockSignals(False)

    def show_owed(self, owed: Mapping[str, int]) -> None:
        """Put the count owed on each tab; the tab for all has their sum."""
        for index, name in enumerate(self._networks):
            count = sum(owed.values()) if not name else owed.get(name, 0)
            present = self.tabButton(index, QTabBar.ButtonPosition.RightSide)
            if isinstance(present, QLabel) and present.text() == badge(count):
                continue
            mark = None
            if count:
                mark = QLabel(badge(count))
                mark.setProperty("role", "chip-owed")
                mark.setFont(scaled(mark.font(), 85))
                mark.setAccessibleName(plural(count, "owed", "owed"))
            self.setTabButton(index, QTabBar.ButtonPosition.RightSide, mark)  # type: ignore[arg-type]
            self.setAccessibleTabName(index, f"{self.tabText(index)}, {count} owed")

    def _icon(self, network: str) -> QIcon:
        side, ratio = self.iconSize().height(), self.devicePixelRatioF()
        picture = QPixmap(round(side * ratio), round(side * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        paint_glyph(painter, QRectF(0, 0, side, side), network, self.font())
        painter.end()
        return QIcon(picture)

    def step(self, by: int) -> None:
        """The next or previous network, round the end."""
        self.setCurrentIndex((self.currentIndex() + by) % max(self.count(), 1))
