"""The rules of what is owed, unread, settled: a table of cases, and the decisions of an officer and their undoing."""

from __future__ import annotations

import pytest

from inbox.model import ConversationStatus, Message, MessageKind, MessageState, Visibility
from inbox.store import reading, record, triage
from inbox.store.database import Database
from tests.inbox.making import (
    OFFICER,
    add_channel,
    fresh_tallies,
    kept_tallies,
    later,
    message,
    row_of,
    save,
    stored,
)

DONE, WAITING, OPEN = ConversationStatus.DONE, ConversationStatus.WAITING, ConversationStatus.OPEN


def ask(remote_id: str = "q", **fields: object) -> Message:
    return message(remote_id, **fields)


def ours(remote_id: str = "a", parent: str = "q", **fields: object) -> Message:
    return message(remote_id, "Three metres.", ours=True, parent_remote_id=parent, created_at=later(60), **fields)


CASES: dict[str, tuple[list[Message], str, int, bool]] = {
    # what was said: (place, how many are owed, unread)
    "a comment": ([ask()], "owed", 1, True),
    "a mention": ([ask(kind=MessageKind.MENTION)], "owed", 1, True),
    "a direct message": ([ask(kind=MessageKind.DIRECT)], "owed", 1, True),
    "a review": ([ask(kind=MessageKind.REVIEW)], "owed", 1, True),
    "somebody's post": ([ask(kind=MessageKind.POST)], "quiet", 0, True),
    "a quote": ([ask(kind=MessageKind.QUOTE)], "owed", 1, True),
    "a notice": ([ask(kind=MessageKind.NOTICE)], "quiet", 0, True),
    "unreadable": ([ask(kind=MessageKind.UNREADABLE)], "quiet", 0, True),
    "a held comment": ([ask(state=MessageState.HELD)], "owed", 1, True),
    "spam": ([ask(state=MessageState.SPAM)], "aside", 0, False),
    "in the bin": ([ask(state=MessageState.TRASHED)], "aside", 0, False),
    "deleted": ([ask(state=MessageState.DELETED)], "aside", 0, False),
    "answered": ([ask(), ours()], "quiet", 0, False),
    "two asked, one answered": (
        [ask(), ask("r", parent_remote_id="q"), ask("s", parent_remote_id="q"), ours(parent="r")],
        "owed",
        1,
        True,
    ),
    "answered at the end of a chain": ([ask(), ask("r", parent_remote_id="q"), ours(parent="r")], "quiet", 0, False),
    "answered higher up only": ([ask(), ask("r", parent_remote_id="q"), ours(parent="q")], "owed", 1, True),
    "answered, then asked again": (
        [ask(), ours(), ask("r", parent_remote_id="a", created_at=later(99))],
        "owed",
        1,
        True,
    ),
    "our answer was deleted": ([ask(), ours(state=MessageState.DELETED)], "owed", 1, True),
    "our answer is held": ([ask(), ours(state=MessageState.HELD)], "quiet", 0, False),
    "the question was deleted": ([ask(state=MessageState.DELETED), ask("r", parent_remote_id="q")], "owed", 1, True),
    "our post alone": ([message("p", ours=True, kind=MessageKind.POST)], "published", 0, False),
    "our scheduled post": (
        [message("p", ours=True, kind=MessageKind.POST, state=MessageState.SCHEDULED)],
        "published",
        0,
        False,
    ),
    "our post, deleted": (
        [message("p", ours=True, kind=MessageKind.POST, state=MessageState.DELETED)],
        "aside",
        0,
        False,
    ),
    "our post with a comment": (
        [message("p", ours=True, kind=MessageKind.POST), ask(parent_remote_id="p")],
        "owed",
        1,
        True,
    ),
    "our comment alone": ([message("c", ours=True)], "quiet", 0, False),
}


@pytest.mark.parametrize("case", CASES)
def test_where_a_conversation_stands(database: Database, case: str) -> None:
    said, place, owed, unread = CASES[case]
    channel = add_channel(database)
    save(database, channel, *said)
    row = row_of(database, channel, said[0].remote_id)
    assert (row.place, row.owed, row.unread) == (place, owed, unread)
    assert kept_tallies(database.connection) == fresh_tallies(database.connection)


