"""Strangers' markup made harmless, for QLabel's rich text. nh3 does the cleaning; this says what may stay.

Nothing that loads from anywhere remains: no images, styles, forms, frames or scripts. Pictures become words; the
reader may ask for them.
"""

from __future__ import annotations

import html as escaping
import re

import nh3

from ui.format import right_to_left

_TAGS = {"p", "br", "b", "strong", "i", "em", "u", "s", "del", "a", "ul", "ol", "li", "blockquote", "code", "pre", "q",
         "h1", "h2", "h3", "h4", "h5", "h6", "sub", "sup"}  # fmt: skip
_SCHEMES = {"http", "https", "mailto"}
_BIDI = dict.fromkeys(map(ord, "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"))
"""Direction overrides can dress gpj.exe as exe.jpg: taken out of what is shown (what arrived is kept)."""
_PICTURE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_ALT = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_BLOCK = re.compile(r"<(p|li|blockquote|pre)>(.*?)(?=</?(?:p|li|blockquote|pre)>|$)", re.DOTALL)
_RUN = re.compile(r"<[^>]*>|(?:&#?\w+;|[!-%'-;=?-~\u00c0-\u024f\u0370-\u04ff]){41,}")
_STRIDE = re.compile(r"((?:&#?\w+;|[^&]){20})")
_TAG = re.compile(r"<[^>]*>")
_HEADING = re.compile(r"<(/?)h[1-6]>")


def clean(html: str) -> str:
    """``html`` reduced to plain formatting and links that say where they go. Safe to show."""
    named = _PICTURE.sub(lambda m: _in_words(m[0]), html)
    kept = nh3.clean(
        named, tags=_TAGS, attributes={"a": {"href"}}, url_schemes=_SCHEMES, link_rel=None,
        clean_content_tags={"script", "style", "iframe", "object", "svg", "math"},
    )  # fmt: skip
    # After cleaning: before it, a direction trick may still hide as an entity.
    return _HEADING.sub(r"<\1p>", kept.translate(_BIDI))


def _in_words(picture: str) -> str:
    alt = _ALT.search(picture)
    words = (alt[1] or alt[2] or "").strip() if alt else ""
    return f" [picture: {words}] " if words else " [picture] "


def pictures(html: str) -> list[tuple[str, str]]:
    """Address and description of each picture that the markup shows, in order, each once."""
    found: dict[str, str] = {}
    for tag in _PICTURE.findall(html):
        source = _SOURCE.search(tag)
        url = escaping.unescape((source[1] or source[2] or "").strip()) if source else ""
        if url.startswith(("https://", "http://")):
            alt = _ALT.search(tag)
            found.setdefault(url, escaping.unescape((alt[1] or alt[2] or "").strip()) if alt else "")
    return list(found.items())


def from_text(text: str) -> str:
    """Plain text as paragraphs, every character as it is, web addresses as links."""
    safe = escaping.escape(text.translate(_BIDI), quote=False)
    linked = re.sub(r"(https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]])", r'<a href="\1">\1</a>', safe)
    return "".join(f"<p>{part}</p>" for part in linked.replace("\n", "<br>").split("<br><br>"))


def shown(html: str, text: str) -> str:
    """What to show of a message: its cleaned markup, or its text when there is none. Paragraphs without outer gaps."""
    body = clean(html) if html.strip() else from_text(text)
    return re.sub(r"<p>\s*</p>", "", body).strip() or from_text(text)


def directed(html: str) -> str:
    """Clean markup, each paragraph running the way its first letter runs: Qt takes the direction from the block."""

    def block(found: re.Match[str]) -> str:
        words = escaping.unescape(_TAG.sub("", found[2]))
        return f'<{found[1]} dir="rtl">{found[2]}' if right_to_left(words) else found[0]

    return _BLOCK.sub(block, html)


def breakable(html: str) -> str:
    """Clean markup in which a run of letters that never ends, such as a long address, may go on in the next line."""
    return _RUN.sub(lambda run: run[0] if run[0][0] == "<" else _STRIDE.sub("\\1\u200b", run[0]), html)


def isolated(text: str) -> str:
    """A stranger's words inside a line of ours: their direction stays theirs (Unicode isolates)."""
    return f"\u2068{text}\u2069" if right_to_left(text) else text


def plain(text: str) -> str:
    """One line of a stranger's words as a label shows them: no markup meant, no direction tricks."""
    return " ".join(text.translate(_BIDI).split())
