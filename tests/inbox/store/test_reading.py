"""What the window reads: pages by key, counts, search."""

from __future__ import annotations

import random

import pytest

from inbox.model import Author, ConversationStatus, MessageState
from inbox.store import reading, triage
from inbox.store.database import Database
from inbox.store.reading import EVERYTHING, Key
from inbox.store.words import SHOWN, excerpt, sought
from tests.inbox.making import OFFICER, add_channel, fresh_tallies, kept_tallies, later, message, row_of, save


def paged(database: Database, place: str, limit: int, network: str = "") -> list[reading.ConversationRow]:
    """The whole list, page by page."""
    found: list[reading.ConversationRow] = []
    after = None
    while page := reading.page(database.connection, place, network=network, after=after, limit=limit):
        assert len(page) <= limit
        found += page
        after = Key(page[-1].last_at, page[-1].id)
    return found


@pytest.mark.parametrize("limit", [1, 3, 7, 60])
def test_pages_make_up_the_list(database: Database, limit: int) -> None:
    one, other = add_channel(database), add_channel(database, network="feed", account="feed-1")
    for i in range(25):  # many at the same moment, so that the id decides
        channel = other if i % 4 == 0 else one
        save(
            database,
            channel,
            message(
                f"m{i}", created_at=later(i // 5), state=MessageState.SPAM if i % 6 == 0 else MessageState.PUBLISHED
            ),
        )
    for place in (EVERYTHING, "owed", "aside", "done"):
        for network in ("", "memory", "feed"):
            whole = reading.page(database.connection, place, network=network, limit=1_000)
            assert paged(database, place, limit, network) == whole
            assert whole == sorted(whole, key=lambda r: (r.last_at, r.id), reverse=True)
    assert len(paged(database, EVERYTHING, limit)) == 20
    assert {r.network for r in paged(database, EVERYTHING, limit, "feed")} == {"feed"}


def test_paging_misses_nobody_who_stays_while_others_move(database: Database) -> None:
    channel = add_channel(database)
    chance = random.Random(7)
    for i in range(40):
        save(database, channel, message(f"m{i}", created_at=later(i)))
    seen: list[int] = []
    moved: set[int] = set()
    after = None
    tick = 100
    while page := reading.page(database.connection, "owed", after=after, limit=4):
        seen += [r.id for r in page]
        after = Key(page[-1].last_at, page[-1].id)
        for _ in range(3):
            tick += 1
            target = f"m{chance.randrange(40)}"
            row = row_of(database, channel, target)
            moved.add(row.id)
            if chance.random() < 0.5:  # to the top
                save(
                    database,
                    channel,
                    message(f"x{tick}", parent_remote_id=target, created_at=later(tick)),
                    at=later(tick),
                )
            else:  # out of this list
                with database.transaction() as connection:
                    triage.set_status(connection, [row.id], ConversationStatus.DONE, at=later(tick), actor=OFFICER)
    assert len(seen) == len(set(seen)), "a row came twice"
    everybody = {row_of(database, channel, f"m{i}").id for i in range(40)}
    assert everybody - moved <= set(seen)
    assert paged(database, "owed", 4) == reading.page(database.connection, "owed", limit=1_000)
    assert kept_tallies(database.connection) == fresh_tallies(database.connection)


def test_a_conversation_is_read_oldest_first(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m3", parent_remote_id="m1", created_at=later(9)))
    save(database, channel, message("m2", parent_remote_id="m1", created_at=later(5)), message("m1"))
    row = row_of(database, channel, "m1")
    assert [m.message.remote_id for m in reading.conversation(database.connection, row.id)] == ["m1", "m2", "m3"]
    assert reading.conversation(database.connection, 99_999) == []
    assert reading.message(database.connection, 99_999) is None


# Search


def found(database: Database, words: str, **how: object) -> list[str]:
    connection = database.connection
    hits = reading.search(connection, words, **how)
    return [
        connection.execute("SELECT remote_id FROM messages WHERE id = ?", (h.message_id,)).fetchone()[0] for h in hits
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("water", ["m1"]),
        ("WATER", ["m1"]),
        ("wat", ["m1"]),  # the last word may be unfinished ...
        ("wat ", []),  # ... until a space ends it
        ("water high", ["m1"]),  # every word, in any order
        ("water low", []),
        ("müller", ["m2"]),  # the author counts
        ("muller", ["m2"]),
        ("hafen fest", ["m3"]),  # and the title
        ("größe", ["m2"]),
        ("GRÖSSE", []),  # unicode61 folds accents, but ß is no accent: it is not "ss" ...
        ("große", ["m2"]),  # ... and ö is o, never oe
        ("groesse", []),
        ("gro\u0308ße", ["m2"]),  # as macOS types it, in two characters
        ("cafe", ["m4"]),
        ("ou est", ["m4"]),
        ("don't", ["m4"]),
        ('"quoted', ["m4"]),
        ("水", ["m5", "m7"]),
        ("", []),
        ("  ", []),
        ("!!! ***", []),
        ("NEAR(", []),
        ("👍", ["m6"]),  # signs are read through, since the index of words has none
        ("❤️ 👍", ["m6"]),
        ("👎", []),
        ("???", ["m6"]),
        ("???%", []),
        ("%", []),
        ("_", []),
        ("水位", ["m7"]),  # within a run of letters, beside what the index finds
        ("位", ["m5", "m7"]),
        ("今日 水位", ["m7"]),
        ("今日 potato", []),
        ("AND OR NOT", []),
        ('" OR text:*', []),
    ],
)
def test_search(database: Database, words: str, expected: list[str]) -> None:
    channel = add_channel(database)
    save(
        database,
        channel,
        message("m1", "How high is the water?"),
        message("m2", "Die Größe der Flut", author=Author(name="Jürgen Müller")),
        message("m3", "Wann?", title="Hafen-Fest"),
        message("m4", "Où est le Cafe\u0301? I don't know \"quoted"),
        message("m5", "水 位"),
        message("m6", "Really??? ❤ 👍🏽"),
        message("m7", "今日の水位は高い"),
    )
    assert sorted(found(database, words)) == expected


def test_search_follows_edits_and_leaves_tombstones_findable(database: Database) -> None:
    channel = add_channel(database)
    save(database, channel, message("m1", "dredging"))
    save(database, channel, message("m1", "mooring"))
    assert found(database, "dredging") == []
    assert found(database, "mooring") == ["m1"]
    save(database, channel, gone=("m1",))
    assert found(database, "mooring") == ["m1"], "what was said and deleted there is still here"
    with database.transaction() as connection:
        connection.execute("DELETE FROM messages")
    assert found(database, "mooring") == []
    database.connection.execute("INSERT INTO messages_fts (messages_fts, rank) VALUES ('integrity-check', 1)")


def test_search_in_one_network_and_page_by_page(database: Database) -> None:
    one, other = add_channel(database), add_channel(database, network="feed", account="feed-1")
    for i in range(10):
        save(database, other if i % 2 else one, message(f"m{i}", f"flood {i}"))
    assert found(database, "flood", network="feed") == ["m9", "m7", "m5", "m3", "m1"]
    assert found(database, "flood", network="feed", limit=2) == ["m9", "m7"]
    hits = reading.search(database.connection, "flood", limit=4)
    assert [h.text for h in hits] == ["flood 9", "flood 8", "flood 7", "flood 6"]
    assert found(database, "flood", before_id=hits[-1].message_id, limit=4) == ["m5", "m4", "m3", "m2"]
    assert found(database, "flood", before_id=hits[-1].message_id, network="memory") == ["m4", "m2", "m0"]
    assert hits[0].row == row_of(database, other, "m9")


def test_signs_are_looked_for_among_the_newest_and_page_by_page(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = add_channel(database), add_channel(database, network="feed", account="feed-1")
    for i in range(12):
        save(database, other if i % 2 else one, message(f"m{i}", f"👍 {i} 水位"))
    monkeypatch.setattr(reading, "NEWEST", 8)
    assert found(database, "👍") == [f"m{i}" for i in range(11, 3, -1)]
    assert found(database, "👍", network="feed") == ["m11", "m9", "m7", "m5"]
    assert found(database, "位", limit=2) == ["m11", "m10"]
    hits = reading.search(database.connection, "👍", limit=2)
    assert found(database, "👍", before_id=hits[-1].message_id, limit=3) == ["m9", "m8", "m7"]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("begin", "The beginning"),
        ("needle", "… and so forth and so forth and the needle"),
        ("NEED", "… and so forth and so forth and the needle"),
        ("größe", "… and so forth and so forth and the Größe"),
        ("grosse nothing", "The beginning"),
        ("große", "… and so forth and so forth and the Größe"),
    ],
)
def test_what_is_shown_of_a_hit_has_the_words_in_it(words: str, shown: str) -> None:
    last = "Größe" if "gr" in words.lower() else "needle"
    text = "The beginning" + " and so forth" * 60 + f" and the {last} of it" + ", at last" * 90
    part = excerpt(text, sought(words))
    assert part.startswith(shown)
    assert len(part) <= SHOWN + 2


