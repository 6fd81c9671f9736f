"""The messages of a conversation as cards in time order. Only those near the eyes are made, the others when neared.

Below the post they stand under there may be older messages without a card, then those with one, then newer ones
without. A line says how many are missing on either side.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from inbox.model import Channel, MessageId
from inbox.store.reading import StoredMessage
from ui.format import plural
from ui.reading.cards import ContextCard, MessageCard
from ui.reading.column import Column
from ui.reading.parts import Card, label
from ui.reading.pending import PendingCard

FIRST_CARDS = 10
"""Cards made at once: a conversation of hundreds opens at the message that is meant without holding anything up."""
PAUSE_MS = 8
"""Between one card and the next when the reader nears the end of those that are made."""


class Messages(Column):
    """Cards for messages, the post above them, and below what is on its way."""

    wanted = Signal(str, int)
    picture_wanted = Signal(int, str)
    taken = Signal(object)
    stepped = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[MessageId, MessageCard] = {}
        self._wrappers: dict[MessageId, QWidget] = {}
        self._ready: tuple[MessageCard, QWidget] | None = None  # the next to come in, not shown yet
        self._messages: Sequence[StoredMessage] = ()
        self._position: dict[MessageId, int] = {}
        self._remote: dict[str, StoredMessage] = {}
        self._channel: Channel | None = None
        self._first = self._end = 0  # messages[first:end] have cards
        self._earlier = self._later = QLabel()
        self._pending: list[QWidget] = []
        self._fill = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._fill.timeout.connect(self._make_one)

    # Which messages

    def show_messages(
        self, messages: Sequence[StoredMessage], channel: Channel, context: StoredMessage | None, at: MessageId | None
    ) -> None:
        """Show these, oldest first, with the cards around ``at``."""
        self.forget()
        self._channel = channel
        if context is not None:
            self._put_card(ContextCard(context, channel))
        self._earlier, self._later = label("", "text-3", percent=92), label("", "text-3", percent=92)
        for line in (self._earlier, self._later):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.put(line, len(self.parts), loose=True)
        self._know(messages)
        self._make_around(at)

    def follow(self, fresh: Sequence[StoredMessage]) -> None:
        """The same conversation as it is now: cards of changed messages are replaced, new ones among them come in."""
        known = {s.id: s for s in self._messages}
        reached_end = self._end == len(self._messages)
        reached_start = self._first == 0
        self._know(fresh)
        for id_ in [i for i in self.cards if i not in self._position]:
            self._drop(id_)
        made = sorted(self._position[i] for i in self.cards)
        if not made:
            self._first = self._end = 0
            self._make_around(None)
            return
        self._first, self._end = made[0], made[-1] + 1
        for position in range(self._first, self._end):
            stored = fresh[position]
            if stored.id not in self.cards:
                self._make(position)
            elif known.get(stored.id) != stored:
                self._remake(stored)
        room = FIRST_CARDS  # more than a few come in one after the other, as when they are neared
        while reached_end and self._end < len(fresh) and room:
            room -= 1
            self._make_later()
        while reached_start and self._first and room:
            room -= 1
            self._make_earlier()
        self._count()

    def forget(self) -> None:
        """Show nothing."""
        self.cards, self._wrappers, self._pending = {}, {}, []
        self._messages, self._position, self._remote = (), {}, {}
        self._first = self._end = 0
        self.clear()
        self._forget_ready()
        self._fill.stop()

    def stop(self) -> None:
        """Make nothing any more."""
        self._fill.stop()

    def show_pending(self, cards: Iterable[PendingCard]) -> None:
        """What is on its way, below everything."""
        for old in self._pending:
            self.take(old)
        self._pending = []
        for card in cards:
            card.stepped.connect(self.stepped)
            self._pending.append(_aside(card, ours=True))
            self.put(self._pending[-1], len(self.parts), loose=self.missing_later)

    @property
    def missing_later(self) -> bool:
        """Whether newer messages than those shown have no card yet."""
        return self._end < len(self._messages)

    # Where to look

    def reach(self, message_id: MessageId) -> MessageCard:
        """The card of a message; with those around it, when it has none yet."""
        if message_id not in self.cards:
            self._make_around(message_id)
        return self.cards[message_id]

    def beside(self, message_id: MessageId | None, by: int) -> MessageCard | None:
        """The card of the message so many further on, or of the last one there is that way."""
        if not self._messages or not self.cards:
            return None
        here = self._position.get(message_id, self._end - 1) if message_id is not None else self._end - 1
        there = min(max(here + by, 0), len(self._messages) - 1)
        if there == self._first - 1:
            self._make_earlier()
        elif there == self._end:
            self._make_later()
        self._count()
        return self.reach(self._messages[there].id)

    def look_at(self, card: MessageCard, *, far: bool = True) -> None:
        """Bring the card into sight and keep it there, with cards over the whole height of the pane."""
        self.aim(self._wrappers[card.id], far=far)
        while self._edges() and self.isVisible():
            for edge in self._edges():
                for _ in range(4):
                    self._make_earlier() if edge < 0 else self._make_later()
            self._count()
            self.settle(focused=False)

    def keep(self, card: MessageCard) -> None:
        """Do not let this card move on the screen when others change."""
        self.hold(self._wrappers[card.id])

    def looked(self) -> None:
        """Make more when the reader comes within a screen of the end of those that are made."""
        if not self._fill.isActive() and self._edges(self.viewport().height()):
            self._fill.start()

    def _edges(self, ahead_px: int = 0) -> list[int]:
        """-1 and +1 where messages without a card are in sight, or no further than so many pixels from it."""
        if not self.cards:
            return []
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        first, last = self._wrapper_at(self._first), self._wrapper_at(self._end - 1)
        found = []
        if self._first and first.y() - top > -ahead_px and first.y() - top < height + ahead_px:
            found.append(-1)
        bottom = last.y() + last.height() - top - height
        if self.missing_later and bottom < ahead_px and bottom > -height - ahead_px:
            found.append(1)
        return found

    # Making cards

    def _know(self, messages: Sequence[StoredMessage]) -> None:
        self._messages = messages
        self._position = {s.id: n for n, s in enumerate(messages)}
        self._remote = {s.message.remote_id: s for s in messages}

    def _make_around(self, message_id: MessageId | None) -> None:
        """Cards for the messages around this one, or for the newest, and for no others."""
        for id_ in list(self.cards):
            self._drop(id_)
        self.scroll_to(0)
        count = len(self._messages)
        here = self._position.get(message_id, count - 1) if message_id is not None else count - 1
        end = min(here + 1 + FIRST_CARDS // 2, count)
        self._first = self._end = max(end - FIRST_CARDS, 0)
        while self._end < end:
            self._make_later()
        self._count()

    def _make_one(self) -> None:
        """In one turn a card is made, in the next it comes in: neither holds anything up for more than a frame."""
        for edge in self._edges(self.viewport().height())[:1]:
            stored = self._messages[self._first - 1 if edge < 0 else self._end]
            if self._ready is None or self._ready[0].stored is not stored:
                self._forget_ready()
                self._ready = self._wrapped(stored)
                self.prepare(self._ready[1])
                self._fill.start()
            else:
                self._make_earlier() if edge < 0 else self._make_later()
                self._count()
                self.settle(focused=False)

    def _forget_ready(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            ready[1].deleteLater()

    def _make_earlier(self) -> None:
        if self._first:
            self._first -= 1
            self._make(self._first)

    def _make_later(self) -> None:
        if self.missing_later:
            self._end += 1
            self._make(self._end - 1)

    def _make(self, position: int) -> None:
        stored, ready = self._messages[position], self._ready
        if ready is not None and ready[0].stored is stored:
            self._ready = None
        else:
            ready = self._wrapped(stored)
        self.put(ready[1], self._place_for(position))
        self.cards[stored.id], self._wrappers[stored.id] = ready

    def _remake(self, stored: StoredMessage) -> None:
        new = self._wrapped(stored)
        self.replace(self._wrappers[stored.id], new[1])
        self.cards[stored.id], self._wrappers[stored.id] = new

    def _wrapped(self, stored: StoredMessage) -> tuple[MessageCard, QWidget]:
        """A new card, at its side of the pane."""
        assert self._channel is not None
        m, position = stored.message, self._position[stored.id]
        parent = self._remote.get(m.parent_remote_id)
        previous = self._messages[position - 1] if position else None
        answers = parent.message.author.name if parent and previous and parent.id != previous.id else ""
        card = MessageCard(stored, self._channel, answers=answers, deep=bool(m.parent_remote_id))
        card.wanted.connect(self.wanted)
        card.picture_wanted.connect(self.picture_wanted)
        card.taken.connect(lambda: self.taken.emit(card))
        card.stepped.connect(self.stepped)
        return card, _aside(card, ours=m.ours, indent=0 if m.ours or not card.deep else 28)

    def _drop(self, id_: MessageId) -> None:
        del self.cards[id_]
        self.take(self._wrappers.pop(id_))

    def _wrapper_at(self, position: int) -> QWidget:
        return self._wrappers[self._messages[position].id]

    def _place_for(self, position: int) -> int:
        """Before the next message that has a card, or behind them all."""
        following = next(
            (self._wrappers[s.id] for s in self._messages[position + 1 : self._end] if s.id in self._wrappers),
            self._later,
        )
        return self.parts.index(following)

    def _put_card(self, card: Card) -> None:
        card.stepped.connect(self.stepped)
        self.put(card, len(self.parts), loose=True)

    def _count(self) -> None:
        """Say how many have no card yet on either side."""
        for line, count, kind in (
            (self._earlier, self._first, self.tr("earlier message")),
            (self._later, len(self._messages) - self._end, self.tr("later message")),
        ):
            line.setVisible(count > 0)
            if count:
                line.setText(plural(count, kind))


def _aside(card: Card, *, ours: bool, indent: int = 0) -> QWidget:
    """The card to the right when it is ours, else to the left; the wrapper lets it keep a readable measure."""
    wrapper = QWidget()
    line = QHBoxLayout(wrapper)
    line.setContentsMargins(indent, 0, 0, 0)
    line.addWidget(card, 4)
    line.insertStretch(0 if ours else 1, 1)
    return wrapper
