"""What stands on the practice Facebook: people, Pages, what was said there, and the keys to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(kw_only=True, slots=True)
class Person:
    """Somebody with a profile. Pages know them under the same number."""

    id: str
    name: str


@dataclass(kw_only=True, slots=True)
class Page:
    """A Page. ``tasks``: what each person behind it may do there. ``business``: it belongs to a business portfolio, so
    lists of Pages leave it out without a further right."""

    id: str
    name: str
    username: str
    category: str = "Government organization"
    tasks: dict[str, set[str]] = field(default_factory=dict)
    business: bool = False
    blocked: set[str] = field(default_factory=set)


@dataclass(kw_only=True, slots=True)
class Post:
    """A post on a Page's wall, or elsewhere naming it. ``reel``: a film, which is in no feed. ``odd``: fields sent as
    they are, instead of what would be made of it."""

    id: str
    page_id: str
    author_id: str
    message: str
    at: datetime
    updated_at: datetime
    published: bool = True
    scheduled_at: datetime | None = None
    story: str = ""
    link: str = ""
    photo_ids: tuple[str, ...] = ()
    reactions: dict[str, str] = field(default_factory=dict)
    shares: int = 0
    hidden: bool = False
    reel: bool = False
    app_id: str = ""
    key: str = ""
    odd: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Comment:
    """A comment (no ``parent_id``) or a reply. ``id`` is whole: the post's last part, then its own."""

    id: str
    post_id: str
    author_id: str
    message: str
    at: datetime
    parent_id: str = ""
    photo_id: str = ""
    hidden: bool = False
    likes: set[str] = field(default_factory=set)
    talk_id: str = ""  # it was answered privately there
    key: str = ""
    odd: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Photo:
    """A picture; unpublished ones are seen by nobody until a post takes them."""

    id: str
    page_id: str
    data: bytes
    mime_type: str
    at: datetime
    alt_text: str = ""
    published: bool = False
    temporary: bool = False  # brought for a post that waits for its time
    post_id: str = ""
    width: int = 640
    height: int = 360


@dataclass(kw_only=True, slots=True)
class Rating:
    """A recommendation, which has no id of its own."""

    story_id: str
    page_id: str
    person_id: str
    positive: bool
    text: str
    at: datetime
    named: bool = True


@dataclass(kw_only=True, slots=True)
class Said:
    """One private message."""

    id: str
    by: str
    text: str
    at: datetime
    odd: dict[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Talk:
    """A private conversation between a Page and a person."""

    id: str
    page_id: str
    person_id: str
    said: list[Said] = field(default_factory=list)

    @property
    def updated_at(self) -> datetime:
        """When something was last said."""
        return self.said[-1].at


@dataclass(kw_only=True, slots=True)
class App:
    """An organisation's own app. ``advanced``: approved to see the public's messages; ``needs_proof``: "Require App
    Secret" is on; ``live``: what it posts is seen by all."""

    id: str
    secret: str = field(repr=False)
    advanced: bool = True
    needs_proof: bool = False
    live: bool = True
    redirects: tuple[str, ...] = ()


@dataclass(kw_only=True, slots=True)
class Token:
    """A key. ``dead``: the subcode with which it is refused. ``targets``: permissions given for some Pages only."""

    text: str = field(repr=False)
    kind: str  # USER, SYSTEM_USER, PAGE
    owner_id: str
    app_id: str
    scopes: set[str]
    at: datetime
    person_id: str = ""  # behind a Page's token
    ends_at: datetime | None = None
    data_ends_at: datetime | None = None
    targets: dict[str, list[str]] = field(default_factory=dict)
    dead: int = 0
