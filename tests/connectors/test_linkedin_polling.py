"""The poll that loses nothing: every trap of linkedin.md sections 3 and 4, each as it would catch us."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.connectors.connector import START
from inbox.connectors.linkedin.cursor import Position, Post
from inbox.errors import BadReply, CursorExpired, NotAllowed, RateLimited
from inbox.model import Capability, Cursor, MessageKind, MessageState
from inbox.practice.faults import FaultKind
from inbox.store import accounts
from tests.clock import TestClock
from tests.connectors.harness import Break, all_of, delivery_of, read_on
from tests.connectors.harnesses.linkedin import LinkedInHarness
from tests.connectors.linkedin_desk import Desk, limited

MORNING = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
NOTIFICATIONS = "organizationalEntityNotifications"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    made = Desk(tmp_path, TestClock(MORNING))
    made.network.calls_a_day = 10_000
    made.meter = made.room_for_more()
    made.restart()
    yield made
    await made.close()


@pytest.fixture
async def harness() -> AsyncIterator[LinkedInHarness]:
    made = LinkedInHarness()
    yield made
    await made.close()


# --- notifications ---


async def test_what_is_read_twice_is_handed_on_once(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    desk.network.comment(desk.vera.urn, post, "When?")
    assert (await desk.poll()).new == 2
    for _ in range(4):
        desk.clock.move(1200)
        outcome = await desk.poll()
        assert (outcome.new, outcome.edited) == (0, 0)


async def test_a_notification_that_appears_late_is_not_missed(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    desk.network.comment(desk.vera.urn, post, "First")
    late = desk.network.comment(desk.vera.urn, post, "Second")
    kept = desk.network.notifications.pop()
    await desk.poll()
    for minutes in (50, 110):
        desk.clock.move(50 * 60)
        desk.network.comment(desk.vera.urn, post, f"After {minutes} minutes")  # the mark moves on
        await desk.poll()
    desk.network.notifications.append(kept)  # an hour and a half after it happened
    desk.clock.move(600)
    await desk.poll()
    assert desk.stored(late.urn) is not None


async def test_edits_and_deletions_arrive_and_the_last_word_counts(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    comments = [desk.network.comment(desk.vera.urn, post, f"Word {n}") for n in range(4)]
    desk.clock.move(5)
    desk.network.edit_comment(comments[0], "Better words")
    desk.network.remove_comment(comments[1])
    await desk.poll()
    desk.clock.move(60)
    desk.network.edit_comment(comments[2], "Other words")
    desk.network.remove_comment(comments[3])
    desk.clock.move(1200)
    await desk.poll()
    texts = [(s.message.text, s.message.state) for c in comments if (s := desk.stored(c.urn))]
    assert texts == [
        ("Better words", MessageState.PUBLISHED), ("Other words", MessageState.PUBLISHED),
        ("Word 3", MessageState.DELETED),
    ]  # fmt: skip
    assert desk.stored(comments[1].urn) is None, "it came and went before we looked"


async def test_a_deletion_read_first_is_not_undone_by_an_older_page(harness: LinkedInHarness) -> None:
    said = harness.seed(120)  # three pages, newest first
    harness.clock.forward(60)
    harness.remove(said[0])
    harness.edit(said[1], "Better words")
    batches, _ = await read_on(harness.connector(), harness.channel)
    assert len(batches) > 2
    read = {m.remote_id: m for m in all_of(batches)}
    assert said[0] not in read
    assert said[0] in {urn for batch in batches for urn in batch.gone}
    assert [m.text for m in all_of(batches) if m.remote_id == said[1]] == ["Better words"]


async def test_where_time_ranges_are_refused_pages_are_read_down_to_what_is_known(harness: LinkedInHarness) -> None:
    harness.network.no_ranges = True
    said = harness.seed(180)
    connector = harness.connector()
    batches, cursor = await read_on(connector, harness.channel)
    assert set(said) <= {m.remote_id for m in all_of(batches)}
    new, before = harness.seed(3), harness.requests
    batches, _ = await read_on(connector, harness.channel, cursor)
    assert {m.remote_id for m in all_of(batches)} == set(new)
    asked = [r for r in harness.wire.requests[before:] if NOTIFICATIONS in str(r.url)]
    assert len(asked) == 3, "what is new, and two pages more"


async def test_where_time_ranges_are_refused_a_long_history_is_read_whole(harness: LinkedInHarness) -> None:
    harness.network.no_ranges = True
    now = harness.clock.now()
    said = [
        harness.network.comment(harness.vera.urn, harness.news, f"Word {n}", at=now - timedelta(minutes=90 * n)).urn
        for n in range(320)
    ]
    batches, cursor = await read_on(harness.connector(), harness.channel)
    assert set(said) <= {m.remote_id for m in all_of(batches)}
    harness.network.no_ranges = False
    new = harness.seed(2)
    harness.clock.forward(86_400)
    before = harness.requests
    batches, _ = await read_on(harness.connector(), harness.channel, cursor)
    assert set(new) <= {m.remote_id for m in all_of(batches)}
    asked = [r for r in harness.wire.requests[before:] if NOTIFICATIONS in str(r.url)]
    assert len(asked) == 1, "once a day it is tried again"


async def test_smaller_pages_are_taken_where_large_ones_are_refused(harness: LinkedInHarness) -> None:
    harness.network.most_count = 20
    said = harness.seed(45)
    batches, _ = await read_on(harness.connector(), harness.channel)
    assert set(said) <= {m.remote_id for m in all_of(batches)}


async def test_after_more_than_sixty_days_the_gap_is_named_and_comments_are_looked_for(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    first = desk.network.comment(desk.vera.urn, post, "First")
    await desk.poll()
    desk.clock.move(600)
    lost = desk.network.comment(desk.vera.urn, post, "While you were away")
    desk.clock.move(70 * 86_400)
    desk.restart()
    desk.secret.parts["token"] = desk.network.token_for(desk.admin)
    batch = await desk.connector.fetch(desk.channel, accounts.reading(desk.database.connection, desk.channel.id).cursor)
    assert batch.gap_before
    assert {m.remote_id for m in batch.messages} >= {lost.urn}
    assert first.urn not in {m.remote_id for m in batch.messages}


# --- what notifications do not tell ---


async def test_comments_below_a_post_that_is_not_public_are_found_by_their_number(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "For those who follow us", visibility="LOGGED_IN")
    await desk.poll()
    said = desk.network.comment(desk.vera.urn, post, "Nobody was notified of this")
    answer = desk.network.comment(desk.vera.urn, post, "Nor of this", to=said)
    for _ in range(30):
        desk.clock.move(1200)
        await desk.poll()
    for comment in (said, answer):
        stored = desk.stored(comment.urn)
        assert stored is not None
        assert stored.message.context_remote_id == post.urn
    found = desk.stored(answer.urn)
    assert found is not None
    assert found.message.parent_remote_id == said.urn


async def test_where_counts_cannot_be_had_posts_are_looked_at_in_turn(desk: Desk) -> None:
    desk.faults.add(FaultKind.STATUS, status=403, path="ShareStatistics")
    post = desk.network.publish(desk.page.urn, "News")
    await desk.poll()
    desk.network.silent = True
    said = desk.network.comment(desk.vera.urn, post, "Nobody was notified of this")
    for _ in range(40):
        desk.clock.move(1200)
        await desk.poll()
    assert desk.stored(said.urn) is not None


async def test_a_sweep_never_hands_on_a_comment_again(desk: Desk) -> None:
    """Members' words may be kept for 48 hours: handing them on anew would start the time again."""
    post = desk.network.publish(desk.page.urn, "News")
    old = [desk.network.comment(desk.vera.urn, post, f"Word {n}") for n in range(5)]
    await desk.poll()
    desk.clock.move(3 * 86_400)
    desk.network.silent = True
    new = desk.network.comment(desk.vera.urn, post, "Nobody was notified of this")
    handed: list[str] = []
    fetch = desk.connector.fetch

    async def listening(*how: object) -> object:
        batch = await fetch(*how)  # type: ignore[arg-type]
        handed.extend(m.remote_id for m in batch.messages)
        return batch

    desk.connector.fetch = listening  # type: ignore[assignment, method-assign]
    for _ in range(72):
        desk.clock.move(1200)
        await desk.poll()
    assert new.urn in handed
    assert not set(handed) & {c.urn for c in old}


