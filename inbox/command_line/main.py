"""Runs one command: parse, do, write the answer, and say with the exit code how it went."""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from inbox.clock import Clock, SystemClock
from inbox.command_line import account, channel, conversation, delivery, health, inbox_file, measures, message
from inbox.command_line.answer import WrongUsage, error_values
from inbox.command_line.exits import Exit, exit_of, exit_of_all
from inbox.command_line.output import as_json, wrapped
from inbox.command_line.parser import build
from inbox.command_line.session import Session
from inbox.connectors import CONNECTORS
from inbox.connectors.connector import Connector
from inbox.errors import PostroomError
from inbox.home import default_home
from inbox.secrets import KeyringSecrets, Secrets, scope_of

log = logging.getLogger(__name__)

DECLARE: Final = (
    account.commands,
    channel.commands,
    conversation.commands,
    message.commands,
    delivery.commands,
    inbox_file.commands,
    health.commands,
    measures.commands,
)


class Fault(PostroomError):
    """A fault of ours, in words for the person it happened to."""

    title = "A fault in Postroom"
    hint = "Please report it, with what --verbose shows."


def main(
    argv: Sequence[str] | None = None,
    *,
    networks: Mapping[str, type[Connector]] = CONNECTORS,
    secrets: Secrets | None = None,
    clock: Clock | None = None,
) -> int:
    """Run the command and return its exit code (``exits.py``). Without ``secrets``: the desktop's key store."""
    words = list(sys.argv[1:] if argv is None else argv)
    in_json, verbose = "--json" in words, "--verbose" in words
    try:
        args = build(networks, DECLARE).parse_args(words)
        _log_to_errors(args.verbose)
        clock = clock or SystemClock()
        if args.practice:
            return _practise(args, clock)
        home = Path(args.home).absolute() if args.home else default_home()
        secrets = secrets or KeyringSecrets(scope_of(home))
        return _run(args, Session(home=home, secrets=secrets, networks=networks, clock=clock))
    except PostroomError as error:
        _tell(error, in_json=in_json)
        return exit_of(error)
    except SystemExit as ended:  # --help
        return int(ended.code or 0)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. What was being sent is looked for before it is sent again.\n")
        return Exit.INTERRUPTED
    except BrokenPipeError:
        raise  # whoever reads us has gone away: __main__ knows what to do
    except Exception as error:  # noqa: BLE001 - the last hook of the command line, as the window has its own
        if verbose:
            traceback.print_exc()
        # Not its words: they are nobody's promise to hold no secret.
        _tell(Fault(f"{type(error).__name__} at {_place(error)}."), in_json=in_json)
        return Exit.BUG


def _practise(args: argparse.Namespace, clock: Clock) -> int:
    from inbox.command_line.practice import practising  # a web server: nobody else has to wait for its import

    if args.home:
        raise WrongUsage("--practice has a folder of its own that goes away: leave out --home.")
    with practising(clock) as session:
        return _run(args, session)


def _run(args: argparse.Namespace, session: Session) -> int:
    answer = args.run(args, session)
    sys.stdout.write(as_json(answer.values) + "\n" if args.json else "".join(f"{line}\n" for line in answer.lines))
    sys.stdout.flush()
    for error in answer.errors:
        _tell(error, in_json=args.json)
    return int(answer.code if answer.code is not None else exit_of_all(answer.errors))


def _tell(error: PostroomError, *, in_json: bool) -> None:
    """One sentence and what to do about it, on the error stream."""
    if in_json:
        sys.stderr.write(as_json(error_values(error), lines=False) + "\n")  # one a line: there may be several
        return
    detail = "" if error.detail == error.title else f": {error.detail.rstrip('.')}"
    sys.stderr.write("\n".join(wrapped(f"{error.title}{detail}. {error.hint}".rstrip())) + "\n")


def _place(error: BaseException) -> str:
    """File and line where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}, line {frames[-1].lineno}" if frames else "an unknown place"


def _log_to_errors(verbose: bool) -> None:
    """Ours only: other libraries write addresses into their logs, and an address may hold a token."""
    ours = logging.getLogger("inbox")
    for handler in ours.handlers[:]:
        if handler.name == __name__:
            ours.removeHandler(handler)
    handler = logging.StreamHandler() if verbose else logging.NullHandler()
    handler.name = __name__
    ours.addHandler(handler)
    if verbose:
        ours.setLevel(logging.INFO)
