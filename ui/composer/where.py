"""Where to: the channels that can publish, each with its glyph and whom it speaks as."""

from __future__ import annotations

from collections.abc import Container, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from inbox.model import Channel, ChannelId
from ui.composer.state import ComposerState
from ui.theme import GAP
from ui.widgets.flow import FlowLayout
from ui.widgets.form import words
from ui.widgets.tick import Tick


class Where(QWidget):
    """``changed`` when a channel was chosen or left out."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.ticks: dict[ChannelId, Tick] = {}
        self._channels: list[Channel] = []
        self._none = words("", "text-3", percent=92)
        self._flow = FlowLayout(spacing=GAP)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(words(self.tr("Publish to"), "text-3"))
        column.addLayout(self._flow)
        column.addWidget(self._none)

    @property
    def chosen(self) -> list[Channel]:
        """In the order in which they are offered."""
        return [c for c in self._channels if self.ticks[c.id].isChecked()]

    @property
    def offered(self) -> list[Channel]:
        """All that can publish."""
        return list(self._channels)

    def show_channels(
        self, channels: Sequence[Channel], state: ComposerState, signed_out: Container[ChannelId]
    ) -> None:
        """Offer these channels, in this order; a post that is changed stays where it is."""
        self._channels = list(channels)
        wanted = {c.id for c in channels}
        for id_ in [i for i in self.ticks if i not in wanted]:
            tick = self.ticks.pop(id_)
            self._flow.removeWidget(tick)
            tick.hide()
            tick.deleteLater()
        for number, channel in enumerate(channels):
            if channel.id not in self.ticks:
                tick = self.ticks[channel.id] = Tick(network=channel.network)
                tick.toggled.connect(self.changed)
                self._flow.addWidget(tick)
            tick = self.ticks[channel.id]
            same = channel.speaks_as in ("", channel.title)
            said = channel.title if same else self.tr("{0} as {1}").format(channel.title, channel.speaks_as)
            if channel.id in signed_out:
                said = self.tr("{0} (signed out: it will wait)").format(said)
            tick.setText(said)
            tick.setAccessibleName(self.tr("Publish to {0}").format(said))
            tick.setToolTip(channel.url)
            tick.setEnabled(state.replaces is None)
            tick.blockSignals(True)
            tick.setChecked(channel.id in state.channels)
            tick.blockSignals(False)
            if number:
                QWidget.setTabOrder(self.ticks[channels[number - 1].id], tick)
        self._none.setText("" if channels else self.tr("No account can publish yet: add one under Accounts."))
        self._none.setVisible(not channels)

    def take_focus(self) -> None:
        """Go to the first channel."""
        if self.ticks:
            next(iter(self.ticks.values())).setFocus(Qt.FocusReason.OtherFocusReason)
