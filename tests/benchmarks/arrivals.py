"""What comes over the wire: pages of a hundred comments as a blog's REST interface sends them, and who sends them.

They are read with WordPress's own parser, so that a back-fill costs what a real one costs, but for the wire itself.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Bare, Connector, Discovery, Room, SignedIn
from inbox.connectors.wordpress.parsing import message_from_comment
from inbox.connectors.wordpress.site import Site
from inbox.errors import Unsupported
from inbox.model import Batch, Capability, Channel, ChannelFound, Cursor, Field, Limits, Message, SignIn
from tests.benchmarks.words import Writer

PER_PAGE = 100
SITE = Site(root="https://blog.example/wp-json/", home="https://blog.example", title="City of Example", user_id=1)


def page(writer: Writer, chance: random.Random, first_id: int, at: datetime, *, step: timedelta) -> bytes:
    """A page of comments from ``first_id`` on, ``step`` apart: half begin a conversation, some are ours or spam."""
    items = []
    for number in range(first_id, first_id + PER_PAGE):
        text, name = writer.text(), writer.person()
        parent = number - chance.randint(1, 60) if chance.random() < 0.5 else 0
        ours = bool(parent) and chance.random() < 0.35
        post = 1_000_000 + number // 500
        when = (at + step * (number - first_id)).strftime("%Y-%m-%dT%H:%M:%S")
        items.append(
            {
                "id": number, "post": post, "parent": max(parent, 0), "author": 1 if ours else 0,
                "author_name": "City of Example" if ours else name, "author_email": f"{number}@example.org",
                "author_url": "", "author_ip": "192.0.2.7", "author_user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
                "date": when, "date_gmt": when, "content": {"rendered": f"<p>{text.replace('. ', '.</p><p>')}</p>\n"},
                "link": f"https://blog.example/?p={post}#comment-{number}",
                "status": "spam" if chance.random() < 0.04 else "approved", "type": "comment",
                "_links": {"up": [{"href": f"https://blog.example/wp-json/wp/v2/posts/{post}", "post_type": "post"}]},
            }
        )  # fmt: skip
    return json.dumps(items, ensure_ascii=False).encode()


def pages(
    count: int, *, seed: int, first_id: int, at: datetime, step: timedelta = timedelta(seconds=40)
) -> list[bytes]:
    """Pages that follow each other."""
    writer, chance = Writer(seed), random.Random(seed)
    return [page(writer, chance, first_id + n * PER_PAGE, at + step * (n * PER_PAGE), step=step) for n in range(count)]


def messages_of(body: bytes) -> tuple[Message, ...]:
    """A page, read."""
    return tuple(m for item in json.loads(body) if (m := message_from_comment(item, SITE)) is not None)


class Plain(Bare):
    """As much of a connector as reading wants; what a benchmark's network does not do, it refuses."""

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    glyph: ClassVar[str] = "Bm"
    capabilities: ClassVar[Capability] = Capability.FETCH
    address_field: ClassVar[Field] = Field(name="address", label="Address")
    interval_s: ClassVar[int] = 120

    def __init__(self, room: Room) -> None:
        self.room = room

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        return Discovery(
            network=cls.name, title=cls.name, address=address, fields=(), settings={}, sign_in=(SignIn.NOTHING,)
        )

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        found = ChannelFound(remote_id="main", title=cls.name, url=f"https://{cls.name}.example/")
        return SignedIn(title=cls.name, address=discovery.address, user="", settings={}, secret={}, channels=(found,))

    async def channels(self) -> Sequence[ChannelFound]:
        return ()

    async def limits(self, channel: Channel) -> Limits:
        return Limits()

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        raise Unsupported("not in a benchmark")


def backfill(network: str, bodies: Sequence[bytes], *, run: str = "") -> type[Connector]:
    """A network that has these pages to give as fast as they are taken. A cursor of another ``run`` begins anew."""

    class Filled(Plain):
        name: ClassVar[str] = network
        title: ClassVar[str] = network.capitalize()

        async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
            await asyncio.sleep(0)  # the wire: others may work meanwhile
            of_run, _, position = cursor.partition("/")
            here = int(position) if of_run == run and position else 0
            if here >= len(bodies):
                return Batch(cursor=cursor)
            last = here + 1 == len(bodies)
            return Batch(messages=messages_of(bodies[here]), cursor=Cursor(f"{run}/{here + 1}"), complete=last)

    return Filled  # type: ignore[return-value]
