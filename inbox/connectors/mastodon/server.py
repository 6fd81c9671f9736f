"""One server and our account there: addresses, the signed-in request, and the server's answers judged.

Judged by HTTP status alone: the texts of errors are translated, and a 404 or 502 may be a proxy's web page
(mastodon.md sections 9 and 10).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, fail_by_status, host_of, request, retry_at
from inbox.errors import BadReply, NotFound, OutcomeUnknown, RateLimited, Rejected, SignInNeeded, Unavailable
from inbox.model import Account, Problem

Params = Sequence[tuple[str, str]]

LOST_HINT: Final = "Postroom's permission was withdrawn there, or has ended. Sign in again."
SPARED: Final = 20
"""So many requests of each window are left to the person at the window; background reading stops there."""
LONGEST_WINDOW: Final = timedelta(hours=3)
_PAGING: Final = frozenset({"max_id", "min_id", "since_id"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """What signing in established about a server and our account there; kept in the account's settings."""

    root: str
    domain: str = ""
    account_id: str = ""
    acct: str = ""  # without the domain, as the server names its own people
    name: str = ""
    software: str = ""
    api: int = 0  # api_versions.mastodon; 0 where the server names none
    streaming: str = ""
    hosts: frozenset[str] = frozenset()  # whose pictures may be shown: the server's own
    scopes: frozenset[str] = frozenset()  # empty: not known

    @classmethod
    def of(cls, account: Account) -> Server:
        """The server as the account's settings describe it."""
        kept = account.settings
        api = kept.get("api", "")
        return cls(
            root=kept.get("root", ""),
            domain=kept.get("domain", ""),
            account_id=kept.get("account_id", ""),
            acct=kept.get("acct", ""),
            name=kept.get("name", account.title),
            software=kept.get("software", ""),
            api=int(api) if api.isdigit() else 0,
            streaming=kept.get("streaming", ""),
            hosts=frozenset(kept.get("hosts", "").split()),
            scopes=frozenset(kept.get("scopes", "").split()),
        )

    def settings(self) -> dict[str, str]:
        """The same as strings, for the account's settings."""
        return {
            "root": self.root,
            "domain": self.domain,
            "account_id": self.account_id,
            "acct": self.acct,
            "name": self.name,
            "software": self.software,
            "api": str(self.api or ""),
            "streaming": self.streaming,
            "hosts": " ".join(sorted(self.hosts)),
            "scopes": " ".join(sorted(self.scopes)),
        }

    @property
    def handle(self) -> str:
        """How the whole network names us: ``council@town.example``."""
        return f"{self.acct}@{self.domain}"

    def full(self, acct: str) -> str:
        """A handle as the whole network writes it; the server leaves its own domain out."""
        return acct if "@" in acct or not acct or not self.domain else f"{acct}@{self.domain}"

    def may(self, scope: str) -> bool:
        """Whether our token was given this right; what is not known is tried."""
        return not self.scopes or scope in self.scopes or scope.partition(":")[0] in self.scopes

    def trusts(self, url: str) -> bool:
        """Whether a picture's address is the server's own, so that loading it tells no stranger anything."""
        return bool(url) and host_of(url) in self.hosts | {host_of(self.root)}


@dataclass(kw_only=True, slots=True)
class Session:
    """What one run of the connector remembers; a restart that forgets it only asks a little sooner."""

    budgets: dict[str, tuple[int, datetime]] = field(default_factory=dict)
    """Requests left and until when, for plain and for paged reading."""
    asked_at: dict[str, datetime] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)
    """Parts of the interface that this server does not have."""
    filtered: frozenset[str] = frozenset()
    """Account ids whose messages the server's filter keeps back, as last asked."""

    def due(self, what: str, now: datetime, every_s: int) -> bool:
        """Whether it is time to ask for this again."""
        last = self.asked_at.get(what)
        return what not in self.absent and (last is None or now - last >= timedelta(seconds=every_s))


