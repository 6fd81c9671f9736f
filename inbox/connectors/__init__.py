"""The networks Postroom knows: name -> Connector class. All else asks this table.

A network's code is imported when its class is first asked for: with the HTTP client and the parsers it takes longer
than all the rest of a start, and the window shows what was fetched before without it. Titles are known without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from inbox.connectors.connector import Connector

TITLES: Final = {
    "wordpress": "WordPress",
    "facebook": "Facebook",
    "linkedin": "LinkedIn",
    "x": "X",
    "govdelivery": "GovDelivery",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "feed": "Feeds",
    "manual": "By hand",
}


class _Networks(Mapping[str, "type[Connector]"]):
    def __getitem__(self, name: str) -> type[Connector]:
        match name:
            case "wordpress":
                from inbox.connectors.wordpress import WordPress

                return WordPress
            case "mastodon":
                from inbox.connectors.mastodon import Mastodon

                return Mastodon
            case "bluesky":
                from inbox.connectors.bluesky import Bluesky

                return Bluesky
            case "facebook":
                from inbox.connectors.facebook import Facebook

                return Facebook
            case "linkedin":
                from inbox.connectors.linkedin import LinkedIn

                return LinkedIn
            case "govdelivery":
                from inbox.connectors.govdelivery import GovDelivery

                return GovDelivery
            case "x":
                from inbox.connectors.x import X

                return X
            case "feed":
                from inbox.connectors.feed import Feed

                return Feed
            case "manual":
                from inbox.connectors.manual import Manual

                return Manual
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(TITLES)

    def __len__(self) -> int:
        return len(TITLES)

    def __contains__(self, name: object) -> bool:
        return name in TITLES


CONNECTORS: Final[Mapping[str, type[Connector]]] = _Networks()
