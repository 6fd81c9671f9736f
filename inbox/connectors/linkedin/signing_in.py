"""Signing in to LinkedIn with the organisation's own app (linkedin.md section 2).

Variant A, native PKCE, when there is no client secret: LinkedIn has to switch it on for the app, and takes any port of
127.0.0.1. Variant B, code and secret, with an address that is registered letter by letter. Variant C, a token from the
developer portal, pasted.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from inbox.clock import Clock
from inbox.connectors.connector import Authorization, Discovery, Room, SignedIn
from inbox.connectors.http import request
from inbox.connectors.linkedin import tokens
from inbox.connectors.linkedin.discovery import NAME, REDIRECTS
from inbox.connectors.linkedin.pages import NEEDED, channels
from inbox.connectors.linkedin.server import Api, Place, Session, error_of, judge, mapping
from inbox.errors import NotAllowed, PostroomError, SignInNeeded
from inbox.model import Account, AccountId, ChannelFound

SCOPES: Final = (
    "r_basicprofile", "rw_organization_admin", "r_organization_social", "w_organization_social",
    "r_organization_social_feed", "w_organization_social_feed",
)  # fmt: skip
"""One set for ever: asking for another one would end every token that the member already gave (section 1)."""
_AGAIN: Final = "Begin signing in once more."


async def authorize(
    discovery: Discovery, redirect_uri: str, http: httpx.AsyncClient, clock: Clock, answers: Mapping[str, str]
) -> Authorization:
    """The page where a person allows it. Nothing is asked of LinkedIn before."""
    client_id, secret = answers.get("client_id", "").strip(), answers.get("client_secret", "").strip()
    if not client_id:
        raise SignInNeeded("The client ID of the organisation's app is missing", hint="Fill in the line.")
    back = redirect_uri or answers.get("redirect", "").strip() or REDIRECTS[0]
    state, verifier = secrets.token_urlsafe(24), ""
    asked = {"response_type": "code", "client_id": client_id, "state": state, "scope": " ".join(SCOPES)}
    path = "/oauth/v2/authorization"
    if not secret:
        path, verifier = "/oauth/native-pkce/authorization", generate_token(64)
        back = back.replace("//localhost:", "//127.0.0.1:")
        asked["code_challenge"] = create_s256_code_challenge(verifier)  # type: ignore[no-untyped-call]
        asked["code_challenge_method"] = "S256"
    asked["redirect_uri"] = back
    keep = {"expected_state": state, "redirect_uri": back, "verifier": verifier}
    return Authorization(url=f"{discovery.settings['www']}{path}?{urlencode(asked)}", state=state, keep=keep)


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove what was brought or pasted, and open the pages it leads to."""
    www, now = discovery.settings["www"], clock.now()
    app = {n: v for n in ("client_id", "client_secret") if (v := answers.get(n, "").strip())}
    if answers.get("error"):
        raise SignInNeeded("LinkedIn did not let Postroom in", hint="Try again, and allow Postroom on the page.")
    if answers.get("code", "").strip():
        parts = {**await _token(www, answers, app, http, clock), **app}
    elif answers.get("token", "").strip():
        parts = {"token": answers["token"].strip(), "pasted": now.isoformat(), **app}
        parts["expires_at"] = (now + tokens.LASTS).isoformat()
        parts |= await _introspected(www, parts, http, clock)
    else:
        raise SignInNeeded("Neither a code nor an access token was given", hint="Fill in the line.")
    scopes = frozenset(parts.get("scopes", "").split())
    place = Place(api=discovery.settings["api"], www=www, scopes=scopes)
    if missing := place.lacks(*NEEDED):
        raise NotAllowed(
            f"The app was not given the rights {', '.join(missing)}",
            hint="The Community Management API has to be approved for the organisation's app.",
        )
    api = Api(_room(place, parts, http, clock), place, Session(), person=True)
    found = await channels(api)
    if not found:
        raise NotAllowed(
            "Whoever signed in administers no page on LinkedIn", hint="Sign in as an administrator of the page."
        )
    member = await _member(api, http)
    place = Place(api=place.api, www=www, member=member, scopes=scopes)
    return SignedIn(
        title=_title(found), address=www, user=member or found[0].remote_id, settings=place.settings(), secret=parts,
        channels=found,
    )  # fmt: skip


