"""Practice in the window: the stripe that says so, the clock's buttons, and signing in to the town."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from inbox.engine import Engine
from ui.theme import Theme, line_height
from ui.widgets.text import Elided

if TYPE_CHECKING:  # its servers are slow to import, and only practice needs them
    from inbox.practice.town import Town

SPEEDS = (60.0, 240.0, 20.0)


async def sign_in_to(town: Town, engine: Engine) -> None:
    """Give the engine the town's accounts, through the same door as any other."""
    import asyncio  # here: the list is painted without it

    for network, address, answers in town.sign_ins():
        discovery = await asyncio.wrap_future(engine.discover(network, address))
        account = await asyncio.wrap_future(engine.sign_in(discovery, answers))
        if (budget := town.budgets.get(network)) is not None:
            await asyncio.wrap_future(engine.set_budget(account.id, *budget))


class PracticeStripe(QWidget):
    """Says PRACTICE across the window and holds the town's clock. ``leave``: connect something real."""

    leave = Signal()

    def __init__(self, town: Town, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._town, self._theme = town, theme
        self._speed = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(12)
        word = QLabel(self.tr("PRACTICE"))
        word.setProperty("role", "practice")
        self._words = Elided()
        self._words.setProperty("role", "text-2")
        self._stop = QPushButton()
        self._step = QPushButton(self.tr("Next event"))
        self._faster = QPushButton()
        self._real = QPushButton(self.tr("Connect something real …"))
        self._stop.clicked.connect(self.toggle)
        self._step.clicked.connect(lambda: self._town.step())
        self._faster.clicked.connect(self._next_speed)
        self._real.clicked.connect(self.leave)
        row.addWidget(word)
        row.addWidget(self._words, 1)
        self._buttons = (self._stop, self._step, self._faster, self._real)
        for button in self._buttons:
            row.addWidget(button)
        self._timer = QTimer(self, interval=1000)
        self._timer.timeout.connect(self._say)
        self._timer.start()
        self.setAccessibleName(self.tr("Practice: an invented town. Nothing leaves this machine."))
        self._say()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Large text in a narrow window: what can best be done without gives way, and nothing is cut off."""
        super().resizeEvent(event)
        left = self.width() - round(12 * line_height(self.font()))  # for the word and the beginning of the sentence
        for button in (self._stop, self._real, self._step, self._faster):
            left -= button.sizeHint().width() + 12
            button.setVisible(left >= 0)

    def toggle(self) -> None:
        """Stop the town's clock, or let it go on."""
        if self._town.clock.running:
            self._town.clock.stop()
        else:
            self._town.clock.go()
        self._say()

    def _next_speed(self) -> None:
        self._speed = (self._speed + 1) % len(SPEEDS)
        self._town.clock.speed = SPEEDS[self._speed]
        self._say()

    def _say(self) -> None:
        running = self._town.clock.running
        self._stop.setText(self.tr("Stop the clock") if running else self.tr("Start the clock"))
        self._faster.setText(self.tr("Speed {0}×").format(int(SPEEDS[self._speed])))
        state = self.tr("Its people write while you watch.") if running else self.tr("Its clock is stopped.")
        self._words.setText(self.tr("An invented town: nothing leaves this machine. {0}").format(state))

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(self._theme.tokens.surface))
        colour = QColor(self._theme.tokens.practice)
        # Stripes along the lower edge: a pattern, not only a colour, says that this is practice.
        band = QRectF(0, self.height() - 4, self.width(), 4)
        painter.setClipRect(band)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        x = -8
        while x < self.width():
            painter.save()
            painter.translate(x, band.top())
            painter.shear(-1.0, 0)
            painter.drawRect(QRectF(4, 0, 8, 4))
            painter.restore()
            x += 16
        painter.end()
