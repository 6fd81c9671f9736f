"""What stands at an address that a person typed: a handle, a DID, a profile page, or a server of their own."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.bluesky import identity
from inbox.connectors.bluesky.identity import (
    DIRECTORY,
    PUBLIC_SERVICE,
    Person,
    Unresolved,
    handle_of,
    is_did,
    origin_of,
)
from inbox.connectors.connector import Discovery
from inbox.connectors.http import is_loopback, request
from inbox.errors import BadReply, NotFound, PostroomError
from inbox.model import Field, SignIn

log = logging.getLogger(__name__)

ADDRESS_FIELD: Final = Field(
    name="address",
    label="Handle",
    hint="As it stands on the profile, such as @city.bsky.social. On a server of your own that nobody else knows: "
    "handle@server.",
    placeholder="city.bsky.social",
)
HANDLE_FIELD: Final = Field(name="user", label="Handle", placeholder="city.bsky.social")
PASSWORD_FIELD: Final = Field(
    name="password",
    label="App password",
    hint="Made in Bluesky under Settings, Privacy and security, App passwords. Tick direct messages if wanted.",
    placeholder="xxxx-xxxx-xxxx-xxxx",
    secret=True,
)
APP_PASSWORDS: Final = "https://bsky.app/settings/app-passwords"
_HINT: Final = "Type the handle as it stands on the profile, such as city.bsky.social."
_PROFILE = re.compile(r"https?://(?:www\.)?(?:bsky\.app|main\.bsky\.dev)/profile/([^/?#]+)", re.IGNORECASE)


async def discover(address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    """Who is at the address, where they live, and how one signs in there. Raises NotFound with a hint."""
    typed = address.strip()
    name, at_server = _read(typed)
    if at_server:
        return await _at(at_server, name, http, clock)
    found = await _person(name, http, clock)
    if is_loopback(found.server):  # what the world's directory says must not send a password into this machine
        raise NotFound("This account's entry names a server that nobody can reach", hint=_HINT)
    return await _discovery(found, DIRECTORY, http, clock)


async def verified_at(server: str, did: str, http: httpx.AsyncClient, clock: Clock) -> Person:
    """The person of ``did`` as the server that keeps them says. Raises Unresolved."""
    url = f"{server}/xrpc/com.atproto.repo.describeRepo?{urlencode({'repo': did})}"
    try:
        reply = await request(http, "GET", url, clock=clock, timeout_s=15, max_bytes=500_000)
        answer = reply.json("the account") if reply.status == 200 else None
    except BadReply:
        answer = None
    if not isinstance(answer, Mapping):
        raise Unresolved(did)
    return identity.person_in(answer.get("didDoc"), did)


async def authorization_server(server: str, http: httpx.AsyncClient, clock: Clock) -> Mapping[str, Any] | None:
    """The OAuth endpoints that belong to a person's server; None when it has none (or names them wrongly)."""
    resource = await _json(f"{server}/.well-known/oauth-protected-resource", http, clock)
    issuers = resource.get("authorization_servers") if resource else None
    issuer = str(issuers[0]) if isinstance(issuers, list) and issuers else ""
    if not issuer or origin_of(issuer) != issuer:
        return None
    found = await _json(f"{issuer}/.well-known/oauth-authorization-server", http, clock)
    if not found or found.get("issuer") != issuer:
        return None
    needed = ("authorization_endpoint", "token_endpoint", "pushed_authorization_request_endpoint")
    safe = all(_may_hold_secrets(str(found.get(name, "")), server) for name in needed)
    return found if safe else None


def _read(typed: str) -> tuple[str, str]:
    """What was typed as a handle or DID, and the server it is to be looked for at ("" for: anywhere)."""
    if profile := _PROFILE.match(typed):
        typed = profile[1]
    typed = typed.removeprefix("at://").strip()
    if is_did(typed):
        return typed, ""
    bare = typed.lstrip("@")
    name, _, host = bare.partition("@")
    if host:
        server = origin_of(host if "://" in host else f"https://{host}")
        name = name.strip()
        if server and (is_did(name) or handle_of(name)):
            return (name if is_did(name) else handle_of(name)), server
        raise NotFound("This is no handle with a server", hint=_HINT)
    if "://" in bare:
        server = origin_of(bare)
        if not server:
            raise NotFound("This is not a web address", hint=_HINT)
        inside = urlsplit(bare).path.strip("/").lstrip("@")
        return (inside if is_did(inside) else handle_of(inside)), server
    handle = handle_of(bare)
    if not handle:
        raise NotFound("This is not a handle", hint=_HINT)
    return handle, ""


