"""The shapes in which the story of the council's Page is written down.

Times as in ``inbox.practice.story.scene``: ``"12d 18:40"`` or ``"5h"`` before practice begins, or minutes after it.
"""

from __future__ import annotations

from typing import NamedTuple

US = "us"
"""Who speaks when the council does."""


class Said(NamedTuple):
    """Something said. ``to``: key of the post or comment it stands under; empty: on the Page's wall. ``how``: empty for
    the wall, "tag" on one's own wall, "private" as a private message, "reel" as a film of ours.

    ``mood`` and ``then`` as in ``story.scene.Line``. ``picture``: it comes with one.
    """

    key: str
    who: str
    at: str | float
    text: str
    to: str = ""
    how: str = ""
    mood: str = "chats"
    then: str = ""
    picture: bool = False
    link: str = ""


class Rated(NamedTuple):
    """A recommendation."""

    key: str
    who: str
    at: str | float
    text: str
    positive: bool = True
    named: bool = True


class Faced(NamedTuple):
    """What ``key`` names is liked, loved or laughed at by these people."""

    key: str
    at: str | float
    by: tuple[str, ...]
    face: str = "LIKE"


class Reworded(NamedTuple):
    """Words changed afterwards by whoever wrote them: nobody is told."""

    key: str
    at: float
    text: str


class Withdrawn(NamedTuple):
    """Deleted by whoever wrote it."""

    key: str
    at: float


Scene = Said | Rated | Faced | Reworded | Withdrawn


class Script(NamedTuple):
    """What was before practice begins, and what happens then."""

    past: tuple[Scene, ...]
    live: tuple[Scene, ...]
