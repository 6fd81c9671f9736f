"""Bluesky as practice speaks it: PDS and AppView over repositories in memory (bluesky.md, read 2026-11-23).

``Network`` is who is there and what they wrote, ``bluesky_app`` serves it; how to use both, and what is known to be
unlike the real thing, stands in ``app``.
"""

from inbox.practice.bluesky.app import bluesky_app
from inbox.practice.bluesky.network import Network

__all__ = ["Network", "bluesky_app"]
