"""The door: its thread starts and ends in good order, commands come from any thread, and what an officer does holds."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import (
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    PostroomError,
    Rejected,
    SignInNeeded,
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
    Unavailable,
    Unsupported,
)
from inbox.model import (
    AccountId,
    ChannelId,
    ConversationStatus,
    DeliveryState,
    MessageId,
    MessageState,
    Moderation,
    Update,
    UpdateKind,
)
from inbox.store import accounts, outbox, reading, record
from inbox.store.database import FILE_NAME, Database, open_reader
from tests.clock import TestClock
from tests.inbox.running import Running

QUEUED, SENDING, SENT = DeliveryState.QUEUED, DeliveryState.SENDING, DeliveryState.SENT
UNKNOWN, CANCELLED = DeliveryState.UNKNOWN, DeliveryState.CANCELLED
DONE, OPEN, WAITING = ConversationStatus.DONE, ConversationStatus.OPEN, ConversationStatus.WAITING
UNDO_S = 10


@pytest.fixture
def make(home: Path, clock: TestClock) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(**how: object) -> Running:
        made.append(Running(home, clock, **how))
        return made[-1]

    yield make
    for one in made:
        one.stop()
        assert one.failed == [], "nothing went wrong unheard"


@pytest.fixture
def running(make: Callable[..., Running]) -> Running:
    """Signed in, with one question that has arrived: m1."""
    one = make()
    one.world.say("How high is the water?")
    one.sign_in()
    return one


# Life


def engine_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "engine"]


def test_it_starts_and_ends_in_good_order(make: Callable[..., Running]) -> None:
    running = make()
    assert len(engine_threads()) == 1
    running.stop()
    assert engine_threads() == []
    assert running.failed == []
    Database.open(running.home).close()  # the file was let go
    with pytest.raises(PostroomError, match="not running"):
        running.engine.undo()
    running.engine.stop()  # twice is fine


def test_it_can_start_again_and_go_on(running: Running) -> None:
    running.stop()
    running.world.say("Still rising?")
    running.start()
    running.run(1)
    assert running.row("m2").place == "owed"


@pytest.mark.parametrize("where", ["fetch", "publish"])
def test_stopping_does_not_wait_for_a_network_that_does_not_answer(running: Running, where: str) -> None:
    reached = threading.Event()

    async def never(operation: str, moment: str) -> None:
        if operation == where:
            reached.set()
            await running.clock.sleep(1e9)

    running.world.hook = never
    if where == "fetch":
        running.engine.sync()
    else:
        id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
        running.run(UNDO_S)
    assert reached.wait(10)
    running.stop()
    assert engine_threads() == []
    if where == "publish":
        with contextlib.closing(open_reader(running.home / FILE_NAME)) as connection:
            found = outbox.delivery(connection, id_)
        assert found is not None
        assert found.state is SENDING, "on disk as what it is"


def test_stopping_in_the_middle_of_a_command_cancels_it(running: Running) -> None:
    running.world.hook = lambda operation, moment: running.clock.sleep(1e9)
    command = running.engine.moderate(MessageId(1), Moderation.HOLD)
    running.settle()
    running.stop()
    assert command.cancelled()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (lambda path: path.write_bytes(b"no database at all " * 500), StoreDamaged),
        (lambda path: sqlite3.connect(path).execute("PRAGMA user_version=999").connection.close(), StoreTooNew),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error_of_start(
    make: Callable[..., Running], spoil: Callable[[Path], None], error: type[Exception]
) -> None:
    running = make()
    running.stop()
    spoil(running.home / FILE_NAME)
    with pytest.raises(error):
        running.start()
    assert engine_threads() == []
    with pytest.raises(PostroomError, match="not running"):
        running.engine.sync()
    running.engine.stop()


def test_a_second_engine_on_the_same_inbox_is_kept_out(running: Running, clock: TestClock) -> None:
    with pytest.raises(StoreLocked):
        Running(running.home, clock)
    assert len(engine_threads()) == 1
    running.world.say("Are you still there?")
    running.do(running.engine.sync())
    assert running.row("m2").place == "owed"


# Commands


def test_commands_come_from_any_thread(running: Running) -> None:
    for n in range(40):
        running.world.say(f"Question {n}")
    running.do(running.engine.sync())
    ids = [r.id for r in reading.page(running.reader, "owed", limit=100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda id_: running.engine.set_status([id_], DONE).result(10), ids))
    assert reading.page(running.reader, "owed") == []
    assert len(reading.page(running.reader, "done", limit=100)) == len(ids) == 41
    assert record.verify(running.reader).broken_line is None


def test_change_is_told_after_it_is_committed(running: Running) -> None:
    """Whoever is told reads it, through another connection, and finds it."""
    seen: list[str] = []

    def look(changed: object) -> None:
        with contextlib.closing(open_reader(running.home / FILE_NAME)) as connection:
            seen.extend(r[0] for r in connection.execute("SELECT status FROM conversations WHERE id = 1"))

    forget = running.engine.bus.subscribe(look)
    running.do(running.engine.set_status([1], DONE))
    forget()
    assert seen == ["done"]
    assert 1 in running.heard[-1].conversations


def test_arrivals_are_told(running: Running) -> None:
    running.world.say("One more")
    told = running.heard_while(lambda: running.do(running.engine.sync()))
    assert told.arrived == 1
    assert running.message("m2").conversation_id in told.conversations
    assert set(running.channel_ids) <= told.channels


def test_it_polls_by_itself(running: Running) -> None:
    running.world.say("Anybody?")
    running.run(2 * 60)
    assert running.row("m2").place == "owed"


def test_and_not_when_told_not_to(make: Callable[..., Running]) -> None:
    running = make(poll_by_itself=False)
    running.world.say("Anybody?")
    running.sign_in()
    running.run(600)
    assert running.world.requests["fetch"] == 0
    [outcome] = running.do(running.engine.sync())
    assert outcome.new == 1


def test_paused_means_no_fetching_and_no_sending(running: Running) -> None:
    running.do(running.engine.pause(True))
    assert running.engine.state().paused
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    fetched = running.world.requests["fetch"]
    running.run(3_600)
    assert (running.delivery(id_).state, running.world.requests["fetch"]) == (QUEUED, fetched)
    told = running.heard_while(lambda: running.do(running.engine.pause(False)))
    assert told.connectivity
    running.run(30)
    assert running.delivery(id_).state is SENT
    assert running.world.requests["fetch"] > fetched


def test_a_wrong_place_is_named(running: Running) -> None:
    with pytest.raises(NotFound) as caught:
        running.do(running.engine.discover("memory", "somewhere.else"))
    assert caught.value.hint
    with pytest.raises(Unsupported, match="no network called"):
        running.do(running.engine.discover("telegraph", "x"))
    for command in (
        running.engine.reply(MessageId(999), "x"),
        running.engine.cancel(999),
        running.engine.send_now(999),
    ):
        with pytest.raises(NotFound):
            running.do(command)


# Accounts


def test_a_wrong_password_keeps_nothing(make: Callable[..., Running]) -> None:
    running = make()
    discovery = running.do(running.engine.discover("memory", "memory.example"))
    with pytest.raises(SignInNeeded):
        running.do(running.engine.sign_in(discovery, {"password": "wrong"}))
    assert accounts.accounts(running.reader) == []
    assert dict(running.secrets.read(AccountId("memory-1"))) == {}


def test_signing_in_fetches_at_once_and_is_on_the_record(make: Callable[..., Running]) -> None:
    running = make(worlds=2)
    for world in running.worlds.values():
        world.say("Hello")
    told = running.heard_while(running.sign_in)
    assert told.accounts
    assert (running.message("m1", 0).message.text, running.message("m1", 1).message.text) == ("Hello", "Hello")
    lines = {line.verb: line for line in record.lines(running.reader)}
    assert lines["signed in"].subject == "account:memory-1"
    assert lines["signed in"].actor.startswith("person:")
    assert running.world.password not in "".join(f"{line}" for line in lines.values())


def test_removing_an_account_forgets_its_secret_and_keeps_what_it_brought(running: Running) -> None:
    running.do(running.engine.remove_account(AccountId("memory-1")))
    assert dict(running.secrets.read(AccountId("memory-1"))) == {}
    assert accounts.accounts(running.reader) == []
    fetched = running.world.requests["fetch"]
    running.run(600)
    assert running.world.requests["fetch"] == fetched
    assert [r.snippet for r in reading.page(running.reader, "owed")] == ["How high is the water?"]


def test_an_account_that_comes_back_brings_nothing_twice(running: Running) -> None:
    running.do(running.engine.set_status([1], DONE))
    running.do(running.engine.remove_account(AccountId("memory-1")))
    running.clock.move(3_600)
    running.world.say("While you were away")
    account = running.sign_in()
    assert account.id == "memory-1"
    running.run(30)
    rows = reading.page(running.reader, reading.EVERYTHING)
    assert [(r.snippet, r.place) for r in rows] == [("While you were away", "owed"), ("How high is the water?", "done")]


def test_signing_in_again_must_be_at_the_same_account(running: Running) -> None:
    with pytest.raises(NotFound):
        running.sign_in(again=AccountId("memory-7"))
    assert running.sign_in(again=AccountId("memory-1")).id == "memory-1"


def test_a_lost_sign_in_stops_and_holds_until_a_person_signs_in_again(running: Running) -> None:
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.world.password = "new"
    told = running.heard_while(lambda: running.run(UNDO_S))
    assert told.accounts
    assert not running.health().signed_in
    assert (running.delivery(id_).state, running.delivery(id_).hint) == (QUEUED, SignInNeeded.hint)
    asked = running.world.requests.copy()
    running.run(3_600)
    assert running.world.requests == asked, "it does not knock with a bad password"
    running.world.say("And now?")
    running.sign_in(again=AccountId("memory-1"))
    running.run(15)
    assert running.health().signed_in
    assert running.health().trouble == ""
    assert running.delivery(id_).state is SENT
    assert running.row("m3" if "m3" in running.world.entries else "m2")


def test_a_lost_sign_in_found_by_a_poll_is_told_too(running: Running) -> None:
    running.world.password = "new"
    told = running.heard_while(lambda: running.do(running.engine.sync()))
    assert told.accounts
    assert not running.health().signed_in
    assert "sign in again" in running.health().trouble.lower()


# Answering


def test_a_reply_can_be_undone_for_ten_seconds(running: Running) -> None:
    before = running.row("m1")
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    row = running.row("m1")
    assert (row.place, row.outgoing, running.delivery(id_).state) == ("done", "queued", QUEUED)
    running.run(UNDO_S - 1)
    assert running.world.made == []
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert undone.update is not None
    assert (undone.update.text, undone.conversations) == ("Three metres.", (before.id,))
    assert running.row("m1") == before
    assert running.delivery(id_).state is CANCELLED
    assert outbox.draft(running.reader, f"reply:{before.id}") == "Three metres."
    running.run(600)
    assert running.world.made == []


def test_after_undo_and_edit_the_new_text_goes(running: Running) -> None:
    """mailspring #390 sent the old one."""
    id_ = running.do(running.engine.reply(MessageId(1), "Old"))
    running.do(running.engine.cancel(id_))
    running.do(running.engine.reply(MessageId(1), "New"))
    running.run(600)
    assert [running.world.entries[m].text for _, m in running.world.made] == ["New"]


