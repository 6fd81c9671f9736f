"""LinkedIn's "little text", the language of a post's words (linkedin.md section 6).

Fifteen characters mean something in it; one that is not escaped cuts the post off there, without a word. What the
officer typed is escaped first, mentions and hashtags are put in afterwards. Comments are not written so: their text is
plain (``L``, the contract's weakest mark: a real account has to show that no backslash is seen there).
"""

from __future__ import annotations

import re
from typing import Final

RESERVED: Final = "|{}@[]()<>#\\*_~"

_RESERVED: Final = re.compile(f"[{re.escape(RESERVED)}]")
_URN: Final = r"urn:li:(?:organization|organizationBrand|person|member):[\w-]+"
# A mention as LinkedIn writes it, typed by a person; a hashtag begins no word's middle and no fragment of an address.
_TYPED: Final = re.compile(
    rf"@\[(?P<name>[^\[\]\n]{{1,100}})\]\((?P<urn>{_URN})\)|(?<![\w&/#])#(?P<tag>[^\W_]*[^\W\d_][^\W_]*)"
)
_WRITTEN: Final = re.compile(
    r"\\(?P<escaped>.)|@\[(?P<name>(?:\\.|[^\]\\])*)\]\((?P<urn>[^)]*)\)"
    r"|\{hashtag\|\\?#\|(?P<tag>(?:\\.|[^}\\])*)\}",
    re.DOTALL,
)


def escaped(text: str) -> str:
    """Text that LinkedIn shows as it was typed."""
    return _RESERVED.sub(r"\\\g<0>", text)


def written(text: str) -> str:
    """What the officer typed as little text: ``#tag`` becomes a hashtag, ``@[Name](urn:li:organization:1)`` a mention,
    all the rest is escaped."""
    parts, end = [], 0
    for found in _TYPED.finditer(text):
        parts.append(escaped(text[end : found.start()]))
        if found["tag"]:
            parts.append(f"{{hashtag|\\#|{escaped(found['tag'])}}}")
        else:
            parts.append(f"@[{escaped(found['name'])}]({found['urn']})")
        end = found.end()
    return "".join([*parts, escaped(text[end:])])


def plain(little: str) -> str:
    """Little text as a reader sees it: a mention by its name, a hashtag with its sign."""
    return _WRITTEN.sub(_shown, little)


def shown(text: str) -> str:
    """What a reader will see of what the officer typed."""
    return plain(written(text))


def _shown(found: re.Match[str]) -> str:
    if found["escaped"] is not None:
        return found["escaped"]
    if found["tag"] is not None:
        return f"#{plain(found['tag'])}"
    return plain(found["name"])
