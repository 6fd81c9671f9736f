"""A practice Mastodon with the recorded cast, and one call to it in this process."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from PIL import Image

from inbox.practice.faults import Faults
from inbox.practice.mastodon import MODERN, Flavour, Person, Place, mastodon_app
from tests.practice.conftest import StillClock

HOME = "http://town.example"


class Stage:
    """``office`` is ours, ``lena`` another local person, ``vera`` lives on another server."""

    def __init__(self, flavour: Flavour = MODERN) -> None:
        self.clock = StillClock(datetime(2026, 8, 1, 13, 50, 0, 459402, tzinfo=UTC))
        self.place = Place(clock=self.clock, domain="town.example", flavour=flavour)
        self.faults = Faults()
        self.office = self.place.add_person("office", "Harbour Council", fields=[("web", "harbour.example")])
        self.lena = self.place.add_person("lena", "Lena")
        self.vera = self.place.add_person("vera", "Vera", domain="far.example")
        self.app = mastodon_app(self.place, self.faults)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=HOME)
        self.tokens: dict[str, str] = {}

    def token(self, person: Person, scopes: str = "read write follow push") -> str:
        key = f"{person.id} {scopes}"
        if key not in self.tokens:
            self.tokens[key] = self.place.token_for(person, scopes)
        return self.tokens[key]

    async def call(self, method: str, path: str, by: Person | str | None = "office", **how: Any) -> httpx.Response:
        """One API call as somebody (None: a visitor)."""
        person = self.office if isinstance(by, str) else by
        headers = {"Authorization": f"Bearer {self.token(person)}"} if person is not None else {}
        return await self.http.request(method, path, headers={**headers, **how.pop("headers", {})}, **how)

    async def get(self, path: str, by: Person | str | None = "office", **params: Any) -> Any:
        answer = await self.call("GET", path, by, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, by: Person | str | None = "office", **body: Any) -> Any:
        answer = await self.call("POST", path, by, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tick(self, seconds: float = 1) -> None:
        self.clock.move(seconds)

    def later(self, seconds: float) -> str:
        """A time from now as a client writes it."""
        return (self.clock.now() + timedelta(seconds=seconds)).isoformat()

    async def upload(self, kind: str = "image/png", **form: str) -> httpx.Response:
        return await self.call("POST", "/api/v2/media", files={"file": ("a", picture(kind), kind)}, data=form)


def picture(kind: str = "image/png", size: tuple[int, int] = (64, 36)) -> bytes:
    """A real picture; for videos any bytes do."""
    if not kind.startswith("image/"):
        return b"moving pictures"
    out = io.BytesIO()
    Image.new("RGB", size, (10, 90, 140)).save(out, kind.removeprefix("image/"))
    return out.getvalue()
