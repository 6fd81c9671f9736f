"""Accounts and channels as rows."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from inbox.model import Account, AccountId, Capability, ChannelFound, Limits
from inbox.store import accounts
from inbox.store.database import FILE_NAME, Database
from tests.inbox.making import LONG_AGO, START, add_channel, later, message, save

ACCOUNT = Account(
    id=AccountId("memory-1"),
    network="memory",
    title="Ours",
    address="https://example.org",
    user="officer",
    settings={"a": "b"},
)


def open_(database: Database, *found: ChannelFound) -> list[str]:
    with database.transaction() as connection:
        accounts.add_account(connection, ACCOUNT, at=START)
        return list(accounts.add_channels(connection, ACCOUNT, found, interval_s=60, history_before=LONG_AGO))


def test_an_account_and_its_channels_come_back_whole(database: Database) -> None:
    limits = Limits(text_bytes=5, reply_bytes=3, media_count=4, media_types=("image/png", "image/jpeg"), reply_depth=3)
    found = ChannelFound(
        remote_id="r",
        title="Blog",
        url="https://example.org",
        speaks_as="We",
        limits=limits,
        capabilities=Capability.FETCH | Capability.REPLY,
    )
    [id_] = open_(database, found)
    assert accounts.accounts(database.connection) == [ACCOUNT]
    channel = accounts.channel(database.connection, id_)
    assert channel is not None
    assert channel.limits == limits
    assert channel.capabilities == Capability.FETCH | Capability.REPLY
    assert (channel.title, channel.speaks_as, channel.interval_s, channel.account_id) == ("Blog", "We", 60, "memory-1")
    assert accounts.undo_s(database.connection, id_) == 10


def test_limits_of_a_row_written_by_another_version_are_read(database: Database) -> None:
    [id_] = open_(database, ChannelFound(remote_id="r", title="Blog"))
    for written in ('{"text_bytes": 5}', '{"text_bytes": 5, "of_a_version_to_come": 7}'):
        with database.transaction() as connection:
            connection.execute("UPDATE channels SET limits = ?", (written,))
        channel = accounts.channel(database.connection, id_)
        assert channel is not None
        assert channel.limits == Limits(text_bytes=5)


def test_signing_in_again_keeps_where_reading_goes_on(database: Database) -> None:
    [id_] = open_(database, ChannelFound(remote_id="r", title="Old"))
    with database.transaction() as connection:
        connection.execute("UPDATE channels SET cursor = '5'")
        accounts.set_signed_in(connection, ACCOUNT.id, False)
    assert not accounts.accounts(database.connection)[0].signed_in
    assert open_(database, ChannelFound(remote_id="r", title="New")) == [id_]
    assert accounts.accounts(database.connection)[0].signed_in
    assert accounts.reading(database.connection, id_).cursor == "5"
    assert accounts.channels(database.connection)[0].title == "New"


def test_channels_found_later_and_in_another_order_keep_apart(database: Database) -> None:
    first = open_(database, ChannelFound(remote_id="a", title="A"), ChannelFound(remote_id="b", title="B"))
    again = open_(database, *(ChannelFound(remote_id=r, title=r.upper()) for r in "cbad"))
    assert again[1:3] == [first[1], first[0]]
    assert {c.remote_id: c.title for c in accounts.channels(database.connection)} == {r: r.upper() for r in "abcd"}
    assert len(set(again)) == 4


def test_a_removed_account_is_out_of_sight_but_its_past_stays(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    with database.transaction() as connection:
        accounts.remove_account(connection, channel.account_id, at=later(5))
    assert accounts.accounts(database.connection) == []
    assert [a.id for a in accounts.accounts(database.connection, removed=True)] == [channel.account_id]
    assert accounts.channels(database.connection) == []
    assert accounts.health(database.connection) == []
    assert accounts.channel(database.connection, channel.id) == channel
    assert database.connection.execute("SELECT count(*) FROM messages").fetchone() == (1,)
    assert add_channel(database) == channel, "and it can be taken up again"


def test_how_channels_do_is_of_one_moment(database: Database, home: Path) -> None:
    """An account that is added between two statements of a reader must not be half there."""
    add_channel(database)

    class Meanwhile(sqlite3.Connection):
        added = False

        def execute(self, *what: Any) -> sqlite3.Cursor:  # type: ignore[override]
            cursor = super().execute(*what)
            if not self.added:
                self.added = True
                add_channel(database, "harbour", account="a-2")
            return cursor

    uri = f"{(home / FILE_NAME).absolute().as_uri()}?mode=ro"
    with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, factory=Meanwhile)) as reader:
        assert len(accounts.health(reader)) in (1, 2)
        assert len(accounts.health(reader)) == 2
