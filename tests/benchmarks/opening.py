"""open: a conversation of 500 messages from the store to its first paint, against one of a single message."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import process
from tests.benchmarks.figures import Figure
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
            "read up to the first after": statistics.median(told["whole"]),
        },
    )  # fmt: skip
