"""``--practice``: the invented council, signed in to and fetched once, in a folder that goes away afterwards."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from inbox.clock import Clock
from inbox.command_line.session import Running, Session
from inbox.connectors import CONNECTORS
from inbox.model import Account
from inbox.practice.loopback import practice_client
from inbox.practice.town import Town
from inbox.secrets import MemorySecrets


@contextlib.contextmanager
def practising(clock: Clock) -> Iterator[Session]:
    """A session at a new town. Nothing real can be reached from it."""
    with Town() as town, tempfile.TemporaryDirectory(prefix="postroom-practice-") as folder:
        session = Session(
            home=Path(folder), secrets=MemorySecrets(), networks=CONNECTORS, clock=clock, practice=True,
            client=practice_client,
        )  # fmt: skip
        with session.engine(makes_inbox=True) as running:
            for network, address, answers in town.sign_ins():
                account = _sign_in(running, network, address, **answers)
                if (budget := town.budgets.get(network)) is not None:
                    running.result(running.engine.set_budget(account.id, *budget))
            running.result(running.engine.sync())
        yield session


def _sign_in(running: Running, network: str, address: str, **answers: str) -> Account:
    discovery = running.result(running.engine.discover(network, address))
    return running.result(running.engine.sign_in(discovery, answers))
