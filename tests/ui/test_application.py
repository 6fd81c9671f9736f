"""One window per inbox, errors that nobody caught, and an inbox that cannot be opened."""

from __future__ import annotations

import logging
import logging.handlers
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inbox.errors import StoreTooNew
from inbox.store.database import Database
from ui.application import OneInstance, hook_errors, start_log
from ui.notices import notice_for, store_notice

ROOT = Path(__file__).parents[2]


def test_a_second_start_raises_the_first(tmp_path: Path, qtbot: QtBot) -> None:
    first = OneInstance(tmp_path)
    assert not first.greet_running()
    first.listen()
    code = (
        "import sys; from pathlib import Path; from PySide6.QtCore import QCoreApplication\n"
        "from ui.application import OneInstance\n"
        "app = QCoreApplication([]); sys.exit(0 if OneInstance(Path(sys.argv[1])).greet_running() else 1)"
    )
    with qtbot.waitSignal(first.greeted, timeout=20_000):
        second = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT)
    assert second.wait(20) == 0


def test_another_inbox_is_another_instance(tmp_path: Path) -> None:
    first = OneInstance(tmp_path / "a")
    first.listen()
    assert not OneInstance(tmp_path / "b").greet_running()


def test_what_nobody_caught_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[BaseException] = []
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    hook_errors(shown.append)
    error = ValueError("surprise")
    sys.excepthook(ValueError, error, None)
    assert shown == [error]
    assert "surprise" in notice_for(error).words
    assert "Nothing was lost" in notice_for(error).hint


def test_an_inbox_of_a_newer_version_is_said_and_left_alone(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    database.connection.execute("PRAGMA user_version = 99")
    database.close()
    before = (tmp_path / "inbox.sqlite3").read_bytes()
    with pytest.raises(StoreTooNew) as raised:
        Database.open(tmp_path)
    title, words = store_notice(raised.value)
    assert "newer" in title
    assert "did not touch" in words
    assert (tmp_path / "inbox.sqlite3").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_the_log_is_for_its_owner_only_also_when_it_begins_anew(tmp_path: Path) -> None:
    root = logging.getLogger()
    before, level, mask = list(root.handlers), root.level, os.umask(0)
    try:
        start_log(tmp_path / "home")
        [handler] = [h for h in root.handlers if h not in before]
        assert isinstance(handler, logging.handlers.RotatingFileHandler)
        root.warning("first")
        handler.doRollover()
        root.warning("second")
        handler.close()
        root.removeHandler(handler)
    finally:
        os.umask(mask)
        root.setLevel(level)
    files = sorted((tmp_path / "home").iterdir())
    assert [f.name for f in files] == ["postroom.log", "postroom.log.1"]
    assert [stat.S_IMODE(f.stat().st_mode) for f in [*files, tmp_path / "home"]] == [0o600, 0o600, 0o700]
    assert "second" in files[0].read_text()
