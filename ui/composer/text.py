"""The text of a post: plain, what is too much for its channel underlined, and pictures taken from the clipboard."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QSize, Signal
from PySide6.QtGui import QImage, QPalette, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QTextEdit

from ui.composer.room import utf16
from ui.composer.strip import accepted
from ui.theme import line_height, scaled
from ui.widgets.direction import follow_direction

LINES = 8
LARGER = 108
"""Percent of the usual size at which a post is written."""


class PostText(QPlainTextEdit):
    """A picture in the clipboard becomes a picture of the post: ``picture_pasted``, ``files_pasted``."""

    picture_pasted = Signal(QImage)
    files_pasted = Signal(list)

    def __init__(self) -> None:
        super().__init__()
        self.overrun_at: int | None = None
        self.setTabChangesFocus(True)
        self.follow_font()
        follow_direction(self)

    def follow_font(self) -> None:
        """A little larger than the usual size, whatever that is now (``ui.theme`` calls this)."""
        self.setFont(scaled(QApplication.font(), LARGER))

    def minimumSizeHint(self) -> QSize:
        return QSize(super().minimumSizeHint().width(), round(line_height(self.font()) * LINES))

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasImage() or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        if paths := accepted([u.toLocalFile() for u in source.urls()]):
            self.files_pasted.emit(paths)
        elif source.hasImage() and not source.hasText():
            self.picture_pasted.emit(QImage(source.imageData()))
        else:
            super().insertFromMimeData(source)

    def mark_overrun(self, cut: int | None) -> None:
        """Underline what follows after ``cut`` characters of the text without the space around it; ``None``: nothing.

        A channel gets the text without that space, and counts it so.
        """
        if cut is None:
            if self.overrun_at is not None:
                self.overrun_at = None
                self.setExtraSelections([])
            return
        text = self.toPlainText()
        self.overrun_at = cut + len(text) - len(text.lstrip())
        colour = self.palette().color(QPalette.ColorRole.BrightText)
        looks = QTextCharFormat()
        looks.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        looks.setUnderlineColor(colour)
        looks.setForeground(colour)
        cursor = QTextCursor(self.document())
        cursor.setPosition(utf16(text, self.overrun_at))
        cursor.setPosition(utf16(text, len(text.rstrip())), QTextCursor.MoveMode.KeepAnchor)
        too_much = QTextEdit.ExtraSelection()
        too_much.cursor, too_much.format = cursor, looks  # type: ignore[attr-defined]  # the stubs lack both
        self.setExtraSelections([too_much])