def test_a_row_says_who_asks_and_what(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("p", "The plan\n\nis here", title="Plan", ours=True, kind=MessageKind.POST))
    row = row_of(database, channel, "p")
    assert (row.author, row.snippet, row.subject, row.public) == ("We", "The plan is here", "Plan", True)
    save(
        database, channel, message("q", "And  the\nbridge?", parent_remote_id="p", created_at=later(5)), ours("a", "p")
    )
    row = row_of(database, channel, "p")
    assert (row.author, row.snippet, row.subject, row.kind) == ("Vera", "And the bridge?", "Plan", "post")
    assert row.last_at == later(60), "also what we said is news of a conversation"


def test_the_post_above_is_named(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("q", context_remote_id="p"))
    row = row_of(database, channel, "q")
    assert row.context_title == ""
    assert reading.context(database.connection, row) is None
    save(database, channel, message("p", title="Flood wall", kind=MessageKind.POST, ours=True))
    assert row_of(database, channel, "q").context_title == "Flood wall"
    context = reading.context(database.connection, row)
    assert context is not None
    assert context.message.title == "Flood wall"


# Deciding


def decide(database: Database, status: ConversationStatus, remote_id: str = "q", at_s: float = 10) -> str:
    channel_id = database.connection.execute("SELECT id FROM channels").fetchone()[0]
    found = reading.message_by_remote_id(database.connection, channel_id, remote_id)
    assert found is not None
    with database.transaction() as connection:
        return triage.set_status(connection, [found.conversation_id], status, at=later(at_s), actor=OFFICER)


@pytest.mark.parametrize("status", [DONE, WAITING])
def test_settling_answers_for_all_that_came_before_it(database: Database, status: ConversationStatus) -> None:
    channel = add_channel(database)
    save(database, channel, ask(), ask("r", parent_remote_id="q"))
    decide(database, status)
    row = row_of(database, channel, "q")
    assert (row.place, row.status, row.owed, row.unread) == (status.value, status.value, 0, False)
    save(database, channel, ask("s", parent_remote_id="r"), at=later(20))
    row = row_of(database, channel, "q")
    assert (row.place, row.status, row.owed, row.unread) == ("owed", "open", 1, True)
    assert row.snippet == "How high is the water?"


def test_what_asks_for_nothing_does_not_open_what_is_done(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask())
    decide(database, DONE)
    save(database, channel, message("n", kind=MessageKind.NOTICE, parent_remote_id="q"), at=later(20))
    save(database, channel, ours(), at=later(30))
    save(database, channel, ask("spam", parent_remote_id="q", state=MessageState.SPAM), at=later(40))
    row = row_of(database, channel, "q")
    assert (row.place, row.status, row.unread) == ("done", "done", False)


def test_news_in_the_very_millisecond_of_settling_is_news(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask())
    decide(database, DONE, at_s=10)
    save(database, channel, ask("r", parent_remote_id="q"), at=later(10))
    assert row_of(database, channel, "q").place == "owed"


def test_a_clock_that_was_put_back_hides_no_news(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask(), at=later(1_000))
    decide(database, DONE, at_s=1_010)
    save(database, channel, ask("r", parent_remote_id="q"), at=later(500))
    row = row_of(database, channel, "q")
    assert (row.place, row.unread) == ("owed", True)
    decide(database, DONE, at_s=510)
    assert row_of(database, channel, "q").place == "done", "and what is settled then stays settled"


def test_opening_again_owes_what_was_not_answered(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask(), ask("r", parent_remote_id="q"), ours(parent="r"), ask("s", parent_remote_id="q"))
    decide(database, DONE)
    decide(database, OPEN, at_s=20)
    row = row_of(database, channel, "q")
    assert (row.place, row.owed) == ("owed", 1)


@pytest.mark.parametrize("status", [DONE, WAITING, OPEN])
@pytest.mark.parametrize("seen", [True, False])
def test_a_decision_can_be_undone(database: Database, status: ConversationStatus, seen: bool) -> None:
    channel = add_channel(database)
    save(database, channel, ask())
    if seen:
        with database.transaction() as connection:
            triage.mark_read(connection, [row_of(database, channel, "q").id])
    before = row_of(database, channel, "q")
    undo = decide(database, status)
    with database.transaction() as connection:
        assert triage.restore(connection, undo, at=later(20), actor=OFFICER) == [before.id]
    assert row_of(database, channel, "q") == before
    assert record.lines(database.connection)[0].verb == "undone"


