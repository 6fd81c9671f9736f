"""The record: an append-only, hash-chained log of who did what, written in the transaction of the change itself.

Each line carries the SHA-256 of its own content and of the line before, so a changed, removed or inserted line breaks
the chain at its place. Cutting off the *newest* lines leaves a shorter valid chain: compare ``head`` with a copy kept
elsewhere to notice that.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from inbox.store.database import from_ms, to_ms

FIRST = "0" * 64
MACHINE = "machine"


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One line of the record."""

    id: int
    at: datetime
    actor: str
    verb: str
    subject: str
    before: str
    after: str
    hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What ``verify`` found: how many lines are sound, and the first that is not (``None``: all are)."""

    lines: int
    head: str
    broken_line: int | None = None
    words: str = ""


def _hash(previous: str, id_: int, at: int, actor: str, verb: str, subject: str, before: str, after: str) -> str:
    content = json.dumps([previous, id_, at, actor, verb, subject, before, after], ensure_ascii=True, default=repr)
    return hashlib.sha256(content.encode("ascii")).hexdigest()


def append(
    connection: sqlite3.Connection,
    *,
    at: datetime,
    actor: str,
    verb: str,
    subject: str,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Add a line, within the caller's transaction. ``subject`` is such as ``message:12`` or ``delivery:3``."""
    last = connection.execute("SELECT id, hash FROM events ORDER BY id DESC LIMIT 1").fetchone()
    id_, previous = (last[0] + 1, last[1]) if last else (1, FIRST)
    old = json.dumps(before or {}, ensure_ascii=False, sort_keys=True)
    new = json.dumps(after or {}, ensure_ascii=False, sort_keys=True)
    at_ms = to_ms(at)
    line = (id_, at_ms, actor, verb, subject, old, new, previous)
    connection.execute(
        "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)",
        (*line, _hash(previous, id_, at_ms, actor, verb, subject, old, new)),
    )


def verify(connection: sqlite3.Connection) -> Verdict:
    """Walk the whole chain from the first line and name the first broken one."""
    previous, expected = FIRST, 1
    try:
        for id_, at, actor, verb, subject, before, after, claimed, hash_ in connection.execute(
            "SELECT id, at, actor, verb, subject, before, after, previous, hash FROM events ORDER BY id"
        ):
            if id_ != expected:
                return _broken(expected, previous, "is missing")
            if claimed != previous or hash_ != _hash(previous, id_, at, actor, verb, subject, before, after):
                return _broken(expected, previous, "was changed")
            previous, expected = hash_, id_ + 1
    except sqlite3.OperationalError:  # bytes that are no text
        return _broken(expected, previous, "cannot be read")
    return Verdict(lines=expected - 1, head=previous)


def _broken(line: int, head: str, how: str) -> Verdict:
    return Verdict(lines=line - 1, head=head, broken_line=line, words=f"line {line} {how}")


def lines(
    connection: sqlite3.Connection, *, subject: str = "", before_id: int | None = None, limit: int = 200
) -> list[Event]:
    """Lines, newest first; of one subject if given, older than ``before_id`` if given."""
    about = " AND subject = ?" if subject else ""
    rows = connection.execute(
        "SELECT id, at, actor, verb, subject, before, after, hash FROM events"
        f" WHERE id < ?{about} ORDER BY id DESC LIMIT ?",
        (before_id if before_id is not None else 2**62, *([subject] if subject else []), limit),
    )
    return [
        Event(id=i, at=from_ms(at), actor=actor, verb=verb, subject=s, before=old, after=new, hash=h)
        for i, at, actor, verb, s, old, new, h in rows
    ]
