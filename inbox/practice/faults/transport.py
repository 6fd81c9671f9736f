"""The plan carried out inside one process, in front of any httpx transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import httpx

from inbox.practice.faults.plan import ENDLESS_CHUNK, Fault, FaultKind, Faults, altered, instead, judged


class _Stream(httpx.AsyncByteStream):
    """A body from an iterator."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._parts:
            yield part


async def _half(body: bytes) -> AsyncIterator[bytes]:
    yield body[: len(body) // 2]
    raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


async def _for_ever() -> AsyncIterator[bytes]:
    while True:
        yield ENDLESS_CHUNK
        await asyncio.sleep(0)


class FaultyTransport(httpx.AsyncBaseTransport):
    """Carries out the plan inside one process, in front of any transport. ``sleep`` serves "slow"."""

    def __init__(
        self,
        inner: httpx.AsyncBaseTransport,
        faults: Faults,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.inner = inner
        self.faults = faults
        self.sleep = sleep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.faults.take(request.method, request.url.path)
        if fault is None:
            return await self._pass_on(request)
        match fault.kind:
            case FaultKind.UNREACHABLE:
                raise httpx.ConnectError("All connection attempts failed", request=request)
            case FaultKind.TIMEOUT_BEFORE:
                raise httpx.ConnectTimeout("connecting took too long", request=request)
            case FaultKind.CUT_BEFORE:
                raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
            case FaultKind.STATUS | FaultKind.HTML_PAGE:
                status, headers, body = instead(fault)
                return httpx.Response(status, headers=headers, content=body, request=request)
            case FaultKind.ENDLESS:
                headers = {"content-type": "application/json; charset=UTF-8"}
                return httpx.Response(200, headers=headers, stream=_Stream(_for_ever()), request=request)
            case FaultKind.STRIP_AUTH:
                request.headers.pop("authorization", None)
                return await self._pass_on(request)
            case FaultKind.SLOW:
                patience = request.extensions.get("timeout", {}).get("read")
                if patience is None or patience >= fault.seconds:
                    await self.sleep(fault.seconds)
                    return await self._pass_on(request)
        return await self._after(fault, request)

    async def _after(self, fault: Fault, request: httpx.Request) -> httpx.Response:
        """Faults that meet the answer: the network has done its work."""
        response = await self._pass_on(request)
        body = await response.aread()
        match fault.kind:
            case FaultKind.LOST_ANSWER:
                raise httpx.ReadError("connection reset", request=request)
            case FaultKind.TIMEOUT_AFTER | FaultKind.SLOW:
                raise httpx.ReadTimeout("no answer", request=request)
            case FaultKind.HALF:
                headers = {**response.headers, "content-length": str(len(body))}
                return httpx.Response(
                    response.status_code, headers=headers, stream=_Stream(_half(body)), request=request
                )
        headers, body = altered(fault, response.headers, body)
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)

    async def _pass_on(self, request: httpx.Request) -> httpx.Response:
        token = judged.set(True)
        try:
            return await self.inner.handle_async_request(request)
        finally:
            judged.reset(token)

    async def aclose(self) -> None:
        await self.inner.aclose()
