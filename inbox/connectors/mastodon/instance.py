"""What a server says about itself: its limits, what it can, and which software it is (mastodon.md section 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.http import Reply, host_of, is_loopback, request
from inbox.connectors.mastodon.parsing import VISIBILITIES
from inbox.connectors.mastodon.server import Server
from inbox.errors import BadReply, NotFound, PostroomError
from inbox.model import Capability, Counting, Limits, Visibility

GROUPED: Final = 2
"""API version of Mastodon 4.3: grouped notifications, notification requests."""
QUOTES: Final = 7
"""API version of Mastodon 4.5."""
SCHEDULES: Final = frozenset({"mastodon", "hometown", "glitch"})
"""Software that is known to keep a time by itself; many others ignore the wish and publish at once (section 8)."""
SCHEDULE_AHEAD_S: Final = 360
"""What is less than five minutes ahead is published at once; a minute more for two clocks that differ."""

_READING: Final = Capability.FETCH | Capability.REREAD | Capability.THREAD
_WRITING: Final = (
    Capability.REPLY
    | Capability.POST
    | Capability.UPDATE_POST
    | Capability.EDIT
    | Capability.DELETE
    | Capability.VISIBILITY
    | Capability.WARNING
    | Capability.LANGUAGE
    | Capability.POLL
    | Capability.DIRECT
)
EVERYTHING: Final = (
    _READING
    | _WRITING
    | Capability.SCHEDULE
    | Capability.MEDIA
    | Capability.HINTS
    | Capability.REACT_LIKE
    | Capability.REACT_BOOST
    | Capability.QUOTE
    | Capability.QUOTABLE
    | Capability.BLOCK
    | Capability.MUTE
    | Capability.REPORT
    | Capability.REQUESTS
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instance:
    """A server's answer about itself, read tolerantly: what it does not say is Mastodon's own default."""

    title: str
    domain: str
    version: str
    api: int
    streaming: str
    configuration: Mapping[str, Any]
    v1: bool = False

    def limits(self, source: Mapping[str, Any] | None = None) -> Limits:
        """What it accepts; ``source`` is what the account has chosen as its usual."""
        statuses, media = _part(self.configuration, "statuses"), _part(self.configuration, "media_attachments")
        polls, source = _part(self.configuration, "polls"), source or {}
        types = media.get("supported_mime_types")
        return Limits(
            text_graphemes=_number(statuses, "max_characters", 500),
            counting=Counting.MASTODON,
            link_length=_number(statuses, "characters_reserved_per_url", 23),
            media_count=_number(statuses, "max_media_attachments", 4),
            media_bytes=_number(media, "image_size_limit", 16_777_216),
            media_types=tuple(t for t in types if str(t).startswith("image/"))
            if isinstance(types, list)
            else ("image/jpeg", "image/png", "image/gif", "image/webp"),
            media_px=_number(media, "image_matrix_limit", 33_177_600),
            alt_graphemes=_number(media, "description_limit", 1_500),  # the key is younger than 1,500 was
            exclusive=(("poll", "media"), ("quotes", "media"), ("quotes", "poll")),
            poll_options=_number(polls, "max_options", 4),
            poll_option_graphemes=_number(polls, "max_characters_per_option", 50),
            poll_least_s=_number(polls, "min_expiration", 300),
            poll_most_s=_number(polls, "max_expiration", 2_629_746),
            visibilities=tuple(VISIBILITIES.values()),
            visibility=VISIBILITIES.get(str(source.get("privacy") or "public"), Visibility.PUBLIC),
            language=str(source.get("language") or ""),
            schedule_ahead_s=SCHEDULE_AHEAD_S,
        )


def capabilities_of(server: Server) -> Capability:
    """What this server and our token allow: by its API version, never by its version's words (section 1)."""
    able = _READING
    if server.streaming:
        able |= Capability.HINTS
    if server.may("write:statuses"):
        able |= _WRITING
        if server.software in SCHEDULES or server.api:
            able |= Capability.SCHEDULE
        if server.api >= QUOTES:
            able |= Capability.QUOTE | Capability.QUOTABLE
        able |= Capability.REACT_BOOST
    for scope, capability in (
        ("write:media", Capability.MEDIA),
        ("write:favourites", Capability.REACT_LIKE),
        ("write:blocks", Capability.BLOCK),
        ("write:mutes", Capability.MUTE),
        ("write:reports", Capability.REPORT),
    ):
        able |= capability if server.may(scope) else Capability.NONE
    if server.api >= GROUPED and server.may("write:notifications"):
        able |= Capability.REQUESTS
    return able


