"""X's JSON as values: recorded answers, both vocabularies, and the shapes of x.md section 7."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.connectors.x.direct import message_from_event
from inbox.connectors.x.parsing import Person, message_from_post
from inbox.connectors.x.snowflake import at, newer, time_of
from inbox.connectors.x.words import same_words
from inbox.model import Capability, MessageKind, MessageState, Reaction, Visibility
from tests.connectors.x_recorded import US, recorded, us

PEOPLE = {"2222222222222222222": Person(username="pat_example", name="Pat Example")}


def post(**parts: Any) -> dict[str, Any]:
    made = {
        "id": "2107184236008718446", "text": "@ExampleOrg hello", "author_id": "2222222222222222222",
        "conversation_id": "2107184236008718446", "created_at": "2026-10-05T19:00:46.000Z",
        "edit_history_tweet_ids": ["2107184236008718446"], "display_text_range": [0, 17],
        "entities": {"mentions": [{"start": 0, "end": 11, "username": "ExampleOrg", "id": US}]},
    }  # fmt: skip
    return {k: v for k, v in {**made, **parts}.items() if v is not None}


def named(start: int) -> dict[str, Any]:
    return {"mentions": [{"start": start, "end": start + 11, "username": "ExampleOrg", "id": US}]}


def answer(**parts: Any) -> dict[str, Any]:
    """An answer below a post of ours, as X writes it when its author typed no name."""
    return post(**{
        "text": "@ExampleOrg and where?", "in_reply_to_user_id": US, "conversation_id": "2107000000000000000",
        "referenced_tweets": [{"type": "replied_to", "id": "2107000000000000000"}], "display_text_range": [12, 22],
        **parts,
    })  # fmt: skip


# --- both vocabularies ---


def test_both_vocabularies_say_the_same() -> None:
    pair = recorded("dialect_pair_synthetic")
    messages = [message_from_post(pair[name]["json"]["data"][0], us(), PEOPLE) for name in ("classic", "new")]
    first, second = ({k: getattr(m, k) for k in m.__slots__ if k != "raw"} for m in messages)
    assert first == second
    assert first["text"] == "@ExampleOrg is the office open on Friday? 👋 https://example.org/hours"
    assert first["html"].endswith('👋 <a href="https://t.co/abc123DEF4">example.org/hours</a>')
    assert (first["kind"], first["author"].name) == (MessageKind.MENTION, "Pat Example")
    assert first["counts"].likes == 2


def everything(value: Any) -> Iterator[dict[str, Any]]:
    """All posts in a recorded answer, however deep."""
    if isinstance(value, dict):
        if "text" in value and "id" in value and "event_type" not in value and "dm_conversation_id" not in value:
            yield value
        for inner in value.values():
            yield from everything(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from everything(inner)


@pytest.mark.parametrize(
    "name",
    ["recorded_interactions_classic", "docs_examples_classic", "post_objects_classic_rich", "activity_events"],
)
def test_every_recorded_post_is_read(name: str) -> None:
    posts = [p for p in everything(recorded(name)) if str(p["id"]).isdecimal()]
    assert posts
    for item in posts:
        message = message_from_post({"author_id": "7", **item}, us(), {})
        assert message.kind is not MessageKind.UNREADABLE
        chain = item.get("edit_history_tweet_ids") or [item["id"]]
        assert message.remote_id == chain[0]
        assert json.loads(message.raw)["id"] == item["id"]
        assert message.text or not item["text"].replace("https://t.co/", "").strip() or message.attachments
        assert "&amp;" not in message.text
        assert message.created_at.tzinfo is UTC
        if str(item.get("text", "")).startswith("RT @") or "note_tweet" in item:
            continue
        for url in (item.get("entities") or {}).get("urls", ()):
            shown = url["expanded_url"] in message.text or url.get("media_key") or "/status/" in url["expanded_url"]
            assert shown or url["url"] not in item["text"], "a link was lost"


def test_recorded_direct_messages_are_read() -> None:
    found = [
        event
        for pair in recorded("recorded_interactions_classic")
        if "dm_events" in pair["request"]["uri"]
        for event in pair["response"]["json"].get("data", ())
    ]
    assert found
    for event in found:
        message = message_from_event({"dm_conversation_id": "1-2", "sender_id": "7", **event}, us(), {})
        assert (message.kind, message.visibility) == (MessageKind.DIRECT, Visibility.DIRECT)
        assert message.text == event["text"]
        assert message.remote_id == f"dm:1-2:{event['id']}"


def test_what_cannot_be_understood_is_kept() -> None:
    for odd in ({}, {"id": "12"}, "words", None, [1]):
        message = message_from_post(odd, us(), {})
        assert message.kind is MessageKind.UNREADABLE
        assert json.loads(message.raw) == odd
    assert message_from_event({"id": "5", "event_type": "Hologram"}, us(), {}).kind is MessageKind.NOTICE
    assert message_from_event("odd", us(), {}).kind is MessageKind.UNREADABLE


# --- words ---


def test_escaped_once_and_offsets_by_code_points() -> None:
    text = "👋👩‍👩‍👧 Tea &amp; cake &lt;b&gt; https://t.co/abc123DEF4 #water $GOLD"

    def at(piece: str) -> dict[str, int]:
        return {"start": text.index(piece), "end": text.index(piece) + len(piece)}

    url = {"url": "https://t.co/abc123DEF4", "expanded_url": "https://a.example/?a=1&b=2"}
    item = post(
        text=text,
        display_text_range=None,
        entities={
            "urls": [{**at("https://t.co/abc123DEF4"), **url, "display_url": "a.example/?a=1&b=2"}],
            "hashtags": [{**at("#water"), "tag": "water"}],
            "cashtags": [{**at("$GOLD"), "tag": "GOLD"}],
        },
    )
    message = message_from_post(item, us(), PEOPLE)
    assert message.text == "👋👩‍👩‍👧 Tea & cake <b> https://a.example/?a=1&b=2 #water $GOLD"
    assert '<a href="https://t.co/abc123DEF4">a.example/?a=1&amp;b=2</a>' in message.html
    assert '<a href="https://x.com/hashtag/water">#water</a>' in message.html
    assert '<a href="https://x.com/search?q=%24GOLD">$GOLD</a>' in message.html
    assert "<b>" not in message.html


def test_a_long_post_is_read_whole() -> None:
    long = {"text": "word " * 90 + "@ExampleOrg", "entities": named(450)}
    for name in ("note_tweet", "note_post"):
        message = message_from_post(
            post(text="word word… https://t.co/abc123DEF4", entities={}, **{name: long}), us(), {}
        )
        assert message.text.endswith("@ExampleOrg")
        assert Capability.REPLY not in message.denied


def test_pictures_stand_beside_the_words() -> None:
    address = "https://x.com/pat_example/status/2107184236008718446/photo/1"
    item = post(
        text="@ExampleOrg look https://t.co/abc123DEF4", attachments={"media_keys": ["3_1"]},
        entities={**named(0), "urls": [{"start": 17, "end": 40, "url": "https://t.co/abc123DEF4",
                                        "expanded_url": address, "media_key": "3_1"}]},
    )  # fmt: skip
    message = message_from_post(item, us(), PEOPLE)
    assert message.text == "@ExampleOrg look"
    assert [a.url for a in message.attachments] == [address]


def test_a_card_takes_pictures_from_x_alone() -> None:
    def carded(image: str) -> str:
        url = {"start": 0, "end": 23, "url": "https://t.co/abc123DEF4", "expanded_url": "https://a.example/",
               "title": "A", "description": "B", "images": [{"url": image}]}  # fmt: skip
        card = message_from_post(post(text="https://t.co/abc123DEF4", entities={"urls": [url]}), us(), {}).card
        assert card is not None
        return card.image_url

    assert carded("https://pbs.twimg.com/news_img/1.jpg") == "https://pbs.twimg.com/news_img/1.jpg"
    assert carded("https://a.example/1.jpg") == ""
    assert carded("https://eviltwimg.com/1.jpg") == ""


def test_the_same_words_however_links_are_written() -> None:
    assert same_words("See example.org/a  and\ngo", "See http://example.org/a and go")
    assert not same_words("See example.org/a", "See http://example.org/b")
    assert not same_words("See it", "See it too")


# --- what may be done ---


def test_a_program_may_answer_those_who_named_us_on_purpose() -> None:
    assert Capability.REPLY not in message_from_post(post(), us(), {}).denied
    assert Capability.REPLY in message_from_post(answer(entities=named(0)), us(), {}).denied
    twice = answer(
        text="@ExampleOrg hey @ExampleOrg where?",
        entities={"mentions": [*named(0)["mentions"], *named(16)["mentions"]]},
    )
    assert Capability.REPLY not in message_from_post(twice, us(), {}).denied
    unsaid = answer(entities=named(0), display_text_range=None)
    assert Capability.REPLY in message_from_post(unsaid, us(), {}).denied, "the range may be missing"
    quote = post(
        text="Well well https://t.co/abc123DEF4", referenced_tweets=[{"type": "quoted", "id": "2107000000000000000"}],
        entities={"urls": [{"start": 10, "end": 33, "url": "https://t.co/abc123DEF4",
                            "expanded_url": "https://twitter.com/exampleorg/status/2107000000000000000"}]},
    )  # fmt: skip
    quoting = message_from_post(quote, us(), {})
    assert quoting.kind is MessageKind.QUOTE
    assert Capability.REPLY not in quoting.denied
    assert (quoting.text, quoting.quoted and quoting.quoted.remote_id) == ("Well well", "2107000000000000000")


def test_names_that_x_put_before_an_answer_are_not_its_words() -> None:
    message = message_from_post(answer(entities=named(0)), us(), PEOPLE)
    assert message.text == "and where?"
    assert (message.kind, message.parent_remote_id) == (MessageKind.COMMENT, "2107000000000000000")


def test_answers_below_our_own_posts_can_be_hidden() -> None:
    assert Capability.HIDE not in message_from_post(answer(), us(), {}).denied
    assert Capability.HIDE in message_from_post(post(), us(), {}).denied
    assert Capability.HIDE in message_from_post(answer(in_reply_to_user_id="9"), us(), {}).denied
    own = message_from_post(post(author_id=US), us(), {})
    assert own.ours
    assert Capability.HIDE in own.denied


def test_an_edit_is_the_same_message_with_other_words() -> None:
    chain = ["2107184236008718446", "2107184436008718446"]
    before = message_from_post(post(), us(), {})
    after = message_from_post(
        post(id=chain[1], edit_history_tweet_ids=chain, created_at="2026-10-05T19:01:34.000Z", text="@ExampleOrg hi"),
        us(),
        {},
    )
    assert before.remote_id == after.remote_id == chain[0]
    assert after.created_at == before.created_at
    assert after.edited_at == datetime(2026, 10, 5, 19, 1, 34, tzinfo=UTC)
    assert after.details["id"] == chain[1]


def test_what_is_withheld_everywhere_is_not_shown() -> None:
    gone = message_from_post(post(withheld={"copyright": True, "country_codes": ["XX"]}), us(), {})
    assert (gone.text, gone.html) == ("", "")
    assert gone.warning
    there = message_from_post(post(withheld={"copyright": False, "country_codes": ["DE"]}), us(), {})
    assert there.text
    assert "DE" in there.warning
    assert message_from_post(post(possibly_sensitive=True), us(), {}).warning


def test_reposts_and_likes_are_counted_in_both_spellings() -> None:
    for name in ("retweet_count", "repost_count"):
        assert message_from_post(post(public_metrics={name: 3, "like_count": 2}), us(), {}).counts.boosts == 3
    assert message_from_post(post(public_metrics={"retweet_count": "many"}), us(), {}).counts.boosts == 0
    assert Reaction.LIKE not in message_from_post(post(), us(), {}).reacted
    assert message_from_post(post(), us(), {}).state is MessageState.PUBLISHED


# --- ids ---


def test_ids_tell_the_time() -> None:
    said_at = time_of("2107184236008718446")
    assert said_at is not None
    assert said_at.replace(microsecond=0) == datetime(2026, 10, 5, 19, 0, 46, tzinfo=UTC)
    assert time_of(at(said_at)) == said_at.replace(microsecond=said_at.microsecond // 1000 * 1000)
    assert time_of("20") is None
    assert time_of("x") is None
    assert newer("1000", "999")
    assert newer("5", "")
    assert not newer("999", "1000")
