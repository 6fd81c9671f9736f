"""What is left as each network counts, and what becomes of pictures; no widget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.model import (
    AccountId,
    Author,
    Capability,
    Channel,
    ChannelId,
    Counting,
    Limits,
    LinkCard,
    Media,
    Message,
    MessageId,
    MessageKind,
    Rendition,
    UpdateKind,
    Visibility,
)
from inbox.publishing.counting import graphemes
from ui.composer.draft import Picture
from ui.composer.room import changed_for, most_pictures, room, takes_fewer, utf16
from ui.composer.shown import marked
from ui.composer.state import ComposerState, first_link
from ui.composer.wording import button_words, picture_words, room_words, standing_words, things, when_words

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MASTODON = Limits(text_graphemes=500, counting=Counting.MASTODON, link_length=23, media_count=4, media_bytes=900)
BLUESKY = Limits(text_graphemes=300, text_bytes=3_000, media_count=2, media_types=("image/jpeg",))
BASE = Capability.POST | Capability.MEDIA
FAMILY = "👩‍👩‍👧‍👦"


def channel(name: str, limits: Limits, can: Capability = BASE) -> Channel:
    return Channel(
        id=ChannelId(name), account_id=AccountId("a"), network=name, remote_id=name, title=name.title(),
        capabilities=can, limits=limits,
    )  # fmt: skip


def said(text: str, **others: object) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]


MA = channel("mastodon", MASTODON, BASE | Capability.SCHEDULE | Capability.WARNING | Capability.POLL)
BS = channel("bluesky", BLUESKY, BASE | Capability.CARD)
BLOG = channel("blog", Limits(media_count=9), BASE | Capability.TITLE | Capability.SCHEDULE)


@pytest.mark.parametrize(
    ("limits", "text", "left"),
    [
        (BLUESKY, "x" * 300, 0),
        (BLUESKY, "e\u0301" * 301, -1),
        (BLUESKY, "https://harbour.example/" + "a" * 300, -24),
        (MASTODON, "https://harbour.example/" + "a" * 300, 500 - 23),
        (MASTODON, "@mill@social.example", 500 - 5),
        (Limits(text_bytes=4), "ääx", -1),
    ],
)
def test_room_is_counted_as_the_network_counts(limits: Limits, text: str, left: int) -> None:
    assert room(said(text), limits).left == left


def test_a_warning_counts_where_the_network_counts_it() -> None:
    assert room(said("x", warning="flood"), MASTODON).left == 500 - 6


def test_private_words_have_a_room_of_their_own() -> None:
    limits = replace(BLUESKY, direct_graphemes=1_000)
    assert room(said("x" * 400, visibility=Visibility.DIRECT), limits).left == 600


def test_bytes_run_out_before_characters() -> None:
    found = room(said(FAMILY * 130), BLUESKY)  # 130 graphemes, 3,250 bytes
    assert (found.left, found.in_bytes) == (-250, True)
    assert found.cut == 120 * len(FAMILY)


WORDS = st.lists(st.sampled_from(["ä", "x", FAMILY, "e\u0301", " ", "\n"]), max_size=40).map("".join)


@given(WORDS, st.integers(1, 60))
def test_what_is_too_much_begins_between_graphemes(text: str, size: int) -> None:
    for limits in (Limits(text_bytes=size), Limits(text_graphemes=size)):
        found = room(said(text), limits)
        kept = text[: found.cut]
        assert graphemes(kept) + graphemes(text[found.cut :]) == graphemes(text)
        if found.left is not None and found.left < 0:
            assert len(kept.encode()) <= size or graphemes(kept) <= size
            assert kept != text
        else:
            assert kept == text


@pytest.mark.parametrize(("left", "tone"), [(21, "chip"), (20, "chip-owed"), (0, "chip-owed"), (-1, "chip-danger")])
def test_amber_at_twenty_and_red_below_nothing(left: int, tone: str) -> None:
    assert room(said("x" * (300 - left)), BLUESKY).tone == tone


def test_counters_in_words() -> None:
    assert room_words(room(said("x" * 288), BLUESKY)) == "12 left"
    assert room_words(room(said("x" * 307), BLUESKY)) == "7 over"
    assert room_words(room(said("x"), Limits())) == "fits"


def test_a_place_in_a_text_is_counted_as_qt_does() -> None:
    assert utf16("a🙂b", 2) == 3
    assert utf16("abc", 2) == 2


@given(st.text(alphabet="ab @#.:/htps", max_size=60), st.integers(0, 70))
def test_the_pieces_of_a_preview_are_the_text(text: str, cut: int) -> None:
    assert "".join(piece for piece, _, _ in marked(text, cut)) == text


def test_links_names_and_what_is_too_much_are_told_apart() -> None:
    text = "See https://x.example/a. With @mill@social.example #Flood, a@b.example"
    pieces = [piece for piece, named, _ in marked(text, len(text)) if named]
    assert pieces == ["https://x.example/a", "@mill@social.example", "#Flood"]
    assert "".join(piece for piece, _, over in marked(text, 10) if over) == text[10:]


def test_one_red_channel_stops_only_itself() -> None:
    state = ComposerState(text="x" * 310, channels=[MA.id, BS.id])
    wide, tight = state.shown([MA, BS], now=NOW)
    assert (wide.stopped, tight.stopped) == (False, True)
    assert standing_words(tight, alone=False) == ("inherits · 10 over", "chip-danger")
    assert standing_words(wide, alone=False) == ("inherits · 190 left", "chip")
    assert button_words(2, None, NOW, ready=1) == "Publish to 1 of 2 now"
    assert button_words(2, None, NOW, ready=0) == "Publish to 2 now"


def test_an_own_text_goes_to_its_channel_only_and_survives_not_being_chosen() -> None:
    state = ComposerState(text="Common", channels=[MA.id, BS.id], variations={BS.id: "Short"})
    assert [s.rendition.text for s in state.shown([MA, BS], now=NOW)] == ["Common", "Short"]
    assert [s.edited for s in state.shown([MA, BS], now=NOW)] == [False, True]
    state.channels = [MA.id]
    assert state.update().variations == {}
    assert ComposerState.restored(state.saved()).variations == {BS.id: "Short"}


def test_a_quote_is_shown_where_the_post_is_and_stops_elsewhere() -> None:
    able = replace(MA, capabilities=MA.capabilities | Capability.QUOTE)
    quoted = Message(remote_id="7", kind=MessageKind.POST, author=Author(name="Vera"), created_at=NOW, text="Hello")
    state = ComposerState(text="Yes", channels=[MA.id, BS.id], quotes=MessageId(1))
    there, elsewhere = state.shown([able, BS], now=NOW, quoted=(quoted, MA.id))
    assert there.rendition.quotes == "7"
    assert not there.stopped
    assert [p.words for p in elsewhere.problems if p.stops] == ["Bluesky does not have the post that is quoted."]


def test_a_card_stands_for_the_first_link_and_follows_it() -> None:
    state = ComposerState(text="See https://x.example/a.", channels=[BS.id], card=LinkCard(url=""))
    [shown] = state.shown([BS], now=NOW)
    assert shown.rendition.card == LinkCard(url="https://x.example/a", title="x.example")
    again = ComposerState.of_update(state.update(), [BS.id])
    again.text = "See https://x.example/b"
    card = again.update().card
    assert card is not None
    assert card.url == "https://x.example/b"
    again.text = "No link"
    assert again.update().card is None
    assert first_link("nothing") == ""


def test_who_keeps_the_time_stands_on_each_channel() -> None:
    state = ComposerState(text="x", title="T", channels=[MA.id, BS.id], publish_at=NOW + timedelta(hours=1))
    kept, ours = state.shown([MA, BS], now=NOW)
    assert when_words(kept, "Mastodon", NOW)[1:] == ("Mastodon keeps the time", "chip-ok")
    assert when_words(ours, "Bluesky", NOW)[1:] == ("Postroom has to be running then", "chip-owed")
    assert things([kept, ours]) == 0  # it is said on the chip, and there is nothing to do about it


def photo(size_bytes: int = 100, kind: str = "image/jpeg") -> Media:
    return Media(path="/x", mime_type=kind, alt_text="A bridge", size_bytes=size_bytes)


def test_what_becomes_of_pictures_is_said_for_each_channel() -> None:
    assert most_pictures([MA, BS]) == 4
    assert most_pictures([]) == 4
    assert [(c.title, n) for c, n in takes_fewer(3, [MA, BS])] == [("Bluesky", 2)]
    assert changed_for(photo(901), [MA, BS]) == [MA]
    assert changed_for(photo(9, "image/png"), [MA, BS]) == [BS]
    assert changed_for(photo(9_999, "image/gif"), [MA, BS]) == []  # a moving one is refused, not made smaller
    words = picture_words([photo(901), photo(), photo(902)], [MA, BS], 4)
    assert words == "Bluesky takes 2 pictures. Pictures 1 and 3 are made to fit Mastodon."
    assert picture_words([photo()] * 4, [MA], 4) == "No more than 4 pictures here."
    assert picture_words([], [MA], 4) == ""


def test_the_same_words_on_three_channels_are_one_thing_to_look_at() -> None:
    state = ComposerState(text="x", title="T", channels=[MA.id, BS.id, BLOG.id])
    state.pictures = [Picture(media=replace(photo(), alt_text=""))]
    assert things(state.shown([MA, BS, BLOG], now=NOW)) == 1


def test_a_title_is_shown_where_there_are_titles() -> None:
    state = ComposerState(text="x", title="T", channels=[MA.id, BLOG.id])
    assert [s.rendition.title for s in state.shown([MA, BLOG], now=NOW)] == ["", "T"]
