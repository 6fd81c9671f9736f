"""The story is whole, repeats itself from its seed, lies in the past, and people react to what we say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.practice.blog import Comment, Post
from inbox.practice.clock import PracticeClock
from inbox.practice.story.harbour import HARBOUR, Story
from inbox.practice.story.scene import US, Edit, Gone, Judged, Line, News
from inbox.practice.world import World


def town(real: Any, seed: int = 1) -> World:
    return World(seed, PracticeClock(real, running=False))


def step(world: World, real: Any, seconds: float) -> list[Any]:
    """Let story time and a little real time pass."""
    real.move(1)
    world.clock.step(seconds)  # type: ignore[attr-defined]
    return world.advance()


def answer(world: World, key: str, text: str = "We are looking into it.") -> Comment:
    """What the real connector would cause: an answer by the officer."""
    found = world.comment_named(key)
    assert found is not None
    blog, comment = found
    return blog.add_comment(
        Comment(
            id=0, post_id=comment.post_id, parent_id=comment.id, user_id=2, name="Harbour Council",
            email="officer@council.example.org", at=blog.now(), text=text, status="approved", as_sent=True,
        )
    )  # fmt: skip


def told(world: World) -> list[tuple[Any, ...]]:
    """All that can be read in the town, without times."""
    comments = [
        (blog.key, c.id, c.post_id, c.parent_id, c.name, c.text, c.status, c.agent, c.ip)
        for blog in world.blogs.values()
        for c in blog.comments.values()
    ]
    return [*comments, *((n.key, n.title, n.summary) for n in world.news), *world.happened]


def everything(real: Any, seed: int) -> list[tuple[Any, ...]]:
    world = town(real, seed)
    for key in ("f6", "f9", "g4", "i1", "mb5"):
        answer(world, key)
    while (due_s := world.next_due_s()) is not None:
        step(world, real, due_s - world.clock.monotonic_s())
    return told(world)


def test_the_script_refers_to_what_exists() -> None:
    people = {c.key for c in HARBOUR.citizens} | {US}
    posts = {e.key for e in HARBOUR.entries}
    said: set[str] = set()
    for line in [*HARBOUR.lines, *(e for e in HARBOUR.events if isinstance(e, Line))]:
        assert line.who in people, line
        assert line.post in posts, line
        assert not line.to or line.to in said, line
        assert line.key not in said, line
        said.add(line.key)
    news = {n.key for n in HARBOUR.news} | {e.key for e in HARBOUR.events if isinstance(e, News)}
    for event in HARBOUR.events:
        if isinstance(event, Edit | Gone) and event.news:
            assert event.key in news
        elif isinstance(event, Edit | Gone | Judged):
            assert event.key in said
    assert [e.at for e in HARBOUR.events] == sorted(e.at for e in HARBOUR.events)


def test_the_story_is_as_long_and_as_mixed_as_practice_needs() -> None:
    assert len(HARBOUR.entries) == 12
    assert 60 <= len(HARBOUR.lines) <= 120
    assert 55 <= len(HARBOUR.events) <= 70
    assert len({c.language for c in HARBOUR.citizens}) >= 12
    assert {line.mood for line in HARBOUR.lines} >= {"asks", "complains", "argues", "thanks", "chats", "spam"}
    answered = {line.to for line in HARBOUR.lines if line.who == US}
    owed = [x for x in HARBOUR.lines if x.mood in ("asks", "complains") and x.who != US and x.key not in answered]
    assert len(answered) >= 25
    assert 15 <= len(owed) <= 40


@pytest.mark.parametrize("hour", range(0, 24, 3))
def test_history_lies_in_the_past_and_answers_follow_questions(still_clock: Any, hour: int) -> None:
    still_clock.at = datetime(2026, 3, 29, hour, 0, 30, tzinfo=UTC)  # the night the clocks change in London
    world = town(still_clock)
    for blog in world.blogs.values():
        assert blog.comments
        for comment in blog.comments.values():
            assert blog.posts[comment.post_id].at < comment.at < still_clock.at
            if comment.parent_id:
                assert blog.comments[comment.parent_id].at < comment.at
        ids = sorted(blog.comments)
        assert [blog.comments[i].at for i in ids] == sorted(c.at for c in blog.comments.values())
    assert all(n.at < still_clock.at for n in world.news)


def test_an_answer_given_early_this_morning_still_follows_last_nights_question(still_clock: Any) -> None:
    still_clock.at = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    lines = (
        Line("q", "flood", "amara", "1d 23:40", "Why?", mood="asks"),
        Line("a", "flood", US, "2h", "Because.", to="q"),  # 22:30, before it was asked
    )
    story = Story(citizens=HARBOUR.citizens, entries=HARBOUR.entries, lines=lines)
    world = World(1, PracticeClock(still_clock, running=False), story=story)
    question, reply = world.comment_named("q"), world.comment_named("a")
    assert question is not None
    assert reply is not None
    assert question[1].at < reply[1].at < still_clock.at
    assert (question[1].id, reply[1].parent_id) == (1, 1)


def test_the_same_seed_tells_the_same_story(still_clock: Any) -> None:
    first = everything(type(still_clock)(), 7)
    assert first == everything(type(still_clock)(), 7)
    assert first != everything(type(still_clock)(), 8)


def test_whoever_advances_in_one_go_or_in_small_steps_reads_the_same(still_clock: Any) -> None:
    small = everything(type(still_clock)(), 3)
    real = type(still_clock)()
    world = town(real, 3)
    for key in ("f6", "f9", "g4", "i1", "mb5"):
        answer(world, key)
    step(world, real, 1_000_000)
    assert sorted(map(str, told(world))) == sorted(map(str, small))


def test_nothing_is_ever_stamped_in_the_future_of_real_time(still_clock: Any) -> None:
    world = town(still_clock)
    while (due_s := world.next_due_s()) is not None:
        step(world, still_clock, due_s - world.clock.monotonic_s())
        now = still_clock.now()
        assert world.news_changed_at <= now
        assert all(c.at <= now for blog in world.blogs.values() for c in blog.comments.values())
        assert all(n.updated_at <= now for n in world.news)
    assert world.clock.now() > still_clock.now()


def test_a_citizen_reacts_once_to_an_answer_after_a_little_while(still_clock: Any) -> None:
    world = town(still_clock)
    reply = answer(world, "f6")
    answer(world, "f6", "And another thing.")
    assert step(world, still_clock, 3 * 60) == []
    happened = step(world, still_clock, 20 * 60)
    reactions = [h for h in happened if h.what == "Reaction"]
    assert [r.key for r in reactions] == ["f6+"]
    found = world.comment_named("f6+")
    assert found is not None
    assert (found[1].parent_id, found[1].text) == (reply.id, "Great, thanks. I’ll get two quotes and send them in.")
    assert found[1].name == "Callum MacRae"
    assert found[1].at == still_clock.now()


def test_people_answer_in_their_own_language(still_clock: Any) -> None:
    from inbox.practice.story.reactions import THANKS

    world = town(still_clock)
    answer(world, "f8")
    step(world, still_clock, 20 * 60)
    found = world.comment_named("f8+")
    assert found is not None
    assert found[1].text in THANKS["fa"]


@pytest.mark.parametrize("key", ["b4", "f7"])
def test_thanks_and_spam_have_nothing_to_add(still_clock: Any, key: str) -> None:
    world = town(still_clock)
    answer(world, key)
    assert "Reaction" not in {h.what for h in step(world, still_clock, 30 * 60)}


def test_nobody_reacts_to_an_answer_that_was_taken_back(still_clock: Any) -> None:
    world = town(still_clock)
    reply = answer(world, "f6")
    world.blogs["council"].delete_comment(reply.id)
    assert "Reaction" not in {h.what for h in step(world, still_clock, 30 * 60)}


def test_two_regulars_comment_on_what_we_publish(still_clock: Any) -> None:
    world = town(still_clock)
    blog = world.blogs["museum"]
    now = blog.now()
    post = blog.add_post(
        Post(id=0, type="post", title="News", content="", status="publish", at=now, modified_at=now, author_id=2)
    )  # fmt: skip
    step(world, still_clock, 31 * 60)
    comments = [c for c in blog.comments.values() if c.post_id == post.id]
    assert len({c.name for c in comments}) == 2
    assert {c.status for c in comments} == {"approved"}


def test_a_first_comment_is_held_and_a_known_person_is_not(still_clock: Any) -> None:
    world = town(still_clock)
    step(world, still_clock, 60 * 60)
    held, known = world.comment_named("v05"), world.comment_named("v01")
    assert held is not None
    assert known is not None
    assert (held[1].status, known[1].status) == ("hold", "approved")


def test_words_change_and_comments_go(still_clock: Any) -> None:
    world = town(still_clock)
    step(world, still_clock, 184 * 60)
    assert world.comment_named("v24") is not None
    step(world, still_clock, 200 * 60)
    assert world.comment_named("v24") is None
    edited, judged = world.comment_named("v22"), world.comment_named("v30")
    assert edited is not None
    assert edited[1].text.endswith("SHARE BEFORE THEY DELETE THIS")
    assert judged is not None
    assert judged[1].status == "spam"
    corrected = next(n for n in world.news if n.key == "n10")
    assert "3am" in corrected.summary
    assert corrected.updated_at > corrected.at
