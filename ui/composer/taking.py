"""Taking pictures into the inbox's own folder, beside the window's own thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtGui import QImage

from inbox.errors import PostroomError
from inbox.model import Media
from inbox.tasks import Tasks
from ui.composer.draft import Picture
from ui.composer.pictures import keep_file, keep_image
from ui.composer.state import ComposerState
from ui.composer.strip import accepted


class Taking(QObject):
    """``taken(state)`` when a picture was added to a state, ``failed(error)`` when it could not."""

    taken = Signal(object)
    failed = Signal(object)

    def __init__(self, home: Path, tasks: Tasks) -> None:
        super().__init__()
        self._home = home
        self._tasks = tasks
        # Not qasync's own pool: its QThreads abort the process when the loop is not closed in good order.
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")

    def take(self, sources: list[str] | list[QImage], state: ComposerState) -> None:
        """Take files by their paths, or a picture that was pasted, into this state."""
        for source in sources:
            self._tasks.start(self._take(source, state), name="composer picture")

    async def _take(self, source: str | QImage, state: ComposerState) -> None:
        def keep() -> Media:
            return keep_image(source, self._home) if isinstance(source, QImage) else keep_file(Path(source), self._home)

        try:
            media = await asyncio.get_running_loop().run_in_executor(self._worker, keep)
        except PostroomError as error:
            self.failed.emit(error)
            return
        state.pictures.append(Picture(media=media))
        state.alt_asked = False
        self.taken.emit(state)


def carried(dropped: QMimeData) -> list[str] | list[QImage]:
    """The pictures that something dropped here carries: files, else one picture; else nothing."""
    if paths := accepted([u.toLocalFile() for u in dropped.urls()]):
        return paths
    return [QImage(dropped.imageData())] if dropped.hasImage() else []
