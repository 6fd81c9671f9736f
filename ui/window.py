"""The window: places the panes and wires them together, nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from inbox.engine import Engine
from inbox.errors import PostroomError, StoreDamaged
from inbox.events import Changed
from inbox.model import ChannelId, ConversationStatus, MessageState, Moderation
from inbox.store import accounts, ledger, outbox, reading
from inbox.store.database import FILE_NAME, damage
from inbox.store.reading import EVERYTHING
from inbox.tasks import Tasks
from ui.accounts.dialog import AccountsDialog
from ui.actions import COMMANDS
from ui.bridge import Bridge
from ui.channels.rail import OUTBOX, RECORD, Rail
from ui.channels.status import StatusLine
from ui.channels.tabs import NetworkTabs
from ui.composer.dialog import ComposerDialog
from ui.conversations.view import ConversationPane
from ui.format import clock_time, plural
from ui.keysheet import KeySheet
from ui.notices import notice_for
from ui.outbox.view import OutboxView
from ui.reader import Reader
from ui.reading.person import PersonPane
from ui.reading.view import ConversationView
from ui.record.view import RecordView
from ui.slots import async_slot
from ui.theme import Theme
from ui.widgets.banner import Banner
from ui.widgets.toast import Toast

log = logging.getLogger(__name__)
CHECK_AFTER_S = 5.0
HANDLED_BY_PANES = {"open", "back", "send"}


class Window(QMainWindow):
    """One inbox. ``quit_wanted`` when it is closed; the application ends the engine in good order."""

    quit_wanted = Signal()

    def __init__(
        self, engine: Engine, reader: Reader, theme: Theme, tasks: Tasks, *, settings: QSettings, stripe: QWidget | None = None
    ) -> None:
        super().__init__()
        self.tasks = tasks
        self._engine, self._reader, self._theme, self._settings = engine, reader, theme, settings
        self._titles: dict[ChannelId, str] = {}
        self.bridge = Bridge(engine.bus, self)
        self.tabs = NetworkTabs()
        self.rail = Rail(theme)
        self.list = ConversationPane(reader, theme, tasks, lambda i: self._titles.get(i, ""))
        self.conversation = ConversationView(engine, reader, tasks)
        self.person = PersonPane(reader, tasks)
        self.outbox = OutboxView(engine, reader, theme, tasks)
        self.record = RecordView(engine, reader, theme, tasks)
        self.status = StatusLine()
        self.banner, self.trouble = Banner(), Banner()
        self.setWindowTitle(self.tr("Postroom"))
        self._lay_out(stripe)
        self.toast = Toast(self, self.list)
        self._connect()
        self._shortcuts()
        self._refresh_channels()
        self._restore()
        self._refresh()

    # Placing

    def _lay_out(self, stripe: QWidget | None) -> None:
        top = QFrame()
        top.setProperty("role", "window")
        row = QHBoxLayout(top)
        row.setContentsMargins(8, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self.tabs, 1)
        for words, command in ((self.tr("Write a post"), "compose"), (self.tr("Accounts"), "accounts"), ("?", "help")):
            button = QPushButton(words)
            button.setProperty("role", "quiet")
            button.setAccessibleName(self.tr("Keys and commands") if words == "?" else words)
            button.clicked.connect(lambda _=False, c=command: self._run(c))
            row.addWidget(button)
        self._work = QStackedWidget()
        self._work.addWidget(self.conversation)
        self._work.addWidget(self.outbox)
        self._work.addWidget(self.record)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for pane, stretch in ((self.rail, 0), (self.list, 2), (self._work, 3), (self.person, 0)):
            self.splitter.addWidget(pane)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        em = self.fontMetrics().height()
        self.splitter.setSizes([11 * em, 25 * em, 33 * em, 15 * em])
        whole = QWidget()
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        if stripe is not None:
            box.addWidget(stripe)
        for part in (top, _line(), self.banner, self.trouble):
            box.addWidget(part)
        box.addWidget(self.splitter, 1)
        box.addWidget(_line())
        box.addWidget(self.status)
        self.setCentralWidget(whole)
        self.setMinimumSize(480, 400)
        QWidget.setTabOrder(self.tabs, self.rail)

    def _connect(self) -> None:
        self.bridge.changed.connect(self._changed)
        self.bridge.failed.connect(self._engine_failed)
        self._engine.on_error = self.bridge.failed.emit
        self.tabs.network_chosen.connect(lambda _: self._show_list())
        self.rail.chosen.connect(lambda _: self._show_list())
        self.list.opened.connect(self._open)
        self.list.entered.connect(self._enter)
        self.list.explain_empty(self._empty_words)
        self.conversation.left.connect(self._back)
        self.conversation.failed.connect(self.show_error)
        self.conversation.replied.connect(self._replied)
        self.conversation.moderated.connect(lambda words: self.toast.say(words))
        self.conversation.person_changed.connect(
            lambda stored: self.person.show_person(stored, self.conversation.row, self.conversation.channel)
        )
        self.trouble.acted.connect(lambda: self._run("accounts"))
        self.banner.acted.connect(lambda: self._run("sync"))
        self.toast.undo.connect(lambda: self._run("undo"))

    def _shortcuts(self) -> None:
        for command in COMMANDS:
            if command.name in HANDLED_BY_PANES:
                continue
            for keys in command.keys:
                shortcut = QShortcut(QKeySequence(keys), self)
                shortcut.activated.connect(lambda c=command.name: self._run(c))

    # What the engine says

    def _changed(self, changed: Changed) -> None:
        if changed.accounts or changed.channels:
            self._refresh_channels()
        self.list.on_changed(changed)
        self.conversation.on_changed(changed)
        self.outbox.on_changed(changed)
        if self._work.currentWidget() is self.record:
            self.record.on_changed(changed)
        self._refresh()

    def _refresh_channels(self) -> None:
        channels = accounts.channels(self._reader.connection)
        self._titles = {c.id: c.title for c in channels}
        names = list(dict.fromkeys(c.network for c in channels))
        self.tabs.show_networks([(n, self._engine.networks[n].title if n in self._engine.networks else n) for n in names])

    def _refresh(self) -> None:
        """Counts, banners and the status line: a few reads that cost the same at any size."""
        connection = self._reader.connection
        now = datetime.now(UTC)
        tallies = reading.tallies(connection)
        owed = {n: count for (n, place), (count, _) in tallies.items() if place == "owed"}
        self.tabs.show_owed(owed)
        network = self.tabs.network
        counts: dict[str, int] = {}
        for (name, place), (count, unread) in tallies.items():
            if not network or name == network:
                shown = unread if place == "quiet" else count if place in ("owed", "waiting") else 0
                counts[place] = counts.get(place, 0) + shown
        waiting = outbox.waiting(connection)
        counts[OUTBOX] = len(waiting)
        self.rail.show_counts(counts)
        health = accounts.health(connection)
        state = self._engine.state()
        self.status.show_state(health, ledger.gaps(connection, since=now - timedelta(days=1)), waiting, state)
        if state.offline_since is not None:
            replies = f" {plural(len(waiting), 'message')} wait{'s' if len(waiting) == 1 else ''}." if waiting else ""
            since = clock_time(state.offline_since, now)
            self.banner.say(self.tr("Working offline since {0}.{1}").format(since, replies), button=self.tr("Try now"))
        elif self.banner.isVisible():
            self.banner.hide()
        out = [h for h in health if not h.signed_in]
        if out:
            self.trouble.say(
                self.tr("{0}: {1} Fetching has stopped there; nothing is lost.").format(out[0].channel.title, out[0].trouble or "Sign in again."),
                button=self.tr("Sign in again"), alarm=True,
            )  # fmt: skip
        elif self.trouble.isVisible() and not self.trouble.property("error"):
            self.trouble.hide()

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong, in three parts, until it is put away."""
        notice = notice_for(error)
        words = ". ".join(p.rstrip(".") for p in (notice.title, notice.words, notice.hint) if p) + "."
        self.trouble.setProperty("error", True)
        button = self.tr("Accounts") if notice.action else ""
        self.trouble.say(words, alarm=notice.alarm, closable=True, button=button)

    def _engine_failed(self, error: BaseException) -> None:
        log.error("engine: %s", error, exc_info=None if isinstance(error, PostroomError) else error)
        self.show_error(error)

    async def check_file(self) -> None:
        """Read the whole file once, beside the work (docs/decisions/0001): a damaged one stops fetching and sending."""
        await asyncio.sleep(CHECK_AFTER_S)
        found = await asyncio.to_thread(damage, self._engine.home / FILE_NAME)
        if found:
            await asyncio.wrap_future(self._engine.pause(True))
            self.show_error(StoreDamaged(found))

    # Where the officer is

    def _show_list(self) -> None:
        place = self.rail.place
        panel = {OUTBOX: self.outbox, RECORD: self.record}.get(place)
        self.list.setVisible(panel is None)
        self.person.setVisible(panel is None and self._roomy())
        self._work.setCurrentWidget(panel or self.conversation)
        if panel is None:
            self.list.show_place(place, self.tabs.network)
            self.conversation.show_conversation(0)
            self._fit()
        elif panel is self.record:
            self.record.on_changed(Changed())
        self._refresh()

    def _open(self, conversation_id: int, message_id: int) -> None:
        self.conversation.show_conversation(conversation_id, message_id)

    def _enter(self) -> None:
        if self.conversation.row is not None:
            self._fit(reading_now=True)
            self.conversation.focus_current()

    def _back(self) -> None:
        if self.conversation.leave_edit():
            self.conversation.focus_current()
            return
        self._fit()
        self.list.view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        if event.key() == Qt.Key.Key_Escape:
            if self.list.searching or self.list.search.hasFocus():
                self.list.search.clear()
            self.toast.hide()
            self._back()
        else:
            super().keyPressEvent(event)

    def _roomy(self) -> bool:
        return self.width() >= 78 * self.fontMetrics().height()

    def _fit(self, reading_now: bool | None = None) -> None:
        """Show as many panes as there is room for: four, three, or the list and the conversation in turn."""
        em = self.fontMetrics().height()
        panel = self.rail.place in (OUTBOX, RECORD)
        self.person.setVisible(not panel and self._roomy())
        narrow = self.width() < 58 * em
        self.rail.setVisible(not narrow or not reading_now)
        if panel:
            return
        self._reading_now = bool(reading_now) if reading_now is not None else False
        self.list.setVisible(not narrow or not self._reading_now)
        self._work.setVisible(not narrow or self._reading_now)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(getattr(self, "_reading_now", False))

    # Commands

    def _run(self, name: str) -> None:
        act: Callable[[], None] | None = {
            "next": lambda: self.list.step(1), "previous": lambda: self.list.step(-1),
            "next_tab": lambda: self.tabs.step(1), "previous_tab": lambda: self.tabs.step(-1),
            "search": self._search, "newest": self.list.show_newest, "panes": self._next_pane,
            "reply": self._reply, "done": lambda: self._settle(ConversationStatus.DONE),
            "waiting": lambda: self._settle(ConversationStatus.WAITING),
            "reopen": lambda: self._settle(ConversationStatus.OPEN), "unread": self._mark_unread, "undo": self._undo,
            "approve": lambda: self.conversation.moderate(Moderation.APPROVE),
            "hold": lambda: self.conversation.moderate(Moderation.HOLD),
            "spam": lambda: self._toggle(MessageState.SPAM), "trash": lambda: self._toggle(MessageState.TRASHED),
            "edit": self._edit, "compose": self._compose, "outbox": lambda: self.rail.choose(OUTBOX),
            "owed": lambda: self.rail.choose("owed"), "waiting_list": lambda: self.rail.choose("waiting"),
            "done_list": lambda: self.rail.choose("done"), "everything": lambda: self.rail.choose(EVERYTHING),
            "sync": self._sync, "accounts": self._accounts, "theme": self._next_theme,
            "help": lambda: KeySheet(self).exec(), "quit": self.close,
        }.get(name)  # fmt: skip
        if act is not None:
            act()

    def _search(self) -> None:
        self._fit()
        if self.rail.place in (OUTBOX, RECORD):
            self.rail.choose(EVERYTHING)
        self.list.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.list.search.selectAll()

    def _next_pane(self) -> None:
        panes = [self.tabs, self.rail, self.list.view, self.conversation.current, self.conversation.reply.text, self.toast]
        shown = [p for p in panes if p is not None and p.isVisible()]
        here = next((i for i, p in enumerate(shown) if p.hasFocus() or p.isAncestorOf(self.focusWidget())), -1)
        shown[(here + 1) % len(shown)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _reply(self) -> None:
        if self.conversation.row is None:
            self.list.step(0)
        self._fit(reading_now=True)
        self.conversation.start_reply()

    def _edit(self) -> None:
        current = self.conversation.current
        if current is not None and current.stored.message.ours:
            self.conversation.start_edit(current.stored)

    def _toggle(self, aside: MessageState) -> None:
        current = self.conversation.current
        if current is None:
            return
        there = current.stored.message.state is aside
        if aside is MessageState.SPAM:
            self.conversation.moderate(Moderation.UNSPAM if there else Moderation.SPAM)
        else:
            self.conversation.moderate(Moderation.RESTORE if there else Moderation.TRASH)

    @async_slot
    async def _settle(self, status: ConversationStatus) -> None:
        row = self._move_on(status)
        if row is None:
            return
        try:
            await asyncio.wrap_future(self._engine.set_status([row.id], status))
        except PostroomError as error:
            self.show_error(error)
            return
        self.toast.say({"done": self.tr("Done"), "waiting": self.tr("Waiting"), "open": self.tr("Open again")}[status])

    def _move_on(self, status: ConversationStatus) -> reading.ConversationRow | None:
        """Take the row out, if this list is not where it goes, and go to the next."""
        row = self.list.current()
        stays = self.list.searching or self.rail.place == EVERYTHING or self.rail.place == status
        if row is None or stays:
            self.list.step(1)
            return row
        return self.list.take_current_and_step()

    def _replied(self, _: int, closed: bool) -> None:
        self.toast.say(self.tr("The reply leaves in a moment"))
        if closed:
            self._move_on(ConversationStatus.DONE)
        if not self.list.isVisible():
            self._back()
        else:
            self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)

    @async_slot
    async def _mark_unread(self) -> None:
        if (row := self.list.current()) is not None:
            await asyncio.wrap_future(self._engine.mark_read([row.id], read=False))

    @async_slot
    async def _undo(self) -> None:
        try:
            undone = await asyncio.wrap_future(self._engine.undo())
        except PostroomError as error:
            self.show_error(error)
            return
        if undone is None:
            self.toast.say(self.tr("Nothing left to undo"), undo=False)
            return
        self.toast.say(undone.words, undo=False)
        if undone.conversations:
            QTimer.singleShot(120, lambda: self._return_to(undone.conversations[0], undone.update.text if undone.update else ""))

    def _return_to(self, conversation_id: int, text: str) -> None:
        if not self.list.select(conversation_id):
            self.conversation.show_conversation(conversation_id)
        if text:
            self._fit(reading_now=True)
            self.conversation.take_up(text)

    @async_slot
    async def _sync(self) -> None:
        try:
            await asyncio.wrap_future(self._engine.sync())
        except PostroomError as error:
            self.show_error(error)

    def _compose(self) -> None:
        dialog = ComposerDialog(self._engine, self._reader, self._theme, self.tasks, parent=self)
        dialog.published.connect(lambda _: self.toast.say(self.tr("The post leaves in a moment")))
        dialog.open()

    def _accounts(self) -> None:
        AccountsDialog(self._engine, self._reader, self._theme, self.tasks, parent=self).open()

    def _next_theme(self) -> None:
        now = str(self._settings.value("theme", "system"))
        following = {"system": "light", "light": "dark", "dark": "system"}[now]
        self._settings.setValue("theme", following)
        self._theme.force({"light": False, "dark": True}.get(following))
        self.toast.say(self.tr("Theme: {0}").format(following), undo=False)

    def _empty_words(self) -> tuple[str, str]:
        place, health = self.rail.place, accounts.health(self._reader.connection)
        if not health:
            return self.tr("Nothing here yet"), self.tr("Connect a blog or follow a feed: press Accounts, or Ctrl+,")
        if place == "owed":
            known = [h.complete_to for h in health if h.complete_to]
            to = self.tr(" Complete to {0}.").format(clock_time(min(known), datetime.now(UTC))) if known else ""
            return self.tr("Nothing owed."), self.tr("Everybody has an answer.{0}").format(to)
        return self.tr("Nothing here"), self.tr("No conversation is in this list now.")

    # What is remembered

    def _restore(self) -> None:
        s = self._settings
        if isinstance(geometry := s.value("geometry"), QByteArray):
            self.restoreGeometry(geometry)
        else:
            self.resize(1440, 900)
        if isinstance(panes := s.value("panes"), QByteArray):
            self.splitter.restoreState(panes)
        self._theme.force({"light": False, "dark": True}.get(str(s.value("theme", "system"))))
        self.list.set_compact(s.value("compact", "false") == "true")
        self.rail.blockSignals(True)
        self.rail.choose(str(s.value("place", "owed")))
        self.rail.blockSignals(False)
        self._show_list()
        if (chosen := int(str(s.value("conversation", 0)))) and self.list.select(chosen):
            QTimer.singleShot(0, lambda: self.list.view.verticalScrollBar().setValue(int(str(s.value("scroll", 0)))))
        self.list.view.setFocus()

    def remember(self) -> None:
        """Write down what the next start takes up."""
        s = self._settings
        s.setValue("geometry", self.saveGeometry())
        s.setValue("panes", self.splitter.saveState())
        s.setValue("place", self.rail.place)
        s.setValue("conversation", int(self.conversation.row.id) if self.conversation.row else 0)
        s.setValue("scroll", self.list.view.verticalScrollBar().value())
        s.sync()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.conversation.reply.flush()
        self.remember()
        self.bridge.close()
        event.accept()
        self.quit_wanted.emit()

    def summon(self) -> None:
        """A second start found this one running: come to the front."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()


def _line() -> QFrame:
    line = QFrame()
    line.setProperty("role", "line")
    line.setFixedHeight(1)
    return line


