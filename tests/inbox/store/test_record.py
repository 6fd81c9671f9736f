"""The record: append-only, each line chained to the one before, and every kind of tampering named by its line."""

from __future__ import annotations

import sqlite3

import pytest

from inbox.store import record
from inbox.store.database import Database
from tests.inbox.making import OFFICER, later

COLUMNS = ("id", "at", "actor", "verb", "subject", "before", "after", "previous", "hash")


@pytest.fixture
def connection(database: Database) -> sqlite3.Connection:
    """With nine lines."""
    with database.transaction() as connection:
        for n in range(1, 10):
            record.append(
                connection,
                at=later(n),
                actor=OFFICER,
                verb=f"did {n}",
                subject=f"message:{n % 2}",
                before={"ü": n},
                after={"state": "x"},
            )
    return database.connection


def unlock(connection: sqlite3.Connection) -> None:
    """What somebody who wants to tamper does first."""
    for trigger in ("events_stay", "events_remain", "events_follow"):
        connection.execute(f"DROP TRIGGER {trigger}")


def test_an_untouched_record_is_sound(connection: sqlite3.Connection) -> None:
    head = connection.execute("SELECT hash FROM events WHERE id = 9").fetchone()[0]
    assert record.verify(connection) == record.Verdict(lines=9, head=head)


def test_an_empty_record_is_sound(database: Database) -> None:
    assert record.verify(database.connection) == record.Verdict(lines=0, head=record.FIRST)


def test_lines_come_newest_first_by_subject_and_page(connection: sqlite3.Connection) -> None:
    assert [line.id for line in record.lines(connection)] == list(range(9, 0, -1))
    assert [line.id for line in record.lines(connection, subject="message:1", limit=2)] == [9, 7]
    assert [line.id for line in record.lines(connection, subject="message:1", before_id=7)] == [5, 3, 1]
    [line] = record.lines(connection, before_id=2)
    assert (line.at, line.actor, line.verb, line.before) == (later(1), OFFICER, "did 1", '{"ü": 1}')


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'nobody' WHERE id = 3",
        "DELETE FROM events WHERE id = 3",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events SELECT id, at, 'nobody', verb, subject, before, after, previous, hash"
        " FROM events WHERE id = 3",
        "INSERT INTO events VALUES (0, 0, '', '', '', '', '', '', '')",
        "INSERT INTO events VALUES (9, 0, '', '', '', '', '', '', '')",
        "UPDATE OR REPLACE events SET id = 4 WHERE id = 3",
    ],
)
def test_the_file_itself_refuses_all_but_appending(connection: sqlite3.Connection, statement: str) -> None:
    before = connection.execute("SELECT * FROM events").fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    assert connection.execute("SELECT * FROM events").fetchall() == before


@pytest.mark.parametrize("column", COLUMNS[1:])
@pytest.mark.parametrize("line", [1, 5, 9])
def test_a_changed_column_is_found(connection: sqlite3.Connection, column: str, line: int) -> None:
    unlock(connection)
    change = f"{column} + 1" if column == "at" else f"substr({column}, 1, 1) || 'z' || substr({column}, 3)"
    connection.execute(f"UPDATE events SET {column} = {change} WHERE id = ?", (line,))
    verdict = record.verify(connection)
    assert (verdict.broken_line, verdict.lines) == (line, line - 1)
    assert verdict.words == f"line {line} was changed"


@pytest.mark.parametrize("value", [b"\x00blob", "", 7])
def test_a_value_of_another_type_is_found(connection: sqlite3.Connection, value: object) -> None:
    unlock(connection)
    connection.execute("UPDATE events SET after = ? WHERE id = 4", (value,))
    assert record.verify(connection).broken_line == 4


def test_bytes_that_are_no_text_are_found(connection: sqlite3.Connection) -> None:
    unlock(connection)
    connection.execute("UPDATE events SET actor = CAST(x'ff41' AS TEXT) WHERE id = 4")
    verdict = record.verify(connection)
    assert (verdict.broken_line, verdict.words) == (4, "line 4 cannot be read")


@pytest.mark.parametrize("line", [1, 5])
def test_a_removed_line_is_found(connection: sqlite3.Connection, line: int) -> None:
    unlock(connection)
    connection.execute("DELETE FROM events WHERE id = ?", (line,))
    verdict = record.verify(connection)
    assert (verdict.broken_line, verdict.words) == (line, f"line {line} is missing")


def test_a_removed_line_is_found_when_the_rest_moved_up(connection: sqlite3.Connection) -> None:
    unlock(connection)
    connection.execute("DELETE FROM events WHERE id = 5")
    for id_ in range(6, 10):
        connection.execute("UPDATE events SET id = ? WHERE id = ?", (id_ - 1, id_))
    assert record.verify(connection).broken_line == 5


def test_cutting_off_the_end_shows_in_the_head_alone(connection: sqlite3.Connection) -> None:
    whole = record.verify(connection)
    unlock(connection)
    connection.execute("DELETE FROM events WHERE id > 7")
    cut = record.verify(connection)
    assert cut.broken_line is None, "documented: compare the head with a copy kept elsewhere"
    assert (cut.lines, cut.head != whole.head) == (7, True)


def test_an_inserted_line_is_found(connection: sqlite3.Connection) -> None:
    unlock(connection)
    for id_ in range(9, 4, -1):
        connection.execute("UPDATE events SET id = ? WHERE id = ?", (id_ + 1, id_))
    connection.execute(
        "INSERT INTO events SELECT 5, at, actor, 'slipped in', subject, before, after, previous, hash FROM events"
        " WHERE id = 4"
    )
    assert record.verify(connection).broken_line == 5


def test_an_inserted_line_with_a_sound_hash_breaks_the_next(connection: sqlite3.Connection) -> None:
    unlock(connection)
    for id_ in range(9, 4, -1):
        connection.execute("UPDATE events SET id = ? WHERE id = ?", (id_ + 1, id_))
    previous = connection.execute("SELECT hash FROM events WHERE id = 4").fetchone()[0]
    line = (5, 5_000, "nobody", "slipped in", "message:1", "{}", "{}")
    hash_ = record._hash(previous, *line)
    connection.execute("INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)", (*line, previous, hash_))
    assert record.verify(connection).broken_line == 6


def test_swapped_lines_are_found(connection: sqlite3.Connection) -> None:
    unlock(connection)
    for old, new in ((4, 100), (5, 4), (100, 5)):
        connection.execute("UPDATE events SET id = ? WHERE id = ?", (new, old))
    assert record.verify(connection).broken_line == 4


def test_a_line_is_written_with_the_change_or_not_at_all(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction() as connection:  # noqa: PT012
        record.append(connection, at=later(1), actor=OFFICER, verb="did", subject="x:1")
        raise ZeroDivisionError
    assert record.verify(database.connection).lines == 0
