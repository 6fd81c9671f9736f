"""What the composer's button and its time say. Pure: the present moment is a parameter."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication

from inbox.model import Capability, Channel
from ui.format import long_time


def button_words(channels: int, publish_at: datetime | None, now: datetime, *, replaces: bool = False) -> str:
    """What will happen: "Publish to 2 now", "Schedule 1 for Tue 10:00", "Update 1 now"."""
    if not channels:
        return _tr("Update") if replaces else _tr("Publish")
    if publish_at is not None:
        return _tr("Schedule {0} for {1}").format(channels, _moment(publish_at, now))
    words = _tr("Update {0} now") if replaces else _tr("Publish to {0} now")
    return words.format(channels)


def time_words(channels: Iterable[Channel], titles: dict[str, str]) -> str:
    """Who keeps the time, for the chosen channels; empty when none of them can."""
    keepers = dict.fromkeys(titles.get(c.network, c.network) for c in channels if Capability.SCHEDULE in c.capabilities)
    if not keepers:
        return ""
    words = (
        _tr("{0} keeps the time, the PC may be off.")
        if len(keepers) == 1
        else _tr("{0} keep the time, the PC may be off.")
    )
    return words.format(_tr(" and ").join(keepers))


def _moment(at: datetime, now: datetime) -> str:
    """ "Tue 10:00" within a week, else with the date."""
    long = long_time(at, now)
    if timedelta(0) <= at - now < timedelta(days=6):
        return f"{long.split()[0]} {at.astimezone():%H:%M}"
    return long


def _tr(text: str) -> str:
    return QCoreApplication.translate("composer", text)
