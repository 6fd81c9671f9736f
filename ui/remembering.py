"""What the window takes up again at the next start: its place and panes, the list, what was chosen, the scroll."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, QTimer

if TYPE_CHECKING:
    from ui.window import Window

USUAL = (1440, 900)


def restore(window: Window, s: QSettings) -> None:
    """As it was left."""
    if isinstance(geometry := s.value("geometry"), QByteArray):
        window.restoreGeometry(geometry)
    else:
        window.resize(*USUAL)
    if isinstance(panes := s.value("panes"), QByteArray):
        window.splitter.restoreState(panes)
    window.list.set_compact(s.value("compact", "false") == "true")
    window.rail.blockSignals(True)
    window.rail.choose(str(s.value("place", "owed")))
    window.rail.blockSignals(False)
    window.show_list()
    if (chosen := int(str(s.value("conversation", 0)))) and window.list.select(chosen):
        bar = window.list.view.verticalScrollBar()
        QTimer.singleShot(0, bar, lambda: bar.setValue(int(str(s.value("scroll", 0)))))
    window.list.take_focus()


def write(window: Window, s: QSettings) -> None:
    """As it is now."""
    s.setValue("geometry", window.saveGeometry())
    s.setValue("panes", window.splitter.saveState())
    s.setValue("place", window.rail.place)
    s.setValue("conversation", int(window.conversation.row.id) if window.conversation.row else 0)
    s.setValue("scroll", window.list.view.verticalScrollBar().value())
    s.sync()
