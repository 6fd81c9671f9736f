"""Names for records: a TID made from a delivery's key, the same every time (bluesky.md section 5, "Safe retry").

A TID is 13 characters of base 32: 53 bits of microseconds since 1970 and 10 bits against collisions. The key begins
with the milliseconds of its approval, so that our posts stay in order; what follows fills the rest.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

_ALPHABET: Final = "234567abcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"[0-9a-f]{32}")
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def tid_of(key: str) -> str:
    """The record name of a delivery's key."""
    if not _KEY.fullmatch(key):  # not made by our outbox: any word will do, as long as it is always the same
        key = hashlib.sha256(key.encode()).hexdigest()[:32]
        key = f"{int(key[:12], 16) % (1 << 40):012x}{key[12:]}"
    chance = int(key[12:28], 16)
    return _encoded(int(key[:12], 16) * 1000 + chance % 1000, chance // 1000 % 1024)


def is_tid(text: str) -> bool:
    """Whether this is a well-formed TID."""
    return _TID.fullmatch(text) is not None


def began_at(key: str) -> datetime | None:
    """When the delivery was approved, as its key says; None for a key that does not."""
    return _EPOCH + timedelta(milliseconds=int(key[:12], 16)) if _KEY.fullmatch(key) else None


def _encoded(microseconds: int, clock_id: int) -> str:
    value = ((microseconds & ((1 << 53) - 1)) << 10) | clock_id
    return "".join(_ALPHABET[(value >> shift) & 31] for shift in range(60, -1, -5))
