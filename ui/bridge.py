"""Changes of the engine, as one Qt signal on the window's thread."""

from __future__ import annotations

import threading

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from inbox.events import Bus, Changed

GATHER_MS = 50
"""Changes that come within this are told as one: a back-fill is not a thousand repaints."""


class Bridge(QObject):
    """Emits ``changed(Changed)``; the engine's thread only adds to what is waiting, it never touches a widget."""

    changed = Signal(object)
    failed = Signal(object)  # may be emitted on any thread; Qt brings it to the window's
    _arrived = Signal()

    def __init__(self, bus: Bus, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting = Changed()
        self._lock = threading.Lock()
        self._timer = QTimer(self, singleShot=True, interval=GATHER_MS)
        self._timer.timeout.connect(self._tell)
        self._arrived.connect(self._start, Qt.ConnectionType.QueuedConnection)
        self._unsubscribe = bus.subscribe(self._hear)

    def close(self) -> None:
        """Tell nothing any more, not even what was gathered."""
        self._unsubscribe()
        self._timer.stop()
        self.blockSignals(True)

    def _hear(self, changed: Changed) -> None:
        with self._lock:
            first = not self._waiting
            self._waiting = self._waiting | changed
        if first:
            self._arrived.emit()

    def _start(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _tell(self) -> None:
        with self._lock:
            changed, self._waiting = self._waiting, Changed()
        if changed:
            self.changed.emit(changed)
