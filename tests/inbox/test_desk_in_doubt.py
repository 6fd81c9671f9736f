"""Answers while the network is away, and answers of which nobody knows whether they arrived."""

from __future__ import annotations

import pytest

from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import (
    NotFound,
    Offline,
    OutcomeUnknown,
    Unavailable,
)
from inbox.model import (
    ConversationStatus,
    DeliveryState,
    MessageId,
)
from inbox.store import record
from tests.inbox.running import Running

QUEUED = DeliveryState.QUEUED
SENT = DeliveryState.SENT
UNKNOWN = DeliveryState.UNKNOWN
OPEN = ConversationStatus.OPEN
UNDO_S = 10


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


def test_a_lost_answer_while_the_officer_works_on(running: Running) -> None:
    running.world.recognises_keys = False
    running.world.fail("publish", "after_accept", OutcomeUnknown("Lost"))
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    running.run(UNDO_S)
    running.do(running.engine.set_status([1], OPEN))
    running.run(600)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)
    assert running.row("m1").place == "quiet"
