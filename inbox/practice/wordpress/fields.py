"""``_fields`` (nested too: ``content.raw``) and contexts: which keys of a resource are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def wanted(value: Any) -> list[str]:
    """The names asked for, from text with commas or a list; empty means all."""
    parts = value if isinstance(value, list) else str(value or "").split(",")
    return [str(p).strip() for p in parts if str(p).strip()]


def trimmed_comment(item: Any, names: list[str]) -> Any:
    """A comment: ``content.raw`` gives no content at all there, only links may be nested (measured on 6.1.9)."""
    known = [n for n in names if "." not in n or n.startswith("_links.")]
    return trimmed(item, known) if known or not names else {}


def trimmed(item: Any, names: list[str]) -> Any:
    """The item with the asked-for keys only, in its own order."""
    if not names or not isinstance(item, dict):
        return item
    out: dict[str, Any] = {}
    for key, value in item.items():
        if key in names:
            out[key] = value
            continue
        deeper = [n.partition(".")[2] for n in names if n.startswith(f"{key}.")]
        if deeper and isinstance(value, dict):
            out[key] = trimmed(value, deeper)
    return out


def without(item: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The item without these keys (dotted names reach one level down); the item itself is changed."""
    for name in names:
        head, _, tail = name.partition(".")
        if tail:
            if isinstance(item.get(head), dict):
                item[head].pop(tail, None)
        else:
            item.pop(head, None)
    return item