def test_undoing_too_late_says_so(running: Running) -> None:
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    running.run(UNDO_S)
    assert running.delivery(id_).state is SENT
    with pytest.raises(NotFound, match="left already") as caught:
        running.do(running.engine.cancel(id_))
    assert "edit or delete" in caught.value.hint.lower()
    assert (running.row("m1").place, running.row("m1").messages) == ("done", 2)
    assert running.do(running.engine.undo()) is None


def test_a_reply_that_may_not_go_queues_nothing(running: Running) -> None:
    for text in ("", " \n", "x" * 3_000):
        with pytest.raises(Rejected) as caught:
            running.do(running.engine.reply(MessageId(1), text, close=True))
        assert caught.value.problems
    assert outbox.waiting(running.reader) == []
    assert running.row("m1").place == "owed"


def test_a_held_comment_is_approved_first_or_the_reply_waits(running: Running) -> None:
    held = running.world.say("Let me in", state=MessageState.HELD)
    running.do(running.engine.sync())
    id_ = running.message(held).id
    with pytest.raises(Rejected, match="held"):
        running.do(running.engine.reply(id_, "Welcome"))
    assert running.world.requests["moderate"] == 0
    running.do(running.engine.reply(id_, "Welcome", approve_first=True))
    assert running.world.entries[held].state is MessageState.PUBLISHED
    assert running.message(held).message.state is MessageState.PUBLISHED
    running.run(UNDO_S)
    assert running.row(held).place == "quiet"


