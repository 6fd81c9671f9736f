"""The window: places the panes and wires them together, nothing else."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from inbox.clock import SystemClock
from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import ChannelId, ConversationStatus
from inbox.store import accounts, ledger, outbox, reading
from inbox.store.reading import EVERYTHING
from inbox.tasks import Tasks
from ui import remembering
from ui.bridge import Bridge
from ui.channels.rail import OUTBOX, RECORD, Rail
from ui.channels.status import StatusLine
from ui.channels.tabs import NetworkTabs
from ui.conversations.emptiness import empty_words
from ui.conversations.view import ConversationPane
from ui.dialogs import Dialogs
from ui.practice import PracticeStripe
from ui.reader import Reader
from ui.theme import Theme
from ui.troubles import Troubles
from ui.widgets.toast import Toast

if TYPE_CHECKING:
    from ui.commands import Commands
    from ui.outbox.view import OutboxView
    from ui.reading.person import PersonPane
    from ui.reading.view import ConversationView
    from ui.record.view import RecordView

log = logging.getLogger(__name__)
CHECK_AFTER_S = 5.0


class Window(QMainWindow):
    """One inbox. ``quit_wanted`` when it is closed; the application ends the engine in good order."""

    quit_wanted = Signal()

    def __init__(
        self,
        engine: Engine,
        reader: Reader,
        theme: Theme,
        tasks: Tasks,
        *,
        settings: QSettings,
        stripe: PracticeStripe | None = None,
    ) -> None:
        super().__init__()
        self.tasks = tasks
        self._engine, self._reader, self._theme, self.settings = engine, reader, theme, settings
        self._stripe = stripe
        self._reading_now = False
        self._clock = SystemClock()
        self._titles: dict[ChannelId, str] = {}
        self.use_theme()  # before there is a widget that would have to be dressed twice
        self.bridge = Bridge(engine.bus, self)
        self.tabs = NetworkTabs(theme)
        self.rail = Rail(theme)
        self.list = ConversationPane(reader, theme, tasks, lambda i: self._titles.get(i, ""))
        self.status = StatusLine()
        self.troubles = Troubles()
        self.setWindowTitle(self.tr("Postroom"))
        self._lay_out(stripe)
        self.toast = Toast(self, self.list)
        self.dialogs = Dialogs(engine, reader, theme, tasks, self._clock, self)
        self._connect()
        self._refresh_channels()
        remembering.restore(self, self.settings)
        self._refresh()

    def complete(self) -> None:
        """Make what the list can be shown without, and open the conversation that it stands at. The list is painted
        first: half of a start would be spent on the rest."""
        if "commands" in vars(self):
            return
        self.commands  # noqa: B018 - made by being asked for
        if (row := self.list.current()) is not None and self.conversation.row is None:
            self._open(row.id, 0)

    @cached_property
    def conversation(self) -> ConversationView:
        """What is read and answered, and beside it who wrote it."""
        from ui.reading.view import ConversationView

        view = ConversationView(self._engine, self._reader, self.tasks)
        view.left.connect(self._back)
        view.failed.connect(self.show_error)
        view.replied.connect(self._replied)
        view.moderated.connect(lambda words, undoable: self.toast.say(words, undo=undoable))
        view.person_changed.connect(lambda stored: self.person.show_person(stored, view.row, view.channel))
        view.invite(bool(self._titles))
        self._work.insertWidget(0, view)
        if self.rail.place not in (OUTBOX, RECORD):
            self._work.setCurrentWidget(view)
        return view

    @cached_property
    def person(self) -> PersonPane:
        """Who wrote the message in focus."""
        from ui.reading.person import PersonPane

        pane = PersonPane(self._reader, self.tasks)
        self._beside.addWidget(pane)
        return pane

    @cached_property
    def commands(self) -> Commands:
        """What keys and buttons do."""
        from ui.commands import Commands

        return Commands(self, self._engine)

    @cached_property
    def outbox(self) -> OutboxView:
        """What waits to be sent. Made when first wanted, as the record, the composer and the accounts are: a start has
        no time for them."""
        from ui.outbox.view import OutboxView

        view = OutboxView(self._engine, self._reader, self.tasks, self._clock)
        view.edit_wanted.connect(self.dialogs.compose_again)
        view.conversation_wanted.connect(self._from_outbox)
        view.sign_in_wanted.connect(self.dialogs.sign_in_again)
        self._work.addWidget(view)
        return view

    @cached_property
    def record(self) -> RecordView:
        """Who did what."""
        from ui.record.view import RecordView

        view = RecordView(self._reader, self.tasks, self._clock)
        self._work.addWidget(view)
        return view

    # Placing

    def _lay_out(self, stripe: QWidget | None) -> None:
        # From the outside in: each time a pane changes its parent, Qt dresses all that is in it anew.
        whole = QWidget()
        self.setCentralWidget(whole)
        box = QVBoxLayout(whole)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        top = QFrame()
        top.setProperty("role", "window")
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        if stripe is not None:
            box.addWidget(stripe)
        for part in (top, _line(), self.troubles):
            box.addWidget(part)
        box.addWidget(self.splitter, 1)
        box.addWidget(_line())
        box.addWidget(self.status)
        row = QHBoxLayout(top)
        row.setContentsMargins(8, 0, 12, 0)
        row.setSpacing(8)
        row.addWidget(self.tabs, 1)
        for words, command in ((self.tr("Write a post"), "compose"), (self.tr("Accounts"), "accounts"), ("?", "help")):
            button = QPushButton(words)
            button.setProperty("role", "quiet")
            button.setAccessibleName(self.tr("Keys and commands") if words == "?" else words)
            button.clicked.connect(lambda _=False, c=command: self.commands.run(c))
            row.addWidget(button)
        self._work, self._beside = QStackedWidget(), QStackedWidget()
        self._beside.setMinimumWidth(180)
        for pane, stretch in ((self.rail, 0), (self.list, 2), (self._work, 3), (self._beside, 0)):
            self.splitter.addWidget(pane)
            self.splitter.setStretchFactor(self.splitter.count() - 1, stretch)
        em = self.fontMetrics().height()
        self.splitter.setSizes([11 * em, 25 * em, 33 * em, 15 * em])
        self.setMinimumSize(480, 400)
        QWidget.setTabOrder(self.tabs, self.rail)

    def _connect(self) -> None:
        self.bridge.changed.connect(self._changed)
        self.bridge.failed.connect(self._engine_failed)
        self._engine.on_error = self.bridge.failed.emit
        self.tabs.network_chosen.connect(lambda _: self.show_list())
        self.rail.chosen.connect(lambda _: self.show_list())
        self.list.opened.connect(self._open)
        self.list.entered.connect(self._enter)
        self.list.explain_empty(
            lambda: empty_words(self._reader.connection, self.rail.place, practice=self._stripe is not None)
        )
        self.list.accounts_wanted.connect(self.dialogs.show_accounts)
        self.troubles.wanted.connect(lambda command: self.commands.run(command))
        self.troubles.sign_in_wanted.connect(self.dialogs.sign_in_again)
        self._theme.changed.connect(self._look_changed)
        self.toast.undo.connect(lambda: self.commands.run("undo"))
        self.dialogs.queued.connect(lambda: self.toast.say(self.tr("The post leaves in a moment")))
        self.dialogs.not_quotable.connect(lambda: self.toast.say(self.tr("This cannot be quoted"), undo=False))

    # What the engine says

    def _changed(self, changed: Changed) -> None:
        if changed.accounts or changed.channels:
            self._refresh_channels()
        self.list.on_changed(changed)
        self.conversation.on_changed(changed)
        if "outbox" in vars(self):
            self.outbox.on_changed(changed)
        if "record" in vars(self) and self.record.isVisible():
            self.record.on_changed(changed)
        self.dialogs.on_changed(changed)
        self._refresh()

    def _refresh_channels(self) -> None:
        channels = accounts.channels(self._reader.connection)
        self._titles = {c.id: c.title for c in channels}
        if "conversation" in vars(self):
            self.conversation.invite(bool(channels))
        names = list(dict.fromkeys(c.network for c in channels))
        titles = self._engine.titles
        before = self.tabs.network
        self.tabs.show_networks([(n, titles.get(n, n)) for n in names])
        if self.tabs.network != before:  # its last account was removed
            self.show_list()

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
        self.troubles.show_state(state, health, waiting, now)

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong, in three parts, until it is put away."""
        self.troubles.show_error(error)

    def _engine_failed(self, error: BaseException) -> None:
        log.error("engine: %s", error, exc_info=None if isinstance(error, PostroomError) else error)
        self.show_error(error)

    # Where the officer is

    def show_list(self) -> None:
        """Show what the rail and the tabs have chosen."""
        place = self.rail.place
        panel = self.outbox if place == OUTBOX else self.record if place == RECORD else None
        self.list.setVisible(panel is None)
        self._beside.setVisible(panel is None and self._roomy())
        reading_pane = vars(self).get("conversation")
        if (work := panel or reading_pane) is not None:
            self._work.setCurrentWidget(work)
        if panel is None:
            self.list.show_place(place, self.tabs.network, self.tabs.title)
            if reading_pane is not None:
                reading_pane.show_conversation(0)
        self.fit()
        if place == RECORD:
            self.record.on_changed(Changed())
        if not (self.rail.hasFocus() or self.tabs.hasFocus()):  # come here by a key: the keyboard goes along
            if place == OUTBOX:
                self.outbox.take_focus()
            elif place == RECORD:
                self.record.table.setFocus()
            else:
                self.list.take_focus()
        self._refresh()

    def _open(self, conversation_id: int, message_id: int) -> None:
        if self.isVisible() or "conversation" in vars(self):  # else ``complete`` opens where the list stands
            self.conversation.show_conversation(conversation_id, message_id)

    def _enter(self) -> None:
        if self.conversation.row is not None:
            self.fit(reading_now=True)
            self.conversation.focus_current()

    def _back(self) -> None:
        if self.conversation.leave_edit():
            self.conversation.focus_current()
            return
        self.fit()
        self.list.take_focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self.list.searching or self.list.search.hasFocus():
                self.list.search.clear()
            self.toast.hide()
            self._back()
        else:
            super().keyPressEvent(event)

    def _roomy(self) -> bool:
        return self.width() >= 78 * self.fontMetrics().height()

    def fit(self, reading_now: bool | None = None) -> None:
        """Show as many panes as there is room for: four, three, or the list and the conversation in turn."""
        em = self.fontMetrics().height()
        panel = self.rail.place in (OUTBOX, RECORD)
        self._beside.setVisible(not panel and self._roomy())
        narrow = self.width() < 58 * em
        self.rail.setVisible(panel or not narrow or not reading_now)
        if panel:
            self._work.show()
            return
        self._reading_now = bool(reading_now) if reading_now is not None else False
        self.list.setVisible(not narrow or not self._reading_now)
        self._work.setVisible(not narrow or self._reading_now)

    def _look_changed(self) -> None:
        self.fit(self._reading_now)  # the text may be larger now

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        focused, pane = QApplication.focusWidget(), vars(self).get("conversation")
        inside = focused is not None and pane is not None and pane.isAncestorOf(focused)
        self.fit(self._reading_now or inside)  # who types there goes on typing there

    # What commands need of it

    def _replied(self, conversation_id: int, closed: bool) -> None:
        self.toast.say(self.tr("The reply leaves in a moment"))
        row = self.list.current()
        if row is None or row.id != conversation_id:
            return  # the officer has gone on meanwhile: nothing moves under their hands
        focused = QApplication.focusWidget()
        stayed = focused is None or self.conversation.isAncestorOf(focused)
        if closed:
            self.commands.move_on(ConversationStatus.DONE)
        if not stayed:
            return  # they type somewhere else by now
        if self.list.isVisible():
            self.list.view.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._back()

    def return_to(self, conversation_id: int, *, take_up: bool) -> None:
        """Go to a conversation, and into its reply box if a text came back to it."""
        if not self.isVisible():
            return  # closed meanwhile
        if not self.list.select(conversation_id):
            self.conversation.show_conversation(conversation_id)
        if take_up:
            self.fit(reading_now=True)
            self.conversation.take_up()

    def next_pane(self) -> None:
        """Move the keyboard to the next pane that is shown."""
        panes = [self.tabs, self.rail, self.list.view, self.conversation.current, self.conversation.reply.text]
        shown = [p for p in (*panes, self.toast) if p is not None and p.isVisible()]
        here = next((i for i, p in enumerate(shown) if p.hasFocus() or p.isAncestorOf(self.focusWidget())), -1)
        shown[(here + 1) % len(shown)].setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _from_outbox(self, conversation_id: int) -> None:
        self.rail.choose(EVERYTHING)
        self.return_to(conversation_id, take_up=True)

    def toggle_practice(self) -> None:
        """Stop the practice town's clock, or let it go on."""
        if self._stripe is not None:
            self._stripe.toggle()

    def use_theme(self) -> None:
        """Light or dark as chosen, or as the system has it."""
        self._theme.force({"light": False, "dark": True}.get(str(self.settings.value("theme", "system"))))

    # Its beginning and end

    def remember(self) -> None:
        """Write down what the next start takes up."""
        remembering.write(self, self.settings)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.list.take_focus()  # work begins in the list, not at the first button of the window

    def closeEvent(self, event: QCloseEvent) -> None:
        self.remember()
        self.dialogs.save()
        self.bridge.close()
        self.list.stop()
        self.conversation.stop()
        if "record" in vars(self):
            self.record.lines.stop()
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
