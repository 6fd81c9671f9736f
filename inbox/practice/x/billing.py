"""What X bills: each object once per UTC day, each write each time (x.md section 2).

Its own table of prices and its own sums, so that the connector's meter can be held against it.
"""

from __future__ import annotations

from datetime import date

from inbox.clock import Clock

READ = {"post": 5_000, "owned": 1_000, "user": 10_000, "dm": 10_000}
WRITE = {
    "post": 15_000, "post with link": 200_000, "reply": 10_000, "dm": 15_000, "delete": 10_000, "repost": 15_000,
    "manage": 5_000, "metadata": 5_000,
}  # fmt: skip


class Billing:
    """The account's bill, in millionths of a dollar. ``credits`` None: as much as one likes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.credits: int | None = None
        self.total = 0
        self.by_kind: dict[str, int] = {}
        self.by_month: dict[str, int] = {}
        self._paid: dict[date, set[str]] = {}

    @property
    def broke(self) -> bool:
        """Nothing is left."""
        return self.credits is not None and self.credits <= 0

    def read(self, kind: str, number: str, *, owned: bool = False) -> None:
        """An object was returned."""
        today = self.clock.now().date()
        paid = self._paid.setdefault(today, set())
        name = f"{kind}:{number}"
        if name not in paid:
            paid.add(name)
            self._charge("owned" if owned else kind, READ["owned" if owned else kind])

    def wrote(self, kind: str) -> None:
        """Something was done."""
        self._charge(kind, WRITE[kind])

    def _charge(self, kind: str, price: int) -> None:
        self.total += price
        self.by_kind[kind] = self.by_kind.get(kind, 0) + price
        month = f"{self.clock.now():%Y-%m}"
        self.by_month[month] = self.by_month.get(month, 0) + price
        if self.credits is not None:
            self.credits -= price
