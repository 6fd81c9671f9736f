"""What is sent once, and how: the traps of mastodon.md section 8, and what must stay private."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from inbox.connectors.mastodon.parsing import message_from_status
from inbox.errors import NotAllowed, NotFound, OutcomeUnknown, RateLimited, Rejected, Unavailable, Unsupported
from inbox.model import (
    Capability,
    Media,
    MessageId,
    MessageState,
    Moderation,
    PollAsked,
    Reaction,
    Rendition,
    Update,
    UpdateKind,
    Visibility,
)
from inbox.practice.mastodon import FORK
from inbox.publishing.render import render
from tests.connectors.mastodon_recorded import Desk, Town, answer, bodies, body_of, server
from ui.composer.state import ComposerState

STATUSES = "/api/v1/statuses"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    made = Town()
    yield made
    await made.http.aclose()


def post(text: str = "The bridge opens", **parts: Any) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, **parts)


def reply(to: str, text: str = "At nine", **parts: Any) -> Rendition:
    return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=to, **parts)


def key_at(town: Town, seconds: float = 0) -> str:
    """A delivery's key, approved so many seconds from now."""
    return f"{int((town.clock.now().timestamp() + seconds) * 1000):012x}{'0' * 20}"


# --- once ---


async def test_every_post_carries_its_key_and_nothing_empty(town: Town) -> None:
    await town.connector.publish(town.channel, post(), "key-1")
    [sent] = town.asked(STATUSES, "POST")
    assert sent.headers["idempotency-key"] == "key-1"
    assert json.loads(sent.content) == {"status": "The bridge opens"}, "no empty media_ids (section 11)"


async def test_repeat_that_is_answered_with_500_is_found_by_its_words(town: Town) -> None:
    """Section 8: builds of September 2026 answer 500 to the repeat although the post exists."""
    town.place.quirks.add("repeat-500")
    first = await town.connector.publish(town.channel, post(), "key-1")
    with pytest.raises(OutcomeUnknown):
        await town.connector.publish(town.channel, post(), "key-1")
    found = await town.connector.find(town.channel, town.delivery(post()))
    assert found is not None
    assert found.remote_id == first.remote_id


async def test_server_that_ignores_the_key_gets_the_post_once() -> None:
    town = Town(FORK)
    for _ in range(2):
        await town.connector.publish(town.channel, post(), "key-1")
    assert len(town.office.statuses) == 1
    await town.http.aclose()


async def test_words_written_before_this_delivery_was_approved_are_not_it(town: Town) -> None:
    """The same sentence every week is another post each time."""
    town.place.say(town.office, "The bridge opens")
    town.clock.forward(3600)
    key = key_at(town)
    assert await town.connector.find(town.channel, town.delivery(post(), key)) is None
    made = await town.connector.publish(town.channel, post(), key)
    found = await town.connector.find(town.channel, town.delivery(post(), key))
    assert found is not None
    assert found.remote_id == made.remote_id
    assert len(town.office.statuses) == 2


async def test_same_words_to_somebody_else_are_not_it(town: Town) -> None:
    one, two = (town.place.say(town.vera, f"@office {word}") for word in ("when?", "where?"))
    await town.connector.publish(town.channel, reply(one.id), "key-1")
    assert await town.connector.find(town.channel, town.delivery(reply(two.id), "key-2")) is None
    warned = replace(reply(one.id), warning="Roads")
    assert await town.connector.find(town.channel, town.delivery(warned, "key-2")) is None


async def test_search_goes_down_as_far_as_the_approval(town: Town) -> None:
    made = await town.connector.publish(town.channel, post("Early"), key := key_at(town))
    for number in range(90):
        town.clock.forward(1)
        town.place.say(town.office, f"Later {number}")
    found = await town.connector.find(town.channel, town.delivery(post("Early"), key))
    assert found is not None
    assert found.remote_id == made.remote_id


async def test_words_that_the_server_rewrote_are_known_by_their_source() -> None:
    """Servers that take Markdown show something else than was typed."""
    shown = {**body_of("status_reply"), "in_reply_to_id": None, "content": "<p><em>soon</em></p>", "mentions": []}

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/source"):
            return httpx.Response(200, json={"id": shown["id"], "text": "*soon*", "spoiler_text": ""})
        return httpx.Response(200, json=[] if "max_id" in request.url.params else [shown])

    desk = Desk(serve, server())
    delivery = replace(desk.delivery(post("*soon*")), sending_at=None, key="0" * 32)
    found = await desk.connector.find(desk.channel, delivery)
    assert found is not None
    assert found.remote_id == shown["id"]
    other = replace(delivery, rendition=post("*later*"))
    assert await desk.connector.find(desk.channel, other) is None
    await desk.http.aclose()


