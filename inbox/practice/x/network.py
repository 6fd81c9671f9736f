"""What there is at the practice X: people, posts, conversations, apps; and what people do there.

``Network(clock)`` is empty. ``say``, ``edit``, ``remove``, ``message`` and the like let somebody do something;
``x_app`` serves it. All times are the clock's; a post may be listed late (``lag_s``, ``late_s``).
"""

from __future__ import annotations

import secrets
from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from inbox.clock import Clock
from inbox.practice.x.billing import Billing
from inbox.practice.x.ids import Ids
from inbox.practice.x.text import kept, moved

EDITABLE = timedelta(hours=1)
MOST_EDITS = 5


@dataclass(kw_only=True, eq=False)
class User:
    """Somebody with an account. ``subscription``: "None" or "Premium"; ``gone``: suspended or protected."""

    id: str
    username: str
    name: str
    created_at: datetime
    subscription: str = "None"
    gone: bool = False


@dataclass(kw_only=True, eq=False)
class Post:
    """One version of a post. ``begins``: where the author's own words begin, behind the names that X put there."""

    id: str
    author_id: str
    text: str
    entities: dict[str, list[dict[str, Any]]]
    typed: str
    created_at: datetime
    conversation_id: str
    begins: int = 0
    parent_id: str = ""
    quoted_id: str = ""
    media: list[str] = field(default_factory=list)
    poll: dict[str, Any] | None = None
    reply_settings: str = "everyone"
    language: str = "en"
    chain: list[str] = field(default_factory=list)
    hidden: bool = False
    sensitive: bool = False
    withheld: dict[str, Any] | None = None
    late_s: float = 0.0
    liked_by: set[str] = field(default_factory=set)
    reposted_by: set[str] = field(default_factory=set)
    odd: dict[str, Any] = field(default_factory=dict)
    """Members to be added, or left out where None: shapes nobody has heard of."""


@dataclass(kw_only=True, eq=False)
class Event:
    """One event of a conversation of direct messages."""

    id: str
    conversation_id: str
    sender_id: str
    created_at: datetime
    kind: str = "MessageCreate"
    text: str = ""
    entities: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    media: list[str] = field(default_factory=list)


@dataclass(kw_only=True, eq=False)
class Upload:
    """A picture that was uploaded and may be attached for a day."""

    id: str
    owner_id: str
    mime_type: str
    at: datetime
    data: bytes = b""
    pieces: dict[int, bytes] = field(default_factory=dict)
    alt_text: str = ""
    waits: int = 0  # so many more questions are answered with "in_progress"
    failed: bool = False
    finished: bool = False

    @property
    def key(self) -> str:
        """The media key."""
        return f"{16 if self.mime_type == 'image/gif' else 3}_{self.id}"


@dataclass(kw_only=True, eq=False)
class App:
    """A developer app. ``secret`` empty: a public client ("Native App"). ``self_serve``: not of an enterprise plan."""

    client_id: str
    owner_id: str
    secret: str = ""
    callbacks: tuple[str, ...] = ()
    api_key: str = ""
    api_secret: str = field(default="", repr=False)
    bearer: str = field(default="", repr=False)
    self_serve: bool = True
    enrolled: bool = True


@dataclass(kw_only=True, eq=False)
class Grant:
    """A sign-in: OAuth 1.0a keys, or a family of OAuth 2 tokens."""

    app: App
    user_id: str
    token: str = field(repr=False)
    token_secret: str = field(default="", repr=False)  # OAuth 1.0a
    access_level: str = "read-write-directmessages"
    refresh: str = field(default="", repr=False)
    spent: set[str] = field(default_factory=set, repr=False)  # refresh tokens that were used
    scopes: tuple[str, ...] = ()
    issued_at: datetime | None = None
    dead: bool = False


