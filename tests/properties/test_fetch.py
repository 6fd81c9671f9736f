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
        said=st.lists(
            st.tuples(
                st.none() | PICK,
                st.sampled_from([MessageState.PUBLISHED, MessageState.HELD, MessageState.SPAM]),
                st.sampled_from([True, True, False]),
            ),
            min_size=1,
            max_size=5,
        )
    )
    def say(self, said: list[tuple[int | None, MessageState, bool]]) -> None:
        for parent, state, shown in said:
            above = self.pick(parent) if parent is not None else None
            id_ = self.world.say("said", parent=above or "", state=state, shown=shown)
            if not shown:
                self.unseen.append(id_)

    @rule()
    def show(self) -> None:
        if self.unseen and (id_ := self.unseen.pop()) in self.world.entries:
            self.world.show(id_)

    @rule(number=PICK)
    def edit(self, number: int) -> None:
        if (id_ := self.pick(number)) and self.world.entries[id_].change:
            self.world.edit(id_, f"edited at change {self.world.change}")

    @rule(number=PICK, state=st.sampled_from([MessageState.PUBLISHED, MessageState.SPAM, MessageState.TRASHED]))
    def judge(self, number: int, state: MessageState) -> None:
        if (id_ := self.pick(number)) and self.world.entries[id_].change:
            self.world.set_state(id_, state)

    @rule(number=PICK)
    def remove(self, number: int) -> None:
        if (id_ := self.pick(number)) and self.world.entries[id_].change:
            self.world.remove(id_)

    @rule(number=PICK)
    def remove_what_is_set_aside(self, number: int) -> None:
        """Nobody asks after spam: only a sweep finds out."""
        self.judge(number, MessageState.SPAM)
        self.poll()
        self.remove(number)

    @rule(
        operation=st.sampled_from(["fetch", "reread", "sweep"]), moment=st.sampled_from([BEFORE_SEND, AFTER_ACCEPT]),
        error=st.sampled_from([Offline, Unavailable, BadReply, CursorExpired]),
    )  # fmt: skip
    def fail(self, operation: str, moment: str, error: type[Exception]) -> None:
        self.world.fail(operation, moment, error("a fault"))

    @rule(seconds=st.sampled_from([60, 1_200, 90_000]))
    def wait(self, seconds: int) -> None:
        self.house.clock.move(seconds)

    @rule()
    def poll(self) -> None:
        self.house.run(self.house.fetch.poll(self.house.channels["blog"], self.house.connectors["blog"]))

    @rule(news=st.integers(0, 4), steps=st.integers(0, 25))
    def poll_and_crash(self, news: int, steps: int) -> None:
        for _ in range(news):
            self.world.say("just now")
        self.house.power.fails_in = steps
        self.poll()
        self.house.power.fails_in = None

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
