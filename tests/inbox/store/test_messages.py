"""A batch saved: nothing lost, nothing twice, what was said before an edit kept, conversations that find together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.model import (
    Attachment,
    Author,
    Batch,
    Channel,
    ConversationStatus,
    Counts,
    Cursor,
    Emoji,
    LinkCard,
    Message,
    MessageKind,
    MessageState,
    Poll,
    PollOption,
    Quoted,
    Reaction,
    Visibility,
)
from inbox.store import accounts, outbox, reading, record, triage
from inbox.store.database import Database
from tests.inbox.making import (
    OFFICER,
    START,
    add_channel,
    fresh_tallies,
    kept_tallies,
    later,
    message,
    polled,
    queue,
    row_of,
    save,
    stored,
    tables,
)


def test_everything_a_message_says_comes_back(database: Database) -> None:
    channel = add_channel(database)
    said = message(
        "m1", "Plain words", html="<p>Plain words</p>", title="A title", url="https://example.org/1", language="de",
        kind=MessageKind.REVIEW, state=MessageState.HELD, visibility=Visibility.DIRECT,
        parent_remote_id="m0", context_remote_id="p9",
        author=Author(name="Vera Müller", remote_id="7", handle="@vera", url="https://example.org/vera"),
        edited_at=later(5), details={"agent": "Browser"}, raw=b'{"id": 1}',
        attachments=(
            Attachment(url="https://example.org/a.png", description="A quay", size_bytes=12),
            Attachment(url="https://example.org/b.mp4", kind="video", preview_url="https://example.org/b", width_px=8),
        ),
        root_remote_id="m0", addressees=("@vera@example.org",), warning="Water", counts=Counts(likes=3, quotes=1),
        reacted=(Reaction.LIKE,), quoted=Quoted(remote_id="q1", author="Ada", text="Quoted words"),
        card=LinkCard(url="https://example.org/flood", title="The flood"),
        poll=Poll(options=(PollOption(title="Yes", votes=2), PollOption(title="No")), ends_at=later(60), voters=2),
        emojis=(Emoji(code="wave", url="https://example.org/wave.png"),),
    )  # fmt: skip
    saved = save(database, channel, said, at=later(9))
    found = stored(database, channel, "m1")
    assert found.message == replace(said, raw=b"")
    assert reading.raw(database.connection, found.id) == said.raw
    assert found.seen_at == later(9)
    assert (saved.new, saved.arrived, saved.edited, saved.moved, saved.gone) == (1, 1, 0, 0, 0)
    assert saved.conversations == {found.conversation_id}


def test_the_same_batch_twice_changes_nothing(database: Database) -> None:
    channel = add_channel(database)
    batch = [message(f"m{i}", f"Text {i}", parent_remote_id=f"m{i - 2}" if i > 1 else "", raw=b"{}") for i in range(9)]
    save(database, channel, *batch)
    before = tables(database.connection)
    again = save(database, channel, *batch, at=later(500))
    assert tables(database.connection) == before
    assert not again.changed


def test_the_same_poll_twice_adds_its_line_of_the_ledger_and_nothing_else(database: Database) -> None:
    channel = add_channel(database)
    batch = Batch(messages=(message("m1"), message("m2", parent_remote_id="m1")), cursor=Cursor("7"))
    polled(database, channel, batch)
    before = tables(database.connection, "polls")
    polled(database, channel, batch)
    assert tables(database.connection, "polls") == before
    assert [r[0] for r in database.connection.execute("SELECT new FROM polls ORDER BY id")] == [2, 0]


def test_two_channels_may_call_different_messages_the_same(database: Database) -> None:
    one, other = add_channel(database), add_channel(database, account="memory-2")
    save(database, one, message("m1", "Here"))
    save(database, other, message("m1", "There"))
    assert stored(database, one, "m1").message.text == "Here"
    assert stored(database, other, "m1").message.text == "There"
    assert stored(database, one, "m1").conversation_id != stored(database, other, "m1").conversation_id


def test_a_page_that_repeats_a_message_counts_its_last_form(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1", "Old"), message("m2"), message("m1", "New"))
    assert stored(database, channel, "m1").message.text == "New"
    assert database.connection.execute("SELECT count(*) FROM messages").fetchone() == (2,)


def test_an_edit_keeps_what_was_said_before(database: Database) -> None:
    channel = add_channel(database)
    for n, text in enumerate(["Too high", "Too low", "Just right"]):
        save(database, channel, message("m1", text, html=f"<p>{text}</p>", raw=text.encode()), at=later(n * 60))
    found = stored(database, channel, "m1")
    assert found.message.text == "Just right"
    assert found.message.edited_at == later(120), "when we saw it, since the network gives no time"
    assert found.versions == 2
    earlier = reading.earlier(database.connection, found.id)
    assert [(e.text, e.html, e.until_at) for e in earlier] == [
        ("Too high", "<p>Too high</p>", later(60)), ("Too low", "<p>Too low</p>", later(120))
    ]  # fmt: skip
    assert reading.raw(database.connection, found.id) == b"Just right"
    lines = record.lines(database.connection, subject=f"message:{found.id}")
    assert [line.verb for line in lines] == ["edited", "edited"]
    assert '"Too low"' in lines[0].before
    assert '"Just right"' in lines[0].after


def test_a_message_that_could_not_be_read_is_read_by_a_better_parser(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1", "", kind=MessageKind.UNREADABLE, raw=b"?"))
    save(database, channel, message("m1", "Now I see", raw=b"?"))
    assert stored(database, channel, "m1").message.kind is MessageKind.COMMENT


def test_what_is_gone_leaves_a_tombstone_with_its_words(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1", "Forget this"), message("m2", parent_remote_id="m1"))
    saved = save(database, channel, gone=("m1",), at=later(60))
    assert saved.gone == 1
    found = stored(database, channel, "m1")
    assert found.message.state is MessageState.DELETED
    assert found.message.text == "Forget this"
    assert row_of(database, channel, "m1").messages == 2
    assert record.lines(database.connection, subject=f"message:{found.id}")[0].verb == "deleted"
    before = tables(database.connection)
    save(database, channel, gone=("m1", "m1"), at=later(120))
    assert tables(database.connection) == before


def test_unknown_ids_that_are_gone_do_no_harm(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    before = tables(database.connection)
    assert not save(database, channel, gone=("never-heard-of", "")).changed
    assert tables(database.connection) == before


def test_what_was_gone_may_come_back(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    save(database, channel, gone=("m1",))
    assert row_of(database, channel, "m1").place == "aside"
    save(database, channel, message("m1"))
    assert stored(database, channel, "m1").message.state is MessageState.PUBLISHED
    assert row_of(database, channel, "m1").place == "owed"


@pytest.mark.parametrize("state", [s for s in MessageState if s is not MessageState.PUBLISHED])
def test_a_state_moves_and_is_on_the_record(database: Database, state: MessageState) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    saved = save(database, channel, message("m1", state=state))
    assert (saved.moved, saved.edited, saved.new) == (1, 0, 0)
    found = stored(database, channel, "m1")
    assert found.message.state is state
    [line] = record.lines(database.connection, subject=f"message:{found.id}")
    assert (line.before, line.after) == ('{"state": "published"}', f'{{"state": "{state}"}}')


def test_a_message_moved_in_time_by_its_network_moves_its_conversation(database: Database) -> None:
    """A scheduled post gets another hour; only its moment changes."""
    channel = add_channel(database)
    post = message("p1", ours=True, kind=MessageKind.POST, state=MessageState.SCHEDULED, created_at=later(3_600))
    save(database, channel, post)
    save(database, channel, replace(post, created_at=later(7_200)))
    assert row_of(database, channel, "p1").last_at == later(7_200)


# Conversations


def test_an_answer_joins_what_it_answers(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1", "First"))
    save(database, channel, message("m2", "Second", parent_remote_id="m1", created_at=later(9)))
    row = row_of(database, channel, "m2")
    assert row == row_of(database, channel, "m1")
    assert (row.messages, row.owed, row.snippet, row.last_at) == (2, 2, "Second", later(9))


def test_a_comment_waits_for_its_parent_and_keeps_its_place(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m2", parent_remote_id="m1"))
    save(database, channel, message("m3", parent_remote_id="m1"))
    waiting = row_of(database, channel, "m2")
    assert waiting.messages == 2
    save(database, channel, message("m1"))
    assert row_of(database, channel, "m1").id == waiting.id
    assert row_of(database, channel, "m1").messages == 3


def test_a_parent_that_answers_something_brings_its_children_along(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    save(database, channel, message("m3", parent_remote_id="m2"))
    assert row_of(database, channel, "m1").id != row_of(database, channel, "m3").id
    gone = row_of(database, channel, "m3").id
    saved = save(database, channel, message("m2", parent_remote_id="m1"))
    row = row_of(database, channel, "m1")
    assert row.messages == 3
    assert reading.rows(database.connection, [gone]) == {}
    assert {row.id, gone} <= saved.conversations, "whoever shows either must look again"
    assert kept_tallies(database.connection) == fresh_tallies(database.connection)


def test_parents_that_come_in_one_batch_join_whole_chains(database: Database) -> None:
    """Two conversations wait under names of one batch, one of which waits for the other: an order that once broke."""
    channel = add_channel(database)
    save(database, channel, message("c1", parent_remote_id="z"), message("p2", parent_remote_id="p"))
    save(database, channel, message("z", parent_remote_id="w"), message("p", parent_remote_id="c1"))
    assert len({row_of(database, channel, m).id for m in ("c1", "p2", "z", "p")}) == 1
    save(database, channel, message("w"))
    assert row_of(database, channel, "w").messages == 5


def test_what_was_done_stays_done_when_its_parent_comes_late(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m2", parent_remote_id="m1"))
    row = row_of(database, channel, "m2")
    with database.transaction() as connection:
        triage.set_status(connection, [row.id], ConversationStatus.DONE, at=later(10), actor=OFFICER)
        outbox.save_draft(connection, f"reply:{row.id}", "Half an answer", at=later(10))
    save(database, channel, message("m1", ours=True, parent_remote_id="m0"), at=later(20))
    row = row_of(database, channel, "m2")
    assert (row.status, row.place, row.messages) == ("done", "done", 2)
    assert outbox.draft(database.connection, f"reply:{row.id}") == "Half an answer"
    assert stored(database, channel, "m1").conversation_id == row.id


def test_two_that_find_together_lose_nothing_that_is_owed_or_being_written(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    save(database, channel, message("m3", parent_remote_id="m2"))
    home, waiting = row_of(database, channel, "m1"), row_of(database, channel, "m3")
    with database.transaction() as connection:
        triage.set_status(connection, [home.id], ConversationStatus.DONE, at=later(10), actor=OFFICER)
        outbox.save_draft(connection, f"reply:{home.id}", "To the first", at=later(10))
        outbox.save_draft(connection, f"reply:{waiting.id}", "To the second", at=later(11))
    delivery = queue(database, channel, conversation=waiting.id)
    save(database, channel, message("m2", parent_remote_id="m1", ours=True), at=later(20))
    row = row_of(database, channel, "m3")
    assert row.id == home.id
    assert (row.status, row.place, row.unread, row.outgoing) == ("open", "owed", True, "queued")
    assert outbox.draft(database.connection, f"reply:{row.id}") == "To the first\n\nTo the second"
    assert outbox.draft(database.connection, f"reply:{waiting.id}") == ""
    found = outbox.delivery(database.connection, delivery)
    assert found is not None
    assert found.conversation_id == home.id


def joined(database: Database, channel: Channel, *others: Message) -> None:
    """The answer that shows that the conversations of m1 and m3 are one."""
    save(database, channel, message("m2", parent_remote_id="m1", ours=True), *others, at=later(20))


def test_an_id_is_never_given_to_another_conversation(database: Database) -> None:
    """Decisions that may be undone, and drafts that are saved late, still name the one that is gone."""
    channel = add_channel(database)
    save(database, channel, message("m1"))
    save(database, channel, message("m3", parent_remote_id="m2"))
    gone = row_of(database, channel, "m3").id
    with database.transaction() as connection:
        undo = triage.set_status(connection, [gone], ConversationStatus.DONE, at=later(10), actor=OFFICER)
    joined(database, channel, message("n1", kind=MessageKind.DIRECT), message("n2", kind=MessageKind.DIRECT))
    save(database, channel, message("n3", kind=MessageKind.DIRECT), at=later(21))
    fresh = [row_of(database, channel, m).id for m in ("n1", "n2", "n3")]
    assert fresh == [gone + 1, gone + 2, gone + 3]
    before = [row_of(database, channel, m) for m in ("m3", "n1", "n2", "n3")]
    with database.transaction() as connection:
        triage.restore(connection, undo, at=later(30), actor=OFFICER)
    assert [row_of(database, channel, m) for m in ("m3", "n1", "n2", "n3")] == before


def test_what_is_on_its_way_gives_back_what_it_found_to_what_it_is_in_now(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    save(database, channel, message("m3", parent_remote_id="m2"))
    home, waiting = row_of(database, channel, "m1").id, row_of(database, channel, "m3").id
    with database.transaction() as connection:
        triage.set_status(connection, [home], ConversationStatus.DONE, at=later(5), actor=OFFICER)
        undo = triage.set_status(connection, [waiting], ConversationStatus.DONE, at=later(10), actor=OFFICER)
    id_ = queue(database, channel, conversation=waiting, undo=undo)
    joined(database, channel)
    assert row_of(database, channel, "m3").place == "done"
    with database.transaction() as connection:
        outbox.begin(connection, id_, at=later(30))
        outbox.rejected(connection, id_, words="no", hint="", at=later(30))
    assert (row_of(database, channel, "m3").place, row_of(database, channel, "m3").id) == ("owed", home)


@pytest.mark.parametrize("first", ["m1", "m3"])
@pytest.mark.parametrize("order", [1, -1])
def test_answers_of_both_give_back_what_was_joined(database: Database, first: str, order: int) -> None:
    """Whichever of the two was closed first, and whichever answer is taken back first."""
    channel = add_channel(database)
    save(database, channel, message("m1"), at=later(1))
    save(database, channel, message("m3", parent_remote_id="m2"), at=later(1))
    ids = []
    for remote_id in (first, "m1" if first == "m3" else "m3"):
        row = row_of(database, channel, remote_id)
        with database.transaction() as connection:
            undo = triage.set_status(connection, [row.id], ConversationStatus.DONE, at=later(10), actor=OFFICER)
        ids.append(queue(database, channel, conversation=row.id, undo=undo))
    joined(database, channel)
    assert row_of(database, channel, "m3").place == "done"
    for id_ in ids[::order]:
        with database.transaction() as connection:
            undo = outbox.cancel(connection, id_, at=later(30), actor=OFFICER)
            assert undo
            triage.restore(connection, undo, at=later(30), actor=OFFICER)
    row = row_of(database, channel, "m3")
    assert (row.place, row.status) == ("owed", "open")


def test_taking_back_an_answer_settles_nothing_that_was_joined_meanwhile(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"), at=later(1))
    save(database, channel, message("m3", parent_remote_id="m2"), at=later(2))
    home = row_of(database, channel, "m1").id
    with database.transaction() as connection:
        triage.set_status(connection, [home], ConversationStatus.DONE, at=later(5), actor=OFFICER)
        undo = triage.set_status(connection, [home], ConversationStatus.DONE, at=later(10), actor=OFFICER)
    id_ = queue(database, channel, conversation=home, undo=undo)
    joined(database, channel)
    assert row_of(database, channel, "m3").place == "owed"
    with database.transaction() as connection:
        given_back = outbox.cancel(connection, id_, at=later(30), actor=OFFICER)
        assert given_back
        triage.restore(connection, given_back, at=later(30), actor=OFFICER)
    assert row_of(database, channel, "m3").place == "owed"


@pytest.mark.parametrize("at_home", ["", '{"to": 1}'])
def test_whom_a_begun_answer_is_for_comes_along(database: Database, at_home: str) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    save(database, channel, message("m3", parent_remote_id="m2"))
    home, waiting = row_of(database, channel, "m1").id, row_of(database, channel, "m3").id
    with database.transaction() as connection:
        outbox.save_draft(connection, f"aim:{home}", at_home, at=later(10))
        outbox.save_draft(connection, f"aim:{waiting}", '{"to": 2}', at=later(11))
    joined(database, channel)
    assert outbox.draft(database.connection, f"aim:{home}") == (at_home or '{"to": 2}')
    assert outbox.draft(database.connection, f"aim:{waiting}") == ""


def test_a_loop_of_answers_ends_in_one_conversation(database: Database) -> None:
    channel = add_channel(database)
    save(
        database,
        channel,
        message("a", parent_remote_id="b"),
        message("b", parent_remote_id="a"),
        message("c", parent_remote_id="a"),
    )
    save(database, channel, message("d", parent_remote_id="d"))
    assert len({row_of(database, channel, m).id for m in "abc"}) == 1
    assert row_of(database, channel, "d").messages == 1


def test_a_stored_message_stays_where_it_is_when_its_network_hangs_it_elsewhere(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"), message("m2", parent_remote_id="m1"))
    before = row_of(database, channel, "m2").id
    save(database, channel, message("m2", parent_remote_id=""))
    assert row_of(database, channel, "m2").id == before
    assert stored(database, channel, "m2").message.parent_remote_id == ""


# Cursor and record


def test_the_cursor_goes_with_the_batch(database: Database) -> None:
    channel = add_channel(database)
    polled(database, channel, Batch(messages=(message("m1"),), cursor=Cursor("5"), complete=False))
    assert accounts.reading(database.connection, channel.id).cursor == "5"
    save(database, channel, message("m2"))
    assert accounts.reading(database.connection, channel.id).cursor == "5", "a reread leaves it alone"


def test_an_empty_batch_leaves_the_cursor_unless_it_was_complete(database: Database) -> None:
    channel = add_channel(database)
    polled(database, channel, Batch(messages=(message("m1"),), cursor=Cursor("5")))
    polled(database, channel, Batch(cursor=Cursor("6"), complete=False))
    assert accounts.reading(database.connection, channel.id).cursor == "5"
    polled(database, channel, Batch(cursor=Cursor("7"), complete=True))
    assert accounts.reading(database.connection, channel.id).cursor == "7"


def test_an_empty_batch_touches_nothing_but_the_ledger(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1"))
    before = tables(database.connection, "polls", "channels")
    assert not polled(database, channel, Batch(cursor=Cursor(""))).changed
    assert tables(database.connection, "polls", "channels") == before


def test_arrivals_are_one_line_of_the_record(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, *(message(f"m{i}") for i in range(30)))
    [line] = record.lines(database.connection)
    assert (line.verb, line.subject, line.actor) == ("received", f"channel:{channel.id}", record.MACHINE)
    assert line.after == '{"first": "m0", "last": "m29", "new": 30}'


def test_only_what_others_said_arrived(database: Database) -> None:
    channel = add_channel(database)
    saved = save(database, channel, message("m1"), message("m2", ours=True, parent_remote_id="m1"))
    assert (saved.new, saved.arrived, saved.changed.arrived) == (2, 1, 1)


# History


def test_history_is_born_settled(database: Database) -> None:
    channel = add_channel(database, history_before=START - timedelta(days=30))
    old, new = START - timedelta(days=40), START - timedelta(days=20)
    save(database, channel, message("old", created_at=old), message("new", created_at=new),
         message("held", created_at=old, state=MessageState.HELD))  # fmt: skip
    row = row_of(database, channel, "old")
    assert (row.place, row.status, row.unread, row.owed) == ("done", "done", False, 0)
    assert row_of(database, channel, "new").place == "owed"
    assert row_of(database, channel, "held").place == "owed", "somebody still waits to be let in"


def test_history_that_comes_in_several_pages_is_settled_too(database: Database) -> None:
    channel = add_channel(database, history_before=START)
    for page in range(3):
        one = message(f"m{page}", parent_remote_id="m0" if page else "", created_at=START - timedelta(days=50 - page))
        polled(database, channel, Batch(messages=(one,), cursor=Cursor(str(page)), complete=page == 2), at=later(page))
    row = row_of(database, channel, "m0")
    assert (row.messages, row.place, row.unread) == (3, "done", False)


def test_what_comes_after_the_history_is_owed_however_old_it_says_it_is(database: Database) -> None:
    channel = add_channel(database, history_before=START)
    old = START - timedelta(days=50)
    polled(database, channel, Batch(messages=(message("m1", created_at=old),), cursor=Cursor("1")))
    late = message("m2", parent_remote_id="m1", created_at=old)
    polled(database, channel, Batch(messages=(late,), cursor=Cursor("2")), at=later(60))
    row = row_of(database, channel, "m1")
    assert (row.place, row.owed, row.unread) == ("owed", 1, True)


@pytest.mark.parametrize(
    ("kind", "owed"), [(MessageKind.MENTION, 1), (MessageKind.DIRECT, 1), (MessageKind.COMMENT, 0)]
)
def test_what_names_us_after_the_past_was_read_is_news_however_old_it_says_it_is(
    database: Database, kind: MessageKind, owed: int
) -> None:
    channel = add_channel(database, history_before=START - timedelta(days=30))
    old = START - timedelta(days=900)
    polled(database, channel, Batch(messages=(message("past", kind=kind, created_at=old),), cursor=Cursor("1")))
    assert row_of(database, channel, "past").owed == 0, "history is nobody's debt"
    backdated = message("backdated", kind=kind, created_at=old)
    polled(database, channel, Batch(messages=(backdated,), cursor=Cursor("2")), at=later(60))
    assert row_of(database, channel, "backdated").owed == owed
