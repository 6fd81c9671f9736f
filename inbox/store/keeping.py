"""Words that may be kept for some hours only, because the network they come from says so (``Limits.keep_text_s``).

What others say on such a channel is parted when it is saved: ``messages``, ``conversations``, the index of words, the
raw forms, the earlier texts and the record get a message without words by "A member"; the words lie in ``fleeting``,
and what they make of a conversation's row in ``fleeting_rows``. Readers lay the two together while the words are there.
``store.purging`` forgets them, whole pages at a time (docs/decisions/0008). What is kept for good of such a message is
its remote ids, its kind and state, ``details`` and ``url``, so a connector puts no words of anybody's into those.
"""

from __future__ import annotations

import itertools
import json
import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from inbox.model import Author, Batch, Channel, Counts, Limits, Message, Quoted
from inbox.store import fleeting
from inbox.store.extras import author_json, extras_json
from inbox.store.standing import Line, standing
from inbox.store.words import folded, signs, typed_words

MEMBER: Final = "A member"
"""Stands for everybody whose name may not be kept."""
FORGOTTEN: Final = "Words that may not be kept any longer"
"""Stands for theirs in the list."""
MARK: Final = "kept_s"
"""Among the details of a message whose words may be kept so many seconds."""
_HOUR_S = 3_600
_LINE_TEXT = 300
_HERE = (
    "SELECT m.remote_id, m.id, m.conversation_id, m.seen_at, f.message_id, f.words_until, f.name_until, f.author_name,"
    " f.author, f.title, f.text, f.html, f.extras FROM messages m LEFT JOIN fleeting f ON f.message_id = m.id"
    " WHERE m.channel_id = ? AND m.remote_id IN (SELECT value FROM json_each(?))"
)
_FOUND = (
    "m.id, m.conversation_id, m.kind, coalesce(nullif(f.author_name, ''), m.author_name), substr(f.text, 1, 4000),"
    " m.created_at FROM fleeting f JOIN messages m ON m.id = f.message_id"
)
_LINES = (
    "SELECT m.conversation_id, c.status, c.settled_at, c.root_remote_id, f.words_until, f.name_until,"
    " m.remote_id, m.parent_remote_id, m.kind, m.state, m.ours, m.public, m.created_at, m.seen_at,"
    " coalesce(nullif(f.author_name, ''), m.author_name), coalesce(coalesce(f.author, m.author) ->> 'handle', ''),"
    f" substr(coalesce(f.text, m.text), 1, {_LINE_TEXT}), coalesce(f.title, m.title)"
    " FROM messages m JOIN conversations c ON c.id = m.conversation_id LEFT JOIN fleeting f ON f.message_id = m.id"
    " WHERE m.conversation_id IN (SELECT m.conversation_id FROM fleeting f JOIN messages m ON m.id = f.message_id"
    " WHERE m.conversation_id IN (SELECT value FROM json_each(?)))"
)


class Rule(NamedTuple):
    """How long words and names may be kept, in milliseconds."""

    words_ms: int
    name_ms: int


class Said(NamedTuple):
    """What was written of words: the messages that say something else than before, and all conversations concerned."""

    edited: set[int]
    conversations: set[int]


class Kept(NamedTuple):
    """A row of ``fleeting``. ``name_until`` 0: the name is forgotten already. ``message_id`` below 0: the time of words
    of a period that gave way to a new one; they may still lie somewhere in the file until then."""

    message_id: int
    words_until: int
    name_until: int
    author_name: str
    author: str
    title: str
    text: str
    html: str
    extras: str

    def nameless(self) -> Kept:
        """The same after its author's time is over: who wrote it, and who is named beside the words, is gone."""
        extras = json.loads(self.extras)
        extras.pop("addressees", None)
        if "quoted" in extras:
            extras["quoted"] |= {"author": "", "handle": ""}
        return self._replace(name_until=0, author_name="", author="{}", extras=_written(extras))

    def replaced(self) -> Kept:
        """What remains to be done about this once something else stands in its place."""
        return Kept(-self.message_id, self.words_until, self.name_until or self.words_until, "", "{}", "", "", "", "{}")


def rule(limits: Limits) -> Rule | None:
    """The storage rule of a channel, if it has one. Where only one time is said it goes for both; the shorter wins."""
    said = [s for s in (limits.keep_text_s, limits.keep_name_s) if s is not None]
    if not said:
        return None
    words_s = said[0]
    return Rule(words_s * 1000, min(words_s, said[-1]) * 1000)


