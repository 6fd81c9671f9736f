"""Signing in at the practice LinkedIn: consent page, code, token, refresh, introspection."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from inbox.practice.linkedin.entities import App, Code, Token
from inbox.practice.linkedin.network import REFRESH_LASTS, TOKEN_LASTS, Network

CODE_LASTS = timedelta(minutes=30)


class Refused(Exception):
    """An OAuth error: its code, and the status it comes with."""

    def __init__(self, error: str, words: str, status: int = 400) -> None:
        super().__init__(words)
        self.body = {"error": error, "error_description": words}
        self.status = status


def consent(network: Network, asked: Mapping[str, str], *, native: bool) -> str:
    """The page that asks: a link for each member who could allow it. Raises Refused."""
    app = _app(network, asked.get("client_id", ""))
    _redirect(app, asked.get("redirect_uri", ""), native=native)
    if native and (not app.native or asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge")):
        raise Refused("unauthorized_client", "Native PKCE is not enabled for this app", 401)
    if asked.get("response_type") != "code":
        raise Refused("unsupported_response_type", "response_type")
    people = "".join(
        f'<p><a href="?{html.escape(urlencode({**asked, "allow": m.urn}))}">Allow as {html.escape(m.first)}</a></p>'
        for m in network.members.values()
        if any(m.urn in page.roles for page in network.organizations.values())
    )
    return f"<!doctype html><title>LinkedIn (practice)</title><h1>Postroom wants to act for your page</h1>{people}"


def allowed(network: Network, asked: Mapping[str, str], *, native: bool) -> str:
    """Where the browser is sent with the code, after a member allowed it."""
    app = _app(network, asked.get("client_id", ""))
    back = _redirect(app, asked.get("redirect_uri", ""), native=native)
    text = f"AQT{network.chance.getrandbits(128):032x}"
    network.codes[text] = Code(
        text=text, client_id=app.client_id, member=asked["allow"], redirect=back,
        scopes=tuple(asked.get("scope", "").split()), challenge=asked.get("code_challenge", ""),
        expires_at=network.now() + CODE_LASTS,
    )  # fmt: skip
    return f"{back}?{urlencode({'code': text, 'state': asked.get('state', '')})}"


def token(network: Network, form: Mapping[str, str]) -> dict[str, Any]:
    """A token for a code or a refresh token. Raises Refused."""
    app = _app(network, form.get("client_id", ""))
    match form.get("grant_type"):
        case "authorization_code":
            return _answer(network, _by_code(network, app, form))
        case "refresh_token":
            _secret(app, form)
            return _answer(network, _by_refresh(network, app, form.get("refresh_token", "")))
    raise Refused("unsupported_grant_type", "grant_type")


def introspected(network: Network, form: Mapping[str, str]) -> dict[str, Any]:
    """What a token is good for."""
    app = _app(network, form.get("client_id", ""))
    _secret(app, form)
    found = network.tokens.get(form.get("token", ""))
    if found is None or found.client_id != app.client_id:
        return {"active": False}
    alive = not found.revoked and found.expires_at > network.now()
    return {
        "active": alive,
        "status": "active" if alive else "revoked" if found.revoked else "expired",
        "client_id": found.client_id,
        "scope": ",".join(found.scopes),
        "auth_type": "3L",
        "authorized_at": _seconds(found.created_at),
        "created_at": _seconds(found.created_at),
        "expires_at": _seconds(found.expires_at),
    }


def _by_code(network: Network, app: App, form: Mapping[str, str]) -> Token:
    code = network.codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != app.client_id or code.expires_at < network.now():
        raise Refused("invalid_request", "Unable to retrieve access token: appid/redirect uri/code verifier")
    if code.redirect != form.get("redirect_uri"):
        raise Refused("invalid_redirect_uri", "Redirect does not match", 401)
    if code.challenge:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != code.challenge:
            raise Refused("invalid_request", "code_verifier")
    else:
        _secret(app, form)
    return _issued(network, app, code.member, code.scopes, None)


def _by_refresh(network: Network, app: App, refresh: str) -> Token:
    old = next((t for t in network.tokens.values() if t.refresh and t.refresh == refresh), None)
    now = network.now()
    if old is None or old.client_id != app.client_id or (old.refresh_expires_at or now) <= now:
        raise Refused("invalid_request", "The provided refresh token is invalid or expired")
    made = _issued(network, app, old.member, old.scopes, old.refresh_expires_at)
    made.refresh, old.refresh = old.refresh, ""
    return made


def _issued(network: Network, app: App, member: str, scopes: tuple[str, ...], until: datetime | None) -> Token:
    """A refresh token counts from the first consent, and no token outlives it."""
    secret = network.token_for(network.members[member], scopes, app.client_id)
    made = network.tokens[secret]
    if app.refreshes:
        made.refresh = made.refresh or f"AQX{network.chance.getrandbits(128):032x}"
        made.refresh_expires_at = until or network.now() + REFRESH_LASTS
        made.expires_at = min(network.now() + TOKEN_LASTS, made.refresh_expires_at)
    return made


def _answer(network: Network, made: Token) -> dict[str, Any]:
    now = network.now()
    found: dict[str, Any] = {
        "access_token": made.secret,
        "expires_in": int((made.expires_at - now).total_seconds()),
        "scope": ",".join(made.scopes),
        "token_type": "Bearer",
    }
    if made.refresh and made.refresh_expires_at is not None:
        found["refresh_token"] = made.refresh
        found["refresh_token_expires_in"] = int((made.refresh_expires_at - now).total_seconds())
    return found


def _app(network: Network, client_id: str) -> App:
    found = network.apps.get(client_id)
    if found is None:
        raise Refused("invalid_client", "The passed in client_id is invalid", 401)
    return found


def _secret(app: App, form: Mapping[str, str]) -> None:
    if form.get("client_secret") != app.client_secret:
        raise Refused("invalid_client", "Client authentication failed", 401)


def _redirect(app: App, uri: str, *, native: bool) -> str:
    """Registered letter by letter; for native PKCE any port of the loopback address."""
    parts = urlsplit(uri)
    if native and parts.hostname in {"127.0.0.1", "::1"}:
        return uri
    if uri not in app.redirects:
        raise Refused("invalid_redirect_uri", "The redirect_uri does not match the registered value")
    return uri


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
