"""What the network in memory can do beyond the contract: it is the twin that fuzzes the engine, so it must be right."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.connectors.connector import START
from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND, Crash, Memory, World
from inbox.errors import CursorExpired, NotAllowed, NotFound, Offline, OutcomeUnknown, SignInNeeded
from inbox.model import Cursor, Media, MessageState, Moderation
from tests.connectors.harness import all_of, delivery_of, read_on
from tests.connectors.harnesses.memory import MemoryHarness

OPERATIONS = ("fetch", "reread", "sweep", "publish", "find", "moderate", "edit", "delete", "channels")


@pytest.fixture
def network() -> MemoryHarness:
    return MemoryHarness()


async def ask(network: MemoryHarness, operation: str) -> object:
    """One visit by this operation, to something of ours that stands there."""
    connector, channel = network.connector(), network.channel
    ours = network.world.say("Ours", ours=True)
    message = (await read_on(connector, channel))[0][-1].messages[-1]
    assert message.remote_id == ours
    if operation == "sweep":
        return [page async for page in connector.sweep(channel, START)]
    asked = {
        "fetch": lambda: connector.fetch(channel, START),
        "reread": lambda: connector.reread(channel, [ours]),
        "publish": lambda: connector.publish(channel, network.post(), "key-1"),
        "find": lambda: connector.find(channel, delivery_of(network, network.post(), "key-1")),
        "moderate": lambda: connector.moderate(channel, message, Moderation.HOLD),
        "edit": lambda: connector.edit(channel, message, "Other"),
        "delete": lambda: connector.delete(channel, message),
        "channels": lambda: connector.channels(),
    }
    return await asked[operation]()


@pytest.mark.parametrize("moment", [BEFORE_SEND, AFTER_ACCEPT])
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_every_operation_can_fail_at_every_moment(network: MemoryHarness, operation: str, moment: str) -> None:
    visits: list[tuple[str, str]] = []
    network.world.hook = lambda *visit: visits.append(visit)
    await ask(network, operation)
    assert visits[-2:] == [(operation, BEFORE_SEND), (operation, AFTER_ACCEPT)]

    def crash(*visit: str) -> None:
        if visit == (operation, moment):
            raise Crash

    network.world.hook = crash
    with pytest.raises(Crash):
        await ask(network, operation)


async def test_a_crash_before_sending_has_done_nothing_and_one_after_has(network: MemoryHarness) -> None:
    for moment, made in ((BEFORE_SEND, 0), (AFTER_ACCEPT, 1)):
        key = f"key-{moment}"
        network.world.fail("publish", moment, Crash())
        with pytest.raises(Crash):
            await network.connector().publish(network.channel, network.post(), key)
        assert network.world.asked[key] == made
        found = await network.connector().find(network.channel, delivery_of(network, network.post(), key))
        assert (found is not None) == bool(made)


async def test_a_lost_answer_is_told_once(network: MemoryHarness) -> None:
    network.world.lose_answer()
    with pytest.raises(OutcomeUnknown):
        await network.connector().publish(network.channel, network.post(), "key-1")
    receipt = await network.connector().publish(network.channel, network.post(), "key-1")
    assert network.world.asked["key-1"] == 2
    assert network.world.made == [("key-1", receipt.remote_id)]


async def test_faults_come_one_at_a_visit_in_their_order(network: MemoryHarness) -> None:
    network.world.fail("fetch", BEFORE_SEND, Offline(), NotAllowed())
    for expected in (Offline, NotAllowed):
        with pytest.raises(expected):
            await network.connector().fetch(network.channel, START)
    await network.connector().fetch(network.channel, START)
    assert network.world.requests["fetch"] == 1


async def test_a_hook_may_wait_and_a_cancelled_publish_may_have_happened(network: MemoryHarness) -> None:
    arrived, never = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        arrived.set()
        await never.wait()

    network.world.hook = lambda operation, moment: wait() if moment == AFTER_ACCEPT else None
    publishing = asyncio.ensure_future(network.connector().publish(network.channel, network.post(), "key-1"))
    await arrived.wait()
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    assert len(network.made) == 1


async def test_a_network_that_knows_no_keys_makes_two(network: MemoryHarness) -> None:
    network.world.recognises_keys = False
    for _ in range(2):
        await network.connector().publish(network.channel, network.post(), "key-1")
    assert len(network.world.made) == 2, "a test that counts must be able to see a double post"


async def test_what_is_refused_was_asked_but_not_made(network: MemoryHarness) -> None:
    picture = Media(path="p.png", mime_type="image/png")
    with pytest.raises(Exception, match="pictures"):
        await network.connector().publish(network.channel, network.post(media=(picture,) * 5), "key-1")
    assert network.world.asked["key-1"] == 1
    assert network.world.made == []


async def test_a_slow_network_gives_a_pending_receipt_that_find_completes(network: MemoryHarness) -> None:
    network.world.takes_its_time = True
    receipt = await network.connector().publish(network.channel, network.post(), "key-1")
    assert receipt.pending
    assert all_of((await read_on(network.connector(), network.channel))[0]) == []
    delivery = delivery_of(network, network.post(), "key-1")
    found = await network.connector().find(network.channel, delivery)
    assert found is not None
    assert found.pending
    network.world.finish()
    found = await network.connector().find(network.channel, delivery)
    assert found is not None
    assert not found.pending
    assert found.message is not None
    assert [m.remote_id for m in all_of((await read_on(network.connector(), network.channel))[0])] == [found.remote_id]


async def test_what_was_scheduled_is_published_when_its_time_has_come(network: MemoryHarness) -> None:
    at = network.clock.now() + timedelta(hours=1)
    receipt = await network.connector().publish(network.channel, network.post(publish_at=at), "key-1")
    _, cursor = await read_on(network.connector(), network.channel)
    assert (await network.connector().fetch(network.channel, cursor)).messages == ()
    network.clock.forward(3_600)
    (message,) = (await network.connector().fetch(network.channel, cursor)).messages
    assert (message.remote_id, message.state, message.created_at) == (receipt.remote_id, MessageState.PUBLISHED, at)


async def test_messages_may_arrive_in_another_order_than_they_were_said(network: MemoryHarness) -> None:
    world = network.world
    question = world.say("Question", shown=False)
    network.clock.forward(10)
    answer = world.say("Answer", parent=question)
    batches, cursor = await read_on(network.connector(), network.channel)
    assert [m.remote_id for m in all_of(batches)] == [answer]
    world.show(question)
    (message,) = (await network.connector().fetch(network.channel, cursor)).messages
    assert message.remote_id == question
    assert message.created_at < all_of(batches)[0].created_at


async def test_what_is_not_shown_yet_is_not_there(network: MemoryHarness) -> None:
    shown, hidden = network.world.say("Shown"), network.world.say("Hidden", shown=False)
    again = await network.connector().reread(network.channel, [shown, hidden])
    assert [m.remote_id for m in again.messages] == [shown]
    with pytest.raises(NotFound):
        await network.connector().publish(network.channel, network.reply(hidden), "key-1")


async def test_doing_what_is_done_already_is_no_change(network: MemoryHarness) -> None:
    connector, world = network.connector(), network.world
    ours = world.say("Ours", ours=True)
    batches, cursor = await read_on(connector, network.channel)
    (message,) = all_of(batches)
    await connector.edit(network.channel, message, "Ours")
    await connector.moderate(network.channel, message, Moderation.APPROVE)
    world.edit(ours, "Ours")
    world.set_state(ours, MessageState.PUBLISHED)
    assert (await connector.fetch(network.channel, cursor)).messages == ()


async def test_nobody_edits_the_words_of_others(network: MemoryHarness) -> None:
    theirs = network.world.say("Theirs")
    (message,) = all_of((await read_on(network.connector(), network.channel))[0])
    with pytest.raises(NotAllowed):
        await network.connector().edit(network.channel, message, "Ours now")
    assert network.world.entries[theirs].text == "Theirs"


async def test_a_removal_drifts_until_a_sweep_has_seen_it(network: MemoryHarness) -> None:
    said = network.seed(5)
    _, cursor = await read_on(network.connector(), network.channel)
    assert not (await network.connector().fetch(network.channel, cursor)).drifted
    network.remove(said[0])
    batch = await network.connector().fetch(network.channel, cursor)
    assert batch.drifted
    assert batch.cursor == cursor
    pages = [page async for page in network.connector().sweep(network.channel, cursor)]
    assert pages[-1].cursor is not None
    assert not (await network.connector().fetch(network.channel, pages[-1].cursor)).drifted


async def test_a_sweep_outlives_changes_between_its_pages(network: MemoryHarness) -> None:
    network.world.page_size = 3
    said = network.seed(10)
    sighted: list[str] = []
    async for page in network.connector().sweep(network.channel, START):
        sighted += [s.remote_id for s in page.sightings]
        network.remove(said[0])
        network.edit(said[9], f"Edited {len(sighted)}")
    assert sighted == said


async def test_an_old_cursor_expires_and_starting_over_finds_all(network: MemoryHarness) -> None:
    said = network.seed(3)
    _, cursor = await read_on(network.connector(), network.channel)
    said += network.seed(3)
    network.world.expired_before = network.world.change
    for bad in (cursor, Cursor("999999.0"), Cursor("nonsense")):
        with pytest.raises(CursorExpired):
            await network.connector().fetch(network.channel, bad)
    batches, _ = await read_on(network.connector(), network.channel)
    assert [m.remote_id for m in all_of(batches)] == said


async def test_a_gap_is_told_when_the_network_no_longer_offers_what_lay_between(network: MemoryHarness) -> None:
    network.seed(3)
    _, cursor = await read_on(network.connector(), network.channel)
    network.seed(5)
    network.world.offered_from = network.world.change
    (kept,) = network.seed(1)
    batch = await network.connector().fetch(network.channel, cursor)
    assert batch.gap_before
    assert [m.remote_id for m in batch.messages] == [kept]
    assert not (await network.connector().fetch(network.channel, batch.cursor)).gap_before


async def test_signing_in_proves_the_password(network: MemoryHarness) -> None:
    connector, http = Memory.over({"square": network.world}), network.connector()._room.http
    discovery = await connector.discover("memory.example", http, network.clock)
    with pytest.raises(SignInNeeded):
        await connector.sign_in(discovery, {"password": "wrong"}, http, network.clock)
    signed_in = await connector.sign_in(discovery, {"password": network.secret}, http, network.clock)
    assert [channel.remote_id for channel in signed_in.channels] == ["square"]
    assert signed_in.secret == {"password": network.secret}


async def test_two_worlds_are_two_channels_that_know_nothing_of_each_other(network: MemoryHarness) -> None:
    other = World(network.clock)
    connector = Memory.over({"square": network.world, "market": other})(network.connector()._room)
    other.password = network.secret
    assert [channel.remote_id for channel in await connector.channels()] == ["square", "market"]
    market = replace(network.channel, remote_id="market")
    receipt = await connector.publish(market, network.post(), "key-1")
    assert other.made == [("key-1", receipt.remote_id)]
    assert network.world.made == []


STEPS = st.lists(
    st.tuples(st.sampled_from(["say", "later", "edit", "state", "remove", "fetch", "show"]), st.integers(0, 30)),
    max_size=40,
)


@given(steps=STEPS, page_size=st.integers(1, 4))
async def test_whoever_keeps_fetching_knows_all_that_is_shown(steps: list[tuple[str, int]], page_size: int) -> None:
    network = MemoryHarness()
    world, known, cursor = network.world, dict[str, tuple[str, MessageState]](), START
    world.page_size = page_size
    for step, number in [*steps, *[("fetch", 0)] * 100]:
        ids = list(world.entries)
        chosen = ids[number % len(ids)] if ids else ""
        if step in {"say", "later"}:
            world.say(f"Words {number}", shown=step == "say")
        elif step == "fetch":
            batch = await network.connector().fetch(network.channel, cursor)
            known |= {m.remote_id: (m.text, m.state) for m in batch.messages}
            cursor = batch.cursor
        elif chosen and step == "edit":
            world.edit(chosen, f"Edited {number}")
        elif chosen and step == "show":
            world.show(chosen)
        elif chosen and step == "state":
            world.set_state(chosen, list(MessageState)[number % 4])
        elif chosen:
            world.remove(chosen)
    shown = {e.remote_id: (e.text, e.state) for e in world.entries.values() if e.change}
    assert {i: known.get(i) for i in shown} == shown
