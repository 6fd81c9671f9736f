"""Signing in: registering Postroom with a server, the way through the browser, and the account that results.

Source: mastodon.md section 2. Postroom registers anew for each sign-in with the exact loopback address of that moment:
Mastodon would ignore its port, other servers compare it byte for byte, and nothing has to be kept between sign-ins.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from authlib.common.security import generate_token
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from inbox.clock import Clock
from inbox.connectors.connector import Authorization, Discovery, SignedIn
from inbox.connectors.http import Reply, host_of, request, same_host
from inbox.connectors.mastodon.content import plain_line
from inbox.connectors.mastodon.instance import Instance, capabilities_of, instance_at
from inbox.connectors.mastodon.server import Api, Server, judge, mapping
from inbox.errors import BadReply, NotAllowed, NotFound, OutcomeUnknown, PostroomError, SignInNeeded, Unavailable
from inbox.model import ChannelFound

CLIENT_NAME: Final = "Postroom"
PASTED: Final = "urn:ietf:wg:oauth:2.0:oob"
SCOPES: Final = (
    "read:accounts read:statuses read:notifications read:search write:statuses write:media write:favourites "
    "write:bookmarks write:conversations write:notifications write:reports write:blocks write:mutes"
)
COARSE: Final = "read write"
"""For servers that know no narrower rights."""
NEEDED: Final = ("read:accounts", "read:statuses", "read:notifications")
_GRANULAR: Final = frozenset({"mastodon", "hometown", "glitch"})
_AGAIN: Final = "Begin signing in once more."


async def authorize(discovery: Discovery, redirect_uri: str, http: httpx.AsyncClient, clock: Clock) -> Authorization:
    """Register with the server and give the page where a person allows it."""
    root = discovery.settings["root"]
    ends = await _endpoints(root, http, clock)
    granular = discovery.settings.get("software") in _GRANULAR or "write:statuses" in ends["scopes"].split()
    back = redirect_uri or PASTED
    app, scopes = await _registered(root, back, [SCOPES, COARSE] if granular else [COARSE], http, clock)
    verifier, state = generate_token(64), secrets.token_urlsafe(24)
    asked = {
        "response_type": "code",
        "client_id": app["client_id"],
        "redirect_uri": back,
        "scope": scopes,
        "state": state,
        "code_challenge": create_s256_code_challenge(verifier),  # type: ignore[no-untyped-call]
        "code_challenge_method": "S256",
        "force_login": "true",
    }
    keep = {
        "expected_state": state if redirect_uri else "",
        "redirect_uri": back,
        "verifier": verifier,
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "asked_scopes": scopes,
        "token_url": ends["token"],
    }
    return Authorization(url=f"{ends['authorize']}?{urlencode(asked)}", state=state, keep=keep)


async def sign_in(discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> SignedIn:
    """Prove what the browser or the person brought: ``code`` (with what ``authorize`` kept) or a pasted ``token``."""
    root = discovery.settings["root"]
    secret: dict[str, str]
    if answers.get("error"):
        raise SignInNeeded("The server did not let Postroom in", hint="Try again, and allow Postroom on the page.")
    if answers.get("code", "").strip():
        secret, scopes = await _token(discovery, answers, http, clock)
    elif answers.get("token", "").strip():
        secret, scopes = {"token": answers["token"].strip()}, ""
    else:
        raise SignInNeeded("Neither a code nor an access token was given", hint="Fill in the line.")
    me = await _me(root, secret["token"], http, clock)
    scopes = scopes or await _scopes_of(root, secret["token"], http, clock)
    instance = await instance_at(root, http, clock)
    server = _server(discovery.settings, instance, me, scopes)
    missing = [scope for scope in NEEDED if not server.may(scope)]
    if missing:
        hint = f"The access token lacks the rights {', '.join(missing)}; make one with the rights read and write."
        raise NotAllowed("This access token may not read messages", hint=hint)
    return SignedIn(
        title=f"@{server.handle}",
        address=root,
        user=server.handle,
        settings=server.settings(),
        secret=secret,
        channels=(channel_of(server, instance, me),),
    )


def channel_of(server: Server, instance: Instance, me: Mapping[str, Any]) -> ChannelFound:
    """The one channel of an account: the profile, with what server and token allow."""
    source = me.get("source")
    return ChannelFound(
        remote_id=server.handle,
        title=f"@{server.handle}",
        url=str(me.get("url") or ""),
        speaks_as=server.name,
        capabilities=capabilities_of(server),
        limits=instance.limits(source if isinstance(source, Mapping) else {}),
    )


async def server_now(api: Api) -> tuple[Server, Instance, Mapping[str, Any]]:
    """The server and our account as they are today."""
    me = await api.one("/api/v1/accounts/verify_credentials", what="the account")
    instance = await instance_at(api.server.root, api.http, api.clock)
    if str(me.get("id")) != api.server.account_id:
        hint = "The server was set up anew. Sign in again; what arrived before stays."
        raise SignInNeeded("The server knows this account under another number", hint=hint, account=api.account)
    scopes = " ".join(sorted(api.server.scopes))
    return _server(api.server.settings(), instance, me, scopes), instance, me


async def revoke(api: Api) -> None:
    """Give the token back. A pasted one belongs to an application of the person's own, who withdraws it there."""
    secret = api.secret()
    if not secret.get("client_id") or not secret.get("token"):
        return
    form = {name: secret.get(name, "") for name in ("client_id", "client_secret", "token")}
    reply = await _posted(f"{api.server.root}/oauth/revoke", form, api.http, api.clock)
    if reply.status not in {200, 401, 403, 404}:  # unknown to the server is as good as withdrawn
        judge(reply, "withdrawing the access token", account=api.account)


