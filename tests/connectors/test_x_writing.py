"""Publishing and acting at X (x.md section 5): what is sent, what a program may not, what is carried over by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from inbox.errors import (
    ByHand,
    NotAllowed,
    OutcomeUnknown,
    OutOfBudget,
    Rejected,
    Unavailable,
    Unsupported,
)
from inbox.model import (
    Audience,
    Capability,
    Media,
    MessageState,
    Moderation,
    PollAsked,
    Reaction,
    Rendition,
    UpdateKind,
)
from inbox.practice.faults import FaultKind
from tests.connectors.x_recorded import Desk, Square, error, us
from tests.practice.mastodon_stage import picture


@pytest.fixture
def square() -> Square:
    return Square()


def sent(square: Desk, path: str = "/2/tweets") -> list[dict[str, Any]]:
    return [json.loads(r.content) for r in square.asked(path, "POST")]


def media(folder: Path, kind: str = "image/png", alt: str = "A quay at night", name: str = "a") -> Media:
    path = folder / f"{name}.{kind.removeprefix('image/')}"
    path.write_bytes(picture(kind))
    return Media(path=str(path), mime_type=kind, alt_text=alt)


# --- answers ---


async def test_whoever_named_us_on_purpose_is_answered(square: Square) -> None:
    asked = square.network.say(square.vera, "@harbour when does it open?")
    receipt = await square.connector.publish(square.channel, square.answer(asked), "key-1")
    assert sent(square) == [{"text": "At nine", "reply": {"in_reply_to_tweet_id": asked.id}}]
    post = square.network.posts[receipt.remote_id]
    assert (post.typed, post.parent_id) == ("At nine", asked.id)
    assert receipt.url == f"https://x.com/harbour/status/{receipt.remote_id}"


async def test_an_answer_that_a_program_may_not_give_goes_by_hand_and_is_picked_up(square: Square) -> None:
    root = square.network.say(square.office, "The bridge is open")
    asked = square.network.say(square.vera, "since when?", to=root)
    await square.read()
    assert Capability.REPLY in square.held[asked.id].denied
    rendition = square.answer(asked, "Since six & counting")
    with pytest.raises(ByHand) as hand:
        await square.connector.publish(square.channel, rendition, "key-1")
    assert hand.value.text == rendition.text
    address = urlsplit(hand.value.url)
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://x.com/intent/tweet"
    assert parse_qs(address.query) == {"in_reply_to": [asked.id], "text": ["Since six & counting"]}
    assert not [p for p in square.network.posts.values() if p.typed == rendition.text]
    # The officer posts it on that page; the next poll brings it as ours, below what it answers.
    square.network.browser = square.office
    async with httpx.AsyncClient(transport=square.http._transport, base_url="https://x.com") as browser:
        assert (
            await browser.post("/intent/tweet", data={"in_reply_to": asked.id, "text": hand.value.text})
        ).is_redirect
    square.clock.forward(60)
    await square.read()
    [ours] = [m for m in square.held.values() if m.ours and m.parent_remote_id == asked.id]
    assert ours.text == rendition.text


async def test_a_recorded_refusal_to_answer_goes_by_hand() -> None:
    desk = Desk(lambda _: error("reply_not_allowed_self_serve"), us())
    rendition = Rendition(kind=UpdateKind.REPLY, text="At nine", reply_to="12")
    with pytest.raises(ByHand):
        await desk.connector.publish(desk.channel, rendition, "key-1")


async def test_quoting_us_summons_us_too(square: Square) -> None:
    root = square.network.say(square.office, "The bridge is open")
    quote = square.network.say(square.vera, "Well well @harbour", quote=root)
    await square.connector.publish(square.channel, square.answer(quote), "key-1")


async def test_our_own_posts_can_be_continued(square: Square) -> None:
    first = await square.connector.publish(square.channel, square.post("One of two"), "key-1")
    second = await square.connector.publish(square.channel, square.answer(first.remote_id, "Two of two"), "key-2")
    assert square.network.posts[second.remote_id].conversation_id == first.remote_id


async def test_an_answer_to_nothing_is_refused_by_nobody_else(square: Square) -> None:
    asked = square.network.say(square.vera, "@harbour when?")
    square.network.remove(asked)
    with pytest.raises(Rejected, match="not there any more"):
        await square.connector.publish(square.channel, square.answer(asked), "key-1")


# --- duplicates and doubt ---


async def test_the_same_words_again_are_told_apart_from_a_lost_answer(square: Square) -> None:
    await square.connector.publish(square.channel, square.post(), "key-1")
    square.clock.forward(3_600)
    key = f"{int(square.clock.now().timestamp() * 1000):012x}" + "0" * 20
    with pytest.raises(Rejected, match="repetition"):
        await square.connector.publish(square.channel, square.post(), key)


async def test_a_twin_that_is_not_listed_yet_is_neither_sent_nor_refused(square: Square) -> None:
    square.network.lag_s = 600
    rendition, key = square.post(), f"{int(square.clock.now().timestamp() * 1000):012x}" + "0" * 20
    square.faults.add(FaultKind.LOST_ANSWER, path="/2/tweets$", method="POST", times=1)
    with pytest.raises(OutcomeUnknown):
        await square.connector.publish(square.channel, rendition, key)
    assert await square.connector.find(square.channel, square.delivery(rendition, key)) is None, "it lies"
    with pytest.raises(OutcomeUnknown):
        await square.again().publish(square.channel, rendition, key)
    square.clock.forward(700)
    found = await square.again().find(square.channel, square.delivery(rendition, key))
    assert found is not None
    assert len(square.network.posts) == 1


async def test_our_clock_may_be_hours_off(square: Square) -> None:
    """What was sent is found by X's time, which stands in its answers."""
    rendition = square.post()
    ahead = square.clock.now() + timedelta(hours=5)
    await square.connector.publish(square.channel, rendition, "key-1")
    app = square.http._transport

    async def dated(request: httpx.Request) -> httpx.Response:
        there = square.network.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        response = await app.handle_async_request(request)
        return httpx.Response(
            response.status_code, headers={**response.headers, "date": there}, content=await response.aread()
        )

    desk = Desk(httpx.MockTransport(dated), square.us, **square.secret.parts)
    desk.clock.forward((ahead - desk.clock.now()).total_seconds())
    # Signed with a clock that is so far off, keys would be refused; tokens carry no time.
    grant = square.network.grants[0]
    grant.token_secret, grant.issued_at = "", square.network.now()
    desk.secret.parts = {"access": grant.token, "refresh": "r", "client_id": "c"}
    key = f"{int(ahead.timestamp() * 1000):012x}" + "0" * 20
    delivery = replace(desk.delivery(rendition, key), sending_at=ahead)
    assert await desk.connector.find(desk.channel, delivery) is not None


