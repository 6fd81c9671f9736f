"""What the officer decides about conversations: open, waiting, done, read. Each decision can be undone."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from inbox.model import Channel, ConversationStatus
from inbox.store import record
from inbox.store.database import to_ms
from inbox.store.messages import restate


def set_status(
    connection: sqlite3.Connection, ids: Sequence[int], status: ConversationStatus, *, at: datetime, actor: str
) -> str:
    """Move the conversations and return what ``restore`` needs to undo it.

    Done and waiting settle what has arrived so far: only something newer makes the conversation owed again.
    """
    before = connection.execute(
        "SELECT id, status, settled_at, unread FROM conversations WHERE id IN (SELECT value FROM json_each(?))",
        (json.dumps(list(ids)),),
    ).fetchall()
    for id_, old, settled_at, _ in before:
        settle = 0
        if status != ConversationStatus.OPEN:  # also what came "later", if the machine's clock was put back since
            newest = "SELECT coalesce(max(seen_at), 0) FROM messages WHERE conversation_id = ?"
            settle = max(to_ms(at), connection.execute(newest, (id_,)).fetchone()[0])
        connection.execute(
            "UPDATE conversations SET status = ?, settled_at = ?, unread = 0 WHERE id = ?", (status, settle, id_)
        )
        if old != status or settle != settled_at:
            record.append(
                connection, at=at, actor=actor, verb=f"marked {status}", subject=f"conversation:{id_}",
                before={"status": old}, after={"status": status},
            )  # fmt: skip
    restate(connection, [row[0] for row in before])
    return json.dumps(before)


def restore(connection: sqlite3.Connection, before: str, *, at: datetime, actor: str) -> list[int]:
    """Undo ``set_status``: everything is as it was, and what arrived since counts as new. Returns the conversations."""
    rows = json.loads(before)
    for id_, status, settled_at, unread in rows:
        connection.execute(
            "UPDATE conversations SET status = ?, settled_at = ?, unread = max(unread, ?) WHERE id = ?",
            (status, settled_at, unread, id_),
        )
        record.append(
            connection, at=at, actor=actor, verb="undone", subject=f"conversation:{id_}", after={"status": status}
        )
    ids = [row[0] for row in rows]
    restate(connection, ids)
    return ids


def mark_read(connection: sqlite3.Connection, ids: Sequence[int], read: bool = True) -> list[int]:
    """Note that these were seen. Returns those for which that is news. Not a decision, so not on the record."""
    wanted = (json.dumps(list(ids)), int(read))
    changed = [
        r[0]
        for r in connection.execute(
            "SELECT id FROM conversations WHERE id IN (SELECT value FROM json_each(?)) AND unread = ?", wanted
        )
    ]
    connection.executemany("UPDATE conversations SET unread = ? WHERE id = ?", [(int(not read), i) for i in changed])
    return changed


def watched(connection: sqlite3.Connection, channel: Channel, *, since: datetime, limit: int) -> list[str]:
    """Remote ids worth asking after, newest conversations first: what the officer still has to do with, and what is
    recent. Walks the list's own indexes, so it costs the same at any size."""
    found: list[str] = []
    values = {"network": channel.network, "channel": channel.id, "since": to_ms(since), "limit": limit}
    for where in ("place = 'owed'", "place = 'waiting'", "place <> 'aside' AND last_at >= :since"):
        found += [
            r[0]
            for r in connection.execute(
                "SELECT m.remote_id FROM (SELECT id FROM conversations WHERE network = :network"
                f" AND channel_id = :channel AND {where} ORDER BY last_at DESC LIMIT :limit) c"
                " JOIN messages m ON m.conversation_id = c.id"
                " WHERE m.state <> 'deleted' AND m.kind <> 'unreadable' LIMIT :limit",
                values,
            )
        ]
    return list(dict.fromkeys(found))[:limit]


def roll(connection: sqlite3.Connection, channel_id: str, *, after: int, limit: int) -> list[tuple[int, str]]:
    """The next stored messages of a channel behind ``after``, by id: (id, remote id). Empty at the end of the round."""
    return connection.execute(
        "SELECT id, remote_id FROM messages WHERE channel_id = ? AND id > ? AND state <> 'deleted'"
        " AND kind <> 'unreadable' ORDER BY id LIMIT ?",
        (channel_id, after, limit),
    ).fetchall()


def standing_of(
    connection: sqlite3.Connection, channel_id: str, remote_ids: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """State and parent of each of these that is stored."""
    return {
        r: (s, p)
        for r, s, p in connection.execute(
            "SELECT remote_id, state, parent_remote_id FROM messages WHERE channel_id = ?"
            " AND remote_id IN (SELECT value FROM json_each(?))",
            (channel_id, json.dumps(list(remote_ids))),
        )
    }


def alive(connection: sqlite3.Connection, channel_id: str, prefix: str) -> list[str]:
    """Remote ids with this prefix that we believe still exist."""
    return [
        r[0]
        for r in connection.execute(
            "SELECT remote_id FROM messages WHERE channel_id = ? AND remote_id >= ? AND remote_id < ?"
            " AND state <> 'deleted' AND kind <> 'unreadable'",
            (channel_id, prefix, prefix + "\U0010ffff"),
        )
    ]
