"""Whatever is saved, edited, deleted, read again, asked for and settled under a storage rule, in any order: no byte of
a member's word or name outlives its time, what may be kept is shown, and our own work is whole."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from inbox.model import Batch, ConversationStatus, Cursor, Message
from inbox.store import keeping, reading, record, triage
from inbox.store.database import Database
from inbox.store.purging import Purger, overdue
from inbox.sync import fetch
from tests.clock import START
from tests.inbox.making import OFFICER, add_channel, fresh_tallies, kept_tallies, message, save, stored
from tests.inbox.members import Tongue, left, names_in, ruled_channel, words_in
from tests.properties.house import empty_inbox

NUMBERS = st.integers(0, 7)
WORDS_H, NAME_H = 48, 24


class Rule(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.stack = contextlib.ExitStack()
        self.home: Path = self.stack.enter_context(empty_inbox())
        self.open()
        self.page, self.blog = ruled_channel(self.database), add_channel(self.database)
        self.tongue = Tongue()
        self.hour = 0
        self.said: dict[str, Message] = {}  # as the network has it
        self.shown: dict[str, Message] = {}  # as it was last kept here
        self.since: dict[str, int] = {}  # when its period began
        self.ours: dict[str, str] = {}
        self.due: dict[str, int] = {}  # every word, and the hour from which on it may be nowhere

    def open(self) -> None:
        self.database = Database.open(self.home)
        self.database.connection.execute("PRAGMA secure_delete=OFF")
        self.purger = Purger(self.database)

    @property
    def now(self) -> object:
        return START + timedelta(hours=self.hour)

    def save(self, *batch: Message, asked: bool = False, gone: tuple[str, ...] = ()) -> None:
        for m in batch:
            self.due |= {w: self.due.get(w, self.hour) for w in words_in(m)}
            if m.remote_id not in self.since or asked:
                self.since[m.remote_id] = self.hour
            since = self.since[m.remote_id]
            if since + WORDS_H > self.hour:
                self.shown[m.remote_id] = m
                names = names_in(m)
                self.due |= dict.fromkeys(words_in(m) - names, since + WORDS_H)
                if since + NAME_H > self.hour:
                    self.due |= dict.fromkeys(names, since + NAME_H)
        whole = Batch(messages=batch, gone=gone, cursor=Cursor(""))
        fetch.save(self.database, self.page, whole, at=self.now, asked=asked)  # type: ignore[arg-type]

    @rule(
        numbers=st.lists(NUMBERS, min_size=1, max_size=4, unique=True),
        parent=NUMBERS,
        count=st.sampled_from([1, 40, 700]),
    )
    def say(self, numbers: list[int], parent: int, count: int) -> None:
        """New ones come, and those that are there already are edited."""
        batch = []
        for n in numbers:
            before = self.said.get(f"c{n}")
            above = before.parent_remote_id if before else f"c{parent}" if parent != n else ""
            self.said[f"c{n}"] = self.tongue.member(f"c{n}", count, parent_remote_id=above, created_at=self.now)
            batch.append(self.said[f"c{n}"])
        self.save(*batch)

    @rule(asked=st.booleans())
    def read_again(self, asked: bool) -> None:
        self.save(*self.said.values(), asked=asked)

    @rule(n=NUMBERS)
    def edit_only_the_text(self, n: int) -> None:
        if f"c{n}" in self.said:
            self.said[f"c{n}"] = replace(self.said[f"c{n}"], text=self.tongue.text(3))
            self.save(self.said[f"c{n}"])

    @rule(n=NUMBERS)
    def lose(self, n: int) -> None:
        self.save(gone=(f"c{n}",))

    @rule(n=NUMBERS, parent=NUMBERS)
    def answer(self, n: int, parent: int) -> None:
        text = f"our answer {len(self.ours)} at {self.hour}"
        self.ours[f"o{n}"] = text
        reply = message(f"o{n}", text, ours=True, parent_remote_id=f"c{parent}", created_at=self.now)
        save(self.database, self.page, reply, at=self.now)  # type: ignore[arg-type]

    @rule(n=NUMBERS)
    def elsewhere(self, n: int) -> None:
        save(self.database, self.blog, message(f"m{n}", "o" * 3_000 * n), at=self.now)  # type: ignore[arg-type]

    @rule(status=st.sampled_from(list(ConversationStatus)))
    def decide(self, status: ConversationStatus) -> None:
        with self.database.transaction() as connection:
            ids = [r[0] for r in connection.execute("SELECT id FROM conversations WHERE id % 2")]
            triage.set_status(connection, ids, status, at=self.now, actor=OFFICER)  # type: ignore[arg-type]

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.hour += hours

    @rule()
    def start_again(self) -> None:
        self.database.close()
        self.open()
        self.purge()

    @rule()
    def back_up(self) -> None:
        copy = Database.back_up(self.database.connection, self.home.parent / f"{self.home.name}-copies")
        try:
            assert left(copy.parent, self.due) == set()
        finally:
            copy.unlink()
            copy.parent.rmdir()

    @rule()
    def purge(self) -> None:
        self.purger.run(self.now)  # type: ignore[arg-type]
        assert left(self.home, (w for w, at in self.due.items() if at <= self.hour)) == set()
        assert not overdue(self.database.connection, self.now)  # type: ignore[arg-type]
        for remote_id, m in self.shown.items():
            found, since = stored(self.database, self.page, remote_id), self.since[remote_id]
            if since + WORDS_H <= self.hour:
                assert found.withheld
                assert (found.message.text, found.message.author.name) == ("", keeping.MEMBER)
                continue
            assert found.message.text == m.text
            named = since + NAME_H > self.hour
            assert found.message.author.name == (m.author.name if named else keeping.MEMBER)
            [hit] = reading.search(self.database.connection, m.text.split()[0])
            assert hit.message_id == found.id

    def teardown(self) -> None:
        if not hasattr(self, "database"):
            return
        with self.stack:
            try:
                self.purge()
                self.hour += WORDS_H
                self.purge()
                connection = self.database.connection
                assert {i: stored(self.database, self.page, i).message.text for i in self.ours} == self.ours
                assert connection.execute("SELECT count(*) FROM fleeting_rows").fetchone() == (0,)
                assert record.verify(connection).broken_line is None
                assert kept_tallies(connection) == fresh_tallies(connection)
                connection.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")
                assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
            finally:
                self.database.close()


TestRule = Rule.TestCase
TestRule.settings = settings(max_examples=60, stateful_step_count=30)
