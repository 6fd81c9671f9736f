"""Reads the whole file once, beside the work (docs/decisions/0001)."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

from inbox.engine import Engine
from inbox.errors import StoreDamaged
from inbox.store.database import FILE_NAME, damage

if TYPE_CHECKING:
    from ui.window import Window

CHECK_AFTER_S = 5.0


async def check_file(engine: Engine, window: Window) -> None:
    """Once the start is over; a damaged file stops fetching and sending, and the window says so."""
    await asyncio.sleep(CHECK_AFTER_S)
    answer: Future[str] = Future()
    path = engine.home / FILE_NAME
    # A daemon, so that closing the window never waits for a large file to be read to its end.
    Thread(target=lambda: answer.set_result(damage(path, patiently=True)), name="file check", daemon=True).start()
    found = await asyncio.wrap_future(answer)
    if found:
        await asyncio.wrap_future(engine.pause(True))
        window.show_error(StoreDamaged(found))
