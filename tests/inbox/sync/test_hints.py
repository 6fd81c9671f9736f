"""Listening for hints: a poll sooner, never a storm, and nothing lost when nobody listens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from inbox.connectors.connector import Connector
from inbox.errors import PostroomError, SignInNeeded, Unavailable
from inbox.model import Channel, ChannelId
from inbox.store.database import Database
from inbox.sync.hints import AGAIN_FIRST_S, AT_MOST_EVERY_S, Hints
from inbox.tasks import Tasks
from tests.clock import TestClock
from tests.inbox.making import add_channel


class Telling:
    """A network whose hints a test gives, or breaks off with an error."""

    def __init__(self) -> None:
        self.said: asyncio.Queue[PostroomError | None] = asyncio.Queue()
        self.listeners = 0

    async def hints(self, channel: Channel) -> AsyncIterator[None]:
        self.listeners += 1
        while True:
            told = await self.said.get()
            if told is not None:
                raise told
            yield


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@pytest.fixture
async def listening(database: Database) -> AsyncIterator[tuple[Telling, Hints, Channel, TestClock, list[ChannelId]]]:
    network, clock, heard = Telling(), TestClock(), []
    tasks = Tasks(lambda error: heard.append(ChannelId(f"failed: {error}")))

    async def connector_for(_: Channel) -> Connector:
        return network  # type: ignore[return-value]

    hints = Hints(clock, tasks, connector_for, heard.append)
    channel = add_channel(database)
    hints.keep([channel])
    await settle()
    yield network, hints, channel, clock, heard
    await tasks.cancel()


Listening = tuple[Telling, Hints, Channel, TestClock, list[ChannelId]]


async def test_a_hint_asks_for_a_poll_and_many_ask_no_oftener_than_is_polite(listening: Listening) -> None:
    network, _, channel, clock, heard = listening
    for _ in range(5):
        network.said.put_nowait(None)
    await settle()
    assert heard == [channel.id]
    clock.move(AT_MOST_EVERY_S)
    await settle()
    assert heard == [channel.id] * 2


async def test_a_broken_stream_is_listened_to_again_later(listening: Listening) -> None:
    network, _, _, clock, _ = listening
    network.said.put_nowait(Unavailable("The stream broke off"))
    await settle()
    assert network.listeners == 1
    clock.move(AGAIN_FIRST_S)
    await settle()
    assert network.listeners == 2
    network.said.put_nowait(Unavailable("The stream broke off"))
    await settle()
    clock.move(AGAIN_FIRST_S)
    await settle()
    assert network.listeners == 2, "each time a little later"


async def test_a_stream_that_ends_after_its_first_event_is_asked_for_less_and_less_often(listening: Listening) -> None:
    network, _, _, clock, _ = listening
    for again_s in (AGAIN_FIRST_S, 2 * AGAIN_FIRST_S, 4 * AGAIN_FIRST_S):
        asked = network.listeners
        network.said.put_nowait(None)
        network.said.put_nowait(Unavailable("The stream ended"))
        await settle()
        clock.move(AT_MOST_EVERY_S)
        await settle()
        clock.move(again_s - 1)
        await settle()
        assert network.listeners == asked
        clock.move(1)
        await settle()
        assert network.listeners == asked + 1


async def test_a_stream_that_told_more_is_asked_for_again_soon(listening: Listening) -> None:
    network, _, _, clock, _ = listening
    for _ in range(3):
        asked = network.listeners
        for told in (None, None, Unavailable("The stream ended")):
            network.said.put_nowait(told)
        for wait_s in (AT_MOST_EVERY_S, AT_MOST_EVERY_S, AGAIN_FIRST_S):
            await settle()
            clock.move(wait_s)
        await settle()
        assert network.listeners == asked + 1


async def test_signed_out_nobody_listens(listening: Listening) -> None:
    network, _, _, clock, heard = listening
    network.said.put_nowait(SignInNeeded("The token was withdrawn"))
    await settle()
    clock.move(1_000)
    await settle()
    assert (network.listeners, heard) == (1, [])


async def test_a_channel_that_goes_is_not_listened_to(listening: Listening) -> None:
    network, hints, channel, _, heard = listening
    hints.keep([])
    network.said.put_nowait(None)
    await settle()
    assert heard == []
    hints.keep([channel])
    await settle()
    assert network.listeners == 2