class Api:
    """The signed-in door to one server. ``background``: nobody waits for it, so it stops before the limit."""

    def __init__(self, room: Room, server: Server, session: Session, *, background: bool = False) -> None:
        self.server = server
        self.session = session
        self.clock = room.clock
        self.http = room.http
        self.requests = 0
        self.skew = timedelta(0)  # our clock minus the server's, as last seen
        self.spoke_itself = False  # whether the last answer was the server's own, and no proxy's page
        self._room = room
        self._background = background
        self.account = room.account.title

    def now(self) -> datetime:
        """The present moment of our own clock."""
        return self.clock.now()

    def token(self) -> str:
        """The access token. Raises SignInNeeded without one."""
        token = self._room.secret.read().get("token", "")
        if not token or not self.server.root:
            raise SignInNeeded("There is no access token for this account", account=self.account)
        return token

    def secret(self) -> Mapping[str, str]:
        """All parts of the secret."""
        return self._room.secret.read()

    async def ask(
        self,
        method: str,
        path: str,
        params: Params = (),
        *,
        json: Any = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30,
    ) -> Reply:
        """Send one request and return the answer unjudged, 429 and what http.py judges apart."""
        paged = method == "GET" and any(name in _PAGING for name, _ in params)
        window = "paged" if paged else "plain"
        self._spare(window)
        sent = {"Authorization": f"Bearer {self.token()}", **(headers or {})}
        url = f"{self.server.root}{path}" + (f"?{urlencode(params)}" if params else "")
        self.requests += 1
        self.spoke_itself = False
        reply = await request(
            self.http,
            method,
            url,
            headers=sent,
            json=json,
            files=files,
            timeout_s=timeout_s,
            clock=self.clock,
            account=self.account,
            follow_redirects=method == "GET",
            judged={429, 501},
        )
        self.spoke_itself = reply.status < 300 or _is_own(reply)
        self._note(reply, window if method == "GET" else "")
        return reply

    def judge(self, reply: Reply, what: str) -> None:
        """Return for 2xx; else raise the error that names who has to act (section 10)."""
        judge(reply, what, account=self.account)

    async def one(self, path: str, params: Params = (), *, what: str) -> Mapping[str, Any]:
        """One object. Raises NotFound where there is none."""
        reply = await self.ask("GET", path, params)
        self.judge(reply, what)
        return mapping(reply, what)

    async def list(self, path: str, params: Params = (), *, what: str) -> list[Any]:
        """One page of a list, newest first as the server gives it."""
        reply = await self.ask("GET", path, params)
        self.judge(reply, what)
        items = reply.json(what)
        if not isinstance(items, list):
            raise BadReply(f"{what}: expected a list, got {reply.words()}", account=self.account, status=reply.status)
        return items

    async def write(
        self, method: str, path: str, json: Any = None, *, what: str, headers: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        """Change something and return what the server made of it."""
        reply = await self.ask(method, path, json=json, headers=headers, timeout_s=60)
        self.judge(reply, what)
        return self.answer(reply, what)

    def answer(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The object in the answer to a write; when that cannot be read, nobody knows what was made."""
        try:
            return mapping(reply, what)
        except BadReply as error:
            raise OutcomeUnknown(error.detail, account=self.account, status=reply.status) from None

    def _spare(self, window: str) -> None:
        left, until = self.session.budgets.get(window, (SPARED + 1, self.now()))
        if self._background and left < SPARED and until > self.now():
            raise RateLimited(
                f"{host_of(self.server.root)} allows {left} more requests for now", retry_at=until, account=self.account
            )

    def _note(self, reply: Reply, window: str) -> None:
        """Remember how many requests are left; raise RateLimited for a 429."""
        server_now = date_of(reply)
        if server_now is not None:
            self.skew = self.now() - server_now
        left, reset = reply.headers.get("x-ratelimit-remaining", ""), self._reset(reply)
        if window and left.isdigit() and reset is not None:
            self.session.budgets[window] = (int(left), reset)
        if reply.status == 429:
            named = [at for at in (retry_at(reply.headers, self.clock), reset) if at is not None]
            until = max(named, default=None)
            host = host_of(self.server.root)
            raise RateLimited(f"{host} asks us to wait", retry_at=until, account=self.account, status=429)

    def _reset(self, reply: Reply) -> datetime | None:
        """When the window ends, by our own clock: an ISO 8601 time of the server's (section 9)."""
        words = reply.headers.get("x-ratelimit-reset", "")
        try:
            named = datetime.fromisoformat(words)
        except ValueError:
            return None
        if named.tzinfo is None:
            named = named.replace(tzinfo=UTC)
        now = self.now()
        return now + min(max(named.astimezone(UTC) + self.skew - now, timedelta(0)), LONGEST_WINDOW)


def judge(reply: Reply, what: str, *, account: str = "") -> None:
    """Return for 2xx; else raise the error that names who has to act (section 10's table)."""
    status = reply.status
    if 200 <= status < 300:
        return
    if status == 401:
        words = f"{host_of(reply.url)} no longer accepts the sign-in"
        raise SignInNeeded(words, hint=LOST_HINT, account=account, status=status)
    if status == 501:
        raise NotFound(f"{host_of(reply.url)} does not offer {what}", account=account, status=status)
    if 300 <= status < 400:
        raise Unavailable(f"{host_of(reply.url)} sends us elsewhere for {what}", account=account, status=status)
    if status == 422:
        problem = Problem(words=f"The server did not accept this{_fields(reply)}")
        raise Rejected(problems=(problem,), account=account, status=status)
    if status == 404 and not is_gone(reply):
        hint = "A proxy or maintenance page may stand in the way; Postroom tries again."
        words = f"{what} was answered with {reply.words()}"
        raise NotFound(words, hint=hint, account=account, status=status)
    fail_by_status(reply, account=account, what=what)


def is_gone(reply: Reply) -> bool:
    """The server itself says that there is no such thing, or none that we may see; a proxy's page does not count."""
    return reply.status == 410 or (reply.status == 404 and _is_own(reply))


def _is_own(reply: Reply) -> bool:
    """Whether an error is the server's own JSON answer; proxies answer with pages."""
    if "json" not in reply.content_type:
        return False
    try:
        return isinstance(reply.json("error"), Mapping)
    except BadReply:
        return False


def mapping(reply: Reply, what: str) -> Mapping[str, Any]:
    """The object in an answer. Raises BadReply for anything else."""
    value = reply.json(what)
    if not isinstance(value, Mapping):
        raise BadReply(f"{what}: expected an object, got {reply.words()}", status=reply.status)
    return value


def date_of(reply: Reply) -> datetime | None:
    """The server's own time, from the Date header."""
    try:
        return parsedate_to_datetime(reply.headers["date"])
    except (KeyError, ValueError):
        return None


def reject(words: str, *, where: str = "text", account: str = "") -> NoReturn:
    """Refuse a rendition in words for the person who can edit it."""
    raise Rejected(problems=(Problem(words=words, where=where),), account=account)


def _fields(reply: Reply) -> str:
    """The names of the fields that the server complains about; its sentences are in anybody's language."""
    try:
        answer = reply.json("error")
    except BadReply:
        return ""
    details = answer.get("details") if isinstance(answer, Mapping) else None
    return f" ({', '.join(map(str, details))[:80]})" if isinstance(details, Mapping) and details else ""
