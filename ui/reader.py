"""What the window reads with: a connection for quick pages on its own thread, and one on a thread for slow things."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from inbox.store.database import FILE_NAME, open_reader

T = TypeVar("T")


class Reader:
    """Read-only access to the inbox file, while the engine writes."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE_NAME
        self.connection = open_reader(self._path)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="reader")
        self._slow: sqlite3.Connection | None = None

    async def slowly(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """The result of ``read`` on the reader thread; reads queue there one after the other."""
        import asyncio  # here: the first page is shown without it

        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, read)

    def interrupt(self) -> None:
        """Give up the slow read under way (it raises sqlite3.OperationalError): a newer question has come."""
        if self._slow is not None:
            self._slow.interrupt()

    def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        if self._slow is None:
            self._slow = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        return read(self._slow)

    def close(self) -> None:
        """Let go of both connections."""
        self.interrupt()
        self._thread.shutdown(wait=True)
        if self._slow is not None:
            self._slow.close()
        self.connection.close()
