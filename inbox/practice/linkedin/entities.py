"""What stands at the practice LinkedIn: members, pages, posts, comments, notifications, uploads, tokens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(kw_only=True)
class Member:
    id: str
    first: str
    last: str
    headline: str = ""
    vanity: str = ""
    private: bool = False  # whoever asks for the name is refused

    @property
    def urn(self) -> str:
        return f"urn:li:person:{self.id}"


@dataclass(kw_only=True)
class Organization:
    id: str
    name: str
    vanity: str
    roles: dict[str, tuple[str, str]] = field(default_factory=dict)  # member URN -> role, state

    @property
    def urn(self) -> str:
        return f"urn:li:organization:{self.id}"


@dataclass(kw_only=True)
class Post:
    """``urn``: its share or ugcPost; ``activity``: the other number it goes by."""

    urn: str
    activity: str
    author: str
    commentary: str
    at: datetime
    changed_at: datetime
    content: dict[str, Any] = field(default_factory=dict)
    reshares: str = ""
    visibility: str = "PUBLIC"
    edited: bool = False
    comments_state: str = "OPEN"
    likes: dict[str, str] = field(default_factory=dict)  # actor -> reaction
    visible_at: datetime | None = None
    key: str = ""


@dataclass(kw_only=True)
class Comment:
    """``parent``: the number of the comment it answers; empty on the first level."""

    id: str
    activity: str
    actor: str
    text: str
    at: datetime
    changed_at: datetime
    impersonator: str = ""
    parent: str = ""
    likes: dict[str, str] = field(default_factory=dict)
    visible_at: datetime | None = None
    key: str = ""

    @property
    def urn(self) -> str:
        return f"urn:li:comment:({self.activity},{self.id})"


@dataclass(kw_only=True)
class Notification:
    """``body``: as it goes over the wire; ``organization``: whose."""

    id: int
    organization: str
    action: str
    at: datetime
    source: str
    body: dict[str, Any]


@dataclass(kw_only=True)
class Upload:
    urn: str
    owner: str
    asked: int = 0  # how often its state was asked for
    body: bytes = b""
    failed: bool = False


@dataclass(kw_only=True)
class Token:
    secret: str
    member: str
    client_id: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    refresh: str = ""
    refresh_expires_at: datetime | None = None
    revoked: bool = False


@dataclass(kw_only=True)
class App:
    """A developer app. ``native``: LinkedIn switched PKCE on for it; ``refreshes``: a partner's."""

    client_id: str
    client_secret: str
    redirects: tuple[str, ...]
    native: bool = False
    refreshes: bool = False
    tier: str = "development"


@dataclass(kw_only=True)
class Code:
    text: str
    client_id: str
    member: str
    redirect: str
    scopes: tuple[str, ...]
    challenge: str
    expires_at: datetime
