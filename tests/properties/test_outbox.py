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
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import DeliveryState, MessageId, Update, UpdateKind
from inbox.publishing.outbox import SETTLE_S
from inbox.store import outbox, record
from tests.clock import START
from tests.inbox.making import message, row_of, save
from tests.properties.house import House, empty_inbox

NAMES = ("blog", "page")
NAME = st.sampled_from(NAMES)
PICK = st.integers(0, 1_000)
SECONDS = st.sampled_from([15, 30, 120, 900])
STEPS = st.none() | st.integers(0, 20)
ACTS = st.sampled_from(["publish", "publish", "reply", "cancel", "send_now", "send_now", "decide", "undo", "sign_in"])
NOT_SENT = [Offline, Unavailable, RateLimited, NotAllowed, SignInNeeded, Rejected]
LOST = [OutcomeUnknown, OutcomeUnknown, BadReply]
FAULTS = st.one_of(
    st.tuples(st.just("publish"), st.just(BEFORE_SEND), st.sampled_from([*NOT_SENT, *LOST, KeyError])),
    st.tuples(st.just("publish"), st.just(AFTER_ACCEPT), st.sampled_from([*LOST, KeyError])),
    st.tuples(st.just("find"), st.just(BEFORE_SEND), st.sampled_from([Offline, Unavailable, SignInNeeded, KeyError])),
    st.tuples(st.just("find"), st.just(AFTER_ACCEPT), st.sampled_from([Unavailable, BadReply, KeyError])),
)
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

    @rule(acts=st.lists(st.tuples(ACTS, NAME, PICK), max_size=5), crash=STEPS)
    def work(self, acts: list[tuple[str, str, int]], crash: int | None) -> None:
        """People write, take back, try again, decide; the power may go at any step of it."""
        self.house.power.fails_in = crash
        for act, name, number in acts:
            getattr(self, act)(name, number)
        self.house.power.fails_in = None

    @rule(
        faults=st.lists(st.tuples(NAME, FAULTS), max_size=4), seconds=st.sampled_from([15, 30, 120, 900]), crash=STEPS
    )
    def wait(self, faults: list[tuple[str, tuple[str, str, type[Exception]]]], seconds: int, crash: int | None) -> None:
        """Time passes, requests fail in all ways there are, and the power may go at any step."""
        for name, (operation, moment, error) in faults:
            self.house.worlds[name].fail(operation, moment, error("a fault"))
        self.house.power.fails_in = crash
        self.house.pass_time(seconds)
        self.house.power.fails_in = None

    @rule(name=NAME, steps=st.integers(0, int(SETTLE_S) // 15 - 1), crash=st.booleans())
    def be_late(self, name: str, steps: int, crash: bool) -> None:
        """The next one arrives only after we gave it up, or after the power went."""
        self.house.late[name] = (steps * 15, crash)

    @rule(seconds=st.sampled_from([7_200, 40, 1, -1, -40, -7_200]))
    def jump(self, seconds: int) -> None:
        """The wall clock is put right, or wrong: nobody sleeps longer for it, and no network is faster. Not to before
        the accounts were added: what is approved then is taken for left behind, and waits for a person."""
        since_start_s = (self.house.clock.now() - START).total_seconds()
        self.house.clock.put_back(min(seconds, since_start_s))

    def publish(self, name: str, number: int) -> None:
        update = Update(kind=UpdateKind.POST, title="Water", text=f"post {len(self.deliveries())}")
        names = NAMES if number % 2 else (name,)
        self.person(self.house.desk.publish(update, [self.house.channels[n].id for n in names]))

    def reply(self, name: str, number: int) -> None:
        text = f"reply {len(self.deliveries())}"
        self.person(self.house.desk.reply(self.questions[name], text, close=number % 2 == 0, approve_first=False))

    def cancel(self, name: str, number: int) -> None:
        if one := self.pick(number):
            update = self.person(self.house.desk.cancel(one.id))
            if update is not None:
                assert one.state in (DeliveryState.QUEUED, DeliveryState.REJECTED)
                assert update.text == one.rendition.text

    def send_now(self, name: str, number: int) -> None:
        if one := self.pick(number):
            self.person(self.house.desk.writing.send_now(one.id))

    def decide(self, name: str, number: int) -> None:
        if (one := self.pick(number)) and one.state is DeliveryState.UNKNOWN:
            if number % 3:
                self.seen_said.add(one.key)
            else:
                self.absent_said[one.key] += 1
            self.person(self.house.desk.writing.decide_unknown(one.id, arrived=bool(number % 3), url=""))

    def undo(self, name: str, number: int) -> None:
        self.person(self.house.desk.undo())

    def sign_in(self, name: str, number: int) -> None:
        self.house.sign_in()

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
