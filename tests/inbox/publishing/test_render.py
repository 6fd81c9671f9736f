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
    Choice,
    Counting,
    Limits,
    Media,
    Message,
    MessageId,
    PollAsked,
    Problem,
    Rendition,
    Update,
    UpdateKind,
    Visibility,
)
from inbox.publishing.render import addressed, render
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
        (replace(POST, media=(replace(PICTURE, size_bytes=101),)), CHANNEL, []),  # it is made to fit
        (replace(POST, media=(replace(PICTURE, size_bytes=101, mime_type="image/gif"),)), CHANNEL, [("media", True)]),
        (replace(POST, media=(replace(PICTURE, alt_text=" "),)), CHANNEL, [("media", False)]),
        (replace(POST, publish_at=START + timedelta(minutes=2)), CHANNEL, []),
        (replace(POST, publish_at=START + timedelta(minutes=2) - timedelta(seconds=1)), CHANNEL, [("time", True)]),
        (replace(POST, publish_at=START + timedelta(days=1)), without(Capability.SCHEDULE), [("time", False)]),
    ],
)
def test_problems(update: Update, channel: Channel, expected: list[tuple[str, bool]]) -> None:
    assert problems(update, channel) == expected


def test_one_over_says_by_how_much() -> None:
    _, [problem] = render(replace(POST, text="x" * 1_511), CHANNEL, now=START)
    assert problem == Problem(words="1,501 bytes too long for Blog.")


TOWN = replace(
    CHANNEL,
    id=ChannelId("town"),
    title="Town",
    capabilities=~(Capability.TITLE | Capability.TERMS),
    limits=Limits(
        text_graphemes=20,
        counting=Counting.MASTODON,
        link_length=8,
        media_count=2,
        poll_options=3,
        poll_option_graphemes=5,
        exclusive=(("poll", "media"),),
        visibilities=tuple(Visibility),
        language="de",
        alt_graphemes=9,
    ),
)
ASKED = PollAsked(options=("Yes", "No"))


def in_town(update: Update, **others: Message) -> tuple[Rendition, list[tuple[str, bool]]]:
    rendition, found = render(update, TOWN, now=START, **others)
    return rendition, [(p.where, p.stops) for p in found]


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        (replace(POST, text="https://example.org/a/long/way and more"), []),
        (replace(POST, text="x" * 21), [("text", True)]),
        (replace(POST, text="x" * 15, warning="Flood"), []),
        (replace(POST, text="x" * 16, warning="Flood"), [("text", True)]),
        (replace(POST, poll=ASKED), []),
        (replace(POST, poll=ASKED, media=(PICTURE,)), [("poll", True)]),
        (replace(POST, poll=PollAsked(options=("Yes",))), [("poll", True)]),
        (replace(POST, poll=PollAsked(options=("Yes", "yes "))), [("poll", True)]),
        (replace(POST, poll=PollAsked(options=("Perhaps", "No"))), [("poll", True)]),
        (replace(POST, poll=PollAsked(options=("Yes", "No"), lasts_s=5)), [("poll", True)]),
        (replace(POST, media=(replace(PICTURE, alt_text="A quay with boats"),)), [("media", True)]),
        (replace(POST, text="", media=(PICTURE,)), []),  # a picture needs no words here
    ],
)
def test_problems_where_posts_are_short(update: Update, expected: list[tuple[str, bool]]) -> None:
    assert in_town(update)[1] == expected


def test_what_a_channel_has_no_place_for_is_left_out() -> None:
    update = replace(POST, text="Text", tags=("x",), categories=("y",), excerpt="z")
    rendition, found = in_town(update)
    assert (rendition.title, rendition.tags, rendition.categories, rendition.excerpt, found) == ("", (), (), "", [])
    assert rendition.language == "de"


def test_a_variation_is_for_one_channel() -> None:
    update = replace(POST, variations={ChannelId("town"): "Short"})
    assert in_town(update)[0].text == "Short"
    assert render(update, CHANNEL, now=START)[0].text == "Text"


def test_what_would_be_read_by_more_people_than_was_said_is_stopped() -> None:
    private = replace(POST, visibility=Visibility.FOLLOWERS)
    assert in_town(private) == (in_town(private)[0], [])
    assert problems(private, without(Capability.VISIBILITY)) == [("visibility", True)]
    assert problems(replace(POST, warning="Flood"), without(Capability.WARNING)) == [("warning", False)]


def test_an_answer_goes_to_no_more_people_than_what_it_answers() -> None:
    question = message("m1", visibility=Visibility.DIRECT, addressees=("@vera",), warning="Debts")
    rendition, found = in_town(replace(REPLY, text="Yes"), reply_to=question)
    assert (rendition.visibility, rendition.text, rendition.warning) == (Visibility.DIRECT, "@vera Yes", "Debts")
    assert found == []
    wider = replace(REPLY, text="Yes", visibility=Visibility.PUBLIC)
    assert in_town(wider, reply_to=question)[1] == [("visibility", True)]
    ours = replace(question, details={"warning": "shown only"})
    assert in_town(replace(REPLY, text="Yes"), reply_to=ours)[0].warning == "", "what we say about it is not repeated"
    quieter = in_town(replace(REPLY, text="Yes"), reply_to=message("m2", visibility=Visibility.UNLISTED))[0]
    assert quieter.visibility is Visibility.UNLISTED


