"""Publishing, moderating and reacting (bluesky.md sections 5 to 8), over the practice network and recordings."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from inbox.connectors.bluesky.chat import poll
from inbox.connectors.bluesky.cursor import Position
from inbox.connectors.bluesky.pictures import ready
from inbox.connectors.bluesky.publishing import THREADGATE, graphemes
from inbox.connectors.bluesky.tid import tid_of
from inbox.connectors.connector import START
from inbox.errors import (
    NotAllowed,
    NotFound,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
    Unsupported,
)
from inbox.model import (
    Audience,
    Author,
    Capability,
    LinkCard,
    Media,
    Message,
    MessageKind,
    MessageState,
    Moderation,
    Reaction,
    Rendition,
    UpdateKind,
)
from inbox.practice.bluesky.ids import stamp
from inbox.practice.bluesky.records import BLOCK, LIKE, POST, POSTGATE, Record
from tests.connectors.bluesky_recorded import AMINA, DID, Desk, answer, failing
from tests.connectors.harness import MORNING, Break, all_of, delivery_of, read_on
from tests.connectors.harnesses.bluesky import BlueskyHarness

FAMILY = "👩‍👩‍👧‍👦"


@pytest.fixture
async def town() -> AsyncIterator[BlueskyHarness]:
    made = BlueskyHarness()
    yield made
    await made.close()


def post(text: str = "Words", **parts: object) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, **parts)  # type: ignore[arg-type]


def ours(town: BlueskyHarness, text: str = "The bridge opens") -> Record:
    value = {"$type": POST, "text": text, "createdAt": stamp(town.network.now())}
    return town.network.write(town.city, POST, value)


async def message_of(town: BlueskyHarness, record: Record) -> Message:
    batches, _ = await read_on(town.connector(), town.channel)
    return next(m for m in all_of(batches) if m.remote_id == record.uri)


# --- gates ---


async def test_post_and_gates_are_written_in_one_act(town: BlueskyHarness) -> None:
    rendition = post(audience=Audience.FOLLOWED, quotable=False)
    receipt = await town.connector().publish(town.channel, rendition, "key-1")
    writes = [r for r in town.wire.requests if r.method == "POST"]
    assert [r.url.path.rpartition(".")[2] for r in writes] == ["applyWrites"]
    rkey = receipt.remote_id.rpartition("/")[2]
    gate = town.network.repos[town.city.did][THREADGATE][rkey].value
    assert gate["allow"] == [{"$type": "app.bsky.feed.threadgate#followingRule"}]
    assert gate["post"] == receipt.remote_id
    assert town.network.repos[town.city.did][POSTGATE][rkey].value["embeddingRules"]
    again = await town.connector().publish(town.channel, rendition, "key-1")
    assert again.remote_id == receipt.remote_id
    assert len(town.made) == 1


async def test_a_gated_post_whose_answer_was_lost_is_found_with_its_gates(town: BlueskyHarness) -> None:
    rendition = post(audience=Audience.NOBODY)
    town.break_writes(Break.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        await town.connector().publish(town.channel, rendition, "key-1")
    town.mend()
    found = await town.connector().find(town.channel, delivery_of(town, rendition, "key-1"))
    assert found is not None
    assert len(town.network.repos[town.city.did][THREADGATE]) == 1


async def test_who_may_answer_is_not_decided_in_the_middle(town: BlueskyHarness) -> None:
    [said] = town.seed(1)
    with pytest.raises(Rejected) as caught:
        await town.connector().publish(town.channel, replace(town.reply(said), audience=Audience.NOBODY), "key-1")
    assert caught.value.problems[0].where == "audience"


# --- once ---


async def test_section_5_another_content_under_our_name_is_found_and_not_replaced(town: BlueskyHarness) -> None:
    first = await town.connector().publish(town.channel, post("Before"), "key-1")
    town.clock.forward(600)  # createdAt differs, so the server answers InvalidSwap
    second = await town.connector().publish(town.channel, post("Before"), "key-1")
    assert second.remote_id == first.remote_id
    assert second.message is not None
    assert second.message.created_at == MORNING


async def test_looking_needs_no_sign_in(town: BlueskyHarness) -> None:
    receipt = await town.connector().publish(town.channel, post(), "key-1")
    town.sign_out()
    delivery = delivery_of(town, post(), "key-1")
    found = await town.connector().find(town.channel, delivery)
    assert found is not None
    assert found.remote_id == receipt.remote_id
    town._kept.save({})
    assert await town.connector().find(town.channel, replace(delivery, key="key-2")) is None


async def test_only_the_servers_own_word_is_proof_of_absence() -> None:
    rendition = post()
    for refusal, error in (
        (failing(400, "RepoNotFound"), NotFound),
        (failing(400, "InvalidRequest"), Exception),
        (httpx.Response(404), NotFound),
        (httpx.Response(500), Unavailable),
    ):
        desk = Desk(lambda request, refusal=refusal: refusal)
        with pytest.raises(error):
            await desk.connector().find(desk.channel, delivery_of(desk, rendition, "key-1"))  # type: ignore[arg-type]
    desk = Desk(lambda request: failing(400, "RecordNotFound"))
    assert await desk.connector().find(desk.channel, delivery_of(desk, rendition, "key-1")) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("recording", "where", "words"),
    [
        ("error-301-graphemes", "text", "The text is longer than 300 characters"),
        ("error-3001-bytes", "text", "The text is longer than 3000 bytes"),
        ("error-5-images", "media", "At most 4 pictures"),
        ("error-blob-too-large", "media", "The picture is larger than 2000000 bytes"),
        ("error-blob-mime", "media", "Bluesky takes pictures only here (image/*)"),
        ("error-blob-not-found", "media", "A picture did not reach the server; send it again"),
        ("error-no-created-at", "text", "Bluesky did not accept this (InvalidRequest)"),
        ("error-upload-too-large", "media", "The picture is larger than this server takes"),
    ],
)
async def test_section_7_refusals_say_what_to_change(recording: str, where: str, words: str) -> None:
    desk = Desk(lambda request: answer("errors", recording))
    with pytest.raises(Rejected) as caught:
        await desk.connector().publish(desk.channel, post(), "key-1")
    assert [(p.where, p.words) for p in caught.value.problems] == [(where, words)]


async def test_section_6_a_rate_limit_says_when() -> None:
    desk = Desk(lambda request: answer("errors", "error-rate-limit"))
    with pytest.raises(RateLimited) as caught:
        await desk.connector().publish(desk.channel, post(), "key-1")
    assert caught.value.retry_at is not None
    assert (caught.value.retry_at - desk.clock.now()).total_seconds() == 290
    reset = str(int(desk.clock.now().timestamp()) + 44)
    desk = Desk(lambda request: failing(429, "RateLimitExceeded", **{"ratelimit-reset": reset}))
    with pytest.raises(RateLimited) as caught:
        await desk.connector().fetch(desk.channel, START)
    assert caught.value.retry_at is not None
    assert (caught.value.retry_at - desk.clock.now()).total_seconds() == 44
    for nonsense in ("", "soon", "9" * 30):
        desk = Desk(lambda request, n=nonsense: failing(429, "RateLimitExceeded", **{"ratelimit-reset": n}))
        with pytest.raises(RateLimited) as caught:
            await desk.connector().fetch(desk.channel, START)
        assert caught.value.retry_at is None


async def test_writing_into_a_foreign_repository_is_no_accident_that_repeats() -> None:
    desk = Desk(lambda request: answer("errors", "error-other-repo"))
    with pytest.raises(SignInNeeded):
        await desk.connector().publish(desk.channel, post(), "key-1")


async def test_a_method_that_is_missing_is_said_so() -> None:
    desk = Desk(lambda request: answer("errors", "error-method-unknown"))
    with pytest.raises(NotAllowed):
        await desk.connector().fetch(desk.channel, START)


@pytest.mark.parametrize(
    ("text", "fits"),
    [("é" * 300, True), ("é" * 301, False), (FAMILY * 120, True), (FAMILY * 121, False), ("e\u0301" * 300, True)],
)
async def test_section_5_graphemes_and_bytes_both_count(town: BlueskyHarness, text: str, fits: bool) -> None:
    if fits:
        assert (await town.connector().publish(town.channel, post(text), "key-1")).remote_id
    else:
        with pytest.raises(Rejected):
            await town.connector().publish(town.channel, post(text), "key-1")
        assert town.requests == 0


def test_graphemes() -> None:
    assert [graphemes(text) for text in ("", "a", FAMILY, "🇧🇷🇧🇷", "e\u0301", "\r\n")] == [0, 1, 1, 2, 1, 1]


async def test_nothing_to_say_is_refused(town: BlueskyHarness) -> None:
    with pytest.raises(Rejected):
        await town.connector().publish(town.channel, post("  "), "key-1")


# --- embeds ---


async def test_only_what_is_shown_to_us_can_be_quoted_or_answered(town: BlueskyHarness) -> None:
    [said] = town.seed(1)
    town.network.taken_down.add(said)
    for rendition in (post(quotes=said), town.reply(said)):
        with pytest.raises(Rejected):
            await town.connector().publish(town.channel, rendition, "key-1")
    for rendition in (post(quotes="status:7"), town.reply("status:7")):
        with pytest.raises(Rejected):
            await town.connector().publish(town.channel, rendition, "key-1")
    assert town.made == []


async def test_a_quote_with_a_card_holds_both(town: BlueskyHarness, tmp_path: Path) -> None:
    [said] = town.seed(1)
    card = LinkCard(url="https://city.example/", title="City", description="All of it")
    receipt = await town.connector().publish(town.channel, post(quotes=said, card=card), "key-1")
    record = town.network.find(receipt.remote_id)
    assert record is not None
    assert record.value["embed"]["$type"] == "app.bsky.embed.recordWithMedia"
    assert record.value["embed"]["record"]["record"]["uri"] == said
    assert record.value["embed"]["media"]["external"]["title"] == "City"
    Image.new("RGB", (10, 10)).save(tmp_path / "a.png")
    media = Media(path=str(tmp_path / "a.png"), mime_type="image/png")
    with pytest.raises(Rejected):
        await town.connector().publish(town.channel, post(card=card, media=(media,)), "key-2")


async def test_an_upload_in_doubt_means_nothing_was_published(tmp_path: Path) -> None:
    Image.new("RGB", (10, 10)).save(tmp_path / "a.png")
    media = Media(path=str(tmp_path / "a.png"), mime_type="image/png")
    desk = Desk(lambda request: httpx.Response(500))
    with pytest.raises(Unavailable):
        await desk.connector().publish(desk.channel, post(media=(media,)), "key-1")
    assert desk.paths == ["com.atproto.repo.uploadBlob"]


# --- pictures ---


def photograph(path: Path, size: tuple[int, int] = (400, 200)) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "CameraMaker"
    Image.new("RGB", size, "teal").save(path, "JPEG", exif=exif, comment=b"My house", xmp=b"<x:xmpmeta/>")
    return path


def test_pictures_lose_what_the_camera_wrote_and_stand_upright(tmp_path: Path) -> None:
    made = ready(str(photograph(tmp_path / "a.jpg")))
    assert (made.width, made.height) == (200, 400)
    for trace in (b"CameraMaker", b"My house", b"xmpmeta", b"Exif"):
        assert trace not in made.body
    with Image.open(io.BytesIO(made.body)) as sent:
        assert sent.size == (200, 400)


def test_a_picture_that_was_made_to_fit_goes_as_it_is(tmp_path: Path) -> None:
    Image.effect_noise((300, 300), 50).convert("RGB").save(tmp_path / "a.jpg", quality=80)
    assert ready(str(tmp_path / "a.jpg")).body == (tmp_path / "a.jpg").read_bytes()


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("BMP", "RGB")])
def test_large_pictures_are_made_smaller(tmp_path: Path, kind: str, mode: str) -> None:
    path = tmp_path / f"a.{kind.lower()}"
    Image.effect_noise((1200, 900), 100).convert(mode).save(path, kind)
    made = ready(str(path), 60_000)
    assert len(made.body) <= 60_000
    assert abs(made.width / made.height - 4 / 3) < 0.02


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "CMYK", "I;16", "YCbCr"])
def test_pictures_of_every_mode_can_go(tmp_path: Path, mode: str) -> None:
    suffix = "tiff" if mode in {"CMYK", "YCbCr", "PA", "LA"} else "png"
    try:
        Image.new(mode, (40, 30)).save(tmp_path / f"a.{suffix}")
    except (OSError, KeyError, ValueError):
        pytest.skip(f"no file can be written in {mode}")
    made = ready(str(tmp_path / f"a.{suffix}"))
    assert (made.width, made.height) == (40, 30)
    assert made.mime_type in {"image/png", "image/jpeg"}


@pytest.mark.parametrize("body", [b"", b"no picture", b"\x89PNG\r\n\x1a\n" + b"0" * 50, b"\xff\xd8\xff\xe0broken"])
def test_what_is_no_picture_is_refused(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "a.png").write_bytes(body)
    with pytest.raises(Rejected):
        ready(str(tmp_path / "a.png"))
    with pytest.raises(Rejected):
        ready(str(tmp_path / "missing.png"))


# --- moderating ---


async def test_section_5_hiding_keeps_what_others_hid_and_the_rest_of_the_gate(town: BlueskyHarness) -> None:
    root = ours(town)
    bad = town.say(town.vera, "bad", parent=root)
    message = await message_of(town, bad)
    before = {
        "$type": THREADGATE, "post": root.uri, "createdAt": stamp(town.network.now()),
        "allow": [{"$type": f"{THREADGATE}#mentionRule"}], "hiddenReplies": ["at://did:plc:x/app.bsky.feed.post/1"],
    }  # fmt: skip
    town.network.write(town.city, THREADGATE, before, rkey=root.rkey)
    for _ in range(2):
        done = await town.connector().moderate(town.channel, message, Moderation.HIDE)
        assert done.state is MessageState.HIDDEN
    gate = town.network.repos[town.city.did][THREADGATE][root.rkey].value
    assert gate == {**before, "hiddenReplies": [*before["hiddenReplies"], bad.uri]}
    for _ in range(2):
        done = await town.connector().moderate(town.channel, message, Moderation.UNHIDE)
        assert done.state is MessageState.PUBLISHED
    assert town.network.repos[town.city.did][THREADGATE][root.rkey].value == before


async def test_hiding_while_somebody_else_hides_loses_neither(town: BlueskyHarness) -> None:
    root = ours(town)
    bad, worse = (town.say(town.vera, text, parent=root) for text in ("bad", "worse"))
    message = await message_of(town, bad)
    inner, between = town.wire._server, [True]

    class Racing(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("putRecord") and between:
                between.clear()
                value = {"$type": THREADGATE, "post": root.uri, "createdAt": stamp(town.network.now())}
                town.network.write(town.city, THREADGATE, {**value, "hiddenReplies": [worse.uri]}, rkey=root.rkey)
            return await inner.handle_async_request(request)

    town.wire._server = Racing()
    await town.connector().moderate(town.channel, message, Moderation.HIDE)
    gate = town.network.repos[town.city.did][THREADGATE][root.rkey].value
    assert gate["hiddenReplies"] == [worse.uri, bad.uri]


async def test_only_in_our_own_conversations_answers_can_be_hidden(town: BlueskyHarness) -> None:
    [said] = town.seed(1)
    record = town.network.find(said)
    assert record is not None
    message = await message_of(town, record)
    with pytest.raises(NotAllowed):
        await town.connector().moderate(town.channel, message, Moderation.HIDE)


async def test_three_hundred_hidden_answers_are_the_most(town: BlueskyHarness) -> None:
    root = ours(town)
    message = await message_of(town, town.say(town.vera, "bad", parent=root))
    hidden = [f"at://did:plc:x/app.bsky.feed.post/{n}" for n in range(300)]
    gate = {"$type": THREADGATE, "post": root.uri, "createdAt": stamp(town.network.now()), "hiddenReplies": hidden}
    town.network.write(town.city, THREADGATE, gate, rkey=root.rkey)
    with pytest.raises(Rejected):
        await town.connector().moderate(town.channel, message, Moderation.HIDE)


async def test_blocking_and_liking_are_written_once_and_taken_back_whoever_did_them(town: BlueskyHarness) -> None:
    [said] = town.seed(1)
    record = town.network.find(said)
    assert record is not None
    message = await message_of(town, record)
    connector = town.connector()
    for _ in range(2):
        liked = await connector.react(town.channel, message, Reaction.LIKE)
        assert liked.reacted == (Reaction.LIKE,)
    assert len(town.network.repos[town.city.did][LIKE]) == 1
    assert (await connector.react(town.channel, message, Reaction.UNLIKE)).reacted == ()
    assert town.network.repos[town.city.did][LIKE] == {}
    elsewhere = {"$type": LIKE, "subject": record.ref, "createdAt": stamp(town.network.now())}
    town.network.write(town.city, LIKE, elsewhere)
    await connector.react(town.channel, message, Reaction.LIKE)
    assert len(town.network.repos[town.city.did][LIKE]) == 1
    for _ in range(2):
        await connector.react(town.channel, message, Reaction.UNLIKE)
    assert town.network.repos[town.city.did][LIKE] == {}
    for _ in range(2):
        await connector.moderate(town.channel, message, Moderation.BLOCK)
    assert len(town.network.repos[town.city.did][BLOCK]) == 1
    for _ in range(2):
        await connector.moderate(town.channel, message, Moderation.UNBLOCK)
    assert town.network.repos[town.city.did][BLOCK] == {}


async def test_muting_and_reporting(town: BlueskyHarness) -> None:
    [said] = town.seed(1)
    record = town.network.find(said)
    assert record is not None
    message = await message_of(town, record)
    muted = await town.connector().moderate(town.channel, message, Moderation.MUTE)
    assert muted.details["muted"] == "1"
    assert town.network.mutes[town.city.did] == {town.vera.did}
    await town.connector().moderate(town.channel, message, Moderation.UNMUTE)
    assert town.network.mutes[town.city.did] == set()


async def test_a_report_names_the_version_and_says_the_words() -> None:
    sent: list[dict[str, Any]] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("createReport"):
            sent.append(json.loads(request.content))
            return httpx.Response(200, json={"id": 1})
        return httpx.Response(200, json={"posts": []})

    desk = Desk(serve)
    uri = f"at://{AMINA}/app.bsky.feed.post/1"
    message = Message(
        remote_id=uri, kind=MessageKind.MENTION, author=Author(name="A", remote_id=AMINA), created_at=MORNING,
        text="spam", details={"cid": "bafy1"},
    )  # fmt: skip
    assert await desk.connector().moderate(desk.channel, message, Moderation.REPORT, "Sells watches") == message
    assert sent[0]["reason"] == "Sells watches"
    assert sent[0]["subject"] == {"$type": "com.atproto.repo.strongRef", "uri": uri, "cid": "bafy1"}
    with pytest.raises(Unsupported):
        await desk.connector().moderate(desk.channel, message, Moderation.SPAM)


async def test_only_our_own_posts_can_be_deleted(town: BlueskyHarness) -> None:
    [said] = town.seed(1)
    record = town.network.find(said)
    assert record is not None
    with pytest.raises(NotAllowed):
        await town.connector().delete(town.channel, await message_of(town, record))
    assert town.network.find(said) is not None


# --- direct messages ---


class Chat:
    """The chat service after its lexicon: one conversation, a log with a running cursor."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refusal: httpx.Response | None = None
        self.lost = False
        self.no_convo: httpx.Response | None = None

    def say(self, did: str, text: str, at: str = "2026-11-23T08:59:00.000Z") -> dict[str, Any]:
        number = str(len(self.messages) + 1)
        made = {"id": number, "rev": number, "text": text, "sender": {"did": did}, "sentAt": at}
        self.messages.append(made)
        return made

    def __call__(self, request: httpx.Request) -> httpx.Response:
        method = request.url.path.rpartition(".")[2]
        if "chat.bsky" not in request.url.path:
            return httpx.Response(200, json={"feed": [], "notifications": [], "posts": [], "did": AMINA})
        if request.headers.get("atproto-proxy") != "did:web:api.bsky.chat#bsky_chat":
            return answer("chat", "chat-privileged-no-proxy")
        if self.refusal is not None:
            return self.refusal
        members = [{"did": DID, "handle": "org.test"}, {"did": AMINA, "handle": "amina.test", "displayName": "Amina"}]
        convo = {"id": "c1", "members": members}
        if method == "sendMessage":
            made = self.say(DID, json.loads(request.content)["message"]["text"], "2026-11-23T09:00:00.000Z")
            if self.lost:
                raise httpx.ReadTimeout("slow", request=request)
            return httpx.Response(200, json=made)
        if method == "getLog":
            since = int(request.url.params.get("cursor", "0"))
            logs = [
                {"$type": "chat.bsky.convo.defs#logCreateMessage", "rev": m["rev"], "convoId": "c1", "message": m}
                for m in self.messages[since:]
            ]
            return httpx.Response(200, json={"logs": logs, "cursor": str(len(self.messages))})
        if method == "getConvo" and self.no_convo is not None:
            return self.no_convo
        bodies: dict[str, Any] = {
            "listConvos": {"convos": [convo]},
            "getConvo": {"convo": convo},
            "getMessages": {"messages": self.messages[::-1]},
        }
        return httpx.Response(200, json=bodies[method])


