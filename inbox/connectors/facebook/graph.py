"""The door to the Graph API: one Page, its token, one request; the answer judged and the usage headers obeyed.

The token travels in the Authorization header, or in the body of a batch, never in an address. With the organisation's
app secret known, every call carries ``appsecret_proof`` (facebook.md section 1.3).
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from inbox.connectors.connector import Room
from inbox.connectors.facebook import usage
from inbox.connectors.facebook.troubles import THROTTLED, Told, error_for, judged, trouble_in
from inbox.connectors.http import Reply, request
from inbox.errors import BadReply, NotFound, OutcomeUnknown, RateLimited, SignInNeeded, Unavailable

Params = Mapping[str, str]

VERSION: Final = "v26.0"
"""The version of the Graph API that all of this is written for. It lives until two years after the next one comes."""
GRAPH: Final = "https://graph.facebook.com"
SITE: Final = "https://www.facebook.com"
AT_ONCE: Final = 50
"""Items that a batch may hold; each counts as a call."""
NOTHING: Final[Params] = {}
MARKS: Final = frozenset({"after", "until", "since", "offset", "__paging_token"})


@dataclass(kw_only=True, slots=True)
class Session:
    """What one run remembers of a Page; a restart that forgets it only asks a little sooner."""

    version: str = VERSION  # as Facebook's last answer named it
    proven: bool = False  # the token is this Page's own
    basic: bool = False  # Facebook refused a field and took the basic ones, so only these are asked for
    plainest: bool = False  # of comments not even those
    skew: timedelta = timedelta(0)  # our clock minus theirs
    rows: dict[str, int] = field(default_factory=dict)  # how many rows a page may have, after "reduce the data"
    asked_at: dict[str, datetime] = field(default_factory=dict)
    read_at: dict[str, datetime] = field(default_factory=dict)  # when each post's comments were last read whole
    absent: dict[str, str] = field(default_factory=dict)  # what this token may not read, and why
    ours: dict[str, bool] = field(default_factory=dict)  # whether a post is the Page's own
    told: dict[str, int] = field(default_factory=dict)  # shares as last reported

    def due(self, what: str, now: datetime, every_s: int) -> bool:
        """Whether it is time to ask for this again."""
        last = self.asked_at.get(what)
        return what not in self.absent and (last is None or now - last >= timedelta(seconds=every_s))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """One page of an edge. ``further``: parameters of the next page, for this walk only; empty at the end. A page may
    be empty and yet not the last."""

    rows: tuple[Any, ...]
    further: Params = field(default_factory=dict)
    total: int | None = None


class Api:
    """The signed-in door for one Page. ``background``: nobody waits for it."""

    def __init__(
        self, room: Room, session: Session, page: str, *, title: str = "", background: bool = False, token: str = ""
    ) -> None:
        self.page = page
        self.title = title
        self.session = session
        self.clock = room.clock
        self.account = room.account.title
        self.root = room.account.settings.get("graph", GRAPH)
        self.site = room.account.settings.get("site", SITE)
        self.requests = 0
        self._room = room
        self._person = not background
        self._token = token

    def now(self) -> datetime:
        """The present moment of our own clock."""
        return self.clock.now()

    def token(self) -> str:
        """The Page's own token. Raises SignInNeeded without one."""
        token = self._token or self._room.secret.read().get(f"page:{self.page}", "")
        if not token:
            raise SignInNeeded("There is no access token for this Page", account=self.account)
        return token

    async def get(
        self, path: str, params: Params = NOTHING, *, what: str, quota: str = usage.PAGES
    ) -> Mapping[str, Any]:
        """One object. Raises NotFound where there is none."""
        try:
            return _mapping(await self._ask("GET", path, params, what=what, quota=quota), what)
        except Told as told:
            raise told.error from None

    async def edge(self, path: str, params: Params = NOTHING, *, what: str, quota: str = usage.PAGES) -> Rows:
        """One page of an edge. Raises Told, so that the caller may ask for less."""
        return rows_of(await self._ask("GET", path, params, what=what, quota=quota), what)

    async def write(
        self, path: str, form: Params = NOTHING, *, what: str, method: str = "POST", files: Any = None,
        quota: str = usage.PAGES,
    ) -> Mapping[str, Any]:  # fmt: skip
        """Change something. Raises Told where Facebook said why not, OutcomeUnknown where nobody can tell."""
        answer = await self._ask(method, path, form, what=what, quota=quota, files=files)
        if not isinstance(answer, Mapping):
            raise OutcomeUnknown(f"{what}: the answer could not be read", account=self.account)
        return answer

    async def batch(
        self, urls: Sequence[str], *, what: str, quota: str = usage.PAGES, hidden: bool = False
    ) -> list[Any]:
        """The answers to several readings in one request, in order: a mapping each, or the error in its place.
        ``hidden``: a single one goes in a body too, because of what stands in its address."""
        found: list[Any] = []
        for start in range(0, len(urls), AT_ONCE):
            found += await self._batch(urls[start : start + AT_ONCE], what, quota, hidden)
        return found

    async def _batch(self, urls: Sequence[str], what: str, quota: str, hidden: bool = False) -> list[Any]:
        if len(urls) == 1 and not hidden:
            try:
                return [await self._ask("GET", urls[0], NOTHING, what=what, quota=quota)]
            except Told as told:
                return [self._stops(told)]
        items = [{"method": "GET", "relative_url": f"{VERSION}/{url}"} for url in urls]
        form = {"batch": json.dumps(items), "include_headers": "false", "access_token": self.token()}
        try:
            answers = await self._ask("POST", "", form, what=what, quota=quota, calls=len(items), reads=True)
        except OutcomeUnknown as error:  # it only read
            raise Unavailable(error.detail, account=self.account, status=error.status) from None
        except Told as told:
            raise told.error from None
        if not isinstance(answers, list) or len(answers) != len(items):
            raise BadReply(f"{what}: expected {len(items)} answers", account=self.account)
        found: list[Any] = []
        for url, answer in zip(urls, answers, strict=True):
            if answer is None and hidden:
                raise Unavailable(f"{what}: Facebook took too long", account=self.account)
            if answer is None:  # that one took too long: once more by itself
                found += await self._batch([url], what, quota)
            else:
                found.append(self._item(answer, what, quota))
        return found

    def _item(self, answer: Any, what: str, quota: str) -> Any:
        try:
            body = json.loads(answer["body"])
        except (KeyError, TypeError, ValueError):
            raise BadReply(f"{what}: an answer of the batch cannot be read", account=self.account) from None
        trouble = trouble_in(body)
        if trouble is None:
            return body
        error = error_for(
            trouble, what, writing=False, now=self.now(), account=self.account, status=int(answer.get("code") or 0)
        )
        told = Told(trouble, error)
        self._rest(told, quota)
        return self._stops(told)

    def _stops(self, told: Told) -> Told:
        """One item's error is its own, unless it says that no other will fare better."""
        if isinstance(told.error, SignInNeeded | RateLimited):
            raise told.error from None
        return told

    async def _ask(
        self, method: str, path: str, params: Params, *, what: str, quota: str, files: Any = None, calls: int = 1,
        reads: bool = False,
    ) -> Any:  # fmt: skip
        meter, token = self._room.meter, self.token()
        meter.need(quota, 1, person=self._person)
        sent = {**params, **proof(token, self._room.secret.read().get("app_secret", ""))}
        url = f"{self.root}/{VERSION}/{path}"
        headers = {"Authorization": f"Bearer {token}"}
        content = None
        writing = method != "GET" and not reads
        if method == "POST" and files is None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
            content = urlencode(sent).encode()
        elif method == "POST":
            files = [*((name, (None, value)) for name, value in sent.items()), *files]
        elif sent:
            url += ("&" if "?" in url else "?") + urlencode(sent)
        self.requests += calls
        reply = await request(
            self._room.http, method, url, headers=headers, content=content, files=files, clock=self.clock,
            account=self.account, timeout_s=120 if files is not None else 60, judged=range(400, 600),
        )  # fmt: skip
        regain = self._note(reply, quota)
        try:
            return judged(reply, what, writing=writing, clock=self.clock, regain=regain, account=self.account)
        except (Told, RateLimited) as error:
            self._rest(error, quota)
            raise

    def _rest(self, error: Told | RateLimited, quota: str) -> None:
        """After a call that was one too many: none until they are granted again."""
        if isinstance(error, RateLimited):
            self._room.meter.report(quota, 100, ends_at=error.retry_at)
        elif error.trouble.code in THROTTLED and isinstance(error.error, RateLimited):
            self._room.meter.report(quota, 100, ends_at=error.error.retry_at)

    def _note(self, reply: Reply, quota: str) -> timedelta | None:
        """Remember what the headers say; how long to wait, where they do."""
        version = reply.headers.get("facebook-api-version", "").strip()
        if version:
            self.session.version = version
        with contextlib.suppress(KeyError, ValueError, TypeError):
            self.session.skew = self.now() - parsedate_to_datetime(reply.headers["date"])
        shares = usage.shares_in(reply.headers)
        usage.report(self._room.meter, shares, self.session.told, self.now())
        share = shares.get(quota)
        return share.regain if share is not None else None


