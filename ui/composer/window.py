"""The composer: at the left what is written, at the right what each channel will show of it.

The text survives: a draft is kept after every pause, on closing, and until the outbox has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import Capability, Channel, ChannelId, Message, MessageId, Problem, Update
from inbox.store import accounts, outbox, reading
from inbox.tasks import Tasks
from ui.composer import drafts
from ui.composer.drafts import Drafts
from ui.composer.editor import Editor
from ui.composer.frame import Foot, Head, Sides
from ui.composer.previews import Previews
from ui.composer.sending import Sending
from ui.composer.state import ComposerState, Shown, loses
from ui.composer.taking import Taking, carried
from ui.composer.weighing import Weighing
from ui.composer.wording import button_words, listed, time_words
from ui.format import clock_time
from ui.notices import notice_for
from ui.reader import Reader
from ui.slots import async_slot
from ui.theme import GAP, Theme
from ui.widgets.form import fit, line
from ui.widgets.inline_notice import InlineNotice, announce

CHECK_PAUSE_MS = 120
DRAFT_PAUSE_MS = 700


class Composer(QDialog):
    """``queued(list of delivery ids)`` after publishing; the window then shows the countdown. Kept and used again."""

    queued = Signal(list)

    def __init__(
        self, engine: Engine, reader: Reader, theme: Theme, tasks: Tasks, clock: Clock, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._engine = engine
        self._reader = reader
        self._clock = clock
        self._titles = engine.titles
        self.state = ComposerState()
        self._replaces: Message | None = None
        self._quoted: tuple[Message, ChannelId] | None = None
        self._channels: list[Channel] = []
        self.shown: list[Shown] = []
        self._at_problem = -1
        self.setAcceptDrops(True)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.head, self.foot = Head(), Foot()
        self.saved, self.leave, self.publish_button = self.head.saved, self.head.leave, self.head.publish
        self.notice = InlineNotice(margin=5 * GAP, strip=True)
        self.editor = Editor(theme, clock)
        self.previews = Previews()
        self._lay_out()
        self._drafts = Drafts(engine, tasks)
        self._taking = Taking(engine.home, tasks)
        self._weighing = Weighing(engine, tasks, self)
        self.sending = Sending(engine, self)
        self._checks = QTimer(self, singleShot=True, interval=CHECK_PAUSE_MS)
        self._pauses = QTimer(self, singleShot=True, interval=DRAFT_PAUSE_MS)
        self._connect()

    def _connect(self) -> None:
        self._checks.timeout.connect(lambda: self.check(at_once=False))
        self._pauses.timeout.connect(self.save)
        self._drafts.saved.connect(self._draft_saved)
        self._drafts.failed.connect(self._draft_failed)
        self._taking.taken.connect(self._picture_taken)
        self._taking.failed.connect(lambda error: self.notice.tell(notice_for(error)))
        self.leave.clicked.connect(self.close)
        self.publish_button.clicked.connect(self.sending.publish)
        self.editor.changed.connect(self._edited)
        self.editor.strip.wanted.connect(self.take_files)
        self.editor.picture_pasted.connect(lambda image: self._taking.take([image], self.state))
        self.previews.wanted.connect(lambda where, id_: self.editor.take_focus(where, ChannelId(id_)))
        self.editor.options.card_wanted.connect(self.look_at_page)
        self.previews.trial_wanted.connect(self.sending.try_it)
        self._weighing.weighed.connect(lambda: self.previews.show_weights(self._weighing.weights))
        self.foot.tightest.wanted.connect(self.editor.texts.go_to)
        for keys, act in (
            ("Ctrl+Return", self.sending.publish),
            ("Ctrl+Enter", self.sending.publish),
            ("F8", self.next_problem),
            ("Ctrl+PgDown", lambda: self.editor.texts.tabs.step(1)),
            ("Ctrl+PgUp", lambda: self.editor.texts.tabs.step(-1)),
        ):
            QShortcut(QKeySequence(keys), self, act)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.head, line(), self.notice):
            column.addWidget(part)
        column.addWidget(Sides(self.editor, self.previews), 1)
        column.addWidget(line())
        column.addWidget(self.foot)
        fit(self, 170, 46)
        # Read first what is written, then the buttons above it.
        QWidget.setTabOrder(self.editor.last(), self.leave)
        QWidget.setTabOrder(self.leave, self.publish_button)

    # What the window asks for

    def open_new(self) -> None:
        """A new post, or the draft of one that was left."""
        if self.isVisible():
            self.raise_()
            return
        state = self.state
        if self._drafts.on_its_way and state.replaces is None and not state.empty:  # the store does not have it yet
            self._begin(self.state, self._drafts.place, self.state.saved())
            return
        place, body = drafts.first(self._reader.connection)
        self._begin(ComposerState.restored(body), place, body)

    def open_update(self, update: Update, channel_ids: Sequence[ChannelId]) -> None:
        """Go on with what was taken back or refused. A draft that lies here already is not touched."""
        self.save()
        state = ComposerState.of_update(update, channel_ids)
        self._begin(state, state.place if update.replaces is not None else self._free_place(), "")
        self.save()  # it is in no outbox any more

    def open_quote(self, message_id: MessageId) -> None:
        """A new post that quotes this message. A draft that lies here already is not touched."""
        stored = reading.message(self._reader.connection, message_id)
        if stored is not None:
            self.save()
            self._begin(ComposerState(quotes=message_id, channels=[stored.channel_id]), self._free_place(), "")

    def open_post(self, message_id: MessageId) -> None:
        """Change a post of ours; a draft of the same change is gone on with."""
        stored = reading.message(self._reader.connection, message_id)
        if stored is None:
            return
        self.save()
        state = ComposerState.of_post(message_id, stored.message, stored.channel_id)
        body = outbox.draft(self._reader.connection, state.place)
        self._begin(ComposerState.restored(body) if body else state, state.place, body)

    def on_changed(self, changed: Changed) -> None:
        """Accounts came, went or were signed out: ask again where can be published."""
        if self.isVisible() and changed.accounts:
            self._read_channels()
            self.check()

    def _free_place(self) -> str:
        return drafts.free(self._reader.connection, held="" if self.state.empty else self._drafts.place)

    def _begin(self, state: ComposerState, place: str, body: str) -> None:
        self.state = state
        self._drafts.begin(place, body)
        connection = self._reader.connection
        stored = reading.message(connection, state.replaces) if state.replaces is not None else None
        self._replaces = stored.message if stored is not None else None
        quoted = reading.message(connection, state.quotes) if state.quotes is not None else None
        self._quoted = (quoted.message, quoted.channel_id) if quoted is not None else None
        if quoted is None:
            state.quotes = None
        self.notice.clear()
        self.setWindowTitle(self.tr("Change a post") if state.replaces is not None else self.tr("New post"))
        self.head.title.setText(self.windowTitle())
        self.saved.setText(self.tr("Draft restored") if body else "")
        self._read_channels()
        formatted = self._replaces is not None and loses(self._replaces)
        self.editor.show_state(state, flattens=formatted, quoted=quoted.message if quoted is not None else None)
        self.check()
        self.show()
        self.raise_()
        self.activateWindow()
        self.editor.take_focus("text" if state.replaces is not None else "title")

    def _read_channels(self) -> None:
        connection = self._reader.connection
        found = [c for c in accounts.channels(connection) if Capability.POST in c.capabilities]
        if self.state.replaces is not None:
            found = [c for c in found if c.id in self.state.channels]
        self._channels = found
        known = {c.id for c in found}
        self.state.channels = [c for c in self.state.channels if c in known]
        if not self.state.channels and len(found) == 1 and self.state.empty:
            self.state.channels = [found[0].id]
        signed_out = {h.channel.id for h in accounts.health(connection) if not h.signed_in}
        self.editor.show_channels(found, self.state, signed_out)

    # While writing

    @async_slot
    async def look_at_page(self, url: str) -> None:
        """Fill the card with what the page says of itself."""
        if not url:
            return
        state = self.state
        self.editor.options.show_looking()
        try:
            found = await asyncio.wrap_future(self._engine.link_card(url))
        except PostroomError:
            found = None  # the fields are there to be filled by hand
        if state is self.state:
            self.editor.options.show_card(found, url)

    def _edited(self) -> None:
        self._at_problem = -1
        self._checks.start()
        if not self._pauses.isActive():  # at most this much writing is lost, however long it goes on
            self._pauses.start()

    def check(self, *, at_once: bool = True) -> None:
        """Render for each chosen channel and say what is found; the previews follow one by one, unless ``at_once``."""
        self._checks.stop()
        now, state = self._clock.now(), self.state
        quoted = self._quoted if state.quotes is not None else None
        self.shown = shown = state.shown(self._channels, now=now, replaces=self._replaces, quoted=quoted)
        self.previews.show_renditions(shown, self._titles, now, at_once=at_once)
        self.editor.show_rooms(shown)
        self.editor.when.show_note(time_words([s.channel for s in shown], self._titles))
        ready = sum(not s.stopped for s in shown)
        said = button_words(len(shown), state.publish_at, now, replaces=state.replaces is not None, ready=ready)
        self.head.show_deed(said)
        self.foot.show_rooms(shown)
        self._weighing.look(state, shown)
        self.previews.show_weights(self._weighing.weights)

    def next_problem(self) -> None:
        """Go to what the next problem is about, and say it."""
        self.check()
        found = [(s, p) for s in self.shown for p in listed(s)]
        if not found:
            announce(self, self.tr("Nothing to fix"))
            return
        self._at_problem = (self._at_problem + 1) % len(found)
        self._go_to(*found[self._at_problem])

    def _go_to(self, shown: Shown, problem: Problem) -> None:
        announce(self, f"{shown.channel.title}: {problem.words}")
        self.editor.take_focus(problem.where, shown.channel.id)

    def save(self) -> None:
        """Keep the draft now, if it changed."""
        self._pauses.stop()
        self._drafts.keep(self.state)

    def _draft_saved(self) -> None:
        now = self._clock.now()
        self.saved.setText(self.tr("Draft saved {0}").format(clock_time(now, now)))

    def _draft_failed(self, error: PostroomError) -> None:
        self.notice.tell(notice_for(error))
        self.show()  # the words are only here

    # Pictures

    def take_files(self, paths: list[str]) -> None:
        """Take picture files into the inbox's own folder and the post."""
        self._taking.take(paths, self.state)

    def _picture_taken(self, state: ComposerState) -> None:
        if state is self.state:
            self.editor.strip.show_pictures(state.pictures)
            if not isinstance(QApplication.focusWidget(), QLineEdit | QPlainTextEdit):  # nobody is in mid-word
                self.editor.strip.cards[-1].alt.setFocus(Qt.FocusReason.OtherFocusReason)
            self._edited()
            self.check()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if carried(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self._taking.take(carried(event.mimeData()), self.state)
        event.acceptProposedAction()

    # Publishing: what ``Sending`` asks for

    @property
    def can_publish(self) -> bool:
        """Whether there is any channel to publish to."""
        return bool(self._channels)

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While this lasts, nobody publishes it a second time."""
        self.publish_button.setEnabled(False)
        try:
            yield
        finally:
            self.publish_button.setEnabled(True)

    def begin_leaving(self) -> str:
        """The place of the draft, which the outbox empties with what it takes: nothing is kept there until then."""
        self._pauses.stop()
        return self._drafts.place

    def go_on(self) -> None:
        """Some of it has left: offer the channels that stay."""
        self._read_channels()
        self._edited()
        self.check()

    def finish(self) -> None:
        """All of it has left."""
        self.state = ComposerState()
        self._drafts.begin(self._drafts.place, "")
        self.accept()

    # One step out

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._weighing.stop()

    def reject(self) -> None:
        """Escape, and closing the window, which Qt brings here too."""
        self.save()
        super().reject()
