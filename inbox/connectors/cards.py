"""What a page says of itself, for a link card that we make: Open Graph first, else its title and description.

Asked only when a person wants the card. The picture's address is returned, not fetched (ogp.me, read 2026-11-23).
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin

import httpx

from inbox.clock import Clock
from inbox.connectors import http as web
from inbox.errors import BadReply, NotFound
from inbox.model import LinkCard

_MOST_BYTES: Final = 2_000_000
_MOST_SEARCHED: Final = 300_000  # characters; what a page says of itself stands at its beginning
_MOST_TITLE, _MOST_WORDS = 300, 1_000
_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})


async def look(url: str, http: httpx.AsyncClient, clock: Clock) -> LinkCard:
    """The card of a page, ``image_url`` with it. Raises NotFound, BadReply, Offline, Unavailable."""
    reply = await web.request(
        http, "GET", url, headers={"Accept": "text/html"}, max_bytes=_MOST_BYTES, timeout_s=20, clock=clock,
        follow_redirects=True,
    )  # fmt: skip
    if reply.status != 200:
        raise NotFound(f"The page is not there (status {reply.status}).", hint="Check the address.")
    if reply.content_type not in _TYPES:
        raise BadReply(f"What is there is no page, but {reply.content_type or 'of no kind'}.", hint="")
    return _card(reply.text[:_MOST_SEARCHED], url, reply.url)


def _card(page: str, url: str, base: str) -> LinkCard:
    head = _Head()
    head.feed(page)
    said = head.said
    image = said.get("og:image:secure_url") or said.get("og:image") or said.get("twitter:image") or ""
    image_url = urljoin(base, image) if image else ""
    title = said.get("og:title") or " ".join("".join(head.title).split()) or said.get("twitter:title") or ""
    words = said.get("og:description") or said.get("description") or said.get("twitter:description") or ""
    return LinkCard(
        url=url, title=title[:_MOST_TITLE], description=words[:_MOST_WORDS],
        image_url=image_url if image_url.startswith(("https://", "http://")) else "",
    )  # fmt: skip


class _Head(HTMLParser):
    """Titles and ``<meta>`` of a page; the first of each name counts."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: dict[str, str] = {}
        self.title: list[str] = []
        self._in_title = False
        self._had_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "title":
            self._in_title = not self._had_title
        if tag == "meta":
            found = {name.lower(): value or "" for name, value in attrs}
            name = (found.get("property") or found.get("name") or "").strip().lower()
            words = " ".join(found.get("content", "").split())
            if name and words:
                self.said.setdefault(name, words)

    def handle_endtag(self, tag: str) -> None:
        if tag == "title" and self._in_title:
            self._in_title, self._had_title = False, True

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title.append(data)
