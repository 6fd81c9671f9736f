"""Who somebody is: handle -> DID -> the server that keeps their records (bluesky.md section 2).

There is no DNS here: a handle is asked of the network's public service, then of the handle's own host. Documents of
``did:plc`` come from the directory, those of ``did:web`` from their own host. What a stranger's document names is only
asked over https, unless we ourselves live on this machine (tests, practice).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode, urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.http import Reply, is_loopback, request
from inbox.errors import BadReply, NotFound, PostroomError, Unavailable

PUBLIC_SERVICE: Final = "https://public.api.bsky.app"
DIRECTORY: Final = "https://plc.directory"
_DID = re.compile(r"did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9.\-_:%]{1,250})")
_HANDLE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MOST_BYTES: Final = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """A DID, the handle its document names (empty when it names none) and the server it lives on."""

    did: str
    handle: str
    server: str


class Unresolved(Exception):
    """The document of a DID could not be had, or is none."""


def is_did(text: str) -> bool:
    """Whether this is a DID of one of the two kinds there are."""
    return _DID.fullmatch(text) is not None


def handle_of(text: str) -> str:
    """A handle as it is compared: small letters, no @; empty when it is none (at most 253 characters)."""
    plain = text.strip().lstrip("@").rstrip(".").lower()
    return plain if len(plain) <= 253 and _HANDLE.fullmatch(plain) else ""


def origin_of(url: str) -> str:
    """Scheme, host and port of an address; empty when it is none of the web."""
    parts = urlsplit(url.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        return ""
    return f"{parts.scheme}://{parts.netloc}".lower()


async def did_of(handle: str, service: str, http: httpx.AsyncClient, clock: Clock) -> str:
    """The DID of a handle, from ``service`` or else from the handle's own host; empty when nobody knows it.

    Raises Unavailable or Offline only when nobody could be asked.
    """
    trouble: PostroomError | None = None
    query = urlencode({"handle": handle})
    places = [f"{service}/xrpc/com.atproto.identity.resolveHandle?{query}"]
    if not is_loopback(service):
        places.append(f"https://{handle}/.well-known/atproto-did")
    asked = False
    for url in places:
        try:
            reply = await _read(url, http, clock)
        except PostroomError as error:
            trouble = trouble or error
            continue
        asked = True
        did = _did_in(reply)
        if did:
            return did
    if trouble is not None and not asked:
        raise trouble
    return ""


async def person(did: str, directory: str, http: httpx.AsyncClient, clock: Clock) -> Person:
    """Who the DID's document says this is. Raises Unresolved when it does not exist or names no server."""
    try:
        reply = await _read(_document_url(did, directory), http, clock)
        document = reply.json("the identity document") if reply.status == 200 else None
    except BadReply:
        document = None
    return person_in(document, did)


def person_in(document: Any, did: str) -> Person:
    """The person a DID document describes. Raises Unresolved when it is not the document of ``did``."""
    if not isinstance(document, Mapping) or document.get("id") != did:
        raise Unresolved(did)
    server = ""
    for service in document.get("service") or ():
        if isinstance(service, Mapping) and str(service.get("id", "")).endswith("#atproto_pds"):
            server = origin_of(str(service.get("serviceEndpoint", "")))
            break
    if not server:
        raise Unresolved(did)
    names = [str(name) for name in document.get("alsoKnownAs") or ()]
    handles = [handle_of(name.removeprefix("at://")) for name in names if name.startswith("at://")]
    return Person(did=did, handle=next(filter(None, handles), ""), server=server)


class Servers:
    """Which server keeps the records of which DID, remembered as long as the program runs."""

    def __init__(self, own_did: str, own_server: str, directory: str) -> None:
        self._own_server = own_server
        self._directory = directory
        self._known: MutableMapping[str, str] = {own_did: own_server}

    async def server_of(self, did: str, http: httpx.AsyncClient, clock: Clock) -> str:
        """The server of ``did``; empty when it cannot be known now, or may not be asked."""
        if did in self._known:
            return self._known[did]
        if not is_did(did):
            return ""
        try:
            server = (await person(did, self._directory, http, clock)).server
        except (Unresolved, NotFound, Unavailable):
            server = await self._neighbour(did, http, clock)
        if server and not _may_be_asked(server, self._own_server):
            server = ""
        if server:
            self._known[did] = server
        return server

    async def _neighbour(self, did: str, http: httpx.AsyncClient, clock: Clock) -> str:
        """Our own server, if it keeps this DID too: only asked on this machine, where no public directory helps."""
        if not is_loopback(self._own_server):
            return ""
        query = urlencode({"repo": did})
        try:
            reply = await _read(f"{self._own_server}/xrpc/com.atproto.repo.describeRepo?{query}", http, clock)
        except PostroomError:
            return ""
        return self._own_server if reply.status == 200 else ""


def _may_be_asked(server: str, own_server: str) -> bool:
    """A stranger's document must not send us into this machine or over a line that anybody reads."""
    if is_loopback(own_server):
        return True
    return server.startswith("https://") and not is_loopback(server)


def _document_url(did: str, directory: str) -> str:
    if did.startswith("did:plc:"):
        return f"{directory}/{quote(did, safe=':')}"
    host = unquote(did.removeprefix("did:web:"))
    scheme = "http" if is_loopback(f"http://{host}") and is_loopback(directory) else "https"
    return f"{scheme}://{host}/.well-known/did.json"


async def _read(url: str, http: httpx.AsyncClient, clock: Clock) -> Reply:
    return await request(http, "GET", url, clock=clock, timeout_s=15, max_bytes=_MOST_BYTES, follow_redirects=True)


def _did_in(reply: Reply) -> str:
    if reply.status != 200:
        return ""
    if reply.content_type == "application/json":
        try:
            answer = reply.json("the handle")
        except BadReply:
            return ""
        text = str(answer.get("did", "")) if isinstance(answer, Mapping) else ""
    else:
        text = reply.text.strip()
    return text if is_did(text) else ""
