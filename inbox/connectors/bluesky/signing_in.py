"""Signing in with an app password or by browser, and what of it is kept (bluesky.md section 3).

An app password is asked for once, to be given a session; it is not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import httpx

from inbox.clock import Clock
from inbox.connectors.bluesky import dpop, identity, oauth
from inbox.connectors.bluesky.channel import channel_of
from inbox.connectors.bluesky.identity import Person, Unresolved, handle_of
from inbox.connectors.bluesky.session import SUSPENDED
from inbox.connectors.bluesky.xrpc import Place, judge, mapping
from inbox.connectors.connector import Discovery, SignedIn
from inbox.connectors.http import Reply, is_loopback, request
from inbox.connectors.text import name_text
from inbox.errors import BadReply, NotAllowed, PostroomError, SignInNeeded, Unavailable

_WRONG_HINT: Final = "Copy the app password once more, with or without its hyphens, or make a new one."
_APP_PASSWORD: Final = re.compile("-?".join(["([A-Za-z0-9]{4})"] * 4))
_SHAPE_HINT: Final = (
    "An app password has four groups of four letters and digits. Make one in Bluesky under Settings, Privacy and "
    "security, App passwords; the account's own password is not wanted here."
)


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove the answers: ``password`` (and ``user``), or what the browser brought together with ``keep``."""
    if answers.get("password"):
        return await _by_password(discovery, answers, http, clock)
    if "code" in answers or "error" in answers or "verifier" in answers:
        return await _by_browser(discovery, answers, http, clock)
    raise SignInNeeded("The app password is needed", hint="Fill in the line.")


# --- app password ---


async def _by_password(
    discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> SignedIn:
    settings = discovery.settings
    identifier = settings.get("did") or handle_of(answers.get("user", "")) or answers.get("user", "").strip()
    if not identifier:
        raise SignInNeeded("Handle and app password are both needed", hint="Fill in both lines.")
    groups = _APP_PASSWORD.fullmatch(answers["password"].strip())
    if not groups:  # the account's own password would open far more than Postroom needs: it is not even sent
        raise SignInNeeded("This is not an app password", hint=_SHAPE_HINT)
    body = {"identifier": identifier, "password": "-".join(groups.groups())}
    url = f"{settings['server']}/xrpc/com.atproto.server.createSession"
    reply = await oauth.post(http, url, clock, json=body)
    if reply.status != 200:
        _judge_session(reply, clock)
    answer = mapping(reply, "signing in")
    did, access, refresh = (answer.get(name) for name in ("did", "accessJwt", "refreshJwt"))
    if not all(isinstance(part, str) and part for part in (did, access, refresh)):
        raise BadReply("signing in: no session in the answer", status=reply.status)
    if settings.get("did") and did != settings["did"]:
        raise SignInNeeded("The server signed us in as somebody else", hint=_WRONG_HINT)
    if answer.get("active") is False:
        raise NotAllowed("This account is not active at Bluesky")
    server = settings["server"]
    try:
        person = identity.person_in(answer.get("didDoc"), str(did))
        server = person.server if _same_kind(person.server, server) else server
    except Unresolved:
        person = Person(did=str(did), handle=handle_of(str(answer.get("handle") or "")), server=server)
    handle = handle_of(str(answer.get("handle") or "")) or person.handle
    found = {**settings, "did": str(did), "handle": handle, "server": server}
    secret = {"access": str(access), "refresh": str(refresh)}
    return await _signed_in(found, secret, f"Bearer {access}", "", http, clock)


def _same_kind(server: str, before: str) -> bool:
    """The session may move to the server that the identity names, but not from the web into this machine."""
    return server.startswith("https://") or (is_loopback(server) and is_loopback(before))


def _judge_session(reply: Reply, clock: Clock) -> None:
    name = dpop.error_of(reply)
    if name == "AuthFactorTokenRequired":
        raise SignInNeeded("Bluesky asks for a second factor", hint=_SHAPE_HINT, status=reply.status)
    if name in SUSPENDED:
        raise NotAllowed(f"Bluesky has closed this account ({name})", status=reply.status)
    if reply.status == 401 or name in {"AuthenticationRequired", "InvalidRequest"}:
        raise SignInNeeded("The app password is not right", hint=_WRONG_HINT, status=reply.status)
    judge(reply, "signing in", clock)


async def _by_browser(
    discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> SignedIn:
    settings, secret = await oauth.redeem(discovery, answers, http, clock)
    return await _signed_in(settings, secret, f"DPoP {secret['access']}", secret["key"], http, clock)


# --- both ---


async def _signed_in(
    settings: Mapping[str, str],
    secret: Mapping[str, str],
    authorization: str,
    key: str,
    http: httpx.AsyncClient,
    clock: Clock,
) -> SignedIn:
    name = await _name_of(settings, authorization, key, http, clock)
    kept = ("did", "handle", "server", "directory", "issuer", "client_id", "token_endpoint", "revocation_endpoint")
    place = Place(did=settings["did"], handle=settings["handle"], server=settings["server"], name=name)
    return SignedIn(
        title=f"{name} (@{place.handle})" if name else f"@{place.handle}",
        # Handles change and servers move: the DID is the account. On this machine no directory would find it again.
        address=f"{place.did}@{place.server}" if is_loopback(place.server) else place.did,
        user=place.did,
        settings={**{n: settings[n] for n in kept if settings.get(n)}, "name": name},
        secret=dict(secret),
        channels=(channel_of(place, direct=False),),
    )


async def _name_of(
    settings: Mapping[str, str], authorization: str, key: str, http: httpx.AsyncClient, clock: Clock
) -> str:
    """The name the public sees. It proves that the tokens are good for reading; only its absence is no trouble."""
    url = f"{settings['server']}/xrpc/app.bsky.actor.getProfile?{urlencode({'actor': settings['did']})}"
    for _ in range(2):
        headers = {"Authorization": authorization}
        if key:
            token = authorization.partition(" ")[2]
            headers["DPoP"] = dpop.proof(key, "GET", url, clock, token=token)
        try:
            reply = await request(http, "GET", url, headers=headers, clock=clock)
        except Unavailable:
            return ""  # the profile is the AppView's, which may be down while the server itself is well
        if not dpop.wants_nonce(reply):
            break
    if reply.status == 200:
        return name_text(str(mapping(reply, "the profile").get("displayName") or ""))
    try:
        judge(reply, "the profile", clock)
    except (BadReply, NotAllowed):
        return ""
    except PostroomError:
        raise
    return ""
