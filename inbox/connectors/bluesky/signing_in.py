"""Signing in: an app password, or OAuth in the browser (PAR, PKCE, DPoP); and the one channel that an account opens.

Source: bluesky.md section 3. Postroom has no hosted client document, so it is a loopback client: its ``client_id``
says all there is to know about it. App passwords are asked for once, to be given a session; they are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from inbox.clock import Clock
from inbox.connectors.bluesky import discovery as finding
from inbox.connectors.bluesky import dpop, identity
from inbox.connectors.bluesky.identity import DIRECTORY, Person, Unresolved, handle_of, origin_of
from inbox.connectors.bluesky.session import SUSPENDED, oauth_parts
from inbox.connectors.bluesky.xrpc import Api, Place, judge, mapping
from inbox.connectors.connector import Authorization, Discovery, SignedIn
from inbox.connectors.http import Reply, is_loopback, request
from inbox.connectors.text import name_text
from inbox.errors import BadReply, NotAllowed, OutcomeUnknown, PostroomError, SignInNeeded, Unavailable, Unsupported
from inbox.model import Capability, ChannelFound, Limits

TEXT_GRAPHEMES: Final = 300
TEXT_BYTES: Final = 3000
PICTURES: Final = 4
PICTURE_BYTES: Final = 1_000_000  # 2,000,000 on new servers; older ones take no more than this
ALT_GRAPHEMES: Final = 2000
DIRECT_GRAPHEMES: Final = 1000
IMAGE_TYPES: Final = ("image/jpeg", "image/png", "image/webp", "image/gif")
_SCOPES: Final = ("atproto", "transition:generic", "transition:chat.bsky")
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


async def authorize(discovery: Discovery, redirect_uri: str, http: httpx.AsyncClient, clock: Clock) -> Authorization:
    """Announce ourselves (PAR) and say where the person allows Postroom."""
    settings = discovery.settings
    if not settings.get("par_endpoint"):
        raise Unsupported("This server has no sign-in by browser")
    back = urlsplit(redirect_uri)
    if back.scheme != "http" or back.hostname not in {"127.0.0.1", "::1"}:
        raise Unsupported("Bluesky sends the person back to this machine only", hint="Use an app password instead.")
    scope = _scope(settings)
    client_id = _client_id(redirect_uri, scope)
    verifier, state, key = generate_token(64), generate_token(32), dpop.new_key()
    form = {
        "client_id": client_id,
        "response_type": "code",
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]  # half-typed stubs
        "code_challenge_method": "S256",
    }
    if hint := settings.get("handle") or settings.get("did"):
        form["login_hint"] = hint
    reply = await _form(settings["par_endpoint"], form, key, http, clock)
    if reply.status not in {200, 201}:
        _judge_oauth(reply, "announcing ourselves", clock)
    request_uri = str(mapping(reply, "announcing ourselves").get("request_uri") or "")
    if not request_uri:
        raise BadReply("announcing ourselves: no request in the answer", status=reply.status)
    ask = urlencode({"client_id": client_id, "request_uri": request_uri}, quote_via=quote)
    return Authorization(
        url=f"{settings['authorization_endpoint']}?{ask}",
        state=state,
        keep={
            "verifier": verifier,
            "key": key,
            "expected_state": state,
            "redirect_uri": redirect_uri,
            "client_id": client_id,
        },
    )


async def channel_now(api: Api, *, direct: bool) -> ChannelFound:
    """The one channel, with the name the public sees today."""
    profile = await api.query("app.bsky.actor.getProfile", {"actor": api.did}, "the profile")
    place = replace(
        api.place,
        handle=handle_of(str(profile.get("handle") or "")) or api.place.handle,
        name=name_text(str(profile.get("displayName") or "")) or api.place.name,
    )
    return channel_of(place, direct=direct)


def channel_of(place: Place, *, direct: bool) -> ChannelFound:
    """The profile as a channel; direct messages only where the chat service answered."""
    able = CAPABILITIES if direct else CAPABILITIES & ~Capability.DIRECT
    return ChannelFound(
        remote_id=place.did,
        title=place.name or f"@{place.handle}",
        url=f"https://bsky.app/profile/{place.did}",
        speaks_as=place.name or f"@{place.handle}",
        capabilities=able,
        limits=limits_now(direct=direct),
    )


def limits_now(*, direct: bool) -> Limits:
    """Section 5's limits: graphemes and bytes both count."""
    return Limits(
        text_graphemes=TEXT_GRAPHEMES,
        text_bytes=TEXT_BYTES,
        media_count=PICTURES,
        media_bytes=PICTURE_BYTES,
        media_types=IMAGE_TYPES,
        alt_graphemes=ALT_GRAPHEMES,
        exclusive=(("card", "media"),),
        direct_graphemes=DIRECT_GRAPHEMES if direct else None,
    )


