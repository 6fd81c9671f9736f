"""The least a list in a window can be in PySide6, and what it costs: ``bare.py start|memory|scroll [rows height]``.

Imports nothing of ours, so that nothing of ours is in its figures. Prints one line of JSON.
"""

import json
import sys
import time
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, QSize, QStringListModel, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QMainWindow


class FirstPaint(QObject):
    """Calls back once the paint that comes first is over."""

    def __init__(self, then):
        super().__init__()
        self.then = then

    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and self.then is not None:
            QTimer.singleShot(0, self.then)
            self.then = None
        return False


def tell(**facts):
    print(json.dumps(facts), flush=True)
    QApplication.quit()


def resident():
    """Resident and proportional kilobytes, from the system."""
    facts = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss", "Private_Dirty"):
            facts[name] = int(rest.split()[0])
    return facts


def scroll(view):
    """Milliseconds of each frame while the wheel turns and pages turn, to the end."""
    frames = {"wheel": [], "page": []}
    bar, port = view.verticalScrollBar(), view.viewport()
    middle = QPointF(port.rect().center())
    for kind, part in (("wheel", 0.5), ("page", 1.0)):
        while bar.value() < bar.maximum() * part:
            began, worked = time.perf_counter(), time.thread_time()
            if kind == "wheel":
                turn = QWheelEvent(
                    middle,
                    port.mapToGlobal(middle),
                    QPoint(),
                    QPoint(0, -120),
                    Qt.MouseButton.NoButton,
                    Qt.KeyboardModifier.NoModifier,
                    Qt.ScrollPhase.NoScrollPhase,
                    False,
                )
                QApplication.sendEvent(port, turn)
            else:
                bar.setValue(bar.value() + bar.pageStep())
            port.repaint()
            QApplication.processEvents()
            frames[kind].append(((time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000))
    tell(**frames)


def main(kind, rows=20, height=0):
    application = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.resize(1440, 900)
    view = QListView()
    view.setUniformItemSizes(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    if height:
        view.setGridSize(QSize(400, height))
    view.setModel(QStringListModel([f"Conversation number {n} and what it says" for n in range(rows)]))
    window.setCentralWidget(view)
    then = {
        "start": lambda: tell(painted_at=time.perf_counter()),
        "memory": lambda: tell(**resident()),
        "scroll": lambda: scroll(view),
    }
    first = FirstPaint(then[kind])
    view.viewport().installEventFilter(first)
    window.show()
    application.exec()


main(sys.argv[1], *map(int, sys.argv[2:]))