async def test_posts_made_changed_and_withdrawn_elsewhere_are_noticed(desk: Desk) -> None:
    kept = desk.network.publish(desk.page.urn, r"Open \(again\)")
    gone = desk.network.publish(desk.page.urn, "A mistake")
    await desk.poll()
    assert (found := desk.stored(kept.urn)) is not None
    assert found.message.text == "Open (again)"
    desk.clock.move(60)
    elsewhere = desk.network.publish(desk.page.urn, "Written on linkedin.com")
    kept.commentary, kept.edited, kept.changed_at = "Closed", True, desk.clock.now()
    desk.network.remove_post(gone)
    desk.clock.move(4 * 3600)
    await desk.poll()
    assert (found := desk.stored(kept.urn)) is not None
    assert found.message.text == "Closed"
    assert desk.stored(elsewhere.urn) is not None
    assert (left := desk.stored(gone.urn)) is not None
    assert left.message.state is MessageState.DELETED


async def test_a_refusal_of_one_posts_comments_ends_nothing_else(desk: Desk) -> None:
    """403 "member is unauthorized on urn…" is about this one thing (linkedin.md section 3)."""
    fine = desk.network.publish(desk.page.urn, "Fine")
    odd = desk.network.publish(desk.page.urn, "Odd")
    desk.network.closed.add(odd.urn)
    await desk.poll()
    desk.network.silent = True
    hidden = desk.network.comment(desk.vera.urn, odd, "Below the odd one")
    for _ in range(20):
        desk.clock.move(1200)
        await desk.poll()
    assert [w for w in desk.connector.validity().words if "comments under one post" in w]
    said = desk.network.comment(desk.vera.urn, fine, "Nobody was notified of this")
    elsewhere = desk.network.publish(desk.page.urn, "Made by a colleague on linkedin.com")
    for _ in range(40):
        desk.clock.move(1200)
        await desk.poll()
    assert desk.stored(said.urn) is not None
    assert desk.stored(elsewhere.urn) is not None
    assert desk.stored(hidden.urn) is None
    desk.network.closed.clear()
    desk.restart()
    desk.clock.move(1200)
    await desk.poll()
    assert desk.stored(hidden.urn) is not None, "what was refused stays owed"
    assert desk.connector.validity().words == ()


