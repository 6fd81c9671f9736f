"""The Mastodon connector against a real server: what is published, read back from the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from inbox.errors import OutcomeUnknown, PostroomError, RateLimited, Rejected
from inbox.model import Media, MessageState, PollAsked, Visibility
from tests.connectors.harness import Break
from tests.servers.desk import Desk, fresh_key, post, reply
from tests.servers.journeys.picture import png
from tests.servers.mastodon_desk import desk_at
from tests.servers.mastodon_server import MastodonServer, Person


@pytest.fixture
async def desk(mastodon: MastodonServer, office: Person) -> AsyncIterator[Desk]:
    made = await desk_at(mastodon, office)
    yield made
    await made.http.aclose()


async def test_answer_with_the_mention_it_needs_is_read_back(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    yusuf = mastodon.person("yusuf")
    asked = yusuf.post(f"@{office.acct} and cyclists?", visibility="unlisted")
    await desk.read()
    question = desk.held[asked["id"]]
    text = f"{question.addressees[0]} Cyclists too. <b>Fish</b> & chips\n\nhttps://city.example/?a=1&b=2"
    receipt = await desk.connector.publish(desk.channel, reply(asked["id"], text), fresh_key())
    there = office.status(receipt.remote_id)
    assert there["in_reply_to_id"] == asked["id"]
    assert there["visibility"] == "unlisted", "seen by no more people than what it answers"
    assert [m["acct"] for m in there["mentions"]] == [yusuf.acct]
    assert receipt.message is not None
    assert receipt.message.text == text
    assert receipt.url == there["url"]
    heard = [n["status"]["id"] for n in yusuf.notifications() if n["type"] == "mention"]
    assert receipt.remote_id in heard


async def test_answer_to_a_direct_message_stays_direct(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    asked = mastodon.person("maria").post(f"@{office.acct} my address is 5 Elm Row", visibility="direct")
    await desk.read()
    shown = reply(asked["id"], "@maria Thank you", visibility=Visibility.PUBLIC)
    with pytest.raises(Rejected) as caught:
        await desk.connector.publish(desk.channel, shown, fresh_key())
    assert caught.value.problems[0].where == "visibility"
    receipt = await desk.connector.publish(desk.channel, reply(asked["id"], "@maria Thank you"), fresh_key())
    assert office.status(receipt.remote_id)["visibility"] == "direct"


async def test_post_with_two_pictures_warning_and_language(office: Person, desk: Desk, tmp_path: Path) -> None:
    media = []
    for number, alt in enumerate(("Map of the closed road", "Der gesperrte Weg: grün & blau")):
        path = png(tmp_path / f"picture{number}.png")
        media.append(Media(path=str(path), mime_type="image/png", alt_text=alt))
    rendition = post(
        "Main Street is closed", media=tuple(media), warning="Roads", language="en", visibility=Visibility.UNLISTED
    )
    receipt = await desk.connector.publish(desk.channel, rendition, fresh_key())
    there = office.status(receipt.remote_id)
    assert [m["description"] for m in there["media_attachments"]] == [m.alt_text for m in media]
    assert (there["spoiler_text"], there["language"], there["visibility"]) == ("Roads", "en", "unlisted")
    assert there["sensitive"]
    assert receipt.message is not None
    assert [a.description for a in receipt.message.attachments] == [m.alt_text for m in media]


async def test_slow_media_is_waited_for_before_the_post(office: Person, desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(b"moving pictures")
    media = (Media(path=str(path), mime_type="video/mp4", alt_text="A film"),)
    receipt = await desk.connector.publish(desk.channel, post("See the film", media=media), fresh_key())
    assert len(office.status(receipt.remote_id)["media_attachments"]) == 1


async def test_picture_the_server_does_not_take_stops_before_the_post(
    office: Person, desk: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "plan.tiff"
    path.write_bytes(b"II*\0")
    media = (Media(path=str(path), mime_type="image/tiff", alt_text="A plan"),)
    with pytest.raises(Rejected) as caught:
        await desk.connector.publish(desk.channel, post("The plan", media=media), fresh_key())
    assert caught.value.problems[0].where == "media"
    assert office.statuses() == []


async def test_poll_and_quote(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    poll = PollAsked(options=("Parks", "Roads"), lasts_s=3600, multiple=True)
    receipt = await desk.connector.publish(desk.channel, post("What first?", poll=poll), fresh_key())
    there = office.status(receipt.remote_id)["poll"]
    assert [o["title"] for o in there["options"]] == ["Parks", "Roads"]
    assert there["multiple"]
    said = mastodon.person("press").post("Council closes Main Street")
    receipt = await desk.connector.publish(desk.channel, post("We answer this", quotes=said["id"]), fresh_key())
    assert office.status(receipt.remote_id)["quote"]["quoted_status"]["id"] == said["id"]
    assert receipt.message is not None
    assert receipt.message.quoted is not None
    assert receipt.message.quoted.text == "Council closes Main Street"


async def test_scheduled_at_the_server_found_once_and_deleted(office: Person, desk: Desk) -> None:
    at = (desk.clock.now() + timedelta(days=2)).replace(microsecond=0)
    rendition, key = post("The library opens on Monday", publish_at=at), fresh_key()
    receipt = await desk.connector.publish(desk.channel, rendition, key)
    assert receipt.state is MessageState.SCHEDULED
    again = await desk.connector.publish(desk.channel, rendition, key)
    assert again.remote_id == receipt.remote_id
    [waiting] = office.call("GET", "/api/v1/scheduled_statuses")
    assert waiting["params"]["text"] == rendition.text
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, key))
    assert found is not None
    assert found.remote_id == receipt.remote_id
    assert receipt.message is not None
    for _ in range(2):
        await desk.connector.delete(desk.channel, receipt.message)
    assert office.call("GET", "/api/v1/scheduled_statuses") == []
    assert await desk.connector.find(desk.channel, desk.delivery(rendition, key)) is None


async def test_time_too_near_is_waited_for(office: Person, desk: Desk) -> None:
    """Less than five minutes ahead Mastodon drops the date and publishes (section 8)."""
    at, key = desk.clock.now() + timedelta(minutes=2), fresh_key()
    with pytest.raises(RateLimited) as waits:
        await desk.connector.publish(desk.channel, post("Very soon", publish_at=at), key)
    assert waits.value.retry_at == at
    assert office.statuses() == []
    desk.clock.ahead_s = 125
    receipt = await desk.connector.publish(desk.channel, post("Very soon", publish_at=at), key)
    assert receipt.state is MessageState.PUBLISHED
    assert office.status(receipt.remote_id)["id"] == receipt.remote_id


async def test_scheduled_post_is_found_under_its_new_id_when_it_fired(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    rendition, key = post("Fired by the server", publish_at=desk.clock.now() + timedelta(minutes=10)), fresh_key()
    receipt = await desk.connector.publish(desk.channel, rendition, key)
    await desk.read()
    assert receipt.remote_id in desk.held
    mastodon.make_due(receipt.remote_id.removeprefix("scheduled:"))
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, key))
    assert found is not None
    assert found.state is MessageState.PUBLISHED
    assert [s["id"] for s in office.statuses()] == [found.remote_id]
    desk.clock.ahead_s = 700
    await desk.read()
    assert receipt.remote_id not in desk.held
    assert found.remote_id in desk.held


async def test_edit_keeps_picture_and_warning(office: Person, desk: Desk, tmp_path: Path) -> None:
    path = png(tmp_path / "map.png")
    media = (Media(path=str(path), mime_type="image/png", alt_text="Map"),)
    receipt = await desk.connector.publish(desk.channel, post("Brokn", media=media, warning="Roads"), fresh_key())
    assert receipt.message is not None
    for _ in range(2):
        edited = await desk.connector.edit(desk.channel, receipt.message, "Broken")
        assert edited.text == "Broken"
    there = office.status(receipt.remote_id)
    assert there["edited_at"]
    assert there["spoiler_text"] == "Roads"
    assert [m["description"] for m in there["media_attachments"]] == ["Map"]


async def test_deleting_twice_is_success(office: Person, desk: Desk) -> None:
    receipt = await desk.connector.publish(desk.channel, post("A mistake"), fresh_key())
    assert receipt.message is not None
    for _ in range(2):
        await desk.connector.delete(desk.channel, receipt.message)
    assert office.statuses() == []


@pytest.mark.parametrize("how", [Break.LOST_ANSWER, Break.HALF_ANSWER, Break.BROKEN_BODY, Break.WRONG_TYPE])
async def test_lost_answer_ends_as_exactly_one_post(
    mastodon: MastodonServer, office: Person, desk: Desk, how: Break
) -> None:
    asked = mastodon.person("yusuf").post(f"@{office.acct} and cyclists?")
    rendition, key = reply(asked["id"], "@yusuf@fedi.example Cyclists too #roads https://city.example"), fresh_key()
    assert await desk.connector.find(desk.channel, desk.delivery(rendition, key)) is None
    desk.wire.breaks[True] = how
    with pytest.raises(PostroomError):
        await desk.connector.publish(desk.channel, rendition, key)
    desk.wire.breaks.clear()
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, key))
    there = [s["id"] for s in office.statuses()]
    assert ([found.remote_id] if found else []) == there
    if found is None:  # the answer came in the place of the server's own, so nothing had arrived
        await desk.connector.publish(desk.channel, rendition, key)
    assert len(office.statuses()) == 1


async def test_lost_answer_is_found_where_the_key_is_ignored(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    """The key is never the proof: another key finds the same post by its words."""
    rendition = post("Flood warning lifted for all districts")
    desk.wire.breaks[True] = Break.LOST_ANSWER
    with pytest.raises(OutcomeUnknown):
        await desk.connector.publish(desk.channel, rendition, fresh_key())
    desk.wire.breaks.clear()
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, "not-a-key"))
    assert found is not None
    assert [s["id"] for s in office.statuses()] == [found.remote_id]


async def test_server_error_after_which_nothing_is_there_is_sent_again(
    mastodon: MastodonServer, office: Person, desk: Desk
) -> None:
    rendition, key = post("Sent at the second attempt"), fresh_key()
    mastodon.fault("/api/v1/statuses", {"type": "status", "status": 503})
    with pytest.raises(OutcomeUnknown):
        await desk.connector.publish(desk.channel, rendition, key)
    assert await desk.connector.find(desk.channel, desk.delivery(rendition, key)) is None
    await desk.connector.publish(desk.channel, rendition, key)
    assert len(office.statuses()) == 1


async def test_one_character_over_the_limit_is_refused_by_the_server(office: Person, desk: Desk) -> None:
    link = "https://council.example/" + "x" * 300
    fits = f"{link} " + "é" * (500 - 24)  # a link counts 23, however long it is
    receipt = await desk.connector.publish(desk.channel, post(fits), fresh_key())
    assert receipt.message is not None
    assert receipt.message.text == fits
    with pytest.raises(Rejected):
        await desk.connector.publish(desk.channel, post(fits + "x"), fresh_key())
    assert len(office.statuses()) == 1


async def test_answer_to_something_gone_is_refused(mastodon: MastodonServer, office: Person, desk: Desk) -> None:
    maria = mastodon.person("maria")
    asked = maria.post(f"@{office.acct} never mind")
    maria.delete(asked["id"])
    with pytest.raises(Rejected) as caught:
        await desk.connector.publish(desk.channel, reply(asked["id"], "@maria Fine"), fresh_key())
    assert caught.value.problems[0].where == "reply_to"
    assert office.statuses() == []
