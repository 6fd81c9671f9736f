"""start: from the start of the process to the first paint of the list with rows, against a bare window with a list."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from tests.benchmarks import process
from tests.benchmarks.figures import Figure, spread
from tests.benchmarks.stock import Stock


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """Both in turn, so that a busy machine slows both; the first pair fills the caches and does not count."""
    ours, floors = [], []
    with stock.copy("start") as home:
        for _ in range(4 if quick else 10):
            floors.append(_took("bare", "start"))
            ours.append(_took("real", "start", home))
    yield Figure(
        name="start", unit="ms", ours=statistics.median(ours[1:]), floor=statistics.median(floors[1:]), most_ratio=1.5,
        bound="importing the model's dataclasses, the store and PySide's enums (python -X importtime main.py --help),"
        " then making and dressing the widgets; asyncio, the networks and the panes beside the list come later",
        notes=spread(ours[1:]) | {"first": ours[0], "floor least": min(floors[1:]), "floor most": max(floors[1:])},
    )  # fmt: skip


def _took(*program: object) -> float:
    told = process.run(*map(str, program))
    return (told["painted_at"] - told["began_at"]) * 1000