# --- who may see it ---


async def test_answer_has_the_visibility_of_what_it_answers(town: Town) -> None:
    for visibility in ("public", "unlisted", "private", "direct"):
        town.place.follows[(town.office.id, town.vera.id)] = town.clock.now()
        asked = town.place.say(town.vera, "@office when?", visibility=visibility)
        receipt = await town.connector.publish(
            town.channel, reply(asked.id, f"@vera@far.example {visibility}"), visibility
        )
        assert town.place.statuses[receipt.remote_id].visibility == visibility


@pytest.mark.parametrize("wider", [Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS])
async def test_answer_to_a_private_message_is_never_sent_wider(town: Town, wider: Visibility) -> None:
    asked = town.place.ask_privately(town.vera, town.office, "My address is 5 Elm Row")
    with pytest.raises(Rejected) as caught:
        await town.connector.publish(town.channel, reply(asked.id, visibility=wider), "key-1")
    assert caught.value.problems[0].where == "visibility"
    assert town.asked(STATUSES, "POST") == []


async def test_post_of_a_limited_account_is_taken_as_the_server_shows_it(town: Town) -> None:
    """Section 11: silenced accounts' posts become unlisted without notice."""
    town.office.limited = True
    receipt = await town.connector.publish(town.channel, post(visibility=Visibility.PUBLIC), "key-1")
    assert receipt.message is not None
    assert receipt.message.visibility is Visibility.UNLISTED


async def test_parts_of_a_post_are_sent_as_the_api_wants_them(town: Town) -> None:
    quoted = town.place.say(town.office, "Quote me")
    rendition = post(visibility=Visibility.FOLLOWERS, warning="Roads", language="de", quotes=quoted.id)
    await town.connector.publish(town.channel, rendition, "key-1")
    poll = PollAsked(options=("a", "b"), lasts_s=600, multiple=True)
    await town.connector.publish(town.channel, post("Vote", poll=poll), "key-2")
    first, second = bodies(town.asked(STATUSES, "POST"))
    assert first == {
        "status": "The bridge opens",
        "visibility": "private",
        "spoiler_text": "Roads",
        "sensitive": True,
        "language": "de",
        "quoted_status_id": quoted.id,
    }
    assert second["poll"] == {"options": ["a", "b"], "expires_in": 600, "multiple": True}


# --- at a time ---


async def test_scheduled_twice_is_scheduled_once(town: Town) -> None:
    """Section 8: the key was ignored for scheduled posts before 4.3."""
    rendition = post(publish_at=town.clock.now() + timedelta(days=1))
    receipts = [await town.connector.publish(town.channel, rendition, f"key-{n}") for n in range(2)]
    assert [r.state for r in receipts] == [MessageState.SCHEDULED] * 2
    assert len(town.place.scheduled) == 1


async def test_time_that_is_too_near_is_waited_for(town: Town) -> None:
    """Section 8: less than five minutes ahead the server publishes at once, before the embargo ends."""
    due = town.clock.now() + timedelta(seconds=280)
    with pytest.raises(RateLimited) as caught:
        await town.connector.publish(town.channel, post(publish_at=due), "key-1")
    assert caught.value.retry_at == due
    assert town.asked(STATUSES, "POST") == []
    town.clock.forward(280)
    receipt = await town.connector.publish(town.channel, post(publish_at=due), "key-1")
    assert receipt.state is MessageState.PUBLISHED
    assert json.loads(town.asked(STATUSES, "POST")[0].content) == {"status": "The bridge opens"}


async def test_servers_clock_that_is_ahead_counts() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        ahead = format_datetime(desk.clock.now() + timedelta(minutes=10), usegmt=True)
        return httpx.Response(200, json=[], headers={"Date": ahead})

    desk = Desk(serve, server())
    with pytest.raises(RateLimited):
        await desk.connector.publish(desk.channel, post(publish_at=desk.clock.now() + timedelta(minutes=12)), "key-1")
    assert desk.asked(STATUSES, "POST") == []
    await desk.http.aclose()


