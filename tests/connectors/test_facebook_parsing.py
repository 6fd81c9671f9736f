"""Facebook's JSON as messages: the recordings, and every trap of facebook.md section 4."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox.connectors.facebook.graph import rows_of
from inbox.connectors.facebook.ids import comment_id, tail
from inbox.connectors.facebook.parsing import (
    fingerprint,
    message_from_comment,
    message_from_post,
    message_from_rating,
    message_from_words,
    utc,
)
from inbox.connectors.facebook.troubles import error_for, trouble_in
from inbox.connectors.facebook.usage import MESSENGER, PAGES, Share, shares_in
from inbox.model import Capability, Message, MessageKind, MessageState, Visibility
from tests.connectors.facebook_town import FOLDER, body_of

PAGE, POST = "2121008874780932", "2121008874780932_2498598377021978"
SITE = "https://www.facebook.com"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TALK = {"id": "t_587956915396498", "can_reply": True, "link": "/2121008874780932/inbox/1/"}

POSTS = (
    "posts_expanded_p1", "posts_expanded_link_share", "posts_time_paging", "tagged_posts", "live_feed",
    "tagged_post_tagged_time", "post_scheduled", "post_with_comments_edge", "post_album_full",
    "post_with_feed_targeting",
)  # fmt: skip
COMMENTS = (
    "comments_stream_p1", "comments_with_from", "live_comments_toplevel", "comment_full", "comment_no_from",
    "comment_hidden_by_page", "comment_own_page", "comment_message_tags", "comment_reactions_summary",
    "comment_created", "live_reply_with_parent",
)  # fmt: skip
RATINGS = ("ratings_page", "ratings_recommendation")
WORDS = ("message_with_attachment", "message_eu_redacted", "conversation_messages")
ANSWERS = {
    "live_feed_created", "photo_created", "success_true", "blocked_created", "video_reel_start", "batch_ok",
    "batch_second_item_error", "video_status_error", "video_status_interrupted", "conversation_full",
    "conversation_short", "header_x_app_usage", "header_x_business_use_case_usage", "facebook_fields",
}  # fmt: skip
TOKENS = {
    "me_accounts", "me_accounts_last_page", "live_me_accounts_empty", "live_page_with_token", "token_debug_user",
    "token_debug_never_expires", "token_long_lived", "live_token_debug_granular",
}  # fmt: skip


def rows(name: str) -> list[Any]:
    body = body_of(name)
    if "messages" in body:
        return list(body["messages"]["data"])
    return list(body["data"]) if "data" in body else [body]


def comment(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(body_of("comment_full"))
    return {**made, **changes}


def read(row: Any, *, ours: bool = True) -> Message:
    return message_from_comment(row, PAGE, POST, ours=ours)


def test_every_recording_is_looked_at_somewhere() -> None:
    errors = {p.stem for p in FOLDER.glob("*error_*.json")}
    named = {*POSTS, *COMMENTS, *RATINGS, *WORDS} | ANSWERS | TOKENS | errors
    assert {p.stem for p in FOLDER.glob("*.json")} == named


@pytest.mark.parametrize("name", POSTS)
def test_every_recorded_post_is_understood(name: str) -> None:
    for row in rows(name):
        message = message_from_post(row, "19292868552")
        assert message.kind in {MessageKind.POST, MessageKind.MENTION}
        assert message.remote_id == row["id"]
        assert message.raw
        assert message.text == (row.get("message") or row.get("story") or message.text)


@pytest.mark.parametrize("name", COMMENTS)
def test_every_recorded_comment_is_understood(name: str) -> None:
    for row in rows(name):
        message = read(row)
        if "id" not in row:  # read with a token for public content: even the id was withheld
            assert message.kind is MessageKind.UNREADABLE
            continue
        assert message.kind is MessageKind.COMMENT
        assert message.remote_id == f"{POST}:{row['id']}"
        assert message.text == row.get("message", "")
        assert message.raw


def test_every_recorded_recommendation_and_private_message_is_understood() -> None:
    for name in RATINGS:
        for row in rows(name):
            assert message_from_rating(row, PAGE, SITE).kind is MessageKind.REVIEW
    for name in WORDS:
        for row in rows(name):
            message = message_from_words(row, PAGE, TALK, SITE)
            assert message.kind is MessageKind.DIRECT
            assert message.visibility is Visibility.DIRECT


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*error_[0-9o]*.json")), ids=lambda p: p.stem)
def test_every_recorded_error_names_who_has_to_act(path: Any) -> None:
    trouble = trouble_in(body_of(path.stem))
    assert trouble is not None
    for writing in (False, True):
        assert error_for(trouble, "reading", writing=writing, now=NOW).detail


# --- traps ---


def test_times_have_no_colon_in_their_offset_or_are_seconds() -> None:
    assert utc("2026-09-05T14:33:01+0000") == datetime(2026, 9, 5, 14, 33, 1, tzinfo=UTC)
    assert utc(1_459_416_660) == datetime(2016, 3, 31, 9, 31, tzinfo=UTC)
    assert utc("yesterday") is None
    assert utc(None) is None


def test_comments_are_compared_by_the_last_part_of_their_id() -> None:
    assert comment_id("1_22", "333") == comment_id("1_22", "22_333") == "1_22:22_333"
    assert tail("1_22:22_333") == tail("333") == "333"


def test_a_comment_without_an_author_still_comes_with_its_words() -> None:
    message = read(body_of("comment_no_from"))
    assert message.author.name == "Facebook user"
    assert message.author.remote_id == ""
    assert not message.ours
    assert Capability.BLOCK in message.denied, "nobody knows whom to ban"


def test_what_facebook_does_not_allow_with_a_comment_is_said() -> None:
    assert read(comment()).denied == Capability.NONE
    own = read(body_of("comment_own_page"))
    assert Capability.HIDE in own.denied
    assert Capability.REPLY in own.denied
    assert Capability.DELETE not in own.denied
    assert read(comment(can_reply_privately=False)).denied == Capability.PRIVATE_REPLY


def test_a_comment_of_the_page_is_ours_and_a_hidden_one_is_hidden() -> None:
    row = body_of("comment_hidden_by_page")
    message = message_from_comment(row, "123456789", POST, ours=True)
    assert message.ours
    assert message.state is MessageState.HIDDEN


def test_a_replys_parent_is_a_whole_comment_of_which_the_id_counts() -> None:
    row = body_of("live_reply_with_parent")
    post = "723701000827665_122167637282960180"
    message = message_from_comment(row, "723701000827665", post, ours=True)
    assert message.parent_remote_id == f"{post}:122167637282960180_1386857980259623"
    assert message.context_remote_id == post


def test_below_somebodys_post_a_comment_belongs_to_their_conversation() -> None:
    row = comment()
    assert (read(row).parent_remote_id, read(row).context_remote_id) == ("", POST)
    theirs = read(row, ours=False)
    assert (theirs.parent_remote_id, theirs.root_remote_id, theirs.context_remote_id) == (POST, POST, "")


def test_a_comment_of_a_picture_alone_has_empty_words_and_the_picture() -> None:
    message = read(comment(message=""))
    assert message.text == ""
    assert [a.kind for a in message.attachments] == ["image"]
    assert message.attachments[0].preview_url.endswith("trimmed.jpg")


def test_an_attachment_of_an_unknown_kind_is_named_in_words() -> None:
    message = read(comment(message="", attachment={"type": "hologram"}))
    assert message.text == "[hologram]"


def test_a_scheduled_post_waits_for_its_time_and_an_unpublished_one_is_a_draft() -> None:
    row = {**body_of("post_scheduled"), "is_published": False}
    message = message_from_post(row, "123456789")
    assert message.state is MessageState.SCHEDULED
    assert message.created_at == datetime(2016, 3, 31, 9, 31, tzinfo=UTC)
    draft = {"id": "1_2", "created_time": "2026-09-05T14:33:01+0000", "is_published": False, "message": "Soon"}
    assert message_from_post(draft, "1").state is MessageState.DRAFT


def test_a_post_of_a_visitor_or_naming_the_page_is_addressed_to_it() -> None:
    row = {
        "id": "1_2",
        "created_time": "2026-09-05T14:33:01+0000",
        "message": "Hello",
        "from": {"id": "7", "name": "Vera"},
    }
    assert message_from_post(row, "1").kind is MessageKind.MENTION
    assert message_from_post({**row, "from": {"id": "1", "name": "Council"}}, "1").kind is MessageKind.POST
    del row["from"]
    assert not message_from_post(row, "1").ours, "whoever is not named is not us"


def test_an_album_has_all_its_pictures_and_a_link_its_card() -> None:
    assert len(message_from_post(body_of("post_album_full"), "1").attachments) == 2
    shared = message_from_post(rows("posts_expanded_link_share")[0], "1")
    assert shared.card is not None
    assert shared.card.url.startswith("http://www.ruanyifeng.com/"), "the address itself, not Facebook's redirect"
    assert shared.attachments == ()


def test_a_recommendation_is_keyed_on_its_story_and_needs_no_reviewer() -> None:
    message = message_from_rating(body_of("ratings_recommendation"), PAGE, SITE)
    assert message.remote_id == "rating:10150030749305470"
    assert message.text == "Recommends the Page"
    assert message.author.name == "Facebook user"
    assert Capability.REPLY in message.denied
    assert message.url == f"{SITE}/{PAGE}/reviews"
    [other] = rows("ratings_page")
    keyed = message_from_rating(other, PAGE, SITE)
    assert keyed.remote_id.startswith("rating:")
    assert keyed.remote_id == message_from_rating(copy.deepcopy(other), PAGE, SITE).remote_id


def test_a_private_message_can_be_answered_for_a_day() -> None:
    message = message_from_words(body_of("message_with_attachment"), PAGE, TALK, SITE)
    assert message.reply_until == message.created_at + timedelta(hours=24)
    assert message.parent_remote_id == message.root_remote_id == TALK["id"]
    assert [a.kind for a in message.attachments] == ["image"]
    closed = message_from_words(body_of("message_with_attachment"), PAGE, {**TALK, "can_reply": False}, SITE)
    assert Capability.REPLY in closed.denied


def test_where_europe_withholds_a_file_its_note_is_shown() -> None:
    message = message_from_words(body_of("message_eu_redacted"), PAGE, TALK, SITE)
    assert message.text.startswith("[Media not available due to new privacy rules in Europe")


@pytest.mark.parametrize("row", [None, "words", 5, [], {}, {"id": 7}, {"id": "1_2", "from": "x", "shares": [1]}])
def test_nothing_that_comes_makes_the_parser_stumble(row: Any) -> None:
    for message in (
        message_from_post(row, PAGE), read(row), message_from_rating(row, PAGE, SITE),
        message_from_words(row, PAGE, TALK, SITE),
    ):  # fmt: skip
        assert message.remote_id
        assert message.raw


def test_a_print_changes_with_the_words_and_not_with_a_pictures_signed_address() -> None:
    one = comment()
    moved = copy.deepcopy(one)
    moved["attachment"]["media"]["image"]["src"] = "https://scontent.xx.fbcdn.net/other.jpg?oh=1"
    assert fingerprint(read(one)) == fingerprint(read(moved))
    for change in ({"message": "Other"}, {"is_hidden": True}, {"like_count": 3}, {"can_hide": False}):
        assert fingerprint(read(comment(**change))) != fingerprint(read(one)), change


def test_a_pages_next_address_is_not_kept_only_its_marks() -> None:
    page = rows_of(body_of("me_accounts"), "Pages")
    assert page.further == {"after": "after"}
    assert "access_token" not in repr(page.further)
    assert rows_of(body_of("me_accounts_last_page"), "Pages").further == {}
    by_time = rows_of(body_of("posts_time_paging"), "posts")
    assert by_time.further == {"until": "1624385168", "__paging_token": "__paging_token"}


def test_usage_headers_are_read_by_kind() -> None:
    headers = {
        "x-app-usage": json.dumps(body_of("header_x_app_usage")),
        "x-business-use-case-usage": json.dumps(body_of("header_x_business_use_case_usage")),
    }
    assert shares_in(headers) == {
        PAGES: Share(used=97),
        MESSENGER: Share(used=100, regain=timedelta(minutes=19)),
    }
    assert shares_in({"x-page-usage": '{"call_count": 12, "total_time": 80, "total_cputime": 3}'}) == {
        PAGES: Share(used=80)
    }
    assert shares_in({"x-app-usage": "{broken"}) == {}
