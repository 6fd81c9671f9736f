"""LinkedIn over the practice network, in this process: the same HTTP, without sockets."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import httpx

from inbox.connectors.linkedin import LinkedIn
from inbox.connectors.linkedin.pages import LIMITS
from inbox.connectors.linkedin.server import Place
from inbox.model import Account, Rendition, UpdateKind
from inbox.practice.linkedin import Comment, Network, linkedin_app
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

ROOT = "http://localhost:1"


class KeptSteps:
    """How far deliveries got, as long as the test lives."""

    def __init__(self) -> None:
        self.steps: dict[str, str] = {}

    def read(self, key: str) -> str:
        return self.steps.get(key, "")

    def save(self, key: str, step: str) -> None:
        self.steps[key] = step


class LinkedInHarness:
    connector_class: ClassVar[type[LinkedIn]] = LinkedIn
    # The answer to a post has no body that could break: its name stands in a header. Reading: test_linkedin_polling.
    breaks: ClassVar[frozenset[Break]] = frozenset(Break) - {Break.BROKEN_BODY}
    many: ClassVar[int] = 130  # more than two pages of notifications
    overlaps: ClassVar[bool] = False  # what is read twice on purpose is handed on once

    def __init__(self, **odd: object) -> None:
        self.clock = SetClock()
        self.network = Network(self.clock)
        self.network.calls_a_day = self.network.app_calls_a_day = 1_000_000
        for name, value in odd.items():
            setattr(self.network, name, value)
        self.page = self.network.add_organization("Harbour Council")
        self.admin = self.network.add_member("Ada", "Admin")
        self.network.appoint(self.admin, self.page)
        self.network.add_app()
        self.vera = self.network.add_member("Vera", "Citizen")
        self.secret = self.network.token_for(self.admin)
        self.news = self.network.publish(self.page.urn, "The quay is open again.")
        self.before = {*self.network.posts, *self.network.comments}
        self.wire = Wire(httpx.ASGITransport(linkedin_app(self.network)), self.clock)
        self.steps = KeptSteps()
        found = channel_of(LinkedIn, self.page.urn, limits=LIMITS)
        self.channel = replace(found, title=self.page.name)
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        posts = [p.urn for p in self.network.posts.values() if p.author == self.page.urn and p.urn not in self.before]
        return [*posts, *(c.urn for c in self.network.comments.values() if c.actor == self.page.urn)]

    @property
    def account(self) -> Account:
        place = Place(api=ROOT, www=ROOT, member=self.admin.urn)
        return account_of(LinkedIn, ROOT, self.admin.urn, **place.settings())

    def connector(self) -> LinkedIn:
        given = room(self.wire, self.clock, self.account, KeptSecret(token=self.secret))
        self._clients.append(given.http)
        return LinkedIn(replace(given, steps=self.steps))

    def seed(self, count: int) -> list[str]:
        said: list[Comment] = []
        for number in range(count):
            self.clock.forward(1)
            to = said[number // 2] if number % 3 == 2 else None
            said.append(self.network.comment(self.vera.urn, self.news, f"Word {number} & more", to=to))
        return [comment.urn for comment in said]

    def ask_privately(self, text: str) -> None:
        """LinkedIn shows private messages to no program."""

    def say_unknown(self) -> str:
        self.clock.forward(1)
        return f"notification:{self.network.tell_unknown(self.page).id}"

    def edit(self, remote_id: str, text: str) -> None:
        self.network.edit_comment(self._comment(remote_id), text)

    def remove(self, remote_id: str) -> None:
        self.network.remove_comment(self._comment(remote_id))

    def hold(self, remote_id: str) -> None:
        """Nothing is ever held at LinkedIn."""

    def sign_out(self) -> None:
        self.network.tokens[self.secret].revoked = True

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return 1_250 if kind is UpdateKind.REPLY else 3_000

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id, context=self.news.urn)

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    def _comment(self, remote_id: str) -> Comment:
        return next(c for c in self.network.comments.values() if c.urn == remote_id)
