"""A real Mastodon server that goes wrong: faults of its own, and an interposed wire that breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from inbox.connectors.mastodon.server import SPARED
from inbox.errors import BadReply, PostroomError, RateLimited, SignInNeeded, Unavailable
from tests.connectors.harness import SURELY_NOT_DONE, Break
from tests.servers.desk import Desk, fresh_key, post
from tests.servers.mastodon_desk import desk_at
from tests.servers.mastodon_server import MastodonServer, Person

EXPECTED = {
    **SURELY_NOT_DONE,
    Break.SERVER_ERROR: Unavailable,
    Break.LOST_ANSWER: Unavailable,
    Break.HALF_ANSWER: Unavailable,
    Break.ENDLESS: Unavailable,
    Break.BROKEN_BODY: BadReply,
    Break.WRONG_TYPE: BadReply,
}
NOTIFICATIONS = "/api/v1/notifications"


@pytest.fixture
async def desk(mastodon: MastodonServer, office: Person) -> AsyncIterator[Desk]:
    made = await desk_at(mastodon, office)
    mastodon.person("maria").post(f"@{office.acct} before everything")
    await made.read()
    yield made
    await made.http.aclose()


@pytest.mark.parametrize("how", EXPECTED)
async def test_what_was_said_during_a_failure_arrives_after_it(
    mastodon: MastodonServer, office: Person, desk: Desk, how: Break
) -> None:
    said = mastodon.person("maria").post(f"@{office.acct} said during {how.name}")
    desk.wire.breaks[False] = how
    with pytest.raises(PostroomError) as caught:
        await desk.connector.fetch(desk.channel, desk.cursor)
    assert type(caught.value) is EXPECTED[how]
    with pytest.raises(PostroomError):
        await desk.connector.reread(desk.channel, [said["id"]])
    desk.wire.breaks.clear()
    await desk.read()
    assert said["id"] in desk.held


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        ({"type": "status", "status": 500}, Unavailable),
        ({"type": "status", "status": 503}, Unavailable),
        ({"type": "malformed"}, BadReply),
    ],
    ids=["500", "503", "junk"],
)
async def test_the_servers_own_trouble_is_named_and_loses_nothing(
    mastodon: MastodonServer, office: Person, desk: Desk, effect: dict[str, object], expected: type[PostroomError]
) -> None:
    said = mastodon.person("maria").post(f"@{office.acct} in trouble")
    mastodon.fault(NOTIFICATIONS, effect)
    with pytest.raises(PostroomError) as caught:
        await desk.connector.fetch(desk.channel, desk.cursor)
    assert type(caught.value) is expected
    await desk.read()
    assert said["id"] in desk.held


async def test_slow_server_is_waited_for(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    said = mastodon.person("maria").post(f"@{office.acct} patience")
    mastodon.fault(NOTIFICATIONS, {"type": "latency", "delay_ms": 1500})
    running = asyncio.ensure_future(desk.read())
    await running
    assert said["id"] in desk.held


async def test_429_is_waited_out_until_the_iso_time_in_the_header(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    """X-RateLimit-Reset is an ISO 8601 time, and there is no Retry-After (section 9)."""
    mastodon.fault(NOTIFICATIONS, {"type": "ratelimit"})
    with pytest.raises(RateLimited) as caught:
        await desk.connector.fetch(desk.channel, desk.cursor)
    assert caught.value.retry_at is not None
    wait = caught.value.retry_at - desk.clock.now()
    assert timedelta(seconds=280) < wait <= timedelta(seconds=301)


async def test_the_servers_real_limit_leaves_the_last_requests_to_people(limited_mastodon: MastodonServer) -> None:
    """300 requests in five minutes for one token; background reading stops before they are used up."""
    desk = await desk_at(limited_mastodon, limited_mastodon.person("council"))
    await desk.read()
    known = [limited_mastodon.state["seed"]["posts"]["road"]]
    left = 300
    for _ in range(300):
        try:
            await desk.connector.reread(desk.channel, known)
        except RateLimited as error:
            stopped = error
            break
        left = desk.connector._session.budgets["plain"][0]
    assert left == SPARED - 1
    assert stopped.retry_at is not None
    assert timedelta(0) < stopped.retry_at - desk.clock.now() <= timedelta(seconds=301)
    with pytest.raises(RateLimited):
        await desk.connector.fetch(desk.channel, desk.cursor)
    receipt = await desk.connector.publish(desk.channel, post("An officer writes all the same"), fresh_key())
    assert receipt.url
    await desk.http.aclose()


async def test_token_revoked_in_the_middle_of_a_poll(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    """Between two pages: what was read stays, the cursor does not move past what was not."""
    maria = mastodon.person("maria")
    said = [maria.post(f"@{office.acct} number {n}")["id"] for n in range(100)]
    first = await desk.connector.fetch(desk.channel, desk.cursor)
    desk.keep(first)
    desk.cursor = first.cursor
    assert not first.complete
    mastodon.revoke(desk.secret.parts["token"])
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, desk.cursor)
    with pytest.raises(SignInNeeded):
        await desk.connector.reread(desk.channel, said[:3])
    with pytest.raises(SignInNeeded):
        await desk.connector.publish(desk.channel, post("Nobody hears this"), fresh_key())
    assert not set(said) <= desk.held.keys()
    desk.secret.parts["token"] = mastodon.token_again(office)
    await desk.read()
    assert set(said) <= desk.held.keys(), "the gap is closed after signing in again"
