"""The conversation pane: context strip, messages in time order, what is on its way, and the reply box below."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage, QImageReader, QKeyEvent
from PySide6.QtWidgets import QLabel, QStackedLayout, QVBoxLayout, QWidget

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.events import Changed
from inbox.model import Capability, Channel, ConversationId, DeliveryId, MessageId, MessageState, Moderation
from inbox.store import accounts, outbox, reading
from inbox.store.reading import ConversationRow, StoredMessage
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.messages import Messages
from ui.reading.pending import PendingCard
from ui.reading.reply import ReplyBox
from ui.slots import async_slot

PICTURE_WIDTH_PX = 480


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
        self._moderating: set[MessageId] = set()
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
        self.scroller.taken.connect(self._choose)
        self.scroller.stepped.connect(self.step)
        self.reply = ReplyBox()
        self.reply.send.connect(self._send)
        self.reply.draft.connect(self._keep_draft)
        self.reply.left.connect(self.focus_current)
        reply_row = QVBoxLayout()
        reply_row.setContentsMargins(20, 4, 20, 16)
        reply_row.addWidget(self.reply)
        self._whole = QWidget()
        whole = QVBoxLayout(self._whole)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
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

    # What is shown

    def show_conversation(self, conversation_id: int, message_id: int = 0) -> None:
        """Show this conversation, at ``message_id`` or at the newest owed message; 0 shows nothing."""
        if self.row is not None and self.row.id == conversation_id:
            if message_id:
                self._go_to(MessageId(message_id))
            return
        self.reply.flush()
        self._read.stop()
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
        self.scroller.show_messages(self._messages, self.channel, reading.context(connection, row), meant)
        self._show_pending()
        self._target(message_id)
        self.reply.editing = False
        self.reply.set_text(outbox.draft(connection, f"reply:{row.id}"))
        if row.unread:
            self._read.start()
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
        self.scroller.follow(fresh)
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
                card.again.connect(self._again)
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
        self.scroller.forget()
        self._pending, self.current = [], None

    def invite(self, channels: bool) -> None:
        """Ask for a conversation to be chosen, once there can be any."""
        self._nothing.setText(self.tr("Choose a conversation") if channels else "")

    def stop(self) -> None:
        """The window closes: keep the draft, ask nothing any more."""
        self.reply.flush()
        self.scroller.stop()
        for timer in (self._second, self._read):
            timer.stop()

    # Which message is meant

    def _meant(self, message_id: int) -> MessageId | None:
        """This message, or the newest that somebody else wrote, or the newest at all; ``None`` when there is none."""
        wanted = [s for s in self._messages if s.id == message_id]
        others = [s for s in self._messages if not s.message.ours and s.message.state not in _ASIDE]
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

    def _aim(self, stored: StoredMessage) -> None:
        """Point the reply box at the message in focus, as far as it can be answered."""
        assert self.channel is not None
        m = stored.message
        if not m.ours or m.kind == "post":
            self.person_changed.emit(stored)
        can = self._open and Capability.REPLY in self.channel.capabilities
        answerable = can and m.kind != "post" and m.state not in _ASIDE
        if self.reply.editing:
            return
        self.reply.setVisible(answerable)
        if answerable:
            self.reply.answer(stored, self.channel)

    def _go_to(self, message_id: MessageId) -> None:
        self._target(message_id)
        self._to_current()

    def _to_current(self) -> None:
        if self.current is not None:
            self._settle_layout()
            self.scroller.look_at(self.current)

    def _settle_layout(self) -> None:
        """Let the room there is be true now, not at the next turn of the loop."""
        if (layout := self._whole.layout()) is not None:
            layout.activate()

    def step(self, by: int) -> None:
        """Go to the next or previous message with the keyboard."""
        card = self.scroller.beside(self.current.id if self.current is not None else None, by)
        if card is not None:
            card.setFocus(Qt.FocusReason.TabFocusReason)
            self.scroller.look_at(card, far=False)

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
            self.reply.set_text("")  # the draft keeps the text until the outbox has it
            self.tasks.start(self._queue(target, conversation.id, text, close), name="reply")

    async def _change_words(self, target: StoredMessage, text: str) -> None:
        self.reply.busy(True)
        try:
            await asyncio.wrap_future(self._engine.edit(target.id, text))
        except PostroomError as error:  # shown beside the text, which stays
            self.failed.emit(error)
            return
        finally:
            self.reply.busy(False)
        self._keep_draft(f"edit:{target.id}", "")
        if self.reply.editing and self.reply.target is target:
            self.leave_edit()
        self.moderated.emit(self.tr("The change is published"))

    async def _queue(self, target: StoredMessage, conversation_id: ConversationId, text: str, close: bool) -> None:
        """Hand the answer to the outbox; a held comment is approved on the way, which may take a while."""
        held = target.message.state is MessageState.HELD
        try:
            await asyncio.wrap_future(self._engine.reply(target.id, text, close=close, approve_first=held))
        except PostroomError as error:
            if self.row is not None and self.row.id == conversation_id and not self.reply.text.toPlainText():
                self.reply.set_text(text)
            self.failed.emit(error)
            return
        self.replied.emit(conversation_id, close)

    def _keep_draft(self, place: str, text: str) -> None:
        self._engine.save_draft(place, text).add_done_callback(self._draft_kept)

    def _draft_kept(self, done: Future[None]) -> None:
        if (error := done.exception()) is not None:
            self._engine.on_error(error)

    @async_slot
    async def _take_back(self, delivery_id: int) -> None:
        self.reply.flush()  # what is typed now joins what comes back
        try:
            await asyncio.wrap_future(self._engine.cancel(DeliveryId(delivery_id)))
        except PostroomError as error:
            self.failed.emit(error)
            return
        self.take_up()

    def take_up(self) -> None:
        """Go on with the text that is kept for this conversation, such as one that was taken back."""
        if self.row is None:
            return
        self.reply.editing = False
        self.reply.setVisible(True)
        self.reply.set_text(outbox.draft(self._reader.connection, f"reply:{self.row.id}"))
        self.reply.text.setFocus(Qt.FocusReason.OtherFocusReason)

    @async_slot
    async def _again(self, delivery_id: int) -> None:
        try:
            await asyncio.wrap_future(self._engine.send_now(DeliveryId(delivery_id)))
        except PostroomError as error:
            self.failed.emit(error)

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
        else:
            self.moderate(Moderation(command))

    @async_slot
    async def _show_picture(self, message_id: int, url: str) -> None:
        try:
            file = await asyncio.wrap_future(self._engine.picture(url))
        except PostroomError as error:
            self.failed.emit(error)
            return
        picture = await self._reader.slowly(lambda _: decoded(file, PICTURE_WIDTH_PX))
        card = self._cards.get(MessageId(message_id))
        if card is not None and not picture.isNull():
            card.show_picture(url, picture)

    def moderate(self, action: Moderation) -> None:
        """Do this to the message in focus. While the network takes its time others can be moderated, this cannot."""
        if self.current is None or self.current.id in self._moderating:
            return
        stored = self.current.stored
        self._moderating.add(stored.id)
        self.tasks.start(self._moderate(stored, action), name=f"{action} {stored.id}")

    async def _moderate(self, stored: StoredMessage, action: Moderation) -> None:
        try:
            await asyncio.wrap_future(self._engine.moderate(stored.id, action))
        except PostroomError as error:
            self.failed.emit(error)
            return
        finally:
            self._moderating.discard(stored.id)
        self.moderated.emit(_DONE[action])

    @async_slot
    async def _mark_read(self) -> None:
        if self.row is not None:
            await asyncio.wrap_future(self._engine.mark_read([self.row.id]))


_ASIDE = (MessageState.SPAM, MessageState.TRASHED, MessageState.DELETED)
_DONE = {
    Moderation.APPROVE: "Approved", Moderation.HOLD: "Held back", Moderation.SPAM: "Marked as spam",
    Moderation.UNSPAM: "No longer spam", Moderation.TRASH: "Moved to the bin", Moderation.RESTORE: "Restored",
}  # fmt: skip


def decoded(file: Path, width_px: int) -> QImage:
    """The picture in the file, turned upright, at most so wide; null when it cannot be read. For a worker thread."""
    reader = QImageReader(str(file))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() > width_px:
        reader.setScaledSize(size.scaled(width_px, width_px * 4, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
