"""XRPC: queries by GET, procedures by POST, the network's answers judged by their ``error`` (bluesky.md section 7)."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from inbox.clock import Clock
from inbox.connectors.bluesky.dpop import error_of
from inbox.connectors.bluesky.identity import DIRECTORY, Servers
from inbox.connectors.bluesky.session import LOST_HINT, SUSPENDED, Session
from inbox.connectors.connector import Room
from inbox.connectors.http import LONGEST_WAIT, Reply, fail_by_status, host_of, request, retry_at
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import Account, Problem

POST: Final = "app.bsky.feed.post"
_GONE: Final = frozenset({"NotFound", "RecordNotFound", "HandleNotFound", "RepoNotFound"})
_SIGNED_OUT: Final = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired"})
_CANNOT: Final = frozenset({"MethodNotImplemented", "XRPCNotSupported"})
_REFUSALS: Final = (  # of InvalidRequest: the schema's complaint, which holds no word of what was written
    (re.compile(r"grapheme too big \(maximum (\d+)"), "text", "The text is longer than {} characters"),
    (re.compile(r"string too big \(maximum (\d+)"), "text", "The text is longer than {} bytes"),
    (re.compile(r"blob too big \(maximum (\d+)"), "media", "The picture is larger than {} bytes"),
    (re.compile(r"array too big \(maximum (\d+), got \d+\) at \$\.record\.embed"), "media", "At most {} pictures"),
    (re.compile(r"Expected \"?(image/\*)"), "media", "Bluesky takes pictures only here ({})"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What signing in established; kept in the account's settings."""

    did: str
    handle: str
    server: str
    name: str = ""
    directory: str = DIRECTORY
    client_id: str = ""
    token_endpoint: str = ""
    revocation_endpoint: str = ""

    @classmethod
    def of(cls, account: Account) -> Place:
        """The place as the account's settings describe it."""
        kept = account.settings
        return cls(
            did=kept.get("did", ""),
            handle=kept.get("handle", ""),
            server=kept.get("server", ""),
            name=kept.get("name", ""),
            directory=kept.get("directory", DIRECTORY),
            client_id=kept.get("client_id", ""),
            token_endpoint=kept.get("token_endpoint", ""),
            revocation_endpoint=kept.get("revocation_endpoint", ""),
        )


class Api:
    """What the connector asks of the network: our own server signed in, other people's servers without a token."""

    def __init__(self, room: Room, place: Place, servers: Servers) -> None:
        self.place = place
        self.did = place.did
        self.clock: Clock = room.clock
        self.session = Session(room, place.server, place.token_endpoint, place.client_id)
        self._room = room
        self._servers = servers
        self._account = room.account.title
        self._asked = 0

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return self._asked + self.session.requests

    def now(self) -> datetime:
        """The present moment of our own clock."""
        return self.clock.now()

    async def query(
        self, nsid: str, params: Mapping[str, Any], what: str, *, proxy: str = "", timeout_s: float = 30
    ) -> Mapping[str, Any]:
        """The answer to a query."""
        reply = await self.ask("GET", nsid, params, proxy=proxy, timeout_s=timeout_s)
        self.judge(reply, what)
        return mapping(reply, what)

    async def procedure(self, nsid: str, body: Mapping[str, Any], what: str, *, proxy: str = "") -> Mapping[str, Any]:
        """The answer to a procedure; an empty one is an empty object."""
        reply = await self.ask("POST", nsid, json=body, proxy=proxy, timeout_s=60)
        self.judge(reply, what, writing=True)
        return self.answer(reply, what)

    async def ask(
        self,
        method: str,
        nsid: str,
        params: Mapping[str, Any] | None = None,
        *,
        json: Any = None,
        content: bytes | None = None,
        content_type: str = "",
        proxy: str = "",
        timeout_s: float = 30,
        judged: Collection[int] = (),
    ) -> Reply:
        """One signed request to our own server, its answer unjudged (5xx apart)."""
        headers = {}
        if content_type:
            headers["Content-Type"] = content_type
        if proxy:
            headers["atproto-proxy"] = proxy
        url = address(self.place.server, nsid, params)
        return await self.session.send(
            method,
            url,
            headers=headers,
            json=json,
            content=content,
            timeout_s=timeout_s,
            judged={429, 501, *judged},
        )

    async def record(self, uri: str, what: str) -> Mapping[str, Any] | None:
        """``{uri, cid, value}`` as the author's own server has it now; None is its word that the record is not there.

        Asked without a token, so that it works after ours was lost. Raises NotFound when nobody can say.
        """
        did, collection, rkey = parts_of(uri)
        server = await self.server_of(did)
        if not server:
            raise NotFound(f"{what}: the author's server is not known", account=self._account)
        params = {"repo": did, "collection": collection, "rkey": rkey}
        reply = await self.public(server, "com.atproto.repo.getRecord", params)
        if reply.status == 400 and error_of(reply) == "RecordNotFound":
            return None
        self.judge(reply, what)
        return mapping(reply, what)

    async def public(self, server: str, nsid: str, params: Mapping[str, Any]) -> Reply:
        """A query without a token, to anybody's server."""
        self._asked += 1
        return await request(
            self._room.http,
            "GET",
            address(server, nsid, params),
            clock=self.clock,
            account=self._account,
            follow_redirects=True,
            judged={429, 501},
        )

    async def server_of(self, did: str) -> str:
        """Who keeps the records of ``did``; empty when that is not to be learnt now."""
        return await self._servers.server_of(did, self._room.http, self.clock)

    def judge(self, reply: Reply, what: str, *, writing: bool = False) -> None:
        """Return for 2xx; else raise the error that names who has to act."""
        judge(reply, what, self.clock, writing=writing, account=self._account)

    def answer(self, reply: Reply, what: str) -> Mapping[str, Any]:
        """The object in the answer to a write; when that cannot be read, nobody knows what was made."""
        if not reply.body.strip():
            return {}
        try:
            return mapping(reply, what)
        except BadReply as error:
            raise OutcomeUnknown(error.detail, account=self._account, status=reply.status) from None


