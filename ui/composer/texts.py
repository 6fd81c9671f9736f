"""The common text and the texts of single channels, in one box with a tab for each, and what is left on each."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QTextCursor, QTextDocument
from PySide6.QtWidgets import QHBoxLayout, QPlainTextDocumentLayout, QVBoxLayout, QWidget

from inbox.model import Channel, ChannelId
from ui.composer.counters import Counters, by_tightness
from ui.composer.state import ComposerState, Shown
from ui.composer.tabs import COMMON, TextTabs
from ui.composer.text import PostText
from ui.composer.wording import room_words
from ui.theme import GAP, Theme
from ui.widgets.form import button, describe, words
from ui.widgets.inline_notice import announce


class Texts(QWidget):
    """Edits the texts of the very state it is shown; ``changed`` after each edit.

    Each tab keeps a document of its own, and with it what can be undone there.
    """

    changed = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._state = ComposerState()
        self._showing = False
        self._channels: dict[ChannelId, Channel] = {}
        self._documents: dict[ChannelId, QTextDocument] = {}
        self._places: dict[ChannelId, int] = {}  # where the cursor stood in each
        self._open = COMMON
        self._shown: list[Shown] = []
        self._over: set[ChannelId] = set()
        self.tabs = TextTabs(theme)
        self.text = PostText()
        self._label = words(self.tr("Text"), weight=QFont.Weight.Medium)
        self._label.setBuddy(self.text)
        self.note = words("", "text-3", percent=92)
        self.back = button(self.tr("Back to the common text"), "quiet")
        self.counters = Counters()
        foot = QHBoxLayout()
        foot.setSpacing(2 * GAP)
        foot.addWidget(self.note, 1)
        foot.addWidget(self.back, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for part in (self._label, self.tabs, self.text):
            column.addWidget(part)
        column.addLayout(foot)
        column.addSpacing(GAP)
        column.addWidget(self.counters)
        self.text.textChanged.connect(self._typed)
        self.tabs.currentChanged.connect(lambda _: self._show_tab())
        self.back.clicked.connect(self._go_back)
        self.counters.wanted.connect(self.go_to)

    def show_state(self, state: ComposerState) -> None:
        """Show the texts of a post to be gone on with."""
        self._state, self._shown, self._over = state, [], set()
        self._documents.clear()
        self._places.clear()
        self.show_channels(list(self._channels.values()))
        self.tabs.go_to(COMMON)
        self._show_tab()
        self.text.moveCursor(QTextCursor.MoveOperation.End)

    def show_channels(self, chosen: Sequence[Channel]) -> None:
        """These are chosen now."""
        self._channels = {c.id: c for c in chosen}
        alone = len(chosen) < 2 and not any(c.id in self._state.variations for c in chosen)
        self.tabs.show_channels([] if alone else chosen)
        self.tabs.setVisible(not alone)
        self._label.setVisible(alone)
        self._show_marks()

    def show_rooms(self, shown: Sequence[Shown]) -> None:
        """Say what is left on each channel, and underline what is too much."""
        self._shown = list(shown)
        self.counters.show_rooms(shown)
        self._show_marks()
        over = {s.channel.id for s in shown if s.room.left is not None and s.room.left < 0}
        for one in shown:
            if one.channel.id in over - self._over:  # once, when it becomes too long
                announce(self, f"{one.channel.title}: {room_words(one.room)}")
        self._over = over

    def go_to(self, channel_id: str) -> None:
        """Open the text of this channel and go into it."""
        self.tabs.go_to(ChannelId(channel_id))
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _typed(self) -> None:
        if self._showing:
            return
        written, key = self.text.toPlainText(), self.tabs.key
        if key == COMMON:
            self._state.text = written
        elif written != self._state.text:
            self._state.variations[key] = written
        else:
            self._state.variations.pop(key, None)
        self._say_whose()
        self.changed.emit()

    def _show_tab(self) -> None:
        """Put the document of the open tab into the box; one that inherits shows the common text as it is now."""
        key = self.tabs.key
        wanted = self._state.text if key == COMMON else self._state.variations.get(key, self._state.text)
        if key not in self._documents:
            document = QTextDocument(self)
            document.setDocumentLayout(QPlainTextDocumentLayout(document))
            self._documents[key] = document
        self._showing = True
        document = self._documents[key]
        document.setDefaultFont(self.text.font())
        if document is not self.text.document():
            self._places[self._open] = self.text.textCursor().position()
            self.text.mark_overrun(None)
            self.text.setDocument(document)
        if self.text.toPlainText() != wanted:
            self.text.setPlainText(wanted)
        if key != self._open:
            cursor = self.text.textCursor()
            last = document.characterCount() - 1
            cursor.setPosition(min(self._places.get(key, last), last))
            self.text.setTextCursor(cursor)
        self._open = key
        self.text.textChanged.emit()  # its direction may be another one
        self._showing = False
        self._say_whose()
        self._show_marks()

    def _go_back(self) -> None:
        """The own text goes; one step of undo brings it back."""
        cursor = QTextCursor(self.text.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(self._state.text)
        self.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _say_whose(self) -> None:
        key = self.tabs.key
        edited = key in self._state.variations
        channel = self._channels.get(key)
        if channel is None:
            name, note = self.tr("Text"), self.tr("An empty line begins a new paragraph.")
        elif edited:
            name = self.tr("Text for {0}, edited").format(channel.title)
            note = self.tr("Only for {0}. Changes of the common text are not taken over here.").format(channel.title)
        else:
            name = self.tr("Text for {0}, inherits").format(channel.title)
            note = self.tr("The common text. What you type here changes it for {0} only.").format(channel.title)
        if name != self.text.accessibleName() or note != self.note.text():
            describe(self.text, name, note)
            self.note.setText(note)
        self.back.setVisible(edited and channel is not None)
        if channel is not None:
            self.back.setAccessibleName(self.tr("Back to the common text for {0}").format(channel.title))

    def _show_marks(self) -> None:
        edited = {id_: id_ in self._state.variations for id_ in self._channels}
        self.tabs.show_marks(edited, {s.channel.id: s.room for s in self._shown})
        key = self.tabs.key
        mine = [s for s in self._shown if (not s.edited if key == COMMON else s.channel.id == key)]
        tightest = next(iter(by_tightness(mine)), None)
        over = tightest is not None and tightest.room.left is not None and tightest.room.left < 0
        self.text.mark_overrun(tightest.room.cut if over and tightest is not None else None)
