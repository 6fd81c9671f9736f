"""The conversation pane: context strip, messages in time order, what is on its way, and the reply box below."""

from __future__ import annotations

import asyncio
import time

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import Capability, Channel, ConversationId, MessageId, Moderation, Reaction
from inbox.store import accounts, outbox, reading
from inbox.store.owing import owed
from inbox.store.reading import ConversationRow, StoredMessage
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.deeds import Deeds
from ui.reading.fetched import Fetched
from ui.reading.head import PrivacyHead
from ui.reading.messages import Messages
from ui.reading.offers import ASIDE, answerable, more_offers, offers
from ui.reading.pending import PendingCard
from ui.reading.reply import ReplyBox
from ui.slots import async_slot

AROUND_EVERY_S = 60.0
"""A conversation is read whole from its network at most this often."""


class ConversationView(QWidget):
    """Shows one conversation. ``replied(conversation, closed)``; ``failed(error)``; ``left`` on Escape."""

    replied = Signal(int, bool)
    failed = Signal(object)
    moderated = Signal(str)
    left = Signal()
    person_changed = Signal(object)

    def __init__(self, engine: Engine, reader: Reader, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._engine = engine
        self._reader = reader
        self.row: ConversationRow | None = None
        self.channel: Channel | None = None
        self._open = False  # whether its account is still here: what was removed can be read, not answered
        self._messages: list[StoredMessage] = []
        self._pending: list[PendingCard] = []
        self.current: MessageCard | None = None
        self.scroller = Messages()
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setAccessibleName(self.tr("Conversation"))
        self.scroller.wanted.connect(self._wanted)
        self.scroller.picture_wanted.connect(self._show_picture)
        self.pictures = Fetched(engine, reader, tasks, self.scroller.emojis)
        self.scroller.made.connect(self.pictures.fill)
        self.scroller.taken.connect(self._choose)
        self.scroller.stepped.connect(self.step)
        self.scroller.rearranged.connect(self._rearranged)
        self.reply = ReplyBox()
        self.reply.send.connect(self._send)
        self.deeds = Deeds(engine, tasks, self)
        self.deeds.failed.connect(self.failed)
        self.deeds.moderated.connect(self.moderated)
        self.deeds.replied.connect(self.replied)
        self.deeds.refused.connect(self._refused)
        self.deeds.taken_back.connect(self.take_up)
        self.reply.draft.connect(self.deeds.keep_draft)
        self.reply.left.connect(self.focus_current)
        reply_row = QVBoxLayout()
        reply_row.setContentsMargins(20, 4, 20, 16)
        reply_row.addWidget(self.reply)
        self._whole = QWidget()
        whole = QVBoxLayout(self._whole)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        self.privacy = PrivacyHead()
        whole.addWidget(self.privacy)
        whole.addWidget(self.scroller, 1)
        whole.addLayout(reply_row)
        self._nothing = QLabel(self.tr("Choose a conversation"), alignment=Qt.AlignmentFlag.AlignCenter)
        self._nothing.setProperty("role", "text-3")
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing)
        self._stack.addWidget(self._whole)
        self._second = QTimer(self, interval=500)
        self._second.timeout.connect(self._tick)
        self._read = QTimer(self, singleShot=True, interval=600)
        self._read.timeout.connect(self._mark_read)
        self._looked: dict[ConversationId, float] = {}
        self._around = QTimer(self, singleShot=True, interval=600)  # not for each one that is only passed by
        self._around.timeout.connect(self._read_around)

    # What is shown

    def show_conversation(self, conversation_id: int, message_id: int = 0) -> None:
        """Show this conversation, at ``message_id`` or at the newest owed message; 0 shows nothing."""
        if self.row is not None and self.row.id == conversation_id:
            if message_id:
                self._go_to(MessageId(message_id))
            return
        self.reply.flush()
        self._read.stop()
        self._around.stop()
        self._clear()
        row = reading.rows(self._reader.connection, [conversation_id]).get(conversation_id) if conversation_id else None  # type: ignore[call-overload]
        self.row = row
        if row is None:
            self._stack.setCurrentWidget(self._nothing)
            self.person_changed.emit(None)
            return
        connection = self._reader.connection
        self.channel = accounts.channel(connection, row.channel_id)
        self._open = accounts.is_open(connection, row.channel_id)
        assert self.channel is not None
        self._messages = reading.conversation(connection, row.id)
        self._stack.setCurrentWidget(self._whole)
        meant = self._meant(message_id)
        self.privacy.say(self._messages)
        context = reading.context(connection, row)
        self.scroller.show_messages(self._messages, self.channel, context, meant, owed(connection, self._messages))
        self._show_pending()
        self._target(message_id)
        self.reply.editing = False
        self.reply.set_text(outbox.draft(connection, f"reply:{row.id}"))
        if row.unread:
            self._read.start()
        if self._open and Capability.THREAD in self.channel.capabilities:
            self._around.start()
        self._to_current()

    def on_changed(self, changed: Changed) -> None:
        """Follow the engine, if what is shown was touched: add and replace cards, never lose the typed text."""
        if self.row is None or self.row.id not in changed.conversations:
            if changed.deliveries and self.row is not None:
                self._show_pending()
            return
        connection = self._reader.connection
        row = reading.rows(connection, [self.row.id]).get(self.row.id)
        if row is None:  # merged into another: its messages say which
            moved = reading.message(connection, self._messages[-1].id) if self._messages else None
            self.row = None
            self.show_conversation(moved.conversation_id if moved else 0)
            return
        self.row = row
        if row.unread and self.isVisible():
            self._read.start()  # it arrived under the officer's eyes
        fresh = reading.conversation(connection, row.id)
        self._messages = fresh
        at_end = self.scroller.at_end and not self.scroller.missing_later
        chosen = self.current.id if self.current is not None else None
        self.privacy.say(fresh)
        self.scroller.follow(fresh, owed(connection, fresh))
        self._show_pending()
        if chosen in self._cards:  # the same message, perhaps on a new card
            self._choose(self._cards[chosen])
        else:
            self._target(0)
        if at_end:
            self.scroller.to_end()

    @property
    def _cards(self) -> dict[MessageId, MessageCard]:
        return self.scroller.cards

    def _show_pending(self) -> None:
        if self.row is None or self.channel is None:
            return
        deliveries = outbox.of_conversation(self._reader.connection, self.row.id)
        if [p.delivery for p in self._pending] != deliveries:
            self._pending = [PendingCard(delivery, self.channel) for delivery in deliveries]
            for card in self._pending:
                card.undo.connect(self._take_back)
                card.again.connect(self.deeds.again)
            self.scroller.show_pending(self._pending)
            if not self.scroller.missing_later:
                self.scroller.to_end()
        if self._pending and not self._second.isActive():
            self._second.start()
        elif not self._pending:
            self._second.stop()

    def _tick(self) -> None:
        for card in self._pending:
            card.tick()

    def _clear(self) -> None:
        self._second.stop()
        self.pictures.forget()
        self.scroller.forget()
        self._pending, self.current = [], None

    def invite(self, channels: bool) -> None:
        """Ask for a conversation to be chosen, once there can be any."""
        self._nothing.setText(self.tr("Choose a conversation") if channels else "")

    def stop(self) -> None:
        """The window closes: keep the draft, ask nothing any more."""
        self.reply.flush()
        self.scroller.stop()
        for timer in (self._second, self._read, self._around):
            timer.stop()

    # Which message is meant

    def _meant(self, message_id: int) -> MessageId | None:
        """This message, or the newest that somebody else wrote, or the newest at all; ``None`` when there is none."""
        wanted = [s for s in self._messages if s.id == message_id]
        others = [s for s in self._messages if not s.message.ours and s.message.state not in ASIDE]
        chosen = (wanted or others or self._messages)[-1:]
        return chosen[0].id if chosen else None

    def _target(self, message_id: int) -> None:
        """Aim at the message that is meant."""
        if (meant := self._meant(message_id)) is None:
            self.reply.hide()
            return
        self._choose(self.scroller.reach(meant))

    def _choose(self, card: MessageCard) -> None:
        if self.current is not None and self.current is not card:
            self.current.offer(False)
        self.current = card
        card.offer(True)
        self.scroller.keep(card)
        self._aim(card.stored)

    def _rearranged(self) -> None:
        """Cards were made anew: the message in focus has another, or one near it takes its place."""
        key = self.scroller.here
        meant = [MessageId(key)] if key is not None and key > 0 else []
        meant += [self.current.id] if self.current is not None else []
        card = next((self._cards[i] for i in meant if i in self._cards), None) or next(iter(self._cards.values()), None)
        self.current = None
        if card is not None:
            self._choose(card)
        if key is not None:
            self.scroller.here = key

    def _aim(self, stored: StoredMessage) -> None:
        """Point the reply box at the message in focus, as far as it can be answered."""
        assert self.channel is not None
        m = stored.message
        if not m.ours or m.kind == "post":
            self.person_changed.emit(stored)
        if self.reply.editing:
            return
        can = self._open and answerable(m, self.channel)
        self.reply.setVisible(can)
        if can:
            self.reply.answer(stored, self.channel)

    def _go_to(self, message_id: MessageId) -> None:
        self._target(message_id)
        self._to_current()

    def _to_current(self) -> None:
        if self.current is not None:
            self._settle_layout()
            self.scroller.look_at(int(self.current.id))

    def _settle_layout(self) -> None:
        """Let the room there is be true now, not at the next turn of the loop."""
        if (layout := self._whole.layout()) is not None:
            layout.activate()

    def step(self, by: int) -> None:
        """Go to the next or previous message with the keyboard."""
        part = self.scroller.beside(by)
        if part is not None and self.scroller.here is not None:
            key = self.scroller.here
            part.setFocus(Qt.FocusReason.TabFocusReason)
            self.scroller.look_at(key, far=False)

    def focus_current(self) -> None:
        """Give the keyboard to the message that is meant."""
        if self.current is not None:
            self.current.setFocus(Qt.FocusReason.TabFocusReason)
            self.scroller.ensureWidgetVisible(self.current, 0, 24)
        else:
            self.scroller.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

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
        was, self.reply.editing = self.reply.editing, False
        if was and self.row is not None:
            self._target(0)
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
            self.reply.set_text("")  # the draft keeps the text until the outbox has it
            self.deeds.answer(target, conversation.id, text, close, options)

    def _refused(self, conversation_id: int, text: str) -> None:
        if self.row is not None and self.row.id == conversation_id and not self.reply.text.toPlainText():
            self.reply.set_text(text)

    async def _change_words(self, target: StoredMessage, text: str) -> None:
        self.reply.busy(True)
        done = await self.deeds.change_words(target, text)
        self.reply.busy(False)
        if done:
            if self.reply.editing and self.reply.target is target:
                self.leave_edit()
            self.moderated.emit(self.tr("The change is published"))

    def _take_back(self, delivery_id: int) -> None:
        self.reply.flush()  # what is typed now joins what comes back
        self.deeds.take_back(delivery_id)

    def take_up(self) -> None:
        """Go on with the text that is kept for this conversation, such as one that was taken back."""
        if self.row is None:
            return
        self.reply.editing = False
        self.reply.setVisible(True)
        self.reply.set_text(outbox.draft(self._reader.connection, f"reply:{self.row.id}"))
        self.reply.text.setFocus(Qt.FocusReason.OtherFocusReason)

    def _wanted(self, command: str, message_id: int) -> None:
        stored = next((s for s in self._messages if s.id == message_id), None)
        if stored is None:
            return
        self._choose(self._cards[stored.id])
        if command == "reply":
            self.start_reply()
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
        if now - self._looked.get(self.row.id, now - AROUND_EVERY_S) < AROUND_EVERY_S:
            return
        self._looked[self.row.id] = now
        self.deeds.read_around(self._messages[-1].id)

    @async_slot
    async def _mark_read(self) -> None:
        if self.row is not None:
            await asyncio.wrap_future(self._engine.mark_read([self.row.id]))
