"""Times and counts as people read them. Pure: the present moment is a parameter."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


_CODE = re.compile(r":(?=\w*[A-Za-z])[A-Za-z0-9_]{2,}:\s?")


def bare_name(name: str) -> str:
    """A name without the codes of custom emoji (``:anchor:``), where there is no room to draw them."""
    return _CODE.sub("", name).strip() or name


def cut_name(name: str, most: int = 24) -> str:
    """A name or handle for a line that has no room for a long one; what tells it apart is at its beginning."""
    return name if len(name) <= most else f"{name[: most - 1].rstrip()}…"


def _local(at: datetime) -> datetime:
    """The moment in local time; as it came where the calendar ends (the year 1 in New York, 9999 in Berlin)."""
    try:
        return at.astimezone()
    except (OverflowError, ValueError, OSError):  # what some machines say of years they do not know
        return at


def short_time(at: datetime, now: datetime) -> str:
    """As in a list: "now", "14 min", "3 h", "Tue 09:12", "9 Nov", "9 Nov 2024"; in local time."""
    age = now - at
    local, today = _local(at), _local(now)
    if age < timedelta(0):
        return long_time(at, now) if age < -timedelta(minutes=1) else "now"
    if age < timedelta(minutes=1):
        return "now"
    if age < timedelta(hours=1):
        return f"{int(age.total_seconds() // 60)} min"
    if age < timedelta(hours=6) or local.date() == today.date():
        return f"{int(age.total_seconds() // 3600)} h"
    if age < timedelta(days=6):
        return f"{_DAYS[local.weekday()]} {local:%H:%M}"
    if local.year == today.year:
        return f"{local.day} {_MONTHS[local.month - 1]}"
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def long_time(at: datetime, now: datetime) -> str:
    """As in a sentence: "Tue 9 Jun, 10:00", with the year when it is another one; in local time."""
    local = _local(at)
    year = "" if local.year == _local(now).year else f" {local.year}"
    return f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}{year}, {local:%H:%M}"


def exact_time(at: datetime) -> str:
    """For a tool tip: date, seconds and zone, local and UTC."""
    local = _local(at)
    return f"{local:%A %d %B %Y, %H:%M:%S %Z} ({at:%H:%M:%S} UTC)"


def spoken_age(at: datetime, now: datetime) -> str:
    """For a screen reader: "14 minutes ago", "3 hours ago", else the date in words."""
    seconds = (now - at).total_seconds()
    if seconds >= 6 * 24 * 3600:  # as in the list: from here on a date says more than a count
        return long_time(at, now)
    for size, word in ((3600 * 24, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {word}{'' if count == 1 else 's'} ago"
    return "just now" if 0 <= seconds < 60 else long_time(at, now)


def clock_time(at: datetime, now: datetime) -> str:
    """For the status line: the time of day, with the day when it is not today."""
    local = _local(at)
    same_day = local.date() == _local(now).date()
    return (
        f"{local:%H:%M}"
        if same_day
        else f"{_DAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local:%H:%M}"
    )


def badge(count: int) -> str:
    """A count that fits a badge: nothing for none, "99+" beyond two digits."""
    return "" if count <= 0 else str(count) if count < 100 else "99+"


def initials(name: str) -> str:
    """Up to two letters for an avatar."""
    words = [w for w in name.replace("<", " ").replace(">", " ").split() if w[0].isalnum()]
    return "".join(w[0] for w in (words[:1] + words[-1:] if len(words) > 1 else words[:1])).upper() or "?"


def right_to_left(text: str) -> bool:
    """Whether a paragraph is read from the right: its first letter with a direction of its own says so."""
    for letter in text:
        if (direction := unicodedata.bidirectional(letter)) in ("L", "R", "AL"):
            return direction != "L"
    return False


def plural(count: int, one: str, many: str = "") -> str:
    """ "1 reply", "3 replies"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def file_size(size_bytes: int) -> str:
    """ "840 kB", "2.1 MB"."""
    return f"{size_bytes / 1000:.0f} kB" if size_bytes < 1_000_000 else f"{size_bytes / 1_000_000:.1f} MB"


def money(amount: int) -> str:
    """Millionths of a US dollar as people write them: dollars and cents, and what is less than a cent in full."""
    dollars = amount / 1_000_000
    return f"${dollars:,.2f}" if amount == 0 or dollars >= 0.01 else f"${dollars:.6f}".rstrip("0")
