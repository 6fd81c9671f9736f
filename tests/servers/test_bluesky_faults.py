"""A real Bluesky network that goes wrong: rate limits of its own, and an interposed wire that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.bluesky import Bluesky
from inbox.connectors.connector import START
from inbox.errors import BadReply, PostroomError, RateLimited, SignInNeeded, Unavailable
from tests.connectors.harness import SURELY_NOT_DONE, Break
from tests.servers.bluesky_desk import desk_at
from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.desk import Desk, ShiftedClock


@pytest.fixture
async def desk(bluesky: BlueskyNetwork) -> AsyncIterator[Desk]:
    made = await desk_at(bluesky)
    await made.read()
    yield made
    await made.http.aclose()


EXPECTED = {
    **SURELY_NOT_DONE,
    Break.SERVER_ERROR: Unavailable,
    Break.LOST_ANSWER: Unavailable,
    Break.HALF_ANSWER: Unavailable,
    Break.ENDLESS: Unavailable,
    Break.BROKEN_BODY: BadReply,
    Break.WRONG_TYPE: BadReply,
}


@pytest.mark.parametrize("how", EXPECTED)
async def test_what_was_said_during_a_failure_arrives_after_it(bluesky: BlueskyNetwork, desk: Desk, how: Break) -> None:
    said = bluesky.citizen("amina").post(f"said during {how.name}", mentions=[bluesky.citizen("org")])
    desk.wire.breaks[False] = how
    with pytest.raises(PostroomError) as caught:
        await desk.connector.fetch(desk.channel, desk.cursor)
    assert type(caught.value) is EXPECTED[how]
    with pytest.raises(PostroomError):
        await desk.connector.reread(desk.channel, [said["uri"]])
    desk.wire.breaks.clear()
    await desk.read()
    assert said["uri"] in desk.held


async def test_the_servers_own_rate_limit_says_when_to_come_back(bluesky: BlueskyNetwork) -> None:
    """Thirty sign-ins in five minutes (bluesky.md section 6), by somebody who does not say it is a test."""
    clock = ShiftedClock()
    async with web.client(transport=httpx.AsyncHTTPTransport()) as http:
        found = await Bluesky.discover(f"farah.test@{bluesky.service}", http, clock)
        for _ in range(31):
            with pytest.raises((SignInNeeded, RateLimited)) as caught:
                await Bluesky.sign_in(found, {"password": "notx-this-onex-ever"}, http, clock)
            if isinstance(caught.value, RateLimited):
                break
        assert isinstance(caught.value, RateLimited)
        assert caught.value.retry_at is not None
        assert timedelta(0) < caught.value.retry_at - clock.now() <= timedelta(minutes=5)


async def test_a_limit_told_only_by_its_reset_is_kept(bluesky: BlueskyNetwork, desk: Desk) -> None:
    reset = int(desk.clock.now().timestamp()) + 77

    def limited(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers={"ratelimit-reset": str(reset)}, json={"error": "RateLimitExceeded"})

    async with web.client(transport=httpx.MockTransport(limited)) as http:
        from inbox.connectors.connector import Room

        connector = Bluesky(Room(account=desk.account, http=http, secret=desk.secret, clock=desk.clock))
        with pytest.raises(RateLimited) as caught:
            await connector.fetch(desk.channel, START)
    assert caught.value.retry_at is not None
    assert int(caught.value.retry_at.timestamp()) == reset


async def test_a_slow_server_is_given_up_and_read_later(bluesky: BlueskyNetwork, desk: Desk) -> None:
    given_up = asyncio.ensure_future(desk.connector.fetch(desk.channel, desk.cursor))
    await asyncio.sleep(0.005)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    said = bluesky.citizen("bruno").post("after it was slow", mentions=[bluesky.citizen("org")])
    await desk.read()
    assert said["uri"] in desk.held
