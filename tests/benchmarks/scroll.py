"""scroll: the frames of 20,000 rows going by, against a plain list with rows of the same height."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import process
from tests.benchmarks.figures import Figure, percentile
from tests.benchmarks.stock import Stock

_NAMES = {"wheel": "scroll by wheel", "page": "scroll by page", "step": "step with j"}
_BOUND = {
    "wheel": "painting the rows in sight in Python (RowDelegate.paint)",
    "page": "painting a screenful of rows in Python, and reading the next 20",
    "step": "making the cards of the conversation that is opened with each step: 5 ms a card",
}
_JUDGED = {"wheel": (0.99, 8), "page": (0.99, 8), "step": (0.95, 16)}
"""Which part of the frames may take so many ms at most."""


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """Wheel, pages, and the j key, which opens each conversation it comes to."""
    rows = 4_000 if quick else 20_000
    with stock.copy("scroll") as home:
        ours = process.run("real", "scroll", home, rows, 60 if quick else 300)
    floor = process.run("bare", "scroll", rows, ours["height"])
    for kind, name in _NAMES.items():
        frames, own = zip(*ours[kind], strict=True)
        plain = [wall for wall, _ in floor.get(kind, ())]
        part, most = _JUDGED[kind]
        yield Figure(
            name=name, unit="ms", ours=percentile(frames, part), floor=percentile(plain, part) if plain else None,
            most=most, bound=_BOUND[kind],
            notes={
                "judged by": f"p{part * 100:.0f}", "p99 of the processor's time": percentile(own, 0.99),
                "p99": percentile(frames, 0.99), "frames": len(frames),
                "median": statistics.median(frames), "worst": max(frames), "over 16 ms": sum(f > 16 for f in frames),
                "rows read": ours["loaded"],
            },
        )  # fmt: skip
