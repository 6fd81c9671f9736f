"""How long a text is for X: by weight (x.md section 6; twitter-text configuration version 3). Pure.

Latin, Greek, Cyrillic, Hebrew, Arabic and their like weigh 1, everything else 2; an emoji weighs 2 however many code
points it is made of; every link weighs the same. Composed first (NFC), since X does. The handles that X itself puts
before an answer are not in our text, so what is typed is counted whole.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import regex

from inbox.links import links

LINK: Final = 23
_LIGHT: Final = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_ONE: Final = r"(?:(?![©®](?!\uFE0F))\p{Extended_Pictographic})(?:\uFE0F|\p{Emoji_Modifier})?[\U000E0020-\U000E007F]*"
_EMOJI: Final = regex.compile(rf"[0-9#*]\uFE0F?\u20E3|\p{{Regional_Indicator}}{{2}}|{_ONE}(?:\u200D{_ONE})*")
_NEVER: Final = frozenset("\ufffe\ufeff\uffff")
_HANDLE: Final = regex.compile(r"(?<![A-Za-z0-9_!#$%&*@＠])[@＠][A-Za-z0-9_]{1,20}")


def weight(text: str, link_length: int | None = None, *, emoji: bool = True) -> int:
    """What the text weighs. ``emoji``: as of version 3; before, every code point of a sequence was counted."""
    composed = unicodedata.normalize("NFC", text)
    per_link = LINK if link_length is None else link_length
    total = end = 0
    for start, ends in links(composed):
        total += _plain(composed[end:start], emoji) + per_link
        end = ends
    return total + _plain(composed[end:], emoji)


def valid(text: str, most: int) -> bool:
    """X would take it: neither empty nor too long, and without the characters that no text may hold."""
    return bool(text.strip()) and not _NEVER & set(text) and weight(text) <= most


def wholes(text: str) -> list[tuple[int, int]]:
    """What is never cut in the middle: links and handles, as they lie in ``text``."""
    return [*links(text), *(m.span() for m in _HANDLE.finditer(text))]


def _plain(text: str, emoji: bool) -> int:
    if text.isascii():
        return len(text)
    total = 0
    if emoji:
        text, found = _EMOJI.subn("", text)
        total = 2 * found
    return total + sum(1 if _is_light(ord(one)) else 2 for one in text)


def _is_light(code: int) -> bool:
    return any(first <= code <= last for first, last in _LIGHT)