def test_approving_that_fails_queues_nothing(running: Running) -> None:
    held = running.world.say("Let me in", state=MessageState.HELD)
    running.do(running.engine.sync())
    running.world.fail("moderate", BEFORE_SEND, NotAllowed("Not you"))
    with pytest.raises(NotAllowed):
        running.do(running.engine.reply(running.message(held).id, "Welcome", approve_first=True))
    assert outbox.waiting(running.reader) == []
    assert running.do(running.engine.undo()) is None


def test_sending_forgets_the_draft(running: Running) -> None:
    place = f"reply:{running.row('m1').id}"
    running.do(running.engine.save_draft(place, "Three met"))
    assert outbox.draft(running.reader, place) == "Three met"
    running.do(running.engine.reply(MessageId(1), "Three metres."))
    assert outbox.draft(running.reader, place) == ""


def test_a_reply_need_not_wait(running: Running) -> None:
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.do(running.engine.send_now(id_))
    assert running.delivery(id_).state is SENT


def test_what_is_being_sent_cannot_be_sent_again(running: Running) -> None:
    """Else a lost answer would make two."""
    running.world.recognises_keys = False
    running.world.hook = lambda operation, moment: running.clock.sleep(5)
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.run(UNDO_S)
    assert running.delivery(id_).state is SENDING
    for command in (running.engine.send_now, running.engine.cancel):
        with pytest.raises(NotFound):
            running.do(command(id_))
    with pytest.raises(NotFound):
        running.do(running.engine.decide_unknown(id_, arrived=False))
    running.world.lose_answer()
    running.run(600)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)


