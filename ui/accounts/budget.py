"""The officer's monthly ceiling for a network that costs money."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QWidget

from inbox.metering import MICRO, Use
from ui.theme import GAP
from ui.widgets.form import button, words


class Budget(QWidget):
    """``wanted(allowance, amount)``: a new ceiling, in millionths of a dollar."""

    wanted = Signal(str, object)  # a month's money does not fit Qt's int

    def __init__(self) -> None:
        super().__init__()
        self._use: Use | None = None
        self.amount = QDoubleSpinBox()
        self.amount.setRange(0, 100_000)
        self.amount.setDecimals(2)
        self.amount.setPrefix("$")
        self.amount.setGroupSeparatorShown(True)
        self.keep = button(self.tr("Set the budget"))
        self.keep.clicked.connect(self._keep)
        self._label = words(self.tr("At most in a month"), "text-2", wrap=False)
        self._label.setBuddy(self.amount)
        self.amount.setAccessibleName(self._label.text())
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
        if use is not None and new and not self.amount.hasFocus():
            self.amount.setValue((use.limit or 0) / MICRO)

    def _keep(self) -> None:
        if self._use is not None:
            self.wanted.emit(self._use.allowance.name, round(self.amount.value() * 100) * (MICRO // 100))
