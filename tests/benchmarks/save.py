"""save: messages a second through ``sync.fetch.save``, against the same rows put into the tables by executemany."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from inbox.model import Account, AccountId, Batch, Capability, Channel, ChannelFound, Cursor
from inbox.store import accounts, ledger
from inbox.store.database import Database
from inbox.sync import fetch
from tests.benchmarks import arrivals
from tests.benchmarks.figures import Figure, spread
from tests.benchmarks.stock import FOLDER, NOW, Stock

_RUNS = 3
BOUND = (
    "Python per message: grouping, its row, and its conversation's row worked out anew (sync.grouping, store.messages, "
    "store.standing); below that SQLite's full-text index and one durable commit a batch"
)


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """Into an empty inbox, and into the large one."""
    batches = [
        Batch(messages=arrivals.messages_of(body), cursor=Cursor(str(n)), complete=False)
        for n, body in enumerate(arrivals.pages(30 if quick else 120, seed=3, first_id=1, at=NOW - timedelta(days=9)))
    ]
    for name, home in (("save, empty inbox", None), (f"save, {stock.messages:,} there", stock.home)):
        ours, floors = [], []
        for _ in range(1 if quick else _RUNS):
            with _inbox(home) as database:
                channel = _channel(database)
                ours.append(_ours(database, channel, batches))
                rows = [_rows(database, channel, batch) for batch in batches]
            with _inbox(home) as database:
                floors.append(_floor(database, _once(rows)))
        yield Figure(
            name=name, unit="messages/s", ours=max(ours), floor=max(floors), least_ratio=0.7, bound=BOUND,
            notes={f"ours {k}": v for k, v in spread(ours).items()} | {"floor least": min(floors)},
        )  # fmt: skip


@contextlib.contextmanager
def _inbox(home: Path | None) -> Iterator[Database]:
    work = FOLDER / "work-save"
    shutil.rmtree(work, ignore_errors=True)
    if home is not None:
        shutil.copytree(home, work)
    database = Database.open(work)
    try:
        yield database
    finally:
        database.close()
        shutil.rmtree(work)


def _channel(database: Database) -> Channel:
    account = Account(id=AccountId("bench-1"), network="bench", title="Bench")
    found = ChannelFound(remote_id="main", title="Bench", capabilities=Capability.FETCH)
    with database.transaction() as connection:
        accounts.add_account(connection, account, at=NOW)
        [id_] = accounts.add_channels(
            connection, account, [found], interval_s=60, history_before=NOW - timedelta(days=30)
        )
    channel = accounts.channel(database.connection, id_)
    assert channel is not None
    return channel


def _ours(database: Database, channel: Channel, batches: Sequence[Batch]) -> float:
    began = time.perf_counter()
    for batch in batches:
        fetch.save(database, channel, batch, at=NOW, poll=ledger.Poll(at=NOW))
    return sum(len(b.messages) for b in batches) / (time.perf_counter() - began)


Rows = dict[str, dict[int, tuple[Any, ...]]]


def _rows(database: Database, channel: Channel, batch: Batch) -> Rows:
    """What the batch came to in the three tables, as it stands at the end."""
    ids = [
        database.connection.execute(
            "SELECT id, conversation_id FROM messages WHERE channel_id = ? AND remote_id = ?", (channel.id, m.remote_id)
        ).fetchone()
        for m in batch.messages
    ]
    wanted = {"messages": {i for i, _ in ids}, "raw": {i for i, _ in ids}, "conversations": {c for _, c in ids}}
    key = {"messages": "id", "raw": "message_id", "conversations": "id"}
    return {
        table: {
            i: database.connection.execute(f"SELECT * FROM {table} WHERE {key[table]} = ?", (i,)).fetchone()
            for i in sorted(some)
        }
        for table, some in wanted.items()
    }


def _once(batches: Sequence[Rows]) -> list[Rows]:
    """Each row in the batch that has it first."""
    seen: dict[str, set[int]] = {table: set() for table in batches[0]}
    found = []
    for rows in batches:
        found.append({t: {i: r for i, r in rows[t].items() if i not in seen[t]} for t in rows})
        for table in rows:
            seen[table] |= rows[table].keys()
    return found


def _floor(database: Database, batches: Sequence[Rows]) -> float:
    connection: sqlite3.Connection = database.connection
    marks = {t: ",".join("?" * len(next(iter(rows.values())))) for t, rows in batches[0].items()}
    began = time.perf_counter()
    for rows in batches:
        connection.execute("BEGIN IMMEDIATE")
        for table in ("conversations", "messages", "raw"):
            connection.executemany(f"INSERT INTO {table} VALUES ({marks[table]})", rows[table].values())
        connection.execute("COMMIT")
    return sum(len(rows["messages"]) for rows in batches) / (time.perf_counter() - began)
