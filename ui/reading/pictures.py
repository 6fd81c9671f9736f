"""Pictures in a message: a box of their size before they are here, their description below; one asks for the rest."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPalette, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from inbox.model import Attachment
from ui.reading.markup import plain
from ui.reading.parts import Inner, label
from ui.theme import line_height

WIDEST_PX, NARROW_PX, HIGHEST_PX = 400, 190, 300
"""Width of a picture alone, of one among several, and the height of any."""
USUAL_LINE = 19.0
"""Height of a line of usual text, for which these are meant."""
UNKNOWN = (16, 9)
"""The shape of the box for a picture whose size nobody told."""


class PictureBox(QWidget):
    """Keeps the place of a picture and shows it when it comes; nothing moves then."""

    def __init__(self, size: QSize, words: str, *, in_a_row: bool = False) -> None:
        super().__init__()
        self._pixmap, self._trouble, self._in_a_row = QPixmap(), "", in_a_row
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(size)

    def show_picture(self, picture: QImage) -> None:
        """Here it is."""
        self._pixmap = QPixmap.fromImage(picture)
        self.update()

    def say(self, trouble: str) -> None:
        """It does not come, and why."""
        self._trouble = trouble
        self.update()

    @property
    def shown(self) -> bool:
        """Whether the picture is here."""
        return not self._pixmap.isNull()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter, palette = QPainter(self), self.palette()
        if not self.shown or self._in_a_row or self._pixmap.hasAlphaChannel():
            painter.fillRect(self.rect(), palette.color(QPalette.ColorRole.AlternateBase))
        if self.shown:
            size = QSize(self._pixmap.size())
            size.scale(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
            place = QRectF(QPointF(), size.toSizeF())
            place.moveCenter(QRectF(self.rect()).center())
            if not self._in_a_row:
                place.moveLeft(0)  # in line with the words above it
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawPixmap(place, self._pixmap, QRectF(self._pixmap.rect()))
        elif self._trouble:
            painter.setPen(palette.color(QPalette.ColorRole.PlaceholderText))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(8, 8, -8, -8), flags, self._trouble)
        painter.end()


class Captioned(Inner):
    """A picture's box with its description below: what cannot be seen can be read."""

    def __init__(self, attachment: Attachment, *, alone: bool) -> None:
        super().__init__()
        words = plain(attachment.description)
        larger = max(line_height(self.font()) / USUAL_LINE, 1.0)  # with larger text there is more room, and more need
        if alone:
            size = box_size(attachment, round(WIDEST_PX * larger), round(HIGHEST_PX * larger))
        else:  # several stand in a row, in boxes of one shape
            size = QSize(round(NARROW_PX * larger), round(NARROW_PX * larger * 0.75))
        self.picture = PictureBox(size, words or "No description", in_a_row=not alone)
        self.box.addWidget(self.picture)
        said = label(words or "No description", "text-3", percent=92, wrap=True)
        self.setFixedWidth(self.picture.width())
        self.box.addWidget(said)
        self.box.addStretch(1)

        self.beside: list[Captioned] = []  # those in the same row: all are as high as the highest

    def sizeHint(self) -> QSize:
        tall = max(one.box.heightForWidth(one.picture.width()) for one in (self, *self.beside))
        return QSize(self.picture.width(), tall)


def box_size(attachment: Attachment, widest_px: int, highest_px: int = HIGHEST_PX) -> QSize:
    """How much room the picture takes: its own shape, no larger than itself or than there is."""
    width, height = attachment.width_px or 0, attachment.height_px or 0
    if width <= 0 or height <= 0:
        width, height = UNKNOWN
    if max(width, height) < 40:  # a shape, such as 4 to 3
        width, height = width * 1000, height * 1000
    size = QSize(width, height)
    most = QSize(widest_px, highest_px)
    if width > most.width() or height > most.height():
        size.scale(most, Qt.AspectRatioMode.KeepAspectRatio)
    return size.expandedTo(QSize(min(120, widest_px), 48))
