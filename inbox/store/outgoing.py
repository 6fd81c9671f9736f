"""What a conversation's row says about deliveries; by itself, because messages and the outbox both write such rows."""

from __future__ import annotations

import sqlite3


def mark(connection: sqlite3.Connection, conversation_id: int | None) -> None:
    """Let the conversation's row say whether something is on its way or in trouble."""
    if conversation_id is not None:
        connection.execute(
            "UPDATE conversations SET outgoing = coalesce((SELECT"
            " CASE WHEN sum(state IN ('rejected', 'unknown', 'by hand')) > 0 THEN 'trouble'"
            " WHEN sum(state IN ('queued', 'sending')) > 0 THEN 'queued' ELSE '' END"
            " FROM deliveries WHERE conversation_id = ?), '') WHERE id = ?",
            (conversation_id, conversation_id),
        )