async def test_pictures_that_took_long_leave_a_near_time_to_be_waited_for(tmp_path: Path) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/media"):
            desk.clock.forward(120)
            return answer("media_200")
        return httpx.Response(200, json=[])

    desk = Desk(serve, server())
    due = desk.clock.now() + timedelta(minutes=6)
    with pytest.raises(RateLimited):
        await desk.connector.publish(desk.channel, post(publish_at=due, media=(media(tmp_path),)), "key-1")
    assert desk.asked(STATUSES, "POST") == []
    await desk.http.aclose()


async def test_fired_post_is_found_under_its_new_id(town: Town) -> None:
    key, rendition = key_at(town), post(publish_at=town.clock.now() + timedelta(hours=1))
    receipt = await town.connector.publish(town.channel, rendition, key)
    town.clock.forward(3700)
    found = await town.connector.find(town.channel, town.delivery(rendition, key))
    assert found is not None
    assert found.remote_id != receipt.remote_id
    assert found.state is MessageState.PUBLISHED
    assert [found.remote_id] == town.office.statuses


async def test_server_that_keeps_no_time_is_not_asked_to() -> None:
    desk = Desk(lambda request: httpx.Response(500), server(software="gotosocial", api=0))
    channel = replace(desk.channel, capabilities=desk.channel.capabilities & ~Capability.SCHEDULE)
    with pytest.raises(Unsupported):
        await desk.connector.publish(channel, post(publish_at=desk.clock.now() + timedelta(days=1)), "key-1")
    assert desk.sent == []
    await desk.http.aclose()


# --- pictures ---


def media(tmp_path: Path, name: str = "map.png", alt: str = "Map: grün") -> Media:
    (tmp_path / name).write_bytes(PNG)
    return Media(path=str(tmp_path / name), mime_type="image/png", alt_text=alt)


def uploads(*ready: httpx.Response, first: httpx.Response | None = None) -> tuple[Desk, list[httpx.Request]]:
    """A desk whose server answers 202 to an upload and then these."""
    waiting, seen = list(ready), []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.path == "/api/v2/media":
            return first or answer("media_202")
        if request.url.path.startswith("/api/v1/media"):
            return waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return httpx.Response(200, json={**body_of("status_with_media"), "account": body_of("status_reply")["account"]})

    return Desk(serve, server()), seen


async def test_slow_picture_is_waited_for(tmp_path: Path) -> None:
    """Section 8: 202, then 206 until 200."""
    desk, seen = uploads(
        httpx.Response(206, json={"id": "1"}), httpx.Response(206, json={"id": "1"}), answer("media_200")
    )
    await desk.connector.publish(desk.channel, post(media=(media(tmp_path),)), "key-1")
    assert [r.url.path for r in seen][1:4] == ["/api/v1/media/117020619601888181"] * 3
    assert json.loads(seen[-1].content)["media_ids"] == ["117020619601888181"]
    assert "Map: grün".encode() in seen[0].content
    assert desk.clock.monotonic_s() == 6
    await desk.http.aclose()


async def test_picture_that_never_gets_ready_leaves_the_post_unsent(tmp_path: Path) -> None:
    desk, seen = uploads(httpx.Response(206, json={"id": "1"}))
    with pytest.raises(Unavailable):
        await desk.connector.publish(desk.channel, post(media=(media(tmp_path),)), "key-1")
    assert not [r for r in seen if r.url.path == STATUSES]
    assert desk.clock.monotonic_s() == 180
    await desk.http.aclose()


@pytest.mark.parametrize(
    ("first", "later", "expected"),
    [
        (None, httpx.Response(422, json={"error": "x"}), Rejected),
        (httpx.Response(422, json={"error": "x"}), None, Rejected),
        (httpx.Response(413, html="<h1>Too large</h1>"), None, Rejected),
        (httpx.Response(500), None, Unavailable),
        (httpx.Response(200, html="<h1>Hello</h1>"), None, Unavailable),
        (httpx.Response(429, headers={"Retry-After": "9"}), None, RateLimited),
    ],
    ids=["failed", "refused", "too large", "500", "a web page", "30 in half an hour"],
)
async def test_upload_in_trouble_is_no_unknown_outcome(
    tmp_path: Path, first: httpx.Response | None, later: httpx.Response | None, expected: type[Exception]
) -> None:
    """The post was surely not sent; an upload too many is thrown away by the server."""
    desk, seen = uploads(later or httpx.Response(500), first=first)
    with pytest.raises(expected):
        await desk.connector.publish(desk.channel, post(media=(media(tmp_path),)), "key-1")
    assert not [r for r in seen if r.url.path == STATUSES]
    await desk.http.aclose()


