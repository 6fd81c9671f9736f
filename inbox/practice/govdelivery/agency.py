"""An account at GovDelivery: topics, subscribers, drafts and bulletins. In memory, no HTTP.

Times are aware UTC. Not thread-safe: everything happens on the loop that serves it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from inbox.clock import Clock

NOBODY = "To send a bulletin you must select at least one topic or category that has subscribers"


class Refusal(Exception):
    """What GovDelivery does not do: an HTTP status, its own code and one or more sentences."""

    def __init__(self, status: int, code: str, *texts: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.texts = texts


@dataclass(kw_only=True, slots=True)
class Topic:
    """A topic. ``watches``: Page Watch makes bulletins of a page's changes; ``autosend``: and sends them."""

    code: str
    name: str
    short_name: str = ""
    description: str = ""
    visibility: str = "Listed"
    watches: bool = False
    suspended: bool = False
    autosend: bool = False
    page: str = ""
    categories: set[str] = field(default_factory=set)
    rss_url: str = ""
    lock_version: int = 0


@dataclass(kw_only=True, slots=True)
class Category:
    """A group of topics that may be subscribed to as a whole."""

    code: str
    name: str
    description: str = ""


@dataclass(kw_only=True, slots=True)
class Subscriber:
    """Somebody who gets bulletins, by e-mail address or phone number."""

    topics: set[str] = field(default_factory=set)
    categories: set[str] = field(default_factory=set)
    digest_for: int = 0
    answers: dict[str, list[str]] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Bulletin:
    """A draft, and once ``sent_at`` is set, what everybody got. ``tests``: whom each trial went to."""

    id: int
    subject: str
    body: str
    topics: list[str]
    categories: list[str]
    created_at: datetime
    header: str = ""
    footer: str = ""
    from_address_id: str = ""
    sent_at: datetime | None = None
    recipients: list[str] = field(default_factory=list)
    tests: list[list[str]] = field(default_factory=list)
    opens: int = 0
    all_opens: int = 0
    clicks: int = 0
    all_clicks: int = 0

    @property
    def public_id(self) -> str:
        """What its page is found under."""
        return format(self.id, "x")


class Agency:
    """All that one account holds. ``quirks``: see below. ``sent`` is told what went out."""

    def __init__(self, *, code: str, clock: Clock, from_address: str = "news@harbour.example", title: str = "") -> None:
        self.code = code
        self.title = title or code
        self.clock = clock
        self.from_address = from_address
        self.address = ""
        self.quirks: set[str] = set()
        """ascending (oldest sent first), no-drafts (no list of drafts), plain-params (to-param is another number),
        late-list (what was sent is not listed yet), no-bodies (bulletins may not be read), errors-as-success,
        start-behind (a page begins behind the item that start_at names)."""
        self.users: dict[str, str] = {}  # e-mail -> password
        self.refused: set[str] = set()  # rights that were not granted, such as "list topics"
        self.tokens: set[str] = set()
        self.number = 10_528
        self.topics: dict[str, Topic] = {}
        self.categories: dict[str, Category] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self.bulletins: dict[int, Bulletin] = {}
        self.sent_order: list[int] = []
        self.contacts: dict[str, list[str]] = {}
        self.next_id = 12_791_019
        self.sent: list[Callable[[Bulletin], None]] = []

    def add_user(self, email: str) -> str:
        """A new API user; its password."""
        self.users[email] = secrets.token_urlsafe(15)
        return self.users[email]

    def add_token(self) -> str:
        """A token for the statistics."""
        token = secrets.token_hex(20)
        self.tokens.add(token)
        return token

    def add_topic(self, code: str, name: str, **others: object) -> Topic:
        """A new topic. Names are unique in an account (GD-14004)."""
        if any(t.name == name for t in self.topics.values()):
            raise Refusal(422, "GD-14004", "Name must be unique for an account")
        topic = Topic(code=code or f"{self.code}_{len(self.topics) + 900}", name=name, **others)  # type: ignore[arg-type]
        topic.short_name = topic.short_name or name
        self.topics[topic.code] = topic
        return topic

    def add_category(self, code: str, name: str) -> Category:
        """A new category."""
        return self.categories.setdefault(code, Category(code=code, name=name))

    def subscribe(self, address: str, *topics: str, category: str = "") -> Subscriber:
        """Somebody wants to hear of these."""
        subscriber = self.subscribers.setdefault(address, Subscriber())
        subscriber.topics |= set(topics)
        subscriber.categories |= {category} - {""}
        return subscriber

    def count(self, topic: str) -> int:
        """How many have subscribed to a topic."""
        return sum(topic in s.topics for s in self.subscribers.values())

    def count_category(self, category: str) -> int:
        """How many have subscribed to a category."""
        return sum(category in s.categories for s in self.subscribers.values())

    def draft(self, *, subject: str, body: str, topics: list[str], categories: list[str], **others: str) -> Bulletin:
        """A new draft. Raises Refusal when it cannot be one."""
        if not subject.strip():
            raise Refusal(422, "GD-12004", "Invalid bulletin")
        for code in topics:
            if code not in self.topics:
                raise Refusal(404, "GD-14002", "Topic not found")
        for code in categories:
            if code not in self.categories:
                raise Refusal(404, "GD-16002", "Category not found")
        made = Bulletin(
            id=self.next_id, subject=subject, body=body, topics=topics, categories=categories,
            created_at=self.clock.now(), **others,  # type: ignore[arg-type]
        )  # fmt: skip
        self.next_id += 1 + len(subject) % 7  # other accounts make bulletins too
        self.bulletins[made.id] = made
        return made

    def send(self, bulletin: Bulletin) -> Bulletin:
        """Send a draft to everybody who wants it, once per address. Raises Refusal; then nothing was sent."""
        if bulletin.sent_at is not None:
            raise Refusal(404, "GD-12002", "Bulletin not found.")
        wanted = [
            address
            for address, s in self.subscribers.items()
            if s.topics & set(bulletin.topics) or s.categories & set(bulletin.categories)
        ]
        if not wanted:
            raise Refusal(422, "GD-12004", NOBODY)
        bulletin.sent_at = self.clock.now()
        bulletin.recipients = wanted
        self.sent_order.append(bulletin.id)
        for listener in tuple(self.sent):
            listener(bulletin)
        return bulletin

    def test(self, bulletin: Bulletin, user: str, addresses: list[str]) -> None:
        """A trial. Without addresses it goes to everybody the user ever tested with; the user always gets a copy."""
        known = self.contacts.setdefault(user, [])
        to = addresses or list(known)
        known += [a for a in addresses if a not in known]
        bulletin.tests.append([*to, *([user] if user not in to else [])])

    def bulletin(self, words: str) -> Bulletin:
        """The bulletin of this number. Raises Refusal."""
        found = self.bulletins.get(int(words)) if re.fullmatch(r"\d{1,12}", words) else None
        if found is None:
            raise Refusal(404, "GD-12002", "Bulletin not found.")
        return found

    def listed(self) -> list[Bulletin]:
        """What was sent, as the list has it."""
        order = self.sent_order if "ascending" in self.quirks else list(reversed(self.sent_order))
        return [] if "late-list" in self.quirks else [self.bulletins[i] for i in order]
