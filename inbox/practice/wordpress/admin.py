"""Signing in with a browser: the login page and the consent page that makes an application password.

Recording ``authorize.json``; wordpress.md section 3. No password is asked for: in practice one click is the login.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from html import escape
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from inbox.practice.blog import Blog, User
from inbox.practice.wordpress.public import home_of, page

_NO_CACHE = {"Cache-Control": "no-cache, must-revalidate, max-age=0"}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_HTML = {"Content-Type": "text/html; charset=UTF-8"}


def cookie_name(blog: Blog) -> str:
    """Cookies do not tell ports apart, so the blog's name is in theirs."""
    return f"wordpress_logged_in_{blog.key}"


def session(blog: Blog, request: Request) -> tuple[str, User | None]:
    """The browser's session token and whose it is."""
    token = request.cookies.get(cookie_name(blog), "")
    return token, blog.users.get(blog.sessions.get(token, 0))


def _nonce(token: str) -> str:
    return hashlib.sha256(f"authorize/{token}".encode()).hexdigest()[:20]


def login(blog: Blog, request: Request, form: dict[str, Any]) -> Response:
    """The login page; a POST logs in whoever was chosen and goes on to ``redirect_to`` on this site."""
    home = home_of(blog, request)
    if request.method != "POST":
        target = request.query_params.get("redirect_to", "")
        buttons = "".join(
            f'<button name="log" value="{escape(u.login)}">{escape(u.name)} ({escape(u.role)})</button> '
            for u in sorted(blog.users.values(), key=lambda u: u.login != "officer")
        )
        body = (
            f'<form method="post" action="{escape(home)}/wp-login.php"><h3>Log in as</h3>'
            f'<input type="hidden" name="redirect_to" value="{escape(target)}">{buttons}</form>'
        )
        return page(blog, "Log In", body, headers=_NO_CACHE)
    user = next((u for u in blog.users.values() if u.login == form.get("log")), None)
    if user is None:
        return page(blog, "Log In", "<p>Unknown username.</p>", headers=_NO_CACHE)
    target = str(form.get("redirect_to") or f"{home}/")
    if not target.startswith(f"{home}/"):
        target = f"{home}/"
    token = secrets.token_urlsafe(24)
    blog.sessions[token] = user.id
    response = RedirectResponse(target, 302, headers=_NO_CACHE)
    response.set_cookie(cookie_name(blog), token, httponly=True, samesite="lax")
    return response


def authorize(blog: Blog, request: Request, form: dict[str, Any]) -> Response:
    """The consent page, and what its two buttons do."""
    home = home_of(blog, request)
    token, user = session(blog, request)
    if user is None:
        here = f"{home}{request.url.path}" + (f"?{request.url.query}" if request.url.query else "")
        target = f"{home}/wp-login.php?redirect_to={quote(here, safe='')}&reauth=1"
        return RedirectResponse(target, 302, headers=_NO_CACHE | _HTML)
    source = form if request.method == "POST" else dict(request.query_params)
    asked = {name: str(source.get(name, "")) for name in ("app_name", "app_id", "success_url", "reject_url")}
    problem = _problem(asked)
    if problem:
        return _refusal(blog, f"The Authorize Application request is not allowed. {problem}", 500)
    if "no-app-passwords" in blog.quirks:
        back = _with(asked["reject_url"], {"error": "disabled"}) if asked["reject_url"] else f"{home}/"
        return _refusal(blog, "Application passwords are not available.", 501, back)
    if request.method != "POST":
        return _consent(blog, home, user, asked, token)
    if form.get("_wpnonce") != _nonce(token):
        return _refusal(blog, "The link you followed has expired.", 403)
    if "approve" not in form:
        refused = _with(asked["success_url"], {"success": "false"}) if asked["success_url"] else f"{home}/"
        return RedirectResponse(asked["reject_url"] or refused, 302, headers=_NO_CACHE | _HTML)
    password = blog.add_password(user, asked["app_name"] or "Unnamed", asked["app_id"])
    if asked["success_url"]:
        given = {"site_url": home, "user_login": user.login, "password": password.secret}
        return RedirectResponse(_with(asked["success_url"], given), 302, headers=_NO_CACHE | _HTML)
    groups = " ".join(password.secret[n : n + 4] for n in range(0, 24, 4))
    body = (
        f"<p>Your new password for <b>{escape(password.name)}</b> is:</p><p><code>{groups}</code></p>"
        "<p>Be sure to save this in a safe location. You will not be able to retrieve it.</p>"
    )
    return page(blog, "Authorize Application", body, headers=_NO_CACHE)


def _consent(blog: Blog, home: str, user: User, asked: dict[str, str], token: str) -> Response:
    name = escape(asked["app_name"] or "Unnamed")
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in asked.items())
    if asked["success_url"]:
        shown = {"site_url": home, "user_login": user.login, "password": "[------]"}
        yes = f"You will be sent to <b>{escape(_with(asked['success_url'], shown, plain=True))}</b>"
    else:
        yes = "You will be given a password to manually enter into the application in question."
    no = asked["reject_url"] or (_with(asked["success_url"], {"success": "false"}) if asked["success_url"] else home)
    body = (
        f"<p>Would you like to give the application identifying itself as <b>{name}</b> access to your account? "
        "You should only do this if you trust the application in question.</p>"
        f'<form method="post" action="{escape(home)}/wp-admin/authorize-application.php">{hidden}'
        f'<input type="hidden" name="_wpnonce" value="{_nonce(token)}">'
        f'<p><button name="approve" value="1">Yes, I approve of this connection</button><br>{yes}</p>'
        f'<p><button name="reject" value="1">No, I do not approve of this connection</button><br>'
        f"You will be sent to <b>{escape(no)}</b></p></form><p>Thank you for creating with WordPress.</p>"
    )
    return page(blog, "Authorize Application", body, headers=_NO_CACHE)


def _problem(asked: dict[str, str]) -> str:
    if asked["app_id"] and not _UUID.fullmatch(asked["app_id"]):
        return "The application ID must be a UUID."
    for name in ("success_url", "reject_url"):
        scheme = urlsplit(asked[name]).scheme
        if asked[name] and (not scheme or scheme in ("javascript", "data")):
            return "The URL must be served over a secure connection."
    return ""


def _refusal(blog: Blog, words: str, status: int, back: str = "") -> Response:
    link = f'<p><a href="{escape(back)}">Go back</a></p>' if back else ""
    return page(blog, "Cannot Authorize Application", f"<p>{words}</p>{link}", status=status, headers=_NO_CACHE)


def _with(url: str, more: dict[str, str], *, plain: bool = False) -> str:
    """The address with more parameters; those it has are kept."""
    parts = urlsplit(url)
    kept = {k: v[-1] for k, v in parse_qs(parts.query, keep_blank_values=True).items()}
    pairs = kept | more
    query = "&".join(f"{k}={v}" for k, v in pairs.items()) if plain else urlencode(pairs)
    return parts._replace(query=query).geturl()