async def test_old_servers_take_pictures_at_the_old_address(tmp_path: Path) -> None:
    desk, seen = uploads(answer("media_200"), first=httpx.Response(404, html="no"))
    await desk.connector.publish(desk.channel, post(media=(media(tmp_path),)), "key-1")
    assert [r.url.path for r in seen][:2] == ["/api/v2/media", "/api/v1/media"]
    await desk.http.aclose()


async def test_picture_that_is_gone_from_the_disk_stops_before_any_request(tmp_path: Path) -> None:
    desk, seen = uploads(answer("media_200"))
    lost = Media(path=str(tmp_path / "never.png"), mime_type="image/png")
    with pytest.raises(Rejected):
        await desk.connector.publish(desk.channel, post(media=(lost,)), "key-1")
    assert seen == []
    await desk.http.aclose()


# --- what the server says ---


@pytest.mark.parametrize("name", ["error_422_blank", "error_422_poll"])
async def test_refusal_in_any_language_is_for_the_person_who_can_edit(name: str) -> None:
    desk = Desk(lambda request: answer(name), server())
    with pytest.raises(Rejected) as caught:
        await desk.connector.publish(desk.channel, post(), "key-1")
    assert caught.value.problems[0].words
    await desk.http.aclose()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_trouble_while_posting_is_an_unknown_outcome(status: int) -> None:
    desk = Desk(lambda request: httpx.Response(status, json={"error": "x"}), server())
    with pytest.raises(OutcomeUnknown):
        await desk.connector.publish(desk.channel, post(), "key-1")
    await desk.http.aclose()


async def test_missing_right_is_said(town: Town) -> None:
    desk = Desk(lambda request: httpx.Response(403, json={"error": "x"}), server())
    with pytest.raises(NotAllowed):
        await desk.connector.publish(desk.channel, post(), "key-1")
    await desk.http.aclose()


# --- editing, reacting, moderating ---


async def test_edit_sends_along_what_would_be_lost(town: Town, tmp_path: Path) -> None:
    """Section 8: omitted media are removed, an omitted poll vanishes, a poll with other options loses its votes."""
    poll = town.place.say(town.office, "Vote", poll=("a", "b"), warning="Poll")
    town.place.vote(town.vera, poll, 1)
    await town.read()
    edited = await town.connector.edit(town.channel, town.held[poll.id], "Vote now")
    assert edited.poll is not None
    assert [o.votes for o in edited.poll.options] == [0, 1]
    assert (edited.text, edited.warning) == ("Vote now", "Poll")
    picture = await town.connector.publish(town.channel, post("Map", media=(media_real(tmp_path),)), "key-1")
    assert picture.message is not None
    edited = await town.connector.edit(town.channel, picture.message, "The map")
    assert [a.description for a in edited.attachments] == ["A map"]


async def test_what_waits_is_not_said_to_be_gone(town: Town) -> None:
    """Section 8: only the time of a scheduled post can be changed."""
    rendition = post(publish_at=town.clock.now() + timedelta(hours=3))
    waiting = await town.connector.publish(town.channel, rendition, "key-1")
    town.sent.clear()
    change = post("Closed", replaces=waiting.remote_id)
    with pytest.raises(Rejected, match="still waits there; delete it"):
        await town.connector.publish(town.channel, change, "key-2")
    assert await town.connector.find(town.channel, town.delivery(change)) is None
    assert town.sent == []


async def test_lost_update_is_found_only_where_all_of_it_stands(town: Town, tmp_path: Path) -> None:
    made = await town.connector.publish(town.channel, post(warning="Roads", language="de"), "key-1")
    for other, there in (
        ({"warning": "Roads"}, True),
        ({"warning": "Roads", "language": "de"}, True),
        ({"warning": "Accident"}, False),
        ({}, False),
        ({"warning": "Roads", "language": "fr"}, False),
        ({"warning": "Roads", "text": "The bridge"}, False),
        ({"warning": "Roads", "media": (media_real(tmp_path),)}, False),
    ):
        change = post(**other, replaces=made.remote_id)
        found = await town.connector.find(town.channel, town.delivery(change))
        assert (found is not None) is there, other


