"""The inbox that the benchmarks look at: a million messages on eight channels, made once and kept under build/bench/.

Rows go straight into the tables, since a million polls would take an hour; what a conversation's row says is worked out
by the store's own ``standing``, and the full-text index is built by SQLite from the same rows.
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import json
import random
import shutil
import sqlite3
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inbox.model import Account, AccountId, Capability, ChannelFound, ConversationStatus, MessageKind, MessageState
from inbox.store import accounts, standing
from inbox.store.database import FILE_NAME, Database, to_ms
from tests.benchmarks import words

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "bench"
NETWORKS = ("wordpress", "mastodon", "bluesky", "facebook", "linkedin", "x", "govdelivery", "feed")
OWED, WAITING = 2_000, 300
LONG = 500
"""Messages in the one long conversation."""
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
_BATCH = 20_000
_MESSAGE = "INSERT INTO messages VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"


@dataclass(frozen=True, slots=True)
class Stock:
    """An inbox of so many messages; read it, and change only a ``copy``."""

    home: Path
    messages: int
    long_conversation: int

    @contextlib.contextmanager
    def copy(self, name: str) -> Iterator[Path]:
        """A copy of the inbox's folder that may be changed; gone afterwards."""
        work = FOLDER / f"work-{name}"
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(self.home, work)
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)


def stock(messages: int) -> Stock:
    """The inbox with so many messages: the one kept, or a new one (two minutes for a million)."""
    from inbox.store import schema  # here: no window that is looked at has sqlite_utils in memory

    # What was built once stays right until the tables or the way of filling them change.
    made_by = "".join(inspect.getsource(part) for part in (schema, words, _Builder))
    home = FOLDER / f"stock-{messages}-{hashlib.sha256(made_by.encode()).hexdigest()[:12]}"
    facts = home / "facts.json"
    if not facts.exists():
        for old in FOLDER.glob(f"stock-{messages}-*"):
            shutil.rmtree(old)
        print(f"making an inbox of {messages:,} messages ...", flush=True)
        began = time.perf_counter()
        long_conversation = _Builder(home, messages).build()
        facts.write_text(json.dumps({"long_conversation": long_conversation}))
        size_mb = (home / FILE_NAME).stat().st_size / 1e6
        print(f"made in {time.perf_counter() - began:.0f} s, {size_mb:,.0f} MB", flush=True)
    return Stock(home, messages, json.loads(facts.read_text())["long_conversation"])


