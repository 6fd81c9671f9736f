"""``python -m inbox`` as a real process, against the practice town over real HTTP and with a key store of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from inbox.practice.faults import FaultKind
from inbox.practice.town import Town

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, terminals and /proc are not the same there")


@pytest.fixture(scope="module")
def _one_town() -> Iterator[Town]:
    with Town() as town:
        town.pause()  # nothing happens but what a test does
        yield town


@pytest.fixture
def town(_one_town: Town) -> Iterator[Town]:
    yield _one_town
    for faults in _one_town.faults.values():
        faults.clear()


def _listens() -> None:
    """A process started in the background of a script ignores Ctrl+C, and so would its children."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Process:
    """Starts the command line as a person's shell would."""

    def __init__(self, home: Path, keys: Path) -> None:
        self.home = home
        self.keys = keys
        self.environment = {
            k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy") and k != "POSTROOM_HOME"
        } | {
            "PYTHON_KEYRING_BACKEND": "tests.inbox.file_keyring.FileKeyring",
            "POSTROOM_TEST_KEYRING": str(keys),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "error",
        }

    def start(self, *words: object, **how: Any) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "inbox", "--home", str(self.home), *map(str, words)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment,
            cwd=self.home.parent, preexec_fn=_listens, **how,
        )  # fmt: skip

    def run(self, *words: object, typed: str = "") -> subprocess.CompletedProcess[bytes]:
        with self.start(*words) as process:
            out, err = process.communicate(typed.encode(), timeout=WITHIN_S)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def ask(self, *words: object, typed: str = "") -> Any:
        done = self.run(*words, "--json", typed=typed)
        assert done.returncode == 0, done
        return json.loads(done.stdout)


@pytest.fixture
def process(home: Path, tmp_path: Path) -> Process:
    return Process(home, tmp_path / "keys.json")


def until(true: Callable[[], object]) -> None:
    """Wait for it, a minute at most."""
    end = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)


def bytes_of(home: Path) -> bytes:
    return b"".join(f.read_bytes() for f in home.rglob("*") if f.is_file())


def test_a_day_at_the_desk(town: Town, process: Process, tmp_path: Path) -> None:
    officer = town.credentials("council")
    secret = officer.application_password
    said: list[bytes] = []

    added = process.run(
        "account", "add", "wordpress", town.addresses.blog, "--user", officer.user, "--secret-stdin", "--json",
        typed=f"{secret}\n",
    )  # fmt: skip
    assert added.returncode == 0, added
    said += [added.stdout, added.stderr]
    channel = json.loads(added.stdout)["channels"][0]["id"]
    kept = process.keys.read_text()
    assert secret.replace(" ", "") in kept.replace(" ", "")  # so that the searches below look for the right thing

    assert process.ask("sync", "--once")["channels"][0]["new"] > 50
    conversations = process.ask("conversations", "--place", "owed", "--limit", 100)["conversations"]
    asked = next(c for c in conversations if not c["held"])
    message = process.ask("show", asked["id"])["messages"][0]
    answered = process.ask("reply", message["id"], "--close", typed="We come back to you on Thursday. Grüße!")
    assert answered["deliveries"][0]["state"] == "sent"
    comments = town.world.blogs["council"].comments.values()
    assert [c.parent_id > 0 for c in comments if "back to you on Thursday" in c.text] == [True]
    assert len(process.ask("search", "come back thursday gruße")["hits"]) == 1

    posted = process.ask(
        "publish", channel, "--title", "Quiet Sunday", "--text", "-", "--tag", "harbour", typed="Nothing moves.\n"
    )
    url = posted["deliveries"][0]["url"]
    assert url.startswith(town.addresses.blog)

    assert process.ask("verify")["sound"] is True
    doctor = process.run("doctor")
    assert doctor.returncode == 0, doctor
    exported = process.run("export", "--format", "json", tmp_path / "all.json")
    assert exported.returncode == 0
    said += [doctor.stdout, doctor.stderr, exported.stdout, process.run("account", "list", "--json").stdout]
    everything = b"".join(said) + bytes_of(process.home) + (tmp_path / "all.json").read_bytes()
    assert b"Quiet Sunday" in everything
    for spelling in (secret, secret.replace(" ", "")):
        assert spelling.encode() not in everything


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="ps is read from /proc")
def test_the_secret_is_in_no_argument_and_no_environment_and_interrupting_keeps_nothing(
    town: Town, process: Process
) -> None:
    secret = town.credentials("council").application_password
    hanging = town.faults["council"].add(FaultKind.TIMEOUT_BEFORE, path="users/me", times=1)
    with process.start(
        "account", "add", "wordpress", town.addresses.blog, "--user", "officer", "--secret-stdin", "--json"
    ) as running:
        assert running.stdin is not None
        running.stdin.write(f"{secret}\n".encode())
        running.stdin.flush()
        until(lambda: hanging not in town.faults["council"].planned or running.poll() is not None)
        assert running.poll() is None, running.communicate()  # it is asking the blog, with the secret, just now
        seen = [
            Path(f"/proc/{pid}/{name}").read_bytes()
            for pid in [running.pid, *children(running.pid)]
            for name in ("cmdline", "environ")
        ]
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=WITHIN_S)
    assert running.returncode == 130, (out, err)
    assert b"--secret-stdin" in seen[0]
    for spelling in (secret, secret.replace(" ", "")):
        assert spelling.encode() not in b"".join(seen) + out + err + bytes_of(process.home)
    assert not process.keys.exists()
    assert process.ask("account", "list") == {"accounts": []}


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def test_on_a_terminal_the_secret_is_asked_for_and_not_shown(town: Town, process: Process) -> None:
    import pty

    secret = town.credentials("museum").application_password
    keyboard, terminal = pty.openpty()
    words = ["account", "add", "wordpress", town.addresses.second_blog, "--user", "officer"]
    running = subprocess.Popen(
        [sys.executable, "-m", "inbox", "--home", str(process.home), *words],
        stdin=terminal, stdout=terminal, stderr=terminal, env=process.environment, start_new_session=True,
        preexec_fn=_listens,
    )  # fmt: skip
    os.close(terminal)
    shown = b""
    try:
        while b"password" not in shown.lower() or not shown.endswith(b": "):
            shown += os.read(keyboard, 1000)
        os.write(keyboard, f"{secret}\n".encode())
        while running.poll() is None:
            shown += rest(keyboard)
        shown += rest(keyboard)
    finally:
        os.close(keyboard)
        running.wait(WITHIN_S)
    assert running.returncode == 0, shown
    assert b"wordpress-1" in shown
    for spelling in (secret, secret.replace(" ", "")):
        assert spelling.encode() not in shown


