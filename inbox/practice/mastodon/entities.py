"""What a Mastodon server keeps: people, statuses, notifications, media, polls, apps and tokens. Plain records.

Times are aware UTC. Ids are strings, as everybody outside sees them; ``order`` says which is newer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


def order(remote_id: str) -> tuple[int, str]:
    """The key by which ids sort: by length, then letter by letter (mastodon.md section 3)."""
    return len(remote_id), remote_id


@dataclass(kw_only=True, slots=True)
class Emoji:
    """A picture with a name, written ``:shortcode:`` in text."""

    shortcode: str
    rgb: tuple[int, int, int] = (40, 120, 90)


@dataclass(kw_only=True, slots=True)
class Policy:
    """What happens to notifications from whom: accept, filter or drop."""

    for_not_following: str = "accept"
    for_not_followers: str = "accept"
    for_new_accounts: str = "accept"
    for_private_mentions: str = "filter"
    for_limited_accounts: str = "filter"
    for_bots: str = "accept"


@dataclass(kw_only=True, slots=True)
class Person:
    """Somebody with an account here, or (``domain``) on another server. ``limited``: silenced by the moderators."""

    id: str
    username: str
    name: str
    at: datetime
    domain: str = ""
    note: str = ""
    locked: bool = False
    bot: bool = False
    limited: bool = False
    suspended: bool = False
    staff: bool = False
    language: str = ""
    quote_policy: str = "public"
    privacy: str = "public"
    locale: str = "en"
    fields: list[tuple[str, str]] = field(default_factory=list)
    policy: Policy = field(default_factory=Policy)
    statuses: list[str] = field(default_factory=list)  # ids of their statuses and boosts, oldest first
    last_status_at: datetime | None = None

    @property
    def acct(self) -> str:
        return f"{self.username}@{self.domain}" if self.domain else self.username


@dataclass(kw_only=True, slots=True)
class Poll:
    """A question with options. ``votes``: who chose what; ``extra``: votes of people nobody here knows."""

    id: str
    options: list[str]
    expires_at: datetime | None
    multiple: bool = False
    hide_totals: bool = False
    votes: dict[str, list[int]] = field(default_factory=dict)
    ended: bool = False  # the notification of its end has gone out


@dataclass(kw_only=True, slots=True)
class Version:
    """What a status said at one time."""

    text: str
    html: str
    warning: str
    sensitive: bool
    at: datetime
    media: list[str]


@dataclass(kw_only=True, slots=True)
class Status:
    """A post, or with ``reblog_of`` the wrapper of a boost. ``html``: markup of a foreign server, sent as it is.

    ``late``: exists elsewhere, but our server has not fetched it yet (see ``Place.say``).
    """

    id: str
    person_id: str
    text: str
    at: datetime
    html: str = ""
    warning: str = ""
    sensitive: bool = False
    visibility: str = "public"
    language: str | None = None
    edited_at: datetime | None = None
    parent_id: str | None = None
    parent_person_id: str | None = None
    reblog_of: str = ""
    quote_of: str = ""
    quote_state: str = ""
    quote_policy: str = "public"
    mentions: list[str] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    poll_id: str = ""
    app: tuple[str, str | None] | None = None
    history: list[Version] = field(default_factory=list)
    pinned: bool = False
    late: bool = False
    key: str = ""


@dataclass(kw_only=True, slots=True)
class Notice:
    """One notification for ``person_id``. ``held``: its id is drawn, but nobody can see it yet."""

    id: str
    type: str
    at: datetime
    person_id: str
    from_id: str
    status_id: str = ""
    report_id: str = ""
    filtered: bool = False
    held: bool = False
    group_key: str = ""


@dataclass(kw_only=True, slots=True)
class Request:
    """What is filtered from one sender, waiting to be let through."""

    id: str
    person_id: str
    from_id: str
    at: datetime
    updated_at: datetime
    dismissed: bool = False


@dataclass(kw_only=True, slots=True)
class Conversation:
    """Direct messages of one circle in one thread, as one participant sees them."""

    id: str
    person_id: str
    others: list[str]
    thread: str
    status_ids: list[str] = field(default_factory=list)
    unread: bool = True


@dataclass(kw_only=True, slots=True)
class Media:
    """An uploaded file. ``waits``: how often it will say that it is not ready; ``status_id``: where it is used."""

    id: str
    person_id: str
    mime_type: str
    data: bytes = field(repr=False)
    at: datetime
    width: int = 0
    height: int = 0
    description: str | None = None
    focus: tuple[float, float] | None = None
    waits: int = 0
    failed: bool = False
    status_id: str = ""


@dataclass(kw_only=True, slots=True)
class Scheduled:
    """A status to be published later. ``wanted``: the parameters of the request."""

    id: str
    person_id: str
    due_at: datetime
    wanted: dict[str, object]
    media: list[str]
    app: tuple[str, str | None] | None = None


@dataclass(kw_only=True, slots=True)
class Report:
    """Somebody told the moderators."""

    id: str
    person_id: str
    target_id: str
    status_ids: list[str]
    comment: str
    category: str
    forwarded: bool
    at: datetime
    rule_ids: list[str] | None = None


@dataclass(kw_only=True, slots=True)
class App:
    """A registered client."""

    id: str
    name: str
    website: str | None
    redirect_uris: list[str]
    scopes: list[str]
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(kw_only=True, slots=True)
class Code:
    """An authorization code: good once, for ten minutes."""

    app: App
    person_id: str
    redirect_uri: str
    scopes: list[str]
    challenge: str
    at: datetime
    used: bool = False


@dataclass(kw_only=True, slots=True)
class Token:
    """An access token. Without ``person_id`` it is the app's own."""

    secret: str = field(repr=False)
    person_id: str
    app: App
    scopes: list[str]
    at: datetime
    revoked: bool = False
