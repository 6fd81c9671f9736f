"""Tokens: what one is, which Pages it opens, a longer one for a short one; the login page (facebook.md section 1)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import timedelta
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from inbox.practice.facebook import shapes
from inbox.practice.facebook.entities import App, Person, Token
from inbox.practice.facebook.network import SCOPES, Network
from inbox.practice.facebook.wire import Call, GraphError

BACK = "/connect/login_success.html"
SIXTY_DAYS_S = 5_184_000
_WORDS = {
    458: "The user has not authorized application.", 460: "The session has been invalidated because the password was "
    "changed.", 463: "Session has expired.", 467: "The access token is invalid.",
    492: "The user must be an administrator, editor, or moderator of the page.", 459: "The user is checkpointed.",
}  # fmt: skip


def signed_in(network: Network, text: str) -> Token | None:
    """The token with this text. Raises GraphError 190 for one that is unknown, dead or over."""
    if not text:
        return None
    token = network.tokens.get(text)
    if token is None:
        if app_in(network, text) is not None:
            return None
        raise GraphError(190, "Invalid OAuth access token - Cannot parse access token")
    dead = 463 if token.ends_at is not None and token.ends_at <= network.now() else token.dead
    if dead:
        raise GraphError(190, f"Error validating access token: {_WORDS.get(dead, '')}", subcode=dead)
    return token


def app_in(network: Network, text: str) -> App | None:
    """The app whose own token ("id|secret") this is."""
    id_, _, secret = text.partition("|")
    app = network.apps.get(id_)
    return app if app is not None and secret and hmac.compare_digest(app.secret, secret) else None


def check_proof(network: Network, token: Token | None, params: Mapping[str, str]) -> None:
    """Raise unless the proof is right, where there is one or has to be one."""
    if token is None:
        return
    app, given = network.apps[token.app_id], params.get("appsecret_proof", "")
    right = hmac.new(app.secret.encode(), token.text.encode(), hashlib.sha256).hexdigest()
    if given and not hmac.compare_digest(given, right):
        raise GraphError(100, "Invalid appsecret_proof provided in the API argument", kind="GraphMethodException")
    if app.needs_proof and not given:
        words = "API calls from the server require an appsecret_proof argument"
        raise GraphError(100, words, kind="GraphMethodException")


def accounts(call: Call) -> Any:
    """``/me/accounts``: the Pages a person has a task on, each with its token. A Page has no such list."""
    token, network = call.key, call.network
    if token.kind == "PAGE":
        raise GraphError(100, "(#100) Tried accessing nonexisting field (accounts) on node type (Page)")
    if "pages_show_list" not in token.scopes:
        return {"data": []}
    pages = [
        page for page in network.pages.values()
        if page.tasks.get(token.owner_id) and (not page.business or "business_management" in token.scopes)
        and page.id in token.targets.get("pages_show_list", [page.id])
    ]  # fmt: skip
    rows = shapes.listed("me/accounts", pages, default="access_token,category,name,id,tasks")
    return shapes.edge(call, rows)


def permissions(call: Call) -> Any:
    """``/me/permissions``."""
    return {"data": [{"permission": scope, "status": "granted"} for scope in sorted(call.key.scopes)]}


def debug(call: Call, bearer: str) -> Any:
    """``/debug_token``: what a token is, told to its own app and to itself."""
    network = call.network
    token = network.tokens.get(call.params.get("input_token", ""))
    app = app_in(network, bearer)
    if token is None:
        return {
            "data": {"error": {"code": 190, "message": "Invalid OAuth access token."}, "is_valid": False, "scopes": []}
        }
    asking = app.id if app is not None else call.token.app_id if call.token is not None else ""
    if asking != token.app_id:
        raise GraphError(100, "(#100) You must provide an app access token, or a user access token that is an owner or "
                         "developer of the app")  # fmt: skip
    over = token.ends_at is not None and token.ends_at <= network.now()
    told: dict[str, Any] = {
        "app_id": token.app_id, "type": token.kind, "application": "Council inbox",
        "data_access_expires_at": int(token.data_ends_at.timestamp()) if token.data_ends_at else 0,
        "expires_at": int(token.ends_at.timestamp()) if token.ends_at else 0,
        "is_valid": not token.dead and not over, "issued_at": int(token.at.timestamp()),
        "scopes": sorted(token.scopes),
        "granular_scopes": [
            {"scope": scope, **({"target_ids": token.targets[scope]} if scope in token.targets else {})}
            for scope in sorted(token.scopes)
        ],
        "user_id": token.person_id or token.owner_id,
    }  # fmt: skip
    if token.kind == "PAGE":
        told["profile_id"] = token.owner_id
    if not told["is_valid"]:
        dead = 463 if over else token.dead
        told["error"] = {
            "code": 190,
            "message": f"Error validating access token: {_WORDS.get(dead, '')}",
            "subcode": dead,
        }
    return {"data": told}


def exchange(call: Call) -> Any:
    """A longer token for a short one; a system user's for another sixty days."""
    network, params = call.network, call.params
    app = app_in(network, f"{params.get('client_id', '')}|{params.get('client_secret', '')}")
    if app is None:
        raise GraphError(1, "Error validating client secret.")
    if params.get("grant_type") != "fb_exchange_token":
        raise GraphError(100, "(#100) Unsupported grant type")
    old = signed_in(network, params.get("fb_exchange_token", ""))
    if old is None or old.app_id != app.id:
        raise GraphError(190, "Invalid OAuth access token.")
    lasts = not call.flag("set_token_expires_in_60_days") and old.kind == "SYSTEM_USER"
    ends = None if lasts else network.now() + timedelta(seconds=SIXTY_DAYS_S)
    text = network.token_for(
        network.people[old.owner_id], app, kind=old.kind, scopes=old.scopes, ends_at=ends, targets=old.targets
    )
    return {"access_token": text, "token_type": "bearer", **({} if lasts else {"expires_in": SIXTY_DAYS_S})}


