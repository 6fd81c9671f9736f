"""One REST call and its answer: what came in, who asks, how JSON and addresses look on the wire."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from inbox.practice.blog import AppPassword, Blog, User
from inbox.practice.wordpress.roles import may

MISSING: Any = object()


class RestError(Exception):
    """An error in WordPress's own shape. ``status`` 401 becomes 403 for somebody who is signed in (see ``denied``)."""

    def __init__(self, status: int, code: str, message: str, *, extra: Mapping[str, Any] | None = None) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.extra = dict(extra or {})

    def body(self) -> dict[str, Any]:
        # Some refusals of the core carry no data at all.
        more = self.extra.get("data", {})
        data = None if more is None else {"status": self.status, **more}
        out: dict[str, Any] = {"code": self.code, "message": self.message, "data": data}
        if "additional_data" in self.extra:
            out["additional_data"] = self.extra["additional_data"]
        return out


@dataclass(kw_only=True)
class Answer:
    """What goes back; ``body`` is JSON to be, or bytes that go out as they are with ``content_type``."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Call:
    """One REST request. Parameters: the address first, then body, then query (as WordPress orders them)."""

    blog: Blog
    home: str
    method: str
    path: str
    headers: Mapping[str, str]
    user: User | None
    password: AppPassword | None = None
    query: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] = field(default_factory=dict)
    files: dict[str, tuple[str, str, bytes]] = field(default_factory=dict)
    content: bytes = b""
    json_broken: bool = False
    ids: dict[str, str] = field(default_factory=dict)
    clean: dict[str, Any] = field(default_factory=dict)
    """Validated parameters and defaults of the endpoint that serves this call."""

    def raw(self, name: str, default: Any = None) -> Any:
        """The parameter as sent."""
        for source in (self.ids, self.form, self.query):
            if name in source:
                return source[name]
        return default

    def get(self, name: str, default: Any = None) -> Any:
        """The parameter as validated, else as sent."""
        return self.clean[name] if name in self.clean else self.raw(name, default)

    def sent(self, name: str) -> bool:
        """Whether the request names this parameter at all."""
        return self.raw(name, MISSING) is not MISSING

    def may(self, what: str) -> bool:
        """Whether whoever asks has this capability."""
        return may(self.user, what)

    def denied(self, code: str, message: str) -> RestError:
        """A refusal: 401 for a visitor, 403 for somebody known (section 8)."""
        return RestError(403 if self.user else 401, code, message)

    def rest(self, path: str = "", query: str = "") -> str:
        """The address of a REST path ("wp/v2/posts"), in the site's kind of permalinks."""
        if "plain-permalinks" in self.blog.quirks:
            return f"{self.home}/index.php?rest_route=/{path}" + (f"&{query}" if query else "")
        return f"{self.home}/wp-json/{path}" + (f"?{query}" if query else "")

    def local(self, at: datetime) -> str:
        """A time as ``date`` shows it: the site's zone, no offset."""
        return at.astimezone(self.blog.zone).strftime("%Y-%m-%dT%H:%M:%S")

    def avatars(self, email: str) -> dict[str, str]:
        """Picture addresses by size. The real ones lead to a third party; these stay on the machine."""
        digest = hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()
        return {size: f"{self.home}/avatar/{digest}?s={size}&d=mm&r=g" for size in ("24", "48", "96")}


CURIES = {"curies": [{"name": "wp", "href": "https://api.w.org/{rel}", "templated": True}]}
"""Closes the links of everything that has one beginning with "wp:"."""


def gmt(at: datetime) -> str:
    """A time as ``date_gmt`` shows it: UTC without a Z."""
    return at.strftime("%Y-%m-%dT%H:%M:%S")


def encoded(body: Any) -> bytes:
    """JSON the way PHP writes it: ASCII only, slashes escaped."""
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def paging(call: Call, total: int, per_page: int, page: int) -> dict[str, str]:
    """Total headers and the Link to the neighbours, which replaces the usual one."""
    pages = -(-total // per_page)
    headers = {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
    links = []
    if page > 1:
        links.append(f'<{_page_address(call, min(page - 1, max(pages, 1)))}>; rel="prev"')
    if pages > page:
        links.append(f'<{_page_address(call, page + 1)}>; rel="next"')
    if links:
        headers["Link"] = ", ".join(links)
    return headers


def _page_address(call: Call, page: int) -> str:
    pairs: list[str] = []
    for name, value in {**call.query, "page": page}.items():  # it stays where it was asked for, else comes last
        clean = value if name == "page" else call.clean.get(name, value)
        if isinstance(clean, list):
            pairs += [f"{quote_plus(f'{name}[{n}]')}={quote_plus(str(v))}" for n, v in enumerate(clean)]
        elif name != "rest_route":
            pairs.append(f"{quote_plus(name)}={quote_plus(str(value))}")
    return call.rest(call.path, "&".join(pairs))


def signed_in(blog: Blog, authorization: str) -> tuple[User | None, AppPassword | None, str]:
    """Who a Basic header is, and the code of what is wrong with it (empty when nothing, or no header at all)."""
    if not authorization.lower().startswith("basic ") or "no-app-passwords" in blog.quirks:
        return None, None, ""
    try:
        login, _, secret = base64.b64decode(authorization[6:], validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None, ""
    user = next((u for u in blog.users.values() if login.lower() in (u.login, u.email)), None)
    if user is None:
        return None, None, "invalid_username"
    bare = "".join(c for c in secret if c.isalnum())
    for password in user.passwords:
        if password.secret == bare:
            password.last_used_at = blog.now()
            return user, password, ""
    return None, None, "incorrect_password"
