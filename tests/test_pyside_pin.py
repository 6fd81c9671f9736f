"""The installed PySide6 is the pinned one, and its calls that return nothing leave None alone.

PySide6 6.12.0 on Python 3.11 drops one reference to None in every such call; after a few thousand the interpreter
aborts ("none_dealloc"). Python 3.12 and later count no references to None, so nothing can go wrong there.
"""

import os
import subprocess
import sys
from importlib.metadata import version

PINNED = "6.11.3" if sys.version_info < (3, 12) else "6.12.0"
CALLS = 5_000
# More than everything else in that small process moves the count by, far less than one lost reference per call.
TOLERATED = 100

CALLING = f"""
import sys
from PySide6.QtWidgets import QApplication, QWidget

app = QApplication([])
widget = QWidget()
widget.show()
before = sys.getrefcount(None)
for number in range({CALLS} // 5):
    widget.setWindowTitle(str(number))
    widget.update()
    widget.repaint()
    widget.setEnabled(True)
    app.processEvents()
print(before - sys.getrefcount(None))
"""


def test_installed_pyside_is_the_pinned_one():
    assert {name: version(name) for name in ("PySide6-Essentials", "shiboken6")} == {
        "PySide6-Essentials": PINNED,
        "shiboken6": PINNED,
    }


def test_calls_that_return_nothing_leave_none_alone():
    # In a process of its own: on a bad pair of versions it dies.
    done = subprocess.run(
        [sys.executable, "-c", CALLING],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert abs(int(done.stdout)) < TOLERATED, f"None lost {done.stdout.strip()} references in {CALLS} calls"
