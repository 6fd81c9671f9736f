"""A blog as any blog software would keep it: people, posts, comments, terms, pictures. In memory, no HTTP.

The dialect reads and changes it, the world makes things happen in it. Times are aware UTC. Not thread-safe: everything
happens on the loop that serves it.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from inbox.clock import Clock


@dataclass(kw_only=True, slots=True)
class AppPassword:
    """One application password. ``secret`` is the bare 24 characters; never in a repr."""

    uuid: str
    name: str
    app_id: str
    secret: str = field(repr=False)
    created_at: datetime
    last_used_at: datetime | None = None


@dataclass(kw_only=True, slots=True)
class User:
    """Somebody with an account at the blog. ``role``: administrator, editor, author or subscriber."""

    id: int
    login: str
    name: str
    email: str
    role: str
    passwords: list[AppPassword] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Comment:
    """One comment. ``as_sent``: stored unfiltered (an editor's, or imported); a visitor's is filtered by the dialect.

    ``status``: approved, hold, spam, trash or post-trashed. ``key`` names it in the story, empty for the rest.
    """

    id: int
    post_id: int
    parent_id: int
    user_id: int
    name: str
    email: str
    at: datetime
    text: str
    status: str
    url: str = ""
    ip: str = "127.0.0.1"
    agent: str = ""
    kind: str = "comment"
    as_sent: bool = False
    status_before: str = ""
    key: str = ""


@dataclass(kw_only=True, slots=True)
class Post:
    """A post or a page. ``floating``: never given a date of its own, so publishing dates it anew."""

    id: int
    type: str
    title: str
    content: str
    status: str
    at: datetime
    modified_at: datetime
    author_id: int
    excerpt: str = ""
    slug: str = ""
    slug_before: str = ""
    status_before: str = ""
    floating: bool = True
    comment_status: str = "open"
    ping_status: str = "open"
    sticky: bool = False
    featured_media: int = 0
    parent_id: int = 0
    revisions: list[int] = field(default_factory=list)  # ids only: they count in the sequence of posts
    categories: list[int] = field(default_factory=list)
    tags: list[int] = field(default_factory=list)
    key: str = ""


@dataclass(kw_only=True, slots=True)
class Term:
    """A category or tag (``taxonomy`` category or post_tag). ``name`` is plain text."""

    id: int
    taxonomy: str
    name: str
    slug: str
    parent_id: int = 0
    description: str = ""


@dataclass(kw_only=True, slots=True)
class Picture:
    """An uploaded file."""

    id: int
    at: datetime
    author_id: int
    file: str
    mime_type: str
    data: bytes = field(repr=False)
    width: int = 0
    height: int = 0
    title: str = ""
    slug: str = ""
    alt_text: str = ""
    caption: str = ""
    description: str = ""
    post_id: int = 0


class Blog:
    """All that one blog holds. ``key`` is its short name in practice, ``address`` where it is served, once known."""

    def __init__(
        self, *, key: str, title: str, tagline: str, clock: Clock, zone: tzinfo = UTC, zone_name: str = "UTC"
    ) -> None:
        self.key = key
        self.title = title
        self.tagline = tagline
        self.clock = clock
        self.zone = zone
        self.zone_name = zone_name
        self.address = ""
        self.quirks: set[str] = set()
        """How this host is odd: early-auth, private-rest, no-app-passwords, no-rest-link, plain-permalinks, no-cron."""
        self.users: dict[int, User] = {}
        self.comments: dict[int, Comment] = {}
        self.posts: dict[int, Post] = {}
        self.terms: dict[int, Term] = {}
        self.pictures: dict[int, Picture] = {}
        self.sessions: dict[str, int] = {}  # browser sessions: token -> user id
        self.next_comment_id = 1
        self.next_post_id = 1  # posts, pages and pictures share one sequence
        self.next_term_id = 1
        self.said: list[Callable[[Comment], None]] = []
        self.published: list[Callable[[Post], None]] = []
        self.add_term(Term(id=0, taxonomy="category", name="Uncategorized", slug="uncategorized"))

    def now(self) -> datetime:
        """The real moment, to the second, as blog software stamps it."""
        return self.clock.now().replace(microsecond=0)

    def add_user(self, login: str, name: str, email: str, role: str) -> User:
        """A new account; ids count from 1."""
        user = User(id=len(self.users) + 1, login=login, name=name, email=email, role=role)
        self.users[user.id] = user
        return user

    def add_password(self, user: User, name: str, app_id: str = "") -> AppPassword:
        """A fresh application password for ``user``."""
        alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"
        password = AppPassword(
            uuid=str(uuid.uuid4()),
            name=name,
            app_id=app_id,
            secret="".join(secrets.choice(alphabet) for _ in range(24)),
            created_at=self.now(),
        )
        user.passwords.append(password)
        return password

    def add_comment(self, comment: Comment) -> Comment:
        """Store it under the next id and tell those who listen."""
        comment.id = self.next_comment_id
        self.next_comment_id += 1
        self.comments[comment.id] = comment
        for listener in tuple(self.said):
            listener(comment)
        return comment

    def delete_comment(self, comment_id: int) -> Comment | None:
        """Remove it for good; its children move up to its parent (wordpress.md section 4)."""
        gone = self.comments.pop(comment_id, None)
        if gone is not None:
            for child in self.comments.values():
                if child.parent_id == comment_id:
                    child.parent_id = gone.parent_id
        return gone

    def add_post(self, post: Post) -> Post:
        """Store it under the next id; tells listeners when it is public."""
        post.id = self.next_post_id
        self.next_post_id += 1
        self.posts[post.id] = post
        if post.status == "publish":
            self.tell_published(post)
        return post

    def tell_published(self, post: Post) -> None:
        """Say that a post became public."""
        for listener in tuple(self.published):
            listener(post)

    def delete_post(self, post_id: int) -> Post | None:
        """Remove it for good, with its comments."""
        gone = self.posts.pop(post_id, None)
        if gone is not None:
            self.comments = {i: c for i, c in self.comments.items() if c.post_id != post_id}
        return gone

    def add_term(self, term: Term) -> Term:
        """Store it under the next id."""
        term.id = self.next_term_id
        self.next_term_id += 1
        self.terms[term.id] = term
        return term

    def add_picture(self, picture: Picture) -> Picture:
        """Store it under the next id of posts and pictures."""
        picture.id = self.next_post_id
        self.next_post_id += 1
        self.pictures[picture.id] = picture
        return picture

    def publish_due(self) -> None:
        """What the blog's cron does: scheduled posts whose time has come go public; ``modified_at`` stays."""
        if "no-cron" in self.quirks:
            return
        for post in tuple(self.posts.values()):
            if post.status == "future" and post.at <= self.now():
                post.status = "publish"
                self.tell_published(post)

    def known(self, email: str) -> bool:
        """Whether somebody with this e-mail was approved before, so that the next comment need not be held."""
        return any(c.email == email and c.status == "approved" for c in self.comments.values())

    def said_lately(self, email: str, within_s: float) -> bool:
        """Whether somebody with this e-mail commented within the last seconds (flood control)."""
        since = self.now() - timedelta(seconds=within_s)
        return any(c.email == email and c.at > since for c in self.comments.values())
