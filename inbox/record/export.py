"""Every conversation with its messages and the gaps in them, as one JSON file or as three tables in CSV.

The same inbox, or a copy of it, gives the same bytes: order is by id (messages by time within their conversation),
nothing of the moment of exporting is in it, and it is read in one snapshot, so a poll meanwhile changes nothing.

CSV is UTF-8 with a byte order mark (without it Excel guesses another character set), lines end with CR LF (RFC 4180),
and what a spreadsheet would calculate has an apostrophe before it (owasp.org, "CSV Injection", read 2026-11-23). That
goes for the middle of a text too: where spreadsheets split at ";" a cell falls apart there and at its line ends, and
quoting does not help, since behind the first closing quote no other is heeded. The very letters are in the JSON.

Words that a network lets us keep for some hours only are in no export (store.keeping): "withheld" says why.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sqlite3
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO

from inbox.model import ChannelId
from inbox.store import accounts, ledger, reading, record
from inbox.store.reading import ConversationRow, StoredMessage

FORMAT: Final = "postroom-export-1"
AT_A_TIME: Final = 500
BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)

CONVERSATION_COLUMNS: Final = (
    "id", "channel", "network", "kind", "status", "place", "public", "message_count", "owed", "last_at",
    "author", "handle", "subject", "context_title",
)  # fmt: skip
MESSAGE_COLUMNS: Final = (
    "id", "conversation", "channel", "remote_id", "kind", "state", "ours", "public", "author", "handle", "author_url",
    "created_at", "edited_at", "seen_at", "parent_remote_id", "context_remote_id", "title", "text", "url", "language",
    "attachments", "earlier_texts", "withheld",
)  # fmt: skip
GAP_COLUMNS: Final = ("channel", "from_at", "to_at", "closed_at", "reason")

CALCULATED: Final = frozenset("=+-@＝＋－＠")  # Excel takes the full-width forms too, in East Asian settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """What an export came to."""

    conversations: int
    messages: int
    gaps: int
    files: tuple[Path, ...]


def export_json(connection: sqlite3.Connection, target: Path, *, practice: bool = False) -> Exported:
    """Write everything to the file ``target``, replacing it whole or not at all. Raises OSError."""
    with _snapshot(connection), _replaced(target) as stream:
        gaps = _gaps(connection)
        head = {"format": FORMAT, "practice": practice, "record": _record_head(connection)}
        for name, value in (head | {"channels": _channels(connection), "gaps": gaps}).items():
            stream.write(f"{'{' if name == 'format' else ','}\n{_json(name)}: {_json(value)}")
        stream.write(',\n"conversations": [')
        conversations = messages = 0
        for row, held in _conversations(connection):
            whole = _conversation(row, held) | {"messages": [_message(connection, m) for m in held]}
            stream.write(f"{',' if conversations else ''}\n{_json(whole)}")
            conversations, messages = conversations + 1, messages + len(held)
        stream.write("\n]\n}\n")
    return Exported(conversations=conversations, messages=messages, gaps=len(gaps), files=(target,))


def export_csv(connection: sqlite3.Connection, folder: Path, *, practice: bool = False) -> Exported:
    """Write conversations.csv, messages.csv and gaps.csv into ``folder``, made if missing. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    prefix = "PRACTICE-" if practice else ""
    files = tuple(folder / f"{prefix}{name}.csv" for name in ("conversations", "messages", "gaps"))
    with _snapshot(connection), contextlib.ExitStack() as stack:
        tables = [
            _table(stack.enter_context(_replaced(file, encoding="utf-8-sig", newline="")), columns)
            for file, columns in zip(files, (CONVERSATION_COLUMNS, MESSAGE_COLUMNS, GAP_COLUMNS), strict=True)
        ]
        write_conversation, write_message, write_gap = tables
        conversations = messages = 0
        for row, held in _conversations(connection):
            write_conversation(_conversation(row, held))
            for stored in held:
                write_message(_message(connection, stored))
            conversations, messages = conversations + 1, messages + len(held)
        gaps = _gaps(connection)
        for gap in gaps:
            write_gap(gap)
    return Exported(conversations=conversations, messages=messages, gaps=len(gaps), files=files)


def harmless(text: str) -> str:
    """The text as a cell that no spreadsheet calculates, whether it splits at commas, semicolons or tabs."""
    found: list[str] = []
    at_start = True  # of what may become a cell
    for c in text.replace("\x00", ""):
        category = unicodedata.category(c)
        if c == ";" or category in ("Cc", "Zl", "Zp"):
            at_start = True
        elif at_start and c in CALCULATED:
            found.append("'")
            at_start = False
        elif category[0] not in "ZC" and c != '"':  # spaces, invisible marks and quotes may be taken away
            at_start = False
        found.append(c)
    return f"'{''.join(found)}" if text.startswith(("\t", "\r", "\n")) else "".join(found)


