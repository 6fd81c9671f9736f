"""The strips above the panes: offline, signed out, what was not sent, and what just went wrong, each on its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inbox.engine import State
from inbox.errors import SignInNeeded
from inbox.model import AccountId, Delivery, DeliveryId, DeliveryState
from inbox.store.accounts import Health
from ui.channels.rail import OUTBOX
from ui.format import clock_time, plural
from ui.notices import notice_for
from ui.widgets.banner import Banner

DOUBT = timedelta(minutes=2)
"""So long Postroom looks by itself whether something arrived, before it says that it does not know."""


_WORST = (DeliveryState.REJECTED, DeliveryState.UNKNOWN, DeliveryState.BY_HAND)


class Troubles(QWidget):
    """``wanted`` names the command that a strip's button is for, ``sign_in_wanted`` the account that was signed out."""

    wanted = Signal(str)
    sign_in_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.offline, self.signed_out, self.unsent, self.failure = (Banner(self) for _ in range(4))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for strip in (self.offline, self.signed_out, self.unsent, self.failure):
            column.addWidget(strip)
        self._told: set[DeliveryId] = set()
        self._about: DeliveryId | None = None  # what the strip speaks of
        self._account = AccountId("")  # the one that the alarm is about
        self.offline.acted.connect(lambda: self.wanted.emit("sync"))
        self.signed_out.acted.connect(lambda: self.sign_in_wanted.emit(self._account))
        self.unsent.acted.connect(self._look_at_unsent)
        self.failure.acted.connect(lambda: self.wanted.emit("accounts"))

    def show_state(self, state: State, health: Sequence[Health], waiting: Sequence[Delivery], now: datetime) -> None:
        """How things stand; what is mended goes by itself."""
        self._show_offline(state, len(waiting), now)
        self._show_signed_out([h for h in health if not h.signed_in])
        self._show_unsent([d for d in waiting if _needs_a_person(d, now)])

    def show_error(self, error: BaseException) -> None:
        """Say what went wrong, in three parts, until it is put away."""
        notice = notice_for(error)
        words = ". ".join(p.rstrip(".") for p in (notice.title, notice.words, notice.hint) if p) + "."
        button = self.tr("Accounts") if notice.action else ""
        self.failure.say(words, alarm=notice.alarm, closable=True, button=button)

    def _show_offline(self, state: State, waiting: int, now: datetime) -> None:
        if state.offline_since is None:
            self.offline.hide()
            return
        replies = f" {plural(waiting, 'message')} wait{'s' if waiting == 1 else ''}." if waiting else ""
        words = self.tr("Working offline since {0}.{1}").format(clock_time(state.offline_since, now), replies)
        self.offline.say(words, button=self.tr("Try now"))

    def _show_signed_out(self, out: Sequence[Health]) -> None:
        if not out:
            self.signed_out.hide()
            return
        self._account = out[0].channel.account_id
        said = out[0].trouble.removeprefix(f"{SignInNeeded.title}: ")  # the button says that
        why = said or self.tr("Sign in again.")
        words = self.tr("{0}: {1} Fetching has stopped there; nothing is lost.").format(out[0].channel.title, why)
        self.signed_out.say(words, button=self.tr("Sign in again"), alarm=True)

    def _show_unsent(self, unsent: Sequence[Delivery]) -> None:
        """Say once of each delivery that it needs a person; it stays in the outbox and in its conversation."""
        if self._about not in {d.id for d in unsent}:
            self.unsent.hide()  # what it says was mended
        fresh = [d for d in unsent if d.id not in self._told]
        self._told = {d.id for d in unsent}  # sent again and refused again is said again
        if not fresh:
            return
        worst = min(fresh, key=lambda d: _WORST.index(d.state))
        said = {
            DeliveryState.REJECTED: self.tr("Not sent: {0} {1}").format(worst.words, worst.hint),
            DeliveryState.UNKNOWN: self.tr("Not known whether it arrived: {0}").format(worst.words),
            DeliveryState.BY_HAND: self.tr("Yours to carry over by hand: {0}").format(worst.words),
        }[worst.state]
        self._about = worst.id
        alarm = worst.state is not DeliveryState.BY_HAND
        self.unsent.say(said.strip(), alarm=alarm, closable=True, button=self.tr("Open the outbox"))

    def _look_at_unsent(self) -> None:
        self.unsent.hide()
        self.wanted.emit(OUTBOX)


def _needs_a_person(delivery: Delivery, now: datetime) -> bool:
    if delivery.state is DeliveryState.UNKNOWN:
        return delivery.sending_at is not None and now - delivery.sending_at > DOUBT
    return delivery.state in _WORST
