"""Who asks: OAuth 1.0a signatures, OAuth 2 tokens, and the way through the browser (x.md section 1).

The signature is checked by RFC 5849 alone, without the library that made it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode

from inbox.practice.x.network import App, Grant, Network
from inbox.practice.x.wire import Answer, Refusal, problem

CODE_LIVES = timedelta(seconds=30)
TOKEN_LIVES = timedelta(seconds=7_200)
CLOCKS_DIFFER = timedelta(minutes=5)


def signed_in(network: Network, method: str, url: str, authorization: str) -> Grant | str | None:
    """Whose request this is; "app" for an app's own bearer token; None for nobody's. Raises for what is wrong."""
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(network, rest.strip())
    if scheme.lower() == "oauth":
        return _by_signature(network, method, url, rest)
    return None


def authorize_page(network: Network, params: Mapping[str, str]) -> Answer:
    """What the person sees in the browser: a page that asks."""
    app = _app_for(network, params)
    fields = "".join(
        f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">' for k, v in params.items()
    )
    name = html.escape(network.users[app.owner_id].username)
    page = (
        f"<!doctype html><title>Practice X</title><h1>Let Postroom into @{name}?</h1>"
        f'<form method="post" action="/i/oauth2/authorize">{fields}'
        '<button name="allow" value="yes">Authorize app</button>'
        '<button name="allow" value="no">Cancel</button></form>'
    )
    return Answer(body=page.encode(), content_type="text/html; charset=utf-8")


def authorize(network: Network, params: Mapping[str, str]) -> Answer:
    """The person's answer: back to where the app asked, with a code."""
    app = _app_for(network, params)
    back: dict[str, str] = {"state": params.get("state", "")}
    if params.get("allow", "yes") == "yes":
        code = secrets.token_urlsafe(40)
        network.codes[code] = {
            "app": app, "at": network.now(), "challenge": params.get("code_challenge", ""),
            "redirect_uri": params.get("redirect_uri", ""), "scopes": tuple(params.get("scope", "").split()),
        }  # fmt: skip
        back["code"] = code
    else:
        back["error"] = "access_denied"
    return Answer(body=b"", status=302, headers={"Location": f"{params['redirect_uri']}?{urlencode(back)}"})


def token(network: Network, form: Mapping[str, str], authorization: str) -> Answer:
    """Tokens for a code, or fresh ones for a refresh token, which dies of it."""
    app = _client(network, form, authorization)
    grant_type = form.get("grant_type", "")
    if grant_type == "authorization_code":
        return _tokens(network, _grant_for_code(network, app, form))
    if grant_type == "refresh_token":
        return _tokens(network, _grant_for_refresh(network, app, form.get("refresh_token", "")))
    raise oauth_error(400, "unsupported_grant_type", "The grant type is not supported.")


def revoke(network: Network, form: Mapping[str, str], authorization: str) -> Answer:
    """The grant ends."""
    _client(network, form, authorization)
    for grant in network.grants:
        if form.get("token") and form["token"] in (grant.token, grant.refresh):
            grant.dead = True
    return Answer(body={"revoked": True})


def oauth_error(status: int, error: str, description: str) -> Refusal:
    """The token endpoint's own form of a refusal."""
    return Refusal(status, {"error": error, "error_description": description})


def unauthorized() -> Refusal:
    """401, whatever the reason."""
    return problem(401, "Unauthorized", "Unauthorized")


def _by_token(network: Network, secret: str) -> Grant | str:
    if any(secret == app.bearer for app in network.apps.values() if app.bearer):
        return "app"
    for grant in network.grants:
        alive = not grant.token_secret and not grant.dead and grant.issued_at is not None
        if grant.token == secret and alive and network.now() - (grant.issued_at or network.now()) < TOKEN_LIVES:
            return grant
    raise unauthorized()