# --- how it is done ---


async def _endpoints(root: str, http: httpx.AsyncClient, clock: Clock) -> Mapping[str, str]:
    """Where to allow and where to fetch the token; younger servers say so themselves, older answer with a web page."""
    told: Mapping[str, Any] = {}
    try:
        reply = await request(http, "GET", f"{root}/.well-known/oauth-authorization-server", clock=clock)
        if reply.status == 200:
            told = mapping(reply, "the sign-in")
    except (BadReply, Unavailable):
        told = {}

    def at(name: str, usual: str) -> str:
        named = str(told.get(name) or "")
        return named if named and same_host(root, named) else f"{root}{usual}"

    scopes = told.get("scopes_supported")
    return {
        "authorize": at("authorization_endpoint", "/oauth/authorize"),
        "token": at("token_endpoint", "/oauth/token"),
        "scopes": " ".join(map(str, scopes)) if isinstance(scopes, list) else "",
    }


async def _registered(
    root: str, back: str, scopes: list[str], http: httpx.AsyncClient, clock: Clock
) -> tuple[Mapping[str, str], str]:
    """Postroom as this server knows it from now on, and the rights it may ask for: the narrowest that it takes."""
    tries = [(one, uris) for one in scopes for uris in (f"{back}\n{PASTED}", back)]
    reply: Reply | None = None
    for asked, uris in tries:
        if uris == f"{PASTED}\n{PASTED}":
            continue
        wanted = {"client_name": CLIENT_NAME, "redirect_uris": uris, "scopes": asked}
        try:
            reply = await request(http, "POST", f"{root}/api/v1/apps", json=wanted, clock=clock)
        except OutcomeUnknown as error:  # a registration too many harms nobody
            raise Unavailable(error.detail, status=error.status) from None
        if reply.status in {400, 422}:
            continue
        judge(reply, "registering with the server")
        app = mapping(reply, "registering with the server")
        if app.get("client_id") and app.get("client_secret"):
            return {name: str(app[name]) for name in ("client_id", "client_secret")}, asked
        raise BadReply("registering with the server: no client in the answer", status=reply.status)
    raise NotAllowed(
        f"{host_of(root)} does not let programs register",
        hint="Paste an access token instead.",
        status=reply.status if reply else None,
    )


