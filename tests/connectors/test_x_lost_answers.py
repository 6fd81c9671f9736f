"""Every kind of publish at X, its answer lost at every request on the way, through the real outbox: in the end it
stands there once, or a person is asked because only a person can know; never two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from inbox.connectors.connector import Connector
from inbox.connectors.x import X
from inbox.model import DeliveryState, Media, PollAsked, Rendition
from inbox.practice.faults import FaultKind
from inbox.publishing.outbox import Outbox
from inbox.store.database import Database
from inbox.store.outbox import StoredSteps
from inbox.store.spending import StoredMeter
from inbox.sync.fetch import Fetch
from inbox.tasks import Tasks
from tests.connectors.delivering import Delivering
from tests.connectors.x_recorded import Square
from tests.inbox.making import add_channel
from tests.practice.mastodon_stage import picture

WRITES = {"post": 1, "link": 1, "pictures": 5, "moving picture": 5, "poll": 1, "answer": 1, "direct message": 1}
"""Every kind of publish, and how many writing requests it takes."""
LOST = (FaultKind.LOST_ANSWER, FaultKind.HALF, FaultKind.TIMEOUT_AFTER, FaultKind.BROKEN_JSON)
NOT_DONE = (FaultKind.CUT_BEFORE, FaultKind.STATUS, FaultKind.HTML_PAGE)


class Office(Delivering, Square):
    """A desk whose posts go through the outbox, with the meter and the steps of the same file."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__()
        self.database = database
        made = add_channel(database, self.office.id, network="x", account="a1")
        self.channel = replace(self.channel, id=made.id)
        self.meter = StoredMeter(database, self.clock, "a1", X.allowances)
        self.folder = folder
        for name, kind in (("a.png", "image/png"), ("b.gif", "image/gif")):
            (folder / name).write_bytes(picture(kind))
        self.asked_us = self.network.say(self.vera, "@harbour when does it open?")
        self.implicit = self.network.say(self.vera, "hm", to=self.network.say(self.office, "Open day"))
        self.event = self.network.message(self.vera, self.office, "About my tax")
        self.clock.forward(3_600)
        self.writes: list[str] = []
        self.failed: list[BaseException] = []
        self.tasks = Tasks(self.failed.append)
        self.outbox = Outbox(database, self.clock, self.tasks, lambda changed: None, self.connector_for)

    async def connector_for(self, channel: object) -> Connector:
        """A new one each time, as after a restart."""
        self.steps = StoredSteps(self.database)  # type: ignore[assignment]
        return self.again()

    def rendition(self, kind: str) -> Rendition:
        still = Media(path=str(self.folder / "a.png"), mime_type="image/png", alt_text="A quay")
        gif = Media(path=str(self.folder / "b.gif"), mime_type="image/gif", alt_text="Waves")
        direct = f"dm:{self.event.conversation_id}:{self.event.id}"
        return {
            "post": self.post("Fish & chips <b>for 5 €</b>"),
            "link": self.post("See https://town.org/?a=1&b=2 and town.org"),
            "pictures": self.post("Look", media=(still, still)),
            "moving picture": self.post("Waves", media=(gif,)),
            "poll": self.post("Open?", poll=PollAsked(options=("Yes", "No"))),
            "answer": self.answer(self.asked_us),
            "direct message": self.answer(direct, "We look into it"),
        }[kind]

    def there(self, rendition: Rendition) -> int:
        """How often the public, or the person, has it."""
        posts = [p for p in self.network.posts.values() if p.typed == rendition.text]
        return len(posts) + sum(e.text == rendition.text for e in self.network.events)


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(database, tmp_path)
    yield made
    await made.tasks.cancel()
    assert made.failed == []


@pytest.mark.parametrize("kind", WRITES)
async def test_each_kind_takes_so_many_writes_and_stands_there_once(office: Office, kind: str) -> None:
    rendition = office.rendition(kind)
    assert (await office.deliver(office.queue(rendition))).state is DeliveryState.SENT
    assert office.there(rendition) == 1
    assert sum(r.method == "POST" for r in office.sent) == WRITES[kind]


