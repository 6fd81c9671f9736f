"""How a delivery stands, in words; no widget."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inbox.model import ChannelId, Delivery, DeliveryId, DeliveryState, Rendition, UpdateId, UpdateKind
from ui.outbox.standing import Around, Deed, Mark, first_words, standing

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
AROUND = Around(place="Town blog", network="WordPress")


def delivery(state: DeliveryState = DeliveryState.QUEUED, **others: object) -> Delivery:
    rendition = Rendition(kind=UpdateKind.POST, text="On Monday.", title="Library opens")
    return Delivery(
        id=DeliveryId(1), update_id=UpdateId(1), channel_id=ChannelId("a"), rendition=rendition, key="k", state=state,
        **others,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("left_s", "words"), [(8, "leaves in 8 s"), (7.2, "leaves in 8 s"), (0.1, "leaves in 1 s"), (0, "leaves now")]
)
def test_the_last_minute_is_counted_in_seconds(left_s: float, words: str) -> None:
    how = standing(delivery(not_before_at=NOW + timedelta(seconds=left_s)), AROUND, NOW)
    assert how.words == words
    assert how.counting is (left_s > 0)
    assert Deed.UNDO in how.deeds


def test_a_long_wait_names_the_time_of_day() -> None:
    at = NOW + timedelta(minutes=20)
    how = standing(delivery(not_before_at=at, attempts=2, words="The server is away"), AROUND, NOW)
    assert how.words == f"tries again at {at.astimezone():%H:%M}"
    assert how.reason == "The server is away"


def test_what_it_waits_for_is_named() -> None:
    waiting = delivery(not_before_at=NOW + timedelta(seconds=5))
    signed_out = standing(waiting, replace(AROUND, signed_in=False, offline=True), NOW)
    assert (signed_out.words, signed_out.mark) == ("waits for sign-in", Mark.LOCKED)
    assert signed_out.deeds == (Deed.SIGN_IN, Deed.UNDO)
    assert "Town blog" in signed_out.hint
    assert standing(waiting, replace(AROUND, offline=True), NOW).words == "waits for the network"
    assert standing(waiting, replace(AROUND, paused=True), NOW).words == "waits, sending is paused"


def test_what_left_cannot_be_taken_back() -> None:
    sending = standing(delivery(DeliveryState.SENDING), AROUND, NOW)
    assert (sending.words, sending.deeds) == ("sending", ())
    sent = standing(delivery(DeliveryState.SENT, sent_at=NOW, url="https://x.example"), AROUND, NOW)
    assert sent.words == f"sent {NOW.astimezone():%H:%M}"
    assert sent.deeds == (Deed.OPEN, Deed.COPY)
    assert standing(delivery(DeliveryState.SENT, sent_at=NOW), AROUND, NOW).deeds == ()


def test_what_the_network_keeps_until_its_time_is_scheduled() -> None:
    kept = delivery(DeliveryState.SENT, sent_at=NOW)
    kept = replace(kept, rendition=replace(kept.rendition, publish_at=NOW + timedelta(hours=1)))
    how = standing(kept, AROUND, NOW)
    assert how.words.startswith("scheduled for Fri 20 Nov, ")
    assert how.mark is Mark.SCHEDULED
    assert "WordPress keeps the time" in how.hint
    assert standing(kept, AROUND, NOW + timedelta(hours=2)).mark is Mark.SENT


def test_trouble_says_why_and_what_to_do() -> None:
    refused = standing(delivery(DeliveryState.REJECTED, words="Too long", hint="Shorten it"), AROUND, NOW)
    assert (refused.reason, refused.hint, refused.deeds[0]) == ("Too long", "Shorten it", Deed.EDIT)
    unknown = standing(delivery(DeliveryState.UNKNOWN, words="The answer was lost"), AROUND, NOW)
    assert unknown.deeds == (Deed.LOOK_AGAIN, Deed.IS_THERE, Deed.IS_NOT_THERE)
    assert unknown.hint


def test_first_words_are_one_line_of_title_or_text() -> None:
    one = delivery()
    assert first_words(one) == "Library opens"
    long = replace(one, rendition=replace(one.rendition, title="", text="a\n\nb " + "c" * 200))
    assert first_words(long).startswith("a b ccc")
    assert len(first_words(long)) == 120