class Network:
    """All of it. ``lag_s``: so long a post is missing from every list."""

    def __init__(self, clock: Clock, *, address: str = "") -> None:
        self.clock = clock
        self.address = address
        self.ids = Ids()
        self.users: dict[str, User] = {}
        self.posts: dict[str, Post] = {}
        self.events: list[Event] = []
        self.uploads: dict[str, Upload] = {}
        self.apps: dict[str, App] = {}
        self.grants: list[Grant] = []
        self.codes: dict[str, dict[str, Any]] = {}
        self.nonces: set[str] = set()
        self.billing = Billing(clock)
        self.lag_s = 0.0
        self.limits = True
        self.new = False  # answers that know no vocabulary of the request follow OpenAPI 2.167 instead of 2.166
        self.windows: dict[tuple[str, str], tuple[int, float]] = {}
        self.usage_capped = False
        self.gif_waits = 0
        self.browser: User | None = None  # who is signed in at the web site in the officer's browser
        self.said: list[Callable[[Post], object]] = []
        self.messaged: list[Callable[[Event], object]] = []
        self._numbers = count(10_000_000)
        self._numbered: list[int] = []  # the ids of posts, in order
        self._conversations: dict[str, set[str]] = {}
        self._answers: dict[str, set[str]] = {}
        self._quotes: dict[str, set[str]] = {}

    # --- people and apps ---

    def now(self) -> datetime:
        """The network's own time."""
        return self.clock.now()

    def add_user(self, username: str, name: str = "", *, subscription: str = "None") -> User:
        """Somebody joins."""
        user = User(
            id=str(next(self._numbers)), username=username, name=name or username, created_at=self.now(),
            subscription=subscription,
        )  # fmt: skip
        self.users[user.id] = user
        return user

    def named(self, username: str) -> User | None:
        """The user with this name."""
        return next((u for u in self.users.values() if u.username.casefold() == username.casefold()), None)

    def add_app(self, owner: User, *, callbacks: Sequence[str] = (), web_app: bool = False) -> App:
        """A developer app of this user's."""
        app = App(
            client_id=secrets.token_urlsafe(24), owner_id=owner.id, callbacks=tuple(callbacks),
            secret=secrets.token_urlsafe(32) if web_app else "", api_key=secrets.token_hex(12),
            api_secret=secrets.token_hex(25), bearer=f"AAAA{secrets.token_urlsafe(60)}",
        )  # fmt: skip
        self.apps[app.client_id] = app
        return app

    def keys_for(self, app: App, user: User, access_level: str = "read-write-directmessages") -> dict[str, str]:
        """OAuth 1.0a keys as the developer console shows them."""
        grant = Grant(
            app=app, user_id=user.id, token=f"{user.id}-{secrets.token_urlsafe(30)}",
            token_secret=secrets.token_hex(22), access_level=access_level,
        )  # fmt: skip
        self.grants.append(grant)
        return {
            "api_key": app.api_key, "api_secret": app.api_secret, "token": grant.token,
            "token_secret": grant.token_secret,
        }  # fmt: skip

    # --- what people do ---

    def say(
        self, by: User, text: str, *, to: Post | None = None, quote: Post | None = None, at: datetime | None = None,
        media: Sequence[str] = (), poll: dict[str, Any] | None = None, reply_settings: str = "everyone",
        language: str = "en", late_s: float = 0.0,
    ) -> Post:  # fmt: skip
        """A post. Before an answer X puts the names of those it answers, unless the author wrote them there."""
        moment = at or self.now()
        number = self.ids.at(moment) if at is None else self.ids.past(at, len(self.posts))
        post = Post(
            id=number, author_id=by.id, text="", entities={}, typed=text, created_at=moment,
            conversation_id=to.conversation_id if to else number, parent_id=to.id if to else "",
            quoted_id=quote.id if quote else "", media=list(media), poll=poll, reply_settings=reply_settings,
            language=language, chain=[number], late_s=late_s,
        )  # fmt: skip
        self._write(post, text)
        self._keep(post)
        for hear in self.said:
            hear(post)
        return post

    def edit(self, post: Post, text: str) -> Post:
        """Another version under a new id; the chain knows all of them."""
        moment = self.now()
        number = self.ids.at(moment)
        post.chain.append(number)
        fresh = Post(
            id=number, author_id=post.author_id, text="", entities={}, typed=text, created_at=moment,
            conversation_id=post.conversation_id, parent_id=post.parent_id, quoted_id=post.quoted_id, media=post.media,
            reply_settings=post.reply_settings, language=post.language, chain=post.chain,
        )  # fmt: skip
        self._write(fresh, text)
        self._keep(fresh)
        return fresh

    def remove(self, post: Post) -> None:
        """Deleted, with all its versions."""
        for number in post.chain:
            self.posts.pop(number, None)

    def message(
        self, by: User, to: User | str, text: str, *, at: datetime | None = None, kind: str = "MessageCreate",
        media: Sequence[str] = (),
    ) -> Event:  # fmt: skip
        """A direct message; ``to`` is somebody or the id of a conversation."""
        moment = at or self.now()
        words, entities = kept(text, self._id_of)
        event = Event(
            id=self.ids.at(moment) if at is None else self.ids.past(at, len(self.events)),
            conversation_id=to if isinstance(to, str) else "-".join(sorted((by.id, to.id), key=int)),
            sender_id=by.id, created_at=moment, kind=kind, text=words, entities=entities, media=list(media),
        )  # fmt: skip
        insort(self.events, event, key=lambda e: int(e.id))
        known = self._conversations.setdefault(event.conversation_id, set(event.conversation_id.split("-")))
        known.add(by.id)
        for hear in self.messaged:
            hear(event)
        return event

    # --- looking ---

    def listed(self, above: str = "") -> Iterator[Post]:
        """Every post that lists show by now, newest first, down to the id ``above``."""
        now, least = self.now(), int(above or 0)
        for number in reversed(self._numbered):
            if number <= least:
                return
            post = self.posts.get(str(number))
            if post is None or self.users[post.author_id].gone:
                continue
            if now - post.created_at >= timedelta(seconds=self.lag_s + post.late_s):
                yield post

    def counts(self, post: Post) -> tuple[int, int]:
        """How many answers and how many quotes there are of any version of it."""

        def there(index: dict[str, set[str]]) -> int:
            return len({n for version in post.chain for n in index.get(version, ()) if n in self.posts})

        return there(self._answers), there(self._quotes)

    def mentions(self, post: Post, user: User) -> bool:
        """Whether the post names this user, also where X put the name."""
        return any(m["id"] == user.id for m in post.entities.get("mentions", ()))

    def summoned(self, post: Post, user: User) -> bool:
        """Whether its author named this user on purpose or quotes them: only then a self-serve app may answer."""
        if post.author_id == user.id:
            return True
        named = any(m["id"] == user.id and m["start"] >= post.begins for m in post.entities.get("mentions", ()))
        quoted = self.posts.get(post.quoted_id)
        return named or (quoted is not None and quoted.author_id == user.id)

    def takes_part(self, user: User, conversation_id: str) -> bool:
        """Whether this user may read and write in the conversation."""
        return user.id in self._conversations.get(conversation_id, conversation_id.split("-"))

    def web(self, post: Post) -> str:
        """The post's page."""
        return f"{self.address or 'https://x.com'}/{self.users[post.author_id].username}/status/{post.id}"

    def _keep(self, post: Post) -> None:
        self.posts[post.id] = post
        for index, number in ((self._answers, post.parent_id), (self._quotes, post.quoted_id)):
            if number:
                index.setdefault(number, set()).add(post.chain[0])
        insort(self._numbered, int(post.id))

    def _id_of(self, username: str) -> str | None:
        found = self.named(username)
        return found.id if found else None

    def _write(self, post: Post, text: str) -> None:
        words, entities = kept(text, self._id_of)
        before = self._names_before(post)
        head, above = kept(before, self._id_of)
        entities = moved(entities, len(head))
        for kind, found in above.items():
            entities[kind] = [*found, *entities.get(kind, [])]
        post.begins = len(head)
        words = head + words
        quoted = self.posts.get(post.quoted_id)
        if quoted is not None:
            words = self._with_link(words, entities, self.web(quoted), {})
        for number in post.media:
            kind = "video" if self.uploads[number].mime_type == "image/gif" else "photo"
            address = f"{self.web(post)}/{kind}/1"
            words = self._with_link(words, entities, address, {"media_key": self.uploads[number].key})
        post.text, post.entities = words, entities

    def _with_link(
        self, words: str, entities: dict[str, list[dict[str, Any]]], address: str, more: dict[str, Any]
    ) -> str:
        piece, found = kept(address, lambda _: None)
        start = len(words) + (1 if words else 0)
        for one in moved(found, start)["urls"]:
            entities.setdefault("urls", []).append({**one, **more})
        return f"{words} {piece}".strip()

    def _names_before(self, post: Post) -> str:
        """The author of what is answered, and those whom that answers."""
        parent = self.posts.get(post.parent_id)
        if parent is None:
            return ""
        names = [self.users[parent.author_id].username]
        names += [m["username"] for m in parent.entities.get("mentions", ()) if m["end"] <= parent.begins]
        own = self.users[post.author_id].username
        wanted = [n for n in dict.fromkeys(names) if n != own]
        return "".join(f"@{n} " for n in wanted)
