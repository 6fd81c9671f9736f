"""Bluesky over the practice network, in this process: the same HTTP, without sockets."""

from __future__ import annotations

from typing import Any, ClassVar

import httpx

from inbox.connectors.bluesky import Bluesky
from inbox.connectors.bluesky.channel import TEXT_BYTES
from inbox.model import Account as OurAccount
from inbox.model import Capability, Rendition, UpdateKind
from inbox.practice.bluesky.app import bluesky_app
from inbox.practice.bluesky.chat import Chat
from inbox.practice.bluesky.ids import stamp
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import POST, Account, Record
from inbox.practice.bluesky.tokens import APP, PRIVILEGED, Tokens
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

HOME = "https://pds.example"


class BlueskyHarness:
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 230  # more than two pages
    overlaps: ClassVar[bool] = False

    def __init__(self, *, chat: bool = True) -> None:
        self.clock = SetClock()
        self.network = Network(self.clock)
        self.tokens = Tokens(self.network)
        self.city = self.network.add_account("city", "The city")
        self.vera = self.network.add_account("vera", "Vera")
        self._access, self._refresh = self.tokens.sign_in(self.city, PRIVILEGED if chat else APP)
        self.secret = self._refresh.text
        self.chat = Chat(self.network) if chat else None  # without: as the real servers where no such service answers
        served = bluesky_app(self.network, tokens=self.tokens, chat=self.chat)
        self.wire = Wire(httpx.ASGITransport(served), self.clock)
        able = Bluesky.capabilities if chat else Bluesky.capabilities & ~Capability.DIRECT
        # What a service does not have is not tested there: its connector can do less.
        self.connector_class = type("Bluesky", (Bluesky,), {"capabilities": able})
        self.channel = channel_of(self.connector_class, self.city.did)
        self._kept = KeptSecret(access=self._access.text, refresh=self._refresh.text)
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        return [record.uri for record in self.network.repos[self.city.did].get(POST, {}).values()]

    @property
    def account(self) -> OurAccount:
        place = {"did": self.city.did, "handle": self.city.handle, "server": HOME, "name": "The city"}
        return account_of(Bluesky, self.city.did, self.city.did, **place)

    def connector(self) -> Bluesky:
        given = room(self.wire, self.clock, self.account, self._kept)
        self._clients.append(given.http)
        return self.connector_class(given)

    def seed(self, count: int) -> list[str]:
        said: list[Record] = []
        for number in range(count):
            self.clock.forward(1)
            parent = said[number // 2] if number % 3 == 2 else None
            said.append(self.say(self.vera, f"Word {number} & more", parent=parent))
        return [record.uri for record in said]

    def say(self, who: Account, text: str, *, parent: Record | None = None, naming: bool = True) -> Record:
        """Somebody says something, to the city unless told otherwise."""
        value: dict[str, Any] = {"$type": POST, "text": text, "createdAt": stamp(self.network.now())}
        if naming:
            value["text"] = f"@{self.city.handle} {text}"
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": self.city.did}
            end = len(self.city.handle) + 1
            value["facets"] = [{"index": {"byteStart": 0, "byteEnd": end}, "features": [feature]}]
        if parent is not None:
            root = parent.value["reply"]["root"] if "reply" in parent.value else parent.ref
            value["reply"] = {"root": root, "parent": parent.ref}
        return self.network.write(who, POST, value)

    def ask_privately(self, text: str) -> None:
        assert self.chat is not None
        self.clock.forward(1)
        self.chat.say(self.vera, self.city, text)

    def say_unknown(self) -> str:
        self.clock.forward(1)
        record = self.say(self.vera, "A hologram")
        told = self.network.notifications[self.city.did]
        next(n for n in told if n.record is record).reason = "hologram"
        return f"notification:{record.uri}#hologram"

    def edit(self, remote_id: str, text: str) -> None:
        record = self._record(remote_id)
        self.network.write(self.vera, POST, {**record.value, "text": text}, rkey=record.rkey)

    def remove(self, remote_id: str) -> None:
        self.network.erase(self._record(remote_id))

    def hold(self, remote_id: str) -> None:
        self.network.taken_down.add(remote_id)  # nothing waits for approval here: a moderator takes it away

    def sign_out(self) -> None:
        self.tokens.end_all(self.city)

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return TEXT_BYTES

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    def _record(self, remote_id: str) -> Record:
        record = self.network.find(remote_id)
        assert record is not None
        return record
