"""Every kind of publish, its answer lost at every request on the way, through the real outbox: in the end it stands
there once, or a person is asked because only a person can know; never twice."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from inbox.connectors.connector import Connector, Room
from inbox.connectors.facebook import Facebook
from inbox.connectors.http import client
from inbox.model import Channel, DeliveryState, Media, Rendition, Visibility
from inbox.practice.faults import Faults, FaultyTransport
from inbox.publishing.outbox import Outbox
from inbox.store.database import Database
from inbox.store.outbox import StoredSteps
from inbox.tasks import Tasks
from tests.connectors.delivering import Delivering
from tests.connectors.facebook_town import Desk, post, reply
from tests.inbox.making import add_channel

WRITES = {
    "post": 2, "pictures": 4, "link": 2, "scheduled": 1, "update": 1, "comment": 1, "picture in a comment": 2,
    "private answer": 1, "private message": 1,
}  # fmt: skip
"""Every kind of publish, and how many writing requests it takes."""
LOST = ("lost-answer", "half", "timeout-after", "broken-json")
NOT_DONE = ("timeout-before", "unreachable", "status")


class Office(Delivering, Desk):
    """A desk whose answers go through the outbox."""

    def __init__(self, database: Database, folder: Path) -> None:
        super().__init__()
        self.database = database
        self.faults = Faults()
        self.wire._server = FaultyTransport(self.wire._server, self.faults)
        made = add_channel(database, self.page.id, network="facebook", account="a1")
        self.channel: Channel = replace(made, capabilities=Facebook.capabilities)
        self.said = self.seed(3)
        self.asked = self.network.tell(self.vera, self.page, self.vera, "About my tax")
        self.earlier = self.network.write(self.page, self.page, "Bridge open", app_id=self.app.id)
        self.picture = folder / "bridge.jpg"
        out = io.BytesIO()
        Image.new("RGB", (32, 18), (10, 90, 140)).save(out, "JPEG")
        self.picture.write_bytes(out.getvalue())
        self.failed: list[BaseException] = []
        self.tasks = Tasks(self.failed.append)
        self.outbox = Outbox(database, self.clock, self.tasks, lambda changed: None, self.connector_for)

    async def connector_for(self, channel: Channel) -> Connector:
        """A new one each time, as after a restart."""
        http = client(transport=self.wire)
        self._clients.append(http)
        steps = StoredSteps(self.database)
        return Facebook(Room(account=self.account, http=http, secret=self.kept, clock=self.clock, steps=steps))

    def rendition(self, kind: str) -> Rendition:
        media = (Media(path=str(self.picture), mime_type="image/jpeg", alt_text="The bridge"),)
        return {
            "post": post(),
            "pictures": post(media=media * 2),
            "link": post("See https://city.example/bridge"),
            "scheduled": post(publish_at=self.clock.now() + timedelta(days=2)),
            "update": post("Bridge closed", replaces=self.earlier.id),
            "comment": reply(self.said[1]),
            "picture in a comment": reply(self.said[1], media=media),
            "private answer": reply(self.said[1], visibility=Visibility.DIRECT),
            "private message": reply(self.asked.id),
        }[kind]

    def there(self, rendition: Rendition) -> int:
        """How often the public, or the person, has it."""
        text = rendition.text
        if rendition.replaces:
            return sum(p.message == text for p in self.network.posts.values())
        posts = [p for p in self.network.posts.values() if p.published or p.scheduled_at]
        comments = list(self.network.comments.values())
        said = [s for talk in self.network.talks.values() for s in talk.said]
        return (
            sum(p.message == text for p in posts)
            + sum(c.message == text for c in comments)
            + sum(s.text == text for s in said)
        )


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(database, tmp_path)
    yield made
    await made.tasks.cancel()
    await made.close()


def is_write(method: str, path: str) -> bool:
    return method == "POST" and not path.rstrip("/").endswith("v26.0")  # a batch only reads


@pytest.mark.parametrize("kind", WRITES)
async def test_each_kind_takes_so_many_writes_and_stands_there_once(office: Office, kind: str) -> None:
    rendition = office.rendition(kind)
    assert (await office.deliver(office.queue(rendition))).state is DeliveryState.SENT
    assert office.there(rendition) == 1
    assert sum(is_write(r.method, r.url.path) for r in office.wire.requests) == WRITES[kind]


@pytest.mark.parametrize("how", [*LOST, *NOT_DONE])
@pytest.mark.parametrize(("kind", "number"), [(kind, n) for kind, writes in WRITES.items() for n in range(writes)])
async def test_however_an_answer_is_lost_it_ends_in_one(office: Office, kind: str, number: int, how: str) -> None:
    """The ``number``-th writing request goes wrong, once."""
    rendition = office.rendition(kind)
    counted = iter(range(1_000))
    real = office.faults.take

    def take(method: str, path: str) -> object:
        if is_write(method, path) and next(counted) == number:
            office.faults.add(how, times=1)
        return real(method, path)

    office.faults.take = take  # type: ignore[method-assign, assignment]
    delivery = await office.deliver(office.queue(rendition))
    assert next(counted) > number, "nothing went wrong"
    assert delivery.state is DeliveryState.SENT, delivery.words
    assert office.there(rendition) == 1
    assert not office.failed


async def test_two_of_the_same_words_at_once_are_two_deliveries_and_facebook_takes_one(office: Office) -> None:
    """Facebook refuses its Page the same words twice in a row; the second delivery finds the first one's post."""
    first, second = office.queue(post()), office.queue(post())
    assert (await office.deliver(first)).state is DeliveryState.SENT
    await office.deliver(second)
    assert office.there(post()) == 1


async def test_when_nobody_can_tell_a_person_is_asked(office: Office) -> None:
    """Our private answer was lost, and Facebook shows that one was given, but not by which words."""
    rendition = office.rendition("private answer")
    office.faults.add("lost-answer", path="/messages$", times=1)
    id_ = office.queue(rendition)
    await office.outbox.deliver(office.channel, office.get(id_))
    [talk] = [t for t in office.network.talks.values() if t.said[0].text == rendition.text]
    for _ in range(25):
        office.network.tell(office.page, office.page, office.network.people[talk.person_id], "Something else")
    delivery = await office.deliver(id_)
    assert delivery.state is DeliveryState.UNKNOWN
    assert office.there(rendition) == 1
