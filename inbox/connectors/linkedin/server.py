"""The signed-in door to LinkedIn: its wire rules, each call counted, its answers judged (linkedin.md section 3).

There are no quota headers and only 100 calls a day for one member, so every call is counted here, by UTC day, before
anybody waits for an answer. Answers are judged by status and code; their sentences may name what members wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, fail_by_status, request, retry_at
from inbox.connectors.linkedin import tokens, versions
from inbox.connectors.linkedin.restli import Value, encode, query
from inbox.connectors.linkedin.urns import comment_urn, number_of, object_of
from inbox.errors import BadReply, NotAllowed, Offline, OutcomeUnknown, RateLimited, Rejected, SignInNeeded, Unavailable
from inbox.metering import Allowance, Period, Unit
from inbox.model import Account, Problem

API: Final = "https://api.linkedin.com"
WWW: Final = "https://www.linkedin.com"
CALLS: Final = "calls"
DAILY: Final = Allowance(
    name=CALLS, title="Calls to LinkedIn today", unit=Unit.CALLS, period=Period.DAY, limit=100, reserve=25,
    settable=True,
    source="Development tier: 100 calls a member and day (linkedin.md section 0, read 2026-11-23)",
)  # fmt: skip
PER_PAGE: Final = 50
DEFAULT_PER_PAGE: Final = 10
"""What LinkedIn gives when nobody asks for more: taken where it refuses our larger pages."""
WAIT_AFTER_WRITING: Final = timedelta(minutes=1)
WAIT_AFTER_READING: Final = timedelta(minutes=30)
NO_SCOPE: Final = 100
_POLLS_HELD: Final = 30
_DEEDS_HELD: Final = 20
"""Before anything else is read, so many polls at most are kept ready for the rest of a day, and so many deeds of people
besides the reserve."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where LinkedIn is and who is signed in there; kept in the account's settings."""

    api: str = API
    www: str = WWW
    member: str = ""
    scopes: frozenset[str] = frozenset()  # empty: not known

    @classmethod
    def of(cls, account: Account) -> Place:
        """The place as the account's settings describe it."""
        kept = account.settings
        return cls(
            api=kept.get("api", "") or API,
            www=kept.get("www", "") or WWW,
            member=kept.get("member", ""),
            scopes=frozenset(kept.get("scopes", "").split()),
        )

    def settings(self) -> dict[str, str]:
        """The same as strings, for the account's settings."""
        return {"api": self.api, "www": self.www, "member": self.member, "scopes": " ".join(sorted(self.scopes))}

    def lacks(self, *scopes: str) -> list[str]:
        """Those of the rights that we know not to have."""
        return [scope for scope in scopes if self.scopes and scope not in self.scopes]


@dataclass(kw_only=True, slots=True)
class Session:
    """What one run of the connector remembers; a restart that forgets it only asks once more."""

    refused: set[str] = field(default_factory=set)  # versions that are not active
    asked_at: dict[str, datetime] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)  # parts that this sign-in may not read
    closed: set[str] = field(default_factory=set)  # posts of ours whose comments it may not read
    small_pages: bool = False
    names: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)  # by URN: name, page, when; 24 hours
    answers: dict[str, str] = field(default_factory=dict)  # comments of this run, and what each answers ("": none)
    looked: set[str] = field(default_factory=set)  # comments already read once because somebody looked at an answer

    def due(self, what: str, now: datetime, every: timedelta) -> bool:
        """Whether it is time to ask for this again."""
        last = self.asked_at.get(what)
        return what not in self.absent and (last is None or now - last >= every)