def test_one_update_to_several_channels(make: Callable[..., Running]) -> None:
    running = make(worlds=3)
    running.sign_in()
    ids = [ChannelId(c) for c in running.channel_ids]
    running.worlds["blog2"].fail("publish", BEFORE_SEND, Rejected("Too bold"))
    update = Update(kind=UpdateKind.POST, title="Water", text="Three metres.")
    deliveries = running.do(running.engine.publish(update, ids))
    running.run(UNDO_S)
    assert [running.delivery(d).state for d in deliveries] == [SENT, DeliveryState.REJECTED, SENT]
    running.do(running.engine.send_now(deliveries[1]))
    assert running.delivery(deliveries[1]).state is SENT
    assert [len(w.made) for w in running.worlds.values()] == [1, 1, 1]


def test_an_update_that_one_channel_cannot_take_goes_to_none(make: Callable[..., Running]) -> None:
    running = make(worlds=2)
    running.worlds["blog2"].limits = type(running.world.limits)(text_bytes=5)
    running.sign_in()
    update = Update(kind=UpdateKind.POST, title="Water", text="Three metres.")
    with pytest.raises(Rejected, match="too long"):
        running.do(running.engine.publish(update, [ChannelId(c) for c in running.channel_ids]))
    with pytest.raises(Rejected, match="Choose where"):
        running.do(running.engine.publish(update, []))
    assert outbox.deliveries(running.reader) == []


# Offline and doubt


def test_offline_replies_wait_and_go_when_the_network_returns(running: Running) -> None:
    def no_way(operation: str, moment: str) -> None:
        raise Offline("There is no way out")

    running.world.hook = no_way
    told = running.heard_while(lambda: running.do(running.engine.sync()))
    assert told.connectivity
    since = running.engine.state().offline_since
    assert since == running.clock.now()
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    running.run(3_600)
    assert (running.delivery(id_).state, running.row("m1").place) == (QUEUED, "done")
    assert running.engine.state().offline_since == since
    sending = [line for line in record.lines(running.reader, subject=f"delivery:{id_}") if line.verb == "sending"]
    assert len(sending) < 12, "the record is not filled with trying"
    running.world.hook = None
    told = running.heard_while(lambda: running.run(20))
    assert told.connectivity
    assert running.engine.state().offline_since is None
    assert running.delivery(id_).state is SENT


