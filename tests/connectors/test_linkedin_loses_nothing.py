"""Whatever people do, and wherever a poll ends, in the end all that stands at LinkedIn is here, as it stands there."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from inbox.connectors.connector import START
from inbox.model import Cursor, Message
from tests.connectors.harnesses.linkedin import LinkedInHarness

ODD: dict[str, dict[str, object]] = {
    "usual": {},
    "no time ranges": {"no_ranges": True},
    "no order": {"shuffled": True, "old_names": True},
    "neither": {"no_ranges": True, "shuffled": True},
}


class Reader:
    """The store in small: upsert by id, forget what is gone; a crash keeps neither a batch nor its cursor."""

    def __init__(self, harness: LinkedInHarness, chance: random.Random) -> None:
        self.harness, self.chance = harness, chance
        self.connector = harness.connector()
        self.cursor = START
        self.here: dict[str, Message] = {}

    async def poll(self, *, crashes: float = 0.0) -> None:
        while True:
            batch = await self.connector.fetch(self.harness.channel, self.cursor)
            if self.chance.random() < crashes:
                self.connector = self.harness.connector()  # before it was saved
                return
            self.here |= {m.remote_id: m for m in batch.messages}
            for urn in batch.gone:
                self.here.pop(urn, None)
            self.cursor = Cursor(batch.cursor)
            if self.chance.random() < crashes:
                self.connector = self.harness.connector()  # after it was saved
                return
            if batch.complete:
                return


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("seed", range(6))
async def test_in_the_end_all_is_here(odd: str, seed: int) -> None:
    chance = random.Random(seed)
    harness = LinkedInHarness(**ODD[odd])
    network, reader = harness.network, Reader(harness, chance)
    for _ in range(120):
        harness.clock.forward(chance.choice([0, 1, 30, 900, 2400]))
        standing = [c for c in network.comments.values() if c.actor != harness.page.urn]
        posts = [p for p in network.posts.values() if p.author == harness.page.urn]
        match chance.choice(
            ["says", "says", "says", "answers", "edits", "removes", "posts", "shares", "polls", "polls"]
        ):
            case "says":
                network.comment(harness.vera.urn, chance.choice(posts), f"Word {chance.random()}")
            case "answers" if standing:
                asked = chance.choice(standing)
                post = network.post_of(asked)
                assert post is not None
                network.comment(harness.vera.urn, post, f"Answer {chance.random()}", to=asked)
            case "edits" if standing:
                network.edit_comment(chance.choice(standing), f"Better {chance.random()}")
            case "removes" if standing and chance.random() < 0.4:
                network.remove_comment(chance.choice(standing))
            case "posts":
                network.publish(harness.page.urn, f"News {chance.random()}")
            case "shares":
                network.share(harness.vera, chance.choice(posts), f"Look {chance.random()}")
            case "polls":
                await reader.poll(crashes=0.3)
    harness.clock.forward(4 * 3600)
    for _ in range(3):
        await reader.poll()
        harness.clock.forward(1200)
    there = {c.urn: c.text for c in network.comments.values()}
    here = {urn: m.text for urn, m in reader.here.items() if ":comment:" in urn}
    assert here == there
    assert {p.urn for p in network.posts.values()} <= set(reader.here)
    parents = {
        c.urn: f"urn:li:comment:({c.activity},{c.parent})" if c.parent else "" for c in network.comments.values()
    }
    assert {u: m.parent_remote_id for u, m in reader.here.items() if u in parents} == parents
    for message in reader.here.values():
        assert replace(message, raw=b"").context_remote_id in {"", *network.posts}
    await harness.close()
