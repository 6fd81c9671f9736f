"""What is on its way: a reply with its countdown, or the trouble it is in."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton

from inbox.model import Channel, Delivery, DeliveryState
from ui.outbox.carrying import carry_over
from ui.reading.markup import from_text
from ui.reading.parts import Body, Card, label


class PendingCard(Card):
    """A reply on its way, or in trouble. ``undo``, ``again``, ``there``: the delivery's id."""

    undo = Signal(int)
    again = Signal(int)
    there = Signal(int)

    def __init__(self, delivery: Delivery, channel: Channel) -> None:
        super().__init__("ours")
        self.delivery = delivery
        self.box.addWidget(label(channel.speaks_as or channel.title, bold=True))
        self.box.addWidget(Body(from_text(delivery.rendition.text)))
        self._words = label("", "text-3", percent=92, wrap=True)
        by_hand = delivery.state is DeliveryState.BY_HAND
        trouble = delivery.state in (DeliveryState.REJECTED, DeliveryState.UNKNOWN)
        self._words.setProperty("role", "danger" if trouble else "owed" if by_hand else "text-3")
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        if delivery.state in (DeliveryState.QUEUED, DeliveryState.REJECTED):
            words = self.tr("Undo") if delivery.state is DeliveryState.QUEUED else self.tr("Edit")
            buttons.addWidget(self._button(words, self.undo))
        if trouble or (delivery.state is DeliveryState.QUEUED and delivery.words):
            words = self.tr("Look again") if delivery.state is DeliveryState.UNKNOWN else self.tr("Try now")
            buttons.addWidget(self._button(words, self.again))
        if by_hand:
            carry = QPushButton(self.tr("Copy the text and open the page"))
            carry.clicked.connect(lambda: carry_over(self.delivery))
            buttons.addWidget(carry)
            buttons.addWidget(self._button(self.tr("It is there"), self.there))
            buttons.addWidget(self._button(self.tr("Take back"), self.undo))
        if trouble or by_hand:  # a reason takes lines of its own, the buttons stand under it
            self.box.addWidget(self._words)
            buttons.addStretch(1)
            self.box.addSpacing(4)
            self.box.addLayout(buttons)
        else:
            row = QHBoxLayout()
            row.addWidget(self._words, 1)
            row.addLayout(buttons)
            self.box.addLayout(row)
        self.tick()

    def _button(self, words: str, signal: object) -> QPushButton:
        button = QPushButton(words)
        button.clicked.connect(lambda: signal.emit(self.delivery.id))  # type: ignore[attr-defined]
        return button

    def tick(self) -> None:
        """Say again how long it still waits."""
        words = fate(self.delivery, datetime.now(UTC))
        if words != self._words.text():
            self._words.setText(words)
            self.setAccessibleName(f"{self.tr('Our reply')}: {self.delivery.rendition.text}. {words}")


def fate(delivery: Delivery, now: datetime) -> str:
    """How a delivery stands, in words."""
    if delivery.state is DeliveryState.QUEUED:
        if delivery.words:
            return f"Waiting to go: {delivery.words} {delivery.hint}".strip()
        left = (delivery.not_before_at - now).total_seconds() if delivery.not_before_at else 0
        return f"leaves in {int(left) + 1} s" if left > 0 else "leaves now"
    if delivery.state is DeliveryState.SENDING:
        return "being sent …"
    if delivery.state is DeliveryState.SENT:
        return "sent"
    if delivery.state is DeliveryState.CANCELLED:
        return "taken back"
    if delivery.state is DeliveryState.BY_HAND:
        return f"Yours to carry over: {delivery.words} {delivery.hint}".strip()
    lead = "Not sent" if delivery.state is DeliveryState.REJECTED else "Unknown whether it went out"
    return f"{lead}: {delivery.words} {delivery.hint}".strip()