def _conversations(connection: sqlite3.Connection) -> Iterator[tuple[ConversationRow, list[StoredMessage]]]:
    """All conversations by id, also those set aside, each with its messages, oldest first."""
    last = 0
    while True:
        ids = [
            r[0]
            for r in connection.execute(
                "SELECT id FROM conversations WHERE id > ? ORDER BY id LIMIT ?", (last, AT_A_TIME)
            )
        ]
        if not ids:
            return
        by_id = reading.rows(connection, ids, lasting=True)
        for id_ in ids:
            yield by_id[id_], reading.conversation(connection, id_, lasting=True)
        last = ids[-1]


def _conversation(row: ConversationRow, held: Sequence[StoredMessage]) -> dict[str, Any]:
    last_at = max(map(_when, held)) if any(m.withheld for m in held) else row.last_at
    return {
        "id": row.id, "channel": row.channel_id, "network": row.network, "kind": row.kind, "status": row.status,
        "place": row.place, "public": row.public, "message_count": row.messages, "owed": row.owed,
        "last_at": _iso(last_at), "author": row.author, "handle": row.handle, "subject": row.subject,
        "context_title": row.context_title,
    }  # fmt: skip


def _when(stored: StoredMessage) -> datetime:
    """When it was written; when we saw it, where the former may not be kept."""
    return stored.seen_at if stored.withheld else stored.message.created_at


def _message(connection: sqlite3.Connection, stored: StoredMessage) -> dict[str, Any]:
    m = stored.message
    earlier = reading.earlier(connection, stored.id) if stored.versions else []
    return {
        "id": stored.id, "conversation": stored.conversation_id, "channel": stored.channel_id, "remote_id": m.remote_id,
        "kind": m.kind.value, "state": m.state.value, "ours": m.ours, "public": m.public, "author": m.author.name,
        "handle": m.author.handle, "author_url": m.author.url, "created_at": _iso(_when(stored)),
        "edited_at": _iso(m.edited_at), "seen_at": _iso(stored.seen_at), "parent_remote_id": m.parent_remote_id,
        "context_remote_id": m.context_remote_id, "title": m.title, "text": m.text, "url": m.url,
        "language": m.language,
        "attachments": [{"url": a.url, "kind": a.kind, "description": a.description} for a in m.attachments],
        "earlier_texts": [{"until_at": _iso(e.until_at), "title": e.title, "text": e.text} for e in earlier],
        "withheld": stored.withheld,
    }  # fmt: skip


def _channels(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All channels by id, also those whose account was removed: their conversations are still here."""
    ids = [ChannelId(r[0]) for r in connection.execute("SELECT id FROM channels ORDER BY id")]
    health = {h.channel.id: h for h in accounts.health(connection)}
    found = [c for c in (accounts.channel(connection, i) for i in ids) if c is not None]
    return [
        {
            "id": c.id, "network": c.network, "title": c.title, "url": c.url,
            "complete_to": _iso(health[c.id].complete_to) if c.id in health else None,
            "failing_since": _iso(health[c.id].failing_since) if c.id in health else None,
        }
        for c in found
    ]  # fmt: skip


def _gaps(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Times of which the inbox may not hold everything, oldest first."""
    return [
        {"channel": g.channel_id, "from_at": _iso(g.from_at), "to_at": _iso(g.to_at),
         "closed_at": _iso(g.closed_at), "reason": g.reason}
        for g in reversed(ledger.gaps(connection, since=BEGINNING, limit=None))
    ]  # fmt: skip


def _record_head(connection: sqlite3.Connection) -> dict[str, Any]:
    """Where the record stood: keep it elsewhere, and a record cut short later can be told."""
    newest = record.lines(connection, limit=1)
    if not newest:
        return {"lines": 0, "head": record.FIRST, "newest_at": None}
    return {"lines": newest[0].id, "head": newest[0].hash, "newest_at": _iso(newest[0].at)}


def _table(stream: TextIO, columns: Sequence[str]) -> Callable[[Mapping[str, Any]], None]:
    """Write the heading and return what writes a row."""
    writer = csv.writer(stream)
    writer.writerow(columns)
    return lambda row: writer.writerow([_cell(row[c]) for c in columns])


def _cell(value: Any) -> str | int:
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return value
    return harmless(value if isinstance(value, str) else _json(value))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at is not None else None


@contextlib.contextmanager
def _snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """All reads of the block see the inbox at one moment."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


@contextlib.contextmanager
def _replaced(target: Path, *, encoding: str = "utf-8", newline: str = "\n") -> Iterator[TextIO]:
    """A stream whose text is at ``target`` once the block has ended well; readable by its owner only."""
    unfinished = target.with_name(f"{target.name}.part")
    unfinished.unlink(missing_ok=True)
    try:
        with open(
            unfinished, "w", encoding=encoding, newline=newline, opener=lambda path, flags: os.open(path, flags, 0o600)
        ) as stream:
            yield stream
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
