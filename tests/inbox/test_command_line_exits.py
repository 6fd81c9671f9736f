"""Each exit code by a situation that leads to it, and how errors are told."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import keyring.errors
import pytest

from inbox.clock import Clock
from inbox.command_line import exits
from inbox.command_line.exits import Exit, exit_of, exit_of_all
from inbox.connectors.connector import Discovery
from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND, Memory
from inbox.errors import (
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    StoreError,
    StoreFull,
    Unavailable,
)
from inbox.model import AccountId, Capability, Problem
from inbox.secrets import KeyringSecrets, KeyringTrouble, MemorySecrets, scope_of
from inbox.store import outbox, record
from inbox.store.database import FILE_NAME, Database, open_reader
from inbox.store.schema import migrations
from tests.conftest import MemoryKeyring
from tests.inbox.command_line_office import CHANNEL, SECRET, Office


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """With one question in it."""
    made = Office(home, capsys)
    made.world.say("When does the bridge open?")
    made.fetch()
    return made


def answer(office: Office) -> list[str]:
    return ["reply", str(office.message_id("bridge")), "--text", "At nine."]


def in_words(state: str, error: PostroomError | None) -> str:
    return f"{state} {type(error).__name__ if error else ''}".strip()


@pytest.mark.parametrize(
    ("moment", "error", "code", "state", "told"),
    [
        (BEFORE_SEND, Offline("No way"), 6, "queued", "Offline"),
        (BEFORE_SEND, Unavailable("503"), 6, "queued", "Unavailable"),
        (BEFORE_SEND, RateLimited("Slow down"), 6, "queued", "RateLimited"),
        (BEFORE_SEND, SignInNeeded("Withdrawn"), 3, "queued", "SignInNeeded"),
        (BEFORE_SEND, NotAllowed("Not yours", hint="Ask Ada."), 3, "queued", "NotAllowed"),
        (BEFORE_SEND, KeyringTrouble("KeyringLocked"), 3, "queued", "KeyringTrouble"),
        (BEFORE_SEND, Rejected(problems=(Problem(words="Closed"),)), 4, "rejected", "Rejected"),
        (AFTER_ACCEPT, OutcomeUnknown("Lost"), 5, "unknown", "OutcomeUnknown"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, PostroomError) else "",
)
def test_what_became_of_a_reply(
    office: Office, moment: str, error: PostroomError, code: int, state: str, told: str
) -> None:
    office.world.fail("publish", moment, error)
    office.world.fail("find", BEFORE_SEND, Unavailable("Not now"))  # so that what was lost stays unknown
    ran = office.run(*answer(office), "--json")
    assert ran.code == code, ran
    [delivery] = ran.value["deliveries"]
    assert (delivery["state"], delivery["error"]["error"]) == (state, told)
    assert ran.error == delivery["error"]
    assert ran.error["hint"]
    assert office.world.made == [] or state == "unknown"
    if state == "queued":
        assert "stays queued" in ran.error["detail"]


def test_a_lost_answer_that_is_found_at_once_is_no_error(office: Office) -> None:
    office.world.lose_answer()
    ran = office.run(*answer(office), "--json")
    assert ran.code == 0
    assert ran.value["deliveries"][0]["state"] == "sent"
    assert len(office.world.made) == 1


def test_a_reply_while_signed_out_does_not_wait_for_ever(office: Office) -> None:
    office.world.fail("fetch", BEFORE_SEND, SignInNeeded("Withdrawn"))
    assert office.run("sync").code == 1
    ran = office.run(*answer(office), "--json")
    assert (ran.code, ran.error["error"]) == (3, "SignInNeeded")
    assert ran.value["deliveries"][0]["state"] == "queued"


def test_several_fates_give_the_code_that_most_needs_a_person() -> None:
    assert exit_of_all([]) == 0
    assert exit_of_all([Offline()]) == 6
    assert exit_of_all([Offline(), Rejected(), SignInNeeded()]) == 4
    assert exit_of_all([Rejected(), OutcomeUnknown()]) == 5


def test_one_channel_that_fails_does_not_hide_the_other(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(home, capsys)
    other = type(office.world)(office.clock)
    office.networks = {"memory": Memory.over({"board": office.world, "museum": other})}
    office.world.say("one")
    other.say("two")
    office.sign_in()
    office.world.fail("fetch", BEFORE_SEND, Offline("No way"))
    ran = office.run("sync", "--json")
    assert ran.code == 1
    assert [(c["channel"], c["new"], bool(c["error"])) for c in ran.value["channels"]] == [
        ("memory-1.1", 0, True),
        ("memory-1.2", 1, False),
    ]
    assert ran.error["error"] == "Offline"
    ran = office.run("publish", "memory-1.1", "memory-1.2", "--title", "News", "--json", standard_input="Today.")
    assert ran.code == 0
    assert [d["state"] for d in ran.value["deliveries"]] == ["sent", "sent"]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("nonsense",),
        ("show",),
        ("show", "twelve"),
        ("account",),
        ("account", "add", "myspace", "a.example"),
        ("conversations", "--place", "nowhere"),
        ("conversations", "--limit", "0"),
        ("moderate", "1", "ban"),
        ("account", "add", "memory", "memory.example"),  # no terminal to ask for the secret
        ("account", "add", "memory", "memory.example", "--answer", "password=open", "--secret-stdin"),
        ("account", "add", "memory", "memory.example", "--user", "ada", "--secret-stdin"),
        ("account", "add", "memory", "memory.example", "--answer", "user"),
        ("publish", CHANNEL, "--title", "T", "--image", "bridge.png"),
        ("publish", CHANNEL, "--title", "T", "--text", "missing.txt"),
        ("publish", CHANNEL, "--title", "T", "--at", "tomorrow"),
        ("--practice", "conversations"),  # has its own folder, and the office names one
    ],
    ids=" ".join,
)
def test_wrong_usage(office: Office, words: tuple[str, ...]) -> None:
    ran = office.run(*words, "--json", standard_input="" if "--secret-stdin" in words else None)
    assert ran.code == 2, ran
    assert set(ran.error) == {"error", "title", "detail", "hint"}
    assert ran.out == ""
    plain = office.run(*words, standard_input="" if "--secret-stdin" in words else None)
    assert plain.code == 2
    assert max(map(len, plain.err.splitlines())) <= 80
    assert office.world.made == []


def test_an_export_that_cannot_be_written_says_so(office: Office, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = office.run("export", "--format", "csv", tmp_path / "file", "--json")
    assert (ran.code, ran.error["error"]) == (2, "FileTrouble")
    ran = office.run("export", "--format", "json", tmp_path / "nowhere" / "all.json", "--json")
    assert (ran.code, ran.error["error"]) == (2, "FileTrouble")


class Careful(Memory):
    """Wants the person to agree first."""

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        found = await super().discover(address, http, clock)
        return replace(found, warnings=("The password goes to other.example.",))


def test_a_warning_has_to_be_agreed_to(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(home, capsys)
    office.networks = {"memory": Careful.over({"board": office.world})}
    ran = office.run("account", "add", "memory", "memory.example", "--secret-stdin", standard_input=f"{SECRET}\n")
    assert ran.code == 2
    assert "The password goes to other.example." in " ".join(ran.err.split())
    assert "--yes" in ran.err
    assert office.world.requests["sign_in"] == 0
    ran = office.run(
        "account", "add", "memory", "memory.example", "--secret-stdin", "--yes", standard_input=f"{SECRET}\n"
    )
    assert ran.code == 0
    assert "other.example" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        ("show", "999"),
        ("settle", "999", "done"),
        ("reply", "999", "--text", "Hello"),
        ("moderate", "999", "spam"),
        ("sync", "memory-9.9"),
        ("publish", "memory-9.9", "--title", "T", "--text", "-"),
        ("account", "remove", "memory-9"),
        ("account", "add", "memory", "elsewhere.example", "--secret-stdin"),
    ],
    ids=" ".join,
)
def test_not_found(office: Office, words: tuple[str, ...]) -> None:
    ran = office.run(*words, "--json", standard_input="something\n" if {"-", "--secret-stdin"} & set(words) else None)
    assert (ran.code, ran.error["error"]) == (8, "NotFound")


def test_what_a_channel_cannot_do_is_refused(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Quiet(Memory):
        capabilities = Capability.FETCH

    office = Office(home, capsys)
    office.networks = {"memory": Quiet.over({"board": office.world})}
    office.world.say("When does the bridge open?")
    office.fetch()
    assert office.run("moderate", 1, "spam").code == 4
    assert office.run("reply", 1, "--text", "At nine.").code == 4
    assert office.run("publish", CHANNEL, "--title", "T", standard_input="News").code == 4


def missing(file: Path) -> None:
    for one in file.parent.iterdir():
        one.unlink()


def not_a_database(file: Path) -> None:
    file.write_bytes(b"Dear diary, " * 1000)


def of_somebody_else(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE songs (title)")
    connection.close()


def too_new(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute(f"PRAGMA user_version={len(migrations._migrations) + 1}")
    connection.close()


@pytest.mark.parametrize("spoil", [missing, not_a_database, of_somebody_else, too_new])
@pytest.mark.parametrize("words", [("conversations",), ("sync",), ("settle", "1", "done"), ("verify",)], ids=" ".join)
def test_a_file_that_cannot_be_used(office: Office, spoil: Callable[[Path], None], words: tuple[str, ...]) -> None:
    spoil(office.home / FILE_NAME)
    ran = office.run(*words, "--json")
    assert ran.code == 7, ran
    assert ran.error["error"].startswith("Store")
    assert ran.error["hint"]
    if spoil is missing:
        assert not (office.home / FILE_NAME).exists()  # a mistyped --home makes no empty inbox


class Broken(Memory):
    """Has a fault of ours in it, whose words nobody vouches for."""

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        raise ZeroDivisionError(f"token={SECRET}")


def test_a_fault_of_ours_is_70_and_keeps_its_words_to_itself(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    office = Office(home, capsys, networks={"memory": Broken})
    ran = office.run("account", "add", "memory", "memory.example", "--secret-stdin", "--json", standard_input="x\n")
    assert (ran.code, ran.error["error"]) == (70, "Fault")
    assert "ZeroDivisionError" in ran.error["detail"]
    assert SECRET not in ran.err


def test_a_fault_in_the_outbox_does_not_keep_us_waiting(office: Office) -> None:
    office.world.fail("publish", BEFORE_SEND, ZeroDivisionError("oh"))
    ran = office.run(*answer(office), "--json")
    assert (ran.code, ran.error["error"]) == (70, "Fault")


def test_a_full_disk_in_the_outbox_is_told_as_such(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> bool:
        raise StoreFull("inbox.sqlite3: database or disk is full")

    words = answer(office)
    monkeypatch.setattr(outbox, "begin", full)
    ran = office.run(*words, "--json")
    assert (ran.code, ran.error["error"]) == (7, "StoreFull")
    assert office.world.made == []


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("locked")


def test_a_locked_key_store(office: Office) -> None:
    office.secrets = KeyringSecrets(scope_of(office.home))
    before = keyring.get_keyring()
    keyring.set_keyring(LockedKeyring())
    try:
        doctor = office.run("doctor", "--json")
        assert doctor.code == 1
        assert [f["what"] for f in doctor.value["findings"] if not f["ok"]] == ["key store"]
        reply = office.run(*answer(office), "--json")
        assert (reply.code, reply.error["error"]) == (3, "KeyringTrouble")
        assert reply.value["deliveries"][0]["state"] == "queued"
    finally:
        keyring.set_keyring(before)
    office.secrets = MemorySecrets()
    office.secrets.save(AccountId("memory-1"), {"password": SECRET})
    office.clock.move(3600)
    assert office.run("sync").code == 0
    assert len(office.world.made) == 1


def test_the_keyring_keeps_two_inboxes_apart(tmp_path: Path, key_store: MemoryKeyring) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert scope_of(tmp_path / "a") == scope_of(tmp_path / "b" / ".." / "a") == scope_of(tmp_path / "link")
    assert scope_of(tmp_path / "a") != scope_of(tmp_path / "b")
    KeyringSecrets(scope_of(tmp_path / "a")).save(AccountId("memory-1"), {"password": "one"})
    assert KeyringSecrets(scope_of(tmp_path / "b")).read(AccountId("memory-1")) == {}
    assert os.sep not in next(iter(key_store.kept))[0]


def test_an_interrupted_command(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("inbox.command_line.asking.text", interrupted)
    assert office.run("reply", 1).code == 130
    assert office.run("settle", 1, "done").code == 0


def test_every_code_is_explained_in_help(office: Office) -> None:
    ran = office.run("--help")
    assert ran.code == 0
    table = exits.__doc__ or ""
    assert set(map(int, re.findall(r"^(\d+) ", table, re.MULTILINE))) == set(Exit)
    for line in table.splitlines():
        assert line in ran.out
        assert len(line) <= 78


def test_errors_have_the_code_of_who_has_to_act() -> None:
    assert exit_of(StoreError()) == 7
    assert exit_of(NotFound()) == 8
    assert exit_of(KeyringTrouble()) == 3
    assert exit_of(PostroomError()) == 6


def test_the_record_names_what_held_a_delivery(office: Office) -> None:
    """The exit code is read from it: the wording is a contract with publishing/outbox.py."""
    office.world.fail("publish", BEFORE_SEND, NotAllowed("Not yours"))
    office.run(*answer(office))
    with open_reader(office.home / FILE_NAME) as connection:
        verbs = [e.verb for e in record.lines(connection, subject="delivery:1")]
    assert verbs[0] == "held: NotAllowed"
    assert "sent again" not in verbs  # it was sent once, only without the time for second thoughts


def test_an_inbox_of_an_older_version_is_left_alone_by_what_reads(office: Office) -> None:
    connection = sqlite3.connect(office.home / FILE_NAME)
    connection.execute("PRAGMA user_version=1")
    connection.close()
    ran = office.run("conversations", "--json")
    assert (ran.code, ran.error["error"]) == (7, "StoreError")
    assert "older" in ran.error["detail"]


def test_a_home_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    ran = Office(tmp_path / "file" / "home", capsys).sign_in()
    assert ran.code == 7
    with pytest.raises(StoreError):
        Database.open(tmp_path / "file" / "home")
