"""Drafts of posts: where they lie, and keeping the one that is being written."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import Future

from PySide6.QtCore import QObject, Signal

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.store import outbox
from inbox.tasks import Tasks
from ui.composer.state import PLACE, ComposerState

MOST_DRAFTS = 9


class Drafts(QObject):
    """Keeps the draft at ``place``. ``saved`` when it is on disk, ``failed(error)`` when it is only in the window."""

    saved = Signal()
    failed = Signal(object)

    def __init__(self, engine: Engine, tasks: Tasks) -> None:
        super().__init__()
        self._engine = engine
        self._tasks = tasks
        self.place = PLACE
        self._kept = ""
        self._asked: Future[None] | None = None

    def begin(self, place: str, body: str) -> None:
        """Go on at ``place``, where ``body`` lies."""
        self.place, self._kept = place, body

    def keep(self, state: ComposerState) -> None:
        """Keep it now, if it changed."""
        body = state.saved()
        if body == self._kept:
            return
        self._kept = body
        # Asked at once and not when the task gets its turn: the program may be ending.
        asked = self._engine.save_draft(self.place, body)
        self._asked = asked
        self._tasks.start(self._wait(self.place, asked), name="composer draft")

    @property
    def on_its_way(self) -> bool:
        """Whether the last that was to be kept is not in the store yet."""
        return self._asked is not None and not self._asked.done()

    async def _wait(self, place: str, asked: Future[None]) -> None:
        try:
            await asyncio.wrap_future(asked)
        except PostroomError as error:
            self._kept = ""  # so that the next pause tries again
            self.failed.emit(error)
            return
        if place == self.place:
            self.saved.emit()


def first(connection: sqlite3.Connection) -> tuple[str, str]:
    """The place and body of a new post that was left, or of none."""
    found = ((place, outbox.draft(connection, place)) for place in places())
    return next(((p, b) for p, b in found if b), (PLACE, ""))


def free(connection: sqlite3.Connection, *, held: str = "") -> str:
    """A place where no draft lies; not ``held``, whose draft may still be on its way there."""
    empty = (p for p in places() if p != held and not outbox.draft(connection, p))
    return next(empty, places()[-1])


def places() -> list[str]:
    """Where drafts of new posts may lie, in the order in which they are offered again."""
    return [PLACE, *(f"{PLACE}-{n}" for n in range(2, MOST_DRAFTS + 1))]
