"""The two tables of words that may not be kept, and how nothing of them is left: neither here nor in a copy."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

_HOLDS = "SELECT EXISTS (SELECT 1 FROM fleeting) OR EXISTS (SELECT 1 FROM fleeting_rows)"
_IN_FORCE = (
    f"{_HOLDS} OR EXISTS (SELECT 1 FROM channels"
    " WHERE limits ->> 'keep_text_s' IS NOT NULL OR limits ->> 'keep_name_s' IS NOT NULL)"
)


def holds(connection: sqlite3.Connection) -> bool:
    """Whether any such words are here now."""
    return bool(connection.execute(_HOLDS).fetchone()[0])


def in_force(connection: sqlite3.Connection) -> bool:
    """Whether there is, or may come, anything to forget."""
    return bool(connection.execute(_IN_FORCE).fetchone()[0])


def zeroing(connection: sqlite3.Connection) -> None:
    """From here on the connection overwrites what it frees. Before every write of what must not stay: pages that are
    freed with words on them would keep them for good."""
    connection.execute("PRAGMA secure_delete=ON")


def strip(copy: sqlite3.Connection) -> None:
    """Take out of a copy of the inbox what may not be kept: a copy lies about for longer. Any version's file."""
    there = "SELECT count(*) FROM sqlite_master WHERE name IN ('fleeting', 'fleeting_rows') AND type = 'table'"
    if copy.execute(there).fetchone()[0] < 2 or not in_force(copy):
        return
    copy.isolation_level = None
    zeroing(copy)
    copy.execute("BEGIN IMMEDIATE")
    ids = [r[0] for r in copy.execute("SELECT message_id FROM fleeting")]
    renew(copy, "fleeting", ())
    renew(copy, "fleeting_rows", ())
    timeless(copy, ids)
    copy.execute("COMMIT")
    copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def timeless(connection: sqlite3.Connection, message_ids: Sequence[int]) -> None:
    """When these were written goes with the words: what stays is when we saw them."""
    wanted = (json.dumps(list(message_ids)),)
    connection.execute(
        "UPDATE messages SET created_at = seen_at, edited_at = NULL"
        " WHERE id IN (SELECT value FROM json_each(?)) AND NOT ours", wanted,
    )  # fmt: skip
    connection.execute(
        "UPDATE conversations SET last_at = (SELECT max(m.created_at) FROM messages m"
        " WHERE m.conversation_id = conversations.id) WHERE id IN"
        " (SELECT conversation_id FROM messages WHERE id IN (SELECT value FROM json_each(?)))", wanted,
    )  # fmt: skip


def renew(connection: sqlite3.Connection, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Let these be all that the table, and its file, have of it: the old one is dropped, so that every page it had is
    overwritten as a whole. Deleting rows is not enough: pages that were rebuilt keep old words in their gaps."""
    made = connection.execute(
        "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL ORDER BY type DESC", (table,)
    ).fetchall()
    connection.execute(f"DROP TABLE {table}")
    for (sql,) in made:
        connection.execute(sql)
    if rows:
        marks = ",".join("?" * len(rows[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
