"""Posts, comments, answers, editing, deleting, liking (linkedin.md section 6)."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from PIL import Image

from inbox.connectors.connector import START
from inbox.connectors.linkedin import attaching
from inbox.errors import ByHand, NotAllowed, Rejected, Unavailable, Unsupported
from inbox.model import LinkCard, Media, Message, PollAsked, Reaction, Rendition, UpdateKind
from inbox.practice.linkedin import little
from tests.connectors.harness import all_of, read_on
from tests.connectors.harnesses.linkedin import LinkedInHarness
from tests.connectors.linkedin_recorded import recorded


@pytest.fixture
async def harness() -> AsyncIterator[LinkedInHarness]:
    made = LinkedInHarness()
    yield made
    await made.close()


def sent(harness: LinkedInHarness, method: str = "POST") -> list[tuple[str, dict[str, Any]]]:
    """Path and JSON of what was written, oldest first."""
    return [
        (r.url.raw_path.decode(), json.loads(r.content) if r.content[:1] == b"{" else {})
        for r in harness.wire.requests
        if r.method == method
    ]


def picture(folder: Path, name: str = "quay.png", **how: Any) -> Media:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), (10, 90, 140)).save(out, "PNG")
    path = folder / name
    path.write_bytes(out.getvalue())
    return Media(path=str(path), mime_type="image/png", **{"alt_text": "The quay", **how})


async def published(harness: LinkedInHarness, **how: Any) -> Message:
    receipt = await harness.connector().publish(harness.channel, harness.post(**how), "key-1")
    assert receipt.message is not None
    return receipt.message


async def message_of(harness: LinkedInHarness, remote_id: str) -> Message:
    batches, _ = await read_on(harness.connector(), harness.channel)
    return next(m for m in all_of(batches) if m.remote_id == remote_id)


# --- posts ---


async def test_a_post_has_the_shape_of_linkedins_own_example(harness: LinkedInHarness) -> None:
    await published(harness, text="Sample text post created with /posts API")
    [(path, body)] = sent(harness)
    example = recorded("post_create_request_text")
    assert path == "/rest/posts"
    assert {**body, "author": ""} == {**example, "author": "", "isReshareDisabledByAuthor": False} | {
        "commentary": "Sample text post created with /posts API"
    }
    assert body["author"] == harness.page.urn


async def test_the_name_of_a_post_stands_in_a_header(harness: LinkedInHarness) -> None:
    message = await published(harness)
    assert message.remote_id == harness.made[0]
    assert message.url == f"https://www.linkedin.com/feed/update/{message.remote_id}"
    assert harness.requests == 1, "one call"


async def test_hashtags_mentions_and_brackets_are_seen_as_typed(harness: LinkedInHarness) -> None:
    typed = "Open (again) <today> #quay_side, thanks to @[Harbour Museum](urn:li:organization:5) *and* ~you~ | all"
    message = await published(harness, text=typed)
    post = harness.network.posts[message.remote_id]
    seen = typed.replace("@[Harbour Museum](urn:li:organization:5)", "Harbour Museum")
    assert little.visible(post.commentary) == message.text == seen
    assert r"{hashtag|\#|quay}\_side" in post.commentary
    assert "@[Harbour Museum](urn:li:organization:5)" in post.commentary
    assert await message_of(harness, message.remote_id) == (await message_of(harness, message.remote_id))


async def test_a_picture_is_uploaded_waited_for_and_described(harness: LinkedInHarness, tmp_path: Path) -> None:
    harness.network.upload_waits = 2
    message = await published(harness, media=(picture(tmp_path),))
    [upload] = harness.network.uploads.values()
    assert upload.body == (tmp_path / "quay.png").read_bytes()
    content = harness.network.posts[message.remote_id].content
    assert content == {"media": {"id": upload.urn, "altText": "The quay"}}
    assert [a.description for a in message.attachments] == ["The quay"]
    [put] = [r for r in harness.wire.requests if r.method == "PUT"]
    assert put.headers["Content-Type"] == "image/png"


async def test_several_pictures_go_as_one_post(harness: LinkedInHarness, tmp_path: Path) -> None:
    media = tuple(picture(tmp_path, f"{n}.png", alt_text=f"No. {n}") for n in range(3))
    message = await published(harness, media=media)
    images = harness.network.posts[message.remote_id].content["multiImage"]["images"]
    assert [i["altText"] for i in images] == ["No. 0", "No. 1", "No. 2"]
    assert len(message.attachments) == 3


async def test_a_document_goes_alone_with_a_title(harness: LinkedInHarness, tmp_path: Path) -> None:
    path = tmp_path / "budget.pdf"
    path.write_bytes(b"%PDF-1.7")
    document = Media(path=str(path), mime_type="application/pdf", alt_text="The budget in brief")
    message = await published(harness, media=(document,))
    media = harness.network.posts[message.remote_id].content["media"]
    assert media["title"] == "The budget in brief"
    assert ":document:" in media["id"]
    assert [a.kind for a in message.attachments] == ["file"]
    with pytest.raises(Rejected):
        await harness.connector().publish(harness.channel, harness.post(media=(document, picture(tmp_path))), "key-2")
    assert len(harness.made) == 1


async def test_a_poll_asks_the_first_line_for_the_days_that_linkedin_knows(harness: LinkedInHarness) -> None:
    poll = PollAsked(options=("Monday", "Tuesday"), lasts_s=2 * 86_400)
    message = await published(harness, text="When do you come?\n\nTell us by Friday.", poll=poll)
    assert harness.network.posts[message.remote_id].content["poll"] == {
        "question": "When do you come?",
        "options": [{"text": "Monday"}, {"text": "Tuesday"}],
        "settings": {"duration": "THREE_DAYS"},
    }
    assert message.poll is not None
    assert [o.title for o in message.poll.options] == ["Monday", "Tuesday"]


async def test_a_question_that_is_too_long_stands_whole_above_the_poll(harness: LinkedInHarness) -> None:
    message = await published(harness, text="Why " * 60, poll=PollAsked(options=("Yes", "No"), lasts_s=30 * 86_400))
    post = harness.network.posts[message.remote_id]
    assert post.content["poll"]["question"] == f"{('Why ' * 35)[:139].rstrip()}…"
    assert post.content["poll"]["settings"] == {"duration": "FOURTEEN_DAYS"}
    assert message.text.count("Why") == 60


async def test_a_link_card_is_made_by_us_with_its_picture(harness: LinkedInHarness, tmp_path: Path) -> None:
    card = LinkCard(
        url="https://harbour.example/quay", title="The quay (again)", description="Open from nine",
        image_path=picture(tmp_path).path,
    )  # fmt: skip
    message = await published(harness, card=card)
    [upload] = harness.network.uploads.values()
    assert harness.network.posts[message.remote_id].content["article"] == {
        "source": "https://harbour.example/quay", "title": "The quay (again)", "description": "Open from nine",
        "thumbnail": upload.urn,
    }  # fmt: skip
    assert message.card is not None
    assert message.card.title == "The quay (again)"


async def test_a_post_is_shared_with_words(harness: LinkedInHarness) -> None:
    message = await published(harness, quotes=harness.news.urn)
    assert harness.network.posts[message.remote_id].reshares == harness.news.urn
    assert message.quoted is not None


async def test_an_upload_that_fails_sends_nothing_and_goes_nowhere_else(
    harness: LinkedInHarness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = harness.post(media=(picture(tmp_path),))
    harness.network.upload_waits = 1_000
    with pytest.raises(Unavailable):
        await harness.connector().publish(harness.channel, post, "key-1")
    harness.network.upload_waits = 1
    home = harness.network
    monkeypatch.setattr(attaching, "same_host", lambda one, other: False)
    with pytest.raises(Unavailable):
        await harness.connector().publish(harness.channel, post, "key-1")
    assert harness.made == []
    monkeypatch.undo()
    api = harness.connector()._api()
    for url, trusted in (
        ("https://www.linkedin.com/dms-uploads/x", True), ("http://www.linkedin.com/dms-uploads/x", False),
        ("https://linkedin.com.evil.example/x", False), ("https://evil-linkedin.com/x", False), ("", False),
        (recorded("document_initialize_upload")["value"]["uploadUrl"], False),
    ):  # fmt: skip
        assert attaching._trusted(api, url) is trusted, url
    assert home.uploads


async def test_what_linkedin_would_cut_silently_is_refused(harness: LinkedInHarness) -> None:
    for text in ("x" * 3001, "👩‍👩‍👧‍👦" * 280):
        with pytest.raises(Rejected):
            await harness.connector().publish(harness.channel, harness.post(text), "key-1")
    assert harness.requests == 0


# --- comments ---


async def test_an_answer_goes_to_its_parent_and_keeps_its_text_plain(harness: LinkedInHarness) -> None:
    [asked] = harness.seed(1)
    receipt = await harness.connector().publish(
        harness.channel, harness.reply(asked, "At nine (not ten) #1 *really*"), "key-1"
    )
    [(path, body)] = sent(harness)
    assert path == f"/rest/socialActions/{quote(asked, safe='')}/comments"
    assert body == {
        "actor": harness.page.urn, "object": harness.news.activity, "parentComment": asked,
        "message": {"text": "At nine (not ten) #1 *really*"},
    }  # fmt: skip
    assert receipt.remote_id.startswith("urn:li:comment:(urn:li:activity:"), "not the bare number of the header"
    assert receipt.message is not None
    assert receipt.message.parent_remote_id == asked


async def test_a_comment_below_a_post_of_ours(harness: LinkedInHarness) -> None:
    rendition = Rendition(kind=UpdateKind.REPLY, text="One more thing", reply_to=harness.news.urn)
    receipt = await harness.connector().publish(harness.channel, rendition, "key-1")
    message = await message_of(harness, receipt.remote_id)
    assert (message.parent_remote_id, message.context_remote_id) == ("", harness.news.urn)
    assert receipt.message is not None
    assert receipt.message.context_remote_id == harness.news.urn


async def test_what_answers_an_answer_stands_below_the_first_comment(harness: LinkedInHarness) -> None:
    first = harness.network.comment(harness.vera.urn, harness.news, "When?")
    second = harness.network.comment(harness.vera.urn, harness.news, "I mean: on Sunday?", to=first)
    connector = harness.connector()
    receipt = await connector.publish(harness.channel, harness.reply(second.urn), "key-1")
    made = next(c for c in harness.network.comments.values() if c.urn == receipt.remote_id)
    assert made.parent == first.id
    before = harness.requests
    await connector.publish(harness.channel, harness.reply(second.urn, "And on Monday"), "key-2")
    assert harness.requests == before + 1, "asked once, known from then on"


async def test_an_answer_below_somebody_elses_post_goes_by_hand(harness: LinkedInHarness) -> None:
    theirs = harness.network.mention(harness.vera, harness.page, "Thanks to you")
    with pytest.raises(ByHand) as caught:
        await harness.connector().publish(harness.channel, harness.reply(theirs.urn, "You are welcome"), "key-1")
    assert caught.value.url == f"https://www.linkedin.com/feed/update/{theirs.urn}"
    assert caught.value.text == "You are welcome"
    assert harness.made == []


async def test_a_missing_right_is_for_the_administrator(harness: LinkedInHarness) -> None:
    [asked] = harness.seed(1)
    harness.network.tokens[harness.secret].scopes = ("rw_organization_admin",)
    with pytest.raises(NotAllowed) as caught:
        await harness.connector().publish(harness.channel, harness.reply(asked), "key-1")
    assert "approved" in caught.value.hint


async def test_a_comment_takes_no_picture(harness: LinkedInHarness, tmp_path: Path) -> None:
    [asked] = harness.seed(1)
    rendition = Rendition(
        kind=UpdateKind.REPLY, text="Look", reply_to=asked, context=harness.news.urn, media=(picture(tmp_path),)
    )
    with pytest.raises(Rejected):
        await harness.connector().publish(harness.channel, rendition, "key-1")
    assert harness.made == []


# --- changing ---


async def test_a_post_is_edited_as_little_text(harness: LinkedInHarness) -> None:
    message = await published(harness)
    harness.clock.forward(60)
    for _ in range(2):
        edited = await harness.connector().edit(harness.channel, message, "The library opens on Tuesday (sorry)")
    assert edited.text == "The library opens on Tuesday (sorry)"
    post = harness.network.posts[message.remote_id]
    assert post.commentary == r"The library opens on Tuesday \(sorry\)"
    assert harness.wire.requests[-1].headers["X-RestLi-Method"] == "PARTIAL_UPDATE"
    assert (await message_of(harness, message.remote_id)).edited_at is not None


async def test_deleting_is_for_what_is_ours_and_may_be_repeated(harness: LinkedInHarness) -> None:
    [asked] = harness.seed(1)
    connector = harness.connector()
    post = await published(harness)
    answer = (await connector.publish(harness.channel, harness.reply(asked), "key-2")).message
    assert answer is not None
    for message in (post, answer, post, answer):
        await connector.delete(harness.channel, message)
    assert harness.made == []
    theirs = await message_of(harness, asked)
    before = harness.requests
    with pytest.raises(Unsupported):
        await connector.delete(harness.channel, theirs)
    with pytest.raises(Unsupported):
        await connector.edit(harness.channel, theirs, "No")
    assert harness.requests == before


async def test_a_like_and_its_end_may_be_repeated(harness: LinkedInHarness) -> None:
    [asked] = harness.seed(1)
    message = await message_of(harness, asked)
    connector = harness.connector()
    for _ in range(2):
        liked = await connector.react(harness.channel, message, Reaction.LIKE)
        assert liked.reacted == (Reaction.LIKE,)
    comment = next(c for c in harness.network.comments.values() if c.urn == asked)
    assert comment.likes == {harness.page.urn: "LIKE"}
    for _ in range(2):
        assert (await connector.react(harness.channel, liked, Reaction.UNLIKE)).reacted == ()
    assert comment.likes == {}


async def test_what_is_read_back_equals_the_receipt(harness: LinkedInHarness, tmp_path: Path) -> None:
    message = await published(harness, media=(picture(tmp_path),), text="Open again #quay")
    batch = await harness.connector().fetch(harness.channel, START)
    [read] = [m for m in batch.messages if m.remote_id == message.remote_id]
    assert (read.text, read.attachments, read.created_at, read.url, read.author) == (
        message.text, message.attachments, message.created_at, message.url, message.author,
    )  # fmt: skip
