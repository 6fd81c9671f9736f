"""The card that says what an account uses up, what runs out and when, and lets the officer set a budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QVBoxLayout

from inbox.metering import Use
from inbox.store.spending import Line
from ui.accounts.budget import Budget
from ui.accounts.health import AccountHealth
from ui.accounts.measures import Measure, of_use, of_validity, spent_on
from ui.theme import GAP
from ui.widgets.form import empty, heading, words

_ROLES = {"danger": "danger", "owed": "owed", "ok": "text-2"}
_MARKS = {"danger": "● ", "owed": "◐ ", "ok": ""}  # colour is never the only sign


class MeasuresCard(QFrame):
    """Hidden while there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.budget = Budget()
        self._shown: list[tuple[Measure, str]] = []
        self._lines = QGridLayout()
        self._lines.setHorizontalSpacing(4 * GAP)
        self._lines.setVerticalSpacing(GAP)
        self._lines.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addWidget(heading(self.tr("Used up, and running out"), 100))
        column.addLayout(self._lines)
        column.addWidget(self.budget)
        self.hide()

    def show_measures(self, one: AccountHealth, uses: Sequence[tuple[Use, Sequence[Line]]], now: datetime) -> None:
        """Say how this account stands."""
        found = [(of_use(use, now), spent_on(lines, use.allowance.unit)) for use, lines in uses]
        found += [(measure, "") for measure in of_validity(one.validity, now)]
        self.budget.show_use(next((use for use, _ in uses if use.allowance.settable), None))
        self.setVisible(bool(found))
        if found == self._shown:
            return
        self._shown = found
        empty(self._lines)
        top = Qt.AlignmentFlag.AlignTop
        row = 0
        for measure, spent in found:
            self._lines.addWidget(words(measure.name, "text-3", wrap=False), row, 0, top)
            self._lines.addWidget(words(_MARKS[measure.tone] + measure.words, _ROLES[measure.tone]), row, 1, top)
            if spent:
                row += 1
                self._lines.addWidget(words(spent, "text-3", percent=92), row, 1, top)
            row += 1
        self.setAccessibleName("; ".join(f"{m.name}: {m.words}" for m, _ in found))
