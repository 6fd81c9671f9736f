"""Whatever is saved, decided and undone: counts equal a fresh count, search equals the text, the record is sound."""

from __future__ import annotations

import contextlib

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from inbox.model import ConversationStatus, MessageKind, MessageState
from inbox.store import reading, record, triage
from inbox.store.database import Database
from tests.inbox.making import OFFICER, add_channel, fresh_tallies, kept_tallies, later, message, save
from tests.properties.house import empty_inbox

IDS = st.sampled_from([f"m{n}" for n in range(8)])


class Store(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = contextlib.ExitStack()
        home = self.stack.enter_context(empty_inbox())
        self.database = self.stack.enter_context(contextlib.closing(Database.open(home)))
        self.channels = [add_channel(self.database), add_channel(self.database, network="feed", account="feed-1")]
        self.clock = 0
        self.undo: list[str] = []
        self.texts: dict[tuple[str, str], str] = {}

    def now(self) -> int:
        self.clock += 1
        return self.clock

    @rule(
        which=st.integers(0, 1),
        said=st.lists(
            st.tuples(IDS, st.sampled_from(["", *[f"m{n}" for n in range(10)]]), st.sampled_from(list(MessageState)),
                      st.sampled_from(["alpha", "beta", "gamma"]), st.booleans(), st.sampled_from(list(MessageKind))),
            min_size=1, max_size=4,
        ),
    )  # fmt: skip
    def save(self, which: int, said: list[tuple[str, str, MessageState, str, bool, MessageKind]]) -> None:
        channel, at = self.channels[which], later(self.now())
        batch = [message(i, t, parent_remote_id=p, state=s, ours=o, kind=k, created_at=at) for i, p, s, t, o, k in said]
        save(self.database, channel, *batch, at=at)
        self.texts |= {(channel.id, i): t for i, _, _, t, _, _ in said}

    @rule(which=st.integers(0, 1), ids=st.lists(IDS, max_size=3))
    def lose(self, which: int, ids: list[str]) -> None:
        save(self.database, self.channels[which], gone=tuple(ids), at=later(self.now()))

    def some(self, picks: list[int]) -> list[int]:
        ids = [r[0] for r in self.database.connection.execute("SELECT id FROM conversations ORDER BY id")]
        return [ids[p % len(ids)] for p in picks] if ids else []

    @rule(picks=st.lists(st.integers(0, 20), max_size=4), status=st.sampled_from(list(ConversationStatus)))
    def decide(self, picks: list[int], status: ConversationStatus) -> None:
        with self.database.transaction() as connection:
            self.undo.append(
                triage.set_status(connection, self.some(picks), status, at=later(self.now()), actor=OFFICER)
            )

    @rule()
    def undo_last(self) -> None:
        if self.undo:
            with self.database.transaction() as connection:
                triage.restore(connection, self.undo.pop(), at=later(self.now()), actor=OFFICER)

    @rule(picks=st.lists(st.integers(0, 20), max_size=4), read=st.booleans())
    def mark_read(self, picks: list[int], read: bool) -> None:
        with self.database.transaction() as connection:
            triage.mark_read(connection, self.some(picks), read)

    @invariant()
    def counts_are_right(self) -> None:
        connection = self.database.connection
        assert kept_tallies(connection) == fresh_tallies(connection)
        assert all(c > 0 and u >= 0 for c, u in kept_tallies(connection).values())
        counted = connection.execute(
            "SELECT count(*) FROM conversations c WHERE messages <>"
            " (SELECT count(*) FROM messages m WHERE m.conversation_id = c.id)"
        ).fetchone()[0]
        assert counted == 0

    @invariant()
    def a_place_agrees_with_what_is_owed(self) -> None:
        for status, place, owed, unread in self.database.connection.execute(
            "SELECT status, place, owed, unread FROM conversations"
        ):
            assert place != "owed" or (owed > 0 and status == "open")
            assert place != "quiet" or (owed == 0 and status == "open")
            assert place not in ("done", "waiting") or (status == place and owed == 0)
            assert unread in (0, 1)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            with self.stack:
                self.all_is_there()

    def all_is_there(self) -> None:
        """When all trouble is over."""
        connection = self.database.connection
        assert record.verify(connection).broken_line is None
        connection.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")
        for word in ("alpha", "beta", "gamma"):
            hits = {h.message_id for h in reading.search(connection, word, limit=100)}
            said = {r[0] for r in connection.execute("SELECT id FROM messages WHERE text = ?", (word,))}
            assert hits == said
        stored = {(c, r): t for c, r, t in connection.execute("SELECT channel_id, remote_id, text FROM messages")}
        assert stored == self.texts
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


TestStore = Store.TestCase
