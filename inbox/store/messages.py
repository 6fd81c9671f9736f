"""Saves what a poll brought, in one transaction with its cursor, its ledger line and its line of the record."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count

from inbox.events import Changed
from inbox.model import Batch, Channel, ConversationId, ConversationStatus, Message, MessageState
from inbox.store import keeping, ledger, outgoing, own, record
from inbox.store.database import Database, to_ms
from inbox.store.extras import author_json, extras_json
from inbox.store.standing import Head, Line, restated

LINE_TEXT = 300
"""Characters of a message that its conversation's row may be made of."""
_INSERT = "INSERT INTO messages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_EXISTING = (
    "SELECT remote_id, id, conversation_id, state, title, text, html, edited_at, parent_remote_id, url,"
    " context_remote_id, extras, created_at FROM messages"
    " WHERE channel_id = ? AND remote_id IN (SELECT value FROM json_each(?))"
)
_LINES = (
    "SELECT conversation_id, remote_id, parent_remote_id, kind, state, ours, public, created_at, seen_at,"
    f" author_name, coalesce(author ->> 'handle', ''), substr(text, 1, {LINE_TEXT}), title FROM messages"
    " WHERE conversation_id IN (SELECT value FROM json_each(?))"
)
_BORN = (
    "INSERT INTO conversations (id, kind, status, place, held, public, messages, owed, last_at, author, handle,"
    " snippet, subject, settled_at, unread, channel_id, network, root_remote_id, context_remote_id)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_NEVER_USED = (
    "SELECT max((SELECT coalesce(max(id), 0) FROM conversations), (SELECT max(conversation_id) FROM freed)) + 1"
)


@dataclass(kw_only=True, slots=True)
class Saved:
    """What a save did, in counts and ids."""

    new: int = 0
    arrived: int = 0  # of the new ones, those from others
    edited: int = 0
    moved: int = 0  # another state at the network
    gone: int = 0
    conversations: set[ConversationId] = field(default_factory=set)

    @property
    def changed(self) -> Changed:
        """The same for the bus."""
        return Changed(conversations=frozenset(self.conversations), arrived=self.arrived)


def known_roots(connection: sqlite3.Connection, channel: Channel, messages: Sequence[Message]) -> dict[str, str]:
    """For these messages and their parents, as far as stored: remote id to the root of their conversation."""
    wanted = {i for m in messages for i in (m.remote_id, m.parent_remote_id, m.root_remote_id) if i}
    rows = connection.execute(
        "SELECT m.remote_id, c.root_remote_id FROM messages m JOIN conversations c ON c.id = m.conversation_id"
        " WHERE m.channel_id = ? AND m.remote_id IN (SELECT value FROM json_each(?))",
        (channel.id, json.dumps(list(wanted))),
    )
    return dict(rows.fetchall())


def save(
    database: Database,
    channel: Channel,
    batch: Batch,
    roots: Mapping[str, str],
    *,
    at: datetime,
    poll: ledger.Poll | None,
    keep_cursor: bool = False,
    actor: str = record.MACHINE,
    asked: bool = False,
) -> Saved:
    """Write the batch and return what changed. All or nothing; saving the same batch again changes nothing.

    ``roots`` comes from ``sync.grouping``. ``poll`` is the gap ledger's line (none for a reread or what we did
    ourselves). An empty batch leaves the cursor alone unless it was complete. ``asked``: a person wants to see these,
    also those whose words were here for as long as they may be (store.keeping).
    """
    saved = Saved()
    with database.transaction() as connection:
        writer = _Writer(connection, channel, to_ms(at), saved, actor, at)
        batch = replace(batch, messages=own.held(connection, channel.id, batch.messages))
        rule = keeping.rule(channel.limits)
        if rule is None:
            touched = writer.write(batch, roots)
        else:
            parting = keeping.Parting(connection, channel, rule, now=to_ms(at), asked=asked)
            touched = writer.write(parting.lasting(batch), roots)
            touched |= writer.said_elsewhere(parting.keep())
            keeping.show(connection, touched & writer.born)
        restate(connection, touched - writer.born, writer.news, at=to_ms(at))
        saved.conversations |= {ConversationId(c) for c in touched}
        if poll is not None:
            ledger.enter(connection, channel.id, poll, batch, saved.new, saved.edited + saved.moved + saved.gone)
        if not keep_cursor and (batch.messages or batch.gone or batch.complete):
            connection.execute("UPDATE channels SET cursor = ? WHERE id = ?", (batch.cursor, channel.id))
        if saved.new:
            record.append(
                connection, at=at, actor=actor, verb="received", subject=f"channel:{channel.id}",
                after={"new": saved.new, "first": batch.messages[0].remote_id, "last": batch.messages[-1].remote_id},
            )  # fmt: skip
    return saved


