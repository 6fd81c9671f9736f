"""``export``, ``verify``: the inbox for others, and whether its record is whole."""

from __future__ import annotations

import argparse
from pathlib import Path

from inbox.command_line.answer import Answer, file_trouble
from inbox.command_line.exits import Exit
from inbox.command_line.output import wrapped
from inbox.command_line.parser import Nouns
from inbox.command_line.session import Session
from inbox.record.export import export_csv, export_json
from inbox.store import record

_LINE_WITH = "SELECT hash FROM events WHERE hash = ?"


def commands(nouns: Nouns) -> None:
    """Declare them."""
    export = nouns.command("export", "all conversations with their messages and gaps", _export)
    export.add_argument("--format", choices=("json", "csv"), required=True)
    export.add_argument(
        "target", type=Path, metavar="DIR-or-FILE", help="csv: a folder for its three tables; json: a file, or a folder"
    )
    verify = nouns.command("verify", "whether the record of who did what is whole", _verify)
    verify.add_argument(
        "--expect", metavar="HASH", default="", help="a head that an earlier verify or export named: it must be in it"
    )


def _export(args: argparse.Namespace, session: Session) -> Answer:
    target: Path = args.target
    try:
        with session.reader() as connection:
            if args.format == "csv":
                done = export_csv(connection, target, practice=session.practice)
            else:
                if target.is_dir():
                    target /= "PRACTICE-postroom.json" if session.practice else "postroom.json"
                done = export_json(connection, target, practice=session.practice)
    except OSError as error:
        raise file_trouble(error) from None
    lines = wrapped(f"{done.conversations} conversations, {done.messages} messages, {done.gaps} gaps:")
    return Answer(values={"exported": done}, lines=[*lines, *(f"  {file}" for file in done.files)])


def _verify(args: argparse.Namespace, session: Session) -> Answer:
    with session.reader() as connection:
        verdict = record.verify(connection)
        known = {"", record.FIRST, *(h for (h,) in connection.execute(_LINE_WITH, (args.expect,)))}
    words = verdict.words or (
        "the head you expect is not in it: lines were cut off or written anew" if args.expect not in known else ""
    )
    if words:
        lines = wrapped(f"The record is broken: {words}. Sound up to there: {verdict.lines} lines.")
    else:
        lines = [f"The record is whole: {verdict.lines} lines, head {verdict.head}"]
    return Answer(
        values={
            "sound": not words, "lines": verdict.lines, "head": verdict.head, "broken_line": verdict.broken_line,
            "words": words,
        },
        lines=lines,
        code=Exit.FAULT_FOUND if words else Exit.DONE,
    )  # fmt: skip
