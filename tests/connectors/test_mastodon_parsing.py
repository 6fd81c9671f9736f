"""Mastodon's JSON as messages: the recordings, and every trap of mastodon.md sections 3, 6 and 7."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from inbox.connectors.mastodon.content import comparable, shown, text_of
from inbox.connectors.mastodon.parsing import (
    fingerprint,
    is_scheduled,
    message_from_notification,
    message_from_scheduled,
    message_from_status,
)
from inbox.model import Counts, MessageKind, MessageState, Reaction, Visibility
from tests.connectors.mastodon_recorded import FOLDER, body_of, server

JOHN = "117020565966271181"
TEST_2 = "117020566092212359"


def status(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = copy.deepcopy(body_of("status_reply"))
    return {**made, **changes}


def test_every_recorded_status_is_understood() -> None:
    seen = 0
    for path in sorted(FOLDER.glob("status_*.json")):
        body = body_of(path.stem)
        if isinstance(body, dict) and "account" in body:
            assert message_from_status(body, server()).kind is not MessageKind.UNREADABLE, path.stem
            seen += 1
    assert seen >= 8


def test_our_reply() -> None:
    message = message_from_status(body_of("status_reply"), server())
    assert message.remote_id == "117020583258292382"
    assert message.ours
    assert message.kind is MessageKind.COMMENT
    assert message.parent_remote_id == "117020583245459824"
    assert message.text == "@mastodonpy_test_2 same!"
    assert message.addressees == ("@mastodonpy_test_2",), "without ourselves"
    assert message.author.handle == "admin@town.example"
    assert message.created_at == datetime(2026, 8, 1, 13, 53, 15, 910_000, tzinfo=UTC)


def test_mention_notification_is_its_status() -> None:
    [item] = body_of("notifications_v1")
    message = message_from_notification(item, server(JOHN))
    assert message is not None
    assert message.kind is MessageKind.MENTION
    assert message.remote_id == item["status"]["id"]
    assert message.addressees == ("@admin",)
    assert message == message_from_status(item["status"], server(JOHN), said="mention")


def test_quote_hides_the_line_that_stands_for_it() -> None:
    """Section 7: ``quote-inline`` is for servers that know no quotes."""
    message = message_from_status(body_of("status_quote"), server())
    assert message.text == "yoooooooo"
    assert "quote-inline" not in message.html
    assert message.quoted is not None
    assert message.quoted.text == "Toot!"
    assert message.quoted.withheld == ""
    assert message.kind is not MessageKind.QUOTE, "it quotes somebody else"
    ours = message_from_status(body_of("status_quote"), server(JOHN))
    assert ours.ours
    assert ours.kind is MessageKind.POST


def test_quote_of_ours_is_a_quote_with_its_context() -> None:
    body = body_of("status_quote")
    body["account"]["id"] = "somebody-else"
    message = message_from_status(body, server(JOHN))
    assert message.kind is MessageKind.QUOTE
    assert message.context_remote_id == body["quote"]["quoted_status"]["id"]


@pytest.mark.parametrize("state", ["pending", "rejected", "revoked", "deleted", "unauthorized", "blocked_domain", ""])
def test_quote_that_is_not_accepted_is_not_shown(state: str) -> None:
    """Section 7: an unknown state means: do not show."""
    quote = {**body_of("status_quote")["quote"], "state": state}
    message = message_from_status(status(quote=quote), server())
    assert message.quoted is not None
    assert message.quoted.text == ""
    assert message.quoted.withheld


def test_shallow_quote_names_the_post_only() -> None:
    message = message_from_status(status(quote={"state": "accepted", "quoted_status_id": "12"}), server())
    assert message.quoted is not None
    assert message.quoted.remote_id == "12"
    assert message.quoted.withheld


def test_warning_poll_media_and_edit_are_read() -> None:
    assert message_from_status(body_of("status_created_cw"), server()).warning == "Content warning"
    poll = message_from_status(body_of("status_with_poll"), server()).poll
    assert poll is not None
    assert [o.title for o in poll.options] == ["four twenty", "sixty-nine"]
    assert poll.multiple
    [film] = message_from_status(body_of("status_with_media"), server()).attachments
    assert (film.kind, film.description, film.width_px) == ("video", "me when a cat", 640)
    assert film.preview_url.startswith("http://localhost:3000/"), "our own server's picture"
    assert message_from_status(body_of("status_edited"), server()).edited_at is not None


def test_poll_hides_counts_until_it_ends() -> None:
    """Section 6: null counts."""
    poll = {"id": "1", "expires_at": None, "expired": False, "options": [{"title": "a", "votes_count": None}]}
    read = message_from_status(status(poll=poll), server()).poll
    assert read is not None
    assert (read.options[0].votes, read.voters, read.ends_at) == (None, None, None)


def test_boost_reactions_and_counts() -> None:
    """Section 6: a boost is a wrapper; what we show is the post inside."""
    inner = message_from_status(body_of("status_reblog")["reblog"], server())
    assert inner.text == "Toot!"
    assert inner.counts == Counts(boosts=1)
    assert inner.reacted == (Reaction.BOOST,)


def test_favourite_notification_is_our_post_with_its_counts() -> None:
    item = {"id": "7", "type": "favourite", "account": {}, "status": status(favourites_count=3)}
    message = message_from_notification(item, server())
    assert message is not None
    assert message.ours
    assert message.counts.likes == 3
    assert message_from_notification({**item, "status": None}, server()) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("public", Visibility.PUBLIC),
        ("unlisted", Visibility.UNLISTED),
        ("private", Visibility.FOLLOWERS),
        ("direct", Visibility.DIRECT),
        ("local", Visibility.FOLLOWERS),
        ("mutuals_only", Visibility.FOLLOWERS),
    ],
)
def test_unknown_visibility_is_never_taken_for_public(word: str, meant: Visibility) -> None:
    assert message_from_status(status(visibility=word), server()).visibility is meant


@pytest.mark.parametrize(
    "words",
    ["2026-08-01T13:53:15.910Z", "2026-08-01T13:53:15.910000+00:00", "2026-08-01T15:53:15.910+02:00"],
)
def test_times_of_all_servers(words: str) -> None:
    """Section 6: milliseconds and Z, or microseconds and an offset."""
    message = message_from_status(status(created_at=words), server())
    assert message.created_at == datetime(2026, 8, 1, 13, 53, 15, 910_000, tzinfo=UTC)


@pytest.mark.parametrize("number", ["01J0000000000038G7M8S80001", "AWm1Zk7bQ2fBTHXk4W", "117020583258292382999"])
def test_ids_are_words(number: str) -> None:
    """Section 3: ULIDs, base-62 flakes, numbers above 2**53; never made a number."""
    assert message_from_status(status(id=number, in_reply_to_id=number), server()).parent_remote_id == number


def test_optional_fields_may_be_missing() -> None:
    kept = {name: status()[name] for name in ("id", "created_at", "account", "content", "visibility")}
    message = message_from_status(kept, server())
    assert message.kind is MessageKind.POST
    assert message.ours
    assert message.language == ""


@pytest.mark.parametrize("kind", ["hologram", "follow", "moderation_warning", "severed_relationships", "poll"])
def test_notification_without_words_of_its_own_is_a_quiet_note(kind: str) -> None:
    """Section 4: unknown types are kept and shown plainly."""
    account = status()["account"]
    item = {"id": "20", "type": kind, "created_at": "2026-08-01T13:53:15.910Z", "account": account}
    message = message_from_notification(item, server(JOHN))
    assert message is not None
    assert message.remote_id == "notification:20"
    assert message.kind is MessageKind.NOTICE
    assert message.text
    assert message.raw


@pytest.mark.parametrize("broken", [{"status": None}, {}])
def test_mention_without_its_status_is_kept(broken: dict[str, Any]) -> None:
    item = {"id": "21", "type": "mention", "created_at": "2026-08-01T13:53:15.910Z", "account": status()["account"]}
    message = message_from_notification({**item, **broken}, server(JOHN))
    assert message is not None
    assert message.kind is MessageKind.NOTICE


@pytest.mark.parametrize("junk", [None, [], "x", {}, {"id": "5"}, {"id": "5", "account": None}, {"account": {"id": 1}}])
def test_what_cannot_be_read_is_kept_raw(junk: Any) -> None:
    for message in (message_from_status(junk, server()), message_from_notification(junk, server())):
        assert message is not None
        assert message.kind is MessageKind.UNREADABLE
        assert message.raw
        assert not message.public
    assert message_from_scheduled(junk, server()).kind is MessageKind.UNREADABLE


def test_scheduled_status_is_told_apart_by_its_shape() -> None:
    """Section 8: no ``content``."""
    body = body_of("scheduled_status")
    assert is_scheduled(body)
    assert not is_scheduled(body_of("status_reply"))
    message = message_from_scheduled(body, server())
    assert message.remote_id == "scheduled:1"
    assert message.state is MessageState.SCHEDULED
    assert message.text == "please ensure adequate headroom"


def test_filtered_is_noted() -> None:
    [item] = body_of("notifications_v1")
    message = message_from_notification({**item, "filtered": True}, server(JOHN))
    assert message is not None
    assert message.details["filtered"] == "1"


def test_pictures_and_emoji_of_strangers_hosts_are_not_offered() -> None:
    image = {"id": "1", "type": "image", "url": "https://far.example/a.png", "preview_url": "https://far.example/b.png"}
    emojis = [{"shortcode": "a", "url": "https://far.example/e.png", "static_url": "https://far.example/e.png"}]
    ours = [{"shortcode": "b", "url": "http://localhost:3000/e.gif", "static_url": "http://localhost:3000/e.png"}]
    card = {"url": "https://news.example", "title": "News", "image": "https://far.example/c.png"}
    message = message_from_status(status(media_attachments=[image], emojis=[*emojis, *ours], card=card), server())
    assert message.attachments[0].preview_url == ""
    assert [(e.code, e.url) for e in message.emojis] == [("b", "http://localhost:3000/e.png")], "the still one"
    assert message.card is not None
    assert (message.card.title, message.card.image_url) == ("News", "")


def test_display_name_is_plain_text() -> None:
    """Section 7: a name with a tag in it shows the tag."""
    account = {**status()["account"], "display_name": "  <b>Vera</b> &amp;\n :blobcat: "}
    assert message_from_status(status(account=account), server()).author.name == "<b>Vera</b> &amp; :blobcat:"


def test_fingerprint_changes_with_counts_and_edits_only() -> None:
    assert fingerprint(status()) == fingerprint(status(card={"url": "x"}))
    assert fingerprint(status()) != fingerprint(status(favourites_count=9))
    assert fingerprint(status()) != fingerprint(status(edited_at="2026-08-01T13:53:15.910Z"))


# --- content ---

LINK = (
    '<p>See <a href="https://www.council.example/roads/2026/works?x=1&amp;y=2" rel="nofollow"><span class="invisible">'
    'https://www.</span><span class="ellipsis">council.example/roads/20</span><span class="invisible">26/works?x=1&amp;'
    "y=2</span></a> now</p>"
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>a<br />b</p><p>c</p>", "a\nb\n\nc"),
        (LINK, "See https://www.council.example/roads/2026/works?x=1&y=2 now"),
        ('<p><a href="https://fedi.example/map">the map</a></p>', "the map (https://fedi.example/map)"),
        ('<p><a href="https://fedi.example/">fedi.example</a></p>', "fedi.example"),
        ('<p><a href="javascript:alert(1)">here</a> <a href="gemini://x">there</a></p>', "here there"),
        ('<p>#<a href="https://h/tags/roads" class="mention hashtag" rel="tag">#<span>roads</span></a></p>', "##roads"),
        ("<ul><li>day</li><li>night</li></ul>", "• day\n• night"),
        ("<blockquote><p>closed to <em>all</em> traffic</p></blockquote><p>so</p>", "closed to all traffic\n\nso"),
        ("<pre><code>A &lt; B\n  C</code></pre>", "A < B\n  C"),
        ("<p>:blobcat: 5 &gt; 3 &amp;amp;</p>", ":blobcat: 5 > 3 &amp;"),
        ("<p>a\n  b</p>", "a b"),
        ("<p>unclosed <b>bold", "unclosed bold"),
        ("<script>bad()</script><p>good</p>", "good"),
        ("", ""),
    ],
)
def test_markup_as_plain_text(markup: str, text: str) -> None:
    assert text_of(markup) == text


def test_mention_is_written_with_its_whole_handle() -> None:
    """Two writings of one address: the name decides, unless two have it."""
    link = '<a href="https://far.example/@vera" class="u-url mention">@<span>vera</span></a>'
    markup = f'<p><span class="h-card">{link}</span> hi</p>'
    assert text_of(markup, {"https://far.example/@vera": "vera@far.example"}) == "@vera@far.example hi"
    assert text_of(markup, {"https://far.example/users/vera": "vera@far.example"}) == "@vera@far.example hi"
    two = {"https://a.example/1": "vera@a.example", "https://b.example/1": "vera@b.example"}
    assert text_of(markup, two) == "@vera hi"


def test_shown_markup_cuts_long_addresses() -> None:
    assert "council.example/roads/20…" in shown(LINK)
    assert "invisible" not in shown(LINK)
    assert 'href="https://www.council.example/roads/2026/works?x=1&amp;y=2"' in shown(LINK)


def test_comparison_forgives_what_a_server_changes() -> None:
    assert comparable("@vera@far.example  hello\n\nyou") == comparable("@vera hello you")
    assert comparable("hello you") != comparable("hello  me")
