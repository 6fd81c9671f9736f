"""Accounts and channels as rows. No secret is ever here."""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from inbox.model import (
    Account,
    AccountId,
    Capability,
    Channel,
    ChannelFound,
    ChannelId,
    Choice,
    Counting,
    Cursor,
    Limits,
    Visibility,
)
from inbox.store.database import from_ms, to_ms

_CHANNEL = (
    "SELECT c.id, c.account_id, c.network, c.remote_id, c.title, c.url, c.speaks_as, c.capabilities, c.limits,"
    " c.interval_s FROM channels c JOIN accounts a ON a.id = c.account_id WHERE a.removed_at IS NULL"
)
_HEALTH = ", a.title, a.signed_in, c.backfilled, c.complete_to, c.polled_at, c.failing_since, c.trouble, c.paused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """How far a channel was read: what the fetch needs to go on."""

    cursor: Cursor
    rolled_to: int
    swept_at: datetime | None
    backfilled: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """How a channel is doing, for the status line and the accounts dialog."""

    channel: Channel
    account_title: str
    signed_in: bool
    backfilled: bool
    complete_to: datetime | None
    polled_at: datetime | None
    failing_since: datetime | None
    trouble: str
    paused: bool
    messages: int = 0


def accounts(connection: sqlite3.Connection, *, removed: bool = False) -> list[Account]:
    """All accounts that were not removed, oldest first; with ``removed`` those too, at the end."""
    return [
        Account(id=AccountId(i), network=n, title=t, address=a, user=u, settings=json.loads(s), signed_in=bool(ok))
        for i, n, t, a, u, s, ok in connection.execute(
            "SELECT id, network, title, address, user, settings, signed_in FROM accounts"
            " WHERE removed_at IS NULL OR ? ORDER BY removed_at IS NOT NULL, added_at, id",
            (removed,),
        )
    ]


def channels(connection: sqlite3.Connection, *, account_id: str = "") -> list[Channel]:
    """All channels of accounts that were not removed, in the order they were added."""
    return [
        _channel(row)
        for row in connection.execute(_CHANNEL + " AND (? = '' OR a.id = ?) ORDER BY c.rowid", (account_id, account_id))
    ]


def channel(connection: sqlite3.Connection, channel_id: str) -> Channel | None:
    """The channel with this id, also when its account was removed (its history stays readable)."""
    row = connection.execute(_CHANNEL.replace("a.removed_at IS NULL", "c.id = ?"), (channel_id,)).fetchone()
    return _channel(row) if row else None


def is_open(connection: sqlite3.Connection, channel_id: str) -> bool:
    """Whether the channel's account is still here."""
    return connection.execute(_CHANNEL + " AND c.id = ?", (channel_id,)).fetchone() is not None


def health(connection: sqlite3.Connection) -> list[Health]:
    """How each channel is doing, in the order they were added; one statement, so that all of it is of one moment."""
    rows = connection.execute(_CHANNEL.replace(" FROM", _HEALTH + " FROM", 1) + " ORDER BY c.rowid")
    return [
        Health(
            channel=_channel(row[:-8]), account_title=t, signed_in=bool(ok), backfilled=bool(done),
            complete_to=_time(to), polled_at=_time(polled), failing_since=_time(failing), trouble=trouble,
            paused=bool(paused),
        )
        for row in rows for t, ok, done, to, polled, failing, trouble, paused in [row[-8:]]
    ]  # fmt: skip


def reading(connection: sqlite3.Connection, channel_id: str) -> Reading:
    """How far this channel was read."""
    cursor, rolled_to, swept_at, backfilled = connection.execute(
        "SELECT cursor, rolled_to, swept_at, backfilled FROM channels WHERE id = ?", (channel_id,)
    ).fetchone()
    return Reading(cursor=Cursor(cursor), rolled_to=rolled_to, swept_at=_time(swept_at), backfilled=bool(backfilled))


def undo_s(connection: sqlite3.Connection, channel_id: str) -> int:
    """Seconds that a delivery to this channel waits for second thoughts."""
    row = connection.execute("SELECT undo_s FROM channels WHERE id = ?", (channel_id,)).fetchone()
    return int(row[0]) if row else 10


