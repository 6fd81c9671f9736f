"""Custom emoji in clean markup: ``:code:`` becomes its picture, at the height of a line. Pure.

The pictures stand in the markup itself (``data:``), so that nothing is loaded when it is shown.
"""

from __future__ import annotations

import base64
import html as escaping
import re
from collections.abc import Iterable, Mapping

_TAG = re.compile(r"(<[^>]*>)")
_CODE = re.compile(r":([A-Za-z0-9_]+):")
NOTHING = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
"""An empty picture: keeps the place of one that is being fetched, so that the words do not move when it comes."""


def as_data(png: bytes) -> str:
    """An address that is the picture itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def drawn(html: str, pictures: Mapping[str, str], side_px: int) -> str:
    """``html``, which must be clean, with the pictures (code -> address) in the place of their codes."""
    if not pictures or ":" not in html:
        return html

    def picture(found: re.Match[str]) -> str:
        source = pictures.get(found[1])
        if not source or not source.startswith("data:image/png;base64,"):
            return found[0]
        words = escaping.escape(found[0])
        return f'<img src="{source}" width="{side_px}" height="{side_px}" alt="{words}" style="vertical-align:middle">'

    return "".join(part if part.startswith("<") else _CODE.sub(picture, part) for part in _TAG.split(html))


def without(text: str, codes: Iterable[str]) -> str:
    """``text`` without the codes of these emoji: a name as one says it."""
    known = set(codes)
    return " ".join(_CODE.sub(lambda found: "" if found[1] in known else found[0], text).split())


def codes_in(text: str) -> set[str]:
    """The codes that may stand for a picture."""
    return set(_CODE.findall(text))
