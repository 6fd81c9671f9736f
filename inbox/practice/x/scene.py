"""The shapes in which the story of the council's account on X is written down.

Times as in ``inbox.practice.story.scene``: ``"5d 18:40"`` or ``"5h"`` before practice begins, or minutes after it.
``@us`` in a text stands for the handle of the account that is asked.
"""

from __future__ import annotations

from typing import NamedTuple

US = "us"
"""Who speaks when the council does."""


class Posted(NamedTuple):
    """Something said. ``to``: key of what it answers; ``quote``: key of what is quoted; ``direct``: to us alone.

    Whoever answers us without writing ``@us`` is answered by hand: X lets no program do that. ``mood`` and ``then`` as
    in ``story.scene.Line``. ``picture``: alt text of a picture that comes with it.
    """

    key: str
    who: str
    at: str | float
    text: str
    to: str = ""
    quote: str = ""
    direct: bool = False
    mood: str = "chats"
    then: str = ""
    language: str = ""
    picture: str = ""


class Changed(NamedTuple):
    """Words changed by whoever wrote them: X gives them a new id."""

    key: str
    at: float
    text: str


class Withdrawn(NamedTuple):
    """Deleted by whoever wrote it."""

    key: str
    at: float


Scene = Posted | Changed | Withdrawn


class Script(NamedTuple):
    """All that is said and done at the council's account."""

    past: tuple[Scene, ...] = ()
    live: tuple[Scene, ...] = ()
