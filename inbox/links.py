"""What X takes for a link: a link counts 23 characters whatever its length, and makes a post dearer. Pure.

Source: twitter-text (conformance files at 30e2430d, rules of its extractor described in x.md section 6). A host needs a
known ending; without ``http://`` it is plain ASCII as well. A label longer than 63 bytes in punycode is no host.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

import regex

_LONGEST_LABEL: Final = 63
_LONGEST_LINK: Final = 4096
_LETTER: Final = r"[^\s!-/:-@\[-^`{-~_\p{Cc}\p{Cf}\uFFFE\uFFFF]"  # what a host may be made of: no punctuation, no space
_IN_PATH: Final = r"[a-z\p{Latin}\p{Cyrillic}0-9!*';:=+,.$/%#\[\]\-\u2013_~@|&]"
_ENDS_PATH: Final = r"[a-z\p{Latin}\p{Cyrillic}0-9+\-=_#/]"
_BRACKETS: Final = rf"\((?:{_IN_PATH}+|{_IN_PATH}*\({_IN_PATH}+\){_IN_PATH}*)\)"


def links(text: str) -> list[tuple[int, int]]:
    """Where the links of ``text`` begin and end, in characters of Python and in their order."""
    if "." not in text:
        return []
    return list(_found(text))


def _found(text: str) -> Iterator[tuple[int, int]]:
    pattern, ascii_host = _patterns()
    for match in pattern.finditer(text):
        start, end = match.span("link")
        host, host_at = match["host"], match.start("host")
        if match["scheme"]:
            if _is_host(host) and end - start <= _LONGEST_LINK:
                yield start, end
            continue
        if text[max(start - 1, 0) : start] in {"-", "_", ".", "/"}:
            continue
        spans = [m.span() for m in ascii_host.finditer(host) if _is_host(m[0])]
        for number, (begins, ends) in enumerate(spans):
            last = number == len(spans) - 1
            yield host_at + begins, end if last and ends == len(host) else host_at + ends


def _is_host(host: str) -> bool:
    """Every label fits into a name of the internet."""
    return all(_punycode_bytes(label) <= _LONGEST_LABEL for label in host.split("."))


def _punycode_bytes(label: str) -> int:
    return len(label) if label.isascii() else len(label.encode("punycode")) + len("xn--")


@cache
def _patterns() -> tuple[regex.Pattern[str], regex.Pattern[str]]:
    lines = Path(__file__).with_name("tlds.txt").read_text(encoding="utf-8").splitlines()
    endings = [ending for line in lines if not line.startswith("#") for ending in line.split()]
    ending = r"(?:\L<endings>(?=[^0-9a-zA-Z@+\-]|$)|xn--[\-0-9a-z]+)"
    host = rf"(?:{_LETTER}(?:(?:[_\-]|{_LETTER})*{_LETTER})?\.)*{_LETTER}(?:(?:-|{_LETTER})*{_LETTER})?\.{ending}"
    path = rf"/(?:(?:{_IN_PATH}*(?:{_BRACKETS}{_IN_PATH}*)*(?:{_ENDS_PATH}|{_BRACKETS}))|(?:@{_IN_PATH}+/))?"
    query = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
    whole = regex.compile(
        rf"(?:(?<=[^A-Za-z0-9@＠$#＃])|^)(?P<link>(?P<scheme>https?://)?(?P<host>{host})(?::[0-9]+)?(?:{path})?(?:{query})?)",
        regex.IGNORECASE,
        endings=endings,
    )
    plain = r"[0-9a-z\u00c0-\u024f]"
    ascii_host = regex.compile(
        rf"(?:(?:{plain}(?:[\-_]|{plain})*)?{plain}\.)+{ending}", regex.IGNORECASE, endings=endings
    )
    return whole, ascii_host
