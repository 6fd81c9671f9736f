"""A row of controls that goes on in the next line when there is no more room: large text never clips a button."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QWidget
from shiboken6 import delete

from ui.theme import QUIET_INSET


class FlowLayout(QLayout):
    """Items from left to right, then the next line. Height follows width."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 8) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}  # by width, until something in it changes: Qt asks a dozen times
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    @property
    def widgets(self) -> list[QWidget]:
        """What stands in it, in order."""
        return [widget for item in self._items if (widget := item.widget()) is not None]

    def dissolve(self) -> None:
        """Be gone, at once, and leave the widgets to their parent."""
        delete(self)

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), place=False)
        return self._heights[width]

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._arrange(rect, place=True)

    def sizeHint(self) -> QSize:
        wide = sum(i.sizeHint().width() + self.spacing() for i in self._items)
        return QSize(wide, max((i.sizeHint().height() for i in self._items), default=0)).grownBy(self.contentsMargins())

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size.grownBy(self.contentsMargins())

    def _arrange(self, rect: QRect, *, place: bool) -> int:
        """Place the items in ``rect`` (or only work out); the height they take."""
        margins = self.contentsMargins()
        area = rect.marginsRemoved(margins)
        x, y, tall = area.x(), area.y(), 0
        line: list[tuple[QLayoutItem, int, QSize]] = []

        def put() -> None:
            for item, left, size in line if place else ():  # the controls of a line share their middle
                item.setGeometry(QRect(QPoint(left, y + (tall - size.height()) // 2), size))
            line.clear()

        for item in self._items:
            widget = item.widget()
            if widget is not None and widget.isHidden():
                continue
            size = item.sizeHint()
            if size.width() > area.width() > 0 and item.hasHeightForWidth():  # its words wrap
                size = QSize(area.width(), item.heightForWidth(area.width()))
            if x > area.x() and x + size.width() > area.right() + 1:
                put()
                x, y, tall = area.x(), y + tall + self.spacing(), 0
            quiet = widget is not None and widget.property("role") == "quiet"
            if quiet and not line:
                x -= min(QUIET_INSET, margins.left() + rect.x())
            line.append((item, x, size))
            x += size.width() + self.spacing()
            tall = max(tall, size.height())
        put()
        return y + tall - rect.y() + margins.bottom()
