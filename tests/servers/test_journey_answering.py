"""Answers and moderation from the window, by keyboard alone, and what they come to at the blog."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from inbox.model import DeliveryState, MessageState
from inbox.store import outbox, record
from tests.servers.journeys.inbox import Inbox, inbox_in
from tests.servers.journeys.seen import window_over
from tests.servers.journeys.truth import assert_sound, differences
from tests.servers.wordpress_admin import ImportedComment
from tests.servers.wordpress_http import FIRST_POST
from tests.servers.wordpress_site import Cell, WordPressSite

BROWSER = "Mozilla/5.0 (visitor)"
TYPED = "We open on Monday & <b>every</b> 'day' \"at\" 5 < 6 <script>alert(1)</script> 🎉 [gallery]"
STORED = TYPED.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
SHOWN = TYPED.replace("'day'", "‘day’").replace('"at"', "“at”")  # what the blog makes of it for its readers


@pytest.fixture
def inbox(clean_site: WordPressSite, tmp_path: Path) -> Iterator[Inbox]:
    """Two questions, one with a discussion below it; a held one; nothing fetched waits for anything else."""
    with inbox_in(tmp_path / "home") as made:
        made.sign_in(clean_site)
        yield made


def ask(site: WordPressSite, text: str, *, by: str = "Maria Lopez", parent: int = 0) -> int:
    """A published question of a visitor."""
    said = ImportedComment(author=by, text=text, at=datetime.now(UTC), parent=parent)
    [number] = site.admin.import_comments(FIRST_POST, [said])
    return number


def at_blog(site: WordPressSite, number: int, *columns: str) -> tuple[Cell, ...]:
    [row] = site.sql(f"SELECT {', '.join(columns)} FROM wp_comments WHERE comment_ID = ?", number)
    return row


def answers(site: WordPressSite) -> list[tuple[Cell, ...]]:
    """Parent, post, state and words of everything the officer said at the blog, oldest first."""
    return site.sql(
        "SELECT comment_parent, comment_post_ID, comment_approved, comment_content FROM wp_comments"
        " WHERE user_id <> 0 ORDER BY comment_ID"
    )


def test_an_answer_typed_in_the_window_stands_at_the_blog(
    inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot
) -> None:
    first = ask(clean_site, "When does it open?")
    below = ask(clean_site, "I would like to know that too. Is it on Sunday as well?", by="יעל כהן", parent=first)
    other = ask(clean_site, "Is there parking?", by="Ahmed Saleh")
    inbox.sync()
    with sqlite3.connect(inbox.home / "inbox.sqlite3") as connection:
        connection.execute("UPDATE channels SET undo_s = 1")
    connection.close()
    with window_over(inbox, qtbot) as seen:
        row = inbox.row(inbox.comment(below))
        assert row.place == "owed"
        seen.go_to("owed", row.id)
        seen.press("r")
        assert seen.window.conversation.reply.text.hasFocus()
        seen.type(TYPED)
        assert seen.window.conversation.reply.text.toPlainText() == TYPED
        seen.picture("answer-typed")
        seen.send()
        [delivery] = outbox.deliveries(inbox.store)
        seen.picture("answer-leaving")
        seen.until(lambda: inbox.delivery(delivery.id).state is DeliveryState.SENT)
        assert answers(clean_site) == [(below, FIRST_POST, "1", STORED)]
        assert inbox.row(inbox.comment(below)).place == "done"
        seen.until(lambda: seen.window.list.model.position_of(row.id) == -1)
        assert inbox.row(inbox.comment(other)).place == "owed"
        # in the conversation, once, as we said it
        seen.go_to("done", row.id)
        ours = [s for s in seen.window.conversation._messages if s.message.ours]
        assert [s.message.text for s in ours] == [SHOWN]
        seen.picture("answer-sent")
    assert inbox.sync().new == 0
    assert differences(inbox.store, inbox.channel_id, clean_site) == []
    public = clean_site.php("return get_comment($id)->comment_approved;", id=int(str(_newest(clean_site))))
    assert public == "1"
    assert_sound(inbox.store)


def test_z_brings_the_words_back_and_nothing_is_sent(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    number = ask(clean_site, "When does it open?")
    inbox.sync()
    with window_over(inbox, qtbot) as seen:
        row = inbox.row(inbox.comment(number))
        seen.go_to("owed", row.id)
        seen.press("r")
        seen.type("Tomorrow, I think ✋")
        seen.send()
        assert inbox.row(inbox.comment(number)).place == "done"
        seen.press("z")
        seen.until(lambda: seen.window.conversation.reply.text.toPlainText() == "Tomorrow, I think ✋")
        seen.until(lambda: seen.window.conversation.reply.text.hasFocus())
        assert seen.window.conversation.row is not None
        assert seen.window.conversation.row.id == row.id
        assert inbox.row(inbox.comment(number)).place == "owed"
        seen.picture("answer-taken-back")
        [delivery] = outbox.deliveries(inbox.store)
        assert delivery.state is DeliveryState.CANCELLED
        inbox.later(3600)
        inbox.sync()
        assert answers(clean_site) == []
        # and it can be said better
        seen.type(": no, on Monday")
        inbox.send_at_once()
        seen.send()
        seen.until(lambda: not outbox.waiting(inbox.store))
    assert [words for *_, words in answers(clean_site)] == ["Tomorrow, I think ✋: no, on Monday"]


def test_a_held_comment_is_let_in_and_stays_the_visitors(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    number = clean_site.comment(FIRST_POST, "Vera", "May I <b>ask</b> something? 😀")
    visitors = ("comment_content", "comment_author", "comment_author_email", "comment_author_IP", "comment_date_gmt")
    before = at_blog(clean_site, number, *visitors)
    assert str(before[3]).startswith("127.")
    assert before[3] != "127.0.0.1"  # ours
    assert at_blog(clean_site, number, "comment_approved", "comment_agent") == ("0", BROWSER)
    inbox.sync()
    with window_over(inbox, qtbot) as seen:
        row = inbox.row(inbox.comment(number))
        assert row.held == 1
        seen.go_to("owed", row.id)
        seen.picture("held")
        for key, state, there in (
            ("a", MessageState.PUBLISHED, "1"),
            ("A", MessageState.HELD, "0"),
            ("s", MessageState.SPAM, "spam"),
            ("s", MessageState.HELD, "0"),
            ("d", MessageState.TRASHED, "trash"),
            ("d", MessageState.HELD, "0"),
            ("a", MessageState.PUBLISHED, "1"),
        ):
            _choose_again(seen, inbox, number)
            seen.press(key.lower(), shift=key.isupper())
            seen.until(lambda state=state: inbox.comment(number).message.state is state)
            assert at_blog(clean_site, number, "comment_approved", "comment_agent") == (there, BROWSER), key
            if state is MessageState.SPAM:
                assert inbox.row(inbox.comment(number)).place == "aside"
        seen.until(lambda: seen.window.conversation.current is not None)
        seen.picture("held-approved")
        seen.press("z")
        seen.until(lambda: inbox.comment(number).message.state is MessageState.HELD)
        assert at_blog(clean_site, number, "comment_approved", "comment_agent") == ("0", BROWSER)
    assert at_blog(clean_site, number, *visitors) == before
    # our own moves are no drift: the counts agree without a sweep
    inbox.later(301)
    outcome = inbox.sync()
    assert (outcome.moved, outcome.new) == (0, 0)
    assert outcome.requests < 12
    assert differences(inbox.store, inbox.channel_id, clean_site) == []
    verbs = [e.verb for e in record.lines(inbox.store, subject=f"message:{inbox.comment(number).id}")]
    assert sum(v.startswith("moderated:") for v in verbs) == 8


def test_keys_are_quicker_than_the_blog(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    numbers = [clean_site.comment(FIRST_POST, f"Visitor {n}", f"Question {n}") for n in range(4)]
    inbox.sync()
    clean_site.fault("slow=0.5")
    with window_over(inbox, qtbot) as seen:
        seen.press("j")
        for key in "asda":
            before = seen.window.list.current()
            seen.press(key, "j")
            assert seen.window.list.current() != before
        assert {inbox.comment(n).message.state for n in numbers} == {MessageState.HELD}, "nothing was waited for"
        seen.until(lambda: all(inbox.comment(n).message.state is not MessageState.HELD for n in numbers))
    clean_site.clear_faults()
    wanted = {"1", "spam", "trash"}
    there = [str(at_blog(clean_site, n, "comment_approved")[0]) for n in numbers]
    assert (set(there), there.count("1")) == (wanted, 2)


def test_approve_and_answer_in_one_go(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    number = clean_site.comment(FIRST_POST, "Vera", "Am I allowed to ask?")
    inbox.sync()
    inbox.send_at_once()
    with window_over(inbox, qtbot) as seen:
        seen.go_to("owed", inbox.row(inbox.comment(number)).id)
        seen.press("r")
        assert "Approve" in seen.window.conversation.reply.close_too.text()
        seen.type("Of course.")
        seen.send()
        seen.until(lambda: not outbox.waiting(inbox.store))
    assert at_blog(clean_site, number, "comment_approved", "comment_agent") == ("1", BROWSER)
    assert answers(clean_site) == [(number, FIRST_POST, "1", "Of course.")]
    assert inbox.row(inbox.comment(number)).place == "done"
    inbox.sync()
    assert differences(inbox.store, inbox.channel_id, clean_site) == []


def test_an_answer_to_what_is_gone_comes_back_to_its_writer(
    inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot
) -> None:
    number = ask(clean_site, "Will somebody delete me?")
    inbox.sync()
    inbox.send_at_once()
    clean_site.admin.delete(number)
    with window_over(inbox, qtbot) as seen:
        row = inbox.row(inbox.comment(number))
        seen.go_to("owed", row.id)
        seen.press("r")
        seen.type("Too late?")
        seen.send()
        seen.until(lambda: outbox.deliveries(inbox.store)[0].state is DeliveryState.REJECTED)
        [delivery] = outbox.deliveries(inbox.store)
        assert delivery.words == "The comment you answer is not there any more"
        assert inbox.row(inbox.comment(number)).outgoing == "trouble"
        seen.window.rail.choose("outbox")
        seen.picture("answer-refused")
    assert answers(clean_site) == []


def _newest(site: WordPressSite) -> Cell:
    return site.sql("SELECT max(comment_ID) FROM wp_comments")[0][0]


def _choose_again(seen, inbox: Inbox, number: int) -> None:  # type: ignore[no-untyped-def]
    """Whatever list it went to: go there, and to the message."""
    row = inbox.row(inbox.comment(number))
    seen.go_to(row.place, row.id)
    seen.until(
        lambda: (
            seen.window.conversation.current is not None
            and seen.window.conversation.current.stored == inbox.comment(number)
            and not seen.window.conversation.deeds.busy
        )
    )
