"""One delivery as a row: where, what, how it stands, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from inbox.model import Delivery, UpdateKind
from ui.outbox.standing import Deed, Mark, Standing, first_words
from ui.theme import GAP, line_height
from ui.widgets.flow import FlowLayout
from ui.widgets.form import button, heading, words
from ui.widgets.glyph import Glyph
from ui.widgets.text import Elided


class StateMark(QWidget):
    """The sign of a state, painted in the colour of the text."""

    def __init__(self) -> None:
        super().__init__()
        self.mark = Mark.WAITING
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_mark(self, mark: Mark) -> None:
        """Be this sign."""
        self.mark = mark
        self.update()

    def sizeHint(self) -> QSize:
        side = round(line_height(self.font()))
        return QSize(side, side)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = min(self.width(), self.height()) - 3.0
        painter.translate((self.width() - side) / 2, (self.height() - side) / 2)
        pen = QPen(self.palette().color(QPalette.ColorRole.WindowText), max(side / 10, 1.4))
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        painter.setPen(pen)

        def stroke(*points: tuple[float, float]) -> None:
            painter.drawPolyline(QPolygonF([QPointF(x * side, y * side) for x, y in points]))

        match self.mark:
            case Mark.SENDING:
                stroke((0.1, 0.5), (0.9, 0.5))
                stroke((0.6, 0.2), (0.9, 0.5), (0.6, 0.8))
            case Mark.SENT:
                stroke((0.1, 0.55), (0.38, 0.82), (0.9, 0.2))
            case Mark.REFUSED:
                stroke((0.18, 0.18), (0.82, 0.82))
                stroke((0.82, 0.18), (0.18, 0.82))
            case Mark.LOCKED:
                painter.drawRoundedRect(QRectF(side * 0.15, side * 0.45, side * 0.7, side * 0.5), 2, 2)
                painter.drawArc(QRectF(side * 0.28, side * 0.05, side * 0.44, side * 0.75), 0, 180 * 16)
            case Mark.BY_HAND:  # a page, and an arrow that leads out of it
                stroke((0.45, 0.12), (0.1, 0.12), (0.1, 0.9), (0.88, 0.9), (0.88, 0.55))
                stroke((0.42, 0.58), (0.9, 0.1))
                stroke((0.6, 0.1), (0.9, 0.1), (0.9, 0.4))
            case Mark.UNKNOWN:
                stroke((0.28, 0.3), (0.34, 0.14), (0.5, 0.08), (0.68, 0.16), (0.72, 0.32), (0.52, 0.5), (0.5, 0.66))
                stroke((0.5, 0.9), (0.5, 0.91))
            case Mark.SCHEDULED:
                painter.drawRoundedRect(QRectF(side * 0.08, side * 0.15, side * 0.84, side * 0.8), 2, 2)
                stroke((0.08, 0.42), (0.92, 0.42))
                stroke((0.32, 0.02), (0.32, 0.24))
                stroke((0.68, 0.02), (0.68, 0.24))
            case Mark.WAITING:
                painter.drawEllipse(QRectF(side * 0.06, side * 0.06, side * 0.88, side * 0.88))
                stroke((0.5, 0.25), (0.5, 0.52), (0.68, 0.64))
        painter.end()


class DeliveryRow(QFrame):
    """``wanted(delivery id, Deed)`` when a button is pressed. Showing the same row again keeps the focus."""

    wanted = Signal(int, str)

    def __init__(self, delivery: Delivery, network: str, channel_title: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.delivery = delivery
        self.standing: Standing | None = None
        self._url = ""
        self.place = channel_title
        self.buttons: dict[Deed, QPushButton] = {}
        reply = delivery.rendition.kind is UpdateKind.REPLY
        self._what = self.tr("Reply on {0}") if reply else self.tr("Post to {0}")
        self._where = heading(self._what.format(channel_title), 100)
        self._said = words(first_words(delivery), "text-2")
        self._mark = StateMark()
        self._chip = words("", "chip", percent=92, wrap=False)
        self._reason = words("", "text-2", percent=92)
        self._hint = words("", "text-3", percent=92)
        self._address = Elided()
        self._address.setProperty("role", "text-3")
        self._address.set_size(92)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP)
        head.addWidget(Glyph(network), 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._where, 1)
        head.addWidget(self._mark, 0, Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        self._foot = FlowLayout(spacing=2 * GAP)  # in a narrow window, or at large text, in several lines
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 2 * GAP, 3 * GAP, 2 * GAP)
        column.setSpacing(GAP)
        column.addLayout(head)
        for part in (self._said, self._address, self._reason, self._hint):
            column.addWidget(part)
        column.addSpacing(GAP)
        column.addLayout(self._foot)

    def show_among(self, said: str | None) -> None:
        """Stand alone as a card, or among others below ``said``, what their update says."""
        role = "card" if said is None else "part"
        if self.property("role") != role:
            self.setProperty("role", role)
            self.style().unpolish(self)
            self.style().polish(self)
            side = 3 * GAP if said is None else 0
            self._column.setContentsMargins(side, 2 * GAP, side, 2 * GAP)
        self._where.setText(self._what.format(self.place) if said is None else self.place)
        self._said.setVisible(first_words(self.delivery) != said)

    def show_standing(self, delivery: Delivery, standing: Standing) -> None:
        """Show how it stands now."""
        self.delivery = delivery
        if (standing, delivery.url) == (self.standing, self._url):
            return
        self._url = delivery.url
        before, self.standing = self.standing, standing
        self._chip.setText(standing.words)
        if before is None or before.tone != standing.tone:
            self._chip.setProperty("role", standing.tone)
            self._chip.style().unpolish(self._chip)
            self._chip.style().polish(self._chip)
        self._mark.show_mark(standing.mark)
        address = delivery.url.partition("://")[2].rstrip("/")
        said = ((self._reason, standing.reason), (self._hint, standing.hint), (self._address, address))
        for label, text in said:
            label.setText(text)
            label.setVisible(bool(text))
        self.setAccessibleName(f"{self._what.format(self.place)}: {standing.words}. {first_words(delivery)}")
        if before is None or before.deeds != standing.deeds:
            self._show_deeds(standing.deeds)

    def _show_deeds(self, deeds: tuple[Deed, ...]) -> None:
        had_focus = next((d for d, b in self.buttons.items() if b.hasFocus()), None)
        for number, deed in enumerate(deeds):
            if deed not in self.buttons:
                made = button(self._on_button(deed), "" if number == 0 else "quiet")
                made.setAccessibleName(f"{self._on_button(deed)}: {self._what.format(self.place)}")
                made.setAccessibleDescription(first_words(self.delivery))
                made.setObjectName(deed)
                made.clicked.connect(lambda _=False, d=deed: self.wanted.emit(self.delivery.id, d))
                self.buttons[deed] = made
            self._foot.removeWidget(self.buttons[deed])
            self._foot.addWidget(self.buttons[deed])
            self.buttons[deed].show()
        if had_focus is not None and had_focus not in deeds and deeds:
            self.buttons[deeds[0]].setFocus(Qt.FocusReason.OtherFocusReason)
        for deed, old in self.buttons.items():
            if deed not in deeds:
                old.hide()

    def _on_button(self, deed: Deed) -> str:
        return {
            Deed.UNDO: self.tr("Undo"),
            Deed.OPEN: self.tr("Open"),
            Deed.COPY: self.tr("Copy the address"),
            Deed.EDIT: self.tr("Edit and send again"),
            Deed.SEND_NOW: self.tr("Send now"),
            Deed.SEND_AGAIN: self.tr("Send again as it is"),
            Deed.LOOK_AGAIN: self.tr("Look again"),
            Deed.IS_THERE: self.tr("It is there"),
            Deed.IS_NOT_THERE: self.tr("It is not there, send it"),
            Deed.SIGN_IN: self.tr("Sign in again"),
            Deed.CARRY: self.tr("Copy the text and open the page"),
            Deed.PICTURES: self.tr("Copy the pictures"),
            Deed.DONE: self.tr("It is there"),
            Deed.TAKE_BACK: self.tr("Take back"),
        }[deed]