class _Writer:
    """One batch on its way into the tables; lives for one transaction."""

    def __init__(
        self, connection: sqlite3.Connection, channel: Channel, now: int, saved: Saved, actor: str, at: datetime
    ) -> None:
        self.connection = connection
        self.channel = channel
        self.now = now
        self.saved = saved
        self.actor = actor
        self.at = at
        self.news: set[int] = set()  # conversations with something from others that was not here before
        self.born: set[int] = set()  # conversations that came with this batch, whose rows say all already

    def write(self, batch: Batch, roots: Mapping[str, str]) -> set[int]:
        latest = {m.remote_id: m for m in batch.messages}  # a page may repeat what moved under it: the last one counts
        wanted = [*latest, *batch.gone]
        existing = {
            row[0]: row[1:] for row in self.connection.execute(_EXISTING, (self.channel.id, json.dumps(wanted)))
        }
        fresh = [m for m in latest.values() if m.remote_id not in existing]
        touched = self._join(fresh, roots)
        conversations = self._conversations(fresh, roots)
        touched |= self._insert(fresh, roots, conversations)
        for message in latest.values():
            if (row := existing.get(message.remote_id)) is not None:
                touched |= self._update(message, *row)
        for remote_id in batch.gone:
            if (row := existing.get(remote_id)) is not None and row[2] != MessageState.DELETED:
                touched |= self._set_state(row[0], row[1], row[2], MessageState.DELETED, "deleted")
                self.saved.gone += 1
        return touched

    def _conversations(self, fresh: Sequence[Message], roots: Mapping[str, str]) -> dict[str, int]:
        """Row ids of the conversations that these belong to. What is missing is made, with the row it will keep:
        writing it bare and again at the end would cost its indexes twice."""
        by_root: dict[str, list[Message]] = {}
        for m in fresh:
            by_root.setdefault(roots.get(m.remote_id, m.remote_id), []).append(m)
        have = self._roots(by_root)
        missing = {root: said for root, said in by_root.items() if root not in have}
        if missing:
            past = self.connection.execute(
                "SELECT history_before, backfilled FROM channels WHERE id = ?", (self.channel.id,)
            ).fetchone()
            made = dict(zip(missing, count(self.connection.execute(_NEVER_USED).fetchone()[0]), strict=False))
            rows = []
            for root, said in missing.items():
                head = Head(ConversationStatus.OPEN, 0, root, 0, *past)
                news = not all(m.ours for m in said)
                now, settled_at, unread = restated([self._line(m) for m in said], head, news=news, at=self.now)
                rows.append(
                    (made[root], *now, settled_at, unread, self.channel.id, self.channel.network, root,
                     said[-1].context_remote_id)
                )  # fmt: skip
            self.connection.executemany(_BORN, rows)
            self.born |= set(made.values())
            have |= made
        return have

    def _line(self, m: Message) -> Line:
        """What ``_LINES`` would read of it."""
        return Line(
            m.remote_id, m.parent_remote_id, m.kind, m.state, m.ours, m.public, to_ms(m.created_at), self.now,
            m.author.name, m.author.handle, m.text[:LINE_TEXT], m.title,
        )  # fmt: skip

    def _roots(self, roots: Collection[str]) -> dict[str, int]:
        rows = self.connection.execute(
            "SELECT root_remote_id, id FROM conversations WHERE channel_id = ?"
            " AND root_remote_id IN (SELECT value FROM json_each(?))",
            (self.channel.id, json.dumps(list(roots))),
        )
        return dict(rows.fetchall())

    def _insert(self, fresh: Sequence[Message], roots: Mapping[str, str], conversations: Mapping[str, int]) -> set[int]:
        if not fresh:
            return set()
        next_id = self.connection.execute("SELECT coalesce(max(id), 0) + 1 FROM messages").fetchone()[0]
        rows, raws = [], []
        for id_, m in enumerate(fresh, next_id):
            rows.append(
                (id_, self.channel.id, m.remote_id, conversations[roots.get(m.remote_id, m.remote_id)], m.kind, m.state,
                 m.ours, m.public, m.author.name, author_json(m), to_ms(m.created_at),
                 m.edited_at and to_ms(m.edited_at), self.now, m.parent_remote_id, m.context_remote_id,
                 m.title, m.text, m.html, m.url, extras_json(m))
            )  # fmt: skip
            if m.raw:
                raws.append((id_, zlib.compress(m.raw, 1)))
        self.connection.executemany(_INSERT, rows)
        self.connection.executemany("INSERT INTO raw VALUES (?,?)", raws)
        self.news |= {row[3] for row in rows if not row[6]}
        self.saved.new += len(fresh)
        self.saved.arrived += sum(not m.ours for m in fresh)
        return {row[3] for row in rows}

    def _join(self, fresh: Sequence[Message], roots: Mapping[str, str]) -> set[int]:
        """Conversations named after a message that comes only now, and that answers something itself: each takes the
        name of the conversation it turned out to belong to, or is folded into it where that is here already."""
        late = {m.remote_id: roots[m.remote_id] for m in fresh if roots.get(m.remote_id, m.remote_id) != m.remote_id}
        homes = self._roots(set(late.values())) if late else {}
        touched: set[int] = set()
        for remote_id, waiting in sorted(self._roots(late).items(), key=lambda item: item[1]) if late else ():
            home = homes.setdefault(late[remote_id], waiting)
            if home == waiting:
                self.connection.execute(
                    "UPDATE conversations SET root_remote_id = ? WHERE id = ?", (late[remote_id], waiting)
                )
            else:
                self._fold(waiting, home)
            touched |= {waiting, home}
        return touched

    def _fold(self, waiting: int, home: int) -> None:
        """Two turn out to be one: whatever is owed in either stays owed, and what was being written is kept."""
        for table in ("messages", "deliveries"):
            self.connection.execute(
                f"UPDATE {table} SET conversation_id = ? WHERE conversation_id = ?", (home, waiting)
            )
        self.connection.execute(
            "INSERT INTO drafts SELECT 'reply:' || ?, body, saved_at FROM drafts WHERE place = 'reply:' || ?"
            " ON CONFLICT (place) DO UPDATE SET body = body || char(10, 10) || excluded.body", (home, waiting),
        )  # fmt: skip
        self.connection.execute(  # whom the words are for; those at home stand before the others
            "UPDATE OR IGNORE drafts SET place = 'aim:' || ? WHERE place = 'aim:' || ?", (home, waiting)
        )
        self.connection.execute("DELETE FROM drafts WHERE place IN ('reply:' || :id, 'aim:' || :id)", {"id": waiting})
        self._rewrite_undo(waiting, home)
        self.connection.execute(
            "UPDATE conversations SET settled_at = min(conversations.settled_at, w.settled_at),"
            " unread = max(conversations.unread, w.unread)"
            " FROM (SELECT settled_at, unread FROM conversations WHERE id = ?) w WHERE conversations.id = ?",
            (waiting, home),
        )
        self.connection.execute("DELETE FROM conversations WHERE id = ?", (waiting,))
        self.connection.execute("UPDATE freed SET conversation_id = max(conversation_id, ?)", (waiting,))
        outgoing.mark(self.connection, home)
        record.append(
            self.connection, at=self.at, actor=self.actor, verb="joined", subject=f"conversation:{waiting}",
            after={"conversation": home},
        )  # fmt: skip

    def _rewrite_undo(self, waiting: int, home: int) -> None:
        """What is on its way there gives back (see ``triage.restore``) what is one now, and settles nothing by that
        for which the other one was not settled."""
        snapshots = [
            (id_, json.loads(undo))
            for id_, undo in self.connection.execute(
                "SELECT id, undo FROM deliveries WHERE conversation_id = ? AND undo <> ''"
                " AND state NOT IN ('sent', 'cancelled')", (home,),
            )
        ]  # fmt: skip
        times = self.connection.execute("SELECT settled_at FROM conversations WHERE id IN (?, ?)", (waiting, home))
        settled_at = min([at for (at,) in times] + [row[2] for _, before in snapshots for row in before])
        self.connection.executemany(
            "UPDATE deliveries SET undo = ? WHERE id = ?",
            [
                (json.dumps([[home, status, settled_at, unread] for _, status, _, unread in before]), id_)
                for id_, before in snapshots
            ],
        )

    def _update(self, m: Message, id_: int, conversation: int, state: str, title: str, text: str, html: str,
                edited_at: int | None, parent: str, url: str, context: str, extras: str,
                created_at: int) -> set[int]:  # fmt: skip
        touched: set[int] = set()
        if (m.title, m.text, m.html) != (title, text, html):
            self.connection.execute(
                "INSERT INTO earlier (message_id, until_at, title, text, html) VALUES (?,?,?,?,?)",
                (id_, self.now, title, text, html),
            )
            self.connection.execute(
                "UPDATE messages SET title = ?, text = ?, html = ?, edited_at = ?, kind = ? WHERE id = ?",
                (m.title, m.text, m.html, to_ms(m.edited_at) if m.edited_at else self.now, m.kind, id_),
            )
            self._record("edited", id_, {"text": text, "title": title}, {"text": m.text, "title": m.title})
            self.saved.edited += 1
            touched = {conversation}
            if m.raw:
                self.connection.execute("INSERT OR REPLACE INTO raw VALUES (?,?)", (id_, zlib.compress(m.raw, 1)))
        if m.state != state:
            touched |= self._set_state(id_, conversation, state, m.state, "state changed")
            self.saved.moved += 1
        now = (m.parent_remote_id, m.url or url, extras_json(m), m.context_remote_id or context, to_ms(m.created_at))
        if now != (parent, url, extras, context, created_at):
            self.connection.execute(
                "UPDATE messages SET parent_remote_id = ?, url = ?, extras = ?, context_remote_id = ?, created_at = ?"
                " WHERE id = ?", (*now, id_),
            )  # fmt: skip
            touched |= {conversation} if (now[0], now[-1]) != (parent, created_at) else set()
        return touched

    def said_elsewhere(self, words: keeping.Said) -> set[int]:
        """Note which messages say something else now, and not what; the conversations that look different."""
        for id_ in words.edited:
            self._record("edited", id_, {}, {})
        self.saved.edited += len(words.edited)
        return words.conversations

    def _set_state(self, id_: int, conversation: int, old: str, new: str, verb: str) -> set[int]:
        self.connection.execute("UPDATE messages SET state = ? WHERE id = ?", (new, id_))
        self._record(verb, id_, {"state": old}, {"state": new})
        return {conversation}

    def _record(self, verb: str, id_: int, before: Mapping[str, object], after: Mapping[str, object]) -> None:
        record.append(
            self.connection,
            at=self.at,
            actor=self.actor,
            verb=verb,
            subject=f"message:{id_}",
            before=before,
            after=after,
        )