async def _token(
    discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
) -> tuple[dict[str, str], str]:
    """The secret for a code, and the rights it carries."""
    if not answers.get("verifier") or not answers.get("client_id"):
        raise SignInNeeded("This code belongs to a sign-in that was not begun here", hint=_AGAIN)
    expected = answers.get("expected_state", "")
    if expected and not secrets.compare_digest(expected.encode(), answers.get("state", "").encode()):
        raise SignInNeeded("The browser brought the answer to another sign-in", hint=_AGAIN)
    form = {
        "grant_type": "authorization_code",
        "code": answers["code"].strip(),
        "client_id": answers["client_id"],
        "client_secret": answers.get("client_secret", ""),
        "redirect_uri": answers.get("redirect_uri", PASTED),
        "code_verifier": answers["verifier"],
    }
    reply = await _posted(answers.get("token_url") or f"{discovery.settings['root']}/oauth/token", form, http, clock)
    if reply.status in {400, 401, 422}:
        hint = f"A code works once and for ten minutes. {_AGAIN}"
        raise SignInNeeded("The server did not take the code", hint=hint, status=reply.status)
    judge(reply, "fetching the access token")
    answer = mapping(reply, "fetching the access token")
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise BadReply("fetching the access token: there is none in the answer", status=reply.status)
    secret = {"token": token, "client_id": form["client_id"], "client_secret": form["client_secret"]}
    return secret, str(answer.get("scope") or answers.get("asked_scopes", ""))


async def _posted(url: str, form: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> Reply:
    """A form, in the body: a secret never stands in an address."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        return await request(http, "POST", url, content=urlencode(form).encode(), headers=headers, clock=clock)
    except OutcomeUnknown as error:
        raise Unavailable(error.detail, status=error.status) from None


async def _me(root: str, token: str, http: httpx.AsyncClient, clock: Clock) -> Mapping[str, Any]:
    url = f"{root}/api/v1/accounts/verify_credentials"
    reply = await request(http, "GET", url, headers={"Authorization": f"Bearer {token}"}, clock=clock)
    if reply.status in {401, 422}:
        hint = "Copy the access token once more, all of it; an application's client key or secret is not the token."
        raise SignInNeeded("The server does not accept this access token", hint=hint, status=reply.status)
    if reply.status == 403:
        hint = "The account may be waiting for approval or be disabled, or the token lacks the right to read accounts."
        raise NotAllowed("The server does not let this account in", hint=hint, status=403)
    if reply.status == 404:
        raise NotFound("The server does not say who is signed in", hint="Check the address.", status=404)
    judge(reply, "signing in")
    me = mapping(reply, "signing in")
    if not me.get("id") or not (me.get("acct") or me.get("username")):
        raise BadReply("signing in: no account in the answer", status=reply.status)
    return me


async def _scopes_of(root: str, token: str, http: httpx.AsyncClient, clock: Clock) -> str:
    """The rights of a pasted token, where the server tells (4.3); empty where it does not: then they are tried."""
    try:
        url = f"{root}/api/v1/apps/verify_credentials"
        reply = await request(http, "GET", url, headers={"Authorization": f"Bearer {token}"}, clock=clock)
        scopes = mapping(reply, "the application").get("scopes") if reply.status == 200 else None
    except PostroomError:
        return ""
    return " ".join(map(str, scopes)) if isinstance(scopes, list) else ""


def _server(settings: Mapping[str, str], instance: Instance, me: Mapping[str, Any], scopes: str) -> Server:
    """What is kept of the server and our account there."""
    acct = str(me.get("acct") or me.get("username"))
    pictures = (me.get("avatar"), me.get("avatar_static"), me.get("header"))
    return Server(
        root=settings["root"],
        domain=settings.get("domain") or instance.domain,
        account_id=str(me["id"]),
        acct=acct.partition("@")[0],
        name=plain_line(me.get("display_name")) or str(me.get("username") or acct),
        software=settings.get("software", ""),
        api=instance.api,
        streaming=instance.streaming,
        hosts=frozenset(host for host in (host_of(str(p or "")) for p in pictures) if host),
        scopes=frozenset(scopes.split()),
    )
