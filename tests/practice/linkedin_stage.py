"""A practice LinkedIn with the recorded cast, and one call to it in this process."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx

from inbox.practice.faults import Faults
from inbox.practice.linkedin import Network, linkedin_app
from tests.practice.conftest import StillClock

HOME = "http://linkedin.example"


class Stage:
    """``page`` is ours, ``ada`` administers it, ``vera`` is somebody else."""

    def __init__(self) -> None:
        self.clock = StillClock(datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
        self.network = Network(self.clock)
        self.network.calls_a_day = self.network.app_calls_a_day = 10_000
        self.faults = Faults()
        self.page = self.network.add_organization("Harbour Council")
        self.ada = self.network.add_member("Ada", "Admin")
        self.network.appoint(self.ada, self.page)
        self.network.add_app()
        self.vera = self.network.add_member("Vera", "Citizen", headline="Neighbour")
        self.token = self.network.token_for(self.ada)
        self.post = self.network.publish(self.page.urn, "News")
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(linkedin_app(self.network, self.faults)))

    async def call(
        self, method: str, path: str, *, version: str = "202609", token: str = "", restli: str = "", **how: Any
    ) -> httpx.Response:
        """One call; ``path`` with its query as it goes over the wire."""
        headers = {
            "Authorization": f"Bearer {token or self.token}", "X-Restli-Protocol-Version": "2.0.0",
            "LinkedIn-Version": version, **({"X-RestLi-Method": restli} if restli else {}),
        }  # fmt: skip
        named = {n: v for n, v in headers.items() if v}
        return await self.http.request(method, f"{HOME}{path}", headers={**named, **how.pop("headers", {})}, **how)

    async def get(self, path: str, **how: Any) -> Any:
        answer = await self.call("GET", path, **how)
        assert answer.status_code == 200, answer.text
        return answer.json()