def restate(
    connection: sqlite3.Connection, conversations: Iterable[int], news: Collection[int] = (), *, at: int = 0
) -> None:
    """Work out anew what the rows of these conversations say; those in ``news`` got something ``at`` and become unread.

    Part of the caller's transaction.
    """
    ids = list(conversations)
    wanted = json.dumps(ids)
    if wanted == "[]":
        return
    heads = {
        row[0]: Head._make(row[1:])
        for row in connection.execute(
            "SELECT c.id, c.status, c.settled_at, c.root_remote_id, c.messages, h.history_before, h.backfilled"
            " FROM conversations c"
            " JOIN channels h ON h.id = c.channel_id WHERE c.id IN (SELECT value FROM json_each(?))", (wanted,),
        )
    }  # fmt: skip
    by_conversation: dict[int, list[Line]] = {}
    for row in connection.execute(_LINES, (wanted,)):
        by_conversation.setdefault(row[0], []).append(Line._make(row[1:]))
    updates = []
    for id_, lines in by_conversation.items():
        now, settled_at, unread = restated(lines, heads[id_], news=id_ in news, at=at)
        updates.append((*now, settled_at, unread, id_))
    connection.executemany(
        "UPDATE conversations SET kind=?, status=?, place=?, held=?, public=?, messages=?, owed=?, last_at=?, author=?,"
        " handle=?, snippet=?, subject=?, settled_at=?,"
        " unread = max(unread, ?) WHERE id=?", updates,
    )  # fmt: skip
    keeping.show(connection, ids)
