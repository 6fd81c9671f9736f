"""Rest.li's way of writing values into an address (linkedin.md section 3, "URN encoding").

The finished query goes into the address as it is: httpx's ``params`` would encode the brackets of ``List(`` as well
(checked with httpx 0.28.1), and LinkedIn then answers 400 "Resource method could not be resolved".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]


def encode(value: Value) -> str:
    """One value: structure raw, every leaf percent-encoded, nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return quote(value, safe="")
    if isinstance(value, Mapping):
        return f"({','.join(f'{encode(k)}:{encode(v)}' for k, v in value.items())})"
    if isinstance(value, Sequence):
        return f"List({','.join(encode(v) for v in value)})"
    return str(value)


def query(params: Mapping[str, Value]) -> str:
    """The query of an address, without its question mark."""
    return "&".join(f"{encode(name)}={encode(value)}" for name, value in params.items())
