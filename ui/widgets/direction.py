"""Text boxes whose lines begin at the right when what is typed is read from the right."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit

from ui.format import right_to_left


def follow_direction(edit: QPlainTextEdit) -> None:
    """Align ``edit`` as its text runs. Qt finds the direction of each line itself, but leaves it at the left."""

    def align() -> None:
        document = edit.document()
        option = document.defaultTextOption()
        side = Qt.AlignmentFlag.AlignRight if right_to_left(edit.toPlainText()) else Qt.AlignmentFlag.AlignLeft
        if option.alignment() != side:
            option.setAlignment(side)
            document.setDefaultTextOption(option)

    edit.textChanged.connect(align)
