"""Signs that no eye can mistake: who may read a message, and in which language it is."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLocale, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPalette, QPen
from PySide6.QtWidgets import QWidget

from inbox.model import Channel, Message, MessageState, Visibility
from ui.reading.parts import STATE_CHIPS, chip_of
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


@dataclass(frozen=True, slots=True)
class Sign:
    """A chip to be: its words, the role that colours it, what it means in a sentence."""

    words: str
    role: str = "chip"
    tip: str = ""
    locked: bool = False

    def made(self) -> Text:
        """A chip of this look; words are put in with ``put_on``."""
        if self.locked:
            return LockChip(self.words)
        made = Text(self.words)
        chip_of(made, self.role)
        return made

    def put_on(self, chip: Text) -> None:
        """Let a chip of this look say this."""
        if chip.text() != self.words:
            chip.setText(self.words)
        if chip.toolTip() != self.tip:
            chip.setToolTip(self.tip)


def signs(m: Message, channel: Channel, *, owed: bool) -> list[Sign]:
    """What stands in the corner of a message's card, first who may read it."""
    found: list[Sign] = []
    if not m.public:
        found.append(Sign(VISIBILITY_WORDS[m.visibility], "chip-held", READERS[m.visibility], locked=True))
    elif m.visibility is Visibility.UNLISTED:
        found.append(Sign("unlisted", tip=READERS[m.visibility]))
    if owed and m.state is not MessageState.HELD:
        found.append(Sign("owed", "chip-owed"))
    if m.state in STATE_CHIPS and not (found and found[0].tip and m.state is MessageState.PRIVATE):
        found.append(Sign(*STATE_CHIPS[m.state]))
    if m.details.get("filtered"):
        found.append(Sign("kept back by the filter", "chip-held"))
    if m.kind == "notice":
        found.append(Sign("notice" if m.details.get("type") else "link from elsewhere"))
    elif m.kind == "quote":
        found.append(Sign("quotes us"))
    if language := foreign_language(m, channel):
        found.append(Sign(language))
    return found


def foreign_language(message: Message, channel: Channel) -> str:
    """The language in words, when it is not the one this account writes in; "" else, and for an unknown one."""
    code = _language(message.language)
    if not code or code == (_language(channel.limits.language) or own_language()):
        return ""
    locale = QLocale(code)
    return "" if locale.language() == QLocale.Language.C else QLocale.languageToString(locale.language())


def own_language() -> str:
    """The system's language; the window's own where the system names none (the C locale)."""
    system = QLocale.system()
    return "en" if system.language() == QLocale.Language.C else _language(system.name())


def _language(tag: str) -> str:
    return tag.replace("_", "-").split("-")[0].lower()
