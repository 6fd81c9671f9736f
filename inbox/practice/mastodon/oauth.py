"""Signing in: apps, the page in the browser, codes, tokens (mastodon.md section 2; recording ``token_response.json``).

The page asks who you are and whether you agree; no password, in practice one click is the login. A test does the same
with ``POST /oauth/authorize``: the query's parameters as a form, and ``person`` (a user name) and ``decision`` (allow
or deny); see ``Place.token_for`` for a token without the journey.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

from inbox.practice.mastodon.account_json import credential_json, profile
from inbox.practice.mastodon.entities import App, Code, Token
from inbox.practice.mastodon.instance import VAPID_KEY
from inbox.practice.mastodon.wire import Answer, ApiError, Call, invalid

OOB = "urn:ietf:wg:oauth:2.0:oob"
_LOOPBACK = {"127.0.0.1", "::1"}
_CODE_LIVES = timedelta(minutes=10)
READ = "accounts blocks bookmarks collections favourites filters follows lists mutes notifications search statuses"
WRITE = (
    "accounts blocks bookmarks collections conversations favourites filters follows lists media mutes notifications "
    "reports statuses"
)
SCOPES = [
    "read", "profile", "write", *(f"write:{w}" for w in WRITE.split()), *(f"read:{r}" for r in READ.split()),
    "follow", "push", "admin:read", "admin:write",
]  # fmt: skip
_FIELDS = (
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "code_challenge",
    "code_challenge_method",
    "force_login",
    "lang",
)


def create_app(call: Call) -> Answer:
    """A new client (recording ``app_verify_credentials.json`` and the secrets)."""
    name, scopes = call.text("client_name"), (call.text("scopes") or "read").split()
    redirects = [uri for one in call.many("redirect_uris") for uri in one.split()]
    if not name:
        raise invalid("Application name can't be blank")
    if not redirects:
        raise invalid("Redirect URI can't be blank")
    if any(not urlsplit(uri).scheme for uri in redirects):
        raise invalid("Redirect URI must be an absolute URI.")
    if not set(scopes) <= set(SCOPES) or not _granular(call, scopes):
        raise invalid("Scopes doesn't match configured on the server.")
    app = call.place.add_app(name, redirects, scopes, call.text("website") or None)
    more = {"client_id": app.client_id, "client_secret": app.client_secret}
    if call.place.flavour.api_version:
        more["client_secret_expires_at"] = 0  # type: ignore[assignment]
    return Answer(body=app_json(app) | more)


def app_json(app: App) -> dict[str, Any]:
    """The app without its secrets."""
    return {
        "id": app.id,
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes,
        "redirect_uris": app.redirect_uris,
        "vapid_key": VAPID_KEY,
        "redirect_uri": "\n".join(app.redirect_uris),
    }


def verify_app(call: Call) -> Answer:
    """Which app a token belongs to."""
    assert call.token is not None
    return Answer(body=app_json(call.token.app))


def metadata(call: Call) -> Answer:
    """RFC 8414 (recording ``oauth_authorization_server.json``)."""
    home = call.home
    body = {
        "issuer": f"{home}/",
        "authorization_endpoint": f"{home}/oauth/authorize",
        "token_endpoint": f"{home}/oauth/token",
        "revocation_endpoint": f"{home}/oauth/revoke",
        "userinfo_endpoint": f"{home}/oauth/userinfo",
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "service_documentation": "https://docs.joinmastodon.org/",
        "app_registration_endpoint": f"{home}/api/v1/apps",
    }
    return Answer(body=body)


def userinfo(call: Call) -> Answer:
    """OpenID's few words about whoever is signed in."""
    me = call.me
    body = {"iss": f"{call.home}/", "sub": profile(call, me), "name": me.name, "preferred_username": me.username}
    return Answer(body=body | {"profile": profile(call, me), "picture": credential_json(call, me)["avatar"]})


def authorize(call: Call) -> Answer:
    """The page, and what its two buttons do."""
    asked = {name: call.text(name) for name in _FIELDS}
    app = call.place.apps.get(asked["client_id"])
    if app is None:
        return _page("Client authentication failed due to unknown client, no client authentication included.", 401)
    if not matches(app.redirect_uris, asked["redirect_uri"], any_port=call.place.flavour.any_loopback_port):
        return _page("The redirect uri included is not valid.", 400)
    scopes = (asked["scope"] or "read").split()
    if asked["response_type"] != "code":
        return _back(asked, error="unsupported_response_type")
    if not all(_covered(scope, app.scopes) for scope in scopes) or not _granular(call, scopes):
        return _back(asked, error="invalid_scope", error_description="The requested scope is invalid or unknown.")
    if call.place.flavour.pkce and asked["code_challenge"] and asked["code_challenge_method"] != "S256":
        return _back(asked, error="invalid_code_challenge_method")
    if call.method != "POST":
        return _consent(call, app, asked, scopes)
    person = call.place.find_person(call.text("person"))
    if person is None:
        return _page("Invalid login.", 401)
    if call.text("decision") != "allow":
        words = "The resource owner or authorization server denied the request."
        return _back(asked, error="access_denied", error_description=words)
    secret = secrets.token_urlsafe(32)
    call.place.codes[secret] = Code(
        app=app, person_id=person.id, redirect_uri=asked["redirect_uri"], scopes=scopes,
        challenge=asked["code_challenge"], at=call.place.now(),
    )  # fmt: skip
    if asked["redirect_uri"] == OOB:
        return _page(
            "Copy this code and paste it to the application.<p><input readonly class=oauth-code "
            f'value="{escape(secret)}"></p>'
        )
    return _back(asked, code=secret)