def test_what_waits_is_still_there_after_a_restart(running: Running) -> None:
    running.world.hook = lambda operation, moment: (_ for _ in ()).throw(Offline("No way"))
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.run(UNDO_S + 60)
    running.stop()
    running.world.hook = None
    running.start()
    running.run(900)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)


def lost_for_good(running: Running) -> int:
    """A delivery that is unknown and cannot be looked for."""
    running.world.recognises_keys = False
    running.world.lose_answer()
    running.world.fail("find", BEFORE_SEND, *[Unavailable("Busy")] * 99)
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.run(UNDO_S)
    assert running.delivery(id_).state is UNKNOWN
    assert running.row("m1").outgoing == "trouble"
    return id_


@pytest.mark.parametrize("arrived", [True, False])
def test_a_person_may_decide_what_is_unknown(running: Running, arrived: bool) -> None:
    id_ = lost_for_good(running)
    running.do(running.engine.decide_unknown(id_, arrived=arrived, url="https://memory.example/seen"))
    running.settle()
    assert running.delivery(id_).state is SENT
    assert len(running.world.made) == (1 if arrived else 2), "two only on a person's word"
    verbs = [line.verb for line in record.lines(running.reader, subject=f"delivery:{id_}")]
    assert ("seen by a person" if arrived else "absent says a person") in verbs
    with pytest.raises(NotFound, match="not in doubt"):
        running.do(running.engine.decide_unknown(id_, arrived=True))


def test_trying_again_looks_first(running: Running) -> None:
    id_ = lost_for_good(running)
    running.world._faults.clear()
    running.do(running.engine.send_now(id_))
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)


def test_what_is_unknown_cannot_be_cancelled(running: Running) -> None:
    id_ = lost_for_good(running)
    with pytest.raises(NotFound):
        running.do(running.engine.cancel(id_))
    assert running.delivery(id_).state is UNKNOWN


def test_a_crash_while_sending_is_looked_into_at_the_next_start(running: Running) -> None:
    running.world.recognises_keys = False
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))

    async def after(operation: str, moment: str) -> None:
        if (operation, moment) == ("publish", "after_accept"):
            await running.clock.sleep(1e9)

    running.world.hook = after
    running.run(UNDO_S)
    running.stop()
    running.world.hook = None
    running.start()
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)


# Moderating, editing, deleting, undoing


def test_moderating_is_done_there_and_here(running: Running) -> None:
    for action, state in (
        (Moderation.HOLD, MessageState.HELD), (Moderation.APPROVE, MessageState.PUBLISHED), (Moderation.SPAM, MessageState.SPAM),
        (Moderation.UNSPAM, MessageState.PUBLISHED), (Moderation.TRASH, MessageState.TRASHED), (Moderation.RESTORE, MessageState.PUBLISHED),
    ):  # fmt: skip
        told = running.heard_while(lambda action=action: running.do(running.engine.moderate(MessageId(1), action)))
        assert running.world.entries["m1"].state is state
        assert running.message("m1").message.state is state
        assert running.row("m1").id in told.conversations
        line = next(x for x in record.lines(running.reader, subject="message:1") if x.verb.startswith("moderated"))
        assert (line.verb, line.actor) == (f"moderated: {action}", running.engine.actor)


def test_moderating_that_fails_changes_nothing_here(running: Running) -> None:
    running.world.fail("moderate", BEFORE_SEND, NotAllowed("Not you"))
    with pytest.raises(NotAllowed):
        running.do(running.engine.moderate(MessageId(1), Moderation.SPAM))
    assert running.row("m1").place == "owed"
    assert running.do(running.engine.undo()) is None


