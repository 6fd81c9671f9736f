"""X over the practice server, in this process: the same HTTP, without sockets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import httpx

from inbox.connectors.x import X
from inbox.connectors.x.channel import limits_of
from inbox.connectors.x.us import CLASSIC, HISTORY, Us
from inbox.model import Account, Rendition, UpdateKind
from inbox.practice.x import Network, x_app
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

ROOT = "https://api.x.com"


class KeptSteps:
    """Steps that live as long as the test."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}

    def read(self, key: str) -> str:
        return self.kept.get(key, "")

    def save(self, key: str, step: str) -> None:
        self.kept[key] = step


class XHarness:
    connector_class: ClassVar[type[X]] = X
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 130  # more than one page
    overlaps: ClassVar[bool] = True  # x.md section 4.1: each poll begins a quarter of an hour back

    def __init__(self, dialect: str = CLASSIC) -> None:
        self.clock = SetClock()
        self.network = Network(self.clock, address="https://x.com")
        self.network.limits = False
        self.office = self.network.add_user("harbour", "Harbour Council")
        self.vera = self.network.add_user("vera", "Vera")
        # What is answered was said before the account was signed in, so that it does not come along.
        long_ago = self.clock.now() - timedelta(days=20)
        self.root = self.network.say(self.office, "The library opens soon", at=long_ago)
        self.keys = self.network.keys_for(self.network.add_app(self.office), self.office)
        self.secret = self.keys["token_secret"]
        self.wire = Wire(httpx.ASGITransport(x_app(self.network)), self.clock)
        self.us = Us(
            id=self.office.id, username="harbour", name="Harbour Council", dialect=dialect,
            since=(self.clock.now() - HISTORY).isoformat(),
        )  # fmt: skip
        self.channel = channel_of(X, self.office.id, limits=limits_of(self.us))
        self.steps = KeptSteps()
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        own = [p for p in self.network.posts.values() if p.author_id == self.office.id]
        return [p.id for p in own if p is not self.root]

    @property
    def account(self) -> Account:
        return account_of(X, "https://x.com", "harbour", **self.us.settings())

    def connector(self) -> X:
        given = replace(room(self.wire, self.clock, self.account, KeptSecret(**self.keys)), steps=self.steps)
        self._clients.append(given.http)
        return X(given)

    def seed(self, count: int) -> list[str]:
        said: list[str] = []
        for number in range(count):
            self.clock.forward(1)
            above = self.network.posts[said[number // 2]] if number % 3 == 2 else self.root
            said.append(self.network.say(self.vera, f"@harbour Word {number} & more", to=above).id)
        return said

    def ask_privately(self, text: str) -> None:
        self.clock.forward(1)
        self.network.message(self.vera, self.office, text)

    def say_unknown(self) -> str:
        self.clock.forward(1)
        event = self.network.message(self.vera, self.office, "", kind="HologramCreate")
        return f"dm:{event.conversation_id}:{event.id}"

    def edit(self, remote_id: str, text: str) -> None:
        self.network.edit(self.network.posts[remote_id], text)

    def remove(self, remote_id: str) -> None:
        self.network.remove(self.network.posts[remote_id])

    def hold(self, remote_id: str) -> None:
        """Nothing is ever held at X."""

    def sign_out(self) -> None:
        for grant in self.network.grants:
            grant.dead = True

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return 280

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
