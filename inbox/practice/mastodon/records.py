"""The shelves of one server: who and what there is, how it is found, and the ids it gets. Nothing happens here."""

from __future__ import annotations

import asyncio
import secrets
from collections import defaultdict
from datetime import datetime
from typing import Any

from inbox.clock import Clock
from inbox.practice.mastodon.entities import (
    App,
    Code,
    Conversation,
    Emoji,
    Media,
    Notice,
    Person,
    Poll,
    Report,
    Request,
    Scheduled,
    Status,
    Token,
)
from inbox.practice.mastodon.flavour import MODERN, Flavour

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GRANULAR = (
    "read:accounts read:statuses read:notifications read:search write:statuses write:media write:favourites "
    "write:bookmarks write:conversations write:notifications write:reports write:blocks write:mutes"
)
"""The least scopes of this product (mastodon.md section 2)."""


class Records:
    """State only. ``address``: where it is served, once known; else the host of the request is named in answers."""

    def __init__(
        self,
        *,
        clock: Clock,
        domain: str = "town.example",
        title: str = "Harbour Social",
        address: str = "",
        flavour: Flavour = MODERN,
    ) -> None:
        self.clock = clock
        self.domain = domain
        self.title = title
        self.address = address
        self.flavour = flavour
        self.quirks: set[str] = set()
        """How this server is odd: repeat-500, refuse-replies, no-link."""
        self.people: dict[str, Person] = {}
        self.statuses: dict[str, Status] = {}
        self.notices: dict[str, list[Notice]] = defaultdict(list)  # by whom they are for, oldest first
        self.notice_ids: dict[str, Notice] = {}
        self.requests: dict[str, Request] = {}
        self.conversations: dict[str, Conversation] = {}
        self.media: dict[str, Media] = {}
        self.polls: dict[str, Poll] = {}
        self.scheduled: dict[str, Scheduled] = {}
        self.reports: dict[str, Report] = {}
        self.apps: dict[str, App] = {}  # by client id
        self.codes: dict[str, Code] = {}
        self.tokens: dict[str, Token] = {}
        self.emojis: dict[str, Emoji] = {}
        self.children: dict[str, list[str]] = defaultdict(list)
        self.favourites: dict[str, dict[str, datetime]] = defaultdict(dict)  # status -> person -> when
        self.boosts: dict[str, dict[str, str]] = defaultdict(dict)  # status -> person -> wrapper
        self.quotes: dict[str, list[str]] = defaultdict(list)
        self.bookmarks: set[tuple[str, str]] = set()  # person, status
        self.muted_threads: set[tuple[str, str]] = set()
        self.follows: dict[tuple[str, str], datetime] = {}  # who, whom
        self.follow_requests: dict[tuple[str, str], datetime] = {}
        self.blocks: set[tuple[str, str]] = set()
        self.mutes: dict[tuple[str, str], bool] = {}  # who, whom -> notifications too
        self.permitted: set[tuple[str, str]] = set()  # who let whose notifications through
        self.merging: list[tuple[datetime, str, str]] = []
        self.markers: dict[tuple[str, str], dict[str, Any]] = {}
        self.repeated: dict[tuple[str, str], tuple[datetime, str]] = {}  # idempotency keys
        self.streams: dict[str, list[asyncio.Queue[tuple[str, dict[str, Any] | str] | None]]] = defaultdict(list)
        self.asked_late: dict[str, datetime] = {}
        self.media_waits = 1
        """How often a video, sound or animation answers "not yet" before it is ready; pictures are ready at once."""
        self.slow_pictures = False
        """Pictures take their time like videos (202, then 206, then 200)."""
        self.merging_s = 0.0
        """How long accepted notifications take until they are in the list."""
        self.delay_notices = False
        """Notifications get their ids but stay unseen until ``Place.release``: ids become visible out of order."""
        self.limits = {
            "all": (300, 300),
            "media": (30, 1800),
            "deletes": (30, 1800),
            "posts": (300, 10800),
            "paged": (300, 900),
        }
        """Requests allowed in how many seconds (mastodon.md section 9); a test may raise or lower them."""
        self.used: dict[tuple[str, str, int], int] = defaultdict(int)
        self._next_in: dict[int, int] = {}
        self._serials: dict[str, int] = defaultdict(int)

    def now(self) -> datetime:
        """The moment at which things are written, to the millisecond as the network shows it."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def snowflake(self, at: datetime | None = None) -> str:
        """A fresh id that sorts by time: of accounts, statuses, media, requests."""
        ms = int((at or self.now()).timestamp() * 1000)
        low = self._next_in.get(ms, 0)
        self._next_in[ms] = low + 1
        number = (ms << 16) + low
        return _ulid(number) if self.flavour.ids == "ulid" else str(number)

    def serial(self, kind: str) -> str:
        """A fresh short id: of notifications, conversations, polls, scheduled statuses, reports."""
        self._serials[kind] += 1
        number = self._serials[kind]
        return _ulid((1 << 60) + number) if self.flavour.ids == "ulid" else str(number)

    def notices_of(self, person_id: str) -> list[Notice]:
        """What ``person_id`` can see of their notifications, oldest first."""
        return [n for n in self.notices[person_id] if not n.held]

    def find_person(self, username: str, domain: str = "") -> Person | None:
        """The person called so; our own domain may be named or left out."""
        here = domain.lower() in ("", self.domain.lower(), self.address.partition("://")[2])
        wanted = (username.lower(), "" if here else domain.lower())
        return next((p for p in self.people.values() if (p.username.lower(), p.domain.lower()) == wanted), None)

    def person_named(self, acct: str) -> Person | None:
        """The person with this handle, with or without its first @."""
        user, _, domain = acct.removeprefix("@").partition("@")
        return self.find_person(user, domain)

    def sees(self, viewer: Person | None, status: Status) -> bool:
        """Whether ``viewer`` (None: the public) may read this."""
        if status.late:
            return False
        if viewer is not None and (status.person_id, viewer.id) in self.blocks:
            return False
        if status.visibility in ("public", "unlisted"):
            return True
        if viewer is None:
            return False
        if viewer.id == status.person_id or viewer.id in status.mentions:
            return True
        return status.visibility == "private" and (viewer.id, status.person_id) in self.follows

    def thread_root(self, status: Status) -> str:
        """The id of the oldest known status above this one."""
        seen = {status.id}
        while status.parent_id and status.parent_id in self.statuses and status.parent_id not in seen:
            status = self.statuses[status.parent_id]
            seen.add(status.id)
        return status.id

    def add_app(
        self, name: str, redirect_uris: list[str], scopes: list[str], website: str | None = None
    ) -> App:  # fmt: skip
        """A registered client with a fresh id and secret."""
        app = App(
            id=self.serial("app"), name=name, website=website, redirect_uris=redirect_uris, scopes=scopes,
            client_id=secrets.token_urlsafe(32), client_secret=secrets.token_urlsafe(32),
        )  # fmt: skip
        self.apps[app.client_id] = app
        return app

    def token_for(self, person: Person, scopes: str = GRANULAR, app: App | None = None) -> str:
        """A fresh access token for ``person``, as if they had signed in."""
        chosen = app or self.add_app("Practice", ["urn:ietf:wg:oauth:2.0:oob"], scopes.split())
        secret = secrets.token_urlsafe(32)
        self.tokens[secret] = Token(
            secret=secret, person_id=person.id, app=chosen, scopes=scopes.split(), at=self.now()
        )  # fmt: skip
        return secret

    def revoke(self, secret: str) -> None:
        """The token is good for nothing from now on; its streams end."""
        token = self.tokens[secret]
        token.revoked = True
        for queue in self.streams.get(token.person_id, []):
            queue.put_nowait(None)

    def close_streams(self) -> None:
        """End all streams, as a server does that restarts."""
        for queues in tuple(self.streams.values()):
            for queue in tuple(queues):
                queue.put_nowait(None)

    def push(self, person_id: str, event: str, about: dict[str, Any] | str) -> None:
        """Tell the streams of ``person_id``. ``about`` is a text, or what ``streaming`` makes JSON of."""
        for queue in self.streams.get(person_id, []):
            queue.put_nowait((event, about))


def _ulid(number: int) -> str:
    digits = ""
    for _ in range(23):
        number, digit = divmod(number, 32)
        digits = _CROCKFORD[digit] + digits
    return f"01J{digits}"  # never digits alone: some clients would make a number of those
