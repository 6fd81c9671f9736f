"""How a delivery stands, in words, and what a person can do about it. Pure: all that it depends on is a parameter."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from PySide6.QtCore import QCoreApplication

from inbox.model import Delivery, DeliveryState
from ui.format import clock_time, long_time


class Mark(enum.Enum):
    """The sign beside the words, so that colour is never the only one."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    SCHEDULED = "scheduled"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    LOCKED = "locked"
    BY_HAND = "by hand"


class Deed(enum.StrEnum):
    """What a person can do."""

    UNDO = "undo"
    OPEN = "open"
    COPY = "copy"
    EDIT = "edit"
    SEND_NOW = "send_now"
    SEND_AGAIN = "send_again"
    LOOK_AGAIN = "look_again"
    IS_THERE = "is_there"
    IS_NOT_THERE = "is_not_there"
    SIGN_IN = "sign_in"
    CARRY = "carry"
    PICTURES = "pictures"
    DONE = "done"
    TAKE_BACK = "take_back"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """``counting``: the words change with each second. ``tone``: the chip that goes with it."""

    words: str
    mark: Mark
    tone: str = "chip"
    reason: str = ""
    hint: str = ""
    deeds: tuple[Deed, ...] = ()
    counting: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """What of the rest of the world a delivery depends on."""

    place: str
    network: str
    signed_in: bool = True
    offline: bool = False
    paused: bool = False


NEEDS_A_PERSON = (DeliveryState.REJECTED, DeliveryState.UNKNOWN, DeliveryState.BY_HAND)
SECONDS_SHOWN = timedelta(minutes=1)


def standing(delivery: Delivery, around: Around, now: datetime) -> Standing:
    """How it stands at this moment."""
    match delivery.state:
        case DeliveryState.SENT:
            return _sent(delivery, around, now)
        case DeliveryState.SENDING:
            return Standing(words=_tr("sending"), mark=Mark.SENDING)
        case DeliveryState.REJECTED:
            return Standing(
                words=_tr("refused"), mark=Mark.REFUSED, tone="chip-danger", reason=delivery.words, hint=delivery.hint,
                deeds=(Deed.EDIT, Deed.SEND_AGAIN),
            )  # fmt: skip
        case DeliveryState.UNKNOWN:
            hint = delivery.hint or _tr("Look at the network: is it there?")
            return Standing(
                words=_tr("not known whether it arrived"), mark=Mark.UNKNOWN, tone="chip-owed", reason=delivery.words,
                hint=hint, deeds=(Deed.LOOK_AGAIN, Deed.IS_THERE, Deed.IS_NOT_THERE),
            )  # fmt: skip
        case DeliveryState.BY_HAND:
            pictures = (Deed.PICTURES,) if delivery.rendition.media else ()
            return Standing(
                words=_tr("yours to carry over"), mark=Mark.BY_HAND, tone="chip-owed", reason=delivery.words,
                hint=delivery.hint, deeds=(Deed.CARRY, *pictures, Deed.DONE, Deed.TAKE_BACK),
            )  # fmt: skip
        case DeliveryState.CANCELLED:
            return Standing(words=_tr("taken back"), mark=Mark.WAITING)
        case _:
            return _queued(delivery, around, now)


def _queued(delivery: Delivery, around: Around, now: datetime) -> Standing:
    left = (delivery.not_before_at - now) if delivery.not_before_at is not None else timedelta(0)
    if not around.signed_in:
        return Standing(
            words=_tr("waits for sign-in"), mark=Mark.LOCKED, tone="chip-danger",
            hint=_tr("Sign in again at {0}; then it goes by itself.").format(around.place),
            deeds=(Deed.SIGN_IN, Deed.UNDO),
        )  # fmt: skip
    if around.offline:
        hint = _tr("It goes by itself when the network returns.")
        return Standing(words=_tr("waits for the network"), mark=Mark.WAITING, hint=hint, deeds=(Deed.UNDO,))
    if around.paused:
        return Standing(words=_tr("waits, sending is paused"), mark=Mark.WAITING, deeds=(Deed.UNDO,))
    if left <= timedelta(0):
        return Standing(words=_tr("leaves now"), mark=Mark.SENDING, reason=delivery.words, deeds=(Deed.UNDO,))
    counting = left <= SECONDS_SHOWN
    if delivery.attempts:
        words = _tr("tries again in {0}") if counting else _tr("tries again at {0}")
    else:
        words = _tr("leaves in {0}") if counting else _tr("leaves at {0}")
    moment = delivery.not_before_at or now
    ours_to_keep = not delivery.attempts and not counting
    hint = delivery.hint or (_tr("Postroom has to be running then.") if ours_to_keep else "")
    when = _tr("{0} s").format(-int(-left.total_seconds() // 1)) if counting else clock_time(moment, now)
    return Standing(
        words=words.format(when), mark=Mark.WAITING, tone="chip-owed" if delivery.attempts else "chip",
        reason=delivery.words, hint=hint, deeds=(Deed.UNDO, Deed.SEND_NOW), counting=True,
    )  # fmt: skip


def _sent(delivery: Delivery, around: Around, now: datetime) -> Standing:
    deeds = (Deed.OPEN, Deed.COPY) if delivery.url else ()
    at = delivery.rendition.publish_at
    if at is not None and at > now:
        return Standing(
            words=_tr("scheduled for {0}").format(long_time(at, now)), mark=Mark.SCHEDULED, tone="chip-ok",
            hint=_tr("{0} keeps the time, the PC may be off.").format(around.network), deeds=deeds,
        )  # fmt: skip
    sent = _tr("sent {0}").format(clock_time(delivery.sent_at, now)) if delivery.sent_at is not None else _tr("sent")
    return Standing(words=sent, mark=Mark.SENT, tone="chip-ok", deeds=deeds)


def fate_words(deliveries: Sequence[Delivery]) -> str:
    """How the deliveries of one update stand together: "2 of 3 are out · 1 needs you"."""
    out = sum(d.state is DeliveryState.SENT for d in deliveries)
    stuck = sum(d.state in NEEDS_A_PERSON for d in deliveries)
    words = _tr("{0} of {1} is out") if out == 1 else _tr("{0} of {1} are out")
    said = [words.format(out, len(deliveries)) if out < len(deliveries) else _tr("all {0} are out").format(out)]
    if stuck:
        said.append((_tr("{0} needs you") if stuck == 1 else _tr("{0} need you")).format(stuck))
    return " · ".join(said)


def together(deliveries: Sequence[Delivery]) -> tuple[Deed, ...]:
    """What can be done with several deliveries of one update at once."""
    queued = sum(d.state is DeliveryState.QUEUED for d in deliveries)
    undoable = queued + sum(d.state is DeliveryState.REJECTED for d in deliveries)
    return ((Deed.UNDO,) if undoable > 1 else ()) + ((Deed.SEND_NOW,) if queued > 1 else ())


def concerned(deliveries: Sequence[Delivery], deed: Deed) -> list[Delivery]:
    """Those of one update that a deed for several concerns."""
    states = {DeliveryState.QUEUED} | ({DeliveryState.REJECTED} if deed is Deed.UNDO else set())
    return [d for d in deliveries if d.state in states]


def first_words(delivery: Delivery) -> str:
    """What it says, in one line: the title, else the beginning of the text."""
    rendition = delivery.rendition
    said = " ".join((rendition.title or rendition.text).split())
    return said if len(said) <= 120 else f"{said[:119]}…"


def _tr(text: str) -> str:
    return QCoreApplication.translate("outbox", text)