def direct_desk(chat: Chat) -> Desk:
    desk = Desk(chat)
    desk.channel = replace(desk.channel, capabilities=desk.channel.capabilities | Capability.DIRECT)
    return desk


async def test_section_8_direct_messages_come_once_and_are_private() -> None:
    chat = Chat()
    chat.say(AMINA, "Is this private?")
    desk = direct_desk(chat)
    batches, cursor = await read_on(desk.connector(), desk.channel)
    [message] = all_of(batches)
    assert (message.kind, message.public, message.author.name) == (MessageKind.DIRECT, False, "Amina")
    chat.say(AMINA, "Hello?")
    batches, cursor = await read_on(desk.connector(), desk.channel, cursor)
    [second] = all_of(batches)
    assert second.text == "Hello?"
    assert second.parent_remote_id == message.parent_remote_id
    batches, _ = await read_on(desk.connector(), desk.channel, cursor)
    assert all_of(batches) == []
    assert (await desk.connector().thread(desk.channel, message)).messages == ()


async def test_section_8_a_direct_answer_whose_reply_is_lost_is_found() -> None:
    chat = Chat()
    chat.say(AMINA, "Is this private?")
    desk = direct_desk(chat)
    rendition = Rendition(kind=UpdateKind.REPLY, text="Yes, it is", reply_to="direct:c1:1")
    key = f"{int(MORNING.timestamp() * 1000):012x}{'0' * 20}"
    chat.lost = True
    with pytest.raises(OutcomeUnknown):
        await desk.connector().publish(desk.channel, rendition, key)
    chat.lost = False
    found = await desk.connector().find(desk.channel, delivery_of(desk, rendition, key))  # type: ignore[arg-type]
    assert found is not None
    assert found.remote_id == "direct:c1:2"
    again = await desk.connector().publish(desk.channel, rendition, key)
    assert again.remote_id == "direct:c1:2"
    assert [m["text"] for m in chat.messages] == ["Is this private?", "Yes, it is"]
    chat.say(AMINA, "Thanks")
    other = replace(rendition, text="Something else")
    assert await desk.connector().find(desk.channel, delivery_of(desk, other, key)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "refusal",
    [httpx.Response(503, text="busy"), failing(429, "RateLimitExceeded", **{"retry-after": "30"})],
)
async def test_section_8_direct_messages_wait_while_their_conversation_cannot_be_had(refusal: httpx.Response) -> None:
    chat = Chat()
    chat.say(AMINA, "Is this private?")
    desk = direct_desk(chat)
    _, cursor = await read_on(desk.connector(), desk.channel)
    before = Position.of(cursor)
    chat.say(AMINA, "My address is Elm Street 5")
    chat.no_convo = refusal
    at = replace(before)
    assert await poll(desk.connector()._api(), at) == []
    assert at.chat == before.chat, "a batch may move the cursor for the sake of something else"
    chat.no_convo = None
    batches, _ = await read_on(desk.connector(), desk.channel, at.cursor())
    assert [m.text for m in all_of(batches)] == ["My address is Elm Street 5"]


