"""The officer's monthly ceiling for a network that costs money."""

from __future__ import annotations

from decimal import Decimal

from PySide6.QtCore import QRegularExpression, Signal
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from inbox.metering import MICRO, Use
from ui.theme import GAP
from ui.widgets.form import button, words

_AMOUNT = QRegularExpression(r"\d{1,6}([.,]\d{1,2})?")


class Budget(QWidget):
    """``wanted(allowance, amount)``: a new ceiling, in millionths of a dollar."""

    wanted = Signal(str, object)  # a month's money does not fit Qt's int

    def __init__(self) -> None:
        super().__init__()
        self._use: Use | None = None
        self.amount = QLineEdit()
        self.amount.setValidator(QRegularExpressionValidator(_AMOUNT, self))
        self.amount.setMaximumWidth(self.amount.fontMetrics().averageCharWidth() * 14)
        self.amount.returnPressed.connect(self._keep)
        self.keep = button(self.tr("Set the budget"))
        self.keep.clicked.connect(self._keep)
        self.amount.textChanged.connect(lambda _: self.keep.setEnabled(self.amount.hasAcceptableInput()))
        label = words(self.tr("At most in a month, in US dollars"), "text-2", wrap=False)
        label.setBuddy(self.amount)
        self.amount.setAccessibleName(label.text())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GAP)
        for part in (label, self.amount, self.keep):
            row.addWidget(part)
        row.addStretch(1)
        self.hide()

    def show_use(self, use: Use | None) -> None:
        """Offer to change this ceiling; what is being typed is not overwritten."""
        new = self._use is None or use is None or self._use.limit != use.limit
        self._use = use
        self.setVisible(use is not None)
        if use is not None and new and not self.amount.hasFocus():
            self.amount.setText(f"{Decimal(use.limit or 0) / MICRO:.2f}")

    def _keep(self) -> None:
        if self._use is not None and self.amount.hasAcceptableInput():
            amount = int(Decimal(self.amount.text().replace(",", ".")) * MICRO)
            self.wanted.emit(self._use.allowance.name, amount)
