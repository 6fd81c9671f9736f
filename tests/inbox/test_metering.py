"""Quotas and money: what is left, how fast to go on, and that nothing is forgotten."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.errors import OutOfBudget
from inbox.metering import MICRO, SLOWEST, Allowance, Period, Unit, Use, Validity, exhausted, pace, span
from inbox.store import spending
from inbox.store.database import Database
from tests.clock import START, TestClock
from tests.inbox.making import add_channel

CALLS = Allowance(name="calls", title="Calls a day", unit=Unit.CALLS, period=Period.DAY, limit=100, reserve=25)
MONEY = Allowance(
    name="credits", title="Money a month", unit=Unit.MONEY, period=Period.MONTH, limit=10 * MICRO, settable=True
)
SHARE = Allowance(name="usage", title="Of Facebook's limit", unit=Unit.SHARE, period=Period.ROLLING)
NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)


@pytest.fixture
def meter(database: Database, clock: TestClock) -> spending.StoredMeter:
    return meter_of(database, clock)


def meter_of(database: Database, clock: TestClock) -> spending.StoredMeter:
    return spending.StoredMeter(database, clock, "x-1", [CALLS, MONEY, SHARE])


def use(allowance: Allowance, used: int, now: datetime = NOON) -> Use:
    begins_at, ends_at = span(allowance.period, now)
    return Use(allowance=allowance, used=used, limit=allowance.limit, begins_at=begins_at, ends_at=ends_at)


def test_days_and_months_are_those_of_utc() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    east = late.astimezone(UTC) + timedelta(0)
    assert span(Period.DAY, east) == (datetime(2026, 12, 31, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert span(Period.MONTH, late) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def test_what_is_spent_is_counted_and_kept(database: Database, clock: TestClock, meter: spending.StoredMeter) -> None:
    for _ in range(60):
        meter.need("calls", 1)
        meter.spend("calls", 1, "notifications read")
    meter.spend("calls", 3, "names looked up", times=3)
    again = meter_of(database, clock)
    assert again.left("calls") == 100 - 63 - 25
    assert again.left("calls", person=True) == 100 - 63
    said = spending.lines(database.connection, "x-1", CALLS, now=clock.now())
    assert [(line.what, line.times, line.amount) for line in said] == [
        ("notifications read", 60, 60),
        ("names looked up", 3, 3),
    ]


def test_reading_stops_before_what_is_kept_for_a_person(meter: spending.StoredMeter, clock: TestClock) -> None:
    meter.spend("calls", 75, "read")
    with pytest.raises(OutOfBudget) as caught:
        meter.need("calls", 1)
    assert caught.value.retry_at == span(Period.DAY, clock.now())[1]
    assert "75 of 100" in str(caught.value)
    meter.need("calls", 25, person=True)
    with pytest.raises(OutOfBudget):
        meter.need("calls", 26, person=True)


def test_a_new_day_begins_at_nought(meter: spending.StoredMeter, clock: TestClock) -> None:
    meter.spend("calls", 75, "read")
    clock.move(86_400)
    assert meter.left("calls") == 75


def test_the_officers_budget_counts(database: Database, clock: TestClock, meter: spending.StoredMeter) -> None:
    add_channel(database, account="x-1")
    meter.spend("credits", 4 * MICRO, "mentions read")
    with database.transaction() as connection:
        spending.set_budget(connection, "x-1", "credits", 3 * MICRO)
    with pytest.raises(OutOfBudget) as caught:
        meter.need("credits", 1)
    assert "$4.00 of $3.00" in str(caught.value)
    with database.transaction() as connection:
        spending.set_budget(connection, "x-1", "credits", 5 * MICRO)
    meter.need("credits", MICRO)


def test_an_object_is_paid_for_once_a_day(meter: spending.StoredMeter, clock: TestClock) -> None:
    assert meter.unbilled("credits", ["a", "b", "a"]) == ["a", "b"]
    meter.bill("credits", ["a", "b"])
    assert meter.unbilled("credits", ["c", "b", "a"]) == ["c"]
    clock.move(86_400)
    assert meter.unbilled("credits", ["a"]) == ["a"]


def test_the_networks_own_word_counts_while_it_holds(meter: spending.StoredMeter, clock: TestClock) -> None:
    meter.report("usage", 96, ends_at=clock.now() + timedelta(minutes=7))
    with pytest.raises(OutOfBudget) as caught:
        meter.need("usage", 1)
    assert caught.value.retry_at == clock.now() + timedelta(minutes=7)
    clock.move(7 * 60 + 1)
    meter.need("usage", 1)
    meter.report("usage", 60)
    meter.need("usage", 1)


def test_validity_is_kept_and_told_once(database: Database) -> None:
    add_channel(database, account="x-1")
    now = Validity(
        sign_in_ends_at=START, version="202609", version_ends_on=date(2027, 9, 15), words=("May not read ratings",)
    )
    with database.transaction() as connection:
        assert spending.set_validity(connection, "x-1", now)
        assert not spending.set_validity(connection, "x-1", now)
    assert spending.validity(database.connection, "x-1") == now
    assert spending.validity(database.connection, "nobody") == Validity()


def test_the_pace_slows_with_what_is_left() -> None:
    assert pace([], NOON) == 1.0
    assert pace([use(CALLS, 18)], NOON) == 1.0, "a few calls early in the day are no flood"
    assert pace([use(CALLS, 37)], NOON) == 1.0, "half the day, half of what is for reading"
    assert pace([use(CALLS, 60)], NOON) == pytest.approx(1.6)
    assert pace([use(CALLS, 75)], NOON) == SLOWEST
    assert pace([use(SHARE, 74)], NOON) == 1.0
    told = replace(use(SHARE, 85), limit=100)
    assert 1.0 < pace([told], NOON) < SLOWEST
    assert pace([replace(told, used=95)], NOON) == SLOWEST


@given(st.integers(0, 200), st.integers(0, 86_399))
def test_the_pace_is_always_sensible(used: int, second: int) -> None:
    now = NOON.replace(hour=0) + timedelta(seconds=second)
    assert 1.0 <= pace([use(CALLS, used, now)], now) <= SLOWEST
    assert exhausted(use(CALLS, used, now)) == (used >= 75)


def test_the_forecast_goes_on_as_it_began() -> None:
    assert use(CALLS, 30).forecast(NOON) == 60
