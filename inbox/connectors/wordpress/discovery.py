"""From what a person types to a blog's REST root, and from a root to the page where they may let Postroom in.

Source: wordpress.md section 2. The front page names the root in a Link header or a <link>; a page that hides both may
still serve it. Nothing here sends a credential.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode, urlsplit, urlunsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Discovery
from inbox.connectors.http import Reply, host_of, is_loopback, request
from inbox.connectors.text import title_text
from inbox.connectors.wordpress.site import address, code_of
from inbox.errors import BadReply, NotAllowed, NotFound, RateLimited, Unavailable
from inbox.model import Field, SignIn

APP_ID: Final = "5b0f3c1e-7a52-4f0d-9c86-2d1f6f4f9a11"  # fixed for ever: a person recognises our passwords by it
APP_NAME: Final = "Postroom"
ADDRESS_FIELD: Final = Field(
    name="address", label="The blog's address", placeholder="blog.example.org", hint="As it stands in the browser."
)
FIELDS: Final = (
    Field(name="user", label="User name or e-mail"),
    Field(
        name="password",
        label="Application password",
        secret=True,
        placeholder="xxxx xxxx xxxx xxxx xxxx xxxx",
        hint="Not the normal password: six groups of four, made in the blog under Users, Profile.",
    ),
)
ROOT_FIELDS: Final = "name,url,home,namespaces,authentication"
PAGE_BYTES: Final = 3_000_000

_REL: Final = "https://api.w.org/"
_DOT_COM: Final = "public-api.wordpress.com"
# What people copy along: everything from here on is not the blog's own path.
_INNER = re.compile(
    r"/(?:wp-admin|wp-login\.php|wp-json|wp-content|wp-includes|xmlrpc\.php|index\.php|feed|comments/feed)(?:/.*)?$"
)
_LINK_TAG = re.compile(r"<link\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)

_NOT_HERE_HINT: Final = "Check the address. It is the one readers open in the browser, without anything behind it."
_DOT_COM_HINT: Final = (
    "Blogs at WordPress.com use another sign-in, which Postroom does not support yet. Its feed can be read: add the "
    "same address as a feed."
)


@dataclass(frozen=True, slots=True)
class _Found:
    """A root, what it says of itself (empty when it is closed to visitors), and the page that led there."""

    root: str
    about: Mapping[str, Any]
    page: str
    page_title: str = ""


async def discover(typed: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    """The blog at an address a person typed.

    Raises NotFound, NotAllowed (application passwords are off), Offline, Unavailable, RateLimited.
    """
    asked = ""
    trouble: Unavailable | None = None
    silent = set[str]()  # schemes on which nobody answered: the folders above need not be asked
    for asked in starts(typed):
        scheme = asked.partition(":")[0]
        if scheme in silent:
            continue
        try:
            found = await _found(asked, http, clock)
        except RateLimited:
            raise
        except Unavailable as error:
            trouble = error
            silent.add(scheme)
            continue
        trouble = None
        if found:
            return _discovery(found, asked)
    if trouble is not None:
        raise trouble
    raise NotFound(f"There is no WordPress blog at {host_of(asked)}", hint=_NOT_HERE_HINT)


def starts(typed: str) -> Iterator[str]:
    """Addresses to try, best first: https (unless http was typed), then http; the path, then the folders above."""
    words = typed.strip().strip("<>\"'").strip()
    words = words.removeprefix("//")
    scheme = words.split("://", 1)[0].lower() if "://" in words else ""
    if scheme not in {"", "http", "https"} or not words or any(c.isspace() for c in words):
        raise NotFound("This is not the address of a web page", hint=_NOT_HERE_HINT)
    try:
        parts = urlsplit(words if scheme else f"https://{words}")
        port = f":{parts.port}" if parts.port else ""
        name = parts.hostname or ""
        # A user name or password in front of the host is dropped: it must never be sent along.
        netloc = f"[{name}]{port}" if ":" in name else f"{name}{port}"
        httpx.URL(f"{parts.scheme}://{netloc}/")
    except (ValueError, httpx.InvalidURL):
        raise NotFound("This is not the address of a web page", hint=_NOT_HERE_HINT) from None
    if not scheme and "@" in parts.netloc:
        raise NotFound("This is an e-mail address, not the address of a blog", hint=_NOT_HERE_HINT)
    if not name or ("." not in name and ":" not in name and name != "localhost"):
        raise NotFound(f"“{name}” is not the name of a host", hint=_NOT_HERE_HINT)
    if name == "wordpress.com" or name.endswith((".wordpress.com", ".wp.com")):
        raise NotFound("This blog is at WordPress.com", hint=_DOT_COM_HINT)
    path = _INNER.sub("", parts.path).rstrip("/")
    paths = [path, *(path[: m.start()] for m in reversed(list(re.finditer("/", path))))]
    query = parts.query if path == parts.path.rstrip("/") else ""
    for way in dict.fromkeys((scheme or "https", *(() if scheme else ("http",)))):
        for number, one in enumerate(dict.fromkeys(paths)):
            yield urlunsplit((way, netloc, f"{one}/", "" if number else query, ""))


async def _found(start: str, http: httpx.AsyncClient, clock: Clock) -> _Found | None:
    """The root that the page names, else the two usual places below it."""
    page, named = await _front_page(start, http, clock)
    base = page.url if page else start
    title = _page_title(page)
    if named:
        if host_of(named) == _DOT_COM:
            raise NotFound("This blog is at WordPress.com", hint=_DOT_COM_HINT)
        about, root = await _about(named, http, clock, closed_is_fine=True)
        if about is not None:
            return _Found(root, about, base, title)
    folder = base.partition("?")[0].partition("#")[0].rstrip("/") + "/"
    for guess in (f"{folder}wp-json/", f"{folder}?rest_route=/"):
        about, root = await _about(guess, http, clock, closed_is_fine=False)
        if about is not None:
            return _Found(root, about, base, title)
    return None


async def _front_page(start: str, http: httpx.AsyncClient, clock: Clock) -> tuple[Reply | None, str]:
    """The page (the answer to HEAD, or to GET when HEAD named no root) and the root it names, if any."""
    last: Reply | None = None
    for method in ("HEAD", "GET"):
        try:
            last = await request(
                http, method, start, clock=clock, follow_redirects=True, max_bytes=PAGE_BYTES, timeout_s=20
            )
        except RateLimited:
            raise
        except Unavailable as error:
            if error.status is None:
                raise  # nobody there; an error page may still stand in front of a working interface
            continue
        root = _from_header(last) or _from_markup(last)
        if root:
            return last, root
    return last, ""


async def _about(
    root: str, http: httpx.AsyncClient, clock: Clock, *, closed_is_fine: bool
) -> tuple[Mapping[str, Any] | None, str]:
    """What the root says of itself, and the root as the site itself names it; None when it is no REST root."""
    url = address(root, "", {"_fields": ROOT_FIELDS})
    reply = await request(http, "GET", url, clock=clock, follow_redirects=True, timeout_s=20)
    # A redirect would drop our sign-in later, so go on with the address where it ended.
    named = _from_header(reply) or (reply.url.partition("_fields=")[0].rstrip("?&") or root)
    if reply.status in {401, 403} and (closed_is_fine or code_of(reply).startswith("rest_")):
        return {}, named
    if reply.status != 200:
        return None, root
    try:
        about = reply.json("the blog's interface")
    except BadReply:
        return None, root
    if not isinstance(about, Mapping) or "wp/v2" not in (about.get("namespaces") or ()):
        return None, root
    return about, named


def _discovery(found: _Found, asked: str) -> Discovery:
    about, root = found.about, found.root
    home = str(about.get("home") or about.get("url") or "") or _home_of(root)
    title = title_text(str(about.get("name") or "")) or found.page_title or host_of(home)
    if "authentication" in about and not about["authentication"]:
        raise NotAllowed(
            f"“{title}” has application passwords switched off",
            hint="Its administrator can switch them on: the blog needs https and WordPress 5.6 or newer, and no "
            "security plugin that forbids them. Until then its feed can be read.",
        )
    return Discovery(
        network="wordpress",
        title=title,
        address=home,
        fields=FIELDS,
        settings={"root": root, "home": home, "title": title},
        sign_in=(SignIn.BROWSER, SignIn.PASTE),
        browser_url=_browser_url(about, home),
        warnings=tuple(_warnings(asked, found.page, root)),
    )


def _browser_url(about: Mapping[str, Any], home: str) -> str:
    """The page where a person lets Postroom in. No success_url: WordPress then shows the password to paste."""
    ways = about.get("authentication")
    passwords = ways.get("application-passwords") if isinstance(ways, Mapping) else None
    ends = passwords.get("endpoints") if isinstance(passwords, Mapping) else None
    named = str(ends.get("authorization") or "") if isinstance(ends, Mapping) else ""
    page = named or f"{home.rstrip('/')}/wp-admin/authorize-application.php"
    if urlsplit(page).scheme not in {"http", "https"}:
        page = f"{home.rstrip('/')}/wp-admin/authorize-application.php"
    return f"{page}{'&' if '?' in page else '?'}{urlencode({'app_name': APP_NAME, 'app_id': APP_ID})}"


def _warnings(asked: str, page: str, root: str) -> Iterator[str]:
    typed, shown, kept = (_bare(host_of(url)) for url in (asked, page, root))
    if kept != shown or kept != typed:
        yield (
            f"You typed {host_of(asked)}, but the blog's interface stands at {host_of(root)}. "
            "The password will be sent there. Go on only if both belong to you."
        )
    if root.startswith("http:") and not is_loopback(root):
        yield (
            f"{host_of(root)} is not encrypted (http): anyone on the way can read the password and everything else. "
            "Go on only inside a network you trust."
        )


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _home_of(root: str) -> str:
    """The blog's front page, guessed from its root when it is closed to visitors."""
    return re.sub(r"(?:wp-json/?|(?:index\.php)?\?rest_route=/?)$", "", root)


def _from_header(reply: Reply) -> str:
    link = reply.headers.get("link", "")
    for part in re.findall(r"<([^>]*)>([^<]*)", link):
        if re.search(r"rel\s*=\s*\"?" + re.escape(_REL), part[1]):
            return _absolute(reply.url, part[0])
    return ""


def _from_markup(reply: Reply) -> str:
    if "html" not in reply.content_type:
        return ""
    for tag in _LINK_TAG.findall(reply.text):
        found = {a.lower(): html.unescape(b or c or d) for a, b, c, d in _ATTRIBUTE.findall(tag)}
        if _REL in found.get("rel", "").split() and found.get("href"):
            return _absolute(reply.url, found["href"])
    return ""


def _absolute(page: str, href: str) -> str:
    try:
        url = httpx.URL(page).join(href)
    except httpx.InvalidURL:
        return ""
    return str(url) if url.scheme in {"http", "https"} else ""


def _page_title(page: Reply | None) -> str:
    found = _TITLE.search(page.text) if page else None
    return title_text(found[1]) if found else ""
