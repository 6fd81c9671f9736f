"""Updates, and the fate of each of their renditions. Every step is one transaction with its line of the record.

::

    queued -> sending -> sent
       |         |-----> rejected          a person edits and sends again
       |         |-----> unknown           looked up: sent, or proven absent and queued again
       |         |-----> queued            surely not sent: later
   |         '-----> by hand           only a person can publish it there: they say when it is done, or a poll sees it
       '-> cancelled                       undone in time, or its account was removed (store.leaving)

What was under way when its account was removed is looked for if the account returns, and rejected instead of queued
again (``requeue``): the person who removed the account did not expect it to speak for them afterwards.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.model import (
    ChannelId,
    ConversationId,
    Delivery,
    DeliveryId,
    DeliveryState,
    MessageId,
    Receipt,
    Rendition,
    Update,
    UpdateId,
)
from inbox.store import record, triage
from inbox.store.database import Database, from_ms, to_ms
from inbox.store.extras import rendition_from, update_from, written
from inbox.store.outgoing import mark

_DELIVERY = (
    "SELECT d.id, d.update_id, d.channel_id, d.rendition, d.key, d.state, d.attempts, d.not_before_at, d.sending_at,"
    " d.sent_at, d.remote_id, d.url, d.words, d.hint, d.reply_to, d.conversation_id, d.step FROM deliveries d"
)
UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.UNKNOWN)
_UNDER_WAY = f"({', '.join(repr(state.value) for state in UNDER_WAY)})"
_LEFT_BEHIND = "It did not go out before the account was removed, so nothing is sent by itself."


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """One rendition to be queued."""

    channel_id: ChannelId
    rendition: Rendition
    not_before_at: datetime
    conversation_id: ConversationId | None = None
    undo: str = ""  # what cancelling gives back to the conversation, see store.triage


def approve(
    connection: sqlite3.Connection, update: Update, plans: Iterable[Planned], *, at: datetime, actor: str
) -> list[DeliveryId]:
    """Freeze the update and queue its renditions, each with a fresh key. From here the window may close."""
    body = written(update)
    cursor = connection.execute(
        "INSERT INTO updates (body, actor, approved_at) VALUES (?,?,?)", (body, actor, to_ms(at))
    )
    update_id = cursor.lastrowid
    ids = []
    for plan in plans:
        cursor = connection.execute(
            "INSERT INTO deliveries (update_id, channel_id, rendition, key, state, not_before_at, reply_to,"
            " conversation_id, undo, changed_at) VALUES (?,?,?,?,?,?,?,?,?,?)",
            (update_id, plan.channel_id, written(plan.rendition), _fresh_key(at),
             DeliveryState.QUEUED, to_ms(plan.not_before_at), update.reply_to, plan.conversation_id, plan.undo,
             to_ms(at)),
        )  # fmt: skip
        id_ = DeliveryId(cursor.lastrowid or 0)
        ids.append(id_)
        record.append(
            connection, at=at, actor=actor, verb="queued", subject=f"delivery:{id_}",
            after={"channel": plan.channel_id, "text": plan.rendition.text, "title": plan.rendition.title},
        )  # fmt: skip
        mark(connection, plan.conversation_id)
    return ids


def _change(
    connection: sqlite3.Connection, delivery_id: int, to: DeliveryState, *, at: datetime, actor: str, verb: str,
    allowed: Sequence[DeliveryState], **columns: Any,
) -> bool:  # fmt: skip
    """Move a delivery, if it still is where it may be moved from; returns whether it was."""
    row = connection.execute("SELECT state, conversation_id FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    if row is None or row[0] not in allowed:
        return False
    columns |= {"state": to, "changed_at": to_ms(at)}
    assignments = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(f"UPDATE deliveries SET {assignments} WHERE id = ?", (*columns.values(), delivery_id))
    after = {k: v for k, v in columns.items() if k in ("state", "remote_id", "url", "words") and v}
    record.append(
        connection,
        at=at,
        actor=actor,
        verb=verb,
        subject=f"delivery:{delivery_id}",
        before={"state": row[0]},
        after=after,
    )
    mark(connection, row[1])
    return True


def begin(connection: sqlite3.Connection, delivery_id: int, *, at: datetime, steady_s: float | None = None) -> bool:
    """Committed before the network is called: whatever happens next, we know that it may have happened. ``steady_s``:
    the moment by the clock that nobody sets."""
    attempts = connection.execute("SELECT attempts FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    return _change(
        connection, delivery_id, DeliveryState.SENDING, at=at, actor=record.MACHINE, verb="sending",
        allowed=[DeliveryState.QUEUED], sending_at=to_ms(at), attempts=(attempts[0] if attempts else 0) + 1,
        words="", hint="", began_s=steady_s,
    )  # fmt: skip


def began_s(connection: sqlite3.Connection, delivery_id: int) -> float | None:
    """When the last request began by the steady clock, if that was noted."""
    row = connection.execute("SELECT began_s FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    return float(row[0]) if row and row[0] is not None else None


def sent(
    connection: sqlite3.Connection, delivery_id: int, receipt: Receipt, *, at: datetime, verb: str = "sent"
) -> bool:
    """The network gave proof."""
    return _change(
        connection, delivery_id, DeliveryState.SENT, at=at, actor=record.MACHINE, verb=verb, allowed=UNDER_WAY,
        sent_at=to_ms(at), remote_id=receipt.remote_id, url=receipt.url, words="", hint="",
    )  # fmt: skip


def rejected(connection: sqlite3.Connection, delivery_id: int, *, words: str, hint: str, at: datetime) -> bool:
    """The network refused it: a person edits, and its conversation is as it was."""
    return _refused(
        connection, delivery_id, at=at, actor=record.MACHINE, verb="rejected", allowed=[DeliveryState.SENDING],
        words=words, hint=hint,
    )  # fmt: skip


def _refused(
    connection: sqlite3.Connection, delivery_id: int, *, at: datetime, actor: str, verb: str,
    allowed: Sequence[DeliveryState], words: str, hint: str,
) -> bool:  # fmt: skip
    """Its conversation was settled for the sake of an answer that is not there."""
    given_back = _undo_of(connection, delivery_id)
    done = _change(
        connection, delivery_id, DeliveryState.REJECTED, at=at, actor=actor, verb=verb, allowed=allowed, words=words,
        hint=hint, undo="",
    )  # fmt: skip
    if done and given_back:
        _hand_on(connection, delivery_id, given_back)
        triage.restore(connection, given_back, at=at, actor=actor)
    return done


def _undo_of(connection: sqlite3.Connection, delivery_id: int) -> str:
    row = connection.execute("SELECT undo FROM deliveries WHERE id = ?", (delivery_id,)).fetchone()
    return str(row[0]) if row else ""


def _hand_on(connection: sqlite3.Connection, delivery_id: int, given_back: str) -> None:
    """Before whatever this delivery gives back is given back: what younger answers in its conversation found when they
    settled it was made by this one. Given back after this one, that would settle what nobody has answered; so what was
    before them is what was before this one."""
    connection.execute(
        "UPDATE deliveries SET undo = :undo WHERE id > :id AND undo <> '' AND state NOT IN ('sent', 'cancelled')"
        " AND conversation_id = (SELECT conversation_id FROM deliveries WHERE id = :id)",
        {"undo": given_back, "id": delivery_id},
    )


def by_hand(connection: sqlite3.Connection, delivery_id: int, *, url: str, words: str, hint: str, at: datetime) -> bool:
    """Nothing was sent: a person carries it over to ``url``."""
    return _change(
        connection, delivery_id, DeliveryState.BY_HAND, at=at, actor=record.MACHINE, verb="handed over",
        allowed=[DeliveryState.SENDING], url=url, words=words, hint=hint,
    )  # fmt: skip


def carried(
    connection: sqlite3.Connection, delivery_id: int, *, remote_id: str, url: str, at: datetime, actor: str, verb: str
) -> bool:
    """What was handed over is there: a person said so, or a poll saw it."""
    return _change(
        connection, delivery_id, DeliveryState.SENT, at=at, actor=actor, verb=verb, allowed=[DeliveryState.BY_HAND],
        sent_at=to_ms(at), remote_id=remote_id, url=url, words="", hint="",
    )  # fmt: skip


def handed_over(connection: sqlite3.Connection, channel_id: str) -> list[Delivery]:
    """What waits for a person to carry it over, oldest first."""
    return _deliveries(connection, "WHERE d.channel_id = ? AND d.state = 'by hand' ORDER BY d.id", (channel_id,))


def accounted(connection: sqlite3.Connection, channel_id: str, remote_id: str) -> bool:
    """Whether a delivery is known to have become this message."""
    row = connection.execute(
        "SELECT 1 FROM deliveries WHERE channel_id = ? AND remote_id = ? LIMIT 1", (channel_id, remote_id)
    ).fetchone()
    return row is not None


def step(connection: sqlite3.Connection, key: str) -> str:
    """How far the delivery with this key got; empty when it has not begun."""
    row = connection.execute("SELECT step FROM deliveries WHERE key = ?", (key,)).fetchone()
    return str(row[0]) if row else ""


def save_step(connection: sqlite3.Connection, key: str, word: str) -> None:
    """Note how far it got."""
    connection.execute("UPDATE deliveries SET step = ? WHERE key = ?", (word, key))


class StoredSteps:
    """``connector.Steps`` over the deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, key: str) -> str:
        """How far the delivery with this key got."""
        return step(self._database.connection, key)

    def save(self, key: str, step: str) -> None:
        """Durable when it returns."""
        with self._database.transaction() as connection:
            save_step(connection, key, step)


