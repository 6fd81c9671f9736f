"""A conversation as a tree that stays readable: who answers whom, how far to the right, and what folds away. Pure.

Answers stand below what they answer, those to the same message in order of time. What does not concern us (a branch
with nothing of ours in it and nothing owed) folds into one line at the end of the answers it belongs to, as soon as a
conversation is long. The order depends on the messages alone, never on the order they arrived in; when one arrives
late whose answers are here already, they move below it together, and nothing else changes places.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from inbox.model import MessageId, MessageKind
from inbox.store.reading import StoredMessage
from ui.reading.emoji import without

MOST_DEPTH = 4
"""Deeper answers stand as far to the right as this, and say in words whom they answer."""
FOLD_FROM = 20
"""Shorter conversations are shown whole."""
LEAST_FOLDED = 2
"""A line in the place of one message would save no room."""
TOP = MessageId(0)
"""Stands for what the first messages hang on."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A message and its place. ``answers``: whom, where the message above does not show it; "" else. ``lost``: what
    it answers is not here."""

    stored: StoredMessage
    depth: int = 0
    answers: str = ""
    lost: bool = False
    owed: bool = False

    @property
    def key(self) -> int:
        """Unique in its conversation."""
        return int(self.stored.id)


@dataclass(frozen=True, slots=True)
class Fold:
    """Answers to ``below`` (TOP: to nothing that is here) that are folded away, with all that hangs on them; or, when
    ``opened``, the line that folds them away again."""

    below: MessageId
    count: int
    people: int
    depth: int = 0
    opened: bool = False

    @property
    def key(self) -> int:
        """Unique in its conversation, and the same when it is opened."""
        return -int(self.below) - 1


Line = Branch | Fold


def arranged(
    messages: Sequence[StoredMessage],
    *,
    owed: Collection[MessageId] = (),
    keep: Collection[MessageId] = (),
    opened: Collection[MessageId] = (),
) -> list[Line]:
    """The lines of a conversation from the top down. What is ours, ``owed`` or in ``keep`` is never folded away, nor
    what leads to it; ``opened``: messages whose folded answers somebody wants to see."""
    tree = _Tree(messages)
    shown = _shown(tree, owed, keep) if len(messages) >= FOLD_FROM else {s.id for s in messages}
    lines: list[Line] = []
    before: StoredMessage | None = None
    for line in _lines(tree, shown, set(opened)):
        if isinstance(line, Branch):
            parent = tree.parent(line.stored)
            plain = parent is None or (parent is before and tree.depth[line.stored.id] <= MOST_DEPTH)
            before = line.stored
            lines.append(
                Branch(
                    line.stored,
                    line.depth,
                    answers="" if parent is None or plain else _name(parent),
                    lost=tree.is_lost(line.stored),
                    owed=line.stored.id in owed,
                )
            )
        else:
            before = None
            lines.append(line)
    return lines


def _lines(tree: _Tree, shown: set[MessageId], opened: set[MessageId]) -> Iterator[Line]:
    waiting: list[Line | MessageId] = [TOP]  # what is still to be said, the next at the end; an id: its answers
    whole: set[MessageId] = {TOP} if len(shown) == len(tree.depth) else set()
    while waiting:
        line = waiting.pop()
        if isinstance(line, Branch | Fold):
            yield line
            continue
        below, answers = line, tree.below.get(line, [])
        aside = [] if below in whole else [s for s in answers if s.id not in shown]
        folded = [s for one in aside for s in tree.all_from(one)]
        fold: list[Fold] = []
        if len(folded) >= LEAST_FOLDED:
            people = len({(s.message.author.remote_id or s.message.author.name) for s in folded})
            depth = min(tree.depth[aside[0].id], MOST_DEPTH)
            fold = [Fold(below, len(folded), people, depth, opened=below in opened)]
            if below not in opened:
                answers = [s for s in answers if s.id in shown]
        whole.update(s.id for s in answers if below in whole or s.id not in shown)
        waiting += fold
        for stored in reversed(answers):
            waiting += [stored.id, Branch(stored, min(tree.depth[stored.id], MOST_DEPTH))]


def _shown(tree: _Tree, owed: Collection[MessageId], keep: Collection[MessageId]) -> set[MessageId]:
    """What concerns us, with all that it answers."""
    wanted = {*owed, *keep}
    shown: set[MessageId] = set()
    for stored in tree.messages:
        if stored.message.ours or stored.id in wanted:
            at: StoredMessage | None = stored
            while at is not None and at.id not in shown:
                shown.add(at.id)
                at = tree.parent(at)
    return shown


class _Tree:
    """Who hangs on whom. Answers to the same missing message stand together."""

    def __init__(self, messages: Iterable[StoredMessage]) -> None:
        self.messages = sorted(messages, key=_when)
        self._here = {s.message.remote_id: s for s in self.messages}
        self.below: dict[MessageId, list[StoredMessage]] = {}
        missing: dict[str, list[StoredMessage]] = {}
        for stored in self.messages:
            parent = self._named(stored)
            if parent is not None:
                self.below.setdefault(parent.id, []).append(stored)
            else:
                missing.setdefault(self._lost(stored) or f"\0{stored.id}", []).append(stored)
        self._top = {s.id for group in missing.values() for s in group}
        tops = [s for group in missing.values() for s in group]  # groups by their first: dicts keep their order
        self.depth: dict[MessageId, int] = {}
        for one in tops:
            self._measure(one)
        for stored in self.messages:  # messages that answer each other in a circle hang on nothing: cut at the oldest
            if stored.id not in self.depth:
                parent = self._named(stored)
                assert parent is not None
                self.below[parent.id] = [s for s in self.below[parent.id] if s is not stored]
                self._top.add(stored.id)
                tops.append(stored)
                self._measure(stored)
        self.below[TOP] = tops

    def _measure(self, top: StoredMessage) -> None:
        waiting = [(top.id, 0)]
        while waiting:
            id_, depth = waiting.pop()
            if id_ not in self.depth:
                self.depth[id_] = depth
                waiting += [(s.id, depth + 1) for s in self.below.get(id_, ())]

    def parent(self, stored: StoredMessage) -> StoredMessage | None:
        """What it hangs on."""
        return None if stored.id in self._top else self._named(stored)

    def is_lost(self, stored: StoredMessage) -> bool:
        """Whether it answers something that is not here, and not the post or the talk that everything stands under."""
        return bool(self._lost(stored)) and self._named(stored) is None

    def all_from(self, top: StoredMessage) -> list[StoredMessage]:
        """It and all that hangs on it."""
        found, waiting = [], [top]
        while waiting:
            one = waiting.pop()
            found.append(one)
            waiting += self.below.get(one.id, ())
        return found

    def _named(self, stored: StoredMessage) -> StoredMessage | None:
        named = self._here.get(stored.message.parent_remote_id) if stored.message.parent_remote_id else None
        return named if named is not stored else None

    def _lost(self, stored: StoredMessage) -> str:
        m = stored.message
        talk = m.root_remote_id if m.kind is MessageKind.DIRECT else ""
        own = ("", m.remote_id, m.context_remote_id, talk)
        return m.parent_remote_id if m.parent_remote_id not in own else ""


def _when(stored: StoredMessage) -> tuple[object, str]:
    return stored.message.created_at, stored.message.remote_id


def _name(stored: StoredMessage) -> str:
    m = stored.message
    name = without(m.author.name, (e.code for e in m.emojis)) if m.emojis else m.author.name
    return "us" if m.ours else name or m.author.handle
