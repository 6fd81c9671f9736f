"""The Bluesky connector signed in at a real network."""

from __future__ import annotations

import httpx

from inbox.connectors.bluesky import Bluesky
from tests.servers.bluesky_network import UNLIMITED, BlueskyNetwork
from tests.servers.desk import Desk, signed_in


class Unlimited(httpx.AsyncBaseTransport):
    """Marks each request as a test's, so that sign-ins are not counted."""

    def __init__(self) -> None:
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers.update(UNLIMITED)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


async def desk_at(network: BlueskyNetwork, name: str = "org", password: str = "") -> Desk:
    """Signed in with an app password."""
    account = network.state["accounts"][name]
    answers = {"password": password or account["appPassword"]}
    return await signed_in(Bluesky, f"{account['handle']}@{network.service}", answers, Unlimited())
