"""The only way out of practice mode: to the town's own servers on this machine, and nowhere else."""

from __future__ import annotations

import httpx

from inbox.connectors import http

_HERE = {"127.0.0.1", "::1"}


class LoopbackOnly(httpx.AsyncBaseTransport):
    """Refuses every address that is not this machine's own loopback, before a connection is made."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host not in _HERE:
            raise httpx.ConnectError(f"practice mode does not reach {request.url.host}", request=request)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def practice_client() -> httpx.AsyncClient:
    """The HTTP client of an engine that practises."""
    return http.client(transport=LoopbackOnly())