def test_whoever_is_named_in_a_private_answer_is_said() -> None:
    question = message("m1", visibility=Visibility.DIRECT, addressees=("@vera",))
    _, found = render(replace(REPLY, text="@eve@b.org Hi"), TOWN, now=START, reply_to=question)
    assert [(p.stops, "@eve@b.org" in p.words) for p in found] == [(False, True)]


@pytest.mark.parametrize(
    ("typed", "others"),
    [
        ("@petra will call you.", "@petra."),
        ("Ask @petra-ann.lee, or @eve@b.org!", "@petra-ann.lee, @eve@b.org."),
        ("@vera @Vera@town.example @tom@b.org @office yes", ""),
        ("petra@town.example, https://b.org/@petra, x=@petra", ""),
    ],
)
def test_somebody_of_our_own_server_named_in_a_private_answer_is_said(typed: str, others: str) -> None:
    """The server takes them for named without its host, and delivers the answer to them."""
    town = replace(TOWN, remote_id="office@town.example", limits=replace(TOWN.limits, text_graphemes=500))
    question = message("m1", visibility=Visibility.DIRECT, addressees=("@vera", "@tom@b.org"))
    _, found = render(replace(REPLY, text=typed), town, now=START, reply_to=question)
    expected = [f"Everybody named in a private message receives it: {others}"] if others else []
    assert [p.words for p in found] == expected


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Yes", "@vera @tom@b.org Yes"),
        ("@Vera, yes", "@tom@b.org @Vera, yes"),
        ("@tom@b.org @vera yes", "@tom@b.org @vera yes"),
        ("", ""),
    ],
)
def test_an_answer_names_whoever_has_to_hear_of_it(typed: str, sent: str) -> None:
    assert addressed(typed, message("m1", addressees=("@vera", "@tom@b.org"))) == sent


# --- what a network allows with this very message, and who receives it ---

_OPEN = without(Capability.VISIBILITY)
_PRIVATE = replace(REPLY, visibility=Visibility.DIRECT)


def answering(update: Update, said: Message, channel: Channel = _OPEN) -> tuple[Rendition, list[tuple[str, bool]]]:
    rendition, found = render(update, channel, now=START, reply_to=said)
    return rendition, [(p.where, p.stops) for p in found]


def test_an_answer_that_no_program_may_give_goes_by_hand() -> None:
    assert answering(REPLY, message("m1", denied=Capability.REPLY))[1] == [("channel", False)]


def test_a_time_that_has_run_out_stops_an_answer() -> None:
    direct = message("m1", reply_until=START, visibility=Visibility.DIRECT)
    assert ("channel", True) in answering(replace(REPLY, visibility=Visibility.DIRECT), direct, CHANNEL)[1]
    assert answering(REPLY, message("m1", reply_until=START))[1] == [], "everybody may still be told"
    assert answering(REPLY, message("m1", reply_until=START + timedelta(seconds=1)))[1] == []


def test_a_public_comment_is_answered_privately_where_that_exists() -> None:
    rendition, found = answering(_PRIVATE, message("m1"))
    assert (rendition.visibility, found) == (Visibility.DIRECT, [])
    assert answering(_PRIVATE, message("m1", denied=Capability.PRIVATE_REPLY))[1] == [("visibility", True)]
    plain = without(Capability.VISIBILITY | Capability.PRIVATE_REPLY)
    rendition, found = answering(_PRIVATE, message("m1"), plain)
    assert (rendition.visibility, found) == (None, [("visibility", True)])


def test_receivers_are_those_that_the_channel_names() -> None:
    limits = Limits(choices=(Choice(code="t1", title="Floods", warning="Sends by itself too."),), choice_needed=True)
    channel = replace(CHANNEL, limits=limits)
    assert ("choices", True) in problems(replace(POST, categories=("t1",)), channel), "typed names do not count"
    chosen = replace(POST, choices={channel.id: ("t1", "gone")})
    assert render(chosen, channel, now=START)[0].categories == ("t1",)
    assert problems(chosen, channel) == [("choices", False)]
    assert render(chosen, CHANNEL, now=START)[0].categories == ()


def test_a_private_answer_has_the_room_of_a_private_message_where_no_circle_is_chosen() -> None:
    channel = replace(_OPEN, limits=Limits(text_graphemes=10, direct_graphemes=1_000))
    said = message("m1", visibility=Visibility.DIRECT)
    assert answering(replace(REPLY, text="x" * 900), said, channel)[1] == []
    assert answering(replace(REPLY, text="x" * 900), message("m1"), channel)[1] == [("text", True)]
