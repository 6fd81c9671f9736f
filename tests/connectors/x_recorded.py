"""X without sockets: a desk over the practice network or over any handler, with a meter that is kept in a file."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from inbox.connectors import http as web
from inbox.connectors.connector import START, Room
from inbox.connectors.x import X
from inbox.connectors.x.channel import limits_of
from inbox.connectors.x.us import HISTORY, Us
from inbox.metering import UNMETERED, Meter
from inbox.model import Account, AccountId, Batch, Channel, Cursor, Delivery, Message, Rendition, UpdateKind
from inbox.practice.faults import Faults
from inbox.practice.x import Network, Post, x_app
from inbox.store.database import Database
from inbox.store.spending import StoredMeter, set_budget
from tests.connectors.harness import KeptSecret, SetClock, channel_of, delivery_of
from tests.connectors.harnesses.x import KeptSteps

FOLDER = Path(__file__).parent / "recordings" / "x"
US = "1111111111111111111"
Handler = Callable[[httpx.Request], httpx.Response]


def recorded(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def us(**parts: Any) -> Us:
    return Us(**{"id": US, "username": "ExampleOrg", "name": "Example Org", **parts})


def error(name: str) -> httpx.Response:
    """A recorded refusal."""
    kept = recorded("errors")[name]
    return httpx.Response(kept["http_status"], json=kept["json"], headers=kept.get("headers", {}))


class Desk:
    """A signed-in connector over a handler, and what was sent."""

    def __init__(
        self, handler: Handler | httpx.AsyncBaseTransport, us: Us, *, meter: Meter = UNMETERED, **secret: str
    ) -> None:
        self.clock = SetClock()
        self.sent: list[httpx.Request] = []
        inner = handler if isinstance(handler, httpx.AsyncBaseTransport) else httpx.MockTransport(handler)

        async def note(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            await asyncio.sleep(0)  # nothing in this process would ever let others in
            return await inner.handle_async_request(request)

        self.http = web.client(transport=httpx.MockTransport(note))
        self.us = us
        self.secret = KeptSecret(**(secret or {"api_key": "a", "api_secret": "b", "token": "c", "token_secret": "d"}))
        self.steps = KeptSteps()
        self.meter = meter
        self.connector = self.again()
        self.channel: Channel = channel_of(X, us.id, limits=limits_of(us))
        self.cursor: Cursor = START
        self.held: dict[str, Message] = {}

    @property
    def account(self) -> Account:
        return Account(
            id=AccountId("a1"), network="x", title="@harbour", address=self.us.web, user=self.us.username,
            settings=self.us.settings(),
        )  # fmt: skip

    def again(self) -> X:
        """Another connector, as after a restart."""
        room = Room(
            account=self.account, http=self.http, secret=self.secret, clock=self.clock, meter=self.meter,
            steps=self.steps,
        )  # fmt: skip
        return X(room)

    async def read(self) -> list[Batch]:
        """A whole poll, kept as the store would."""
        batches: list[Batch] = []
        while not batches or not batches[-1].complete:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.held |= {m.remote_id: m for m in batch.messages}
            self.cursor = batch.cursor
            batches.append(batch)
            assert len(batches) < 300
        return batches

    def delivery(self, rendition: Rendition, key: str = "key-1") -> Delivery:
        return delivery_of(self, rendition, key)  # type: ignore[arg-type]

    def asked(self, path: str, method: str = "GET") -> list[httpx.Request]:
        """The requests for exactly this path."""
        return [r for r in self.sent if (r.method, r.url.path) == (method, path)]


class Square(Desk):
    """A desk over the practice network. ``office`` is ours and owns the app, ``vera`` is a citizen."""

    def __init__(
        self, folder: Path | None = None, *, budget: int | None = None, signed_in_before: timedelta = timedelta(days=1),
        **parts: Any,
    ) -> None:  # fmt: skip
        clock = SetClock(datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
        self.network = Network(clock, address="https://x.com")
        self.faults = Faults()
        self.office = self.network.add_user("harbour", "Harbour Council")
        self.vera = self.network.add_user("vera", "Vera")
        self.app = self.network.add_app(self.office, callbacks=("http://127.0.0.1:8765/callback",))
        keys = self.network.keys_for(self.app, self.office)
        own = us(
            id=self.office.id, username="harbour", name="Harbour Council",
            since=(clock.now() - HISTORY - signed_in_before).isoformat(), **parts,
        )  # fmt: skip
        self.database: Database | None = None
        meter: Meter = UNMETERED
        if folder is not None:
            self.database = Database.open(folder / "inbox.sqlite")
            meter = StoredMeter(self.database, clock, "a1", X.allowances)
            if budget is not None:
                with self.database.transaction() as connection:
                    set_budget(connection, "a1", "credits", budget)
        super().__init__(httpx.ASGITransport(x_app(self.network, self.faults)), own, meter=meter, **keys)
        self.clock = clock
        self.connector = self.again()

    def close(self) -> None:
        if self.database is not None:
            self.database.close()

    def post(self, text: str = "The bridge is open", **more: Any) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **more)

    def answer(self, to: Post | str, text: str = "At nine", **more: Any) -> Rendition:
        number = to if isinstance(to, str) else to.id
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=number, **more)

    def ago(self, **time: float) -> datetime:
        return self.clock.now() - timedelta(**time)
