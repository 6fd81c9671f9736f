"""One blog and its REST interface: addresses, the signed-in request, and WordPress's answers judged.

Judged by HTTP status and ``code``, never by the message, which is translated (wordpress.md section 8).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, NoReturn
from urllib.parse import urlencode, urlsplit

from inbox.clock import Clock
from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, fail_by_status, host_of, request
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SignInNeeded,
)
from inbox.model import Account, Problem

PER_PAGE: Final = 100
FLOOD_S: Final = 15  # WordPress's own pause between two comments of one visitor
COMMENT_BYTES: Final = 65_525

LOST_HINT: Final = (
    "The application password was withdrawn, or the web host stopped passing on the sign-in header (Authorization), "
    "which the host can switch on again."
)
_SECURITY_HINT: Final = "A firewall or security plugin of the blog may be in the way; ask whoever administers it."

_REJECTED: Final = {
    "rest_comment_closed": "Comments are closed on this post",
    "rest_comment_draft_post": "This post is not published, so nobody can comment on it",
    "rest_comment_trash_post": "This post is in the trash, so nobody can comment on it",
    "rest_comment_invalid_post_id": "The post is not there any more",
    "empty_content": "WordPress wants a title or a text",
    "rest_comment_content_invalid": "The answer is empty",
    "comment_content_column_length": f"The answer is longer than WordPress takes ({COMMENT_BYTES:,} bytes)",
    "comment_duplicate": "The same answer stands there already",
    "rest_trash_not_supported": "This blog has no trash; only deleting for good is possible there",
}
_GONE: Final = frozenset({"rest_comment_invalid_id", "rest_post_invalid_id"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """What signing in established about a blog and our user there; kept in the account's settings."""

    root: str
    home: str
    title: str = ""
    user_id: int = 0
    user_name: str = ""
    rights: frozenset[str] = frozenset()

    @classmethod
    def of(cls, account: Account) -> Site:
        """The site as the account's settings describe it."""
        kept = account.settings
        number = kept.get("user_id", "")
        return cls(
            root=kept.get("root", ""),
            home=kept.get("home", account.address),
            title=kept.get("title", account.title),
            user_id=int(number) if number.isdigit() else 0,
            user_name=kept.get("user_name", account.user),
            rights=frozenset(kept.get("rights", "").split()),
        )

    def may(self, right: str) -> bool:
        """Whether our user's role has this WordPress capability."""
        return right in self.rights

    @property
    def remote_id(self) -> str:
        """The blog's identity: its home without scheme, so that a move to https leaves it the same."""
        parts = urlsplit(self.home or self.root)
        return f"{parts.netloc.lower()}{parts.path.rstrip('/')}"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``total`` is what the whole list holds; None when a proxy took the header away."""

    items: list[Any]
    total: int | None

    def ends_at(self, offset: int, per_page: int = PER_PAGE) -> bool:
        """Nothing follows this page, which began at ``offset``. Its length says nothing: hidden items are left out."""
        return offset + per_page >= self.total if self.total is not None else not self.items


def address(root: str, route: str, params: Mapping[str, Any] | None = None) -> str:
    """``root`` + ``route`` + parameters, as a string: a plain-permalink root holds a ``?`` already (section 2)."""
    query = urlencode({k: v for k, v in (params or {}).items() if v is not None}, safe=",")
    url = root + route
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def code_of(reply: Reply) -> str:
    """WordPress's error code, empty when the answer is not one of its own."""
    try:
        answer = reply.json("error")
    except BadReply:
        return ""
    return str(answer.get("code") or "") if isinstance(answer, Mapping) else ""


def is_gone(reply: Reply) -> bool:
    """WordPress itself says that this id does not exist; ``rest_no_route`` or a host's own 404 do not count."""
    return reply.status == 404 and code_of(reply) in _GONE


def judge(reply: Reply, what: str, clock: Clock, *, writing: bool = False, account: str = "") -> None:
    """Return for 2xx; else raise the error that names who has to act (section 8's table)."""
    status = reply.status
    if 200 <= status < 300:
        return
    code = code_of(reply)
    status = _forbidden(reply) or status
    if 300 <= status < 400:
        host = host_of(reply.headers.get("location", "")) or "another address"
        raise SignInNeeded(
            f"The blog has moved to {host}",
            hint="Sign in again, so that Postroom learns the new address.",
            account=account,
            status=status,
        )
    if status == 401:
        raise SignInNeeded("The blog no longer accepts the sign-in", hint=LOST_HINT, account=account, status=status)
    if code == "comment_flood":
        raise RateLimited(
            "WordPress wants a pause between two comments",
            retry_at=clock.now() + timedelta(seconds=FLOOD_S),
            account=account,
            status=status,
        )
    if code in _REJECTED:
        _reject(_REJECTED[code], account, status)
    if status == 403:
        hint = None if code else _SECURITY_HINT
        raise NotAllowed(f"{what} is not allowed ({code or reply.words()})", hint=hint, account=account, status=status)
    if status == 404 and code == "rest_no_route":
        hint = "Parts of its interface may be switched off, or the address is not the right one."
        raise NotFound(f"The blog does not offer {what}", hint=hint, account=account, status=status)
    if status == 404 and code:
        raise NotFound(f"{what}: WordPress has nothing under this number", account=account, status=status)
    if status == 400 and code and not writing:
        asked = _params(reply) or code
        raise BadReply(f"{what}: WordPress did not understand us ({asked})", account=account, status=status)
    if status == 400 and code:
        _reject(f"WordPress did not accept this ({_params(reply) or code})", account, status)
    fail_by_status(reply, account=account, what=what)


