"""The signed-in door to X: one request, its answer judged, its price noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode

from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, request
from inbox.connectors.x import prices, tokens
from inbox.connectors.x.parsing import either
from inbox.connectors.x.problems import date_of, judge
from inbox.connectors.x.purse import Purse
from inbox.connectors.x.signing import has_keys, headers_for
from inbox.connectors.x.us import Us
from inbox.errors import BadReply, OutcomeUnknown

REMEMBERED: Final = 5_000
_JUDGED: Final = frozenset({429})


@dataclass(kw_only=True, slots=True)
class Session:
    """What one run of the connector remembers; a restart that forgets it loses nothing."""

    read_at: dict[str, datetime] = field(default_factory=dict)
    """When a message was last read, by its id."""
    no_direct: bool = False
    """X refused us the direct messages."""

    def read(self, ids: Iterable[str], now: datetime) -> None:
        """These were read just now."""
        for one in ids:
            self.read_at.pop(one, None)
            self.read_at[one] = now
        while len(self.read_at) > REMEMBERED:
            del self.read_at[next(iter(self.read_at))]


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """One page of a list."""

    items: tuple[Any, ...] = ()
    users: tuple[Mapping[str, Any], ...] = ()
    posts: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[Mapping[str, Any], ...] = ()
    token: str = ""


class Api:
    """One account's access. ``person``: somebody waits for it, so the reserve of the budget is theirs."""

    def __init__(self, room: Room, us: Us, session: Session, *, person: bool) -> None:
        self.us = us
        self.clock = room.clock
        self.steps = room.steps
        self.account = room.account.title
        self.purse = Purse(room.meter, room.account.id, person=person)
        self.requests = 0
        self.skew = timedelta(0)  # our clock minus X's, as last seen
        self.session = session
        self._room = room

    def now(self) -> datetime:
        """The present moment of our own clock."""
        return self.clock.now()

    async def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        json: Any = None,
        files: Any = None,
        timeout_s: float = 30,
    ) -> Reply:
        """Send one request and return the answer unjudged. A token that died is renewed once, and it is sent again."""
        # Percent-encoded as RFC 3986 has it: what is signed is what is sent.
        query = f"?{urlencode(params, quote_via=quote, safe='')}" if params else ""
        url = f"{self.us.api}{path}{query}"
        parts = await tokens.usable(self._room, self.us)
        for again in (False, True):
            self.requests += 1
            reply = await request(
                self._room.http,
                method,
                url,
                headers=headers_for(parts, method, url, self.now()),
                json=json,
                files=files,
                timeout_s=timeout_s,
                clock=self.clock,
                account=self.account,
                judged=_JUDGED,
            )
            if reply.status != 401 or again or has_keys(parts):
                break
            parts = await tokens.renewed(self._room, self.us, parts)
        self._note(reply)
        return reply

    async def page(self, path: str, params: Mapping[str, str], *, kind: str, price: int, what: str) -> Page:
        """One page of a list, paid for. ``kind``: "post", "user" or "dm"."""
        reply = await self.ask("GET", path, params)
        judge(reply, what, self.clock, account=self.account)
        answer = reply.json(what)
        if not isinstance(answer, Mapping):
            raise BadReply(f"{what}: expected an object, got {reply.words()}", account=self.account)
        included = answer.get("includes")
        along: Mapping[str, Any] = included if isinstance(included, Mapping) else {}
        users, posts = _mappings(along.get("users")), _mappings(either(along, "tweets", "posts"))
        data = answer.get("data")
        if data is not None and not isinstance(data, list):
            raise BadReply(f"{what}: expected a list, got {reply.words()}", account=self.account)
        items = tuple(data or ())
        due = _priced("user", users, prices.read("user")) | _priced("post", posts, prices.read("post"))
        self.purse.read(due | _priced(kind, items, price), what)
        meta = answer.get("meta")
        return Page(
            items=items,
            users=users,
            posts={str(p["id"]): p for p in posts if p.get("id")},
            missing=_mappings(answer.get("errors")),
            token=str(meta.get("next_token") or "") if isinstance(meta, Mapping) else "",
        )

    async def write(
        self, method: str, path: str, json: Any = None, *, what: str, price: int, gone: bool = False
    ) -> Mapping[str, Any]:
        """Change something that may be repeated, paid for; the ``data`` of the answer. ``gone``: that what it is about
        is not there is as good."""
        reply = await self.send(method, path, json, what=what, price=price)
        if gone and reply.status == 404:
            return {}
        judge(reply, what, self.clock, account=self.account, writing=True)
        return self.data(reply, what)

    async def send(self, method: str, path: str, json: Any, *, what: str, price: int) -> Reply:
        """Send something that costs; the answer unjudged. A refusal is free; what may have arrived counts as paid."""
        with self.purse.hold(price):
            try:
                reply = await self.ask(method, path, json=json, timeout_s=60)
            except OutcomeUnknown:
                self.purse.wrote(price, f"{what} (answer lost)")
                raise
            if 200 <= reply.status < 300:
                self.purse.wrote(price, what)
        return reply

    def data(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The ``data`` in the answer to a write; when that cannot be read, nobody knows what was made."""
        try:
            answer = reply.json(what)
        except BadReply as error:
            raise OutcomeUnknown(error.detail, account=self.account, status=reply.status) from None
        data = answer.get("data") if isinstance(answer, Mapping) else None
        if not isinstance(data, Mapping):
            raise OutcomeUnknown(f"{what}: the answer holds nothing", account=self.account, status=reply.status)
        return data

    def _note(self, reply: Reply) -> None:
        there = date_of(reply)
        if there is not None:
            self.skew = self.now() - there


def _mappings(value: Any) -> tuple[Mapping[str, Any], ...]:
    return tuple(one for one in value if isinstance(one, Mapping)) if isinstance(value, list) else ()


def _priced(kind: str, items: Iterable[Any], price: int) -> dict[str, int]:
    return {f"{kind}:{one['id']}": price for one in items if isinstance(one, Mapping) and one.get("id")}
