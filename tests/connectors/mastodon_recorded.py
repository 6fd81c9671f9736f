"""Mastodon without sockets: recordings played back, and a desk over the practice server or over any handler."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from inbox.connectors import http as web
from inbox.connectors.connector import START, Room
from inbox.connectors.mastodon import Mastodon
from inbox.connectors.mastodon.server import Server
from inbox.model import Account, AccountId, Batch, Channel, Cursor, Delivery, Message, Rendition
from inbox.practice.mastodon import MODERN, Flavour, Place, mastodon_app
from tests.connectors.harness import KeptSecret, SetClock, channel_of, delivery_of

FOLDER = Path(__file__).parent / "recordings" / "mastodon"
ROOT = "https://town.example"
TOKEN = "a-token-nobody-may-see"
ADMIN = "117020565693913441"
"""The account id of ``admin`` in the recordings."""
Handler = Callable[[httpx.Request], httpx.Response]


def recorded(name: str) -> dict[str, Any]:
    """The recording as it lies in its file."""
    value: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return value


def body_of(name: str) -> Any:
    return recorded(name)["body"]


def answer(name: str, **headers: str) -> httpx.Response:
    """The recorded answer."""
    kept = recorded(name)
    return httpx.Response(kept["status"], headers={**kept["headers"], **headers}, content=json.dumps(kept["body"]))


def server(account_id: str = ADMIN, **parts: Any) -> Server:
    """Our account as signing in would have found it."""
    known = {"root": "http://localhost:3000", "domain": "town.example", "acct": "admin", "name": "Admin"}
    return Server(account_id=account_id, **{**known, "api": 11, "software": "mastodon", **parts})


class Desk:
    """A signed-in connector over a handler, and what was sent."""

    def __init__(self, handler: Handler | httpx.AsyncBaseTransport, us: Server, token: str = TOKEN) -> None:
        self.clock = SetClock()
        self.sent: list[httpx.Request] = []
        inner = handler if isinstance(handler, httpx.AsyncBaseTransport) else httpx.MockTransport(handler)

        async def note(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return await inner.handle_async_request(request)

        self.http = web.client(transport=httpx.MockTransport(note))
        self.account = Account(
            id=AccountId("a1"), network="mastodon", title="Office", address=us.root, user=us.handle,
            settings=us.settings(),
        )  # fmt: skip
        self.secret = KeptSecret(token=token)
        self.connector = self.again()
        self.channel: Channel = channel_of(Mastodon, us.handle)
        self.cursor: Cursor = START
        self.held: dict[str, Message] = {}

    def again(self) -> Mastodon:
        """Another connector, as after a restart."""
        return Mastodon(Room(account=self.account, http=self.http, secret=self.secret, clock=self.clock))

    async def read(self) -> list[Batch]:
        batches: list[Batch] = []
        while not batches or not batches[-1].complete:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.held |= {m.remote_id: m for m in batch.messages}
            for gone in batch.gone:
                self.held.pop(gone, None)
            self.cursor = batch.cursor
            batches.append(batch)
            assert len(batches) < 300
        return batches

    def delivery(self, rendition: Rendition, key: str = "key-1") -> Delivery:
        return delivery_of(self, rendition, key)  # type: ignore[arg-type]

    def asked(self, path: str, method: str = "GET") -> list[httpx.Request]:
        """The requests for exactly this path."""
        return [r for r in self.sent if (r.method, r.url.path) == (method, path)]


class Town(Desk):
    """A desk over the practice server. ``office`` is ours, ``vera`` lives elsewhere."""

    def __init__(self, flavour: Flavour = MODERN) -> None:
        clock = SetClock()
        self.place = Place(clock=clock, domain="town.example", flavour=flavour)
        self.office = self.place.add_person("office", "Harbour Council")
        self.vera = self.place.add_person("vera", "Vera", domain="far.example")
        us = Server(
            root=ROOT, domain="town.example", account_id=self.office.id, acct="office", name="Harbour Council",
            software=flavour.software, api=flavour.api_version or 0, streaming=ROOT,
        )  # fmt: skip
        app = mastodon_app(self.place)
        super().__init__(httpx.ASGITransport(app), us, self.place.token_for(self.office))
        self.clock = clock
        self.connector = self.again()


def bodies(requests: list[httpx.Request]) -> list[Any]:
    return [json.loads(r.content) for r in requests]
