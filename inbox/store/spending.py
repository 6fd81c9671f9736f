"""What each account used up of its allowances, and the officer's budgets. One connection, short transactions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from inbox.clock import Clock
from inbox.errors import OutOfBudget
from inbox.metering import MICRO, Allowance, Period, Unit, Use, Validity, exhausted, span
from inbox.store.database import Database, from_ms, to_ms


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One row of the table of what an allowance went on."""

    what: str
    times: int
    amount: int


def use(connection: sqlite3.Connection, account_id: str, allowance: Allowance, *, now: datetime) -> Use:
    """How this allowance stands: as the network last said while that holds, else as we counted."""
    begins_at, ends_at = span(allowance.period, now)
    limit = budget(connection, account_id, allowance)
    told = connection.execute(
        "SELECT used, most, ends_at, at FROM reported WHERE account_id = ? AND allowance = ?",
        (account_id, allowance.name),
    ).fetchone()
    if told is not None:
        until = from_ms(told[2]) if told[2] is not None else span(allowance.period, from_ms(told[3]))[1]
        if now < until:
            return Use(
                allowance=allowance, used=told[0], limit=told[1] if told[1] is not None else limit,
                begins_at=min(begins_at, now), ends_at=until,
            )  # fmt: skip
    if allowance.period is Period.ROLLING:
        return Use(allowance=allowance, used=0, limit=limit, begins_at=begins_at, ends_at=ends_at)
    counted = connection.execute(
        "SELECT coalesce(sum(amount), 0) FROM spending WHERE account_id = ? AND allowance = ? AND begins_at = ?",
        (account_id, allowance.name, to_ms(begins_at)),
    ).fetchone()[0]
    return Use(allowance=allowance, used=counted, limit=limit, begins_at=begins_at, ends_at=ends_at)


def lines(connection: sqlite3.Connection, account_id: str, allowance: Allowance, *, now: datetime) -> list[Line]:
    """What it went on in this period, the dearest first."""
    rows = connection.execute(
        "SELECT what, times, amount FROM spending WHERE account_id = ? AND allowance = ? AND begins_at = ?"
        " ORDER BY amount DESC, what",
        (account_id, allowance.name, to_ms(span(allowance.period, now)[0])),
    )
    return [Line(what=w, times=t, amount=a) for w, t, a in rows]


def budget(connection: sqlite3.Connection, account_id: str, allowance: Allowance) -> int | None:
    """The officer's limit, or the network's."""
    row = connection.execute(
        "SELECT amount FROM budgets WHERE account_id = ? AND allowance = ?", (account_id, allowance.name)
    ).fetchone()
    return int(row[0]) if row else allowance.limit


def set_budget(connection: sqlite3.Connection, account_id: str, name: str, amount: int) -> None:
    """The officer's limit from now on."""
    connection.execute("INSERT OR REPLACE INTO budgets VALUES (?,?,?)", (account_id, name, amount))


def validity(connection: sqlite3.Connection, account_id: str) -> Validity:
    """How long the account's sign-in and version last, as its connector last said."""
    row = connection.execute("SELECT validity FROM accounts WHERE id = ?", (account_id,)).fetchone()
    if row is None or not row[0]:
        return Validity()
    kept = json.loads(row[0])
    sign_in, version = kept.get("sign_in_ends_at"), kept.get("version_ends_on")
    return Validity(
        sign_in_ends_at=datetime.fromisoformat(sign_in) if sign_in else None, version=kept.get("version", ""),
        version_ends_on=datetime.fromisoformat(version).date() if version else None,
        words=tuple(kept.get("words", ())),
    )  # fmt: skip


def set_validity(connection: sqlite3.Connection, account_id: str, now: Validity) -> bool:
    """Keep what the connector says; whether that is news."""
    body = json.dumps(
        {
            "sign_in_ends_at": now.sign_in_ends_at and now.sign_in_ends_at.isoformat(),
            "version": now.version,
            "version_ends_on": now.version_ends_on and now.version_ends_on.isoformat(),
            "words": now.words,
        },
        sort_keys=True,
    )
    done = connection.execute(
        "UPDATE accounts SET validity = ? WHERE id = ? AND validity <> ?", (body, account_id, body)
    )
    return done.rowcount > 0


class StoredMeter:
    """The meter of one account, see ``metering.Meter``."""

    def __init__(self, database: Database, clock: Clock, account_id: str, allowances: Sequence[Allowance]) -> None:
        self._database = database
        self._clock = clock
        self._account_id = account_id
        self._allowances = {a.name: a for a in allowances}

    def left(self, name: str, *, person: bool = False) -> int | None:
        now = self._use(name)
        if now.limit is None:
            return None
        return max(now.limit - now.used - (0 if person else now.allowance.reserve), 0)

    def need(self, name: str, amount: int, *, person: bool = False) -> None:
        now = self._use(name)
        left = self.left(name, person=person)
        over = exhausted(now, person=person) if now.allowance.unit is Unit.SHARE else left is not None and amount > left
        if over:
            raise OutOfBudget(_words(now), retry_at=now.ends_at, account=self._account_id)

    def spend(self, name: str, amount: int, what: str, *, times: int = 1) -> None:
        begins_at, _ = span(self._allowances[name].period, self._clock.now())
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO spending VALUES (?,?,?,?,?,?) ON CONFLICT DO UPDATE SET times = times + excluded.times,"
                " amount = amount + excluded.amount",
                (self._account_id, name, to_ms(begins_at), what, times, amount),
            )

    def unbilled(self, name: str, objects: Iterable[str]) -> list[str]:
        wanted = list(dict.fromkeys(objects))
        day = to_ms(span(Period.DAY, self._clock.now())[0])
        paid = {
            r[0]
            for r in self._database.connection.execute(
                "SELECT object FROM billed WHERE account_id = ? AND allowance = ? AND day_at = ?"
                " AND object IN (SELECT value FROM json_each(?))",
                (self._account_id, name, day, json.dumps(wanted)),
            )
        }
        return [one for one in wanted if one not in paid]

    def bill(self, name: str, objects: Iterable[str]) -> None:
        day = to_ms(span(Period.DAY, self._clock.now())[0])
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM billed WHERE account_id = ? AND day_at < ?", (self._account_id, day))
            connection.executemany(
                "INSERT OR IGNORE INTO billed VALUES (?,?,?,?)",
                [(self._account_id, name, day, one) for one in objects],
            )

    def report(self, name: str, used: int, *, limit: int | None = None, ends_at: datetime | None = None) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO reported VALUES (?,?,?,?,?,?)",
                (self._account_id, name, used, limit, to_ms(ends_at) if ends_at else None, to_ms(self._clock.now())),
            )

    def _use(self, name: str) -> Use:
        return use(self._database.connection, self._account_id, self._allowances[name], now=self._clock.now())


def _words(now: Use) -> str:
    title = now.allowance.title
    if now.allowance.unit is Unit.MONEY:
        limit = (now.limit or 0) / MICRO
        return f"{title}: ${now.used / MICRO:,.2f} of ${limit:,.2f} are spent"
    if now.allowance.unit is Unit.SHARE:
        return f"{title}: {now.used} % are used"
    return f"{title}: {now.used:,} of {now.limit or 0:,} are used"
