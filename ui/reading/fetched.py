"""Pictures for cards: fetched by the engine, decoded and scaled off the GUI thread, a few at a time.

What comes by itself is only what its connector named as coming from a host the account trusts anyway (a preview, an
emoji); everything else waits until somebody asks. Offline or refused, the box says so; nothing is announced.
"""

from __future__ import annotations

import asyncio
import functools
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageReader

from inbox.engine import Engine
from inbox.errors import PostroomError
from inbox.tasks import Tasks
from ui.reader import Reader
from ui.reading.cards import MessageCard
from ui.reading.emoji import NOTHING, as_data

WIDEST_PX = 960
"""Twice the width of a picture's box: sharp on dense screens."""
EMOJI_PX = 64
AT_ONCE = 3
AGAIN_AFTER_S = 300.0
"""An address that failed is left alone for so long."""
MOST_EMOJI = 2_000


class Fetched:
    """Fills the cards it is shown. ``emojis`` is what the cards read: address -> the picture itself."""

    def __init__(self, engine: Engine, reader: Reader, tasks: Tasks, emojis: dict[str, str]) -> None:
        self._engine, self._reader, self._tasks, self._emojis = engine, reader, tasks, emojis
        self._waiting: deque[tuple[str, int, Callable[[QImage | None], None]]] = deque()
        self._listeners: dict[str, list[MessageCard]] = {}
        self._running = 0
        self._failed: dict[str, float] = {}

    def fill(self, card: MessageCard) -> None:
        """Fetch what this card shows by itself."""
        for url in card.fetches:
            if self._lately_failed(url):
                card.no_picture(url, "The picture is not here.")
            else:
                self._want(url, WIDEST_PX, functools.partial(_put, card, card.filling, url))
        fresh = [url for url in card.emoji_urls if not self._lately_failed(url)]
        for url in fresh:
            self._listeners.setdefault(url, []).append(card)
            if len(self._listeners[url]) == 1:
                self._want(url, EMOJI_PX, functools.partial(self._emoji_came, url))
        if fresh:
            self._emojis.update({url: NOTHING for url in fresh if not self._emojis.get(url)})
            card.draw_emoji()

    def forget(self) -> None:
        """Another conversation is shown: what still waits is not wanted any more."""
        self._waiting.clear()
        for url in self._listeners:
            if self._emojis.get(url) == NOTHING:
                del self._emojis[url]
        self._listeners.clear()

    async def asked(self, card: MessageCard, url: str) -> None:
        """Fetch what somebody asked for. Raises the engine's errors."""
        filling = card.filling
        file = await asyncio.wrap_future(self._engine.picture(url))
        picture = await self._reader.slowly(lambda _: decoded(file, WIDEST_PX // 2))
        if not picture.isNull():
            _put(card, filling, url, picture)

    def _lately_failed(self, url: str) -> bool:
        return time.monotonic() - self._failed.get(url, -AGAIN_AFTER_S) < AGAIN_AFTER_S

    def _want(self, url: str, width_px: int, done: Callable[[QImage | None], None]) -> None:
        self._waiting.append((url, width_px, done))
        if self._running < AT_ONCE:
            self._running += 1
            self._tasks.start(self._work(), name="pictures")

    async def _work(self) -> None:
        try:
            while self._waiting:
                url, width_px, done = self._waiting.popleft()
                done(await self._one(url, width_px))
        finally:
            self._running -= 1

    async def _one(self, url: str, width_px: int) -> QImage | None:
        try:
            file = await asyncio.wrap_future(self._engine.picture(url, asked=False))
        except PostroomError:  # nobody asked, so nobody is told; the box says it
            self._failed[url] = time.monotonic()
            return None
        picture = await self._reader.slowly(lambda _: decoded(file, width_px))
        if picture.isNull():
            self._failed[url] = time.monotonic()
        return None if picture.isNull() else picture

    def _emoji_came(self, url: str, image: QImage | None) -> None:
        cards = self._listeners.pop(url, [])
        if image is None:
            self._emojis.pop(url, None)  # its code stands there instead
        else:
            while len(self._emojis) >= MOST_EMOJI:
                del self._emojis[next(iter(self._emojis))]
            self._emojis[url] = as_data(_png(image))
        for card in cards:
            if _alive(card):
                card.draw_emoji()


def decoded(file: Path, width_px: int) -> QImage:
    """The picture in the file, turned upright, at most so wide; null when it cannot be read. For a worker thread."""
    reader = QImageReader(str(file))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and size.width() > width_px:
        reader.setScaledSize(size.scaled(width_px, width_px * 4, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def _png(image: QImage) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(data.data())


def _put(card: MessageCard, filling: object, url: str, image: QImage | None) -> None:
    if not _alive(card) or card.filling is not filling:  # it shows another message by now
        return
    if image is None:
        card.no_picture(url, "The picture is not here.")
    else:
        card.show_picture(url, image)


def _alive(card: MessageCard) -> bool:
    """Whether Qt still has it: a card may be gone by the time its picture comes."""
    from shiboken6 import isValid

    return isValid(card)
