"""The fate of a delivery: which moves there are, and that no other is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from inbox.model import (
    ConversationStatus,
    DeliveryState,
    Media,
    MessageId,
    MessageKind,
    Receipt,
    Rendition,
    Update,
    UpdateKind,
)
from inbox.store import accounts, outbox, record, triage
from inbox.store.database import Database
from tests.inbox.making import OFFICER, START, add_channel, later, message, queue, row_of, save

QUEUED, SENDING, SENT = DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT
REJECTED, UNKNOWN, CANCELLED = DeliveryState.REJECTED, DeliveryState.UNKNOWN, DeliveryState.CANCELLED
BY_HAND = DeliveryState.BY_HAND
STATES = list(DeliveryState)


def get(database: Database, id_: int) -> outbox.Delivery:
    found = outbox.delivery(database.connection, id_)
    assert found is not None
    return found


def bring_to(database: Database, id_: int, state: DeliveryState) -> None:
    """The way there that a delivery really takes."""
    with database.transaction() as c:
        if state is CANCELLED:
            outbox.cancel(c, id_, at=START, actor=OFFICER)
        elif state is not QUEUED:
            outbox.begin(c, id_, at=START)
        if state is SENT:
            outbox.sent(c, id_, Receipt(remote_id="m1"), at=START)
        elif state is REJECTED:
            outbox.rejected(c, id_, words="no", hint="", at=START)
        elif state is UNKNOWN:
            outbox.unknown(c, id_, words="?", hint="", at=START)
        elif state is BY_HAND:
            outbox.by_hand(c, id_, url="https://there.example", words="by hand", hint="", at=START)
    assert get(database, id_).state is state


def requeue(was: tuple[DeliveryState, ...]) -> Callable[..., bool]:
    return lambda c, i: outbox.requeue(c, i, was=was, not_before_at=START, words="", hint="", at=START)


MOVES: dict[str, tuple[Callable[..., object], DeliveryState, set[DeliveryState]]] = {
    # what is tried: (how, where it leads, where from it may)
    "begin": (lambda c, i: outbox.begin(c, i, at=START), SENDING, {QUEUED}),
    "sent": (lambda c, i: outbox.sent(c, i, Receipt(remote_id="m1"), at=START), SENT, {QUEUED, SENDING, UNKNOWN}),
    "rejected": (lambda c, i: outbox.rejected(c, i, words="no", hint="", at=START), REJECTED, {SENDING}),
    "unknown": (lambda c, i: outbox.unknown(c, i, words="?", hint="", at=START), UNKNOWN, {SENDING, UNKNOWN}),
    "held": (requeue((QUEUED, SENDING)), QUEUED, {QUEUED, SENDING}),
    "proven absent": (requeue((UNKNOWN,)), QUEUED, {UNKNOWN}),
    "sent again": (requeue((QUEUED, REJECTED)), QUEUED, {QUEUED, REJECTED}),
    "cancel": (
        lambda c, i: outbox.cancel(c, i, at=START, actor=OFFICER) is not None,
        CANCELLED,
        {QUEUED, REJECTED, BY_HAND},
    ),
    "by hand": (lambda c, i: outbox.by_hand(c, i, url="", words="", hint="", at=START), BY_HAND, {SENDING}),
    "carried": (
        lambda c, i: outbox.carried(c, i, remote_id="m1", url="", at=START, actor=OFFICER, verb="carried"),
        SENT,
        {BY_HAND},
    ),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("move", MOVES)
def test_moves(database: Database, move: str, state: DeliveryState) -> None:
    how, to, allowed = MOVES[move]
    id_ = queue(database, add_channel(database))
    bring_to(database, id_, state)
    before, lines = get(database, id_), record.verify(database.connection).lines
    with database.transaction() as connection:
        moved = how(connection, id_)
    assert bool(moved) is (state in allowed)
    if state in allowed:
        assert get(database, id_).state is to
        assert record.verify(database.connection).lines == lines + 1, "every move is on the record"
    else:
        assert get(database, id_) == before
        assert record.verify(database.connection).lines == lines


@pytest.mark.parametrize("move", MOVES)
def test_a_delivery_that_is_not_there_does_not_move(database: Database, move: str) -> None:
    with database.transaction() as connection:
        assert not MOVES[move][0](connection, 99_999)


def test_what_was_approved_comes_back_whole(database: Database) -> None:
    channel, other = add_channel(database), add_channel(database, account="memory-2")
    update = Update(
        kind=UpdateKind.POST,
        text="Größe\n",
        title="T",
        excerpt="E",
        media=(Media(path="a.png", mime_type="image/png", alt_text="A"),),
        categories=("News",),
        tags=("x", "y"),
        publish_at=later(9_000),
        replaces=MessageId(4),
    )
    rendition = Rendition(
        kind=UpdateKind.POST,
        text="Größe",
        title="T",
        excerpt="E",
        media=update.media,
        categories=("News",),
        tags=("x", "y"),
        publish_at=later(9_000),
        replaces="p4",
    )
    plans = [outbox.Planned(channel_id=c.id, rendition=rendition, not_before_at=later(10)) for c in (channel, other)]
    with database.transaction() as connection:
        ids = outbox.approve(connection, update, plans, at=START, actor=OFFICER)
    one, two = (get(database, i) for i in ids)
    assert one.rendition == two.rendition == rendition
    assert one.key != two.key
    assert one.update_id == two.update_id
    assert outbox.update_of(database.connection, one.update_id) == update
    assert (one.state, one.attempts, one.not_before_at) == (QUEUED, 0, later(10))
    assert [d.id for d in outbox.deliveries(database.connection)] == [two.id, one.id]


def test_each_beginning_is_counted_and_timed(database: Database) -> None:
    id_ = queue(database, add_channel(database))
    for n in (1, 2, 3):
        with database.transaction() as connection:
            assert outbox.begin(connection, id_, at=later(n))
            assert (get(database, id_).attempts, get(database, id_).sending_at) == (n, later(n))
            requeue((SENDING,))(connection, id_)
    assert get(database, id_).state is QUEUED


def test_what_is_due(database: Database) -> None:
    channel = add_channel(database)
    now, soon = queue(database, channel), queue(database, channel, wait_s=10)
    busy, lost, refused = (queue(database, channel) for _ in range(3))
    for id_, state in ((busy, SENDING), (lost, UNKNOWN), (refused, REJECTED)):
        bring_to(database, id_, state)

    def due(at_s: float) -> list[int]:
        return [d.id for d in outbox.due(database.connection, now=later(at_s))]

    assert due(0) == [now, busy, lost]
    assert due(10) == [now, soon, busy, lost]
    assert outbox.next_due_at(database.connection, after=later(0)) == later(10)
    assert outbox.next_due_at(database.connection, after=later(10)) is None
    with database.transaction() as connection:
        accounts.set_signed_in(connection, channel.account_id, False)
    assert due(10) == []
    assert outbox.next_due_at(database.connection, after=later(0)) is None
    with database.transaction() as connection:
        accounts.set_signed_in(connection, channel.account_id, True)
        accounts.remove_account(connection, channel.account_id, at=later(1))
    assert due(10) == []
    assert {d.id for d in outbox.waiting(database.connection)} == {now, soon, busy, lost, refused}, "but not forgotten"


def test_hurry_shortens_waiting_only(database: Database) -> None:
    channel = add_channel(database)
    waits, due, gone = (
        queue(database, channel, wait_s=50),
        queue(database, channel),
        queue(database, channel, wait_s=50),
    )
    bring_to(database, gone, CANCELLED)
    with database.transaction() as connection:
        outbox.hurry(connection, [waits, due, gone], at=later(20))
    assert [get(database, i).not_before_at for i in (waits, due, gone)] == [later(20), START, later(50)]


def test_what_was_being_sent_when_the_last_run_ended_is_unknown(database: Database) -> None:
    channel = add_channel(database)
    ids = [queue(database, channel) for _ in STATES]
    for id_, state in zip(ids, STATES, strict=True):
        bring_to(database, id_, state)
    sending = ids[STATES.index(SENDING)]
    with database.transaction() as connection:
        assert outbox.interrupted(connection, at=later(5)) == [sending]
    expected = [UNKNOWN if s is SENDING else s for s in STATES]
    assert [get(database, i).state for i in ids] == expected
    with database.transaction() as connection:
        assert outbox.interrupted(connection, at=later(5)) == []


def test_cancelling_gives_back_the_text_and_the_status(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("q"))
    before = row_of(database, channel, "q")
    with database.transaction() as connection:
        undo = triage.set_status(connection, [before.id], ConversationStatus.DONE, at=later(5), actor=OFFICER)
    id_ = queue(database, channel, "Three metres.", undo=undo, conversation=before.id)
    assert (row_of(database, channel, "q").place, row_of(database, channel, "q").outgoing) == ("done", "queued")
    with database.transaction() as connection:
        given_back = outbox.cancel(connection, id_, at=later(6), actor=OFFICER)
        assert given_back == undo
        triage.restore(connection, given_back, at=later(6), actor=OFFICER)
    assert row_of(database, channel, "q") == before
    assert outbox.update_of(database.connection, get(database, id_).update_id).text == "Three metres."
    with database.transaction() as connection:
        assert outbox.cancel(connection, id_, at=later(7), actor=OFFICER) is None


def give_back(database: Database, id_: int, how: str) -> None:
    """As the desk, the outbox, and the outbox after the account was removed do it."""
    with database.transaction() as connection:
        if how == "taken back":
            given_back = outbox.cancel(connection, id_, at=later(20), actor=OFFICER)
            if given_back:
                triage.restore(connection, given_back, at=later(20), actor=OFFICER)
        elif how == "refused":
            outbox.begin(connection, id_, at=later(20))
            assert outbox.rejected(connection, id_, words="no", hint="", at=later(20))
        else:
            assert requeue((QUEUED,))(connection, id_)


@pytest.mark.parametrize("how", ["taken back", "refused", "left behind"])
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_closing_answers_give_back_what_was_before_the_first_in_any_order(
    database: Database, how: str, order: tuple[int, ...]
) -> None:
    """The outbox sends oldest first: what the second found when it closed was the doing of the first."""
    channel = add_channel(database)
    save(database, channel, message("q"))
    before = row_of(database, channel, "q")
    ids = []
    for n in range(3):
        with database.transaction() as connection:
            undo = triage.set_status(connection, [before.id], ConversationStatus.DONE, at=later(5 + n), actor=OFFICER)
        ids.append(queue(database, channel, undo=undo, conversation=before.id))
    if how == "left behind":
        with database.transaction() as connection:
            accounts.remove_account(connection, channel.account_id, at=later(9))
    for n in order:
        give_back(database, ids[n], how)
    row = row_of(database, channel, "q")
    assert (row.status, row.place, row.owed, row.unread) == (before.status, before.place, before.owed, before.unread)


def test_what_an_older_answer_gives_back_concerns_its_own_conversation_only(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("q"), message("other", kind=MessageKind.DIRECT))
    ids = []
    for remote_id in ("q", "other"):
        row = row_of(database, channel, remote_id)
        with database.transaction() as connection:
            undo = triage.set_status(connection, [row.id], ConversationStatus.DONE, at=later(5), actor=OFFICER)
        ids.append(queue(database, channel, undo=undo, conversation=row.id))
    plain = queue(database, channel, conversation=row_of(database, channel, "q").id)
    give_back(database, ids[0], "refused")
    give_back(database, plain, "taken back")  # it closed nothing, so it gives nothing back
    assert [row_of(database, channel, m).place for m in ("q", "other")] == ["owed", "done"]
    give_back(database, ids[1], "refused")
    assert [row_of(database, channel, m).place for m in ("q", "other")] == ["owed", "owed"]


@pytest.mark.parametrize(
    ("states", "mark"),
    [
        ([], ""),
        ([QUEUED], "queued"),
        ([SENDING], "queued"),
        ([SENT], ""),
        ([CANCELLED], ""),
        ([REJECTED], "trouble"),
        ([UNKNOWN], "trouble"),
        ([SENT, QUEUED], "queued"),
        ([QUEUED, UNKNOWN], "trouble"),
        ([REJECTED, SENT], "trouble"),
    ],
)
def test_the_row_says_what_is_on_its_way(database: Database, states: list[DeliveryState], mark: str) -> None:
    channel = add_channel(database)
    save(database, channel, message("q"))
    row = row_of(database, channel, "q")
    ids = [queue(database, channel, conversation=row.id) for _ in states]
    for id_, state in zip(ids, states, strict=True):
        bring_to(database, id_, state)
    assert row_of(database, channel, "q").outgoing == mark
    here = [d.id for d in outbox.of_conversation(database.connection, row.id)]
    assert here == [i for i, s in zip(ids, states, strict=True) if s not in (SENT, CANCELLED)]


def test_a_key_is_never_given_twice(database: Database) -> None:
    channel = add_channel(database)
    keys = {get(database, queue(database, channel)).key for _ in range(50)}
    assert len(keys) == 50


def test_looking_again_moves_only_what_is_unknown(database: Database) -> None:
    channel = add_channel(database)
    lost, other = queue(database, channel), queue(database, channel)
    bring_to(database, lost, UNKNOWN)
    for id_ in (lost, other):
        with database.transaction() as connection:
            outbox.look_again(connection, id_, not_before_at=START + timedelta(hours=1), words="not yet")
    assert (get(database, lost).not_before_at, get(database, lost).words) == (later(3_600), "not yet")
    assert get(database, other).not_before_at == START


def test_drafts(database: Database) -> None:
    def keep(place: str, body: str) -> None:
        with database.transaction() as connection:
            outbox.save_draft(connection, place, body, at=START)

    keep("reply:1", "Half")
    keep("post", "Other")
    keep("reply:1", "Half an answer")
    assert outbox.draft(database.connection, "reply:1") == "Half an answer"
    keep("reply:1", "")
    assert outbox.draft(database.connection, "reply:1") == ""
    assert outbox.draft(database.connection, "post") == "Other"


def test_what_a_clock_that_was_ahead_wrote_waits_from_now_on(database: Database) -> None:
    channel, other = add_channel(database), add_channel(database, "page")
    first, held, asked, gone = (queue(database, channel, wait_s=10) for _ in range(4))
    elsewhere = queue(database, other, wait_s=10)
    with database.transaction() as connection:
        outbox.hurry(connection, [held], at=later(-60))
        outbox.begin(connection, asked, at=START)
        outbox.unknown(connection, asked, words="?", hint="", at=START)
        outbox.look_again(connection, asked, not_before_at=later(30), words="?", at=later(20))
        outbox.cancel(connection, gone, at=START, actor=OFFICER)
    now = later(-7_200)
    assert outbox.ahead(database.connection, now=now) == {channel.id, other.id}
    assert outbox.ahead(database.connection, now=later(20)) == set()
    with database.transaction() as connection:
        assert outbox.reckon_anew(connection, channel.id, now=now) == [first, held, asked]
        assert outbox.reckon_anew(connection, channel.id, now=now) == [], "once"
    waits = [get(database, i).not_before_at for i in (first, held, asked, gone, elsewhere)]
    assert waits == [later(-7_190), now, later(-7_190), later(10), later(10)]
    assert outbox.ahead(database.connection, now=now) == {other.id}


@pytest.mark.parametrize(
    ("kept_there", "hurried", "expected_s"),
    [(False, False, 86_400), (True, False, -7_190), (False, True, -7_200)],
    ids=["ours to keep", "the network keeps it", "a person did not wait for it"],
)
def test_the_time_its_writer_chose_stays_whatever_the_clock_does(
    database: Database, kept_there: bool, hurried: bool, expected_s: float
) -> None:
    channel = add_channel(database)
    tomorrow = later(86_400)
    update = Update(kind=UpdateKind.POST, text="Market day", publish_at=tomorrow)
    rendition = Rendition(kind=UpdateKind.POST, text="Market day", publish_at=tomorrow if kept_there else None)
    plan = outbox.Planned(
        channel_id=channel.id, rendition=rendition, not_before_at=later(10) if kept_there else tomorrow
    )
    with database.transaction() as connection:
        [id_] = outbox.approve(connection, update, [plan], at=START, actor=OFFICER)
        if hurried:
            outbox.requeue(connection, id_, was=[QUEUED], not_before_at=START, words="", hint="", at=START)
        outbox.reckon_anew(connection, channel.id, now=later(-7_200))
    assert get(database, id_).not_before_at == later(expected_s)