def test_our_own_words_can_be_changed_and_removed(running: Running) -> None:
    running.do(running.engine.send_now(running.do(running.engine.reply(MessageId(1), "Three metres."))))
    [(_, remote_id)] = running.world.made
    ours = running.message(remote_id)
    running.do(running.engine.edit(ours.id, "Four metres."))
    assert running.world.entries[remote_id].text == "Four metres."
    assert [e.text for e in reading.earlier(running.reader, ours.id)] == ["Three metres."]
    assert record.lines(running.reader, subject=f"message:{ours.id}")[0].actor == running.engine.actor
    running.do(running.engine.delete(ours.id))
    assert remote_id not in running.world.entries
    assert running.message(remote_id).message.state is MessageState.DELETED
    verbs = {line.verb: line.actor for line in record.lines(running.reader, subject=f"message:{ours.id}")}
    assert verbs["deleted for good"] == verbs["deleted"] == running.engine.actor
    assert running.row("m1").place == "owed", "nobody has answered now"


def test_undo_goes_back_step_by_step(running: Running) -> None:
    running.world.say("Second")
    running.do(running.engine.sync())
    start = {m: running.row(m) for m in ("m1", "m2")}
    both = [r.id for r in start.values()]
    running.do(running.engine.set_status(both, DONE))
    running.do(running.engine.set_status(both[:1], WAITING))
    running.do(running.engine.moderate(running.message("m2").id, Moderation.SPAM))
    running.do(running.engine.reply(running.message("m1").id, "Three metres."))

    def undo() -> str:
        undone = running.do(running.engine.undo())
        return undone.words if undone else ""

    assert undo() == "Taken back before it left."
    assert undo() == "Undone: spam."
    assert (running.message("m2").message.state, running.row("m2").status) == (MessageState.PUBLISHED, "done")
    assert undo() == "Undone."
    assert running.row("m1").status == "done"
    assert undo() == "Undone."
    assert {m: running.row(m) for m in ("m1", "m2")} == start
    assert undo() == ""


def test_undoing_that_fails_can_be_tried_again(running: Running) -> None:
    running.do(running.engine.moderate(MessageId(1), Moderation.SPAM))
    running.world.fail("moderate", BEFORE_SEND, Offline("No way"))
    with pytest.raises(Offline):
        running.do(running.engine.undo())
    assert running.world.entries["m1"].state is MessageState.SPAM
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert running.world.entries["m1"].state is MessageState.PUBLISHED
    assert running.do(running.engine.undo()) is None


def test_reading_is_noted_and_told_once(running: Running) -> None:
    assert running.row("m1").unread
    told = running.heard_while(lambda: running.do(running.engine.mark_read([1])))
    assert told.conversations == {1}
    assert not running.row("m1").unread
    assert not running.heard_while(lambda: running.do(running.engine.mark_read([1])))
    assert running.do(running.engine.undo()) is None, "reading is no decision"


# Polling's own troubles


def test_one_channel_that_hangs_does_not_hold_up_the_others(make: Callable[..., Running]) -> None:
    running = make(worlds=3)
    running.sign_in()
    running.worlds["blog1"].hook = lambda operation, moment: running.clock.sleep(1e9)
    running.worlds["blog2"].say("Hello")
    running.run(200)
    assert running.message("m1", 1).message.text == "Hello"
    assert running.engine.state().polling == {running.channel_ids[0]}


def test_a_bug_in_a_connector_is_told_and_not_repeated_without_pause(make: Callable[..., Running]) -> None:
    running = make()
    running.sign_in()
    fetched = running.world.requests["fetch"]
    running.world.fail("fetch", "after_accept", *[KeyError("id")] * 1_000)
    running.run(1_800)
    assert running.failed
    assert all(isinstance(e, KeyError) for e in running.failed)
    assert running.world.requests["fetch"] - fetched <= 8
    assert running.engine.state().polling == frozenset()
    running.failed.clear()
    running.world._faults.clear()
    running.world.say("Back again")
    running.run(3_600)
    assert running.message("m1").message.text == "Back again"


def test_a_lost_answer_while_the_officer_works_on(running: Running) -> None:
    running.world.recognises_keys = False
    running.world.fail("publish", "after_accept", OutcomeUnknown("Lost"))
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    running.run(UNDO_S)
    running.do(running.engine.set_status([1], OPEN))
    running.run(600)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)
    assert running.row("m1").place == "quiet"
