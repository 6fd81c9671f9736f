"""Whom a begun answer is for, beside its words: the message it answers, and who may read it. Kept as a draft of its
own, so that words which were written in private are never taken up again as if they were for everybody."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from itertools import count
from typing import Final, NamedTuple

from inbox.model import MessageId, Visibility
from inbox.store import outbox

_GRADE: Final = {v: n for n, v in zip(count(), Visibility, strict=False)}


class Aim(NamedTuple):
    """``visibility`` None: nobody chose; it goes to whom it would go by itself."""

    to: MessageId
    visibility: Visibility | None


def place(conversation_id: int) -> str:
    """Where it is kept."""
    return f"aim:{conversation_id}"


def written(to: int, visibility: Visibility | None) -> str:
    """As it is kept."""
    return json.dumps({"to": to, "visibility": visibility})


def read(connection: sqlite3.Connection, conversation_id: int) -> Aim | None:
    """Whom the answer begun in this conversation is for, if that is known."""
    body = outbox.draft(connection, place(conversation_id))
    if not body:
        return None
    fields = json.loads(body)
    visibility = fields.get("visibility")
    return Aim(MessageId(int(fields["to"])), Visibility(visibility) if visibility else None)


def take_back(
    connection: sqlite3.Connection, conversation_id: int, to: MessageId | None, visibility: Visibility | None, *,
    at: datetime,
) -> None:  # fmt: skip
    """An answer becomes a draft again; where another was begun meanwhile, for the fewer readers of the two."""
    begun = read(connection, conversation_id)
    if begun is not None:
        visibility = narrower(visibility, begun.visibility)
        to = to if to is not None else begun.to
    if to is not None:
        outbox.save_draft(connection, place(conversation_id), written(to, visibility), at=at)


def narrower(one: Visibility | None, other: Visibility | None) -> Visibility | None:
    """The one that fewer people read; None is what it is by itself, the widest."""
    return max((one, other), key=lambda v: -1 if v is None else _GRADE[v])