@pytest.mark.parametrize(
    "refusal",
    [
        failing(400, "InvalidConvo"),
        failing(404, "NotFound"),
        failing(403, "InvalidToken"),
        httpx.Response(200, json={}),
    ],
)
async def test_section_8_a_conversation_that_is_not_shown_is_read_without_names(refusal: httpx.Response) -> None:
    chat = Chat()
    chat.say(AMINA, "Is this private?")
    desk = direct_desk(chat)
    _, cursor = await read_on(desk.connector(), desk.channel)
    chat.say(AMINA, "My address is Elm Street 5")
    chat.no_convo = refusal
    batches, cursor = await read_on(desk.connector(), desk.channel, cursor)
    [message] = all_of(batches)
    assert (message.remote_id, message.text) == ("direct:c1:2", "My address is Elm Street 5")
    assert (message.author.name, message.public) == (AMINA, False)
    assert all_of((await read_on(desk.connector(), desk.channel, cursor))[0]) == []


async def test_section_8_a_direct_message_without_a_time_keeps_no_other_back() -> None:
    chat = Chat()
    chat.say(AMINA, "Is this private?")
    desk = direct_desk(chat)
    _, cursor = await read_on(desk.connector(), desk.channel)
    chat.say(AMINA, "When was this?", at="soon")
    chat.say(AMINA, "Hello?")
    batches, _ = await read_on(desk.connector(), desk.channel, cursor)
    strange, message = all_of(batches)
    assert (strange.remote_id, strange.kind, strange.public) == ("direct:c1:2", MessageKind.UNREADABLE, False)
    assert strange.parent_remote_id == message.parent_remote_id
    assert message.text == "Hello?"


