"""gap: how long the window's thread is held up while eight channels bring messages as fast as they can be saved."""

from __future__ import annotations

import sqlite3
import statistics
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from inbox.store.database import FILE_NAME
from tests.benchmarks import process
from tests.benchmarks.figures import BenchmarkBroken, Figure, percentile
from tests.benchmarks.stock import Stock

_AIM_MS = 33
_LONG_MS = 16
_BOUND = (
    "the interpreter's lock: the window waits for it, half a millisecond at a time, whenever it comes back from Qt or "
    "SQLite; then what it does for each Changed. On a busy machine, that other work (docs/decisions/0006)"
)
_FILLS = {
    "gap": ("backfilled = 0, history_before = 9999999999999", 80_000),
    "gap, all of it owed": ("backfilled = 1, history_before = 0", 16_000),
}
"""What is set on the channels, and how many messages come: a channel's past, which is nobody's debt; a bad weekend."""


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """The middle run by its worst gap; each run brings other messages into the same copy."""
    for name, (setting, messages) in _FILLS.items():
        count = messages // 10 if quick else messages
        with stock.copy("gap") as home:
            told = [_run(home, setting, count) for _ in range(1 if quick else 3)]
        told.sort(key=lambda run: max(run["busy"]))
        middle = told[len(told) // 2]
        yield Figure(
            name=name, unit="ms", ours=max(middle["busy"]), floor=max(middle["quiet"]), most=_AIM_MS, bound=_BOUND,
            notes=_facts(middle["busy"]) | {
                "p99 of all runs": statistics.median(percentile(r["busy"], 0.99) for r in told),
                "quiet p99": percentile(middle["quiet"], 0.99), "messages": count,
                "messages/s": count / middle["took_s"], "least of runs": max(told[0]["busy"]),
                "most of runs": max(told[-1]["busy"]),
            },
        )  # fmt: skip


def _run(home: Path, setting: str, messages: int) -> dict[str, list[float]]:
    with closing(sqlite3.connect(home / FILE_NAME)) as connection, connection:
        connection.execute(f"UPDATE channels SET cursor = '', complete_to = NULL, {setting}")
    told = process.run("real", "gap", home, messages)
    if told["errors"] or told["new"] != messages:
        raise BenchmarkBroken(f"{told['new']} of {messages} messages came: {told['errors'][:1]}")
    return told


def _facts(gaps: Sequence[float]) -> dict[str, float | str]:
    return {
        "p99": percentile(gaps, 0.99), "p99.9": percentile(gaps, 0.999),
        f"over {_LONG_MS} ms": sum(g > _LONG_MS for g in gaps), f"over {_AIM_MS} ms": sum(g > _AIM_MS for g in gaps),
    }  # fmt: skip
