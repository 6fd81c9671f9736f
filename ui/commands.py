"""What each command of ``actions.py`` does in the window. Keys, buttons and menus all end here."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QKeySequence, QShortcut

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.model import ConversationId, ConversationStatus, Moderation, Reaction
from inbox.store.reading import EVERYTHING, ConversationRow
from ui.actions import BY_NAME, COMMANDS
from ui.channels.rail import OUTBOX, RECORD
from ui.keysheet import KeySheet
from ui.slots import async_slot

if TYPE_CHECKING:
    from ui.window import Window

HANDLED_BY_PANES = {"open", "back", "send"}
_FOLLOWING = {"system": "light", "light": "dark", "dark": "system"}


class Commands(QObject):
    """Runs commands by name on the window's panes."""

    def __init__(self, window: Window, engine: Engine) -> None:
        super().__init__(window)
        self.tasks = window.tasks
        self._window = window
        self._engine = engine
        self._acts: Mapping[str, Callable[[], object]] = {
            "next": lambda: window.list.step(1), "previous": lambda: window.list.step(-1),
            "next_tab": lambda: window.tabs.step(1), "previous_tab": lambda: window.tabs.step(-1),
            "search": self._search, "newest": window.list.show_newest, "panes": window.next_pane,
            "reply": self._reply, "done": lambda: self._settle(ConversationStatus.DONE),
            "waiting": lambda: self._settle(ConversationStatus.WAITING),
            "reopen": lambda: self._settle(ConversationStatus.OPEN), "unread": self._mark_unread, "undo": self._undo,
            "unfold": window.conversation.unfold, **self._on_message(),
            "edit": self._edit, "compose": window.dialogs.compose, "quote": self._quote,
            "outbox": lambda: window.rail.choose(OUTBOX),
            "owed": lambda: window.rail.choose("owed"), "waiting_list": lambda: window.rail.choose("waiting"),
            "done_list": lambda: window.rail.choose("done"), "everything": lambda: window.rail.choose(EVERYTHING),
            "sync": self._sync, "accounts": window.dialogs.show_accounts, "theme": self._next_theme,
            "rows": self._change_rows, "practice_pause": window.toggle_practice,
            "help": lambda: KeySheet(window).exec(), "quit": window.close,
        }  # fmt: skip
        for command in COMMANDS:
            for keys in command.keys if command.name not in HANDLED_BY_PANES else ():
                shortcut = QShortcut(QKeySequence(keys), window)
                shortcut.activated.connect(lambda name=command.name: self.run(name))

    def _on_message(self) -> dict[str, Callable[[], object]]:
        """What is done to the message in focus, and its opposite where it is done already."""
        pairs = {
            "approve": (Moderation.APPROVE,), "hold": (Moderation.HOLD,),
            "spam": (Moderation.SPAM, Moderation.UNSPAM), "trash": (Moderation.TRASH, Moderation.RESTORE),
            "like": (Reaction.LIKE, Reaction.UNLIKE), "boost": (Reaction.BOOST, Reaction.UNBOOST),
            "hide": (Moderation.HIDE, Moderation.UNHIDE), "mute": (Moderation.MUTE, Moderation.UNMUTE),
            "block": (Moderation.BLOCK, Moderation.UNBLOCK),
            "report": (Moderation.REPORT,), "accept": (Moderation.ACCEPT,), "dismiss": (Moderation.DISMISS,),
        }  # fmt: skip
        do = self._window.conversation.do_first
        return {name: functools.partial(do, *commands) for name, commands in pairs.items()}

    @property
    def names(self) -> set[str]:
        """Every command that can be run."""
        return set(self._acts)

    def run(self, name: str) -> None:
        """Do it, in the pane it concerns; what concerns a conversation only where one is to be seen."""
        hidden = self._window.rail.place in (OUTBOX, RECORD)
        if hidden and name != "undo" and name in BY_NAME and BY_NAME[name].group in ("Answer", "Moderate"):
            return
        self._acts[name]()

    def _search(self) -> None:
        self._window.fit()
        if self._window.rail.place in (OUTBOX, RECORD):
            self._window.rail.choose(EVERYTHING)
        self._window.list.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._window.list.search.selectAll()

    def _reply(self) -> None:
        if self._window.conversation.row is None:
            self._window.list.step(0)
        self._window.fit(reading_now=True)
        self._window.conversation.start_reply()

    def _edit(self) -> None:
        current = self._window.conversation.current
        if current is None or not current.stored.message.ours:
            return
        if current.stored.message.kind == "post":
            self._window.dialogs.compose(current.stored)
        else:
            self._window.conversation.start_edit(current.stored)

    def _quote(self) -> None:
        current = self._window.conversation.current
        if current is not None:
            self._window.dialogs.quote(current.stored)

    def _settle(self, status: ConversationStatus) -> None:
        shown, listed = self._window.conversation.row, self._window.list.current()
        apart = shown is not None and (listed is None or listed.id != shown.id)  # such as after an undo
        row = shown if apart else self.move_on(status)
        if row is not None:  # a task for each press: ten quick ones settle ten
            self.tasks.start(self._settle_row(row.id, status), name="settle")

    async def _settle_row(self, conversation_id: ConversationId, status: ConversationStatus) -> None:
        try:
            await asyncio.wrap_future(self._engine.set_status([conversation_id], status))
        except PostroomError as error:
            self._window.show_error(error)
            return
        words = {"done": self.tr("Done"), "waiting": self.tr("Waiting"), "open": self.tr("Open again")}[status]
        self._window.toast.say(words)

    def move_on(self, status: ConversationStatus) -> ConversationRow | None:
        """Take the row out, if this list is not where it goes, go to the next, and return the row it was."""
        window = self._window
        row = window.list.current()
        stays = window.list.searching or window.rail.place == EVERYTHING or window.rail.place == status
        if row is None or stays:
            window.list.step(1)
            return row
        return window.list.take_current_and_step()

    @async_slot
    async def _mark_unread(self) -> None:
        if (row := self._window.list.current()) is not None:
            await asyncio.wrap_future(self._engine.mark_read([row.id], read=False))

    @async_slot
    async def _undo(self) -> None:
        self._window.conversation.reply.flush()  # what is typed now joins what comes back
        try:
            undone = await asyncio.wrap_future(self._engine.undo())
        except PostroomError as error:
            self._window.show_error(error)
            return
        if undone is None:
            self._window.toast.say(self.tr("Nothing left to undo"), undo=False)
            return
        self._window.toast.say(undone.words, undo=False)
        if undone.update is not None and undone.channels:
            self._window.dialogs.compose_again(undone.update, list(undone.channels))
        if undone.conversations:
            # The row comes back with the change that follows; go there when it has.
            take_up = undone.update is not None
            QTimer.singleShot(120, lambda: self._window.return_to(undone.conversations[0], take_up=take_up))

    @async_slot
    async def _sync(self) -> None:
        try:
            await asyncio.wrap_future(self._engine.sync())
        except PostroomError as error:
            self._window.show_error(error)

    def _next_theme(self) -> None:
        following = _FOLLOWING[str(self._window.settings.value("theme", "system"))]
        self._window.settings.setValue("theme", following)
        self._window.use_theme()
        self._window.toast.say(self.tr("Theme: {0}").format(following), undo=False)

    def _change_rows(self) -> None:
        compact = not self._window.list.delegate.compact
        self._window.settings.setValue("compact", compact)
        self._window.list.set_compact(compact)
