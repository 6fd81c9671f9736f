"""What a person typed, and which server stands behind it (mastodon.md section 1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Discovery
from inbox.connectors.http import host_of, is_loopback, request
from inbox.connectors.mastodon.instance import instance_at, software_at
from inbox.errors import BadReply, NotAllowed, NotFound, Unavailable
from inbox.model import Field, SignIn

NAME: Final = "mastodon"
ADDRESS_FIELD: Final = Field(
    name="address",
    label="Handle or server",
    placeholder="@office@town.example",
    hint="Your handle on Mastodon or a server like it, or the address of the server.",
)
WHERE_IT_IS: Final = (
    "On your server under Preferences, Development: make a new application with the rights read and write, "
    "and copy its access token."
)
TOKEN_FIELD: Final = Field(name="token", label="Access token", secret=True, hint=WHERE_IT_IS)
_HINT: Final = "Type the whole handle, such as @office@town.example, or the address of your server."
_HANDLE: Final = re.compile(r"@?(?P<user>[\w.-]+)@(?P<host>[^\s/@?#]+\.?[^\s/@?#]*)")
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\s:/@?#\[\]]+)(:\d{1,5})?", re.IGNORECASE)


async def discover(address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
    """The server of a handle or domain. Raises NotFound, with a hint, when nothing there speaks the language."""
    user, root = _typed(address)
    if user:
        root = await _host_of_account(user, root, http, clock)
    instance = await instance_at(root, http, clock)
    software = await software_at(root, http, clock) or ("mastodon" if instance.api else "")
    domain = instance.domain if _plausible(instance.domain) else urlsplit(root).netloc
    return Discovery(
        network=NAME,
        title=instance.title,
        address=root,
        fields=(TOKEN_FIELD,),
        settings={
            "root": root,
            "domain": domain,
            "software": software,
            "version": instance.version,
            "api": str(instance.api or ""),
            "streaming": instance.streaming,
            "user": user,
        },
        sign_in=(SignIn.BROWSER, SignIn.PASTE),
    )


def _typed(address: str) -> tuple[str, str]:
    """The user named (or nobody), and the root of the host named."""
    words = address.strip().removeprefix("acct:")
    if handle := _HANDLE.fullmatch(words):
        return handle["user"], _root("", handle["host"])
    scheme, _, rest = words.rpartition("://")
    if scheme and scheme.lower() not in {"http", "https"}:
        raise NotFound("This is not the address of a server", hint=_HINT)
    netloc, _, path = rest.partition("/")
    host = netloc.rpartition("@")[2]
    profile = re.match(r"@([\w.-]+)(?:@([^\s/@?#]+))?", path)
    if profile and profile[2]:  # the profile of somebody elsewhere, as one server shows it
        return profile[1], _root("", profile[2])
    return "", _root(scheme.lower(), host)


def _root(scheme: str, host: str) -> str:
    host = host.strip().rstrip(".").lower()
    local = is_loopback(f"http://{host}") if _HOST.fullmatch(host) else False
    if not _HOST.fullmatch(host) or ("." not in host and not local):
        raise NotFound("This is not the address of a server", hint=_HINT)
    if scheme == "http" and not local:
        scheme = "https"  # a token is never sent in the open
    return f"{scheme or ('http' if local else 'https')}://{host}"


async def _host_of_account(user: str, root: str, http: httpx.AsyncClient, clock: Clock) -> str:
    """The host that the handle's domain names by WebFinger; the domain itself where it names none."""
    host = urlsplit(root).netloc
    url = f"{root}/.well-known/webfinger?resource={quote(f'acct:{user}@{host}', safe=':@')}"
    try:
        reply = await request(http, "GET", url, clock=clock, follow_redirects=True, timeout_s=15)
        answer = reply.json("WebFinger") if reply.status == 200 else None
    except (BadReply, Unavailable, NotAllowed):
        return root
    for link in answer.get("links") or () if isinstance(answer, Mapping) else ():
        named = _root_of_link(link)
        if named:
            return named
    return root


def _root_of_link(link: Any) -> str:
    if not isinstance(link, Mapping) or link.get("rel") not in {"self", "http://webfinger.net/rel/profile-page"}:
        return ""
    href = str(link.get("href") or "")
    parts = urlsplit(href)
    safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(href))
    return f"{parts.scheme}://{parts.netloc.lower()}" if safe and host_of(href) else ""


def _plausible(domain: str) -> bool:
    return bool(domain) and _HOST.fullmatch(domain) is not None
