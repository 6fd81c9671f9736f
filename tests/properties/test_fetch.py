"""A world that goes on, a machine whose power goes at any step: nothing is lost, nothing comes twice."""

from __future__ import annotations

import contextlib

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND
from inbox.errors import BadReply, CursorExpired, Offline, Unavailable
from inbox.model import Capability, MessageState
from inbox.store import accounts, record
from tests.inbox.making import fresh_tallies, kept_tallies
from tests.properties.house import House, empty_inbox

PICK = st.integers(0, 1_000)
CHANGES = ["say", "say", "say_below", "say_below", "say_unseen", "show", "edit", "set_aside", "take_back", "remove"]
OPERATIONS = st.sampled_from(["fetch", "reread", "sweep"])
MOMENTS = st.sampled_from([BEFORE_SEND, AFTER_ACCEPT])
ERRORS = st.sampled_from([Offline, Unavailable, BadReply, CursorExpired])
FAULTS = st.none() | st.none() | st.tuples(OPERATIONS, MOMENTS, ERRORS)
STEPS = st.none() | st.integers(0, 20)
WAITS = st.sampled_from([0, 60, 60, 1_200, 90_000])


class Fetching(RuleBasedStateMachine):
    @initialize(page_size=st.integers(1, 5))
    def begin(self, page_size: int) -> None:
        self.stack = contextlib.ExitStack()
        self.house = House(self.stack.enter_context(empty_inbox()), page_size=page_size)
        self.stack.callback(self.house.close)
        self.world = self.house.worlds["blog"]
        self.complete_to = None
        self.unseen: list[str] = []

    def pick(self, number: int) -> str | None:
        ids = sorted(self.world.entries)
        return ids[number % len(ids)] if ids else None

    @rule(
        changes=st.lists(st.tuples(st.sampled_from(CHANGES), PICK), max_size=8), fault=FAULTS, crash=STEPS, wait=WAITS
    )
    def go_on(
        self,
        changes: list[tuple[str, int]],
        fault: tuple[str, str, type[Exception]] | None,
        crash: int | None,
        wait: int,
    ) -> None:
        """The world goes on, time passes, and there is a poll, which may fail or end with the power."""
        for what, number in changes:
            getattr(self, what)(number)
        self.house.clock.move(wait)
        if fault is not None:
            self.world.fail(*fault[:2], fault[2]("a fault"))
        self.house.power.fails_in = crash
        self.house.run(self.house.fetch.poll(self.house.channels["blog"], self.house.connectors["blog"]))
        self.house.power.fails_in = None

    def say(self, number: int) -> None:
        self.world.say("said")

    def say_below(self, number: int) -> None:
        self.world.say("answered", parent=self.pick(number) or "")

    def say_unseen(self, number: int) -> None:
        """It shows only later, after what was said after it."""
        self.unseen.append(self.world.say("held up", parent=self.pick(number) or "", shown=False))

    def show(self, number: int) -> None:
        if self.unseen:
            self.world.show(self.unseen.pop(number % len(self.unseen)))

    def edit(self, number: int) -> None:
        if id_ := self.shown(number):
            self.world.edit(id_, f"edited at change {self.world.change}")

    def set_aside(self, number: int) -> None:
        """Nobody asks after spam: that it is removed, only a sweep finds out."""
        if id_ := self.shown(number):
            self.world.set_state(id_, MessageState.SPAM)

    def take_back(self, number: int) -> None:
        if id_ := self.shown(number):
            self.world.set_state(id_, MessageState.PUBLISHED)

    def remove(self, number: int) -> None:
        if id_ := self.shown(number):
            self.world.remove(id_)

    def shown(self, number: int) -> str | None:
        id_ = self.pick(number)
        return id_ if id_ and self.world.entries[id_].change else None

    @invariant()
    def what_is_complete_stays_so(self) -> None:
        [one] = accounts.health(self.house.database.connection)
        assert self.complete_to is None or (one.complete_to is not None and one.complete_to >= self.complete_to)
        self.complete_to = one.complete_to

    @invariant()
    def counts_are_right(self) -> None:
        connection = self.house.database.connection
        assert kept_tallies(connection) == fresh_tallies(connection)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            with self.stack:
                self.all_is_there()

    def clean_poll(self) -> None:
        outcome = self.house.run(self.house.fetch.poll(self.house.channels["blog"], self.house.connectors["blog"]))
        assert outcome is not None
        assert outcome.error is None

    def stored(self) -> dict[str, tuple[str, str]]:
        rows = self.house.database.connection.execute("SELECT remote_id, text, state FROM messages")
        return {r: (t, s) for r, t, s in rows}

    def all_is_there(self) -> None:
        """When all trouble is over."""
        self.world._faults.clear()
        connection = self.house.database.connection
        there = {i: (e.text, e.state.value) for i, e in self.world.entries.items() if e.change}
        # One poll brings everything that is there, whatever went before, without a sweep to make up for losses.
        connector = self.house.connectors["blog"]
        connector.capabilities = connector.capabilities & ~Capability.SWEEP
        self.clean_poll()
        del connector.capabilities
        assert there.items() <= self.stored().items()
        # Once a sweep was due, what is gone there is known to be gone.
        self.house.clock.move(90_000)
        self.clean_poll()
        stored = self.stored()
        assert {i: v for i, v in stored.items() if v[1] != MessageState.DELETED} == there
        assert connection.execute("SELECT count(*) FROM messages").fetchone()[0] == len(stored), "twice"
        assert record.verify(connection).broken_line is None
        for id_, parent in [(i, e.parent) for i, e in self.world.entries.items() if e.change and e.parent in there]:
            places = {
                r[0]
                for r in connection.execute(
                    "SELECT conversation_id FROM messages WHERE remote_id IN (?, ?)", (id_, parent)
                )
            }
            assert len(places) == 1, f"{id_} is not with {parent}"


TestFetching = Fetching.TestCase
