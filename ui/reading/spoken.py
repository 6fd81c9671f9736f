"""What a screen reader says of a message: what matters first, and nothing that a warning hides. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from inbox.store.reading import StoredMessage
from ui.format import spoken_age
from ui.reading import inner
from ui.reading.markup import plain
from ui.reading.signs import VISIBILITY_WORDS

MOST_SPOKEN = 500


def spoken(stored: StoredMessage, now: datetime, *, name: str, answers: str, signs: Sequence[str], folded: bool) -> str:
    """The name of its card. ``answers``: whom, in words; ``signs``: what the chips say."""
    m = stored.message
    who = f"We, as {name}" if m.ours else name
    readers = VISIBILITY_WORDS[m.visibility] if not m.public else ""
    states = [s for s in signs if s != readers]
    edited = "edited" if stored.versions or m.edited_at else ""
    words = [who, readers, spoken_age(m.created_at, now), answers, ", ".join(states), edited]
    head = ", ".join(w for w in words if w)
    if folded:
        warning = f"Content warning: {plain(m.warning)}. Enter shows what it hides"
        return ". ".join(p for p in (f"{head}. {warning}", inner.count_words(m.counts, m.reacted)) if p)
    warned = f"({plain(m.warning)}) " if m.warning else ""
    said = ". ".join(p for p in (stored.withheld, plain(m.text)[:MOST_SPOKEN], inner.spoken_inside(m)) if p)
    return f"{head}: {warned}{said}"
