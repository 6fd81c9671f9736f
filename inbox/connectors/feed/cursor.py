"""What a feed's cursor remembers: where the feed moved to, what its server said of its version, what stood in it.

A feed is a window on the newest entries, not a log. So the memory answers three questions that the document cannot:
is this entry new, was it edited, and did the window move on so far that something fell between two polls?
The memory holds a mark for each entry of the newest document (at most ``MOST_ENTRIES``), in its order, and for some
older ones, so that an entry that comes back keeps its time. As JSON that is about 50 bytes for each.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from inbox.connectors.connector import START
from inbox.errors import CursorExpired
from inbox.model import Cursor

MOST_ENTRIES = 2_000
MOST_OLDER = 200
VERSION = 1


class Mark(NamedTuple):
    """One entry as it was when last seen; times in milliseconds since 1970, 0 for never."""

    content: str
    created_ms: int
    edited_ms: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """``marks`` by the short name of the remote id, the newest document's first; ``newest`` is how many those are."""

    url: str = ""
    etag: str = ""
    modified: str = ""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    newest: int = 0

    def cursor(self) -> Cursor:
        """All of it as a cursor."""
        marks = [[name, *mark] for name, mark in self.marks.items()]
        value = {"v": VERSION, "u": self.url, "e": self.etag, "m": self.modified, "n": self.newest, "s": marks}
        return Cursor(json.dumps(value, separators=(",", ":"), ensure_ascii=False))

    def of_newest(self) -> set[str]:
        """The short names of what stood in the document of the last poll that had any entries."""
        return set(list(self.marks)[: self.newest])


def remembered(cursor: Cursor) -> Memory:
    """The memory a cursor holds, an empty one for START. Raises CursorExpired for what is no cursor of ours."""
    if cursor == START:
        return Memory()
    try:
        value = json.loads(cursor)
        if value["v"] != VERSION:
            raise CursorExpired("The cursor was written by another version")
        marks = {str(name): Mark(str(content), int(made), int(edited)) for name, content, made, edited in value["s"]}
        url, etag, modified = str(value["u"]), str(value["e"]), str(value["m"])
        return Memory(url=url, etag=etag, modified=modified, marks=marks, newest=int(value["n"]))
    except (ValueError, TypeError, KeyError):
        raise CursorExpired("This is no cursor of a feed") from None


def short(words: str, length: int = 12) -> str:
    """A short name for any words; two of 2,000 share one of 12 letters once in a quadrillion times."""
    return urlsafe_b64encode(hashlib.sha256(words.encode("utf-8", "replace")).digest()).decode()[:length]


def ms(moment: datetime | None) -> int:
    """Milliseconds since 1970, for the memory."""
    return round(moment.timestamp() * 1000) if moment else 0


def moment(milliseconds: int) -> datetime | None:
    """The other way round; None for 0."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds) if milliseconds else None
