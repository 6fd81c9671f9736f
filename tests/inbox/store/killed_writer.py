"""Writes batches into an inbox for ever; is killed at a random moment, again and again. Run by test_crash.py.

Prints one line for each kill: how many batches the file holds after it. Ends with an error at the first inconsistency.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

from inbox.model import Batch, Cursor
from inbox.store import accounts, record
from inbox.store.database import FILE_NAME, Database, damage
from tests.inbox.making import add_channel, fresh_tallies, kept_tallies, later, message, polled, queue

PER_BATCH = 7
READY = b"."


def write(home: Path, ready: int) -> None:
    """Batch after batch, each as large as a page of comments, with its cursor; and a delivery now and then."""
    opened = Database.open(home)
    channel = add_channel(opened)
    number = int(accounts.reading(opened.connection, channel.id).cursor or 0)
    os.write(ready, READY)
    while True:
        number += 1
        said = [
            message(f"b{number}-{i}", "x" * 900, parent_remote_id=f"b{number}-0" if i else "") for i in range(PER_BATCH)
        ]
        edited = message(f"b{number // 2}-0", f"edited in {number}")
        polled(opened, channel, Batch(messages=(*said, edited), cursor=Cursor(str(number))), at=later(number))
        if number % 5 == 0:
            queue(opened, channel, f"post {number}", at=later(number))


def check(home: Path) -> int:
    """Everything hangs together; how many batches are there."""
    assert damage(home / FILE_NAME) == ""
    with contextlib.closing(Database.open(home)) as opened:
        connection = opened.connection
        batches = int(connection.execute("SELECT cursor FROM channels").fetchone()[0] or 0)
        news = connection.execute("SELECT count(*) FROM messages WHERE remote_id <> 'b0-0'").fetchone()[0]
        assert news == batches * PER_BATCH, f"{news} messages, cursor at {batches}"
        assert connection.execute("SELECT count(*) FROM polls").fetchone()[0] == batches, "a line of the ledger each"
        assert record.verify(connection).broken_line is None
        assert kept_tallies(connection) == fresh_tallies(connection)
        [lost] = connection.execute(
            "SELECT count(*) FROM deliveries d WHERE NOT EXISTS (SELECT 1 FROM updates u WHERE u.id = d.update_id)"
        ).fetchone()
        assert lost == 0
        connection.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return batches


def main(home: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(kills):
        heard, ready = os.pipe()
        child = os.fork()
        if child == 0:
            write(home, ready)
        assert os.read(heard, 1) == READY
        time.sleep(chance.uniform(0, 0.06))  # the moment is what is tried here
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        os.close(heard)
        os.close(ready)
        sys.stdout.write(f"{check(home)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
