"""The program as it is started: on a machine with no display, with a file it cannot use, and ended by Ctrl+C."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from inbox.errors import StoreError
from inbox.store import accounts
from inbox.store.database import FILE_NAME, Database, open_reader
from inbox.store.version import APPLICATION_ID
from tests.inbox.making import add_channel

ROOT = Path(__file__).parents[2]
NO_WINDOW = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
WITHIN_S = 60


def command(home: Path, *words: str) -> list[str]:
    return [sys.executable, str(ROOT / "main.py"), "--home", str(home), *words]


def environment(platform: str = "") -> dict[str, str]:
    """Nothing to draw on; or, with ``platform``, somebody said how to do without."""
    found = {k: v for k, v in os.environ.items() if k not in NO_WINDOW} | {"PYTHONPATH": str(ROOT)}
    return found | {"QT_QPA_PLATFORM": platform} if platform else found


def start(home: Path, *words: str, platform: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(home, *words), cwd=home.parent, env=environment(platform), capture_output=True, text=True,
        timeout=WITHIN_S, check=False,
    )  # fmt: skip


def with_account(home: Path) -> None:
    database = Database.open(home)
    add_channel(database)
    assert accounts.accounts(database.connection)
    database.close()


def newer(home: Path) -> None:
    with_account(home)
    with contextlib.closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("PRAGMA user_version = 999")


def foreign(home: Path) -> None:
    home.mkdir()
    with contextlib.closing(sqlite3.connect(home / FILE_NAME)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
        assert connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID


def no_database(home: Path) -> None:
    home.mkdir()
    (home / FILE_NAME).write_bytes(b"Dear diary, " * 1000)


@pytest.mark.parametrize(
    ("make", "words"),
    [(lambda home: None, ["--real"]), (with_account, []), (with_account, ["--real"])],
    ids=["nothing yet", "with accounts", "with accounts, --real"],
)
def test_a_real_inbox_without_a_display_says_how_to_go_on(
    tmp_path: Path, make: Callable[[Path], None], words: list[str]
) -> None:
    make(tmp_path / "home")
    ended = start(tmp_path / "home", *words)
    assert ended.returncode == 69, ended
    assert "no display" in ended.stderr
    assert "python -m inbox --help" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "home").exists() == (make is with_account)


@pytest.mark.parametrize("platform", ["", "offscreen"])
@pytest.mark.parametrize(
    ("make", "words"), [(newer, "newer"), (foreign, "not an inbox of Postroom"), (no_database, "damaged")]
)
def test_a_file_that_cannot_be_used_is_said_in_words_where_nobody_sees_a_dialog(
    tmp_path: Path, make: Callable[[Path], None], words: str, platform: str
) -> None:
    home = tmp_path / "home"
    make(home)
    before = (home / FILE_NAME).read_bytes()
    ended = start(home, platform=platform)
    assert ended.returncode == 7, ended
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert (home / FILE_NAME).read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="Ctrl+C is a signal there")
@pytest.mark.parametrize(
    ("words", "platform"),
    [(["--real"], "offscreen"), (["--practice"], "offscreen"), (["--practice"], "")],
    ids=["real", "practice", "practice told in words"],
)
def test_ctrl_c_ends_it_promptly_and_in_good_order(tmp_path: Path, words: list[str], platform: str) -> None:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    scratch.mkdir()
    with _running(command(home, *words), environment(platform) | {"TMPDIR": str(scratch)}, tmp_path) as running:
        _until(lambda: (home / f"{FILE_NAME}-shm").exists() or _signed_in(scratch), running)
        running.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, told = running.communicate(timeout=WITHIN_S)
        assert time.monotonic() - began < 15
    assert running.returncode == 130, told
    assert "Traceback" not in told
    assert list(scratch.glob("postroom-practice-*")) == []
    if "--real" in words:
        assert (home / f"{FILE_NAME}-wal").stat().st_size == 0, "the file was closed in good order"


@pytest.mark.skipif(os.name != "posix", reason="rights of files are those of POSIX")
def test_what_the_program_makes_is_for_its_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    with _running(command(home, "--real"), environment("offscreen"), tmp_path, umask=0) as running:
        _until(lambda: (home / f"{FILE_NAME}-shm").exists(), running)
        rights = {p.name: stat.S_IMODE(p.stat().st_mode) for p in [home, *home.glob("inbox.*")]}
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=WITHIN_S)
    assert rights.pop("home") == 0o700
    assert {FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", "inbox.lock"} <= rights.keys()
    assert set(rights.values()) == {0o600}


@contextlib.contextmanager
def _running(
    words: list[str], environment: dict[str, str], folder: Path, *, umask: int = -1
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        words, cwd=folder, env=environment, umask=umask, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def _signed_in(scratch: Path) -> bool:
    """The practice town has got its accounts: so the loop runs."""
    for path in scratch.glob(f"*/{FILE_NAME}"):
        with (
            contextlib.suppress(StoreError, sqlite3.OperationalError),
            contextlib.closing(open_reader(path)) as connection,
        ):
            return bool(accounts.accounts(connection))
    return False


def _until(so: Callable[[], bool], running: subprocess.Popen[str]) -> None:
    """Wait until it is so; an end before that fails."""
    for _ in range(WITHIN_S * 20):
        if so():
            return
        assert running.poll() is None, running.communicate()
        select.select([], [], [], 0.05)
    raise AssertionError("it did not come to that")