def unknown(
    connection: sqlite3.Connection, delivery_id: int, *, words: str, hint: str, at: datetime,
    verb: str = "outcome unknown",
) -> bool:  # fmt: skip
    """It may have gone out or not. Nothing is sent again before it was looked for."""
    return _change(
        connection, delivery_id, DeliveryState.UNKNOWN, at=at, actor=record.MACHINE, verb=verb,
        allowed=[DeliveryState.SENDING, DeliveryState.UNKNOWN], words=words, hint=hint,
    )  # fmt: skip


def requeue(
    connection: sqlite3.Connection, delivery_id: int, *, was: Sequence[DeliveryState], not_before_at: datetime,
    words: str, hint: str, at: datetime, verb: str = "queued again", actor: str = record.MACHINE,
) -> bool:  # fmt: skip
    """Surely not sent, or proven absent, or a person decided: it goes again.

    ``was`` are the states for which the caller knows that: what is being sent may only be queued again by its sender,
    and what is unknown only by proof of absence or by a person. If its account was removed since it was approved, it
    is rejected instead, and its conversation is as it was: a person may still send it once the account is back.
    """
    if _left_behind(connection, delivery_id, even_if_back=actor == record.MACHINE):
        return _refused(
            connection, delivery_id, at=at, actor=actor, verb="not sent: account removed", allowed=was,
            words=_LEFT_BEHIND, hint="Once the account is back: send it again, or take it back.",
        )  # fmt: skip
    return _change(
        connection, delivery_id, DeliveryState.QUEUED, at=at, actor=actor, verb=verb,
        allowed=was, not_before_at=to_ms(not_before_at), words=words, hint=hint,
    )  # fmt: skip


