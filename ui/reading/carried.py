"""What an answer will carry besides its words, and what is left to write. Pure: from the very rendition that is
sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

from inbox.model import Capability, Channel, Limits, Message, Rendition, Update, UpdateKind, Visibility
from inbox.publishing import counting
from inbox.publishing.render import addressed, render
from ui.reading.offers import privately

NEARLY = 20
"""So few characters left are worth a warning colour."""
BYTES_NEAR = 500
"""A limit in bytes that is far away is not worth a word."""
_GRADE = dict(zip(Visibility, count(), strict=False))


@dataclass(frozen=True, slots=True)
class Carried:
    """``readers``: who will see it, as the network is told or would do by itself. ``before``: the handles put before
    the words. ``left``: what may still be written, None where nothing is counted; ``unit``: of what. ``stops``: why
    it may not go, in words; ``note``: what else to know of the way it goes."""

    readers: Visibility
    before: str
    warning: str
    left: int | None
    unit: str = "character"
    stops: str = ""
    note: str = ""


def carried(text: str, channel: Channel, reply_to: Message, visibility: Visibility | None) -> Carried:
    """What would become of ``text`` as an answer with this visibility (None: as it comes)."""
    update = answer(text, visibility)
    rendition, problems = render(update, channel, now=datetime.now(UTC), reply_to=reply_to)
    before = addressed("-", reply_to).removesuffix("-").strip() if not text.strip() else _before(rendition, text)
    private = reply_to.visibility if rendition.visibility is None else rendition.visibility
    left, unit = _left(rendition, channel.limits, direct=private is Visibility.DIRECT)
    stops = next((p.words for p in problems if p.stops), "") if text.strip() else ""
    readers = rendition.visibility or (Visibility.PUBLIC if reply_to.public else reply_to.visibility)
    note = next((p.words for p in problems if not p.stops and p.where == "channel"), "")
    return Carried(readers, before, rendition.warning, left, unit, stops, note)


def answer(text: str, visibility: Visibility | None) -> Update:
    """The answer as the engine takes it."""
    return Update(kind=UpdateKind.REPLY, text=text, visibility=visibility)


def choices(channel: Channel, reply_to: Message) -> list[Visibility]:
    """Who may be let see an answer: never more people than it would reach by itself; fewer, where the network can."""
    if Capability.VISIBILITY not in channel.capabilities:
        private = privately(reply_to, channel, datetime.now(UTC))
        return [Visibility.PUBLIC, Visibility.DIRECT] if private else []
    usual = max(channel.limits.visibility, reply_to.visibility, key=_GRADE.__getitem__)
    possible = [v for v in channel.limits.visibilities if _GRADE[v] >= _GRADE[usual]]
    return possible if len(possible) > 1 else []


def _before(rendition: Rendition, text: str) -> str:
    return rendition.text.removesuffix(text.strip()).strip()


def _left(rendition: Rendition, limits: Limits, *, direct: bool) -> tuple[int | None, str]:
    """What is left until the nearest limit."""
    most = (limits.direct_graphemes if direct else None) or limits.text_graphemes
    size = len(rendition.text.encode())
    bytes_left = min((b - size for b in (limits.text_bytes, limits.reply_bytes) if b is not None), default=None)
    if most is not None:
        left = most - counting.length(rendition.text, limits, warning=rendition.warning)
        if bytes_left is None or left <= 0 or bytes_left >= 0:
            return left, "character"
    return (bytes_left, "byte") if bytes_left is not None and bytes_left < BYTES_NEAR else (None, "character")
