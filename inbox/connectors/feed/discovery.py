"""From the address of a feed, or of a page, to the feeds that are there.

A page names its feeds in ``<link rel="alternate">``, the main one first (rssboard.org/rss-autodiscovery 1.0, read
2026-11-23); where it does not, they mostly lie at one of a few places.
"""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from inbox.connectors.feed.addresses import web_address

MOST_OFFERED = 12
MOST_HTML = 400_000  # characters of a page that are searched for links
WELL_KNOWN = ("feed/", "feed", "rss.xml", "atom.xml", "index.xml", "feed.xml", "rss", "feed.json")

# Not application/json: that is WordPress's link to its API.
_TYPES = {
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A feed that a page names; ``title`` in the page's words, may be empty."""

    url: str
    title: str = ""


def typed(address: str) -> list[str]:
    """Web addresses that a person may have meant, the most likely first; none for something else."""
    words = "".join(address.split())
    if words.lower().startswith("feed:"):
        words = words[5:].removeprefix("//")
    if "://" in words:
        return [words] if web_address(words, "") else []
    if not words or words.startswith(("/", "#", "?")) or ("." not in words and not words.startswith("localhost")):
        return []
    return [f"https://{words}", f"http://{words}"]


def holds_password(address: str) -> bool:
    """Whether somebody typed ``https://user:password@...``: it would stand in files and logs."""
    return "@" in address.partition("://")[2].partition("/")[0] or "@" in address.partition("/")[0]


def offers(page: str, url: str) -> list[Offer]:
    """The feeds a page names: what it publishes before what visitors comment, else in its own order; each once."""
    links = _Links()
    links.feed(page[:MOST_HTML])
    base = urljoin(url, links.base) if links.base else url
    found: dict[str, Offer] = {}
    for href, title in links.found:
        whole = web_address(href, base)
        if whole and whole not in found:
            found[whole] = Offer(url=whole, title=" ".join(title.split()))
    ordered = sorted(found.values(), key=lambda offer: "comment" in f"{offer.title} {offer.url}".lower())
    return ordered[:MOST_OFFERED]


def well_known(url: str) -> list[str]:
    """Where feeds mostly lie: beside the page, then at the root of its site."""
    parts = urlsplit(url)
    root = f"{parts.scheme}://{parts.netloc}/"
    folder = root.rstrip("/") + (parts.path if parts.path.endswith("/") else parts.path + "/")
    return list(dict.fromkeys(place + name for place in (folder, root) for name in WELL_KNOWN))


class _Links(HTMLParser):
    """Collects what a page says of its feeds."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.base = ""
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"link", "base"}:
            return
        value = {name: words or "" for name, words in attrs}
        if tag == "base":
            self.base = self.base or value.get("href", "").strip()
        elif "alternate" in value.get("rel", "").lower().split() and value.get("href"):
            kind = value.get("type", "").partition(";")[0].strip().lower()
            if kind in _TYPES:
                self.found.append((value["href"], value.get("title", "")))
