"""A sentence a person has to agree to before signing in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from ui.theme import GAP
from ui.widgets.form import words
from ui.widgets.tick import Tick


class Agreement(QFrame):
    """A warning that a person agrees to before going on."""

    def __init__(self, warning: str) -> None:
        super().__init__()
        self.setProperty("role", "held")
        self._error = words(self.tr("Tick this to go on, or choose another address."), "danger", percent=92)
        self._error.hide()
        self.tick = Tick(self.tr("I know, go on"))
        self.tick.setAccessibleName(warning)
        self.tick.toggled.connect(lambda on: self._error.hide() if on else None)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addWidget(words(warning))
        column.addWidget(self.tick)
        column.addWidget(self._error)

    def agreed(self) -> bool:
        """Whether it is ticked; if not, that is said."""
        if not self.tick.isChecked():
            self._error.show()
            self.tick.setFocus(Qt.FocusReason.OtherFocusReason)
        return self.tick.isChecked()
