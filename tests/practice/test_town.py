"""The town over real sockets, and the real connectors in it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from inbox.clock import SystemClock
from inbox.connectors import http as web
from inbox.connectors.bluesky import Bluesky
from inbox.connectors.connector import START, Connector, Room
from inbox.connectors.wordpress import WordPress
from inbox.errors import SignInNeeded
from inbox.model import (
    Account,
    AccountId,
    Capability,
    Channel,
    ChannelId,
    Cursor,
    Message,
    MessageState,
    Moderation,
    Rendition,
    UpdateKind,
    Visibility,
)
from inbox.practice.town import Town


@pytest.fixture
def town() -> Iterator[Town]:
    with Town(seed=1) as started:
        yield started


def client(town: Town, site: str = "council") -> httpx.Client:
    credentials = town.credentials(site)
    auth = (credentials.user, credentials.application_password)
    return httpx.Client(base_url=town.address(site), auth=auth, trust_env=False, timeout=5)


def test_it_starts_quickly_and_leaves_nothing_running() -> None:
    threads = set(threading.enumerate())
    town = Town()
    began_s = time.perf_counter()
    town.start()
    took_s = time.perf_counter() - began_s
    address = town.addresses.blog
    town.stop()
    town.stop()
    assert took_s < 0.5
    assert set(threading.enumerate()) == threads
    with pytest.raises(httpx.ConnectError):
        httpx.get(address, trust_env=False)


def test_it_stops_at_once_and_silently_while_requests_hang(caplog: pytest.LogCaptureFixture) -> None:
    town = Town()
    town.start()
    waiting = [threading.Thread(target=ask, args=(town.addresses.blog,)) for _ in range(2)]
    town.faults["council"].add("slow", seconds=60, times=1)
    town.faults["council"].add("timeout-before", times=1)
    for thread in waiting:
        thread.start()
    deadline_s = time.monotonic() + 5
    while town.faults["council"].planned and time.monotonic() < deadline_s:
        threading.Event().wait(0.005)
    began_s = time.perf_counter()
    town.stop()
    assert time.perf_counter() - began_s < 1
    for thread in waiting:
        thread.join(5)
    assert not any(thread.is_alive() for thread in waiting)
    assert not caplog.records


def ask(address: str) -> None:
    """A patient client, who does not mind being cut off."""
    with contextlib.suppress(httpx.TransportError):
        httpx.get(address, trust_env=False, timeout=60)


def test_a_stopped_town_may_start_again_and_goes_on() -> None:
    town = Town()
    for _ in range(2):
        with town, client(town) as http:
            town.pause()
            told_s = town.clock.monotonic_s()
            assert http.get("/wp-json/wp/v2/users/me").json()["slug"] == "officer"
    assert town.clock.monotonic_s() == told_s
    with town, pytest.raises(RuntimeError):
        town.start()


def test_three_places_answer_in_their_own_name(town: Town) -> None:
    where = town.addresses
    with httpx.Client(trust_env=False) as http:
        names = [http.get(f"{home}/wp-json/?_fields=name").json()["name"] for home in (where.blog, where.second_blog)]
        assert names == ["Harbour Council news", "Harbour Museum"]
        assert "<rss" in http.get(where.feed).text
        root = http.head(where.blog).headers["link"]
        assert root == f'<{where.blog}/wp-json/>; rel="https://api.w.org/"'


def test_the_password_of_one_blog_does_not_open_the_other_and_is_never_shown(town: Town) -> None:
    credentials = town.credentials("council")
    assert credentials == town.credentials("council")
    assert credentials.application_password not in repr(credentials)
    secret = credentials.application_password.replace(" ", "")
    assert secret not in repr(town.world.blogs["council"].users)
    auth = (credentials.user, credentials.application_password)
    me = httpx.get(f"{town.addresses.second_blog}/wp-json/wp/v2/users/me", auth=auth, trust_env=False)
    assert me.status_code == 401


def until(http: httpx.Client, wanted: int) -> int:
    """The number of comments once it is ``wanted``, or what it is after five seconds."""
    deadline_s = time.monotonic() + 5
    while True:
        head = http.head("/wp-json/wp/v2/comments", params={"status": "any", "type": "all"})
        total = int(head.headers["x-wp-total"])
        if total >= wanted or time.monotonic() > deadline_s:
            return total


def test_things_happen_by_themselves_and_step_by_step(town: Town) -> None:
    with client(town) as http:
        town.pause()
        before = until(http, 0)
        for _ in range(10):  # the squares have their say too
            assert town.step()
            if until(http, 0) > before:
                break
        assert until(http, before + 1) == before + 1
        town.clock.speed = 60_000
        town.clock.go()
        assert until(http, before + 20) >= before + 20


class Kept:
    """A secret in memory."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts

    def read(self) -> Any:
        return self.parts

    def save(self, parts: Any) -> None:
        self.parts = dict(parts)


class Officer:
    """A real connector, signed in to one place of the town."""

    def __init__(self, connector: Connector, channel: Channel) -> None:
        self.connector, self.channel = connector, channel
        self.cursor = START
        self.seen: dict[str, Message] = {}

    async def read(self) -> list[Message]:
        fetched: list[Message] = []
        while True:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.cursor: Cursor = batch.cursor
            fetched += [m for m in batch.messages if self.seen.get(m.remote_id) != m]
            self.seen |= {m.remote_id: m for m in batch.messages}
            if batch.complete:
                return fetched

    def about(self, words: str) -> Message:
        return next(m for m in self.seen.values() if words in m.text)


async def signed_in(town: Town, site: str, http: httpx.AsyncClient) -> Officer:
    given = town.credentials(site)
    answers = {"user": given.user, "password": given.application_password}
    return await entered(WordPress, site, town.address(site), answers, http)


