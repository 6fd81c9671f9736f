"""The right side for one account: how its channels are doing, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout

from inbox.metering import Use
from inbox.model import Capability, ChannelId
from inbox.store.accounts import Health
from inbox.store.spending import Line
from ui.accounts.health import AccountHealth, facts, standing
from ui.accounts.measures_card import MeasuresCard
from ui.notices import Notice
from ui.theme import GAP
from ui.widgets.form import button, empty, heading, words
from ui.widgets.glyph import Glyph
from ui.widgets.inline_notice import InlineNotice, announce
from ui.widgets.scrolled import Scrolled

_CHIPS = {"danger": "chip-danger", "owed": "chip-owed", "ok": "chip-ok", "text_3": "chip"}


class AccountPage(QScrollArea):
    """Signals carry the account's id."""

    fetch_wanted = Signal(str)
    sign_in_wanted = Signal(str)
    removal_wanted = Signal(str)
    budget_wanted = Signal(str, str, object)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._id = ""
        inner = Scrolled()
        column = QVBoxLayout(inner)
        column.setContentsMargins(5 * GAP, 5 * GAP, 5 * GAP, 5 * GAP)
        column.setSpacing(3 * GAP)
        head = QHBoxLayout()
        head.setSpacing(3 * GAP)
        self._glyph = Glyph("", base_px=28)
        self.title = heading("", 125)
        self._where = words("", "text-2")
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.title)
        names.addWidget(self._where)
        head.addWidget(self._glyph, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(names, 1)
        self.notice = InlineNotice()
        self.notice.wanted.connect(lambda _: self.sign_in_wanted.emit(self._id))
        self.fetch = button(self.tr("Fetch now"))
        self.again = button(self.tr("Sign in again"))
        self.remove = button(self.tr("Remove…"), hint=self.tr("Sign out here and forget the password"))
        self.fetch.clicked.connect(lambda: self.fetch_wanted.emit(self._id))
        self.again.clicked.connect(lambda: self.sign_in_wanted.emit(self._id))
        self.remove.clicked.connect(lambda: self.removal_wanted.emit(self._id))
        row = QHBoxLayout()
        row.setSpacing(2 * GAP)
        for one in (self.fetch, self.again):
            row.addWidget(one)
        row.addStretch(1)
        row.addWidget(self.remove)
        self.outcome = words("", "text-2")
        self.outcome.hide()
        self._channels = QVBoxLayout()
        self._channels.setSpacing(2 * GAP)
        self._cards: dict[ChannelId, _ChannelCard] = {}
        column.addLayout(head)
        column.addWidget(self.notice)
        column.addLayout(self._channels)
        self.measures = MeasuresCard()
        self.measures.budget.wanted.connect(lambda name, amount: self.budget_wanted.emit(self._id, name, amount))
        column.addWidget(self.measures)
        column.addLayout(row)
        column.addWidget(self.outcome)
        column.addStretch(1)
        self.setWidget(inner)

    def show_account(
        self, one: AccountHealth, network_title: str, now: datetime, *, fetching: bool,
        uses: Sequence[tuple[Use, Sequence[Line]]] = (),
    ) -> None:  # fmt: skip
        """Show this account as it is now. ``uses``: its allowances, and what each of them went on."""
        self.measures.show_measures(one, uses, now)
        account = one.account
        if account.id != self._id:
            self.outcome.hide()
        self._id = account.id
        self._glyph.show_network(account.network, network_title)
        self.title.setText(account.title)
        user = self.tr(" as {0}").format(account.user) if account.user else ""
        self._where.setText(f"{network_title} · {account.address}{user}")
        for button_, what in (
            (self.fetch, self.fetch.text()),
            (self.again, self.again.text()),
            (self.remove, "Remove"),
        ):
            button_.setAccessibleName(f"{what}: {account.title}")
        signed_in = account.signed_in
        if signed_in:
            self.notice.clear()
        elif self.notice.isHidden():
            self.notice.tell(
                Notice(
                    title=self.tr("Signed out"),
                    words=self.tr(
                        "{0} does not accept the password any more. Nothing is fetched or sent there."
                    ).format(account.title),
                    hint=self.tr("Sign in again; what waits in the outbox goes on by itself."),
                ),
                action="accounts",
                action_words=self.tr("Sign in again"),
            )
        self.again.setVisible(signed_in and bool(account.user))
        reads = any(Capability.FETCH in h.channel.capabilities for h in one.channels)
        self.fetch.setVisible(signed_in and reads)
        self.fetch.setEnabled(not fetching)
        self.fetch.setText(self.tr("Fetching…") if fetching else self.tr("Fetch now"))
        wanted = {h.channel.id: h for h in one.channels}
        for id_ in [i for i in self._cards if i not in wanted]:
            card = self._cards.pop(id_)
            self._channels.removeWidget(card)
            card.deleteLater()
        for id_, health in wanted.items():
            if id_ not in self._cards:
                self._cards[id_] = _ChannelCard()
                self._channels.addWidget(self._cards[id_])
            self._cards[id_].show_health(health, now)

    def say(self, outcome: str) -> None:
        """What the last thing asked for came to."""
        self.outcome.setText(outcome)
        self.outcome.setVisible(bool(outcome))
        if outcome:
            announce(self, outcome)


class _ChannelCard(QFrame):
    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._title = heading("", 100)
        self._chip = words("", "chip", percent=92, wrap=False)
        head = QHBoxLayout()
        head.setSpacing(2 * GAP)
        head.addWidget(self._title, 1)
        head.addWidget(self._chip, 0, Qt.AlignmentFlag.AlignTop)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(4 * GAP)
        self._facts.setVerticalSpacing(GAP)
        self._facts.setColumnStretch(1, 1)
        self._shown: list[tuple[str, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GAP, 3 * GAP, 3 * GAP, 3 * GAP)
        column.setSpacing(2 * GAP)
        column.addLayout(head)
        column.addLayout(self._facts)

    def show_health(self, health: Health, now: datetime) -> None:
        how = standing(health, now)
        self._title.setText(health.channel.title)
        self._chip.setText(how.words)
        if self._chip.property("role") != _CHIPS[how.tone]:
            self._chip.setProperty("role", _CHIPS[how.tone])
            self._chip.style().unpolish(self._chip)
            self._chip.style().polish(self._chip)
        found = facts(health, now)
        if found == self._shown:
            return
        self._shown = found
        empty(self._facts)
        for number, (name, value) in enumerate(found):
            top = Qt.AlignmentFlag.AlignTop
            self._facts.addWidget(words(name, "text-3", wrap=False), number, 0, top)
            self._facts.addWidget(words(value, "text-2"), number, 1, top)
