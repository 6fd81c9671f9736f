"""What an empty list says: nothing owed, nothing here, or nothing connected yet."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication

from inbox.store import accounts
from ui.format import clock_time


def empty_words(connection: sqlite3.Connection, place: str, *, practice: bool) -> tuple[str, str, bool]:
    """Title and words for the empty list of ``place``, and whether to offer to add an account."""
    health = accounts.health(connection)
    if not health and practice:
        return _tr("One moment"), _tr("The practice town opens its doors."), False
    if not health:
        first = _tr("Connect a blog or follow a feed, and what people write there arrives here.")
        return _tr("Nothing here yet"), first, True
    if place == "owed":
        known = [h.complete_to for h in health if h.complete_to]
        to = _tr(" Complete to {0}.").format(clock_time(min(known), datetime.now(UTC))) if known else ""
        return _tr("Nothing owed."), _tr("Nobody waits for an answer.{0}").format(to), False
    return _tr("Nothing here"), _tr("No conversation is in this list now."), False


def _tr(text: str) -> str:
    return QCoreApplication.translate("conversations", text)
