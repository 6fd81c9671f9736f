"""Bluesky as practice speaks it: PDS, AppView and sign-in over repositories in memory (bluesky.md, read 2026-11-23).

``Network`` is who is there and what they wrote, ``People`` how the others act on it, ``bluesky_app`` serves it; how to
use them, and what is known to be unlike the real thing, stands in ``app``. Likeness is kept by
``tests/practice/test_bluesky_likeness.py``, which holds answers against recordings of the real servers.
"""

from inbox.practice.bluesky.app import bluesky_app
from inbox.practice.bluesky.chat import Chat
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.people import People
from inbox.practice.bluesky.tokens import Tokens

__all__ = ["Chat", "Network", "People", "Tokens", "bluesky_app"]