async def test_what_is_refused_is_asked_for_once_for_each_count(desk: Desk) -> None:
    odd = desk.network.publish(desk.page.urn, "Odd")
    desk.network.closed.add(odd.urn)
    await desk.poll()
    desk.network.silent = True
    desk.network.comment(desk.vera.urn, odd, "Below the odd one")
    desk.clock.move(3 * 86_400)
    await desk.poll()
    for _ in range(2):  # the second time in the afternoon, when posts are looked at in turn
        before = desk.went_on.get("comments read", 0)
        for _ in range(6):
            desk.clock.move(3 * 3600 // 2)
            await desk.poll()
    assert desk.went_on.get("comments read", 0) - before <= 1


async def test_a_missing_post_that_may_not_be_asked_for_ends_nothing_and_is_not_gone(desk: Desk) -> None:
    missing = desk.network.publish(desk.page.urn, "Seen by few")
    desk.network.publish(desk.page.urn, "News")
    await desk.poll()
    desk.network.remove_post(missing)
    desk.faults.add(FaultKind.STATUS, status=403, method="GET", path="^/rest/posts/.")
    desk.clock.move(4 * 3600)
    await desk.poll()
    assert (found := desk.stored(missing.urn)) is not None
    assert found.message.state is MessageState.PUBLISHED
    elsewhere = desk.network.publish(desk.page.urn, "Made by a colleague on linkedin.com")
    desk.clock.move(4 * 3600)
    await desk.poll()
    assert desk.stored(elsewhere.urn) is not None


async def test_a_refused_list_of_posts_is_said(desk: Desk) -> None:
    desk.faults.add(FaultKind.STATUS, status=403, method="GET", path="^/rest/posts$")
    post = desk.network.publish(desk.page.urn, "News")
    said = desk.network.comment(desk.vera.urn, post, "When?")
    assert desk.connector.validity().words == ()
    assert (await desk.poll()).error is None
    assert desk.stored(said.urn) is not None
    assert [w for w in desk.connector.validity().words if "refuses the list of the page's posts" in w]


async def test_when_the_rest_cannot_be_read_notifications_still_come(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    said = desk.network.comment(desk.vera.urn, post, "When?")
    desk.faults.add(FaultKind.STATUS, status=503, path="/rest/(posts|socialActions|people|organizationalEntityShare)")
    outcome = await desk.poll()
    assert outcome.error is None
    assert desk.stored(said.urn) is not None


# --- threads and names ---


async def test_an_answer_joins_the_comment_it_answers_and_each_comment_is_a_conversation(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    one = desk.network.comment(desk.vera.urn, post, "When?")
    two = desk.network.comment(desk.vera.urn, post, "Where?")
    await desk.poll()
    desk.clock.move(60)
    answer = desk.network.comment(desk.vera.urn, post, "I mean: on Sunday?", to=one)
    desk.clock.move(1200)
    await desk.poll()
    of_one, of_two, of_answer = (desk.stored(c.urn) for c in (one, two, answer))
    assert of_one is not None
    assert of_two is not None
    assert of_answer is not None
    assert of_answer.conversation_id == of_one.conversation_id != of_two.conversation_id
    assert of_answer.message.parent_remote_id == one.urn


async def test_an_answer_to_something_older_than_we_are_brings_it_along(desk: Desk) -> None:
    long_ago = MORNING - timedelta(days=40)
    post = desk.network.publish(desk.page.urn, "Old news", at=long_ago)
    asked = desk.network.comment(desk.vera.urn, post, "When?", at=long_ago + timedelta(days=1))
    await desk.poll()
    assert desk.stored(asked.urn) is None
    answer = desk.network.comment(desk.vera.urn, post, "I still wonder", to=asked)
    desk.clock.move(1200)
    await desk.poll()
    question, later = desk.stored(asked.urn), desk.stored(answer.urn)
    assert question is not None
    assert later is not None
    assert question.conversation_id == later.conversation_id
    before = desk.use.used
    for message in (question.message, later.message):
        await desk.connector.thread(desk.channel, message)
    assert desk.use.used == before, "looking at it costs nothing more"


async def test_an_answer_of_a_colleague_on_linkedin_stands_below_the_question(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    asked = desk.network.comment(desk.vera.urn, post, "When?")
    await desk.poll()
    limited(desk, 30)  # nothing to spare, and yet this is asked for
    answered = desk.network.comment(desk.page.urn, post, "At nine", to=asked, impersonator=desk.admin.urn)
    desk.clock.move(1200)
    await desk.poll()
    question, answer = desk.stored(asked.urn), desk.stored(answered.urn)
    assert question is not None
    assert answer is not None
    assert answer.message.ours
    assert answer.conversation_id == question.conversation_id


async def test_both_numbers_of_a_post_lead_to_one_context(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News", kind="ugcPost")
    said = desk.network.comment(desk.vera.urn, post, "When?")
    await desk.poll()
    assert post.activity in said.urn
    stored = desk.stored(said.urn)
    assert stored is not None
    assert stored.message.context_remote_id == post.urn != post.activity
    assert desk.stored(post.urn) is not None


async def test_somebody_who_cannot_be_looked_up_is_a_linkedin_member(desk: Desk) -> None:
    shy = desk.network.add_member("Nobody", "Knows", private=True)
    post = desk.network.publish(desk.page.urn, "News")
    names = {}
    for member in (shy, desk.vera):
        said = desk.network.comment(member.urn, post, "When?")
        await desk.poll()
        desk.clock.move(1200)
        names[member.urn] = said.urn
    await desk.poll()
    authors = [s.message.author.name for urn in names.values() if (s := desk.stored(urn))]
    assert authors == ["LinkedIn member", "Vera Citizen"]


async def test_a_mention_a_share_and_a_like(desk: Desk) -> None:
    post = desk.network.publish(desk.page.urn, "News")
    await desk.poll()
    mention = desk.network.mention(desk.vera, desk.page, "Thanks to @[Harbour Council](urn:li:organization:2414183)")
    share = desk.network.share(desk.vera, post, "Look at this")
    desk.network.like(desk.vera, post)
    desk.clock.move(1200)
    await desk.poll()
    found = [s.message for urn in (mention.urn, share.urn) if (s := desk.stored(urn))]
    assert [m.kind for m in found] == [MessageKind.MENTION, MessageKind.QUOTE]
    assert found[0].text == "Thanks to Harbour Council"
    desk.clock.move(4 * 3600)
    await desk.poll()
    counted = desk.stored(post.urn)
    assert counted is not None
    assert (counted.message.counts.likes, counted.message.counts.boosts) == (1, 1)


# --- what is kept ---


async def test_no_word_and_no_name_of_a_member_stands_in_the_cursor_details_or_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", logger="inbox")
    post = desk.network.publish(desk.page.urn, "News")
    stranger = desk.network.add_member("Xanthippe", "Quince")
    said = desk.network.comment(stranger.urn, post, "Unmistakable words")
    desk.network.share(stranger, post, "Unmistakable words")
    await desk.poll()
    desk.faults.add(FaultKind.STATUS, status=403, path="socialActions", times=2)
    desk.network.edit_comment(said, "Unmistakable words, changed")
    desk.clock.move(1200)
    await desk.poll()
    cursor = accounts.reading(desk.database.connection, desk.channel.id).cursor
    stored = desk.stored(said.urn)
    assert stored is not None
    for words in (cursor, caplog.text, repr(dict(stored.message.details)), repr(desk.account.settings)):
        assert not re.search(r"Unmistakable|Xanthippe|Quince", words)
        assert stranger.id not in words
    assert desk.channel.limits.keep_text_s == 48 * 3600
    assert desk.channel.limits.keep_name_s == 24 * 3600


async def test_the_cursor_stays_small(desk: Desk) -> None:
    for number in range(40):
        post = desk.network.publish(desk.page.urn, f"News {number}")
        for n in range(40):
            desk.network.comment(desk.vera.urn, post, f"Word {n}")
    await desk.poll()
    cursor = accounts.reading(desk.database.connection, desk.channel.id).cursor
    assert 0 < len(cursor) < 60_000
    assert json.loads(cursor)["v"] == 1


def test_a_cursor_of_another_version_or_page_is_expired() -> None:
    assert Position.of(START, "urn:li:organization:1") == Position(organization="urn:li:organization:1")
    kept = Position(organization="urn:li:organization:1", mark=5, posts={"urn:li:share:1": Post(born=3)})
    assert Position.of(kept.cursor(), "urn:li:organization:1") == kept
    for words in ('{"v":2}', '{"v":1,"strange":1}', "[]", "no", '{"v":1,"organization":"urn:li:organization:2"}'):
        with pytest.raises(CursorExpired):
            Position.of(Cursor(words), "urn:li:organization:1")


# --- the wire ---


async def test_headers_are_those_that_linkedin_wants(harness: LinkedInHarness) -> None:
    harness.seed(1)
    await read_on(harness.connector(), harness.channel)
    request = harness.wire.requests[0]
    assert request.headers["X-Restli-Protocol-Version"] == "2.0.0"
    assert request.headers["LinkedIn-Version"] == "202609"
    assert "X-RestLi-Protocol_Version" not in request.headers, "the official client's constant is misspelt"
    assert request.headers["Authorization"] == f"Bearer {harness.secret}"
    assert b"List(COMMENT," in request.url.raw_path
    assert harness.secret not in str(request.url)


async def test_a_version_that_died_is_stepped_over(harness: LinkedInHarness) -> None:
    harness.network.active = {"202606", "202610"}
    said = harness.seed(2)
    connector = harness.connector()
    assert connector.validity().version == "202609"
    batches, _ = await read_on(connector, harness.channel)
    assert set(said) <= {m.remote_id for m in all_of(batches)}
    assert connector.validity().version == "202606"
    assert {r.headers["LinkedIn-Version"] for r in harness.wire.requests[2:]} == {"202606"}
    harness.network.active = set()
    with pytest.raises(NotAllowed) as caught:
        await harness.connector().fetch(harness.channel, START)
    assert "newer Postroom" in caught.value.hint


@pytest.mark.parametrize(
    ("role", "state", "able"),
    [
        ("ADMINISTRATOR", "APPROVED", Capability.FETCH | Capability.POST | Capability.REPLY),
        ("CONTENT_ADMINISTRATOR", "APPROVED", Capability.POST | Capability.REPLY),
        ("RECRUITING_POSTER", "APPROVED", Capability.POST),
        ("ANALYST", "APPROVED", Capability.NONE),
        ("ADMINISTRATOR", "REVOKED", Capability.NONE),
    ],
)
async def test_a_role_says_what_a_page_allows(
    harness: LinkedInHarness, role: str, state: str, able: Capability
) -> None:
    harness.network.appoint(harness.admin, harness.page, role, state)
    found = await harness.connector().channels()
    wanted = Capability.FETCH | Capability.POST | Capability.REPLY
    assert (found[0].capabilities & wanted if found else Capability.NONE) == able


async def test_pages_come_one_channel_each_and_a_hidden_name_hides_no_page(harness: LinkedInHarness) -> None:
    museum = harness.network.add_organization("Harbour Museum")
    harness.network.appoint(harness.admin, museum)
    harness.wire.breaks.clear()
    found = await harness.connector().channels()
    assert [c.title for c in found] == ["Harbour Council", "Harbour Museum"]
    assert found[1].url == "https://www.linkedin.com/company/harbour-museum/"
    harness.network.organizations.pop(museum.urn)
    harness.network.organizations[museum.urn] = museum
    museum.id = "999"  # its detail is not found any more
    found = await harness.connector().channels()
    assert found[1].title.startswith("LinkedIn page")


async def test_too_many_calls_wait_without_a_header_to_say_how_long(harness: LinkedInHarness) -> None:
    harness.seed(1)
    harness.network.calls_a_day = 0
    with pytest.raises(RateLimited) as caught:
        await harness.connector().fetch(harness.channel, START)
    assert caught.value.retry_at == harness.clock.now() + timedelta(minutes=30)
    with pytest.raises(RateLimited) as caught:
        await harness.connector().publish(harness.channel, harness.post(), "key-1")
    assert caught.value.retry_at == harness.clock.now() + timedelta(minutes=1)


async def test_a_reply_that_breaks_off_leaves_the_cursor(harness: LinkedInHarness) -> None:
    said = harness.seed(3)
    _, cursor = await read_on(harness.connector(), harness.channel)
    new = harness.seed(3)
    harness.break_reads(Break.BROKEN_BODY)
    with pytest.raises(BadReply):
        await harness.connector().fetch(harness.channel, cursor)
    with pytest.raises(BadReply):
        await harness.connector().find(harness.channel, delivery_of(harness, harness.post(), "key-1"))
    harness.mend()
    batches, _ = await read_on(harness.connector(), harness.channel, cursor)
    assert {m.remote_id for m in all_of(batches)} == set(new)
    assert said


async def test_a_page_that_names_another_host_is_never_followed(harness: LinkedInHarness) -> None:
    harness.seed(70)
    await read_on(harness.connector(), harness.channel)
    assert {r.url.host for r in harness.wire.requests} == {"localhost"}
