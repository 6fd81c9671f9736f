"""The right side of the composer: a preview for each chosen channel, in the order of the channels."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QScrollArea, QVBoxLayout

from inbox.model import ChannelId
from ui.composer.preview import PreviewCard
from ui.composer.state import Shown
from ui.theme import GAP
from ui.widgets.form import words
from ui.widgets.scrolled import Scrolled


class Previews(QScrollArea):
    """Cards that stay while their channel stays chosen, so that typing repaints and does not rebuild.

    ``wanted(where, channel id)``: somebody wants to see to a problem.
    """

    wanted = Signal(str, str)

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
        self.setWidget(inner)

    def show_renditions(self, shown: Sequence[Shown], titles: dict[str, str], now: datetime) -> None:
        """Show exactly these."""
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
            card = self.cards[one.channel.id]
            if self._column.indexOf(card) != number + 2:
                self._column.insertWidget(number + 2, card)
            card.show_rendition(one, now, alone=len(shown) == 1)
