"""Cards to show messages with: those put aside are filled anew, and only when there is none is one made.

Making a card takes 5 to 10 ms (some twenty widgets, each dressed by the style sheet), filling one less than 2. Cards
keep their frame (ours, others', private): changing it would dress all that is in them again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from PySide6.QtWidgets import QHBoxLayout, QWidget

from inbox.model import (
    AccountId,
    Author,
    Capability,
    Channel,
    ChannelId,
    ConversationId,
    Message,
    MessageId,
    MessageKind,
    Visibility,
)  # fmt: skip
from inbox.store.reading import StoredMessage
from ui.reading.cards import MessageCard, frame_of
from ui.reading.parts import Card, FoldLine
from ui.reading.tree import Branch

INDENT_PX = 22
MOST_KEPT = 12
"""Cards of one frame that are kept for later: more than fit on a screen."""
WARM = {"card": 6, "ours": 3, "held": 1}
"""How many of each frame are made before the first conversation is opened."""


class Aside(QWidget):
    """A part at its side of the pane: ours to the right, else to the left, so that it keeps a readable measure."""

    def __init__(self, part: Card | FoldLine, *, ours: bool, indent: int = 0) -> None:
        super().__init__()
        self.part = part
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self._line = QHBoxLayout()  # indented within its four fifths: the right edges stay in line
        self._line.setContentsMargins(indent, 0, 0, 0)
        self._line.addWidget(part)
        whole.addLayout(self._line, 4)
        whole.insertStretch(0 if ours else 1, 1)

    def indent(self, px: int) -> None:
        """Stand so far from the edge."""
        if self._line.contentsMargins().left() != px:
            self._line.setContentsMargins(px, 0, 0, 0)


class Supply:
    """``made(card)`` is called once for each card that is made, to listen to it."""

    def __init__(self, emojis: Mapping[str, str], made: Callable[[MessageCard], None]) -> None:
        self._emojis, self._made = emojis, made
        self._free: dict[str, list[Aside]] = {}

    def card(self, line: Branch, channel: Channel, *, offered: bool = False) -> tuple[MessageCard, Aside]:
        """A card that shows this line, at its place; with what can be done, if that is ``offered``."""
        m = line.stored.message
        aside = self._spare(frame_of(m))
        if aside is None:
            card = MessageCard(
                line.stored, channel, answers=line.answers, lost=line.lost, owed=line.owed, emojis=self._emojis
            )
            self._made(card)
            aside = Aside(card, ours=m.ours)
        else:
            card = aside.part  # type: ignore[assignment]
            card.fill(line.stored, channel, answers=line.answers, lost=line.lost, owed=line.owed, offered=offered)
        aside.indent(0 if m.ours else INDENT_PX * line.depth)
        return card, aside

    def _spare(self, frame: str) -> Aside | None:
        """One that stands in sight already, from the top down: to hide one and show another costs more than to fill."""
        free = self._free.get(frame)
        if not free:
            return None
        return free.pop(next((n for n, aside in enumerate(free) if not aside.isHidden()), 0))

    def take_back(self, part: QWidget) -> bool:
        """Keep a card for later; whether it is kept, else the caller lets Qt delete it."""
        if not isinstance(part, Aside) or not isinstance(part.part, MessageCard):
            return False
        free = self._free.setdefault(part.part.frame, [])
        if len(free) >= MOST_KEPT:
            return False
        free.append(part)
        return True

    def hide(self) -> None:
        """Let nothing of what is put aside be seen."""
        for free in self._free.values():
            for aside in free:
                if not aside.isHidden():
                    aside.hide()

    def warm(self, prepare: Callable[[QWidget], None]) -> bool:
        """Make one of the cards that will be wanted first; whether there was one to be made."""
        for frame, count in WARM.items():
            if len(self._free.get(frame, ())) < count:
                stored = _sample(frame)
                card = MessageCard(stored, _CHANNEL, emojis=self._emojis)
                self._made(card)
                aside = Aside(card, ours=frame == "ours")
                card.offer(True)
                prepare(aside)
                aside.grab()  # once painted, its letters and frames are known to Qt
                self._free.setdefault(frame, []).append(aside)
                return True
        return False


_CHANNEL = Channel(
    id=ChannelId(""), account_id=AccountId(""), network="", remote_id="", title="", speaks_as="",
    capabilities=Capability.REPLY,
)  # fmt: skip


def _sample(frame: str) -> StoredMessage:
    """A message for a card of this frame that nobody sees."""
    now = datetime.now(UTC)
    visibility = Visibility.DIRECT if frame == "held" else Visibility.PUBLIC
    message = Message(
        remote_id="", kind=MessageKind.COMMENT, author=Author(name="A"), created_at=now, text="Words.",
        ours=frame == "ours", visibility=visibility,
    )  # fmt: skip
    return StoredMessage(
        id=MessageId(0), channel_id=ChannelId(""), conversation_id=ConversationId(0), message=message, seen_at=now,
        versions=0,
    )  # fmt: skip
