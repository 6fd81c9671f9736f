"""WordPress without a server: recordings played back, and a small blog whose lists behave as wordpress.md says.

The blog is for what a real server cannot be made to do on demand: a deletion between two given requests, hidden items,
a page full of notes. What it answers has the shape of the recordings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from inbox.connectors import http as web
from inbox.connectors.connector import START, Room
from inbox.connectors.wordpress import WordPress
from inbox.connectors.wordpress.site import Site
from inbox.model import (
    Account,
    AccountId,
    Batch,
    Channel,
    ChannelId,
    Cursor,
    Delivery,
    DeliveryId,
    DeliveryState,
    Message,
    Rendition,
    UpdateId,
)
from tests.connectors.harness import KeptSecret, SetClock

FOLDER = Path(__file__).parent / "recordings" / "wordpress"
ROOT = "https://blog.example.org/wp-json/"
HOME = "https://blog.example.org"
PASSWORD = "abcdEFGHijklMNOPqrstUVWX"
RIGHTS = (
    "moderate_comments edit_posts edit_others_posts edit_published_posts publish_posts delete_posts "
    "delete_published_posts edit_pages upload_files manage_categories"
)
SITE = Site(root=ROOT, home=HOME, title="Organisation blog", user_id=2, user_name="Communications Officer")
Handler = Callable[[httpx.Request], httpx.Response]


def recorded(name: str) -> dict[str, Any]:
    """The recording as it lies in its file."""
    value: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return value


def body_of(name: str) -> Any:
    return recorded(name)["body"]


def answer(name: str, **headers: str) -> httpx.Response:
    """The recorded answer, with the body as it came over the wire (PHP escapes what is not ASCII)."""
    kept = recorded(name)
    body = kept["body"] if isinstance(kept["body"], str) else json.dumps(kept["body"])
    return httpx.Response(kept["status"], headers={**kept["headers"], **headers}, content=body.encode())


class Desk:
    """A signed-in connector over a handler, and what was sent."""

    def __init__(self, handler: Handler, **settings: str) -> None:
        self.clock = SetClock()
        self.sent: list[httpx.Request] = []

        def note(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            return handler(request)

        self.http = web.client(transport=httpx.MockTransport(note))
        kept = {"root": ROOT, "home": HOME, "title": "Organisation blog", "user_id": "2", "rights": RIGHTS}
        account = Account(
            id=AccountId("a1"), network="wordpress", title="Organisation blog", address=HOME, settings=kept | settings
        )
        secret = KeptSecret(user="officer", password=PASSWORD)
        self.connector = WordPress(Room(account=account, http=self.http, secret=secret, clock=self.clock))
        self.channel = Channel(
            id=ChannelId("c1"),
            account_id=AccountId("a1"),
            network="wordpress",
            remote_id="blog.example.org",
            title="Organisation blog",
            capabilities=WordPress.capabilities,
        )
        self.cursor: Cursor = START
        self.held: dict[str, Message] = {}

    async def fetch(self) -> Batch:
        batch = await self.connector.fetch(self.channel, self.cursor)
        self.held |= {m.remote_id: m for m in batch.messages}
        self.cursor = batch.cursor
        return batch

    async def read(self) -> list[Batch]:
        batches = [await self.fetch()]
        while not batches[-1].complete:
            batches.append(await self.fetch())
            assert len(batches) < 300
        return batches

    def delivery(self, rendition: Rendition, key: str) -> Delivery:
        return Delivery(
            id=DeliveryId(1),
            update_id=UpdateId(1),
            channel_id=self.channel.id,
            rendition=rendition,
            key=key,
            state=DeliveryState.UNKNOWN,
        )

    def writes(self) -> list[httpx.Request]:
        return [r for r in self.sent if r.method not in {"GET", "HEAD"}]


def desk_over(*answers: httpx.Response) -> Desk:
    """The answers in this order, whatever is asked; the last one again and again."""
    waiting = list(answers)
    return Desk(lambda request: waiting.pop(0) if len(waiting) > 1 else waiting[0])


class Blog:
    """Comments, posts and pages in memory, listed as WordPress lists them.

    ``hidden``: ids that are counted but not shown. ``before``: called with the number of each request before it is
    answered, so that a test can change the blog between two. ``fail``: answers instead, by part of the address.
    """

    def __init__(self) -> None:
        self.comments: dict[int, dict[str, Any]] = {}
        self.entries: dict[str, dict[int, dict[str, Any]]] = {"posts": {}, "pages": {}}
        self.hidden: set[int] = set()
        self.before: Callable[[int], None] = lambda number: None
        self.fail: dict[str, httpx.Response] = {}
        self.asked = 0

    def say(self, count: int = 1, *, post: int = 1, status: str = "approved", kind: str = "comment") -> list[int]:
        """Visitors' comments; ids go on from the highest that ever was."""
        made = []
        for _ in range(count):
            number = self._next = getattr(self, "_next", 0) + 1
            self.comments[number] = body_of("comment-held")[0] | {
                "id": number,
                "post": post,
                "status": status,
                "type": kind,
                "content": {"rendered": f"<p>number {number}</p>\n", "raw": f"number {number}"},
                "_links": {"up": [{"post_type": "post", "href": f"{ROOT}wp/v2/posts/{post}"}]},
            }
            made.append(number)
        return made

    def write(self, number: int, *, kind: str = "posts", **fields: Any) -> None:
        """A post or page."""
        at = (datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S")
        self.entries.setdefault(kind, {})[number] = {
            "id": number,
            "date_gmt": at,
            "modified_gmt": at,
            "slug": f"entry-{number}",
            "status": "publish",
            "type": kind.rstrip("s"),
            "link": f"{HOME}/entry-{number}/",
            "title": {"raw": f"Entry {number}", "rendered": f"Entry {number}"},
            "content": {"raw": "x", "rendered": "<p>x</p>"},
            "author": 2,
        } | fields

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        self.before(self.asked)
        url = request.url
        for part, instead in self.fail.items():
            if part in f"{request.method} {url}":
                return instead
        place = url.path.removeprefix("/wp-json/wp/v2/")
        params = dict(url.params)
        if place == "comments":
            return self._list(request, self._comments(params), params)
        if place in self.entries:
            chosen = list(self.entries[place].values())
            return self._list(request, self._ordered(chosen, params), params)
        return self._one(place)

    def _comments(self, params: dict[str, str]) -> list[dict[str, Any]]:
        wanted = {"approve": "approved"}.get(params["status"], params["status"])
        chosen = [c for c in self.comments.values() if wanted in {"any", c.get("status")}]
        return self._ordered(chosen, params)

    def _ordered(self, chosen: list[dict[str, Any]], params: dict[str, str]) -> list[dict[str, Any]]:
        if "include" in params:
            ids = {int(n) for n in params["include"].split(",")}
            chosen = [c for c in chosen if c["id"] in ids]
        by = "modified_gmt" if params.get("orderby") == "modified" else "id"
        return sorted(chosen, key=lambda c: c[by], reverse=params.get("order") == "desc")

    def _list(self, request: httpx.Request, chosen: list[dict[str, Any]], params: dict[str, str]) -> httpx.Response:
        offset, size = int(params.get("offset", 0)), int(params.get("per_page", 10))
        page = [c for c in chosen[offset : offset + size] if c["id"] not in self.hidden]
        fields = {f.partition(".")[0] for f in params.get("_fields", "").split(",")} - {""}
        shown = [{k: v for k, v in c.items() if not fields or k in fields} for c in page]
        headers = {"X-WP-Total": str(len(chosen)), "Content-Type": "application/json; charset=UTF-8"}
        content = b"" if request.method == "HEAD" else json.dumps(shown).encode()
        return httpx.Response(200, headers=headers, content=content)

    def _one(self, place: str) -> httpx.Response:
        kind, _, number = place.partition("/")
        found = (self.comments if kind == "comments" else self.entries.get(kind, {})).get(int(number or 0))
        if found is None:
            return answer("comment-gone" if kind == "comments" else "error-post-gone")
        return httpx.Response(200, json=found)


@contextmanager
def failing(blog: Blog, part: str, instead: httpx.Response) -> Iterator[None]:
    """Requests with ``part`` in "METHOD address" are answered so, for a while."""
    blog.fail[part] = instead
    yield
    del blog.fail[part]