def withheld(kept_s: int) -> str:
    """Why a message has no words, and what to do about it."""
    time = f"{kept_s // _HOUR_S} hours" if kept_s >= 2 * _HOUR_S else f"{kept_s // 60} minutes"
    return f"Its network lets us keep members' words for {time}. Open it there, or fetch it again."


class Parting:
    """One batch of a channel under a storage rule, on its way into the tables; lives for one transaction.

    What was seen before keeps the time it was given then. Words whose time is over come back only when ``asked`` for.
    """

    def __init__(self, connection: sqlite3.Connection, channel: Channel, rule: Rule, *, now: int, asked: bool) -> None:
        self._connection = connection
        self._channel = channel
        self._rule = rule
        self._now = now
        self._asked = asked
        self._words: dict[str, Message] = {}
        self._kept: dict[str, Kept] = {}  # what lies here of these, by remote id
        self._ours: list[Kept] = []  # taken for somebody else's so far

    def lasting(self, batch: Batch) -> Batch:
        """The batch as it may be kept for good."""
        latest = {m.remote_id: m for m in batch.messages}
        here = {row[0]: row[1:] for row in self._here(latest)}
        found = []
        for remote_id, m in latest.items():
            id_, _, seen_at, *kept = here.get(remote_id, (0, 0, 0, None))
            if kept[0] is not None:
                self._kept[remote_id] = Kept(*kept)
            if m.ours:
                self._ours += [self._kept[remote_id]] if remote_id in self._kept else []
                found.append(replace(m, raw=b"", quoted=m.quoted and _bare(m.quoted)))
                continue
            over = id_ and (remote_id not in self._kept or self._kept[remote_id].words_until <= self._now)
            if over and not self._asked:
                found.append(self._neutral(m, datetime.fromtimestamp(seen_at / 1000, UTC)))
            else:
                found.append(self._neutral(m, m.created_at))
                self._words[remote_id] = m
        return replace(batch, messages=tuple(found))

    def keep(self) -> Said:
        """Write the words, once the messages are written."""
        said = Said(set(), set())
        rows, replaced = [], list(self._ours)
        for remote_id, id_, conversation, *_ in self._here(self._words):
            m, before = self._words[remote_id], self._kept.get(remote_id)
            row = self._row(id_, m, before)
            if before is not None and (row.title, row.text, row.html) != (before.title, before.text, before.html):
                said.edited.add(id_)
            if before is None or row[1:-1] != before[1:-1]:  # more than what the row of a conversation never shows
                said.conversations.add(conversation)
            if before is not None and row.words_until != before.words_until:
                replaced.append(before)  # also when it says the same: what it said earlier in that period is to go
            if row != before:
                rows.append(row)
        if rows or replaced:
            fleeting.zeroing(self._connection)
        self._connection.executemany("DELETE FROM fleeting WHERE message_id = ?", [r[:1] for r in self._ours])
        self._connection.executemany("INSERT OR REPLACE INTO fleeting VALUES (?,?,?,?,?,?,?,?,?)", rows)
        self._connection.executemany(
            "INSERT INTO fleeting VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET"
            " words_until = min(words_until, excluded.words_until), name_until = min(name_until, excluded.name_until)",
            [row.replaced() for row in replaced],
        )
        return said

    def _here(self, remote_ids: Iterable[str]) -> list[Any]:
        return self._connection.execute(_HERE, (self._channel.id, json.dumps(list(remote_ids)))).fetchall()

    def _row(self, id_: int, m: Message, before: Kept | None) -> Kept:
        extras = json.loads(extras_json(m))
        if m.edited_at is not None:
            extras["edited_at"] = round(m.edited_at.timestamp() * 1000)
        if not _lasting_url(m):
            extras["url"] = m.url
        row = Kept(
            id_, self._now + self._rule.words_ms, self._now + self._rule.name_ms, m.author.name, author_json(m),
            m.title, m.text, m.html, _written(extras),
        )  # fmt: skip
        if before is None or self._asked or before.words_until <= self._now:
            return row
        row = row._replace(words_until=before.words_until, name_until=before.name_until)
        if row.name_until > self._now:
            return row
        # The earlier row's name may still lie in the file: its time stays, so that the purger sees to it.
        return row.nameless()._replace(name_until=before.name_until)

    def _neutral(self, m: Message, created_at: datetime) -> Message:
        """The message without anything that may not be kept."""
        return replace(
            m, author=Author(name=MEMBER), created_at=created_at, text="", html="", title="", url=_lasting_url(m),
            edited_at=None, language="", attachments=(), addressees=(), warning="", counts=Counts(), quoted=None,
            card=None, poll=None, emojis=(), raw=b"",
            details={**m.details, MARK: str(self._rule.words_ms // 1000)},
        )  # fmt: skip


def show(connection: sqlite3.Connection, conversations: Iterable[int]) -> None:
    """Write anew what the words that are here make of these conversations' rows. Part of the caller's transaction."""
    if not fleeting.holds(connection):
        return
    wanted = json.dumps(list(conversations))
    lines = connection.execute(_LINES, (wanted,)).fetchall()
    old = connection.execute(
        "SELECT * FROM fleeting_rows WHERE conversation_id IN (SELECT value FROM json_each(?))", (wanted,)
    ).fetchall()
    if not lines and not old:
        return
    rows = []
    for id_ in sorted({line[0] for line in lines}):
        here = [line for line in lines if line[0] == id_]
        _, status, settled_at, root, *_ = here[0]
        now = standing([Line._make(line[6:]) for line in here], status, settled_at, root)
        until = [min(line[at] for line in here if line[at] is not None) for at in (4, 5)]
        rows.append((id_, *until, now.author, now.handle, now.snippet, now.subject))
    if sorted(old) != rows:
        fleeting.zeroing(connection)
        connection.executemany("DELETE FROM fleeting_rows WHERE conversation_id = ?", [r[:1] for r in old])
        connection.executemany("INSERT INTO fleeting_rows VALUES (?,?,?,?,?,?,?)", rows)


def matching(
    connection: sqlite3.Connection, words: str, *, network: str, before_id: int | None, limit: int
) -> list[tuple[Any, ...]]:
    """Those of the words here that hold all that was typed, latest arrivals first: id, conversation, kind, author,
    text and time. There are few, so each is read; the index of words never sees them."""
    if signs(words):
        wanted = [re.compile(re.escape(folded(part.rstrip("\ufe0f") or part))) for part in words.split()]
    else:
        typed = typed_words(words)
        ends = [r"(?![^\W_])"] * len(typed)
        ends[-1:] = [ends[-1] if words[-1:].isspace() else ""] if ends else []
        wanted = [re.compile(rf"(?<![^\W_]){re.escape(folded(w))}{end}") for w, end in zip(typed, ends, strict=True)]
    found: list[tuple[Any, ...]] = []
    for title, *row in connection.execute(
        f"SELECT f.title, {_FOUND} JOIN channels h ON h.id = m.channel_id"
        " WHERE f.message_id < coalesce(:before, 1 << 62) AND :network IN ('', h.network) ORDER BY f.message_id DESC",
        {"before": before_id, "network": network},
    ):
        whole = folded("\n".join((row[3], title, row[4])))
        if wanted and all(one.search(whole) for one in wanted):
            found.append(tuple(row))
            if len(found) == limit:
                break
    return found


def said(connection: sqlite3.Connection, message_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
    """The same of these messages, as far as their words are here, by id."""
    found = connection.execute(
        f"SELECT {_FOUND} WHERE f.message_id IN (SELECT value FROM json_each(?))", (json.dumps(list(message_ids)),)
    )
    return {row[0]: row for row in found}


def beside(extras: str, url: str) -> tuple[int | None, str]:
    """What lies beside the words of a message: when it was edited, and its address unless that is kept for good."""
    more = json.loads(extras)
    return more.get("edited_at"), more.get("url", url)


def _lasting_url(m: Message) -> str:
    """The message's address, unless it is made of somebody's name or words, as some networks' are."""
    spelt = _runs(" ".join(urlsplit(m.url)[2:]))  # behind the host, which is nobody's
    names = {w for w in _runs(f"{m.author.name} {m.author.handle}") if len(w) > 2}
    if not names.isdisjoint(spelt):
        return ""
    said = set(itertools.pairwise(_runs(f"{m.title} {m.text}")))
    return m.url if said.isdisjoint(itertools.pairwise(spelt)) else ""


def _runs(text: str) -> list[str]:
    """Runs of letters and figures, however they are joined."""
    return re.findall(r"[^\W_]+", folded(text))


def _bare(quoted: Quoted) -> Quoted:
    """What we quote of somebody else's."""
    return Quoted(remote_id=quoted.remote_id, url=quoted.url, withheld="Its words may not be kept here.")


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
