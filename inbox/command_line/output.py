"""Values as JSON and as lines of at most 80 columns; strangers' words cannot steer a terminal.

A message may hold escape sequences that rewrite the screen, or marks that turn the reading direction so that a name
or an address looks like another (Unicode Technical Report 36, section 2.10). They are shown as ``<U+202E>``.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import re
import textwrap
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

WIDTH: Final = 80

# C0 but tab and line feed, DEL and C1, marks of direction, separators and fillers nobody sees, lone surrogates.
_STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
# The same for JSON, where the writer has escaped C0 already.
_STEERING_JSON = re.compile(_STEERING.pattern.replace("\x00-\x08\x0b-\x1f", ""))


def plain(value: Any) -> Any:
    """The value in what JSON has: times in ISO 8601 UTC, enums by value, capabilities as names; bytes are left out."""
    if isinstance(value, enum.Flag):
        return [flag.name.lower() for flag in type(value) if flag in value and flag.name]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return {name: plain(one) for name, one in fields.items() if not isinstance(one, bytes)}
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(one) for one in value]
    if value is None or isinstance(value, str | int | float):
        return value
    return str(value)


def as_json(value: Any, *, lines: bool = True) -> str:
    """The value as JSON for people and machines: UTF-8, but what steers a terminal as \\u escapes. ``lines``: on
    several, else on one."""
    text = json.dumps(plain(value), ensure_ascii=False, indent=1 if lines else None)
    return _STEERING_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def visible(text: str) -> str:
    """The text with every steering mark written out; lines end with a line feed only."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _STEERING.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


def one_line(text: str) -> str:
    """The text on one line."""
    return " ".join(visible(text).split())


def columns(text: str) -> int:
    """How many columns of a terminal the text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def clipped(text: str, width: int = WIDTH) -> str:
    """The line in at most ``width`` columns, with an ellipsis where it was cut."""
    if columns(text) <= width:
        return text
    while text and columns(text) > width - 1:
        text = text[:-1]
    return text.rstrip() + "…"


def wrapped(text: str, indent: str = "", *, hanging: str = "") -> list[str]:
    """The text in lines of at most 80 columns; its own line breaks stay, and a long address stays whole.

    ``hanging``: further indent of all lines but the first.
    """
    lines: list[str] = []
    for line in visible(text).splitlines() or [""]:
        lines += textwrap.wrap(
            line.expandtabs(4), WIDTH, initial_indent=indent, subsequent_indent=indent + hanging,
            break_long_words=False, break_on_hyphens=False,
        ) or [""]  # fmt: skip
    return lines


def moment(at: datetime | None) -> str:
    """The time here, to the minute; a dash for none."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M") if at is not None else "-"


def table(rows: Iterable[tuple[str, ...]], indent: str = "", gap: int = 2) -> list[str]:
    """Left-aligned columns as narrow as they can be; only the last one is cut to keep within 80 columns."""
    found = [tuple(one_line(cell) for cell in row) for row in rows]
    if not found:
        return []
    widths = [max(columns(row[i]) for row in found) for i in range(len(found[0]) - 1)]
    lines = []
    for row in found:
        start = indent + "".join(cell + " " * (w - columns(cell) + gap) for cell, w in zip(row, widths, strict=False))
        lines.append((start + clipped(row[-1], max(WIDTH - columns(start), 12))).rstrip())
    return lines
