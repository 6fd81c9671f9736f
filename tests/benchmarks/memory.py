"""memory: what stays resident after start, after 20,000 rows went by, and after 50 searches, against a bare window."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks import process
from tests.benchmarks.figures import Figure
from tests.benchmarks.stock import Stock

_AIM_MB = 150


def measure(stock: Stock, *, quick: bool) -> Iterator[Figure]:
    """Resident megabytes; in the notes also the proportional set (Pss) and what is ours alone and written to."""
    with stock.copy("memory") as home:
        ours = process.run("real", "memory", home, 4_000 if quick else 20_000, 10 if quick else 50)
    floor = process.run("bare", "memory")
    for step, name in (("start", "memory at start"), ("searched", "memory after work")):
        yield Figure(
            name=name, unit="MB", ours=ours[step]["Rss"] / 1024, floor=floor["Rss"] / 1024, most=_AIM_MB,
            bound="Qt's own libraries and fonts (the floor), Python modules, SQLite's page caches, then the rows read",
            notes={f"{k} MB": v / 1024 for k, v in ours[step].items() if k not in ("rows", "searches")}
            | {"after scrolling MB": ours["scrolled"]["Rss"] / 1024, "rows": ours["scrolled"]["rows"]}
            | {f"floor {k} MB": v / 1024 for k, v in floor.items() if k in ("Pss", "Private_Dirty")},
        )  # fmt: skip
