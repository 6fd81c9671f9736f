"""The lines of a sign-in form, as a connector declares them."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from inbox.model import Field
from ui.widgets.form import Form, FormRow, SecretEdit


class Fields(Form):
    """``confirmed`` by Enter in any line. What was typed stays typed while the same place is asked again."""

    confirmed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.edits: dict[str, tuple[Field, QLineEdit, FormRow]] = {}
        self._typed: dict[str, str] = {}

    def show_fields(self, fields: tuple[Field, ...], *, same_place: bool, user: str = "") -> None:
        """Draw these. ``same_place``: as before, so secrets may stay too; ``user`` fills the first open line."""
        self._typed |= {name: edit.text() for name, (_, edit, _) in self.edits.items()}
        if not same_place:
            secret = {name for name, (declared, _, _) in self.edits.items() if declared.secret}
            self._typed = {n: t for n, t in self._typed.items() if n not in secret}  # never offered to another place
        for _, _, row in self.edits.values():
            self.column.removeWidget(row)
            row.deleteLater()
        self.edits = {}
        for declared in fields:
            if declared.secret:
                secret_edit = SecretEdit(declared.label, declared.placeholder)
                edit = secret_edit.edit
                row = self.add(declared.label, secret_edit, declared.hint, focus=edit)
            else:
                edit = QLineEdit(placeholderText=declared.placeholder)
                row = self.add(declared.label, edit, declared.hint)
            edit.setObjectName(declared.name)
            typed = self._typed.get(declared.name, "")
            if not typed and user and not declared.secret:
                typed, user = user, ""
            edit.setText(typed)
            edit.textEdited.connect(lambda _, changed=row: changed.show_error(""))
            edit.returnPressed.connect(self.confirmed)
            self.edits[declared.name] = (declared, edit, row)

    def in_order(self) -> list[QWidget]:
        """What the keyboard goes through."""
        order: list[QWidget] = []
        for _, edit, row in self.edits.values():
            order += [edit, row.control.toggle] if isinstance(row.control, SecretEdit) else [edit]
        return order

    def answers(self) -> Mapping[str, str] | None:
        """What is filled in; ``None`` when something is missing, which then is said and has the focus."""
        for declared, edit, row in self.edits.values():
            if declared.required and not edit.text().strip():
                row.show_error(self.tr("This is needed."))
                row.take_focus()
                return None
        return {name: edit.text() for name, (_, edit, _) in self.edits.items()}

    def first_open(self) -> QWidget | None:
        """The first line where something is still to be typed."""
        return next((e for d, e, _ in self.edits.values() if d.required and not e.text()), None)

    def forget_secrets(self) -> None:
        """The keyring has them now; the window keeps none."""
        for declared, edit, _ in self.edits.values():
            if declared.secret:
                edit.clear()
                self._typed.pop(declared.name, None)

    def take_focus(self) -> None:
        """Go to the first line."""
        for _, edit, _ in self.edits.values():
            edit.setFocus(Qt.FocusReason.OtherFocusReason)
            return
