"""Where reading has got to, as the opaque string that the store keeps."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.connectors.bluesky.parsing import moment
from inbox.connectors.connector import START
from inbox.errors import CursorExpired
from inbox.model import Cursor

VERSION = 1
MOST_SEEN = 2000


@dataclass(kw_only=True, slots=True)
class Position:
    """How far the import or the poll is.

    ``seen``: notifications known, by a short print, with the time that is their key in the list; reaching back as far
    as a poll reads, and at most MOST_SEEN of them. ``edge``: prints of the page before, within one walk. ``posts``: the
    counts of our newest posts as last accounted for, by record name. ``due``: our threads still to be read;
    ``active``: those with something said lately, and when; ``digests``: what they held.
    """

    phase: str = "posts"  # the import of our posts, then "notes", then "poll"
    feed: str = ""
    walk: str = ""  # the cursor of the next page, "" for the newest
    plain: str = ""  # the same, without the extra millisecond
    edge: list[str] = field(default_factory=list)
    seen: dict[str, int] = field(default_factory=dict)
    walked: int = 0  # notifications in this walk so far
    walked_from: int = 0  # the oldest of them that is remembered
    keep_from: int = 0
    known_from: int = 0  # what is older was too much to remember, and is not looked for again
    started_at: str = ""
    read_at: str = ""
    full_at: str = ""
    whole: bool = False  # this walk reads the whole overlap
    posts: dict[str, list[int]] = field(default_factory=dict)
    due: list[str] = field(default_factory=list)
    active: dict[str, str] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    chat: str = ""

    @classmethod
    def of(cls, cursor: Cursor) -> Position:
        """The position a cursor stands for. Raises CursorExpired for one that no version of ours wrote."""
        if cursor == START:
            return cls()
        try:
            value = json.loads(cursor)
            if value.pop("v") != VERSION:
                raise ValueError
            known = {f.name for f in fields(cls)}
            return cls(**{name: part for name, part in value.items() if name in known})
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CursorExpired("This reading mark is of another version") from None

    def cursor(self) -> Cursor:
        """The cursor of this position; what is empty is left out."""
        kept = {f.name: value for f in fields(self) if (value := getattr(self, f.name))}
        return Cursor(json.dumps({"v": VERSION} | kept, separators=(",", ":")))


def print_of(item: Mapping[str, Any]) -> str:
    """A short word for a notification: its post and its reason."""
    return hashlib.sha256(f"{item.get('uri')}|{item.get('reason')}".encode()).hexdigest()[:10]


def key_of(item: Mapping[str, Any]) -> int:
    """The time that orders the list, in milliseconds: what a notification calls ``indexedAt`` (section 4, point 1)."""
    when = moment(item.get("indexedAt"))
    return int(when.timestamp() * 1000) if when else 0


def bumped(cursor: str) -> str:
    """A millisecond later, so that what shares the last one's instant is not skipped (section 4, point 2).

    What is no time passes untouched: the lexicon calls it opaque.
    """
    when = moment(cursor)
    return said(when + timedelta(milliseconds=1)) if when and cursor[:4].isdigit() and "T" in cursor else cursor


def said(when: datetime) -> str:
    """A time as the network writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
