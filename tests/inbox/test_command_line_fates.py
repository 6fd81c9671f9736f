"""What may become of a delivery, as exit codes and errors tell it: sent, held, refused, in doubt."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path

import keyring.errors
import pytest

from inbox.command_line.exits import exit_of_all
from inbox.connectors.connector import Discovery
from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND, Memory
from inbox.errors import (
    NotAllowed,
    Offline,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    StoreFull,
    Unavailable,
)
from inbox.model import AccountId, Problem
from inbox.secrets import KeyringSecrets, KeyringTrouble, MemorySecrets, scope_of
from inbox.store import outbox, record
from inbox.store.database import FILE_NAME, open_reader
from tests.conftest import MemoryKeyring
from tests.inbox.command_line_office import SECRET, Office


@pytest.fixture
def office(home: Path, capsys: pytest.CaptureFixture[str]) -> Office:
    """With one question in it."""
    made = Office(home, capsys)
    made.world.say("When does the bridge open?")
    made.fetch()
    return made


def answer(office: Office) -> list[str]:
    return ["reply", str(office.message_id("bridge")), "--text", "At nine."]


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


def test_a_command_that_fails_does_not_break_off_what_is_being_sent(office: Office) -> None:
    assert office.run(*answer(office), "--no-wait").code == 0
    office.clock.move(60)
    begun = threading.Event()

    async def slowly(operation: str, moment: str) -> None:
        if operation == "publish":
            begun.set()
            await asyncio.sleep(0.3)  # the network takes its time

    office.world.hook = slowly
    real = office.networks["memory"].discover

    async def discover(*words: object) -> Discovery:
        await asyncio.to_thread(begun.wait, 30)
        return await real(*words)  # type: ignore[arg-type]

    office.networks["memory"].discover = discover  # type: ignore[method-assign]
    assert office.run("account", "add", "memory", "elsewhere.example").code == 8
    assert begun.is_set()
    assert office.ask("deliveries")["deliveries"][0]["state"] == "sent"


def test_the_record_names_what_held_a_delivery(office: Office) -> None:
    """The exit code is read from it: the wording is a contract with publishing/outbox.py."""
    office.world.fail("publish", BEFORE_SEND, NotAllowed("Not yours"))
    office.run(*answer(office))
    with contextlib.closing(open_reader(office.home / FILE_NAME)) as connection:
        verbs = [e.verb for e in record.lines(connection, subject="delivery:1")]
    assert verbs[0] == "held: NotAllowed"
    assert "sent again" not in verbs  # it was sent once, only without the time for second thoughts
