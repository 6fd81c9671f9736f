"""Markup to plain text as a reader would see it, and typed text to markup that shows just what was typed.

``nh3`` (ammonia, an HTML5 parser) does the reading of strangers' markup; regular expressions only see its output,
which is normalised: known tags, no attributes but ``alt``, every special character escaped.
"""

from __future__ import annotations

import html
import re
from typing import Final

import nh3

from inbox.markup import bare, overgrown

# Ends a block: a blank line stands there in plain text. The rest of what nh3 may leave has its own meaning below.
_BLOCKS: Final = frozenset(
    {"p", "blockquote", "ul", "ol", "dl", "pre", "table", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
)
_LINES: Final = frozenset({"br", "div", "tr", "dt", "dd", "figcaption", "summary"})
_KEPT: Final = _BLOCKS | _LINES | {"li", "td", "th", "img"}
_cleaner = nh3.Cleaner(
    tags=set(_KEPT),
    attributes={"img": {"alt"}},
    clean_content_tags={"script", "style", "template", "noscript", "iframe", "object"},
    link_rel=None,
    url_schemes=set(),
)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)(?: alt=\"([^\"]*)\")?[^>]*>")
_SIMPLE_TAG = re.compile(r"</?p>|<br ?/?>", re.IGNORECASE)
_PRE = re.compile(r"(<pre>.*?</pre>)", re.DOTALL)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_LINE_ENDS = re.compile(r" *\n *")
_BLANK_LINES = re.compile(r"\n{3,}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)
_TRAILING = ".,;:!?'”’»…"


def plain_text(markup: str) -> str:
    """The words of ``markup`` as the public sees them: entities decoded, no scripts, a blank line after a paragraph."""
    if not markup:
        return ""
    if overgrown(markup):
        return _CONTROL.sub("", html.unescape(bare(markup)))
    # Most comments are paragraphs and line breaks only: no parser needed for those.
    if "<" not in _SIMPLE_TAG.sub("", markup):
        text = _SIMPLE_TAG.sub(_break_for_simple, _SPACES.sub(" ", markup))
    else:
        pieces = _PRE.split(_cleaner.clean(markup))
        text = "".join(p if p.startswith("<pre>") else _SPACES.sub(" ", p) for p in pieces)
        text = _TAG.sub(_break_for, text)
    text = _CONTROL.sub("", html.unescape(text)).strip(" \n")
    return _BLANK_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text)) if "\n" in text else text


def title_text(markup: str) -> str:
    """A title on one line: its markup gone, its entities decoded."""
    return " ".join(plain_text(markup).split())


def name_text(words: str) -> str:
    """A person's name: entities decoded, and what looks like markup kept, since it is part of what they typed."""
    return " ".join(_CONTROL.sub("", html.unescape(words)).split())


def escaped(text: str) -> str:
    """Typed text as markup that shows it unchanged: ``&``, ``<`` and ``>`` are encoded, quotes stay."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def linked(text: str) -> str:
    """Typed text as markup like ``escaped``, with web addresses made into links."""
    out, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = _without_trailing(found[0])
        out.append(escaped(text[end : found.start()]))
        out.append(f'<a href="{html.escape(address)}">{escaped(address)}</a>')
        end = found.start() + len(address)
    return "".join([*out, escaped(text[end:])])


def lines_of(text: str) -> str:
    """Text with one kind of line end and no blanks around it."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _without_trailing(address: str) -> str:
    """The address without the sentence's punctuation, and without a bracket that it did not open."""
    end, open_, closed = len(address), address.count("("), address.count(")")
    while end:
        last = address[end - 1]
        if last == ")" and open_ < closed:
            closed -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return address[:end]


def _break_for_simple(found: re.Match[str]) -> str:
    return "\n" if found[0][1] in "bB" else "\n\n"


def _break_for(found: re.Match[str]) -> str:
    closing, tag, alt = found[1], found[2], found[3]
    if tag in _BLOCKS:
        return "\n\n"
    if tag in _LINES:
        return "\n"
    if tag == "li":
        return "" if closing else "\n• "
    if tag == "img":
        return f"[{alt}]" if alt else "[image]"
    return " " if closing else ""