class _Builder:
    def __init__(self, home: Path, messages: int) -> None:
        self._home = home
        self._messages = messages
        self._random = random.Random(7)
        self._writer = words.Writer(7)
        self._lines: list[list[standing.Line]] = []
        self._place: list[tuple[str, str, str, str]] = []  # channel, network, root, context of each conversation
        self._recent: list[list[int]] = [[] for _ in NETWORKS]  # conversations that may still grow, by channel
        self._contexts: list[list[str]] = [[] for _ in NETWORKS]
        self._last: dict[int, str] = {}

    def build(self) -> int:
        """Fill a new inbox; the id of its long conversation."""
        database = Database.open(self._home)
        connection = database.connection
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "foreign_keys=OFF"):
            connection.execute(f"PRAGMA {pragma}")  # a build that is interrupted is begun again
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("BEGIN")
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        channels = self._channels(connection)
        step = timedelta(days=1_500) / self._messages
        rows, raws = [], []
        for id_ in range(1, self._messages + 1):
            row, raw = self._message(id_, channels, to_ms(NOW - step * (self._messages - id_)))
            rows.append(row)
            raws.append((id_, raw))
            if len(rows) == _BATCH or id_ == self._messages:
                connection.executemany(_MESSAGE, rows)
                connection.executemany("INSERT INTO raw VALUES (?,?)", raws)
                rows, raws = [], []
        connection.executemany(f"INSERT INTO conversations VALUES ({','.join('?' * 20)})", self._conversations())
        connection.execute("INSERT INTO messages_fts (messages_fts) VALUES ('rebuild')")
        connection.execute(
            "INSERT INTO tallies SELECT network, place, count(*), sum(unread) FROM conversations GROUP BY 1, 2"
        )
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode=WAL")
        database.close()
        return next(i for i, lines in enumerate(self._lines, 1) if len(lines) == LONG)

    def _channels(self, connection: sqlite3.Connection) -> list[str]:
        ids = []
        for network in NETWORKS:
            account = Account(
                id=AccountId(f"{network}-1"), network=network, title=network, address=f"https://{network}.example"
            )
            found = ChannelFound(
                remote_id="main", title=f"City of Example on {network}", url=f"https://{network}.example/",
                speaks_as="City of Example", capabilities=~Capability.NONE,
            )  # fmt: skip
            accounts.add_account(connection, account, at=NOW)
            ids += accounts.add_channels(connection, account, [found], interval_s=120, history_before=NOW)
        # Paused: nobody may go out to a network because of a benchmark.
        connection.execute(
            "UPDATE channels SET paused = 1, backfilled = 1, complete_to = ?, polled_at = ?", (to_ms(NOW),) * 2
        )
        return [str(i) for i in ids]

    def _message(self, id_: int, channels: list[str], at: int) -> tuple[tuple[object, ...], bytes]:
        long_one = id_ <= LONG + 1  # a post, then everybody below it
        number = 0 if long_one else min(int(self._random.expovariate(0.45)), len(channels) - 1)
        recent, chance = self._recent[number], self._random.random()
        post = id_ == 1 or ((chance < 0.02 or not self._contexts[number]) and not long_one)
        if post or not recent or (chance < 0.4 and not long_one):
            conversation = len(self._lines)
            self._lines.append([])
            parent = ""
            context = "" if post else self._contexts[number][-1]
            self._place.append((channels[number], NETWORKS[number], f"m:{id_}", context))
            if not post:
                recent.append(conversation)
            if len(recent) > 400:
                recent.pop(0)
        else:
            conversation = recent[int(len(recent) * self._random.random())]
            if id_ == LONG + 1:
                recent.clear()
            parent = self._last[conversation]
            context = self._place[conversation][3]
        return self._row(id_, number, channels[number], conversation, parent, context, post, at)

    def _row(
        self, id_: int, number: int, channel: str, conversation: int, parent: str, context: str, post: bool, at: int
    ) -> tuple[tuple[object, ...], bytes]:
        text, title = self._writer.text(), self._writer.title() if post else ""
        ours = post or (bool(parent) and self._random.random() < 0.4)
        name = "City of Example" if ours else self._writer.person()
        handle = f"@{name.replace(' ', '.').lower()}@social.example" if number in (1, 2) and not ours else ""
        author = json.dumps(
            {"remote_id": name, "handle": handle, "url": f"https://{NETWORKS[number]}.example/people/{name}"},
            ensure_ascii=False,
        )
        state = MessageState.SPAM if not ours and self._random.random() < 0.04 else MessageState.PUBLISHED
        kind = MessageKind.POST if post else MessageKind.COMMENT
        remote_id, html = f"m:{id_}", f"<p>{text}</p>"
        url = f"https://{NETWORKS[number]}.example/{remote_id}"
        raw = json.dumps(
            {"id": id_, "author": author, "date_gmt": at, "content": {"rendered": html}, "link": url, "status": state},
            ensure_ascii=False,
        )
        self._lines[conversation].append(
            standing.Line(remote_id, parent, kind, state, ours, 1, at, at, name, handle, text[:300], title)
        )
        self._last[conversation] = remote_id
        if post:
            self._contexts[number].append(remote_id)
        row = (
            id_, channel, remote_id, conversation + 1, kind, state, ours, 1, name, author, at, None, at, parent,
            context, title, text, html, url, "{}",
        )  # fmt: skip
        return row, zlib.compress(raw.encode(), 1)

    def _conversations(self) -> Iterator[tuple[object, ...]]:
        """The rows of all conversations: the newest are owed, a fifth of the others is open, the rest is done."""
        owed, waiting = OWED, WAITING
        for index in range(len(self._lines) - 1, -1, -1):
            lines, (channel, network, root, context) = self._lines[index], self._place[index]
            status, settled_at = ConversationStatus.DONE, max(line.seen_at for line in lines)
            now = standing.standing(lines, ConversationStatus.OPEN, 0, root)
            if owed and now.owed:
                status, settled_at, owed = ConversationStatus.OPEN, 0, owed - 1
            elif waiting and now.owed:
                status, waiting = ConversationStatus.WAITING, waiting - 1
            elif self._random.random() < 0.2:
                status = ConversationStatus.OPEN
            now = standing.standing(lines, status, settled_at, root)
            unread = int(now.place in ("owed", "quiet") and self._random.random() < 0.1)
            yield (
                index + 1, channel, network, root, context, now.kind, now.status, now.place, unread, now.held,
                now.public, now.messages, now.owed, now.last_at, settled_at, now.author, now.handle, now.snippet,
                now.subject, "",
            )  # fmt: skip
