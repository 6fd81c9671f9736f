"""The conversation pane: what is shown (``shown``), and what can be done with it from here."""

from __future__ import annotations

import asyncio
import time

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.model import ConversationId, Moderation, Reaction, Visibility
from inbox.store import outbox, reading
from inbox.store.reading import StoredMessage
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.deeds import Deeds
from ui.reading.offers import more_offers, offers
from ui.reading.pending import PendingCard
from ui.reading.shown import Shown
from ui.slots import async_slot

AROUND_EVERY_S = 60.0
"""A conversation is read whole from its network at most this often."""


class ConversationView(Shown):
    """Shows one conversation. ``replied(conversation, closed)``; ``failed(error)``; ``moderated(words,
    whether it can be undone)``."""

    replied = Signal(int, bool)
    failed = Signal(object)
    moderated = Signal(str, bool)

    def __init__(self, engine: Engine, reader: Reader, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(engine, reader, tasks, parent)
        self.tasks = tasks
        self._engine = engine
        self.scroller.wanted.connect(self._wanted)
        self.scroller.picture_wanted.connect(self._show_picture)
        self.reply.send.connect(self._send)
        self.deeds = Deeds(engine, tasks, self)
        self.deeds.failed.connect(self.failed)
        self.deeds.moderated.connect(self.moderated)
        self.deeds.settled.connect(self._settled)
        self.deeds.replied.connect(self.replied)
        self.deeds.refused.connect(self._refused)
        self.deeds.taken_back.connect(self.take_up)
        self.reply.draft.connect(self.deeds.keep_draft)
        self.pending_made.connect(self._listen)
        self._read.timeout.connect(self._mark_read)
        self._looked: dict[ConversationId, float] = {}
        self._around.timeout.connect(self._read_around)

    def _listen(self, card: PendingCard) -> None:
        card.undo.connect(self._take_back)
        card.again.connect(self.deeds.again)
        card.there.connect(self.deeds.carried)

    # What is done

    def start_reply(self) -> None:
        """Put the keyboard into the reply box."""
        if self.reply.isVisible():
            self.reply.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def start_edit(self, stored: StoredMessage) -> None:
        """Change the words of a message of ours."""
        assert self.channel is not None
        self.reply.flush()
        self.reply.setVisible(True)
        self.reply.edit(stored, self.channel)
        if begun := outbox.draft(self._reader.connection, f"edit:{stored.id}"):
            self.reply.set_text(begun)
        self.reply.text.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def leave_edit(self) -> bool:
        """Stop editing; returns whether there was any. What was changed is kept as a draft."""
        self.reply.flush()
        was = self.reply.editing
        if was:
            self.take_up()
        return was

    def _send(self, text: str, close: bool) -> None:
        target, conversation = self.reply.target, self.row
        if target is None or conversation is None:
            return
        if self.reply.editing:
            self.tasks.start(self._change_words(target, text), name="edit")
        else:
            options = self.reply.options()
            self.sending[conversation.id] = text
            self.reply.set_text("")  # the draft keeps the text until the outbox has it
            self.reply.busy(True)
            self.deeds.answer(target, conversation.id, text, close, options)

    def _settled(self, conversation_id: int) -> None:
        self.sending.pop(ConversationId(conversation_id), None)
        if self.row is not None and self.row.id == conversation_id:
            self.reply.busy(False)

    def _refused(self, conversation_id: int, text: str) -> None:
        """It comes back before what was typed meanwhile: neither is lost."""
        self._settled(conversation_id)
        shown = self.row is not None and self.row.id == conversation_id and not self.reply.editing
        place = f"reply:{conversation_id}"
        typed = self.reply.text.toPlainText() if shown else outbox.draft(self._reader.connection, place)
        both = text if typed.strip() in ("", text) else f"{text}\n\n{typed}"
        self.deeds.keep_draft(place, both)
        if shown:
            self.reply.set_text(both)

    async def _change_words(self, target: StoredMessage, text: str) -> None:
        self.reply.busy(True)
        done = await self.deeds.change_words(target, text)
        self.reply.busy(False)
        if done:
            if self.reply.editing and self.reply.target is target:
                self.leave_edit()
            self.moderated.emit(self.tr("The change is published"), False)

    def _take_back(self, delivery_id: int) -> None:
        self.reply.flush()  # what is typed now joins what comes back
        self.deeds.take_back(delivery_id)

    def take_up(self) -> None:
        """Go on with the text that is kept for this conversation, such as one that was taken back."""
        if self.row is None:
            return
        if self.reply.editing:
            self.reply.flush()
            self.reply.editing = False
            self.reply.set_text("")
            self._target(0)
        self.reply.setVisible(True)
        self._restore_draft()
        self.reply.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wanted(self, command: str, message_id: int) -> None:
        stored = next((s for s in self._messages if s.id == message_id), None)
        if stored is None:
            return
        self._choose(self._cards[stored.id])
        if command == "reply":
            self.start_reply()
        elif command == "reply_privately":
            self.start_reply()
            self.reply.choose_readers(Visibility.DIRECT)
        elif command == "fetch_again":
            self.deeds.read_around(stored.id)
        elif command == "edit":
            self.start_edit(stored)
        elif command == "history":
            self._cards[stored.id].show_history(reading.earlier(self._reader.connection, message_id))
        elif command in set(Reaction):
            self.deeds.react(stored, Reaction(command))
        else:
            self.deeds.moderate(stored, Moderation(command))

    @async_slot
    async def _show_picture(self, card: MessageCard, url: str) -> None:
        try:
            await self.pictures.asked(card, url)
        except PostroomError as error:
            self.failed.emit(error)

    def moderate(self, action: Moderation) -> None:
        """Do this to the message in focus."""
        if self.current is not None:
            self.deeds.moderate(self.current.stored, action)

    def react(self, reaction: Reaction) -> None:
        """Like or boost the message in focus, or take that back."""
        if self.current is not None:
            self.deeds.react(self.current.stored, reaction)

    def do_first(self, *commands: str) -> None:
        """Do the first of these that makes sense for the message in focus here: a key never asks for more than a
        button would."""
        if self.current is None or self.channel is None or not self._open:
            return
        here = self.current.stored
        possible = {command for command, _ in offers(here, self.channel) + more_offers(here, self.channel)}
        wanted = next((c for c in commands if c in possible), None)
        if wanted is not None:
            self._wanted(wanted, int(here.id))

    def unfold(self) -> None:
        """Show what the message in focus folds away behind a warning, or fold it away again."""
        if self.current is not None:
            self.current.toggle()

    def _read_around(self) -> None:
        """Ask the network for the whole conversation, because somebody looks at it."""
        now = time.monotonic()
        if self.row is None or not self._messages:
            return
        if self.channel is not None and self.channel.limits.keep_text_s is not None:
            return  # asking would bring back words that may not be kept: there is a button for that
        if now - self._looked.get(self.row.id, now - AROUND_EVERY_S) < AROUND_EVERY_S:
            return
        self._looked[self.row.id] = now
        self.deeds.read_around(self._messages[-1].id)

    @async_slot
    async def _mark_read(self) -> None:
        if self.row is not None:
            await asyncio.wrap_future(self._engine.mark_read([self.row.id]))