async def test_section_8_the_same_words_answer_a_second_question_too() -> None:
    chat = Chat()
    chat.say(AMINA, "Is it open today?")
    desk = direct_desk(chat)
    first_key, second_key = (f"{int(MORNING.timestamp() * 1000) + ms:012x}{'0' * 20}" for ms in (0, 120_000))
    today = Rendition(kind=UpdateKind.REPLY, text="Yes.", reply_to="direct:c1:1")
    await desk.connector().publish(desk.channel, today, first_key)
    chat.say(AMINA, "And tomorrow?", at="2026-11-23T09:01:00.000Z")
    tomorrow = replace(today, reply_to="direct:c1:3")
    unsent = delivery_of(desk, tomorrow, second_key)  # type: ignore[arg-type]
    assert await desk.connector().find(desk.channel, unsent) is None
    receipts = [await desk.connector().publish(desk.channel, tomorrow, second_key) for _ in range(2)]
    assert [r.remote_id for r in receipts] == ["direct:c1:4", "direct:c1:4"]
    assert [m["text"] for m in chat.messages] == ["Is it open today?", "Yes.", "And tomorrow?", "Yes."]


@pytest.mark.parametrize("name", ["chat-plain-app-password", "chat-privileged-no-proxy", "chat-privileged-proxy"])
async def test_section_8_without_chat_service_there_are_no_direct_messages_and_nobody_is_signed_out(name: str) -> None:
    chat = Chat()
    chat.refusal = answer("chat", name)
    desk = Desk(chat)
    [channel] = await desk.connector().channels()
    assert Capability.DIRECT not in channel.capabilities
    assert channel.limits.direct_graphemes is None
    batches, _ = await read_on(direct_desk(chat).connector(), direct_desk(chat).channel)
    assert all_of(batches) == []


def test_the_name_of_a_record_is_a_tid() -> None:
    assert len(tid_of("key-1")) == 13
