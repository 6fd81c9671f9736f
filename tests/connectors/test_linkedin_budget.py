"""100 calls a day for one member, whatever happens (linkedin.md sections 0 and 4.5), over simulated days."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.connectors.linkedin.server import CALLS
from inbox.errors import OutOfBudget
from inbox.model import DeliveryState, Rendition, UpdateKind
from tests.clock import TestClock
from tests.connectors.linkedin_desk import Desk, limited

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
POSTS, COMMENTS, ANSWERS = 5, 200, 20


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path, TestClock(MORNING))
    made.network.calls_a_day = 100
    yield made
    await made.close()


@pytest.mark.parametrize("hours", [10, 24], ids=["open ten hours", "open day and night"])
async def test_five_posts_and_two_hundred_comments_a_day_fit(desk: Desk, hours: int) -> None:
    """Three days: everything is fetched, everything goes out, and the network never says that it is too much."""
    chance = random.Random(7)
    for _ in range(30):  # somebody has been here before us
        desk.network.publish(desk.page.urn, "Earlier news", at=desk.clock.now() - timedelta(days=chance.randint(2, 40)))
    calls: list[int] = []
    expected: set[str] = set()
    latest = 0.0
    for day in range(3):
        midnight = MORNING.replace(hour=0) + timedelta(days=day)
        opens = midnight + timedelta(hours=7 if hours == 10 or not day else 0)
        closes = opens + timedelta(hours=hours) if hours == 10 else midnight + timedelta(hours=23, minutes=59)
        deeds = sorted(
            [(midnight + timedelta(hours=7.5 + 1.7 * n), "post") for n in range(POSTS)]
            + [(midnight + timedelta(hours=8.5 + 8 * n / ANSWERS), "answer") for n in range(ANSWERS)]
            + [(midnight + timedelta(hours=chance.uniform(7.7, 23.4)), "comment") for _ in range(COMMENTS)]
        )
        waiting: dict[str, datetime] = {}
        if opens > desk.clock.now():
            while deeds and deeds[0][0] < opens:
                deeds.pop(0)
            desk.clock.move((opens - desk.clock.now()).total_seconds())
        if hours == 10:
            desk.restart()  # the PC was off at night
            await desk.connector.channels()
        answered: set[str] = set()
        due = desk.clock.now()
        while desk.clock.now() < closes:
            if due <= desk.clock.now():
                outcome = await desk.poll()
                assert outcome.error is None or isinstance(outcome.error, OutOfBudget), outcome.error
                now = desk.clock.now()
                for urn in [u for u in waiting if desk.stored(u)]:
                    latest = max(latest, (now - waiting.pop(urn)).total_seconds())
                due = now + timedelta(seconds=desk.next_poll_in_s())
                if isinstance(outcome.error, OutOfBudget):
                    assert outcome.error.retry_at is not None
                    due = outcome.error.retry_at
            while deeds and deeds[0][0] <= desk.clock.now():
                await happen(desk, deeds.pop(0)[1], chance, waiting, expected, answered)
            coming = [due, closes, *([deeds[0][0]] if deeds else [])]
            desk.clock.move(max((min(coming) - desk.clock.now()).total_seconds(), 1.0))
        calls.append(desk.calls_counted_there())
        assert desk.use.used == desk.calls_counted_there(), "our count is LinkedIn's"
        while deeds:  # people go on talking when we have gone home
            at, what = deeds.pop(0)
            desk.clock.move(max((at - desk.clock.now()).total_seconds(), 0.0))
            if what == "comment":
                await happen(desk, what, chance, waiting, expected, answered)
        if desk.clock.now() < midnight + timedelta(days=1):
            desk.clock.move((midnight + timedelta(days=1, seconds=1) - desk.clock.now()).total_seconds())
    desk.clock.move(7 * 3600)
    while (outcome := await desk.poll()).error is None and outcome.new:
        desk.clock.move(1200)
    missing = [urn for urn in expected if desk.stored(urn) is None]
    assert not missing, f"{len(missing)} of {len(expected)} were lost"
    assert max(calls) < 100, calls
    ours = [p for p in desk.network.posts.values() if p.author == desk.page.urn and p.at >= MORNING]
    said = [c for c in desk.network.comments.values() if c.actor == desk.page.urn]
    assert len(ours) == 3 * POSTS
    assert len(said) == 3 * ANSWERS
    assert len({c.text for c in said}) == len(said), "nothing went out twice"
    assert latest < 2 * 3600, "while the window is open nobody waits for hours"


async def happen(
    desk: Desk, what: str, chance: random.Random, waiting: dict[str, datetime], expected: set[str], answered: set[str]
) -> None:
    """A post of ours, an answer of ours, or somebody's comment, a third of them in a thread."""
    now = desk.clock.now()
    if what == "post":
        delivery = await desk.send(Rendition(kind=UpdateKind.POST, text=f"News of {now:%d %B, %H:%M} (no. 1) #quay"))
        assert delivery.state is DeliveryState.SENT, delivery.words
        expected.add(delivery.remote_id)
    elif what == "answer":
        latest = reversed(desk.network.comments.values())
        others = (c for c in latest if c.actor != desk.page.urn and c.urn not in answered)
        asked = next((c for c in others if desk.stored(c.urn) is not None), None)
        assert asked is not None
        answered.add(asked.urn)
        post = desk.network.post_of(asked)
        assert post is not None
        rendition = Rendition(
            kind=UpdateKind.REPLY, text=f"We open at nine ({asked.id})", reply_to=asked.urn, context=post.urn
        )
        delivery = await desk.send(rendition)
        assert delivery.state is DeliveryState.SENT, delivery.words
        expected.add(delivery.remote_id)
    else:
        recent = [
            p for p in desk.network.posts.values() if p.author == desk.page.urn and now - p.at < timedelta(days=4)
        ]
        post = chance.choice(recent[-6:] or list(desk.network.posts.values()))
        earlier = desk.network.under(post)
        to = chance.choice(earlier) if earlier and chance.random() < 0.33 else None
        member = desk.network.add_member(f"Citizen{len(desk.network.members)}")
        made = desk.network.comment(member.urn, post, f"When is it my turn? {chance.random()}", to=to)
        waiting[made.urn] = now
        expected.add(made.urn)


