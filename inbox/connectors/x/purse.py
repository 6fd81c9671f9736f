"""The budget: what a request may cost at most is set aside before it leaves, what it did cost is noted after.

So the budget holds to the cent, also when a person publishes while a poll runs: amounts set aside by requests under way
count as spent. An object that was paid for on this UTC day costs nothing when it comes again (x.md section 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from inbox.connectors.x.prices import CREDITS
from inbox.metering import Meter

_under_way: Final[dict[str, int]] = {}


class Purse:
    """One account's money, as one caller may use it. ``person``: somebody waits for it, so the reserve is theirs."""

    def __init__(self, meter: Meter, account_id: str, *, person: bool) -> None:
        self._meter = meter
        self._account = account_id
        self._person = person

    def affords(self, each: int, most: int, least: int = 1) -> int:
        """How many objects may be asked for when each may cost so much: at least ``least``, which ``hold`` refuses when
        they cannot be paid."""
        left = self._meter.left(CREDITS, person=self._person)
        if left is None:
            return most
        return max(min(most, (left - _under_way.get(self._account, 0)) // each), least)

    @contextmanager
    def hold(self, amount: int) -> Iterator[None]:
        """Set so much aside as long as this lasts. Raises OutOfBudget when it is not there."""
        self._need(amount)
        _under_way[self._account] = _under_way.get(self._account, 0) + amount
        try:
            yield
        finally:
            _under_way[self._account] -= amount

    def read(self, prices: Mapping[str, int], what: str) -> None:
        """Objects came: ``prices`` by their names ("post:20"). Those not paid for today are paid now."""
        due = self._meter.unbilled(CREDITS, prices)
        if due:
            self._meter.spend(CREDITS, sum(prices[one] for one in due), what, times=len(due))
            self._meter.bill(CREDITS, due)

    def wrote(self, amount: int, what: str) -> None:
        """Something was done that costs so much each time."""
        self._meter.spend(CREDITS, amount, what)

    def _need(self, amount: int) -> None:
        self._meter.need(CREDITS, amount + _under_way.get(self._account, 0), person=self._person)