def _left_behind(connection: sqlite3.Connection, delivery_id: int, *, even_if_back: bool) -> bool:
    """Whether its account is removed; or was, after this was approved, and has come back since."""
    row = connection.execute(
        "SELECT a.removed_at IS NOT NULL, u.approved_at < a.added_at FROM deliveries d"
        " JOIN updates u ON u.id = d.update_id JOIN channels c ON c.id = d.channel_id"
        " JOIN accounts a ON a.id = c.account_id WHERE d.id = ?", (delivery_id,)
    ).fetchone()  # fmt: skip
    return row is not None and bool(row[0] or (even_if_back and row[1]))


def cancel(
    connection: sqlite3.Connection, delivery_id: int, *, at: datetime, actor: str, verb: str = "cancelled"
) -> str | None:
    """Undo a delivery that has not left (or was refused). Returns what it gives back to its conversation, for
    ``triage.restore``: empty when nothing, ``None`` when it is too late."""
    given_back = _undo_of(connection, delivery_id)
    done = _change(
        connection, delivery_id, DeliveryState.CANCELLED, at=at, actor=actor, verb=verb,
        allowed=[DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.BY_HAND],
    )  # fmt: skip
    if done and given_back:
        _hand_on(connection, delivery_id, given_back)
    return given_back if done else None


