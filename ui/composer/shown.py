"""The parts of a preview: the text with its links and names and what is too much, pictures, a link card, a problem."""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

import regex
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from inbox.model import Channel, LinkCard, Message, Problem
from inbox.publishing.counting import LINK, without_trailing
from ui.composer.pictures import picture
from ui.composer.wording import fix_words
from ui.format import right_to_left
from ui.theme import GAP
from ui.widgets.form import button, empty, words
from ui.widgets.text import Wrapping

MOST_SHOWN = 6_000
"""Characters of a text that a preview lays out; a book chapter would make typing slow."""
MOST_OVER = 300
"""Characters of what is too much."""
PICTURE = QSize(640, 180)
ONE_OF_SEVERAL = QSize(320, 120)
"""The most room a picture is given, in px."""
_NAMED = regex.compile(r"(?<![\p{L}\p{N}/_@#&])[@#][\p{L}\p{N}_][\p{L}\p{N}_.@-]*(?<![.@-])")


def marked(text: str, cut: int) -> Iterator[tuple[str, bool, bool]]:
    """Pieces of a text that together are the text: words, whether it is a link or a name, whether it is too much."""
    marks = [(m.start(), m.start() + len(without_trailing(m[0]))) for m in LINK.finditer(text)]
    marks += [(m.start(), m.end()) for m in _NAMED.finditer(text) if not any(a <= m.start() < b for a, b in marks)]
    edges = sorted({0, len(text), min(cut, len(text)), *(edge for mark in marks for edge in mark)})
    for begin, end in pairwise(edges):
        yield text[begin:end], any(a <= begin < b for a, b in marks), begin >= cut


class ShownText(Wrapping):
    """A text as a channel shows it. ``plain`` is the very text."""

    def __init__(self) -> None:
        super().__init__()
        self.plain, self._cut = "", 0
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)

    def sizeHint(self) -> QSize:
        """Its height follows its width (``heightForWidth``): Qt would lay out the text at several widths to guess."""
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 40, metrics.height())

    def minimumSizeHint(self) -> QSize:
        metrics = self.fontMetrics()
        return QSize(metrics.averageCharWidth() * 12, metrics.height())

    def show_text(self, text: str, cut: int) -> None:
        """Show it, with what follows after ``cut`` characters underlined."""
        self.setVisible(bool(text))
        if (text, cut) != (self.plain, self._cut):
            self.plain, self._cut = text, cut
            self.setAccessibleName(text)
            self._write()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self.plain:
            self._write()

    def _write(self) -> None:
        colours = self.palette()
        link = colours.color(QPalette.ColorRole.Link).name()
        over = colours.color(QPalette.ColorRole.BrightText).name()
        most = MOST_SHOWN if self._cut >= len(self.plain) else min(self._cut + MOST_OVER, MOST_SHOWN)
        text, more = self.plain[:most], len(self.plain) - most
        said = ""
        for piece, named, too_much in marked(text, self._cut):
            escaped = html.escape(piece)
            if too_much:
                escaped = f'<span style="color:{over};text-decoration:underline">{escaped}</span>'
            elif named:
                escaped = f'<span style="color:{link}">{escaped}</span>'
            said += escaped.replace("\n", "<br>")
        if more > 0:
            goes = most == MOST_SHOWN and self._cut >= len(self.plain)
            words_ = self.tr("… ({0} more characters, all of them are sent)") if goes else self.tr("… ({0} more)")
            said += html.escape(words_.format(f"{more:,}"))
        direction = "rtl" if right_to_left(self.plain) else "ltr"
        self.setText(f'<div dir="{direction}" style="white-space:pre-wrap">{said}</div>')


class PictureView(QWidget):
    """A picture in its own proportions, as large as ``room`` and the card allow."""

    def __init__(self, path: str, room: QSize) -> None:
        super().__init__()
        self._pixmap = picture(path, room, 2)
        self._room = room
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def _fitted(self, room: QSizeF) -> QSizeF:
        size = self._pixmap.deviceIndependentSize()
        return size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio) if size.isValid() else QSizeF(0, 0)

    def sizeHint(self) -> QSize:
        return self._fitted(QSizeF(self._room)).toSize()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 20)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = QRectF(QPointF(0, 0), self._fitted(QSizeF(self.size())))
        painter.drawPixmap(target, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()


class Boxed(QFrame):
    """What hangs below a text in a frame of its own: a link card, or the post that is quoted."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.title = words("", weight=QFont.Weight.DemiBold)
        self.text = words("", "text-2")
        self.foot = words("", "text-3", percent=92)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        self._path = ""
        self._pictures = QHBoxLayout()
        column.addLayout(self._pictures)
        for part in (self.title, self.text, self.foot):
            column.addWidget(part)
        self.hide()

    def show_card(self, card: LinkCard | None) -> None:
        """Show a link card, or nothing."""
        self._show_picture(card.image_path if card is not None else "")
        host = (urlsplit(card.url).hostname or card.url) if card is not None else ""
        self._say(card is not None, card.title if card else "", card.description if card else "", host)

    def _show_picture(self, path: str) -> None:
        if path == self._path:
            return
        self._path = path
        empty(self._pictures)
        if path:
            made = PictureView(path, ONE_OF_SEVERAL)
            made.setAccessibleName(self.tr("Picture of the page"))
            self._pictures.addWidget(made)

    def show_quoted(self, quoted: Message | None) -> None:
        """Show what is quoted, or nothing."""
        name = quoted.author.name if quoted is not None else ""
        self._say(quoted is not None, name, quoted.text[:400] if quoted else "", quoted.url if quoted else "")

    def _say(self, there: bool, title: str, text: str, foot: str) -> None:
        for label, said in ((self.title, title), (self.text, text), (self.foot, foot)):
            label.setText(said)
            label.setVisible(bool(said))
        self.setVisible(there)


class ProblemLine(QWidget):
    """One problem with a button that leads to what it is about: ``wanted(where)``."""

    wanted = Signal(str)

    def __init__(self, problem: Problem, channel: Channel) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GAP)
        stops = problem.stops
        said = self.tr("fix") if stops else self.tr("look")
        chip = words(said, "chip-danger" if stops else "chip-owed", percent=92, wrap=False)
        go = fix_words(problem, channel)
        self.go = button(go, "quiet", name=f"{go}: {problem.words}")
        self.go.clicked.connect(lambda: self.wanted.emit(problem.where))
        row.addWidget(chip, 0, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(words(problem.words), 1, Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.go, 0, Qt.AlignmentFlag.AlignVCenter)
