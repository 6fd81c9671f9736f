"""The messages of a conversation as cards, below one another as ``tree`` arranges them. Only those near the eyes are
made, the others when neared.

Below the post they stand under there may be earlier lines without a card, then those with one, then later ones
without. A line says how many are missing on either side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from inbox.model import Channel, MessageId
from inbox.store.reading import StoredMessage
from ui.format import plural
from ui.reading.cards import MessageCard
from ui.reading.column import Column
from ui.reading.context import ContextCard
from ui.reading.parts import Card, FoldLine, label
from ui.reading.pending import PendingCard
from ui.reading.tree import Branch, Fold, Line, arranged

FIRST_CARDS = 6
"""Cards made at once: a conversation of hundreds opens at the message that is meant without holding anything up."""
PAUSE_MS = 8
"""Between one card and the next when the reader nears the end of those that are made."""
INDENT_PX = 22
FAR_APART = 60
"""When what changed lies further than so many lines from what is shown, cards are made anew where the reader is."""

Made = MessageCard | FoldLine


class Messages(Column):
    """Cards for messages, the post above them, and below what is on its way."""

    wanted = Signal(str, int)
    picture_wanted = Signal(object, str)
    made = Signal(object)
    taken = Signal(object)
    stepped = Signal(int)
    rearranged = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[MessageId, MessageCard] = {}
        self.emojis: dict[str, str] = {}  # address -> the picture itself, as far as they have come
        self.here: int | None = None  # the key of the line that has, or last had, the keyboard
        self._wrappers: dict[int, QWidget] = {}
        self._folds: dict[int, FoldLine] = {}
        self._ready: tuple[Line, Made, QWidget] | None = None  # the next to come in, not shown yet
        self._messages: Sequence[StoredMessage] = ()
        self._lines: list[Line] = []
        self._position: dict[int, int] = {}
        self._owed: Collection[MessageId] = ()
        self._keep: set[MessageId] = set()
        self._opened: set[MessageId] = set()
        self._channel: Channel | None = None
        self._first = self._end = 0  # lines[first:end] have cards
        self._earlier = self._later = QLabel()
        self._pending: list[QWidget] = []
        self._fill = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._fill.timeout.connect(self._make_one)

    # Which messages

    def show_messages(
        self,
        messages: Sequence[StoredMessage],
        channel: Channel,
        context: StoredMessage | None,
        at: MessageId | None,
        owed: Collection[MessageId] = (),
    ) -> None:
        """Show these, oldest first, with the cards around ``at``."""
        self.forget()
        self._channel, self._owed = channel, owed
        if context is not None:
            card = ContextCard(context, channel)
            card.stepped.connect(self.stepped)
            self.put(card, len(self.parts), loose=True)
        self._earlier, self._later = label("", "text-3", percent=92), label("", "text-3", percent=92)
        for line in (self._earlier, self._later):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            self.put(line, len(self.parts), loose=True)
        self._messages = messages
        self._keep = {at} if at is not None else set()
        self._arrange()
        self._make_around(at)

    def follow(self, fresh: Sequence[StoredMessage], owed: Collection[MessageId] = ()) -> None:
        """The same conversation as it is now: cards of changed messages are replaced, new ones among them come in."""
        self._messages, self._owed = fresh, owed
        self._follow()

    def _follow(self) -> None:
        known = {line.key: line for line in self._lines}
        reached_end = self._end == len(self._lines)
        reached_start = self._first == 0
        self._arrange()
        for key in [k for k in self._wrappers if k not in self._position]:
            self._drop(key)
        made = sorted((self._position[k], k) for k in self._wrappers)
        if not made:
            self._first = self._end = 0
            self._make_around(None)
            return
        if made[-1][0] - made[0][0] - len(made) > FAR_APART:
            self._make_around(self._nearest())
            return
        self._first, self._end = made[0][0], made[-1][0] + 1
        self._reorder([k for _, k in made])
        for position in range(self._first, self._end):
            line = self._lines[position]
            if line.key not in self._wrappers:
                self._make(position)
            elif known.get(line.key) != line:
                self._remake(line)
        room = FIRST_CARDS  # more than a few come in one after the other, as when they are neared
        while reached_end and self._end < len(self._lines) and room:
            room -= 1
            self._make_later()
        while reached_start and self._first and room:
            room -= 1
            self._make_earlier()
        self._count()

    def _arrange(self) -> None:
        self._lines = arranged(self._messages, owed=self._owed, keep=self._keep, opened=self._opened)
        self._position = {line.key: n for n, line in enumerate(self._lines)}

    def _reorder(self, keys: Sequence[int]) -> None:
        """Let the cards that are made stand in the order of their lines."""
        places = sorted(self.parts.index(self._wrappers[k]) for k in keys)
        for place, key in zip(places, keys, strict=True):
            if self.parts[place] is not self._wrappers[key]:
                self.shift(self._wrappers[key], place)

    def _nearest(self) -> MessageId | None:
        """The message that is held, or the first in sight."""
        if self.here is not None and self.here in self._position and self.here > 0:
            return MessageId(self.here)
        return next((i for i, c in self.cards.items() if self.in_view(c)), None)

    def open_fold(self, below: MessageId) -> None:
        """Show what is folded away below this message, from its first; or fold it away again."""
        known = {line.key for line in self._lines}
        self._opened ^= {below}
        self._arrange()
        fresh = (line.key for line in self._lines if isinstance(line, Branch) and line.key not in known)
        first = next(fresh, Fold(below, 0, 0).key)
        self._make_around(first)
        part = self._made(first)
        self.here = first
        self.look_at(first)
        self.rearranged.emit()
        part.setFocus(Qt.FocusReason.OtherFocusReason)

    def forget(self) -> None:
        """Show nothing."""
        self.cards, self._wrappers, self._pending, self._folds = {}, {}, [], {}
        self._messages, self._lines, self._position = (), [], {}
        self._owed, self._keep, self._opened, self.here = (), set(), set(), None
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
            self._pending.append(aside(card, ours=True))
            self.put(self._pending[-1], len(self.parts), loose=self.missing_later)

    @property
    def missing_later(self) -> bool:
        """Whether later lines than those shown have no card yet."""
        return self._end < len(self._lines)

    @property
    def missing_earlier(self) -> bool:
        """Whether earlier lines than those shown have no card yet."""
        return self._first > 0

    @property
    def unmade(self) -> int:
        """How many lines have no card yet."""
        return len(self._lines) - (self._end - self._first)

    # Where to look

    def reach(self, message_id: MessageId) -> MessageCard:
        """The card of a message; with those around it, when it has none yet, and unfolded, when it is folded away."""
        if message_id not in self._position:
            self._keep.add(message_id)
            self._follow()
        if message_id not in self.cards:
            self._make_around(message_id)
        return self.cards[message_id]

    def beside(self, by: int) -> Made | None:
        """What stands so many lines further on than where the keyboard is, or the last there is that way."""
        if not self._lines or not self._wrappers:
            return None
        here = self._position.get(self.here, self._end - 1) if self.here is not None else self._end - 1
        there = min(max(here + by, 0), len(self._lines) - 1)
        if there == self._first - 1:
            self._make_earlier()
        elif there == self._end:
            self._make_later()
        self._count()
        key = self._lines[there].key
        if key not in self._wrappers:
            self._make_around(key)
        self.here = key
        return self._made(key)

    def look_at(self, key: int, *, far: bool = True) -> None:
        """Bring a line into sight and keep it there, with cards over the whole height of the pane."""
        self.aim(self._wrappers[key], far=far)
        while self._edges() and self.isVisible():
            for edge in self._edges():
                for _ in range(4):
                    self._make_earlier() if edge < 0 else self._make_later()
            self._count()
            self.settle(focused=False)

    def keep(self, card: MessageCard) -> None:
        """Do not let this card move on the screen when others change."""
        if card.id in self._wrappers:
            self.here = int(card.id)
            self.hold(self._wrappers[card.id])

    def looked(self) -> None:
        """Make more when the reader comes within a screen of the end of those that are made."""
        if not self._fill.isActive() and self._edges(self.viewport().height()):
            self._fill.start()

    def _edges(self, ahead_px: int = 0) -> list[int]:
        """-1 and +1 where lines without a card are in sight, or no further than so many pixels from it."""
        if not self._wrappers:
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

    def _make_around(self, key: int | None) -> None:
        """Cards for the lines around this one, or for the last, and for no others."""
        old, self._wrappers, self.cards, self._folds = list(self._wrappers.values()), {}, {}, {}
        for wrapper in old:
            self.take(wrapper)
        self.scroll_to(0)
        count = len(self._lines)
        here = self._position.get(key, count - 1) if key is not None else count - 1
        end = min(here + 1 + FIRST_CARDS // 2, count)
        self._first = self._end = max(end - FIRST_CARDS, 0)
        while self._end < end:
            self._make_later()
        self._count()

    def _make_one(self) -> None:
        """In one turn a card is made, in the next it comes in: neither holds anything up for more than a frame."""
        for edge in self._edges(self.viewport().height())[:1]:
            line = self._lines[self._first - 1 if edge < 0 else self._end]
            if self._ready is None or self._ready[0] is not line:
                self._forget_ready()
                self._ready = (line, *self._wrapped(line))
                self.prepare(self._ready[2])
                self._fill.start()
            else:
                self._make_earlier() if edge < 0 else self._make_later()
                self._count()
                self.settle(focused=False)

    def _forget_ready(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            ready[2].deleteLater()

    def _make_earlier(self) -> None:
        if self._first:
            self._first -= 1
            self._make(self._first)

    def _make_later(self) -> None:
        if self.missing_later:
            self._end += 1
            self._make(self._end - 1)

    def _make(self, position: int) -> None:
        line, ready = self._lines[position], self._ready
        if ready is not None and ready[0] is line:
            self._ready = None
            part, wrapper = ready[1], ready[2]
        else:
            part, wrapper = self._wrapped(line)
        self.put(wrapper, self._place_for(position))
        self._note_made(line.key, part, wrapper)

    def _remake(self, line: Line) -> None:
        part, wrapper = self._wrapped(line)
        had_focus = self._made(line.key).hasFocus()
        self.replace(self._wrappers[line.key], wrapper)
        self._note_made(line.key, part, wrapper)
        if had_focus:
            part.setFocus(Qt.FocusReason.OtherFocusReason)

    def _note_made(self, key: int, part: Made, wrapper: QWidget) -> None:
        self._wrappers[key] = wrapper
        if isinstance(part, MessageCard):
            self.cards[part.id] = part
            self.made.emit(part)
        else:
            self._folds[key] = part

    def _made(self, key: int) -> Made:
        return self._folds[key] if key < 0 else self.cards[MessageId(key)]

    def _wrapped(self, line: Line) -> tuple[Made, QWidget]:
        """A new card, at its side of the pane; or the line for what is folded away."""
        assert self._channel is not None
        if isinstance(line, Fold):
            fold = FoldLine(fold_words(line))
            fold.clicked.connect(lambda: self.open_fold(line.below))
            fold.stepped.connect(self.stepped)
            fold.taken.connect(lambda: self._fold_taken(line.key))
            return fold, aside(fold, ours=False, indent=INDENT_PX * line.depth)
        card = MessageCard(
            line.stored, self._channel, answers=line.answers, lost=line.lost, owed=line.owed, emojis=self.emojis
        )
        card.wanted.connect(self.wanted)
        card.picture_wanted.connect(lambda url: self.picture_wanted.emit(card, url))
        card.unfolded.connect(lambda: self._unfolded(card))
        card.taken.connect(lambda: self.taken.emit(card))
        card.stepped.connect(self.stepped)
        ours = line.stored.message.ours
        return card, aside(card, ours=ours, indent=0 if ours else INDENT_PX * line.depth)

    def _unfolded(self, card: MessageCard) -> None:
        if card.id in self._wrappers:
            self.remeasure(self._wrappers[card.id])
        self.made.emit(card)

    def _fold_taken(self, key: int) -> None:
        self.here = key

    def _drop(self, key: int) -> None:
        self.cards.pop(MessageId(key), None)
        self._folds.pop(key, None)
        self.take(self._wrappers.pop(key))

    def _wrapper_at(self, position: int) -> QWidget:
        return self._wrappers[self._lines[position].key]

    def _place_for(self, position: int) -> int:
        """Before the next line that has a card, or behind them all."""
        following = next(
            (self._wrappers[n.key] for n in self._lines[position + 1 : self._end] if n.key in self._wrappers),
            self._later,
        )
        return self.parts.index(following)

    def _count(self) -> None:
        """Say how many have no card yet on either side."""
        for line, count, kind in (
            (self._earlier, self._first, self.tr("earlier message")),
            (self._later, len(self._lines) - self._end, self.tr("later message")),
        ):
            line.setVisible(count > 0)
            if count:
                line.setText(plural(count, kind))


def fold_words(fold: Fold) -> str:
    """What the line says."""
    if fold.opened:
        return f"▾ Fold {plural(fold.count, 'reply', 'replies')} away again"
    replies = plural(fold.count, "more reply", "more replies") if fold.below else plural(fold.count, "more message")
    return f"▸ {replies} by {plural(fold.people, 'person', 'people')}"


def aside(part: Card | FoldLine, *, ours: bool, indent: int = 0) -> QWidget:
    """The part to the right when it is ours, else to the left; the wrapper lets a card keep a readable measure."""
    wrapper = QWidget()
    line = QHBoxLayout(wrapper)
    line.setContentsMargins(indent, 0, 0, 0)
    line.addWidget(part, 4)
    line.insertStretch(0 if ours else 1, 1)
    return wrapper
