"""Forgets words and is killed while it does, again and again. Run by test_keeping.py.

Prints one line for each kill: whether it came before the words were forgotten, or after. Ends with an error when it is
neither, or when anything is left once the next start has gone on with it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from inbox.store import record
from inbox.store.database import FILE_NAME, Database, damage
from inbox.store.purging import Purger
from tests.clock import START
from tests.inbox.making import save
from tests.inbox.members import Tongue, left, ruled_channel, words_in

READY = b"."
FIRST, SECOND = 90, 30


def forget(home: Path, ready: int, hour: float) -> None:
    opened = Database.open(home)
    opened.connection.execute("PRAGMA secure_delete=OFF")
    opened.connection.execute("PRAGMA cache_size=-64")  # it spills: half of it is on the disk when the end comes
    os.write(ready, READY)
    Purger(opened).run(START + timedelta(hours=hour))
    time.sleep(10)


def main(home: Path, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    tongue = Tongue(seed)
    for number in range(kills):
        begin = number * 100.0
        with contextlib.closing(Database.open(home)) as opened:
            opened.connection.execute("PRAGMA secure_delete=OFF")
            page = ruled_channel(opened)
            older = [tongue.member(f"a{number}-{n}", 40) for n in range(FIRST)]
            younger = [tongue.member(f"b{number}-{n}", 40) for n in range(SECOND)]
            save(opened, page, *older, at=START + timedelta(hours=begin))
            save(opened, page, *younger, at=START + timedelta(hours=begin + 30))
        heard, ready = os.pipe()
        child = os.fork()
        if child == 0:
            forget(home, ready, begin + 50)
        assert os.read(heard, 1) == READY
        time.sleep(chance.uniform(0, 0.05))  # the moment is what is tried here
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
        os.close(heard)
        os.close(ready)
        assert damage(home / FILE_NAME) == ""
        with contextlib.closing(Database.open(home)) as opened:
            here = opened.connection.execute("SELECT count(*) FROM fleeting").fetchone()[0]
            assert here in (FIRST + SECOND, SECOND), here
            Purger(opened).run(START + timedelta(hours=begin + 50))
            assert left(home, words_in(*older)) == set()
            texts = {t for (t,) in opened.connection.execute("SELECT text FROM fleeting")}
            assert texts == {m.text for m in younger}
            assert record.verify(opened.connection).broken_line is None
            assert opened.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
            Purger(opened).run(START + timedelta(hours=begin + 90))
            assert left(home, words_in(*older, *younger)) == set()
        sys.stdout.write(f"{'before' if here == FIRST + SECOND else 'after'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
