"""Mastodon over the practice server, in this process: the same HTTP, without sockets."""

from __future__ import annotations

from typing import ClassVar, cast

import httpx

from inbox.connectors.mastodon import Mastodon
from inbox.connectors.mastodon.instance import capabilities_of
from inbox.connectors.mastodon.server import Server
from inbox.model import Account, Rendition, UpdateKind
from inbox.practice.mastodon import MODERN, Flavour, Place, mastodon_app
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

ROOT = "https://town.example"


class MastodonHarness:
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 190  # more than two pages
    overlaps: ClassVar[bool] = True  # mastodon.md section 4: each poll begins two minutes back

    def __init__(self, flavour: Flavour = MODERN) -> None:
        self.clock = SetClock()
        self.place = Place(clock=self.clock, domain="town.example", flavour=flavour)
        self.place.limits = {kind: (1_000_000, window_s) for kind, (_, window_s) in self.place.limits.items()}
        self.office = self.place.add_person("office", "Harbour Council")
        self.vera = self.place.add_person("vera", "Vera", domain="far.example")
        self.secret = self.place.token_for(self.office)
        self.wire = Wire(httpx.ASGITransport(mastodon_app(self.place)), self.clock)
        able = capabilities_of(Server.of(self.account))
        # What a server does not have is not tested there: its connector can do less.
        self.connector_class = cast("type[Mastodon]", type("Mastodon", (Mastodon,), {"capabilities": able}))
        self.channel = channel_of(self.connector_class, "office@town.example")
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        scheduled = [f"scheduled:{s.id}" for s in self.place.scheduled.values() if s.person_id == self.office.id]
        return [*self.office.statuses, *scheduled]

    @property
    def account(self) -> Account:
        server = Server(
            root=ROOT,
            domain="town.example",
            account_id=self.office.id,
            acct="office",
            name="Harbour Council",
            software=self.place.flavour.software,
            api=self.place.flavour.api_version or 0,
            streaming=ROOT,
        )
        return account_of(Mastodon, ROOT, server.handle, **server.settings())

    def connector(self) -> Mastodon:
        given = room(self.wire, self.clock, self.account, KeptSecret(token=self.secret))
        self._clients.append(given.http)
        return self.connector_class(given)

    def seed(self, count: int) -> list[str]:
        said: list[str] = []
        for number in range(count):
            self.clock.forward(1)
            parent = self.place.statuses[said[number // 2]] if number % 3 == 2 else None
            # Each by somebody else: a writer's number of posts stands in every post of theirs, and in its raw form.
            writer = self.place.add_person(f"citizen{len(self.place.people)}", "Citizen", domain="far.example")
            said.append(self.place.say(writer, f"@office Word {number} & more", to=parent).id)
        return said

    def ask_privately(self, text: str) -> None:
        self.clock.forward(1)
        self.place.ask_privately(self.vera, self.office, text)

    def say_unknown(self) -> str:
        self.clock.forward(1)
        notice = self.place.notify(self.office, "hologram", self.vera)
        assert notice is not None
        return f"notification:{notice.id}"

    def edit(self, remote_id: str, text: str) -> None:
        status = self.place.statuses[remote_id]
        self.place.edit(status, text)

    def remove(self, remote_id: str) -> None:
        self.place.remove(self.place.statuses[remote_id])

    def hold(self, remote_id: str) -> None:
        """Nothing is ever held at Mastodon."""

    def sign_out(self) -> None:
        self.place.revoke(self.secret)

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return self.place.flavour.max_characters

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()
