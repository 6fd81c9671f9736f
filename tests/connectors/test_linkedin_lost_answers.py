"""The answer is lost after LinkedIn took it: in the end there is exactly one, by the real outbox (issue 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from inbox.errors import OutcomeUnknown, PostroomError
from inbox.model import DeliveryState, LinkCard, Media, PollAsked, Rendition, UpdateKind
from inbox.practice.faults import FaultKind
from tests.clock import TestClock
from tests.connectors.linkedin_desk import Desk
from tests.connectors.test_linkedin_writing import picture

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
EXECUTED = (FaultKind.LOST_ANSWER, FaultKind.HALF, FaultKind.TIMEOUT_AFTER)
POSTING = "^/rest/posts$|/comments$"
Kind = Callable[[Desk, Path], Rendition]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path / "home", TestClock(MORNING))
    made.network.calls_a_day = 10_000
    yield made
    await made.close()


def post(**how: object) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text="The quay (south) is open again #quay", **how)  # type: ignore[arg-type]


def document(folder: Path) -> Media:
    path = folder / "budget.pdf"
    path.write_bytes(b"%PDF-1.7")
    return Media(path=str(path), mime_type="application/pdf", alt_text="The budget")


def reply(desk: Desk, *, nested: bool = False, below_post: bool = False) -> Rendition:
    news = desk.network.publish(desk.page.urn, "News")
    asked = desk.network.comment(desk.vera.urn, news, "When?")
    if nested:
        asked = desk.network.comment(desk.vera.urn, news, "On Sunday?", to=asked)
    target = news.urn if below_post else asked.urn
    return Rendition(kind=UpdateKind.REPLY, text="We open at nine", reply_to=target, context=news.urn)


KINDS: dict[str, Kind] = {
    "text": lambda desk, folder: post(),
    "picture": lambda desk, folder: post(media=(picture(folder),)),
    "pictures": lambda desk, folder: post(media=(picture(folder, "a.png"), picture(folder, "b.png"))),
    "document": lambda desk, folder: post(media=(document(folder),)),
    "poll": lambda desk, folder: post(poll=PollAsked(options=("Yes", "No"))),
    "card": lambda desk, folder: post(card=LinkCard(url="https://harbour.example/", title="Harbour")),
    "share": lambda desk, folder: post(quotes=desk.network.publish(desk.page.urn, "News").urn),
    "comment": lambda desk, folder: reply(desk, below_post=True),
    "answer": lambda desk, folder: reply(desk),
    "answer to an answer": lambda desk, folder: reply(desk, nested=True),
}


def made(desk: Desk, rendition: Rendition) -> list[str]:
    """What stands there because of it."""
    if rendition.kind is UpdateKind.REPLY:
        return [c.urn for c in desk.network.comments.values() if c.actor == desk.page.urn]
    return [p.urn for p in desk.network.posts.values() if p.author == desk.page.urn and p.commentary != "News"]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_lost_answer_ends_in_exactly_one(desk: Desk, tmp_path: Path, kind: str) -> None:
    rendition = KINDS[kind](desk, tmp_path)
    desk.faults.add(FaultKind.LOST_ANSWER, method="POST", path=POSTING, times=2 if "to an" in kind else 1)
    delivery = await desk.settle(desk.queue(rendition))
    assert delivery.state is DeliveryState.SENT, delivery.words
    assert made(desk, rendition) == [delivery.remote_id]


@pytest.mark.parametrize("how", [*EXECUTED, FaultKind.CUT_BEFORE, FaultKind.TIMEOUT_BEFORE])
@pytest.mark.parametrize("kind", ["text", "answer"])
async def test_however_the_connection_ends_there_is_exactly_one(
    desk: Desk, tmp_path: Path, how: FaultKind, kind: str
) -> None:
    rendition = KINDS[kind](desk, tmp_path)
    desk.faults.add(how, method="POST", path=POSTING, times=1)
    delivery = await desk.settle(desk.queue(rendition))
    assert delivery.state is DeliveryState.SENT, delivery.words
    assert made(desk, rendition) == [delivery.remote_id]


@pytest.mark.parametrize("kind", ["text", "answer"])
async def test_a_post_that_shows_up_late_is_not_sent_again(desk: Desk, tmp_path: Path, kind: str) -> None:
    """Lists lag behind: ninety seconds prove nothing at LinkedIn."""
    rendition = KINDS[kind](desk, tmp_path)
    desk.clock.move(1000)
    desk.network.lag_s = 400
    desk.faults.add(FaultKind.LOST_ANSWER, method="POST", path=POSTING, times=1)
    delivery = await desk.settle(desk.queue(rendition), hours=2)
    assert delivery.state is DeliveryState.SENT, delivery.words
    assert made(desk, rendition) == [delivery.remote_id]


@pytest.mark.parametrize("kind", ["text", "answer"])
async def test_an_end_right_after_sending_is_found_at_the_next_start(desk: Desk, tmp_path: Path, kind: str) -> None:
    """The receipt is known and not yet on disk as such: the step says all."""
    rendition = KINDS[kind](desk, tmp_path)
    id_ = desk.queue(rendition)
    key = desk.delivery(id_).key
    receipt = await desk.connector.publish(desk.channel, rendition, key)
    desk.restart()
    delivery = await desk.settle(id_)
    assert delivery.state is DeliveryState.SENT
    assert made(desk, rendition) == [delivery.remote_id] == [receipt.remote_id]


async def test_looking_goes_on_when_looking_fails(desk: Desk, tmp_path: Path) -> None:
    rendition = post()
    desk.faults.add(FaultKind.LOST_ANSWER, method="POST", path=POSTING, times=1)
    desk.faults.add(FaultKind.STATUS, status=503, method="GET", times=6)
    delivery = await desk.settle(desk.queue(rendition), hours=3)
    assert delivery.state is DeliveryState.SENT
    assert made(desk, rendition) == [delivery.remote_id]


@pytest.mark.parametrize("status", [429, 403])
@pytest.mark.parametrize("kind", ["text", "answer"])
async def test_a_refused_second_try_does_not_make_the_first_forgotten(
    desk: Desk, tmp_path: Path, kind: str, status: int
) -> None:
    """The answer is lost, a quarter of an hour later it is not listed yet, and the second try is refused: the third
    still has to look, for the first may stand there by then."""
    rendition = KINDS[kind](desk, tmp_path)
    desk.clock.move(1000)
    desk.network.lag_s = 1200
    key = desk.delivery(desk.queue(rendition)).key
    desk.faults.add(FaultKind.LOST_ANSWER, method="POST", path=POSTING, times=1)
    with pytest.raises(OutcomeUnknown):
        await desk.connector.publish(desk.channel, rendition, key)
    desk.clock.move(16 * 60)
    desk.faults.add(FaultKind.STATUS, status=status, method="POST", path=POSTING, times=1)
    with pytest.raises(PostroomError):
        await desk.connector.publish(desk.channel, rendition, key)
    assert not desk.faults.planned
    desk.clock.move(10 * 60)
    receipt = await desk.connector.publish(desk.channel, rendition, key)
    assert made(desk, rendition) == [receipt.remote_id]


async def test_a_refusal_is_no_doubt_and_costs_no_look(desk: Desk) -> None:
    desk.faults.too_many(method="POST", path=POSTING, times=1)
    id_ = desk.queue(post())
    await desk.outbox.deliver(desk.channel, desk.delivery(id_))
    assert desk.delivery(id_).state is DeliveryState.QUEUED
    before = desk.use.used
    delivery = await desk.settle(id_)
    assert delivery.state is DeliveryState.SENT
    assert desk.use.used == before + 1
