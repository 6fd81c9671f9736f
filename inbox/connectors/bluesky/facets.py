"""Rich text both ways: facets are UTF-8 byte ranges, end exclusive (bluesky.md section 5).

Arriving: facets become HTML; one that is out of range, cuts a character, overlaps another or says nothing we know is
left out, since no server checks them. Publishing: web addresses, mentions and tags that were typed become facets.
"""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from inbox.connectors.bluesky.identity import handle_of, is_did

WEB: Final = "https://bsky.app"
LINK: Final = "app.bsky.richtext.facet#link"
MENTION: Final = "app.bsky.richtext.facet#mention"
TAG: Final = "app.bsky.richtext.facet#tag"
_LONGEST_TAG: Final = 64

_FIND_LINK = re.compile(
    r"(?<![\w@/.:-])(?:https?://[^\s<>\"]+|(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,18}(?::\d+)?(?:/[^\s<>\"]*)?(?![\w@-]))",
    re.IGNORECASE,
)
_FIND_MENTION = re.compile(r"(?<![\w@/.])@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*)")
_FIND_TAG = re.compile(r"(?<![^\s(\[“\"'])[#＃]([^\s#＃\u00ad\u2060\u200a-\u200f\u20e2]+)")
_COMMON_ENDINGS = (
    "com org net edu gov int eu uk de fr es it pt nl be at ch pl cz se no dk fi ie gr hu ro bg hr si sk ee lv lt "
    "us ca mx br ar cl co pe au nz jp kr cn in za ng ke gh eg ma il tr ua info city app dev social blog news example"
)
_BARE_ENDINGS: Final = frozenset(_COMMON_ENDINGS.split())  # others are linked only with https:// before them
_TRAILING: Final = ".,;:!?'\"”’»…"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text in bytes, and what it is: a kind of feature with its value."""

    start: int
    end: int
    kind: str
    value: str


def pieces(text: str, facets: object) -> list[Piece]:
    """The usable facets of a text, in order, none overlapping another."""
    encoded = text.encode("utf-8", "surrogatepass")
    found: list[Piece] = []
    for facet in facets if isinstance(facets, Sequence) and not isinstance(facets, str) else ():
        piece = _piece(facet, encoded)
        if piece is not None:
            found.append(piece)
    kept: list[Piece] = []
    for piece in sorted(found, key=lambda p: (p.start, p.end)):
        if not kept or piece.start >= kept[-1].end:
            kept.append(piece)
    return kept


def markup(text: str, facets: object) -> str:
    """The text as HTML with its links; empty when it has none, since the plain text says it all then."""
    found = pieces(text, facets)
    if not found:
        return ""
    encoded, at, out = text.encode("utf-8", "surrogatepass"), 0, []
    for piece in found:
        out.append(_plain(encoded[at : piece.start]))
        out.append(f'<a href="{html.escape(_href(piece))}">{_plain(encoded[piece.start : piece.end])}</a>')
        at = piece.end
    out.append(_plain(encoded[at:]))
    return f"<p>{''.join(out)}</p>"


def mentioned(record: Mapping[str, Any]) -> set[str]:
    """The DIDs that a post names."""
    return {p.value for p in pieces(str(record.get("text") or ""), record.get("facets")) if p.kind == MENTION}


async def facets_of(text: str, did_for: Callable[[str], Awaitable[str]]) -> list[dict[str, Any]]:
    """The facets of what was typed. ``did_for`` gives a handle's DID, or "" when nobody has it: then it stays text."""
    found = list(_links(text))
    for match in _FIND_MENTION.finditer(text):
        handle = handle_of(match[1])
        did = await did_for(handle) if handle and not _inside(match.start(), found) else ""
        if did:
            found.append((match.start(), match.start() + 1 + len(handle), {"$type": MENTION, "did": did}))
    for match in _FIND_TAG.finditer(text):
        tag = _without_trailing(match[1])
        if tag and not tag.isdigit() and len(tag) <= _LONGEST_TAG and not _inside(match.start(), found):
            found.append((match.start(), match.start() + 1 + len(tag), {"$type": TAG, "tag": tag}))
    return [
        {"index": {"byteStart": _bytes(text, start), "byteEnd": _bytes(text, end)}, "features": [feature]}
        for start, end, feature in sorted(found, key=lambda f: f[0])
    ]


def _links(text: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    for match in _FIND_LINK.finditer(text):
        shown = _without_trailing(match[0])
        address = shown
        if not shown.lower().startswith(("http://", "https://")):
            host = re.split(r"[/:]", shown, maxsplit=1)[0].lower()
            if host.rpartition(".")[2] not in _BARE_ENDINGS:
                continue
            address = f"https://{shown}"
        elif not re.match(r"https?://[^/\s.:]+", shown, re.IGNORECASE):
            continue
        yield match.start(), match.start() + len(shown), {"$type": LINK, "uri": _as_uri(address)}


def _as_uri(address: str) -> str:
    """The address with what no URI may hold encoded, and nothing encoded twice."""
    return quote(address, safe="%/:?#[]@!$&'()*+,;=~-._")


def _piece(facet: object, encoded: bytes) -> Piece | None:
    if not isinstance(facet, Mapping):
        return None
    index = facet.get("index")
    start, end = (index.get("byteStart"), index.get("byteEnd")) if isinstance(index, Mapping) else (None, None)
    if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(encoded):
        return None
    if _cuts(encoded, start) or _cuts(encoded, end):
        return None
    for feature in facet.get("features") or ():
        if not isinstance(feature, Mapping):
            continue
        kind = feature.get("$type")
        if kind == LINK and str(feature.get("uri", "")).lower().startswith(("https://", "http://")):
            return Piece(start, end, LINK, str(feature["uri"]))
        if kind == MENTION and is_did(str(feature.get("did", ""))):
            return Piece(start, end, MENTION, str(feature["did"]))
        if kind == TAG and feature.get("tag"):
            return Piece(start, end, TAG, str(feature["tag"]))
    return None


def _cuts(encoded: bytes, at: int) -> bool:
    return at < len(encoded) and encoded[at] & 0xC0 == 0x80


def _href(piece: Piece) -> str:
    if piece.kind == MENTION:
        return f"{WEB}/profile/{piece.value}"
    if piece.kind == TAG:
        return f"{WEB}/hashtag/{quote(piece.value, safe='')}"
    return piece.value


def _plain(encoded: bytes) -> str:
    return html.escape(encoded.decode("utf-8", "replace"), quote=False).replace("\n", "<br>")


def _inside(at: int, found: Sequence[tuple[int, int, dict[str, str]]]) -> bool:
    return any(start <= at < end for start, end, _ in found)


def _bytes(text: str, at: int) -> int:
    return len(text[:at].encode("utf-8", "surrogatepass"))


def _without_trailing(words: str) -> str:
    """Without the sentence's punctuation, and without a bracket that it did not open."""
    while words and (
        words[-1] in _TRAILING or (words[-1] in ")]" and words.count(_OPENS[words[-1]]) < words.count(words[-1]))
    ):
        words = words[:-1]
    return words


_OPENS: Final = {")": "(", "]": "["}
