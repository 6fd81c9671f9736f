"""The networks that the contract suite runs over: one line each. ``test_contract.py`` misses nobody of CONNECTORS."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from inbox.practice.mastodon import FORK, OLDER
from tests.connectors.harness import Harness
from tests.connectors.harnesses.bluesky import BlueskyHarness
from tests.connectors.harnesses.facebook import FacebookHarness
from tests.connectors.harnesses.feed import FeedHarness
from tests.connectors.harnesses.govdelivery import GovDeliveryHarness
from tests.connectors.harnesses.linkedin import LinkedInHarness
from tests.connectors.harnesses.mastodon import MastodonHarness
from tests.connectors.harnesses.memory import MemoryHarness
from tests.connectors.harnesses.wordpress import WordPressHarness
from tests.connectors.harnesses.x import XHarness

HARNESSES: dict[str, Callable[[], Harness]] = {
    "memory": MemoryHarness,
    "wordpress": WordPressHarness,
    "bluesky": BlueskyHarness,
    "bluesky-quiet": partial(BlueskyHarness, chat=False),
    "feed": FeedHarness,
    "mastodon": MastodonHarness,
    "mastodon-older": partial(MastodonHarness, OLDER),
    "mastodon-fork": partial(MastodonHarness, FORK),
    "x": XHarness,
    "x-new": partial(XHarness, "new"),
    "facebook": FacebookHarness,
    "facebook-ranked": partial(FacebookHarness, ranked=True),
    "linkedin": LinkedInHarness,
    "linkedin-odd": partial(LinkedInHarness, no_ranges=True, shuffled=True, old_names=True),
    "govdelivery": GovDeliveryHarness,
    "govdelivery-bare": partial(GovDeliveryHarness, statistics=False, oldest_first=True),
    "feed-atom": partial(FeedHarness, "atom"),
    "feed-json-plain": partial(FeedHarness, "json", etag=False, dated=False),
}
"""Name of the connector, and after a hyphen what is special about this server of its kind."""
