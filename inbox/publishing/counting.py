"""How long a text is, as its network counts. Pure.

Graphemes are those of Unicode (UAX 29), which is what Bluesky and Mastodon count. Mastodon counts every link at a fixed
length and ``@user@host`` as ``@user`` (mastodon.md section 8; app/validators/status_length_validator.rb and its spec).
Where it is doubtful whether a network takes something for a link, the longer count is taken: a text that goes is
better than a text that fits by a hair.
"""

from __future__ import annotations

from collections.abc import Iterator

import regex

from inbox.model import Counting, Limits
from inbox.publishing import counting_x

_GRAPHEME = regex.compile(r"\X")
# What Mastodon links: a protocol, a host with a dot and a name at its end, and what an address may hold behind it.
# Not straight behind a letter or digit of ASCII or one of @ $ # (twitter-text, which its extractor stands on): in
# scripts without spaces a link begins right behind the words.
LINK = regex.compile(
    r"(?<![A-Za-z0-9@＠$#＃])https?://"
    r"(?:[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?\.)+(?:xn--[a-z0-9-]+|\p{L}{2,})(?::\d{1,5})?"
    r"(?:[/?#][^\s<>\"“”«»]*)?",
    regex.IGNORECASE,
)
# Unicode 15.1 took what hangs together by a virama for one grapheme; servers with older tables count each consonant.
_CONJUNCT = regex.compile(
    "[\u094d\u09cd\u0acd\u0b4d\u0c4d\u0d4d][\u200d\u093c\u09bc\u0abc\u0b3c\u0c3c]*(?=[\u0904-\u0939\u0958-\u0961"
    "\u0985-\u09b9\u09dc-\u09e1\u09f0\u09f1\u0a85-\u0ab9\u0b05-\u0b39\u0b5c-\u0b61\u0c05-\u0c39\u0c58-\u0c61"
    "\u0d05-\u0d3a\u0d5f-\u0d61])"
)
_LONGEST_LINK = 4096
HANDLE = regex.compile(
    r"(?<![\p{L}\p{N}/_=@])@(?P<user>[a-z0-9_]+(?:[a-z0-9_.-]+[a-z0-9_]+)?)@[\p{L}\p{N}][\p{L}\p{N}.-]*[\p{L}\p{N}]+",
    regex.IGNORECASE,
)
_LONGEST_HOST = 253
_TRAILING = ".,;:!?'’…"


def graphemes(text: str) -> int:
    """How many characters a reader would count; where tables of Unicode differ, the larger number."""
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _GRAPHEME.finditer(text)) + len(_CONJUNCT.findall(text))


def length(text: str, limits: Limits, *, warning: str = "") -> int:
    """What a text counts against ``limits.text_graphemes``."""
    if limits.counting is Counting.X:
        return counting_x.weight(text, limits.link_length)
    if limits.counting is not Counting.MASTODON:
        return graphemes(text)
    counted = "".join(_counted(text, limits.link_length or 23))
    return graphemes(warning + counted)


def overrun(text: str, limits: Limits, *, warning: str = "") -> int:
    """Where in ``text`` the part begins that is too much, in characters of Python; its length when nothing is.

    Never inside a grapheme, a link or a handle.
    """
    most = limits.text_graphemes
    if most is None or length(text, limits, warning=warning) <= most:
        return len(text)
    ends = [0, *(m.end() for m in _GRAPHEME.finditer(text))]
    if limits.counting is Counting.X:
        whole = counting_x.wholes(text)
    else:
        whole = [(m.start(), m.end()) for m in (*LINK.finditer(text), *HANDLE.finditer(text))]
    low, high = 0, len(ends) - 1
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        fits = length(text[: ends[middle]], limits, warning=warning) <= most
        low, high = (middle, high) if fits else (low, middle - 1)
    cut = ends[low]
    return next((start for start, end in whole if start < cut < end), cut)


def _counted(text: str, link_length: int) -> Iterator[str]:
    """The text with a stand-in for each link and the short form of each handle."""
    end = 0
    for found in _entities(text):
        yield text[end : found.start()]
        if found.re is LINK:
            address = without_trailing(found[0])
            short = len(address) <= _LONGEST_LINK
            yield "x" * link_length if short else address
            end = found.start() + len(address)
        else:
            local = f"@{found['user']}"
            yield local if len(found[0]) - len(local) - 1 <= _LONGEST_HOST else found[0]
            end = found.end()
    yield text[end:]


def _entities(text: str) -> Iterator[regex.Match[str]]:
    found = sorted((*LINK.finditer(text), *HANDLE.finditer(text)), key=lambda m: m.start())
    end = 0
    for one in found:
        if one.start() >= end:
            yield one
            end = one.end()


def without_trailing(address: str) -> str:
    """The address without the sentence's punctuation, and without a bracket that it did not open."""
    while address:
        opened = address.count("(") - address.count(")")
        if address[-1] in _TRAILING or (address[-1] == ")" and opened < 0):
            address = address[:-1]
        else:
            break
    return address
