"""Exports: everything is in them, the same inbox gives the same bytes, and no cell is calculated."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sqlite3
import stat
import sys
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inbox.model import (
    Account,
    AccountId,
    Attachment,
    Author,
    Batch,
    Channel,
    ChannelFound,
    Cursor,
    Message,
    MessageKind,
    MessageState,
)
from inbox.record.export import AT_A_TIME, export_csv, export_json, harmless
from inbox.store import accounts, ledger
from inbox.store.database import FILE_NAME, Database, open_reader
from inbox.sync import fetch
from tests.clock import START

FORMULAS = ["=1+1", "+31 20 123", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\ufeff=1", "\u200b=1", "＝1", "＠x"]


@pytest.fixture
def channel(database: Database) -> Channel:
    with database.transaction() as connection:
        account = Account(id=AccountId("a-1"), network="memory", title="Board")
        accounts.add_account(connection, account, at=START)
        found = [ChannelFound(remote_id="board", title="Board", url="https://board.example")]
        [id_] = accounts.add_channels(
            connection, account, found, interval_s=60, history_before=START - timedelta(days=30)
        )
    made = accounts.channel(database.connection, id_)
    assert made is not None
    return made


@pytest.fixture
def connection(database: Database) -> Iterator[sqlite3.Connection]:
    """As the command line reads: beside the writer, and unable to write."""
    reader = database.reader()
    yield reader
    reader.close()


def said(number: int, text: str, **more: object) -> Message:
    fields = {"author": Author(name="Vera", handle="@vera"), "created_at": START + timedelta(minutes=number)} | more
    return Message(remote_id=f"m{number}", kind=MessageKind.COMMENT, text=text, **fields)  # type: ignore[arg-type]


def save(database: Database, channel: Channel, *messages: Message, **more: object) -> None:
    batch = Batch(messages=messages, cursor=Cursor("1"), **more)  # type: ignore[arg-type]
    fetch.save(database, channel, batch, at=START + timedelta(days=1), poll=ledger.Poll(at=START + timedelta(days=1)))


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_everything_is_in_both(
    database: Database, channel: Channel, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    picture = Attachment(url="https://board.example/bridge.png", description="The bridge")
    save(
        database, channel,
        said(1, "When does the bridge open?", attachments=(picture,), language="en", url="https://board.example/1"),
        said(2, "At nine,\r\n“each” day; \U0001f600", ours=True, parent_remote_id="m1"),
        said(3, "Cheap watches", state=MessageState.SPAM),
    )  # fmt: skip
    save(database, channel, said(1, "When does it open?", attachments=(picture,), url="https://board.example/1"))
    done = export_json(connection, tmp_path / "all.json")
    assert (done.conversations, done.messages) == (2, 3)
    whole = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    assert whole["practice"] is False
    assert whole["record"]["lines"] == 2
    assert [c["id"] for c in whole["channels"]] == ["a-1.1"]
    first, second = whole["conversations"]
    assert [m["text"] for m in first["messages"]] == ["When does it open?", "At nine,\r\n“each” day; \U0001f600"]
    assert first["messages"][0]["earlier_texts"][0]["text"] == "When does the bridge open?"
    assert first["messages"][0]["attachments"][0]["description"] == "The bridge"
    assert (first["message_count"], first["place"], second["place"]) == (2, "quiet", "aside")

    done = export_csv(connection, tmp_path / "tables")
    assert (done.conversations, done.messages) == (2, 3)
    messages = read_csv(tmp_path / "tables" / "messages.csv")
    assert [m["remote_id"] for m in messages] == ["m1", "m2", "m3"]
    assert messages[1]["text"] == "At nine,\r\n“each” day; \U0001f600"
    assert messages[0]["handle"] == "'@vera"
    assert (messages[1]["ours"], messages[0]["ours"], messages[2]["state"]) == ("yes", "no", "spam")
    assert messages[0]["created_at"] == "2026-03-02T09:01:00.000Z"
    assert "When does the bridge open?" in messages[0]["earlier_texts"]
    assert [c["message_count"] for c in read_csv(tmp_path / "tables" / "conversations.csv")] == ["2", "1"]


def test_the_export_carries_the_gap(
    database: Database, channel: Channel, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    save(database, channel, said(1, "Before"))
    later = START + timedelta(days=3)
    batch = Batch(messages=(said(5000, "After"),), cursor=Cursor("2"), gap_before=True, window_from=later)
    fetch.save(database, channel, batch, at=later, poll=ledger.Poll(at=later))
    assert export_json(connection, tmp_path / "all.json").gaps == 1
    [gap] = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["gaps"]
    assert (gap["channel"], gap["to_at"], gap["closed_at"]) == ("a-1.1", "2026-03-05T09:00:00.000Z", None)
    export_csv(connection, tmp_path)
    [row] = read_csv(tmp_path / "gaps.csv")
    assert row["from_at"] == gap["from_at"]
    assert "no longer offers" in row["reason"]


def test_a_copy_gives_the_same_bytes(
    database: Database, channel: Channel, home: Path, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    for n in range(0, AT_A_TIME + 30, 10):
        save(database, channel, *(said(i, f"Number {i}") for i in range(n, n + 10)))
    export_json(connection, tmp_path / "a.json")
    export_csv(connection, tmp_path / "a")
    database.close()
    shutil.copytree(home, tmp_path / "copy")
    copy = open_reader(tmp_path / "copy" / FILE_NAME)
    done = export_json(copy, tmp_path / "b.json")
    export_csv(copy, tmp_path / "b")
    copy.close()
    assert done.conversations == AT_A_TIME + 30  # more than one helping
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    for name in ("conversations.csv", "messages.csv", "gaps.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    ids = [int(r["id"]) for r in read_csv(tmp_path / "a" / "conversations.csv")]
    assert ids == sorted(ids)


def test_what_arrives_while_exporting_is_not_half_in_it(
    database: Database,
    channel: Channel,
    connection: sqlite3.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(database, channel, said(1, "Before"), said(2, "Before too"))
    real, seen = json.dumps, []

    def dumps(value: object, **how: object) -> str:
        if isinstance(value, dict) and "message_count" in value and not seen:
            seen.append(True)
            save(database, channel, said(3, "Meanwhile"), said(4, "Meanwhile, below", parent_remote_id="m2"))
        return real(value, **how)  # type: ignore[arg-type]

    monkeypatch.setattr("inbox.record.export.json.dumps", dumps)
    done = export_json(connection, tmp_path / "all.json")
    assert seen
    assert (done.conversations, done.messages) == (2, 2)
    assert b"Meanwhile" not in (tmp_path / "all.json").read_bytes()
    assert export_json(connection, tmp_path / "all.json").messages == 4


def test_practice_is_marked(
    database: Database, channel: Channel, connection: sqlite3.Connection, tmp_path: Path
) -> None:
    export_json(connection, tmp_path / "all.json", practice=True)
    assert json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["practice"] is True
    assert all(f.name.startswith("PRACTICE-") for f in export_csv(connection, tmp_path, practice=True).files)


def test_an_empty_inbox_is_valid_too(database: Database, connection: sqlite3.Connection, tmp_path: Path) -> None:
    export_json(connection, tmp_path / "all.json")
    assert json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["conversations"] == []
    export_csv(connection, tmp_path)
    assert read_csv(tmp_path / "messages.csv") == []


def test_an_export_that_fails_leaves_the_old_one(
    database: Database,
    channel: Channel,
    connection: sqlite3.Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save(database, channel, said(1, "Before"))
    export_json(connection, tmp_path / "all.json")
    before = (tmp_path / "all.json").read_bytes()

    def full(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inbox.record.export._conversation", full)
    with pytest.raises(OSError, match="No space"):
        export_json(connection, tmp_path / "all.json")
    assert (tmp_path / "all.json").read_bytes() == before
    assert [f.name for f in tmp_path.glob("*.part")] == []
    connection.execute("BEGIN")  # the snapshot was let go
    connection.execute("ROLLBACK")


@pytest.mark.skipif(sys.platform == "win32", reason="there rights come from the folder")
def test_only_the_owner_may_read_it(database: Database, connection: sqlite3.Connection, tmp_path: Path) -> None:
    export_json(connection, tmp_path / "all.json")
    assert stat.S_IMODE((tmp_path / "all.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("formula", FORMULAS)
def test_formulas_are_neutralised_wherever_strangers_write(
    database: Database, channel: Channel, connection: sqlite3.Connection, tmp_path: Path, formula: str
) -> None:
    save(database, channel, said(1, formula, title=formula, author=Author(name=formula, handle=formula)))
    export_csv(connection, tmp_path)
    cells = [
        c for name in ("conversations", "messages") for r in read_csv(tmp_path / f"{name}.csv") for c in r.values()
    ]
    assert harmless(formula) in cells
    assert "'" in harmless(formula)
    assert formula not in cells


@given(st.lists(st.text() | st.text(st.sampled_from("=+-@;,\t\r\n\"' a\u00ad＝")), min_size=1, max_size=4))
@example(["Hello;=1+1"])
@example(["a,b", 'Hello;"=1+1'])
@example(["a,b", "Hello\n=1+1"])
@example([" \t=1"])
@example(["\u00ad=1"])
def test_no_cell_begins_a_formula_wherever_a_spreadsheet_splits(texts: list[str]) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([1, *map(harmless, texts)])
    for delimiter in ",;\t":
        for cell in (
            c for row in csv.reader(io.StringIO(stream.getvalue(), newline=""), delimiter=delimiter) for c in row
        ):
            shown = [c for c in cell if unicodedata.category(c)[0] not in "ZC"]
            assert not shown or shown[0] not in "=+-@＝＋－＠"


@given(st.text(max_size=60))
def test_neutralising_adds_apostrophes_and_nothing_else(text: str) -> None:
    assert harmless(text).replace("'", "") == text.replace("\x00", "").replace("'", "")


@pytest.mark.parametrize(
    "text", ["Hello", "1 + 1 = 2", "a@b.example", "'quoted", "", "– dash", "(=x)", "a; b = c", "well-known\nold = new"]
)
def test_harmless_text_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text
