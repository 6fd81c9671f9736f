"""Three networks in memory beside each other that can and count differently, as a blog, Mastodon and Bluesky do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inbox.clock import SystemClock
from inbox.connectors.memory import Memory, World
from inbox.engine import Engine
from inbox.model import Capability, ChannelId, Counting, Limits, Visibility
from inbox.secrets import MemorySecrets
from inbox.store import accounts
from ui.reader import Reader

_BASE = Capability.FETCH | Capability.REPLY | Capability.POST | Capability.MEDIA | Capability.DELETE
_ALL_CIRCLES = tuple(Visibility)


class Blog(Memory):
    name = "wordpress"
    title = "WordPress"
    capabilities = _BASE | Capability.SCHEDULE | Capability.TITLE | Capability.TERMS | Capability.UPDATE_POST


class Long(Memory):
    """Counts as Mastodon does."""

    name = "mastodon"
    title = "Mastodon"
    capabilities = (
        _BASE | Capability.SCHEDULE | Capability.VISIBILITY | Capability.WARNING | Capability.LANGUAGE
        | Capability.POLL | Capability.AUDIENCE | Capability.QUOTABLE | Capability.QUOTE
    )  # fmt: skip


class Short(Memory):
    """Counts as Bluesky does."""

    name = "bluesky"
    title = "Bluesky"
    capabilities = _BASE | Capability.CARD | Capability.AUDIENCE | Capability.QUOTABLE | Capability.LANGUAGE


LIMITS = {
    "blog": Limits(media_count=9),
    "town": Limits(
        text_graphemes=500, counting=Counting.MASTODON, link_length=23, media_count=4, poll_options=4,
        poll_option_graphemes=50, visibilities=_ALL_CIRCLES, alt_graphemes=1_500, media_bytes=16_000_000,
    ),
    "sky": Limits(text_graphemes=300, text_bytes=3_000, media_count=2, media_bytes=3_000, alt_graphemes=2_000),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Three:
    """An engine signed in at all three, with the worlds behind them by name."""

    engine: Engine
    reader: Reader
    worlds: dict[str, World]

    def id(self, name: str) -> ChannelId:
        """The channel called so."""
        return next(c.id for c in accounts.channels(self.reader.connection) if c.title == name)


def three(home: Path, on_error: Callable[[BaseException], None]) -> Three:
    """Begin; whoever asked stops the engine and closes the reader."""
    worlds = {name: World(SystemClock()) for name in LIMITS}
    for name, world in worlds.items():
        world.limits = LIMITS[name]
    networks = {
        kind.name: kind.over({name: worlds[name]})
        for kind, name in ((Blog, "blog"), (Long, "town"), (Short, "sky"))
    }  # fmt: skip
    engine = Engine(
        home, MemorySecrets(), networks=networks, poll_by_itself=False, settle_s=0.2, on_error=on_error
    )  # fmt: skip
    engine.start()
    for name in networks:
        found = engine.discover(name, "memory.example").result(5)
        engine.sign_in(found, {"password": worlds["blog"].password}).result(5)
    return Three(engine=engine, reader=Reader(home), worlds=worlds)
