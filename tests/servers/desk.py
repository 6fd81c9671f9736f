"""A connector signed in at a real server, with what the inbox would hold after its batches."""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx

from inbox.clock import SystemClock
from inbox.connectors import http as web
from inbox.connectors.connector import START, Connector, Room
from inbox.model import Account, Batch, Channel, Cursor, Delivery, Message, Rendition, UpdateKind
from tests.connectors.harness import KeptSecret, Wire, account_of, channel_of, delivery_of


class ShiftedClock(SystemClock):
    """The machine's time, moved on by hand: tokens carry the real one, so it only ever goes forward a little."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + self.ahead_s, UTC)


@dataclass
class Desk:
    """The connector at work."""

    connector: Connector
    channel: Channel
    clock: ShiftedClock
    http: httpx.AsyncClient
    account: Account
    secret: KeptSecret
    wire: Wire
    cursor: Cursor = START
    held: dict[str, Message] = field(default_factory=dict)
    arrived: Counter[str] = field(default_factory=Counter)

    async def read(self) -> list[Batch]:
        """Batches until nothing newer is waiting, kept as the store would keep them."""
        batches: list[Batch] = []
        while not batches or not batches[-1].complete:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.keep(batch)
            self.cursor = batch.cursor
            batches.append(batch)
            assert len(batches) < 500
        return batches

    def keep(self, batch: Batch) -> None:
        for message in batch.messages:
            self.held[message.remote_id] = message
            self.arrived[message.remote_id] += 1
        for remote_id in batch.gone:
            self.held.pop(remote_id, None)

    async def reread(self, *remote_ids: str) -> Batch:
        batch = await self.connector.reread(self.channel, remote_ids)
        self.keep(batch)
        return batch

    def again(self) -> Connector:
        """A second connector for the same account, as after a restart or in a second task."""
        room = Room(account=self.account, http=self.http, secret=self.secret, clock=self.clock)
        return type(self.connector)(room)

    def delivery(self, rendition: Rendition, key: str) -> Delivery:
        return delivery_of(self, rendition, key)  # type: ignore[arg-type]

    def said(self, text: str) -> Message:
        [found] = [m for m in self.held.values() if m.text == text]
        return found


async def signed_in(
    kind: type[Connector], address: str, answers: Mapping[str, str], transport: httpx.AsyncBaseTransport
) -> Desk:
    """Found and signed in as a person would do it; nothing asked for yet."""
    clock = ShiftedClock()
    wire = Wire(transport, clock)  # type: ignore[arg-type]
    http = web.client(transport=wire)
    signed = await kind.sign_in(await kind.discover(address, http, clock), answers, http, clock)
    account = account_of(kind, signed.address, signed.user, **signed.settings)
    secret = KeptSecret(**signed.secret)
    connector = kind(Room(account=account, http=http, secret=secret, clock=clock))
    [there] = await connector.channels()
    channel = channel_of(kind, there.remote_id, capabilities=there.capabilities, limits=there.limits)
    wire.requests.clear()
    return Desk(connector, channel, clock, http, account, secret, wire)


def fresh_key() -> str:
    """A delivery's key as the outbox makes them."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(10)}"


def post(text: str, **parts: object) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, **parts)  # type: ignore[arg-type]


def reply(to: str, text: str, **parts: object) -> Rendition:
    return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=to, **parts)  # type: ignore[arg-type]
