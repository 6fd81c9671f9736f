"""gap: how long the window's thread is held up while eight channels bring 80,000 messages."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from tests.benchmarks import process
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.stock import Stock

_AIM_MS = 33
_LONG_MS = 16


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """The middle run by its worst gap; each run brings other messages into the same copy."""
    messages, runs = (8_000, 1) if quick else (80_000, 3)
    with stock.copy("gap") as home:
        told = [process.run("real", "gap", home, messages) for _ in range(runs)]
    told.sort(key=lambda run: max(run["busy"]))
    for run in told:
        if run["errors"] or run["new"] != messages:
            raise RuntimeError(f"{run['new']} of {messages} messages came: {run['errors'][:1]}")
    middle = told[len(told) // 2]
    yield Figure(
        name="gap, worst", unit="ms", ours=max(middle["busy"]), floor=max(middle["quiet"]), most=_AIM_MS,
        bound="the interpreter's lock, which the engine's thread holds while it parses and saves; then painting",
        notes=_facts(middle["busy"]) | {
            "messages/s": messages / middle["took_s"], "least of runs": max(told[0]["busy"]),
            "most of runs": max(told[-1]["busy"]), "quiet p99": percentile(middle["quiet"], 0.99),
        },
    )  # fmt: skip
    yield Figure(
        name="gap, p99", unit="ms", ours=statistics.median(percentile(r["busy"], 0.99) for r in told),
        floor=percentile(middle["quiet"], 0.99), bound="as above",
    )  # fmt: skip


def _facts(gaps: Sequence[float]) -> dict[str, float | str]:
    return {
        "p99": percentile(gaps, 0.99), "p99.9": percentile(gaps, 0.999),
        f"over {_LONG_MS} ms": sum(g > _LONG_MS for g in gaps), f"over {_AIM_MS} ms": sum(g > _AIM_MS for g in gaps),
    }  # fmt: skip
