"""What is done with the real window once it stands, and what is measured of it."""

import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication

from inbox.connectors import CONNECTORS
from inbox.store.reading import EVERYTHING
from tests.benchmarks import arrivals
from tests.benchmarks.stock import NETWORKS, NOW

ENOUGH_ROWS = 20_000
TICK_MS = 4
SETTLED_S = 0.5
STEPS = 30


def networks(kind, number=0, *_):
    """The networks of an engine that polls when told: eight with ``number`` messages in all for ``gap``, the real ones
    for ``backfill``. None for whatever only looks."""
    if kind == "backfill":
        return CONNECTORS
    if kind != "gap":
        return None
    count = number // arrivals.PER_PAGE // len(NETWORKS)
    first = 10_000_000 + int(time.time()) * 1000  # another run on the same inbox brings other messages
    at = NOW - timedelta(days=400)
    return {
        n: arrivals.backfill(n, arrivals.pages(count, seed=i, first_id=first, at=at), run=str(first))
        for i, n in enumerate(NETWORKS)
    }


def _frame(work, port):
    """Milliseconds, and those of the processor, for one act with all that follows: reading, laying out, painting."""
    began, worked = time.perf_counter(), time.thread_time()
    work()
    port.repaint()
    QApplication.processEvents()
    return (time.perf_counter() - began) * 1000, (time.thread_time() - worked) * 1000


