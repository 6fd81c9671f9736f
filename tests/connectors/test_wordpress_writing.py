"""Moderating, answering and publishing over recordings: what is sent, and how each answer is judged."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from inbox.connectors.wordpress.parsing import message_from_comment
from inbox.connectors.wordpress.publishing import blocks, one_line, token_of
from inbox.errors import (
    BadReply,
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
from inbox.model import Capability, Media, Message, MessageState, Moderation, Rendition, UpdateKind
from tests.connectors.wordpress_recorded import PASSWORD, SITE, Desk, answer, body_of, desk_over, recorded

REPLY = Rendition(kind=UpdateKind.REPLY, text="We open Monday", reply_to="comment:74", context="post:18")
POST = Rendition(kind=UpdateKind.POST, text="On Monday.", title="Library opens")


def stored(status: str = "approved", **changed: Any) -> httpx.Response:
    """The comment as the blog has it."""
    return httpx.Response(200, json=body_of("comment-held")[0] | {"status": status} | changed)


def held() -> Message:
    message = message_from_comment(body_of("comment-held")[0], SITE)
    assert message is not None
    return message


def sent_json(request: httpx.Request) -> Any:
    return json.loads(request.content)


def listed(*items: Any, **headers: str) -> httpx.Response:
    return httpx.Response(200, json=list(items), headers={"X-WP-Total": str(len(items)), **headers})


# --- moderating ---


async def test_trap_4_visitors_browser_is_sent_back_with_the_status() -> None:
    desk = desk_over(stored("hold"), stored("approved"))
    after = await desk.connector.moderate(desk.channel, held(), Moderation.APPROVE)
    [write] = desk.writes()
    # The address goes back as well: the same server writes ours over it (measured in test_journey_answering).
    assert sent_json(write) == recorded("moderate-approve")["request"]["body"] | {"author_ip": "192.0.2.1"}
    assert after.state is MessageState.PUBLISHED


@pytest.mark.parametrize("kept", ["192.168.1.xxx", "10.0.0.1, 192.168.1.9", "unknown", "fe80::1%eth0", ""])
async def test_address_that_wordpress_refuses_is_not_sent_back(kept: str) -> None:
    """It answers 400 to one that is none, and the comment could never be approved."""
    desk = desk_over(stored("hold", author_ip=kept), stored("approved"))
    await desk.connector.moderate(desk.channel, held(), Moderation.APPROVE)
    assert "author_ip" not in sent_json(desk.writes()[0])
    desk = desk_over(stored("hold", author_ip="2001:db8::7"), stored("approved"))
    await desk.connector.moderate(desk.channel, held(), Moderation.APPROVE)
    assert sent_json(desk.writes()[0])["author_ip"] == "2001:db8::7"


async def test_trap_5_status_that_did_not_change_is_noticed() -> None:
    desk = desk_over(stored("hold"), stored("hold"), stored("hold"))
    with pytest.raises(Unavailable, match="left the comment as it was"):
        await desk.connector.moderate(desk.channel, held(), Moderation.SPAM)


@pytest.mark.parametrize("action", [Moderation.RESTORE, Moderation.UNSPAM])
@pytest.mark.parametrize("status", ["approved", "hold"])
async def test_trap_5_nothing_is_written_to_a_comment_that_is_not_there_any_more(
    action: Moderation, status: str
) -> None:
    desk = desk_over(stored(status))
    await desk.connector.moderate(desk.channel, held(), action)
    assert desk.writes() == []


async def test_status_that_stands_already_is_not_written_again() -> None:
    for action, status in [(Moderation.APPROVE, "approved"), (Moderation.SPAM, "spam"), (Moderation.TRASH, "trash")]:
        desk = desk_over(stored(status))
        await desk.connector.moderate(desk.channel, held(), action)
        assert desk.writes() == []


async def test_trash_that_happened_meanwhile_is_done() -> None:
    desk = desk_over(stored("approved"), answer("trash-again"), stored("trash"))
    assert (await desk.connector.moderate(desk.channel, held(), Moderation.TRASH)).state is MessageState.TRASHED


async def test_lost_answer_to_a_moderation_is_settled_by_looking() -> None:
    desk = desk_over(stored("hold"), httpx.Response(500), stored("approved"))
    assert (await desk.connector.moderate(desk.channel, held(), Moderation.APPROVE)).state is MessageState.PUBLISHED
    desk = desk_over(stored("hold"), httpx.Response(500), stored("hold"))
    with pytest.raises(OutcomeUnknown):
        await desk.connector.moderate(desk.channel, held(), Moderation.APPROVE)


@pytest.mark.parametrize(
    ("name", "error"),
    [("comment-gone", NotFound), ("error-cannot-edit", NotAllowed), ("error-not-logged-in", SignInNeeded)],
)
async def test_moderating_without_success_says_who_has_to_act(name: str, error: type[Exception]) -> None:
    desk = desk_over(stored("hold"), answer(name))
    with pytest.raises(error):
        await desk.connector.moderate(desk.channel, held(), Moderation.SPAM)


async def test_undeclared_is_refused_before_any_request() -> None:
    desk = desk_over(stored())
    reader = replace(desk.channel, capabilities=Capability.FETCH)
    for call in (
        desk.connector.moderate(reader, held(), Moderation.APPROVE),
        desk.connector.edit(reader, held(), "x"),
        desk.connector.delete(reader, held()),
        desk.connector.publish(reader, REPLY, "k"),
        desk.connector.publish(reader, POST, "k"),
        desk.connector.publish(replace(reader, capabilities=Capability.POST), replace(POST, tags=("x",)), "k"),
        desk.connector.reread(reader, ["comment:1"]),
    ):
        with pytest.raises(Unsupported):
            await call
    assert desk.sent == []


async def test_what_is_gone_already_is_deleted() -> None:
    desk = desk_over(answer("comment-gone"))
    await desk.connector.delete(desk.channel, held())
    desk = desk_over(answer("error-no-route"))
    with pytest.raises(NotFound):
        await desk.connector.delete(desk.channel, held())


# --- answers ---


async def reply(*answers: httpx.Response, rendition: Rendition = REPLY) -> tuple[Desk, Any]:
    desk = desk_over(*answers)
    return desk, await desk.connector.publish(desk.channel, rendition, "key")


async def test_answer_is_sent_to_its_parent_on_its_post() -> None:
    desk, receipt = await reply(stored(), answer("reply-created"))
    [write] = desk.writes()
    assert sent_json(write) == {"post": 18, "parent": 74, "content": "We open Monday"}
    assert (receipt.remote_id, receipt.state, receipt.message.ours) == ("comment:75", MessageState.PUBLISHED, True)


async def test_trap_10_typed_markup_is_escaped_and_lines_are_kept() -> None:
    typed = "Yes & no <script>alert(1)</script> > https://example.org/?a=1&b=2\r\n\r\nBye"
    desk, _ = await reply(stored(), answer("reply-created"), rendition=replace(REPLY, text=typed))
    content = sent_json(desk.writes()[0])["content"]
    assert content == (
        "Yes &amp; no &lt;script&gt;alert(1)&lt;/script&gt; &gt; https://example.org/?a=1&amp;b=2\n\nBye"
    )


@pytest.mark.parametrize(
    ("parent", "words"),
    [
        (answer("comment-gone"), "not there any more"),
        (stored(post=19), "another post"),
        (stored("hold"), "approve it first"),
        (stored("spam"), "in spam"),
        (stored("trash"), "in the trash"),
        (stored("post-trashed"), "in the trash"),
        (stored("flagged"), "not public"),
    ],
)
async def test_trap_9_parent_is_checked_since_wordpress_does_not(parent: httpx.Response, words: str) -> None:
    desk = desk_over(parent)
    with pytest.raises(Rejected, match=words) as error:
        await desk.connector.publish(desk.channel, REPLY, "key")
    assert error.value.problems[0].stops
    assert desk.writes() == []


async def test_duplicate_is_the_answer_that_arrived_before() -> None:
    item = body_of("reply-created") | {"content": {"raw": "We  open Monday\n", "rendered": "<p>We open Monday</p>"}}
    desk, receipt = await reply(stored(), answer("reply-duplicate"), listed(item))
    assert receipt.remote_id == "comment:75"
    params = desk.sent[-1].url.params
    assert (params["post"], params["author"], params["parent"], params["status"]) == ("18", "2", "74", "any")
    assert (params["orderby"], params["order"]) == ("id", "desc")


async def test_duplicate_that_cannot_be_found_is_said_in_words() -> None:
    with pytest.raises(Rejected, match="stands there already"):
        await reply(stored(), answer("reply-duplicate"), listed())


async def test_looking_never_writes_and_absence_is_proof() -> None:
    desk = desk_over(listed(body_of("reply-created")))
    other = desk.delivery(REPLY, "key")
    assert await desk.connector.find(desk.channel, other) is None
    same = desk.delivery(replace(REPLY, text="We open <em>Monday</em> & Tuesday. https://example.org/hours"), "key")
    found = await desk.connector.find(desk.channel, same)
    assert found is not None
    assert found.remote_id == "comment:75"
    assert desk.writes() == []
    desk = desk_over(answer("poll-without-rights"))
    with pytest.raises(SignInNeeded):  # an anonymous look proves nothing
        await desk.connector.find(desk.channel, same)


async def test_answer_on_hold_is_told_as_held() -> None:
    _, receipt = await reply(stored(), httpx.Response(201, json=body_of("reply-created") | {"status": "hold"}))
    assert receipt.state is MessageState.HELD


@pytest.mark.parametrize(
    "lost",
    [
        httpx.Response(500),
        httpx.Response(503, headers={"Retry-After": "7"}),
        httpx.Response(201, html="<p>Saved"),
        httpx.Response(201, json={}),
    ],
)
async def test_answer_whose_fate_is_unknown_is_never_called_sent_or_refused(lost: httpx.Response) -> None:
    with pytest.raises(OutcomeUnknown):
        await reply(stored(), lost)
    with pytest.raises(OutcomeUnknown):
        await post(listed(), lost)


async def test_later_answer_is_not_sent_now() -> None:
    desk = desk_over(stored())
    later = replace(REPLY, publish_at=desk.clock.now() + timedelta(hours=1))
    with pytest.raises(Unsupported):
        await desk.connector.publish(desk.channel, later, "key")
    assert desk.sent == []


# --- every row of section 8 ---


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("error-flood", RateLimited, "pause"),
        ("error-comment-closed", Rejected, "Comments are closed"),
        ("error-no-post", Rejected, "not there any more"),
        ("error-too-long", Rejected, "65,525"),
        ("error-empty-answer", Rejected, "empty"),
        ("error-invalid-param", Rejected, "per_page"),
        ("error-invalid-json", Rejected, "rest_invalid_json"),
        ("error-anonymous-create", SignInNeeded, "no longer accepts"),
        ("error-forbidden-param", SignInNeeded, "no longer accepts"),
        ("error-not-logged-in", SignInNeeded, "no longer accepts"),
        ("early-wrong-password", SignInNeeded, "no longer accepts"),
        ("early-unknown-user", SignInNeeded, "no longer accepts"),
        ("closed-to-visitors", SignInNeeded, "no longer accepts"),
        ("error-role-cannot-create", NotAllowed, "not allowed"),
        ("error-cannot-edit", NotAllowed, "not allowed"),
        ("error-no-route", NotFound, "does not offer"),
        ("comment-gone", NotFound, "nothing under this number"),
        ("maintenance", OutcomeUnknown, "503"),
    ],
)
async def test_each_error_of_a_write_names_who_has_to_act(name: str, error: type[PostroomError], words: str) -> None:
    desk = desk_over(stored(), answer(name))
    with pytest.raises(error, match=words) as caught:
        await desk.connector.publish(desk.channel, REPLY, "key")
    assert type(caught.value) is error
    assert caught.value.status == recorded(name)["status"]
    assert PASSWORD not in f"{caught.value!r} {caught.value.hint}"
    if error is Rejected:
        assert isinstance(caught.value, Rejected)
        assert caught.value.problems[0].words


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("error-invalid-param", BadReply),
        ("error-past-last-page", BadReply),
        ("error-forbidden-param", SignInNeeded),
        ("posts-without-rights", SignInNeeded),
        ("posts-role-too-low", NotAllowed),
        ("poll-role-too-low", NotAllowed),
        ("error-no-route", NotFound),
        ("maintenance", RateLimited),
    ],
)
async def test_each_error_of_a_read_names_who_has_to_act(name: str, error: type[PostroomError]) -> None:
    desk = desk_over(answer(name))
    with pytest.raises(error) as caught:
        await desk.connector.reread(desk.channel, ["comment:1"])
    assert type(caught.value) is error


@pytest.mark.parametrize(
    ("reply_to_read", "error"),
    [
        (httpx.Response(429, headers={"Retry-After": "30"}), RateLimited),
        (httpx.Response(429, html="<h1>Slow down"), RateLimited),
        (httpx.Response(503), Unavailable),
        (httpx.Response(520, html="<h1>Web server is returning an unknown error"), Unavailable),
        (httpx.Response(403, html="<h1>Blocked"), NotAllowed),
        (httpx.Response(200, html="<title>Just a moment"), BadReply),
        (httpx.Response(301, headers={"Location": "https://elsewhere.example/"}), SignInNeeded),
    ],
)
async def test_hosts_own_errors(reply_to_read: httpx.Response, error: type[PostroomError]) -> None:
    desk = desk_over(reply_to_read)
    with pytest.raises(error) as caught:
        await desk.connector.fetch(desk.channel, desk.cursor)
    assert type(caught.value) is error
    assert len(caught.value.detail) < 400


async def test_php_warnings_in_front_of_an_answer_are_read_past() -> None:
    warned = recorded("php-warning-in-front")["body"].partition("[{")[0].encode()
    item = json.dumps(body_of("reply-created")).encode()
    _, receipt = await reply(stored(), httpx.Response(201, content=warned + item))
    assert receipt.remote_id == "comment:75"


# --- posts ---


async def post(*answers: httpx.Response, rendition: Rendition = POST, key: str = "11aa22") -> tuple[Desk, Any]:
    desk = desk_over(*answers)
    return desk, await desk.connector.publish(desk.channel, rendition, key)


async def test_trap_6_slug_of_the_key_is_looked_up_before_anything_is_sent() -> None:
    desk, receipt = await post(listed(body_of("post-created")))
    assert receipt.remote_id == "post:18"
    assert desk.writes() == []
    params = desk.sent[0].url.params
    assert params["slug"] == "postroom-11aa22,postroom-11aa22__trashed"
    assert set(params["status"].split(",")) == {"publish", "future", "draft", "pending", "private", "trash"}
    found = await desk.connector.find(desk.channel, desk.delivery(POST, "11aa22"))
    assert found is not None
    assert found.remote_id == receipt.remote_id


async def test_post_is_sent_with_its_slug_as_blocks() -> None:
    desk, receipt = await post(listed(), answer("post-created"))
    [write] = desk.writes()
    assert sent_json(write) == {
        "title": "Library opens",
        "content": "<!-- wp:paragraph -->\n<p>On Monday.</p>\n<!-- /wp:paragraph -->",
        "slug": "postroom-11aa22",
        "status": "publish",
    }
    assert (receipt.remote_id, receipt.state) == ("post:18", MessageState.PUBLISHED)
    assert receipt.url == "https://blog.example.org/2026/11/postroom-11aa22/"


async def test_schedule_is_left_with_the_blog() -> None:
    due = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
    desk, receipt = await post(
        listed(),
        httpx.Response(201, json=body_of("post-created") | {"status": "future"}),
        rendition=replace(POST, publish_at=due),
    )
    sent = sent_json(desk.writes()[0])
    assert (sent["status"], sent["date_gmt"]) == ("future", "2031-05-01T12:00:00")
    assert receipt.state is MessageState.SCHEDULED


async def test_trap_8_due_within_a_minute_is_not_sent_and_due_already_is_sent_without_a_date() -> None:
    desk = desk_over(listed())
    due = desk.clock.now() + timedelta(seconds=59)
    with pytest.raises(RateLimited) as error:
        await desk.connector.publish(desk.channel, replace(POST, publish_at=due), "11aa22")
    assert error.value.retry_at == due
    assert desk.writes() == []
    desk, _ = await post(listed(), answer("post-created"), rendition=replace(POST, publish_at=desk.clock.now()))
    sent = sent_json(desk.writes()[0])
    assert sent["status"] == "publish"
    assert "date_gmt" not in sent


async def test_trap_8_blogs_clock_that_is_ahead_counts() -> None:
    desk = desk_over(listed())
    due = desk.clock.now() + timedelta(minutes=5)
    ahead = format_datetime(desk.clock.now() + timedelta(minutes=10), usegmt=True)
    desk = desk_over(listed(Date=ahead))
    with pytest.raises(RateLimited):
        await desk.connector.publish(desk.channel, replace(POST, publish_at=due), "11aa22")
    assert desk.writes() == []


async def test_terms_are_found_by_their_words_or_created() -> None:
    rendition = replace(POST, categories=("q&a", "News"), tags=("Road works & more",))
    desk, _ = await post(
        listed(),
        listed(*body_of("terms-list")),
        listed(*body_of("terms-list")),
        listed(),
        answer("term-exists"),
        answer("post-created"),
        rendition=rendition,
    )
    sent = sent_json(desk.writes()[-1])
    assert (sent["categories"], sent["tags"]) == ([5, 2], [12])
    assert sent_json(desk.writes()[0]) == {"name": "Road works & more"}


async def test_term_that_may_not_be_created_is_said_in_words() -> None:
    with pytest.raises(Rejected, match="may not create"):
        await post(listed(), listed(), answer("error-role-cannot-create"), rendition=replace(POST, tags=("New",)))


@pytest.fixture
def picture(tmp_path: Path) -> Media:
    (tmp_path / "Größe 1.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 50)
    return Media(path=str(tmp_path / "Größe 1.png"), mime_type="image/png", alt_text="A chart")


async def test_picture_is_sent_raw_described_and_used(picture: Media) -> None:
    made = answer("media-created")
    described = httpx.Response(200, json=body_of("media-created") | {"alt_text": "A chart"})
    shown = httpx.Response(201, json=body_of("post-created") | {"featured_media": 23})
    desk, _ = await post(listed(), listed(), made, described, shown, rendition=replace(POST, media=(picture,)))
    upload, description, write = desk.writes()
    assert upload.content.startswith(b"\x89PNG")
    assert upload.headers["content-type"] == "image/png"
    assert upload.headers["content-disposition"] == 'attachment; filename="groe-1-postroom-11aa22-1.png"'
    assert sent_json(description) == {"alt_text": "A chart"}
    assert sent_json(write)["featured_media"] == 23


async def test_picture_that_is_there_already_is_not_sent_again(picture: Media) -> None:
    there = listed(body_of("media-created") | {"alt_text": "A chart"})
    desk, _ = await post(listed(), there, answer("post-created"), rendition=replace(POST, media=(picture,)))
    assert [r.url.path.rpartition("/")[2] for r in desk.writes()] == ["posts"]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (answer("upload-type-refused"), "refuses this picture"),
        (answer("upload-too-large"), "too large"),
        (answer("upload-over-post-max"), "too large"),
        (httpx.Response(413, html="<h1>Request Entity Too Large"), "too large"),
    ],
)
async def test_refused_upload_is_said_in_words_for_the_officer(
    picture: Media, refusal: httpx.Response, words: str
) -> None:
    with pytest.raises(Rejected, match=words) as error:
        await post(listed(), listed(), refusal, rendition=replace(POST, media=(picture,)))
    assert error.value.problems[0].where == "media"


async def test_upload_whose_fate_is_unknown_is_unknown(picture: Media) -> None:
    with pytest.raises(OutcomeUnknown):
        await post(listed(), listed(), httpx.Response(500, html="<h1>Error"), rendition=replace(POST, media=(picture,)))


async def test_picture_that_the_blog_ignores_is_said_in_the_log(
    picture: Media, caplog: pytest.LogCaptureFixture
) -> None:
    there = listed(body_of("media-created") | {"alt_text": "A chart"})
    await post(listed(), there, answer("post-created"), rendition=replace(POST, media=(picture,)))
    assert "featured_media is 0, not 23" in caplog.text


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("error-post-empty", Rejected, "title or a text"),
        ("error-role-cannot-create", NotAllowed, "not allowed"),
        ("error-anonymous-create", SignInNeeded, "no longer accepts"),
    ],
)
async def test_refused_post_says_who_has_to_act(name: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        await post(listed(), answer(name))


async def test_public_post_cannot_be_made_to_disappear_by_scheduling_its_update() -> None:
    desk = desk_over(httpx.Response(200, json=body_of("post-created")))
    later = replace(POST, replaces="post:18", publish_at=desk.clock.now() + timedelta(days=1))
    with pytest.raises(Rejected, match="would disappear"):
        await desk.connector.publish(desk.channel, later, "k")
    gone = desk_over(answer("error-post-gone"))
    with pytest.raises(Rejected, match="not there any more"):
        await gone.connector.publish(gone.channel, replace(POST, replaces="post:18"), "k")


async def test_scheduled_post_that_is_to_go_out_now_loses_its_date() -> None:
    """Section 6: with ``publish`` alone the old date stays, and the post waits on."""
    waiting = body_of("post-created") | {"status": "future", "date_gmt": "2031-05-01T12:00:00"}
    desk = desk_over(httpx.Response(200, json=waiting), answer("post-created"))
    now = replace(POST, replaces="post:18", publish_at=desk.clock.now())
    await desk.connector.publish(desk.channel, now, "k")
    sent = sent_json(desk.writes()[0])
    assert (sent["status"], sent["date_gmt"]) == ("publish", None)
    draft = desk_over(httpx.Response(200, json=waiting | {"status": "draft"}), answer("post-created"))
    await draft.connector.publish(draft.channel, now, "k")
    assert "date_gmt" not in sent_json(draft.writes()[0])


DUE = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)


def written(text: str = "On Monday.", **fields: Any) -> dict[str, Any]:
    """The post as the blog would have it after the update."""
    raw = {"content": {"raw": blocks(text, [])}, "title": {"raw": "Library opens"}, "excerpt": {"raw": "Soon"}}
    return {**body_of("post-created"), **raw, **fields}


@pytest.mark.parametrize(
    ("item", "wanted", "there"),
    [
        (written(), {}, True),
        (written("On Monday.\n\nCall Mrs Weber at home."), {}, False),
        (written(title={"raw": "Library closes"}), {}, False),
        (written(), {"excerpt": "Soon"}, True),
        (written(), {"excerpt": "Later"}, False),
        (written(status="future", date_gmt="2031-05-01T12:00:00"), {"publish_at": DUE}, True),
        (written(status="future", date_gmt="2031-04-01T12:00:00"), {"publish_at": DUE}, False),
        (written(), {"publish_at": DUE}, False),
        (written(status="future"), {"publish_at": datetime(2020, 1, 1, tzinfo=UTC)}, False),
    ],
    ids=["all", "a paragraph more", "title", "excerpt", "other excerpt", "date", "other date", "public", "waits"],
)
async def test_lost_update_is_found_only_where_all_of_it_stands(
    item: dict[str, Any], wanted: dict[str, Any], there: bool
) -> None:
    desk = desk_over(httpx.Response(200, json=item))
    found = await desk.connector.find(desk.channel, desk.delivery(replace(POST, replaces="post:18", **wanted), "k"))
    assert (found is not None) is there
    assert desk.writes() == []


@pytest.mark.parametrize(("tags", "there"), [([12], True), ([12, 13], False), ([], False)])
async def test_lost_update_is_not_found_under_other_terms(tags: list[int], there: bool) -> None:
    named = listed({"id": 12, "name": "Road works"})
    desk = desk_over(httpx.Response(200, json=written(tags=tags)), named)
    rendition = replace(POST, replaces="post:18", tags=("Road works",))
    assert (await desk.connector.find(desk.channel, desk.delivery(rendition, "k")) is not None) is there


@pytest.mark.parametrize(("featured", "library", "there"), [(23, True, True), (0, True, False), (23, False, False)])
async def test_lost_update_is_not_found_without_its_picture(
    picture: Media, featured: int, library: bool, there: bool
) -> None:
    kept = listed(*([body_of("media-created") | {"alt_text": "A chart"}] if library else []))
    desk = desk_over(httpx.Response(200, json=written(featured_media=featured)), kept)
    rendition = replace(POST, replaces="post:18", media=(picture,))
    assert (await desk.connector.find(desk.channel, desk.delivery(rendition, "k")) is not None) is there
    assert desk.writes() == []


def test_key_becomes_a_short_slug_and_stays_itself() -> None:
    assert token_of("11aa22") == "postroom-11aa22"
    long = token_of("0b1f3c1e-7a52-4f0d-9c86-2d1f6f4f9a11")
    assert long == token_of("0b1f3c1e-7a52-4f0d-9c86-2d1f6f4f9a11")
    assert len(long) == len("postroom-") + 12
    assert len({token_of(k) for k in ("A1", "a1", "a-1", "é", "")}) == 5


def test_text_becomes_paragraphs_that_show_what_was_typed() -> None:
    made = blocks("One & <two>\nline\n\n \n\n[gallery] https://example.org/?a=1&b=2).", [])
    assert made == (
        "<!-- wp:paragraph -->\n<p>One &amp; &lt;two&gt;<br>line</p>\n<!-- /wp:paragraph -->\n\n"
        '<!-- wp:paragraph -->\n<p>&#91;gallery] <a href="https://example.org/?a=1&amp;b=2">'
        "https://example.org/?a=1&amp;b=2</a>).</p>\n<!-- /wp:paragraph -->"
    )
    assert blocks("", []) == ""


def test_titles_keep_a_lone_ampersand_and_encode_what_would_be_read_as_markup() -> None:
    assert one_line("AT&T  <b>&lt; &#60; &;\n x") == "AT&T &lt;b&gt;&amp;lt; &amp;#60; &; x"
