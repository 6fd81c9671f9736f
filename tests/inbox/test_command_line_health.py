"""``verify`` names the first broken line of the record; ``doctor`` finds what is wrong, and says no secret."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path

import pytest

from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import Offline
from inbox.store.database import FILE_NAME
from tests.inbox.command_line_office import SECRET, Office

ADD = "INSERT INTO events SELECT 99, at, actor, verb, subject, before, after, previous, hash FROM events LIMIT 1"
STAY = "DROP TRIGGER events_stay"


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """With some lines in its record."""
    made = Office(home, capsys)
    made.world.say("When does the bridge open?")
    made.fetch()
    for status in ("waiting", "done"):
        made.ask("settle", 1, status)
    return made


def tamper(office: Office, *statements: str) -> None:
    connection = sqlite3.connect(office.home / FILE_NAME)
    with connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_record_nobody_touched_is_whole(office: Office) -> None:
    told = office.ask("verify")
    assert told["sound"] is True
    assert told["lines"] >= 4
    assert len(told["head"]) == 64
    assert office.ask("verify", "--expect", told["head"])["sound"] is True


@pytest.mark.parametrize("flip", [0x01, 0x20, 0x80], ids=["another letter", "another case", "no text any more"])
def test_one_changed_byte_of_the_file_is_named(office: Office, flip: int) -> None:
    file = office.home / FILE_NAME
    content = bytearray(file.read_bytes())
    at = content.index(b"marked waiting")
    assert content.count(b"marked waiting") == 1
    content[at] ^= flip
    file.write_bytes(content)
    connection = sqlite3.connect(file)
    [line] = [
        i for i, verb in connection.execute("SELECT id, CAST(verb AS BLOB) FROM events") if b"arked waiting" in verb
    ]
    connection.close()
    ran = office.run("verify", "--json")
    assert ran.code == 1
    assert (ran.value["sound"], ran.value["broken_line"], ran.value["lines"]) == (False, line, line - 1)
    assert f"line {line}" in office.run("verify").out
    doctor = office.run("doctor", "--json")
    assert doctor.code == 1
    assert [f["what"] for f in doctor.value["findings"] if not f["ok"]] == ["record"]


@pytest.mark.parametrize(
    ("statements", "line"),
    [
        ((STAY, "UPDATE events SET actor = 'person:nobody' WHERE id = 3"), 3),
        ((STAY, "UPDATE events SET at = at + 1 WHERE id = 4"), 4),
        ((STAY, "UPDATE events SET after = X'00FF' WHERE id = 2"), 2),
        (("DROP TRIGGER events_remain", "DELETE FROM events WHERE id = 3"), 3),
        (("DROP TRIGGER events_remain", "DELETE FROM events WHERE id = 1"), 1),
        ((ADD,), None),
    ],
)  # fmt: skip
def test_the_first_broken_line_is_named(office: Office, statements: tuple[str, ...], line: int | None) -> None:
    lines = office.ask("verify")["lines"]
    tamper(office, *statements)
    ran = office.run("verify", "--json")
    assert ran.code == 1
    assert ran.value["broken_line"] == (line or lines + 1)


def test_a_record_cut_short_is_told_by_a_head_kept_elsewhere(office: Office) -> None:
    head = office.ask("verify")["head"]
    tamper(office, "DROP TRIGGER events_remain", "DELETE FROM events WHERE id = (SELECT max(id) FROM events)")
    assert office.ask("verify")["sound"] is True  # a shorter chain is valid in itself
    ran = office.run("verify", "--expect", head, "--json")
    assert ran.code == 1
    assert ran.value["sound"] is False


def test_a_sound_inbox(office: Office) -> None:
    told = office.ask("doctor")
    assert told["well"] is True
    assert {"disk", "file", "identity", "record", "key store"} <= {f["what"] for f in told["findings"]}
    assert told["counts"]["messages"] == 1
    assert told["counts"]["conversations"] == 1
    assert any("memory-1.1" in f["what"] for f in told["findings"])
    ran = office.run("doctor")
    assert SECRET not in ran.out + ran.err
    assert "keeps secrets of 1 of 1" in ran.out


def test_what_went_out_is_counted_by_its_fate(office: Office) -> None:
    office.run("reply", 1, "--text", "At nine.")
    office.run("reply", 1, "--text", "Or ten.", "--no-wait")
    counts = office.ask("doctor")["counts"]
    assert (counts["deliveries"], counts["deliveries sent"], counts["deliveries queued"]) == (2, 1, 1)


def test_a_failing_channel_and_its_gap(office: Office) -> None:
    office.clock.move(3600)
    office.world.fail("fetch", BEFORE_SEND, Offline("No way"))
    office.run("sync")
    ran = office.run("doctor", "--json")
    assert ran.code == 1
    [bad] = [f for f in ran.value["findings"] if not f["ok"]]
    assert "memory-1.1" in bad["what"]
    assert "No way" in bad["words"]
    office.clock.move(3600)
    office.run("sync")
    told = office.ask("doctor")
    assert [f["what"] for f in told["findings"] if "gap" in f["what"]] == ["gap in memory-1.1"]


def test_every_gap_there_ever_was_is_told_and_exported(office: Office, tmp_path: Path) -> None:
    connection = sqlite3.connect(office.home / FILE_NAME)
    with connection:
        connection.executemany(
            "INSERT INTO gaps (channel_id, from_at, to_at, reason) VALUES ('memory-1.1', ?, ?, 'no longer offered')",
            [(n * 1_000, n * 1_000 + 500) for n in range(250)],
        )
    connection.close()
    told = office.ask("doctor")
    assert sum(f["what"] == "gap in memory-1.1" for f in told["findings"]) == 250
    assert office.ask("export", "--format", "json", tmp_path / "all.json")["exported"]["gaps"] == 250
    assert len(json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))["gaps"]) == 250


def test_a_damaged_page_is_found(office: Office) -> None:
    file = office.home / FILE_NAME
    content = bytearray(file.read_bytes())
    connection = sqlite3.connect(file)
    [page] = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'conversations_by_place'").fetchone()
    size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    content[(page - 1) * size : (page - 1) * size + 64] = b"\xff" * 64
    file.write_bytes(content)
    ran = office.run("doctor", "--json")
    assert ran.code == 1
    assert "file" in [f["what"] for f in ran.value["findings"] if not f["ok"]]


def test_a_file_that_is_no_inbox_is_a_finding_too(office: Office) -> None:
    (office.home / FILE_NAME).write_bytes(b"Dear diary, " * 1000)
    ran = office.run("doctor", "--json")
    assert ran.code == 1
    assert ran.value["well"] is False
    assert "disk" in [f["what"] for f in ran.value["findings"] if f["ok"]]
    assert office.run("--home", office.home / "nowhere", "doctor").code == 7


def test_too_little_space_for_a_backup(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 10**12 - 10**6, 10**6))
    ran = office.run("doctor", "--json")
    assert ran.code == 1
    assert [f["what"] for f in ran.value["findings"] if not f["ok"]] == ["disk"]
