"""A blog prepared like the server that was recorded, and a clock that stands still."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from inbox.practice.blog import Blog, Comment, Post
from inbox.practice.clock import PracticeClock
from inbox.practice.faults import Faults
from inbox.practice.story.harbour import QUIET
from inbox.practice.wordpress import wordpress_app
from inbox.practice.world import World

HOME = "http://127.0.0.1:8101"


class StillClock:
    """Real time as a test moves it."""

    def __init__(self, at: datetime = datetime(2026, 11, 23, 3, 29, 22, tzinfo=UTC)) -> None:
        self.at = at
        self.steady_s = 0.0

    def now(self) -> datetime:
        return self.at

    def monotonic_s(self) -> float:
        return self.steady_s

    async def sleep(self, seconds: float) -> None:
        self.move(seconds)
        await asyncio.sleep(0)

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.steady_s += seconds


class Stage:
    """The recorded blog: users admin, officer and reader (ids 1 to 3), and whatever a test puts there."""

    def __init__(self) -> None:
        self.real = StillClock()
        self.clock = PracticeClock(self.real, running=False)
        self.world = World(1, self.clock, story=QUIET)
        self.faults = Faults()
        self.blog: Blog = self.world.blogs["council"]
        self.blog.title, self.blog.tagline, self.blog.address = "Organisation blog", "", HOME
        self.blog.zone, self.blog.zone_name = ZoneInfo("America/New_York"), "America/New_York"
        names = {"officer": "Communications Officer", "reader": "A Reader"}
        for user in self.blog.users.values():
            user.name, user.email = names.get(user.login, user.login), f"{user.login}@example.org"
            self.blog.add_password(user, "Connector tests", "8f268777-398a-4e0c-91e5-9e8433bf8cbe")
        self.app = wordpress_app(self.world, self.blog, self.faults)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url=HOME)

    def auth(self, login: str, *, wrong: bool = False) -> dict[str, str]:
        """The Basic header of a login."""
        secret = next((u.passwords[0].secret for u in self.blog.users.values() if u.login == login), "none")
        pair = f"{login}:{'x' * 24 if wrong else secret}"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    async def rest(self, method: str, path: str, login: str = "officer", **how: Any) -> httpx.Response:
        """One REST call as ``login`` (empty: a visitor)."""
        headers = {**(self.auth(login) if login else {}), **how.pop("headers", {})}
        return await self.http.request(method, f"/wp-json/wp/v2/{path}", headers=headers, **how)

    def post(self, post_id: int, title: str = "Library opens", slug: str = "postroom-11aa22", **how: Any) -> Post:
        """A published post under this very id."""
        self.blog.next_post_id = post_id
        at = how.pop("at", datetime(2026, 11, 23, 3, 29, 4, tzinfo=UTC))
        how = {"content": "<!-- wp:paragraph --><p>On Monday.</p><!-- /wp:paragraph -->", "categories": [1], **how}
        values = {"type": "post", "status": "publish", "author_id": 2, "modified_at": at, "floating": False, **how}
        return self.blog.add_post(Post(id=0, title=title, slug=slug, at=at, **values))

    def comment(self, comment_id: int, post_id: int = 18, **how: Any) -> Comment:
        """Vera's comment, or another, under this very id."""
        self.blog.next_comment_id = comment_id
        values: dict[str, Any] = {
            "parent_id": 0, "user_id": 0, "name": "Vera", "email": "vera@example.org", "status": "approved",
            "at": datetime(2026, 11, 23, 3, 29, 5, tzinfo=UTC), "text": "When does it open? <script>x</script> & 😀",
            "agent": "Mozilla/5.0 (visitor)", **how,
        }  # fmt: skip
        return self.blog.add_comment(Comment(id=0, post_id=post_id, **values))


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.http.aclose()


@pytest.fixture
def still_clock() -> StillClock:
    return StillClock()
