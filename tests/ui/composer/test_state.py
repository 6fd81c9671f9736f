"""The state of a post in the making: no widget, no engine."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.model import (
    AccountId,
    Audience,
    Author,
    Capability,
    Channel,
    ChannelId,
    Limits,
    LinkCard,
    Media,
    Message,
    MessageId,
    MessageKind,
    MessageState,
    PollAsked,
    Visibility,
)
from ui.composer.state import ComposerState, Picture, loses, names
from ui.composer.wording import button_words, time_words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
ALL = ~Capability.NONE
TERMS = st.lists(st.text("abc ä", min_size=1, max_size=5).map(str.strip).filter(bool), max_size=3).map(tuple)


def channel(name: str, capabilities: Capability = ALL, **limits: object) -> Channel:
    return Channel(
        id=ChannelId(name), account_id=AccountId("a"), network="memory", remote_id=name, title=name.title(),
        capabilities=capabilities, limits=Limits(media_count=4, **limits),  # type: ignore[arg-type]
    )  # fmt: skip


def photo(alt: str = "", kind: str = "image/png") -> Picture:
    return Picture(media=Media(path="/x/y.png", mime_type=kind, alt_text=alt, size_bytes=9))


@given(
    variation=st.none() | st.text(max_size=9), visibility=st.none() | st.sampled_from(Visibility),
    warning=st.text(max_size=9), language=st.sampled_from(["", "cy"]), audience=st.sampled_from(Audience),
    poll=st.none() | st.builds(PollAsked, options=TERMS, multiple=st.booleans()), quotable=st.booleans(),
    card=st.none() | st.builds(LinkCard, url=st.text(max_size=5), title=st.text(max_size=5)),
    quotes=st.none() | st.integers(1, 9),
    title=st.text(max_size=20), text=st.text(max_size=60), excerpt=st.text(max_size=20), categories=TERMS, tags=TERMS,
    alt=st.text(max_size=9), decorative=st.booleans(), minutes=st.none() | st.integers(1, 9_999),
)  # fmt: skip
def test_a_draft_restores_the_very_state(
    title: str, text: str, excerpt: str, categories: tuple[str, ...], tags: tuple[str, ...], alt: str,
    decorative: bool, minutes: int | None, variation: str | None, visibility: Visibility | None, warning: str,
    language: str, audience: Audience, poll: PollAsked | None, quotable: bool, card: LinkCard | None,
    quotes: int | None,
) -> None:  # fmt: skip
    state = ComposerState(
        title=title, text=text, excerpt=excerpt, categories=categories, tags=tags,
        pictures=[Picture(media=photo(alt).media, decorative=decorative)], channels=[ChannelId("one")],
        publish_at=None if minutes is None else NOW + timedelta(minutes=minutes),
        variations={} if variation is None else {ChannelId("one"): variation}, visibility=visibility, warning=warning,
        language=language, poll=poll, card=card, audience=audience, quotable=quotable,
        quotes=None if quotes is None else MessageId(quotes),
    )  # fmt: skip
    assert ComposerState.restored(state.saved()) == state


def test_nothing_written_is_no_draft() -> None:
    assert ComposerState(channels=[ChannelId("one")], title=" ").saved() == ""
    assert ComposerState.restored("").empty


def test_words_that_are_no_draft_of_ours_are_kept() -> None:
    assert ComposerState.restored("half a sent").text == "half a sent"
    assert ComposerState.restored("[1, 2]").text == "[1, 2]"


def test_problems_stand_on_the_channel_they_concern() -> None:
    state = ComposerState(title="T", text="x" * 30, channels=[ChannelId("wide"), ChannelId("tight")])
    wide, tight = state.shown([channel("wide"), channel("tight", text_bytes=20)], now=NOW)
    assert (wide.stopped, wide.problems) == (False, ())
    assert tight.stopped
    assert "Tight" in tight.problems[0].words
    assert wide.rendition.text == tight.rendition.text == "x" * 30


def test_only_chosen_channels_are_shown() -> None:
    state = ComposerState(title="T", text="x", channels=[ChannelId("b")])
    assert [s.channel.id for s in state.shown([channel("a"), channel("b")], now=NOW)] == ["b"]


def test_a_decorative_picture_goes_without_description_and_without_complaint() -> None:
    state = ComposerState(title="T", text="x", channels=[ChannelId("a")], pictures=[photo("half a thought")])
    state.pictures[0].decorative = True
    [shown] = state.shown([channel("a")], now=NOW)
    assert shown.rendition.media[0].alt_text == ""
    assert shown.problems == ()
    state.pictures.append(photo(" "))
    [shown] = state.shown([channel("a")], now=NOW)
    assert [p.where for p in shown.problems] == ["media"]
    assert not shown.stopped


def test_a_channel_says_which_pictures_and_terms_it_takes() -> None:
    state = ComposerState(
        title="T", text="x", channels=[ChannelId("a")], tags=("t",), pictures=[photo("A bridge", "image/gif")]
    )
    [shown] = state.shown([channel("a", ALL & ~Capability.TERMS, media_types=("image/jpeg",))], now=NOW)
    assert [(p.where, p.stops) for p in shown.problems] == [("media", True)]
    assert shown.rendition.tags == ()  # it has no place for them, and means the same without


@pytest.mark.parametrize(
    ("html", "lost"),
    [
        ("", False),
        ("<p>One</p>\n<p class='x'>Two<br/>three</p>", False),
        ("<!-- wp:paragraph --><p>One</p><!-- /wp:paragraph -->", False),
        ("<p>See <a href='https://x.example'>here</a></p>", True),
        ("<h2>Title</h2>", True),
        ("<p><img src='x'></p>", True),
        ("<pre>code</pre>", True),
    ],
)
def test_formatting_that_plain_words_would_lose_stops_until_agreed(html: str, lost: bool) -> None:
    post = Message(
        remote_id="p:1",
        kind=MessageKind.POST,
        author=Author(name="We"),
        created_at=NOW,
        text="One",
        title="T",
        html=html,
    )
    assert loses(post) is lost
    state = ComposerState.of_post(MessageId(7), post, ChannelId("a"))
    assert state.place == "post:7"
    [shown] = state.shown([channel("a")], now=NOW, replaces=post)
    assert shown.stopped is lost
    assert shown.rendition.replaces == "p:1"
    state.flattening_agreed = True
    [shown] = state.shown([channel("a")], now=NOW, replaces=post)
    assert not shown.stopped


def test_a_scheduled_post_keeps_its_time_when_it_is_changed() -> None:
    at = NOW + timedelta(days=2)
    post = Message(
        remote_id="p:1", kind=MessageKind.POST, author=Author(name="We"), created_at=at, text="One",
        state=MessageState.SCHEDULED,
    )  # fmt: skip
    assert ComposerState.of_post(MessageId(7), post, ChannelId("a")).publish_at == at


def test_a_post_keeps_its_warning_and_its_language_when_it_is_changed() -> None:
    post = Message(
        remote_id="1", kind=MessageKind.POST, author=Author(name="We"), created_at=NOW, text="One",
        warning="Accident", language="de",
    )  # fmt: skip
    state = ComposerState.of_post(MessageId(7), post, ChannelId("a"))
    assert (state.warning, state.language) == ("Accident", "de")
    ours = replace(post, details={"warning": "shown only"})
    assert ComposerState.of_post(MessageId(7), ours, ChannelId("a")).warning == ""


def test_what_was_taken_back_is_gone_on_with() -> None:
    state = ComposerState(title="T", text="x", channels=[ChannelId("a")], pictures=[photo("A bridge")], tags=("t",))
    assert ComposerState.of_update(state.update(), [ChannelId("a")]) == state


def test_names_are_told_apart_by_commas() -> None:
    assert names(" News,  Planning , ,News") == ("News", "Planning")


def test_the_button_says_what_will_happen() -> None:
    tuesday = datetime(2026, 11, 24, 10, 0).astimezone().astimezone(UTC)
    assert button_words(2, None, NOW) == "Publish to 2 now"
    assert button_words(1, tuesday, NOW) == "Schedule 1 for Tue 10:00"
    assert button_words(1, tuesday + timedelta(days=7), NOW).startswith("Schedule 1 for Tue 1 Dec, ")
    assert button_words(1, None, NOW, replaces=True) == "Update 1 now"
    assert button_words(0, None, NOW) == "Publish"


def test_who_keeps_the_time_is_named() -> None:
    keeps, does_not = channel("a"), channel("b", ALL & ~Capability.SCHEDULE)
    other = replace(does_not, network="other")
    titles = {"memory": "Memory", "other": "Other"}
    assert time_words([keeps], titles) == "Memory keeps the time, the PC may be off."
    both = "Memory keeps the time itself. For Other Postroom has to be running then."
    assert time_words([keeps, other], titles) == both
    assert time_words([other], titles) == "For Other Postroom has to be running then."
    assert time_words([], titles) == ""


def test_an_address_the_blog_made_a_link_of_is_no_formatting() -> None:
    def post(html: str) -> Message:
        return Message(
            remote_id="post:1", kind=MessageKind.POST, author=Author(name="We"), created_at=NOW, text="x", html=html
        )

    address = "https://harbour.example/flood"
    assert not loses(post(f'<p>See <a href="{address}" rel="nofollow">{address}</a>.</p>'))
    assert loses(post(f'<p>See <a href="{address}">the form</a>.</p>'))
