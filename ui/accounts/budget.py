"""The officer's own ceiling: for what a network may cost, or for the calls that it grants."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from inbox.metering import MICRO, Unit, Use
from ui.theme import GAP
from ui.widgets.form import button, words

_AMOUNT = QRegularExpression(r"\d{1,6}([.,]\d{1,2})?")


class Budget(QWidget):
    """``wanted(allowance, amount)``: a new ceiling, in the allowance's unit: millionths of a dollar, or calls."""

    wanted = Signal(str, object)  # a month's money does not fit Qt's int

    def __init__(self) -> None:
        super().__init__()
        self._use: Use | None = None
        self.amount = QLineEdit()
        self.amount.setValidator(QRegularExpressionValidator(_AMOUNT, self))
        self.amount.setMaximumWidth(self.amount.fontMetrics().averageCharWidth() * 14)
        self.amount.returnPressed.connect(self._keep)
        self.keep = button(self.tr("Set the limit"))
        self.keep.clicked.connect(self._keep)
        self.amount.textChanged.connect(lambda _: self.keep.setEnabled(self.amount.hasAcceptableInput()))
        self._label = words("", "text-2", wrap=False)
        self._label.setBuddy(self.amount)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GAP)
        for part in (self._label, self.amount, self.keep):
            row.addWidget(part)
        row.addStretch(1)
        self.hide()

    def show_use(self, use: Use | None) -> None:
        """Offer to change this ceiling; what is being typed is not overwritten."""
        new = self._use is None or use is None or self._use.limit != use.limit
        self._use = use
        self.setVisible(use is not None)
        if use is None:
            return
        dollars = use.allowance.unit is Unit.MONEY
        self._label.setText(self.tr("At most, in US dollars") if dollars else self.tr("At most"))
        self.amount.setAccessibleName(f"{self._label.text()}: {use.allowance.title}")
        if new and not self.amount.hasFocus():
            self.amount.setText(f"{Decimal(use.limit or 0) / MICRO:.2f}" if dollars else str(use.limit or 0))

    def _keep(self) -> None:
        if self._use is not None and self.amount.hasAcceptableInput():
            typed = Decimal(self.amount.text().replace(",", "."))
            allowance = self._use.allowance
            self.wanted.emit(allowance.name, int(typed * MICRO) if allowance.unit is Unit.MONEY else int(typed))
