"""A poll of a post: its answers, how long it runs, one answer or several."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from inbox.model import Capability, Channel, PollAsked
from ui.composer.pick import Pick
from ui.composer.wording import duration_words
from ui.theme import GAP
from ui.widgets.form import Form, FormRow
from ui.widgets.tick import Tick

LASTING_S = (300, 1_800, 3_600, 21_600, 43_200, 86_400, 259_200, 604_800, 1_209_600)
MOST_ANSWERS = 10


class PollEditor(QWidget):
    """``changed`` after each edit; ``poll`` is what is asked, ``None`` for no poll."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.wanted = Tick(self.tr("Add a poll"))
        self._form = Form()
        self.answers: list[QLineEdit] = []
        self._rows: list[FormRow] = []
        for number in range(1, MOST_ANSWERS + 1):
            answer = QLineEdit()
            answer.textChanged.connect(self._edited)
            self.answers.append(answer)
            self._rows.append(self._form.add(self.tr("Answer {0}").format(number), answer))
        self.lasts = Pick()
        self.lasts.currentIndexChanged.connect(self._edited)
        self._form.add(self.tr("The poll runs"), self.lasts)
        self.multiple = Tick(self.tr("Several answers may be chosen"))
        self.multiple.toggled.connect(self._edited)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GAP)
        for part in (self.wanted, self._form, self.multiple):
            column.addWidget(part)
        self._most = 4
        self.show_poll(None)
        self.wanted.toggled.connect(self._toggled)

    @property
    def poll(self) -> PollAsked | None:
        """Answers without words at the end do not count."""
        if not self.wanted.isChecked():
            return None
        typed = [a.text().strip() for a in self.answers]
        while typed and not typed[-1]:
            typed.pop()
        return PollAsked(options=tuple(typed), lasts_s=self.lasts.value, multiple=self.multiple.isChecked())

    def show_poll(self, poll: PollAsked | None) -> None:
        """Show a poll without saying that it changed."""
        typed = poll.options if poll is not None else ()
        self.blockSignals(True)
        self.wanted.setChecked(poll is not None)
        for number, answer in enumerate(self.answers):
            answer.setText(typed[number] if number < len(typed) else "")
        lasts_s = poll.lasts_s if poll is not None else 86_400
        self._offer(LASTING_S if lasts_s in LASTING_S else (*LASTING_S, lasts_s), lasts_s)
        self.multiple.setChecked(poll is not None and poll.multiple)
        self.blockSignals(False)
        self._fold()

    def show_channels(self, channels: Sequence[Channel]) -> None:
        """Offer as many answers and such times as these channels take."""
        able = [c.limits for c in channels if Capability.POLL in c.capabilities]
        self._most = min(max((limits.poll_options for limits in able), default=4) or 4, MOST_ANSWERS)
        least, most = (min((x.poll_least_s for x in able), default=0), max((x.poll_most_s for x in able), default=0))
        now = self.lasts.value
        self._offer([s for s in LASTING_S if not able or least <= s <= most or s == now], now)
        self._fold()

    def take_focus(self) -> None:
        """Go to the first answer that has no words, or to the question whether there is one."""
        if not self.wanted.isChecked():
            self.wanted.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        empty = next((a for a in self.answers[: self._most] if not a.text().strip()), self.answers[0])
        empty.setFocus(Qt.FocusReason.OtherFocusReason)

    def _offer(self, lasting_s: Sequence[int], chosen: int) -> None:
        self.lasts.offer([(s, duration_words(s)) for s in lasting_s], chosen)

    def _toggled(self, on: bool) -> None:
        self._fold()
        if on and self.isVisible():
            self.answers[0].setFocus(Qt.FocusReason.OtherFocusReason)
        self._edited()

    def _fold(self) -> None:
        """Only as many lines as have words, and one more to go on in."""
        on = self.wanted.isChecked()
        last = max((n for n, a in enumerate(self.answers, 1) if a.text().strip()), default=0)
        for number, row in enumerate(self._rows, 1):
            row.setVisible(number <= max(min(max(last + 1, 2), self._most), last))
        self._form.setVisible(on)
        self.multiple.setVisible(on)

    def _edited(self) -> None:
        if not self.signalsBlocked():
            self._fold()
            self.changed.emit()
