"""What the contract suite needs to know of a network, and the tools to build it from.

A new connector gets the whole suite by one harness: a class with the members of ``Harness`` in
``tests/connectors/harnesses/<name>.py``, named in ``harnesses/__init__.py``. It stands between a practice server and
the connector; ``Wire`` counts what passes and breaks what it is told to break.
"""

from __future__ import annotations

import asyncio
import enum
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import ClassVar, Protocol

import httpx

from inbox.connectors import http as web
from inbox.connectors.connector import START, Connector, Room
from inbox.errors import (
    BadReply,
    NotAllowed,
    Offline,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    SignInNeeded,
    Unavailable,
)
from inbox.model import (
    Account,
    AccountId,
    Batch,
    Capability,
    Channel,
    ChannelId,
    Cursor,
    Delivery,
    DeliveryId,
    DeliveryState,
    Limits,
    Message,
    Rendition,
    UpdateId,
    UpdateKind,
)

WAIT = timedelta(seconds=120)
MORNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


class Break(enum.StrEnum):
    """How a request may fail. ``BEFORE`` of them never reach the network, the others do or answer in its place."""

    NO_NAME = "the name is not known"
    REFUSED = "connection refused"
    NO_CONNECTION = "time-out while connecting"
    UNAUTHORIZED = "401"
    FORBIDDEN = "403"
    WAIT_SECONDS = "429 with seconds"
    WAIT_DATE = "429 with a date"
    SERVER_ERROR = "500"
    LOST_ANSWER = "time-out after sending"
    HALF_ANSWER = "connection lost in the answer"
    BROKEN_BODY = "the body breaks off"
    WRONG_TYPE = "a web page instead"
    ENDLESS = "endless body"


SURELY_NOT_DONE = {
    Break.NO_NAME: Offline,
    Break.REFUSED: Unavailable,
    Break.NO_CONNECTION: Unavailable,
    Break.UNAUTHORIZED: SignInNeeded,
    Break.FORBIDDEN: NotAllowed,
    Break.WAIT_SECONDS: RateLimited,
    Break.WAIT_DATE: RateLimited,
}
"""What a connector raises, reading or writing, when nothing can have happened."""

IN_DOUBT_READING: dict[Break, type[PostroomError]] = {
    Break.SERVER_ERROR: Unavailable,
    Break.LOST_ANSWER: Unavailable,
    Break.HALF_ANSWER: Unavailable,
    Break.ENDLESS: Unavailable,
    Break.BROKEN_BODY: BadReply,
    Break.WRONG_TYPE: BadReply,
}

IN_DOUBT_WRITING: dict[Break, tuple[type[PostroomError], ...]] = {
    Break.SERVER_ERROR: (OutcomeUnknown,),
    Break.LOST_ANSWER: (OutcomeUnknown,),
    Break.HALF_ANSWER: (OutcomeUnknown,),
    Break.ENDLESS: (OutcomeUnknown,),
    # The outbox takes an unreadable answer to a publish for an unknown outcome (house.md section 6).
    Break.BROKEN_BODY: (OutcomeUnknown, BadReply),
    Break.WRONG_TYPE: (OutcomeUnknown, BadReply),
}


class Harness(Protocol):
    """One network with one channel, seen from both sides."""

    connector_class: ClassVar[type[Connector]]
    breaks: ClassVar[frozenset[Break]]  # the failures that can happen to this network at all
    many: ClassVar[int]  # so many messages that reading them takes several batches, where it ever does
    overlaps: ClassVar[bool]  # a batch may repeat the end of the one before, on purpose, so that nothing falls between
    secret: str  # must never be seen; empty for networks without
    clock: SetClock
    channel: Channel

    @property
    def requests(self) -> int:
        """Requests that left the connector so far, broken ones too."""
        ...

    @property
    def made(self) -> list[str]:
        """Remote ids of what stands at the network because we published it."""
        ...

    def connector(self) -> Connector:
        """A new one, as after a restart."""
        ...

    def seed(self, count: int) -> list[str]:
        """Others say so many things, one a second, some of them answers where the network has that; remote ids."""
        ...

    def ask_privately(self, text: str) -> None:
        """Somebody asks where only we read it; called only where the connector declares DIRECT."""
        ...

    def say_unknown(self) -> str:
        """Something of a kind nobody has heard of arrives; its remote id, or empty if that cannot be known."""
        ...

    def edit(self, remote_id: str, text: str) -> None: ...

    def remove(self, remote_id: str) -> None: ...

    def hold(self, remote_id: str) -> None: ...

    def sign_out(self) -> None:
        """The network does not know our secret any more."""
        ...

    def break_reads(self, how: Break) -> None:
        """All reading requests fail so until ``mend``."""
        ...

    def break_writes(self, how: Break) -> None:
        """All writing requests fail so until ``mend``."""
        ...

    def mend(self) -> None: ...

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        """A post that the network accepts."""
        ...

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        """An answer to a seeded message."""
        ...

    def most_bytes(self, kind: UpdateKind) -> int | None:
        """The longest text the network takes, in bytes of UTF-8; None: longer than anyone writes."""
        ...

    async def close(self) -> None: ...


# --- tools ---


class SetClock:
    """Time stands still until somebody moves it."""

    def __init__(self, now: datetime = MORNING) -> None:
        self._start = self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic_s(self) -> float:
        return (self._now - self._start).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


