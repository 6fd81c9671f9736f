"""A post, approved here once, as it comes to stand at the blog: at its time, with its picture and its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pytestqt.qtbot import QtBot

from inbox.connectors.wordpress.polling import ENTRIES_EVERY_S
from inbox.errors import Rejected
from inbox.model import Media, MessageState, Update, UpdateKind
from inbox.store import reading
from tests.servers.journeys.inbox import PATIENCE_S, Inbox, inbox_in
from tests.servers.journeys.picture import png
from tests.servers.journeys.seen import window_over
from tests.servers.journeys.truth import assert_sound, differences
from tests.servers.wordpress_http import signed_in
from tests.servers.wordpress_site import WordPressSite

ALT = 'The harbour at "dawn" & calm 🌅'
TEXT = "Come & see <what> is 'new'.\n\nTwo lines\nhere: https://example.org/a?x=1&y=2 [gallery]"


@pytest.fixture
def inbox(clean_site: WordPressSite, tmp_path: Path) -> Iterator[Inbox]:
    with inbox_in(tmp_path / "home") as made:
        made.sign_in(clean_site)
        made.sync()
        made.send_at_once()
        yield made


def opening(inbox: Inbox, picture: Path) -> Update:
    return Update(
        kind=UpdateKind.POST,
        title="Harbour café <opens> & stays open 🎉",
        text=TEXT,
        excerpt="Soon & for long",
        media=(Media(path=str(picture), mime_type="image/png", alt_text=ALT, size_bytes=picture.stat().st_size),),
        categories=("Projects & plans", "Uncategorized"),
        tags=("harbour", "Q&A"),
        publish_at=inbox.clock.now().replace(microsecond=0) + timedelta(days=2),
    )


def test_a_scheduled_post_appears_at_its_time(
    inbox: Inbox, clean_site: WordPressSite, tmp_path: Path, qtbot: QtBot
) -> None:
    update = opening(inbox, png(tmp_path / "harbour.png"))
    [delivery_id] = inbox.engine.publish(update, [inbox.channel_id]).result(PATIENCE_S)
    delivery = inbox.wait_for(delivery_id)
    number = int(delivery.remote_id.removeprefix("post:"))

    # left with the blog: by SQL ...
    assert update.publish_at is not None
    due = update.publish_at.strftime("%Y-%m-%d %H:%M:%S")
    columns = "SELECT post_status, post_date_gmt, post_title, post_excerpt, comment_status FROM wp_posts WHERE ID = ?"
    title = "Harbour café &lt;opens&gt; &amp; stays open 🎉"
    [(status, at, stored_title, excerpt, comments)] = clean_site.sql(columns, number)
    assert (status, at, comments) == ("future", due, "open")
    assert str(stored_title).replace("&amp;", "&") == title.replace("&amp;", "&")
    assert str(excerpt).replace("&amp;", "&") == "Soon & for long"
    assert terms(clean_site, number) == {
        ("category", "Projects &amp; plans"),
        ("category", "Uncategorized"),
        ("post_tag", "harbour"),
        ("post_tag", "Q&amp;A"),
    }
    # ... and by REST, as another program reads it
    with signed_in(clean_site) as client:
        post = client.get(f"{clean_site.api}wp/v2/posts/{number}", params={"context": "edit"}).json()
        picture = client.get(f"{clean_site.api}wp/v2/media/{post['featured_media']}", params={"context": "edit"}).json()
    assert picture["alt_text"] == ALT
    assert picture["mime_type"] == "image/png"
    assert (picture["media_details"]["width"], picture["media_details"]["height"]) == (320, 180)
    assert post["content"]["raw"].count("<!-- wp:paragraph -->") == 2
    assert "&lt;what&gt;" in post["content"]["raw"]
    assert '<a href="https://example.org/a?x=1&amp;y=2">' in post["content"]["raw"]

    # here: scheduled, among our posts
    stored = inbox.message(delivery.remote_id)
    assert stored.message.state is MessageState.SCHEDULED
    assert stored.message.title == update.title
    assert not visible(clean_site, number)
    with window_over(inbox, qtbot) as seen:
        seen.go_to("published", stored.conversation_id)
        seen.picture("post-scheduled")

        # its time comes; the blog's own clockwork publishes it
        clean_site.admin.make_due(number)
        clean_site.cron()
        assert visible(clean_site, number)
        inbox.later(ENTRIES_EVERY_S)
        inbox.sync()
        seen.until(lambda: inbox.message(delivery.remote_id).message.state is MessageState.PUBLISHED)
        seen.until(lambda: seen.window.conversation.row is not None and "?p=" not in _url_shown(seen.window))
        seen.picture("post-published")
    stored = inbox.message(delivery.remote_id)
    assert httpx.URL(stored.message.url).path.count("/") > 2, "the link a reader may be given"
    assert stored.message.ours
    assert differences(inbox.store, inbox.channel_id, clean_site) == []
    assert_sound(inbox.store)


def test_a_question_below_our_post_shows_the_post(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    update = Update(kind=UpdateKind.POST, title="Lake closed on Monday", text="For cleaning.\n\nOpen again on Tuesday.")
    [delivery_id] = inbox.engine.publish(update, [inbox.channel_id]).result(PATIENCE_S)
    delivery = inbox.wait_for(delivery_id)
    number = clean_site.comment(int(delivery.remote_id.removeprefix("post:")), "Łukasz Żółć", "And the café there?")
    inbox.sync()
    row = inbox.row(inbox.comment(number))
    assert (row.place, row.context_title, row.held) == ("owed", "Lake closed on Monday", 1)
    context = reading.context(inbox.store, row)
    assert context is not None
    assert context.message.text == "For cleaning.\n\nOpen again on Tuesday."
    with window_over(inbox, qtbot) as seen:
        seen.go_to("owed", row.id)
        seen.picture("question-below-our-post")


def test_a_false_picture_is_refused_before_anything_leaves(
    inbox: Inbox, clean_site: WordPressSite, tmp_path: Path
) -> None:
    fake = tmp_path / "not-a-picture.png"
    fake.write_text("this is text")
    update = Update(
        kind=UpdateKind.POST, title="With a false picture", text="x",
        media=(Media(path=str(fake), mime_type="image/png", alt_text="false"),),
    )  # fmt: skip
    with pytest.raises(Rejected, match="cannot be read as a picture"):
        inbox.engine.publish(update, [inbox.channel_id]).result(PATIENCE_S)
    assert clean_site.sql("SELECT count(*) FROM wp_posts WHERE post_title = 'With a false picture'") == [(0,)]


def terms(site: WordPressSite, post: int) -> set[tuple[str, str]]:
    rows = site.sql(
        "SELECT x.taxonomy, t.name FROM wp_term_relationships r JOIN wp_term_taxonomy x USING (term_taxonomy_id)"
        " JOIN wp_terms t USING (term_id) WHERE r.object_id = ?",
        post,
    )
    return {(str(kind), str(name)) for kind, name in rows}


def visible(site: WordPressSite, post: int) -> bool:
    """Whether anybody passing by can read it."""
    with httpx.Client(trust_env=False, timeout=30, follow_redirects=True) as visitor:
        return visitor.get(f"{site.url}?p={post}").status_code == 200


def _url_shown(window) -> str:  # type: ignore[no-untyped-def]
    return str(window.conversation._messages[0].message.url) if window.conversation._messages else "?p="
