"""open: a conversation of 500 messages from the store to its first paint, and the wheel turned in it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import process
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.stock import Stock

_AIM_MS = 120


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """The median; the first one of a session, which also makes fonts and styles, is in the notes."""
    with stock.copy("open") as home:
        told = process.run("real", "opening", home, stock.long_conversation, 3 if quick else 9)
    yield Figure(
        name="open 500 messages", unit="ms", ours=statistics.median(told["long"]),
        floor=statistics.median(told["short"]), most=_AIM_MS,
        bound="making the cards within sight (ui.reading.messages); the others are made when neared",
        notes={
            "first": told["long"][0], "worst": max(told["long"]),
        },
    )  # fmt: skip
    up, down = ([wall for wall, _ in told[kind]] for kind in ("up", "down"))
    yield Figure(
        name="scroll 500 messages", unit="ms", ours=percentile(up, 0.99), floor=percentile(down, 0.99), most=8,
        bound="making one card per turn of the loop while reading upwards; the floor is the way down, past made ones",
        notes={
            "frames": len(up), "median": statistics.median(up), "worst": max(up), "over 16 ms": sum(f > 16 for f in up),
            "p99 of the processor's time": percentile([own for _, own in told["up"]], 0.99),
            "read up to the first after": statistics.median(told["whole"]),
        },
    )  # fmt: skip