def _consent(call: Call, app: App, asked: dict[str, str], scopes: list[str]) -> Answer:
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in asked.items() if v)
    people = sorted((p for p in call.place.people.values() if not p.domain), key=lambda p: not p.staff)
    rows = "".join(
        f'<label><input type="radio" name="person" value="{escape(p.username)}"{" checked" if n == 0 else ""}> '
        f"{escape(p.name or p.username)} (@{escape(p.username)})</label><br>"
        for n, p in enumerate(people)
    )
    wishes = "".join(f"<li>{escape(scope)}</li>" for scope in scopes)
    return _page(
        f"<b>{escape(app.name)}</b> would like permission to access your account on {escape(call.place.title)}."
        f"<ul>{wishes}</ul><form method=post action=/oauth/authorize>{hidden}{rows}"
        "<p><button name=decision value=allow>Authorise</button> <button name=decision value=deny>Deny</button></p>"
        "</form>"
    )


def token(call: Call) -> Answer:
    """A code for a token. Codes are good once; the verifier must fit the challenge."""
    place = call.place
    app = _client(call)
    if app is None:
        return _oauth_error(
            401,
            "invalid_client",
            "Client authentication failed due to unknown client, no client authentication included, or "
            "unsupported authentication method.",
        )
    grant = call.text("grant_type")
    if grant == "client_credentials":
        return _issue(call, app, "", (call.text("scope") or "read").split())
    if grant != "authorization_code":
        return _oauth_error(
            400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server."
        )
    code = place.codes.get(call.text("code"))
    fits = code is not None and code.app is app and not code.used and place.now() - code.at <= _CODE_LIVES
    if code is None or not fits or code.redirect_uri != call.text("redirect_uri") or not _proved(call, code):
        return _oauth_error(
            400,
            "invalid_grant",
            "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI "
            "used in the authorization request, or was issued to another client.",
        )
    code.used = True
    return _issue(call, app, code.person_id, code.scopes)


def _proved(call: Call, code: Code) -> bool:
    if not call.place.flavour.pkce or not code.challenge:
        return True
    digest = hashlib.sha256(call.text("code_verifier").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == code.challenge


def _issue(call: Call, app: App, person_id: str, scopes: list[str]) -> Answer:
    place = call.place
    secret = secrets.token_urlsafe(32)
    place.tokens[secret] = Token(secret=secret, person_id=person_id, app=app, scopes=scopes, at=place.now())
    body = {
        "access_token": secret,
        "token_type": "Bearer",
        "scope": " ".join(scopes),
        "created_at": int(place.now().timestamp()),
    }
    return Answer(body=body)


def revoke(call: Call) -> Answer:
    """The token is good for nothing afterwards; the same once more is fine."""
    app, known = _client(call), call.place.tokens.get(call.text("token"))
    if app is None or (known is not None and known.app is not app):
        return _oauth_error(403, "unauthorized_client", "You are not authorized to revoke this token")
    if known is not None:
        call.place.revoke(known.secret)
    return Answer(body={})


def _client(call: Call) -> App | None:
    client_id, client_secret = call.text("client_id"), call.text("client_secret")
    basic = call.headers.get("authorization", "")
    if basic.lower().startswith("basic "):
        pair = base64.b64decode(basic[6:] + "==").decode("utf-8", "replace")
        client_id, _, client_secret = pair.partition(":")
    app = call.place.apps.get(client_id)
    return app if app is not None and secrets.compare_digest(app.client_secret, client_secret) else None


def matches(registered: list[str], wanted: str, *, any_port: bool) -> bool:
    """Whether a redirect is one of those registered; loopback addresses (not names) may differ in their port."""
    if wanted in registered:
        return True
    asked = urlsplit(wanted)
    if not any_port or asked.hostname not in _LOOPBACK:
        return False
    return any(
        (known.scheme, known.hostname, known.path) == (asked.scheme, asked.hostname, asked.path)
        for known in map(urlsplit, registered)
    )


def allows(granted: list[str], needed: str) -> bool:
    """Whether scopes cover one of the words in ``needed``; "read" covers every "read:…"."""
    return not needed or any(_covered(word, granted) for word in needed.split())


def _covered(scope: str, granted: list[str]) -> bool:
    if scope in granted or scope.partition(":")[0] in granted:
        return True
    return "follow" in granted and bool(re.fullmatch("(read|write):(follows|blocks|mutes)", scope))


def _granular(call: Call, scopes: list[str]) -> bool:
    return call.place.flavour.granular_scopes or all(":" not in scope for scope in scopes)


def _back(asked: dict[str, str], **answer: str) -> Answer:
    if asked["redirect_uri"] == OOB:
        return _page(escape(answer.get("error_description", answer.get("error", ""))), 400)
    more = {"state": asked["state"]} if asked["state"] else {}
    glue = "&" if "?" in asked["redirect_uri"] else "?"
    where = f"{asked['redirect_uri']}{glue}{urlencode(answer | more)}"
    return Answer(body=b"", status=302, headers={"Location": where}, content_type="text/html; charset=utf-8")


def _oauth_error(status: int, code: str, words: str) -> Answer:
    return Answer(body={"error": code, "error_description": words}, status=status)


def _page(body: str, status: int = 200) -> Answer:
    style = "body{font:17px/1.5 system-ui,sans-serif;max-width:36rem;margin:3rem auto;padding:0 1rem}"
    whole = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Authorise</title><style>{style}</style>{body}'
    headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action *"}
    return Answer(body=whole.encode(), status=status, headers=headers, content_type="text/html; charset=utf-8")


def refused(call: Call, needed: str) -> ApiError | None:
    """Why this token may not do what needs ``needed``; ``None`` when it may."""
    token = call.token
    if token is None:
        return ApiError(401, "The access token is invalid")
    if not allows(token.scopes, needed):
        return ApiError(403, "This action is outside the authorized scopes")
    return None
