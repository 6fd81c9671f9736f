"""Pictures that recur, drawn once: small ones from row to row, and whole rows from frame to frame."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from math import ceil, floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap

MOST = 300
"""As many as rows on some screens have; a stamp is a few kilobytes."""


class Stamps:
    """Stamps by what they show, ``most`` of them. Those that were not used for longest go first."""

    def __init__(self) -> None:
        self.most = MOST
        self._kept: OrderedDict[Hashable, QPixmap] = OrderedDict()

    def clear(self) -> None:
        """Draw everything anew: fonts or colours have changed."""
        self._kept.clear()

    def put(
        self, painter: QPainter, area: QRectF, ground: QColor, what: Hashable, draw: Callable[[QPainter], None], *,
        tile: bool = False,
    ) -> None:  # fmt: skip
        """Paint what ``draw`` paints into ``area`` on ``ground``, to the very pixel, from a stamp if there is one.

        ``what`` says all that the picture depends on but ground and density; ``area`` may begin between two pixels.
        ``tile``: others lie close around it, and a pixel between two belongs to the one that Qt gives it to.
        """
        ratio, to_device = painter.device().devicePixelRatioF(), painter.deviceTransform()
        x, y = area.left() * ratio + to_device.dx(), area.top() * ratio + to_device.dy()
        right, bottom = x + area.width() * ratio, y + area.height() * ratio
        if tile:
            left, top, right, bottom = (floor(edge + 0.5) for edge in (x, y, right, bottom))
        else:
            left, top, right, bottom = floor(x), floor(y), ceil(round(right, 3)), ceil(round(bottom, 3))
        part = (round(x - left, 3), round(y - top, 3))
        wide, high = right - left, bottom - top
        key = (what, ground.name(), ratio, part, wide, high)
        stamp = self._kept.get(key)
        if stamp is None:
            stamp = QPixmap(wide, high)
            stamp.setDevicePixelRatio(ratio)
            stamp.fill(ground)  # opaque, so that letters get the same edges as on the row itself
            within = QPainter(stamp)
            within.setRenderHint(QPainter.RenderHint.Antialiasing)
            within.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            within.translate((to_device.dx() - left) / ratio, (to_device.dy() - top) / ratio)
            try:
                draw(within)
            finally:
                within.end()  # a pixmap that is still painted on may not go
            self._kept[key] = stamp
            while len(self._kept) > self.most:
                self._kept.popitem(last=False)
        else:
            self._kept.move_to_end(key)
        painter.drawPixmap(QPointF((left - to_device.dx()) / ratio, (top - to_device.dy()) / ratio), stamp)
