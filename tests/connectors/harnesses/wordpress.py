"""WordPress over the practice blog, in this process: the same HTTP, without sockets."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, cast

import httpx

from inbox.connectors.wordpress import WordPress
from inbox.connectors.wordpress.signing_in import RIGHTS
from inbox.connectors.wordpress.site import COMMENT_BYTES
from inbox.model import Account, Rendition, UpdateKind
from inbox.practice.blog import Blog, Comment, Post
from inbox.practice.wordpress import wordpress_app
from tests.connectors.harness import Break, KeptSecret, SetClock, Wire, account_of, channel_of, room

if TYPE_CHECKING:
    from inbox.practice.world import World

HOME = "https://blog.example"


class WordPressHarness:
    connector_class: ClassVar[type[WordPress]] = WordPress
    breaks: ClassVar[frozenset[Break]] = frozenset(Break)
    many: ClassVar[int] = 230  # more than two pages
    overlaps: ClassVar[bool] = True  # wordpress.md section 4: five of each page, the newest hundred of each poll

    def __init__(self) -> None:
        self.clock = SetClock()
        self.blog = Blog(key="blog", title="Harbour", tagline="", clock=self.clock)
        admin = self.blog.add_user("admin", "Admin", "admin@blog.example", "administrator")
        self.officer = self.blog.add_user("officer", "Officer", "officer@blog.example", "editor")
        self.secret = self.blog.add_password(self.officer, "Postroom").secret
        yesterday = self.clock.now() - timedelta(days=1)
        self._under = self.blog.add_post(
            Post(
                id=0, type="post", title="The bridge", content="<p>It opens.</p>", status="publish", at=yesterday,
                modified_at=yesterday, author_id=admin.id, slug="bridge",
            )
        )  # fmt: skip
        # A bare blog, without the story: the app asks the world only for a blog that is named by its key.
        app = wordpress_app(cast("World", None), self.blog)
        self.wire = Wire(httpx.ASGITransport(app), self.clock)
        self.channel = channel_of(WordPress, "blog.example")
        self._clients: list[httpx.AsyncClient] = []

    @property
    def requests(self) -> int:
        return len(self.wire.requests)

    @property
    def made(self) -> list[str]:
        posts = [f"post:{p.id}" for p in self.blog.posts.values() if p.author_id == self.officer.id]
        return posts + [f"comment:{c.id}" for c in self.blog.comments.values() if c.user_id == self.officer.id]

    @property
    def account(self) -> Account:
        return account_of(
            WordPress,
            HOME,
            "officer",
            root=f"{HOME}/wp-json/",
            home=HOME,
            title="Harbour",
            user_id=str(self.officer.id),
            user_name="Officer",
            rights=" ".join(RIGHTS),
        )

    def connector(self) -> WordPress:
        given = room(self.wire, self.clock, self.account, KeptSecret(user="officer", password=self.secret))
        self._clients.append(given.http)
        return WordPress(given)

    def seed(self, count: int) -> list[str]:
        said: list[int] = []
        for number in range(count):
            self.clock.forward(1)
            parent = said[number // 2] if number % 3 == 2 else 0
            said.append(self._say(f"Word {number} &amp; more", parent=parent))
        return [f"comment:{i}" for i in said]

    def ask_privately(self, text: str) -> None:
        """A blog has no private messages."""

    def say_unknown(self) -> str:
        self.clock.forward(1)
        return f"comment:{self._say('A hologram', kind='hologram')}"

    def edit(self, remote_id: str, text: str) -> None:
        self._comment(remote_id).text = text

    def remove(self, remote_id: str) -> None:
        self.blog.delete_comment(self._comment(remote_id).id)

    def hold(self, remote_id: str) -> None:
        self._comment(remote_id).status = "hold"

    def sign_out(self) -> None:
        self.officer.passwords.clear()

    def break_reads(self, how: Break) -> None:
        self.wire.breaks[False] = how

    def break_writes(self, how: Break) -> None:
        self.wire.breaks[True] = how

    def mend(self) -> None:
        self.wire.breaks.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return COMMENT_BYTES if kind is UpdateKind.REPLY else None

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, title="Notice", text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id, context=f"post:{self._under.id}")

    async def close(self) -> None:
        for client in self._clients:
            await client.aclose()

    def _say(self, text: str, *, parent: int = 0, kind: str = "comment") -> int:
        comment = Comment(
            id=0, post_id=self._under.id, parent_id=parent, user_id=0, name="Vera", email="vera@citizen.example",
            at=self.clock.now(), text=text, status="approved", kind=kind,
        )  # fmt: skip
        return self.blog.add_comment(comment).id

    def _comment(self, remote_id: str) -> Comment:
        return self.blog.comments[int(remote_id.removeprefix("comment:"))]
