"""What a person types to find a message, and which words are shown of what was found. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

SHOWN = 400
"""Letters of a found message that are handed on, from a little before the first word found."""
_BEFORE = 40
_LETTER = re.compile(r"[^\W_]")
_UNSEGMENTED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1100-\u11ff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff]"
)
_WILD = re.compile(r"[%_\\]")
_ACCENT = re.compile("[\u0300-\u036f]")


def match_expression(words: str) -> str:
    """The FTS5 expression for what was typed: every word must occur, the last may be unfinished."""
    found = typed_words(words)
    if not found:
        return ""
    last = "" if words[-1:].isspace() else "*"
    return " ".join(f'"{w}"' for w in found[:-1]) + f' "{found[-1]}"{last}'


def begun(words: str) -> tuple[str, re.Pattern[str]] | None:
    """When the last word typed is a single letter so far: the expression for the words before it (empty if there are
    none), and what finds, in a ``folded`` text, a word that it begins."""
    found = typed_words(words)
    if not found or words[-1:].isspace() or len(found[-1]) > 1:
        return None
    before = " ".join(f'"{w}"' for w in found[:-1])
    return before, re.compile(rf"(?<![^\W_]){re.escape(folded(found[-1]))}")


def folded(text: str) -> str:
    """The text as the index of words has it: small letters without accents."""
    lower = text.lower()
    return lower if lower.isascii() else _ACCENT.sub("", unicodedata.normalize("NFD", lower))


def typed_words(words: str) -> list[str]:
    """What counts as words in what was typed."""
    normal = unicodedata.normalize("NFC", words)  # in NFD an accent would end a word
    return [w for w in re.findall(r"\w+", normal) if _LETTER.search(w)]


def signs(words: str) -> list[str]:
    """LIKE patterns, escaped with a backslash, for what the index of words cannot find; empty when it can.

    That is signs that are no words, such as 👍, and words of scripts that write none apart, such as 水位.
    """
    if typed_words(words) and not _UNSEGMENTED.search(words):
        return []
    parts = unicodedata.normalize("NFC", words).split()
    bare = (part.rstrip("\ufe0f") or part for part in parts)  # ❤ with and without the wish to be coloured
    return ["%" + _WILD.sub(r"\\\g<0>", part) + "%" for part in bare]


def sought(words: str) -> list[str]:
    """What ``excerpt`` looks for when this was typed."""
    return [w.lower() for w in typed_words(words) or words.split()]


def excerpt(text: str, sought: Sequence[str]) -> str:
    """The part of a found text that shows why it was found, or its beginning, at most SHOWN letters and a sign."""
    if len(text) <= _BEFORE * 2:
        return text
    lower = text.lower()
    found = [at for at in map(lower.find, sought) if at >= 0]
    if not found:  # the index does not mind accents
        found = [at for at in map(folded(text).find, map(folded, sought)) if at >= 0]
    first = min(found, default=0)
    if first <= _BEFORE:
        return text[:SHOWN]
    start = text.find(" ", first - _BEFORE, first) + 1 or first - _BEFORE // 4
    return f"… {text[start : start + SHOWN]}"
