"""What a message answers is fetched once when it never came, and a conversation is read whole when somebody looks."""

from __future__ import annotations

import pytest

from inbox.events import Changed
from inbox.model import MessageState
from inbox.store import reading
from inbox.store.database import Database
from inbox.sync.fetch import MOST_THREADS, Fetch, Outcome
from tests.clock import TestClock
from tests.inbox.making import message, row_of, save, stored
from tests.inbox.networks import in_memory


@pytest.fixture
def fetch(database: Database, clock: TestClock) -> Fetch:
    heard: list[Changed] = []
    return Fetch(database, clock, heard.append)


async def test_what_a_message_answers_comes_with_it(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock)
    top = world.say("The bridge is closed", author="Ada")
    clock.move(1)
    middle = world.say("For how long?", author="Tom", parent=top)
    clock.move(1)
    world.offered_from = world.change  # older than what the network lists
    asked = world.say("@us do you know?", parent=middle)
    await fetch.poll(channel, connector)
    row = row_of(database, channel, asked)
    said = [m.message.text for m in reading.conversation(database.connection, row.id)]
    assert said == ["The bridge is closed", "For how long?", "@us do you know?"]
    assert world.requests["thread"] == 1
    await fetch.poll(channel, connector)
    assert world.requests["thread"] == 1, "it is here now"


async def test_what_is_gone_is_asked_for_once(database: Database, clock: TestClock, fetch: Fetch) -> None:
    world, connector, channel = in_memory(database, clock)
    world.offered_from = world.change
    asked = world.say("@us do you know?", parent="m99")
    for _ in range(3):
        await fetch.poll(channel, connector)
    assert world.requests["thread"] == 1
    assert stored(database, channel, asked).message.parent_remote_id == "m99"


async def test_a_flood_of_strange_answers_does_not_become_a_flood_of_requests(
    database: Database, clock: TestClock, fetch: Fetch
) -> None:
    world, connector, channel = in_memory(database, clock, page_size=200)
    for n in range(100):
        world.say("Me too", parent=f"x{n}")
    await fetch.poll(channel, connector)
    assert world.requests["thread"] == MOST_THREADS


async def test_what_was_withdrawn_meanwhile_is_no_trouble(database: Database, clock: TestClock, fetch: Fetch) -> None:
    _, connector, channel = in_memory(database, clock)
    outcome = Outcome(channel=channel)
    await fetch.around(channel, connector, message("m7"), outcome)
    assert (outcome.new, outcome.error) == (0, None)


async def test_a_network_that_names_the_root_needs_no_parents(database: Database, clock: TestClock) -> None:
    _, _, channel = in_memory(database, clock)
    save(database, channel, message("m5", parent_remote_id="m3", root_remote_id="m1"))
    save(database, channel, message("m6", parent_remote_id="m4", root_remote_id="m1"))
    save(database, channel, message("m1", state=MessageState.PUBLISHED))
    assert len({row_of(database, channel, i).id for i in ("m1", "m5", "m6")}) == 1
