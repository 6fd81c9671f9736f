"""What Mastodon's servers send as words: their HTML to plain text, and typed text compared with what became of it.

Source: mastodon.md section 7. The markup is the server's, cleaned there, for local and remote posts alike; it is read
with the standard library's tolerant parser and never rendered here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset({"p", "blockquote", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6"})
_UNSEEN: Final = frozenset({"script", "style", "template"})
_VOID: Final = frozenset({"br", "img", "hr", "wbr"})
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINE_ENDS = re.compile(r"[ \t]+\n")
_BLANK_LINES = re.compile(r"\n{3,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUOTE_INLINE = re.compile(r"<(p|span) class=\"[^\"]*quote-inline[^\"]*\">.*?</\1>", re.DOTALL | re.IGNORECASE)
_INVISIBLE = re.compile(r"<span class=\"invisible\">[^<]*</span>", re.IGNORECASE)
_ELLIPSIS = re.compile(r"<span class=\"ellipsis\">([^<]*)</span>", re.IGNORECASE)
_FULL_HANDLE = re.compile(r"@([\w.-]+)@[\w.-]+\w")
_SCHEME = re.compile(r"^https?://(www\.)?", re.IGNORECASE)


def text_of(markup: str, mentions: Mapping[str, str] | None = None, *, quoting: bool = False) -> str:
    """The words as a reader sees them, addresses in full, those named with their whole handle.

    ``mentions``: address of a profile -> handle ("maria@town.example"). ``quoting``: the post has a quote of its own,
    so the line that stands for it on older servers (``quote-inline``) is left out.
    """
    if not markup:
        return ""
    reader = _Reader(mentions or {}, quoting)
    reader.feed(markup)
    reader.close()
    text = _CONTROL.sub("", "".join(reader.pieces)).strip(" \n")
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text))


def shown(markup: str, *, quoting: bool = False) -> str:
    """The markup to display: long addresses cut short as the server marks them, no second quote line."""
    if quoting:
        markup = _QUOTE_INLINE.sub("", markup)
    return _ELLIPSIS.sub(r"\1…", _INVISIBLE.sub("", markup))


def plain_line(words: object) -> str:
    """A name or a warning: plain text already, brought onto one line."""
    return " ".join(_CONTROL.sub("", str(words or "")).split())


def comparable(text: str) -> str:
    """Text without what a server changes on the way: blanks, and the host of a handle."""
    return " ".join(_FULL_HANDLE.sub(r"@\1", text).split())


class _Reader(HTMLParser):
    """Collects plain text, piece by piece."""

    def __init__(self, mentions: Mapping[str, str], quoting: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._mentions = mentions
        self._quoting = quoting
        self._links: list[tuple[int, str, str]] = []  # where it began, href, class
        self._hidden = 0  # how deep inside something that is not to be seen
        self._verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        classes = named.get("class", "").split()
        if tag in _VOID:
            if tag == "br" and not self._hidden:
                self.pieces.append("\n")
            return
        if self._hidden or tag in _UNSEEN or (self._quoting and "quote-inline" in classes):
            self._hidden += 1
            return
        if tag in _BLOCKS:
            self.pieces.append("\n\n")
        if tag == "li":
            self.pieces.append("\n• ")
        elif tag == "pre":
            self._verbatim += 1
        elif tag == "a":
            self._links.append((len(self.pieces), named.get("href", ""), named.get("class", "")))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self._hidden:
            self._hidden -= 1
            return
        if tag in _BLOCKS:
            self.pieces.append("\n\n")
        if tag == "pre":
            self._verbatim = max(0, self._verbatim - 1)
        elif tag == "a" and self._links:
            self._end_link(*self._links.pop())

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if not self._verbatim:
            data = _SPACES.sub(" ", data)
            if self.pieces and self.pieces[-1].endswith("\n"):
                data = data.lstrip(" ")
        self.pieces.append(data)

    def _end_link(self, start: int, href: str, classes: str) -> None:
        words = "".join(self.pieces[start:])
        if "mention" in classes.split() and "hashtag" not in classes.split():
            if handle := self._handle(href, words.strip()):
                self.pieces[start:] = [f"@{handle}"]
            return
        differs = _bare(words) != _bare(href)
        if differs and _SCHEME.match(href) and not words.strip().startswith(("#", "@")) and words.strip():
            self.pieces[start:] = [f"{words} ({href})"]

    def _handle(self, href: str, words: str) -> str:
        """The whole handle of somebody named; by the name alone where servers write the address in two ways."""
        if href in self._mentions:
            return self._mentions[href]
        name = words.removeprefix("@").partition("@")[0].casefold()
        same = {acct for acct in self._mentions.values() if acct.partition("@")[0].casefold() == name}
        return same.pop() if len(same) == 1 else ""


def _bare(address: str) -> str:
    """An address without what a writer or a server adds or leaves out."""
    return _SCHEME.sub("", address.strip()).rstrip("/…").casefold()
