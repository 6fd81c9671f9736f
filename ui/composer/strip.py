"""The pictures of a post: thumbnail with an ALT badge, the description, decoration or not, and how to add one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPainterPath, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from inbox.publishing.counting import graphemes
from ui.composer.draft import Picture
from ui.composer.pictures import PATTERNS, picture
from ui.format import file_size
from ui.theme import CHIP_RADIUS, GAP, RADIUS, Theme, line_height, scaled
from ui.widgets.form import FormRow, button, words
from ui.widgets.tick import Tick


class Thumbnail(QWidget):
    """A picture cut to fill its square, with a badge that says whether it is described."""

    def __init__(self, theme: Theme, shown: Picture) -> None:
        super().__init__()
        self._theme = theme
        self._picture = shown
        self._pixmap = QPixmap()
        self.too_long = False  # for one of the chosen channels
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)
        self.retell()

    def sizeHint(self) -> QSize:
        height = round(line_height(self.font()) * 5.5)
        return QSize(round(height * 1.4), height)

    def badge(self) -> tuple[str, str, str]:
        """The badge's words and its colour tokens: text, ground."""
        if self._picture.decorative:
            return self.tr("decoration"), "text_2", "sunken"
        if self._picture.described:
            return (self.tr("ALT too long"), "danger", "danger_soft") if self.too_long else (
                self.tr("titled") if self._picture.document else self.tr("ALT"), "ok", "ok_soft"
            )  # fmt: skip
        missing = self.tr("title missing") if self._picture.document else self.tr("ALT missing")
        return missing, "danger", "danger_soft"

    def retell(self) -> None:
        """The description changed."""
        media = self._picture.media
        self.setAccessibleName(f"{self.badge()[0]}: {media.alt_text}" if media.alt_text else self.badge()[0])
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if self._pixmap.isNull():
            self._pixmap = picture(self._picture.media.path, self.size() * 2, self.devicePixelRatioF())
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        square = QRectF(self.rect())
        outline = QPainterPath()
        outline.addRoundedRect(square, RADIUS, RADIUS)
        painter.setClipPath(outline)
        painter.fillRect(square, self._theme.colour("sunken"))
        if self._pixmap.isNull():
            painter.setPen(self._theme.colour("text_2"))
            painter.drawText(square, Qt.AlignmentFlag.AlignCenter, self.tr("not there"))
        else:
            aspect = Qt.AspectRatioMode  # a document is shown whole: cut, it is no longer a sheet
            mode = aspect.KeepAspectRatio if self._picture.document else aspect.KeepAspectRatioByExpanding
            filled = self._pixmap.deviceIndependentSize().scaled(square.size(), mode)
            target = QRectF(0, 0, filled.width(), filled.height())
            target.moveCenter(square.center())
            painter.drawPixmap(target, self._pixmap, QRectF(self._pixmap.rect()))
        said, colour, ground = self.badge()
        painter.setFont(scaled(self.font(), 85, QFont.Weight.DemiBold))
        box = QRectF(painter.fontMetrics().boundingRect(said)).adjusted(-6, -2, 6, 2)
        box.moveBottomLeft(square.bottomLeft() + box.topLeft() * 0)
        box.translate(6, -6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(ground))
        painter.drawRoundedRect(box, CHIP_RADIUS, CHIP_RADIUS)
        painter.setPen(self._theme.colour(colour))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, said)
        painter.end()


