"""Plain text as Mastodon turns it into markup, and counted as Mastodon counts (mastodon.md sections 7 and 8)."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import regex

URL = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)\]'’]")
MENTION = re.compile(r"(?<![\w/@.])@(\w+(?:[.-]\w+)*)(?:@([\w.-]+(?::\d+)?\w))?", re.ASCII)
HASHTAG = re.compile(r"(?<![\w/&#])#(\w*[^\W\d_·]\w*)")
_PARTS = re.compile(f"(?P<url>{URL.pattern})|(?P<mention>{MENTION.pattern})|(?P<tag>{HASHTAG.pattern})")
_URL_LENGTH = 23
_SHOWN = 30


def counted(text: str, warning: str = "") -> int:
    """Graphemes of warning and text; an address counts 23, a remote mention its local part."""
    short = MENTION.sub(lambda m: f"@{m[1]}", URL.sub("x" * _URL_LENGTH, text))
    return len(regex.findall(r"\X", warning)) + len(regex.findall(r"\X", short))


def tags_in(text: str) -> list[str]:
    """The hashtags of a text, in lower case, each once."""
    return list(dict.fromkeys(m[1].lower() for m in HASHTAG.finditer(URL.sub("", text))))


def mentions_in(text: str) -> list[tuple[str, str]]:
    """(user name, domain or "") of everyone mentioned, each once."""
    bare = URL.sub(" ", text)
    return list(dict.fromkeys((m[1], m[2] or "") for m in MENTION.finditer(bare)))


def link(url: str) -> str:
    """An address as Mastodon shows it: scheme hidden, cut after 30 characters."""
    scheme, _, rest = url.partition("://")
    shown, hidden = rest[:_SHOWN], rest[_SHOWN:]
    return (
        f'<a href="{html.escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
        f'<span class="invisible">{scheme}://</span>'
        f'<span class="{"ellipsis" if hidden else ""}">{html.escape(shown)}</span>'
        f'<span class="invisible">{html.escape(hidden)}</span></a>'
    )


def markup(text: str, home: str, address_of: Callable[[str, str], str]) -> str:
    """The text as HTML. ``address_of(user, domain)``: the profile's address, empty when nobody is called so."""

    def part(match: re.Match[str]) -> str:
        if match["url"]:
            return link(match["url"])
        if match["tag"]:
            name = match["tag"].removeprefix("#")
            return (
                f'<a href="{html.escape(home)}/tags/{html.escape(name)}" class="mention hashtag" rel="tag">'
                f"#<span>{html.escape(name)}</span></a>"
            )
        user, _, domain = match["mention"].removeprefix("@").partition("@")
        address = address_of(user, domain)
        if not address:
            return html.escape(match["mention"], quote=False)
        return (
            f'<span class="h-card" translate="no"><a href="{html.escape(address)}" class="u-url mention">'
            f"@<span>{html.escape(user)}</span></a></span>"
        )

    def line(words: str) -> str:
        out, at = [], 0
        for match in _PARTS.finditer(words):
            out += [html.escape(words[at : match.start()], quote=False), part(match)]
            at = match.end()
        return "".join([*out, html.escape(words[at:], quote=False)])

    if not text.strip():
        return ""
    paragraphs = re.split(r"\n\n+", text.strip().replace("\r\n", "\n"))
    return "".join("<p>" + "<br />".join(line(words) for words in p.split("\n")) + "</p>" for p in paragraphs)


def quote_line(url: str) -> str:
    """The line for clients that know no quotes; others hide it."""
    return f'<p class="quote-inline">RE: {link(url)}</p>'


SHORTCODE = re.compile(r":(\w{2,}):")
