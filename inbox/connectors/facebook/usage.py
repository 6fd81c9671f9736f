"""Facebook's own word on how much is used up, from its headers (facebook.md section 2.7).

Percent of limits that it does not name: slower from 75 (``metering.pace``), nothing from 95 on, and not a single call
while it says to wait: calling while throttled lengthens the block.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.metering import Allowance, Meter, Period, Unit

PAGES, MESSENGER = "pages", "messenger"
STOP_AT: Final = 95
REST: Final = timedelta(hours=1)
_SOURCE: Final = "X-App-Usage and X-Business-Use-Case-Usage, 2026"
ALLOWANCES: Final = (
    Allowance(
        name=PAGES, title="Calls for Pages", unit=Unit.SHARE, period=Period.ROLLING, limit=100, source=_SOURCE
    ),
    Allowance(
        name=MESSENGER, title="Calls for Messenger", unit=Unit.SHARE, period=Period.ROLLING, limit=100, source=_SOURCE
    ),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """How much is used, in percent, and how long to wait where Facebook says to."""

    used: int
    regain: timedelta | None = None


def shares_in(headers: Mapping[str, str]) -> dict[str, Share]:
    """What the headers of one answer say, by allowance. The old X-Page-Usage counts like X-App-Usage."""
    found: dict[str, Share] = {}
    for name in ("x-app-usage", "x-page-usage"):
        share = _share(_json(headers.get(name, "")))
        if share is not None:
            _take(found, PAGES, share)
    for uses in _json(headers.get("x-business-use-case-usage", "")).values():
        for use in uses if isinstance(uses, list) else ():
            share = _share(use)
            if share is not None:
                _take(found, MESSENGER if use.get("type") == "messenger" else PAGES, share)
    return found


def report(meter: Meter, shares: Mapping[str, Share], told: dict[str, int], now: datetime) -> None:
    """Tell the meter what is news."""
    for name, share in shares.items():
        used = max(share.used, 100) if share.regain else share.used
        if told.get(name) == used < STOP_AT:
            continue
        told[name] = used
        meter.report(name, used, ends_at=now + (share.regain or REST) if used >= STOP_AT else None)


def _take(found: dict[str, Share], name: str, share: Share) -> None:
    before = found.get(name)
    waits = [s.regain for s in (before, share) if s is not None and s.regain]
    used = max(share.used, before.used if before else 0)
    found[name] = Share(used=used, regain=max(waits, default=None))


def _share(use: Any) -> Share | None:
    if not isinstance(use, Mapping):
        return None
    counts = [use.get(name) for name in ("call_count", "total_time", "total_cputime")]
    numbers = [int(n) for n in counts if isinstance(n, int | float)]
    minutes = use.get("estimated_time_to_regain_access")
    wait = timedelta(minutes=minutes) if isinstance(minutes, int | float) and minutes > 0 else None
    return Share(used=max(numbers), regain=wait) if numbers else None


def _json(words: str) -> Mapping[str, Any]:
    try:
        value = json.loads(words) if words else {}
    except ValueError:
        return {}
    return value if isinstance(value, Mapping) else {}
