"""The networks Postroom knows: one line each, network name -> Connector class. All else asks this table."""

from __future__ import annotations

from typing import Final

from inbox.connectors.connector import Connector
from inbox.connectors.feed import Feed
from inbox.connectors.wordpress import WordPress

CONNECTORS: Final[dict[str, type[Connector]]] = {
    WordPress.name: WordPress,
    Feed.name: Feed,
}
