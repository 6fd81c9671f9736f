"""open: a conversation of 500 messages from the store to its first paint, from one to the next with j, and the wheel
turned in the long one."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import process
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.stock import Stock

_AIM_MS = 120
_STEP_MS = 16


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """The median; the first one of a session, which also makes fonts and styles, is in the notes."""
    with stock.copy("open") as home:
        told = process.run("real", "opening", home, stock.long_conversation, 3 if quick else 9)
    yield Figure(
        name="open 500 messages", unit="ms", ours=statistics.median(told["long"]),
        floor=statistics.median(told["short"]), most=_AIM_MS,
        bound="filling the cards within sight (ui.reading.supply); the others are filled when neared",
        notes={
            "first": told["long"][0], "worst": max(told["long"]),
        },
    )  # fmt: skip
    step, row = told["step"], told["row"]
    yield Figure(
        name="open with j", unit="ms", ours=statistics.median(step), floor=statistics.median(row), most=_STEP_MS,
        bound="laying out and painting 1 to 6 cards, the person and the reply box; floor: the list's step alone",
        notes={
            "conversations": len(step), "p99": percentile(step, 0.99), "worst": max(step),
            "median of the processor's time": statistics.median(told["step_own"]),
            "longest turn after a step": max(told["after"]), "over 16 ms": sum(s > _STEP_MS for s in step),
        },
    )  # fmt: skip
    up, down = ([wall for wall, _ in told[kind]] for kind in ("up", "down"))
    yield Figure(
        name="scroll 500 messages", unit="ms", ours=percentile(up, 0.99), floor=percentile(down, 0.99), most=8,
        bound="making or filling one card per turn of the loop upwards; the floor is the way down, past made ones",
        notes={
            "frames": len(up), "median": statistics.median(up), "worst": max(up), "over 16 ms": sum(f > 16 for f in up),
            "p99 of the processor's time": percentile([own for _, own in told["up"]], 0.99),
            "read up to the first after": statistics.median(told["whole"]),
        },
    )  # fmt: skip
