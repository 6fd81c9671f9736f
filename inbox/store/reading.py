"""What the window and the command line read: pages of conversations, one conversation whole, counts, search.

Every function takes a connection, so that the window reads through its own. Pages go by key (last_at, id), newest
first, and cost the same at any depth.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from inbox.model import Author, ChannelId, ConversationId, Message, MessageId, MessageKind, MessageState
from inbox.store import fleeting, keeping
from inbox.store.database import from_ms, to_ms
from inbox.store.extras import extras_of
from inbox.store.relations import OF_AUTHOR
from inbox.store.words import begun, excerpt, folded, match_expression, signs, sought

EVERYTHING = "everything"
"""The one list that is not a single place: all but what was set aside."""
NEWEST = 20_000
"""Messages that are read through one by one when the index of words cannot answer: some tens of milliseconds."""
LIKELY = 1_000
"""Messages that are read through for a word of one letter, before the index is asked: about ten milliseconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConversationRow:
    """One row of the list: all that is painted and spoken, nothing to look up."""

    id: ConversationId
    channel_id: ChannelId
    network: str
    kind: str
    status: str
    place: str
    unread: bool
    held: int
    public: bool
    messages: int
    owed: int
    last_at: datetime
    author: str
    handle: str
    snippet: str
    subject: str
    context_title: str
    outgoing: str


class Key(NamedTuple):
    """Where a page ends: the next one goes on behind it."""

    last_at: datetime
    id: int


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredMessage:
    """A message as it lies in the store, with what only the store knows of it."""

    id: MessageId
    channel_id: ChannelId
    conversation_id: ConversationId
    message: Message
    seen_at: datetime
    versions: int  # how many earlier texts are kept
    relations: frozenset[str] = frozenset()  # what we decided about its author (store.relations)
    withheld: str = ""  # why it has no words and no name, and what to do about it (store.keeping)


