"""What a screen reader would meet: every widget that can take the focus, and what it is called."""

from __future__ import annotations

import re
from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QLabel, QScrollArea, QWidget


def focusable(window: QWidget) -> list[QWidget]:
    """Visible, enabled widgets that the Tab key reaches, without the inner parts Qt itself looks after."""
    found = []
    for widget in window.findChildren(QWidget):
        inner = widget.objectName().startswith("qt_") or isinstance(widget, QLabel)
        if inner or not widget.isVisibleTo(window) or not widget.isEnabled():
            continue
        if widget.focusProxy() is None and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(widget)
    return found


def spoken(widget: QWidget) -> str:
    """The name a screen reader is given."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else widget.accessibleName()


def nameless(window: QWidget) -> list[str]:
    """Those of ``focusable`` with nothing to say, by class and object name. A bare scroll area only scrolls."""
    return [
        f"{type(w).__name__} {w.objectName()}"
        for w in focusable(window)
        if not spoken(w).strip() and not (type(w) is QScrollArea or type(w) is QAbstractScrollArea)
    ]


def tab_order(window: QWidget) -> list[QWidget]:
    """Where Tab leads from the first widget on, once around."""
    allowed = set(focusable(window))
    order, widget = [], window.nextInFocusChain()
    while widget is not window and widget is not None:
        if widget in allowed:
            order.append(widget)
        widget = widget.nextInFocusChain()
    return order


def cut_off(window: QWidget) -> list[str]:
    """Buttons and single lines of text that have less room than their words need, or reach out of the window."""
    found = []
    for widget in window.findChildren(QWidget):
        words = isinstance(widget, QAbstractButton) or (isinstance(widget, QLabel) and not widget.wordWrap())
        if not words or not widget.isVisible() or widget.objectName().startswith("qt_") or not widget.text():
            continue
        left = widget.mapTo(window, QPoint(0, 0)).x()
        short = widget.width() < widget.minimumSizeHint().width() or widget.height() < widget.minimumSizeHint().height()
        if short or left < 0 or left + widget.width() > window.width():
            found.append(f"{type(widget).__name__} {widget.text()!r} {widget.geometry()}")
    return found


_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b(?!\w)|\bQColor\(\s*\d|GlobalColor\.|rgba?\(")


def colours_in(folder: Path) -> list[str]:
    """Lines of a file, or of those under a folder, that name a colour themselves instead of asking the theme."""
    return [
        f"{path.name}:{number}: {text.strip()}"
        for path in ([folder] if folder.is_file() else sorted(folder.rglob("*.py")))
        for number, text in enumerate(path.read_text("utf-8").splitlines(), 1)
        if _COLOUR.search(text)
    ]
