"""What a Bluesky network is made of, and the shelves on which practice keeps it. In memory, no HTTP.

The PDS keeps records as written (``repos``); what the AppView knows of them stands beside it, because one app plays
both. Times are aware UTC to the millisecond. Not thread-safe.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from inbox.clock import Clock
from inbox.practice.bluesky import ids

POST = "app.bsky.feed.post"
LIKE = "app.bsky.feed.like"
REPOST = "app.bsky.feed.repost"
THREADGATE = "app.bsky.feed.threadgate"
POSTGATE = "app.bsky.feed.postgate"
FOLLOW = "app.bsky.graph.follow"
BLOCK = "app.bsky.graph.block"
PROFILE = "app.bsky.actor.profile"


@dataclass(kw_only=True, slots=True)
class AppPassword:
    """One app password. ``privileged``: may read direct messages."""

    name: str
    secret: str = field(repr=False)
    privileged: bool = False
    created_at: datetime


@dataclass(kw_only=True, slots=True, eq=False)
class Account:
    """Somebody with a repository. ``password`` is the main one: the OAuth page takes it, and createSession."""

    did: str
    handle: str
    email: str
    password: str = field(repr=False)
    created_at: datetime
    passwords: list[AppPassword] = field(default_factory=list)
    seen_at: datetime | None = None
    active: bool = True


@dataclass(kw_only=True, slots=True, eq=False)
class Record:
    """A record as it stands. ``sort_at``: the earlier of what it claims and when it came, the order of everything."""

    did: str
    collection: str
    rkey: str
    cid: str
    value: dict[str, Any]
    indexed_at: datetime
    sort_at: datetime
    rev: str
    refused: bool = False
    """It breaks a threadgate or names a wrong root: kept by its PDS, not shown by the AppView."""
    detached: bool = False
    """It quotes what must not be quoted."""

    @property
    def uri(self) -> str:
        return ids.uri_of(self.did, self.collection, self.rkey)

    @property
    def ref(self) -> dict[str, str]:
        """The strong reference to this version."""
        return {"uri": self.uri, "cid": self.cid}


@dataclass(kw_only=True, slots=True)
class Blob:
    """Uploaded bytes; gone after an hour unless a record refers to them."""

    cid: str
    data: bytes = field(repr=False)
    mime_type: str
    at: datetime
    used: bool = False

    @property
    def ref(self) -> dict[str, Any]:
        """What a record says to mean this blob."""
        return {"$type": "blob", "ref": {"$link": self.cid}, "mimeType": self.mime_type, "size": len(self.data)}


@dataclass(kw_only=True, slots=True, eq=False)
class Notification:
    """That a record concerns somebody, and why."""

    reason: str
    record: Record
    subject: str = ""


@dataclass(kw_only=True, slots=True)
class Label:
    """What a labeler says of a post or an account."""

    src: str
    uri: str
    val: str
    at: datetime
    cid: str = ""

    def json(self) -> dict[str, Any]:
        cid = {"cid": self.cid} if self.cid else {}
        return {"src": self.src, "uri": self.uri, **cid, "val": self.val, "cts": ids.stamp(self.at)}


class Shelves:
    """All that is known, and the few questions every reader asks of it. See ``Network`` for what happens on it."""

    def __init__(self, clock: Clock, *, host: str = "test") -> None:
        self.clock = clock
        self.host = host
        self.address = ""
        self.limited = True
        self.oauth = True
        self.lag_s = 0.0
        self.labeler = ids.plc_did("the labeler")
        self.accounts: dict[str, Account] = {}
        self.repos: dict[str, dict[str, dict[str, Record]]] = {}
        self.revs: dict[str, str] = {}
        self.blobs: dict[tuple[str, str], Blob] = {}
        self.records: dict[str, Record] = {}
        """What the AppView knows, by address."""
        self.replies: dict[str, list[Record]] = defaultdict(list)
        self.quotes: dict[str, list[Record]] = defaultdict(list)
        self.reactions: dict[tuple[str, str], dict[str, Record]] = defaultdict(dict)
        """(collection, subject) -> author -> record: likes, reposts, follows and blocks alike."""
        self.feeds: dict[str, list[Record]] = defaultdict(list)
        """Posts and reposts of an account, oldest first."""
        self.notifications: dict[str, list[Notification]] = defaultdict(list)
        """By recipient, oldest first by ``sort_at``."""
        self.labels: dict[str, list[Label]] = defaultdict(list)
        self.taken_down: set[str] = set()
        self.mutes: dict[str, set[str]] = defaultdict(set)
        self.muted_threads: dict[str, set[str]] = defaultdict(set)
        self.reports: list[dict[str, Any]] = []
        self.waiting: list[tuple[datetime, Record]] = []
        self.said: list[Callable[[Record], None]] = []
        """Told of every post that the AppView takes in for the first time."""

    def now(self) -> datetime:
        """The present moment to the millisecond."""
        at = self.clock.now()
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    # --- who sees whom ---

    def gate(self, root_uri: str) -> Record | None:
        """The threadgate that counts for a thread: its root author's, under the root's own key."""
        did, _, rkey = ids.address(root_uri)
        found = self.records.get(ids.uri_of(did, THREADGATE, rkey))
        return found if found is not None and found.value.get("post") == root_uri else None

    def postgate(self, uri: str) -> Record | None:
        """The postgate that counts for a post."""
        did, _, rkey = ids.address(uri)
        found = self.records.get(ids.uri_of(did, POSTGATE, rkey))
        return found if found is not None and found.value.get("post") == uri else None

    def blocks(self, one: str, other: str) -> bool:
        """Whether either blocks the other."""
        return one in self.reactions[BLOCK, other] or other in self.reactions[BLOCK, one]

    def shown(self, uri: str) -> Record | None:
        """The post at an address, if the AppView has it and nobody took it down."""
        record = self.records.get(uri)
        if record is None or uri in self.taken_down or record.did in self.taken_down:
            return None
        return record if self.accounts[record.did].active else None
