"""The corporate news as RSS 2, Atom and JSON Feed 1.1, with ETag, Last-Modified and 304; and as pages to look at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from email.utils import format_datetime, parsedate_to_datetime
from html import escape
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from inbox.practice.faults import Faults, FaultyApp
from inbox.practice.newsroom import NewsItem
from inbox.practice.world import World

TITLE = "Harbour Council: press releases"
TAGLINE = "News for press and public"
_KINDS = {
    "rss.xml": "application/rss+xml",
    "atom.xml": "application/atom+xml",
    "feed.json": "application/feed+json",
}


def feed_app(world: World, faults: Faults | None = None) -> Starlette:
    """The news site as an ASGI app: ``/`` links the feeds ``/rss.xml``, ``/atom.xml``, ``/feed.json``; ``/news/…``."""

    def home(request: Request) -> str:
        return world.news_address or f"{request.url.scheme}://{request.url.netloc}"

    def feed(name: str, write: Callable[[str, list[NewsItem]], str]) -> Route:
        async def handler(request: Request) -> Response:
            return _conditional(world, request, write(home(request), newest(world)), _KINDS[name])

        return Route(f"/{name}", handler)

    async def front(request: Request) -> Response:
        links = "".join(
            f'<link rel="alternate" type="{kind}" title="{escape(TITLE)}" href="{home(request)}/{name}">'
            for name, kind in _KINDS.items()
        )
        rows = "".join(
            f'<li><a href="{link(home(request), n)}">{escape(n.title)}</a> <small>{n.at:%d %B, %H:%M}</small></li>'
            for n in newest(world)
        )
        return _page(TITLE, f"<ul>{rows}</ul>", links)

    async def item(request: Request) -> Response:
        for n in world.news:
            if n.key == request.path_params["key"]:
                return _page(n.title, f"<p><b>{escape(n.summary)}</b></p>{content(n)}", "")
        return _page("Not found", "<p>This release was withdrawn.</p>", "", 404)

    routes = [
        Route("/", front),
        Route("/news/{key}", item),
        feed("rss.xml", rss),
        feed("atom.xml", atom),
        feed("feed.json", json_feed),
    ]
    return Starlette(
        routes=routes, middleware=[Middleware(FaultyApp, faults=faults)] if faults is not None else []
    )  # fmt: skip


def newest(world: World) -> list[NewsItem]:
    """The newest twenty items, newest first."""
    return sorted(world.news, key=lambda n: (n.at, n.key), reverse=True)[:20]


def link(home: str, item: NewsItem) -> str:
    """Where an item can be read."""
    return f"{home}/news/{item.key}"


def content(item: NewsItem) -> str:
    """An item's words as HTML."""
    return "".join(f"<p>{escape(p, quote=False)}</p>" for p in item.paragraphs)


def _page(title: str, body: str, head: str, status: int = 200) -> Response:
    html = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{head}</head>'
        f"<body><p>Practice: nothing here is real.</p><h1>{escape(title)}</h1>{body}</body></html>"
    )
    policy = {"Content-Security-Policy": "default-src 'self'; script-src 'none'"}
    return Response(html, status_code=status, media_type="text/html", headers=policy)


def _conditional(world: World, request: Request, body: str, kind: str) -> Response:
    data = body.encode()
    changed_at = world.news_changed_at
    etag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
    headers = {"ETag": etag, "Last-Modified": format_datetime(changed_at, usegmt=True), "Cache-Control": "max-age=60"}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if known != [""]:  # an ETag outranks a date (RFC 9110 section 13.1.3)
        unchanged = etag in known or "*" in known
    else:
        unchanged = _not_since(request.headers.get("if-modified-since", ""), changed_at.timestamp())
    if unchanged:
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=f"{kind}; charset=utf-8", headers=headers)


def _not_since(date: str, changed_s: float) -> bool:
    try:
        return parsedate_to_datetime(date).timestamp() >= changed_s
    except (TypeError, ValueError):
        return False


def rss(home: str, items: list[NewsItem]) -> str:
    """RSS 2.0."""
    rows = "".join(
        f"<item><title>{escape(n.title, quote=False)}</title><link>{link(home, n)}</link>"
        f'<guid isPermaLink="true">{link(home, n)}</guid><pubDate>{format_datetime(n.at)}</pubDate>'
        f"<category>{escape(n.category)}</category><description>{escape(n.summary, quote=False)}</description>"
        f"<content:encoded><![CDATA[{content(n)}]]></content:encoded></item>\n"
        for n in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>\n'
        f"<title>{TITLE}</title><link>{home}/</link><description>{TAGLINE}</description><language>en-GB</language>"
        f'<atom:link href="{home}/rss.xml" rel="self" type="application/rss+xml"/>\n{rows}</channel></rss>\n'
    )


def atom(home: str, items: list[NewsItem]) -> str:
    """Atom 1.0 (RFC 4287)."""
    rows = "".join(
        f'<entry><title>{escape(n.title, quote=False)}</title><link href="{link(home, n)}"/><id>{link(home, n)}</id>'
        f"<published>{n.at:%Y-%m-%dT%H:%M:%SZ}</published><updated>{n.updated_at:%Y-%m-%dT%H:%M:%SZ}</updated>"
        f'<category term="{escape(n.category)}"/><summary>{escape(n.summary, quote=False)}</summary>'
        f'<content type="html">{escape(content(n), quote=False)}</content></entry>\n'
        for n in items
    )
    updated = max((n.updated_at for n in items), default=None)
    stamp = f"{updated:%Y-%m-%dT%H:%M:%SZ}" if updated else "1970-01-01T00:00:00Z"
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en-GB">\n'
        f"<title>{TITLE}</title><subtitle>{TAGLINE}</subtitle><id>{home}/</id><updated>{stamp}</updated>"
        f'<link href="{home}/"/><link rel="self" href="{home}/atom.xml"/>'
        f"<author><name>Harbour Council press office</name></author>\n{rows}</feed>\n"
    )


def json_feed(home: str, items: list[NewsItem]) -> str:
    """JSON Feed 1.1."""
    value: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": TITLE,
        "description": TAGLINE,
        "home_page_url": f"{home}/",
        "feed_url": f"{home}/feed.json",
        "language": "en-GB",
        "authors": [{"name": "Harbour Council press office"}],
        "items": [
            {
                "id": link(home, n),
                "url": link(home, n),
                "title": n.title,
                "summary": n.summary,
                "content_html": content(n),
                "date_published": n.at.isoformat(),
                "date_modified": n.updated_at.isoformat(),
                "tags": [n.category],
            }
            for n in items
        ],
    }
    return json.dumps(value, ensure_ascii=False)