async def instance_at(root: str, http: httpx.AsyncClient, clock: Clock, *, timeout_s: float = 30) -> Instance:
    """What stands at ``root``. Raises NotFound when nothing there speaks Mastodon's language."""
    for path in ("/api/v2/instance", "/api/v1/instance"):
        reply = await request(
            http, "GET", f"{root}{path}", clock=clock, follow_redirects=True, timeout_s=timeout_s, judged={501}
        )
        found = _instance(reply, v1="/v1/" in path)
        if found is not None:
            return found
    raise NotFound(
        f"Nothing at {host_of(root) or root} speaks Mastodon's language",
        hint="Type the whole handle, such as @office@town.example, or the address of your server.",
    )


async def software_at(root: str, http: httpx.AsyncClient, clock: Clock) -> str:
    """The software's name by NodeInfo, small letters; empty when the server does not say.

    The link may name the public host although we came by another address: only its path is taken.
    """
    try:
        links = await request(http, "GET", f"{root}/.well-known/nodeinfo", clock=clock, follow_redirects=True)
        named = [x for x in _list(_object(links).get("links")) if isinstance(x, Mapping) and x.get("href")]
        href = next((str(x["href"]) for x in named if str(x.get("rel")).endswith("/2.0")), "")
        if not href:
            return ""
        reply = await request(http, "GET", f"{root}{urlsplit(href).path}", clock=clock, follow_redirects=True)
        return str(_part(_object(reply), "software").get("name") or "").lower()
    except (PostroomError, ValueError):
        return ""


def _instance(reply: Reply, *, v1: bool) -> Instance | None:
    """The instance in an answer; None for a web page, another API's answer or a 404."""
    if reply.status != 200:
        return None
    answer = _object(reply)
    domain = str(answer.get("domain") or answer.get("uri") or "")
    if not domain or not (answer.get("version") or answer.get("configuration")):
        return None
    if "://" in domain:
        domain = urlsplit(domain).netloc
    configuration = dict(_part(answer, "configuration"))
    if "max_toot_chars" in answer and "statuses" not in configuration:  # Pleroma and its kin
        configuration["statuses"] = {"max_characters": answer["max_toot_chars"]}
    urls = _part(answer, "urls") if v1 else _part(configuration, "urls")
    api = _part(answer, "api_versions").get("mastodon")
    return Instance(
        title=str(answer.get("title") or domain),
        domain=domain,
        version=str(answer.get("version") or ""),
        api=api if isinstance(api, int) and not isinstance(api, bool) else 0,
        streaming=_streaming(str(urls.get("streaming") or urls.get("streaming_api") or "")),
        configuration=configuration,
        v1=v1,
    )


def _streaming(url: str) -> str:
    """Where events are read, as an address for HTTP; empty for one that our token must not be told."""
    for socket, plain in (("wss://", "https://"), ("ws://", "http://")):
        if url.startswith(socket):
            url = plain + url.removeprefix(socket)
    safe = url.startswith("https://") or (url.startswith("http://") and is_loopback(url))
    return url.rstrip("/") if safe else ""


def _object(reply: Reply) -> Mapping[str, Any]:
    try:
        value = reply.json("the server")
    except BadReply:
        return {}
    return value if isinstance(value, Mapping) else {}


def _part(value: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = value.get(name)
    return part if isinstance(part, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(part: Mapping[str, Any], name: str, usual: int) -> int:
    value = part.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else usual
