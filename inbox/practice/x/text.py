"""How X keeps a text: escaped, links shortened to t.co, entities by code points; and what it weighs.

Written from x.md sections 6 and 7 without a look at the connector or at ``inbox.publishing``.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import regex

_TOKENS = re.compile(
    r"(?P<url>https?://[^\s<>\"“”]+[^\s<>\"“”.,;:!?')\]])"
    r"|(?<![\w@/.])(?P<bare>(?:[a-z0-9-]+\.)+(?:com|org|net|example|uk|gov|io|co|eu)(?:/[^\s]*[^\s.,;:!?)])?)(?![\w@-])"
    r"|(?<![\w&/])@(?P<name>\w{1,15})"
    r"|(?<![\w&/])#(?P<tag>\w+)"
    r"|(?P<special>[&<>])",
    re.IGNORECASE,
)
_ESCAPED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
LINK = 23


def kept(text: str, id_of: Callable[[str], str | None]) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    """The text as X keeps it, and its entities. ``id_of``: the user id of a name, where there is such a user."""
    out: list[str] = []
    entities: dict[str, list[dict[str, Any]]] = {}
    end = length = 0

    def put(piece: str) -> tuple[int, int]:
        nonlocal length
        out.append(piece)
        length += len(piece)
        return length - len(piece), length

    for found in _TOKENS.finditer(unicodedata.normalize("NFC", text)):
        put(unicodedata.normalize("NFC", text)[end : found.start()])
        end = found.end()
        if found["special"]:
            put(_ESCAPED[found[0]])
        elif found["name"]:
            start, stop = put(found[0])
            number = id_of(found["name"])
            if number is not None:
                entities.setdefault("mentions", []).append(
                    {"start": start, "end": stop, "username": found["name"], "id": number}
                )
        elif found["tag"]:
            start, stop = put(found[0])
            entities.setdefault("hashtags", []).append({"start": start, "end": stop, "tag": found["tag"]})
        else:
            target = found["url"] or f"http://{found['bare']}"
            start, stop = put(short(target))
            entities.setdefault("urls", []).append(
                {
                    "start": start, "end": stop, "url": short(target), "expanded_url": target,
                    "display_url": shown(target),
                }
            )  # fmt: skip
    put(unicodedata.normalize("NFC", text)[end:])
    return "".join(out), entities


def short(target: str) -> str:
    """The t.co link of an address: 23 characters."""
    digest = hashlib.sha256(target.encode()).hexdigest()
    return f"https://t.co/{digest[:10]}"


def shown(target: str) -> str:
    """An address as X displays it."""
    bare = re.sub(r"\Ahttps?://(www\.)?", "", target)
    return bare if len(bare) <= 27 else f"{bare[:26]}…"


def has_link(text: str) -> bool:
    """Whether a text holds what X takes for a link."""
    return any(found["url"] or found["bare"] for found in _TOKENS.finditer(text))


def weight(text: str) -> int:
    """What a text weighs against 280."""
    total = end = 0
    composed = unicodedata.normalize("NFC", text)
    for found in _TOKENS.finditer(composed):
        if found["url"] or found["bare"]:
            total += _plain(composed[end : found.start()]) + LINK
            end = found.end()
    return total + _plain(composed[end:])


def moved(entities: Mapping[str, list[dict[str, Any]]], by: int) -> dict[str, list[dict[str, Any]]]:
    """The entities of a text before which something was put."""
    return {
        kind: [{**one, "start": one["start"] + by, "end": one["end"] + by} for one in found]
        for kind, found in entities.items()
    }


def _plain(text: str) -> int:
    total = 0
    for cluster in regex.findall(r"\X", text):
        if regex.search(r"[\p{Emoji_Presentation}\ufe0f\u20e3\U0001f1e6-\U0001f1ff]", cluster):
            total += 2
        else:
            total += sum(1 if any(a <= ord(c) <= b for a, b in _LIGHT) else 2 for c in cluster)
    return total
