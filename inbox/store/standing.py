"""What a conversation's row says, worked out from its messages. Pure.

A message is *owed* an answer when somebody else wrote it, it asks for one by its kind, it is not set aside, it came
after the officer last settled the conversation, and no later message of ours stands below it. So of two questions
under one comment, answering one leaves the other owed. In a talk without threads, whose messages all hang on the talk
itself, whatever we say answers all that was said there before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from inbox.model import ConversationStatus, MessageKind, MessageState

_ASKING = {MessageKind.COMMENT, MessageKind.MENTION, MessageKind.QUOTE, MessageKind.DIRECT, MessageKind.REVIEW}
_TO_US = {MessageKind.MENTION, MessageKind.QUOTE, MessageKind.DIRECT}
_LIVE = {MessageState.PUBLISHED, MessageState.HELD, MessageState.PRIVATE, MessageState.SCHEDULED, MessageState.DRAFT}
# Compared as plain words: a batch asks thousands of times, and an attribute of an enum is found slowly.
_HELD, _POST, _DIRECT = MessageState.HELD.value, MessageKind.POST.value, MessageKind.DIRECT.value
_OPEN, _WAITING = ConversationStatus.OPEN.value, ConversationStatus.WAITING.value
_DONE = ConversationStatus.DONE.value
_NOTICED = {"owed", "quiet", "waiting"}


class Line(NamedTuple):
    """The little of a message that decides; ``text`` is cut short already."""

    remote_id: str
    parent_remote_id: str
    kind: str
    state: str
    ours: int
    public: int
    created_at: int
    seen_at: int
    author: str
    handle: str
    text: str
    title: str


class Standing(NamedTuple):
    """The columns of ``conversations`` that follow from its messages."""

    kind: str
    status: str
    place: str
    held: int
    public: int
    messages: int
    owed: int
    last_at: int
    author: str
    handle: str
    snippet: str
    subject: str


class Head(NamedTuple):
    """What a conversation's row said so far (``messages`` 0: it is being born), and what its channel calls the past."""

    status: str
    settled_at: int
    root_remote_id: str
    messages: int
    history_before: int
    backfilled: int


def restated(lines: Sequence[Line], head: Head, *, news: bool, at: int) -> tuple[Standing, int, bool]:
    """How the conversation stands now, when it was settled, and whether that is unread.

    ``news``: something from others came in ``at``.
    """
    status, settled_at, root, before, history_before, backfilled = head
    if news and settled_at >= at:
        settled_at = at - 1  # the machine's clock was put back: what came after settling is news all the same
    now = standing(lines, status, settled_at, root)
    being_born = not before or (not backfilled and status == ConversationStatus.DONE)
    # A date is what its writer says: what names us after the past was read is news, however old it claims to be.
    names_us = backfilled and any(line.kind in _TO_US and not line.ours for line in lines)
    if being_born and not now.held and now.last_at < history_before and not names_us:
        # History that was there before Postroom came is nobody's debt: it is born settled, page by page.
        settled_at = max(line.seen_at for line in lines)
        now = standing(lines, ConversationStatus.DONE, settled_at, root)
    if not news or now.place not in _NOTICED:
        return now, settled_at, False
    # What we have answered already was read, wherever that happened; what is owed was not answered.
    answered = now.place != "owed" and max(lines, key=_when).ours
    return now, settled_at, not answered


def standing(lines: Sequence[Line], status: str, settled_at: int, root_remote_id: str) -> Standing:
    """How the conversation stands. ``lines`` are all its messages in any order, at least one."""
    ordered = sorted(lines, key=_when) if len(lines) > 1 else lines
    live = [line for line in ordered if line.state in _LIVE]
    owed = _owed(live, settled_at)
    held = [line for line in live if line.state == _HELD]
    root = ordered[0]
    if len(ordered) > 1:
        root = next((line for line in ordered if line.remote_id == root_remote_id), root)
    others = [line for line in live if not line.ours]
    shown = owed[-1] if owed else others[-1] if others else live[-1] if live else ordered[-1]
    if owed and status != _OPEN and any(line.seen_at > settled_at for line in owed):
        status = _OPEN
    if root.ours and root.kind == _POST and len(ordered) == 1:
        place = "published" if live else "aside"
    elif not live:
        place = "aside"
    elif status == _WAITING:
        place = "waiting"
    elif status == _DONE:
        place = "done"
    else:
        place = "owed" if owed else "quiet"
    return Standing(
        kind=root.kind,
        status=status,
        place=place,
        held=len(held),
        public=int(all(line.public for line in ordered)),
        messages=len(ordered),
        owed=len(owed),
        last_at=(live or ordered)[-1].created_at,
        author=shown.author,
        handle=shown.handle,
        snippet=" ".join((shown.text or shown.title).split())[:200],
        subject=root.title,
    )


def still_owed(lines: Sequence[Line], settled_at: int) -> list[Line]:
    """Those that are owed an answer, in any order."""
    return _owed([line for line in lines if line.state in _LIVE], settled_at)


def _when(line: Line) -> tuple[int, str]:
    return line.created_at, line.remote_id


def _owed(live: Sequence[Line], settled_at: int) -> list[Line]:
    asking = [line for line in live if not line.ours and line.kind in _ASKING and line.seen_at > settled_at]
    if not asking or len(live) == 1:
        return asking
    parents = {line.remote_id: line.parent_remote_id for line in live}
    answered: set[str] = set()
    spoke: dict[str, int] = {}  # by talk: when we last said something there
    for line in live:
        if line.ours:
            if line.kind == _DIRECT and line.parent_remote_id not in parents:
                spoke[line.parent_remote_id] = max(line.created_at, spoke.get(line.parent_remote_id, 0))
            here = line.parent_remote_id
            while here and here not in answered:
                answered.add(here)
                here = parents.get(here, "")
    return [
        line
        for line in asking
        if line.remote_id not in answered
        and not (line.kind == _DIRECT and spoke.get(line.parent_remote_id, 0) > line.created_at)
    ]
