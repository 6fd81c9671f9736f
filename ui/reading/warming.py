"""What the first conversation of a session would have to wait for, done beforehand: a few ms in each turn of the loop,
once the window is painted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

AFTER_MS = 150
"""The window is painted by then."""
AT_ONCE = 4
"""Widgets that are dressed in one turn of the loop."""


class Warming(QObject):
    """Dresses ``widgets``, then calls ``make`` for as long as it returns that there was something to be made."""

    def __init__(self, widgets: Iterable[QWidget], make: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._widgets, self._make = list(widgets), make
        self._begun = False
        self._timer = QTimer(self, singleShot=True, interval=AFTER_MS)
        self._timer.timeout.connect(self._go_on)

    def start(self) -> None:
        """Begin soon; once."""
        if not self._begun:
            self._begun = True
            self._timer.start()

    def stop(self) -> None:
        """Leave it at what is done."""
        self._timer.stop()

    def _go_on(self) -> None:
        if self._widgets:
            for widget in self._widgets[:AT_ONCE]:
                widget.ensurePolished()
            del self._widgets[:AT_ONCE]
        elif not self._make():
            return
        self._timer.start(0)
