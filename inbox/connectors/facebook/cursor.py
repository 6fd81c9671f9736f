"""How far a Page was read: the cursor as a value, to and from its JSON (facebook.md section 2.5).

Facebook has neither a running mark nor an ETag, and its own cursors must not be kept. So ours says how each post stood
when it was last read: its pair of ``updated_time`` and number of comments, and the newest of its comments, each with a
print. A post whose pair differs is *dirty*.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.facebook.ids import tail
from inbox.errors import CursorExpired
from inbox.model import Cursor

VERSION: Final = 1
COMMENTS_KEPT: Final = 60
QUIET_COMMENTS_KEPT: Final = 15
OTHERS_KEPT: Final = 300
YOUNG: Final = timedelta(days=30)
HISTORY: Final = timedelta(days=365)
WALK_LASTS: Final = timedelta(minutes=10)


@dataclass(kw_only=True, slots=True)
class Stand:
    """How one post stood. ``comments``: the newest ones, newest first: id (short where it begins like its post's) to
    print. ``read``: when all of its comments were last read, in minutes since 1970."""

    pair: str = ""
    print: str = ""
    moved: int = 0  # its updated_time in minutes since 1970
    read: int = 0
    ours: bool = True
    comments: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Position:
    """Where to go on. Mutable while a batch is made; what leaves the connector is its JSON.

    ``walk``: how the import goes on within this run; a mark of Facebook's own, and worth nothing ten minutes later.
    ``others``: prints of what is no post (recommendations). ``talks``: of each conversation, its newest message and
    when it moved.
    """

    v: int = VERSION
    page: str = ""
    begun: bool = False
    walk: dict[str, str] = field(default_factory=dict)
    walk_at: str = ""
    posts: dict[str, Stand] = field(default_factory=dict)
    others: dict[str, str] = field(default_factory=dict)
    talks: dict[str, tuple[str, str]] = field(default_factory=dict)
    started_at: str = ""
    read_at: str = ""

    @classmethod
    def of(cls, cursor: Cursor, page: str) -> Position:
        """The position a cursor stands for. Raises CursorExpired for one of another version or Page."""
        if cursor == START:
            return cls(page=page)
        try:
            kept: dict[str, Any] = json.loads(cursor)
            if kept.pop("v") != VERSION or kept.pop("page") != page:
                raise CursorExpired("The reading mark is another Page's or another version's")
            posts = {id_: _stand(row) for id_, row in kept.pop("posts", {}).items()}
            talks = {id_: (str(row[0]), str(row[1])) for id_, row in kept.pop("talks", {}).items()}
            return cls(page=page, posts=posts, talks=talks, **kept)
        except (ValueError, TypeError, AttributeError, KeyError, IndexError):
            raise CursorExpired("The reading mark cannot be read") from None

    def cursor(self) -> Cursor:
        """This position as a cursor; the same position gives the same string."""
        kept: dict[str, Any] = {
            "v": VERSION,
            "page": self.page,
            "begun": self.begun,
            "walk": self.walk,
            "walk_at": self.walk_at if self.walk else "",
            "posts": {
                id_: [s.pair, s.print, s.moved, s.read, s.ours, " ".join(f"{c}={p}" for c, p in s.comments.items())]
                for id_, s in self.posts.items()
            },
            "others": self.others,
            "talks": self.talks,
            "started_at": self.started_at,
            "read_at": self.read_at,
        }
        kept = {name: value for name, value in kept.items() if value or name == "v"}
        return Cursor(json.dumps(kept, separators=(",", ":"), sort_keys=True))

    def essence(self) -> str:
        """What of it is worth saving by itself: all but the times of looking."""
        posts = [(i, s.pair, s.print, s.comments) for i, s in self.posts.items()]
        return repr((self.begun, self.walk, posts, self.others, self.talks))

    def known_as(self, post: str) -> str:
        """The id under which this post is known: lists differ in what they put before the last part."""
        if post in self.posts:
            return post
        last = tail(post)
        return next((id_ for id_ in self.posts if tail(id_) == last), post)

    def walking(self, now: datetime) -> dict[str, str]:
        """Where the import goes on; empty: at the newest."""
        fresh = bool(self.walk) and now - _moment(self.walk_at) < WALK_LASTS
        return self.walk if fresh else {}

    def trim(self, now: datetime) -> None:
        """Keep what is of use: of posts that have become quiet, only their newest comments; of a year ago, nothing."""
        self.posts = {id_: s for id_, s in self.posts.items() if s.moved >= minutes(now - HISTORY)}
        for stand in self.posts.values():
            if stand.moved < minutes(now - YOUNG):
                stand.comments = dict(list(stand.comments.items())[:QUIET_COMMENTS_KEPT])
        self.others = dict(list(self.others.items())[-OTHERS_KEPT:])
        newest = sorted(self.talks.items(), key=lambda one: one[1][1])
        self.talks = dict(newest[-OTHERS_KEPT:])


def short(post: str, comment: str) -> str:
    """A comment's own id, without what it shares with its post's."""
    return comment.removeprefix(tail(post))


def long(post: str, kept: str) -> str:
    """The comment's id again."""
    return f"{tail(post)}{kept}" if kept.startswith("_") else kept


def minutes(when: datetime) -> int:
    """Minutes since 1970."""
    return int(when.timestamp() // 60)


def moment(words: str) -> datetime | None:
    """A time as the cursor keeps it; None when it was never set."""
    return datetime.fromisoformat(words) if words else None


def _moment(words: str) -> datetime:
    return moment(words) or datetime(1970, 1, 1, tzinfo=UTC)


def _stand(row: Any) -> Stand:
    pair, print_, moved, read, ours, comments = row
    return Stand(
        pair=str(pair), print=str(print_), moved=int(moved), read=int(read), ours=bool(ours),
        comments=dict(one.split("=", 1) for one in comments.split()),
    )  # fmt: skip
