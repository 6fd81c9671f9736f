"""Little text as LinkedIn takes it in: what is not escaped and means nothing cuts the text off there, silently."""

from __future__ import annotations

import re

_PIECE = re.compile(
    r"\\[|{}@\[\]()<>#\\*_~]"
    r"|@\[(?:\\.|[^\[\]\\])*\]\(urn:li:\w+:[\w-]+\)"
    r"|\{hashtag\|\\#\|(?:\\.|[^{}|\\])+\}"
    r"|#\w+"
    r"|[^|{}@\[\]()<>#\\*_~]+"
)


def taken_in(commentary: str) -> str:
    """As much of it as is well formed: the rest is lost, and nobody is told."""
    end = 0
    while (found := _PIECE.match(commentary, end)) is not None:
        end = found.end()
    return commentary[:end]


def visible(commentary: str) -> str:
    """What readers see of it."""

    def shown(found: re.Match[str]) -> str:
        piece = found[0]
        if piece.startswith("@["):
            return visible(piece[2 : piece.rindex("](")])
        if piece.startswith("{"):
            return "#" + visible(piece[len("{hashtag|\\#|") : -1])
        return piece.removeprefix("\\")

    return _PIECE.sub(shown, commentary)
