"""How far an account was read: the cursor as a value, to and from its JSON.

First the *import*: the newest notifications, our own posts, then older notifications, newest first down to where
history is not wanted any more. Then the *poll*: notifications upwards from a mark that lies a little back, since ids
may become visible out of order (mastodon.md section 4). Ids are opaque words, never numbers (section 3).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.errors import CursorExpired
from inbox.model import Cursor

VERSION: Final = 1
OVERLAP: Final = timedelta(minutes=2)
MARK_EVERY: Final = timedelta(seconds=20)
WALK_LASTS: Final = timedelta(minutes=1)
PRINTS_KEPT: Final = 60
_NEVER: Final = datetime(1970, 1, 2, tzinfo=UTC)


@dataclass(kw_only=True, slots=True)
class Position:
    """Where to go on. Mutable while a batch is made; what leaves the connector is its JSON.

    ``top``: the highest notification id seen; ``marks``: what was the highest when, a few minutes back. ``walk``: the
    poll under way goes on above this id. ``prints``: what our newest posts looked like, so that only changed ones are
    handed on. ``scheduled``: what waits at the server. ``requests``: senders kept back by the filter, as last listed.
    """

    v: int = VERSION
    account: str = ""
    phase: str = "import"
    begun: bool = False
    older: str = ""  # import: notifications below this id come next
    older_done: bool = False
    own: str = ""  # import: own posts below this id come next
    own_done: bool = False
    top: str = ""
    top_at: str = ""
    marks: list[tuple[str, str]] = field(default_factory=list)
    walk: str = ""
    walk_at: str = ""
    prints: dict[str, str] = field(default_factory=dict)
    scheduled: list[str] = field(default_factory=list)
    requests: dict[str, str] = field(default_factory=dict)
    started_at: str = ""  # of the import, or of the poll under way
    read_at: str = ""  # up to here everything new is accounted for

    @classmethod
    def of(cls, cursor: Cursor, account: str) -> Position:
        """The position a cursor stands for. Raises CursorExpired for one of another version or another account: a
        server that was built anew begins its ids again."""
        if cursor == START:
            return cls(account=account)
        try:
            kept: dict[str, Any] = json.loads(cursor)
            if kept.get("v") != VERSION or not set(kept) <= {f.name for f in fields(cls)}:
                raise CursorExpired("The reading mark was written by another version")
            made = cls(**kept)
            made.marks = [(str(one), str(when)) for one, when in made.marks]
        except (ValueError, TypeError, AttributeError):
            raise CursorExpired("The reading mark cannot be read") from None
        if made.phase not in {"import", "poll"}:
            raise CursorExpired("The reading mark cannot be read")
        if made.account != account:
            raise CursorExpired("The reading mark belongs to another account")
        return made

    def cursor(self) -> Cursor:
        """This position as a cursor; the same position gives the same string."""
        kept = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) or f.name == "v"}
        return Cursor(json.dumps(kept, separators=(",", ":"), sort_keys=True))

    def saw(self, highest: str, now: datetime) -> None:
        """A page was read whose highest id is this."""
        if self.top and not is_newer(highest, self.top):
            return
        if self.top and (not self.marks or _moment(self.top_at) - _moment(self.marks[-1][1]) >= MARK_EVERY):
            self.marks.append((self.top, self.top_at))
        self.top, self.top_at = highest, now.isoformat()
        settled = self._settled()
        safe = [number for number, (_, when) in enumerate(self.marks) if _moment(when) <= settled]
        del self.marks[: safe[-1] if safe else 0]

    def above(self, now: datetime) -> str:
        """The id above which a page is asked for: where the walk stands, else the mark.

        The mark is the highest id that was seen two minutes before the *last* poll: what became visible late below it
        was read by that poll. Two minutes before this one would not do, when polls are further apart than that.
        """
        if self.walk and now - _moment(self.walk_at) < WALK_LASTS:
            return self.walk
        settled = self._settled()
        if _moment(self.top_at) <= settled:
            return self.top
        safe = [one for one, when in self.marks if _moment(when) <= settled]
        return safe[-1] if safe else self.marks[0][0] if self.marks else self.top

    def _settled(self) -> datetime:
        """What was seen by then has been read a second time."""
        return (moment(self.read_at) or _NEVER) - OVERLAP


def is_newer(one: str, other: str) -> bool:
    """Whether ``one`` was given out after ``other``: longer, or later in the alphabet (decimal numbers, ULIDs)."""
    return (len(one), one) > (len(other), other)


def moment(words: str) -> datetime | None:
    """A time as the cursor keeps it; None when it was never set."""
    return datetime.fromisoformat(words) if words else None


def _moment(words: str) -> datetime:
    return datetime.fromisoformat(words)
