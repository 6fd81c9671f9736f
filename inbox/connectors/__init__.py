"""The networks Postroom knows: name -> Connector class. All else asks this table.

Their code is imported when a class is first asked for: with the HTTP client and the parsers it takes longer than all
the rest of a start, and the window shows what was fetched before without it. Titles are known without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inbox.connectors.connector import Connector

TITLES: Final = {"wordpress": "WordPress", "mastodon": "Mastodon", "bluesky": "Bluesky", "feed": "Feeds"}


@cache
def _classes() -> Mapping[str, type[Connector]]:
    from inbox.connectors.bluesky import Bluesky
    from inbox.connectors.feed import Feed
    from inbox.connectors.mastodon import Mastodon
    from inbox.connectors.wordpress import WordPress

    return {c.name: c for c in (WordPress, Mastodon, Bluesky, Feed)}


class _Networks(Mapping[str, "type[Connector]"]):
    def __getitem__(self, name: str) -> type[Connector]:
        return _classes()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(TITLES)

    def __len__(self) -> int:
        return len(TITLES)

    def __contains__(self, name: object) -> bool:
        return name in TITLES


CONNECTORS: Final[Mapping[str, type[Connector]]] = _Networks()
