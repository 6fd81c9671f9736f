"""The deliveries of one update: what it says once, how they stand together, and below that each channel's fate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from inbox.model import UpdateId
from ui.outbox.row import DeliveryRow
from ui.outbox.standing import Deed, fate_words, first_words, together
from ui.theme import GAP
from ui.widgets.flow import FlowLayout
from ui.widgets.form import button, heading, line, words


class UpdateGroup(QFrame):
    """``wanted(update id, Deed)``: something is to be done with all of them. With one row it is only that row."""

    wanted = Signal(int, str)

    def __init__(self, update_id: UpdateId) -> None:
        super().__init__()
        self.update_id = update_id
        self.rows: list[DeliveryRow] = []
        self.title = heading("", 100)
        self.fate = words("", "text-3", percent=92)
        self.buttons: dict[Deed, QPushButton] = {}
        self._head = QWidget()
        deeds = FlowLayout(spacing=2 * GAP)
        for deed, said in ((Deed.UNDO, self.tr("Take all back")), (Deed.SEND_NOW, self.tr("Send all now"))):
            made = self.buttons[deed] = button(said, "quiet")
            made.clicked.connect(lambda _=False, d=deed: self.wanted.emit(self.update_id, d))
            deeds.addWidget(made)
        top = QVBoxLayout(self._head)
        top.setContentsMargins(0, 0, 0, 0)
        top.setSpacing(GAP)
        top.addWidget(self.title)
        top.addWidget(self.fate)
        top.addLayout(deeds)
        self._below = QVBoxLayout()
        self._below.setSpacing(0)
        column = self._column = QVBoxLayout(self)
        column.setSpacing(GAP)
        column.addWidget(self._head)
        column.addLayout(self._below)

    def show_rows(self, rows: Sequence[DeliveryRow]) -> None:
        """Show these, in this order; rows that stay are not moved."""
        if list(rows) == self.rows:
            return
        self.rows = list(rows)
        several = len(rows) > 1
        while self._below.count():
            item = self._below.takeAt(0)
            if item is not None and (widget := item.widget()) is not None and not isinstance(widget, DeliveryRow):
                widget.hide()
                widget.deleteLater()
        said = first_words(rows[0].delivery) if rows else ""
        for row in rows:
            if several:
                self._below.addWidget(line())
            self._below.addWidget(row)
            row.show_among(said if several else None)
            row.show()  # not only at the next turn of the loop, as a layout does: it may be given the focus now
        self.setProperty("role", "card" if several else "part")
        self.style().unpolish(self)
        self.style().polish(self)
        side = 3 * GAP if several else 0
        self._column.setContentsMargins(side, 2 * GAP if several else 0, side, GAP if several else 0)
        self._head.setVisible(several)
        self.title.setText(said)

    def show_together(self) -> None:
        """Say again how they stand together."""
        deliveries = [row.delivery for row in self.rows]
        if len(deliveries) < 2:
            return
        self.fate.setText(fate_words(deliveries))
        self.setAccessibleName(f"{self.title.text()}: {self.fate.text()}")
        possible = together(deliveries)
        for deed, made in self.buttons.items():
            made.setVisible(deed in possible)
            made.setAccessibleName(f"{made.text()}: {self.title.text()}")

    def controls(self) -> Iterator[QPushButton]:
        """Every button that can be pressed, in reading order."""
        if len(self.rows) > 1:
            yield from (b for b in self.buttons.values() if not b.isHidden())
        for row in self.rows:
            yield from (b for b in row.buttons.values() if not b.isHidden())