@dataclass(frozen=True, kw_only=True, slots=True)
class Earlier:
    """A text that a message had until ``until_at``."""

    until_at: datetime
    title: str
    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A message found by search, with the row of its conversation."""

    message_id: MessageId
    row: ConversationRow
    kind: MessageKind
    author: str
    text: str  # from a little before the first word found
    created_at: datetime


_ROW = (
    "SELECT c.id, c.channel_id, c.network, c.kind, c.status, c.place, c.unread, c.held, c.public, c.messages, c.owed,"
    " c.last_at, coalesce(r.author, c.author), coalesce(r.handle, c.handle), coalesce(r.snippet, c.snippet),"
    " coalesce(r.subject, c.subject),"
    " coalesce((SELECT coalesce(f.title, p.title) FROM messages p LEFT JOIN fleeting f ON f.message_id = p.id"
    " WHERE p.channel_id = c.channel_id AND p.remote_id = c.context_remote_id), ''), c.outgoing FROM conversations c"
    " LEFT JOIN fleeting_rows r ON r.conversation_id = c.id"
)
_MESSAGE = (
    "SELECT m.id, m.channel_id, m.conversation_id, m.remote_id, m.kind, m.state, m.ours, m.public,"
    " coalesce(nullif(f.author_name, ''), m.author_name), coalesce(f.author, m.author), m.created_at, m.edited_at,"
    " m.seen_at, m.parent_remote_id, m.context_remote_id, coalesce(f.title, m.title), coalesce(f.text, m.text),"
    " coalesce(f.html, m.html), m.url, coalesce(f.extras, m.extras),"
    " (SELECT count(*) FROM earlier e WHERE e.message_id = m.id), f.message_id IS NOT NULL,"
    f" {OF_AUTHOR}"
    " FROM messages m LEFT JOIN fleeting f ON f.message_id = m.id"
)
_FLEETING = re.compile(r"\b([fr]) ON \1\.\w+ = \w\.\w+")
"""How the words that may not be kept are laid over the rest. Who wants only what lasts lays nothing over it."""
_LASTING_ROW, _LASTING_MESSAGE = (_FLEETING.sub(r"\1 ON 0", sql) for sql in (_ROW, _MESSAGE))

_FOUND = "m.id, m.conversation_id, m.kind, m.author_name, substr(m.text, 1, 4000), m.created_at"


def page(
    connection: sqlite3.Connection, place: str, *, network: str = "", after: Key | None = None, limit: int = 60
) -> list[ConversationRow]:
    """A page of the list of ``place`` (or EVERYTHING), newest first, behind ``after``."""
    values: list[object] = []
    where = ["c.place <> 'aside'"] if place == EVERYTHING else ["c.place = ?"]
    if place != EVERYTHING:
        values.append(place)
    if network:
        where.append("c.network = ?")
        values.append(network)
    if after is not None:
        where.append("(c.last_at, c.id) < (?, ?)")
        values += [to_ms(after.last_at), after.id]
    sql = f"{_ROW} WHERE {' AND '.join(where)} ORDER BY c.last_at DESC, c.id DESC LIMIT ?"
    return [_row(r) for r in connection.execute(sql, (*values, limit))]


def rows(
    connection: sqlite3.Connection, ids: Sequence[int], *, lasting: bool = False
) -> dict[ConversationId, ConversationRow]:
    """These conversations, by id; those that no longer exist are missing. ``lasting``: only what may be kept for good,
    for whoever writes it elsewhere."""
    select = _LASTING_ROW if lasting else _ROW
    found = connection.execute(f"{select} WHERE c.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),))
    return {row.id: row for row in map(_row, found)}


def tallies(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """Conversations and unread ones for each (network, place)."""
    return {
        (n, p): (c, u) for n, p, c, u in connection.execute("SELECT network, place, conversations, unread FROM tallies")
    }


def conversation(connection: sqlite3.Connection, conversation_id: int, *, lasting: bool = False) -> list[StoredMessage]:
    """All messages of a conversation, oldest first. ``lasting``: with only what may be kept for good."""
    where = "m.conversation_id = ? ORDER BY m.created_at, m.id"
    return _messages(connection, where, (conversation_id,), _LASTING_MESSAGE if lasting else _MESSAGE)


def context(connection: sqlite3.Connection, row: ConversationRow) -> StoredMessage | None:
    """The post that the conversation stands under, if it has one and it has arrived."""
    found = _messages(
        connection,
        "m.channel_id = ? AND m.remote_id = (SELECT context_remote_id FROM conversations WHERE id = ?)",
        (row.channel_id, row.id),
    )
    return found[0] if found else None


def message(connection: sqlite3.Connection, message_id: int) -> StoredMessage | None:
    """The message with this id."""
    found = _messages(connection, "m.id = ?", (message_id,))
    return found[0] if found else None


def message_by_remote_id(connection: sqlite3.Connection, channel_id: str, remote_id: str) -> StoredMessage | None:
    """The message that its network calls so, within the channel."""
    found = _messages(connection, "m.channel_id = ? AND m.remote_id = ?", (channel_id, remote_id))
    return found[0] if found else None


def earlier(connection: sqlite3.Connection, message_id: int) -> list[Earlier]:
    """The texts a message had before, oldest first."""
    return [
        Earlier(until_at=from_ms(u), title=t, text=x, html=h)
        for u, t, x, h in connection.execute(
            "SELECT until_at, title, text, html FROM earlier WHERE message_id = ? ORDER BY id", (message_id,)
        )
    ]


def raw(connection: sqlite3.Connection, message_id: int) -> bytes:
    """What came over the wire for this message; empty when nothing was kept."""
    row = connection.execute("SELECT body FROM raw WHERE message_id = ?", (message_id,)).fetchone()
    return zlib.decompress(row[0]) if row else b""


def search(
    connection: sqlite3.Connection, words: str, *, network: str = "", before_id: int | None = None, limit: int = 50
) -> list[Hit]:
    """Messages that hold all the words (text, author or title; accents folded), latest arrivals first.

    Signs that are no words (👍), and words inside a run of letters (水位), are looked for among the NEWEST messages.
    """
    found = []
    expression = match_expression(words)
    begun_with = _search_begun(connection, words, network=network, before_id=before_id, limit=limit)
    if begun_with is not None:
        found = begun_with
    elif expression:
        found = connection.execute(
            f"SELECT {_FOUND} FROM ("
            "  SELECT rowid FROM messages_fts WHERE messages_fts MATCH :words AND (:before IS NULL OR rowid < :before)"
            "  ORDER BY rowid DESC LIMIT :limit) f JOIN messages m ON m.id = f.rowid ORDER BY m.id DESC"
            if not network
            else f"SELECT {_FOUND} FROM messages_fts f"
            " JOIN messages m ON m.id = f.rowid JOIN channels h ON h.id = m.channel_id"
            " WHERE messages_fts MATCH :words AND (:before IS NULL OR f.rowid < :before) AND h.network = :network"
            " ORDER BY f.rowid DESC LIMIT :limit",
            {"words": expression, "before": before_id, "limit": limit, "network": network},
        ).fetchall()
    if patterns := signs(words):
        more = _search_signs(connection, patterns, network=network, before_id=before_id, limit=limit)
        found = sorted({r[0]: r for r in (*found, *more)}.values(), reverse=True)[:limit]
    found = _with_fleeting(connection, found, words, network=network, before_id=before_id, limit=limit)
    by_id = rows(connection, [c for _, c, *_ in found])
    looked_for = sought(words)
    return [
        Hit(message_id=MessageId(i), row=by_id[ConversationId(c)], kind=MessageKind(k), author=a,
            text=excerpt(t, looked_for), created_at=from_ms(at))
        for i, c, k, a, t, at in found
        if c in by_id
    ]  # fmt: skip


def _search_begun(
    connection: sqlite3.Connection, words: str, *, network: str, before_id: int | None, limit: int
) -> list[Any] | None:
    """What a last word of one letter finds, where the LIKELY newest messages with the words before it tell; else None.

    The index merges the lists of all words with that letter before it gives the first: in a million messages a seventh
    of a second, for what mostly stands in the newest few hundred.
    """
    asked = begun(words)
    if asked is None:
        return None
    before, begins = asked
    most = LIKELY * 10 if network else LIKELY  # those of other networks are passed over unread
    there = "(:network = '' OR m.channel_id IN (SELECT id FROM channels WHERE network = :network))"
    read = f"CASE WHEN {there} THEN m.author_name || char(10) || m.title || char(10) || m.text END"
    source = "messages_fts f JOIN messages m ON m.id = f.rowid" if before else "messages m"
    order = "AND messages_fts MATCH :words ORDER BY f.rowid" if before else "ORDER BY m.id"
    likely = connection.execute(
        f"SELECT m.id, {read} FROM {source} WHERE m.id < coalesce(:before, 1 << 62) {order} DESC LIMIT :most",
        {"before": before_id, "most": most, "network": network, "words": before},
    )
    found: list[int] = []
    looked_at = 0
    for looked_at, (id_, text) in enumerate(likely, 1):  # noqa: B007
        if text is not None and begins.search(folded(text)):
            found.append(id_)
            if len(found) == limit:
                break
    if len(found) < limit and looked_at == most:
        return None
    return connection.execute(
        f"SELECT {_FOUND} FROM messages m WHERE m.id IN (SELECT value FROM json_each(?)) ORDER BY m.id DESC",
        (json.dumps(found),),
    ).fetchall()


def _search_signs(
    connection: sqlite3.Connection, patterns: Sequence[str], *, network: str, before_id: int | None, limit: int
) -> list[Any]:
    each = (r"(m.text LIKE ? ESCAPE '\' OR m.author_name LIKE ? ESCAPE '\' OR m.title LIKE ? ESCAPE '\')",)
    last = before_id - 1 if before_id is not None else connection.execute("SELECT max(id) FROM messages").fetchone()[0]
    where = ["m.id > ?", "m.id <= ?", *each * len(patterns)]
    values: list[object] = [(last or 0) - NEWEST, last, *(p for p in patterns for _ in range(3))]
    if network:
        where.append("m.channel_id IN (SELECT id FROM channels WHERE network = ?)")
        values.append(network)
    sql = f"SELECT {_FOUND} FROM messages m WHERE {' AND '.join(where)} ORDER BY m.id DESC LIMIT ?"
    return connection.execute(sql, (*values, limit)).fetchall()


def _with_fleeting(
    connection: sqlite3.Connection, found: list[Any], words: str, *, network: str, before_id: int | None, limit: int
) -> list[Any]:
    """With what the index may not see, and with the words of those that it found by something else."""
    if not fleeting.holds(connection):
        return found
    by_id = {r[0]: r for r in found} | keeping.said(connection, [r[0] for r in found])
    more = keeping.matching(connection, words, network=network, before_id=before_id, limit=limit)
    return sorted((by_id | {r[0]: r for r in more}).values(), reverse=True)[:limit]


def _row(r: Any) -> ConversationRow:
    (i, channel, network, kind, status, place, unread, held, public, count, owed, last_at, author, handle, snippet,
     subject, context_title, outgoing) = r  # fmt: skip
    if not snippet and author == keeping.MEMBER:
        snippet = keeping.FORGOTTEN
    # A window keeps many rows of the same channels and posts: one copy of each word is enough.
    channel, network, kind, status, place, context_title = map(
        sys.intern, (channel, network, kind, status, place, context_title)
    )
    return ConversationRow(
        id=ConversationId(i), channel_id=ChannelId(channel), network=network, kind=kind, status=status, place=place,
        unread=bool(unread), held=held, public=bool(public), messages=count, owed=owed, last_at=from_ms(last_at),
        author=author, handle=handle, snippet=snippet, subject=subject, context_title=context_title, outgoing=outgoing,
    )  # fmt: skip


def _messages(
    connection: sqlite3.Connection, where: str, values: tuple[object, ...], select: str = _MESSAGE
) -> list[StoredMessage]:
    return [_stored(r) for r in connection.execute(f"{select} WHERE {where}", values)]


def _stored(r: Any) -> StoredMessage:
    (i, channel, conversation_id, remote_id, kind, state, ours, public, name, author, created_at, edited_at, seen_at,
     parent, context_id, title, text, html, url, extras, versions, words_here, relations) = r  # fmt: skip
    who: Mapping[str, str] = json.loads(str(author))
    more, withheld = extras_of(str(extras), public=bool(public)), ""
    if words_here:
        edited_at, url = keeping.beside(str(extras), url)
    elif keeping.MARK in extras and keeping.MARK in more["details"]:
        more["details"] = dict(more["details"])
        withheld = keeping.withheld(int(more["details"].pop(keeping.MARK)))
    return StoredMessage(
        id=MessageId(i), channel_id=ChannelId(channel), conversation_id=ConversationId(conversation_id),
        seen_at=from_ms(seen_at), versions=versions, withheld=withheld,
        relations=frozenset(relations.split(",")) if relations else frozenset(),
        message=Message(
            remote_id=remote_id, kind=MessageKind(kind), state=MessageState(state), ours=bool(ours),
            author=Author(
                name=name, remote_id=who.get("remote_id", ""), handle=who.get("handle", ""), url=who.get("url", "")
            ),
            created_at=from_ms(created_at), edited_at=from_ms(edited_at) if edited_at else None,
            parent_remote_id=parent, context_remote_id=context_id, title=title, text=text, html=html, url=url,
            **more,
        ),
    )  # fmt: skip
