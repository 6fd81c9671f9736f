"""Times and counts as people read them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from ui.format import (
    badge,
    bare_name,
    clock_time,
    exact_time,
    file_size,
    initials,
    long_time,
    plural,
    right_to_left,
    short_time,
    spoken_age,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ago", "short", "spoken"),
    [
        (timedelta(seconds=5), "now", "just now"),
        (timedelta(minutes=14), "14 min", "14 minutes ago"),
        (timedelta(minutes=1), "1 min", "1 minute ago"),
        (timedelta(hours=3), "3 h", "3 hours ago"),
        (timedelta(days=2), f"Sat {(NOW - timedelta(days=2)).astimezone():%H:%M}", "2 days ago"),
        (timedelta(hours=143, minutes=59), f"Tue {(NOW - timedelta(hours=143, minutes=59)).astimezone():%H:%M}",
         "5 days ago"),
        (timedelta(days=6), "17 Nov", f"Tue 17 Nov, {(NOW - timedelta(days=6)).astimezone():%H:%M}"),
        (timedelta(hours=240), "13 Nov", f"Fri 13 Nov, {(NOW - timedelta(hours=240)).astimezone():%H:%M}"),
        (timedelta(days=14), "9 Nov", f"Mon 9 Nov, {(NOW - timedelta(days=14)).astimezone():%H:%M}"),
        (timedelta(days=700), "23 Dec 2024", f"Mon 23 Dec 2024, {(NOW - timedelta(days=700)).astimezone():%H:%M}"),
    ],
)  # fmt: skip
def test_ages(ago: timedelta, short: str, spoken: str) -> None:
    assert short_time(NOW - ago, NOW) == short
    assert spoken_age(NOW - ago, NOW) == spoken


def test_a_time_to_come_is_never_an_age() -> None:
    assert "ago" not in spoken_age(NOW + timedelta(hours=2), NOW)
    assert short_time(NOW + timedelta(hours=2), NOW) not in ("", "now")


def test_the_exact_time_names_seconds_and_zone() -> None:
    assert "12:00:00 UTC" in exact_time(NOW)


def test_the_clock_names_the_day_only_when_it_is_another() -> None:
    assert len(clock_time(NOW, NOW)) == 5
    assert "Nov" in clock_time(NOW - timedelta(days=1), NOW)


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "UTC"])
@pytest.mark.parametrize("at", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 30, tzinfo=UTC)])
def test_where_the_calendar_ends_a_time_is_still_a_text(
    zone: str, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for worded in (short_time, long_time, spoken_age, clock_time):
            assert worded(at, NOW)
        assert "UTC" in exact_time(at)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_counts() -> None:
    assert [badge(n) for n in (-1, 0, 1, 99, 100)] == ["", "", "1", "99", "99+"]
    assert plural(1, "reply", "replies") == "1 reply"
    assert plural(3200, "reply", "replies") == "3,200 replies"
    assert file_size(840_000) == "840 kB"
    assert file_size(2_100_000) == "2.1 MB"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Anna Meredith", "AM"),
        ("anonymous", "A"),
        ("🌻 Sunny", "S"),
        ("", "?"),
        ("佐藤 花子", "佐花"),
        ("<b>Eve</b>", "BE"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("שלום", True), ("مرحبا there", True), ("Hello שלום", False), ("12 (שלום)", True), ("…?", False), ("", False)],
)
def test_the_first_letter_with_a_direction_decides(text: str, is_so: bool) -> None:
    assert right_to_left(text) is is_so


def test_a_name_without_the_codes_of_its_emoji() -> None:
    assert bare_name(":anchor: Skipper :boat_2: Bolitho") == "Skipper Bolitho"
    assert bare_name(":anchor:") == ":anchor:", "better than nobody"
    assert bare_name("Meeting at 9:30: be there") == "Meeting at 9:30: be there"