class Api:
    """One piece of work at LinkedIn. ``person``: somebody waits for it, so it may use what is kept for people."""

    def __init__(self, room: Room, place: Place, session: Session, *, person: bool = False) -> None:
        self.place = place
        self.session = session
        self.clock = room.clock
        self.account = room.account.title
        self.room = room
        self.requests = 0
        self._person = person

    def now(self) -> datetime:
        """The present moment of our own clock."""
        return self.clock.now()

    def today(self) -> str:
        """LinkedIn's own day, which is that of UTC."""
        return self.now().astimezone(UTC).date().isoformat()

    @property
    def version(self) -> str:
        """The version we speak now."""
        return versions.choose(self.now().date(), self.session.refused)

    def spare(self) -> int:
        """Calls that may go into more than the next polls: what is left for reading today, less one for each poll
        that is still to come, and less what people may want beyond the reserve."""
        left = self.room.meter.left(CALLS)
        if left is None:
            return 1_000_000
        now = self.now().astimezone(UTC)
        rest = timedelta(days=1) - timedelta(hours=now.hour, minutes=now.minute, seconds=now.second)
        return left - min(int(rest / timedelta(minutes=20)), _POLLS_HELD) - _DEEDS_HELD

    async def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, Value] | None = None,
        *,
        what: str,
        json: Any = None,
        restli: str = "",
    ) -> Reply:
        """Send one call and return the answer unjudged, but for a dead token, a dead version and too many calls."""
        address = f"{self.place.api}{path}" + (f"?{query(params)}" if params else "")
        token, renewed = await tokens.current(self.room, self.place.www), False
        while True:
            version = self.version
            headers = {
                "Authorization": f"Bearer {token}",
                "LinkedIn-Version": version,
                "X-Restli-Protocol-Version": "2.0.0",
                **({"X-RestLi-Method": restli} if restli else {}),
            }
            reply = await self._sent(method, address, headers, json, what)
            if reply.status == 426:
                self._step(version, reply)
            elif reply.status == 401 and not renewed and tokens.can_refresh(self.room.secret.read()):
                token, renewed = await tokens.refreshed(self.room, self.place.www, token), True
            else:
                return reply

    async def upload(self, url: str, body: bytes, kind: str) -> Reply:
        """Raw bytes to where LinkedIn asked for them."""
        token = await tokens.current(self.room, self.place.www)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": kind}
        return await self._sent("PUT", url, headers, None, "media uploaded", content=body, timeout_s=300)

    async def one(self, path: str, params: Mapping[str, Value] | None = None, *, what: str) -> Mapping[str, Any]:
        """One object. Raises NotFound where there is none."""
        reply = await self.ask("GET", path, params, what=what)
        self.judge(reply, what)
        return mapping(reply, what)

    async def page(
        self, path: str, params: Mapping[str, Value], start: int, *, what: str, finder: bool = True
    ) -> tuple[list[Any], bool]:
        """One page of a list and whether another follows: a next link, or a total that is not reached. A page that
        is merely short says nothing."""
        restli = "FINDER" if finder else "GET_ALL"
        count = DEFAULT_PER_PAGE if self.session.small_pages else PER_PAGE
        reply = await self.ask("GET", path, {**params, "start": start, "count": count}, what=what, restli=restli)
        if reply.status == 400 and start == 0 and count > DEFAULT_PER_PAGE:
            asked = {**params, "start": start, "count": DEFAULT_PER_PAGE}
            reply = await self.ask("GET", path, asked, what=what, restli=restli)
            self.session.small_pages = reply.status == 200
        self.judge(reply, what)
        answer = mapping(reply, what)
        elements = answer.get("elements")
        if not isinstance(elements, list):
            raise BadReply(f"{what}: no elements, {reply.words()}", account=self.account, status=reply.status)
        paging = answer.get("paging")
        paging = paging if isinstance(paging, Mapping) else {}
        links, total = paging.get("links"), paging.get("total")
        linked = isinstance(links, list) and any(isinstance(k, Mapping) and k.get("rel") == "next" for k in links)
        counted = isinstance(total, int) and start + len(elements) < total
        return elements, bool(elements) and (linked or counted)

    def judge(self, reply: Reply, what: str) -> None:
        """Return for 2xx; else raise the error that names who has to act."""
        judge(reply, what, account=self.account)

    async def _sent(
        self, method: str, url: str, headers: Mapping[str, str], json: Any, what: str, *,
        content: bytes | None = None, timeout_s: float = 30,
    ) -> Reply:  # fmt: skip
        self.room.meter.need(CALLS, 1, person=self._person)
        self.requests += 1
        try:
            reply = await request(
                self.room.http, method, url, headers=headers, json=json, content=content, timeout_s=timeout_s,
                clock=self.clock, account=self.account, judged={429},
            )  # fmt: skip
        except Offline:
            raise  # it never left, so LinkedIn did not count it
        except (Unavailable, OutcomeUnknown):
            self.room.meter.spend(CALLS, 1, what)
            raise
        self.room.meter.spend(CALLS, 1, what)
        if reply.status == 429:  # of a minute, an hour or the whole day: LinkedIn does not say
            wait = WAIT_AFTER_READING if method == "GET" else WAIT_AFTER_WRITING
            until = retry_at(reply.headers, self.clock) or self.now() + wait
            raise RateLimited("LinkedIn asks us to wait", retry_at=until, account=self.account, status=429)
        return reply

    def _step(self, version: str, reply: Reply) -> None:
        """The version is not active: the next one, as long as there is one."""
        self.session.refused.add(version)
        if not self.version:
            raise NotAllowed(
                "LinkedIn does not speak any version of its interface that Postroom knows",
                hint="Install a newer Postroom.", account=self.account, status=reply.status,
            )  # fmt: skip