class KeptSecret:
    """A secret that lives as long as the test; its repr would be a leak, so that a test can find it."""

    def __init__(self, **parts: str) -> None:
        self.parts: dict[str, str] = parts

    def read(self) -> Mapping[str, str]:
        return dict(self.parts)

    def save(self, parts: Mapping[str, str]) -> None:
        self.parts = dict(parts)

    def __repr__(self) -> str:
        return f"KeptSecret({self.parts})"


class Wire(httpx.AsyncBaseTransport):
    """Passes requests on to a practice server; counts them, and breaks them when told to."""

    def __init__(self, server: httpx.AsyncBaseTransport, clock: SetClock) -> None:
        self._server = server
        self._clock = clock
        self.requests: list[httpx.Request] = []
        self.breaks: dict[bool, Break] = {}  # writing or not -> how

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)  # nothing in this process would ever let others in
        how = self.breaks.get(request.method in WRITING)
        if how is None:
            return await self._server.handle_async_request(request)
        if how is Break.NO_NAME:
            raise httpx.ConnectError("no such name", request=request) from socket.gaierror(-2, "unknown")
        if how is Break.REFUSED:
            raise httpx.ConnectError("refused", request=request) from ConnectionRefusedError(111, "refused")
        if how is Break.NO_CONNECTION:
            raise httpx.ConnectTimeout("slow", request=request)
        if how in _INSTEAD:
            return _INSTEAD[how](self._clock)
        response = await self._server.handle_async_request(request)
        body = await response.aread()
        if how is Break.LOST_ANSWER:
            raise httpx.ReadTimeout("slow", request=request)
        if how is Break.HALF_ANSWER:
            return httpx.Response(response.status_code, headers=_plain(response.headers), stream=_Breaking(body))
        if how is Break.ENDLESS:
            return httpx.Response(response.status_code, headers=_plain(response.headers), stream=_Endless())
        if how is Break.WRONG_TYPE:
            page = "<!doctype html><title>Please wait</title><p>Checking your browser"
            return httpx.Response(200, html=page)
        assert how is Break.BROKEN_BODY
        return httpx.Response(
            response.status_code, headers=_plain(response.headers), content=body[: max(1, len(body) * 2 // 3)]
        )

    async def aclose(self) -> None:
        await self._server.aclose()


_INSTEAD: Mapping[Break, Callable[[SetClock], httpx.Response]] = {
    Break.UNAUTHORIZED: lambda clock: httpx.Response(401, json={"code": "no", "message": "Sign in", "data": {}}),
    Break.FORBIDDEN: lambda clock: httpx.Response(403, json={"code": "no", "message": "Not you", "data": {}}),
    Break.WAIT_SECONDS: lambda clock: httpx.Response(429, headers={"Retry-After": str(WAIT.seconds)}),
    Break.WAIT_DATE: lambda clock: httpx.Response(
        429, headers={"Retry-After": format_datetime(clock.now() + WAIT, usegmt=True)}
    ),
    Break.SERVER_ERROR: lambda clock: httpx.Response(500, html="<h1>Internal Server Error</h1>"),
}


class _Breaking(httpx.AsyncByteStream):
    """Half a body, then nothing more."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError("peer closed connection")


class _Endless(httpx.AsyncByteStream):
    """A body that never ends."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b" " * 500_000


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """The headers without those that a changed body would belie."""
    changed = {"content-length", "content-encoding", "transfer-encoding"}
    return {name: value for name, value in headers.items() if name.lower() not in changed}


def room(wire: httpx.AsyncBaseTransport, clock: SetClock, account: Account, secret: KeptSecret) -> Room:
    """What a connector is given, over this transport."""
    return Room(account=account, http=web.client(transport=wire), secret=secret, clock=clock)


def account_of(connector: type[Connector], address: str, user: str = "", **settings: str) -> Account:
    return Account(
        id=AccountId("a1"), network=connector.name, title=connector.title, address=address, user=user, settings=settings
    )


def channel_of(
    connector: type[Connector], remote_id: str, *, capabilities: Capability | None = None, limits: Limits | None = None
) -> Channel:
    return Channel(
        id=ChannelId("c1"),
        account_id=AccountId("a1"),
        network=connector.name,
        remote_id=remote_id,
        title="Channel",
        capabilities=connector.capabilities if capabilities is None else capabilities,
        limits=limits or Limits(),
    )


def delivery_of(harness: Harness, rendition: Rendition, key: str) -> Delivery:
    """The delivery of a rendition as the outbox would have it after its answer was lost."""
    return Delivery(
        id=DeliveryId(1),
        update_id=UpdateId(1),
        channel_id=harness.channel.id,
        rendition=rendition,
        key=key,
        state=DeliveryState.UNKNOWN,
        attempts=1,
        sending_at=harness.clock.now(),
    )


async def read_on(connector: Connector, channel: Channel, cursor: Cursor = START) -> tuple[list[Batch], Cursor]:
    """Batches from ``cursor`` until nothing newer is waiting, and the cursor after them."""
    batches: list[Batch] = []
    for _ in range(1_000):
        batch = await connector.fetch(channel, cursor)
        batches.append(batch)
        assert batch.complete or batch.cursor != cursor, "the connector reads on the spot"
        cursor = batch.cursor
        if batch.complete:
            return batches, cursor
    raise AssertionError("the connector never comes to an end")


def all_of(batches: list[Batch]) -> list[Message]:
    return [message for batch in batches for message in batch.messages]
