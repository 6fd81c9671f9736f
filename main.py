"""Postroom: builds the parts, connects them, runs the loop. The only file that sees everything.

Exit codes are those of the command line (inbox/command_line/exits.py) as far as they apply: 0 closed, 7 the inbox file
cannot be used, 130 ended by Ctrl+C; and 69 for a real inbox on a machine with no display (sysexits.h: something that
is needed is not available).
"""

from __future__ import annotations

import gc

if __name__ == "__main__":
    gc.disable()  # what a start makes stays: looking for garbage in it is a twentieth of its time. ``begun`` enables it

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from inbox.engine import Engine
from inbox.errors import StoreError
from inbox.home import default_home
from inbox.secrets import KeyringSecrets, MemorySecrets, scope_of
from inbox.store import accounts
from inbox.store.database import FILE_NAME, check, errors_named, open_reader
from inbox.tasks import Tasks
from ui.application import OneInstance, hook_errors, make_application, say_unusable, start_log
from ui.interrupt import Interrupt
from ui.offscreen import no_display, say_no_display, tell_session
from ui.practice import PracticeStripe, sign_in_to
from ui.reader import Reader
from ui.window import Window

PRACTICE_INTERVAL_S = 3
SWITCH_S = 0.0005
"""How long the window waits at most when the engine has the interpreter; Python's own 5 ms, a few times in a row, would
be seen (docs/decisions/0006)."""
HIDDEN_S = 0.5
UNUSABLE, NO_DISPLAY, INTERRUPTED = 7, 69, 130


def main(arguments: list[str]) -> int:
    """Run the window; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="postroom",
        description="A social inbox. With no account it opens a practice town.",
        epilog="Exit codes: 0 closed, 7 the inbox file cannot be used, 69 no display, 130 ended by Ctrl+C. "
        "Without a window: python -m inbox --help",
    )
    parser.add_argument("--home", type=Path, help="the folder of the inbox")
    parser.add_argument("--practice", action="store_true", help="open the practice town whatever accounts there are")
    parser.add_argument("--real", action="store_true", help="open the real inbox, even if it is still empty")
    parser.add_argument("--theme", choices=("light", "dark"), help="whatever the system says")
    options = parser.parse_args(arguments)
    sys.setswitchinterval(SWITCH_S)
    home = options.home or default_home()
    practising = options.practice or not (options.real or _has_accounts(home))
    told = no_display()
    if told and not practising:
        return _without_display(home)
    if told:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application, theme = make_application(sys.argv[:1])
    interrupt = Interrupt()
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
            engine.start(held=True)  # its networks are imported when the list stands painted
        except StoreError as error:
            say_unusable(error)
            return UNUSABLE
        instance.listen()
        tasks = Tasks(_unexpected)
        settings = QSettings(str(folder / "window.ini"), QSettings.Format.IniFormat)
        if options.theme:
            settings.setValue("theme", options.theme)
        stripe = PracticeStripe(town, theme) if town else None
        reader = Reader(folder)
        window = Window(engine, reader, theme, tasks, settings=settings, stripe=stripe)
        hook_errors(window.show_error)
        instance.greeted.connect(window.summon)
        if stripe is not None and town is not None:
            window.setWindowTitle("Postroom (PRACTICE)")
            stripe.leave.connect(lambda: _leave_practice(window, home))
            town.start()
        window.show()
        _let_paint(application, window)
        import asyncio  # only now, as all that a list can be shown without

        import qasync

        loop = qasync.QEventLoop(application)
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(lambda _, context: _unexpected(context.get("exception")))
        done = asyncio.Event()
        window.quit_wanted.connect(done.set)
        code = 0

        def begun(_: object) -> None:
            gc.freeze()  # all that is there stays; looking through it for garbage would stop both threads for 0.1 s
            gc.enable()

        def begin() -> None:
            try:
                window.complete()
            finally:
                engine.release().add_done_callback(begun)

        QTimer.singleShot(0, begin)

        from ui.file_check import check_file

        async def live() -> None:
            whole = asyncio.current_task()
            interrupt.call(lambda: whole and whole.cancel())
            tasks.start(check_file(engine, window), name="check the file")
            try:
                if town is not None:
                    await sign_in_to(town, engine)
                if told and town is not None:
                    await tell_session(window, engine, reader, town)
                    window.close()
                await done.wait()
            except asyncio.CancelledError:
                window.close()
                raise
            finally:
                await tasks.cancel(within_s=2)

        with loop:
            try:
                loop.run_until_complete(live())
            except asyncio.CancelledError:
                code = INTERRUPTED
        engine.stop()
        reader.close()
        if town is not None:
            town.stop()
        interrupt.close()
    return code


def _let_paint(application: QApplication, window: Window) -> None:
    """Return when the window stands painted; at the latest after a moment, if the system keeps it hidden."""
    until = time.monotonic() + HIDDEN_S
    without_input = QEventLoop.ProcessEventsFlag.ExcludeUserInputEvents
    application.processEvents(without_input)
    while not window.windowHandle().isExposed() and time.monotonic() < until:
        time.sleep(0.005)  # a display's server says in its own time that there is something to paint on
        application.processEvents(without_input)


def _leave_practice(window: Window, home: Path) -> None:
    """Open the real inbox in a process of its own: an engine that practises never reaches a real network."""
    from PySide6.QtCore import QProcess

    QProcess.startDetached(sys.executable, [str(Path(__file__).resolve()), "--real", "--home", str(home)])
    window.close()


def _unexpected(error: BaseException | None) -> None:
    """An error nobody awaited goes where every other unexpected one goes."""
    if error is not None:
        sys.excepthook(type(error), error, error.__traceback__)


def _without_display(home: Path) -> int:
    """What there is to say about a real inbox that nobody can see; returns the exit code."""
    try:
        if (home / FILE_NAME).exists():
            check(home / FILE_NAME)
    except StoreError as error:
        say_unusable(error)
        return UNUSABLE
    say_no_display()
    return NO_DISPLAY


def _has_accounts(home: Path) -> bool:
    """Also when the file cannot be read: opening it for real says what is wrong with it."""
    path = home / FILE_NAME
    if not path.exists():
        return False
    try:
        check(path)
        with errors_named(path), contextlib.closing(open_reader(path)) as connection:
            begun = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'accounts'").fetchone()
            return begun is not None and bool(accounts.accounts(connection))
    except StoreError:
        return True


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:  # before the loop ran
        sys.exit(INTERRUPTED)
