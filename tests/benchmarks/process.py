"""Runs the programs of ``windows/`` and takes what they tell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import BenchmarkBroken
from tests.benchmarks.stock import FOLDER

_WINDOWS = Path(__file__).parent / "windows"
_WITHIN_S = 900


def _environment() -> dict[str, str]:
    """Ours, with compiled modules kept, as on any desktop; outside the sources, whatever their folder allows."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(FOLDER / "compiled")}


def run(program: str, *words: object, options: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON object that ``windows/<program>.py`` prints last, and ``began_at`` by the same clock as its own."""
    began_at = time.perf_counter()
    ended = subprocess.run(
        [sys.executable, *options, str(_WINDOWS / f"{program}.py"), *map(str, words)],
        capture_output=True, text=True, timeout=_WITHIN_S, check=False, env=_environment(),
    )  # fmt: skip
    told = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if not told:
        raise BenchmarkBroken(
            f"{program} {words} ended with {ended.returncode} and told nothing:\n{ended.stderr[-3000:]}"
        )
    return {"began_at": began_at} | json.loads(told[-1])
