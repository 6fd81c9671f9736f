"""Mastodon as practice speaks it: the client API of 4.6 over a plain server in memory (mastodon.md, read 2026-11-23).

``Place`` is the server and what people do on it, ``mastodon_app`` serves it; how to use both, and what is known to be
unlike the real thing, stands in ``app``.
"""

from inbox.practice.mastodon.app import mastodon_app
from inbox.practice.mastodon.entities import Media, Notice, Person, Status
from inbox.practice.mastodon.flavour import FLAVOURS, FORK, MODERN, OLDER, Flavour
from inbox.practice.mastodon.place import Place

__all__ = [
    "FLAVOURS",
    "FORK",
    "MODERN",
    "OLDER",
    "Flavour",
    "Media",
    "Notice",
    "Person",
    "Place",
    "Status",
    "mastodon_app",
]
