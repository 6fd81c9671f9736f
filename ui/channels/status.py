"""The status line: tells the truth in words. Left: complete to when, gaps, what leaves when. Right: how channels do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from inbox.engine import State
from inbox.model import Capability, Delivery, DeliveryState
from inbox.store.accounts import Health
from inbox.store.ledger import Gap
from ui.accounts.measures import in_short
from ui.format import clock_time, plural
from ui.widgets.text import Elided


def completeness(health: Sequence[Health], gaps: Sequence[Gap], now: datetime) -> str:
    """ "Complete to 16:58" for the least complete channel, then each gap of the last day. Pure."""
    health = [h for h in health if Capability.FETCH in h.channel.capabilities]
    if not health:
        return ""
    parts = []
    unread = [h for h in health if not h.backfilled and not h.failing_since]
    if unread:
        parts.append(f"reading the past of {', '.join(h.channel.title for h in unread[:2])} …")
    known = [h for h in health if h.complete_to is not None]
    if known:
        behind = [h for h in known if h.failing_since is not None]
        best = max(h.complete_to for h in known if h.complete_to)
        if not behind:
            parts.append(f"Complete to {clock_time(min(h.complete_to for h in known if h.complete_to), now)}")
        else:
            if len(behind) < len(known):
                parts.append(f"Complete to {clock_time(best, now)}")
            parts += [f"{h.channel.title} only to {clock_time(h.complete_to, now)}" for h in behind if h.complete_to]
    titles = {h.channel.id: h.channel.title for h in health}
    # What a failing channel lacks now was said above, and is fetched when it recovers.
    now_failing = {(h.channel.id, h.failing_since) for h in health}
    told = [g for g in gaps if now - g.to_at < timedelta(days=1) and (g.channel_id, g.from_at) not in now_failing]
    for gap in told[:2]:
        span = f"{clock_time(gap.from_at, now)}–{clock_time(gap.to_at, now)}"
        parts.append(f"{titles.get(gap.channel_id, '')} gap {span} {'closed' if gap.closed_at else 'cannot be closed'}")
    return " · ".join(p for p in parts if p)


def leaving(deliveries: Sequence[Delivery], now: datetime) -> str:
    """ "1 reply leaves in 8 s, undo with z", or what waits. Pure."""
    counting = [d for d in deliveries if d.state is DeliveryState.QUEUED and not d.words and d.not_before_at]
    soon = [d for d in counting if d.not_before_at and d.not_before_at > now]
    if soon:
        seconds = int(min((d.not_before_at - now).total_seconds() for d in soon if d.not_before_at)) + 1
        return f"{plural(len(soon), 'message')} {'leaves' if len(soon) == 1 else 'leave'} in {seconds} s, undo with z"
    held = [d for d in deliveries if d.state in (DeliveryState.QUEUED, DeliveryState.SENDING)]
    trouble = [d for d in deliveries if d.state in (DeliveryState.REJECTED, DeliveryState.UNKNOWN)]
    by_hand = [d for d in deliveries if d.state is DeliveryState.BY_HAND]
    parts = [f"{plural(len(held), 'message')} {'waits' if len(held) == 1 else 'wait'} to go"] if held else []
    parts += [f"{plural(len(trouble), 'message')} not sent"] if trouble else []
    parts += [f"{plural(len(by_hand), 'message')} to carry over by hand"] if by_hand else []
    return " · ".join(parts)


def wellbeing(health: Sequence[Health], state: State, now: datetime) -> str:
    """ "all channels well", or which are not. Pure."""
    if not health:
        return "no channels yet"
    out = [h for h in health if not h.signed_in]
    failing = [h for h in health if h.signed_in and h.trouble]
    parts = [f"{h.channel.title}: sign in again" for h in out[:2]]
    if state.offline_since is not None:
        parts.append("offline")
    else:
        parts += [f"{h.channel.title}: {h.trouble.split(':')[0].split('.')[0].lower()}" for h in failing[:2]]
    if state.paused:
        parts.append("paused")
    elif state.polling:
        parts.append("fetching …")
    titles = {h.channel.account_id: h.account_title for h in health}
    used = in_short([(titles[i], use) for i, uses in state.uses.items() if i in titles for use in uses], now)
    return " · ".join([*(parts or ["all channels well"]), *used])


class StatusLine(QFrame):
    """Shows what it is told; counts down by itself while something is about to leave."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 5, 14, 6)
        row.setSpacing(16)
        self._left, self._right = Elided(), Elided()
        for part in (self._left, self._right):
            part.setProperty("role", "text-3")
            part.set_size(92)
        self._right.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self._left, 1)
        row.addWidget(self._right, 0, Qt.AlignmentFlag.AlignRight)
        self._second = QTimer(self, interval=500)
        self._second.timeout.connect(self._say)
        self._health: Sequence[Health] = ()
        self._gaps: Sequence[Gap] = ()
        self._deliveries: Sequence[Delivery] = ()
        self._state = State()

    def show_state(
        self, health: Sequence[Health], gaps: Sequence[Gap], deliveries: Sequence[Delivery], state: State
    ) -> None:
        """Tell this."""
        self._health, self._gaps, self._deliveries, self._state = health, gaps, deliveries, state
        self._say()

    def _say(self) -> None:
        now = datetime.now(UTC)
        going = leaving(self._deliveries, now)
        left = " · ".join(p for p in (completeness(self._health, self._gaps, now), going) if p)
        right = wellbeing(self._health, self._state, now)
        for part, words in ((self._left, left), (self._right, right)):
            if part.text() != words:
                part.setText(words)
        if "leave" in going and not self._second.isActive():
            self._second.start()
        elif "leave" not in going:
            self._second.stop()
