"""Forgets words whose time is over (store.keeping), so that not one byte of them is left in the inbox's file.

SQLite keeps what it is told to delete: in free pages, in the gaps of pages it has rebuilt, in the write-ahead log. So
those tables are not tidied but made anew from what may stay, in one transaction that overwrites the pages of the old
ones; after that the log is folded into the file and cut to nothing. An end at any moment leaves the tables as before or
as after, and the next start goes on (``Purger.run`` is the first thing an engine does).
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Final

from inbox.events import Changed
from inbox.model import ConversationId
from inbox.store import fleeting, keeping, record
from inbox.store.database import Database, to_ms
from inbox.store.keeping import Kept
from inbox.store.messages import restate

LOOK_EVERY_S: Final = 60.0
"""Not only when the next is due: a machine that slept may wake long after."""
SOON_S: Final = 1.0
AHEAD_S: Final = 60.0
"""Words that say they came so much later than now came while the clock was ahead, and nobody knows when: they go at
once, for they might be here too long already. A time server's small steps do not count."""
_FROM = (
    " FROM fleeting f JOIN messages m ON m.id = abs(f.message_id) JOIN channels h ON h.id = m.channel_id"
    " JOIN accounts a ON a.id = h.account_id"
)
_OVER = (
    "(f.words_until <= :at OR a.removed_at IS NOT NULL OR f.words_until > :latest"
    " + 1000 * coalesce(h.limits ->> 'keep_text_s', h.limits ->> 'keep_name_s', 1 << 40))"
)
_ALL = f"SELECT f.*, m.conversation_id, m.channel_id, {_OVER} {_FROM}"
_NEXT = "SELECT min(min(words_until, CASE WHEN name_until > 0 THEN name_until ELSE words_until END)) FROM fleeting"
_ADDRESS = re.compile(r"^https?://")


def overdue(connection: sqlite3.Connection, now: datetime) -> bool:
    """Whether words or names lie here whose time is over or not to be known, or whose account was removed."""
    due = f"SELECT EXISTS (SELECT 1 {_FROM} WHERE {_OVER} OR f.name_until BETWEEN 1 AND :at)"
    return bool(connection.execute(due, _times(now)).fetchone()[0])


def _times(now: datetime) -> dict[str, int]:
    return {"at": to_ms(now), "latest": to_ms(now) + round(AHEAD_S * 1000)}


class Purger:
    """Forgets in time, on the engine's thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folded = False  # not known of what the last run left

    def run(self, now: datetime) -> Changed:
        """Forget what is due. Raises StoreError when the file cannot be written."""
        connection = self._database.connection
        if not fleeting.in_force(connection):
            return Changed()
        touched: set[int] = set()
        if overdue(connection, now):
            fleeting.zeroing(connection)
            with self._database.transaction():
                touched = _forget(connection, now, self._database.path.parent / "media" / "fetched")
            self._folded = False
        if not self._folded:
            self._folded = _fold(connection)
        return Changed(conversations=frozenset(ConversationId(c) for c in touched))

    def wait_s(self, now: datetime) -> float:
        """Seconds until there may be something to do again."""
        if not self._folded and fleeting.in_force(self._database.connection):
            return SOON_S
        next_at = self._database.connection.execute(_NEXT).fetchone()[0]
        if next_at is None:
            return LOOK_EVERY_S
        return min(max((int(next_at) - to_ms(now)) / 1000, 0.05), LOOK_EVERY_S)


def _forget(connection: sqlite3.Connection, now: datetime, pictures: Path) -> set[int]:
    """Make the tables anew without what is due. Returns the conversations that look different now."""
    at = to_ms(now)
    stays: list[Kept] = []
    over: list[Kept] = []
    touched: set[int] = set()
    shown: set[int] = set()
    counted: Counter[str] = Counter()
    for *columns, conversation, channel, is_over in connection.execute(_ALL, _times(now)).fetchall():
        row = Kept(*columns)
        if row.message_id < 0:
            continue  # making the table anew does it
        if is_over:
            over.append(row)
            touched.add(conversation)
            counted[channel] += 1
            continue
        shown.add(conversation)
        if 0 < row.name_until <= at:
            row = row.nameless()
            touched.add(conversation)
        stays.append(row)
    fleeting.renew(connection, "fleeting", stays)
    fleeting.renew(connection, "fleeting_rows", ())
    fleeting.timeless(connection, [row.message_id for row in over])
    restate(connection, touched)
    keeping.show(connection, shown)
    for channel, messages in counted.items():
        record.append(
            connection, at=now, actor=record.MACHINE, verb="forgot words", subject=f"channel:{channel}",
            after={"messages": messages},
        )  # fmt: skip
    _remove_pictures(over, pictures)
    return touched


def _remove_pictures(rows: Iterable[Kept], folder: Path) -> None:
    """What was fetched to be seen beside the words goes with them (inbox.pictures names files by their address)."""
    for row in rows:
        for address in _addresses(json.loads(row.extras)):
            (folder / hashlib.sha256(address.encode()).hexdigest()).unlink(missing_ok=True)


def _addresses(value: object) -> list[str]:
    if isinstance(value, dict):
        return [a for part in value.values() for a in _addresses(part)]
    if isinstance(value, list):
        return [a for part in value for a in _addresses(part)]
    return [value] if isinstance(value, str) and _ADDRESS.match(value) else []


def _fold(connection: sqlite3.Connection) -> bool:
    """Bring the write-ahead log into the file and cut it to nothing; whether nobody's reading stood in the way.

    Does not wait: the engine has other things to do, and tries again soon.
    """
    waits_ms = connection.execute("PRAGMA busy_timeout").fetchone()[0]
    connection.execute("PRAGMA busy_timeout=0")
    try:
        return not connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout={waits_ms}")
