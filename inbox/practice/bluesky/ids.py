"""Names as the AT Protocol makes them: times, record keys, content ids, account ids, addresses of records.

Content ids are CIDv1 strings of a SHA-256, but of sorted JSON instead of DAG-CBOR: they look and change like real ones,
and nobody outside can recompute them.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

_SORTABLE = "234567abcdefghijklmnopqrstuvwxyz"
_RECORD = bytes((0x01, 0x71, 0x12, 0x20))  # CIDv1, dag-cbor, sha2-256 of 32 bytes: "bafyrei..."
_RAW = bytes((0x01, 0x55, 0x12, 0x20))  # the same of raw bytes: "bafkrei..."


class Address(NamedTuple):
    """An at:// address in its parts."""

    did: str
    collection: str
    rkey: str


def stamp(at: datetime) -> str:
    """A moment as the network writes it: UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def moment(text: str) -> datetime:
    """A written moment, to the millisecond. Raises ValueError on what is none, or has no zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"no zone: {text!r}")
    at = at.astimezone(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def milliseconds(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def tid(microseconds: int, clock_id: int = 22) -> str:
    """A timestamp identifier: 13 characters that sort by time."""
    number = (microseconds << 10) | clock_id
    return "".join(_SORTABLE[(number >> shift) & 31] for shift in range(60, -1, -5))


def is_tid(text: str) -> bool:
    """Whether a record key is a TID."""
    return len(text) == 13 and text[0] in _SORTABLE[:16] and all(c in _SORTABLE for c in text)


def record_cid(value: Mapping[str, Any]) -> str:
    """The version of a record: changes with any of its content."""
    return _cid(_RECORD, json.dumps(value, sort_keys=True, ensure_ascii=True).encode())


def blob_cid(data: bytes) -> str:
    """The name of a blob."""
    return _cid(_RAW, data)


def plc_did(seed: str) -> str:
    """An account's did:plc, made from ``seed``: the same each time."""
    return "did:plc:" + _base32(hashlib.sha256(seed.encode()).digest())[:24]


def address(uri: str) -> Address:
    """The parts of an at:// address. Raises ValueError."""
    parts = uri.removeprefix("at://").split("/")
    if not uri.startswith("at://") or len(parts) != 3:
        raise ValueError(f"not the address of a record: {uri!r}")
    return Address(*parts)


def uri_of(did: str, collection: str, rkey: str) -> str:
    """The at:// address of a record."""
    return f"at://{did}/{collection}/{rkey}"


def _cid(kind: bytes, data: bytes) -> str:
    return "b" + _base32(kind + hashlib.sha256(data).digest())


def _base32(data: bytes) -> str:
    return base64.b32encode(data).decode().lower().rstrip("=")
