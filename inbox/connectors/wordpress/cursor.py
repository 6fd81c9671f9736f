"""How far a blog was read: the cursor as a value, to and from its JSON.

First the *import*: posts, pages and comments, oldest first, so that a stop can be resumed; then the *poll*, newest
first down to a mark (wordpress.md section 4). Everything a restart would miss stands here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.errors import CursorExpired
from inbox.model import Cursor

VERSION: Final = 1
OVERLAP: Final = 5
PARTS: Final = ("posts", "pages", "comments")


@dataclass(kw_only=True, slots=True)
class Walk:
    """A poll that needs more than one page: the mark is raised to ``top`` only when the last page is stored."""

    top: int
    offset: int
    lowest: int
    below: int = 0  # how many ids at or below the mark were seen: the overlap
    back: int = 0


@dataclass(kw_only=True, slots=True)
class Position:
    """Where to go on. Mutable while a batch is made; what leaves the connector is its JSON.

    ``mark``: the highest comment id that is stored with all below it. ``recent``: status letters of the newest page,
    by comment id. ``totals``: how many comments each status must have if nothing moved unseen. ``entries``: what posts
    and pages looked like at the last check, by type and id. ``asked``: entries of unknown comments that were asked for.
    """

    v: int = VERSION
    phase: str = "import"
    part: str = "posts"
    offset: int = 0
    last: int = 0
    back: int = 0
    mark: int = 0
    walk: Walk | None = None
    recent: dict[str, str] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    entries: dict[str, dict[str, str]] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)
    entry_totals: dict[str, int] = field(default_factory=dict)
    asked: list[int] = field(default_factory=list)
    started_at: str = ""  # of the import, or of the poll under way
    read_at: str = ""  # up to here everything new is accounted for
    counted_at: str = ""
    entries_at: str = ""
    swept_at: str = ""

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """The position a cursor stands for; raises CursorExpired for one that another version wrote."""
        if cursor == START:
            return cls()
        try:
            kept: dict[str, Any] = json.loads(cursor)
            if kept.get("v") != VERSION or not set(kept) <= {f.name for f in fields(cls)}:
                raise CursorExpired("The reading mark was written by another version")
            walk = kept.pop("walk", None)
            made = cls(**kept, walk=Walk(**walk) if walk else None)
        except (ValueError, TypeError, AttributeError):
            raise CursorExpired("The reading mark cannot be read") from None
        if made.phase not in {"import", "poll"} or made.part not in PARTS:
            raise CursorExpired("The reading mark cannot be read")
        return made

    def cursor(self) -> Cursor:
        """This position as a cursor; the same position gives the same string."""
        kept = {name: value for name, value in asdict(self).items() if value or name == "v"}
        return Cursor(json.dumps(kept, separators=(",", ":"), sort_keys=True))


def step(offset: int, back: int, joined: bool, fresh: bool, per_page: int) -> tuple[int, int, bool]:
    """Where the next page begins, how we stand with stepping back, and whether this page counts as progress.

    Pages overlap by a few items, since a deletion between two pages shifts the list (wordpress.md section 4). A page
    that does not join on to the one before shows that more was deleted: step back a page until one joins (``back``
    1). When that one held nothing fresh, nothing had been lost: the overlap is of items hidden from us, so the next
    page is taken as it comes (``back`` 2).
    """
    if joined or back == 2 or offset == 0:
        return offset + per_page - OVERLAP, 2 if back == 1 and not fresh else 0, True
    return max(0, offset - per_page + OVERLAP), 1, False


def moment(words: str) -> datetime | None:
    """A time as the cursor keeps it; None when it was never set."""
    return datetime.fromisoformat(words) if words else None
