"""One short word of success at the bottom, with an undo. Errors are never toasts."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from ui.widgets.banner import announce

SHOWN_MS = 6000


class Toast(QFrame):
    """Lies over its parent, at the foot of the pane ``over``. ``undo`` when asked for."""

    undo = Signal()

    def __init__(self, parent: QWidget, over: QWidget) -> None:
        super().__init__(parent)
        self._parent, self._over = parent, over
        self.setProperty("role", "toast")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(12)
        self._words = QLabel()
        self._words.setTextFormat(Qt.TextFormat.PlainText)
        self._undo = QPushButton(self.tr("Undo  z"))
        self._undo.setAccessibleName(self.tr("Undo"))
        self._undo.clicked.connect(self.undo)
        self._undo.clicked.connect(self.hide)
        row.addWidget(self._words)
        row.addWidget(self._undo)
        self._timer = QTimer(self, singleShot=True, interval=SHOWN_MS)
        self._timer.timeout.connect(self._fade)
        parent.installEventFilter(self)
        self.hide()

    def say(self, words: str, *, undo: bool = True) -> None:
        """Show this for six seconds, in place of what was shown."""
        self._words.setText(words)
        self._undo.setVisible(undo)
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start()
        announce(self, words + (self.tr(", undo with z") if undo else ""))

    def _fade(self) -> None:
        if self._undo.hasFocus() or self.underMouse():
            self._timer.start()
        else:
            self.hide()

    def _place(self) -> None:
        parent = self._parent
        over = self._over if self._over.isVisible() else parent
        corner = over.mapTo(parent, over.rect().bottomLeft())
        x = corner.x() + (over.width() - self.width()) // 2
        self.move(max(min(x, parent.width() - self.width() - 8), 8), corner.y() - self.height() - 12)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event) -> None:  # type: ignore[no-untyped-def]
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
