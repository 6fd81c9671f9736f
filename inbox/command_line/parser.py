"""The grammar of the command line: what every command shares, and how a noun declares its own."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable, Collection
from typing import NoReturn

from inbox.command_line import exits
from inbox.command_line.answer import Answer, WrongUsage
from inbox.command_line.session import Session

Command = Callable[[argparse.Namespace, Session], Answer]


class Parser(argparse.ArgumentParser):
    """argparse, but wrong usage is an error of ours, so that ``--json`` can say it too."""

    def error(self, message: str) -> NoReturn:
        raise WrongUsage(f"{message[:1].upper()}{message[1:]}.", hint=f"Try: {self.prog} --help")


def _shared() -> Parser:
    """Options that stand before or after the command; absent ones leave what the other place said."""
    shared = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--home", metavar="DIR", help="the folder of the inbox (default: this person's own)")
    shared.add_argument("--json", action="store_true", help="answer in JSON, errors too")
    shared.add_argument("--verbose", action="store_true", help="say on the error stream what is going on")
    shared.add_argument(
        "--practice", action="store_true", help="an invented council in a folder that goes away: nothing is real"
    )
    return shared


class Nouns:
    """Where a noun declares its commands. ``networks``: the names of those there are."""

    def __init__(self, under: argparse._SubParsersAction[Parser], networks: Collection[str]) -> None:
        self.networks = networks
        self._under = under

    def command(self, name: str, says: str, run: Command) -> argparse.ArgumentParser:
        """A command that stands by itself."""
        parser = self._under.add_parser(name, parents=[_shared()], help=says, description=f"{name}: {says}")
        parser.set_defaults(run=run)
        return parser

    def group(self, name: str, says: str) -> Nouns:
        """A noun with verbs under it."""
        parser = self._under.add_parser(name, parents=[_shared()], help=says, description=f"{name}: {says}")
        return Nouns(parser.add_subparsers(metavar="VERB", required=True), self.networks)


def build(networks: Collection[str], declare: Collection[Callable[[Nouns], None]]) -> Parser:
    """The whole grammar."""
    parser = Parser(
        prog="python -m inbox",
        description="Postroom without a window. What reads works while a window is open; what writes needs the inbox.",
        epilog=f"exit codes: {textwrap.indent(exits.__doc__ or '', '  ').lstrip()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_shared()],
    )
    parser.set_defaults(home=None, json=False, verbose=False, practice=False)
    nouns = Nouns(parser.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser), networks)
    for one in declare:
        one(nouns)
    return parser
