"""The plan carried out by the server: ASGI middleware for real sockets."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

import httpx
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from inbox.practice.faults.plan import ENDLESS_CHUNK, Fault, FaultKind, Faults, altered, instead, judged

_ENDLESS_CHUNKS = 375  # 24 MB
_HANG_S = 300.0


class FaultyApp:
    """ASGI middleware: carries out the plan over real sockets."""

    def __init__(self, app: ASGIApp, *, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = None
        if scope["type"] == "http" and not judged.get():
            fault = self.faults.take(scope["method"], scope["path"])
        if fault is None:
            await self.app(scope, receive, send)
            return
        match fault.kind:
            case FaultKind.SLOW:
                await asyncio.sleep(fault.seconds)
                await self.app(scope, receive, send)
            case FaultKind.STRIP_AUTH:
                kept = [(k, v) for k, v in scope["headers"] if k != b"authorization"]
                await self.app({**scope, "headers": kept}, receive, send)
            case FaultKind.STATUS | FaultKind.HTML_PAGE:
                await _send(send, *instead(fault))
            case FaultKind.ENDLESS:
                await _endless(scope, receive, send)
            case FaultKind.CUT_BEFORE | FaultKind.UNREACHABLE:
                await _cut(scope, receive, httpx.RemoteProtocolError("Server disconnected without sending a response."))
            case FaultKind.TIMEOUT_BEFORE:
                await _hang(scope, receive)
            case _:
                await self._after(fault, scope, receive, send)

    async def _after(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        """Faults that meet the answer: the app has done its work."""
        status, headers, body = await _answer_of(self.app, scope, receive)
        match fault.kind:
            case FaultKind.LOST_ANSWER:
                await _cut(scope, receive, httpx.ReadError("connection reset"))
            case FaultKind.TIMEOUT_AFTER:
                await _hang(scope, receive)
            case FaultKind.HALF:
                await send(_start(status, {**headers, "content-length": str(len(body))}))
                await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
                await _cut(
                    scope,
                    receive,
                    httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
                )
            case _:
                await _send(send, status, *altered(fault, headers, body))


def _start(status: int, headers: Mapping[str, str]) -> Message:
    raw = [(k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


async def _send(send: Send, status: int, headers: Mapping[str, str], body: bytes) -> None:
    await send(_start(status, {**headers, "content-length": str(len(body))}))
    await send({"type": "http.response.body", "body": body})


async def _answer_of(app: ASGIApp, scope: Scope, receive: Receive) -> tuple[int, dict[str, str], bytes]:
    start: Message = {}
    parts: list[bytes] = []

    async def gather(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        else:
            parts.append(message.get("body", b""))

    await app(scope, receive, gather)
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in start["headers"]}
    return start["status"], headers, b"".join(parts)


async def _cut(scope: Scope, receive: Receive, error: httpx.TransportError) -> None:
    """End the connection where there is one; otherwise raise what httpx would."""
    cut: Callable[[], None] | None = scope.get("postroom.cut")
    if cut is None:
        raise error
    cut()
    # Before the server has noticed, returning without an answer would make it send a 500.
    await _disconnected(receive)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hang(scope: Scope, receive: Receive) -> None:
    if "postroom.cut" not in scope:
        raise httpx.ReadTimeout("no answer")
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_HANG_S):
            await _disconnected(receive)


async def _endless(scope: Scope, receive: Receive, send: Send) -> None:
    await send(_start(200, {"content-type": "application/json; charset=UTF-8"}))
    await send({"type": "http.response.body", "body": b"[", "more_body": True})
    over_sockets = "postroom.cut" in scope
    gone = asyncio.ensure_future(_disconnected(receive)) if over_sockets else None
    try:
        for _ in range(_ENDLESS_CHUNKS * (100 if over_sockets else 1)):
            if gone is not None and gone.done():
                return
            await send({"type": "http.response.body", "body": ENDLESS_CHUNK, "more_body": True})
            await asyncio.sleep(0.002 if over_sockets else 0)
        await send({"type": "http.response.body", "body": b""})
    finally:
        if gone is not None:
            gone.cancel()
