"""`make run` on a machine with no display: the practice town played offscreen, from start to a sent reply."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]


def test_without_a_display_the_town_is_played_and_told(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
    environment["PYTHONPATH"] = str(ROOT)
    ended = subprocess.run(
        [sys.executable, str(ROOT / "main.py"), "--home", str(tmp_path / "real")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "There is no display on this machine" in ended.stdout
    assert "wait for an answer" in ended.stdout
    assert "sent: http://127.0.0.1:" in ended.stdout
    picture = QImage(str(tmp_path / "build" / "practice.png"))
    assert picture.width() >= 1000
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 40) for y in range(0, picture.height(), 40)}
    assert len(colours) > 5  # a window was drawn, not an empty ground
    assert not (tmp_path / "real").exists()  # practice leaves the real inbox alone
    assert "Traceback" not in ended.stderr
