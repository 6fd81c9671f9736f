"""Lines of a conversation, of which a stretch has cards: those near the eyes, and the others when they are neared.

Below the post they stand under there may be earlier lines without a card, then those with one, then later ones
without. A line says how many are missing on either side.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from inbox.model import Channel, MessageId
from ui.format import plural
from ui.reading.cards import MessageCard
from ui.reading.column import Column
from ui.reading.parts import FoldLine, label
from ui.reading.supply import INDENT_PX, Aside, Supply
from ui.reading.tree import Fold, Line

FIRST_CARDS = 6
"""Cards made at once: a conversation of hundreds opens at the message that is meant without holding anything up."""
PAUSE_MS = 8
"""Between one card and the next when the reader nears the end of those that are made."""

Made = MessageCard | FoldLine


class Stretch(Column):
    """``made(card)``, ``taken(card)`` by the keyboard, ``wanted(command, id)``, ``picture_wanted(card, url)``,
    ``fold_wanted(below)``."""

    wanted = Signal(str, int)
    picture_wanted = Signal(object, str)
    made = Signal(object)
    taken = Signal(object)
    stepped = Signal(int)
    fold_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.cards: dict[MessageId, MessageCard] = {}
        self.emojis: dict[str, str] = {}  # address -> the picture itself, as far as they have come
        self.here: int | None = None  # the key of the line that has, or last had, the keyboard
        self._supply = Supply(self.emojis, self._listen)
        self._wrappers: dict[int, QWidget] = {}
        self._folds: dict[int, FoldLine] = {}
        self._ready: tuple[Line, Made, QWidget] | None = None  # the next to come in, not shown yet
        self._lines: list[Line] = []
        self._position: dict[int, int] = {}
        self._offered: MessageId | None = None  # the message in focus-to-be: its buttons come with its card
        self._channel: Channel | None = None
        self._first = self._end = 0  # lines[first:end] have cards
        self._earlier, self._later = label("", "text-3", percent=92), label("", "text-3", percent=92)
        for line in (self._earlier, self._later):
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            line.setParent(self.inner)
            line.hide()
        self._fill = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._fill.timeout.connect(self._make_one)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._focus_moved)

    def warm(self) -> bool:
        """Make one of the first cards beforehand; whether there was one to be made."""
        return self._supply.warm(self.prepare)

    # Which lines have cards

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

    def look_at(self, key: int, *, far: bool = True) -> None:
        """Bring a line into sight and keep it there, with cards over the whole height of the pane."""
        self.aim(self._wrappers[key], far=far)
        while self._edges() and self.isVisible():
            for edge in self._edges():
                for _ in range(4):
                    self._make_earlier() if edge < 0 else self._make_later()
            self._count()
            self.settle(focused=False)

    def looked(self) -> None:
        """Make more when the reader comes within a screen of the end of those that are made."""
        if not self._fill.isActive() and self._edges(self.viewport().height()):
            self._fill.start()

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
            self.let_go(ready[2])

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
            fold.clicked.connect(lambda: self.fold_wanted.emit(line.below))
            fold.stepped.connect(self.stepped)
            fold.taken.connect(lambda: self._fold_taken(line.key))
            return fold, Aside(fold, ours=False, indent=INDENT_PX * line.depth)
        return self._supply.card(line, self._channel, offered=line.stored.id == self._offered)

    def _listen(self, card: MessageCard) -> None:
        """Pass on what a new card says, whatever message it comes to show."""
        card.wanted.connect(self.wanted)
        card.picture_wanted.connect(lambda url: self.picture_wanted.emit(card, url))
        card.unfolded.connect(lambda: self._unfolded(card))
        card.taken.connect(lambda: self.taken.emit(card))
        card.stepped.connect(self.stepped)

    def _unfolded(self, card: MessageCard) -> None:
        if self.cards.get(card.id) is card:
            self.remeasure(self._wrappers[card.id])
            self.made.emit(card)

    def _focus_moved(self, _: QWidget | None, now: QWidget | None) -> None:
        """The keyboard in anything of a card is the keyboard in that card."""
        part = now
        while part is not None and part is not self.inner and not isinstance(part, MessageCard):
            part = part.parentWidget()
        if isinstance(part, MessageCard) and part is not now and self.cards.get(part.id) is part:
            self.taken.emit(part)

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

    def _reorder(self, keys: Sequence[int]) -> None:
        """Let the cards that are made stand in the order of their lines."""
        places = sorted(self.parts.index(self._wrappers[k]) for k in keys)
        for place, key in zip(places, keys, strict=True):
            if self.parts[place] is not self._wrappers[key]:
                self.shift(self._wrappers[key], place)


def fold_words(fold: Fold) -> str:
    """What the line says."""
    if fold.opened:
        return f"▾ Fold {plural(fold.count, 'reply', 'replies')} away again"
    replies = plural(fold.count, "more reply", "more replies") if fold.below else plural(fold.count, "more message")
    return f"▸ {replies} by {plural(fold.people, 'person', 'people')}"
