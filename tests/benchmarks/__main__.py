"""``python -m tests.benchmarks [--quick] [--only NAME] [--messages N]``: measure, print a table, keep it as JSON."""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # for the windows, which are processes of their own

from tests.benchmarks import backfill, gap, memory, opening, poll, save, scroll, search, start
from tests.benchmarks.figures import BenchmarkBroken, Figure, keep, table
from tests.benchmarks.stock import ROOT, stock

MEASURES = {
    "start": start.measure, "save": save.measure, "search": search.measure, "scroll": scroll.measure,
    "gap": gap.measure, "memory": memory.measure, "open": opening.measure, "poll": poll.measure,
    "backfill": backfill.measure,
}  # fmt: skip
RESULTS = ROOT / "build" / "bench.json"


def main(arguments: list[str]) -> int:
    """Run what was asked for. A slow machine is not a fault: 1 only when something could not be measured at all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description="How quick Postroom is.")
    parser.add_argument("--quick", action="store_true", help="an inbox of 50,000 messages and few repetitions")
    parser.add_argument("--only", action="append", choices=MEASURES, help="one benchmark (may be given again)")
    parser.add_argument("--messages", type=int, help="messages in the inbox looked at (1,000,000; with --quick 50,000)")
    options = parser.parse_args(arguments)
    here = stock(options.messages or (50_000 if options.quick else 1_000_000))
    began, load = time.perf_counter(), _load()
    figures: list[Figure] = []
    broken = []
    for name in options.only or MEASURES:
        print(f"{name} ...", flush=True)
        try:
            figures += MEASURES[name](here, quick=options.quick)
        except BenchmarkBroken as error:  # the others are worth having all the same
            broken.append(f"{name} could not be measured: {error}")
    print(f"\n{here.messages:,} messages; load average {load} before, {_load()} after; {os.cpu_count()} processors\n")
    print(table(figures))
    keep(figures, RESULTS, messages=here.messages, quick=options.quick, load=[load, _load()])
    print(f"\n{time.perf_counter() - began:.0f} s. The same in {RESULTS.relative_to(ROOT)}.")
    print(*broken, sep="\n", end="\n" if broken else "")
    return 1 if broken else 0


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