async def test_change_of_the_words_alone_keeps_warning_and_language(town: Town) -> None:
    made = await town.connector.publish(town.channel, post(warning="Accident", language="de"), "key-1")
    assert made.message is not None
    state = ComposerState.of_post(MessageId(1), made.message, town.channel.id)
    state.text = "The bridge is shut"
    channel = replace(town.channel, limits=replace(town.channel.limits, language="en"))
    change, _ = render(state.update(), channel, now=town.clock.now(), replaces=made.message)
    await town.connector.publish(town.channel, change, "key-2")
    status = town.place.statuses[made.remote_id]
    assert (status.text, status.warning, status.language) == ("The bridge is shut", "Accident", "de")


async def test_our_own_words_about_a_picture_are_no_warning_of_an_answer(town: Town) -> None:
    shown = {**body_of("status_with_media"), "sensitive": True, "spoiler_text": "", "visibility": "public"}
    message = message_from_status(shown, server(account_id="999"))
    assert message.warning, "who looks at it is told"
    answered = Update(kind=UpdateKind.REPLY, text="Thank you")
    rendition, _ = render(answered, town.channel, now=town.clock.now(), reply_to=message)
    assert rendition.warning == ""
    warned = message_from_status({**shown, "spoiler_text": "Flood"}, server(account_id="999"))
    assert render(answered, town.channel, now=town.clock.now(), reply_to=warned)[0].warning == "Flood"


async def test_post_whose_poll_has_ended_is_not_edited(town: Town) -> None:
    poll = town.place.say(town.office, "Vote", poll=("a", "b"), poll_s=600)
    town.clock.forward(700)
    await town.read()
    with pytest.raises(Rejected):
        await town.connector.edit(town.channel, town.held[poll.id], "Vote now")


async def test_boost_is_answered_with_the_post_not_its_wrapper(town: Town) -> None:
    said = town.place.say(town.vera, "@office well done")
    await town.read()
    for _ in range(2):
        message = await town.connector.react(town.channel, town.held[said.id], Reaction.BOOST)
        assert message.remote_id == said.id
        assert message.reacted == (Reaction.BOOST,)
        assert message.text == town.held[said.id].text
    message = await town.connector.react(town.channel, message, Reaction.UNBOOST)
    assert message.reacted == ()


async def test_blocking_keeps_what_arrived(town: Town) -> None:
    """Section 8: the server forgets the notifications of somebody blocked; we do not."""
    said = town.place.say(town.vera, "@office WIN COINS")
    await town.read()
    done = await town.connector.moderate(town.channel, town.held[said.id], Moderation.BLOCK)
    assert done.text == town.held[said.id].text
    assert (town.office.id, town.vera.id) in town.place.blocks
    town.clock.forward(200)
    await town.read()
    assert said.id in town.held
    await town.connector.moderate(town.channel, done, Moderation.UNBLOCK)
    assert not town.place.blocks


async def test_report_goes_to_our_own_moderators_with_words(town: Town) -> None:
    said = town.place.say(town.vera, "@office WIN COINS")
    await town.read()
    await town.connector.moderate(town.channel, town.held[said.id], Moderation.REPORT, "Fraud")
    [report] = town.place.reports.values()
    assert (report.comment, report.status_ids, report.forwarded) == ("Fraud", [said.id], False)
    with pytest.raises(Rejected):
        await town.connector.moderate(town.channel, town.held[said.id], Moderation.REPORT, "x" * 1001)


async def test_our_own_words_are_neither_blocked_nor_reported(town: Town) -> None:
    said = town.place.say(town.office, "Ours")
    await town.read()
    with pytest.raises(Unsupported):
        await town.connector.moderate(town.channel, town.held[said.id], Moderation.BLOCK)


async def test_reacting_to_what_is_gone_says_so(town: Town) -> None:
    said = town.place.say(town.vera, "@office well done")
    await town.read()
    town.place.remove(said)
    with pytest.raises(NotFound):
        await town.connector.react(town.channel, town.held[said.id], Reaction.LIKE)


def media_real(tmp_path: Path) -> Media:
    """A picture that the practice server can open."""
    path = tmp_path / "map.png"
    Image.new("RGB", (64, 36), (10, 90, 140)).save(path)
    return Media(path=str(path), mime_type="image/png", alt_text="A map")
