"""What one poll does: reads on, saves, asks after what matters, sweeps, and what it leaves behind when it fails."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from inbox.connectors.http import Reply
from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND
from inbox.errors import (
    BadReply,
    CursorExpired,
    NotAllowed,
    Offline,
    PostroomError,
    RateLimited,
    SignInNeeded,
    StoreFull,
    Unavailable,
)
from inbox.events import Changed
from inbox.model import Batch, Capability, Cursor, MessageState, Sighting, SweepPage
from inbox.store import accounts, ledger
from inbox.store.database import Database
from inbox.sync.fetch import ROLL_EVERY_POLLS, SWEEP_EVERY, Fetch, trouble_of
from tests.clock import TestClock
from tests.inbox.making import START, add_channel, later, message, row_of, save, stored, tables
from tests.inbox.networks import Scripted, cursor, in_memory


@pytest.fixture
def heard() -> list[Changed]:
    return []


@pytest.fixture
def fetch(database: Database, clock: TestClock, heard: list[Changed]) -> Fetch:
    return Fetch(database, clock, heard.append)


async def test_a_poll_reads_on_until_nothing_newer_waits(
    database: Database, clock: TestClock, fetch: Fetch, heard: list[Changed]
) -> None:
    world, connector, channel = in_memory(database, clock, page_size=4)
    ids = [world.say(f"Text {i}") for i in range(10)]
    outcome = await fetch.poll(channel, connector)
    assert (outcome.new, outcome.error) == (10, None)
    assert world.requests["fetch"] == 3
    assert outcome.requests == 4, "three pages and one look at what is owed"
    assert [stored(database, channel, i).message.text for i in ids] == [f"Text {i}" for i in range(10)]
    assert sum(h.arrived for h in heard) == 10
    assert set().union(*(h.conversations for h in heard)) == {row_of(database, channel, i).id for i in ids}
    assert channel.id in set().union(*(h.channels for h in heard))
    one = accounts.health(database.connection)[0]
    assert (one.complete_to, one.backfilled) == (START, True)


async def test_the_next_poll_brings_only_what_is_new(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock)
    first = world.say("First")
    await fetch.poll(channel, connector)
    before = tables(database.connection, "polls", "channels")
    clock.move(60)
    assert (await fetch.poll(channel, connector)).new == 0
    assert tables(database.connection, "polls", "channels") == before
    world.say("Second", parent=first)
    world.edit(first, "First, better")
    outcome = await fetch.poll(channel, connector)
    assert (outcome.new, outcome.edited) == (1, 1)


@pytest.mark.parametrize("error", [Offline, Unavailable, RateLimited, NotAllowed, BadReply])
async def test_a_failure_leaves_the_cursor_and_is_in_the_ledger(
    database: Database, clock: TestClock, fetch: Fetch, heard: list[Changed], error: type[PostroomError]
) -> None:
    world, connector, channel = in_memory(database, clock, page_size=2)
    for i in range(5):
        world.say(f"Text {i}")
    await fetch.poll(channel, connector)
    mark = cursor(database, channel)
    world.say("Later")
    world.fail("fetch", AFTER_ACCEPT, error("It went wrong"))
    clock.move(60)
    outcome = await fetch.poll(channel, connector)
    assert isinstance(outcome.error, error)
    assert cursor(database, channel) == mark
    one = accounts.health(database.connection)[0]
    assert one.trouble == trouble_of(outcome.error)
    assert (one.complete_to, one.failing_since, one.polled_at) == (START, START, later(60))
    assert one.signed_in
    assert heard[-1].channels == {channel.id}
    assert [g.reason for g in ledger.gaps(database.connection, since=START)] == [one.trouble]
    clock.move(60)
    assert (await fetch.poll(channel, connector)).new == 1
    assert accounts.health(database.connection)[0].trouble == ""


async def test_a_failure_half_way_keeps_what_was_read(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock, page_size=2)
    for i in range(6):
        world.say(f"Text {i}")
    requests = 0

    def fail_third(operation: str, moment: str) -> None:
        nonlocal requests
        requests += (operation, moment) == ("fetch", BEFORE_SEND)
        if requests == 3:
            raise Unavailable("Busy", status=503)

    world.hook = fail_third
    outcome = await fetch.poll(channel, connector)
    assert (outcome.new, type(outcome.error)) == (4, Unavailable)
    world.hook = None
    assert (await fetch.poll(channel, connector)).new == 2


async def test_a_lost_sign_in_is_noted_and_told(
    database: Database, clock: TestClock, fetch: Fetch, heard: list[Changed]
) -> None:
    world, connector, channel = in_memory(database, clock)
    world.password = "changed"
    outcome = await fetch.poll(channel, connector)
    assert isinstance(outcome.error, SignInNeeded)
    [one] = accounts.health(database.connection)
    assert not one.signed_in
    assert "Sign in again" in one.trouble or "sign in again" in one.trouble
    assert heard[-1].accounts


async def test_a_full_disk_is_raised_and_leaves_the_cursor(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock)
    for i in range(20):
        world.say(f"{i}" + "x" * 2_000)
    before = tables(database.connection)
    database.connection.execute(
        f"PRAGMA max_page_count={database.connection.execute('PRAGMA page_count').fetchone()[0]}"
    )
    with pytest.raises(StoreFull):
        await fetch.poll(channel, connector)
    assert tables(database.connection) == before
    database.connection.execute("PRAGMA max_page_count=100000")
    assert (await fetch.poll(channel, connector)).new == 20


async def test_an_expired_cursor_starts_over_harmlessly(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock)
    for i in range(5):
        world.say(f"Text {i}")
    await fetch.poll(channel, connector)
    before = tables(database.connection, "polls", "channels")
    world.expired_before = 99
    mark = cursor(database, channel)
    outcome = await fetch.poll(channel, connector)
    assert (outcome.error, outcome.new) == (None, 0)
    assert cursor(database, channel) == mark
    assert tables(database.connection, "polls", "channels") == before


async def test_a_network_that_always_says_expired_fails_and_does_not_loop(database: Database, fetch: Fetch) -> None:
    channel = add_channel(database)
    connector = Scripted([CursorExpired("Too old"), CursorExpired("Too old")])
    outcome = await fetch.poll(channel, connector)
    assert isinstance(outcome.error, CursorExpired)
    assert connector.batches == []


async def test_a_batch_that_neither_ends_nor_moves_ends_the_poll(database: Database, fetch: Fetch) -> None:
    channel = add_channel(database)
    stuck = Batch(messages=(message("m1"),), cursor=Cursor("5"), complete=False)
    connector = Scripted([stuck] * 10)
    outcome = await fetch.poll(channel, connector)
    assert (connector.asked, outcome.new, outcome.error) == (["", "5"], 1, None)
    assert accounts.health(database.connection)[0].complete_to is None, "nothing is complete"


async def test_what_the_officer_has_to_do_with_is_asked_after(
    database: Database, clock: TestClock, fetch: Fetch
) -> None:
    """The network does not tell of removals: only asking by id does."""
    world, connector, channel = in_memory(database, clock)
    kept, gone = world.say("Stay"), world.say("Go")
    await fetch.poll(channel, connector)
    world.remove(gone)
    outcome = await fetch.poll(channel, connector)
    assert outcome.gone == 1
    assert stored(database, channel, gone).message.state is MessageState.DELETED
    assert stored(database, channel, kept).message.state is MessageState.PUBLISHED


async def test_no_more_than_a_hundred_are_asked_after_at_once(
    database: Database, clock: TestClock, fetch: Fetch
) -> None:
    channel = add_channel(database)
    save(database, channel, *(message(f"m{i}", created_at=later(i)) for i in range(250)))
    connector = Scripted([Batch(cursor=Cursor("1"))])
    await fetch.poll(channel, connector)
    assert connector.reread_ids == [[f"m{i}" for i in range(249, 149, -1)]]


async def test_in_time_everything_is_asked_after(database: Database, clock: TestClock, fetch: Fetch) -> None:
    channel = add_channel(database)
    save(database, channel, *(message(f"m{i}", state=MessageState.SPAM) for i in range(250)))
    rounds: list[list[str]] = []
    for _ in range(5 * ROLL_EVERY_POLLS):
        connector = Scripted([Batch(cursor=Cursor("1"))])
        await fetch.poll(channel, connector)
        rounds += connector.reread_ids
    ids = [f"m{i}" for i in range(250)]
    assert rounds == [ids[:100], ids[100:200], ids[200:], ids[:100]], "the empty round turns it back to the start"


async def test_drift_is_swept(database: Database, clock: TestClock, fetch: Fetch) -> None:
    """Counts that disagree: edits, bins and removals that no list shows are found, in old conversations too."""
    world, connector, channel = in_memory(database, clock, page_size=5)
    old = START - timedelta(days=60)
    ids = [world.say(f"Text {i}", created_at=old) for i in range(12)]
    for i in ids:
        world.set_state(i, MessageState.SPAM)  # set aside: nobody asks after these
    await fetch.poll(channel, connector)
    silently(world, ids[3], state=MessageState.TRASHED)
    silently(world, ids[4], state=MessageState.PUBLISHED)
    silently(world, ids[4], text="Edited, and out of the spam")
    world.remove(ids[7])
    before = world.requests["sweep"]
    outcome = await fetch.poll(channel, connector)
    assert world.requests["sweep"] > before
    assert outcome.gone == 1
    assert stored(database, channel, ids[3]).message.state is MessageState.TRASHED
    assert stored(database, channel, ids[4]).message.text == "Edited, and out of the spam"
    assert stored(database, channel, ids[7]).message.state is MessageState.DELETED
    assert [stored(database, channel, i).message.state for i in ids[8:]] == [MessageState.SPAM] * 4
    swept = world.requests["sweep"]
    await fetch.poll(channel, connector)
    assert world.requests["sweep"] == swept, "once is enough"


def silently(world: object, remote_id: str, **changes: object) -> None:
    """It changes there without any list telling."""
    for name, value in changes.items():
        setattr(world.entries[remote_id], name, value)


async def test_a_sweep_comes_round_daily_but_not_with_the_first_reading(
    database: Database, clock: TestClock, fetch: Fetch
) -> None:
    world, connector, channel = in_memory(database, clock)
    one = world.say("Set aside", state=MessageState.SPAM)
    await fetch.poll(channel, connector)
    assert world.requests["sweep"] == 0
    silently(world, one, state=MessageState.PUBLISHED)
    clock.move(SWEEP_EVERY.total_seconds() - 1)
    await fetch.poll(channel, connector)
    assert world.requests["sweep"] == 0
    clock.move(2)
    await fetch.poll(channel, connector)
    assert world.requests["sweep"] == 1
    assert stored(database, channel, one).message.state is MessageState.PUBLISHED
    assert accounts.reading(database.connection, channel.id).swept_at == clock.now()


async def test_a_sweep_that_breaks_off_proves_nothing_and_comes_again(
    database: Database, clock: TestClock, fetch: Fetch
) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"), message("m2"))
    mark = Cursor("1")
    page = SweepPage(sightings=(Sighting(remote_id="m1", state=MessageState.PUBLISHED),))
    connector = Scripted([Batch(cursor=mark, drifted=True)], pages=[page, Unavailable("Busy")])
    outcome = await fetch.poll(channel, connector)
    assert isinstance(outcome.error, Unavailable)
    assert connector.reread_ids == [], "m2 was not missed yet"
    assert stored(database, channel, "m2").message.state is MessageState.PUBLISHED
    whole = SweepPage(sightings=(), swept_prefixes=("m",), cursor=Cursor("2"))
    connector = Scripted([Batch(cursor=mark, drifted=True)], pages=[page, whole])
    await fetch.poll(channel, connector)
    assert connector.reread_ids[0] == ["m2"], "asked for by id, not concluded from absence"
    assert stored(database, channel, "m2").message.state is MessageState.PUBLISHED, "nobody said that it is gone"
    assert cursor(database, channel) == "2"


async def test_only_what_a_connector_can_do_is_asked_of_it(database: Database, clock: TestClock, fetch: Fetch) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))

    class FetchOnly(Scripted):
        capabilities = Capability.FETCH

    connector = FetchOnly([Batch(cursor=Cursor("1"), drifted=True)])
    outcome = await fetch.poll(channel, connector)
    assert (outcome.error, connector.reread_ids) == (None, [])


async def test_a_gap_is_told(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock)
    world.say("First")
    await fetch.poll(channel, connector)
    clock.move(3_600)
    world.say("Lost")
    clock.move(3_600)
    last = world.say("Last")
    world.offered_from = world.change - 1
    await fetch.poll(channel, connector)
    assert stored(database, channel, last)
    [gap] = ledger.gaps(database.connection, since=START)
    assert (gap.from_at, gap.to_at, gap.closed_at) == (START, later(7_200), None)


async def test_nothing_of_a_body_is_logged_or_kept(
    database: Database, clock: TestClock, fetch: Fetch, caplog: pytest.LogCaptureFixture
) -> None:
    """A page instead of JSON may hold anything: names, addresses, what somebody wrote in confidence."""
    channel = add_channel(database)
    body = b"<title>Mail to Vera</title> vera@citizen.example: my number is 0123 456789"
    reply = Reply(200, httpx.Headers({"content-type": "text/html"}), body, "https://blog.example/?key=s3cret")
    with pytest.raises(BadReply) as caught:
        reply.json("the comments")
    caplog.set_level("DEBUG")
    await fetch.poll(channel, Scripted([caught.value]))
    kept = [*map(str, database.connection.execute("SELECT problem FROM polls").fetchall()), caplog.text]
    kept += [*map(str, database.connection.execute("SELECT trouble FROM channels").fetchall())]
    assert all("the comments: expected JSON, got status 200, text/html, 74 bytes" in words for words in kept), kept
    assert len(body) == 74
    whole = "\n".join(database.connection.iterdump()) + caplog.text
    assert [word for word in ("Mail to", "Vera", "citizen", "0123", "s3cret") if word in whole] == []
