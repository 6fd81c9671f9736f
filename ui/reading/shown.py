"""The conversation pane as it is looked at: context strip, messages in time order, what is on its way, and the reply
box below; which message is meant, and where the reader is."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QLabel, QStackedLayout, QVBoxLayout, QWidget

from inbox.engine import Engine
from inbox.events import Changed
from inbox.model import Capability, Channel, ConversationId, MessageId
from inbox.store import accounts, aims, outbox, reading
from inbox.store.owing import owed
from inbox.store.reading import ConversationRow, StoredMessage
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.fetched import Fetched
from ui.reading.head import PrivacyHead
from ui.reading.messages import Messages
from ui.reading.offers import ASIDE, answerable
from ui.reading.pending import PendingCard
from ui.reading.reply import ReplyBox
from ui.reading.warming import Warming


class Shown(QWidget):
    """Shows one conversation; what is done with it is ``view``'s. ``pending_made(card)``: something is on its way;
    ``person_changed(stored)``: somebody else is looked at; ``left`` on Escape."""

    left = Signal()
    person_changed = Signal(object)
    pending_made = Signal(object)

    def __init__(self, engine: Engine, reader: Reader, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self.row: ConversationRow | None = None
        self.channel: Channel | None = None
        self._open = False  # whether its account is still here: what was removed can be read, not answered
        self._messages: list[StoredMessage] = []
        self._pending: list[PendingCard] = []
        self.sending: dict[ConversationId, str] = {}  # answers on their way into the outbox
        self._current: MessageId | None = None
        self.scroller = Messages()
        self.scroller.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.scroller.setAccessibleName(self.tr("Conversation"))
        self.pictures = Fetched(engine, reader, tasks, self.scroller.emojis)
        self.scroller.made.connect(self.pictures.fill)
        self.scroller.taken.connect(self._choose)
        self.scroller.stepped.connect(self.step)
        self.scroller.rearranged.connect(self._rearranged)
        self.reply = ReplyBox()
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
        self._around = QTimer(self, singleShot=True, interval=600)  # not for each one that is only passed by
        cold = [self._whole, self.privacy, self.reply, *self.reply.findChildren(QWidget)]
        self._warming = Warming(cold, self.scroller.warm, self)

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
        connection = self._reader.connection
        row = reading.rows(connection, [conversation_id]).get(conversation_id) if conversation_id else None  # type: ignore[call-overload]
        focused = QApplication.focusWidget()
        inside = focused is not None and self.scroller.isAncestorOf(focused)
        self._clear()
        self.row = row
        if row is None:
            self.scroller.forget()
            self._stack.setCurrentWidget(self._nothing)
            self.person_changed.emit(None)
            return
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
        self.reply.editing = False  # before the aim: what is written next is for this conversation
        self.reply.set_text("")
        self._target(message_id)
        self._restore_draft(aimed=bool(message_id))
        self._look()
        self._to_current()
        if inside:  # the keyboard stays where it was: in the conversation
            self.focus_current()

    def _restore_draft(self, *, aimed: bool = False) -> None:
        """The words that were begun here, for those they were begun for; ``aimed``: it is known whom to answer."""
        if self.row is None:
            return
        connection, under_way = self._reader.connection, self.row.id in self.sending
        words = "" if under_way else outbox.draft(connection, f"reply:{self.row.id}")
        aim = aims.read(connection, self.row.id) if words else None
        if aim is not None and not aimed and any(s.id == aim.to for s in self._messages):
            self._target(aim.to)
        self.reply.set_text(words)
        self.reply.restore_readers(aim.visibility if aim is not None else None)
        self.reply.busy(under_way)

    def _look(self) -> None:
        """Somebody has it before their eyes: in a moment it counts as read, and its network is asked for the rest."""
        if self.row is None or self.channel is None or not self.isVisible() or self.window().isMinimized():
            return
        if self.row.unread:
            self._read.start()
        if self._open and Capability.THREAD in self.channel.capabilities:
            self._around.start()

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
        news, self.row = row.messages > self.row.messages, row
        if news and row.unread and self.isVisible() and not self.window().isMinimized():
            self._read.start()  # it arrived under the officer's eyes
        fresh = reading.conversation(connection, row.id)
        self._messages = fresh
        at_end = self.scroller.at_end and not self.scroller.missing_later
        chosen = self._current
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
    def current(self) -> MessageCard | None:
        """The card of the message in focus, if it has one now."""
        return self._cards.get(self._current) if self._current is not None else None

    @property
    def _cards(self) -> dict[MessageId, MessageCard]:
        return self.scroller.cards

    def _show_pending(self) -> None:
        if self.row is None or self.channel is None:
            return
        deliveries = outbox.of_conversation(self._reader.connection, self.row.id)
        if [p.delivery for p in self._pending] != deliveries:
            more = len(deliveries) > len(self._pending) or self.scroller.at_end
            self._pending = [PendingCard(delivery, self.channel) for delivery in deliveries]
            for card in self._pending:
                self.pending_made.emit(card)
            self.scroller.show_pending(self._pending)
            if more and not self.scroller.missing_later:
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
        self._pending, self._current = [], None

    def invite(self, channels: bool) -> None:
        """Ask for a conversation to be chosen, once there can be any."""
        self._nothing.setText(self.tr("Choose a conversation") if channels else "")

    def stop(self) -> None:
        """The window closes: keep the draft, ask nothing any more."""
        self.reply.flush()
        self.scroller.stop()
        self._warming.stop()
        for timer in (self._second, self._read, self._around):
            timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._warming.start()
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._read.stop()  # what nobody sees is not read
        self._around.stop()

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
        before, self._current = self.current, card.id
        if before is not None and before is not card:
            before.offer(False)
        card.offer(True)
        self.scroller.keep(card)
        self._aim(card.stored)

    def _rearranged(self) -> None:
        """Cards were made anew: the message in focus has another, or one near it takes its place."""
        key = self.scroller.here
        meant = [MessageId(key)] if key is not None and key > 0 else []
        meant += [self._current] if self._current is not None else []
        card = next((self._cards[i] for i in meant if i in self._cards), None) or next(iter(self._cards.values()), None)
        self._current = None
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
