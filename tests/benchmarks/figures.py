"""Figures, how they are judged, printed and kept."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path


class BenchmarkBroken(Exception):
    """What was to be measured did not happen."""


_HEADS = ("name", "ours", "floor", "ratio", "aim", "stands")


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """One measured thing. The aims that are given must all hold: ``most`` of ours, ``most_ratio``, ``least_ratio``."""

    name: str
    unit: str
    ours: float
    floor: float | None = None
    most: float | None = None
    most_ratio: float | None = None
    least_ratio: float | None = None
    bound: str = ""  # what keeps it from being smaller
    notes: dict[str, float | str] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """Ours as a multiple of the floor."""
        return self.ours / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether every aim holds; ``None`` when there is none."""
        ratio = self.ratio if self.ratio is not None else 0.0
        held = [
            *([self.ours <= self.most] if self.most is not None else []),
            *([ratio <= self.most_ratio] if self.most_ratio is not None else []),
            *([ratio >= self.least_ratio] if self.least_ratio is not None else []),
        ]
        return all(held) if held else None

    @property
    def aim(self) -> str:
        """The aims in words."""
        parts = [
            f"<= {self.most:g} {self.unit}" if self.most is not None else "",
            f"<= {self.most_ratio:g}x" if self.most_ratio is not None else "",
            f">= {self.least_ratio:g}x" if self.least_ratio is not None else "",
        ]
        return ", ".join(p for p in parts if p)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that ``part`` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)]


def spread(values: Sequence[float]) -> dict[str, float | str]:
    """For the notes: how far the runs lie apart."""
    return {"runs": len(values), "least": min(values), "median": statistics.median(values), "most": max(values)}


def table(figures: Sequence[Figure]) -> str:
    """The figures as lines of text, what bounds each and its notes below it."""
    rows = [_HEADS] + [
        (
            f.name, f"{_number(f.ours)} {f.unit}", f"{_number(f.floor)} {f.unit}" if f.floor is not None else "-",
            f"{f.ratio:.2f}x" if f.ratio is not None else "-", f.aim or "-",
            {True: "met", False: "NOT MET", None: "-"}[f.met],
        )
        for f in figures
    ]  # fmt: skip
    widths = [max(len(row[i]) for row in rows) for i in range(len(_HEADS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    for figure in figures:
        notes = "; ".join(f"{k} {_number(v) if isinstance(v, float | int) else v}" for k, v in figure.notes.items())
        lines.append("")
        lines.append(f"{figure.name}: {figure.bound}" + (f" [{notes}]" if notes else ""))
    return "\n".join(lines)


def keep(figures: Sequence[Figure], path: Path, **run: object) -> None:
    """Write the figures, with what they were measured on, as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    machine = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "python": sys.version.split()[0],
        "sqlite": sqlite3.sqlite_version, "system": platform.platform(), "processors": os.cpu_count(),
    }  # fmt: skip
    found = [asdict(f) | {"ratio": f.ratio, "met": f.met, "aim": f.aim} for f in figures]
    path.write_text(json.dumps(machine | run | {"figures": found}, indent=1, ensure_ascii=False))


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.2f}"