def interrupted(connection: sqlite3.Connection, *, at: datetime) -> list[DeliveryId]:
    """At start: what was being sent when the last run ended is unknown now. Returns those."""
    ids = [r[0] for r in connection.execute("SELECT id FROM deliveries WHERE state = ?", (DeliveryState.SENDING,))]
    for id_ in ids:
        unknown(connection, id_, words="Postroom ended while this was being sent.", hint="It is looked for now.", at=at)
    return [DeliveryId(i) for i in ids]


def due(connection: sqlite3.Connection, *, now: datetime) -> list[Delivery]:
    """What may go now, oldest first, leaving out accounts that must sign in first and channels that were removed.

    With what is being sent: whoever is not sending it himself knows by that that its sender failed half-way.
    """
    return _deliveries(
        connection,
        "JOIN channels c ON c.id = d.channel_id JOIN accounts a ON a.id = c.account_id"
        f" WHERE d.state IN {_UNDER_WAY} AND d.not_before_at <= ? AND a.signed_in = 1"
        " AND a.removed_at IS NULL ORDER BY d.id",
        (to_ms(now),),
    )


def next_due_at(connection: sqlite3.Connection, *, after: datetime) -> datetime | None:
    """When the outbox has something to do that was not due yet at ``after``."""
    row = connection.execute(
        "SELECT min(d.not_before_at) FROM deliveries d JOIN channels c ON c.id = d.channel_id"
        " JOIN accounts a ON a.id = c.account_id WHERE d.state IN ('queued', 'unknown') AND d.not_before_at > ?"
        " AND a.signed_in = 1 AND a.removed_at IS NULL", (to_ms(after),)
    ).fetchone()  # fmt: skip
    return from_ms(row[0]) if row[0] is not None else None


def look_again(
    connection: sqlite3.Connection, delivery_id: int, *, not_before_at: datetime, words: str, at: datetime | None = None
) -> None:
    """Look for an unknown delivery once more, later. ``at`` is the present moment: left out, it is looked for now."""
    connection.execute(
        "UPDATE deliveries SET not_before_at = ?, words = ?, changed_at = ? WHERE id = ? AND state = 'unknown'",
        (to_ms(not_before_at), words, to_ms(at or not_before_at), delivery_id),
    )


def ahead(connection: sqlite3.Connection, *, now: datetime) -> set[ChannelId]:
    """Channels with something under way whose times were written by a clock that was put back since."""
    return {
        ChannelId(row[0])
        for row in connection.execute(
            f"SELECT channel_id FROM deliveries WHERE state IN {_UNDER_WAY} AND changed_at > ?", (to_ms(now),)
        )
    }


def reckon_anew(connection: sqlite3.Connection, channel_id: str, *, now: datetime) -> list[DeliveryId]:
    """Let what this channel has ``ahead`` wait from now on, and as long as it was to: by its old times it would lie
    there for as long as the clock was put back. The time that its writer chose is kept. Returns what was changed."""
    at = to_ms(now)
    found = []
    for id_, state, not_before, changed, rendition, body in connection.execute(
        "SELECT d.id, d.state, d.not_before_at, d.changed_at, d.rendition, u.body FROM deliveries d"
        " JOIN updates u ON u.id = d.update_id"
        f" WHERE d.channel_id = ? AND d.state IN {_UNDER_WAY} AND d.changed_at > ? ORDER BY d.id",
        (channel_id, at),
    ).fetchall():
        wanted = at + max(not_before - changed, 0)
        chosen = update_from(body).publish_at
        ours_to_keep = state == DeliveryState.QUEUED and rendition_from(rendition).publish_at is None
        if chosen is not None and ours_to_keep and to_ms(chosen) <= not_before:  # else a person did not wait for it
            wanted = max(wanted, to_ms(chosen))
        connection.execute("UPDATE deliveries SET not_before_at = ?, changed_at = ? WHERE id = ?", (wanted, at, id_))
        found.append(DeliveryId(id_))
    return found


