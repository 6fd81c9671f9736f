"""An account is removed with texts still on their way: none goes out by itself any more, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import OutcomeUnknown, Rejected, Unavailable
from inbox.model import AccountId, ChannelId, Delivery, DeliveryId, DeliveryState, Media, MessageId, Update, UpdateKind
from inbox.store import leaving, outbox, reading, record
from inbox.store.database import Database
from tests.inbox.making import OFFICER, START, add_channel, queue
from tests.inbox.running import Running
from ui.composer.state import ComposerState

QUEUED, SENT, UNKNOWN = DeliveryState.QUEUED, DeliveryState.SENT, DeliveryState.UNKNOWN
REJECTED, CANCELLED = DeliveryState.REJECTED, DeliveryState.CANCELLED
ACCOUNT = AccountId("memory-1")
UNDO_S = 10
LONG_S = 7_200
REMOVED = "cancelled: account removed"


def reply(running: Running, text: str = "Three metres.", *, close: bool = False) -> DeliveryId:
    return running.do(running.engine.reply(MessageId(1), text, close=close))


def remove(running: Running) -> None:
    running.do(running.engine.remove_account(ACCOUNT))


def draft(running: Running, place: str) -> str:
    return outbox.draft(running.reader, place)


def verbs(running: Running, id_: int) -> list[str]:
    """What was done with a delivery, newest first."""
    return [line.verb for line in record.lines(running.reader, subject=f"delivery:{id_}")]


def in_doubt(running: Running, *, arrived: bool) -> DeliveryId:
    """A reply whose answer is lost, and which cannot be looked for."""
    id_ = reply(running, close=True)
    if arrived:
        running.world.lose_answer()
    else:
        running.world.fail("publish", BEFORE_SEND, OutcomeUnknown("The line was cut"))
    running.world.fail("find", BEFORE_SEND, *[Unavailable("Busy")] * 3)
    running.run(UNDO_S + 1)
    assert running.delivery(id_).state is UNKNOWN
    return id_


def test_what_waits_is_taken_back_and_its_text_kept(running: Running) -> None:
    id_ = reply(running, close=True)
    told = running.heard_while(lambda: remove(running))
    assert told.accounts
    assert (told.deliveries, told.conversations) == ({id_}, {1})
    assert running.delivery(id_).state is CANCELLED
    assert verbs(running, id_)[0] == REMOVED
    [line] = record.lines(running.reader, subject=f"delivery:{id_}")[:1]
    assert line.actor.startswith("person:")
    assert draft(running, "reply:1") == "Three metres."
    row = reading.rows(running.reader, [1])[1]
    assert (row.place, row.outgoing) == ("owed", ""), "nobody answered it"
    running.run(LONG_S)
    running.sign_in()
    running.run(LONG_S)
    assert (running.delivery(id_).state, running.world.made) == (CANCELLED, [])


def test_what_was_refused_is_taken_back_too(running: Running) -> None:
    running.world.fail("publish", BEFORE_SEND, Rejected("Too bold"))
    id_ = reply(running)
    running.run(UNDO_S)
    assert running.delivery(id_).state is REJECTED
    remove(running)
    assert (running.delivery(id_).state, draft(running, "reply:1")) == (CANCELLED, "Three metres.")


def test_what_was_begun_meanwhile_is_kept_as_well(running: Running) -> None:
    reply(running, "First.")
    reply(running, "Second.")
    running.do(running.engine.save_draft("reply:1", "Third"))
    remove(running)
    assert draft(running, "reply:1") == "First.\n\nSecond.\n\nThird"


def test_a_post_becomes_the_draft_of_the_composer(running: Running, tmp_path: Path) -> None:
    at = running.clock.now() + timedelta(days=1)
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    picture = Media(path=str(tmp_path / "a.png"), mime_type="image/png", alt_text="A quay", size_bytes=7)
    update = Update(
        kind=UpdateKind.POST, title="Water", text="Three metres.", tags=("water",), media=(picture,), publish_at=at
    )
    [id_] = running.do(running.engine.publish(update, [ChannelId(running.channel_ids[0])]))
    remove(running)
    assert running.delivery(id_).state is CANCELLED
    assert ComposerState.restored(draft(running, "post")).update() == update
    assert ComposerState.restored(draft(running, "post")).channels == []


def test_a_post_does_not_overwrite_what_is_being_written(running: Running) -> None:
    update = Update(kind=UpdateKind.POST, title="Water", text="Three metres.")
    ids = [
        running.do(running.engine.publish(replace(update, text=text), [ChannelId(running.channel_ids[0])]))[0]
        for text in ("Three metres.", "Four metres.")
    ]
    mine = ComposerState(text="Something else").saved()
    running.do(running.engine.save_draft("post", mine))
    remove(running)
    assert draft(running, "post") == mine
    assert [running.delivery(i).state for i in ids] == [CANCELLED] * 2
    assert [running.delivery(i).rendition.text for i in ids] == ["Three metres.", "Four metres."], "still to be read"


def test_other_accounts_go_on(database: Database) -> None:
    ours, theirs = add_channel(database, account="memory-1"), add_channel(database, account="memory-2")
    here, there = queue(database, ours), queue(database, theirs)
    with database.transaction() as connection:
        leaving.take_back(connection, "memory-1", at=START, actor=OFFICER)
    states = [d.state for d in (outbox.delivery(database.connection, i) for i in (here, there)) if d is not None]
    assert states == [CANCELLED, QUEUED]


# What was under way


def test_what_is_in_doubt_and_arrived_is_found_when_the_account_returns(running: Running) -> None:
    id_ = in_doubt(running, arrived=True)
    remove(running)
    assert running.delivery(id_).state is UNKNOWN
    running.run(LONG_S)
    running.sign_in()
    running.run(LONG_S)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)
    assert running.row("m1").place == "done"


def test_what_is_in_doubt_and_absent_is_not_sent_when_the_account_returns(running: Running) -> None:
    id_ = in_doubt(running, arrived=False)
    remove(running)
    running.sign_in()  # at once: the clock has not moved since
    running.run(LONG_S)
    found = running.delivery(id_)
    assert (found.state, running.world.made) == (REJECTED, [])
    assert "account was removed" in found.words
    assert running.row("m1").place == "owed", "it was settled for the sake of an answer that is not there"
    assert verbs(running, id_)[0] == "not sent: account removed"
    running.do(running.engine.send_now(id_))
    running.run(UNDO_S)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1), "a person decided"


@pytest.mark.parametrize("back", [True, False], ids=["back", "still away"])
def test_what_was_being_sent_and_did_not_go_waits_for_a_person(running: Running, back: bool) -> None:
    id_ = reply(running)
    seen: list[DeliveryState] = []

    async def publish(channel: object, rendition: object, key: str) -> object:
        await running.engine._accounts.remove(ACCOUNT, actor="person:kl")
        seen.append(running_state(running, id_))
        raise Unavailable("Not now")

    connector = running.on_loop(running.engine._accounts.connector(ACCOUNT))
    connector.publish = publish  # type: ignore[method-assign]
    running.run(UNDO_S + 1)
    assert seen == [DeliveryState.SENDING]
    assert running.delivery(id_).state is REJECTED
    if back:
        running.sign_in()
    else:
        running.do(running.engine.send_now(id_))
        assert running.delivery(id_).state is REJECTED, "there is nobody to send it"
    running.run(LONG_S)
    assert running.world.made == []


def test_what_is_written_after_the_return_is_sent_as_ever(running: Running) -> None:
    remove(running)
    running.sign_in()
    running.run(1)
    id_ = reply(running)
    running.world.fail("publish", BEFORE_SEND, Unavailable("Busy"))
    running.run(LONG_S)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)


def test_signing_in_again_without_removing_leaves_all_as_it_was(running: Running) -> None:
    id_ = reply(running)
    running.world.fail("publish", BEFORE_SEND, Unavailable("Busy"))
    running.run(UNDO_S + 1)
    assert running.delivery(id_).state is QUEUED
    running.sign_in(again=ACCOUNT)
    running.run(LONG_S)
    assert running.delivery(id_).state is SENT


def running_state(running: Running, id_: DeliveryId) -> DeliveryState:
    """As the engine's own connection sees it."""
    found: Delivery | None = outbox.delivery(running.engine._accounts._database.connection, id_)
    assert found is not None
    return found.state
