"""Each exit code by a situation that leads to it, and how errors are told."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from inbox.clock import Clock
from inbox.command_line import exits
from inbox.command_line.exits import Exit, exit_of
from inbox.connectors.connector import Discovery
from inbox.connectors.memory import BEFORE_SEND, Memory, World
from inbox.errors import (
    NotFound,
    PostroomError,
    StoreError,
    Unavailable,
)
from inbox.model import AccountId, Capability
from inbox.secrets import KeyringSecrets, KeyringTrouble, scope_of
from inbox.store.database import FILE_NAME, Database
from inbox.store.schema import migrations
from tests.clock import TestClock
from tests.conftest import MemoryKeyring
from tests.inbox.command_line_office import CHANNEL, SECRET, Office


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """With one question in it."""
    made = Office(home, capsys)
    made.world.say("When does the bridge open?")
    made.fetch()
    return made


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
        *((*words, "9" * 20) for words in (("show",), ("conversations", "--limit"), ("carried",), ("reply",))),
        ("moderate", "9" * 20, "approve"),
        ("budget", "memory-1", "9e999"),
        ("budget", "memory-1", "1" * 40),
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


def test_each_error_is_one_line_of_json(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clock = TestClock()
    one, two = World(clock), World(clock)
    office = Office(home, capsys, clock, networks={"memory": Memory.over({"a": one, "b": two})})
    office.world = one
    assert office.sign_in().code == 0
    for world in (one, two):
        world.fail("fetch", BEFORE_SEND, Unavailable("Busy"))
    ran = office.run("sync", "--json")
    assert [json.loads(line)["error"] for line in ran.err.splitlines()] == ["Unavailable"] * 2
