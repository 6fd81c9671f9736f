"""How far an account was read: the cursor as a value, to and from its JSON (x.md section 4.1).

A poll has three parts: mentions, our own posts, direct messages. Each list comes newest first; while it is read page by
page the token of the next page stands here, and only when it was read to its end does the mark move. The names of those
who wrote are kept here too: looking one up costs ten times what a mention costs.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from inbox.connectors.connector import START
from inbox.connectors.x.parsing import Person
from inbox.connectors.x.snowflake import at as id_at
from inbox.connectors.x.snowflake import newer, time_of
from inbox.errors import CursorExpired
from inbox.model import Cursor

VERSION: Final = 1
PARTS: Final = ("mentions", "own", "direct")
OVERLAP: Final = timedelta(minutes=15)
SETTLED: Final = timedelta(minutes=30)
"""What was not there so long after its time does not come any more."""
EVENTS_KEPT: Final = 40
PEOPLE_KEPT: Final = 2_000
IDLE_PAGES: Final = 3
RESTART_AFTER: Final = timedelta(hours=1)
"""A list is begun anew for a refused token so often at most: what refuses every token must not be asked for ever."""

Part = Literal["mentions", "own", "direct"]


@dataclass(kw_only=True, slots=True)
class Sweep:
    """One list read from its newest end down to what is known.

    ``mark``: the newest id of the last sweep that came to its end, at ``read_at``. The rest is about the sweep under
    way: it began above ``since``, will leave ``top`` as the mark, has come down to ``oldest`` and goes on at ``token``.
    ``filling``: the list ended before ``since`` was reached, and a search reads the rest. ``restarted_at``: when it was
    last begun anew because X refused the token.
    """

    mark: str = ""
    read_at: str = ""
    since: str = ""
    top: str = ""
    token: str = ""
    oldest: str = ""
    seen: int = 0
    idle: int = 0
    filling: bool = False
    restarted_at: str = ""

    @property
    def midway(self) -> bool:
        """A sweep is under way; without a token it is about to begin anew."""
        return bool(self.since or self.token or self.filling)

    def above(self) -> str:
        """The id above which this sweep reads: a little below the mark, as long as something may turn up late."""
        if self.midway:
            return self.since
        said_at = time_of(self.mark)
        if said_at is None:
            return ""
        if self.read_at and datetime.fromisoformat(self.read_at) - said_at >= SETTLED:
            return self.mark
        return id_at(said_at - OVERLAP)

    def saw(self, ids: list[str], token: str) -> None:
        """A page came with these ids, newest first, and goes on at ``token``."""
        lowest = min(ids, key=lambda i: (len(i), i), default="")
        highest = max(ids, key=lambda i: (len(i), i), default="")
        if newer(highest, self.top):
            self.top = highest
        new = bool(lowest) and (not self.oldest or newer(self.oldest, lowest))
        self.oldest = lowest if new else self.oldest
        self.idle = 0 if new else self.idle + 1
        self.seen += len(ids)
        self.token = token if self.idle < IDLE_PAGES else ""

    def restarted(self, now: datetime) -> bool:
        """X refused the token: the sweep goes on from the newest page, above the same ``since`` and with the same
        ``top``, so that nothing between is passed over. False, and nothing changes, when that was so a moment ago."""
        if not _may_restart(self.restarted_at, now):
            return False
        self.restarted_at = now.isoformat()
        self.token = self.oldest = ""
        self.seen = self.idle = 0
        return True

    def ended(self, now: datetime) -> None:
        """It came to its end."""
        if newer(self.top, self.mark):
            self.mark = self.top
        self.read_at = now.isoformat()
        self.since = self.top = self.token = self.oldest = self.restarted_at = ""
        self.seen = self.idle = 0
        self.filling = False


@dataclass(kw_only=True, slots=True)
class Position:
    """Where to go on. Mutable while a batch is made; what leaves the connector is its JSON.

    ``events``: the newest events of direct messages that are known; ``fresh``: those of the reading under way, which
    goes on at ``event_token``, has had ``event_idle`` pages without anything new, and was begun anew at
    ``events_restarted_at`` because X refused the token. ``people``: id, then username, name; whoever was met last
    stands last.
    """

    v: int = VERSION
    account: str = ""
    part: Part = "mentions"
    mentions: Sweep = field(default_factory=Sweep)
    own: Sweep = field(default_factory=Sweep)
    events: list[str] = field(default_factory=list)
    fresh: list[str] = field(default_factory=list)
    event_token: str = ""
    event_idle: int = 0
    events_restarted_at: str = ""
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    started_at: str = ""
    read_at: str = ""
    lost_to: str = ""  # the poll under way could not reach all that was said before this time

    @classmethod
    def of(cls, cursor: Cursor, account: str) -> Position:
        """The position a cursor stands for. Raises CursorExpired for one of another version or account."""
        if cursor == START:
            return cls(account=account)
        try:
            kept: dict[str, Any] = json.loads(cursor)
            names = {f.name for f in fields(cls)}
            mentions, own = Sweep(**kept.pop("mentions", {})), Sweep(**kept.pop("own", {}))
            people = {i: (str(n[0]), str(n[1])) for i, n in kept.pop("people", {}).items()}
            rest = {k: v for k, v in kept.items() if k in names}
            made = cls(**rest, mentions=mentions, own=own, people=people)
        except (ValueError, TypeError, AttributeError, IndexError):
            raise CursorExpired("The reading mark cannot be read") from None
        if made.v != VERSION or made.account != account:
            raise CursorExpired("The reading mark belongs to something else")
        return made

    def cursor(self) -> Cursor:
        """The same as JSON, without what is empty."""
        kept = {name: value for name, value in asdict(self).items() if value or name == "v"}
        for name in ("mentions", "own"):
            kept[name] = {k: v for k, v in kept[name].items() if v}
        return Cursor(json.dumps(kept, separators=(",", ":"), ensure_ascii=False))

    @property
    def midway(self) -> bool:
        """A poll is under way."""
        return self.part != PARTS[0] or self.mentions.midway

    def events_restarted(self, now: datetime) -> bool:
        """X refused the token of the events: they are read from the newest on, down to what is known. False, and
        nothing changes, when that was so a moment ago."""
        if not _may_restart(self.events_restarted_at, now):
            return False
        self.events_restarted_at = now.isoformat()
        self.event_token, self.fresh, self.event_idle = "", [], 0
        return True

    def next_part(self) -> bool:
        """Go on with the next part; whether that begins a new round."""
        number = (PARTS.index(self.part) + 1) % len(PARTS)
        self.part = PARTS[number]
        return number == 0

    def person(self, number: str) -> Person | None:
        """Somebody who was looked up, now the last one met; None: unknown."""
        names = self.people.pop(number, None)
        if names is None:
            return None
        self.people[number] = names
        return Person(username=names[0], name=names[1])

    def met(self, number: str, person: Person) -> None:
        """Keep somebody's names; of too many, those go who were not met for longest."""
        self.people.pop(number, None)
        self.people[number] = (person.username, person.name)
        while len(self.people) > PEOPLE_KEPT:
            del self.people[next(iter(self.people))]


def _may_restart(last: str, now: datetime) -> bool:
    return not last or abs(now - datetime.fromisoformat(last)) >= RESTART_AFTER