def _turn(port, angle=-120):
    """One notch of the wheel over ``port``: down, or up for a positive ``angle``."""
    middle = QPointF(port.rect().center())
    wheel = QWheelEvent(middle, port.mapToGlobal(middle), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(port, wheel)


def scroll(tell, window, rows=ENOUGH_ROWS, steps=300):
    """Milliseconds of frames: the wheel over half the rows, pages over the others, then down with j from the top."""
    window.rail.choose(EVERYTHING)
    view = window.list.view
    port, bar, model = view.viewport(), view.verticalScrollBar(), window.list.model
    QApplication.processEvents()
    height = view.sizeHintForRow(0)
    frames = {"wheel": [], "page": [], "step": []}
    for kind, work, end in (
        ("wheel", lambda: _turn(port), rows // 2), ("page", lambda: bar.setValue(bar.value() + bar.pageStep()), rows),
    ):  # fmt: skip
        while view.indexAt(QPoint(5, 5)).row() < end:
            before = bar.value(), model.rowCount()
            frames[kind].append(_frame(work, port))
            if before == (bar.value(), model.rowCount()) and not model.canFetchMore():
                break
    loaded = model.rowCount()
    window.list.show_newest()
    QApplication.processEvents()
    for _ in range(steps):
        frames["step"].append(_frame(lambda: window.list.step(1), port))
    tell(height=height, loaded=loaded, **frames)


def backfill(tell, window):
    """The same while two servers, to which one signs in before, bring their past."""
    from tests.benchmarks.backfill import SERVERS_FILE, sign_in  # here: nobody else should have the servers in memory

    networks = json.loads((window._engine.home / SERVERS_FILE).read_text())
    # Beside the window: the engine begins when the window has time to let it.
    signing_in = ThreadPoolExecutor(1).submit(sign_in, window._engine, networks)
    timer = QTimer(window, interval=50)

    def signed_in():
        if signing_in.done():
            timer.stop()
            gap(tell, window, channels=signing_in.result())

    timer.timeout.connect(signed_in)
    timer.start()


def gap(tell, window, messages=0, quiet_s=4, channels=()):
    """Gaps of a short timer in ms: while nothing happens, and while ``messages`` arrive on eight channels."""
    engine = window._engine
    gaps, state = [], {"last": time.perf_counter(), "phase": "quiet", "began": time.perf_counter()}
    timer = QTimer(window, interval=TICK_MS)
    timer.setTimerType(Qt.TimerType.PreciseTimer)

    def tick():
        now = time.perf_counter()
        gaps.append((now - state["last"]) * 1000)
        state["last"] = now
        phase, spent = state["phase"], now - state["began"]
        if phase == "quiet" and spent > quiet_s:
            state.update(phase="busy", began=now, quiet=list(gaps), polls=engine.sync(channels))
            gaps.clear()
            state["last"] = time.perf_counter()
        elif phase == "busy" and state["polls"].done():
            state.update(phase="after", began=now, took=spent)
        elif phase == "after" and spent > SETTLED_S:
            timer.stop()
            outcomes = state["polls"].result()
            tell(quiet=state["quiet"], busy=gaps, took_s=state["took"], new=sum(o.new for o in outcomes),
                 errors=[str(o.error) for o in outcomes if o.error])  # fmt: skip

    timer.timeout.connect(tick)
    timer.start()


def memory(tell, window, rows=ENOUGH_ROWS, searches=50):
    """Kilobytes after the start, after scrolling over ``rows`` rows, and after that many searches."""
    found = {"start": _resident()}
    window.rail.choose(EVERYTHING)
    QApplication.processEvents()
    model, view = window.list.model, window.list.view
    while model.rowCount() < rows and model.canFetchMore():
        bar = view.verticalScrollBar()
        _frame(lambda: bar.setValue(bar.maximum()), view.viewport())  # noqa: B023
    found["scrolled"] = _resident() | {"rows": model.rowCount()}
    texts = [model.row_at(n * 7).snippet.split()[:2] for n in range(searches)]
    left = [" ".join(words) for words in texts if words]
    shown = []

    def ask():
        if shown and not window.list.searching:
            return  # the answer to the last one is on its way
        shown.append(window.list.found.rowCount())
        if not left:
            timer.stop()
            tell(**found, searched=_resident() | {"searches": len(shown) - 1})
            return
        window.list.search.clear()
        window.list.search.setText(left.pop())
        window.list.search.look_up()

    timer = QTimer(window, interval=20)
    timer.timeout.connect(ask)
    timer.start()


def opening(tell, window, long_one, times=9):
    """Milliseconds from asking for a conversation to its paint: the long one, and one of a message, in turn.

    And of frames while the wheel turns in the long one: up to its first message, past cards that are made as they are
    neared, and down again.
    """
    window.rail.choose(EVERYTHING)
    QApplication.processEvents()
    short = next(r.id for r in map(window.list.model.row_at, range(60)) if r.messages == 1)
    port = window.conversation.scroller.viewport()
    took = {"long": [], "short": [], "whole": []}
    for _ in range(times):
        for kind, id_ in (("long", long_one), ("short", short)):
            window.conversation.show_conversation(0)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QApplication.processEvents()
            began = time.perf_counter()
            window.conversation.show_conversation(id_)
            port.repaint()
            took[kind].append((time.perf_counter() - began) * 1000)
    took |= _steps(window)
    column = window.conversation.scroller
    bar = column.verticalScrollBar()
    window.conversation.show_conversation(long_one)
    QApplication.processEvents()
    took["up"], took["down"] = [], []
    still, began = 0, time.perf_counter()
    while still < 100:  # at the top, with nothing above it any more
        before = bar.value(), len(column.cards)
        took["up"].append(_frame(lambda: _turn(port, 120), port))
        still = still + 1 if bar.value() == 0 and before == (bar.value(), len(column.cards)) else 0
    took["up"] = took["up"][:-100]
    took["whole"].append((time.perf_counter() - began) * 1000)
    while bar.value() < bar.maximum() and len(took["down"]) < 2000:
        took["down"].append(_frame(lambda: _turn(port), port))
    tell(**took, shown=len(window.conversation._messages), median=statistics.median(took["long"]))


def _steps(window):
    """Milliseconds for each of ``STEPS`` strokes of j from the top of the list: to the paint of the conversation it
    comes to (``step``), the same of the processor (``step_own``), and the longest turn of the loop that follows
    (``after``); beside it the same step in the list alone (``row``), with nobody to open what is chosen."""
    view, took = window.list, {"step": [], "step_own": [], "after": [], "row": []}
    for kind in ("step", "row"):
        if kind == "row":
            view.opened.disconnect(window._open)
        view.show_newest()
        _turns()
        for _ in range(STEPS):
            began, worked = time.perf_counter(), time.thread_time()
            view.step(1)
            QApplication.processEvents()  # paints what has changed, and that only
            took[kind].append((time.perf_counter() - began) * 1000)
            worked = (time.thread_time() - worked) * 1000
            longest = _turns()
            if kind == "step":
                took["step_own"].append(worked)
                took["after"].append(longest)
    view.opened.connect(window._open)
    return took


def _turns(quiet_s=0.05):
    """Turn the loop for so long; the longest turn in ms."""
    longest, until = 0.0, time.perf_counter() + quiet_s
    while (began := time.perf_counter()) < until:
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        longest = max(longest, (time.perf_counter() - began) * 1000)
        time.sleep(0.001)
    return longest


def _resident():
    """Resident, proportional and own kilobytes, from the system (Linux)."""
    facts = {}
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name in ("Rss", "Pss", "Private_Dirty"):
            facts[name] = int(rest.split()[0])
    return facts
