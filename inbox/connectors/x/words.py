"""A post's words with their entities: as plain text, as markup, and compared with what was sent (x.md section 7).

``text`` comes HTML-escaped (``&amp;``), every link shortened to t.co. Offsets count Unicode code points, which are
Python's indices, of the text as it came; where one does not fit the link it names (documentation samples do not), the
link is looked for instead, and what is not found stays plain.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inbox.links import links

_STATUS: Final = re.compile(r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(\w+)/status/(\d+)(?:/(photo|video)/\d+)?")
_HERE: Final = re.compile(r"https?://[^/]+/(\w+)/status/(\d+)(?:/(photo|video)/\d+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What a reader sees: without the links that only stand for a picture or a quotation."""

    text: str
    html: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Span:
    start: int
    end: int
    kind: str
    entity: Mapping[str, Any]


def shown(text: str, entities: object, web: str, *, quoted: str = "", begins: int = 0) -> Shown:
    """The words of a post. ``quoted``: the id of the post it quotes, whose link at the end goes without saying.
    ``begins``: what X put before an answer ends here."""
    plain: list[str] = []
    marked: list[str] = []
    at = begins
    for span in _spans(text, entities):
        if span.start < at:
            continue
        for out, piece in ((plain, _unescaped(text[at : span.start])), (marked, _markup(text[at : span.start]))):
            out.append(piece)
        words, markup = _entity(text[span.start : span.end], span, web, quoted)
        plain.append(words)
        marked.append(markup)
        at = span.end
    plain.append(_unescaped(text[at:]))
    marked.append(_markup(text[at:]))
    return Shown(text="".join(plain).strip(), html="".join(marked).strip())


def urls_of(entities: object) -> list[Mapping[str, Any]]:
    """The links of a post, in order."""
    return list(_entities(entities, "urls"))


def mentions_of(entities: object) -> list[Mapping[str, Any]]:
    """Those named in a post."""
    return list(_entities(entities, "mentions"))


def status_in(address: str, web: str) -> tuple[str, str, str]:
    """Whose post an address leads to, its id, and "photo" or "video" when only to its picture; empty when to none."""
    found = _STATUS.fullmatch(address) or (_HERE.fullmatch(address) if address.startswith(f"{web}/") else None)
    return (found[1], found[2], found[3] or "") if found else ("", "", "")


def same_words(sent: str, there: str) -> bool:
    """Whether a post holds what was sent: white space and the way a link is written aside."""
    return _bare(sent) == _bare(there)


def _bare(text: str) -> tuple[str, tuple[str, ...]]:
    composed = unicodedata.normalize("NFC", text)
    words, addresses, at = [], [], 0
    for start, end in links(composed):
        words.append(composed[at:start])
        addresses.append(re.sub(r"\Ahttps?://(www\.)?", "", composed[start:end].casefold()).rstrip("/"))
        at = end
    words.append(composed[at:])
    return " ".join(" ".join(words).split()), tuple(addresses)


def _spans(text: str, entities: object) -> list[_Span]:
    found: list[_Span] = []
    for entity in urls_of(entities):
        found += _placed(text, entity, "url", [str(entity.get("url") or "")])
    for entity in mentions_of(entities):
        name = str(entity.get("username") or "")
        found += _placed(text, entity, "mention", [f"@{name}", f"＠{name}"] if name else [])
    for kind, signs in (("hashtags", "#＃"), ("cashtags", "$＄")):
        for entity in _entities(entities, kind):
            tag = str(entity.get("tag") or "")
            found += _placed(text, entity, kind, [f"{sign}{tag}" for sign in signs] if tag else [])
    return sorted(found, key=lambda span: span.start)


def _placed(text: str, entity: Mapping[str, Any], kind: str, named: Sequence[str]) -> Iterator[_Span]:
    start, end = entity.get("start"), entity.get("end")
    if isinstance(start, int) and isinstance(end, int) and text[start:end].casefold() in {n.casefold() for n in named}:
        yield _Span(start=start, end=end, kind=kind, entity=entity)
    elif kind == "url" and named[0] and (where := text.find(named[0])) >= 0:
        yield _Span(start=where, end=where + len(named[0]), kind=kind, entity=entity)


def _entity(words: str, span: _Span, web: str, quoted: str) -> tuple[str, str]:
    entity = span.entity
    if span.kind == "url":
        target = str(entity.get("expanded_url") or entity.get("url") or "")
        _, number, picture = status_in(target, web)
        if picture or entity.get("media_key") or (quoted and number == quoted):
            return "", ""
        return target, _link(str(entity.get("url") or target), str(entity.get("display_url") or target))
    if span.kind == "mention":
        return words, _link(f"{web}/{entity['username']}", words)
    if span.kind == "hashtags":
        return words, _link(f"{web}/hashtag/{entity['tag']}", words)
    return words, _link(f"{web}/search?q=%24{entity['tag']}", words)


def _link(address: str, words: str) -> str:
    return f'<a href="{html.escape(address)}">{html.escape(words)}</a>'


def _unescaped(text: str) -> str:
    return html.unescape(text)


def _markup(text: str) -> str:
    return html.escape(html.unescape(text), quote=False).replace("\n", "<br>")


def _entities(entities: object, kind: str) -> Iterator[Mapping[str, Any]]:
    listed = entities.get(kind) if isinstance(entities, Mapping) else None
    return (one for one in (listed if isinstance(listed, list) else ()) if isinstance(one, Mapping))
