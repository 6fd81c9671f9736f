"""Words that may be kept for some hours only: shown while they may be, and then not one byte of them left."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from inbox.model import (
    Author,
    Batch,
    Channel,
    ConversationStatus,
    Cursor,
    Limits,
    Message,
    MessageKind,
    MessageState,
    Quoted,
)
from inbox.record.export import export_csv, export_json
from inbox.store import accounts, keeping, reading, record, triage
from inbox.store.database import FILE_NAME, Database, damage
from inbox.store.purging import AHEAD_S, LOOK_EVERY_S, SOON_S, Purger, overdue
from inbox.sync import fetch
from tests.clock import START
from tests.inbox.making import OFFICER, add_channel, fresh_tallies, kept_tallies, message, row_of, save, stored
from tests.inbox.members import RULED, Tongue, left, names_in, ruled_channel, words_in
from tests.inbox.store.test_database import older_file

ROOT = Path(__file__).resolve().parents[3]
KILLS = 16
SHORT = {"title": "", "html": "", "warning": "", "attachments": (), "quoted": None, "card": None, "poll": None}
"""Of a comment with nothing but words."""


def hours(number: float) -> datetime:
    return START + timedelta(hours=number)


@pytest.fixture
def database(home: Path) -> Iterator[Database]:
    """As SQLite is built by default: it overwrites nothing unless it is told to."""
    with contextlib.closing(Database.open(home)) as opened:
        opened.connection.execute("PRAGMA secure_delete=OFF")
        yield opened


@pytest.fixture
def page(database: Database) -> Channel:
    return ruled_channel(database)


@pytest.fixture
def tongue() -> Tongue:
    return Tongue()


def purge(database: Database, at: datetime) -> None:
    Purger(database).run(at)


def asked_for(database: Database, page: Channel, *said: Message, at: datetime) -> None:
    fetch.save(database, page, Batch(messages=said, cursor=Cursor("")), at=at, asked=True)


def test_words_are_shown_while_they_may_be_kept(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1", edited_at=hours(-1))
    save(database, page, said)
    found = stored(database, page, "c1")
    assert found.message == replace(said, raw=b"")
    assert (found.withheld, found.versions) == ("", 0)
    row = row_of(database, page, "c1")
    assert (row.author, row.handle, row.subject) == (said.author.name, said.author.handle, said.title)
    assert row.snippet == said.text
    assert row.place == "owed"
    [one] = reading.page(database.connection, "owed", network="linkedin")
    assert one == row


def test_nothing_of_them_lies_where_things_stay(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    save(database, page, replace(said, text=tongue.text()), at=hours(1))
    for table in ("messages", "conversations", "raw", "earlier", "events", "polls"):
        assert words_in(*database.connection.execute(f"SELECT * FROM {table}")) == set(), table
    assert database.connection.execute("SELECT count(*) FROM raw").fetchone() == (0,), "a raw form is packed"
    database.connection.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab (main, messages_fts, row)")
    terms = [r[0] for r in database.connection.execute("SELECT term FROM terms WHERE length(term) > 3")]
    assert terms == ["member"]


def test_an_edit_is_noted_without_its_words(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    did = save(database, page, replace(said, text="other words"), at=hours(1))
    assert did.edited == 1
    assert did.conversations
    assert stored(database, page, "c1").message.text == "other words"
    assert row_of(database, page, "c1").snippet == "other words"
    [event] = [e for e in record.lines(database.connection) if e.verb == "edited"]
    assert (event.before, event.after) == ("{}", "{}")
    again = save(database, page, replace(said, text="other words"), at=hours(2))
    assert (again.edited, again.conversations) == (0, set())


def test_names_go_first_and_do_not_come_back_by_themselves(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    purge(database, hours(23.9))
    assert stored(database, page, "c1").message.author == said.author
    purge(database, hours(24))
    for again in (False, True):
        if again:
            save(database, page, said, at=hours(25))
        found = stored(database, page, "c1").message
        assert found.author == Author(name=keeping.MEMBER)
        assert found.text == said.text
        assert row_of(database, page, "c1").author == keeping.MEMBER
        assert row_of(database, page, "c1").snippet == said.text
        assert left(database.path.parent, names_in(said)) == set()
    assert left(database.path.parent, words_in(said.text)) == words_in(said.text), "the search finds what is there"


def test_after_their_time_a_message_says_why_it_is_empty(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1", created_at=hours(-5), edited_at=hours(-4))
    save(database, page, said)
    with database.transaction() as connection:
        triage.set_status(
            connection, [row_of(database, page, "c1").id], ConversationStatus.WAITING, at=hours(1), actor=OFFICER
        )
    before = row_of(database, page, "c1")
    purge(database, hours(48))
    found = stored(database, page, "c1")
    assert found.withheld == "Its network lets us keep members' words for 48 hours. Open it there, or fetch it again."
    assert found.message == Message(
        remote_id="c1", kind=said.kind, author=Author(name=keeping.MEMBER), created_at=START, text="", url=said.url,
        details=said.details,
    )  # fmt: skip
    row = row_of(database, page, "c1")
    assert (row.author, row.handle, row.snippet, row.subject) == (keeping.MEMBER, "", keeping.FORGOTTEN, "")
    assert (row.status, row.place, row.unread, row.messages) == (before.status, "waiting", before.unread, 1)
    assert row.last_at == START, "when we saw it, not when it was written"
    assert left(database.path.parent, words_in(said)) == set()


@pytest.mark.parametrize("how", ["poll", "person"])
def test_only_a_person_brings_them_back(database: Database, page: Channel, tongue: Tongue, how: str) -> None:
    said = tongue.member("c1", created_at=hours(-5))
    save(database, page, said)
    purge(database, hours(48))
    if how == "poll":
        did = save(database, page, said, at=hours(50))
        assert not did.conversations
        assert stored(database, page, "c1").withheld
        assert stored(database, page, "c1").message.created_at == START
        assert left(database.path.parent, words_in(said)) == set()
        return
    asked_for(database, page, said, at=hours(50))
    found = stored(database, page, "c1")
    assert (found.message, found.withheld) == (replace(said, raw=b""), "")
    assert row_of(database, page, "c1").snippet == said.text
    purge(database, hours(50 + 24))
    assert stored(database, page, "c1").message.author.name == keeping.MEMBER
    purge(database, hours(50 + 48))
    assert stored(database, page, "c1").withheld
    assert left(database.path.parent, words_in(said)) == set()


def test_what_is_seen_again_keeps_its_first_time(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    for hour in range(4, 48, 4):
        said = replace(said, text=tongue.text())
        save(database, page, said, at=hours(hour))
        assert stored(database, page, "c1").message.text == said.text
    purge(database, hours(48))
    assert stored(database, page, "c1").withheld


def test_words_whose_time_is_over_do_not_come_back_before_they_are_purged(
    database: Database, page: Channel, tongue: Tongue
) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    save(database, page, replace(said, text=tongue.text()), at=hours(49))
    assert overdue(database.connection, hours(49))
    purge(database, hours(49))
    assert stored(database, page, "c1").withheld
    assert not overdue(database.connection, hours(500))


def test_ours_stays_whole_without_what_it_quotes(database: Database, page: Channel, tongue: Tongue) -> None:
    theirs = Quoted(remote_id="c9", author=tongue.word(), text=tongue.text(), url="https://network.invalid/c9")
    post = message("p1", "Our words", kind=MessageKind.POST, ours=True, title="News", quoted=theirs, raw=b"packed")
    said = tongue.member("c1", parent_remote_id="p1")
    reply = message("r1", "Thank you", ours=True, parent_remote_id="c1", created_at=hours(1))
    save(database, page, post, said, reply)
    edited = replace(reply, text="Thank you very much")
    save(database, page, edited, at=hours(2))
    purge(database, hours(60))
    found = stored(database, page, "p1").message
    assert (found.text, found.title) == ("Our words", "News")
    assert found.quoted == Quoted(remote_id="c9", url=theirs.url, withheld="Its words may not be kept here.")
    assert stored(database, page, "r1").message.text == edited.text
    assert not stored(database, page, "r1").withheld
    assert [e.text for e in reading.earlier(database.connection, stored(database, page, "r1").id)] == ["Thank you"]
    row = row_of(database, page, "c1")
    assert (row.place, row.subject, row.messages) == ("quiet", "News", 3)
    assert left(database.path.parent, words_in(said, theirs)) == set()


def test_what_turns_out_to_be_ours_is_ours(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    save(database, page, message("c1", "Our own words", ours=True), at=hours(1))
    purge(database, hours(60))
    assert stored(database, page, "c1").message.text == "Our own words"
    assert left(database.path.parent, words_in(said)) == set()


@pytest.mark.parametrize("spelt", ["name", "handle", "words"])
def test_an_address_made_of_words_goes_with_them(database: Database, page: Channel, tongue: Tongue, spelt: str) -> None:
    said = tongue.member("c1")
    first, second, *_ = said.text.split()
    piece = {"name": said.author.name, "handle": f"posts/{said.author.handle}", "words": f"{first}-{second}"}[spelt]
    said = replace(said, url=f"https://network.invalid/{piece}-activity-12".upper())
    save(database, page, said)
    assert stored(database, page, "c1").message.url == said.url
    purge(database, hours(48))
    assert stored(database, page, "c1").message.url == ""
    assert left(database.path.parent, words_in(said)) == set()


def test_search_finds_them_while_they_are_here(database: Database, page: Channel, tongue: Tongue) -> None:
    other = add_channel(database)
    save(database, page, tongue.member("c1", text="Das Höchstwasser steigt 👍 水位高", title="Pegel"))
    save(database, other, message("m1", "Hochstwasser, ein Wort"))
    save(database, page, tongue.member("c2", text="Hochstwassermarke"))

    def found(words: str, **how: object) -> list[str]:
        hits = reading.search(database.connection, words, **how)  # type: ignore[arg-type]
        return [str(reading.message(database.connection, h.message_id).message.remote_id) for h in hits]  # type: ignore[union-attr]

    assert found("hochstwasser") == ["c2", "m1", "c1"]
    assert found("hochstwasser ") == ["m1", "c1"], "a whole word"
    assert found("höch") == ["c2", "m1", "c1"]
    assert found("h") == ["c2", "m1", "c1"]
    assert found("pegel steigt das") == ["c1"]
    assert found("👍") == found("水位") == ["c1"]
    assert found("höch", network="memory") == ["m1"]
    assert found("höch", network="linkedin", limit=1) == ["c2"]
    assert found("höch", before_id=stored(database, page, "c2").id) == ["m1", "c1"]
    assert found("wasser") == []
    name = stored(database, page, "c1").message.author.name
    [hit] = reading.search(database.connection, name)
    assert (hit.author, hit.text) == (name, "Das Höchstwasser steigt 👍 水位高")
    by_neutral = reading.search(database.connection, "member")
    assert words_in(*(h.author for h in by_neutral)), "found by something else, shown with its words all the same"
    purge(database, hours(48))
    assert found("hochstwasser") == ["m1"]
    assert found("👍") == found(name) == []


def test_no_export_and_no_copy_has_them_at_any_time(
    database: Database, page: Channel, tongue: Tongue, tmp_path: Path
) -> None:
    said = [tongue.member(f"c{n}", created_at=hours(-n)) for n in range(1, 40)]
    save(database, page, *said, message("p1", "Our words", ours=True, parent_remote_id="c1"))
    away = tmp_path / "away"
    for hour in (1, 25, 60):
        with contextlib.closing(database.reader()) as reader:
            export_csv(reader, away / f"csv{hour}")
            export_json(reader, away / f"all{hour}.json")
        copy = Database.back_up(database.connection, away / "backups")
        assert damage(copy) == ""
        assert left(away, words_in(*said)) == set(), f"at {hour} hours"
        assert sorted(p.name for p in (away / "backups").glob("*") if p != copy and "sqlite3" not in p.suffix) == []
        purge(database, hours(hour))
    written = (away / "all1.json").read_text(encoding="utf-8")
    assert "Our words" in written
    assert "lets us keep members' words for 48 hours" in written
    assert '"withheld":""' in written
    assert "2026-03-02T08:00" not in written, "when a member wrote is kept no longer than what"
    with contextlib.closing(Database.open(_unpacked(copy, tmp_path / "again"))) as again:
        assert reading.message_by_remote_id(again.connection, page.id, "p1") is not None
        assert record.verify(again.connection).broken_line is None
        assert stored(again, page, "c2").withheld


def _unpacked(copy: Path, home: Path) -> Path:
    home.mkdir()
    (home / FILE_NAME).write_bytes(copy.read_bytes())
    return home


def test_half_a_copy_is_removed_at_the_next_start(home: Path, tongue: Tongue) -> None:
    Database.open(home).close()
    (home / "backups").mkdir()
    for name in ("inbox-v4-1.part", "inbox-v4-1.part-wal"):
        (home / "backups" / name).write_text(tongue.text())
    (home / "backups" / "inbox-v4-1.sqlite3").write_text("kept")
    Database.open(home).close()
    assert [f.name for f in (home / "backups").iterdir()] == ["inbox-v4-1.sqlite3"]


def test_pictures_seen_beside_them_go_with_them(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    shelf = database.path.parent / "media" / "fetched"
    shelf.mkdir(parents=True)
    theirs, other = (shelf / hashlib.sha256(u.encode()).hexdigest() for u in (said.attachments[0].url, "https://b/c"))
    theirs.write_bytes(b"face")
    other.write_bytes(b"other")
    purge(database, hours(47))
    assert theirs.exists()
    purge(database, hours(48))
    assert (theirs.exists(), other.exists()) == (False, True)


def test_removing_the_account_forgets_at_once(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    with database.transaction() as connection:
        accounts.remove_account(connection, page.account_id, at=hours(1))
    purge(database, hours(1))
    assert stored(database, page, "c1").withheld
    assert left(database.path.parent, words_in(said)) == set()


def test_two_conversations_that_turn_out_to_be_one(database: Database, page: Channel, tongue: Tongue) -> None:
    late = tongue.member("c2", parent_remote_id="c1")
    save(database, page, late, tongue.member("c3", parent_remote_id="c2"))
    waiting = row_of(database, page, "c3").id
    save(database, page, tongue.member("c1"), at=hours(1))
    save(database, page, tongue.member("c9", parent_remote_id="c8"), at=hours(1))
    save(database, page, tongue.member("c8", parent_remote_id="c1"), at=hours(2))
    rows = [r[0] for r in database.connection.execute("SELECT conversation_id FROM fleeting_rows")]
    assert rows == [r[0] for r in database.connection.execute("SELECT id FROM conversations")]
    assert waiting in rows or row_of(database, page, "c3").id in rows


def test_words_that_came_while_the_clock_was_ahead_go_once_it_is_right(
    database: Database, page: Channel, tongue: Tongue
) -> None:
    """Nobody knows how long they have been here."""
    ahead, now = tongue.member("c1"), tongue.member("c2")
    save(database, page, ahead, at=hours(365 * 24))
    save(database, page, now, at=hours(0) + timedelta(seconds=AHEAD_S))
    plain = add_channel(database, "blog")
    save(database, plain, message("b1", "Ours to keep"), at=hours(365 * 24))
    assert overdue(database.connection, hours(0))
    Purger(database).run(hours(0))
    assert stored(database, page, "c1").withheld
    assert stored(database, page, "c2").message.text == now.text, "a small step of a time server is no such thing"
    assert stored(database, plain, "b1").message.text == "Ours to keep"
    assert not overdue(database.connection, hours(0))
    assert not left(database.path.parent, words_in(ahead))
    save(database, page, ahead, at=hours(1))
    assert stored(database, page, "c1").withheld, "and do not come back by themselves"


def test_a_line_of_the_record_says_that_words_were_forgotten(database: Database, page: Channel, tongue: Tongue) -> None:
    save(database, page, tongue.member("c1"), tongue.member("c2"))
    purge(database, hours(48))
    newest = record.lines(database.connection, limit=1)[0]
    assert (newest.actor, newest.verb, newest.subject) == ("machine", "forgot words", f"channel:{page.id}")
    assert newest.after == '{"messages": 2}'
    purge(database, hours(49))
    assert record.lines(database.connection, limit=1)[0].id == newest.id


def test_when_to_look_again(database: Database, tongue: Tongue) -> None:
    purger = Purger(database)
    assert not purger.run(START)
    assert purger.wait_s(START) == LOOK_EVERY_S
    page = ruled_channel(database)
    save(database, page, tongue.member("c1"))
    purger.run(START)
    assert purger.wait_s(START) == LOOK_EVERY_S, "a machine may sleep meanwhile"
    assert purger.wait_s(hours(24) - timedelta(seconds=9)) == 9
    assert purger.run(hours(24)).conversations == {row_of(database, page, "c1").id}
    assert not purger.run(hours(24))


def test_a_reader_in_the_way_is_waited_for(database: Database, page: Channel, tongue: Tongue) -> None:
    said = tongue.member("c1")
    save(database, page, said)
    purger = Purger(database)
    purger.run(START)
    with contextlib.closing(database.reader()) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        purger.run(hours(48))
        assert purger.wait_s(hours(48)) == SOON_S
        assert left(database.path.parent, words_in(said)), "its snapshot still has them"
        reader.execute("COMMIT")
    assert stored(database, page, "c1").withheld
    purger.run(hours(48))
    assert purger.wait_s(hours(48)) == LOOK_EVERY_S
    assert left(database.path.parent, words_in(said)) == set()


def test_channels_without_the_rule_are_as_ever(database: Database, page: Channel, tongue: Tongue) -> None:
    blog = add_channel(database)
    said = tongue.member("m1")
    save(database, blog, said)
    save(database, page, tongue.member("c1"))
    purge(database, hours(5_000))
    assert stored(database, blog, "m1").message == replace(said, raw=b"")
    assert reading.raw(database.connection, stored(database, blog, "m1").id) == said.raw
    assert left(database.path.parent, words_in(said.text)) == words_in(said.text)


@pytest.mark.parametrize(
    ("text_s", "name_s", "rule"),
    [(None, None, None), (100, None, (100, 100)), (None, 50, (50, 50)), (100, 50, (100, 50)), (50, 100, (50, 50))],
)
def test_the_shorter_time_wins(text_s: int | None, name_s: int | None, rule: tuple[int, int] | None) -> None:
    found = keeping.rule(Limits(keep_text_s=text_s, keep_name_s=name_s))
    assert found == (rule and tuple(s * 1000 for s in rule))


def test_history_is_still_born_settled(database: Database, tongue: Tongue) -> None:
    page = ruled_channel(database, history_before=START)
    save(database, page, tongue.member("c1", created_at=hours(-100)))
    assert row_of(database, page, "c1").place == "done"
    purge(database, hours(48))
    assert row_of(database, page, "c1").place == "done"


def test_an_older_inbox_forgets_too(home: Path, tongue: Tongue) -> None:
    older_file(home, 4)
    with contextlib.closing(Database.open(home)) as opened:
        opened.connection.execute("PRAGMA secure_delete=OFF")
        page = ruled_channel(opened)
        said = [tongue.member(f"c{n}") for n in range(50)]
        save(opened, page, *said)
        assert stored(opened, page, "c1").message.text == said[1].text
        purge(opened, hours(48))
        assert stored(opened, page, "c1").withheld
    assert left(home, words_in(*said)) == set()


@pytest.mark.parametrize("seed", range(4))
def test_thousands_come_and_go_and_leave_nothing(database: Database, page: Channel, seed: int) -> None:
    """What a page that was rebuilt keeps in its gaps would be found here: so it is when rows are only deleted."""
    tongue, chance = Tongue(seed), random.Random(seed)
    home, connection = database.path.parent, database.connection
    blog = add_channel(database)
    purger = Purger(database)
    said: dict[str, Message] = {}
    first: dict[str, int] = {}
    due: dict[str, int] = {}  # every word, and the hour from which on it may be nowhere
    for hour in range(0, 160, 4):
        above = ["", *said]
        batch = [
            tongue.member(
                f"c{len(said) + n}", chance.choice([1, 3, 10, 60, 300]), parent_remote_id=chance.choice(above),
                **(SHORT if chance.random() < 0.7 else {}),
            )
            for n in range(chance.randint(1, 40))
        ]  # fmt: skip
        again = chance.sample(sorted(said), min(len(said), 24))
        changed = [replace(said[i], text=tongue.text(chance.choice([1, 5, 100]))) for i in again]
        wanted = changed[len(changed) // 2 :]
        for m in (*batch, *changed):
            said[m.remote_id] = m
            seen = first[m.remote_id] = hour if m in wanted else first.get(m.remote_id, hour)
            due |= dict.fromkeys(words_in(m), seen + 48) | dict.fromkeys(names_in(m), seen + 24)
        gone = tuple(chance.sample(again, len(again) // 3))
        save(database, page, *batch, *changed[: len(changed) // 2], at=hours(hour), gone=gone)
        asked_for(database, page, *wanted, at=hours(hour))
        save(database, blog, message(f"m{hour}", "o" * chance.randint(1, 9_000)), at=hours(hour))
        if chance.random() < 0.4:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        if chance.random() < 0.4:
            purger.run(hours(hour))
            assert left(home, (w for w, at in due.items() if at <= hour)) == set()
    assert len(due) > 20_000
    assert len(left(home, due)) > 5_000, "the search would find them"
    purger.run(hours(160 + 48))
    assert left(home, due) == set()
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")
    assert record.verify(connection).broken_line is None
    assert kept_tallies(connection) == fresh_tallies(connection)
    assert connection.execute("SELECT count(*) FROM messages").fetchone()[0] == len(said) + 40
    gone = connection.execute("SELECT count(*) FROM messages WHERE state = ?", (MessageState.DELETED,)).fetchone()[0]
    assert gone


def test_what_a_new_period_replaced_goes_when_it_would_have_gone(
    database: Database, page: Channel, tongue: Tongue
) -> None:
    old, new = tongue.member("c1", 300), tongue.member("c1", 300)
    purger = Purger(database)
    save(database, page, old)
    purger.run(hours(1))
    asked_for(database, page, new, at=hours(40))
    purger.run(hours(48))
    assert left(database.path.parent, words_in(old)) == set()
    assert stored(database, page, "c1").message.text == new.text
    assert not overdue(database.connection, hours(50))
    purger.run(hours(40 + 48))
    assert left(database.path.parent, words_in(new)) == set()
    assert database.connection.execute("SELECT count(*) FROM fleeting").fetchone() == (0,)


def test_a_name_whose_time_is_over_goes_also_when_an_edit_came_before_the_purger(
    database: Database, page: Channel, tongue: Tongue
) -> None:
    said = tongue.member("c1", 300)
    purger = Purger(database)
    save(database, page, said)
    purger.run(hours(1))
    edited = replace(said, text=tongue.text(300))
    save(database, page, edited, at=hours(25))
    purger.run(hours(25))
    assert left(database.path.parent, names_in(said)) == set()
    found = stored(database, page, "c1").message
    assert (found.author, found.text) == (Author(name=keeping.MEMBER), edited.text)
    assert not overdue(database.connection, hours(47))


def test_what_was_edited_away_in_an_earlier_period_goes_with_that(
    database: Database, page: Channel, tongue: Tongue
) -> None:
    names = [f"c{n}" for n in range(8)]
    first, edited = ([tongue.member(n, count) for n in names] for count in (40, 700))
    purger = Purger(database)
    save(database, page, *first)
    purger.run(hours(1))
    save(database, page, *edited, at=hours(10))
    asked_for(database, page, *edited, at=hours(30))  # nothing new, and yet another period
    purger.run(hours(30))
    assert left(database.path.parent, set().union(*map(names_in, first))) == set()
    purger.run(hours(48))
    assert left(database.path.parent, set().union(*map(words_in, first))) == set()
    assert [stored(database, page, n).message.text for n in names] == [m.text for m in edited]
    purger.run(hours(30 + 48))
    assert left(database.path.parent, set().union(*map(words_in, edited))) == set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the purger is forked, so that it can be killed in its tracks")
def test_killed_while_it_forgets(home: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    done = subprocess.run(
        [sys.executable, "-m", "tests.inbox.store.killed_purger", str(home), str(KILLS), str(seed)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, f"seed {seed}\n{done.stderr}"
    fates = done.stdout.split()
    assert len(fates) == KILLS
    assert {"before", "after"} <= set(fates), f"all alike: this tried little {fates}"


def test_the_rule_of_these_tests_is_that_of_the_network() -> None:
    assert keeping.rule(RULED) == (48 * 3_600_000, 24 * 3_600_000)
