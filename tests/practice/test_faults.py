"""Each fault does what it says, over real sockets, in front of a transport, and under a bare ASGITransport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from inbox.practice.blog import Blog, Post
from inbox.practice.faults import FaultKind, Faults, FaultyTransport
from inbox.practice.story.harbour import QUIET
from inbox.practice.town import Town
from inbox.practice.wordpress import wordpress_app
from inbox.practice.world import World

Door = tuple[httpx.AsyncClient, Faults, Blog]


def furnish(blog: Blog) -> tuple[str, str]:
    now = blog.now()
    blog.add_post(
        Post(id=0, type="post", title="A", content="a", status="publish", at=now, modified_at=now, author_id=2)
    )  # fmt: skip
    return "officer", blog.add_password(blog.users[2], "test").secret


@asynccontextmanager
async def sockets() -> AsyncIterator[Door]:
    town = Town(story=QUIET)
    auth = furnish(town.world.blogs["council"])
    with town:
        async with httpx.AsyncClient(base_url=town.addresses.blog, auth=auth, trust_env=False, timeout=5) as http:
            yield http, town.faults["council"], town.world.blogs["council"]


@asynccontextmanager
async def transport() -> AsyncIterator[Door]:
    faults, world = Faults(), World(1, Town(story=QUIET).clock, story=QUIET)
    auth = furnish(world.blogs["council"])
    # The app has the same plan: it must not be applied twice.
    inner = httpx.ASGITransport(wordpress_app(world, "council", faults))
    async with httpx.AsyncClient(
        transport=FaultyTransport(inner, faults), base_url="http://blog.test", auth=auth
    ) as http:
        yield http, faults, world.blogs["council"]


@asynccontextmanager
async def bare() -> AsyncIterator[Door]:
    faults, world = Faults(), World(1, Town(story=QUIET).clock, story=QUIET)
    auth = furnish(world.blogs["council"])
    inner = httpx.ASGITransport(wordpress_app(world, "council", faults))
    async with httpx.AsyncClient(transport=inner, base_url="http://blog.test", auth=auth) as http:
        yield http, faults, world.blogs["council"]


@pytest.fixture(params=[sockets, transport, bare], ids=["sockets", "transport", "bare"])
async def door(request: pytest.FixtureRequest) -> AsyncIterator[Door]:
    async with request.param() as opened:
        yield opened


POSTS = "/wp-json/wp/v2/posts"
COMMENTS = "/wp-json/wp/v2/comments"


async def say(http: httpx.AsyncClient, **how: Any) -> httpx.Response:
    return await http.post(COMMENTS, json={"post": 1, "content": "Hello"}, **how)


@pytest.mark.parametrize(
    ("retry_after", "header"),
    [(7, "7"), (datetime(2026, 11, 23, 9, 0, tzinfo=UTC), "Mon, 23 Nov 2026 09:00:00 GMT"), (None, None)],
)
async def test_a_status_comes_instead_of_the_answer(door: Door, retry_after: Any, header: str | None) -> None:
    http, faults, blog = door
    faults.add("status", status=503, retry_after=retry_after, times=1)
    response = await say(http)
    assert (response.status_code, response.headers.get("retry-after")) == (503, header)
    assert response.headers["content-type"].startswith("text/html")
    assert not blog.comments
    faults.too_many(times=1)
    assert (await say(http)).status_code == 429
    assert (await say(http)).status_code == 201


async def test_garbled_answers(door: Door) -> None:
    http, faults, _ = door
    clean = await http.get(POSTS)
    faults.add("junk", times=1)
    assert (await http.get(POSTS)).text == faults_text() + clean.text
    faults.add("junk", text="\ufeff", times=1)
    assert (await http.get(POSTS)).content == b"\xef\xbb\xbf" + clean.content
    faults.add("content-type", times=1)
    typed = await http.get(POSTS)
    assert typed.headers["content-type"].startswith("text/html")
    assert typed.json() == clean.json()
    faults.add("broken-json", times=1)
    broken = await http.get(POSTS)
    with pytest.raises(ValueError):
        broken.json()
    faults.add("html-page", times=1)
    page = await http.get(POSTS)
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (200, "text/html")
    assert (await http.get(POSTS)).content == clean.content


def faults_text() -> str:
    from inbox.practice.faults.plan import PHP_WARNING

    return PHP_WARNING


LOST = (httpx.ReadError, httpx.RemoteProtocolError)


@pytest.mark.parametrize(
    ("kind", "executed", "errors"),
    [
        ("lost-answer", True, LOST),
        ("half", True, LOST),
        ("cut-before", False, LOST),
        ("unreachable", False, (*LOST, httpx.ConnectError)),
        ("timeout-before", False, (httpx.ReadTimeout, httpx.ConnectTimeout)),
        ("timeout-after", True, (httpx.ReadTimeout,)),
    ],
)
async def test_lost_connections(
    door: Door, kind: str, executed: bool, errors: tuple[type[Exception], ...], caplog: pytest.LogCaptureFixture
) -> None:
    http, faults, blog = door
    faults.add(kind, method="POST", path="/comments$", times=1)
    with pytest.raises(errors):
        await say(http, timeout=0.3)
    assert bool(blog.comments) is executed
    after = await say(http)
    assert after.status_code == (409 if executed else 201)
    assert not caplog.records  # the server does not complain of what was meant


async def test_one_plan_at_two_doors_is_carried_out_once() -> None:
    async with transport() as (http, faults, _):
        faults.add("junk", text="x", times=2)
        assert (await http.get(POSTS)).text.startswith("x[")
        assert [f.times for f in faults.planned] == [1]


async def test_an_endless_body_goes_on_until_the_reader_leaves(door: Door) -> None:
    http, faults, _ = door
    faults.add("endless", times=1)
    received = 0
    async with http.stream("GET", POSTS) as response:
        async for part in response.aiter_bytes():
            received += len(part)
            if received > 5_000_000:
                break
    assert received > 5_000_000
    assert (await http.get(POSTS)).status_code == 200


async def test_slow_is_slower_than_patience(door: Door, request: pytest.FixtureRequest) -> None:
    http, faults, _ = door
    if "bare" in request.node.name:
        faults.add("slow", seconds=0.01, times=1)
        assert (await http.get(POSTS)).status_code == 200
        return
    faults.add("slow", seconds=60, times=1)
    with pytest.raises(httpx.ReadTimeout):
        await http.get(POSTS, timeout=0.2)
    assert (await http.get(POSTS)).status_code == 200


async def test_the_host_may_lose_the_authorization(door: Door) -> None:
    http, faults, _ = door
    faults.add("strip-auth", path="/users/me")
    assert (await http.get("/wp-json/wp/v2/users/me")).json()["code"] == "rest_not_logged_in"
    faults.clear("strip-auth")
    assert (await http.get("/wp-json/wp/v2/users/me")).json()["slug"] == "officer"


async def test_a_fault_fits_its_path_and_counts_its_requests(door: Door) -> None:
    http, faults, _ = door
    faults.add("status", status=500, path=r"/comments", method="GET", times=2)
    asked = [(await http.get(path)).status_code for path in (POSTS, COMMENTS, COMMENTS, COMMENTS)]
    assert asked == [200, 500, 500, 200]
    faults.add("status", status=502)
    assert [(await http.get(POSTS)).status_code for _ in range(3)] == [502] * 3
    assert [f.kind for f in faults.planned] == [FaultKind.STATUS]
    faults.clear()
    assert (await http.get(POSTS)).status_code == 200


@pytest.mark.parametrize("wrong", [lambda f: f.add("earthquake"), lambda f: f.add("slow", path="(")])
def test_a_plan_that_means_nothing_is_refused(wrong: Callable[[Faults], Any]) -> None:
    import re

    with pytest.raises((ValueError, re.error)):
        wrong(Faults())


async def test_a_town_stops_although_a_client_hangs(door: Door) -> None:
    # The sockets' door closes its town after this test: a hanging request must not hold it up.
    http, faults, _ = door
    faults.add("timeout-before", times=1)
    hanging = asyncio.ensure_future(http.get(POSTS, timeout=None))
    for _ in range(10_000):
        if not faults.planned:
            break
        await asyncio.sleep(0)
    hanging.cancel()
    with pytest.raises((asyncio.CancelledError, httpx.TimeoutException)):
        await hanging