async def _person(name: str, http: httpx.AsyncClient, clock: Clock) -> Person:
    """The person of a handle or DID, checked in both directions."""
    handle = "" if is_did(name) else name
    did = name if is_did(name) else await identity.did_of(handle, PUBLIC_SERVICE, http, clock)
    if not did:
        raise NotFound(f"Nobody at Bluesky is called {handle}", hint=_HINT)
    try:
        found = await identity.person(did, DIRECTORY, http, clock)
    except Unresolved:
        raise NotFound("This account's entry in Bluesky's directory cannot be read", hint=_HINT) from None
    if handle and found.handle != handle:
        raise NotFound(
            f"{handle} points to an account that does not call itself so",
            hint="The handle may have been changed; type the new one.",
        )
    return found


async def _at(server: str, name: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    """A server that was named: for one that the public services do not know."""
    described = await _json(f"{server}/xrpc/com.atproto.server.describeServer", http, clock)
    if not described or not is_did(str(described.get("did", ""))):
        raise NotFound("No Bluesky server answers there", hint=_HINT)
    directory = server if is_loopback(server) else DIRECTORY
    if not name:
        return await _discovery(Person(did="", handle="", server=server), directory, http, clock)
    did = name if is_did(name) else await identity.did_of(name, server, http, clock)
    if not did:
        raise NotFound(f"Nobody there is called {name}", hint=_HINT)
    try:
        found = await verified_at(server, did, http, clock)
    except Unresolved:
        raise NotFound(f"{name} does not live on that server", hint="Type the handle alone.") from None
    if origin_of(found.server) != server:
        raise NotFound(f"{name} does not live on that server", hint="Type the handle alone.")
    return await _discovery(found, directory, http, clock)


async def _discovery(found: Person, directory: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    if not _may_hold_secrets(found.server, found.server):
        raise NotFound("This account lives on a server without encryption", hint="Postroom does not sign in there.")
    oauth = await authorization_server(found.server, http, clock)
    settings = {"did": found.did, "handle": found.handle, "server": found.server, "directory": directory}
    ways: tuple[SignIn, ...] = (SignIn.PASTE,)
    if oauth:
        ways = (SignIn.BROWSER, SignIn.PASTE)
        scopes = oauth.get("scopes_supported")
        settings |= {
            "issuer": str(oauth["issuer"]),
            "authorization_endpoint": str(oauth["authorization_endpoint"]),
            "token_endpoint": str(oauth["token_endpoint"]),
            "par_endpoint": str(oauth["pushed_authorization_request_endpoint"]),
            "revocation_endpoint": _own(str(oauth.get("revocation_endpoint") or ""), found.server),
            "scopes": " ".join(map(str, scopes)) if isinstance(scopes, list) else "",
        }
    return Discovery(
        network="bluesky",
        title=f"@{found.handle}" if found.handle else "Bluesky",
        address=found.did or found.server,
        fields=(PASSWORD_FIELD,) if found.did else (HANDLE_FIELD, PASSWORD_FIELD),
        settings=settings,
        sign_in=ways,
        browser_url="" if is_loopback(found.server) else APP_PASSWORDS,
    )


def _own(url: str, server: str) -> str:
    return url if _may_hold_secrets(url, server) else ""


def _may_hold_secrets(url: str, server: str) -> bool:
    """Encrypted; or plain on this machine, when the account's server is on this machine too."""
    return bool(origin_of(url)) and (url.startswith("https://") or (is_loopback(url) and is_loopback(server)))


async def _json(url: str, http: httpx.AsyncClient, clock: Clock) -> Mapping[str, Any] | None:
    """The object at an address, or None when there is none. Raises when the host cannot be asked at all."""
    try:
        reply = await request(http, "GET", url, clock=clock, timeout_s=15, max_bytes=500_000)
    except PostroomError as error:
        log.info("%s", error)
        raise
    if reply.status != 200:
        return None
    try:
        value = reply.json("the server's description")
    except BadReply:
        return None
    return value if isinstance(value, Mapping) else None
