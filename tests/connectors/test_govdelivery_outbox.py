"""Lost answers through the real outbox: one bulletin and one answer, or "unknown" for a person; never two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.connectors.govdelivery import GovDelivery
from inbox.model import (
    Account,
    AccountId,
    Channel,
    ChannelFound,
    Delivery,
    DeliveryState,
    Limits,
    Rendition,
    Update,
)
from inbox.practice.faults import FaultKind
from inbox.practice.govdelivery.post_office import MailFault
from inbox.publishing.outbox import SETTLE_S, Outbox
from inbox.store import accounts, outbox, record
from inbox.store.database import Database
from inbox.store.outbox import StoredSteps
from inbox.tasks import Tasks
from tests.connectors.harness import Break
from tests.connectors.harnesses.govdelivery import GovDeliveryHarness

SEND = "/send_now$"


class Bench:
    """The practice network behind the real outbox and the real store; time moves only when told to."""

    def __init__(self, harness: GovDeliveryHarness, database: Database) -> None:
        self.harness, self.database, self.clock = harness, database, harness.clock
        harness.steps = StoredSteps(database)  # type: ignore[assignment]
        account = Account(id=AccountId("g-1"), network="govdelivery", title="HARBOUR")
        found = ChannelFound(
            remote_id="bulletins", title="Bulletins", capabilities=GovDelivery.capabilities, limits=Limits()
        )
        now = self.clock.now()
        with database.transaction() as connection:
            accounts.add_account(connection, account, at=now)
            [id_] = accounts.add_channels(
                connection, account, [found], interval_s=60, history_before=now - timedelta(days=30)
            )
        channel = accounts.channel(database.connection, id_)
        assert channel is not None
        self.channel: Channel = channel
        self.restart()

    def restart(self) -> None:
        """As after a crash: a new connector, a new outbox, the same file."""
        connector = self.harness.connector()

        async def connector_for(channel: Channel) -> GovDelivery:
            return connector

        self.outbox = Outbox(self.database, self.clock, Tasks(lambda error: None), lambda changed: None, connector_for)
        self.outbox.recover()

    def queue(self, rendition: Rendition) -> int:
        plan = outbox.Planned(channel_id=self.channel.id, rendition=rendition, not_before_at=self.clock.now())
        update = Update(kind=rendition.kind, text=rendition.text)
        with self.database.transaction() as connection:
            [id_] = outbox.approve(connection, update, [plan], at=self.clock.now(), actor="officer")
        return int(id_)

    async def work(self, id_: int, rounds: int = 1) -> Delivery:
        """So many steps of the outbox, each after everything had time to settle."""
        for _ in range(rounds):
            delivery = self.get(id_)
            if delivery.state in (DeliveryState.QUEUED, DeliveryState.UNKNOWN, DeliveryState.SENDING):
                await self.outbox.deliver(self.channel, delivery)
            self.clock.forward(SETTLE_S * 2)
        return self.get(id_)

    def get(self, id_: int) -> Delivery:
        found = outbox.delivery(self.database.connection, id_)
        assert found is not None
        return found

    def not_arrived(self, id_: int) -> None:
        """A person looked, and says so."""
        with self.database.transaction() as connection:
            outbox.requeue(
                connection, id_, was=[DeliveryState.UNKNOWN], not_before_at=self.clock.now(), words="", hint="",
                at=self.clock.now(), actor="officer",
            )  # fmt: skip


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    harness = GovDeliveryHarness()
    database = Database.open(tmp_path)
    yield Bench(harness, database)
    await harness.close()
    database.close()


async def test_a_bulletin_goes(bench: Bench) -> None:
    id_ = bench.queue(bench.harness.post())
    done = await bench.work(id_)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)


@pytest.mark.parametrize(
    "kind", [FaultKind.LOST_ANSWER, FaultKind.TIMEOUT_AFTER, FaultKind.HALF, FaultKind.BROKEN_JSON]
)
async def test_a_sending_whose_answer_was_cut_ends_in_exactly_one(bench: Bench, kind: FaultKind) -> None:
    bench.harness.faults.add(kind, path=SEND, times=1)
    id_ = bench.queue(bench.harness.post())
    done = await bench.work(id_)
    assert done.state is DeliveryState.UNKNOWN
    bench.restart()
    done = await bench.work(id_, 4)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)


async def test_what_only_a_person_can_know_waits_for_a_person(bench: Bench) -> None:
    bench.harness.faults.add(FaultKind.STATUS, path=SEND, status=500, times=1)
    id_ = bench.queue(bench.harness.post())
    done = await bench.work(id_, 12)
    assert (done.state, bench.harness.made) == (DeliveryState.UNKNOWN, [])
    bench.restart()
    assert (await bench.work(id_, 12)).state is DeliveryState.UNKNOWN
    bench.not_arrived(id_)
    done = await bench.work(id_)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)
    assert len(bench.harness.agency.bulletins) == 1


async def test_a_person_who_is_wrong_sends_no_second_one(bench: Bench) -> None:
    """It did go out, the list was late, and somebody said that it did not: the list is asked once more first."""
    bench.harness.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    bench.harness.agency.quirks.add("late-list")
    id_ = bench.queue(bench.harness.post())
    assert (await bench.work(id_, 3)).state is DeliveryState.UNKNOWN
    bench.harness.agency.quirks.clear()
    bench.not_arrived(id_)
    done = await bench.work(id_)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)


async def test_a_person_who_is_wrong_while_the_list_is_late_sends_no_second_one_either(bench: Bench) -> None:
    bench.harness.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    bench.harness.agency.quirks.add("late-list")
    id_ = bench.queue(bench.harness.post())
    for _ in range(3):
        assert (await bench.work(id_, 3)).state is DeliveryState.UNKNOWN, "never rejected: that frees a new draft"
        bench.not_arrived(id_)
    assert (await bench.work(id_, 3)).state is DeliveryState.UNKNOWN
    assert len(bench.harness.made) == 1
    bench.harness.agency.quirks.clear()
    bench.restart()
    done = await bench.work(id_)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)


async def test_a_line_that_is_down_meanwhile_makes_no_proof_of_absence(bench: Bench) -> None:
    """The queue goes on by itself then: it looks first, and does not take the second attempt's note for the first's."""
    bench.harness.faults.add(FaultKind.LOST_ANSWER, path=SEND, times=1)
    bench.harness.agency.quirks.add("late-list")
    id_ = bench.queue(bench.harness.post())
    assert (await bench.work(id_, 3)).state is DeliveryState.UNKNOWN
    bench.not_arrived(id_)
    bench.harness.faults.add(FaultKind.UNREACHABLE, path=SEND, times=2)
    assert (await bench.work(id_, 2)).state is DeliveryState.QUEUED
    bench.harness.agency.quirks.clear()
    bench.restart()
    done = await bench.work(id_)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)


async def test_a_crash_between_the_note_and_the_request_is_unknown(bench: Bench) -> None:
    bench.harness.faults.add(FaultKind.UNREACHABLE, path=SEND, times=1)
    id_ = bench.queue(bench.harness.post())
    await bench.work(id_)
    [draft] = bench.harness.agency.bulletins
    with bench.database.transaction() as connection:  # as it is on disk when the machine stops just then
        connection.execute("UPDATE deliveries SET state = 'sending', step = ? WHERE id = ?", (f"sending {draft}", id_))
    bench.restart()
    assert (await bench.work(id_, 5)).state is DeliveryState.UNKNOWN
    assert bench.harness.made == []


@pytest.mark.parametrize("kind", [FaultKind.LOST_ANSWER, FaultKind.TIMEOUT_AFTER, FaultKind.HALF])
async def test_a_draft_whose_answer_was_cut_is_found_again_and_sent_once(bench: Bench, kind: FaultKind) -> None:
    bench.harness.faults.add(kind, path=r"/bulletins\.xml$", times=1)
    id_ = bench.queue(bench.harness.post())
    assert (await bench.work(id_)).state is DeliveryState.UNKNOWN
    bench.restart()
    done = await bench.work(id_, 4)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)
    assert len(bench.harness.agency.bulletins) == 1


async def test_a_refused_connection_is_the_only_thing_that_goes_again_by_itself(bench: Bench) -> None:
    bench.harness.faults.add(FaultKind.UNREACHABLE, path=SEND, times=3)
    id_ = bench.queue(bench.harness.post())
    done = await bench.work(id_, 3)
    assert (done.state, done.attempts) == (DeliveryState.QUEUED, 3)
    done = await bench.work(id_)
    assert (done.state, len(bench.harness.made)) == (DeliveryState.SENT, 1)


async def test_nobody_subscribed_is_never_tried_again(bench: Bench) -> None:
    id_ = bench.queue(replace(bench.harness.post(), categories=("topic:HARBOUR_EMPTY",)))
    done = await bench.work(id_)
    assert done.state is DeliveryState.REJECTED
    bench.harness.agency.subscribe("new@citizen.example", "HARBOUR_EMPTY")
    bench.restart()
    assert (await bench.work(id_, 5)).state is DeliveryState.REJECTED
    assert bench.harness.made == []


# --- answers ---


async def asked(bench: Bench) -> Rendition:
    [remote_id] = bench.harness.seed(1)
    return bench.harness.reply(remote_id)


async def test_an_answer_whose_receipt_was_lost_is_found_in_the_folder_of_sent_mail(bench: Bench) -> None:
    bench.harness.office.broken.add(MailFault.LOST)
    id_ = bench.queue(await asked(bench))
    assert (await bench.work(id_)).state is DeliveryState.UNKNOWN
    bench.harness.mend()
    bench.restart()
    done = await bench.work(id_, 4)
    assert (done.state, [done.remote_id]) == (DeliveryState.SENT, bench.harness.made)


async def test_an_answer_without_such_a_folder_waits_for_a_person(bench: Bench) -> None:
    bench.harness.office.copies = False
    bench.harness.office.broken.add(MailFault.LOST)
    id_ = bench.queue(await asked(bench))
    await bench.work(id_)
    bench.harness.mend()
    bench.restart()
    assert (await bench.work(id_, 8)).state is DeliveryState.UNKNOWN
    assert len(bench.harness.made) == 1


@pytest.mark.parametrize(
    ("fault", "state"), [(MailFault.LATER, DeliveryState.QUEUED), (MailFault.REFUSED, DeliveryState.REJECTED)]
)
async def test_an_answer_that_was_refused_did_not_go(bench: Bench, fault: MailFault, state: DeliveryState) -> None:
    id_ = bench.queue(await asked(bench))
    bench.harness.office.broken.add(fault)
    assert (await bench.work(id_, 2)).state is state
    assert bench.harness.made == []
    bench.harness.mend()
    done = await bench.work(id_)
    assert len(bench.harness.made) == (1 if state is DeliveryState.QUEUED else 0)
    assert done.state is (DeliveryState.SENT if state is DeliveryState.QUEUED else state)


async def test_an_answer_waits_while_nothing_can_be_reached(bench: Bench) -> None:
    id_ = bench.queue(await asked(bench))
    bench.harness.break_reads(Break.REFUSED)
    assert (await bench.work(id_, 2)).state is DeliveryState.QUEUED
    bench.harness.mend()
    assert (await bench.work(id_)).state is DeliveryState.SENT
    assert len(bench.harness.made) == 1
    lines = record.lines(bench.database.connection, subject=f"delivery:{id_}")
    assert lines[0].verb == "sent"
