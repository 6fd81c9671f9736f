"""The left side of the composer: where to, title, text, pictures, time, and what else a post may carry."""

from __future__ import annotations

from collections.abc import Container, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.model import Capability, Channel, ChannelId, Message
from ui.composer.options import Options
from ui.composer.room import most_alt, most_pictures
from ui.composer.state import ComposerState, Shown
from ui.composer.strip import PictureStrip
from ui.composer.text import LARGER
from ui.composer.texts import Texts
from ui.composer.when import When
from ui.composer.where import Where
from ui.composer.wording import picture_words
from ui.theme import GAP, Theme, scaled
from ui.widgets.form import Form, button, words
from ui.widgets.scrolled import Scrolled
from ui.widgets.tick import Tick


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
        self.where = Where()
        self.flatten = Flatten()
        self.quote = Quote()
        self._head = Form()
        self.title = QLineEdit()
        self.follow_font()
        self._head.add(self.tr("Title"), self.title)
        self.texts = Texts(theme)
        self.text = self.texts.text
        self.strip = PictureStrip(theme)
        self.when = When(clock)
        self.options = Options()
        parts = (self.where, self.flatten, self._head, self.texts, self.quote, self.strip, self.when, self.options)
        for part in parts:
            column.addWidget(part)
        column.addStretch(1)
        self.setWidget(inner)
        self.where.changed.connect(self._chosen)
        self.title.textChanged.connect(self._read)
        self.when.changed.connect(self._read)
        self.flatten.tick.toggled.connect(self._read)
        self.quote.remove.clicked.connect(self._without_quote)
        for part in (self.texts, self.strip, self.options):
            part.changed.connect(self.changed)
        self.texts.changed.connect(self.options.show_link)
        self.text.picture_pasted.connect(self.picture_pasted)
        self.text.files_pasted.connect(self.strip.wanted)

    def follow_font(self) -> None:
        """The title as large as the text, whatever the usual size is now (``ui.theme`` calls this)."""
        self.title.setFont(scaled(QApplication.font(), LARGER))

    @property
    def ticks(self) -> dict[ChannelId, Tick]:
        """The channels that are offered."""
        return self.where.ticks

    def show_state(self, state: ComposerState, *, flattens: bool, quoted: Message | None = None) -> None:
        """Show a post to be gone on with, whose channels are shown already."""
        self._state = state
        self._showing = True
        self.title.setText(state.title)
        self.when.show_moment(state.publish_at)
        self.flatten.setVisible(flattens)
        self.flatten.tick.setChecked(state.flattening_agreed)
        self._showing = False
        self.quote.show_quoted(quoted)
        self.texts.show_state(state)
        self.options.show_state(state, self._able())
        self.strip.show_pictures(state.pictures)
        self._show_chosen()

    def show_channels(
        self, channels: Sequence[Channel], state: ComposerState, signed_out: Container[ChannelId]
    ) -> None:
        """Offer these channels, in this order."""
        self.where.show_channels(channels, state, signed_out)
        self._show_chosen()

    def show_rooms(self, shown: Sequence[Shown]) -> None:
        """Say what is left, and what becomes of the pictures."""
        self.texts.show_rooms(shown)
        chosen = [s.channel for s in shown]
        most = most_pictures(chosen)
        pictures = [p.media for p in self._state.pictures]
        self.strip.show_note(picture_words(pictures, chosen, most), most, most_alt(chosen))

    def take_focus(self, where: str, channel_id: ChannelId | None = None) -> None:
        """Go to the part that a Problem names; to the text of this channel, if it is about the text."""
        if where == "media":
            self.strip.take_focus()
        elif where == "time":
            self.when.take_focus()
        elif where == "channel" and self.ticks:
            self.where.take_focus()
        elif self.options.take_focus(where):
            pass
        elif where == "quotes" and self.quote.isVisibleTo(self):
            self.quote.remove.setFocus(Qt.FocusReason.OtherFocusReason)
        elif where == "title" and self._head.isVisibleTo(self):
            self.title.setFocus(Qt.FocusReason.OtherFocusReason)
            self.title.end(False)  # a dialog selects its first line when it appears: the next key would replace it
        elif where == "formatting":
            self.flatten.tick.setFocus(Qt.FocusReason.OtherFocusReason)
        elif channel_id is not None and len(self.where.chosen) > 1:
            self.texts.go_to(channel_id)
        else:
            self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        if (there := self.focusWidget()) is not None:
            self.ensureWidgetVisible(there)

    def last(self) -> QWidget:
        """The last control of this side."""
        return self.options.last()

    def _able(self) -> list[Channel]:
        """Whose abilities decide what is offered: the chosen channels; while none is chosen, all of them."""
        return self.where.chosen or self.where.offered

    def _show_chosen(self) -> None:
        able = self._able()
        self.texts.show_channels(self.where.chosen)
        self.options.show_channels(able)
        titled = not able or any(Capability.TITLE in c.capabilities for c in able)
        self._head.setVisible(titled or bool(self._state.title))

    def _chosen(self) -> None:
        if self._state.replaces is None:
            self._state.channels = [c.id for c in self.where.chosen]
        self._show_chosen()
        self.changed.emit()

    def _read(self) -> None:
        if self._showing:
            return
        state = self._state
        state.title, state.publish_at = self.title.text(), self.when.moment
        state.flattening_agreed = self.flatten.tick.isChecked()
        self.changed.emit()

    def _without_quote(self) -> None:
        self._state.quotes = None
        self.quote.show_quoted(None)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)
        self.changed.emit()


class Quote(QFrame):
    """The post that is quoted, and the way to do without."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.said = words("", "text-2")
        self.remove = button(self.tr("Do not quote it"), "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(3 * GAP, 2 * GAP, 3 * GAP, 2 * GAP)
        row.setSpacing(2 * GAP)
        row.addWidget(self.said, 1)
        row.addWidget(self.remove, 0, Qt.AlignmentFlag.AlignTop)

    def show_quoted(self, quoted: Message | None) -> None:
        """Show it, or nothing."""
        if quoted is not None:
            text = " ".join(quoted.text.split())
            cut = text if len(text) <= 160 else f"{text[:159]}…"
            self.said.setText(self.tr("Quotes {0}: {1}").format(quoted.author.name, cut))
        self.setVisible(quoted is not None)


class Flatten(QFrame):
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
