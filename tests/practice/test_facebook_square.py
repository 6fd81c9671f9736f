"""The town's Page: the same seed tells the same story, citizens answer us, and the connector reads it all."""

from __future__ import annotations

import re

import httpx

from inbox.connectors.connector import START, Room
from inbox.connectors.facebook import Facebook
from inbox.connectors.http import client
from inbox.model import Account, AccountId, Channel, ChannelId, MessageKind, Rendition, UpdateKind
from inbox.practice.clock import PracticeClock
from inbox.practice.facebook import facebook_app
from inbox.practice.facebook.entities import Comment, Post
from inbox.practice.facebook.scene import Said
from inbox.practice.facebook.script import HARBOUR_PAGE
from inbox.practice.facebook.square import USERNAME, Square
from tests.connectors.harness import KeptSecret, all_of, read_on
from tests.connectors.harnesses.facebook import KeptSteps
from tests.practice.conftest import StillClock

RIGHT_TO_LEFT = re.compile("[\u0590-\u06ff]")
ADDRESS = "http://127.0.0.1:8123"


def told(seed: int = 1) -> Square:
    return Square(seed, PracticeClock(StillClock(), running=False))


def step(square: Square, minutes: float) -> list[str]:
    assert isinstance(square.clock, PracticeClock)
    square.clock.step(minutes * 60)
    return [happened.what for happened in square.advance()]


def test_the_past_is_in_order_and_lies_in_the_past() -> None:
    square = told()
    now = square.network.now()
    assert all(p.at <= now for p in square.network.posts.values())
    for comment in square.network.comments.values():
        above = square.network.comments.get(comment.parent_id) or square.network.posts[comment.post_id]
        assert above.at < comment.at <= now


def test_it_has_what_an_inbox_has_to_cope_with() -> None:
    square = told()
    step(square, 700)
    network = square.network
    words = [*(p.message for p in network.posts.values()), *(c.message for c in network.comments.values())]
    assert sum(bool(RIGHT_TO_LEFT.search(w)) for w in words) >= 3
    assert len(network.comments) >= 45
    assert any(c.parent_id for c in network.comments.values())
    assert any(p.author_id in network.people and p.id.startswith(square.page.id) for p in network.posts.values())
    assert any(not p.id.startswith(square.page.id) and not p.reel for p in network.posts.values())
    assert any(p.reel for p in network.posts.values())
    assert len(network.ratings) >= 3
    assert len(network.talks) >= 3
    assert "g5" in square.things
    assert square.things["g5"].id not in network.comments, "withdrawn"


def test_the_same_seed_tells_the_same_story_and_every_scene_happens() -> None:
    one, two = told(), told()
    happened = [step(s, 700) for s in (one, two)]
    assert happened[0] == happened[1]
    words = [[c.message for c in s.network.comments.values()] for s in (one, two)]
    assert words[0] == words[1]
    assert {scene.key for scene in HARBOUR_PAGE.live} <= {h.key for h in one.happened}


def test_nobody_speaks_twice_under_one_key_and_everybody_lives_here() -> None:
    lines = [s for s in (*HARBOUR_PAGE.past, *HARBOUR_PAGE.live) if isinstance(s, Said)]
    assert len({s.key for s in lines}) == len(lines)
    square = told()
    assert {s.who for s in lines} - {"us"} <= set(square.people)


async def test_the_officer_signs_in_reads_it_all_and_is_answered() -> None:
    square = told()
    http = client(transport=httpx.ASGITransport(facebook_app(square.network)))
    found = await Facebook.discover(f"{ADDRESS}/{USERNAME}", http, square.real)
    done = await Facebook.sign_in(found, {"token": square.token}, http, square.real)
    [page] = done.channels
    account = Account(id=AccountId("a1"), network="facebook", title=done.title, settings=done.settings)
    steps = KeptSteps()
    connector = Facebook(
        Room(account=account, http=http, secret=KeptSecret(**done.secret), clock=square.real, steps=steps)
    )
    channel = Channel(
        id=ChannelId("c1"), account_id=account.id, network="facebook", remote_id=page.remote_id, title=page.title,
        capabilities=page.capabilities,
    )  # fmt: skip
    batches, cursor = await read_on(connector, channel, START)
    messages = all_of(batches)
    said = sum(len(t.said) for t in square.network.talks.values())
    everything = len(square.network.posts) + len(square.network.comments) + len(square.network.ratings) + said
    assert len({m.remote_id for m in messages}) == everything
    assert not [m for m in messages if m.kind is MessageKind.UNREADABLE]
    asked = square.things["fa17"]
    assert isinstance(asked, Comment)
    answer = Rendition(kind=UpdateKind.REPLY, text="Yes, by the fountain.", reply_to=f"{asked.post_id}:{asked.id}")
    await connector.publish(channel, answer, "key-1")
    await connector.publish(channel, Rendition(kind=UpdateKind.POST, text="The bridge is open again."), "key-2")
    published = [p for p in square.network.posts.values() if p.message.startswith("The bridge is open")]
    assert [isinstance(p, Post) and p.published for p in published] == [True]
    happened = step(square, 30)
    assert "Reaction" in happened
    batches, _ = await read_on(connector, channel, cursor)
    assert any(m.parent_remote_id == answer.reply_to and not m.ours for m in all_of(batches)), "Ravi said thanks"
    await http.aclose()
