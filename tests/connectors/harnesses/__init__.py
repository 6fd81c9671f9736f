"""The networks that the contract suite runs over: one line each. ``test_contract.py`` misses nobody of CONNECTORS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from inbox.practice.mastodon import FORK, OLDER
from tests.connectors.harness import Harness
from tests.connectors.harnesses.bluesky import BlueskyHarness
from tests.connectors.harnesses.feed import FeedHarness
from tests.connectors.harnesses.mastodon import MastodonHarness
from tests.connectors.harnesses.memory import MemoryHarness
from tests.connectors.harnesses.wordpress import WordPressHarness

HARNESSES: dict[str, Callable[[], Harness]] = {
    "memory": MemoryHarness,
    "wordpress": WordPressHarness,
    "bluesky": BlueskyHarness,
    "feed": FeedHarness,
    "mastodon": MastodonHarness,
    "mastodon-older": partial(MastodonHarness, OLDER),
    "mastodon-fork": partial(MastodonHarness, FORK),
    "feed-atom": partial(FeedHarness, "atom"),
    "feed-json-plain": partial(FeedHarness, "json", etag=False, dated=False),
}
"""Name of the connector, and after a hyphen what is special about this server of its kind."""
