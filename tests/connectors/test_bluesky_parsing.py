"""Recorded answers as messages, and what each post is to us (bluesky.md sections 4, 5 and 9)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.connectors.bluesky.embeds import attached
from inbox.connectors.bluesky.parsing import (
    hidden_in,
    message_from_bare_notification,
    message_from_notification,
    message_from_record,
    message_from_view,
    moment,
    our_author,
    warning_of,
)
from inbox.connectors.bluesky.tid import began_at, is_tid, tid_of
from inbox.model import Message, MessageKind, MessageState, Reaction
from tests.connectors.bluesky_recorded import AMINA, DID, PLACE, SERVER, body_of

OURS = f"at://{DID}/app.bsky.feed.post/3n2x7fiyohs2e"
THEIRS = f"at://{AMINA}/app.bsky.feed.post/3n2x7fvqwwc2e"


def view(uri: str = THEIRS, **record: Any) -> dict[str, Any]:
    """A post view with these parts of its record."""
    return {
        "uri": uri,
        "cid": "bafy1",
        "author": {"did": uri.split("/")[2], "handle": "amina.test", "displayName": "Amina"},
        "record": {"$type": "app.bsky.feed.post", "text": "Hi", "createdAt": "2026-11-23T03:00:00.000Z", **record},
        "indexedAt": "2026-11-23T03:00:01.000Z",
    }


def reply(root: str, parent: str) -> dict[str, Any]:
    return {"root": {"uri": root, "cid": "b"}, "parent": {"uri": parent, "cid": "b"}}


def naming(did: str) -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
    return {"text": "@org.test", "facets": [{"index": {"byteStart": 0, "byteEnd": 9}, "features": [feature]}]}


def quoting(uri: str) -> dict[str, Any]:
    return {"embed": {"$type": "app.bsky.embed.record", "record": {"uri": uri, "cid": "b"}}}


# --- recordings ---


def test_recorded_posts_say_what_was_said() -> None:
    found = [message_from_view(v["post"], PLACE) for v in body_of("author-feed-embeds")["feed"]]
    repost, quote, answer, card, picture = found
    assert not repost.ours
    assert repost.reacted == (Reaction.LIKE, Reaction.BOOST)
    assert (repost.counts.likes, repost.counts.boosts, repost.counts.quotes) == (1, 1, 1)
    assert quote.quoted is not None
    assert (quote.quoted.author, quote.quoted.text) == ("Amina K. 🌻", "A question for the city")
    assert answer.parent_remote_id == answer.root_remote_id == repost.remote_id
    assert answer.kind is MessageKind.COMMENT
    assert card.card is not None
    assert card.card.image_url.startswith("http://localhost:22591/img/feed_thumbnail/")
    assert [a.description for a in picture.attachments] == ["A grey square"]
    assert (picture.attachments[0].width_px, picture.attachments[0].height_px) == (64, 48)
    assert picture.attachments[0].preview_url
    for one in found[1:]:
        assert one.ours
        assert one.author.name == "City of Testville"
        assert one.url == f"https://bsky.app/profile/{DID}/post/{one.remote_id.rpartition('/')[2]}"
        assert one.language == "en"
        assert one.raw


def test_section_4_3_what_a_notification_is_follows_from_the_record_not_from_its_reason() -> None:
    items = {n["uri"]: n for n in body_of("notifications-page-1")["notifications"]}
    mention = next(n for n in items.values() if n["reason"] == "mention")
    assert "reply" in mention["record"]
    message = message_from_bare_notification(mention, PLACE)
    assert message.kind is MessageKind.COMMENT
    assert message.parent_remote_id == mention["record"]["reply"]["parent"]["uri"]


def test_notifications_without_words_are_quiet_notices() -> None:
    follow = body_of("notifications-page-2")["notifications"][0]
    message = message_from_notification(follow, PLACE)
    assert message.kind is MessageKind.NOTICE
    assert message.text == "Emeka O. follows you."
    assert message.remote_id == f"notification:{follow['uri']}#follow"


def test_a_reason_nobody_has_heard_of_is_kept_raw() -> None:
    item = {**body_of("notifications-page-1")["notifications"][0], "reason": "hologram"}
    message = message_from_notification(item, PLACE)
    assert message.kind is MessageKind.UNREADABLE
    assert "hologram" in message.text
    assert b"hologram" in message.raw


def test_a_labelled_post_is_folded_with_a_word_why() -> None:
    labelled = body_of("notifications-after-moderation")["notifications"][0]
    assert message_from_bare_notification(labelled, PLACE).warning == "Labelled “rude”"
    graphic = body_of("notifications-page-1")["notifications"][2]
    assert message_from_bare_notification(graphic, PLACE).warning == "Graphic pictures"


def test_section_5_hidden_answers_stay_in_the_thread_and_are_marked() -> None:
    body = body_of("thread-moderated")
    hidden = hidden_in(body)
    assert hidden == hidden_in(body["thread"]["post"])
    states = {
        message_from_view(r["post"], PLACE, hidden).text: message_from_view(r["post"], PLACE, hidden).state
        for r in body["thread"]["replies"]
    }
    assert states["Reply to be hidden by the organisation"] is MessageState.HIDDEN
    assert states["Reply that a moderator labels"] is MessageState.PUBLISHED


def test_quotes_of_us_are_quotes() -> None:
    message = message_from_view(body_of("quotes")["posts"][0], PLACE)
    assert message.kind is MessageKind.QUOTE
    assert message.quoted is not None
    assert message.quoted.text


def test_an_edited_post_has_another_version() -> None:
    [after] = body_of("posts", "posts-after-edit")["posts"]
    message = message_from_view(after, PLACE)
    assert message.text == "Edited text"
    assert message.details["cid"] == after["cid"]


# --- what a post is to us ---


@pytest.mark.parametrize(
    ("uri", "record", "kind"),
    [
        (OURS, {}, MessageKind.POST),
        (OURS, {"reply": reply(THEIRS, THEIRS)}, MessageKind.COMMENT),
        (THEIRS, {"reply": reply(OURS, OURS)}, MessageKind.COMMENT),
        (THEIRS, {"reply": reply(OURS, OURS), **naming(DID)}, MessageKind.COMMENT),
        (THEIRS, {"reply": reply(OURS, OURS), **quoting(OURS)}, MessageKind.COMMENT),
        (THEIRS, {"reply": reply(THEIRS, OURS)}, MessageKind.MENTION),
        (THEIRS, {"reply": reply(THEIRS, THEIRS), **naming(DID)}, MessageKind.MENTION),
        (THEIRS, naming(DID), MessageKind.MENTION),
        (THEIRS, quoting(OURS), MessageKind.QUOTE),
        (THEIRS, {}, MessageKind.POST),
        (THEIRS, {"reply": reply(THEIRS, THEIRS)}, MessageKind.POST),
        (THEIRS, naming(AMINA), MessageKind.POST),
    ],
)
def test_kinds(uri: str, record: dict[str, Any], kind: MessageKind) -> None:
    assert message_from_view(view(uri, **record), PLACE).kind is kind


def test_section_9_a_time_that_is_claimed_is_not_the_time_it_arrived() -> None:
    message = message_from_view(view(createdAt="2019-01-01T00:00:00Z"), PLACE)
    assert message.created_at == datetime(2026, 11, 23, 3, 0, 1, tzinfo=UTC)
    assert message.details["claimed_at"] == "2019-01-01T00:00:00+00:00"
    assert message.created_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("said", ["", None, 7, "yesterday", "99999-01-01T00:00:00Z", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_no_time(said: object) -> None:
    assert moment(said) is None


def test_section_9_names_may_be_anything() -> None:
    for name, shown in (("", "amina.test"), ("\u202eevil", "\u202eevil"), ("🌻" * 64, "🌻" * 64), ("a\nb", "a b")):
        post = view()
        post["author"]["displayName"] = name
        assert message_from_view(post, PLACE).author.name == shown
    post = view()
    post["author"] = {"did": AMINA, "handle": "handle.invalid"}
    assert message_from_view(post, PLACE).author.handle == ""


def test_labels_that_say_nothing_to_a_reader_and_those_taken_back_warn_of_nothing() -> None:
    post = view()
    post["author"]["labels"] = [{"src": AMINA, "val": "!no-unauthenticated"}]
    post["labels"] = [{"src": "did:plc:x", "val": "porn", "neg": True}]
    assert message_from_view(post, PLACE).warning == ""
    assert warning_of(["spam", "!hide", "!hide"]) == "Hidden by the network’s moderators; Labelled “spam”"


@pytest.mark.parametrize(
    ("kind", "withheld"),
    [
        ("viewNotFound", "The quoted post is not there any more"),
        ("viewBlocked", "The quoted post is by somebody blocked"),
        ("viewDetached", "Its author has detached the quoted post"),
    ],
)
def test_a_quoted_post_that_is_withheld_says_why(kind: str, withheld: str) -> None:
    found = attached(
        {"$type": "app.bsky.embed.record#view", "record": {"$type": f"app.bsky.embed.record#{kind}", "uri": OURS}}
    )
    assert found.quoted is not None
    assert (found.quoted.withheld, found.quoted.text, found.quoted.remote_id) == (withheld, "", OURS)


def test_videos_galleries_and_unknown_embeds() -> None:
    video = attached({"$type": "app.bsky.embed.video#view", "playlist": "https://v.example/a.m3u8", "alt": "A bus"})
    assert (video.attachments[0].kind, video.attachments[0].description) == ("video", "A bus")
    image = {"thumb": "https://i.example/t", "fullsize": "https://i.example/f", "alt": ""}
    gallery = attached({"$type": "app.bsky.embed.gallery#view", "items": [image, {"fullsize": "file:///x"}]})
    assert [a.url for a in gallery.attachments] == ["https://i.example/f"]
    assert attached({"$type": "app.bsky.embed.hologram#view"}).unknown == "app.bsky.embed.hologram"
    both = attached(
        {
            "$type": "app.bsky.embed.recordWithMedia#view",
            "record": {"record": {"$type": "app.bsky.embed.record#viewBlocked", "uri": OURS}},
            "media": {"$type": "app.bsky.embed.images#view", "images": [image]},
        }
    )
    assert both.quoted is not None
    assert len(both.attachments) == 1


def test_our_own_record_is_the_message_that_will_come_back() -> None:
    post = view(OURS, **naming(AMINA), langs=["en"])
    post["author"] = {"did": DID, "handle": "org.test", "displayName": "City of Testville"}
    post["indexedAt"] = "2026-11-23T03:00:00.000Z"
    seen = message_from_view(post, PLACE)
    made = message_from_record(OURS, "bafy1", post["record"], our_author(PLACE), PLACE, SERVER)
    assert without_raw(made) == without_raw(seen)


def without_raw(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in Message.__slots__ if name != "raw"}


# --- names for records ---


def test_a_record_is_named_after_its_delivery_always_the_same() -> None:
    key = "0194f3a2b1c0" + "9f" * 10
    assert tid_of(key) == tid_of(key)
    assert is_tid(tid_of(key))
    assert is_tid(tid_of("key-1"))
    assert tid_of("key-1") != tid_of("key-2")
    assert began_at(key) == datetime.fromtimestamp(0x0194F3A2B1C0 / 1000, UTC)
    assert began_at("key-1") is None


def test_names_follow_the_time_of_approval() -> None:
    keys = [f"{0x0194F3A2B1C0 + number:012x}{'7' * 20}" for number in range(50)]
    names = [tid_of(key) for key in keys]
    assert names == sorted(names)
    assert len(set(names)) == 50
