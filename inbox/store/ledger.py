"""The gap ledger: one line for each poll, and what follows from it: complete to when, and which gaps there are.

A gap stands open while a channel fails, is closed when a later complete poll went back behind it, and stays for good
when the network itself no longer offers what lay in it (``gap_before``).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from inbox.model import Batch, ChannelId
from inbox.store.database import from_ms, to_ms

OUTAGE_WORTH_A_LINE_MS = 10 * 60 * 1000
"""A shorter failure that was made good is not worth a sentence to the officer; its polls stand in the ledger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Poll:
    """When the poll began (what it accounts for, if complete) and what went wrong, in words without secrets."""

    at: datetime
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gap:
    """A time of which the inbox may not hold everything. ``closed_at``: made good since."""

    channel_id: ChannelId
    from_at: datetime
    to_at: datetime
    closed_at: datetime | None
    reason: str


def enter(
    connection: sqlite3.Connection, channel_id: ChannelId, poll: Poll, batch: Batch, new: int, changed: int
) -> None:
    """Write the line of a poll that brought ``batch``, within the caller's transaction."""
    at = to_ms(poll.at)
    window_to = to_ms(batch.window_to) if batch.window_to else at
    complete_to, failing_since, before = connection.execute(
        "SELECT complete_to, failing_since, polled_at FROM channels WHERE id = ?", (channel_id,)
    ).fetchone()
    complete_to = _not_after(at, complete_to)
    window_from = to_ms(batch.window_from) if batch.window_from else complete_to
    _line(connection, channel_id, at, window_from, window_to, batch, new, changed, "")
    if batch.gap_before and complete_to is not None:
        _gap(connection, channel_id, complete_to, window_from or at, None, "the network no longer offers it")
    if not batch.complete:
        return
    if failing_since is not None and at - failing_since >= OUTAGE_WORTH_A_LINE_MS and not batch.gap_before:
        _gap(connection, channel_id, failing_since, at, at, "made good after an outage")
    connection.execute(
        "UPDATE channels SET complete_to = ?, polled_at = ?, failing_since = NULL, trouble = '', backfilled = 1,"
        " swept_at = coalesce(swept_at, ?) WHERE id = ?",
        (max(window_to, complete_to or 0), max(at, before or 0), at, channel_id),
    )


def fail(connection: sqlite3.Connection, channel_id: ChannelId, poll: Poll, trouble: str) -> bool:
    """Write the line of a poll that brought nothing. ``trouble`` is what the window shows. Returns if it is news."""
    at = to_ms(poll.at)
    complete_to, since, known = connection.execute(
        "SELECT complete_to, failing_since, trouble FROM channels WHERE id = ?", (channel_id,)
    ).fetchone()
    complete_to = _not_after(at, complete_to)
    _line(connection, channel_id, at, complete_to, None, None, 0, 0, poll.problem)
    connection.execute(
        "UPDATE channels SET failing_since = coalesce(failing_since, ?), polled_at = ?, trouble = ? WHERE id = ?",
        (complete_to or at, at, trouble, channel_id),
    )
    return bool(since is None or known != trouble)


def _not_after(at: int, complete_to: int | None) -> int | None:
    """While the machine's clock was ahead, a time to come was noted: nothing is complete beyond the poll that asks."""
    return min(complete_to, at) if complete_to is not None else None


def _line(connection: sqlite3.Connection, channel_id: str, at: int, window_from: int | None, window_to: int | None,
          batch: Batch | None, new: int, changed: int, problem: str) -> None:  # fmt: skip
    connection.execute(
        "INSERT INTO polls (channel_id, at, window_from, window_to, seen, new, changed, complete, requests, problem)"
        " VALUES (?,?,?,?,?,?,?,?,?,?)",
        (channel_id, at, window_from, window_to, len(batch.messages) if batch else 0, new, changed,
         int(batch is not None and batch.complete), batch.requests if batch else 1, problem),
    )  # fmt: skip


def _gap(
    connection: sqlite3.Connection, channel_id: str, from_at: int, to_at: int, closed_at: int | None, reason: str
) -> None:
    connection.execute(
        "INSERT INTO gaps (channel_id, from_at, to_at, closed_at, reason) VALUES (?,?,?,?,?)",
        (channel_id, from_at, to_at, closed_at, reason),
    )


def gaps(connection: sqlite3.Connection, *, since: datetime, limit: int | None = 200) -> list[Gap]:
    """Gaps that end after ``since``, newest first, no more than ``limit``; before them the one each failing channel has
    now, however short."""
    found = [
        Gap(
            channel_id=ChannelId(c), from_at=from_ms(a), to_at=from_ms(b), closed_at=from_ms(d) if d else None, reason=r
        )
        for c, a, b, d, r in connection.execute(
            "SELECT channel_id, from_at, to_at, closed_at, reason FROM gaps WHERE to_at >= ? ORDER BY id DESC LIMIT ?",
            (to_ms(since), -1 if limit is None else limit),
        )
    ]
    failing = [
        Gap(channel_id=ChannelId(c), from_at=from_ms(a), to_at=from_ms(b), closed_at=None, reason=r)
        for c, a, b, r in connection.execute(
            "SELECT c.id, c.failing_since, c.polled_at, c.trouble FROM channels c"
            " JOIN accounts a ON a.id = c.account_id WHERE c.failing_since IS NOT NULL AND a.removed_at IS NULL"
            " ORDER BY c.failing_since DESC"
        )
    ]
    return failing + found
