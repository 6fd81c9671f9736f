"""Weeks of a Page at random, polled through lost answers, restarts and lists in any order: in the end what was gathered
is what stands there, and what was deleted is known to be gone (facebook.md section 2.5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import pytest

from inbox.connectors.connector import START
from inbox.connectors.facebook import Facebook
from inbox.errors import PostroomError
from inbox.model import Cursor, Message, MessageState
from inbox.practice.facebook.entities import Comment, Post
from inbox.practice.faults import Faults, FaultyTransport
from tests.connectors.facebook_town import Desk

STEPS = 90


class Weeks:
    """One Page, a reader of it, and chance."""

    def __init__(self, seed: int) -> None:
        self.desk = Desk(ranked=seed % 3 == 1)
        self.chance = Random(seed)
        self.faults = Faults()
        self.desk.wire._server = FaultyTransport(self.desk.wire._server, self.faults)
        self.desk.network.nameless = seed % 4 == 2
        self.desk.network.empty_pages = {"feed", "comments"} if seed % 5 == 3 else set()
        self.cursor: Cursor = START
        self.kept: dict[str, Message] = {}
        self.gone: set[str] = set()
        self.connector: Facebook = self.desk.connector()

    def happens(self) -> None:
        """Somebody does something."""
        network, desk, chance = self.desk.network, self.desk, self.chance
        self.desk.clock.forward(chance.choice([20, 120, 600, 3_600]))
        posts, comments = list(network.posts.values()), list(network.comments.values())
        what = chance.random()
        if what < 0.12 or not posts:
            by = chance.choice([desk.page, desk.vera])
            network.write(by, desk.page, f"Post {len(posts)}-{chance.random()}")
        elif what < 0.70 or not comments:
            to: Post | Comment = (
                chance.choice(posts) if chance.random() < 0.7 or not comments else chance.choice(comments)
            )
            network.comment(chance.choice([desk.page, desk.vera]), to, f"Word {chance.random()}")
        elif what < 0.80:
            network.edit(chance.choice([*posts, *comments]), f"Other words {chance.random()}")
        elif what < 0.87:
            chance.choice(comments).hidden = True
        elif what < 0.97:
            network.remove(chance.choice(comments))
        else:
            network.remove(chance.choice(posts))

    async def poll(self) -> None:
        """Read on; what fails leaves no mark, as in the store."""
        if self.chance.random() < 0.2:
            self.connector = self.desk.connector()  # a restart
        if self.chance.random() < 0.25:
            how = self.chance.choice(["lost-answer", "half", "status", "broken-json", "timeout-after"])
            self.faults.add(how, times=1, path=self.chance.choice(["", "/feed", "/comments", "v26.0/$"]))
        self.desk.network.heavy_rows = self.chance.choice([0, 0, 0, 20])
        try:
            while True:
                batch = await self.connector.fetch(self.desk.channel, self.cursor)
                self.kept |= {m.remote_id: m for m in batch.messages}
                self.gone = (self.gone | set(batch.gone)) - {m.remote_id for m in batch.messages}
                self.cursor = batch.cursor
                if batch.complete:
                    return
        except PostroomError:
            return
        finally:
            self.faults.clear()
            self.desk.network.heavy_rows = 0


@pytest.fixture(params=range(8))
async def weeks(request: pytest.FixtureRequest) -> AsyncIterator[Weeks]:
    made = Weeks(request.param)
    yield made
    await made.desk.close()


async def test_what_was_gathered_is_what_stands_there(weeks: Weeks) -> None:
    desk = weeks.desk
    for _ in range(STEPS):
        weeks.happens()
        if weeks.chance.random() < 0.4:
            await weeks.poll()
    for _ in range(40):  # a day goes by in which nothing happens
        desk.clock.forward(3_000)
        await weeks.poll()
    there: dict[str, Post | Comment] = {p.id: p for p in desk.network.posts.values()}
    there |= {f"{c.post_id}:{c.id}": c for c in desk.network.comments.values()}
    assert set(weeks.kept) - weeks.gone == set(there)
    for remote_id, thing in there.items():
        message = weeks.kept[remote_id]
        assert message.text == thing.message
        if isinstance(thing, Comment):
            assert (message.state is MessageState.HIDDEN) == thing.hidden
            assert message.parent_remote_id.rpartition(":")[2] in {thing.parent_id, "", thing.post_id}
    assert len(weeks.kept) > 40