def test_what_came_since_a_decision_is_still_new_after_undoing_it(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask(), ours())
    with database.transaction() as connection:
        triage.mark_read(connection, [row_of(database, channel, "q").id])
    undo = decide(database, DONE)
    save(database, channel, ask("r", parent_remote_id="q"), at=later(20))
    with database.transaction() as connection:
        triage.restore(connection, undo, at=later(30), actor=OFFICER)
    row = row_of(database, channel, "q")
    assert (row.place, row.owed, row.unread) == ("owed", 1, True)


def test_many_are_decided_at_once_and_each_is_on_the_record(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, *(ask(f"q{i}") for i in range(5)))
    ids = [row_of(database, channel, f"q{i}").id for i in range(5)]
    with database.transaction() as connection:
        triage.set_status(connection, [*ids, 99_999], DONE, at=later(5), actor=OFFICER)
    lines = record.lines(database.connection, limit=5)
    assert {line.subject for line in lines} == {f"conversation:{i}" for i in ids}
    assert {line.actor for line in lines} == {OFFICER}
    with database.transaction() as connection:
        triage.set_status(connection, ids, DONE, at=later(5), actor=OFFICER)
    assert record.lines(database.connection, limit=5) == lines, "deciding the same again is no event"


def test_reading_is_noted_once(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask())
    id_ = row_of(database, channel, "q").id
    with database.transaction() as connection:
        assert triage.mark_read(connection, [id_]) == [id_]
        assert triage.mark_read(connection, [id_]) == []
        assert triage.mark_read(connection, [id_], False) == [id_]
    assert row_of(database, channel, "q").unread
    assert kept_tallies(database.connection) == fresh_tallies(database.connection)


def test_seeing_news_does_not_settle_it(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask())
    with database.transaction() as connection:
        triage.mark_read(connection, [row_of(database, channel, "q").id])
    assert row_of(database, channel, "q").place == "owed"
    save(database, channel, message("q", "Edited question"), at=later(9))
    assert not row_of(database, channel, "q").unread, "an edit is shown, but is no new message"


# What is asked after


def test_what_the_officer_has_to_do_with_is_watched_first(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, *(ask(f"old{i}", created_at=later(i - 9_000_000)) for i in range(3)))
    decide(database, DONE, "old1")
    decide(database, WAITING, "old2")
    save(database, channel, ask("new"), ask("seen"), ask("gone"), ask("spam", state=MessageState.SPAM))
    save(database, channel, gone=("gone",))
    decide(database, DONE, "seen")
    watched = triage.watched(database.connection, channel, since=later(-1_000), limit=100)
    assert watched[:2] == ["new", "old0"]
    assert set(watched) == {"new", "old0", "old2", "seen"}
    assert triage.watched(database.connection, channel, since=later(-1_000), limit=2) == ["new", "old0"]


def test_everything_else_is_asked_after_in_turn(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, *(ask(f"m{i}") for i in range(7)), message("u", kind=MessageKind.UNREADABLE))
    save(database, channel, gone=("m3",))
    rounds, after = [], 0
    while rows := triage.roll(database.connection, channel.id, after=after, limit=3):
        rounds.append([r for _, r in rows])
        after = rows[-1][0]
    assert rounds == [["m0", "m1", "m2"], ["m4", "m5", "m6"]]


def test_those_of_a_kind_that_should_be_there(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, ask("c1"), ask("c2"), ask("p1"), ask("c3", state=MessageState.SPAM), ask("c"), ask("d1"))
    save(database, channel, gone=("c2",))
    assert sorted(triage.alive(database.connection, channel.id, "c")) == ["c", "c1", "c3"]
    assert stored(database, channel, "c3").message.state is MessageState.SPAM


def said_in_talk(name: str, second: float, *, ours: bool = False) -> Message:
    return message(
        name, kind=MessageKind.DIRECT, visibility=Visibility.DIRECT, ours=ours, parent_remote_id="talk",
        root_remote_id="talk", created_at=later(second),
    )  # fmt: skip


def test_in_a_talk_without_threads_our_word_answers_what_came_before(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, said_in_talk("q1", 1), said_in_talk("q2", 2))
    assert row_of(database, channel, "q1").owed == 2
    save(database, channel, said_in_talk("a", 3, ours=True))
    assert row_of(database, channel, "q1").owed == 0
    save(database, channel, said_in_talk("q3", 4))
    assert row_of(database, channel, "q1").owed == 1