def _by_signature(network: Network, method: str, url: str, rest: str) -> Grant:
    given = {k: unquote(v) for k, v in re.findall(r'([\w-]+)="([^"]*)"', rest)}
    grant = next((g for g in network.grants if g.token == given.get("oauth_token") and g.token_secret), None)
    if grant is None or grant.dead or grant.app.api_key != given.get("oauth_consumer_key"):
        raise unauthorized()
    stamp = given.get("oauth_timestamp", "")
    off = abs(int(stamp) - network.now().timestamp()) if stamp.isdecimal() else None
    if off is None or off > CLOCKS_DIFFER.total_seconds() or given.get("oauth_nonce", "") in network.nonces:
        raise unauthorized()
    expected = signature(method, url, given, grant.app.api_secret, grant.token_secret)
    if not hmac.compare_digest(expected, given.get("oauth_signature", "")):
        raise unauthorized()
    network.nonces.add(given["oauth_nonce"])
    return grant


def signature(method: str, url: str, given: Mapping[str, str], api_secret: str, token_secret: str) -> str:
    """HMAC-SHA1 over method, address and all parameters, as RFC 5849 section 3.4 has it."""
    address, _, query = url.partition("?")
    pairs = [(k, v) for k, v in given.items() if k not in ("oauth_signature", "realm")]
    pairs += parse_qsl(query, keep_blank_values=True)
    encoded = sorted((quote(k, safe="~"), quote(v, safe="~")) for k, v in pairs)
    normal = "&".join(f"{k}={v}" for k, v in encoded)
    base = "&".join((method.upper(), quote(address, safe="~"), quote(normal, safe="~")))
    key = f"{quote(api_secret, safe='~')}&{quote(token_secret, safe='~')}"
    return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()).decode()


def _app_for(network: Network, params: Mapping[str, str]) -> App:
    app = network.apps.get(params.get("client_id", ""))
    if app is None:
        raise oauth_error(400, "invalid_request", "Value passed for the client was invalid.")
    if params.get("redirect_uri") not in app.callbacks:
        raise Refusal(
            403, {"errors": [{"code": 415, "message": "Callback URL not approved for this client application."}]}
        )
    if params.get("response_type") != "code" or not params.get("code_challenge"):
        raise oauth_error(400, "invalid_request", "Value passed for the code challenge was invalid.")
    return app


def _client(network: Network, form: Mapping[str, str], authorization: str) -> App:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() == "basic":
        client_id, _, secret = base64.b64decode(rest).decode().partition(":")
        app = network.apps.get(unquote(client_id))
        if app is None or not app.secret or not hmac.compare_digest(app.secret, unquote(secret)):
            raise oauth_error(401, "unauthorized_client", "Missing valid authorization header")
        return app
    app = network.apps.get(form.get("client_id", ""))
    if app is None or app.secret:
        raise oauth_error(401, "unauthorized_client", "Missing valid authorization header")
    return app


def _grant_for_code(network: Network, app: App, form: Mapping[str, str]) -> Grant:
    kept: dict[str, Any] | None = network.codes.pop(form.get("code", ""), None)
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    if (
        kept is None or kept["app"] is not app or network.now() - kept["at"] > CODE_LIVES
        or kept["redirect_uri"] != form.get("redirect_uri") or kept["challenge"] != challenge
    ):  # fmt: skip
        raise oauth_error(400, "invalid_request", "Value passed for the authorization code was invalid.")
    for other in network.grants:  # a new login ends the earlier one of the same app and account
        if other.app is app and other.user_id == app.owner_id and not other.token_secret:
            other.dead = True
    grant = Grant(app=app, user_id=app.owner_id, token="", scopes=kept["scopes"])
    network.grants.append(grant)
    return grant


def _grant_for_refresh(network: Network, app: App, refresh: str) -> Grant:
    for grant in network.grants:
        if refresh and refresh in grant.spent:
            grant.dead = True  # used twice: the whole family dies
    found = next((g for g in network.grants if g.app is app and g.refresh == refresh and refresh), None)
    if found is None or found.dead:
        raise oauth_error(400, "invalid_request", "Value passed for the token was invalid.")
    found.spent.add(refresh)
    return found


def _tokens(network: Network, grant: Grant) -> Answer:
    grant.token, grant.issued_at = secrets.token_urlsafe(64), network.now()
    grant.refresh = secrets.token_urlsafe(64) if "offline.access" in grant.scopes else ""
    body = {
        "token_type": "bearer", "expires_in": int(TOKEN_LIVES.total_seconds()), "access_token": grant.token,
        "scope": " ".join(grant.scopes),
    }  # fmt: skip
    if grant.refresh:
        body["refresh_token"] = grant.refresh
    return Answer(body=body)
