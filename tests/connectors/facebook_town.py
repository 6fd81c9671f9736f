"""A practice Facebook with one Page, and its connector, for the tests of what is peculiar to Facebook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx

from inbox.connectors.connector import START
from inbox.errors import OutOfBudget
from inbox.metering import UNMETERED
from inbox.model import Channel, Cursor, Delivery, DeliveryId, DeliveryState, Message, Rendition, UpdateId, UpdateKind
from tests.connectors.harness import read_on
from tests.connectors.harnesses.facebook import FacebookHarness

FOLDER = Path(__file__).parent / "recordings" / "facebook"


def body_of(name: str) -> Any:
    """A recorded body."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


class ShareMeter:
    """A meter in memory for shares."""

    def __init__(self) -> None:
        self.reports: list[tuple[str, int, Any]] = []
        self.stopped: dict[str, Any] = {}

    def left(self, name: str, *, person: bool = False) -> int | None:
        return None

    def need(self, name: str, amount: int, *, person: bool = False) -> None:
        if name in self.stopped:
            raise OutOfBudget(retry_at=self.stopped[name])

    def spend(self, name: str, amount: int, what: str, *, times: int = 1) -> None: ...

    unbilled = staticmethod(UNMETERED.unbilled)
    bill = staticmethod(UNMETERED.bill)

    def report(self, name: str, used: int, *, limit: int | None = None, ends_at: Any = None) -> None:
        self.reports.append((name, used, ends_at))
        if used >= 95:
            self.stopped[name] = ends_at


class Desk(FacebookHarness):
    """The harness, with what these tests look at."""

    async def read(self, cursor: Cursor = START, *, channel: Channel | None = None) -> tuple[list[Message], Cursor]:
        """All messages from ``cursor`` on, with a new connector, and the cursor after them."""
        batches, after = await read_on(self.connector(), channel or self.channel, cursor)
        self.gone = [g for b in batches for g in b.gone]
        return [m for b in batches for m in b.messages], after

    def asked(self, path: str = "", method: str = "") -> list[httpx.Request]:
        """Requests whose path contains this."""
        return [r for r in self.wire.requests if path in r.url.path and (not method or r.method == method)]

    @property
    def posts(self) -> list[str]:
        """Messages of the Page's posts that the public sees."""
        return [p.message for p in self.network.posts.values() if p.author_id == self.page.id and p.published]


def form(request: httpx.Request) -> dict[str, str]:
    """A form that was sent."""
    return dict(parse_qsl(request.content.decode()))


def post(text: str = "The bridge opens", **parts: Any) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, **parts)


def reply(to: str, text: str = "At nine", **parts: Any) -> Rendition:
    return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=to, **parts)


def unknown(desk: Desk, rendition: Rendition, key: str = "key-1") -> Delivery:
    """A delivery whose answer was lost, with the step that was kept."""
    return Delivery(
        id=DeliveryId(1), update_id=UpdateId(1), channel_id=desk.channel.id, rendition=rendition, key=key,
        state=DeliveryState.UNKNOWN, attempts=1, sending_at=desk.clock.now(), step=desk.steps.read(key),
    )  # fmt: skip


def answering(status: int, body: Any, headers: Mapping[str, str] | None = None) -> httpx.AsyncBaseTransport:
    """A network that says the same to everybody."""
    return httpx.MockTransport(lambda request: httpx.Response(status, json=body, headers=headers))
