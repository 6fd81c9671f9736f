"""The messages of a conversation as cards, below one another as ``tree`` arranges them; above them the post they stand
under, below them what is on its way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from inbox.model import Channel, MessageId
from inbox.store.reading import StoredMessage
from ui.reading.cards import MessageCard
from ui.reading.context import ContextCard
from ui.reading.pending import PendingCard
from ui.reading.stretch import FIRST_CARDS, Made, Stretch
from ui.reading.supply import Aside
from ui.reading.tree import Branch, Fold, arranged

FAR_APART = 60
"""When what changed lies further than so many lines from what is shown, cards are made anew where the reader is."""


class Messages(Stretch):
    """Cards for messages, the post above them, and below what is on its way."""

    rearranged = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._messages: Sequence[StoredMessage] = ()
        self._owed: Collection[MessageId] = ()
        self._keep: set[MessageId] = set()
        self._opened: set[MessageId] = set()
        self._context = ContextCard()
        self._context.stepped.connect(self.stepped)
        self._context.setParent(self.inner)
        self._context.hide()
        self._pending: list[QWidget] = []
        self.fold_wanted.connect(self.open_fold)

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
        self._begin(hide=False)
        try:
            self._channel, self._owed = channel, owed
            if context is not None:
                self._context.fill(context, channel)
                self.put(self._context, 0, loose=True)
            for line in (self._earlier, self._later):
                self.put(line, len(self.parts), loose=True)
            self._messages = messages
            self._keep = {at} if at is not None else set()
            self._arrange()
            self._offered = at
            self._make_around(at)
        finally:
            self._offered = None
            self._supply.hide()
            if context is None:
                self._context.hide()

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
        self._begin(hide=True)

    def _begin(self, *, hide: bool) -> None:
        """Be without messages; what showed them is put aside, and with ``hide`` out of sight."""
        self.cards, self._wrappers, self._pending, self._folds = {}, {}, [], {}
        self._messages, self._lines, self._position = (), [], {}
        self._owed, self._keep, self._opened, self.here = (), set(), set(), None
        self._first = self._end = 0
        self.clear(hide=hide)
        self._forget_ready()
        self._fill.stop()

    def let_go(self, part: QWidget) -> None:
        """Cards are kept for other messages."""
        if part not in (self._context, self._earlier, self._later) and not self._supply.take_back(part):
            part.hide()
            part.deleteLater()

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
            self._pending.append(Aside(card, ours=True))
            self.put(self._pending[-1], len(self.parts), loose=self.missing_later)

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

    def keep(self, card: MessageCard) -> None:
        """Do not let this card move on the screen when others change."""
        if card.id in self._wrappers:
            self.here = int(card.id)
            self.hold(self._wrappers[card.id])
