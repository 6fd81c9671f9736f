"""Form rows built in one place, so that no control can lack its label, buddy, accessible name or description.

A row is a label above its control, a hint below, and room for one inline error, which is also spoken with the control.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from ui.theme import GAP
from ui.widgets.text import Text, Wrapping


def words(
    text: str = "", role: str = "", *, percent: float = 100, weight: QFont.Weight | None = None, wrap: bool = True
) -> QLabel:
    """A label for plain text that came from anywhere: never markup, wrapping unless told not to, copyable."""
    label = Wrapping(text) if wrap else Text(text)
    if role:
        label.setProperty("role", role)
    if percent != 100 or weight is not None:  # else it follows the font of its parent by itself
        label.set_size(percent, weight)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def heading(text: str = "", percent: float = 108) -> QLabel:
    """The title of a pane or of a part of a dialog."""
    return words(text, percent=percent, weight=QFont.Weight.DemiBold)


def line() -> QFrame:
    """A thin line across."""
    made = QFrame()
    made.setProperty("role", "line")
    made.setFixedHeight(1)
    return made


def empty(layout: QLayout) -> None:
    """Take everything out of a layout, to be deleted."""
    while layout.count():
        item = layout.takeAt(0)
        if item is not None and (widget := item.widget()) is not None:
            widget.hide()
            widget.deleteLater()


def button(text: str, role: str = "", *, name: str = "", hint: str = "") -> QPushButton:
    """A push button. ``name`` is spoken where its words alone say too little ("Undo" -> "Undo, reply to Vera")."""
    made = QPushButton(text)
    made.setAutoDefault(False)  # Enter belongs to the one default button of a dialog
    if role:
        made.setProperty("role", role)
    made.setAccessibleName(name or text.replace("&", ""))
    if hint:
        made.setToolTip(hint)
        made.setAccessibleDescription(hint)
    made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return made


def fit(window: QWidget, letters: int, lines: int) -> None:
    """Size a window for so many letters and lines of its text, but never beyond the screen."""
    metrics, screen = window.fontMetrics(), window.screen().availableGeometry()
    width, height = metrics.averageCharWidth() * letters, metrics.height() * lines
    window.resize(min(width, round(screen.width() * 0.96)), min(height, round(screen.height() * 0.92)))


def describe(control: QWidget, name: str, description: str = "") -> None:
    """Give a control its spoken name and description."""
    control.setAccessibleName(name.replace("&", ""))
    control.setAccessibleDescription(description)


class FormRow(QWidget):
    """One labelled control. ``show_error`` says below it what is wrong; an empty text takes that back."""

    def __init__(self, label: str, control: QWidget, hint: str = "", *, focus: QWidget | None = None) -> None:
        super().__init__()
        self.control = control
        self._focus = focus or control
        self._name = label.replace("&", "")
        self._hint = hint
        self.label = Text(label)
        self.label.setBuddy(self._focus)
        self.label.set_size(100, QFont.Weight.Medium)
        self.hint = words(hint, "text-3", percent=92)
        self.hint.setVisible(bool(hint))
        self.error = words("", "danger", percent=92)
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for part in (self.label, control, self.hint, self.error):
            column.addWidget(part)
        describe(self._focus, self._name, hint)

    def show_error(self, what: str) -> None:
        """Say what is wrong, or that nothing is."""
        self.error.setText(what)
        self.error.setVisible(bool(what))
        describe(self._focus, self._name, f"{what} {self._hint}".strip() if what else self._hint)

    def rename(self, label: str, hint: str) -> None:
        """Replace label and hint; what is typed stays."""
        self._name, self._hint = label.replace("&", ""), hint
        self.label.setText(label)
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        describe(self._focus, self._name, hint)

    def take_focus(self) -> None:
        """Go to the control."""
        self._focus.setFocus(Qt.FocusReason.OtherFocusReason)


class Form(QWidget):
    """Rows one under the other, in reading order, which is the order of the keyboard too."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[FormRow] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(3 * GAP)

    def add(self, label: str, control: QWidget, hint: str = "", *, focus: QWidget | None = None) -> FormRow:
        """Add a labelled control. ``focus`` is the part of a compound control that is typed into."""
        row = FormRow(label, control, hint, focus=focus)
        self.rows.append(row)
        self.column.addWidget(row)
        return row


class SecretEdit(QWidget):
    """A line for a secret: masked, with a button that shows it while it is pressed in."""

    def __init__(self, label: str, placeholder: str = "") -> None:
        super().__init__()
        self.edit = QLineEdit()
        self.edit.setPlaceholderText(placeholder)
        self.edit.setInputMethodHints(
            Qt.InputMethodHint.ImhSensitiveData
            | Qt.InputMethodHint.ImhNoPredictiveText
            | Qt.InputMethodHint.ImhNoAutoUppercase
        )
        self.toggle = QPushButton()
        self.toggle.setCheckable(True)
        self.toggle.setAutoDefault(False)
        self._label = label.replace("&", "")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GAP)
        row.addWidget(self.edit, 1)
        row.addWidget(self.toggle)
        self.toggle.toggled.connect(self._show)
        self._show(False)

    def text(self) -> str:
        """What is typed."""
        return self.edit.text()

    def setText(self, text: str) -> None:
        """Replace what is typed."""
        self.edit.setText(text)

    def _show(self, shown: bool) -> None:
        self.edit.setEchoMode(QLineEdit.EchoMode.Normal if shown else QLineEdit.EchoMode.Password)
        hide, show = (QCoreApplication.translate("SecretEdit", w) for w in ("Hide", "Show"))
        self.toggle.setText(hide if shown else show)
        self.toggle.setAccessibleName(f"{hide if shown else show}: {self._label}")
