"""Facebook over the practice network, in this process: the same HTTP, without sockets."""

from __future__ import annotations

from typing import ClassVar

import httpx

from inbox.connectors.connector import Room
from inbox.connectors.facebook import Facebook
from inbox.connectors.facebook.ids import bare, is_comment
from inbox.connectors.http import client
from inbox.metering import UNMETERED, Meter
from inbox.model import Account, Rendition, UpdateKind
from inbox.practice.facebook import Network, facebook_app
from inbox.practice.facebook.entities import Comment, Post
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of

ROOT = "https://graph.example"


class GraphWire(Wire):
    """A batch is a POST that only reads, so it breaks with what reads."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.rstrip("/").endswith("/v26.0"):
            kept, self.breaks = self.breaks, {True: self.breaks[False]} if False in self.breaks else {}
            try:
                return await super().handle_async_request(request)
            finally:
                self.breaks = kept
        return await super().handle_async_request(request)


class KeptSteps:
    """Durable as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def read(self, key: str) -> str:
        return self.kept.get(key, "")

    def save(self, key: str, step: str) -> None:
        self.kept[key] = step


class FacebookHarness:
    connector_class = Facebook
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 130  # more than two pages of comments
    overlaps: ClassVar[bool] = True

    def __init__(self, *, ranked: bool = False) -> None:
        self.clock = SetClock()
        self.network = Network(clock=self.clock)
        self.network.ranked = ranked
        self.app = self.network.add_app()
        self.olga = self.network.add_person("Olga Officer")
        self.vera = self.network.add_person("Vera")
        self.page = self.network.add_page("Harbour Council", "harbourcouncil", self.olga)
        self.secret = self.network.page_token(self.page, self.olga, self.app)
        self.wire = GraphWire(httpx.ASGITransport(facebook_app(self.network)), self.clock)
        self.steps = KeptSteps()
        self.meter: Meter = UNMETERED
        self.channel = channel_of(Facebook, self.page.id)
        self.kept = KeptSecret(token=self.secret, **{f"page:{self.page.id}": self.secret})
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        posts = [
            p.id for p in self.network.posts.values() if p.author_id == self.page.id and (p.published or p.scheduled_at)
        ]
        comments = [f"{c.post_id}:{c.id}" for c in self.network.comments.values() if c.author_id == self.page.id]
        return [*posts, *comments]

    @property
    def account(self) -> Account:
        return account_of(Facebook, ROOT, self.page.id, graph=ROOT, site=ROOT)

    def connector(self) -> Facebook:
        http = client(transport=self.wire)
        self._clients.append(http)
        return Facebook(
            Room(
                account=self.account, http=http, secret=self.kept, clock=self.clock, meter=self.meter, steps=self.steps
            )
        )  # fmt: skip

    def seed(self, count: int) -> list[str]:
        """A visitor's post, and the rest below it: comments, and answers to them."""
        said: list[str] = []
        post: Post | None = None
        below: list[Comment] = []
        for number in range(count):
            self.clock.forward(1)
            text = f"Word {number} & more"
            if post is None:
                post = self.network.write(self.vera, self.page, text)
                said.append(post.id)
                continue
            writer = self.network.add_person(f"Citizen {len(self.network.people)}")
            to = below[number // 2] if number % 3 == 2 and number // 2 < len(below) else post
            below.append(self.network.comment(writer, to, text))
            said.append(f"{post.id}:{below[-1].id}")
        return said

    def thing(self, remote_id: str) -> Post | Comment:
        if is_comment(remote_id):
            return self.network.comments[bare(remote_id)]
        return self.network.posts[remote_id]

    def ask_privately(self, text: str) -> None:
        self.clock.forward(1)
        self.network.tell(self.vera, self.page, self.vera, text)

    def say_unknown(self) -> str:
        self.clock.forward(1)
        post = self.network.write(self.vera, self.page, "", odd={"created_time": 5, "from": "hologram"})
        return post.id

    def edit(self, remote_id: str, text: str) -> None:
        self.network.edit(self.thing(remote_id), text)

    def remove(self, remote_id: str) -> None:
        self.network.remove(self.thing(remote_id))

    def hold(self, remote_id: str) -> None:
        """Nothing is ever held at Facebook."""

    def sign_out(self) -> None:
        self.network.revoke(self.secret)

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return 8_000 if kind is UpdateKind.REPLY else 63_206

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id)

    async def close(self) -> None:
        for one in self._clients:
            await one.aclose()