def proof(token: str, app_secret: str) -> dict[str, str]:
    """The parameter that proves that whoever holds the token also knows the app's secret; nothing without one."""
    if not app_secret:
        return {}
    return {"appsecret_proof": hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()}


def rows_of(answer: Any, what: str) -> Rows:
    """A page of an edge. Only ``paging.next`` says that there is more; of its address, which holds the token, only the
    marks are taken: a cursor, or times on edges that page by time."""
    page = _mapping(answer, what)
    rows, paging, summary = page.get("data"), page.get("paging"), page.get("summary")
    if not isinstance(rows, list):
        raise BadReply(f"{what}: expected a list of rows")
    further: dict[str, str] = {}
    if isinstance(paging, Mapping) and isinstance(paging.get("next"), str):
        query = parse_qsl(urlsplit(paging["next"]).query)
        further = {name: value for name, value in query if name in MARKS and value}
    total = summary.get("total_count") if isinstance(summary, Mapping) else None
    return Rows(rows=tuple(rows), further=further, total=total if isinstance(total, int) else None)


def asked(path: str, params: Params) -> str:
    """A reading as one item of a batch."""
    return f"{path}?{urlencode(params)}"


def raised(answer: Any) -> Any:
    """An answer of a batch, or its error raised."""
    if isinstance(answer, Told):
        raise answer.error
    return answer


def is_gone(answer: Any) -> bool:
    """Whether this answer of a batch says that there is no such thing."""
    return isinstance(answer, Told) and isinstance(answer.error, NotFound)


def _mapping(answer: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(answer, Mapping):
        raise BadReply(f"{what}: expected an object")
    return answer
