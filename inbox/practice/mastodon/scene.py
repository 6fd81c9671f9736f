"""The shapes in which the story of the council's Mastodon account is written down.

Times as in ``inbox.practice.story.scene``: ``"12d 18:40"`` or ``"5h"`` before practice begins, or minutes after it.
``@us`` in a text stands for the handle of the account that is asked.
"""

from __future__ import annotations

from typing import NamedTuple

US, MUSEUM = "us", "museum"
"""Who speaks when the council or its museum does."""


class Toot(NamedTuple):
    """Something said. ``to``: key of what it answers; ``how``: public, unlisted, private or direct (empty: as ``to``).

    ``mood`` and ``then`` as in ``Line``: what whoever is answered says next. ``html``: foreign markup, sent as it is.
    ``picture``: alt text of a picture that comes with it. ``poll``: options. ``quote``: key of what is quoted.
    ``late``: our server has not fetched it.
    """

    key: str
    who: str
    at: str | float
    text: str
    to: str = ""
    how: str = ""
    mood: str = "chats"
    then: str = ""
    warning: str = ""
    html: str = ""
    picture: str = ""
    poll: tuple[str, ...] = ()
    poll_s: float = 86400
    quote: str = ""
    late: bool = False
    language: str = ""


class Changed(NamedTuple):
    """Words changed afterwards by whoever wrote them."""

    key: str
    at: float
    text: str


class Withdrawn(NamedTuple):
    """Deleted by whoever wrote it."""

    key: str
    at: float


class Shared(NamedTuple):
    """What ``key`` names is boosted by these people."""

    key: str
    at: str | float
    by: tuple[str, ...]


class Liked(NamedTuple):
    """What ``key`` names is favourited by these people."""

    key: str
    at: str | float
    by: tuple[str, ...]


class Followed(NamedTuple):
    """These people follow the council from now on."""

    key: str
    at: str | float
    by: tuple[str, ...]


class Voted(NamedTuple):
    """These people choose an option of the poll that ``key`` names."""

    key: str
    at: str | float
    by: tuple[str, ...]
    choice: int


Scene = Toot | Changed | Withdrawn | Shared | Liked | Followed | Voted


class Script(NamedTuple):
    """All that is said and done at the council's Mastodon account."""

    past: tuple[Scene, ...] = ()
    live: tuple[Scene, ...] = ()
