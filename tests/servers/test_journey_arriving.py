"""From the blog into the inbox: everything once, and every change that somebody else makes there."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inbox.connectors.wordpress.polling import COUNTS_EVERY_S, ENTRIES_EVERY_S
from inbox.model import MessageState
from inbox.store import ledger, reading
from tests.servers.journeys.inbox import Inbox, inbox_in
from tests.servers.journeys.seen import window_over
from tests.servers.journeys.truth import (
    assert_sound,
    comments_at,
    comments_here,
    differences,
    entries_here,
    roots_at,
    roots_here,
)
from tests.servers.wordpress_admin import ImportedComment
from tests.servers.wordpress_http import FIRST_POST
from tests.servers.wordpress_site import WordPressSite
from ui.reading.markup import shown

HELD_HERE = "SELECT count(*) FROM messages WHERE kind <> 'post' AND state = ?"


def said(text: str, *, days_ago: float = 0, parent: int = 0, by: str = "Noor") -> ImportedComment:
    return ImportedComment(author=by, text=text, at=datetime.now(UTC) - timedelta(days=days_ago), parent=parent)


def test_two_hundred_posts_with_a_hundred_comments_each_arrive_once(clean_site: WordPressSite, tmp_path: Path) -> None:
    clean_site.seed(200, 100, 7)
    with inbox_in(tmp_path / "home") as inbox:
        inbox.sign_in(clean_site)
        began = time.monotonic()
        outcome = inbox.sync()
        took_s = time.monotonic() - began
        assert outcome.error is None
        there = comments_at(clean_site)
        print(
            f"\n{outcome.new:,} posts and comments in {took_s:.1f} s with {outcome.requests} requests:"
            f" {outcome.new / took_s:,.0f} a second"
        )
        assert len(there) > 14_000
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert outcome.new == len(there) + len(entries_here(inbox.store, inbox.channel_id))
        # conversations
        assert roots_here(inbox.store, inbox.channel_id) == roots_at(there)
        # counts, from the rows the window reads
        by_state = Counter(c.state for c in there.values())
        for state in ("published", "held", "spam", "trashed"):
            assert inbox.store.execute(HELD_HERE, (state,)).fetchone() == (by_state[state],), state
        held = inbox.store.execute("SELECT sum(held) FROM conversations").fetchone()[0]
        assert held == by_state["held"]
        _history_is_no_debt(inbox)
        assert_sound(inbox.store)
        # the next poll finds nothing new and is cheap
        again = inbox.sync()
        assert (again.new, again.edited, again.moved, again.gone) == (0, 0, 0, 0)
        print(f"a poll with nothing new: {again.requests} requests")
        assert again.requests <= 3


def _history_is_no_debt(inbox: Inbox) -> None:
    """What was last said over a month ago was settled at birth, unless somebody still waits to be let in."""
    before = round((datetime.now(UTC) - timedelta(days=30, minutes=10)).timestamp() * 1000)
    places = inbox.store.execute(
        "SELECT place, count(*) FROM conversations WHERE last_at < ? AND held = 0 GROUP BY 1", (before,)
    ).fetchall()
    assert {place for place, _ in places} <= {"done", "aside", "published"}, places
    assert any(place == "done" and count > 100 for place, count in places)
    recent = inbox.store.execute(
        "SELECT count(*) FROM conversations WHERE last_at > ? AND place = 'owed'", (before,)
    ).fetchone()[0]
    assert recent > 100


STRANGER = "Ahmed <b>Saleh</b> 🌻"
HARM = ("<script", "<style", "<iframe", "<form", "<img", "<svg", "onerror", "onload", "javascript:", "\u202e")
STRANGE = {
    "emoji": "When does it open? 👩‍👩‍👧‍👦 🇺🇦 🏳️‍🌈",
    "right to left": "شكرا جزيلا، متى الاجتماع القادم؟",
    "script": '<script>alert("stored")</script>Nice post',
    "handler": '<a href="javascript:alert(1)">click</a> <img src=x onerror=alert(1)> <svg onload=alert(2)>',
    "style": '<style>*{display:none}</style><iframe src="https://example.org"></iframe><form>kept words</form>',
    "entities": "AT&T &amp;amp; &lt;not a tag&gt; &nosuch; &#99999999; &#0; 5 < 6 > 4 & &",
    "unclosed": "<b>bold <i>and <blockquote>never closed <a href='https://example.org/?a=1&b=2'>here",
    "override": "Right-to-left override: \u202egpj.exe\u202c and zero\u200bwidth",
}


def test_strange_comments_are_readable_and_harmless(clean_site: WordPressSite, tmp_path: Path, qtbot: QtBot) -> None:
    comments = [said(text, by=STRANGER) for text in STRANGE.values()]
    ids = dict(zip(STRANGE, clean_site.admin.import_comments(FIRST_POST, comments), strict=True))
    with inbox_in(tmp_path / "home") as inbox:
        inbox.sign_in(clean_site)
        inbox.sync()
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        found = {name: inbox.comment(number).message for name, number in ids.items()}
        for name, message in found.items():
            painted = shown(message.html, message.text).lower()
            for harm in HARM:
                assert harm not in painted, (name, painted)
            assert message.author.name == STRANGER  # a name is text: shown as it was typed
        assert found["emoji"].text == STRANGE["emoji"]
        assert found["right to left"].text == STRANGE["right to left"]
        assert found["script"].text == "Nice post"
        assert "AT&T" in found["entities"].text
        assert "<not a tag>" in found["entities"].text
        assert "5 < 6 > 4" in found["entities"].text
        assert found["unclosed"].text.split() == ["bold", "and", "never", "closed", "here"]
        assert "kept words" in found["style"].text
        assert "https://example.org/?a=1&b=2" in shown(found["unclosed"].html, "").replace("&amp;", "&")
        # in a row of the list no word turns another round
        with window_over(inbox, qtbot) as seen:
            row = inbox.row(inbox.comment(ids["override"]))
            painted = seen.window.list.delegate._elide(row, 900, 900, 0)[2]
            assert painted.startswith("Right-to-left override: gpj.exe and")
            seen.go_to("owed", row.id)
            seen.picture("strange")
        # search finds them by their own words
        for words, name in (("الاجتماع", "right to left"), ("stored", ""), ("nice", "script")):
            hits = [h.text for h in reading.search(inbox.store, words)]
            assert hits == ([found[name].text] if name else [])


def test_what_another_administrator_does_is_seen(clean_site: WordPressSite, tmp_path: Path) -> None:
    admin = clean_site.admin
    clean_site.seed(8, 60, 5)
    old = admin.import_comments(FIRST_POST, [said(f"Long ago {n}", days_ago=300 + n) for n in range(12)])
    admin.import_comments(FIRST_POST, [said(f"In between {n}", days_ago=90) for n in range(150)])
    with inbox_in(tmp_path / "home") as inbox:
        inbox.sign_in(clean_site)
        inbox.sync()
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        held = [c.number for c in comments_at(clean_site).values() if c.state == "held"]
        discussed = "SELECT DISTINCT comment_post_ID FROM wp_comments WHERE comment_post_ID <> ? ORDER BY 1"
        trashed_post, deleted_post = [int(str(n)) for (n,) in clean_site.sql(discussed, FIRST_POST)][:2]

        # new, also an answer that came in with an old date
        fresh = clean_site.comment(FIRST_POST, "Vera", "When does the pool open?")
        late = admin.import_comments(FIRST_POST, [said("Brought along", days_ago=400, parent=old[0])])[0]
        assert inbox.sync().new == 2
        assert inbox.comment(fresh).message.state is MessageState.HELD
        assert inbox.comment(late).conversation_id == inbox.comment(old[0]).conversation_id

        # moved, in the newest page and far below it
        admin.approve(fresh)
        admin.approve(held[0])
        admin.spam(held[1])
        admin.trash(old[1])
        admin.delete(old[2])
        admin.delete(old[0])  # its answer moves up
        inbox.later(COUNTS_EVERY_S)
        outcome = inbox.sync()
        print(f"\nfour moved, two deleted: {outcome.moved} moved, {outcome.gone} gone, {outcome.requests} requests")
        assert (outcome.new, outcome.moved, outcome.gone) == (0, 4, 2)
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert inbox.comment(fresh).message.state is MessageState.PUBLISHED
        assert inbox.comment(old[1]).message.state is MessageState.TRASHED
        assert inbox.comment(old[2]).message.state is MessageState.DELETED
        assert inbox.comment(old[2]).message.text == "Long ago 2"  # the tombstone keeps the words
        assert inbox.comment(late).message.parent_remote_id == ""

        # posts, with what stands under them
        below = "SELECT comment_ID FROM wp_comments WHERE comment_post_ID = ?"
        under = len(clean_site.sql(below, trashed_post))
        admin.trash_post(trashed_post)
        gone = [int(str(n)) for (n,) in clean_site.sql(below, deleted_post)]
        admin.delete_post(deleted_post)
        new_post = admin.add_post("Lake to be cleaned", "<p>Next week.</p>")
        inbox.later(ENTRIES_EVERY_S)
        outcome = inbox.sync()
        print(f"a post trashed with {under} comments, one deleted with {len(gone)}: {outcome.requests} requests")
        inbox.sync()
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert inbox.message(f"post:{trashed_post}").message.state is MessageState.TRASHED
        assert inbox.message(f"post:{deleted_post}").message.state is MessageState.DELETED
        assert {inbox.comment(n).message.state for n in gone} == {MessageState.DELETED}
        assert inbox.message(f"post:{new_post}").message.title == "Lake to be cleaned"

        # an edit: at once where the officer looks, in the course of time where nobody does
        recent = [fresh, old[5]]
        admin.edit(recent[0], "When does the pool open on Sunday?")
        inbox.sync()
        assert inbox.comment(fresh).message.text == "When does the pool open on Sunday?"
        assert [e.text for e in reading.earlier(inbox.store, inbox.comment(fresh).id)] == ["When does the pool open?"]
        admin.edit(old[5], "Long ago, but corrected")
        polls, most = 0, 10 * (len(comments_at(clean_site)) // 100 + 2)
        while inbox.comment(old[5]).message.text != "Long ago, but corrected":
            inbox.sync()
            polls += 1
            assert polls < most, "each ten polls look at the next hundred"
        print(f"an edit nobody would notice was seen after {polls} polls of {len(comments_at(clean_site))} comments")
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert_sound(inbox.store)


@pytest.mark.parametrize("many", [40, 320])
def test_nothing_slips_through_when_many_come_between_two_polls(
    clean_site: WordPressSite, tmp_path: Path, many: int
) -> None:
    with inbox_in(tmp_path / "home") as inbox:
        inbox.sign_in(clean_site)
        inbox.sync()
        ids = clean_site.admin.import_comments(FIRST_POST, [said(f"All at once {n}") for n in range(many)])
        for number in ids[3:30:3]:
            clean_site.admin.delete(number)
        outcome = inbox.sync()
        assert outcome.new == many - 9
        assert differences(inbox.store, inbox.channel_id, clean_site) == []
        assert len(comments_here(inbox.store, inbox.channel_id)) == many - 9 + 1
        health = inbox.health()
        assert health.complete_to is not None
        assert ledger.gaps(inbox.store, since=inbox.clock.now() - timedelta(days=1)) == []
