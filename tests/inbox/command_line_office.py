"""An office that works with the command line alone: ``main`` called in this process, over networks in memory."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from inbox.command_line.main import main
from inbox.connectors.connector import Connector
from inbox.connectors.memory import Memory, World
from inbox.secrets import MemorySecrets, Secrets
from tests.clock import TestClock

SECRET = "open-sesame-42"
CHANNEL = "memory-1.1"


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The standard output, read as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> Any:
        """The error stream, read as JSON."""
        return json.loads(self.err)


@dataclass
class Office:
    """One inbox, one network in memory behind it, and a hand at the keyboard."""

    home: Path
    capsys: pytest.CaptureFixture[str]
    clock: TestClock = field(default_factory=TestClock)
    secrets: Secrets = field(default_factory=MemorySecrets)
    networks: Mapping[str, type[Connector]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = World(self.clock)
        self.networks = self.networks or {"memory": Memory.over({"board": self.world})}

    def run(self, *words: object, standard_input: str | None = None) -> Ran:
        """Run the command. Without ``standard_input`` there is none: reading it would fail the test."""
        self.capsys.readouterr()
        before, sys.stdin = sys.stdin, io.StringIO(standard_input) if standard_input is not None else _Closed()
        try:
            code = main(
                ["--home", str(self.home), *map(str, words)],
                networks=self.networks, secrets=self.secrets, clock=self.clock,
            )  # fmt: skip
        finally:
            sys.stdin = before
        written = self.capsys.readouterr()
        return Ran(code, written.out, written.err)

    def ask(self, *words: object, standard_input: str | None = None) -> Any:
        """Run the command with ``--json``, which has to succeed, and return what it answered."""
        ran = self.run(*words, "--json", standard_input=standard_input)
        assert ran.code == 0, ran
        return ran.value

    def sign_in(self) -> Ran:
        return self.run("account", "add", "memory", "memory.example", "--secret-stdin", standard_input=f"{SECRET}\n")

    def fetch(self) -> None:
        """Sign in if nobody did, and fetch."""
        if not (self.home / "inbox.sqlite3").exists():
            assert self.sign_in().code == 0
        assert self.run("sync", "--once").code == 0

    def message_id(self, text: str) -> int:
        """The message with these words."""
        [hit] = self.ask("search", text)["hits"]
        return int(hit["message_id"])


class _Closed(io.StringIO):
    def read(self, *_: object) -> str:
        raise AssertionError("the standard input was read")

    readline = read  # type: ignore[assignment]
