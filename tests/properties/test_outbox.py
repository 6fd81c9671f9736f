"""Publish, answer, take back, lose answers, lose power: nothing twice, nothing queued lost, doubt ends by proof."""

from __future__ import annotations

import contextlib
from collections import Counter

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import DeliveryState, MessageId, Update, UpdateKind
from inbox.publishing.outbox import SETTLE_S
from inbox.store import outbox, record
from tests.inbox.making import message, row_of, save
from tests.properties.house import House, empty_inbox

NAMES = ("blog", "page")
NAME = st.sampled_from(NAMES)
PICK = st.integers(0, 1_000)
ENDS_DOUBT = {"found", "proven absent", "seen by a person", "absent says a person", "outcome unknown"}


class Delivering(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = contextlib.ExitStack()
        self.house = House(self.stack.enter_context(empty_inbox()), NAMES)
        self.stack.callback(self.house.close)
        self.absent_said: Counter[str] = Counter()  # by a person, who may be wrong
        self.seen_said: set[str] = set()
        self.questions = {}
        for name, world in self.house.worlds.items():
            world.recognises_keys = False
            question = world.say("How high?")
            save(self.house.database, self.house.channels[name], message(question))
            found = self.house.database.connection.execute("SELECT max(id) FROM messages").fetchone()[0]
            self.questions[name] = MessageId(found)
        self.house._outbox_ran = True
        self.house.start_outbox()
        self.known = 0

    def deliveries(self) -> list[outbox.Delivery]:
        return outbox.deliveries(self.house.database.connection)

    def pick(self, number: int) -> outbox.Delivery | None:
        found = self.deliveries()
        return found[number % len(found)] if found else None

    def person(self, work: object) -> object:
        """What a person does may be refused, in words; or the power goes meanwhile."""
        with contextlib.suppress(NotFound, Rejected, SignInNeeded):
            return self.house.run(work)
        return None

    # What people do

    @rule(names=st.sets(NAME, min_size=1), crash=st.none() | st.integers(0, 12))
    def publish(self, names: set[str], crash: int | None) -> None:
        update = Update(kind=UpdateKind.POST, title="Water", text=f"post {len(self.deliveries())}")
        self.house.power.fails_in = crash
        self.person(self.house.desk.publish(update, [self.house.channels[n].id for n in sorted(names)]))
        self.house.power.fails_in = None

    @rule(name=NAME, close=st.booleans())
    def reply(self, name: str, close: bool) -> None:
        text = f"reply {len(self.deliveries())}"
        self.person(self.house.desk.reply(self.questions[name], text, close=close, approve_first=False))

    @rule(number=PICK)
    def cancel(self, number: int) -> None:
        if one := self.pick(number):
            before = one.state
            update = self.person(self.house.desk.cancel(one.id))
            if update is not None:
                assert before in (DeliveryState.QUEUED, DeliveryState.REJECTED)
                assert update.text == one.rendition.text

    @rule(number=PICK)
    def send_now(self, number: int) -> None:
        if one := self.pick(number):
            self.person(self.house.desk.send_now(one.id))

    @rule(number=PICK, arrived=st.booleans())
    def decide(self, number: int, arrived: bool) -> None:
        if (one := self.pick(number)) and one.state is DeliveryState.UNKNOWN:
            (self.seen_said.add if arrived else lambda key: self.absent_said.update([key]))(one.key)
            self.person(self.house.desk.decide_unknown(one.id, arrived=arrived, url=""))

    @rule()
    def undo(self) -> None:
        self.person(self.house.desk.undo())

    @rule()
    def sign_in(self) -> None:
        self.house.sign_in()
        self.house.pass_time(15)

    # What goes wrong

    @rule(
        name=NAME,
        operation=st.sampled_from(["publish", "find"]),
        error=st.sampled_from([Offline, Unavailable, RateLimited, BadReply, NotAllowed, SignInNeeded]),
    )
    def fault(self, name: str, operation: str, error: type[PostroomError]) -> None:
        self.house.worlds[name].fail(operation, BEFORE_SEND, error("a fault"))

    @rule(name=NAME)
    def refuse(self, name: str) -> None:
        self.house.worlds[name].fail("publish", BEFORE_SEND, Rejected("too bold"))

    @rule(name=NAME, error=st.sampled_from([OutcomeUnknown, BadReply]))
    def lose_answer(self, name: str, error: type[PostroomError]) -> None:
        self.house.worlds[name].fail("publish", AFTER_ACCEPT, error("lost"))

    @rule(name=NAME, error=st.sampled_from([Unavailable, BadReply]))
    def lose_finding(self, name: str, error: type[PostroomError]) -> None:
        self.house.worlds[name].fail("find", AFTER_ACCEPT, error("lost"))

    @rule(name=NAME, steps=st.integers(0, int(SETTLE_S) // 15 - 1), crash=st.booleans())
    def be_late(self, name: str, steps: int, crash: bool) -> None:
        """The next one arrives only after we gave it up, or after the power went."""
        self.house.late[name] = (steps * 15, crash)

    @rule(name=NAME, bug=st.sampled_from([BEFORE_SEND, AFTER_ACCEPT]), operation=st.sampled_from(["publish", "find"]))
    def be_buggy(self, name: str, bug: str, operation: str) -> None:
        self.house.worlds[name].fail(operation, bug, KeyError("id"))

    @rule(seconds=st.sampled_from([15, 30, 120, 900]))
    def wait(self, seconds: int) -> None:
        self.house.pass_time(seconds)

    @rule(steps=st.integers(0, 25), seconds=st.sampled_from([15, 120]))
    def wait_and_crash(self, steps: int, seconds: int) -> None:
        self.house.power.fails_in = steps
        self.house.pass_time(seconds)
        self.house.power.fails_in = None

    # What must hold

    @invariant()
    def nothing_went_twice(self) -> None:
        for world in self.house.worlds.values():
            made = Counter(key for key, _ in world.made)
            assert all(times <= 1 + self.absent_said[key] for key, times in made.items()), made

    @invariant()
    def nothing_queued_is_forgotten(self) -> None:
        found = self.deliveries()
        assert len(found) >= self.known
        self.known = len(found)

    @invariant()
    def what_is_sent_is_there(self) -> None:
        made = {key for world in self.house.worlds.values() for key, _ in world.made}
        for one in self.deliveries():
            if one.state is DeliveryState.SENT:
                assert one.key in made or one.key in self.seen_said
            if one.state is DeliveryState.CANCELLED:
                assert one.key not in made or self.absent_said[one.key]
            if one.state is DeliveryState.REJECTED:
                assert one.key not in made or self.absent_said[one.key]

    def teardown(self) -> None:
        if hasattr(self, "house"):
            with self.stack:
                self.all_is_there()

    def all_is_there(self) -> None:
        """When all trouble is over."""
        for world in self.house.worlds.values():
            world._faults.clear()
        self.house.late.clear()
        self.house.sign_in()
        self.house.pass_time(1_800)
        made = {key for world in self.house.worlds.values() for key, _ in world.made}
        for one in self.deliveries():
            assert one.state in (DeliveryState.SENT, DeliveryState.REJECTED, DeliveryState.CANCELLED), one
            if one.state is DeliveryState.SENT:
                assert one.key in made or one.key in self.seen_said
        self.nothing_went_twice()
        connection = self.house.database.connection
        for line in record.lines(connection, limit=100_000):
            if line.subject.startswith("delivery:") and '"unknown"' in line.before:
                assert line.verb in ENDS_DOUBT, line
        assert record.verify(connection).broken_line is None
        assert all(isinstance(bug, KeyError) for bug in self.house.bugs), self.house.bugs
        for name in NAMES:
            assert row_of(self.house.database, self.house.channels[name], "m1").outgoing in ("", "trouble")


TestDelivering = Delivering.TestCase
