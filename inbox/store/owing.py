"""Which messages of a conversation are owed an answer, one by one, for whoever shows the conversation whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from inbox.model import MessageId
from inbox.store.database import to_ms
from inbox.store.reading import StoredMessage
from inbox.store.standing import Line, still_owed


def owed(connection: sqlite3.Connection, messages: Sequence[StoredMessage]) -> frozenset[MessageId]:
    """Those of ``messages``, all of one conversation, that are owed an answer; by the rule that its row goes by."""
    if not messages:
        return frozenset()
    here = messages[0].conversation_id
    row = connection.execute("SELECT settled_at FROM conversations WHERE id = ?", (here,)).fetchone()
    lines = [_line(s) for s in messages]
    found = {line.remote_id for line in still_owed(lines, int(row[0]) if row else 0)}
    return frozenset(s.id for s in messages if s.message.remote_id in found)


def _line(stored: StoredMessage) -> Line:
    m = stored.message
    return Line(
        remote_id=m.remote_id, parent_remote_id=m.parent_remote_id, kind=m.kind.value, state=m.state.value,
        ours=int(m.ours), public=int(m.public), created_at=to_ms(m.created_at), seen_at=to_ms(stored.seen_at),
        author="", handle="", text="", title="",
    )  # fmt: skip
