"""RSS, Atom and JSON Feed: ``connector.py`` is the whole of it, the other files are its parts.

``document.py`` reads a feed, ``cursor.py`` remembers it, ``discovery.py`` finds it, ``addresses.py`` completes links.
"""

from inbox.connectors.feed.connector import Feed

__all__ = ["Feed"]
