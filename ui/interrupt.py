"""Ctrl+C in the terminal that started the window.

Python runs its signal handlers between two of its own instructions, and while Qt waits there are none. So the system's
signal writes a byte to a socket that Qt listens to (docs.python.org, signal.set_wakeup_fd): no timer has to look, and
it is the same on Windows.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier


class Interrupt(QObject):
    """The first Ctrl+C asks for an end in good order; the second ends the program on the spot."""

    def __init__(self) -> None:
        super().__init__()
        self._near, self._far = socket.socketpair()
        self._near.setblocking(False)
        self._far.setblocking(False)
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._heard)
        self._descriptor_before = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._pressed = False
        self._end: Callable[[], object] = lambda: None
        self._before = signal.signal(signal.SIGINT, self._interrupted)

    def call(self, end: Callable[[], object]) -> None:
        """Call ``end`` at the first Ctrl+C; at once if that was while the program was still starting."""
        self._end = end
        if self._pressed:
            end()

    def close(self) -> None:
        """Leave the signal as it was found."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._descriptor_before)
        signal.signal(signal.SIGINT, self._before)
        self._near.close()
        self._far.close()

    def _interrupted(self, _: int, __: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        self._pressed = True
        self._end()

    def _heard(self) -> None:
        """Only to wake Python, which has run the handler by the time this returns."""
        with contextlib.suppress(BlockingIOError):
            self._near.recv(64)
