"""Delivering: one channel after the other's trouble, never twice, never silently, whatever happens to the answer."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager

import pytest

from inbox.connectors.connector import Connector
from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND, World
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    OutOfBudget,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    StoreFull,
    Unavailable,
    Unsupported,
)
from inbox.events import Changed
from inbox.model import Channel, Delivery, DeliveryState, Rendition, Update, UpdateKind
from inbox.publishing.outbox import PENDING_S, RETRY_FIRST_S, RETRY_LONGEST_S, SETTLE_S, Outbox
from inbox.store import accounts, outbox, record
from inbox.store.database import Database
from inbox.tasks import Tasks
from tests.clock import TestClock, quiet
from tests.inbox.making import add_channel, later, queue, row_of, save, stored
from tests.inbox.making import message as said
from tests.inbox.networks import connected, in_memory

QUEUED, SENDING, SENT = DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT
REJECTED, UNKNOWN = DeliveryState.REJECTED, DeliveryState.UNKNOWN


class Bench:
    """An outbox at work over a network in memory."""

    def __init__(self, database: Database, clock: TestClock) -> None:
        self.database, self.clock = database, clock
        self.world, self.connector, self.channel = in_memory(database, clock)
        self.heard: list[Changed] = []
        self.failed: list[BaseException] = []
        self.no_connector: PostroomError | None = None
        self.others: dict[str, Connector] = {}
        self.tasks = Tasks(self.failed.append)
        self.outbox = Outbox(database, clock, self.tasks, self.heard.append, self.connector_for)
        self.tasks.start(self.outbox.run(), name="outbox")

    async def connector_for(self, channel: Channel) -> Connector:
        if self.no_connector is not None:
            raise self.no_connector
        return self.others.get(channel.id, self.connector)

    def add(self, account: str) -> tuple[World, Channel]:
        """Another channel, of another account."""
        channel = add_channel(self.database, account=account)
        world = World(self.clock)
        self.others[channel.id] = connected(world, self.clock, channel)
        return world, channel

    async def post(self, text: str = "Three metres.", **how: object) -> int:
        id_ = queue(self.database, how.pop("channel", self.channel), text, at=self.clock.now(), **how)
        self.outbox.poke()
        await quiet()
        return id_

    def get(self, id_: int) -> Delivery:
        found = outbox.delivery(self.database.connection, id_)
        assert found is not None
        return found

    def state(self, id_: int) -> DeliveryState:
        return self.get(id_).state

    def verbs(self, id_: int) -> list[str]:
        lines = record.lines(self.database.connection, subject=f"delivery:{id_}")
        return [line.verb for line in reversed(lines)]


@pytest.fixture
async def bench(database: Database, clock: TestClock) -> AsyncIterator[Bench]:
    made = Bench(database, clock)
    await quiet()
    yield made
    await made.tasks.cancel()


async def test_what_is_queued_goes_and_is_shown_at_once(bench: Bench) -> None:
    id_ = await bench.post()
    found = bench.get(id_)
    assert (found.state, found.attempts, found.words, found.hint) == (SENT, 1, "", "")
    [(key, remote_id)] = bench.world.made
    assert (found.key, found.remote_id, found.url) == (key, remote_id, f"https://memory.example/{remote_id}")
    assert bench.verbs(id_) == ["queued", "sending", "sent"]
    assert stored(bench.database, bench.channel, remote_id).message.text == "Three metres."
    assert stored(bench.database, bench.channel, remote_id).message.ours
    assert any(id_ in h.deliveries for h in bench.heard)
    assert any(row_of(bench.database, bench.channel, remote_id).id in h.conversations for h in bench.heard)


async def test_nothing_goes_before_its_time(bench: Bench) -> None:
    id_ = await bench.post(wait_s=10)
    await bench.clock.run(9.9)
    assert (bench.state(id_), bench.world.requests["publish"]) == (QUEUED, 0)
    await bench.clock.run(0.2)
    assert bench.state(id_) is SENT


async def test_within_a_channel_the_oldest_goes_first_and_alone(bench: Bench) -> None:
    gate, under_way = asyncio.Event(), []

    async def hold(operation: str, moment: str) -> None:
        under_way.append((operation, moment))
        await gate.wait()

    bench.world.hook = lambda operation, moment: hold(operation, moment)
    ids = [queue(bench.database, bench.channel, f"Post {n}") for n in range(3)]
    for _ in range(3):
        bench.outbox.poke()
        await bench.clock.run(40)
    assert under_way == [("publish", BEFORE_SEND)]
    assert [bench.state(i) for i in ids] == [SENDING, QUEUED, QUEUED]
    gate.set()
    await quiet()
    assert [bench.state(i) for i in ids] == [SENT] * 3
    assert [bench.world.entries[m].text for _, m in bench.world.made] == ["Post 0", "Post 1", "Post 2"]


async def test_one_channels_trouble_never_touches_another(bench: Bench) -> None:
    world, other = bench.add("memory-2")
    bench.world.hook = lambda operation, moment: asyncio.get_running_loop().create_future()  # never answers
    stuck = await bench.post("Here")
    fine = await bench.post("There", channel=other)
    assert (bench.state(stuck), bench.state(fine), len(world.made)) == (SENDING, SENT, 1)


HELD = [Offline, Unavailable, SignInNeeded, NotAllowed, OutOfBudget]


@pytest.mark.parametrize("error", HELD)
async def test_what_surely_did_not_go_is_held_with_its_reason(bench: Bench, error: type[PostroomError]) -> None:
    bench.world.fail("publish", BEFORE_SEND, error("Not now"))
    id_ = await bench.post()
    found = bench.get(id_)
    assert (found.state, found.words, found.hint) == (QUEUED, "Not now", error.hint)
    assert found.not_before_at == later(0 if error is SignInNeeded else RETRY_FIRST_S)
    assert bench.world.made == []
    [account] = accounts.accounts(bench.database.connection)
    assert account.signed_in is (error is not SignInNeeded)
    await bench.clock.run(RETRY_FIRST_S)
    assert bench.state(id_) is (QUEUED if error is SignInNeeded else SENT)


async def test_after_a_lost_sign_in_nothing_goes_until_a_person_signed_in_again(bench: Bench) -> None:
    bench.world.password = "changed"
    first, second = await bench.post("One"), await bench.post("Two")
    assert any(h.accounts for h in bench.heard)
    asked = bench.world.requests["publish"]
    await bench.clock.run(3_600)
    assert bench.world.requests["publish"] == asked
    bench.connector._room.secret.save({"password": "changed"})
    with bench.database.transaction() as connection:
        accounts.set_signed_in(connection, bench.channel.account_id, True)
    bench.outbox.poke()
    await quiet()
    assert [bench.state(i) for i in (first, second)] == [SENT, SENT]
    assert len(bench.world.made) == 2


async def test_pauses_grow_and_have_an_end(bench: Bench) -> None:
    bench.world.fail("publish", BEFORE_SEND, *[Unavailable("Busy", status=503)] * 12)
    id_ = await bench.post()
    pauses = []
    for _ in range(11):
        wait = (bench.get(id_).not_before_at - bench.clock.now()).total_seconds()
        pauses.append(wait)
        await bench.clock.run(wait)
    assert pauses[:4] == [15, 30, 60, 120]
    assert pauses == sorted(pauses)
    assert pauses[-1] == RETRY_LONGEST_S
    await bench.clock.run(RETRY_LONGEST_S)
    assert bench.state(id_) is SENT


async def test_never_before_the_network_says(bench: Bench) -> None:
    bench.world.fail("publish", BEFORE_SEND, RateLimited("Slowly", retry_at=later(777)))
    id_ = await bench.post()
    await bench.clock.run(776)
    assert bench.state(id_) is QUEUED
    await bench.clock.run(1)
    assert bench.state(id_) is SENT


@pytest.mark.parametrize("error", [Rejected, NotFound, Unsupported])
async def test_what_the_network_refuses_waits_for_a_person(bench: Bench, error: type[PostroomError]) -> None:
    bench.world.fail("publish", BEFORE_SEND, error("Too long"))
    id_ = await bench.post()
    assert (bench.state(id_), bench.get(id_).words, bench.get(id_).hint) == (REJECTED, "Too long", error.hint)
    await bench.clock.run(3_600)
    assert bench.world.requests["publish"] == 0


# Doubt


@pytest.mark.parametrize("error", [OutcomeUnknown, BadReply])
async def test_a_lost_answer_is_looked_for_and_found(bench: Bench, error: type[PostroomError]) -> None:
    bench.world.fail("publish", AFTER_ACCEPT, error("Lost"))
    id_ = await bench.post()
    assert bench.state(id_) is SENT
    assert bench.verbs(id_) == ["queued", "sending", "outcome unknown", "found"]
    assert len(bench.world.made) == 1
    assert bench.get(id_).remote_id == bench.world.made[0][1]


async def test_what_never_arrived_is_sent_again_only_when_time_has_proven_it(bench: Bench) -> None:
    bench.world.recognises_keys = False
    bench.world.fail("publish", BEFORE_SEND, OutcomeUnknown("Who knows"))
    id_ = await bench.post()
    assert bench.state(id_) is UNKNOWN
    await bench.clock.run(SETTLE_S - 1)
    assert (bench.state(id_), bench.world.requests["publish"]) == (UNKNOWN, 0)
    await bench.clock.run(1)
    assert bench.state(id_) is SENT
    assert len(bench.world.made) == 1
    assert "proven absent" in bench.verbs(id_)
    assert len(set(bench.world.asked)) == 1, "with the same key"


async def test_what_shows_up_late_is_not_sent_again(bench: Bench) -> None:
    """The network was still at it when we first looked."""
    bench.world.recognises_keys = False
    bench.world.fail("publish", BEFORE_SEND, OutcomeUnknown("Who knows"))
    id_ = await bench.post()
    found = bench.get(id_)
    await bench.clock.run(SETTLE_S / 2)
    bench.world.accept(found.rendition, found.key)
    await bench.clock.run(SETTLE_S)
    assert (bench.state(id_), len(bench.world.made), bench.world.requests["publish"]) == (SENT, 1, 0)


@pytest.mark.parametrize("error", [Offline, Unavailable, BadReply, SignInNeeded, NotAllowed])
async def test_while_it_cannot_be_looked_for_it_stays_unknown(bench: Bench, error: type[PostroomError]) -> None:
    bench.world.lose_answer()
    bench.world.fail("find", BEFORE_SEND, *[error("Cannot look")] * 4)
    id_ = await bench.post()
    await bench.clock.run(200)
    assert bench.state(id_) is UNKNOWN or error is not SignInNeeded
    assert len(bench.world.made) == 1
    with bench.database.transaction() as connection:
        accounts.set_signed_in(connection, bench.channel.account_id, True)
    for _ in range(4):  # signing in again each time
        with bench.database.transaction() as connection:
            accounts.set_signed_in(connection, bench.channel.account_id, True)
        await bench.clock.run(RETRY_LONGEST_S)
    assert (bench.state(id_), len(bench.world.made)) == (SENT, 1)


async def test_without_a_connector_nothing_is_decided(bench: Bench) -> None:
    """Neither is what is unknown taken for unsent."""
    bench.world.recognises_keys = False
    bench.world.lose_answer()
    bench.world.fail("find", BEFORE_SEND, Unavailable("Busy"))
    id_ = await bench.post()
    assert bench.state(id_) is UNKNOWN
    bench.no_connector = Unsupported("There is no network called that")
    await bench.clock.run(3_600)
    assert bench.state(id_) is UNKNOWN
    queued = await bench.post("Another")
    assert bench.state(queued) is QUEUED
    bench.no_connector = None
    await bench.clock.run(RETRY_LONGEST_S)
    assert (bench.state(id_), bench.state(queued), len(bench.world.made)) == (SENT, SENT, 2)


async def test_what_was_being_sent_when_postroom_ended_is_looked_for(bench: Bench) -> None:
    arrived, vanished = (queue(bench.database, bench.channel, t) for t in ("Arrived", "Vanished"))
    with bench.database.transaction() as connection:
        for id_ in (arrived, vanished):
            outbox.begin(connection, id_, at=bench.clock.now())
    found = bench.get(arrived)
    bench.world.accept(found.rendition, found.key)
    bench.outbox.recover()
    bench.outbox.poke()
    await quiet()
    assert (bench.state(arrived), bench.state(vanished)) == (SENT, UNKNOWN)
    await bench.clock.run(SETTLE_S)
    assert bench.state(vanished) is SENT
    assert len(bench.world.made) == 2


# What nobody foresaw


async def test_a_bug_while_sending_leaves_it_unknown_and_is_told(bench: Bench) -> None:
    bench.world.recognises_keys = False
    bench.world.fail("publish", AFTER_ACCEPT, KeyError("id"))
    id_ = await bench.post()
    assert [type(e) for e in bench.failed] == [KeyError]
    assert bench.state(id_) is SENDING
    await bench.clock.run(RETRY_FIRST_S + 1)
    assert (bench.state(id_), len(bench.world.made)) == (SENT, 1), "it was looked for"
    assert bench.verbs(id_) == ["queued", "sending", "outcome unknown", "found"]


async def test_a_bug_while_looking_is_not_tried_without_pause(bench: Bench) -> None:
    bench.world.lose_answer()
    bench.world.fail("find", BEFORE_SEND, *[KeyError("id")] * 1_000)
    id_ = await bench.post()
    await bench.clock.run(10 * RETRY_FIRST_S)
    assert bench.state(id_) is UNKNOWN
    assert 2 <= len(bench.failed) <= 12


@pytest.mark.parametrize("written", range(4))
async def test_a_full_disk_stops_sending_and_loses_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    """Full before it begins, before the receipt is kept, and so on; tests/inbox/store fills real disks."""
    bench.world.recognises_keys = False
    id_ = queue(bench.database, bench.channel)
    left = written
    real = Database.transaction

    def transaction(self: Database) -> AbstractContextManager[sqlite3.Connection]:
        nonlocal left
        if left == 0:
            raise StoreFull("inbox.sqlite3: database or disk is full")
        left -= 1
        return real(self)

    with monkeypatch.context() as full:
        full.setattr(Database, "transaction", transaction)
        bench.outbox.poke()
        await bench.clock.run(600)
        assert len(bench.failed) <= 600 / RETRY_FIRST_S + 1, "not without pause"
        assert all(isinstance(e, StoreFull) for e in bench.failed)
        assert bool(bench.failed) is (written < 3), "three steps are written: sending, the message, sent"
        assert len(bench.world.made) == (1 if written else 0)
    await bench.clock.run(SETTLE_S + RETRY_FIRST_S)
    assert (bench.state(id_), len(bench.world.made)) == (SENT, 1)


async def test_the_outbox_sleeps_while_one_is_being_sent(bench: Bench) -> None:
    """What is due and under way must not keep it awake."""
    bench.world.hook = lambda operation, moment: asyncio.get_running_loop().create_future()
    await bench.post("Slow")
    await bench.post("Behind it")
    assert bench.clock.next_in_s() == 30


# Pausing, undoing, network


async def test_paused_means_that_nothing_begins(bench: Bench) -> None:
    bench.outbox.pause(True)
    id_ = await bench.post()
    await bench.clock.run(600)
    assert bench.state(id_) is QUEUED
    bench.outbox.pause(False)
    await quiet()
    assert bench.state(id_) is SENT


async def test_what_is_undone_in_the_last_moment_does_not_go(bench: Bench) -> None:
    id_ = queue(bench.database, bench.channel)
    stale = bench.get(id_)
    with bench.database.transaction() as connection:
        assert outbox.cancel(connection, id_, at=bench.clock.now(), actor="person:test") is not None
    await bench.outbox.deliver(bench.channel, stale)
    assert bench.world.requests["publish"] == 0


async def test_when_the_network_returns_what_it_held_up_goes_at_once(bench: Bench) -> None:
    bench.world.fail("publish", BEFORE_SEND, *[Offline("No way")] * 7)
    held = await bench.post("Held")
    await bench.clock.run(1_200)
    undo = await bench.post("May still be undone", wait_s=10)
    limited = queue(bench.database, bench.channel, "Limited", at=bench.clock.now(), wait_s=500)
    assert (bench.get(held).not_before_at - bench.clock.now()).total_seconds() > 60
    bench.world._faults.clear()
    bench.outbox.network_returned()
    await quiet()
    assert [bench.state(i) for i in (held, undo, limited)] == [SENT, QUEUED, QUEUED]


async def test_a_pending_receipt_is_asked_after_until_it_is_done(bench: Bench) -> None:
    bench.world.takes_its_time = True
    id_ = await bench.post()
    assert bench.state(id_) is UNKNOWN
    assert "still working" in bench.get(id_).words
    bench.clock.move(SETTLE_S * 2)
    await quiet()
    assert bench.state(id_) is UNKNOWN  # however long it takes, it is not sent again
    bench.world.finish()
    bench.clock.move(PENDING_S * 2)
    await quiet()
    assert bench.state(id_) is SENT
    assert len(bench.world.made) == 1
    assert bench.verbs(id_)[:3] == ["queued", "sending", "accepted"]


async def test_a_reply_stands_in_its_conversation_and_settles_what_it_answers(bench: Bench) -> None:
    question = bench.world.say("How high?")
    save(bench.database, bench.channel, said(question))
    row = row_of(bench.database, bench.channel, question)
    assert row.place == "owed"
    plan = outbox.Planned(
        channel_id=bench.channel.id,
        rendition=Rendition(kind=UpdateKind.REPLY, text="Three metres.", reply_to=question),
        not_before_at=bench.clock.now(),
        conversation_id=row.id,
    )
    with bench.database.transaction() as connection:
        outbox.approve(
            connection, Update(kind=UpdateKind.REPLY, text="Three metres."), [plan], at=bench.clock.now(), actor="x"
        )
    assert row_of(bench.database, bench.channel, question).outgoing == "queued"
    bench.outbox.poke()
    await quiet()
    row = row_of(bench.database, bench.channel, question)
    assert (row.place, row.owed, row.messages, row.outgoing) == ("quiet", 0, 2, "")


# A wall clock that jumps

TWO_HOURS_S = 7_200


async def test_a_clock_put_forward_proves_no_absence(bench: Bench) -> None:
    """The network may still be working on it: between the looks it was a moment, whatever the clock says."""
    bench.world.recognises_keys = False
    bench.world.fail("publish", BEFORE_SEND, OutcomeUnknown("Timed out"))
    id_ = await bench.post()
    bench.clock.put_back(-TWO_HOURS_S)
    await bench.clock.run(SETTLE_S - 1)
    assert (bench.state(id_), bench.get(id_).attempts) == (UNKNOWN, 1)
    found = bench.get(id_)
    bench.world.accept(found.rendition, found.key)
    await bench.clock.run(SETTLE_S)
    assert (bench.state(id_), len(bench.world.made)) == (SENT, 1)


def begin_and_end(bench: Bench) -> int:
    """A run sent something and was killed."""
    bench.world.recognises_keys = False
    id_ = queue(bench.database, bench.channel)
    with bench.database.transaction() as connection:
        outbox.begin(connection, id_, at=bench.clock.now(), steady_s=bench.clock.monotonic_s())
    return id_


async def test_a_clock_put_forward_between_two_runs_proves_no_absence(bench: Bench) -> None:
    id_ = begin_and_end(bench)
    bench.clock.put_back(-TWO_HOURS_S)
    bench.outbox.recover()
    bench.outbox.poke()
    await bench.clock.run(SETTLE_S - 1)
    assert (bench.state(id_), bench.get(id_).attempts) == (UNKNOWN, 1)
    await bench.clock.run(2)
    assert (bench.state(id_), bench.get(id_).attempts) == (SENT, 2)


async def test_however_short_the_runs_are_what_is_in_doubt_gets_its_turn(bench: Bench) -> None:
    id_ = begin_and_end(bench)
    await bench.clock.run(SETTLE_S - 5)
    bench.outbox.recover()
    bench.outbox.poke()
    await bench.clock.run(3)
    assert (bench.state(id_), bench.get(id_).attempts) == (UNKNOWN, 1)
    await bench.clock.run(5)
    assert (bench.state(id_), bench.get(id_).attempts) == (SENT, 2)


async def test_what_was_approved_before_the_clock_was_put_back_goes(bench: Bench) -> None:
    id_ = await bench.post(wait_s=10)
    bench.clock.put_back(TWO_HOURS_S)
    await bench.clock.run(45)
    assert bench.state(id_) is SENT


async def test_a_clock_put_back_shortens_no_second_thoughts(bench: Bench) -> None:
    id_ = await bench.post(wait_s=10)
    bench.clock.put_back(0.5)
    bench.outbox.poke()
    await bench.clock.run(9)
    assert bench.state(id_) is QUEUED
    assert any(id_ in changed.deliveries for changed in bench.heard), "the window counts down to another time"
    await bench.clock.run(2)
    assert bench.state(id_) is SENT


async def test_what_is_in_doubt_is_looked_for_after_the_clock_was_put_back(bench: Bench) -> None:
    bench.world.lose_answer()
    bench.world.fail("find", BEFORE_SEND, *[Unavailable("Busy")] * 2)
    id_ = await bench.post()
    bench.clock.put_back(TWO_HOURS_S)
    await bench.clock.run(200)
    assert (bench.state(id_), len(bench.world.made)) == (SENT, 1)


async def test_what_is_in_doubt_and_absent_goes_again_after_the_clock_was_put_back(bench: Bench) -> None:
    bench.world.recognises_keys = False
    bench.world.fail("publish", BEFORE_SEND, OutcomeUnknown("Timed out"))
    id_ = await bench.post()
    bench.clock.put_back(TWO_HOURS_S)
    await bench.clock.run(SETTLE_S - 1)
    assert bench.state(id_) is UNKNOWN
    await bench.clock.run(SETTLE_S)
    assert (bench.state(id_), bench.get(id_).attempts) == (SENT, 2)


async def test_a_channel_rests_no_longer_for_a_clock_put_back(bench: Bench) -> None:
    bench.world.fail("publish", BEFORE_SEND, KeyError("a bug"))
    id_ = await bench.post()
    assert len(bench.failed) == 1
    bench.failed.clear()
    bench.clock.put_back(TWO_HOURS_S)
    await bench.clock.run(3 * SETTLE_S)
    assert bench.state(id_) is SENT
