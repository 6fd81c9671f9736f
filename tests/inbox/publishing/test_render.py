"""An update and a channel make a rendition and its problems: pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from inbox.model import (
    AccountId,
    Capability,
    Channel,
    ChannelId,
    Limits,
    Media,
    MessageId,
    Problem,
    Update,
    UpdateKind,
)
from inbox.publishing.render import SOONEST_SCHEDULE, render
from tests.inbox.making import START, message

CHANNEL = Channel(
    id=ChannelId("c"),
    account_id=AccountId("a"),
    network="memory",
    remote_id="r",
    title="Blog",
    capabilities=~Capability.NONE,
    limits=Limits(text_bytes=10, media_count=2, media_bytes=100),
)
POST = Update(kind=UpdateKind.POST, text="Text", title="Title")
REPLY = Update(kind=UpdateKind.REPLY, text="Text", reply_to=MessageId(1))
PICTURE = Media(path="a.png", mime_type="image/png", alt_text="A quay", size_bytes=100)


def without(capability: Capability) -> Channel:
    return replace(CHANNEL, capabilities=CHANNEL.capabilities & ~capability)


def problems(update: Update, channel: Channel = CHANNEL) -> list[tuple[str, bool]]:
    return [(p.where, p.stops) for p in render(update, channel, now=START)[1]]


def test_a_rendition_says_what_was_written_and_where() -> None:
    update = replace(
        POST,
        text="  Ü \n",
        title=" T ",
        media=(PICTURE,),
        tags=("x",),
        categories=("c",),
        publish_at=START + timedelta(hours=1),
    )
    rendition, found = render(update, CHANNEL, now=START, replaces=message("p7"))
    assert found == ()
    assert (rendition.text, rendition.title, rendition.replaces) == ("Ü", "T", "p7")
    assert (rendition.media, rendition.tags, rendition.categories) == ((PICTURE,), ("x",), ("c",))
    assert rendition.publish_at == update.publish_at


def test_a_reply_knows_what_it_answers_and_under_which_post() -> None:
    rendition, found = render(REPLY, CHANNEL, now=START, reply_to=message("m3", context_remote_id="p1"))
    assert (rendition.kind, rendition.reply_to, rendition.context, found) == (UpdateKind.REPLY, "m3", "p1", ())


@pytest.mark.parametrize(
    ("update", "channel", "expected"),
    [
        (POST, CHANNEL, []),
        (replace(POST, text="x" * 10), CHANNEL, []),
        (replace(POST, text="x" * 11), CHANNEL, [("text", True)]),
        (replace(POST, text="ü" * 5), CHANNEL, []),
        (replace(POST, text="ü" * 6), CHANNEL, [("text", True)]),  # bytes, not letters
        (replace(POST, text="x" * 999), replace(CHANNEL, limits=Limits()), []),
        (replace(POST, text="x" * 999), replace(CHANNEL, limits=Limits(reply_bytes=5)), []),
        (replace(REPLY, text="x" * 5), replace(CHANNEL, limits=Limits(reply_bytes=5)), []),
        (replace(REPLY, text="ü" * 3), replace(CHANNEL, limits=Limits(reply_bytes=5)), [("text", True)]),
        (replace(REPLY, text="x" * 6), replace(CHANNEL, limits=Limits(reply_bytes=9, text_bytes=5)), [("text", True)]),
        (replace(POST, text="", title=""), CHANNEL, [("text", True)]),
        (replace(POST, text=" \n", title=" "), CHANNEL, [("text", True)]),
        (replace(POST, text="", title="T"), CHANNEL, []),
        (replace(POST, title=""), CHANNEL, [("title", False)]),
        (REPLY, CHANNEL, []),
        (POST, without(Capability.POST), [("channel", True)]),
        (REPLY, without(Capability.POST), []),
        (REPLY, without(Capability.REPLY), [("channel", True)]),
        (replace(POST, media=(PICTURE,)), without(Capability.MEDIA), [("media", True)]),
        (replace(POST, media=(PICTURE,) * 2), CHANNEL, []),
        (replace(POST, media=(PICTURE,) * 3), CHANNEL, [("media", True)]),
        (replace(POST, media=(replace(PICTURE, size_bytes=101),)), CHANNEL, [("media", True)]),
        (replace(POST, media=(replace(PICTURE, alt_text=" "),)), CHANNEL, [("media", False)]),
        (replace(POST, publish_at=START + SOONEST_SCHEDULE), CHANNEL, []),
        (replace(POST, publish_at=START + SOONEST_SCHEDULE - timedelta(seconds=1)), CHANNEL, [("time", True)]),
        (replace(POST, publish_at=START + timedelta(days=1)), without(Capability.SCHEDULE), [("time", True)]),
    ],
)
def test_problems(update: Update, channel: Channel, expected: list[tuple[str, bool]]) -> None:
    assert problems(update, channel) == expected


def test_one_over_says_by_how_much() -> None:
    _, [problem] = render(replace(POST, text="x" * 1_511), CHANNEL, now=START)
    assert problem == Problem(words="1,501 bytes too long for Blog.")
