"""The practice Facebook in memory: what stands there, and what people do. No HTTP; ``app`` serves it."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from inbox.clock import Clock
from inbox.practice.facebook.entities import App, Comment, Page, Person, Photo, Post, Rating, Said, Talk, Token
from inbox.practice.facebook.wire import GraphError

SCOPES = (
    "pages_show_list", "pages_read_engagement", "pages_read_user_content", "pages_manage_posts",
    "pages_manage_engagement", "pages_manage_metadata", "pages_messaging", "business_management",
)  # fmt: skip
TASKS = ("ANALYZE", "ADVERTISE", "MESSAGING", "MODERATE", "CREATE_CONTENT", "MANAGE")
DAY_S = 86_400.0


class Network:
    """All of it, and the oddities that can be switched on.

    ``silent``: a token that is not the Page's own gets empty lists instead of a refusal. ``broken``: posts whose
    comments answer with this error. ``said``: called with every post and comment made over the API. ``version``:
    what the ``facebook-api-version`` header says. ``heavy_rows``: a list of more rows at once answers code 1;
    ``deepest``: a cursor further than so many rows is refused. ``ranked``: the feed has no order to rely on.
    ``empty_pages``: edges whose first page is empty and has a next. ``nameless``: strangers come without ``from``.
    ``lag_s``: so long a new post is in no list. ``no_fields``: field names this version refuses. ``refusals``:
    errors for the next writes. ``nulls``: so many items of batches time out. ``calls_a_day``: the quota; ``usage``:
    what the headers say instead of what was counted, as (percent, minutes to wait). ``deaf``: hosts whose pages
    Facebook cannot open.
    """

    def __init__(self, *, clock: Clock, address: str = "") -> None:
        self.clock = clock
        self.address = address
        self.apps: dict[str, App] = {}
        self.people: dict[str, Person] = {}
        self.pages: dict[str, Page] = {}
        self.posts: dict[str, Post] = {}
        self.comments: dict[str, Comment] = {}
        self.photos: dict[str, Photo] = {}
        self.ratings: list[Rating] = []
        self.talks: dict[str, Talk] = {}
        self.tokens: dict[str, Token] = {}
        self.said: list[Callable[[Post | Comment | Said], None]] = []
        self.version = "v26.0"
        self.heavy_rows = 0
        self.deepest = 0
        self.ranked = False
        self.empty_pages: set[str] = set()
        self.nameless = False
        self.silent = False
        self.broken: dict[str, GraphError] = {}
        self.lag_s = 0.0
        self.no_fields: set[str] = set()
        self.refusals: list[Exception] = []
        self.nulls = 0
        self.calls_a_day = 1_000_000
        self.usage: dict[str, tuple[int, int]] = {}
        self.deaf: set[str] = {"nowhere.example"}
        self.throttled_until: datetime | None = None
        self.calls: deque[float] = deque()
        self._ids = count(122_100_000_000_000_001)

    def now(self) -> datetime:
        """The moment by this network's clock, in whole seconds as Facebook tells times."""
        return self.clock.now().replace(microsecond=0)

    def fresh_id(self) -> str:
        """A number nobody has yet."""
        return str(next(self._ids))

    # --- who there is ---

    def add_app(self, **how: Any) -> App:
        """An organisation's own app."""
        app = App(id=self.fresh_id(), secret=secrets.token_hex(16), **how)
        self.apps[app.id] = app
        return app

    def add_person(self, name: str) -> Person:
        """Somebody with a profile."""
        person = Person(id=self.fresh_id(), name=name)
        self.people[person.id] = person
        return person

    def add_page(self, name: str, username: str, by: Person, *, tasks: Iterable[str] = TASKS, **how: Any) -> Page:
        """A Page with one person behind it."""
        page = Page(id=self.fresh_id(), name=name, username=username, tasks={by.id: set(tasks)}, **how)
        self.pages[page.id] = page
        return page

    def token_for(
        self, person: Person, app: App, *, kind: str = "SYSTEM_USER", scopes: Iterable[str] = SCOPES, **how: Any
    ) -> str:
        """A token of a person or system user."""
        return self._token(kind, person.id, app, scopes, **how)

    def page_token(self, page: Page, person: Person, app: App, *, scopes: Iterable[str] = SCOPES, **how: Any) -> str:
        """The Page's own token, as that person gets it: the same each time."""
        for token in self.tokens.values():
            same = (token.kind, token.owner_id, token.person_id, token.app_id) == ("PAGE", page.id, person.id, app.id)
            if same and token.scopes == set(scopes) and not token.dead:
                return token.text
        return self._token("PAGE", page.id, app, scopes, person_id=person.id, **how)

    def revoke(self, text: str, subcode: int = 460) -> None:
        """The token dies, and with it the Pages' tokens that came from the same person."""
        token = self.tokens[text]
        behind = token.person_id or token.owner_id
        for other in self.tokens.values():
            if behind in {other.owner_id, other.person_id}:
                other.dead = subcode

    def name_of(self, id_: str) -> str:
        """The name of a person or Page."""
        return self.pages[id_].name if id_ in self.pages else self.people[id_].name

    # --- what people do ---

    def write(self, by: Person | Page, page: Page, message: str, *, at: datetime | None = None, **how: Any) -> Post:
        """Something on a Page's wall: the Page's own post, or a visitor's."""
        when = at or self.now()
        post = Post(
            id=f"{page.id}_{self.fresh_id()}", page_id=page.id, author_id=by.id, message=message, at=when,
            updated_at=when, **how,
        )  # fmt: skip
        self.posts[post.id] = post
        return post

    def tag(self, by: Person, page: Page, message: str, *, at: datetime | None = None, **how: Any) -> Post:
        """Something on a person's own wall that names the Page: its id begins with theirs."""
        when = at or self.now()
        post = Post(
            id=f"{by.id}_{self.fresh_id()}", page_id=page.id, author_id=by.id, message=message, at=when,
            updated_at=when, **how,
        )  # fmt: skip
        self.posts[post.id] = post
        return post

    def film(self, page: Page, message: str, *, at: datetime | None = None, **how: Any) -> Post:
        """A reel, which is in no feed and whose id is one number."""
        when = at or self.now()
        post = Post(
            id=self.fresh_id(), page_id=page.id, author_id=page.id, message=message, at=when, updated_at=when,
            reel=True, **how,
        )  # fmt: skip
        self.posts[post.id] = post
        return post

    def comment(
        self, by: Person | Page, to: Post | Comment, message: str, *, at: datetime | None = None, **how: Any
    ) -> Comment:
        """A comment or reply; an answer to a reply hangs on the comment above both."""
        post = to if isinstance(to, Post) else self.posts[to.post_id]
        parent = "" if isinstance(to, Post) else to.parent_id or to.id
        when = at or self.now()
        made = Comment(
            id=f"{post.id.rpartition('_')[2]}_{self.fresh_id()}", post_id=post.id, author_id=by.id, message=message,
            at=when, parent_id=parent, **how,
        )  # fmt: skip
        self.comments[made.id] = made
        post.updated_at = max(post.updated_at, when)
        return made

    def edit(self, thing: Post | Comment, message: str) -> None:
        """Other words. Of a comment nobody is told, and nothing of its post moves."""
        thing.message = message
        if isinstance(thing, Post):
            thing.updated_at = self.now()

    def remove(self, thing: Post | Comment) -> None:
        """Deleted, with all below it."""
        if isinstance(thing, Post):
            self.posts.pop(thing.id, None)
            for comment in [c for c in self.comments.values() if c.post_id == thing.id]:
                del self.comments[comment.id]
            return
        self.comments.pop(thing.id, None)
        for reply in [c for c in self.comments.values() if c.parent_id == thing.id]:
            del self.comments[reply.id]

    def react(self, by: Person | Page, thing: Post | Comment, kind: str = "LIKE") -> None:
        """A like, or another face."""
        if isinstance(thing, Post):
            thing.reactions[by.id] = kind
        else:
            thing.likes.add(by.id)

    def rate(
        self,
        by: Person,
        page: Page,
        text: str,
        *,
        positive: bool = True,
        named: bool = True,
        at: datetime | None = None,
    ) -> Rating:
        """A recommendation."""
        rating = Rating(
            story_id=self.fresh_id(), page_id=page.id, person_id=by.id, positive=positive, text=text,
            at=at or self.now(), named=named,
        )  # fmt: skip
        self.ratings.append(rating)
        return rating

    def tell(self, by: Person | Page, page: Page, person: Person, text: str, *, at: datetime | None = None) -> Said:
        """A private message between a person and a Page."""
        talk = next(
            (t for t in self.talks.values() if (t.page_id, t.person_id) == (page.id, person.id)), None
        ) or Talk(id=f"t_{self.fresh_id()}", page_id=page.id, person_id=person.id)  # fmt: skip
        self.talks[talk.id] = talk
        said = Said(id=f"m_{secrets.token_urlsafe(18)}", by=by.id, text=text, at=at or self.now())
        talk.said.append(said)
        return said

    def run_due(self) -> None:
        """What was scheduled comes out at its time."""
        now = self.now()
        for post in self.posts.values():
            if post.scheduled_at is not None and not post.published and post.scheduled_at <= now:
                post.published, post.at, post.updated_at = True, post.scheduled_at, post.scheduled_at

    # --- the quota ---

    def count_calls(self, number: int) -> None:
        """So many calls were made."""
        now_s = self.clock.monotonic_s()
        self.calls.extend([now_s] * number)
        while self.calls and self.calls[0] <= now_s - DAY_S:
            self.calls.popleft()
        if len(self.calls) > self.calls_a_day:
            self.throttle(timedelta(minutes=60))

    def throttle(self, wait: timedelta) -> None:
        """No call is served for so long. Calling all the same begins it anew."""
        self.throttled_until = self.now() + wait

    def share(self, kind: str) -> tuple[int, int]:
        """Percent used, and minutes to wait."""
        if kind in self.usage:
            return self.usage[kind]
        wait = 0
        if self.throttled_until is not None and self.throttled_until > self.now():
            wait = max(int((self.throttled_until - self.now()).total_seconds() // 60), 1)
        return (min(len(self.calls) * 100 // self.calls_a_day, 100) if not wait else 100), wait

    # --- how it is done ---

    def _token(self, kind: str, owner: str, app: App, scopes: Iterable[str], **how: Any) -> str:
        text = f"EAA{secrets.token_urlsafe(48)}"
        self.tokens[text] = Token(
            text=text, kind=kind, owner_id=owner, app_id=app.id, scopes=set(scopes), at=self.now(), **how
        )
        return text
