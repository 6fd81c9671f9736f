"""Signing in: keys pasted, or the way through the browser; and the account that results (x.md section 1).

Keys of OAuth 1.0a come first: they do not expire and work on several computers. OAuth 2 is for a "Native App", a public
client without a secret: PKCE, a fixed loopback address, and a code that lives 30 seconds.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from inbox.clock import Clock
from inbox.connectors.connector import Authorization, Discovery, SignedIn
from inbox.connectors.http import Reply, request
from inbox.connectors.x import fields, tokens
from inbox.connectors.x.channel import channel_of
from inbox.connectors.x.discovery import CALLBACKS
from inbox.connectors.x.people import person_from
from inbox.connectors.x.problems import judge, problem_in
from inbox.connectors.x.signing import KEYS, has_keys, headers_for
from inbox.connectors.x.us import ALL, HISTORY, Us, known
from inbox.errors import BadReply, NotAllowed, OutcomeUnknown, SignInNeeded, Unavailable

SCOPES: Final = "tweet.read users.read tweet.write tweet.moderate.write media.write dm.read dm.write offline.access"
_RIGHTS: Final = {
    "write": ("tweet.write",),
    "media": ("media.write",),
    "moderate": ("tweet.moderate.write",),
    "direct": ("dm.read", "dm.write"),
}
_BY_ACCESS: Final = {"read": frozenset[str](), "read-write": ALL - {"direct"}}
_AGAIN: Final = "Begin signing in once more."


def authorize(discovery: Discovery, redirect_uri: str, answers: Mapping[str, str]) -> Authorization:
    """The page where a person allows Postroom. Without an address to come back to, the first registered one is named:
    the browser finds nothing there, and the person pastes the address it shows."""
    client_id = answers.get("client_id", "").strip()
    if not client_id:
        raise SignInNeeded("The client ID of your app is missing", hint="Fill in the line.")
    verifier, state, back = generate_token(64), secrets.token_urlsafe(24), redirect_uri or CALLBACKS[0]
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": back,
        "scope": SCOPES,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]
        "code_challenge_method": "S256",
    }
    keep = {"expected_state": state, "verifier": verifier, "redirect_uri": back, "client_id": client_id}
    url = f"{known(discovery.settings)['web']}/i/oauth2/authorize?{urlencode(asked, quote_via=quote)}"
    return Authorization(url=url, state=state, keep=keep)


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove the keys, or the code that the browser or the person brought."""
    where = known(discovery.settings)
    if answers.get("error"):
        raise SignInNeeded("X did not let Postroom in", hint="Try again, and allow Postroom on the page.")
    secret = {name: answers[name].strip() for name in KEYS if answers.get(name, "").strip()}
    if answers.get("code", "").strip():
        secret = await _exchanged(where["api"], answers, http, clock)
    elif not has_keys(secret):
        raise SignInNeeded("Four keys are needed", hint="Fill in all four lines, or sign in with the browser.")
    me, reply = await _me(where["api"], secret, http, clock)
    rights = _rights(secret, reply)
    wanted = discovery.settings.get("user", "")
    username = str(me["username"])
    if wanted and wanted.casefold() != username.casefold():
        raise SignInNeeded(
            f"This lets us in as @{username}, not as @{wanted}",
            hint=f"Sign in to X as @{wanted} and make the keys there, or begin again with @{username}.",
        )
    if answers.get("bearer", "").strip():
        secret["bearer"] = answers["bearer"].strip()
    us = Us(
        id=str(me["id"]),
        username=username,
        name=person_from(me).name or username,
        api=where["api"],
        web=where["web"],
        premium=str(me.get("subscription_type") or "None") in {"Premium", "PremiumPlus"},
        rights=rights,
        since=(clock.now() - HISTORY).isoformat(),
    )
    return SignedIn(
        title=f"@{username}",
        address=discovery.address,
        user=username,
        settings=us.settings(),
        secret=secret,
        channels=(channel_of(us),),
    )


def ends_at(secret: Mapping[str, str]) -> datetime | None:
    """When a sign-in that nobody uses is said to end; keys never do."""
    issued = secret.get("issued_at", "")
    return datetime.fromisoformat(issued) + timedelta(days=180) if issued and not has_keys(secret) else None


# --- how it is done ---


async def _exchanged(api: str, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> dict[str, str]:
    """The tokens for a code, or for the whole address that the browser showed."""
    if not answers.get("verifier") or not answers.get("client_id"):
        raise SignInNeeded("This code belongs to a sign-in that was not begun here", hint=_AGAIN)
    code, state = _code_in(answers["code"].strip(), answers.get("state", ""))
    if state and not secrets.compare_digest(answers.get("expected_state", "").encode(), state.encode()):
        raise SignInNeeded("The browser brought the answer to another sign-in", hint=_AGAIN)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": answers.get("redirect_uri", ""),
        "code_verifier": answers["verifier"],
        "client_id": answers["client_id"],
    }
    try:
        reply = await tokens.posted(http, clock, f"{api}/2/oauth2/token", form)
    except OutcomeUnknown as error:
        raise Unavailable(error.detail, status=error.status) from None
    if reply.status in {400, 401, 403}:
        native = problem_in(reply).get("error") == "unauthorized_client"
        hint = "Set the type of the app to “Native App” at console.x.com." if native else (
            f"A code works once and for 30 seconds. {_AGAIN}"
        )  # fmt: skip
        raise SignInNeeded("X did not take the code", hint=hint, status=reply.status)
    judge(reply, "fetching the tokens", clock)
    return {"client_id": answers["client_id"], **tokens.token_parts(reply, clock.now())}


def _code_in(pasted: str, state: str) -> tuple[str, str]:
    """Code and state of what was pasted: the code alone, or the address that holds it."""
    if "code=" not in pasted:
        return pasted, state
    found = parse_qs(urlsplit(pasted).query)
    return found.get("code", [""])[0], found.get("state", [state])[0]


async def _me(
    api: str, secret: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> tuple[Mapping[str, Any], Reply]:
    url = f"{api}/2/users/me?{urlencode(fields.USER, quote_via=quote, safe='')}"
    headers = headers_for(secret, "GET", url, clock.now())
    reply = await request(http, "GET", url, headers=headers, clock=clock, judged={429})
    if reply.status == 401:
        hint = "Copy all four keys once more; after its permission was changed an app's keys have to be made anew."
        raise SignInNeeded("X does not accept these keys", hint=hint, status=401)
    judge(reply, "signing in", clock)
    answer = reply.json("signing in")
    me = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(me, Mapping) or not me.get("id") or not me.get("username"):
        raise BadReply("signing in: no account in the answer", status=reply.status)
    return me, reply


def _rights(secret: Mapping[str, str], reply: Reply) -> frozenset[str]:
    """What the sign-in allows beyond reading: scopes say it, and for keys a header of X's answers."""
    if has_keys(secret):
        return _BY_ACCESS.get(reply.headers.get("x-access-level", ""), ALL)
    scopes = set(secret.get("scopes", "").split())
    if scopes and not {"tweet.read", "users.read"} <= scopes:
        raise NotAllowed("X did not grant the right to read", hint="Allow all that Postroom asks for, and try again.")
    if not scopes:
        return ALL
    return frozenset(right for right, needed in _RIGHTS.items() if scopes.issuperset(needed))
