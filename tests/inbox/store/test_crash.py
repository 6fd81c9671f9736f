"""The process is killed while it writes: the file is sound, and cursor, messages, ledger and record agree."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
KILLS = 20


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writer is forked, so that it can be killed in its tracks")
def test_killed_at_random_moments(home: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    done = subprocess.run(
        [sys.executable, "-m", "tests.inbox.store.killed_writer", str(home), str(KILLS), str(seed)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, f"seed {seed}\n{done.stderr}"
    batches = [int(line) for line in done.stdout.split()]
    assert len(batches) == KILLS
    assert batches == sorted(batches), "something committed was lost"
    assert batches[-1] > KILLS / 2, "it hardly wrote anything: this tried nothing"
