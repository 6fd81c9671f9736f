"""Two days of a channel under a storage rule, with the whole engine: what is left of members, and what of our work."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from inbox.errors import StoreFull
from inbox.model import ConversationStatus, DeliveryState, MessageKind, Moderation, Reaction
from inbox.record.export import export_csv, export_json
from inbox.store import keeping, outbox, purging, reading, record
from inbox.store.database import FILE_NAME, Database, damage
from inbox.store.purging import LOOK_EVERY_S
from tests.clock import START
from tests.inbox.command_line_office import Office
from tests.inbox.members import HOUR_S, RULED, Tongue, left, words_in
from tests.inbox.running import Running


class Page:
    """A network in memory whose members' words may be kept for two days, and what they said there."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.world = running.world
        self.world.limits = RULED
        self.tongue = Tongue()
        self.said: set[str] = set()
        self.names: set[str] = set()

    def say(self, parent: str = "") -> str:
        name, text = self.tongue.word(), self.tongue.text(20)
        self.said |= words_in(text)
        self.names |= {name}
        return self.world.say(text, author=name, parent=parent)

    def edit(self, remote_id: str) -> None:
        text = self.tongue.text(30)
        self.said |= words_in(text)
        self.world.edit(remote_id, text)

    def copies(self, away: Path) -> None:
        """What a person may make of an inbox at any time, all in one folder."""
        reader = self.running.reader
        export_csv(reader, away / "tables")
        export_json(reader, away / "all.json")
        Database.back_up(reader, away / "backups")


@pytest.fixture
def page(make: Callable[..., Running]) -> Page:
    found = Page(make(poll_by_itself=False))
    found.running.sign_in()
    return found


def test_two_days_later_no_word_of_a_member_is_left_and_our_work_is_whole(page: Page, tmp_path: Path) -> None:
    running, home = page.running, page.running.home
    engine = running.engine
    ours = page.world.say("We repair the bridge", author="We", kind=MessageKind.POST, ours=True)
    asked = [page.say(ours) for _ in range(6)]
    running.do(engine.sync())
    page.edit(asked[0])
    held = page.say(ours)
    running.do(engine.sync())
    answered, waiting, hidden, liked, edited = asked[1:]
    reply = running.do(engine.reply(running.message(answered).id, "Thank you, on Monday", close=False))
    running.do(engine.set_status([running.row(waiting).id], ConversationStatus.WAITING))
    running.do(engine.moderate(running.message(hidden).id, Moderation.HIDE))
    running.do(engine.react(running.message(liked).id, Reaction.LIKE))
    running.do(engine.save_draft("post", "Half a sentence of ours"))
    running.run(60)
    page.edit(edited)
    running.do(engine.sync())
    assert running.delivery(reply).state is DeliveryState.SENT
    assert reading.search(running.reader, running.message(answered).message.text.split()[3])
    work = _work(running.reader)

    page.copies(tmp_path / "early")
    assert left(tmp_path, page.said | page.names) == set(), "no copy has them, at no time"
    assert left(home, page.said | page.names) > set(), "the search would find them"

    running.run(24 * HOUR_S)
    running.do(engine.sync())
    assert left(home, page.names) == set()
    running.run(24 * HOUR_S)
    assert left(home, page.said | page.names) == set(), "by itself, when it was time"
    running.do(engine.sync())
    running.do(engine.react(running.message(liked).id, Reaction.UNLIKE))
    page.copies(home)
    assert left(home, page.said | page.names) == set(), "nor does anything bring them back"

    assert _work(running.reader) == work
    mine = running.message(next(e.remote_id for e in page.world.entries.values() if e.ours and e.parent))
    assert mine.message.text == "Thank you, on Monday"
    assert running.message(ours).message.text == "We repair the bridge"
    assert outbox.draft(running.reader, "post") == "Half a sentence of ours"
    assert record.verify(running.reader).broken_line is None
    assert running.message(held).withheld
    assert damage(home / FILE_NAME) == ""


def _work(connection: sqlite3.Connection) -> list[object]:
    """What we did, by whom and when, as far as it was done by then."""
    acts = [
        (e.at, e.actor, e.verb, e.subject, e.before, e.after)
        for e in record.lines(connection, limit=1_000)
        if e.at <= START + timedelta(hours=1)
    ]
    deliveries = connection.execute("SELECT id, rendition, state, sent_at, remote_id, reply_to FROM deliveries")
    states = connection.execute("SELECT id, status, settled_at FROM conversations ORDER BY id")
    return [acts, deliveries.fetchall(), states.fetchall()]


def test_at_a_start_they_are_gone_before_anybody_looks(page: Page) -> None:
    """The window paints its list between the opening of the file and the work: here the work is held."""
    running = page.running
    first = page.say()
    running.do(running.engine.sync())
    running.stop()
    assert left(running.home, page.said) == page.said
    running.clock.move(100 * HOUR_S)
    running.start(held=True)
    [row] = reading.page(running.reader, "owed")
    assert (row.author, row.snippet) == (keeping.MEMBER, keeping.FORGOTTEN)
    assert running.message(first).withheld
    assert left(running.home, page.said | page.names) == set()


def test_a_machine_that_slept_forgets_when_it_wakes(page: Page) -> None:
    running = page.running
    page.say()
    running.do(running.engine.sync())
    with running.clock._lock:  # asleep: the wall's time passes, nobody's waiting does
        running.clock._now += timedelta(hours=100)
    running.run(LOOK_EVERY_S)
    assert left(running.home, page.said | page.names) == set()


def test_looking_at_a_conversation_fetches_them_again(page: Page) -> None:
    running = page.running
    first = page.say()
    running.do(running.engine.sync())
    running.run(48 * HOUR_S)
    assert running.message(first).withheld
    running.do(running.engine.sync())
    assert running.message(first).withheld, "not by itself"
    running.do(running.engine.read_around(running.message(first).id))
    assert words_in(running.message(first).message.text) == page.said
    running.run(48 * HOUR_S)
    assert running.message(first).withheld
    assert left(running.home, page.said | page.names) == set()


def test_a_full_disk_is_said_and_it_is_tried_again(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    running = page.running
    page.say()
    running.do(running.engine.sync())

    def full(*_: object) -> NoReturn:
        raise StoreFull("no room")

    with monkeypatch.context() as disk:
        disk.setattr(purging, "_forget", full)
        running.run(24 * HOUR_S + 1)
        assert {type(e) for e in running.failed} == {StoreFull}
        running.failed.clear()
    running.run(LOOK_EVERY_S)
    assert left(running.home, page.names) == set()


def test_the_command_line_forgets_before_it_shows(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    office = Office(home, capsys)
    office.world.limits = RULED
    office.sign_in()
    tongue = Tongue()
    text, name = tongue.text(), tongue.word()
    office.world.say(text, author=name)
    office.ask("sync")
    [shown] = office.ask("show", "1")["messages"]
    assert (shown["message"]["text"], shown["message"]["author"]["name"]) == (text, name)
    assert office.ask("search", text.split()[2])["hits"]
    office.clock.move(48 * HOUR_S)
    assert "lets us keep members' words for 48 hours" in " ".join(office.run("show", "1").out.split())
    assert left(home, words_in(text, name)) == set()
    assert office.ask("search", text.split()[2])["hits"] == []
    assert office.ask("doctor")["well"]
    assert office.ask("verify")["sound"]
