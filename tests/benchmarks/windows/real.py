"""Postroom itself, through ``main.main``, looked at from inside: ``real.py PROBE HOME [NUMBER]``. Prints lines of JSON.

A probe is called on the window's thread when the list has painted rows for the first time. Networks that would be
reached are replaced by those of ``arrivals.py``; everything else is what a person starts.
"""

# ruff: noqa: E402 - as in main.py
import gc

gc.disable()  # as main.py does when it is the program

import functools
import json
import os
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import main

if sys.argv[1] != "start":
    from tests.benchmarks.windows import probes


def tell(**facts):
    """Print what was found and be gone: the way out is not measured."""
    print(json.dumps(facts), flush=True)
    os._exit(0)


def begin(probe, window):
    """Call ``probe`` once the first paint of the list with rows is over."""
    from PySide6.QtCore import QEvent, QObject, QTimer

    class FirstPaint(QObject):
        done = False

        def eventFilter(self, watched, event):
            if not self.done and event.type() == QEvent.Type.Paint and window.list.model.rowCount():
                self.done = True
                QTimer.singleShot(0, lambda: probe(window))
            return False

    window.first_paint = FirstPaint(window)
    window.list.view.viewport().installEventFilter(window.first_paint)


def stamp_the_start():
    """Tell when the window stands painted, which is before asyncio is there to turn a loop."""
    let_paint = main._let_paint

    def told(application, window):
        let_paint(application, window)
        painted_at = time.perf_counter()
        if not (window.first_paint.done and window.list.model.rowCount()):
            sys.exit("the list was not painted")
        tell(painted_at=painted_at)

    main._let_paint = told


def failed(kind, error, trace):
    """A fault in the window or in a probe ends the benchmark instead of being shown."""
    traceback.print_exception(kind, error, trace)
    os._exit(1)


def run(kind, home, *numbers):
    if kind == "start":
        stamp_the_start()

        def probe(window): ...

    else:
        counts = [int(n) for n in numbers]
        networks = probes.networks(kind, *counts)

        def probe(window):
            getattr(probes, kind)(tell, window, *counts)

        if networks is not None:
            main.Engine = functools.partial(main.Engine, networks=networks, poll_by_itself=False)

    class Probed(main.Window):
        def show(self):
            begin(probe, self)
            super().show()

    main.Window = Probed
    main.hook_errors = lambda show: setattr(sys, "excepthook", failed)
    main.KeyringSecrets = lambda scope: main.MemorySecrets()  # a benchmark asks for nobody's secrets
    return main.main(["--real", "--home", home])


sys.exit(run(*sys.argv[1:]))
