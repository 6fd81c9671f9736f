"""LinkedIn's names for things: put into one form, read for what they hold, and turned into pages a person can open.

The same comment comes as ``urn:li:comment:(activity:1,2)`` and ``urn:li:comment:(urn:li:activity:1,2)``; the long form
is ours (linkedin.md section 4.2, trap a). One post has two numbers: that of its share or ugcPost, which is ours, and
that of its activity, which comments and notifications name (trap b).
"""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

PAGES: Final = "https://www.linkedin.com"
_COMMENT: Final = re.compile(r"urn:li:comment:\((?:urn:li:)?(?P<kind>[A-Za-z]+):(?P<object>\d+),(?P<number>-?\d+)\)")
_POST: Final = re.compile(r"urn:li:(?:share|ugcPost):\d+")
_NUMBER: Final = re.compile(r"(\d+)\)?$")
_FIRST: Final = datetime(2010, 1, 1, tzinfo=UTC)
_MARK_CHARACTERS: Final = 6


def comment_urn(words: object) -> str:
    """The long form of a comment's URN; empty when it is none."""
    found = _COMMENT.fullmatch(str(words or ""))
    return f"urn:li:comment:(urn:li:{found['kind']}:{found['object']},{found['number']})" if found else ""


def is_comment(urn: str) -> bool:
    """Whether this names a comment."""
    return bool(_COMMENT.fullmatch(urn))


def is_post(urn: str) -> bool:
    """Whether this names a post as the Posts API does: by its share or ugcPost."""
    return bool(_POST.fullmatch(urn))


def object_of(urn: str) -> str:
    """What a comment stands under, as its URN says; empty when it is no comment."""
    found = _COMMENT.fullmatch(urn)
    return f"urn:li:{found['kind']}:{found['object']}" if found else ""


def number_of(urn: str) -> str:
    """The last number in a URN: a comment's own."""
    found = _NUMBER.search(urn)
    return found[1] if found else ""


def born_at(urn: str, now: datetime) -> datetime | None:
    """When the thing was made, which its number says (section 3; undocumented, 5 of 5 recorded ones within 180 ms).

    One and the same from every reply that names it, where ``created`` and ``lastModifiedAt`` differ by milliseconds.
    None where the number is none of LinkedIn's own.
    """
    number = number_of(urn)
    if len(number) < 15:
        return None
    at = datetime.fromtimestamp((int(number) >> 22) / 1000, UTC) if len(number) < 20 else _FIRST
    return at if _FIRST < at < now + timedelta(days=2) else None


def page_of(urn: str, post: str = "") -> str:
    """Where a person sees it. For a comment ``post`` may name the post it stands under."""
    if is_comment(urn):
        return f"{PAGES}/feed/update/{object_of(urn) or post}?commentUrn={quote(urn, safe='')}"
    return f"{PAGES}/feed/update/{urn}" if urn.startswith("urn:li:") else ""


def mark_of(urn: str) -> str:
    """A few characters that stand for a comment in the cursor: enough to know it again, no way back to it."""
    digest = hashlib.blake2b(number_of(urn).encode(), digest_size=6).digest()
    return base64.urlsafe_b64encode(digest).decode()[:_MARK_CHARACTERS]