class Api:
    """The signed-in door to one blog."""

    def __init__(self, room: Room, site: Site) -> None:
        self.site = site
        self.clock = room.clock
        self.requests = 0
        self._room = room
        self._account = room.account.title

    def now(self) -> datetime:
        """The present moment of our own clock."""
        return self.clock.now()

    def _auth(self) -> tuple[str, str]:
        parts = self._room.secret.read()
        user, password = parts.get("user", ""), parts.get("password", "")
        if not user or not password or not self.site.root:
            raise SignInNeeded("There is no application password for this blog", account=self._account)
        return user, password

    async def ask(
        self,
        method: str,
        route: str,
        params: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30,
        judged: Collection[int] = (),
    ) -> Reply:
        """Send one request and return the answer unjudged (5xx and 429 apart). ``route``: below the root."""
        auth = self._auth()
        self.requests += 1
        return await request(
            self._room.http,
            method,
            address(self.site.root, route, params),
            auth=auth,
            headers=headers,
            json=json,
            content=content,
            timeout_s=timeout_s,
            clock=self.clock,
            account=self._account,
            judged=judged,
        )

    def judge(self, reply: Reply, what: str, *, writing: bool = False) -> None:
        """``judge`` for this account."""
        judge(reply, what, self.clock, writing=writing, account=self._account)

    async def read(self, route: str, params: Mapping[str, Any] | None, what: str) -> Mapping[str, Any]:
        """One object. Raises NotFound for an unknown id, BadReply for anything but an object."""
        reply = await self.ask("GET", route, params)
        self.judge(reply, what)
        return _mapping(reply, what)

    async def page(self, route: str, params: Mapping[str, Any], what: str) -> Page:
        """One page of a list."""
        reply = await self.ask("GET", route, params)
        self.judge(reply, what)
        items = reply.json(what)
        if not isinstance(items, list):
            raise BadReply(f"{what}: expected a list, got {reply.words()}", account=self._account, status=reply.status)
        return Page(items, _total(reply))

    async def count(self, route: str, params: Mapping[str, Any], what: str) -> int:
        """How many items a list holds, without reading one."""
        reply = await self.ask("HEAD", route, {**params, "per_page": 1})
        self.judge(reply, what)
        total = _total(reply)
        if total is None:
            raise BadReply(f"{what}: the answer holds no X-WP-Total", account=self._account, status=reply.status)
        return total

    async def write(self, route: str, json: Mapping[str, Any], what: str) -> Mapping[str, Any]:
        """POST ``json`` and return the object WordPress made of it."""
        reply = await self.ask("POST", route, {"context": "edit"}, json=json, timeout_s=60)
        self.judge(reply, what, writing=True)
        return self.answer(reply, what)

    def answer(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The object in the answer to a write; when that cannot be read, nobody knows what was made."""
        try:
            return _mapping(reply, what)
        except BadReply as error:
            raise OutcomeUnknown(error.detail, account=self._account, status=reply.status) from None


def server_now(reply: Reply) -> datetime | None:
    """The server's own time, from the Date header."""
    try:
        return parsedate_to_datetime(reply.headers["date"])
    except (KeyError, ValueError):
        return None


def reject(words: str, *, where: str = "text", account: str = "") -> NoReturn:
    """Refuse a rendition in words for the person who can edit it."""
    raise Rejected(problems=(Problem(words=words, where=where),), account=account)


def _reject(words: str, account: str, status: int) -> NoReturn:
    raise Rejected(problems=(Problem(words=words),), account=account, status=status)


def _mapping(reply: Reply, what: str) -> Mapping[str, Any]:
    value = reply.json(what)
    if not isinstance(value, Mapping):
        raise BadReply(f"{what}: expected an object, got {reply.words()}", status=reply.status)
    return value


def _total(reply: Reply) -> int | None:
    words = reply.headers.get("x-wp-total", "")
    return int(words) if words.isdigit() else None


def _params(reply: Reply) -> str:
    """The names of the parameters that WordPress complains about."""
    params = _error_data(reply).get("params")
    return ", ".join(params) if isinstance(params, Mapping) else ""


def _forbidden(reply: Reply) -> int:
    """401 or 403 where a 400 hides it; else 0.

    Without rights the lists of posts and media answer 400 ``rest_invalid_param`` to our statuses, and only the detail
    (``rest_forbidden_status``) says what it is about. Measured on 6.1.9; not in wordpress.md.
    """
    details = _error_data(reply).get("details") if reply.status == 400 else None
    for detail in details.values() if isinstance(details, Mapping) else ():
        if isinstance(detail, Mapping) and str(detail.get("code")).startswith("rest_forbidden"):
            data = detail.get("data")
            return 403 if isinstance(data, Mapping) and data.get("status") == 403 else 401
    return 0


def _error_data(reply: Reply) -> Mapping[str, Any]:
    try:
        answer = reply.json("error")
    except BadReply:
        return {}
    data = answer.get("data") if isinstance(answer, Mapping) else None
    return data if isinstance(data, Mapping) else {}
