"""The left side of the composer: where to, title, text, pictures, time, and what else a post may carry."""

from __future__ import annotations

from collections.abc import Container, Sequence

from PySide6.QtCore import QMimeData, QSize, Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFrame, QLineEdit, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.model import Channel, ChannelId
from ui.composer.state import ComposerState, names
from ui.composer.strip import PictureStrip, accepted
from ui.composer.when import When
from ui.theme import GAP, Theme, line_height, scaled
from ui.widgets.direction import follow_direction
from ui.widgets.form import Form, empty, words
from ui.widgets.glyph import glyph_icon, side_for
from ui.widgets.scrolled import Scrolled
from ui.widgets.tick import Tick


class PostText(QPlainTextEdit):
    """Plain text. A picture in the clipboard becomes a picture of the post: ``picture_pasted``, ``files_pasted``."""

    picture_pasted = Signal(QImage)
    files_pasted = Signal(list)

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if paths := accepted([u.toLocalFile() for u in source.urls()]):
            self.files_pasted.emit(paths)
        elif source.hasImage() and not source.hasText():
            self.picture_pasted.emit(QImage(source.imageData()))
        else:
            super().insertFromMimeData(source)


class Editor(QScrollArea):
    """Edits the very state it is shown; ``changed`` after each edit."""

    changed = Signal()
    picture_pasted = Signal(QImage)

    def __init__(self, theme: Theme, clock: Clock) -> None:
        super().__init__()
        self._state = ComposerState()
        self._showing = False
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = Scrolled()
        column = QVBoxLayout(inner)
        column.setContentsMargins(5 * GAP, 4 * GAP, 5 * GAP, 4 * GAP)
        column.setSpacing(4 * GAP)
        self.ticks: dict[ChannelId, Tick] = {}
        self._where = QVBoxLayout()
        self._where.setSpacing(GAP)
        self._where_note = words("", "text-3", percent=92)
        self.form = Form()
        self.title = QLineEdit()
        self.title.setFont(scaled(self.title.font(), 108))
        self.text = PostText()
        self.text.setTabChangesFocus(True)
        follow_direction(self.text)
        self.text.setFont(scaled(self.text.font(), 108))
        self.text.setMinimumHeight(round(line_height(self.text.font()) * 9))
        self.strip = PictureStrip(theme)
        self.when = When(clock)
        self.flatten = _Flatten()
        self.more = Form()
        self.excerpt = QPlainTextEdit()
        self.excerpt.setTabChangesFocus(True)
        self.excerpt.setFixedHeight(round(line_height(self.excerpt.font()) * 3) + 20)
        self.categories, self.tags = QLineEdit(), QLineEdit()
        self.form.add(self.tr("Title"), self.title)
        self.form.add(self.tr("Text"), self.text, self.tr("An empty line begins a new paragraph."))
        self.more.add(
            self.tr("Excerpt"), self.excerpt, self.tr("Shown in lists and feeds; empty: the beginning of the text.")
        )
        self.more.add(self.tr("Categories"), self.categories, self.tr("With commas between them."))
        self.more.add(self.tr("Tags"), self.tags, self.tr("With commas between them."))
        column.addWidget(words(self.tr("Publish to"), "text-3"))
        column.addLayout(self._where)
        column.addWidget(self._where_note)
        for part in (self.flatten, self.form, self.strip, self.when, self.more):
            column.addWidget(part)
        column.addStretch(1)
        self.setWidget(inner)
        for edit in (self.title, self.categories, self.tags):
            edit.textChanged.connect(self._read)
        for box in (self.text, self.excerpt):
            box.textChanged.connect(self._read)
        self.when.changed.connect(self._read)
        self.strip.changed.connect(self.changed)
        self.text.picture_pasted.connect(self.picture_pasted)
        self.text.files_pasted.connect(self.strip.wanted)
        self.flatten.tick.toggled.connect(self._read)

    def show_state(self, state: ComposerState, channels: Sequence[Channel], *, flattens: bool) -> None:
        """Show a post to be gone on with."""
        self._state = state
        self._showing = True
        self.title.setText(state.title)
        self.text.setPlainText(state.text)
        self.excerpt.setPlainText(state.excerpt)
        self.categories.setText(", ".join(state.categories))
        self.tags.setText(", ".join(state.tags))
        self.when.show_moment(state.publish_at)
        self.flatten.setVisible(flattens)
        self.flatten.tick.setChecked(state.flattening_agreed)
        for id_, tick in self.ticks.items():
            tick.setChecked(id_ in state.channels)
        self._showing = False
        self.strip.show_pictures(state.pictures)
        self.text.moveCursor(self.text.textCursor().MoveOperation.End)

    def show_channels(
        self, channels: Sequence[Channel], state: ComposerState, signed_out: Container[ChannelId]
    ) -> None:
        """Offer these channels, in this order; a post that is changed stays where it is."""
        empty(self._where)
        self.ticks = {}
        before: QWidget | None = None
        for channel in channels:
            speaks = self.tr("{0} as {1}").format(channel.title, channel.speaks_as)
            said = speaks if channel.speaks_as else channel.title
            if channel.id in signed_out:
                said = self.tr("{0} (signed out: it will wait)").format(said)
            tick = Tick(said)
            tick.setAccessibleName(self.tr("Publish to {0}").format(said))
            side = side_for(tick.font())
            tick.setIcon(glyph_icon(channel.network, tick.font()))
            tick.setIconSize(QSize(side, side))
            tick.setChecked(channel.id in state.channels)
            tick.setEnabled(state.replaces is None)
            tick.toggled.connect(self._read)
            self._where.addWidget(tick)
            self.ticks[channel.id] = tick
            if before is not None:
                QWidget.setTabOrder(before, tick)
            before = tick
        if before is not None:
            QWidget.setTabOrder(before, self.flatten.tick)
        note = "" if channels else self.tr("No account can publish yet: add one under Accounts.")
        self._where_note.setText(note)
        self._where_note.setVisible(bool(note))

    def take_focus(self, where: str) -> None:
        """Go to the part that a Problem names."""
        if where == "media":
            self.strip.take_focus()
        elif where == "time":
            self.when.take_focus()
        elif where == "channel" and self.ticks:
            next(iter(self.ticks.values())).setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            parts = {"title": self.title, "terms": self.categories, "formatting": self.flatten.tick}
            parts.get(where, self.text).setFocus(Qt.FocusReason.OtherFocusReason)
            self.title.end(False)  # a dialog selects its first line when it appears: the next key would replace it

    def last(self) -> QWidget:
        """The last control of this side."""
        return self.tags

    def _read(self) -> None:
        if self._showing:
            return
        state = self._state
        state.title, state.text = self.title.text(), self.text.toPlainText()
        state.excerpt = self.excerpt.toPlainText()
        state.categories, state.tags = names(self.categories.text()), names(self.tags.text())
        state.publish_at = self.when.moment
        state.flattening_agreed = self.flatten.tick.isChecked()
        if state.replaces is None:
            state.channels = [id_ for id_, tick in self.ticks.items() if tick.isChecked()]
        self.changed.emit()


class _Flatten(QFrame):
    """The post was formatted at the blog; sending its plain words would lose that, so a person has to agree."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "held")
        self.tick = Tick(self.tr("Publish the plain words"))
        said = self.tr(
            "This post has formatting, links or pictures in its text that are not shown here and would be lost. "
            "To keep them, change it at the blog itself."
        )
        self.tick.setAccessibleDescription(said)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addWidget(words(said))
        column.addWidget(self.tick)