def address(server: str, nsid: str, params: Mapping[str, Any] | None = None) -> str:
    """The address of a method; lists become repeated keys, None is left out, yes and no are said in small letters."""
    pairs: list[tuple[str, str]] = []
    for name, value in (params or {}).items():
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs += [(name, str(v).lower() if isinstance(v, bool) else str(v)) for v in values if v is not None]
    query = urlencode(pairs, safe=":/")  # allowed in a query, and a third of what 25 addresses of posts are made of
    return f"{server}/xrpc/{nsid}" + (f"?{query}" if query else "")


def parts_of(uri: str) -> tuple[str, str, str]:
    """DID, collection and record name of an AT-URI. Raises NotFound for anything else."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    collection, _, rkey = rest.partition("/")
    if not uri.startswith("at://") or not did.startswith("did:") or not collection or not rkey or "/" in rkey:
        raise NotFound("This is not an address of a record at Bluesky")
    return did, collection, rkey


def judge(reply: Reply, what: str, clock: Clock, *, writing: bool = False, account: str = "") -> None:
    """Raise what an answer other than 2xx means (section 7's table)."""
    status = reply.status
    if 200 <= status < 300:
        return
    name = error_of(reply)
    if status == 429:
        raise RateLimited(
            f"{host_of(reply.url)} asks us to wait", retry_at=wait_until(reply, clock), account=account, status=status
        )
    if name in SUSPENDED:
        raise NotAllowed(f"Bluesky has closed this account ({name})", account=account, status=status)
    if status == 401 or name in _SIGNED_OUT:
        raise SignInNeeded("Bluesky no longer accepts the sign-in", hint=LOST_HINT, account=account, status=status)
    if name in _CANNOT or status == 501:
        raise NotAllowed(f"{what}: this server does not offer it", account=account, status=status)
    if name in _GONE:
        raise NotFound(f"{what}: it is not there", account=account, status=status)
    if status >= 500:
        raise Unavailable(f"{what}: status {status}", account=account, status=status)
    if status == 400 and not writing:
        raise BadReply(
            f"{what}: the server did not understand us ({name or 'no name'})", account=account, status=status
        )
    if status == 413:
        reject("The picture is larger than this server takes", where="media", account=account, status=status)
    if name == "BlobNotFound":
        reject("A picture did not reach the server; send it again", where="media", account=account, status=status)
    if status == 400 and name:
        where, words = _refusal(reply, name)
        reject(words, where=where, account=account, status=status)
    fail_by_status(reply, account=account, what=what)


def wait_until(reply: Reply, clock: Clock) -> datetime | None:
    """When we may ask again: Retry-After, or the end of the limit's window in Unix seconds (section 6)."""
    named = retry_at(reply.headers, clock)
    reset = str(reply.headers.get("ratelimit-reset", ""))
    if named is not None or not reset.isdigit() or len(reset) > 11:
        return named
    now = clock.now()
    return min(max(datetime.fromtimestamp(int(reset), UTC), now), now + LONGEST_WAIT)


def mapping(reply: Reply, what: str) -> Mapping[str, Any]:
    """The object in an answer. Raises BadReply."""
    value = reply.json(what)
    if not isinstance(value, Mapping):
        raise BadReply(f"{what}: expected an object, got {reply.words()}", status=reply.status)
    return value


def listed(answer: Mapping[str, Any], name: str, what: str) -> Sequence[Any]:
    """The list ``name`` of an answer. Raises BadReply when there is none: absence must not look like emptiness."""
    value = answer.get(name)
    if not isinstance(value, list):
        raise BadReply(f"{what}: no list of {name} in the answer")
    return value


def reject(words: str, *, where: str = "text", account: str = "", status: int | None = None) -> NoReturn:
    """Refuse a rendition in words for the person who can edit it."""
    raise Rejected(problems=(Problem(words=words, where=where),), account=account, status=status)


def _refusal(reply: Reply, name: str) -> tuple[str, str]:
    answer = reply.json("error")
    message = str(answer.get("message") or "") if isinstance(answer, Mapping) else ""
    for pattern, where, words in _REFUSALS:
        if found := pattern.search(message):
            return where, words.format(found[1])
    return "text", f"Bluesky did not accept this ({name})"
