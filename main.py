"""Postroom: builds the parts, connects them, runs the loop. The only file that sees everything."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from pathlib import Path

import qasync
from PySide6.QtCore import QProcess, QSettings

from inbox.engine import Engine
from inbox.errors import StoreError
from inbox.home import default_home
from inbox.secrets import KeyringSecrets, MemorySecrets, scope_of
from inbox.store import accounts
from inbox.store.database import FILE_NAME, open_reader
from inbox.tasks import Tasks
from ui.application import OneInstance, hook_errors, make_application, say_unusable, start_log
from ui.offscreen import no_display, tell_session
from ui.practice import PracticeStripe, sign_in_to
from ui.reader import Reader
from ui.window import Window

PRACTICE_INTERVAL_S = 3


def main(arguments: list[str]) -> int:
    """Run the window; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="postroom", description="A social inbox. With no account it opens a practice town."
    )
    parser.add_argument("--home", type=Path, help="the folder of the inbox")
    parser.add_argument("--practice", action="store_true", help="open the practice town whatever accounts there are")
    parser.add_argument("--real", action="store_true", help="open the real inbox, even if it is still empty")
    parser.add_argument("--theme", choices=("light", "dark"), help="whatever the system says")
    options = parser.parse_args(arguments)
    home = options.home or default_home()
    practising = options.practice or not (options.real or _has_accounts(home))
    told = no_display()
    if told:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application, theme = make_application(sys.argv[:1])
    with tempfile.TemporaryDirectory(prefix="postroom-practice-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch) if practising else home
        instance = OneInstance(folder)
        if instance.greet_running():
            return 0
        start_log(folder)
        if practising:  # the town's servers take a seventh of a second to import, which nobody else should wait for
            from inbox.practice.loopback import practice_client
            from inbox.practice.town import Town

            town = Town()
            engine = Engine(folder, MemorySecrets(), interval_s=PRACTICE_INTERVAL_S, client=practice_client)
        else:
            town = None
            engine = Engine(folder, KeyringSecrets(scope_of(home)))
        try:
            engine.start()
        except StoreError as error:
            say_unusable(error)
            return 7
        instance.listen()
        loop = qasync.QEventLoop(application)
        asyncio.set_event_loop(loop)
        tasks = Tasks(lambda error: sys.excepthook(type(error), error, error.__traceback__))
        loop.set_exception_handler(
            lambda _, c: c.get("exception") and sys.excepthook(type(c["exception"]), c["exception"], None)
        )
        settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        if options.theme:
            settings.setValue("theme", options.theme)
        stripe = PracticeStripe(town, theme) if town else None
        reader = Reader(folder)
        window = Window(engine, reader, theme, tasks, settings=settings, stripe=stripe)
        hook_errors(window.show_error)
        instance.greeted.connect(window.summon)
        done = asyncio.Event()
        window.quit_wanted.connect(done.set)
        if stripe is not None and town is not None:
            window.setWindowTitle("Postroom (PRACTICE)")
            stripe.leave.connect(lambda: _leave_practice(window, home))
            town.start()
        window.show()

        async def live() -> None:
            tasks.start(window.check_file(), name="check the file")
            if town is not None:
                await sign_in_to(town, engine)
            if told and town is not None:
                await tell_session(window, engine, reader, town)
                window.close()
            await done.wait()
            await tasks.cancel(within_s=2)

        with loop:
            loop.run_until_complete(live())
        engine.stop()
        reader.close()
        if town is not None:
            town.stop()
    return 0


def _leave_practice(window: Window, home: Path) -> None:
    """Open the real inbox in a process of its own: an engine that practises never reaches a real network."""
    QProcess.startDetached(sys.executable, [str(Path(__file__).resolve()), "--real", "--home", str(home)])
    window.close()


def _unexpected(error: BaseException | None) -> None:
    """An error nobody awaited goes where every other unexpected one goes."""
    if error is not None:
        sys.excepthook(type(error), error, error.__traceback__)


def _has_accounts(home: Path) -> bool:
    if not (home / FILE_NAME).exists():
        return False
    try:
        connection = open_reader(home / FILE_NAME)
    except StoreError:
        return True  # there is something: opening it for real says what is wrong with it
    try:
        return bool(accounts.accounts(connection))
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