def hurry(connection: sqlite3.Connection, delivery_ids: Iterable[int], *, at: datetime) -> None:
    """Do not wait any longer with these, if they still wait."""
    connection.executemany(
        "UPDATE deliveries SET not_before_at = min(not_before_at, ?) WHERE id = ? AND state IN ('queued', 'unknown')",
        [(to_ms(at), id_) for id_ in delivery_ids],
    )


def delivery(connection: sqlite3.Connection, delivery_id: int) -> Delivery | None:
    """The delivery with this id."""
    found = _deliveries(connection, "WHERE d.id = ?", (delivery_id,))
    return found[0] if found else None


def deliveries(connection: sqlite3.Connection, *, limit: int = 200) -> list[Delivery]:
    """All deliveries, newest first."""
    return _deliveries(connection, "ORDER BY d.id DESC LIMIT ?", (limit,))


def of_conversation(connection: sqlite3.Connection, conversation_id: int) -> list[Delivery]:
    """What is on its way, or in trouble, in this conversation, oldest first."""
    return _deliveries(
        connection,
        "WHERE d.conversation_id = ? AND d.state NOT IN ('sent', 'cancelled') ORDER BY d.id",
        (conversation_id,),
    )


def waiting(connection: sqlite3.Connection) -> list[Delivery]:
    """What has not arrived yet: queued, sending, unknown, rejected or to be carried over by hand; oldest first."""
    return _deliveries(
        connection, "WHERE d.state IN ('queued', 'sending', 'unknown', 'rejected', 'by hand') ORDER BY d.id", ()
    )


def of_updates(connection: sqlite3.Connection, update_ids: Iterable[int]) -> list[Delivery]:
    """All deliveries of these updates whatever became of them, oldest first."""
    ids = tuple(update_ids)
    marks = ",".join("?" * len(ids))
    return _deliveries(connection, f"WHERE d.update_id IN ({marks}) ORDER BY d.id", ids)


def update_of(connection: sqlite3.Connection, update_id: int) -> Update:
    """The update as it was approved."""
    return update_from(connection.execute("SELECT body FROM updates WHERE id = ?", (update_id,)).fetchone()[0])


def save_draft(connection: sqlite3.Connection, place: str, body: str, *, at: datetime) -> None:
    """Keep what is being written at ``place`` (such as ``reply:12``); an empty body forgets it."""
    if body:
        connection.execute("INSERT OR REPLACE INTO drafts VALUES (?,?,?)", (place, body, to_ms(at)))
    else:
        connection.execute("DELETE FROM drafts WHERE place = ?", (place,))


def draft(connection: sqlite3.Connection, place: str) -> str:
    """What was being written there, or an empty string."""
    row = connection.execute("SELECT body FROM drafts WHERE place = ?", (place,)).fetchone()
    return str(row[0]) if row else ""


def _fresh_key(at: datetime) -> str:
    """See ``Delivery``."""
    return f"{to_ms(at):012x}{secrets.token_hex(10)}"


def _deliveries(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[Delivery]:
    return [
        Delivery(
            id=DeliveryId(i), update_id=UpdateId(u), channel_id=ChannelId(c),
            rendition=rendition_from(r),
            key=key, state=DeliveryState(state), attempts=attempts, not_before_at=_time(not_before),
            sending_at=_time(sending), sent_at=_time(sent_at), remote_id=remote, url=url, words=words, hint=hint,
            reply_to=MessageId(reply) if reply else None,
            conversation_id=ConversationId(conversation) if conversation else None, step=step_,
        )
        for (i, u, c, r, key, state, attempts, not_before, sending, sent_at, remote, url, words, hint, reply,
             conversation, step_)
        in connection.execute(f"{_DELIVERY} {where}", values)
    ]  # fmt: skip


def _time(ms: int | None) -> datetime | None:
    return from_ms(ms) if ms is not None else None


def later(at: datetime, seconds: float) -> datetime:
    """``at`` and so many seconds."""
    return at + timedelta(seconds=seconds)
