"""``doctor``: everything that can be wrong with an inbox on this machine, looked at one by one. Never a secret."""

from __future__ import annotations

import argparse
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from inbox.command_line.answer import Answer
from inbox.command_line.exits import Exit
from inbox.command_line.output import moment, wrapped
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session, check_identity, identity
from inbox.errors import PostroomError, StoreError
from inbox.model import AccountId
from inbox.secrets import KeyringTrouble
from inbox.store import accounts, ledger, record
from inbox.store.database import damage, errors_named, open_reader
from inbox.store.version import VERSION

LEAST_FREE_BYTES: Final = 200_000_000
_MB: Final = 1_000_000
_COUNTED: Final = (
    ("accounts", "SELECT count(*) FROM accounts WHERE removed_at IS NULL"),
    ("channels", "SELECT count(*) FROM channels"),
    ("conversations", "SELECT count(*) FROM conversations"),
    ("messages", "SELECT count(*) FROM messages"),
    ("deliveries", "SELECT count(*) FROM deliveries"),
    ("lines of the record", "SELECT count(*) FROM events"),
    ("polls", "SELECT count(*) FROM polls"),
)
_FATES: Final = "SELECT 'deliveries ' || state, count(*) FROM deliveries GROUP BY state ORDER BY state"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing looked at. A note that is not a fault is ``ok`` and says something."""

    what: str
    ok: bool
    words: str


def commands(nouns: Nouns) -> None:
    """Declare them."""
    nouns.command("doctor", "look at the file, the record, the disk, the key store and each channel", _doctor)


def _doctor(args: argparse.Namespace, session: Session) -> Answer:
    session.must_exist()
    found = [_disk(session), _whole(session), *_inside(session)]
    counts: dict[str, int] = {}
    try:
        with session.reader() as connection:
            counts = {name: connection.execute(sql).fetchone()[0] for name, sql in _COUNTED}
            counts |= dict(connection.execute(_FATES).fetchall())
    except StoreError:
        pass  # what is wrong with the file stands among the findings already
    lines = [
        line for f in found for line in wrapped(f"{'ok   ' if f.ok else 'FAULT'} {f.what}: {f.words}", hanging="      ")
    ]
    if counts:
        lines += wrapped("Counts: " + ", ".join(f"{number} {name}" for name, number in counts.items()) + ".")
    well = all(f.ok for f in found)
    return Answer(
        values={"well": well, "findings": found, "counts": counts},
        lines=lines,
        code=Exit.DONE if well else Exit.FAULT_FOUND,
    )


def _disk(session: Session) -> Finding:
    free = shutil.disk_usage(session.home).free
    size = session.path.stat().st_size
    wanted = max(LEAST_FREE_BYTES, 2 * size)  # a backup before a new version is a second copy
    enough = free >= wanted
    words = (
        f"{free // _MB:,} MB free, the inbox has {size / _MB:,.1f} MB{'' if enough else ': too little for a backup'}."
    )
    return Finding(what="disk", ok=enough, words=words)


def _whole(session: Session) -> Finding:
    try:
        fault = damage(session.path)
    except StoreError as error:
        fault = f"{error.detail} {error.hint}"
    return Finding(what="file", ok=not fault, words=fault or "SQLite finds no fault in it.")


def _inside(session: Session) -> list[Finding]:
    """What can only be looked at when the file can be read, and the key store."""
    found: list[Finding] = []
    names: list[AccountId] = []
    try:
        with errors_named(session.path):
            connection = open_reader(session.path)
            try:
                application_id, version = identity(connection)
                check_identity(connection)
                words = f"application id {application_id:#x}, version {version} of {VERSION}."
                found.append(Finding(what="identity", ok=True, words=words))
                names = [a.id for a in accounts.accounts(connection)]
                found += [_record(connection), *_channels(connection), *_gaps(connection)]
            finally:
                connection.close()
    except StoreError as error:
        found.append(Finding(what=error.title, ok=False, words=f"{error.detail} {error.hint}"))
    return [*found, _key_store(session, names)]


def _record(connection: sqlite3.Connection) -> Finding:
    verdict = record.verify(connection)
    words = f"{verdict.words}; sound up to there" if verdict.words else f"whole, {verdict.lines} lines"
    return Finding(what="record", ok=not verdict.words, words=f"{words}.")


def _channels(connection: sqlite3.Connection) -> Iterator[Finding]:
    for health in accounts.health(connection):
        name = f"channel {health.channel.id} ({health.channel.title})"
        if not health.signed_in:
            yield Finding(what=name, ok=False, words=health.trouble or "Sign in again.")
        elif health.trouble:
            yield Finding(what=name, ok=False, words=f"since {moment(health.failing_since)}: {health.trouble}")
        else:
            paused = ", paused" if health.paused else ""
            yield Finding(
                what=name,
                ok=True,
                words=f"fetched {moment(health.polled_at)}, complete to {moment(health.complete_to)}{paused}.",
            )


def _gaps(connection: sqlite3.Connection) -> Iterator[Finding]:
    """A gap that nobody can close is told, but is no fault of the inbox: nothing can be done about it."""
    for gap in ledger.gaps(connection, since=datetime(1970, 1, 1, tzinfo=UTC), limit=None):
        closed = f", closed {moment(gap.closed_at)}" if gap.closed_at else ""
        words = f"{moment(gap.from_at)} to {moment(gap.to_at)}: {gap.reason}{closed}."
        yield Finding(what=f"gap in {gap.channel_id}", ok=True, words=words)


def _key_store(session: Session, names: list[AccountId]) -> Finding:
    """Whether it answers, and for how many accounts it keeps something: feeds need no secret, so that is no fault."""
    try:
        session.secrets.read(AccountId("doctor"))
        kept = sum(bool(session.secrets.read(name)) for name in names)
    except KeyringTrouble as error:
        return Finding(what="key store", ok=False, words=_told(error))
    return Finding(what="key store", ok=True, words=f"answers; keeps secrets of {kept} of {len(names)} accounts.")


def _told(error: PostroomError) -> str:
    return f"{error.detail}. {error.hint}"