@pytest.mark.parametrize("how", [*LOST, *NOT_DONE])
@pytest.mark.parametrize(("kind", "number"), [(kind, n) for kind, writes in WRITES.items() for n in range(writes)])
async def test_however_an_answer_is_lost_it_ends_in_one(office: Office, kind: str, number: int, how: FaultKind) -> None:
    rendition = office.rendition(kind)
    taken = office.faults.take
    writes = iter(range(1_000))

    def take(method: str, path: str) -> object:
        return taken(method, path) if method == "POST" and next(writes) == number else None

    office.faults.take = take  # type: ignore[assignment, method-assign]
    office.faults.add(how, times=1)
    delivery = await office.deliver(office.queue(rendition))
    assert delivery.state is DeliveryState.SENT
    assert office.there(rendition) == 1
    assert delivery.remote_id
    assert office.network.billing.total <= spent(office) <= office.network.billing.total + 220_000


def spent(office: Office) -> int:
    left = office.meter.left("credits", person=True)
    assert left is not None
    return 10_000_000 - left


@pytest.mark.parametrize("kind", ["post", "answer", "direct message"])
@pytest.mark.parametrize("lag_s", [30, 80])
async def test_a_list_that_lags_behind_doubles_nothing(office: Office, kind: str, lag_s: int) -> None:
    """X lists a post late, and its answer was lost: absence before the outbox' time of grace proves nothing."""
    office.network.lag_s = lag_s
    office.faults.add(FaultKind.LOST_ANSWER, path="/2/tweets$|/messages$", method="POST", times=1)
    rendition = office.rendition(kind)
    assert (await office.deliver(office.queue(rendition))).state is DeliveryState.SENT
    assert office.there(rendition) == 1


async def test_a_list_that_lags_for_long_ends_in_one_as_well(office: Office) -> None:
    """Even after the time of grace X itself refuses the same words, and says so until it lists them."""
    office.network.lag_s = 600
    office.faults.add(FaultKind.LOST_ANSWER, path="/2/tweets$", method="POST", times=1)
    rendition = office.rendition("post")
    assert (await office.deliver(office.queue(rendition))).state is DeliveryState.SENT
    assert office.there(rendition) == 1


@pytest.mark.parametrize("kind", ["post", "direct message"])
async def test_an_end_in_the_middle_is_found_by_the_next_start(office: Office, kind: str) -> None:
    class Ended(BaseException):
        pass

    rendition = office.rendition(kind)
    id_ = office.queue(rendition)
    real = office.http.send

    async def send(request: object, **how: object) -> object:
        await real(request, **how)  # type: ignore[arg-type]
        raise Ended

    office.http.send = send  # type: ignore[assignment, method-assign]
    with pytest.raises(Ended):
        await office.outbox.deliver(office.channel, office.get(id_))
    office.http.send = real  # type: ignore[method-assign]
    office.outbox.recover()
    assert (await office.deliver(id_)).state is DeliveryState.SENT
    assert office.there(rendition) == 1
    assert spent(office) >= office.network.billing.total


async def test_what_only_a_person_may_answer_waits_for_them_and_is_settled_by_the_poll(office: Office) -> None:

    rendition = office.answer(office.implicit, "Open since six")
    delivery = await office.deliver(office.queue(rendition))
    assert (delivery.state, delivery.remote_id) == (DeliveryState.BY_HAND, "")
    assert "intent/tweet" in delivery.url
    office.clock.forward(120)
    post = office.network.say(office.office, rendition.text, to=office.implicit)  # on X's own page
    outcome = await Fetch(office.database, office.clock, lambda changed: None).poll(
        office.channel, await office.connector_for(office.channel)
    )
    assert outcome.error is None
    settled = office.get(delivery.id)
    assert (settled.state, settled.remote_id) == (DeliveryState.SENT, post.id)
    assert office.there(rendition) == 1
