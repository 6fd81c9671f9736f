"""The whole practice town on loopback: starts the servers in a thread of their own and lets the world go on."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from inbox.clock import Clock
from inbox.practice.blog import AppPassword
from inbox.practice.bluesky import bluesky_app
from inbox.practice.clock import PracticeClock, wait_for_either
from inbox.practice.faults import Faults
from inbox.practice.feed import feed_app
from inbox.practice.neighbours import neighbours
from inbox.practice.story.harbour import HARBOUR, Story
from inbox.practice.wordpress import wordpress_app
from inbox.practice.world import World

log = logging.getLogger(__name__)

SITES = ("council", "museum", "news", "sky")
"""Beside those of ``neighbours``."""
_START_WITHIN_S = 10.0
_STOP_WITHIN_S = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Addresses:
    """Where the town is: two blogs, the feed itself (the page it belongs to is above it), Mastodon and Bluesky, and
    what a person types for each of the others, by the name of its network."""

    blog: str
    second_blog: str
    feed: str
    social: str
    sky: str
    others: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """What the officer signs in with. The password is never in a repr."""

    user: str
    application_password: str = field(repr=False)


class Town:
    """Practice, from ``start()`` to ``stop()``. Holds nothing on disk; a new Town is a new day in the same story.

    ``faults`` plans what goes wrong, by site ("council", "museum", "news", "sky" and those of ``neighbours``).
    ``clock`` stops, starts, steps and speeds up the story. Methods may be called from any thread; ``world`` belongs to
    the town's thread while it runs.
    """

    def __init__(
        self, seed: int = 1, *, speed: float = 60.0, story: Story = HARBOUR, real: Clock | None = None
    ) -> None:
        self.clock = PracticeClock(real, speed=speed, running=False)
        self.world = World(seed, self.clock, story=story)
        self.neighbours = neighbours(seed, self.clock, self.clock.real)
        self._sites = (*SITES, *self.neighbours)
        self.faults = {site: Faults() for site in self._sites}
        self._issued: dict[str, AppPassword] = {}
        self._ports: dict[str, int] = {}
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: uvicorn.Server | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def start(self) -> None:
        """Serve on ports of 127.0.0.1 that the system chooses; returns when they answer. Raises OSError."""
        if self._thread is not None:
            raise RuntimeError("the town is running already")
        sockets = {site: _listening() for site in self._sites}
        self._ports = {site: s.getsockname()[1] for site, s in sockets.items()}
        for site, blog in self.world.blogs.items():
            blog.address = self.address(site)
        self.world.news_address = self.address("news")
        apps: dict[int, ASGIApp] = {
            self._ports[site]: wordpress_app(self.world, site, self.faults[site]) for site in self.world.blogs
        }
        apps[self._ports["news"]] = feed_app(self.world, self.faults["news"])
        apps[self._ports["sky"]] = bluesky_app(self.world.sky.network, self.faults["sky"], chat=self.world.sky.chat)
        for site, one in self.neighbours.items():
            apps[self._ports[site]] = one.serve(self.address(site), self.faults[site])
        self._ready.clear()
        self._failure = None
        self._thread = threading.Thread(
            target=self._run, args=(apps, list(sockets.values())), name="practice", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_START_WITHIN_S) or self._failure is not None:
            failure = self._failure
            self.stop()
            raise OSError("the practice servers did not start") from failure
        self.clock.go()

    def stop(self) -> None:
        """End the servers and the thread; harmless when not running."""
        for one in self.neighbours.values():
            one.close()
        thread, server, loop = self._thread, self._server, self._loop
        self._thread = None
        self.clock.stop()
        if thread is None:
            return
        if server is not None and loop is not None and not loop.is_closed():
            server.should_exit = True
            # What a fault holds up (slow, no answer) does not hold up the end.
            loop.call_soon_threadsafe(_end_requests, server)
        thread.join(_STOP_WITHIN_S)
        if thread.is_alive():
            log.warning("the practice servers did not end in time")

    def __enter__(self) -> Town:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def address(self, site: str) -> str:
        """The address of a site, without a slash at its end."""
        return f"http://127.0.0.1:{self._ports[site]}"

    @property
    def addresses(self) -> Addresses:
        """Where the town is, while it runs."""
        return Addresses(
            blog=self.address("council"), second_blog=self.address("museum"), feed=f"{self.address('news')}/rss.xml",
            social=self.address("social"), sky=f"{self.world.sky.office.handle}@{self.address('sky')}",
            others={one.network: one.sign_in(self.address(site))[0] for site, one in self.neighbours.items()},
        )  # fmt: skip

    def credentials(self, site: str, login: str = "officer") -> Credentials:
        """The officer's (or another login's) application password at a blog: made once, the same each time asked."""
        blog = self.world.blogs[site]
        user = next(u for u in blog.users.values() if u.login == login)
        password = self._issued.get(f"{site}/{login}")
        if password is None or password not in user.passwords:
            password = self._issued[f"{site}/{login}"] = blog.add_password(user, "Practice")
        secret = password.secret
        groups = " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))
        return Credentials(user=login, application_password=groups)

    def sign_ins(self) -> list[tuple[str, str, dict[str, str]]]:
        """All that the officer signs in to: network, address, and the answers its sign-in asks for (secrets)."""
        where, found = self.addresses, []
        for site, address in (("council", where.blog), ("museum", where.second_blog)):
            officer = self.credentials(site)
            found.append(("wordpress", address, {"user": officer.user, "password": officer.application_password}))
        for site, one in self.neighbours.items():
            typed, answers = one.sign_in(self.address(site))
            found.append((one.network, typed, dict(answers)))
        sky = self.world.sky
        password = sky.network.add_app_password(sky.office, privileged=True).secret  # with direct messages
        found.append(("bluesky", where.sky, {"user": sky.office.handle, "password": password}))
        return [*found, ("feed", where.feed, {})]

    def pause(self) -> None:
        """Hold the story; the servers go on answering. ``clock.go()`` lets it run on."""
        self.clock.stop()

    def step(self) -> bool:
        """Let exactly the next thing happen, running or paused; ``False`` when the story is over."""
        due_s = self._next_due_s()
        if due_s is None:
            return False
        self.clock.step(max(0.0, due_s - self.clock.monotonic_s()))
        return True

    def _next_due_s(self) -> float | None:
        due = [self.world.next_due_s(), *(one.story.next_due_s() for one in self.neighbours.values() if one.story)]
        return min((s for s in due if s is not None), default=None)

    @property
    def budgets(self) -> dict[str, tuple[str, int]]:
        """By network: what its account may use up here, where a town that lives so fast needs more than usual."""
        return {one.network: one.budget for one in self.neighbours.values() if one.budget is not None}

    def _run(self, apps: dict[int, ASGIApp], sockets: list[socket.socket]) -> None:
        try:
            asyncio.run(self._serve(apps, sockets))
        except OSError as error:
            self._failure = error
        finally:
            for listening in sockets:
                listening.close()
            self._ready.set()

    async def _serve(self, apps: dict[int, ASGIApp], sockets: list[socket.socket]) -> None:
        self._loop = asyncio.get_running_loop()
        config = uvicorn.Config(
            _ByPort(apps), http=_Protocol, ws="none", lifespan="off", log_config=None, log_level="error",
            access_log=False, server_header=False, timeout_keep_alive=30, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = _Server(config, self._ready)
        moved = asyncio.Event()
        loop = self._loop
        forget = self.clock.on_change(lambda: loop.call_soon_threadsafe(moved.set))
        story = asyncio.ensure_future(self._tell_story(moved))
        try:
            await self._server.serve(sockets=sockets)
        finally:
            forget()
            story.cancel()

    async def _tell_story(self, moved: asyncio.Event) -> None:
        """Let things happen when they are due; asleep in between."""
        while True:
            moved.clear()
            self.world.advance()
            for one in self.neighbours.values():
                if one.story is not None:
                    one.story.advance()
            due_s = self._next_due_s()
            wait_s = None if due_s is None else self.clock.real_s_until(due_s)
            # An answer of ours may plan something sooner, so never sleep long while the story runs.
            if self.clock.running:
                wait_s = min(1.0, 1.0 if wait_s is None else max(0.01, wait_s))
            await wait_for_either(moved, wait_s, self.clock.real)


def _listening() -> socket.socket:
    # Said to be TCP, or asyncio leaves Nagle on: every answer of two packets would wait 40 ms for an acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen(64)
    listening.setblocking(False)
    return listening


def _end_requests(server: uvicorn.Server) -> None:
    for connection in list(server.server_state.connections):
        transport = getattr(connection, "transport", None)
        if transport is not None:
            transport.close()
    for request in list(server.server_state.tasks):
        request.cancel()


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


_open: dict[tuple[object, object], asyncio.Transport] = {}
"""Transports by both ends' addresses, so that a fault can cut a connection; a town's are gone when it stops."""


class _Protocol(H11Protocol):
    """Keeps its transport findable while the connection lasts."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        _open[self.client, self.server] = transport

    def connection_lost(self, exc: Exception | None) -> None:
        _open.pop((self.client, self.server), None)
        super().connection_lost(exc)


class _ByPort:
    """One server, several sites: the port a request came to says which."""

    def __init__(self, apps: dict[int, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        transport = _open.get((scope["client"], scope["server"]))
        if transport is not None:
            scope["postroom.cut"] = transport.close
        try:
            await self._apps[scope["server"][1]](scope, receive, send)
        except asyncio.CancelledError:
            # Only the end of the town cancels a request; uvicorn would report that as an error of ours.
            log.debug("a request was cut short: the town ends")
