"""What is sent once, and how: the traps of facebook.md section 3, and what Facebook's refusals mean."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from inbox.errors import (
    ByHand,
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
    Unsupported,
)
from inbox.model import Capability, Media, Message, MessageState, Moderation, Reaction, Visibility
from inbox.practice.facebook import GraphError
from inbox.practice.facebook.entities import Photo, Post
from inbox.practice.faults import Faults, FaultyTransport
from tests.connectors.facebook_town import Desk, ShareMeter, form, post, reply, unknown
from tests.connectors.harness import Break


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    made = Desk()
    yield made
    await made.close()


@pytest.fixture
def picture(tmp_path: Path) -> Media:
    return painted(tmp_path / "bridge.jpg")


def painted(path: Path, alt: str = "The bridge at dusk") -> Media:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), (10, 90, 140)).save(out, "JPEG")
    path.write_bytes(out.getvalue())
    return Media(path=str(path), mime_type="image/jpeg", alt_text=alt, size_bytes=len(out.getvalue()))


def faulty(desk: Desk) -> Faults:
    """Faults between the connector and the network, from now on."""
    faults = Faults()
    desk.wire._server = FaultyTransport(desk.wire._server, faults)
    return faults


def photo(desk: Desk) -> Photo:
    """A picture that a colleague brought in another way."""
    made = Photo(id=desk.network.fresh_id(), page_id=desk.page.id, data=b"", mime_type="", at=desk.clock.now())
    desk.network.photos[made.id] = made
    return made


def pictured(desk: Desk, words: str = "", *, pictures: int = 1, published: bool = True) -> Post:
    """A post, or a draft, that a colleague made elsewhere with so many pictures."""
    ids = tuple(photo(desk).id for _ in range(pictures))
    return desk.network.write(desk.page, desk.page, words, photo_ids=ids, published=published)


async def one(desk: Desk, remote_id: str) -> Message:
    return next(m for m in (await desk.read())[0] if m.remote_id == remote_id)


# --- posts in two steps ---


async def test_a_post_is_made_unseen_noted_and_then_published(desk: Desk) -> None:
    receipt = await desk.connector().publish(desk.channel, post(), "key-1")
    made, released = desk.asked("", "POST")
    assert form(made) == {"message": "The bridge opens", "published": "false"}
    assert released.url.path == f"/v26.0/{receipt.remote_id}"
    assert form(released) == {"is_published": "true"}
    assert desk.steps.kept == {"key-1": f"made:{receipt.remote_id}"}
    assert receipt.url.endswith(receipt.remote_id.rpartition("_")[2])


async def test_after_the_first_answer_is_lost_its_orphan_is_the_one_that_is_published(desk: Desk) -> None:
    faults = faulty(desk)
    faults.add("lost-answer", path="/feed$", method="POST", times=1)
    receipt = await desk.connector().publish(desk.channel, post(), "key-1")
    assert desk.made == [receipt.remote_id]
    assert len(desk.network.posts) == 1


async def test_an_orphan_nobody_saw_at_once_is_taken_up_later(desk: Desk) -> None:
    faults = faulty(desk)
    faults.add("lost-answer", path="/feed$", method="POST", times=1)
    desk.network.lag_s = 30
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, post(), "key-1")
    assert desk.made == []
    delivery = unknown(desk, post())
    assert await desk.connector().find(desk.channel, delivery) is None
    desk.clock.forward(100)
    assert await desk.connector().find(desk.channel, delivery) is None, "nobody can see it yet: not out"
    assert desk.made == []
    receipt = await desk.connector().publish(desk.channel, post(), "key-1")
    assert desk.made == [receipt.remote_id]
    assert len(desk.network.posts) == 1


@pytest.mark.parametrize("how", ["lost-answer", "half", "broken-json"])
async def test_after_the_second_answer_is_lost_it_is_found_by_its_step(desk: Desk, how: str) -> None:
    faults = faulty(desk)
    faults.add(how, path=r"/\d+_\d+$", method="POST", times=1)
    with pytest.raises(PostroomError):
        await desk.connector().publish(desk.channel, post(), "key-1")
    found = await desk.connector().find(desk.channel, unknown(desk, post()))
    assert found is not None
    assert desk.made == [found.remote_id]


async def test_when_the_second_step_never_arrived_it_is_made_up_for(desk: Desk) -> None:
    faults = faulty(desk)
    faults.add("timeout-before", path=r"/\d+_\d+$", method="POST", times=1)
    with pytest.raises(Unavailable):
        await desk.connector().publish(desk.channel, post(), "key-1")
    assert desk.made == []
    assert await desk.connector().find(desk.channel, unknown(desk, post())) is None
    receipt = await desk.connector().publish(desk.channel, post(), "key-1")
    assert desk.made == [receipt.remote_id]
    assert len(desk.network.posts) == 1


async def test_what_somebody_deleted_between_the_steps_is_not_made_again_unasked(desk: Desk) -> None:
    faults = faulty(desk)
    faults.add("timeout-before", path=r"/\d+_\d+$", method="POST", times=1)
    with pytest.raises(Unavailable):
        await desk.connector().publish(desk.channel, post(), "key-1")
    desk.network.posts.clear()
    with pytest.raises(OutcomeUnknown):
        await desk.connector().find(desk.channel, unknown(desk, post()))
    with pytest.raises(Rejected) as caught:
        await desk.connector().publish(desk.channel, post(), "key-1")
    assert "Look at the Page" in caught.value.hint
    assert desk.network.posts == {}


async def test_the_same_words_approved_later_are_another_post(desk: Desk) -> None:
    await desk.connector().publish(desk.channel, post(), "key-1")
    desk.clock.forward(3_600)
    key = f"{int(desk.clock.now().timestamp() * 1000):012x}{'0' * 20}"
    assert await desk.connector().find(desk.channel, replace(unknown(desk, post(), key), key=key)) is None


async def test_words_refused_as_a_repeat_may_be_our_own(desk: Desk) -> None:
    sent = await desk.connector().publish(desk.channel, post(), "key-1")
    desk.network.refusals.append(GraphError(506, "(#506) Duplicate status message"))
    again = await desk.connector().publish(desk.channel, post(), "key-2")
    assert again.remote_id == sent.remote_id
    desk.network.refusals.append(GraphError(506, "(#506) Duplicate status message"))
    with pytest.raises(Rejected):
        await desk.connector().publish(desk.channel, post("Never said"), "key-3")


# --- what a post carries ---


async def test_pictures_are_brought_unseen_with_their_descriptions_and_in_order(desk: Desk, tmp_path: Path) -> None:
    media = tuple(painted(tmp_path / f"{n}.jpg", f"Picture {n}") for n in range(3))
    receipt = await desk.connector().publish(desk.channel, post(media=media), "key-1")
    made = desk.network.posts[receipt.remote_id]
    assert [desk.network.photos[i].alt_text for i in made.photo_ids] == ["Picture 0", "Picture 1", "Picture 2"]
    assert not any(desk.network.photos[i].published for i in made.photo_ids)
    sent = form(desk.asked("/feed", "POST")[0])
    assert [row["media_fbid"] for row in json.loads(sent["attached_media"])] == list(made.photo_ids)
    assert "link" not in sent
    assert len((await one(desk, receipt.remote_id)).attachments) == 3


async def test_a_picture_whose_answer_was_lost_is_brought_again_and_nobody_sees_two(
    desk: Desk, picture: Media
) -> None:  # fmt: skip
    faults = faulty(desk)
    faults.add("lost-answer", path="/photos$", times=1)
    with pytest.raises(Unavailable):
        await desk.connector().publish(desk.channel, post(media=(picture,)), "key-1")
    receipt = await desk.connector().publish(desk.channel, post(media=(picture,)), "key-1")
    assert desk.made == [receipt.remote_id]
    assert len(desk.network.posts[receipt.remote_id].photo_ids) == 1


async def test_while_its_pictures_are_brought_nothing_is_begun_and_nobodys_post_is_taken_for_ours(
    desk: Desk, picture: Media
) -> None:  # fmt: skip
    faults = faulty(desk)
    faults.add("lost-answer", path="/photos$", times=1)
    with pytest.raises(Unavailable):
        await desk.connector().publish(desk.channel, post("", media=(picture,)), "key-1")
    assert desk.steps.kept == {}
    desk.clock.forward(600)
    theirs = pictured(desk)
    receipt = await desk.connector().publish(desk.channel, post("", media=(picture,)), "key-1")
    assert receipt.remote_id != theirs.id
    assert len(desk.network.posts) == 2


@pytest.mark.parametrize("published", [True, False])
@pytest.mark.parametrize("pictures", [0, 1])
async def test_a_colleagues_post_without_words_is_not_ours_and_their_draft_stays_one(
    desk: Desk, picture: Media, pictures: int, published: bool
) -> None:
    """Our request never arrived; theirs looks the same, so nobody can tell, and nothing is published by a guess."""
    rendition = post("", media=(picture,))
    faults = faulty(desk)
    faults.add("timeout-before", path="/feed$", method="POST", times=1)
    with pytest.raises(PostroomError):
        await desk.connector().publish(desk.channel, rendition, "key-1")
    theirs = pictured(desk, pictures=pictures, published=published)
    with pytest.raises(OutcomeUnknown):
        await desk.connector().find(desk.channel, unknown(desk, rendition))
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, rendition, "key-1")
    assert [p.id for p in desk.network.posts.values()] == [theirs.id]
    assert theirs.published == published


async def test_a_post_without_words_is_found_by_its_pictures_among_others(desk: Desk, picture: Media) -> None:
    rendition = post("", media=(picture,))
    pictured(desk)
    faults = faulty(desk)
    faults.add("lost-answer", path="/feed$", method="POST", times=1)
    pictured(desk, published=False)
    pictured(desk, pictures=2)
    receipt = await desk.connector().publish(desk.channel, rendition, "key-1")
    assert desk.network.posts[receipt.remote_id].app_id == desk.app.id
    assert len(desk.network.posts) == 4


async def test_a_draft_of_the_same_words_with_other_pictures_stays_a_draft(desk: Desk) -> None:
    faults = faulty(desk)
    faults.add("timeout-before", path="/feed$", method="POST", times=1)
    with pytest.raises(PostroomError):
        await desk.connector().publish(desk.channel, post(), "key-1")
    theirs = pictured(desk, post().text, published=False)
    receipt = await desk.connector().publish(desk.channel, post(), "key-1")
    assert receipt.remote_id != theirs.id
    assert not theirs.published


async def test_a_colleagues_picture_below_the_same_comment_is_not_our_answer(desk: Desk, picture: Media) -> None:
    said = desk.seed(2)
    rendition = reply(said[1], "", media=(picture,))
    faults = faulty(desk)
    faults.add("timeout-after", path="/comments$", method="POST", times=1)
    below = desk.network.comments[said[1].rpartition(":")[2]]
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, rendition, "key-1")
    theirs = desk.network.comment(desk.page, below, "", photo_id=photo(desk).id)
    found = await desk.connector().find(desk.channel, unknown(desk, rendition))
    assert found is not None
    assert found.remote_id.rpartition(":")[2] != theirs.id
    del desk.network.comments[found.remote_id.rpartition(":")[2]]
    with pytest.raises(OutcomeUnknown):
        await desk.connector().find(desk.channel, unknown(desk, rendition))


async def test_too_many_pictures_for_a_long_text_are_refused_before_anything_is_sent(
    desk: Desk, picture: Media
) -> None:  # fmt: skip
    for rendition in (post(media=(picture,) * 11), post("x" * 1_001, media=(picture,) * 5)):
        with pytest.raises(Rejected) as caught:
            await desk.connector().publish(desk.channel, rendition, "key-1")
        assert caught.value.problems[0].where == "media"
    assert desk.requests == 0


async def test_the_first_link_makes_a_card_and_one_to_facebook_does_not(desk: Desk) -> None:
    receipt = await desk.connector().publish(desk.channel, post("See https://city.example/bridge."), "key-1")
    card = (await one(desk, receipt.remote_id)).card
    assert card is not None
    assert card.url == "https://city.example/bridge"
    desk.wire.requests.clear()
    await desk.connector().publish(desk.channel, post("See https://www.facebook.com/harbour"), "key-2")
    assert "link" not in form(desk.asked("/feed", "POST")[0])


async def test_a_link_that_facebook_cannot_open_is_named(desk: Desk) -> None:
    with pytest.raises(Rejected) as caught:
        await desk.connector().publish(desk.channel, post("See https://nowhere.example/x"), "key-1")
    assert caught.value.problems[0].words == "We couldn't open this link."


async def test_facebook_keeps_the_time_itself(desk: Desk, picture: Media) -> None:
    at = desk.clock.now() + timedelta(days=3)
    receipt = await desk.connector().publish(desk.channel, post(publish_at=at, media=(picture,)), "key-1")
    sent = form(desk.asked("/feed", "POST")[0])
    assert sent["scheduled_publish_time"] == str(int(at.timestamp()))
    assert sent["unpublished_content_type"] == "SCHEDULED"
    assert [p.temporary for p in desk.network.photos.values()] == [True], "or the picture were gone in a day"
    assert not any("is_published" in form(r) for r in desk.asked("", "POST") if r not in desk.asked("/photos"))
    desk.clock.forward(3 * 86_400)
    found = await desk.connector().find(desk.channel, unknown(desk, post(publish_at=at, media=(picture,))))
    assert found is not None
    assert (found.remote_id, found.state) == (receipt.remote_id, MessageState.PUBLISHED)


@pytest.mark.parametrize("ahead", [timedelta(minutes=9), timedelta(days=31), timedelta(days=-1)])
async def test_a_time_facebook_does_not_keep_is_refused_before_anything_is_sent(desk: Desk, ahead: timedelta) -> None:
    with pytest.raises(Rejected) as caught:
        await desk.connector().publish(desk.channel, post(publish_at=desk.clock.now() + ahead), "key-1")
    assert caught.value.problems[0].where == "time"
    assert desk.requests == 0


async def test_a_lost_scheduled_post_is_told_from_the_same_words_sent_at_once(desk: Desk) -> None:
    at = desk.clock.now() + timedelta(days=3)
    await desk.connector().publish(desk.channel, post(), "key-1")
    assert await desk.connector().find(desk.channel, unknown(desk, post(publish_at=at), "key-2")) is not None
    desk.network.posts.clear()
    scheduled = await desk.connector().publish(desk.channel, post(publish_at=at), "key-3")
    assert await desk.connector().find(desk.channel, unknown(desk, post(), "key-4")) is None
    other = unknown(desk, post(publish_at=at + timedelta(hours=1)), "key-5")
    assert await desk.connector().find(desk.channel, other) is None
    found = await desk.connector().find(desk.channel, unknown(desk, post(publish_at=at), "key-6"))
    assert found is not None
    assert found.remote_id == scheduled.remote_id


# --- answers ---


async def test_an_answer_goes_to_the_comments_of_what_it_answers_and_edits_nothing(desk: Desk) -> None:
    said = desk.seed(2)
    receipt = await desk.connector().publish(desk.channel, reply(said[1]), "key-1")
    asked = desk.network.comments[said[1].partition(":")[2]]
    assert asked.message == "Word 1 & more"
    [sent] = desk.asked("", "POST")
    assert sent.url.path == f"/v26.0/{asked.id}/comments"
    assert receipt.message is not None
    assert receipt.message.parent_remote_id == said[1]


async def test_an_answer_to_an_answer_is_found_on_the_comment_above(desk: Desk) -> None:
    said = desk.seed(6)
    nested = next(i for i in said[1:] if desk.network.comments[i.partition(":")[2]].parent_id)
    faults = faulty(desk)
    faults.add("lost-answer", path="/comments$", method="POST", times=1)
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, reply(nested), "key-1")
    found = await desk.connector().find(desk.channel, unknown(desk, reply(nested)))
    assert found is not None
    assert desk.made == [found.remote_id]


async def test_the_same_words_below_another_comment_are_not_ours(desk: Desk) -> None:
    desk.seed(1)
    post_ = next(iter(desk.network.posts.values()))
    one_, two = (desk.network.comment(desk.vera, post_, f"Q{n}") for n in range(2))
    await desk.connector().publish(desk.channel, reply(f"{post_.id}:{one_.id}"), "key-1")
    other = unknown(desk, reply(f"{post_.id}:{two.id}"), "key-2")
    assert await desk.connector().find(desk.channel, other) is None
    assert await desk.connector().find(desk.channel, unknown(desk, reply(post_.id), "key-3")) is None


async def test_an_answer_may_carry_one_picture(desk: Desk, picture: Media) -> None:
    said = desk.seed(2)
    receipt = await desk.connector().publish(desk.channel, reply(said[1], media=(picture,)), "key-1")
    made = desk.network.comments[receipt.remote_id.partition(":")[2]]
    assert desk.network.photos[made.photo_id].alt_text == "The bridge at dusk"
    with pytest.raises(Rejected):
        await desk.connector().publish(desk.channel, reply(said[1], media=(picture, picture)), "key-2")


# --- private words ---


async def test_a_comment_is_answered_privately_once_and_for_seven_days(desk: Desk) -> None:
    said = desk.seed(2)
    private = reply(said[1], "Your number, please?", visibility=Visibility.DIRECT)
    receipt = await desk.connector().publish(desk.channel, private, "key-1")
    sent = form(desk.asked("/messages")[0])
    assert json.loads(sent["recipient"]) == {"comment_id": said[1].partition(":")[2]}
    assert sent["messaging_type"] == "RESPONSE"
    [talk] = desk.network.talks.values()
    assert [s.text for s in talk.said] == ["Your number, please?"]
    assert receipt.remote_id == talk.said[0].id
    with pytest.raises(Rejected):
        await desk.connector().publish(desk.channel, private, "key-2")
    assert Capability.PRIVATE_REPLY in (await one(desk, said[1])).denied
    other = desk.seed(2)
    desk.clock.forward(8 * 86_400)
    with pytest.raises(Rejected) as caught:
        await desk.connector().publish(desk.channel, replace(private, reply_to=other[1]), "key-3")
    assert "seven days" in str(caught.value)


async def test_a_lost_private_answer_is_found_and_never_sent_twice(desk: Desk) -> None:
    said = desk.seed(2)
    private = reply(said[1], "Your number, please?", visibility=Visibility.DIRECT)
    faults = faulty(desk)
    assert await desk.connector().find(desk.channel, unknown(desk, private)) is None
    faults.add("lost-answer", path="/messages$", times=1)
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, private, "key-1")
    found = await desk.connector().find(desk.channel, unknown(desk, private))
    assert found is not None
    again = await desk.connector().publish(desk.channel, private, "key-1")
    assert again.remote_id == found.remote_id
    [talk] = desk.network.talks.values()
    assert len(talk.said) == 1


async def test_when_a_colleague_answered_privately_nobody_can_say_whether_we_did(desk: Desk) -> None:
    said = desk.seed(2)
    comment = desk.network.comments[said[1].partition(":")[2]]
    author = desk.network.people[comment.author_id]
    desk.network.tell(desk.page, desk.page, author, "Other words")
    comment.talk_id = next(iter(desk.network.talks))
    with pytest.raises(OutcomeUnknown):
        await desk.connector().find(desk.channel, unknown(desk, reply(said[1], visibility=Visibility.DIRECT)))


async def test_a_private_message_is_answered_within_a_day(desk: Desk) -> None:
    asked = desk.network.tell(desk.vera, desk.page, desk.vera, "About my tax")
    receipt = await desk.connector().publish(desk.channel, reply(asked.id), "key-1")
    [talk] = desk.network.talks.values()
    assert [s.text for s in talk.said] == ["About my tax", "At nine"]
    assert receipt.remote_id == talk.said[1].id
    assert json.loads(form(desk.asked("/messages")[0])["recipient"]) == {"id": desk.vera.id}
    desk.clock.forward(25 * 3_600)
    with pytest.raises(Rejected) as caught:
        await desk.connector().publish(desk.channel, reply(asked.id, "Later"), "key-2")
    assert "24 hours" in str(caught.value)
    assert len(talk.said) == 2


async def test_a_lost_private_message_is_found(desk: Desk) -> None:
    asked = desk.network.tell(desk.vera, desk.page, desk.vera, "About my tax")
    faults = faulty(desk)
    faults.add("lost-answer", path="/messages$", times=1)
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, reply(asked.id), "key-1")
    found = await desk.connector().find(desk.channel, unknown(desk, reply(asked.id)))
    assert found is not None
    assert await desk.connector().find(desk.channel, unknown(desk, reply(asked.id, "Else"), "key-2")) is None


async def test_private_words_need_their_capability_and_hold_less(desk: Desk, picture: Media) -> None:
    said = desk.seed(2)
    private = reply(said[1], visibility=Visibility.DIRECT)
    for lacking, rendition in ((Capability.PRIVATE_REPLY, private), (Capability.DIRECT, reply("m_1"))):
        channel = replace(desk.channel, capabilities=desk.channel.capabilities & ~lacking)
        with pytest.raises(Unsupported):
            await desk.connector().publish(channel, rendition, "key-1")
    for rendition in (replace(private, text="ä" * 1_001), replace(private, media=(picture,))):
        with pytest.raises(Rejected):
            await desk.connector().publish(desk.channel, rendition, "key-1")
    assert desk.requests == 0


# --- refusals ---

REFUSALS = [
    (GraphError(1, "An unknown error occurred", status=500), OutcomeUnknown),
    (GraphError(2, "Service temporarily unavailable", status=500, transient=True), OutcomeUnknown),
    (GraphError(4, "(#4) Application request limit reached"), RateLimited),
    (GraphError(10, "(#10) Application does not have permission", status=403), NotAllowed),
    (GraphError(32, "(#32) Page request limit reached"), RateLimited),
    (GraphError(100, "(#100) Invalid parameter"), Rejected),
    (GraphError(190, "Password", subcode=460), SignInNeeded),
    (GraphError(190, "Role", subcode=492), NotAllowed),
    (GraphError(190, "A Page token is needed", subcode=2069032), SignInNeeded),
    (GraphError(200, "(#200) Permissions error", status=403), NotAllowed),
    (GraphError(341, "(#341) Feed action request limit reached"), RateLimited),
    (GraphError(368, "Too fast", subcode=1390008), RateLimited),
    (GraphError(368, "Confirm", subcode=4854002), NotAllowed),
    (GraphError(368, "Repeated", subcode=1404082), Rejected),
    (GraphError(368, "Blocked", user_msg="You're temporarily blocked"), Rejected),
    (GraphError(613, "(#613) Calls exceeded", subcode=1996), RateLimited),
    (GraphError(1609008, "Link to Facebook"), Rejected),
    (GraphError(1705, "Not as the Page"), SignInNeeded),
    (GraphError(80001, "(#80001) Too many calls"), RateLimited),
    (GraphError(987654, "(#987654) Something new"), Rejected),
]


@pytest.mark.parametrize(("refusal", "error"), REFUSALS, ids=lambda v: str(getattr(v, "code", "")))
async def test_a_refusal_names_who_has_to_act(desk: Desk, refusal: GraphError, error: type[PostroomError]) -> None:
    said = desk.seed(2)
    desk.network.refusals.append(refusal)
    with pytest.raises(PostroomError) as caught:
        await desk.connector().publish(desk.channel, reply(said[1]), "key-1")
    assert type(caught.value) is error
    assert refusal.message not in str(caught.value) + caught.value.hint, "that sentence is for programmers"
    if refusal.user_msg:
        assert refusal.user_msg in str(caught.value)
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_at == desk.clock.now() + timedelta(hours=1)
    assert desk.made == []


# --- moderating ---


async def test_hiding_may_be_repeated_and_taken_back(desk: Desk) -> None:
    said = desk.seed(2)
    message = await one(desk, said[1])
    for _ in range(2):
        done = await desk.connector().moderate(desk.channel, message, Moderation.HIDE)
        assert done.state is MessageState.HIDDEN
    assert (await one(desk, said[1])).state is MessageState.HIDDEN
    back = await desk.connector().moderate(desk.channel, done, Moderation.UNHIDE)
    assert back.state is MessageState.PUBLISHED


async def test_our_own_comment_cannot_be_hidden(desk: Desk) -> None:
    said = desk.seed(2)
    receipt = await desk.connector().publish(desk.channel, reply(said[1]), "key-1")
    assert receipt.message is not None
    assert Capability.HIDE in receipt.message.denied
    with pytest.raises(NotAllowed):
        await desk.connector().moderate(desk.channel, receipt.message, Moderation.HIDE)


async def test_a_ban_is_by_the_pages_own_number_of_a_person_and_can_be_lifted(desk: Desk) -> None:
    said = desk.seed(2)
    message = await one(desk, said[0])
    done = await desk.connector().moderate(desk.channel, message, Moderation.BLOCK)
    assert desk.page.blocked == {desk.vera.id}
    assert done == message
    await desk.connector().moderate(desk.channel, done, Moderation.UNBLOCK)
    assert desk.page.blocked == set()
    desk.network.nameless = True
    with pytest.raises(Unsupported):
        await desk.connector().moderate(desk.channel, await one(desk, said[0]), Moderation.BLOCK)


async def test_liking_as_the_page_and_taking_it_back(desk: Desk) -> None:
    said = desk.seed(2)
    for remote_id in said:
        message = await one(desk, remote_id)
        for _ in range(2):
            liked = await desk.connector().react(desk.channel, message, Reaction.LIKE)
        assert liked.reacted == (Reaction.LIKE,)
        assert liked.counts.likes == 1
        assert (await desk.connector().react(desk.channel, message, Reaction.UNLIKE)).reacted == ()


async def test_a_comment_of_others_is_deleted_and_already_gone_is_success(desk: Desk) -> None:
    said = desk.seed(2)
    message = await one(desk, said[1])
    for _ in range(2):
        await desk.connector().delete(desk.channel, message)
    assert desk.network.comments == {}


async def test_a_post_that_another_app_made_cannot_be_changed(desk: Desk) -> None:
    other = desk.network.write(desk.page, desk.page, "By hand", app_id="other")
    with pytest.raises(NotAllowed):
        await desk.connector().edit(desk.channel, await one(desk, other.id), "By program")


async def test_what_is_not_there_any_more_cannot_be_liked(desk: Desk) -> None:
    said = desk.seed(2)
    message = await one(desk, said[1])
    desk.remove(said[1])
    with pytest.raises(NotFound):
        await desk.connector().react(desk.channel, message, Reaction.LIKE)


async def test_a_lost_answer_to_a_like_says_so(desk: Desk) -> None:
    said = desk.seed(2)
    message = await one(desk, said[1])
    desk.break_writes(Break.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        await desk.connector().react(desk.channel, message, Reaction.LIKE)


# --- by hand ---


async def test_a_recommendation_is_answered_by_hand_on_its_page(desk: Desk) -> None:
    desk.network.rate(desk.vera, desk.page, "Kind people")
    [review] = (await desk.read())[0]
    desk.wire.requests.clear()
    with pytest.raises(ByHand) as caught:
        await desk.connector().publish(desk.channel, reply(review.remote_id, "Thank you"), "key-1")
    assert (caught.value.text, caught.value.url) == ("Thank you", review.url)
    assert desk.requests == 0
    again = await desk.connector().reread(desk.channel, [review.remote_id])
    assert (again.gone, again.messages) == ((), ()), "nobody can ask for one of them"


async def test_a_comment_that_no_program_may_answer_is_answered_by_hand(desk: Desk) -> None:
    said = desk.seed(2)
    comment = desk.network.comments[said[1].partition(":")[2]]
    refusal = GraphError(200, "(#200) Permissions error", status=403)
    desk.network.refusals.append(refusal)
    with pytest.raises(NotAllowed):
        await desk.connector().publish(desk.channel, reply(said[1]), "key-1")
    comment.odd = {"can_comment": False}
    assert Capability.REPLY in (await one(desk, said[1])).denied
    desk.network.refusals.append(refusal)
    with pytest.raises(ByHand) as caught:
        await desk.connector().publish(desk.channel, reply(said[1]), "key-2")
    assert "comment_id=" in caught.value.url
    assert caught.value.text == "At nine"


async def test_writing_too_fast_stops_writing_and_not_reading(desk: Desk) -> None:
    said = desk.seed(2)
    desk.meter = meter = ShareMeter()
    desk.network.refusals.append(GraphError(368, "Too fast", subcode=1390008))
    with pytest.raises(RateLimited):
        await desk.connector().publish(desk.channel, reply(said[1]), "key-1")
    assert meter.stopped == {}
    desk.network.refusals.append(GraphError(32, "(#32) Page request limit reached"))
    with pytest.raises(RateLimited):
        await desk.connector().publish(desk.channel, reply(said[1]), "key-1")
    assert set(meter.stopped) == {"pages"}
