"""OAuth in the browser: PAR, PKCE and DPoP, with Postroom as a loopback client (bluesky.md section 3).

There is no hosted client document, so the ``client_id`` says all there is to know about Postroom. The person comes back
to this machine with a code; state and issuer are compared before it is redeemed, the account afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import httpx
from authlib.common.security import generate_token

from inbox.clock import Clock
from inbox.connectors.bluesky import discovery as finding
from inbox.connectors.bluesky import dpop, identity
from inbox.connectors.bluesky.identity import DIRECTORY, Person, Unresolved, origin_of
from inbox.connectors.bluesky.session import oauth_parts
from inbox.connectors.bluesky.xrpc import Place, judge, mapping
from inbox.connectors.connector import Authorization, Discovery
from inbox.connectors.http import Reply, is_loopback, request
from inbox.errors import BadReply, NotAllowed, OutcomeUnknown, SignInNeeded, Unavailable, Unsupported

_SCOPES: Final = ("atproto", "transition:generic", "transition:chat.bsky")


async def authorize(discovery: Discovery, redirect_uri: str, http: httpx.AsyncClient, clock: Clock) -> Authorization:
    """Announce ourselves (PAR) and say where the person allows Postroom."""
    from authlib.oauth2.rfc7636 import create_s256_code_challenge  # here: it brings all of OAuth 2 with it

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


async def redeem(
    discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> tuple[dict[str, str], dict[str, str]]:
    """The account's settings and its secret, for what the browser brought back. Raises SignInNeeded, NotAllowed."""
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
    return found, secret


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
        reply = await post(http, url, clock, content=urlencode(form).encode(), headers=headers)
        if not dpop.wants_nonce(reply):
            break
    return reply


async def post(http: httpx.AsyncClient, url: str, clock: Clock, **parts: Any) -> Reply:
    """A POST that makes nothing anybody would see: in doubt it is simply done again."""
    try:
        return await request(http, "POST", url, clock=clock, judged={429}, **parts)
    except OutcomeUnknown as error:
        raise Unavailable(error.detail, status=error.status) from None


def revocation_of(place: Place) -> str:
    """Where OAuth tokens are given back, when that is on the account's own authorization server."""
    same = origin_of(place.revocation_endpoint) == origin_of(place.token_endpoint)
    return place.revocation_endpoint if same else ""