@pytest.mark.parametrize("words", ["w", "flood w", "W", "é", "flood é", "flood water w", "j", "flood x"])
@pytest.mark.parametrize("likely", [3, 1_000])
@pytest.mark.parametrize("how", [{}, {"network": "feed"}, {"before_id": 14}, {"limit": 2}])
def test_a_word_of_one_letter_finds_the_same_whether_read_through_or_asked_of_the_index(
    database: Database, monkeypatch: pytest.MonkeyPatch, words: str, likely: int, how: dict[str, object]
) -> None:
    one, other = add_channel(database), add_channel(database, network="feed", account="feed-1")
    for i in range(20):
        text = ("flood Water", "flood tomorrow", "élan, flood", "_flood_ (Eau)", "no-water flood")[i % 5]
        save(database, other if i % 3 else one, message(f"m{i}", text, author=Author(name="Jo" if i % 2 else "Al")))
    monkeypatch.setattr(reading, "LIKELY", likely)
    read_through = found(database, words, **how)
    monkeypatch.setattr(reading, "_search_begun", lambda *_, **__: None)
    assert read_through == found(database, words, **how)


def test_a_common_letter_is_not_asked_of_the_index(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = add_channel(database)
    for i in range(5):
        save(database, channel, message(f"m{i}", "flood water"))
    asked: list[str] = []
    database.connection.set_trace_callback(asked.append)
    assert found(database, "w", limit=3) == ["m4", "m3", "m2"]
    database.connection.set_trace_callback(None)
    assert not any("MATCH" in sql for sql in asked)