def dialog(network: Network, home: str, query: Mapping[str, str]) -> tuple[int, str, str]:
    """The login page: status, where to go on, and the page. ``person`` and ``decision`` are what its buttons add."""
    app = network.apps.get(query.get("client_id", ""))
    back = query.get("redirect_uri", "")
    if app is None or back not in (*app.redirects, f"{home}{BACK}"):
        return 400, "", "<!doctype html><title>Facebook</title><h1>URL blocked</h1>"
    if query.get("decision") == "cancel":
        refused = {
            "error": "access_denied", "error_code": "200", "error_description": "Permissions error",
            "error_reason": "user_denied", "state": query.get("state", ""),
        }  # fmt: skip
        return 302, f"{back}?{urlencode(refused)}", ""
    person = network.people.get(query.get("person", ""))
    if query.get("decision") == "allow" and person is not None:
        return 302, allowed(network, app, person, back, query), ""
    buttons = "".join(
        f'<p><a href="?{escape(urlencode({**query, "person": p.id, "decision": "allow"}))}">'
        f"Continue as {escape(p.name)}</a></p>"
        for p in network.people.values()
        if any(p.id in page.tasks for page in network.pages.values())
    )
    return 200, "", f"<!doctype html><title>Log in with Facebook</title><h1>Log in with Facebook</h1>{buttons}"


def allowed(network: Network, app: App, person: Person, back: str, query: Mapping[str, str]) -> str:
    """Where the browser ends once a person allowed it: the token stands behind the #."""
    scopes = [s for s in query.get("scope", "").split(",") if s] or list(SCOPES)
    ends = network.now() + timedelta(hours=2)
    text = network.token_for(
        person, app, kind="USER", scopes=scopes, ends_at=ends, data_ends_at=network.now() + timedelta(days=90)
    )
    brought = {
        "access_token": text, "data_access_expiration_time": str(int(ends.timestamp())), "expires_in": "7200",
        "state": query.get("state", ""),
    }  # fmt: skip
    return f"{back}#{urlencode(brought)}"


def allow(network: Network, url: str, person: Person) -> str:
    """Somebody presses the button on the login page at ``url``; the address the browser ends at."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    _, to, _ = dialog(network, f"{parts.scheme}://{parts.netloc}", {**query, "person": person.id, "decision": "allow"})
    return to
