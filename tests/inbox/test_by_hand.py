"""What only a person can publish: handed over, on the record, settled by the person or by a poll; never sent twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import ByHand, NotFound
from inbox.model import ConversationStatus, DeliveryId, DeliveryState, MessageId
from inbox.store import record
from tests.inbox.running import Running

BY_HAND, SENT, CANCELLED = DeliveryState.BY_HAND, DeliveryState.SENT, DeliveryState.CANCELLED
THERE = "https://there.example/answer"
UNDO_S = 10


def handed_over(running: Running, text: str = "Three metres &  falling.", *, close: bool = False) -> DeliveryId:
    running.world.fail("publish", BEFORE_SEND, ByHand("It takes no answer from a program", url=THERE, text=text))
    id_ = running.do(running.engine.reply(MessageId(1), text, close=close))
    running.run(UNDO_S + 1)
    assert running.delivery(id_).state is BY_HAND
    assert running.delivery(id_).url == THERE
    return id_


def verbs(running: Running, id_: int) -> list[str]:
    return [line.verb for line in record.lines(running.reader, subject=f"delivery:{id_}")]


def test_nothing_is_sent_and_nothing_is_tried_again(running: Running) -> None:
    id_ = handed_over(running)
    running.run(7_200)
    assert running.delivery(id_).state is BY_HAND
    assert running.world.made == []
    assert "handed over" in verbs(running, id_)
    assert running.row("m1").outgoing == "trouble", "the row says that a person is needed"


def test_a_person_says_that_it_is_done(running: Running) -> None:
    id_ = handed_over(running)
    running.do(running.engine.carried(id_, url="https://there.example/9"))
    assert running.delivery(id_).state is SENT
    assert running.delivery(id_).url == "https://there.example/9"
    assert verbs(running, id_)[0] == "carried over by hand"
    with pytest.raises(NotFound):
        running.do(running.engine.carried(id_))


def test_a_poll_sees_it_where_it_was_carried_to(running: Running) -> None:
    id_ = handed_over(running)
    running.clock.move(60)
    made = running.world.say("@vera Three metres &amp; falling. https://t.example/x", ours=True, parent="m1")
    running.do(running.engine.sync())
    assert running.delivery(id_).state is SENT
    assert running.delivery(id_).remote_id == made
    assert verbs(running, id_)[0] == "seen where it was carried to"


@pytest.mark.parametrize(
    ("text", "parent", "earlier_s"),
    [
        ("Four metres and falling.", "m1", 0),  # other words
        ("Three metres & falling.", "", 0),  # it answers nothing
        ("Three metres & falling.", "m1", 3_600),  # said long before
    ],
)
def test_something_else_of_ours_settles_nothing(running: Running, text: str, parent: str, earlier_s: int) -> None:
    id_ = handed_over(running)
    running.clock.move(60)
    at = running.clock.now() - timedelta(seconds=earlier_s)
    running.world.say(text, ours=True, parent=parent, created_at=at)
    running.do(running.engine.sync())
    assert running.delivery(id_).state is BY_HAND


def test_one_message_settles_one_of_two(running: Running) -> None:
    ids = [handed_over(running), handed_over(running)]
    running.world.say("Three metres & falling.", ours=True, parent="m1")
    running.do(running.engine.sync())
    assert [running.delivery(i).state for i in ids] == [SENT, BY_HAND]


def test_taking_it_back_gives_text_and_status_back(running: Running) -> None:
    id_ = handed_over(running, close=True)
    assert running.row("m1").status == ConversationStatus.DONE
    update = running.do(running.engine.cancel(id_))
    assert update.text == "Three metres &  falling."
    assert running.delivery(id_).state is CANCELLED
    assert running.row("m1").status == ConversationStatus.OPEN


def test_it_waits_through_a_restart(running: Running) -> None:
    id_ = handed_over(running)
    running.stop()
    running.start()
    assert running.delivery(id_).state is BY_HAND
    running.do(running.engine.carried(id_))
    assert running.delivery(id_).state is SENT