def judge(reply: Reply, what: str, *, account: str = "") -> None:
    """Return for 2xx; else raise by status and code: 401 is a grant that is gone, 403 a role or a right."""
    status = reply.status
    if 200 <= status < 300:
        return
    if status == 401:
        raise SignInNeeded("LinkedIn does not accept this sign-in any more", hint=tokens.LOST_HINT, account=account,
                           status=status)  # fmt: skip
    if status == 403 and lacks_scope(reply):
        raise NotAllowed(
            f"{what}: the app was not given this right",
            hint="The Community Management API has to be approved for the organisation's app, and the sign-in renewed.",
            account=account, status=status,
        )  # fmt: skip
    if status == 403:
        raise NotAllowed(
            f"{what}: LinkedIn does not allow it to whoever signed in",
            hint="Ask whether this person is still an administrator of the page.", account=account, status=status,
        )  # fmt: skip
    if 300 <= status < 400:
        raise Unavailable(f"{what}: LinkedIn sends us elsewhere", account=account, status=status)
    fail_by_status(reply, account=account, what=what)


def lacks_scope(reply: Reply) -> bool:
    """A 403 because of the app's rights, not because of whose thing it is."""
    return error_of(reply).get("serviceErrorCode") == NO_SCOPE


def error_of(reply: Reply) -> Mapping[str, Any]:
    """The error an answer holds; empty when it is none of LinkedIn's own."""
    try:
        answer = reply.json("error")
    except BadReply:
        return {}
    return answer if isinstance(answer, Mapping) else {}


def mapping(reply: Reply, what: str) -> Mapping[str, Any]:
    """The object in an answer. Raises BadReply for anything else."""
    value = reply.json(what)
    if not isinstance(value, Mapping):
        raise BadReply(f"{what}: expected an object, got {reply.words()}", status=reply.status)
    return value


def made_id(reply: Reply) -> str:
    """The id of what a create made: it stands in a header, the body is often empty."""
    return str(reply.headers.get("x-restli-id") or reply.headers.get("x-linkedin-id") or "").strip()


def reject(words: str, *, where: str = "text", account: str = "") -> NoReturn:
    """Refuse a rendition in words for the person who can edit it."""
    raise Rejected(problems=(Problem(words=words, where=where),), account=account)


def comment_path(urn: str) -> str:
    """Where one comment is read, changed and deleted."""
    urn = comment_urn(urn)
    return f"/rest/socialActions/{encode(object_of(urn))}/comments/{number_of(urn)}"