def add_account(connection: sqlite3.Connection, account: Account, *, at: datetime) -> None:
    """Write the account, or write it anew when it was there (signing in again).

    One that was removed counts as added now: the outbox tells by that what was approved before it left.
    """
    connection.execute(
        "INSERT INTO accounts (id, network, title, address, user, settings, signed_in, added_at)"
        " VALUES (?,?,?,?,?,?,?,?)"
        " ON CONFLICT (id) DO UPDATE SET title = excluded.title, address = excluded.address, user = excluded.user,"
        " settings = excluded.settings, signed_in = excluded.signed_in, removed_at = NULL,"
        " added_at = CASE WHEN removed_at IS NULL THEN added_at ELSE max(excluded.added_at, removed_at + 1) END",
        (account.id, account.network, account.title, account.address, account.user,
         json.dumps(dict(account.settings), sort_keys=True), account.signed_in, to_ms(at)),
    )  # fmt: skip


def add_channels(
    connection: sqlite3.Connection, account: Account, found: Iterable[ChannelFound], *, interval_s: int,
    history_before: datetime,
) -> list[ChannelId]:  # fmt: skip
    """Write what the account opens; channels already there keep their cursor and get their new title and rights."""
    ids = []
    taken = {r[0] for r in connection.execute("SELECT id FROM channels WHERE account_id = ?", (account.id,))}
    numbers = (n for n in itertools.count(1) if f"{account.id}.{n}" not in taken)
    for one in found:
        row = connection.execute(
            "SELECT id FROM channels WHERE account_id = ? AND remote_id = ?", (account.id, one.remote_id)
        ).fetchone()
        id_ = row[0] if row else f"{account.id}.{next(numbers)}"
        connection.execute(
            "INSERT INTO channels (id, account_id, network, remote_id, title, url, speaks_as, capabilities, limits,"
            " interval_s, history_before) VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
            " title = excluded.title, url = excluded.url, speaks_as = excluded.speaks_as,"
            " capabilities = excluded.capabilities, limits = excluded.limits",
            (id_, account.id, account.network, one.remote_id, one.title, one.url, one.speaks_as, one.capabilities.value,
             json.dumps(asdict(one.limits)), interval_s, to_ms(history_before)),
        )  # fmt: skip
        ids.append(ChannelId(id_))
    return ids


def set_signed_in(connection: sqlite3.Connection, account_id: str, signed_in: bool) -> None:
    """Note whether the account's secret is good."""
    connection.execute("UPDATE accounts SET signed_in = ? WHERE id = ?", (signed_in, account_id))


def remove_account(connection: sqlite3.Connection, account_id: str, *, at: datetime) -> None:
    """Stop using the account. What it brought stays readable."""
    connection.execute("UPDATE accounts SET removed_at = ?, signed_in = 0 WHERE id = ?", (to_ms(at), account_id))


def _channel(row: tuple[object, ...]) -> Channel:
    i, account, network, remote_id, title, url, speaks_as, capabilities, limits, interval_s = row
    # A row may be older than a limit or, after going back to an earlier version, newer than this code.
    fields = {k: v for k, v in json.loads(str(limits)).items() if k in Limits.__dataclass_fields__}
    fields |= {"media_types": tuple(fields.get("media_types", ())),
               "media_alone": tuple(fields.get("media_alone", ())),
               "exclusive": tuple((a, b) for a, b in fields.get("exclusive", ())),
               "visibilities": tuple(Visibility(v) for v in fields.get("visibilities", ["public"])),
               "visibility": Visibility(fields.get("visibility", "public")),
               "choices": tuple(Choice(**c) for c in fields.get("choices", ())),
               "counting": Counting(fields.get("counting", "plain"))}  # fmt: skip
    return Channel(
        id=ChannelId(str(i)), account_id=AccountId(str(account)), network=str(network), remote_id=str(remote_id),
        title=str(title), url=str(url), speaks_as=str(speaks_as), capabilities=Capability(int(str(capabilities))),
        limits=Limits(**fields), interval_s=int(str(interval_s)),
    )  # fmt: skip


def _time(ms: int | None) -> datetime | None:
    return from_ms(ms) if ms is not None else None
