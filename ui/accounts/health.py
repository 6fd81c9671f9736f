"""How an account is doing, in words. Read from the store; the present moment is a parameter."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from inbox.metering import Validity
from inbox.model import Account, Capability
from inbox.store import accounts, spending
from inbox.store.accounts import Health
from ui.format import clock_time, short_time

_WORDS = (
    (Capability.FETCH, "read"),
    (Capability.REPLY, "answer"),
    (Capability.APPROVE, "moderate"),
    (Capability.POST, "publish"),
    (Capability.SCHEDULE, "schedule"),
    (Capability.MEDIA, "send pictures"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountHealth:
    """An account with how each of its channels is doing."""

    account: Account
    channels: tuple[Health, ...]
    validity: Validity = field(default_factory=Validity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How something is doing: words, and the colour token that goes with them (``tone``)."""

    words: str
    tone: str = "text_3"


def read(connection: sqlite3.Connection) -> list[AccountHealth]:
    """All accounts that were not removed, oldest first."""
    health = accounts.health(connection)
    return [
        AccountHealth(
            account=a, channels=tuple(h for h in health if h.channel.account_id == a.id),
            validity=spending.validity(connection, a.id),
        )
        for a in accounts.accounts(connection)
    ]  # fmt: skip


def standing(health: Health, now: datetime) -> Standing:
    """How one channel is doing: the worst that can be said of it."""
    if not health.signed_in:
        return Standing(words=_tr("Signed out: sign in again"), tone="danger")
    if Capability.FETCH not in health.channel.capabilities:
        return Standing(words=_tr("Carried over by hand"), tone="ok")
    if health.failing_since is not None:
        return Standing(words=_tr("No answer since {0}").format(clock_time(health.failing_since, now)), tone="owed")
    if health.paused:
        return Standing(words=_tr("Paused"))
    if health.polled_at is None:
        return Standing(words=_tr("Not fetched yet"))
    if not health.backfilled:
        return Standing(words=_tr("Fetching older messages"))
    if health.complete_to is None:
        return Standing(words=_tr("Asked, nothing there yet"))
    return Standing(words=_tr("Complete to {0}").format(clock_time(health.complete_to, now)), tone="ok")


def overall(one: AccountHealth, now: datetime) -> Standing:
    """How an account is doing: as its worst channel."""
    if not one.account.signed_in:
        return Standing(words=_tr("Signed out: sign in again"), tone="danger")
    order = ("danger", "owed", "text_3", "ok")
    found = [standing(h, now) for h in one.channels]
    return min(found, key=lambda s: order.index(s.tone)) if found else Standing(words=_tr("No channels"))


def facts(health: Health, now: datetime) -> list[tuple[str, str]]:
    """What else there is to say of a channel, as pairs of name and value, in order of weight."""
    channel = health.channel
    able = [_tr(word) for capability, word in _WORDS if capability in channel.capabilities]
    found = [(_tr("Trouble"), health.trouble)] if health.trouble else []
    if Capability.FETCH not in channel.capabilities:
        return [*found, (_tr("Speaks as"), channel.speaks_as or channel.title), (_tr("Address"), channel.url)]
    asked = _tr("not yet") if health.polled_at is None else short_time(health.polled_at, now)
    if health.polled_at is not None and asked != "now":
        asked = _tr("{0} ago").format(asked) if asked.endswith(("min", " h")) else asked
    found.append((_tr("Last asked"), asked))
    if channel.speaks_as:
        found.append((_tr("Speaks as"), channel.speaks_as))
    found.append((_tr("May"), ", ".join(able)))
    if channel.url:
        found.append((_tr("Address"), channel.url))
    return found


def _tr(text: str) -> str:
    return QCoreApplication.translate("accounts", text)
