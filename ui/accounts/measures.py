"""What an account uses up and what runs out, in words and tones. Pure: the present moment is a parameter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from PySide6.QtCore import QCoreApplication

from inbox.metering import Period, Unit, Use, Validity, exhausted
from inbox.store.spending import Line
from ui.format import long_time, money

AMBER = timedelta(days=30)
RED = timedelta(days=7)
_NEARLY = 0.8


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One line of the card: what, how it stands, and in which tone. ``share`` of 1 for the bar; None: no bar."""

    name: str
    words: str
    tone: str = "ok"
    share: float | None = None


def of_use(use: Use, now: datetime) -> Measure:
    """How an allowance stands, and where it leads if it goes on like this."""
    title, limit = use.allowance.title, use.limit
    if use.allowance.unit is Unit.SHARE:
        words = _tr("{0} % used").format(use.used)
        share: float | None = use.used / 100
    else:
        amount = money if use.allowance.unit is Unit.MONEY else _number
        words = amount(use.used)
        share = use.used / limit if limit else None
        if limit is not None:
            words = _tr("{0} of {1}").format(words, amount(limit))
        words = f"{words} {_PERIODS[use.allowance.period]()}".strip()
        ahead = use.forecast(now)
        if use.used and ahead > use.used and use.allowance.period is Period.MONTH:
            words = _tr("{0}, about {1} by its end").format(words, amount(ahead))
    if exhausted(use, person=True):
        until = long_time(use.ends_at, now)
        return Measure(name=title, words=_tr("{0}: used up until {1}").format(words, until), tone="danger", share=share)
    if exhausted(use):
        until = long_time(use.ends_at, now)
        words = _tr("{0}: reading rests until {1}, the remainder is for your own answers").format(words, until)
        return Measure(name=title, words=words, tone="owed", share=share)
    return Measure(name=title, words=words, tone="owed" if (share or 0) >= _NEARLY else "ok", share=share)


def of_validity(validity: Validity, now: datetime) -> list[Measure]:
    """What runs out when: amber at thirty days, red at seven."""
    found = []
    if (ends_at := validity.sign_in_ends_at) is not None:
        found.append(_ending(_tr("Sign-in"), ends_at - now, ends_at.astimezone().date()))
    if validity.version:
        name = _tr("API version")
        if validity.version_ends_on is None:
            found.append(Measure(name=name, words=validity.version))
        else:
            left = validity.version_ends_on - now.date()
            ending = _ending(name, left, validity.version_ends_on)
            words = f"{validity.version}, {ending.words}"
            found.append(Measure(name=name, words=words, tone=ending.tone))
    found += [Measure(name=_tr("To know"), words=said, tone="owed") for said in validity.words]
    return found


def spent_on(lines: Sequence[Line], unit: Unit) -> str:
    """What it went on, the dearest first: "mentions read $1.20 · posts with a link $0.40"."""
    amount = money if unit is Unit.MONEY else _number
    return " · ".join(f"{line.what} {amount(line.amount)}" for line in lines[:4])


def in_short(titles: Sequence[tuple[str, Use]], now: datetime) -> list[str]:
    """For the status line: money always, all else once it matters. ``titles``: name of the account and its use."""
    found = []
    for title, use in titles:
        measure = of_use(use, now)
        if use.allowance.unit is Unit.MONEY and use.used:
            of = _tr(" of {0}").format(money(use.limit)) if use.limit is not None else ""
            found.append(f"{title}: {money(use.used)}{of}")
        elif measure.tone != "ok":
            found.append(f"{title}: {measure.words}")
    return found


def _ending(name: str, left: timedelta, day: date) -> Measure:
    tone = "danger" if left <= RED else "owed" if left <= AMBER else "ok"
    if left <= timedelta(0):
        return Measure(name=name, words=_tr("ended on {0:%d %B %Y}").format(day), tone="danger")
    days = max(left.days, 1)
    when = _tr("{0} more days").format(days) if left <= AMBER else _tr("good")
    return Measure(name=name, words=_tr("{0}, until {1:%d %B %Y}").format(when, day), tone=tone)


_PERIODS = {
    Period.DAY: lambda: _tr("today (UTC)"),
    Period.MONTH: lambda: _tr("this month"),
    Period.ROLLING: lambda: "",
}


def _number(amount: int) -> str:
    return f"{amount:,}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("accounts", text)
