"""The door: its thread starts and ends in good order, commands come from any thread, change is told after commit."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from inbox.connectors.memory import BEFORE_SEND, Memory, World
from inbox.engine import Engine
from inbox.errors import (
    NotAllowed,
    NotFound,
    Offline,
    PostroomError,
    RateLimited,
    StoreDamaged,
    StoreLocked,
    StoreTooNew,
    Unsupported,
)
from inbox.model import (
    ConversationStatus,
    DeliveryState,
    MessageId,
    Moderation,
)
from inbox.store import accounts, outbox, reading, record
from inbox.store.database import FILE_NAME, Database, open_reader
from tests.clock import TestClock
from tests.inbox.making import later
from tests.inbox.running import NoHttp, Running

QUEUED = DeliveryState.QUEUED
SENDING = DeliveryState.SENDING
SENT = DeliveryState.SENT
DONE = ConversationStatus.DONE
UNDO_S = 10


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


def test_held_it_opens_the_file_and_lets_commands_wait(make: Callable[..., Running]) -> None:
    running = make()
    running.stop()
    engine = Engine(running.home, running.secrets, networks=running.engine.networks, poll_by_itself=False)
    engine.start(held=True)
    with pytest.raises(StoreLocked):
        Database.open(running.home)
    command = engine.save_draft("post", "{}")
    with pytest.raises(TimeoutError):
        command.result(0.05)
    engine.release().result(10)
    command.result(10)
    engine.stop()
    with contextlib.closing(open_reader(running.home / FILE_NAME)) as connection:
        assert connection.execute("SELECT body FROM drafts WHERE place = 'post'").fetchall() == [("{}",)]


def test_stopped_while_it_is_held_it_lets_go_of_the_file(make: Callable[..., Running]) -> None:
    running = make()
    running.stop()
    engine = Engine(running.home, running.secrets, networks=running.engine.networks, poll_by_itself=False)
    engine.start(held=True)
    command = engine.undo()
    engine.stop()
    assert command.cancelled()
    assert engine_threads() == []
    Database.open(running.home).close()


def test_the_window_starts_without_the_networks_code() -> None:
    """With it a start took more than twice as long."""
    slow = {"asyncio", "qasync", "httpx", "feedparser", "keyring", "sqlite_utils", "PIL"}
    words = f"import sys, main, ui.window; print(sorted({slow} & sys.modules.keys()))"
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


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


def refuse(running: Running, error: PostroomError) -> list[str]:
    """Refuse every fetch; returns the list that grows by each."""
    asked: list[str] = []

    def hook(operation: str, moment: str) -> None:
        if operation == "fetch" and moment == BEFORE_SEND:
            asked.append(operation)
            if len(asked) < 500:  # a storm must end, or the test would not
                raise error

    running.world.hook = hook
    return asked


def test_a_network_that_says_at_once_again_and_again_is_not_stormed(running: Running) -> None:
    asked = refuse(running, RateLimited("Too many", retry_at=running.clock.now(), status=429))
    running.run(600)
    assert 1 <= len(asked) < 10


def test_a_clock_that_is_put_back_does_not_stop_the_polls(running: Running) -> None:
    running.run(120)
    running.clock.put_back(7_200)
    running.world.listeners.clear()  # nothing hints at it
    running.world.say("Still there?")
    running.run(120)
    assert running.row("m2").place == "owed"


@pytest.mark.parametrize(
    "error",
    [RateLimited("Too many", retry_at=later(9_000), status=429), NotAllowed("No")],
    ids=["limited", "forbidden"],
)
def test_a_stream_that_goes_on_does_not_have_a_failing_channel_polled(running: Running, error: PostroomError) -> None:
    running.run(10)
    asked = refuse(running, error)
    running.do(running.engine.sync())
    for _ in range(30):
        running.world.say("More")
        running.run(10)
    assert len(asked) == 1


class TwoAccounts(Running):
    """With a second account at another network, which has one channel."""

    def start(self, *, held: bool = False) -> None:
        self.other = World(self.clock)
        elsewhere = type("Elsewhere", (Memory,), {"worlds": {"other": self.other}, "name": "elsewhere"})
        self.engine = Engine(
            self.home, self.secrets, clock=self.clock, client=NoHttp, on_error=self.failed.append,
            networks={"memory": Memory.over(self.worlds), "elsewhere": elsewhere},
        )  # fmt: skip
        self.engine.start()
        self.settle()
        self.sign_in()
        discovery = self.do(self.engine.discover("elsewhere", "memory.example"))
        self.do(self.engine.sign_in(discovery, {"password": self.other.password}))

    def cut(self, *worlds: World, but: str = "") -> None:
        """Nothing but this operation reaches them."""

        def hook(operation: str, moment: str) -> None:
            if moment == BEFORE_SEND and operation != but:
                raise Offline("No way there")

        for world in worlds:
            world.hook = hook


@pytest.fixture
def two(home: Path, clock: TestClock) -> Iterator[TwoAccounts]:
    one = TwoAccounts(home, clock, worlds=2)
    yield one
    one.stop()
    assert one.failed == []


def test_offline_is_noticed_although_another_account_is_signed_out(two: TwoAccounts) -> None:
    for world in two.worlds.values():
        world.password = "new"
    two.run(300)
    two.cut(two.other)
    two.run(600)
    assert two.engine.state().offline_since is not None


def test_the_one_that_asks_for_all_while_offline_is_never_one_that_may_not_be_asked(two: TwoAccounts) -> None:
    two.world.say("How high is the water?")
    two.run(100)
    two.cut(*two.worlds.values(), two.other)
    two.run(300)
    assert two.engine.state().offline_since is not None
    two.do(two.engine.reply(MessageId(1), "Three metres."))
    two.cut(*two.worlds.values(), but="publish")  # the outbox is quicker than the polls, and learns that
    for world in two.worlds.values():
        world.password = "new"
    two.run(12)
    assert [h.signed_in for h in accounts.health(two.reader)] == [False, False, True]
    fetched = two.other.requests["fetch"]
    for world in (*two.worlds.values(), two.other):
        world.hook = None
    two.run(600)
    assert two.engine.state().offline_since is None
    assert two.other.requests["fetch"] > fetched
