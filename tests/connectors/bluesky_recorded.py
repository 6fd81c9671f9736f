"""Bluesky without a server: recordings played back, and a connector over a handler that answers as a test wants."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from inbox.connectors import http as web
from inbox.connectors.bluesky import Bluesky
from inbox.connectors.bluesky.xrpc import Place
from inbox.connectors.connector import Room
from inbox.model import Capability, Channel
from tests.connectors.harness import KeptSecret, SetClock, account_of, channel_of

FOLDER = Path(__file__).parent / "recordings" / "bluesky"
DID = "did:plc:qlaf5ia4jwhvq5naudl7eo2n"
SERVER = "https://pds.example"
DIRECTORY = "https://plc.directory"
PLACE = Place(did=DID, handle="org.test", server=SERVER, name="City of Testville", directory=DIRECTORY)
AMINA = "did:plc:46jszvimyt247cl65gcmqthz"
Handler = Callable[[httpx.Request], httpx.Response]


def recorded(name: str) -> dict[str, Any]:
    """The recordings of one file, as they lie there."""
    value: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return value


def body_of(name: str, part: str = "") -> Any:
    """The body of a recorded answer."""
    value = recorded(name)
    return (value[part] if part else value)["body"]


def answer(name: str, part: str = "", **headers: str) -> httpx.Response:
    """A recorded answer."""
    value = recorded(name)
    value = value[part] if part else value
    return httpx.Response(value["status"], json=value["body"], headers={**value["headers"], **headers})


def failing(status: int, error: str, message: str = "no", **headers: str) -> httpx.Response:
    """An XRPC error."""
    return httpx.Response(status, json={"error": error, "message": message}, headers=headers)


class Desk:
    """A connector over a handler; ``asked`` are the requests it made, ``paths`` the methods of them."""

    def __init__(self, handler: Handler, **secret: str) -> None:
        self.clock = SetClock()
        self.asked: list[httpx.Request] = []
        self.handler = handler
        self.secret = KeptSecret(**(secret or {"access": "access-1", "refresh": "refresh-1"}))
        self.http = web.client(transport=httpx.MockTransport(self._answer))
        settings = {"did": DID, "handle": "org.test", "server": SERVER, "name": "City of Testville"}
        settings |= {"token_endpoint": "https://auth.example/oauth/token", "client_id": "http://localhost"}
        self.account = account_of(Bluesky, DID, DID, **settings)
        self.channel: Channel = channel_of(Bluesky, DID, capabilities=Bluesky.capabilities & ~Capability.DIRECT)

    @property
    def paths(self) -> list[str]:
        return [request.url.path.removeprefix("/xrpc/") for request in self.asked]

    def connector(self) -> Bluesky:
        return Bluesky(Room(account=self.account, http=self.http, secret=self.secret, clock=self.clock))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        await asyncio.sleep(0)  # so that two at once are two at once
        return self.handler(request)
