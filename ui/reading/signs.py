"""Signs that no eye can mistake: who may read a message, and in which language it is."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from inbox.model import Channel, Message, Visibility
from ui.reading.parts import chip_of
from ui.widgets.text import Text

VISIBILITY_WORDS = {
    Visibility.PUBLIC: "Public",
    Visibility.UNLISTED: "Unlisted",
    Visibility.FOLLOWERS: "Followers only",
    Visibility.DIRECT: "Private message",
}
READERS = {
    Visibility.PUBLIC: "Everybody can read this",
    Visibility.UNLISTED: "Everybody can read this; it is not announced anywhere",
    Visibility.FOLLOWERS: "Only a closed circle can read this",
    Visibility.DIRECT: "Only those named in it can read this",
}


def paint_lock(painter: QPainter, rect: QRectF, colour: QColor) -> None:
    """A closed padlock, drawn: no font has to have one."""
    side = min(rect.width(), rect.height())
    box = QRectF(0, 0, side * 0.76, side * 0.5)
    box.moveCenter(QPointF(rect.center().x(), rect.center().y() + side * 0.2))
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(box, side * 0.1, side * 0.1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour, max(side * 0.12, 1.2)))
    arch = QRectF(0, 0, side * 0.42, side * 0.56)
    arch.moveCenter(QPointF(rect.center().x(), box.top()))
    painter.drawArc(arch, 0, 180 * 16)
    painter.restore()


class Lock(QWidget):
    """The padlock beside words that say the same; as high as they are."""

    def sizeHint(self) -> QSize:
        side = round(self.fontMetrics().height() * 0.9)
        return QSize(side, side)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_lock(painter, QRectF(self.rect()), self.palette().color(QPalette.ColorRole.WindowText))
        painter.end()


class LockChip(Text):
    """A chip with a padlock before its words."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        chip_of(self, "chip-held")
        self.setIndent(self._side() + 4)

    def _side(self) -> int:
        return round(self.fontMetrics().height() * 0.85)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter, side = QPainter(self), self._side()
        place = QRectF(5, (self.height() - side) / 2, side, side)
        paint_lock(painter, place, self.palette().color(QPalette.ColorRole.WindowText))
        painter.end()


def visibility_sign(message: Message) -> Text | None:
    """The chip that says who may read it; None for what everybody may."""
    made: Text | None = None
    if not message.public:
        made = LockChip(VISIBILITY_WORDS[message.visibility])
    elif message.visibility is Visibility.UNLISTED:
        made = Text("unlisted")
        chip_of(made, "chip")
    if made is not None:
        made.setToolTip(READERS[message.visibility])
    return made


def foreign_language(message: Message, channel: Channel) -> str:
    """The language in words, when it is not the one this account writes in; "" else, and for an unknown one."""
    usual = channel.limits.language or QLocale.system().name()
    code = message.language.replace("_", "-").split("-")[0].lower()
    if not code or code == usual.replace("_", "-").split("-")[0].lower():
        return ""
    locale = QLocale(code)
    return "" if locale.language() == QLocale.Language.C else QLocale.languageToString(locale.language())