async def entered(
    kind: type[Connector], site: str, address: str, answers: Mapping[str, str], http: httpx.AsyncClient
) -> Officer:  # fmt: skip
    clock = SystemClock()
    signed = await kind.sign_in(await kind.discover(address, http, clock), answers, http, clock)
    account = Account(
        id=AccountId(site), network=kind.name, title=signed.title, address=signed.address, user=signed.user,
        settings=signed.settings,
    )  # fmt: skip
    connector = kind(Room(account=account, http=http, secret=Kept(signed.secret), clock=clock))
    [found] = await connector.channels()
    channel = Channel(
        id=ChannelId(site), account_id=account.id, network=kind.name, remote_id=found.remote_id, title=found.title,
        url=found.url, speaks_as=found.speaks_as, capabilities=found.capabilities, limits=found.limits,
    )  # fmt: skip
    return Officer(connector, channel)


@pytest.mark.parametrize("site", ["council", "museum"])
async def test_the_real_connector_reads_everything_and_nothing_from_the_future(town: Town, site: str) -> None:
    town.pause()
    blog = town.world.blogs[site]
    async with web.client() as http:
        officer = await signed_in(town, site, http)
        await officer.read()
        comments = {m for m in officer.seen if m.startswith("comment:")}
        assert comments == {f"comment:{i}" for i in blog.comments}
        assert {m for m in officer.seen if m.startswith("post:")} == {f"post:{i}" for i in blog.posts}
        for number, comment in blog.comments.items():
            assert officer.seen[f"comment:{number}"].created_at == comment.at
        assert all(m.created_at <= SystemClock().now() for m in officer.seen.values())
        assert officer.channel.speaks_as == ("Harbour Council" if site == "council" else "Harbour Museum")


async def test_an_answer_through_the_real_connector_is_thanked_for(town: Town) -> None:
    town.pause()
    async with web.client() as http:
        officer = await signed_in(town, "council", http)
        await officer.read()
        question = officer.about("Does the grant cover a pump?")
        reply = Rendition(
            kind=UpdateKind.REPLY, text="Yes & gladly.", reply_to=question.remote_id, context=question.context_remote_id
        )  # fmt: skip
        receipt = await officer.connector.publish(officer.channel, reply, "key-1")
        while town.clock.monotonic_s() < 20 * 60:
            assert town.step()
        thanks = None
        deadline_s = time.monotonic() + 5
        while thanks is None and time.monotonic() < deadline_s:
            thanks = next((m for m in await officer.read() if m.parent_remote_id == receipt.remote_id), None)
        assert thanks is not None
        assert thanks.author.name == "Callum MacRae"
        assert thanks.created_at <= SystemClock().now()


async def test_moderation_posts_and_signing_out_through_the_real_connector(town: Town) -> None:
    town.pause()
    async with web.client() as http:
        officer = await signed_in(town, "council", http)
        await officer.read()
        dog = officer.about("Can I bring my dog")
        assert dog.state is MessageState.HELD
        agent = town.world.blogs["council"].comments[int(dog.remote_id.removeprefix("comment:"))].agent
        for action, state in (
            (Moderation.APPROVE, MessageState.PUBLISHED),
            (Moderation.SPAM, MessageState.SPAM),
            (Moderation.UNSPAM, MessageState.PUBLISHED),
            (Moderation.TRASH, MessageState.TRASHED),
            (Moderation.RESTORE, MessageState.PUBLISHED),
            (Moderation.HOLD, MessageState.HELD),
        ):
            dog = await officer.connector.moderate(officer.channel, dog, action)
            assert dog.state is state
        assert town.world.blogs["council"].comments[int(dog.remote_id.removeprefix("comment:"))].agent == agent
        update = Rendition(kind=UpdateKind.POST, title="Storm over", text="All is well.", tags=("storm",))
        receipt = await officer.connector.publish(officer.channel, update, "key-2")
        assert (await http.get(receipt.url)).status_code == 200
        await officer.connector.revoke()
        with pytest.raises(SignInNeeded):
            await officer.read()


async def test_what_is_asked_in_private_on_bluesky_is_answered_in_private(town: Town) -> None:
    town.pause()
    [(_, address, answers)] = [one for one in town.sign_ins() if one[0] == "bluesky"]
    async with web.client() as http:
        officer = await entered(Bluesky, "sky", address, answers, http)
        assert Capability.DIRECT in officer.channel.capabilities
        await officer.read()
        plot, ours = officer.about("garden plot"), officer.about("nobody else will know")
        assert {plot.visibility, ours.visibility} == {Visibility.DIRECT}
        assert ours.ours
        assert not plot.ours
        assert plot.created_at < ours.created_at < SystemClock().now()
        while not any(h.key == "b19" for h in town.world.happened):
            assert town.step()
            await asyncio.sleep(0.01)
        badge = next(m for m in await officer.read() if "blue badge" in m.text)
        assert (badge.author.name, badge.visibility) == ("Wren (they/them)", Visibility.DIRECT)
        reply = Rendition(kind=UpdateKind.REPLY, text="I will.", reply_to=badge.remote_id, visibility=Visibility.DIRECT)
        receipt = await officer.connector.publish(officer.channel, reply, "key-1")
        thanks = None
        deadline_s = time.monotonic() + 10
        while thanks is None and time.monotonic() < deadline_s:
            assert town.step()
            thanks = next((m for m in await officer.read() if "making a fuss" in m.text), None)
        assert thanks is not None
        assert thanks.visibility is Visibility.DIRECT
        assert officer.seen[receipt.remote_id].text == "I will."
        public = [r.value.get("text", "") for r in town.world.sky.network.records.values()]
        assert not any("badge" in text or "fuss" in text or text == "I will." for text in public)
