"""Small makers of what the tests of the store, of fetching and of publishing talk about."""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from typing import Any

from inbox.model import (
    Account,
    AccountId,
    Author,
    Batch,
    Capability,
    Channel,
    ChannelFound,
    Cursor,
    Limits,
    Message,
    MessageKind,
    Rendition,
    Update,
    UpdateKind,
)
from inbox.store import accounts, ledger, messages, outbox, reading
from inbox.store.database import Database
from inbox.sync import fetch
from tests.clock import START

OFFICER = "person:test"
LONG_AGO = START - timedelta(days=3_000)
ANYTHING = ~Capability.NONE


def later(seconds: float) -> datetime:
    """So many seconds after the clock's start."""
    return START + timedelta(seconds=seconds)


def message(remote_id: str, text: str = "How high is the water?", **fields: Any) -> Message:
    """A visitor's comment, unless said otherwise."""
    fields.setdefault("author", Author(name="We" if fields.get("ours") else "Vera"))
    return Message(
        remote_id=remote_id, text=text, **{"kind": MessageKind.COMMENT, "created_at": START} | fields
    )  # fmt: skip


def add_channel(
    database: Database,
    remote_id: str = "blog",
    *,
    network: str = "memory",
    account: str = "memory-1",
    history_before: datetime = LONG_AGO,
    capabilities: Capability = ANYTHING,
) -> Channel:
    """A channel of an account, both made when not there. Its past counts unless ``history_before`` says otherwise."""
    who = Account(id=AccountId(account), network=network, title=account)
    found = ChannelFound(remote_id=remote_id, title=remote_id, capabilities=capabilities, limits=Limits())
    with database.transaction() as connection:
        accounts.add_account(connection, who, at=START)
        [id_] = accounts.add_channels(connection, who, [found], interval_s=60, history_before=history_before)
    made = accounts.channel(database.connection, id_)
    assert made is not None
    return made


def save(
    database: Database, channel: Channel, *said: Message, at: datetime = START, gone: tuple[str, ...] = ()
) -> messages.Saved:
    """Save messages as a reread would: grouped, the cursor left alone."""
    return fetch.save(database, channel, Batch(messages=said, gone=gone, cursor=Cursor("")), at=at)


def polled(database: Database, channel: Channel, batch: Batch, *, at: datetime = START) -> messages.Saved:
    """Save a batch as a poll does, with its cursor and its line of the ledger."""
    return fetch.save(database, channel, batch, at=at, poll=ledger.Poll(at=at))


def row_of(database: Database, channel: Channel, remote_id: str) -> reading.ConversationRow:
    """The row of the conversation that this message is in."""
    stored = reading.message_by_remote_id(database.connection, channel.id, remote_id)
    assert stored is not None, f"{remote_id} is not stored"
    return reading.rows(database.connection, [stored.conversation_id])[stored.conversation_id]


def stored(database: Database, channel: Channel, remote_id: str) -> reading.StoredMessage:
    """The message as it lies in the store."""
    found = reading.message_by_remote_id(database.connection, channel.id, remote_id)
    assert found is not None, f"{remote_id} is not stored"
    return found


def queue(
    database: Database, channel: Channel, text: str = "Three metres.", *, at: datetime = START, wait_s: float = 0,
    undo: str = "", conversation: int | None = None,
) -> int:  # fmt: skip
    """Queue a post; the delivery's id."""
    update = Update(kind=UpdateKind.POST, text=text)
    plan = outbox.Planned(
        channel_id=channel.id, rendition=Rendition(kind=UpdateKind.POST, text=text),
        not_before_at=at + timedelta(seconds=wait_s), undo=undo, conversation_id=conversation,
    )  # fmt: skip
    with database.transaction() as connection:
        [id_] = outbox.approve(connection, update, [plan], at=at, actor=OFFICER)
    return id_


def tables(connection: sqlite3.Connection, *but: str) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the file, table by table."""
    names = [r[0] for r in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {
        n: connection.execute(f'SELECT * FROM "{n}" ORDER BY 1').fetchall()
        for n in names
        if n not in but and "_fts" not in n and not n.startswith("sqlite_")
    }


def fresh_tallies(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """What ``reading.tallies`` must say, counted anew."""
    return {
        (n, p): (c, u)
        for n, p, c, u in connection.execute(
            "SELECT network, place, count(*), sum(unread) FROM conversations GROUP BY network, place"
        )
    }


def kept_tallies(connection: sqlite3.Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """What is kept, without places that have become empty."""
    return {k: v for k, v in reading.tallies(connection).items() if v != (0, 0)}