class PictureCard(QFrame):
    """One picture with its description. ``changed`` after each edit, ``removed`` when it is to go."""

    changed = Signal()
    removed = Signal()

    def __init__(self, theme: Theme, shown: Picture, number: int) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.picture = shown
        self.thumbnail = Thumbnail(theme, shown)
        self.alt = QPlainTextEdit(shown.media.alt_text)
        self.alt.setTabChangesFocus(True)
        self.alt.setFixedHeight(round(line_height(self.alt.font()) * 2) + 20)
        document = shown.document
        hint = self.tr("What the document is called") if document else self.tr("What there is to see, in a sentence")
        self.alt.setPlaceholderText(hint)
        called = (self.tr("Document {0}") if document else self.tr("Picture {0}")).format(number)
        words = self.tr("{0}: its title") if document else self.tr("{0}: description for people who cannot see it")
        self.row = FormRow(words.format(called), self.alt)
        self.row.label.setWordWrap(True)
        self.decorative = Tick(self.tr("Decoration only"))
        self.decorative.setChecked(shown.decorative)
        if document:
            self.decorative.hide()  # pages to read decorate nothing
        self.decorative.setAccessibleName(self.tr("{0} is decoration only").format(called))
        self.remove = button(self.tr("Remove"), "quiet", name=self.tr("Remove {0}").format(called))
        size = file_size(shown.media.size_bytes) if shown.media.size_bytes else ""
        self.thumbnail.setToolTip(f"{Path(shown.media.path).suffix.lstrip('.').upper()} {size}")
        foot = QHBoxLayout()
        foot.setSpacing(2 * GAP)
        foot.addWidget(self.decorative)
        foot.addStretch(1)
        foot.addWidget(self.remove)
        right = QVBoxLayout()
        right.setSpacing(GAP)
        right.addWidget(self.row)
        right.addLayout(foot)
        across = QHBoxLayout(self)
        across.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        across.setSpacing(3 * GAP)
        across.addWidget(self.thumbnail, 0, Qt.AlignmentFlag.AlignTop)
        across.addLayout(right, 1)
        self.alt.setEnabled(not shown.decorative)
        self.alt.textChanged.connect(self._described)
        self.decorative.toggled.connect(self._decorated)
        self.remove.clicked.connect(self.removed)

    def _described(self) -> None:
        self.picture.media = replace(self.picture.media, alt_text=self.alt.toPlainText())
        self.thumbnail.retell()
        self.changed.emit()

    def _decorated(self, on: bool) -> None:
        self.picture.decorative = on
        self.alt.setEnabled(not on)
        self.thumbnail.retell()
        self.changed.emit()


class PictureStrip(QWidget):
    """``wanted(paths)`` when files were chosen, ``changed`` after an edit or removal."""

    wanted = Signal(list)
    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pictures: list[Picture] = []
        self.cards: list[PictureCard] = []
        self.choose = button(
            self.tr("Add a picture…"), hint=self.tr("Or drop a picture on this window, or paste one into the text")
        )
        self.choose.clicked.connect(self._choose)
        self.note = words("", "text-3", percent=92)
        self.note.hide()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2 * GAP)
        self._column.addWidget(self.note)
        self._column.addWidget(self.choose)

    def show_note(self, note: str, most: int, most_alt: int | None) -> None:
        """Say what becomes of the pictures; no more than ``most`` may be added, each described in ``most_alt``
        characters."""
        for card in self.cards:
            long = most_alt is not None and graphemes(card.picture.media.alt_text) > most_alt
            if long != card.thumbnail.too_long:
                card.thumbnail.too_long = long
                card.thumbnail.retell()
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.choose.setEnabled(len(self._pictures) < most)

    def show_pictures(self, pictures: list[Picture]) -> None:
        """Show these very objects; edits are made in them, and a removal takes one out of the list."""
        self._pictures = pictures
        known = [card.picture for card in self.cards]
        stay = 0  # those at the beginning that are the same: somebody may be writing in one
        while stay < min(len(known), len(pictures)) and known[stay] is pictures[stay]:
            stay += 1
        for card in self.cards[stay:]:
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        del self.cards[stay:]
        before: QWidget = self
        for number, one in enumerate(pictures, 1):
            if number > stay:
                card = PictureCard(self._theme, one, number)
                card.changed.connect(self.changed)
                card.removed.connect(lambda gone=one: self._remove(gone))
                self._column.insertWidget(number - 1, card)
                card.show()
                self.cards.append(card)
            card = self.cards[number - 1]
            card.decorative.setChecked(one.decorative)
            for after in (card.alt, card.decorative, card.remove):
                QWidget.setTabOrder(before, after) if before is not self else None
                before = after
        if before is not self:
            QWidget.setTabOrder(before, self.choose)

    def take_focus(self) -> None:
        """Go to the first picture that has no description."""
        for card in self.cards:
            if not card.picture.described:
                card.alt.setFocus(Qt.FocusReason.OtherFocusReason)
                return
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)

    def _remove(self, gone: Picture) -> None:
        self._pictures[:] = [p for p in self._pictures if p is not gone]
        self.show_pictures(self._pictures)
        self.choose.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()

    def _choose(self) -> None:
        chooser = QFileDialog(self.window(), self.tr("Add a picture"))
        chooser.setFileMode(QFileDialog.FileMode.ExistingFiles)
        chooser.setNameFilter(self.tr("Pictures and documents ({0})").format(PATTERNS))
        chooser.filesSelected.connect(lambda paths: self.wanted.emit(paths))
        chooser.finished.connect(chooser.deleteLater)
        chooser.open()


def accepted(paths: Sequence[str]) -> list[str]:
    """Those of the paths that look like pictures, by their ending: what is dropped beside them is left alone."""
    endings = tuple(p.removeprefix("*") for p in PATTERNS.split())
    return [p for p in paths if p.lower().endswith(endings)]
