"""Markup that no parser should be given whole. Pure.

The HTML5 parsers that there are take time with the square of what is nested, and repeat every formatting tag that was
left open in each paragraph after it: a few hundred kilobytes can take minutes or gigabytes.
"""

from __future__ import annotations

import re
from typing import Final

MOST_NESTED: Final = 5_000
MOST_REPEATED: Final = 600_000
_OPENED = re.compile(r"<([a-zA-Z][^\s/>]*)")
_FORMATTING = frozenset(
    {"a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"}
)
_FLAT = frozenset(
    {"br", "img", "hr", "meta", "link", "input", "col", "wbr", "area", "base", "p", "li", "dt", "dd", "option"}
)
_TAG = re.compile(r"<[^>]*>?")


def overgrown(markup: str) -> bool:
    """Whether a parser might take minutes or gigabytes over this.

    Only what is opened counts: what looks like a closing tag may stand in a comment or in an attribute, and then
    closes nothing. So an honest page has to be very long to be taken for one, and loses its formatting, not its words.
    """
    if markup.count("<") < 700:  # not even if all of them were left open
        return False
    names = [found[1].lower() for found in _OPENED.finditer(markup)]
    nested = sum(name not in _FLAT for name in names)
    formatting = sum(name in _FORMATTING for name in names)
    return nested > MOST_NESTED or formatting * len(names) > MOST_REPEATED


def bare(markup: str) -> str:
    """The words alone, found without a parser: good enough for what nobody wrote to be read."""
    return " ".join(_TAG.sub(" ", markup).split())