async def test_reading_stops_before_what_is_kept_for_people(desk: Desk) -> None:
    await desk.poll()
    limited(desk, 25)
    outcome = await desk.poll()
    assert isinstance(outcome.error, OutOfBudget)
    assert outcome.error.retry_at == MORNING.replace(hour=0) + timedelta(days=1)
    before = desk.calls_counted_there()
    delivery = await desk.send(Rendition(kind=UpdateKind.POST, text="A person may still publish"))
    assert delivery.state is DeliveryState.SENT
    assert desk.calls_counted_there() == before + 1


async def test_nothing_at_all_goes_when_the_day_is_used_up_and_it_goes_the_next_day(desk: Desk) -> None:
    limited(desk, 0)
    delivery = await desk.send(Rendition(kind=UpdateKind.POST, text="Too late today"))
    assert delivery.state is DeliveryState.QUEUED
    assert delivery.not_before_at == MORNING.replace(hour=0) + timedelta(days=1)
    assert desk.calls_counted_there() == 0
    desk.clock.move(17 * 3600 + 60)
    await desk.outbox.deliver(desk.channel, desk.delivery(delivery.id))
    assert desk.delivery(delivery.id).state is DeliveryState.SENT


async def test_an_idle_poll_costs_one_call(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    desk.network.comment(desk.vera.urn, post, "When?")
    await desk.poll()
    before = desk.use.used
    for _ in range(6):
        desk.clock.move(1200)
        await desk.poll()
    assert desk.use.used == before + 6


async def test_every_call_is_counted_by_what_it_was_for(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    desk.network.comment(desk.vera.urn, post, "When?")
    await desk.poll()
    assert set(desk.went_on) == {
        "notifications read", "comments read", "names looked up", "own posts read", "counts read",
    }  # fmt: skip
    assert sum(desk.went_on.values()) == desk.calls_counted_there()


async def test_names_are_looked_up_for_a_few_a_day_only(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    for number in range(12):
        member = desk.network.add_member(f"Citizen{number}")
        desk.network.comment(member.urn, post, "When?")
    await desk.poll()
    assert desk.went_on["names looked up"] == 5
    names = {m.message.author.name for c in desk.network.comments.values() if (m := desk.stored(c.urn))}
    assert "LinkedIn member" in names
    assert len(names) == 6


async def test_a_long_backlog_is_read_over_days_newest_first(desk: Desk) -> None:
    """Four weeks away at 200 comments a day are more pages than a day has calls."""
    post = desk.network.publish(desk.page.urn, "News", at=MORNING - timedelta(days=29))
    said = [
        desk.network.comment(
            desk.vera.urn, post, f"Word {n}", at=MORNING - timedelta(minutes=9 * n + 5)
        ) for n in range(4_400)
    ]  # fmt: skip
    outcome = await desk.poll()
    assert isinstance(outcome.error, OutOfBudget)
    assert desk.calls_counted_there() <= 75
    assert desk.stored(said[0].urn) is not None
    late = desk.network.comment(desk.vera.urn, post, "Just now")
    for _ in range(3):
        desk.clock.move(24 * 3600)
        await desk.poll()
        assert desk.stored(late.urn) is not None, "what is new is not kept waiting by what is old"
    assert all(desk.stored(c.urn) for c in said)
    assert desk.meter.left(CALLS) is not None
