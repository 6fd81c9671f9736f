"""The only maker of asyncio tasks: keeps each one referred to until it ends, and says when one failed.

A waiting task that nobody refers to may be collected (python.org, asyncio.create_task, "Important"), and its error
appears only then; so every task of the house is started here.

asyncio is imported with the first task: the window is painted before there is one, a tenth sooner for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio


class Tasks:
    """A keeper of tasks that belong together and end together."""

    def __init__(self, on_error: Callable[[BaseException], None]) -> None:
        self._on_error = on_error
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Start ``work`` in the running loop; an error that nobody awaits goes to ``on_error``."""
        import asyncio

        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_error(error)

    async def settle(self) -> None:
        """Wait until nothing started here is running (tests, and an orderly end)."""
        import asyncio

        while self._running:
            await asyncio.wait(set(self._running))

    async def cancel(self, *, within_s: float = 5.0) -> None:
        """Cancel all and wait for them, at most ``within_s`` seconds."""
        import asyncio

        for task in self._running:
            task.cancel()
        if self._running:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(within_s):
                    await asyncio.wait(set(self._running))

    def __len__(self) -> int:
        return len(self._running)