async def _token(
    www: str, answers: Mapping[str, str], app: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> dict[str, str]:
    """The secret for a code, which may also be pasted as the whole address that the browser ended at."""
    brought = _brought(answers)
    if not answers.get("expected_state") or not app.get("client_id"):
        raise SignInNeeded("This code belongs to a sign-in that was not begun here", hint=_AGAIN)
    state = brought.get("state", "")
    if state and not secrets.compare_digest(answers["expected_state"].encode(), state.encode()):
        raise SignInNeeded("The browser brought the answer to another sign-in", hint=_AGAIN)
    if not brought.get("code"):
        raise SignInNeeded("There is no code in what was pasted", hint="Paste the whole address the browser ended at.")
    form = {
        "grant_type": "authorization_code",
        "code": brought["code"],
        "redirect_uri": answers.get("redirect_uri", ""),
        "client_id": app["client_id"],
    }
    if answers.get("verifier"):
        form["code_verifier"] = answers["verifier"]
    else:
        form["client_secret"] = app.get("client_secret", "")
    reply = await tokens.posted(f"{www}/oauth/v2/accessToken", form, http, clock)
    if reply.status in {400, 401}:
        hint = f"A code works once and for half an hour; secret and redirect address have to be the app's. {_AGAIN}"
        if answers.get("verifier"):
            hint = f"Without a client secret LinkedIn has to switch on native PKCE for the app. {_AGAIN}"
        raise SignInNeeded("LinkedIn did not take the code", hint=hint, status=reply.status)
    return tokens.parts_of(reply, clock.now(), what="fetching the access token")


def _brought(answers: Mapping[str, str]) -> Mapping[str, str]:
    """Code and state: as the browser brought them, or out of an address somebody pasted."""
    pasted = answers["code"].strip()
    if "code=" not in pasted:
        return {"code": pasted, "state": answers.get("state", "")}
    return dict(parse_qsl(urlsplit(pasted).query or pasted.partition("?")[2] or pasted))


async def _introspected(www: str, parts: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> dict[str, str]:
    """When a pasted token ends and which rights it has, where the app's id and secret were given."""
    if not parts.get("client_id") or not parts.get("client_secret"):
        return {}
    form = {n: parts[n] for n in ("client_id", "client_secret", "token")}
    reply = await tokens.posted(f"{www}/oauth/v2/introspectToken", form, http, clock)
    if reply.status in {400, 401}:
        raise SignInNeeded(
            "LinkedIn does not know this client ID and secret", status=reply.status,
            hint="Check both, or leave them empty.",
        )  # fmt: skip
    judge(reply, "asking about the token")
    told = mapping(reply, "asking about the token")
    if told.get("active") is not True:
        raise SignInNeeded("LinkedIn says that this token is not good any more", hint="Make a new one in the portal.")
    found: dict[str, str] = {}
    if isinstance(told.get("expires_at"), int):
        found["expires_at"] = datetime.fromtimestamp(told["expires_at"], UTC).isoformat()
    if told.get("scope"):
        found["scopes"] = " ".join(tokens.scopes_of(str(told["scope"])))
    return found


async def _member(api: Api, http: httpx.AsyncClient) -> str:
    """The number of whoever signed in; empty where the app may not know it (r_basicprofile)."""
    token = api.room.secret.read().get("token", "")
    headers = {"Authorization": f"Bearer {token}"}
    try:
        reply = await request(http, "GET", f"{api.place.api}/v2/me", headers=headers, clock=api.clock)
    except PostroomError:
        return ""
    number = error_of(reply).get("id") if reply.status == 200 else None
    return f"urn:li:person:{number}" if isinstance(number, str) and number else ""


def _title(found: tuple[ChannelFound, ...]) -> str:
    first = found[0].title
    return first if len(found) == 1 else f"{first} and {len(found) - 1} more"


class _Given:
    """The secret before there is an account that could keep it."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)

    def read(self) -> Mapping[str, str]:
        return self._parts

    def save(self, parts: Mapping[str, str]) -> None:
        self._parts = dict(parts)


def _room(place: Place, parts: Mapping[str, Any], http: httpx.AsyncClient, clock: Clock) -> Room:
    account = Account(id=AccountId("signing in"), network=NAME, title="LinkedIn", settings=place.settings())
    return Room(account=account, http=http, secret=_Given(parts), clock=clock)