CAPABILITIES: Final = (
    Capability.FETCH
    | Capability.REREAD
    | Capability.REPLY
    | Capability.POST
    | Capability.DELETE
    | Capability.MEDIA
    | Capability.THREAD
    | Capability.REACT_LIKE
    | Capability.REACT_BOOST
    | Capability.QUOTE
    | Capability.HIDE
    | Capability.BLOCK
    | Capability.MUTE
    | Capability.REPORT
    | Capability.LANGUAGE
    | Capability.AUDIENCE
    | Capability.CARD
    | Capability.DIRECT
)


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
    reply = await _post(http, url, clock, json=body)
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


# --- OAuth ---


async def _by_browser(
    discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> SignedIn:
    settings = discovery.settings
    if not answers.get("state") or answers["state"] != answers.get("expected_state"):
        raise SignInNeeded("The browser's answer does not belong to this sign-in", hint="Begin once more.")
    if answers.get("iss") != settings.get("issuer"):
        raise SignInNeeded("The browser's answer comes from another server", hint="Begin once more.")
    if answers.get("error") or not answers.get("code"):
        raise SignInNeeded("Postroom was not allowed", hint="Begin once more, and allow it in the browser.")
    form = {
        "grant_type": "authorization_code",
        "code": answers["code"],
        "redirect_uri": answers["redirect_uri"],
        "code_verifier": answers["verifier"],
        "client_id": answers["client_id"],
    }
    key = answers["key"]
    reply = await _form(settings["token_endpoint"], form, key, http, clock)
    if reply.status != 200:
        _judge_oauth(reply, "signing in", clock)
    answer = mapping(reply, "signing in")
    secret = {**oauth_parts(answer, clock.now()), "key": key}
    person = await _subject(str(answer.get("sub") or ""), settings, http, clock)
    granted = set(str(answer.get("scope") or "").split())
    if not {"atproto", "transition:generic"} <= granted:
        raise NotAllowed("Postroom was not given the rights it needs", hint="Begin once more, and allow everything.")
    found = {
        **settings,
        "did": person.did,
        "handle": person.handle or settings.get("handle", ""),
        "server": person.server,
        "client_id": answers["client_id"],
    }
    return await _signed_in(found, secret, f"DPoP {secret['access']}", key, http, clock)


async def _subject(did: str, settings: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> Person:
    """Who has signed in: the one expected, and one whose server leads to this very issuer."""
    if not identity.is_did(did):
        raise BadReply("signing in: the answer does not say who signed in")
    if settings.get("did"):
        if did != settings["did"]:
            raise SignInNeeded(
                "Somebody else signed in", hint=f"Sign in as @{settings.get('handle')} in the browser, and once more."
            )
        return Person(did=did, handle=settings.get("handle", ""), server=settings["server"])
    try:
        if is_loopback(settings["server"]):
            person = await finding.verified_at(settings["server"], did, http, clock)
        else:
            person = await identity.person(did, settings.get("directory", DIRECTORY), http, clock)
    except Unresolved:
        raise SignInNeeded("Nobody knows the account that signed in") from None
    oauth = await finding.authorization_server(person.server, http, clock)
    if not oauth or oauth.get("issuer") != settings.get("issuer"):
        raise SignInNeeded("The account lives on another server", hint="Type the handle instead of the server.")
    return person


def _client_id(redirect_uri: str, scope: str) -> str:
    """The loopback client: no port, since any may be used."""
    parts = urlsplit(redirect_uri)
    host = "[::1]" if parts.hostname == "::1" else "127.0.0.1"
    return "http://localhost?" + urlencode({"redirect_uri": f"http://{host}{parts.path or '/'}", "scope": scope})


def _scope(settings: Mapping[str, str]) -> str:
    offered = settings.get("scopes", "").split()
    return " ".join(s for s in _SCOPES if s in offered or s != "transition:chat.bsky")


def _judge_oauth(reply: Reply, what: str, clock: Clock) -> None:
    name = dpop.error_of(reply)
    if name in {"invalid_grant", "access_denied", "login_required"}:
        raise SignInNeeded("The permission has run out", hint="Begin once more.", status=reply.status)
    if reply.status in {400, 401, 403}:
        hint = "Use an app password instead."
        raise NotAllowed(f"{what}: the server refuses ({name or reply.words()})", hint=hint, status=reply.status)
    judge(reply, what, clock)


async def _form(url: str, form: Mapping[str, str], key: str, http: httpx.AsyncClient, clock: Clock) -> Reply:
    for _ in range(2):
        headers = {"Content-Type": "application/x-www-form-urlencoded", "DPoP": dpop.proof(key, "POST", url, clock)}
        reply = await _post(http, url, clock, content=urlencode(form).encode(), headers=headers)
        if not dpop.wants_nonce(reply):
            break
    return reply


async def _post(http: httpx.AsyncClient, url: str, clock: Clock, **parts: Any) -> Reply:
    """A POST that makes nothing anybody would see: in doubt it is simply done again."""
    try:
        return await request(http, "POST", url, clock=clock, judged={429}, **parts)
    except OutcomeUnknown as error:
        raise Unavailable(error.detail, status=error.status) from None


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


def revocation_of(place: Place) -> str:
    """Where OAuth tokens are given back, when that is on the account's own authorization server."""
    same = origin_of(place.revocation_endpoint) == origin_of(place.token_endpoint)
    return place.revocation_endpoint if same else ""
