"""The town on LinkedIn, read by the connector as an officer would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import START, Room
from inbox.connectors.linkedin import LinkedIn
from inbox.model import Account, AccountId, Channel, ChannelId, Cursor, Message, MessageKind, Rendition, UpdateKind
from inbox.practice.clock import PracticeClock
from inbox.practice.linkedin import Village, linkedin_app
from tests.practice.conftest import StillClock

ROOT = "http://127.0.0.1:9"


class Kept(dict[str, str]):
    """A secret, or the steps of deliveries, as long as the test lives."""

    def read(self, key: str = "") -> str | Mapping[str, str]:
        return self.get(key, "") if key or "token" not in self else dict(self)

    def save(self, *what: object) -> None:
        self.update(dict([what]) if len(what) == 2 else what[0])  # type: ignore[arg-type, call-overload]


class Officer:
    """Signed in to the village."""

    def __init__(self, seed: int = 1) -> None:
        self.real = StillClock()
        self.clock = PracticeClock(self.real, running=False)
        self.village = Village(seed, self.clock)
        self.http = web.client(transport=httpx.ASGITransport(linkedin_app(self.village.network)))
        self.secret = self.village.token()

    async def sign_in(self) -> None:
        found = await LinkedIn.discover(ROOT, self.http, self.real)
        done = await LinkedIn.sign_in(found, {"token": self.secret}, self.http, self.real)
        account = Account(id=AccountId("a1"), network="linkedin", title=done.title, settings=done.settings)
        self.connector = LinkedIn(
            Room(account=account, http=self.http, secret=Kept(done.secret), clock=self.real, steps=Kept())  # type: ignore[arg-type]
        )
        [channel] = done.channels
        self.channel = Channel(
            id=ChannelId("c1"), account_id=account.id, network="linkedin", remote_id=channel.remote_id,
            title=channel.title, capabilities=channel.capabilities, limits=channel.limits,
        )  # fmt: skip
        self.cursor = START
        self.read: dict[str, Message] = {}

    async def poll(self) -> list[Message]:
        new: list[Message] = []
        while True:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.cursor = Cursor(batch.cursor)
            new += [m for m in batch.messages if m.remote_id not in self.read]
            self.read |= {m.remote_id: m for m in batch.messages}
            if batch.complete:
                return new

    def later(self, minutes: float) -> None:
        self.clock.step(minutes * 60)
        self.real.move(minutes * 60)
        self.village.advance()


@pytest.fixture
async def officer() -> AsyncIterator[Officer]:
    made = Officer()
    await made.sign_in()
    yield made
    await made.http.aclose()


async def test_two_weeks_are_there_and_all_is_read(officer: Officer) -> None:
    await officer.poll()
    network = officer.village.network
    assert {p.urn for p in officer.village.posts.values()} <= set(officer.read)
    assert {c.urn for c in network.comments.values()} <= set(officer.read)
    kinds = [m.kind for m in officer.read.values()]
    assert kinds.count(MessageKind.QUOTE) == kinds.count(MessageKind.MENTION) == 1
    assert any(m.poll for m in officer.read.values())
    assert all("\\" not in m.text for m in officer.read.values() if m.ours)


async def test_the_day_goes_on_and_people_react_to_an_answer(officer: Officer) -> None:
    await officer.poll()
    officer.later(5)
    [asked] = await officer.poll()
    assert "bakery" in asked.text
    await officer.connector.publish(
        officer.channel,
        Rendition(
            kind=UpdateKind.REPLY, text="Yes, until midnight.", reply_to=asked.remote_id,
            context=asked.context_remote_id,
        ), "key-1",
    )  # fmt: skip
    officer.later(21)
    reactions = [m for m in await officer.poll() if m.parent_remote_id == asked.remote_id and not m.ours]
    assert reactions, "somebody who was answered says something"


async def test_what_nobody_is_notified_of_is_found_all_the_same(officer: Officer) -> None:
    await officer.poll()
    for _ in range(24):
        officer.later(20)
        await officer.poll()
    assert any("text phone" in m.text for m in officer.read.values())


async def test_a_post_of_ours_is_talked_about(officer: Officer) -> None:
    await officer.poll()
    receipt = await officer.connector.publish(
        officer.channel, Rendition(kind=UpdateKind.POST, text="The quay (south) is open #quay"), "key-2"
    )
    for _ in range(4):
        officer.later(10)
        await officer.poll()
    below = [m for m in officer.read.values() if m.context_remote_id == receipt.remote_id]
    assert len(below) == 2


def test_the_same_seed_tells_the_same_story() -> None:
    def told(seed: int) -> list[tuple[str, str]]:
        one = Officer(seed)
        one.later(300)
        return [(h.what, h.key) for h in one.village.happened]

    assert told(1) == told(1)
    assert len(told(1)) > 15
