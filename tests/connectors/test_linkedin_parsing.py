"""LinkedIn's replies as messages: recorded ones first, then what nobody recorded."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from inbox.connectors.http import Reply
from inbox.connectors.linkedin import ours, pages
from inbox.connectors.linkedin.parsing import (
    message_from_comment,
    message_from_notification,
    message_from_post,
    parent_of_comment,
    post_of,
    subject_of,
    urn_of_comment,
)
from inbox.connectors.linkedin.server import error_of, judge, lacks_scope
from inbox.connectors.linkedin.urns import comment_urn
from inbox.errors import NotAllowed, Rejected
from inbox.model import Author, Capability, MessageKind
from tests.connectors.linkedin_recorded import FOLDER, OURS, VIEW, recorded

A_DAY = timedelta(days=1)
COMMENT = "urn:li:comment:(urn:li:activity:7094637247890620418,7094977717598625792)"


def test_a_comment_comes_whole_with_its_notification() -> None:
    element = recorded("notification_comment")
    message = message_from_notification(element, VIEW)
    assert message.remote_id == COMMENT, "the long form, whichever was named"
    assert message.kind is MessageKind.COMMENT
    assert message.text == "Commenting as A. Member..."
    assert message.author == Author(name="LinkedIn member", remote_id="urn:li:person:AAAAAAAAAA")
    assert not message.ours
    assert message.context_remote_id == "urn:li:share:7094637247487995904", "the post's own name, not its activity's"
    assert message.parent_remote_id == ""
    assert message.url.endswith("urn%3Ali%3Aactivity%3A7094637247890620418%2C7094977717598625792%29")
    told = datetime.fromtimestamp(element["lastModifiedAt"] / 1000, UTC)
    assert abs(message.created_at - told) < timedelta(seconds=1)
    assert message.edited_at is None
    assert message.denied == Capability.EDIT | Capability.DELETE
    assert json.loads(message.raw) == element


def test_what_the_page_itself_wrote_is_ours() -> None:
    message = message_from_notification(recorded("notification_admin_comment"), VIEW)
    assert message.ours
    assert message.author.name == "Test Page"
    assert message.denied is Capability.NONE


def test_a_like_has_no_actor_and_a_negative_number_and_is_a_quiet_notice() -> None:
    message = message_from_notification(recorded("notification_like_negative_id"), VIEW)
    assert message.remote_id == "notification:-2957327544"
    assert message.kind is MessageKind.NOTICE
    assert message.context_remote_id == "urn:li:share:7095000958291615747"
    assert Capability.REPLY in message.denied


def test_a_share_with_words_quotes_our_post() -> None:
    [element] = recorded("notification_push_envelope_share")["notifications"]
    message = message_from_notification(element, VIEW)
    assert (message.kind, message.remote_id, message.text) == (
        MessageKind.QUOTE, "urn:li:share:7094978106997846016", "test",
    )  # fmt: skip
    assert message.quoted is not None
    assert message.quoted.remote_id == "urn:li:share:7094637247487995904"
    assert message.quoted.text == "This is my post 0008"
    element["decoratedGeneratedActivity"]["share"]["text"] = ""
    silent = message_from_notification(element, VIEW)
    assert (silent.kind, silent.remote_id) == (MessageKind.NOTICE, "notification:5603453449")


def test_both_numbers_of_a_post_are_kept_apart() -> None:
    element = recorded("notification_comment")
    assert post_of(element) == ("urn:li:share:7094637247487995904", "urn:li:activity:7094637247890620418")


@pytest.mark.parametrize("action", ["COMMENT_MENTION", "MENTION_IN_COMMENT", "HOLOGRAM"])
def test_an_action_nobody_documented_is_kept_as_a_notice(action: str) -> None:
    element = recorded("notification_comment") | {"action": action}
    message = message_from_notification(element, VIEW)
    assert message.kind is MessageKind.NOTICE
    assert action in message.text
    assert json.loads(message.raw) == element


@pytest.mark.parametrize("element", [None, "x", 5, [], {}, {"notificationId": 7}, {"action": None}])
def test_what_cannot_be_read_is_kept(element: Any) -> None:
    message = message_from_notification(element, VIEW)
    assert message.kind is MessageKind.UNREADABLE
    assert json.loads(message.raw) == element


def test_comments_of_2023_and_of_today_are_read_alike() -> None:
    first, second = (
        message_from_comment(c, VIEW, post="urn:li:share:9") for c in recorded("comments_list_202306")["elements"]
    )
    assert first.remote_id == "urn:li:comment:(urn:li:activity:7095684521727016961,7095684947448897536)"
    assert (first.text, first.ours, first.counts.replies, first.counts.likes) == ("User Test Comment 004", False, 2, 2)
    assert (second.text, second.ours) == ("Admin Test Comment 004", True)
    assert first.context_remote_id == "urn:li:share:9"
    [today] = recorded("comments_list_202606_min")["elements"]
    message = message_from_comment(today, VIEW, post="urn:li:share:9")
    assert message.remote_id == "urn:li:comment:(urn:li:activity:123,789)"
    assert message.created_at == datetime.fromtimestamp(1783159200, UTC)


def test_an_edited_comment_says_when() -> None:
    item = recorded("comments_list_202306")["elements"][0]
    item["lastModified"]["time"] += 60_000
    message = message_from_comment(item, VIEW, post="")
    assert message.edited_at == datetime.fromtimestamp(item["lastModified"]["time"] / 1000, UTC)


def test_a_reply_names_its_parent_and_its_own_urn() -> None:
    item = recorded("comment_reply_created")
    assert urn_of_comment(item) == "urn:li:comment:(urn:li:activity:123,790)"
    item["parentComment"] = "urn:li:comment:(activity:123,789)"
    assert parent_of_comment(item) == "urn:li:comment:(urn:li:activity:123,789)"
    assert urn_of_comment({"id": "790", "object": "urn:li:activity:123"}) == urn_of_comment(item)


def test_a_post_is_read_with_its_picture_and_its_little_text() -> None:
    item = recorded("post_get_image")
    view = replace(VIEW, organization="urn:li:organization:2414183")
    message = message_from_post(item, view)
    assert (message.kind, message.ours, message.text) == (MessageKind.POST, True, "Don't forget the image.")
    assert [a.description for a in message.attachments] == ["Image"]
    published = datetime.fromtimestamp(item["publishedAt"] / 1000, UTC)
    assert abs(message.created_at - published) < timedelta(seconds=1)
    assert message.edited_at is None
    edited = {
        **item,
        "lifecycleStateInfo": {"isEditedByAuthor": True},
        "commentary": r"Open \(again\) {hashtag|\#|quay}",
    }
    message = message_from_post(edited, view)
    assert message.edited_at == datetime.fromtimestamp(item["lastModifiedAt"] / 1000, UTC)
    assert message.text == "Open (again) #quay"


def test_a_negative_like_count_counts_nothing() -> None:
    row = recorded("share_statistics_lifetime")["elements"][0] | {"share": "urn:li:share:5"}
    row["totalShareStatistics"]["likeCount"] = -3
    [(urn, counts)] = ours._counted([row])
    assert (urn, counts.replies, counts.likes) == ("urn:li:share:5", 70, 0)


def test_an_acl_names_the_page_in_either_field() -> None:
    for name in ("organization_acls_page", "organization_acls_with_role"):
        [element] = recorded(name)["elements"]
        assert (element.get("organization") or element.get("organizationTarget")).startswith("urn:li:organization:")
    assert pages._title(recorded("organizations_batch_get")["results"]["42"]) == "OpenPost"


def test_the_two_kinds_of_403_are_told_apart_by_code() -> None:
    scope, owner = (reply_of(name) for name in ("error_403_scope_missing", "error_403_not_entity_owner"))
    assert lacks_scope(scope)
    assert not lacks_scope(owner)
    for reply, hint in ((scope, "approved"), (owner, "administrator")):
        with pytest.raises(NotAllowed) as caught:
            judge(reply, "reading")
        assert hint in caught.value.hint
        assert "urn:li" not in str(caught.value)


def test_a_wrongly_encoded_address_is_ours_to_mend() -> None:
    with pytest.raises(Rejected):
        judge(reply_of("error_400_method_unresolved"), "reading")


def test_every_recording_parses_and_nothing_is_dropped() -> None:
    """Each of the files is read by something above or by ``test_linkedin_text``; a new one has to be named here."""
    read = {
        "comment_reply_created", "comments_list_202306", "comments_list_202606_min", "document_initialize_upload",
        "error_400_method_unresolved", "error_403_not_entity_owner", "error_403_scope_missing",
        "error_426_version_sunset", "follower_statistics_timebound", "notification_admin_comment",
        "notification_comment", "notification_like_negative_id", "notification_push_envelope_share",
        "organization_acls_page", "organization_acls_with_role", "organizations_batch_get", "post_create_request_text",
        "post_get_image", "restli_decoding_vectors", "restli_encoding_vectors", "share_statistics_lifetime",
    }  # fmt: skip
    assert {path.stem for path in FOLDER.glob("*.json")} == read
    for name in read:
        if name.startswith("notification_"):
            value = recorded(name)
            for element in value.get("notifications", [value]):
                message = message_from_notification(element, VIEW)
                assert json.loads(message.raw) == element
                assert message.kind is not MessageKind.UNREADABLE
                for urn in (subject_of(element), *post_of(element)):
                    assert not urn or comment_urn(urn) == urn or ":comment:" not in urn


def reply_of(name: str) -> Reply:
    body = recorded(name)
    return Reply(body["status"], httpx.Headers(), json.dumps(body).encode(), "https://api.linkedin.com/rest/x")


def test_errors_are_read_whatever_they_hold() -> None:
    assert error_of(reply_of("error_426_version_sunset"))["code"] == "NONEXISTENT_VERSION"
    assert error_of(Reply(502, httpx.Headers(), b"<h1>no</h1>", "https://x.example/")) == {}
    assert OURS.startswith("urn:li:organization:")
