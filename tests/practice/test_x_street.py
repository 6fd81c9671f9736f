"""The town's X, and Postroom at work in it: signed in with pasted keys, reading, answering, carrying over by hand."""

from __future__ import annotations

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import START, Room
from inbox.connectors.x import X
from inbox.errors import ByHand
from inbox.model import Account, AccountId, Capability, Message, MessageKind, Rendition, UpdateKind
from inbox.practice.clock import PracticeClock
from inbox.practice.x import x_app
from inbox.practice.x.scene import Posted, Script
from inbox.practice.x.script import HARBOUR_ON_X
from inbox.practice.x.street import Street
from tests.connectors.harness import KeptSecret, channel_of
from tests.connectors.harnesses.x import KeptSteps
from tests.practice.conftest import StillClock

ADDRESS = "http://127.0.0.1:9"


class Visit:
    """An officer in the street."""

    def __init__(self, script: Script = HARBOUR_ON_X) -> None:
        self.real = StillClock()
        self.clock = PracticeClock(self.real, speed=1.0, running=False)
        self.street = Street(1, self.clock, script=script)
        self.street.network.address = ADDRESS
        self.http = web.client(transport=httpx.ASGITransport(x_app(self.street.network)))
        self.held: dict[str, Message] = {}
        self.cursor = START

    async def sign_in(self) -> None:
        found = await X.discover(ADDRESS, self.http, self.real)
        done = await X.sign_in(found, self.street.keys, self.http, self.real)
        account = Account(
            id=AccountId("x-1"), network="x", title=done.title, address=done.address, user=done.user,
            settings=done.settings,
        )  # fmt: skip
        room = Room(
            account=account, http=self.http, secret=KeptSecret(**done.secret), clock=self.real, steps=KeptSteps()
        )
        self.connector = X(room)
        [channel] = done.channels
        self.channel = channel_of(X, channel.remote_id, capabilities=channel.capabilities, limits=channel.limits)

    async def read(self) -> None:
        while True:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.held |= {m.remote_id: m for m in batch.messages}
            self.cursor = batch.cursor
            if batch.complete:
                return

    def forward(self, minutes: float) -> None:
        self.clock.step(minutes * 60)
        self.real.move(60)
        self.street.advance()
        self.real.move(5)


@pytest.fixture
async def visit() -> Visit:
    made = Visit()
    await made.sign_in()
    return made


async def test_a_week_of_talk_is_read(visit: Visit) -> None:
    visit.real.move(5)
    await visit.read()
    kinds = {m.kind for m in visit.held.values()}
    assert kinds == {MessageKind.POST, MessageKind.COMMENT, MessageKind.MENTION, MessageKind.QUOTE, MessageKind.DIRECT}
    by_hand = [m for m in visit.held.values() if not m.ours and Capability.REPLY in m.denied]
    answered = [m for m in visit.held.values() if not m.ours and Capability.REPLY not in m.denied]
    assert by_hand
    assert answered
    assert all(m.author.name for m in visit.held.values())


async def test_the_evening_comes_in_and_citizens_answer(visit: Visit) -> None:
    visit.real.move(5)
    await visit.read()
    for minutes in range(0, 600, 20):
        visit.forward(20)
        await visit.read()
        assert minutes >= 0
    said = {m.text for m in visit.held.values()}
    assert "Lock Street is dry. @harbour credit where it is due." in said
    asked = next(m for m in visit.held.values() if "tree on Custom House" in m.text)
    reply = Rendition(kind=UpdateKind.REPLY, text="On our way", reply_to=asked.remote_id)
    receipt = await visit.connector.publish(visit.channel, reply, "key-1")
    direct = next(m for m in visit.held.values() if m.kind is MessageKind.DIRECT and "nurse" in m.text)
    await visit.connector.publish(
        visit.channel, Rendition(kind=UpdateKind.REPLY, text="It waits for you", reply_to=direct.remote_id), "key-2"
    )
    for _ in range(3):
        visit.forward(10)
        await visit.read()
    said = {m.text for m in visit.held.values()}
    assert visit.held[receipt.remote_id].ours
    assert any("Gone already" in words for words in said)
    assert "On it now. Thank you, thank you." in said


async def test_below_our_post_one_can_be_answered_and_one_goes_by_hand(visit: Visit) -> None:
    post = Rendition(kind=UpdateKind.POST, text="The bridge is open again")
    receipt = await visit.connector.publish(visit.channel, post, "key-1")
    for _ in range(4):
        visit.forward(10)
    await visit.read()
    below = [m for m in visit.held.values() if m.parent_remote_id == receipt.remote_id]
    denied = [m for m in below if Capability.REPLY in m.denied]
    assert len(below) == 2
    assert len(denied) == 1
    with pytest.raises(ByHand) as hand:
        await visit.connector.publish(
            visit.channel, Rendition(kind=UpdateKind.REPLY, text="Soon", reply_to=denied[0].remote_id), "key-2"
        )
    assert hand.value.url.startswith(f"{ADDRESS}/intent/tweet?")


def test_the_script_holds_together() -> None:
    everyone = Visit().street.citizens
    keys: set[str] = set()
    for scene in (*HARBOUR_ON_X.past, *HARBOUR_ON_X.live):
        if isinstance(scene, Posted):
            assert scene.who == "us" or scene.who in everyone
            assert {scene.to, scene.quote} - {""} <= keys
        keys.add(scene.key)


def test_the_same_seed_tells_the_same_story() -> None:
    def told() -> list[str]:
        visit = Visit()
        for _ in range(40):
            visit.forward(15)
        return [p.text for p in visit.street.network.posts.values()]

    assert told() == told()
