"""Publishing to a real Bluesky network, read back past the connector."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from inbox.errors import OutcomeUnknown, PostroomError, Rejected
from inbox.model import Audience, LinkCard, Media, UpdateKind
from tests.connectors.harness import Break
from tests.servers.bluesky_desk import desk_at
from tests.servers.bluesky_network import POST, BlueskyNetwork
from tests.servers.desk import Desk, fresh_key, post, reply


@pytest.fixture
async def desk(bluesky: BlueskyNetwork) -> AsyncIterator[Desk]:
    made = await desk_at(bluesky)
    yield made
    await made.http.aclose()


def photograph(path: Path, *, size: tuple[int, int] = (1600, 900), colour: str = "teal", noisy: bool = False) -> Media:
    """A picture as a camera writes it: on its side, and with the place where it was taken."""
    image = Image.effect_noise(size, 90).convert("RGB") if noisy else Image.new("RGB", size, colour)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    exif[0x010F] = "CameraMaker"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)
    image.save(path, "JPEG", exif=exif, quality=97)
    return Media(path=str(path), mime_type="image/jpeg", alt_text=f"A {colour} square", size_bytes=path.stat().st_size)


async def test_an_answer_names_parent_and_root(bluesky: BlueskyNetwork, desk: Desk) -> None:
    top = bluesky.citizen("amina").post("a question", mentions=[bluesky.citizen("org")])
    below = bluesky.citizen("bruno").post("the same question", reply_to=top)
    receipt = await desk.connector.publish(desk.channel, reply(below["uri"], "An answer"), fresh_key())
    record = bluesky.record(receipt.remote_id)["value"]
    assert record["reply"] == {"root": top, "parent": below}
    assert receipt.url.startswith("https://bsky.app/profile/did:plc:")
    # At once again, to our own answer, which the AppView does not have yet.
    second = await desk.connector.publish(desk.channel, reply(receipt.remote_id, "And one more thing"), fresh_key())
    parents = bluesky.record(second.remote_id)["value"]["reply"]
    assert (parents["root"], parents["parent"]["uri"]) == (top, receipt.remote_id)


async def test_what_is_typed_is_linked_by_bytes(bluesky: BlueskyNetwork, desk: Desk) -> None:
    amina = bluesky.citizen("amina")
    text = f"🚰 Água: ask @{amina.handle}, not @nobody.test, see https://city.example/água?a=1&b=2. #água (#2027)"
    receipt = await desk.connector.publish(desk.channel, post(text, language="pt"), fresh_key())
    record = bluesky.record(receipt.remote_id)["value"]
    assert (record["text"], record["langs"]) == (text, ["pt"])
    encoded = text.encode()
    found = {
        encoded[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(): f["features"][0] for f in record["facets"]
    }
    assert found == {
        f"@{amina.handle}": {"$type": "app.bsky.richtext.facet#mention", "did": amina.did},
        "https://city.example/água?a=1&b=2": {
            "$type": "app.bsky.richtext.facet#link",
            "uri": "https://city.example/%C3%A1gua?a=1&b=2",
        },
        "#água": {"$type": "app.bsky.richtext.facet#tag", "tag": "água"},
    }
    bluesky.flush()
    told = amina.read("app.bsky.notification.listNotifications", limit=5)["notifications"]
    assert receipt.remote_id in {one["uri"] for one in told if one["reason"] == "mention"}


async def test_two_pictures_with_their_descriptions_and_without_the_cameras_data(
    bluesky: BlueskyNetwork, desk: Desk, tmp_path: Path
) -> None:
    media = (
        photograph(tmp_path / "one.jpg"),
        photograph(tmp_path / "two.jpg", size=(3000, 2400), colour="grey", noisy=True),
    )
    assert media[1].size_bytes > 2_000_000
    receipt = await desk.connector.publish(desk.channel, post("Two pictures", media=media), fresh_key())
    bluesky.flush()
    view = bluesky.citizen("amina").read("app.bsky.feed.getPosts", uris=[receipt.remote_id])["posts"][0]
    assert [one["alt"] for one in view["embed"]["images"]] == ["A teal square", "A grey square"]
    record = bluesky.record(receipt.remote_id)["value"]
    for one, turned in zip(record["embed"]["images"], ((900, 1600), None), strict=True):
        body = bluesky.blob(desk.channel.remote_id, one["image"]["ref"]["$link"])
        assert len(body) == one["image"]["size"] <= 1_000_000
        with Image.open(io.BytesIO(body)) as sent:
            assert not sent.getexif()
            assert b"CameraMaker" not in body
            assert sent.height > sent.width, "it stands upright"
            assert (one["aspectRatio"]["width"], one["aspectRatio"]["height"]) == sent.size
            assert turned in {None, sent.size}


async def test_a_quote_a_card_and_a_quote_with_a_picture(bluesky: BlueskyNetwork, desk: Desk, tmp_path: Path) -> None:
    quoted = bluesky.citizen("chen").post("words worth repeating", mentions=[bluesky.citizen("org")])
    Image.new("RGB", (400, 200), "navy").save(tmp_path / "thumb.png")
    card = LinkCard(
        url="https://city.example/budget",
        title="Budget",
        description="All of it",
        image_path=str(tmp_path / "thumb.png"),
    )
    made = {}
    for name, rendition in {
        "quote": post("As was said", quotes=quoted["uri"]),
        "card": post("Read this", card=card),
        "both": post("Look at this", quotes=quoted["uri"], media=(photograph(tmp_path / "p.jpg"),)),
    }.items():
        made[name] = (await desk.connector.publish(desk.channel, rendition, fresh_key())).remote_id
    bluesky.flush()
    await desk.read()
    quote, card_there, both = (desk.held[made[name]] for name in ("quote", "card", "both"))
    assert quote.quoted is not None
    assert quote.quoted.text == "@org.test words worth repeating"
    assert card_there.card is not None
    assert (card_there.card.url, card_there.card.title) == ("https://city.example/budget", "Budget")
    assert card_there.card.image_url
    assert both.quoted is not None
    assert len(both.attachments) == 1


async def test_who_may_answer_and_quote_is_written_with_the_post(bluesky: BlueskyNetwork, desk: Desk) -> None:
    rendition = post("Nobody may answer or quote", audience=Audience.NOBODY, quotable=False)
    key = fresh_key()
    receipt = await desk.connector.publish(desk.channel, rendition, key)
    bluesky.flush()
    again = await desk.connector.publish(desk.channel, rendition, key)
    assert again.remote_id == receipt.remote_id
    view = bluesky.citizen("amina").read("app.bsky.feed.getPosts", uris=[receipt.remote_id])["posts"][0]
    assert view["viewer"]["replyDisabled"] is True
    assert view["viewer"]["embeddingDisabled"] is True
    followers = await desk.connector.publish(
        desk.channel, post("For those who follow", audience=Audience.FOLLOWERS), fresh_key()
    )
    gate = bluesky.record(followers.remote_id.replace(POST, "app.bsky.feed.threadgate"))["value"]
    assert gate["allow"] == [{"$type": "app.bsky.feed.threadgate#followerRule"}]
    await desk.read()
    await desk.connector.delete(desk.channel, desk.held[receipt.remote_id])
    assert receipt.remote_id not in {r["uri"] for r in bluesky.records(desk.channel.remote_id, POST)}


async def test_where_we_may_not_answer_or_quote_is_said_before_sending(bluesky: BlueskyNetwork, desk: Desk) -> None:
    amina = bluesky.citizen("amina")
    closed = amina.post("nobody may answer")
    rkey = closed["uri"].rpartition("/")[2]
    for collection, rule in (
        ("app.bsky.feed.threadgate", {"allow": []}),
        ("app.bsky.feed.postgate", {"embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}]}),
    ):
        record = {"$type": collection, "post": closed["uri"], "createdAt": "2026-11-23T00:00:00.000Z", **rule}
        amina.put(f"at://{amina.did}/{collection}/{rkey}", record)
    for rendition in (reply(closed["uri"], "an answer"), post("a quote", quotes=closed["uri"])):
        with pytest.raises(Rejected):
            await desk.connector.publish(desk.channel, rendition, fresh_key())


@pytest.mark.parametrize("gated", [False, True], ids=["plain", "gated"])
@pytest.mark.parametrize("how", [Break.LOST_ANSWER, Break.HALF_ANSWER, Break.BROKEN_BODY, Break.WRONG_TYPE])
async def test_a_lost_answer_ends_as_exactly_one_post(
    bluesky: BlueskyNetwork, desk: Desk, how: Break, gated: bool
) -> None:
    audience = Audience.NOBODY if gated else Audience.EVERYONE
    rendition, key = post(f"Sent once, {how.name} {gated}", audience=audience), fresh_key()
    delivery = desk.delivery(rendition, key)
    assert await desk.connector.find(desk.channel, delivery) is None
    desk.wire.breaks[True] = how
    with pytest.raises(PostroomError) as caught:
        await desk.connector.publish(desk.channel, rendition, key)
    assert isinstance(caught.value, OutcomeUnknown)
    desk.wire.breaks.clear()
    found = await desk.again().find(desk.channel, delivery)
    assert found is not None
    again = await desk.again().publish(desk.channel, rendition, key)
    assert again.remote_id == found.remote_id
    texts = [r["value"]["text"] for r in bluesky.records(desk.channel.remote_id, POST)]
    assert texts.count(rendition.text) == 1


async def test_the_same_key_later_and_from_two_at_once_makes_one(bluesky: BlueskyNetwork, desk: Desk) -> None:
    rendition, key = post("From two at once"), fresh_key()
    first, second = await asyncio.gather(
        desk.connector.publish(desk.channel, rendition, key), desk.again().publish(desk.channel, rendition, key)
    )
    desk.clock.ahead_s += 60  # another createdAt: other content under the same name
    third = await desk.connector.publish(desk.channel, rendition, key)
    assert first.remote_id == second.remote_id == third.remote_id
    texts = [r["value"]["text"] for r in bluesky.records(desk.channel.remote_id, POST)]
    assert texts.count("From two at once") == 1


async def test_deleting_is_final_and_may_be_repeated(bluesky: BlueskyNetwork, desk: Desk) -> None:
    key = fresh_key()
    receipt = await desk.connector.publish(desk.channel, post("Soon gone"), key)
    assert receipt.message is not None
    for _ in range(2):
        await desk.connector.delete(desk.channel, receipt.message)
    bluesky.flush()
    assert (await desk.reread(receipt.remote_id)).gone == (receipt.remote_id,)
    assert await desk.connector.find(desk.channel, desk.delivery(post("Soon gone"), key)) is None


async def test_an_answer_to_what_is_gone_is_refused(bluesky: BlueskyNetwork, desk: Desk) -> None:
    said = bluesky.citizen("amina").post("taken back at once", mentions=[bluesky.citizen("org")])
    bluesky.citizen("amina").delete(said["uri"])
    with pytest.raises(Rejected):
        await desk.connector.publish(desk.channel, reply(said["uri"], "an answer"), fresh_key())


async def test_the_servers_limits_are_ours(bluesky: BlueskyNetwork, desk: Desk) -> None:
    family = "👩‍👩‍👧‍👦"
    for text in ("é" * 300, family * 120):
        await desk.connector.publish(desk.channel, post(text), fresh_key())
    for text in ("é" * 301, family * 121):
        with pytest.raises(Rejected) as caught:
            await desk.connector.publish(desk.channel, post(text), fresh_key())
        assert "too long" in caught.value.problems[0].words
    # What the server itself says of it is understood as well.
    from inbox.connectors.bluesky import publishing

    rendition = replace(post("é" * 301), kind=UpdateKind.POST)
    api = desk.connector._api()
    with pytest.raises(Rejected) as caught:
        await publishing._write(api, "3n2xxejkhf5z7", await publishing._record(api, rendition))
    assert caught.value.problems[0].words == "The text is longer than 300 characters"
