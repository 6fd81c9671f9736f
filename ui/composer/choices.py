"""Who receives it, where a channel names its topics: a list to tick, with how many each one reaches."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from inbox.model import Channel, ChannelId, Choice
from ui.composer.state import ComposerState
from ui.theme import GAP
from ui.widgets.form import heading, words
from ui.widgets.tick import Tick

SEARCHED_FROM = 9
"""With fewer there is nothing to look for."""


class Choices(QWidget):
    """Edits the very state it is shown; ``changed`` after each tick. Hidden while no chosen channel names anything."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(3 * GAP)
        self.lists: dict[ChannelId, _OfChannel] = {}
        self.hide()

    def show_channels(self, state: ComposerState, channels: Sequence[Channel]) -> None:
        """Offer what these channels name."""
        wanted = {c.id: c for c in channels if c.limits.choices and c.id in state.channels}
        for id_ in [i for i, one in self.lists.items() if i not in wanted or one.channel.limits != wanted[i].limits]:
            old = self.lists.pop(id_)
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        for id_, channel in wanted.items():
            if id_ not in self.lists:
                made = self.lists[id_] = _OfChannel(channel)
                made.changed.connect(self.changed)
                self._column.addWidget(made)
            self.lists[id_].show_state(state)
        self.setVisible(bool(wanted))

    def take_focus(self) -> bool:
        """Go to the first list; whether there is one."""
        for one in self.lists.values():
            one.take_focus()
            return True
        return False


class _OfChannel(QWidget):
    changed = Signal()

    def __init__(self, channel: Channel) -> None:
        super().__init__()
        self.channel = channel
        self._state = ComposerState()
        self._showing = False
        self.title = heading(self.tr("Who receives it at {0}").format(channel.title), 100)
        self.sum = words("", "text-3", percent=92)
        self.search = QLineEdit(placeholderText=self.tr("Find a topic"))
        self.search.setAccessibleName(self.tr("Find a topic of {0}").format(channel.title))
        self.search.setClearButtonEnabled(True)
        self.search.setVisible(len(channel.limits.choices) >= SEARCHED_FROM)
        self.search.textChanged.connect(self._filter)
        self.ticks: dict[str, Tick] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        for part in (self.title, self.sum, self.search):
            column.addWidget(part)
        for choice in channel.limits.choices:
            made = self.ticks[choice.code] = Tick(_words(choice))
            made.setAccessibleDescription(choice.warning)
            made.setToolTip(choice.warning)
            made.toggled.connect(self._read)
            column.addWidget(made)

    def show_state(self, state: ComposerState) -> None:
        self._state = state
        self._showing = True
        chosen = state.choices.get(self.channel.id, ())
        for code, tick in self.ticks.items():
            tick.setChecked(code in chosen)
        self._showing = False
        self._filter(self.search.text())
        self._say()

    def take_focus(self) -> None:
        first: QWidget = self.search if not self.search.isHidden() else next(iter(self.ticks.values()))
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def _filter(self, typed: str) -> None:
        """What is chosen stays in sight whatever is looked for."""
        wanted = typed.casefold().split()
        for tick in self.ticks.values():
            tick.setVisible(tick.isChecked() or all(word in tick.text().casefold() for word in wanted))

    def _read(self) -> None:
        if self._showing:
            return
        chosen = tuple(code for code, tick in self.ticks.items() if tick.isChecked())
        self._state.choices = {**self._state.choices, self.channel.id: chosen}
        self._say()
        self.changed.emit()

    def _say(self) -> None:
        chosen = [c for c in self.channel.limits.choices if self.ticks[c.code].isChecked()]
        known = [c.reaches for c in chosen if c.reaches is not None]
        if not chosen:
            said = self.tr("Nothing chosen yet.")
        elif len(chosen) == 1 and known:
            said = self.tr("{0} people").format(f"{known[0]:,}")
        elif known:
            said = self.tr("At most {0} people; who is in several receives it once.").format(f"{sum(known):,}")
        else:
            said = self.tr("{0} chosen").format(len(chosen))
        self.sum.setText(said)


def _words(choice: Choice) -> str:
    return choice.title if choice.reaches is None else f"{choice.title} · {choice.reaches:,}"
