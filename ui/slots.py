"""A coroutine as a slot: kept referred to, one at a time per owner, its error shown.

``qasync.asyncSlot`` keeps no reference and lets a second click run the same slot twice (house.md, section 9).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from inbox.tasks import Tasks


class HasTasks(Protocol):
    """Whoever has async slots keeps its tasks here."""

    tasks: Tasks


def async_slot(slot: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make ``async def method(self, ...)`` connectable. While one run of it lasts, calling it again does nothing."""
    running = f"_running_{slot.__name__}"

    @functools.wraps(slot)
    def start(self: HasTasks, *values: Any) -> None:
        if getattr(self, running, None) is not None and not getattr(self, running).done():
            return
        wanted = values[: slot.__code__.co_argcount - 1]  # like Qt: surplus signal arguments are dropped
        setattr(self, running, self.tasks.start(slot(self, *wanted), name=slot.__qualname__))

    return start
