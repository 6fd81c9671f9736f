"""The poll that loses nothing: the traps of facebook.md sections 0, 1.4 and 2."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from inbox.connectors.facebook.cursor import Position
from inbox.connectors.facebook.polling import DIRTY_AT_ONCE
from inbox.errors import CursorExpired, NotAllowed, OutOfBudget, RateLimited, SignInNeeded, Unavailable
from inbox.model import Capability, Cursor, Message, MessageKind, MessageState, Visibility
from inbox.practice.facebook import GraphError
from tests.connectors.facebook_town import Desk, ShareMeter, form
from tests.connectors.harness import WAIT, Break

DAY_S = 86_400


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.close()


def by_id(messages: list[Message]) -> dict[str, Message]:
    return {m.remote_id: m for m in messages}


def texts(messages: list[Message]) -> set[str]:
    return {m.text for m in messages}


# --- how it is asked ---


async def test_no_token_stands_in_any_address_and_nothing_that_was_removed_is_asked(desk: Desk) -> None:
    desk.seed(60)
    desk.network.film(desk.page, "A reel")
    desk.network.tell(desk.vera, desk.page, desk.vera, "Hello")
    messages, cursor = await desk.read()
    await desk.connector().reread(desk.channel, [m.remote_id for m in messages[:5]])
    assert desk.wire.requests
    for request in desk.wire.requests:
        assert desk.secret not in str(request.url)
        assert request.headers["authorization"] == f"Bearer {desk.secret}"
        assert "if-none-match" not in request.headers
        assert request.url.path.startswith("/v26.0/")
        assert not {"pretty", "debug", "__debug__", "date_format", "ids"} & set(request.url.params)
    assert desk.secret not in cursor


async def test_with_the_apps_secret_every_call_proves_it(desk: Desk) -> None:
    desk.app.needs_proof = True
    desk.seed(3)
    with pytest.raises(NotAllowed):
        await desk.read()
    desk.kept.parts["app_secret"] = desk.app.secret
    desk.wire.requests.clear()
    messages, _ = await desk.read()
    assert len(messages) == 3
    for request in desk.wire.requests:
        proof = request.url.params.get("appsecret_proof") or form(request).get("appsecret_proof", "")
        assert len(proof) == 64
        assert desk.app.secret not in str(request.url) + request.content.decode()


async def test_a_batch_names_its_token_in_its_body_and_every_item_counts_as_a_call(desk: Desk) -> None:
    desk.seed(4)
    desk.seed(4)
    messages, _ = await desk.read()
    before = len(desk.network.calls)
    desk.wire.requests.clear()
    batch = await desk.connector().reread(desk.channel, [m.remote_id for m in messages])
    assert len(batch.messages) == 8
    assert form(desk.wire.requests[0])["access_token"] == desk.secret
    assert batch.requests == len(desk.network.calls) - before >= 8


async def test_an_item_of_a_batch_that_took_too_long_is_asked_for_again(desk: Desk) -> None:
    said = desk.seed(5)
    desk.network.nulls = 1
    batch = await desk.connector().reread(desk.channel, said)
    assert {m.remote_id for m in batch.messages} == set(said)


# --- order and pages ---


async def test_an_order_that_promises_nothing_loses_nothing(desk: Desk) -> None:
    desk.network.ranked = True
    posts = [desk.network.write(desk.page, desk.page, f"Post {n}") for n in range(130)]
    said = {f"{post.id}:{desk.network.comment(desk.vera, post, post.message).id}" for post in posts}
    messages, cursor = await desk.read()
    assert said <= set(by_id(messages))
    desk.clock.forward(60)
    new = desk.network.comment(desk.vera, posts[3], "So late?")
    messages, _ = await desk.read(cursor)
    assert f"{posts[3].id}:{new.id}" in by_id(messages)
    assert set(by_id(messages)) <= {f"{posts[3].id}:{new.id}", posts[3].id}


async def test_an_empty_page_is_not_the_end_when_it_has_a_next(desk: Desk) -> None:
    desk.network.empty_pages = {"feed", "comments", "ratings"}
    said = desk.seed(70)
    desk.network.rate(desk.vera, desk.page, "Kind people")
    messages, _ = await desk.read()
    assert set(said) <= set(by_id(messages))
    assert "Kind people" in texts(messages)


async def test_too_much_at_once_is_asked_for_in_smaller_pieces(desk: Desk) -> None:
    said = desk.seed(40)
    desk.network.heavy_rows = 12
    messages, _ = await desk.read()
    assert set(said) <= set(by_id(messages))
    limits = {int(r.url.params["limit"]) for r in desk.asked("/feed")}
    assert min(limits) <= 12 < max(limits)


async def test_when_even_little_is_too_much_it_waits(desk: Desk) -> None:
    desk.seed(4)
    desk.network.heavy_rows = 1
    with pytest.raises(Unavailable):
        await desk.read()


async def test_where_nobody_can_read_deeper_the_rest_is_delivered(desk: Desk) -> None:
    post = desk.network.write(desk.page, desk.page, "Talk of the town")
    for number in range(130):
        desk.clock.forward(1)
        desk.network.comment(desk.vera, post, f"Word {number}")
    desk.network.deepest = 100
    messages, _ = await desk.read()
    assert len([m for m in messages if m.kind is MessageKind.COMMENT]) >= 100


async def test_a_count_that_is_never_reached_is_not_waited_for(desk: Desk) -> None:
    desk.seed(3)
    post = next(iter(desk.network.posts.values()))
    post.odd = {"comments": {"data": [], "summary": {"total_count": 500}}}
    _, cursor = await desk.read()
    desk.wire.requests.clear()
    messages, _ = await desk.read(cursor)
    assert messages == []
    assert len(desk.wire.requests) < 8


async def test_fields_that_a_version_refuses_are_left_out_and_named(desk: Desk) -> None:
    said = desk.seed(4)
    desk.network.no_fields = {"can_reply_privately"}
    connector = desk.connector()
    batch = await connector.fetch(desk.channel, Cursor(""))
    assert set(said) <= {m.remote_id for m in batch.messages}
    assert any("plainest" in word for word in connector.validity().words)


def between_us(desk: Desk) -> str:
    """A comment that only its author and the Page see, with a picture; its remote id."""
    post = desk.network.write(desk.page, desk.page, "Mine")
    made = desk.network.comment(desk.vera, post, "Between us: 5 Quay Street")
    address = "https://www.facebook.com/photo/1"
    image = {"src": "https://scontent.fbcdn.net/x.jpg", "width": 10, "height": 10}
    attachment = {"type": "photo", "media": {"image": image}, "target": {"id": "1", "url": address}, "url": address}
    made.odd = {"is_private": True, "can_remove": False, "attachment": attachment}
    return f"{post.id}:{made.id}"


async def test_one_refusal_that_is_about_no_field_leaves_the_fields_as_they_are(desk: Desk) -> None:
    """Code 100 is said of many things: here of a post, not of what was asked about it."""
    private = between_us(desk)
    messages, cursor = await desk.read()
    before = by_id(messages)[private]
    odd = desk.network.write(desk.vera, desk.page, "Odd")
    desk.network.comment(desk.vera, odd, "Nobody reads this")
    desk.network.broken[odd.id] = GraphError(100, "(#100) Object does not exist, cannot be loaded")
    connector = desk.connector()
    cursor = (await connector.fetch(desk.channel, cursor)).cursor
    assert not any("refused" in word for word in connector.validity().words)
    desk.clock.forward(60)
    desk.network.edit(desk.network.comments[private.rpartition(":")[2]], "Between us: 6 Quay Street")
    desk.network.comment(desk.vera, desk.network.posts[private.partition(":")[0]], "It moves")
    found = by_id(list((await connector.fetch(desk.channel, cursor)).messages))
    after = found[private]
    assert after.text == "Between us: 6 Quay Street"
    assert before.visibility is after.visibility is Visibility.FOLLOWERS
    assert before.denied == after.denied
    assert before.attachments == after.attachments != ()


async def test_where_nobody_can_read_deeper_the_fields_are_not_to_blame(desk: Desk) -> None:
    post = desk.network.write(desk.page, desk.page, "Talk of the town")
    for number in range(130):
        desk.clock.forward(1)
        desk.network.comment(desk.vera, post, f"Word {number}")
    desk.network.deepest = 100
    connector = desk.connector()
    batch = await connector.fetch(desk.channel, Cursor(""))
    assert len(batch.messages) >= 100
    assert connector.validity().words == ()
    refused = [r for r in desk.asked("/comments") if r.url.params.get("after")]
    assert len({r.url.params["after"] for r in refused}) == len(refused), "and nothing is tried twice"


@pytest.mark.parametrize(("refused", "pictures"), [("can_like", 1), ("is_private", 0)])
async def test_with_plain_fields_what_is_private_is_never_taken_for_public(
    desk: Desk, refused: str, pictures: int
) -> None:  # fmt: skip
    private = between_us(desk)
    desk.network.no_fields = {refused}
    connector = desk.connector()
    first = await connector.fetch(desk.channel, Cursor(""))
    desk.network.comment(desk.vera, desk.network.posts[private.partition(":")[0]], "For all")
    desk.clock.forward(60)
    second = await connector.fetch(desk.channel, first.cursor)
    again = await connector.reread(desk.channel, [private])
    for message in (by_id(list(first.messages))[private], *again.messages):
        assert message.visibility is Visibility.FOLLOWERS
        assert len(message.attachments) == pictures
    [for_all] = [m for m in second.messages if m.text == "For all"]
    assert for_all.public == (refused != "is_private")
    assert any("plainest" in word for word in connector.validity().words)


# --- what moved ---


async def test_a_quiet_page_costs_few_calls(desk: Desk) -> None:
    for number in range(40):
        desk.network.write(desk.page, desk.page, f"Post {number}")
    connector = desk.connector()
    cursor = (await connector.fetch(desk.channel, Cursor(""))).cursor
    while not (batch := await connector.fetch(desk.channel, cursor)).complete:
        cursor = batch.cursor
    desk.clock.forward(180)
    batch = await connector.fetch(desk.channel, batch.cursor)
    assert batch.requests <= 2, "the feed, and private messages"


async def test_only_posts_that_moved_are_read(desk: Desk) -> None:
    posts = [desk.network.write(desk.page, desk.page, f"Post {n}") for n in range(12)]
    for post in posts:
        desk.network.comment(desk.vera, post, "Aha")
    _, cursor = await desk.read()
    desk.clock.forward(60)
    desk.network.comment(desk.vera, posts[7], "And?")
    desk.wire.requests.clear()
    messages, _ = await desk.read(cursor)
    assert texts(messages) == {"And?", "Post 7"}
    assert [r.url.path for r in desk.asked("/comments")] == [f"/v26.0/{posts[7].id}/comments"]


async def test_more_than_goes_into_one_batch_comes_in_several(desk: Desk) -> None:
    posts = [desk.network.write(desk.page, desk.page, f"Post {n}") for n in range(DIRTY_AT_ONCE + 10)]
    _, cursor = await desk.read()
    desk.clock.forward(60)
    for post in posts:
        desk.network.comment(desk.vera, post, f"On {post.message}")
    messages, _ = await desk.read(cursor)
    assert {f"On Post {n}" for n in range(len(posts))} <= texts(messages)


async def test_an_edited_or_hidden_comment_is_found_within_a_day_though_nothing_moved(desk: Desk) -> None:
    said = desk.seed(6)
    _, cursor = await desk.read()
    desk.network.edit(desk.thing(said[2]), "Other words")
    desk.network.comments[said[3].partition(":")[2]].hidden = True
    desk.clock.forward(3_600)
    messages, cursor = await desk.read(cursor)
    assert messages == []
    desk.clock.forward(DAY_S)
    messages, _ = await desk.read(cursor)
    found = by_id(messages)
    assert found[said[2]].text == "Other words"
    assert found[said[3]].state is MessageState.HIDDEN


async def test_a_deletion_that_an_addition_balances_is_found(desk: Desk) -> None:
    said = desk.seed(6)
    _, cursor = await desk.read()
    desk.clock.forward(60)
    desk.network.remove(desk.thing(said[5]))
    desk.network.comment(desk.vera, desk.network.posts[said[0]], "Instead")
    messages, _ = await desk.read(cursor)
    assert "Instead" in texts(messages)
    assert desk.gone == [said[5]]


async def test_a_deleted_post_goes_with_all_below_it_and_only_on_facebooks_word(desk: Desk) -> None:
    said = desk.seed(4)
    other = desk.seed(2)
    _, cursor = await desk.read()
    desk.clock.forward(3_700)
    desk.network.lag_s = 10**9  # lists forget everything for a while
    _, cursor = await desk.read(cursor)
    assert desk.gone == []
    desk.network.lag_s = 0
    desk.network.remove(desk.network.posts[said[0]])
    _, cursor = await desk.read(cursor)
    assert set(desk.gone) == set(said)
    assert other[0] not in desk.gone


async def test_posts_older_than_a_month_are_seen_again_within_a_week(desk: Desk) -> None:
    old = desk.network.write(desk.page, desk.page, "In spring", at=desk.clock.now() - timedelta(days=60))
    for number in range(60):
        desk.network.write(desk.page, desk.page, f"Since then {number}", at=desk.clock.now() - timedelta(days=40))
    asked = desk.network.comment(desk.vera, old, "Was that so?", at=desk.clock.now() - timedelta(days=59))
    messages, cursor = await desk.read()
    assert "Was that so?" in texts(messages), "the import reads a year"
    desk.network.edit(asked, "It was not so")
    seen: set[str] = set()
    connector = desk.connector()
    for _ in range(8 * 24):
        desk.clock.forward(3_600)
        batch = await connector.fetch(desk.channel, cursor)
        cursor = batch.cursor
        seen |= {m.text for m in batch.messages}
    assert "It was not so" in seen


async def test_an_answer_to_an_answer_hangs_on_the_comment_above_both(desk: Desk) -> None:
    post = desk.network.write(desk.page, desk.page, "The bridge")
    top = desk.network.comment(desk.vera, post, "When?")
    below = desk.network.comment(desk.page, top, "Soon")
    deeper = desk.network.comment(desk.vera, below, "How soon?")
    found = by_id((await desk.read())[0])
    assert found[f"{post.id}:{deeper.id}"].parent_remote_id == f"{post.id}:{top.id}"
    assert found[f"{post.id}:{top.id}"].context_remote_id == post.id


async def test_a_draft_becomes_public_and_what_is_scheduled_comes_at_its_time(desk: Desk) -> None:
    draft = desk.network.write(desk.page, desk.page, "Soon", published=False)
    later = desk.clock.now() + timedelta(hours=1)
    timed = desk.network.write(desk.page, desk.page, "Later", published=False, scheduled_at=later)
    messages, cursor = await desk.read()
    found = by_id(messages)
    assert (found[draft.id].state, found[timed.id].state) == (MessageState.DRAFT, MessageState.SCHEDULED)
    assert found[timed.id].created_at == later.replace(microsecond=0)
    draft.published = True
    desk.clock.forward(3_700)
    messages, _ = await desk.read(cursor)
    assert {m.remote_id: m.state for m in messages} == dict.fromkeys([draft.id, timed.id], MessageState.PUBLISHED)


# --- who is who ---


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("kind", ["USER", "SYSTEM_USER"])
async def test_a_token_that_is_not_the_pages_own_never_looks_like_a_quiet_page(
    desk: Desk, kind: str, silent: bool
) -> None:
    desk.seed(3)
    desk.network.silent = silent
    _, cursor = await desk.read()
    desk.kept.parts[f"page:{desk.page.id}"] = desk.network.token_for(desk.olga, desk.app, kind=kind)
    with pytest.raises(SignInNeeded) as caught:
        await desk.connector().fetch(desk.channel, cursor)
    assert caught.value.hint


async def test_a_token_without_the_right_to_read_comments_never_looks_like_a_quiet_page(desk: Desk) -> None:
    desk.seed(3)
    next(iter(desk.network.tokens.values())).scopes.discard("pages_read_user_content")
    with pytest.raises(NotAllowed):
        await desk.read()


@pytest.mark.parametrize(
    ("subcode", "error", "words"),
    [
        (458, SignInNeeded, "removed"),
        (459, SignInNeeded, "check"),
        (460, SignInNeeded, "password"),
        (463, SignInNeeded, "run out"),
        (467, SignInNeeded, "not valid"),
        (492, NotAllowed, "no role"),
    ],
)
async def test_a_dead_token_says_what_killed_it(desk: Desk, subcode: int, error: type[Exception], words: str) -> None:
    desk.network.revoke(desk.secret, subcode)
    with pytest.raises(error) as caught:
        await desk.read()
    assert words in str(caught.value)
    assert caught.value.hint  # type: ignore[attr-defined]


async def test_strangers_without_a_name_are_read_all_the_same(desk: Desk) -> None:
    desk.network.nameless = True
    said = desk.seed(4)
    messages, _ = await desk.read()
    found = by_id(messages)
    assert set(said) <= set(found)
    assert {found[i].author.name for i in said} == {"Facebook user"}


# --- beside the feed ---


async def test_what_names_the_page_elsewhere_comes_once_and_with_its_comments(desk: Desk) -> None:
    post = desk.network.tag(desk.vera, desk.page, "Look at our council")
    desk.network.comment(desk.olga, post, "Nice")
    messages, _ = await desk.read()
    assert sorted(m.text for m in messages) == ["Look at our council", "Nice"]
    assert by_id(messages)[post.id].kind is MessageKind.MENTION
    assert post.id.startswith(desk.vera.id)


async def test_reels_are_in_no_feed_and_their_comments_hang_on_the_film(desk: Desk) -> None:
    film = desk.network.film(desk.page, "The bridge in thirty seconds")
    asked = desk.network.comment(desk.vera, film, "Who filmed that?")
    messages, _ = await desk.read()
    found = by_id(messages)
    assert found[film.id].ours
    assert found[film.id].author.name == desk.channel.title
    assert found[f"{film.id}:{asked.id}"].context_remote_id == film.id
    again = await desk.connector().reread(desk.channel, list(found))
    assert by_id(list(again.messages)) == found


async def test_recommendations_come_once_and_changed_ones_again(desk: Desk) -> None:
    rating = desk.network.rate(desk.vera, desk.page, "", named=False)
    messages, cursor = await desk.read()
    assert [(m.kind, m.remote_id) for m in messages] == [(MessageKind.REVIEW, f"rating:{rating.story_id}")]
    desk.clock.forward(3_700)
    messages, cursor = await desk.read(cursor)
    assert messages == []
    rating.text, rating.positive = "They never called back", False
    messages, _ = await desk.read(cursor)
    assert [(m.title, m.text) for m in messages] == [("Does not recommend the Page", "They never called back")]


async def test_private_messages_are_one_conversation_with_a_window_to_answer(desk: Desk) -> None:
    desk.network.tell(desk.vera, desk.page, desk.vera, "About my tax")
    desk.clock.forward(60)
    desk.network.tell(desk.page, desk.page, desk.vera, "Which year?")
    messages, cursor = await desk.read()
    assert [(m.text, m.ours) for m in messages] == [("About my tax", False), ("Which year?", True)]
    [talk] = desk.network.talks.values()
    assert [m.parent_remote_id for m in messages] == [talk.id, messages[0].remote_id]
    assert {m.root_remote_id for m in messages} == {talk.id}
    earlier = messages[1].remote_id
    assert {m.visibility for m in messages} == {Visibility.DIRECT}
    assert messages[0].reply_until == messages[0].created_at + timedelta(hours=24)
    desk.clock.forward(60)
    desk.network.tell(desk.vera, desk.page, desk.vera, "Last year")
    first = messages[0].remote_id
    messages, _ = await desk.read(cursor)
    assert [(m.remote_id, m.parent_remote_id) for m in messages if m.text != "Last year"] == [(first, talk.id)]
    assert [m.parent_remote_id for m in messages if m.text == "Last year"] == [earlier]


async def test_the_hours_to_answer_are_counted_from_the_persons_last_message(desk: Desk) -> None:
    """Whichever of them is answered (facebook.md section 3), also one that an earlier poll brought."""
    desk.network.tell(desk.vera, desk.page, desk.vera, "A long question")
    kept, cursor = await desk.read()
    desk.clock.forward(20 * 3_600)
    desk.network.tell(desk.page, desk.page, desk.vera, "We look into it")
    desk.network.tell(desk.vera, desk.page, desk.vera, "And?")
    desk.clock.forward(9 * 3_600)
    desk.network.tell(desk.vera, desk.page, desk.vera, "Hello?")
    now = desk.clock.now()
    messages, cursor = await desk.read(cursor)
    assert {m.text: m.reply_until for m in messages} == {
        "A long question": now + timedelta(hours=24), "We look into it": None, "And?": now + timedelta(hours=24),
        "Hello?": now + timedelta(hours=24),
    }  # fmt: skip
    assert by_id(messages)[kept[0].remote_id].parent_remote_id == kept[0].parent_remote_id
    desk.clock.forward(60)
    desk.network.tell(desk.page, desk.page, desk.vera, "Tomorrow at nine")
    messages, _ = await desk.read(cursor)
    assert texts(messages) == {"Tomorrow at nine"}, "what we say moves nothing"


async def test_what_comes_again_with_more_time_keeps_its_place_in_a_long_conversation(desk: Desk) -> None:
    kept, cursor = dict[str, Message](), Cursor("")
    for number in range(30):
        desk.clock.forward(600)
        desk.network.tell(desk.vera if number % 3 else desk.page, desk.page, desk.vera, f"Word {number}")
        if number % 2:
            messages, cursor = await desk.read(cursor)
            for m in messages:
                before = kept.get(m.remote_id, m)
                assert before.parent_remote_id == m.parent_remote_id
                kept[m.remote_id] = m
    [talk] = desk.network.talks.values()
    assert [m.parent_remote_id for m in kept.values()] == [talk.id, *list(kept)[:-1]]
    theirs = [m.reply_until for m in kept.values() if m.reply_until]
    assert set(theirs[-12:]) == {desk.clock.now() + timedelta(hours=24)}


class _Refusing(httpx.AsyncBaseTransport):
    """Reading one conversation is refused, and all the others stand there."""

    def __init__(self, inner: httpx.AsyncBaseTransport, talk: str, error: GraphError) -> None:
        self._inner, self._talk, self._error = inner, talk, error

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(f"/{self._talk}"):
            return httpx.Response(self._error.status, json=self._error.body("A1b2"))
        return await self._inner.handle_async_request(request)


@pytest.mark.parametrize(
    "error",
    [
        GraphError(100, "Unsupported get request. It does not exist", subcode=33, kind="GraphMethodException"),
        GraphError(200, "(#200) Not this one", status=403),
        GraphError(551, "(#551) This person isn't available right now."),
    ],
)
async def test_one_conversation_that_cannot_be_read_does_not_silence_the_others(desk: Desk, error: GraphError) -> None:
    connector = desk.connector()
    bob = desk.network.add_person("Bob")
    desk.network.tell(bob, desk.page, bob, "Vanishing")
    [lost] = desk.network.talks
    desk.clock.forward(60)
    desk.network.tell(desk.vera, desk.page, desk.vera, "First")
    inner = desk.wire._server
    desk.wire._server = _Refusing(inner, lost, error)
    seen, cursor = set[str](), Cursor("")
    for number in range(3):
        batch = await connector.fetch(desk.channel, cursor)
        cursor = batch.cursor
        seen |= {m.text for m in batch.messages}
        desk.clock.forward(3_700)
        desk.network.tell(desk.vera, desk.page, desk.vera, f"Help {number}")
    assert seen == {"First", "Help 0", "Help 1"}
    assert len(desk.asked(f"/{lost}")) == 1, "it is asked for again when it moves"
    assert "Facebook does not show private messages to this token." not in connector.validity().words
    desk.wire._server = inner
    desk.network.tell(bob, desk.page, bob, "Back again")
    batch = await connector.fetch(desk.channel, cursor)
    assert {"Vanishing", "Back again", "Help 2"} <= {m.text for m in batch.messages}


async def test_when_more_was_said_than_facebook_shows_a_note_says_so(desk: Desk) -> None:
    desk.network.tell(desk.vera, desk.page, desk.vera, "Hello")
    _, cursor = await desk.read()
    for number in range(25):
        desk.clock.forward(2)
        desk.network.tell(desk.vera, desk.page, desk.vera, f"And {number}")
    messages, cursor = await desk.read(cursor)
    assert {f"And {n}" for n in range(5, 25)} <= texts(messages)
    [note] = [m for m in messages if m.kind is MessageKind.NOTICE]
    assert "more was written than Facebook shows" in note.text
    messages, _ = await desk.read(cursor)
    assert messages == []


async def test_with_standard_access_the_public_writes_nothing(desk: Desk) -> None:
    desk.app.advanced = False
    desk.network.tell(desk.vera, desk.page, desk.vera, "Hello")
    assert (await desk.read())[0] == []


async def test_a_right_that_lapsed_stops_only_what_it_is_for_and_is_named(desk: Desk) -> None:
    said = desk.seed(3)
    next(iter(desk.network.tokens.values())).scopes.discard("pages_messaging")
    connector = desk.connector()
    batch = await connector.fetch(desk.channel, Cursor(""))
    assert set(said) <= {m.remote_id for m in batch.messages}
    assert "Facebook does not show private messages to this token." in connector.validity().words


async def test_without_the_capability_no_conversation_is_asked_for(desk: Desk) -> None:
    channel = replace(desk.channel, capabilities=desk.channel.capabilities & ~Capability.DIRECT)
    await desk.read(channel=channel)
    assert desk.asked("/conversations") == []


# --- limits ---


async def test_a_throttled_call_waits_as_long_as_facebook_says(desk: Desk) -> None:
    desk.seed(3)
    desk.network.throttle(timedelta(minutes=47))
    desk.meter = meter = ShareMeter()
    with pytest.raises(RateLimited) as caught:
        await desk.read()
    assert caught.value.retry_at == desk.clock.now() + timedelta(minutes=47)
    calls = len(desk.wire.requests)
    with pytest.raises(OutOfBudget):
        await desk.read()
    assert len(desk.wire.requests) == calls, "not one call while throttled"
    assert meter.reports[-1] == ("pages", 100, desk.clock.now() + timedelta(minutes=47))


async def test_the_share_that_facebook_reports_stops_calls_before_the_limit(desk: Desk) -> None:
    desk.seed(3)
    desk.meter = meter = ShareMeter()
    desk.network.usage["pages"] = (80, 0)
    _, cursor = await desk.read()
    assert ("pages", 80, None) in meter.reports
    assert meter.stopped == {}
    desk.network.usage["pages"] = (96, 0)
    with pytest.raises(OutOfBudget):
        await desk.read(cursor)
    assert meter.stopped["pages"] == desk.clock.now() + timedelta(hours=1)


async def test_messengers_share_does_not_stop_the_rest(desk: Desk) -> None:
    said = desk.seed(3)
    desk.meter = meter = ShareMeter()
    desk.network.usage["messenger"] = (100, 19)
    messages, _ = await desk.read()
    assert set(said) <= set(by_id(messages))
    assert meter.stopped == {"messenger": desk.clock.now() + timedelta(minutes=19)}


async def test_another_version_than_ours_is_named(desk: Desk) -> None:
    desk.network.version = "v27.0"
    connector = desk.connector()
    assert not any("v27.0" in word for word in connector.validity().words)
    await connector.fetch(desk.channel, Cursor(""))
    assert any("v27.0" in word and "v26.0" in word for word in connector.validity().words)
    assert connector.validity().version == "v26.0"


async def test_when_it_breaks_in_the_middle_nothing_is_taken_for_read(desk: Desk) -> None:
    desk.seed(5)
    _, cursor = await desk.read()
    desk.clock.forward(60)
    new = desk.seed(5)
    post = desk.network.posts[new[0]]
    post.odd = {"comments": {"data": [], "summary": {"total_count": 4}}}
    real = desk.network.comments
    desk.network.comments = Trouble(real)  # type: ignore[assignment]
    with pytest.raises(Unavailable):
        await desk.read(cursor)
    desk.network.comments = real
    messages, _ = await desk.read(cursor)
    assert set(new) <= set(by_id(messages))


class Trouble(dict[str, Any]):
    """Comments that Facebook cannot read just now."""

    def values(self) -> Any:
        raise GraphError(2, "An unexpected error has occurred. Please retry your request later.", status=500)


# --- the cursor ---


def test_a_cursor_of_another_page_or_version_begins_anew() -> None:
    with pytest.raises(CursorExpired):
        Position.of(Position(page="1", begun=True).cursor(), "2")
    for broken in ("{}", "[]", "x", '{"v":9,"page":"1"}', '{"v":1,"page":"1","posts":{"a":[1]}}'):
        with pytest.raises(CursorExpired):
            Position.of(Cursor(broken), "1")


async def test_facebooks_own_marks_are_worth_nothing_ten_minutes_later(desk: Desk) -> None:
    for number in range(60):
        desk.network.write(desk.page, desk.page, f"Post {number}", at=desk.clock.now() - timedelta(minutes=number))
    connector = desk.connector()
    batch = await connector.fetch(desk.channel, Cursor(""))
    assert not batch.complete
    desk.clock.forward(3_600)
    desk.wire.requests.clear()
    messages, _ = await desk.read(batch.cursor)
    assert {f"Post {n}" for n in range(60)} <= texts([*batch.messages, *messages])
    assert "after" not in desk.asked("/feed")[0].url.params


async def test_many_conversations_are_read_oldest_first_a_few_at_a_time_and_none_is_lost(desk: Desk) -> None:
    for number in range(45):
        desk.clock.forward(60)
        person = desk.network.add_person(f"Person {number}")
        desk.network.tell(person, desk.page, person, f"Question {number}")
    cursor, seen, times = Cursor(""), set[str](), list[float]()
    connector = desk.connector()
    for _ in range(4):
        began_s = desk.clock.monotonic_s()
        batch = await connector.fetch(desk.channel, cursor)
        times.append(desk.clock.monotonic_s() - began_s)
        cursor = batch.cursor
        seen |= {m.text for m in batch.messages}
        desk.clock.forward(180)
    assert seen == {f"Question {n}" for n in range(45)}
    assert times[0] >= 9.5, "two calls a second, not more"
    assert times[3] == 0


async def test_what_is_older_than_a_year_is_not_read_and_a_years_talk_keeps_the_cursor_small(desk: Desk) -> None:
    now = desk.clock.now()
    ancient = desk.network.write(desk.page, desk.page, "Long ago", at=now - timedelta(days=400))
    for number in range(120):
        post = desk.network.write(desk.page, desk.page, f"Post {number}", at=now - timedelta(days=3 * number))
        for word in range(40):
            desk.network.comment(desk.vera, post, f"Word {word}", at=post.at + timedelta(minutes=word + 1))
    messages, cursor = await desk.read()
    assert len(messages) == 120 * 41
    assert ancient.id not in by_id(messages)
    assert len(cursor) < 150_000
    desk.wire.requests.clear()
    messages, _ = await desk.read(cursor)
    assert messages == []
    assert len(desk.wire.requests) < 10


async def test_a_list_that_is_refused_does_not_make_everything_else_plain(desk: Desk) -> None:
    desk.seed(2)
    desk.network.no_fields = {"description"}
    desk.network.film(desk.page, "Not to be read")
    connector = desk.connector()
    batch = await connector.fetch(desk.channel, Cursor(""))
    assert len(batch.messages) == 2
    assert connector.validity().words == ("Facebook does not show reels to this token.",)


@pytest.mark.parametrize(
    "error", [GraphError(2, "Again later", status=500), GraphError(10, "(#10) Not this one", status=403)]
)
async def test_one_post_that_cannot_be_read_does_not_silence_the_page(desk: Desk, error: GraphError) -> None:
    desk.seed(4)
    odd = desk.network.write(desk.page, desk.page, "Odd")
    fine = desk.network.write(desk.page, desk.page, "Fine")
    for post in (odd, fine):
        desk.network.comment(desk.vera, post, f"Before, below {post.message}")
    desk.network.broken[odd.id] = error
    messages, cursor = await desk.read()
    assert "Before, below Fine" in texts(messages)
    connector = desk.connector()
    for number in range(3):
        desk.clock.forward(180)
        desk.network.comment(desk.vera, odd, f"Alone {number}")
        batch = await connector.fetch(desk.channel, cursor)
        cursor = batch.cursor
    desk.network.comment(desk.vera, fine, "After")
    desk.network.broken.clear()
    desk.clock.forward(3_700)
    batch = await connector.fetch(desk.channel, cursor)
    assert {"After", "Alone 0", "Alone 2", "Before, below Odd"} <= {m.text for m in batch.messages}


async def test_when_no_post_can_be_read_it_is_the_right_that_is_missing(desk: Desk) -> None:
    desk.seed(4)
    post = desk.network.write(desk.page, desk.page, "Mine")
    desk.network.comment(desk.vera, post, "Below")
    _, cursor = await desk.read()
    desk.clock.forward(60)
    desk.network.comment(desk.vera, post, "More")
    for one in desk.network.posts:
        desk.network.broken[one] = GraphError(10, "(#10) pages_read_user_content", status=403)
    with pytest.raises(NotAllowed):
        await desk.read(cursor)


async def test_an_hour_on_a_quiet_page_costs_less_than_a_call_a_minute(desk: Desk) -> None:
    """Measured over a whole simulated day: 1,527 calls, 40 new comments among them (facebook.md section 2.7)."""
    now = desk.clock.now()
    for number in range(20):
        post = desk.network.write(desk.page, desk.page, f"Post {number}", at=now - timedelta(days=number))
        desk.network.comment(desk.vera, post, "Aha", at=post.at + timedelta(hours=1))
    connector = desk.connector()
    cursor = (await connector.fetch(desk.channel, Cursor(""))).cursor
    await connector.fetch(desk.channel, cursor)
    before = len(desk.network.calls)
    for _ in range(20):
        desk.clock.forward(180)
        cursor = (await connector.fetch(desk.channel, cursor)).cursor
    assert len(desk.network.calls) - before <= 60


async def test_a_wait_that_stands_in_front_of_facebook_stops_calls_too(desk: Desk) -> None:
    desk.meter = meter = ShareMeter()
    desk.break_reads(Break.WAIT_SECONDS)
    with pytest.raises(RateLimited):
        await desk.read()
    desk.mend()
    with pytest.raises(OutOfBudget):
        await desk.read()
    assert meter.stopped["pages"] == desk.clock.now() + WAIT


async def test_a_storm_below_a_known_post_comes_with_the_next_poll(desk: Desk) -> None:
    post = desk.network.write(desk.page, desk.page, "The tide")
    desk.network.comment(desk.vera, post, "First")
    _, cursor = await desk.read()
    for number in range(170):
        desk.clock.forward(1)
        desk.network.comment(desk.vera, post, f"Word {number}")
    messages, _ = await desk.read(cursor)
    assert {f"Word {n}" for n in range(170)} <= texts(messages)
