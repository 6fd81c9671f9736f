"""Signing in, signing in again, a sign-in that is lost, removing: through the engine's door."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from inbox.connectors.connector import SignedIn
from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND, World
from inbox.errors import (
    NotAllowed,
    NotFound,
    Offline,
    PostroomError,
    SignInNeeded,
)
from inbox.model import (
    AccountId,
    ConversationStatus,
    DeliveryState,
    Limits,
    MessageId,
)
from inbox.store import accounts, reading, record
from tests.inbox.running import Running

QUEUED = DeliveryState.QUEUED
SENT = DeliveryState.SENT
DONE = ConversationStatus.DONE
UNDO_S = 10


# Accounts


def test_a_wrong_password_keeps_nothing(make: Callable[..., Running]) -> None:
    running = make()
    discovery = running.do(running.engine.discover("memory", "memory.example"))
    with pytest.raises(SignInNeeded):
        running.do(running.engine.sign_in(discovery, {"password": "wrong"}))
    assert accounts.accounts(running.reader) == []
    assert dict(running.secrets.read(AccountId("memory-1"))) == {}


def test_signing_in_fetches_at_once_and_is_on_the_record(make: Callable[..., Running]) -> None:
    running = make(worlds=2)
    for world in running.worlds.values():
        world.say("Hello")
    told = running.heard_while(running.sign_in)
    assert told.accounts
    assert (running.message("m1", 0).message.text, running.message("m1", 1).message.text) == ("Hello", "Hello")
    lines = {line.verb: line for line in record.lines(running.reader)}
    assert lines["signed in"].subject == "account:memory-1"
    assert lines["signed in"].actor.startswith("person:")
    assert running.world.password not in "".join(f"{line}" for line in lines.values())


def test_removing_an_account_forgets_its_secret_and_keeps_what_it_brought(running: Running) -> None:
    running.do(running.engine.remove_account(AccountId("memory-1")))
    assert dict(running.secrets.read(AccountId("memory-1"))) == {}
    assert accounts.accounts(running.reader) == []
    fetched = running.world.requests["fetch"]
    running.run(600)
    assert running.world.requests["fetch"] == fetched
    assert [r.snippet for r in reading.page(running.reader, "owed")] == ["How high is the water?"]


def test_an_account_may_be_removed_while_it_is_polled(running: Running) -> None:
    async def slow(operation: str, moment: str) -> None:
        if operation == "fetch" and moment == AFTER_ACCEPT:
            await running.clock.sleep(10)

    running.world.hook = slow
    poll = running.engine.sync()
    running.settle()
    running.do(running.engine.remove_account(AccountId("memory-1")))
    running.run(30)
    assert running.failed == []
    assert len(poll.result(1)) == 1
    assert accounts.accounts(running.reader) == []


@pytest.mark.parametrize("signs_in_again", [False, True])
def test_a_renewal_that_comes_back_late_does_not_bring_the_old_secret_back(
    running: Running, monkeypatch: pytest.MonkeyPatch, signs_in_again: bool
) -> None:
    network = running.engine.networks["memory"]
    real, begun = network.channels, list[str]()

    async def renewing(self: Any) -> Any:
        if not begun:
            parts = dict(self._room.secret.read())
            begun.append("")
            await running.clock.sleep(5)
            self._room.secret.save(parts | {"refresh": "renewed"})
        return await real(self)

    monkeypatch.setattr(network, "channels", renewing)
    running.run(86_400)
    while not begun:
        running.run(1)
    if signs_in_again:
        running.sign_in(again=AccountId("memory-1"))
    else:
        running.do(running.engine.remove_account(AccountId("memory-1")))
    kept = dict(running.secrets.read(AccountId("memory-1")))
    running.run(30)
    assert dict(running.secrets.read(AccountId("memory-1"))) == kept
    assert "refresh" not in kept


def test_an_account_that_comes_back_brings_nothing_twice(running: Running) -> None:
    running.do(running.engine.set_status([1], DONE))
    running.do(running.engine.remove_account(AccountId("memory-1")))
    running.clock.move(3_600)
    running.world.say("While you were away")
    account = running.sign_in()
    assert account.id == "memory-1"
    running.run(30)
    rows = reading.page(running.reader, reading.EVERYTHING)
    assert [(r.snippet, r.place) for r in rows] == [("While you were away", "owed"), ("How high is the water?", "done")]


def test_signing_in_again_must_be_at_the_same_account(running: Running) -> None:
    with pytest.raises(NotFound):
        running.sign_in(again=AccountId("memory-7"))
    assert running.sign_in(again=AccountId("memory-1")).id == "memory-1"


@pytest.mark.parametrize("place", ["another", "blog1"])
def test_signing_in_again_as_somebody_else_takes_over_nothing_but_the_same_place(
    running: Running, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """A browser is signed in as whoever used it last. Several may speak for one page, and then take turns."""
    network = running.engine.networks["memory"]
    real = network.sign_in

    async def as_somebody_else(*how: Any) -> SignedIn:
        done = await real(*how)
        [channel] = done.channels
        return replace(done, user="private", channels=(replace(channel, remote_id=place),), secret={"password": "x"})

    monkeypatch.setattr(network, "sign_in", as_somebody_else)
    kept = dict(running.secrets.read(AccountId("memory-1")))
    if place == "another":
        with pytest.raises(SignInNeeded, match="another account: private") as caught:
            running.sign_in(again=AccountId("memory-1"))
        assert "officer" in caught.value.hint
        assert dict(running.secrets.read(AccountId("memory-1"))) == kept
        assert [(a.id, a.user) for a in accounts.accounts(running.reader)] == [("memory-1", "officer")]
        assert len(running.channel_ids) == 1
    else:
        assert running.sign_in(again=AccountId("memory-1")).user == "private"
        assert dict(running.secrets.read(AccountId("memory-1"))) == {"password": "x"}


@pytest.mark.parametrize("refusal", [SignInNeeded("401", status=401), NotAllowed("403", status=403)], ids=repr)
def test_a_late_refusal_of_the_old_sign_in_does_not_touch_the_new_one(
    running: Running, monkeypatch: pytest.MonkeyPatch, refusal: PostroomError
) -> None:
    running.run(10)
    old, visit, hung = running.world.password, running.world.visit, list[str]()

    @contextlib.asynccontextmanager
    async def slow(operation: str, password: str) -> AsyncIterator[None]:
        if operation == "fetch" and password == old:
            hung.append(operation)
            await running.clock.sleep(20)
            raise refusal
        async with visit(operation, password):
            yield

    monkeypatch.setattr(running.world, "visit", slow)
    running.world.password = "new"
    running.engine.sync()
    running.settle()
    assert hung
    running.sign_in(again=AccountId("memory-1"))
    running.world.say("And now?")
    running.run(25)
    assert (running.health().signed_in, running.health().trouble) == (True, "")
    assert running.row("m2"), "fetched at once with the new sign-in"
    assert len(hung) == 1


def test_a_lost_sign_in_stops_and_holds_until_a_person_signs_in_again(running: Running) -> None:
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.world.password = "new"
    told = running.heard_while(lambda: running.run(UNDO_S))
    assert told.accounts
    assert not running.health().signed_in
    assert (running.delivery(id_).state, running.delivery(id_).hint) == (QUEUED, SignInNeeded.hint)
    asked = running.world.requests.copy()
    running.run(3_600)
    assert running.world.requests == asked, "it does not knock with a bad password"
    running.world.say("And now?")
    running.sign_in(again=AccountId("memory-1"))
    running.run(15)
    assert running.health().signed_in
    assert running.health().trouble == ""
    assert running.delivery(id_).state is SENT
    assert running.row("m3" if "m3" in running.world.entries else "m2")


def test_a_lost_sign_in_found_by_a_poll_is_told_too(running: Running) -> None:
    running.world.password = "new"
    told = running.heard_while(lambda: running.do(running.engine.sync()))
    assert told.accounts
    assert not running.health().signed_in
    assert "sign in again" in running.health().trouble.lower()


def test_a_stream_that_is_still_open_does_not_have_a_lost_sign_in_polled(running: Running) -> None:
    running.world.password = "new"
    running.do(running.engine.sync())
    asked = running.world.requests.copy()
    polling = running.engine._polling

    async def hinted() -> None:
        polling._hinted(polling._all()[0].id)

    running.on_loop(hinted())
    running.run(60)
    assert running.world.requests == asked


def test_what_a_channel_allows_is_asked_once_a_day(running: Running) -> None:
    running.world.limits = Limits(text_graphemes=77)
    asked = running.world.requests["channels"]
    running.run(3_600)
    assert running.world.requests["channels"] == asked, "not with every poll"
    running.run(86_400)
    assert running.world.requests["channels"] > asked
    assert running.health().channel.limits.text_graphemes == 77
    before = running.world.requests["channels"]
    running.stop()
    running.start()
    running.run(300)
    assert running.world.requests["channels"] == before + 1, "and once after a start"


def test_a_channel_that_is_new_there_is_fetched_without_a_restart(running: Running) -> None:
    new = World(running.clock)
    new.say("In the new place")
    running.worlds["blog2"] = new
    told = running.heard_while(lambda: running.run(86_400 + 300))
    assert told.accounts
    assert running.message("m1", 1).message.text == "In the new place"


def test_a_look_that_reached_nobody_is_repeated_with_the_next_poll(running: Running) -> None:
    running.world.limits = Limits(text_graphemes=55)
    running.world.fail("channels", BEFORE_SEND, Offline("no network"))
    running.run(86_400 + 300)
    assert running.health().channel.limits.text_graphemes == 55
