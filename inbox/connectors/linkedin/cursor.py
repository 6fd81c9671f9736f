"""How far an organisation was read: the cursor as a value, to and from its JSON.

Nothing a member wrote and nobody's name stands in it: times, numbers of notifications, our own posts, and of each
comment under them a mark of six characters that only tells whether it was delivered (linkedin.md section 5).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.linkedin.urns import is_post, mark_of
from inbox.errors import CursorExpired
from inbox.model import Cursor

VERSION: Final = 1
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
OVERLAP_MS: Final = 2 * HOUR_MS
RETENTION_MS: Final = 60 * DAY_MS
POSTS_KEPT: Final = 150
MARKS_KEPT: Final = 4_000
MARK: Final = 6


@dataclass(kw_only=True, slots=True)
class Post:
    """What is known of a post of ours. ``activity``: its other number; ``print``: what it looked like when it was last
    handed on; ``marks``: the comments handed on, six characters each; ``others``: so many comments LinkedIn counts
    besides, from before we read here."""

    born: int
    activity: str = ""
    print: str = ""
    marks: str = ""
    others: int | None = None

    def knows(self, urn: str) -> bool:
        """Whether this comment was handed on."""
        mark = mark_of(urn)
        at = self.marks.find(mark)
        while at >= 0 and at % MARK:
            at = self.marks.find(mark, at + 1)
        return at >= 0

    def note(self, urn: str) -> None:
        """This comment was handed on."""
        if not self.knows(urn):
            self.marks = (self.marks + mark_of(urn))[-MARKS_KEPT * MARK :]

    @property
    def known(self) -> int:
        """So many comments were handed on."""
        return len(self.marks) // MARK


@dataclass(kw_only=True, slots=True)
class Position:
    """Where to go on. Mutable while a batch is made; what leaves the connector is its JSON.

    ``mark``: all notifications up to then (ms) are read or planned in ``windows``: spans of time with the number of
    notifications already read of each, the first one next. ``seen``: notifications of the last two hours before the
    mark, since each poll reads those once more. ``late``: comments whose last word in the windows under way was said
    then, for an older notification of it may follow on a later page. ``modified``: the newest change of a post of ours.
    """

    v: int = VERSION
    organization: str = ""
    mark: int = 0
    windows: list[list[int]] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    no_ranges: bool = False  # LinkedIn refused timeRange: pages are read down to what is known
    modified: int = 0
    posts: dict[str, Post] = field(default_factory=dict)
    read_at: int = 0  # up to here everything new is accounted for
    began: int = 0  # when this page was first read
    gap: bool = False  # LinkedIn forgot some of what came while we were away: all posts have to be looked at

    @classmethod
    def of(cls, cursor: Cursor, organization: str) -> Position:
        """The position a cursor stands for. Raises CursorExpired for one of another version or organisation."""
        if cursor == START:
            return cls(organization=organization)
        try:
            kept: dict[str, Any] = json.loads(cursor)
            if kept.get("v") != VERSION or not set(kept) <= {f.name for f in fields(cls)}:
                raise CursorExpired("The reading mark was written by another version")
            made = cls(**{**kept, "posts": {urn: Post(**one) for urn, one in kept.get("posts", {}).items()}})
        except (ValueError, TypeError, AttributeError):
            raise CursorExpired("The reading mark cannot be read") from None
        if made.organization != organization:
            raise CursorExpired("The reading mark belongs to another page")
        return made

    def cursor(self) -> Cursor:
        """This position as a cursor; the same position gives the same string."""
        kept = {name: value for name, value in asdict(self).items() if value or name == "v"}
        if self.posts:
            kept["posts"] = {
                urn: {name: value for name, value in asdict(post).items() if value not in ("", None)}
                for urn, post in self.posts.items()
            }
        return Cursor(json.dumps(kept, separators=(",", ":"), sort_keys=True))

    def plan(self, now: int, history: int, again_after: int) -> bool:
        """The windows to read now, newest first; whether LinkedIn no longer keeps what lay before them."""
        if not self.mark:
            recent = max(now - 2 * DAY_MS, now - history)
            self.windows = [[recent, now, 0], [now - history, recent, 0]]
            self.mark = self.began = now
            return False
        if self.windows and now - self.mark < again_after:
            return False  # the walk under way goes on
        start, gap = self.mark - OVERLAP_MS, now - self.mark > RETENTION_MS
        if gap:
            start, self.gap = now - RETENTION_MS, True
        self.windows.insert(0, [start, now, 0])
        self.mark = now
        return gap

    def finished(self) -> None:
        """All windows are read."""
        self.late.clear()
        kept = self.mark - OVERLAP_MS
        self.seen = {number: at for number, at in self.seen.items() if at >= kept}

    def post_of(self, share: str, activity: str) -> str:
        """Our one name for a post, however it was named."""
        if is_post(share):
            return share
        return next((urn for urn, post in self.posts.items() if post.activity == activity), activity or share)

    def keep(self, urn: str, born: int) -> Post:
        """What is known of this post, from now on at least this."""
        if urn not in self.posts:
            self.posts[urn] = Post(born=born)
            if len(self.posts) > POSTS_KEPT:
                del self.posts[min(self.posts, key=lambda one: self.posts[one].born)]
        return self.posts.get(urn) or Post(born=born)
