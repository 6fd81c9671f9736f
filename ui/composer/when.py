"""Now, or at a time of the officer's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDateTime, QPointF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QTextCharFormat
from PySide6.QtWidgets import QButtonGroup, QDateTimeEdit, QHBoxLayout, QVBoxLayout, QWidget

from inbox.clock import Clock
from ui.theme import GAP
from ui.widgets.form import describe, words
from ui.widgets.tick import Choice


class TimeEdit(QDateTimeEdit):
    """Day and time of day, section by section with the arrow keys, or from a calendar (F4)."""

    def __init__(self) -> None:
        super().__init__()
        self.setCalendarPopup(True)
        self.setDisplayFormat("ddd d MMM yyyy  HH:mm")
        # Under a style sheet Qt draws the button as a grey step over our edge; so it draws none, and we the arrow.
        self.setStyleSheet("::drop-down { subcontrol-origin: border; width: 28px; border: none; }")
        plain = QTextCharFormat()  # weekends are red by default, which cannot be read on a dark ground
        for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self.calendarWidget().setWeekdayTextFormat(day, plain)
        self.calendarWidget().setAccessibleName(self.tr("Calendar"))

    def sizeHint(self) -> QSize:
        return super().sizeHint() + QSize(16, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(self.palette().color(QPalette.ColorRole.Text), 1.6)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        x, y = self.width() - 16.0, self.height() / 2
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)]))
        painter.end()


class When(QWidget):
    """``changed`` when another moment is chosen. ``moment``: aware UTC, ``None`` for now."""

    changed = Signal()

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        label = words(self.tr("When"), wrap=False)
        self.now = Choice(self.tr("Now"))
        self.later = Choice(self.tr("At a time"))
        self._group = QButtonGroup(self)
        self._group.addButton(self.now)
        self._group.addButton(self.later)
        self.now.setChecked(True)
        describe(self.now, self.tr("When: now"))
        describe(self.later, self.tr("When: at a time"))
        self.time = TimeEdit()
        describe(self.time, self.tr("Publish at, in your local time"))
        label.setBuddy(self.now)
        self.note = words("", "text-3", percent=92)
        row = QHBoxLayout()
        row.setSpacing(3 * GAP)
        for part in (label, self.now, self.later):
            row.addWidget(part)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addLayout(row)
        column.addWidget(self.time, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.note)
        self.show_moment(None)
        self.later.toggled.connect(self._toggled)
        self.time.dateTimeChanged.connect(lambda _: self.changed.emit())

    @property
    def moment(self) -> datetime | None:
        """What is chosen."""
        if self.now.isChecked():
            return None
        return datetime.fromtimestamp(self.time.dateTime().toSecsSinceEpoch(), UTC)

    def show_moment(self, moment: datetime | None) -> None:
        """Show a moment without saying that it changed."""
        for part in (self, self.later, self.time):
            part.blockSignals(True)
        at = moment or self._next_hour()
        self.time.setDateTime(QDateTime.fromSecsSinceEpoch(round(at.timestamp())))
        (self.now if moment is None else self.later).setChecked(True)
        self.time.setVisible(moment is not None)
        for part in (self, self.later, self.time):
            part.blockSignals(False)

    def show_note(self, note: str) -> None:
        """What is to be said about the time, while one is chosen."""
        self.note.setText(note)
        self.note.setVisible(bool(note) and self.later.isChecked())
        self.time.setAccessibleDescription(note)

    def take_focus(self) -> None:
        """Go to the time."""
        (self.time if self.later.isChecked() else self.now).setFocus(Qt.FocusReason.OtherFocusReason)

    def _toggled(self, later: bool) -> None:
        self.time.setVisible(later)
        if later and self.moment is not None and self.moment < self._clock.now():
            self.time.setDateTime(QDateTime.fromSecsSinceEpoch(round(self._next_hour().timestamp())))
        self.changed.emit()

    def _next_hour(self) -> datetime:
        soon = self._clock.now() + timedelta(hours=1, minutes=5)
        return soon.replace(minute=0, second=0, microsecond=0)
