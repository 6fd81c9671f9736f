"""The right side of the composer: a preview for each chosen channel, in the order of the channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout

from inbox.model import ChannelId, Weight
from ui.composer.preview import PreviewCard
from ui.composer.state import Shown
from ui.theme import GAP
from ui.widgets.form import words
from ui.widgets.scrolled import Scrolled


class Previews(QScrollArea):
    """Cards that stay while their channel stays chosen, so that typing repaints and does not rebuild.

    ``wanted(where, channel id)``: somebody wants to see to a problem. ``trial_wanted(channel id)``.
    """

    wanted = Signal(str, str)
    trial_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setProperty("role", "pane")
        self.setAccessibleName(self.tr("What each channel will show"))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inner = Scrolled()
        self._column = QVBoxLayout(inner)
        self._column.setContentsMargins(5 * GAP, 4 * GAP, 5 * GAP, 4 * GAP)
        self._column.setSpacing(3 * GAP)
        self._column.addWidget(words(self.tr("What each channel will show"), "text-3"))
        self._none = words(self.tr("Choose where to publish, and it is shown here."), "text-2")
        self._column.addWidget(self._none)
        self._column.addStretch(1)
        self.cards: dict[ChannelId, PreviewCard] = {}
        self._left: list[tuple[Shown, datetime, bool]] = []  # what this round has not shown yet
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._show_next)
        self.setWidget(inner)

    def show_renditions(
        self, shown: Sequence[Shown], titles: dict[str, str], now: datetime, *, at_once: bool = True
    ) -> None:
        """Show exactly these; if not ``at_once``, one at each turn of the loop: no key has to wait for all of them."""
        self._none.setVisible(not shown)
        wanted = {s.channel.id for s in shown}
        for id_ in [i for i in self.cards if i not in wanted]:
            card = self.cards.pop(id_)
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        for number, one in enumerate(shown):
            if one.channel.id not in self.cards:
                network = one.channel.network
                card = self.cards[one.channel.id] = PreviewCard(network, titles.get(network, network))
                card.wanted.connect(lambda where, id_=one.channel.id: self.wanted.emit(where, id_))
                card.trial_wanted.connect(lambda id_=one.channel.id: self.trial_wanted.emit(id_))
                card.show_rendition(one, now, alone=len(shown) == 1)
            card = self.cards[one.channel.id]
            if self._column.indexOf(card) != number + 2:
                self._column.insertWidget(number + 2, card)
        self._left = [(one, now, len(shown) == 1) for one in shown]
        if at_once:
            while self._left:
                self._show_next()
        else:
            self._turn.start()

    def show_weights(self, weights: Mapping[ChannelId, Weight]) -> None:
        """Say what each would mean."""
        for id_, card in self.cards.items():
            card.show_weight(weights.get(id_))

    def _show_next(self) -> None:
        if self._left:
            one, now, alone = self._left.pop(0)
            if one.channel.id in self.cards:
                self.cards[one.channel.id].show_rendition(one, now, alone=alone)
        if not self._left:
            self._turn.stop()
