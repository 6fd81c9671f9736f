"""What one channel will show: paints the very Rendition that is sent, with what is to be said about it."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from inbox.model import Capability, Media, Problem
from ui.composer.pictures import picture
from ui.composer.state import Shown
from ui.format import long_time, plural
from ui.theme import GAP
from ui.widgets.form import empty, heading, words
from ui.widgets.glyph import Glyph

MOST_SHOWN = 6_000
"""Characters of a text that a preview lays out; a book chapter would make typing slow."""
PICTURE = QSize(640, 180)
"""The most room a picture is given, in px."""


class PreviewCard(QFrame):
    """The preview of one channel; ``show_rendition`` whenever something changed."""

    def __init__(self, network: str, network_title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._network_title = network_title
        self._media: tuple[Media, ...] = ()
        self._problems: tuple[Problem, ...] | None = None
        self.name = heading("", 100)
        self.chip = words("", "chip", percent=92, wrap=False)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP)
        head.addWidget(Glyph(network, network_title), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self.name, 1)
        head.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignTop)
        self._pictures = QVBoxLayout()
        self._pictures.setSpacing(GAP)
        self.title = words("", percent=115, weight=QFont.Weight.DemiBold)
        self.text = words()
        self.excerpt = words("", "text-2")
        self.terms = words("", "text-3", percent=92)
        self.time = words("", "chip-ok", percent=92, wrap=False)
        self.problems = QVBoxLayout()
        self.problems.setSpacing(GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addLayout(head)
        column.addLayout(self._pictures)
        for part in (self.title, self.text, self.excerpt, self.terms):
            column.addWidget(part)
        column.addWidget(self.time, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self.problems)

    def show_rendition(self, shown: Shown, now: datetime) -> None:
        """Paint it."""
        rendition, channel = shown.rendition, shown.channel
        speaks = self.tr("{0} as {1}").format(channel.title, channel.speaks_as)
        self.name.setText(speaks if channel.speaks_as else channel.title)
        self._say(self.title, rendition.title)
        text = rendition.text
        if len(text) > MOST_SHOWN:
            text = self.tr("{0}… ({1} more characters, all of them are sent)").format(
                text[:MOST_SHOWN], f"{len(text) - MOST_SHOWN:,}"
            )
        self._say(self.text, text)
        self._say(self.excerpt, self.tr("Excerpt: {0}").format(rendition.excerpt) if rendition.excerpt else "")
        terms = []
        if rendition.categories:
            terms.append(self.tr("In {0}").format(", ".join(rendition.categories)))
        if rendition.tags:
            terms.append(self.tr("Tags: {0}").format(", ".join(rendition.tags)))
        self._say(self.terms, " · ".join(terms))
        keeps = rendition.publish_at is not None and Capability.SCHEDULE in channel.capabilities
        when = long_time(rendition.publish_at, now) if rendition.publish_at is not None else ""
        self._say(self.time, self.tr("{0} keeps the time: {1}").format(self._network_title, when) if keeps else "")
        self._show_media(rendition.media)
        self._show_problems(shown.problems)
        self.setAccessibleName(f"{self.name.text()}: {self.chip.text()}")

    def _show_media(self, media: tuple[Media, ...]) -> None:
        if media == self._media:
            return
        if [m.path for m in media] != [m.path for m in self._media]:
            empty(self._pictures)
            for one in media:
                self._pictures.addWidget(_PictureView(one.path))
        for number, one in enumerate(media):
            item = self._pictures.itemAt(number)
            if item is not None and (shown := item.widget()) is not None:
                shown.setAccessibleName(one.alt_text or self.tr("Picture without description"))
                shown.setToolTip(one.alt_text)
        self._media = media

    def _show_problems(self, problems: tuple[Problem, ...]) -> None:
        if problems == self._problems:
            return
        self._problems = problems
        stops = sum(p.stops for p in problems)
        if stops:
            said, role = self.tr("{0} to fix").format(stops), "chip-danger"
        elif problems:
            said, role = self.tr("{0} to look at").format(len(problems)), "chip-owed"
        else:
            said, role = self.tr("ready"), "chip-ok"
        self.chip.setText(said)
        self.chip.setProperty("role", role)
        self.chip.style().unpolish(self.chip)
        self.chip.style().polish(self.chip)
        empty(self.problems)
        for one in problems:
            self.problems.addWidget(_ProblemLine(one))
        self.chip.setToolTip(plural(len(problems), "finding"))

    def _say(self, label: QLabel, text: str) -> None:
        if label.text() != text:
            label.setText(text)
        label.setVisible(bool(text))


class _PictureView(QWidget):
    """A picture as wide as the card allows, in its own proportions."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self._pixmap = picture(path, PICTURE, 2)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def _fitted(self, width: float) -> QSizeF:
        size = self._pixmap.deviceIndependentSize()
        room = QSizeF(min(width, size.width()), PICTURE.height())
        return size.scaled(room, Qt.AspectRatioMode.KeepAspectRatio) if size.isValid() else QSizeF(0, 0)

    def sizeHint(self) -> QSize:
        return self._fitted(PICTURE.width()).toSize()

    def minimumSizeHint(self) -> QSize:
        return QSize(60, 20)

    def heightForWidth(self, width: int) -> int:
        return round(self._fitted(width).height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        target = QRectF(QPointF(0, 0), self._fitted(self.width()))
        painter.drawPixmap(target, self._pixmap, QRectF(self._pixmap.rect()))
        painter.end()


class _ProblemLine(QWidget):
    def __init__(self, problem: Problem) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GAP)
        stops = problem.stops
        chip = words(
            self.tr("fix") if stops else self.tr("look"),
            "chip-danger" if stops else "chip-owed",
            percent=92,
            wrap=False,
        )
        row.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words(problem.words), 1)
