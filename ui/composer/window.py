"""The composer: at the left what is written, at the right what each channel will show of it.

The text survives: a draft is kept after every pause, on closing, and until the outbox has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QSplitter, QVBoxLayout, QWidget

from inbox.clock import Clock
from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import Capability, Channel, ChannelId, Media, Message, MessageId, Update
from inbox.store import accounts, outbox, reading
from inbox.tasks import Tasks
from ui.composer.editor import Editor
from ui.composer.pictures import keep_file, keep_image
from ui.composer.previews import Previews
from ui.composer.state import PLACE, ComposerState, Picture, Shown, loses
from ui.composer.strip import accepted
from ui.composer.wording import button_words, time_words
from ui.format import clock_time, plural
from ui.notices import Notice, notice_for
from ui.reader import Reader
from ui.slots import async_slot
from ui.theme import GAP, Theme
from ui.widgets.ask import ask
from ui.widgets.form import button, fit, heading, line, words
from ui.widgets.inline_notice import InlineNotice

CHECK_PAUSE_MS = 120
DRAFT_PAUSE_MS = 700
MOST_DRAFTS = 9
NARROW = 110
"""Letters across, below which the previews stand under the text instead of beside it."""


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
        self._place = PLACE
        self._kept = ""
        # Not qasync's own pool: its QThreads abort the process when the loop is not closed in good order.
        self._pictures = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        self._replaces: Message | None = None
        self._channels: list[Channel] = []
        self._shown: list[Shown] = []
        self.setAcceptDrops(True)
        self.setWindowFlag(Qt.WindowType.WindowMaximizeButtonHint)
        self.title = heading("", 115)
        self.title.setWordWrap(False)
        self.saved = words("", "text-3", percent=92, wrap=False)
        self.leave = button(self.tr("Close, keep the draft"))
        self.leave.clicked.connect(self.close)
        self.publish_button = button("", "primary")
        self.publish_button.clicked.connect(self.publish)
        self.notice = InlineNotice(margin=5 * GAP, strip=True)
        self.editor = Editor(theme, clock)
        self.previews = Previews()
        self.summary = words("", "text-3", percent=92)
        self._lay_out()
        self._checks = QTimer(self, singleShot=True, interval=CHECK_PAUSE_MS)
        self._checks.timeout.connect(self.check)
        self._drafts = QTimer(self, singleShot=True, interval=DRAFT_PAUSE_MS)
        self._drafts.timeout.connect(self.save)
        self.editor.changed.connect(self._edited)
        self.editor.strip.wanted.connect(self.take_files)
        self.editor.picture_pasted.connect(self._take_image)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self.publish)

    def _lay_out(self) -> None:
        head = QFrame()
        head.setProperty("role", "window")
        head_row = QHBoxLayout(head)
        head_row.setContentsMargins(5 * GAP, 3 * GAP, 5 * GAP, 3 * GAP)
        head_row.setSpacing(2 * GAP)
        head_row.addWidget(self.title)
        head_row.addWidget(self.saved, 1)
        head_row.addWidget(self.leave)
        head_row.addWidget(self.publish_button)
        foot = QFrame()
        foot_row = QHBoxLayout(foot)
        foot_row.setContentsMargins(5 * GAP, GAP, 5 * GAP, GAP)
        foot_row.addWidget(self.summary, 1)
        foot_row.addWidget(words(self.tr("Ctrl ↵ publishes · Esc closes"), "text-3", percent=92, wrap=False))
        across = self._across = QSplitter()
        across.setChildrenCollapsible(False)
        across.setHandleWidth(1)
        across.addWidget(self.editor)
        across.addWidget(self.previews)
        across.setStretchFactor(0, 5)
        across.setStretchFactor(1, 5)
        across.setSizes([600, 600])
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for part in (head, line(), self.notice):
            column.addWidget(part)
        column.addWidget(across, 1)
        column.addWidget(line())
        column.addWidget(foot)
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
        drafts = ((place, outbox.draft(self._reader.connection, place)) for place in _places())
        place, body = next(((p, b) for p, b in drafts if b), (PLACE, ""))
        self._begin(ComposerState.restored(body), place, body)

    def open_update(self, update: Update, channel_ids: Sequence[ChannelId]) -> None:
        """Go on with what was taken back or refused. A draft that lies here already is not touched."""
        self.save()
        state = ComposerState.of_update(update, channel_ids)
        place = state.place
        if update.replaces is None:
            held = {p for p in _places() if p == self._place and not self.state.empty}
            free = (p for p in _places() if p not in held and not outbox.draft(self._reader.connection, p))
            place = next(free, _places()[-1])
        self._begin(state, place, "")
        self.save()  # it is in no outbox any more

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

    def _begin(self, state: ComposerState, place: str, body: str) -> None:
        self.state, self._place, self._kept = state, place, body
        stored = reading.message(self._reader.connection, state.replaces) if state.replaces is not None else None
        self._replaces = stored.message if stored is not None else None
        self.notice.clear()
        self.setWindowTitle(self.tr("Change a post") if state.replaces is not None else self.tr("New post"))
        self.title.setText(self.windowTitle())
        self.saved.setText(self.tr("Draft restored") if body else "")
        self._read_channels()
        if not state.channels and len(self._channels) == 1:
            state.channels = [self._channels[0].id]
        formatted = self._replaces is not None and loses(self._replaces)
        self.editor.show_state(state, self._channels, flattens=formatted)
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
        signed_out = {h.channel.id for h in accounts.health(connection) if not h.signed_in}
        self.editor.show_channels(found, self.state, signed_out)

    # While writing

    def _edited(self) -> None:
        self._checks.start()
        self._drafts.start()

    def check(self) -> None:
        """Render for each chosen channel and say what is found."""
        self._checks.stop()
        now = self._clock.now()
        self._shown = self.state.shown(self._channels, now=now, replaces=self._replaces)
        self.previews.show_renditions(self._shown, self._titles, now)
        chosen = [s.channel for s in self._shown]
        self.editor.when.show_note(time_words(chosen, self._titles))
        said = button_words(len(chosen), self.state.publish_at, now, replaces=self.state.replaces is not None)
        self.publish_button.setText(said)
        self.publish_button.setAccessibleName(said)
        found = sum(len(s.problems) for s in self._shown)
        things = self.tr("{0} to look at").format(plural(found, "thing")) if found else self.tr("nothing to fix")
        self.summary.setText(f"{plural(len(chosen), 'channel')} · {things}")

    def save(self) -> None:
        """Keep the draft now, if it changed."""
        self._drafts.stop()
        body = self.state.saved()
        if body == self._kept:
            return
        self._kept = body
        # Asked at once and not when the task gets its turn: the program may be ending.
        asked = self._engine.save_draft(self._place, body)
        self.tasks.start(self._saved(self._place, asked), name="composer draft")

    async def _saved(self, place: str, asked: Future[None]) -> None:
        try:
            await asyncio.wrap_future(asked)
        except PostroomError as error:
            self._kept = ""  # so that the next pause tries again
            self.notice.tell(notice_for(error))
            self.show()  # the words are only here
            return
        if place == self._place:
            self.saved.setText(self.tr("Draft saved {0}").format(clock_time(self._clock.now(), self._clock.now())))

    # Pictures

    def take_files(self, paths: list[str]) -> None:
        """Take picture files into the inbox's own folder and the post."""
        for path in paths:
            self.tasks.start(self._take(path), name="composer picture")

    def _take_image(self, image: QImage) -> None:
        self.tasks.start(self._take(image), name="composer picture")

    async def _take(self, source: str | QImage) -> None:
        state, home = self.state, self._engine.home

        def keep() -> Media:
            return keep_image(source, home) if isinstance(source, QImage) else keep_file(Path(source), home)

        try:
            media = await asyncio.get_running_loop().run_in_executor(self._pictures, keep)
        except PostroomError as error:
            self.notice.tell(notice_for(error))
            return
        state.pictures.append(Picture(media=media))
        state.alt_asked = False
        if state is self.state:
            self.editor.strip.show_pictures(state.pictures)
            self.editor.strip.cards[-1].alt.setFocus(Qt.FocusReason.OtherFocusReason)
            self._edited()
            self.check()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasImage() or accepted([u.toLocalFile() for u in event.mimeData().urls()]):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if paths := accepted([u.toLocalFile() for u in event.mimeData().urls()]):
            self.take_files(paths)
        elif event.mimeData().hasImage():
            self._take_image(QImage(event.mimeData().imageData()))
        event.acceptProposedAction()

    # Publishing

    @async_slot
    async def publish(self) -> None:
        self.check()
        self.notice.clear()
        if self._refused():
            return
        if self.state.undescribed and not self.state.alt_asked:
            self._ask_for_alt()
            return
        state, place = self.state, self._place
        self._drafts.stop()
        self.publish_button.setEnabled(False)
        try:
            ids = await asyncio.wrap_future(self._engine.publish(state.update(), [s.channel.id for s in self._shown]))
        except PostroomError as error:
            self.notice.tell(notice_for(error))
            return
        finally:
            self.publish_button.setEnabled(True)
        self.state, self._kept = ComposerState(), ""
        self.queued.emit(ids)
        self.accept()
        try:
            await asyncio.wrap_future(self._engine.save_draft(place, ""))
        except PostroomError as error:
            self.notice.tell(notice_for(error))

    def _refused(self) -> bool:
        """Whether something stops it, which then is said, with the focus where it can be mended."""
        if not self._shown:
            where = "channel"
            what = [self.tr("Choose where to publish.") if self._channels else self.tr("No account can publish yet.")]
        else:
            stops = [(s, p) for s in self._shown for p in s.problems if p.stops]
            if not stops:
                return False
            where = stops[0][1].where
            many = len(self._shown) > 1
            what = list(dict.fromkeys(f"{s.channel.title}: {p.words}" if many else p.words for s, p in stops))
        title = self.tr("Not published yet")
        hint = self.tr("Nothing has left. Change it and publish again.")
        self.notice.tell(Notice(title=title, words="\n".join(what), hint=hint, alarm=False))
        self.editor.take_focus(where)
        return True

    def _ask_for_alt(self) -> None:
        count = len(self.state.undescribed)
        which = (
            self.tr("A picture has no description") if count == 1 else self.tr("{0} pictures have none").format(count)
        )
        answers = {
            "describe": self.tr("Describe it"),
            "decorative": self.tr("It is decoration only"),
            "anyway": self.tr("Publish without"),
        }
        words_ = self.tr(
            "People who cannot see it are told nothing about it. A picture that only decorates needs none."
        )
        self.question = ask(self, which, words_, answers, self._alt_answered, default="describe")

    def _alt_answered(self, answer: str) -> None:
        if answer == "describe":
            self.editor.strip.take_focus()
            return
        if answer == "decorative":
            for one in self.state.undescribed:
                one.decorative = True
            self.editor.strip.show_pictures(self.state.pictures)
        self.state.alt_asked = True
        self.publish()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < self.fontMetrics().averageCharWidth() * NARROW
        self._across.setOrientation(Qt.Orientation.Vertical if narrow else Qt.Orientation.Horizontal)

    # One step out

    def reject(self) -> None:
        """Escape, and closing the window, which Qt brings here too."""
        self.save()
        super().reject()


def _places() -> list[str]:
    """Where drafts of new posts may lie, in the order in which they are offered again."""
    return [PLACE, *(f"{PLACE}-{n}" for n in range(2, MOST_DRAFTS + 1))]
