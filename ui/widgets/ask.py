"""One question with named answers, for what cannot be undone or must be decided. Verbs on buttons, never Yes or No."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QMessageBox, QWidget


def ask(
    parent: QWidget, title: str, words: str, answers: dict[str, str], chosen: Callable[[str], None], *, default: str
) -> QMessageBox:
    """Open the question over ``parent`` and return it; ``chosen`` gets the name of the answer, ``default`` on Escape.

    ``answers``: name -> words on its button. It does not block: no event loop is nested, so a coroutine may ask.
    """
    box = QMessageBox(parent)
    box.setWindowTitle(title)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(title)
    box.setInformativeText(words)
    box.setAccessibleName(title)
    box.setAccessibleDescription(words)
    before = parent.window().focusWidget()
    names: dict[QAbstractButton, str] = {}
    for name, on_button in answers.items():
        made = box.addButton(on_button, QMessageBox.ButtonRole.AcceptRole)
        made.setAccessibleName(on_button.replace("&", ""))
        made.setObjectName(name)
        names[made] = name
        if name == default:
            box.setDefaultButton(made)
            box.setEscapeButton(made)

    def finished() -> None:
        answer = names.get(box.clickedButton(), default)
        box.deleteLater()
        parent.window().activateWindow()
        if before is not None:
            before.setFocus(Qt.FocusReason.OtherFocusReason)
        chosen(answer)

    box.finished.connect(finished)
    box.open()
    return box
