"""What X charges, from the one dated file beside this module (x.md section 2), in millionths of a US dollar.

Where the price list leaves a case open, the dearer reading is taken, so that a budget is never overrun: an answer with
a link counts as a post with a link, taking back a repost or a direct message as a deletion.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from inbox.links import links
from inbox.metering import Allowance, Period, Unit

CREDITS: Final = "credits"
USUAL_BUDGET: Final = 10_000_000
FOR_PEOPLE: Final = 1_000_000
"""So much of a month's budget is kept for what a person does: five posts with a link."""


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("prices.json").read_text(encoding="utf-8"))
    return table


def as_of() -> str:
    """The day of the price list."""
    return str(_table()["as_of"])


def read(kind: str) -> int:
    """The price of one object read: "owned", "post", "user" or "dm"."""
    return int(_table()["read"][kind])


def write(kind: str) -> int:
    """The price of one request that writes."""
    return int(_table()["write"][kind])


def of_post(text: str, *, answers: bool) -> tuple[str, int]:
    """What publishing this text is called in the price list, and its price."""
    kind = "post with link" if links(text) else "reply" if answers else "post"
    return kind, write(kind)


ALLOWANCE: Final = Allowance(
    name=CREDITS,
    title="Money for X",
    unit=Unit.MONEY,
    period=Period.MONTH,
    limit=USUAL_BUDGET,
    reserve=FOR_PEOPLE,
    settable=True,
    source=f"X's price list of {as_of()}; what X itself bills stands at console.x.com",
)