def rest(keyboard: int) -> bytes:
    """What the terminal shows next; empty when its last program has ended (Linux says so with EIO)."""
    try:
        return os.read(keyboard, 1000)
    except OSError:
        return b""


def test_a_reader_that_goes_away_is_no_fault(town: Town, process: Process) -> None:
    process.run("account", "add", "feed", town.addresses.feed)
    assert process.run("sync").returncode == 0
    with process.start("conversations", "--place", "everything", "--limit", 1000, "--json") as running:
        assert running.stdout is not None
        running.stdout.close()
        assert running.stderr is not None
        err = running.stderr.read()
        assert running.wait(WITHIN_S) == 0
    assert err == b""


def test_what_comes_out_is_utf_8_whatever_the_system_speaks(town: Town, process: Process) -> None:
    process.environment |= {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"}
    process.run("account", "add", "feed", town.addresses.feed)
    process.run("sync")
    told = process.run("conversations", "--place", "everything", "--json")
    assert told.returncode == 0, told
    assert json.loads(told.stdout.decode("utf-8"))["conversations"]
    assert not told.stdout.isascii()
    assert process.run("conversations", "--place", "everything").stdout.decode("utf-8")


def test_without_any_key_store_nothing_is_kept_elsewhere(town: Town, process: Process) -> None:
    process.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    officer = town.credentials("council")
    done = process.run(
        "account", "add", "wordpress", town.addresses.blog, "--user", officer.user, "--secret-stdin", "--json",
        typed=f"{officer.application_password}\n",
    )  # fmt: skip
    assert done.returncode == 3, done
    assert json.loads(done.stderr)["error"] == "KeyringTrouble"
    assert officer.application_password.encode() not in bytes_of(process.home) + done.stdout + done.stderr
    assert process.ask("account", "list") == {"accounts": []}


def test_wrong_usage_and_a_missing_inbox_as_a_shell_sees_them(process: Process) -> None:
    wrong = process.run("conversations", "--place", "nowhere")
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert b"nowhere" in wrong.stderr
    missing = process.run("conversations", "--json")
    assert missing.returncode == 7
    assert set(json.loads(missing.stderr)) == {"error", "title", "detail", "hint"}
    assert not process.home.exists()


def test_without_home_it_is_the_inbox_that_the_window_opens(town: Town, process: Process, tmp_path: Path) -> None:
    """main.py opens POSTROOM_HOME, else this person's folder for data; so do we."""
    added = process.run("account", "add", "feed", town.addresses.feed)
    assert added.returncode == 0, added
    data = tmp_path / "data"
    data.mkdir()
    shutil.copytree(process.home, data / "postroom")
    by_system = [{"XDG_DATA_HOME": str(data)}] if sys.platform == "linux" else []
    for more in ({"POSTROOM_HOME": str(process.home)}, *by_system):
        listed = subprocess.run(
            [sys.executable, "-m", "inbox", "account", "list", "--json"],
            env=process.environment | more, cwd=tmp_path, capture_output=True, timeout=WITHIN_S, check=False,
        )  # fmt: skip
        assert listed.returncode == 0, listed
        assert [a["id"] for a in json.loads(listed.stdout)["accounts"]] == ["feed-1"]


def test_practice_reaches_its_own_town_and_nothing_else(town: Town, process: Process) -> None:
    """A name, even this machine's own, might lead anywhere: only the numbers of loopback are the town's."""
    elsewhere = town.addresses.feed.replace("127.0.0.1", "localhost")
    assert process.run("account", "add", "feed", elsewhere).returncode == 0  # it could be reached
    practised = subprocess.run(
        [sys.executable, "-m", "inbox", "--practice", "account", "add", "feed", elsewhere, "--json"],
        env=process.environment, capture_output=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert practised.returncode == 6, practised
    assert json.loads(practised.stderr)["error"] in ("Offline", "Unavailable")


def test_practice_needs_nothing(process: Process, tmp_path: Path) -> None:
    practised = subprocess.run(
        [sys.executable, "-m", "inbox", "--practice", "export", "--format", "json", str(tmp_path), "--json"],
        env=process.environment, capture_output=True, timeout=WITHIN_S, check=False,
    )  # fmt: skip
    assert practised.returncode == 0, practised
    told = json.loads(practised.stdout)["exported"]
    assert told["messages"] > 50
    assert Path(told["files"][0]).name == "PRACTICE-postroom.json"
    assert not process.keys.exists()
