"""A site that publishes a feed of its newest entries, as RSS, Atom or JSON Feed, with or without ETag."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import ClassVar
from xml.sax.saxutils import escape

import httpx

from inbox.connectors.feed import Feed
from inbox.model import Rendition, UpdateKind
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

ADDRESS = "https://city.example/feed"


@dataclass
class Said:
    """One entry at the site; ``strange`` is markup that stands there instead of what an entry has."""

    identity: str
    title: str
    text: str
    said_at: datetime
    strange: str = ""


@dataclass
class Site:
    """The site itself. ``window``: how many of the newest entries the feed offers."""

    form: str = "rss"
    window: int = 50
    etag: bool = True
    dated: bool = True
    entries: list[Said] = field(default_factory=list)  # oldest first

    def document(self) -> bytes:
        newest = self.entries[-self.window :][::-1]
        if self.form == "json":
            items = [self._json(e) for e in newest]
            feed = {"version": "https://jsonfeed.org/version/1.1", "title": "City", "items": items}
            return json.dumps(feed).encode()
        if self.form == "atom":
            inner = "".join(self._atom(e) for e in newest)
            return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>City</title>{inner}</feed>'.encode()
        inner = "".join(self._rss(e) for e in newest)
        return f'<rss version="2.0"><channel><title>City</title>{inner}</channel></rss>'.encode()

    def _rss(self, e: Said) -> str:
        if e.strange:
            return f"<item>{e.strange}</item>"
        date = f"<pubDate>{format_datetime(e.said_at, usegmt=True)}</pubDate>" if self.dated else ""
        return (
            f'<item><title>{escape(e.title)}</title><guid isPermaLink="false">{e.identity}</guid>{date}'
            f"<description>{escape(e.text)}</description></item>"
        )

    def _atom(self, e: Said) -> str:
        if e.strange:
            return f"<entry>{e.strange}</entry>"
        date = f"<published>{e.said_at.isoformat()}</published>" if self.dated else ""
        return (
            f"<entry><id>{e.identity}</id><title>{escape(e.title)}</title>{date}"
            f'<content type="html">{escape(e.text)}</content></entry>'
        )

    def _json(self, e: Said) -> object:
        if e.strange:
            return {"hologram": e.strange}
        date = {"date_published": e.said_at.isoformat()} if self.dated else {}
        return {"id": e.identity, "title": e.title, "content_html": e.text, **date}

    def answer(self, request: httpx.Request) -> httpx.Response:
        """The feed, or 304 when the caller has it already."""
        body = self.document()
        version = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if self.etag and request.headers.get("if-none-match") == version:
            return httpx.Response(304, headers={"ETag": version})
        headers = {"ETag": version} if self.etag else {}
        kind = {"json": "application/feed+json", "atom": "application/atom+xml"}.get(self.form, "application/rss+xml")
        return httpx.Response(200, headers={"Content-Type": f"{kind}; charset=utf-8", **headers}, content=body)


class FeedHarness:
    connector_class: ClassVar[type[Feed]] = Feed
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 50  # the whole window
    overlaps: ClassVar[bool] = False

    def __init__(self, form: str = "rss", *, etag: bool = True, dated: bool = True) -> None:
        self.clock = SetClock()
        self.site = Site(form=form, window=self.many, etag=etag, dated=dated)
        self.wire = Wire(httpx.MockTransport(self.site.answer), self.clock)
        self.secret = ""
        self.channel = channel_of(Feed, ADDRESS)
        self._said = 0
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        return []

    def connector(self) -> Feed:
        given = room(self.wire, self.clock, account_of(Feed, ADDRESS), KeptSecret())
        self._clients.append(given.http)
        return Feed(given)

    def seed(self, count: int) -> list[str]:
        for _ in range(count):
            self.clock.forward(1)
            self._said += 1
            text = f"<p>Entry <b>{self._said}</b> &amp; more</p>"
            self.site.entries.append(Said(f"tag:{self._said}", f"Entry {self._said}", text, self.clock.now()))
        return [said.identity for said in self.site.entries[-count:]] if count else []

    def ask_privately(self, text: str) -> None:
        """Nobody writes to a feed."""

    def say_unknown(self) -> str:
        self.clock.forward(1)
        self.site.entries.append(Said("", "", "", self.clock.now(), strange="<hologram>7</hologram>"))
        return ""

    def edit(self, remote_id: str, text: str) -> None:
        self._entry(remote_id).text = text

    def remove(self, remote_id: str) -> None:
        self.site.entries.remove(self._entry(remote_id))

    def hold(self, remote_id: str) -> None:
        raise AssertionError("a feed has no states")

    def sign_out(self) -> None:
        raise AssertionError("a feed has no sign-in")

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        raise AssertionError("a feed takes no text")

    def post(self, text: str = "", **others: object) -> Rendition:
        raise AssertionError("a feed takes no posts")

    def reply(self, remote_id: str, text: str = "") -> Rendition:
        raise AssertionError("a feed takes no answers")

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    def _entry(self, remote_id: str) -> Said:
        return next(said for said in self.site.entries if said.identity == remote_id)