@pytest.mark.parametrize("name", ["duplicate_content", "not_permitted_generic"])
async def test_recorded_refusals_of_a_post_are_for_its_author(name: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return error(name) if request.method == "POST" else httpx.Response(200, json={"meta": {"result_count": 0}})

    desk = Desk(answer, us())
    with pytest.raises(Rejected) as refused:
        await desk.connector.publish(desk.channel, Rendition(kind=UpdateKind.POST, text="Words"), "key-1")
    assert refused.value.problems


@pytest.mark.parametrize(
    ("name", "raised"),
    [
        ("client_not_enrolled", NotAllowed), ("unsupported_authentication", NotAllowed),
        ("credits_depleted_user_context", OutOfBudget), ("usage_capped", OutOfBudget),
    ],
)  # fmt: skip
async def test_recorded_refusals_that_hold_the_queue(name: str, raised: type[Exception]) -> None:
    desk = Desk(lambda _: error(name), us())
    with pytest.raises(raised):
        await desk.connector.publish(desk.channel, Rendition(kind=UpdateKind.POST, text="Words"), "key-1")


# --- what a post may hold ---


async def test_pictures_with_words_for_those_who_cannot_see(square: Square, tmp_path: Path) -> None:
    pictures = (media(tmp_path), media(tmp_path, "image/jpeg", alt="", name="b"))
    receipt = await square.connector.publish(square.channel, square.post("Look", media=pictures), "key-1")
    post = square.network.posts[receipt.remote_id]
    uploads = [square.network.uploads[i] for i in post.media]
    assert [(u.mime_type, u.alt_text) for u in uploads] == [("image/png", "A quay at night"), ("image/jpeg", "")]
    assert uploads[0].data == picture("image/png")
    order = [r.url.path for r in square.sent]
    assert order == ["/2/media/upload", "/2/media/upload", "/2/media/metadata", "/2/tweets"]
    await square.read()
    message = square.held[receipt.remote_id]
    assert (message.text, len(message.attachments)) == ("Look", 2)


async def test_a_moving_picture_goes_in_pieces_and_is_waited_for(square: Square, tmp_path: Path) -> None:
    square.network.gif_waits = 3
    rendition = square.post("Look", media=(media(tmp_path, "image/gif"),))
    receipt = await square.connector.publish(square.channel, rendition, "key-1")
    [upload] = [square.network.uploads[i] for i in square.network.posts[receipt.remote_id].media]
    assert upload.data == picture("image/gif")
    assert len(square.asked("/2/media/upload")) == 3


async def test_a_picture_that_x_cannot_read_is_refused(square: Square, tmp_path: Path) -> None:
    square.network.gif_waits = 2
    real = square.network.now

    def failing() -> Any:
        for upload in square.network.uploads.values():
            upload.failed = True
        return real()

    square.network.now = failing  # type: ignore[method-assign]
    with pytest.raises(Rejected, match="could not make anything"):
        await square.connector.publish(square.channel, square.post(media=(media(tmp_path, "image/gif"),)), "key-1")
    assert not square.network.posts


async def test_a_lost_upload_is_no_unknown_post(square: Square, tmp_path: Path) -> None:
    square.faults.add(FaultKind.LOST_ANSWER, path="/2/media/metadata", times=1)
    with pytest.raises(Unavailable):
        await square.connector.publish(square.channel, square.post(media=(media(tmp_path),)), "key-1")
    assert not square.network.posts


async def test_a_poll_and_who_may_answer(square: Square) -> None:
    poll = PollAsked(options=("Yes", "No"), lasts_s=86_400)
    rendition = square.post("Open on Sunday?", poll=poll, audience=Audience.FOLLOWED)
    receipt = await square.connector.publish(square.channel, rendition, "key-1")
    assert sent(square) == [
        {"text": "Open on Sunday?", "poll": {"options": ["Yes", "No"], "duration_minutes": 1440},
         "reply_settings": "following"}
    ]  # fmt: skip
    assert await square.connector.find(square.channel, square.delivery(rendition)) is not None
    assert square.network.posts[receipt.remote_id].poll


@pytest.mark.parametrize(
    ("audience", "text", "told"),
    [(Audience.MENTIONED, "Hello @vera", "mentionedUsers"), (Audience.NOBODY, "Notice", "mentionedUsers")],
)
async def test_circles_of_who_may_answer(square: Square, audience: Audience, text: str, told: str) -> None:
    await square.connector.publish(square.channel, square.post(text, audience=audience), "key-1")
    assert sent(square)[0]["reply_settings"] == told


async def test_what_x_cannot_do_is_said_before_anything_is_sent(square: Square, tmp_path: Path) -> None:
    still, gif = media(tmp_path), media(tmp_path, "image/gif")
    poll = PollAsked(options=("Yes", "No"))
    event = square.network.message(square.vera, square.office, "Hello")
    direct = f"dm:{event.conversation_id}:{event.id}"
    for rendition in (
        square.post(poll=poll, media=(still,)),
        square.post(media=(gif, still)),
        square.post(media=(still,) * 5),
        square.post(audience=Audience.FOLLOWERS),
        square.post("Neither $GOLD nor $SILVER"),
        square.post("\ufeffPasted from a file"),
        square.post("Hello @vera", audience=Audience.NOBODY),
        square.answer(direct, media=(still, still)),
        square.answer(direct, poll=poll),
    ):
        with pytest.raises(Rejected):
            await square.connector.publish(square.channel, rendition, "key-1")
    assert not square.sent


async def test_quotes_and_likes_are_not_offered(square: Square) -> None:
    with pytest.raises(Unsupported):
        await square.connector.publish(square.channel, square.post(quotes="12"), "key-1")
    post = square.network.say(square.vera, "@harbour hello")
    await square.read()
    with pytest.raises(Unsupported):
        await square.connector.react(square.channel, square.held[post.id], Reaction.LIKE)


# --- direct messages ---


async def test_a_direct_message_is_answered_in_its_conversation(square: Square, tmp_path: Path) -> None:
    event = square.network.message(square.vera, square.office, "About my tax")
    rendition = square.answer(f"dm:{event.conversation_id}:{event.id}", "We look into it", media=(media(tmp_path),))
    receipt = await square.connector.publish(square.channel, rendition, "key-1")
    last = square.network.events[-1]
    assert receipt.remote_id == f"dm:{last.conversation_id}:{last.id}"
    assert (last.text, last.conversation_id, len(last.media)) == ("We look into it", event.conversation_id, 1)
    await square.read()
    assert square.held[receipt.remote_id].ours


async def test_the_same_short_message_may_be_sent_twice_on_purpose(square: Square) -> None:
    """Unlike posts, direct messages repeat themselves; only what was sent since then is the lost one."""
    event = square.network.message(square.vera, square.office, "Open?")
    rendition = square.answer(f"dm:{event.conversation_id}:{event.id}", "Yes.")
    for number in range(2):
        key = f"{int(square.clock.now().timestamp() * 1000):012x}{number:020x}"
        delivery = replace(square.delivery(rendition, key), sending_at=square.clock.now())
        assert await square.connector.find(square.channel, delivery) is None
        await square.connector.publish(square.channel, rendition, key)
        assert await square.connector.find(square.channel, delivery) is not None
        square.clock.forward(120)
    assert [e.text for e in square.network.events].count("Yes.") == 2


async def test_the_same_key_never_makes_two_messages(square: Square) -> None:
    """X would take the same message twice: it is looked for when the delivery was begun before."""
    event = square.network.message(square.vera, square.office, "Open?")
    rendition = square.answer(f"dm:{event.conversation_id}:{event.id}", "Yes.")
    key = f"{int(square.clock.now().timestamp() * 1000):032x}"
    first = await square.connector.publish(square.channel, rendition, key)
    assert (await square.again().publish(square.channel, rendition, key)).remote_id == first.remote_id
    assert [e.text for e in square.network.events].count("Yes.") == 1


# --- acting ---


async def test_reposting_and_taking_it_back_may_be_repeated(square: Square) -> None:
    post = square.network.say(square.vera, "@harbour thank you")
    await square.read()
    message = square.held[post.id]
    for _ in range(2):
        done = await square.connector.react(square.channel, message, Reaction.BOOST)
        assert done.reacted == (Reaction.BOOST,)
        assert post.reposted_by == {square.office.id}
    for _ in range(2):
        done = await square.connector.react(square.channel, done, Reaction.UNBOOST)
        assert done.reacted == ()
        assert not post.reposted_by


async def test_an_answer_below_our_post_is_hidden_and_shown_again(square: Square) -> None:
    root = square.network.say(square.office, "Open day")
    rude = square.network.say(square.vera, "rude", to=root)
    await square.read()
    message = square.held[rude.id]
    for action, state in ((Moderation.HIDE, MessageState.HIDDEN), (Moderation.UNHIDE, MessageState.PUBLISHED)):
        for _ in range(2):
            message = await square.connector.moderate(square.channel, message, action)
            assert message.state is state
            assert rude.hidden == (state is MessageState.HIDDEN)


async def test_looking_again_unfolds_nothing(square: Square) -> None:
    root = square.network.say(square.office, "Open day")
    rude = square.network.say(square.vera, "rude", to=root)
    await square.read()
    hidden = await square.connector.moderate(square.channel, square.held[rude.id], Moderation.HIDE)
    square.clock.forward(2 * 86_400)
    [again] = (await square.connector.thread(square.channel, hidden)).messages
    assert "state" in again.untold, "so it stays hidden here (store.own)"


async def test_hiding_elsewhere_is_refused_without_asking(square: Square) -> None:
    post = square.network.say(square.vera, "@harbour hello")
    await square.read()
    square.sent.clear()
    with pytest.raises(NotAllowed):
        await square.connector.moderate(square.channel, square.held[post.id], Moderation.HIDE)
    assert not square.sent


async def test_deleting_takes_all_edits_and_may_be_repeated(square: Square) -> None:
    post = square.network.say(square.office, "Opn")
    square.network.edit(post, "Open")
    await square.read()
    for _ in range(2):
        await square.connector.delete(square.channel, square.held[post.id])
    assert not square.network.posts
    event = square.network.message(square.office, square.vera, "Oops")
    await square.read()
    for _ in range(2):
        await square.connector.delete(square.channel, square.held[f"dm:{event.conversation_id}:{event.id}"])
    assert not square.network.events
    other = square.network.say(square.vera, "@harbour hello")
    await square.read()
    with pytest.raises(Unsupported):
        await square.connector.delete(square.channel, square.held[other.id])


async def test_acts_are_about_the_last_edit(square: Square) -> None:
    root = square.network.say(square.office, "Open day")
    rude = square.network.say(square.vera, "rud", to=root)
    await square.read()
    square.clock.forward(60)
    edited = square.network.edit(rude, "rude")
    await square.read()
    await square.connector.moderate(square.channel, square.held[rude.id], Moderation.HIDE)
    assert square.asked(f"/2/tweets/{edited.id}/hidden", "PUT")


# --- looking at one message again ---


async def test_a_young_message_is_not_paid_for_again(square: Square) -> None:
    post = square.network.say(square.vera, "@harbour hello")
    await square.read()
    square.sent.clear()
    batch = await square.connector.thread(square.channel, square.held[post.id])
    assert (batch.messages, batch.gone, square.sent) == ((), (), [])


async def test_an_old_message_is_looked_at_when_it_is_opened(square: Square) -> None:
    post = square.network.say(square.vera, "@harbour hello")
    other = square.network.say(square.vera, "@harbour bye")
    third = square.network.say(square.vera, "@harbour secret")
    await square.read()
    square.clock.forward(2 * 86_400)
    edited = square.network.edit(post, "@harbour hello again")
    square.network.remove(other)
    batch = await square.connector.thread(square.channel, square.held[post.id])
    assert {(m.remote_id, m.text) for m in batch.messages} >= {(post.id, "@harbour hello again")}
    assert batch.messages[-1].details["id"] == edited.id
    assert batch.messages[-1].author.name == "Vera"
    assert (await square.connector.thread(square.channel, square.held[other.id])).gone == (other.id,)
    square.vera.gone = True  # protected or suspended: its words go as well
    assert (await square.connector.thread(square.channel, square.held[third.id])).gone == (third.id,)


async def test_what_it_answers_comes_along_where_it_is_not_ours(square: Square) -> None:
    tom = square.network.add_user("tom", "Tom")
    above = square.network.say(tom, "Is the bridge open?")
    asked = square.network.say(square.vera, "Ask @harbour", to=above)
    await square.read()
    assert above.id not in square.held
    square.clock.forward(2 * 86_400)
    batch = await square.connector.thread(square.channel, square.held[asked.id])
    assert {m.remote_id: m.author.name for m in batch.messages} == {above.id: "Tom", asked.id: "Vera"}


async def test_what_a_poll_just_brought_is_not_paid_for_again(square: Square) -> None:
    """The engine asks for what an old message answers as soon as it arrives: nothing is bought for that."""
    tom = square.network.add_user("tom", "Tom")
    above = square.network.say(tom, "Is the bridge open?", at=square.ago(days=4))
    asked = square.network.say(square.vera, "Ask @harbour", to=above, at=square.ago(days=3))
    await square.read()
    square.sent.clear()
    assert (await square.connector.thread(square.channel, square.held[asked.id])).requests == 0
    square.clock.forward(86_400)
    assert (await square.connector.thread(square.channel, square.held[asked.id])).messages
    square.sent.clear()
    assert (await square.connector.thread(square.channel, square.held[asked.id])).requests == 0


async def test_a_long_post_of_a_subscriber_is_found_whole(square: Square) -> None:
    square.office.subscription = "Premium"
    rendition = square.post("A long word & another, " * 60 + "https://town.org/")
    receipt = await square.connector.publish(square.channel, rendition, "key-1")
    found = await square.connector.find(square.channel, square.delivery(rendition))
    assert found is not None
    assert found.remote_id == receipt.remote_id


async def test_a_direct_message_is_never_looked_up(square: Square) -> None:
    event = square.network.message(square.vera, square.office, "Hello")
    await square.read()
    square.clock.forward(2 * 86_400)
    batch = await square.connector.thread(square.channel, square.held[f"dm:{event.conversation_id}:{event.id}"])
    assert batch.requests == 0


async def test_something_that_is_no_post_is_not_acted_upon(square: Square) -> None:
    event = square.network.message(square.vera, square.office, "Hello")
    await square.read()
    message = square.held[f"dm:{event.conversation_id}:{event.id}"]
    with pytest.raises(Unsupported):
        await square.connector.react(square.channel, message, Reaction.BOOST)
