"""The strip above a conversation that not everybody can read: said once for the whole, before any word is read."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QHBoxLayout

from inbox.model import Visibility
from inbox.store.reading import StoredMessage
from ui.reading.parts import label
from ui.reading.signs import Lock


class PrivacyHead(QFrame):
    """Hidden while everything in the conversation is public."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "private-bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 7, 20, 7)
        row.setSpacing(8)
        row.addWidget(Lock())
        self._what = label("", bold=True)
        self._who = label("", wrap=True)
        row.addWidget(self._what)
        row.addWidget(self._who, 1)
        self.hide()

    def say(self, messages: Sequence[StoredMessage]) -> None:
        """Say what holds for these."""
        what, who = privacy([s.message.visibility for s in messages])
        self.setVisible(bool(what))
        self._what.setText(what)
        self._who.setText(who)
        self.setAccessibleName(f"{what}. {who}" if what else "")


def privacy(seen: Sequence[Visibility]) -> tuple[str, str]:
    """What a conversation with messages for these readers is called, and what that means; "" for a public one."""
    closed = [v for v in seen if v in (Visibility.FOLLOWERS, Visibility.DIRECT)]
    if not closed:
        return "", ""
    if len(closed) < len(seen):
        count = f"{len(closed)} of {len(seen)} messages" if len(seen) > 2 else "One of two messages"
        return "Part private", f"{count} here cannot be read by everybody: each says so."
    if set(closed) == {Visibility.FOLLOWERS}:
        return "Followers only", "Only a closed circle can read this conversation."
    return "Private", "Only those named in these messages can read them."
