"""The WordPress connector against a real blog: moderating, answering and publishing, each exactly once."""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.errors import NotAllowed, NotFound, OutcomeUnknown, RateLimited, Rejected, SignInNeeded, Unsupported
from inbox.model import Capability, Media, Message, MessageState, Moderation, Rendition, UpdateKind
from tests.servers.waiting import until
from tests.servers.wordpress_admin import ImportedComment
from tests.servers.wordpress_desk import Desk, comments_in, desk_at, reply_to
from tests.servers.wordpress_http import FIRST_POST, stored
from tests.servers.wordpress_site import WordPressSite

AGENT = "Mozilla/5.0 (visitor)"


@pytest.fixture
async def desk(clean_site: WordPressSite) -> AsyncIterator[Desk]:
    made = await desk_at(clean_site)
    await made.read()
    yield made
    await made.http.aclose()


@pytest.fixture
async def held(desk: Desk, clean_site: WordPressSite) -> Message:
    """A visitor's comment, waiting."""
    number = clean_site.comment(FIRST_POST, "Vera", "When does it open?")
    await desk.read()
    return desk.held[f"comment:{number}"]


@pytest.fixture
async def question(desk: Desk, held: Message) -> Message:
    """The same, approved."""
    return await desk.connector.moderate(desk.channel, held, Moderation.APPROVE)


def number_of(message: Message) -> int:
    return int(message.remote_id.partition(":")[2])


def png(path: Path, width: int = 16, height: int = 9) -> Path:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"".join(b"\0" + b"\x20\x60\xa0" * width for _ in range(height)))
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return path


def posts_in(site: WordPressSite) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = [
        *site.sql("SELECT ID, post_status, post_name FROM wp_posts WHERE post_type = 'post' AND ID > 1 ORDER BY ID")
    ]
    return rows


# --- moderating ---


async def test_trap_4_visitors_browser_survives_every_moderation(
    desk: Desk, held: Message, clean_site: WordPressSite
) -> None:
    steps = [
        (Moderation.APPROVE, MessageState.PUBLISHED),
        (Moderation.HOLD, MessageState.HELD),
        (Moderation.APPROVE, MessageState.PUBLISHED),
        (Moderation.SPAM, MessageState.SPAM),
        (Moderation.UNSPAM, MessageState.PUBLISHED),
        (Moderation.TRASH, MessageState.TRASHED),
        (Moderation.RESTORE, MessageState.PUBLISHED),
    ]
    message = held
    for action, state in steps:
        message = await desk.connector.moderate(desk.channel, message, action)
        again = await desk.connector.moderate(desk.channel, message, action)  # safe to repeat
        assert (message.state, again.state) == (state, state), action
        assert stored(clean_site, number_of(held), "comment_agent") == AGENT, action
    assert message.author == held.author


async def test_trap_5_restoring_what_is_not_in_the_trash_leaves_it_public(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    for action in (Moderation.RESTORE, Moderation.UNSPAM):
        after = await desk.connector.moderate(desk.channel, question, action)
        assert after.state is MessageState.PUBLISHED
    assert stored(clean_site, number_of(question), "comment_approved") == "1"
    # as we believe it in the trash, but somebody took it out
    stale = replace(question, state=MessageState.TRASHED)
    assert (await desk.connector.moderate(desk.channel, stale, Moderation.RESTORE)).state is MessageState.PUBLISHED


async def test_comment_of_a_trashed_post_cannot_be_restored_alone(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    clean_site.admin.trash_post(FIRST_POST)
    with pytest.raises(Rejected, match="restore the post first"):
        await desk.connector.moderate(desk.channel, question, Moderation.APPROVE)
    post = await desk.connector.moderate(desk.channel, desk.held[f"post:{FIRST_POST}"], Moderation.RESTORE)
    assert post.state is MessageState.DRAFT
    # WordPress leaves the comments of a post that is restored through REST where they were: each comes out by itself,
    # held, as nobody can say whether it was public before.
    restored = await desk.connector.moderate(desk.channel, question, Moderation.RESTORE)
    assert restored.state is MessageState.HELD
    approved = await desk.connector.moderate(desk.channel, restored, Moderation.APPROVE)
    assert approved.state is MessageState.PUBLISHED
    assert approved.details["user_agent"] == AGENT


async def test_post_goes_to_the_trash_and_back(desk: Desk, clean_site: WordPressSite) -> None:
    post = desk.held[f"post:{FIRST_POST}"]
    for _ in range(2):
        trashed = await desk.connector.moderate(desk.channel, post, Moderation.TRASH)
        assert trashed.state is MessageState.TRASHED
    for _ in range(2):
        assert (await desk.connector.moderate(desk.channel, post, Moderation.RESTORE)).state is MessageState.DRAFT
    with pytest.raises(Unsupported):
        await desk.connector.moderate(desk.channel, post, Moderation.SPAM)


async def test_deleting_for_good_may_be_repeated(desk: Desk, question: Message, clean_site: WordPressSite) -> None:
    for _ in range(2):
        await desk.connector.delete(desk.channel, question)
    assert question.remote_id not in comments_in(clean_site)
    with pytest.raises(NotFound):
        await desk.connector.moderate(desk.channel, question, Moderation.APPROVE)
    desk.clock.forward(300)
    assert not (await desk.read())[-1].drifted


async def test_blog_without_trash_refuses_instead_of_deleting(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    plugin = clean_site.directory / "www/wp-content/mu-plugins/no-trash.php"
    plugin.write_text("<?php define('EMPTY_TRASH_DAYS', 0);")
    try:
        with pytest.raises(Rejected, match="no trash"):
            await desk.connector.moderate(desk.channel, question, Moderation.TRASH)
    finally:
        plugin.unlink()
    assert question.remote_id in comments_in(clean_site)


async def test_undeclared_is_refused_before_any_request(desk: Desk, question: Message) -> None:
    reader = replace(desk.channel, capabilities=Capability.FETCH)
    await desk.http.aclose()  # any request would now be an error of another kind
    with pytest.raises(Unsupported):
        await desk.connector.moderate(reader, question, Moderation.APPROVE)
    with pytest.raises(Unsupported):
        await desk.connector.publish(reader, reply_to(number_of(question), "x"), "k")


# --- answers ---


async def test_trap_10_answer_is_threaded_and_shows_what_was_typed(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    typed = 'Yes & no: <script>alert(1)</script> 5 < 6 "so"\n\nSee https://example.org/hours?a=1&b=2 😀'
    receipt = await desk.connector.publish(desk.channel, reply_to(number_of(question), typed, FIRST_POST), "key-1")
    assert (receipt.state, receipt.pending) == (MessageState.PUBLISHED, False)
    number = int(receipt.remote_id.partition(":")[2])
    assert stored(clean_site, number, "comment_parent") == number_of(question)
    assert "<script" not in str(stored(clean_site, number, "comment_content"))
    await desk.read()
    shown = desk.held[receipt.remote_id]
    assert shown.ours
    assert shown.parent_remote_id == question.remote_id
    assert shown.context_remote_id == f"post:{FIRST_POST}"
    assert shown.text.replace("“", '"').replace("”", '"') == typed
    assert 'href="https://example.org/hours?a=1&amp;b=2"' in shown.html.replace("&#038;", "&amp;")
    assert receipt.message is not None
    assert (receipt.message.text, receipt.message.url) == (shown.text, shown.url)


async def test_same_answer_again_finds_the_first(desk: Desk, question: Message, clean_site: WordPressSite) -> None:
    rendition = reply_to(number_of(question), "We open at nine & close at five <3", FIRST_POST)
    before = len(comments_in(clean_site))
    assert await desk.connector.find(desk.channel, desk.delivery(rendition, "k")) is None
    first = await desk.connector.publish(desk.channel, rendition, "k")
    second = await desk.connector.publish(desk.channel, rendition, "k")
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, "k"))
    assert found is not None
    assert first.remote_id == second.remote_id == found.remote_id
    assert len(comments_in(clean_site)) == before + 1


async def test_trap_9_parent_is_looked_at_before_anything_is_sent(
    desk: Desk, held: Message, clean_site: WordPressSite
) -> None:
    other = clean_site.admin.add_post("Another")
    [elsewhere] = clean_site.admin.import_comments(
        other, [ImportedComment(author="B", text="there", at=datetime.now(UTC))]
    )
    before = comments_in(clean_site)
    for rendition, words in [
        (reply_to(number_of(held), "x", FIRST_POST), "approve it first"),
        (reply_to(999_999, "x", FIRST_POST), "not there any more"),
        (reply_to(elsewhere, "x", FIRST_POST), "another post"),
        (reply_to(number_of(held), " \n ", FIRST_POST), "no text"),
        (reply_to(number_of(held), "x" * 65_526, FIRST_POST), "longer than"),
    ]:
        with pytest.raises(Rejected, match=words) as error:
            await desk.connector.publish(desk.channel, rendition, "k")
        assert error.value.problems
    await desk.connector.moderate(desk.channel, held, Moderation.SPAM)
    with pytest.raises(Rejected, match="spam"):
        await desk.connector.publish(desk.channel, reply_to(number_of(held), "x"), "k")
    assert comments_in(clean_site).keys() == before.keys()


async def test_answer_on_a_closed_post_is_refused_in_words(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    clean_site.sql("UPDATE wp_posts SET comment_status = 'closed' WHERE ID = ?", FIRST_POST)
    with pytest.raises(Rejected, match="Comments are closed"):
        await desk.connector.publish(desk.channel, reply_to(number_of(question), "x"), "k")
    under = Rendition(kind=UpdateKind.REPLY, text="x", reply_to=f"post:{FIRST_POST}", context=f"post:{FIRST_POST}")
    with pytest.raises(Rejected, match="Comments are closed"):
        await desk.connector.publish(desk.channel, under, "k")


async def test_comment_of_ours_under_a_post_itself(desk: Desk, clean_site: WordPressSite) -> None:
    under = Rendition(kind=UpdateKind.REPLY, text="A word from us", reply_to=f"post:{FIRST_POST}")
    receipt = await desk.connector.publish(desk.channel, under, "k")
    assert stored(clean_site, int(receipt.remote_id.partition(":")[2]), "comment_parent") == 0
    assert await desk.connector.find(desk.channel, desk.delivery(under, "k")) is not None
    other = replace(under, text="Not said")
    assert await desk.connector.find(desk.channel, desk.delivery(other, "k")) is None


async def test_own_answer_is_edited_and_nobody_elses(desk: Desk, question: Message, clean_site: WordPressSite) -> None:
    receipt = await desk.connector.publish(desk.channel, reply_to(number_of(question), "Teh answer"), "k")
    assert receipt.message is not None
    for _ in range(2):
        edited = await desk.connector.edit(desk.channel, receipt.message, "The <b> answer & more")
        assert edited.text == "The <b> answer & more"
    assert stored(clean_site, number_of(edited), "comment_content") == "The &lt;b&gt; answer &amp; more"
    with pytest.raises(Unsupported):
        await desk.connector.edit(desk.channel, question, "Words in your mouth")


async def test_flood_of_somebody_who_may_not_moderate_asks_for_a_pause(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    clean_site.php("get_role('editor')->remove_cap('moderate_comments'); return true;")
    reply = {"post": FIRST_POST, "content": "one"}
    assert (await _raw_post(desk, reply)) == 201
    # The parent cannot be read with context=edit any more, so the judgement is looked at where it is made.
    api = desk.connector._api()
    answer = await api.ask("POST", "wp/v2/comments", json={"post": FIRST_POST, "content": "two"})
    with pytest.raises(RateLimited) as error:
        api.judge(answer, "answering", writing=True)
    assert error.value.retry_at == desk.clock.now() + timedelta(seconds=15)


async def _raw_post(desk: Desk, body: object) -> int:
    return (await desk.connector._api().ask("POST", "wp/v2/comments", json=body)).status


async def test_lost_answer_to_a_reply_is_found_and_never_doubled(
    desk: Desk, question: Message, clean_site: WordPressSite
) -> None:
    rendition = reply_to(number_of(question), "Sent into the dark")
    slow = clean_site.directory / "www/wp-content/mu-plugins/slow.php"
    mark = clean_site.directory / "arrived"
    slow.write_text(
        f"<?php add_action('wp_insert_comment', function () {{ touch('{mark}'); sleep(20); }});"  # stored, not answered
    )
    sending = asyncio.ensure_future(desk.connector.publish(desk.channel, rendition, "k"))
    await asyncio.to_thread(until, mark.exists, "the answer to be stored")
    await asyncio.to_thread(clean_site.kill_web)
    with pytest.raises(OutcomeUnknown):
        await sending
    slow.unlink()
    await asyncio.to_thread(clean_site.restart_web)
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, "k"))
    again = await desk.connector.publish(desk.channel, rendition, "k")
    assert found is not None
    assert found.remote_id == again.remote_id
    assert clean_site.sql("SELECT COUNT(*) FROM wp_comments WHERE comment_content = 'Sent into the dark'") == [(1,)]


# --- posts ---


def post(text: str = "On Monday.", title: str = "Library opens", **others: object) -> Rendition:
    return replace(Rendition(kind=UpdateKind.POST, text=text, title=title), **others)


async def test_trap_6_post_is_created_once_however_often_it_is_sent(desk: Desk, clean_site: WordPressSite) -> None:
    rendition = post()
    assert await desk.connector.find(desk.channel, desk.delivery(rendition, "7f3a9c")) is None
    receipts = [await desk.connector.publish(desk.channel, rendition, "7f3a9c") for _ in range(3)]
    assert len({r.remote_id for r in receipts}) == 1
    [(number, status, slug)] = posts_in(clean_site)
    assert (receipts[0].remote_id, status, slug) == (f"post:{number}", "publish", "postroom-7f3a9c")
    assert receipts[0].url == f"{clean_site.url}{datetime.now(UTC):%Y/%m}/postroom-7f3a9c/" or "postroom-7f3a9c" in (
        receipts[0].url
    )
    other = await desk.connector.publish(desk.channel, rendition, "another-key")
    assert other.remote_id != receipts[0].remote_id


async def test_post_shows_what_was_typed(desk: Desk, clean_site: WordPressSite) -> None:
    typed = (
        "First & <b>foremost</b>, see [gallery].\nA new line\n\n"
        "Second: https://example.org/a?x=1&y=(2).\n\n<!-- wp:html --><script>x</script>"
    )
    title = "AT&T & <em>you</em>: &lt;5"
    receipt = await desk.connector.publish(desk.channel, post(typed, title, excerpt="Short & <sweet>"), "k1")
    await desk.read()
    shown = (await desk.connector.reread(desk.channel, [receipt.remote_id])).messages[0]
    assert shown.text == typed.replace("--", "–")  # WordPress's typography
    assert shown.title == title
    assert '<a href="https://example.org/a?x=1&amp;y=(2)">' in shown.html
    assert "<script" not in shown.html
    assert shown.html.count("<p>") == 3
    assert shown.ours


async def test_post_with_pictures_categories_and_tags_left_with_the_blog_until_its_time(
    desk: Desk, clean_site: WordPressSite, tmp_path: Path
) -> None:
    clean_site.seed(posts=5, comments=1)  # the categories
    due = desk.clock.now().replace(microsecond=0) + timedelta(hours=3)
    rendition = post(
        media=(
            Media(path=str(png(tmp_path / "Büro é.png")), mime_type="image/png", alt_text='A "blue" square'),
            Media(path=str(png(tmp_path / "second.png", 8, 8)), mime_type="image/png", alt_text="Another"),
        ),
        categories=("Q&A", "Brand new"),
        tags=("road works & more", "seed"),
        publish_at=due,
    )
    receipt = await desk.connector.publish(desk.channel, rendition, "sched")
    assert receipt.state is MessageState.SCHEDULED
    again = await desk.connector.publish(desk.channel, rendition, "sched")
    assert again.remote_id == receipt.remote_id
    number = int(receipt.remote_id.partition(":")[2])
    [(status, at)] = clean_site.sql("SELECT post_status, post_date_gmt FROM wp_posts WHERE ID = ?", number)
    assert (status, str(at)) == ("future", due.strftime("%Y-%m-%d %H:%M:%S"))
    made = clean_site.php(
        """return ['terms' => wp_list_pluck(wp_get_object_terms($id, ['category', 'post_tag']), 'name'),
                   'alt' => get_post_meta(get_post_thumbnail_id($id), '_wp_attachment_image_alt', true),
                   'media' => count(get_posts(['post_type' => 'attachment', 'post_status' => 'inherit',
                       'numberposts' => -1])), 'content' => get_post($id)->post_content];""",
        id=number,
    )
    assert sorted(made["terms"]) == ["Brand new", "Q&amp;A", "road works &amp; more", "seed"]
    assert made["alt"] == 'A "blue" square'
    assert 'alt="Another"' in made["content"]
    assert made["media"] == 3  # the seed's own, and these two
    clean_site.admin.make_due(number)
    clean_site.cron()
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, "sched"))
    assert found is not None
    assert found.state is MessageState.PUBLISHED


async def test_retry_after_the_picture_was_uploaded_uploads_it_once(
    desk: Desk, clean_site: WordPressSite, tmp_path: Path
) -> None:
    rendition = post(media=(Media(path=str(png(tmp_path / "chart.png")), mime_type="image/png", alt_text="A chart"),))
    broken = clean_site.directory / "www/wp-content/mu-plugins/broken.php"
    broken.write_text(
        "<?php add_filter('rest_pre_insert_post', fn () => new WP_Error('oops', 'no', ['status' => 500]));"
    )
    with pytest.raises(OutcomeUnknown):
        await desk.connector.publish(desk.channel, rendition, "pic")
    assert await desk.connector.find(desk.channel, desk.delivery(rendition, "pic")) is None
    broken.unlink()
    receipt = await desk.connector.publish(desk.channel, rendition, "pic")
    rows = clean_site.sql("SELECT ID FROM wp_posts WHERE post_type = 'attachment'")
    assert len(rows) == 1
    assert receipt.message is not None
    assert receipt.message.details["featured_media"] == str(rows[0][0])


async def test_pictures_that_cannot_go_are_refused_in_words(
    desk: Desk, clean_site: WordPressSite, tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"MZ this is a program")
    (tmp_path / "b.svg").write_text("<svg/>")
    for media, words in [
        (Media(path=str(tmp_path / "a.png"), mime_type="image/png"), "is not image/png"),
        (Media(path=str(tmp_path / "b.svg"), mime_type="image/svg+xml"), "does not take image/svg"),
        (Media(path=str(tmp_path / "gone.png"), mime_type="image/png"), "cannot be read any more"),
    ]:
        with pytest.raises(Rejected, match=words) as error:
            await desk.connector.publish(desk.channel, post(media=(media,)), "k")
        assert error.value.problems[0].where == "media"
    refuse = clean_site.directory / "www/wp-content/mu-plugins/refuse.php"
    refuse.write_text("<?php add_filter('upload_mimes', fn () => []);")
    picture = Media(path=str(png(tmp_path / "fine.png")), mime_type="image/png")
    try:
        with pytest.raises(Rejected, match="refuses this picture"):
            await desk.connector.publish(desk.channel, post(media=(picture,)), "k")
    finally:
        refuse.unlink()
    assert posts_in(clean_site) == []


async def test_trap_8_due_within_a_minute_waits_and_due_already_goes_now(desk: Desk, clean_site: WordPressSite) -> None:
    soon = desk.clock.now() + timedelta(seconds=40)
    with pytest.raises(RateLimited) as error:
        await desk.connector.publish(desk.channel, post(publish_at=soon), "soon")
    assert error.value.retry_at == soon
    assert posts_in(clean_site) == []
    desk.clock.forward(41)
    receipt = await desk.connector.publish(desk.channel, post(publish_at=soon), "soon")
    assert receipt.state is MessageState.PUBLISHED
    [(at,)] = clean_site.sql("SELECT post_date_gmt FROM wp_posts WHERE post_name = 'postroom-soon'")
    assert abs(datetime.fromisoformat(str(at)).replace(tzinfo=UTC) - datetime.now(UTC)) < timedelta(seconds=30)


async def test_trap_8_blogs_own_clock_counts_where_it_is_ahead(desk: Desk, clean_site: WordPressSite) -> None:
    desk.clock.forward(-600)  # our clock is ten minutes slow: what we take for eight minutes ahead is past there
    due = desk.clock.now() + timedelta(minutes=8)
    with pytest.raises(RateLimited):
        await desk.connector.publish(desk.channel, post(publish_at=due), "skew")
    assert posts_in(clean_site) == []


async def test_post_that_somebody_trashed_is_found_and_not_sent_again(desk: Desk, clean_site: WordPressSite) -> None:
    receipt = await desk.connector.publish(desk.channel, post(), "gone1")
    clean_site.admin.trash_post(int(receipt.remote_id.partition(":")[2]))
    again = await desk.connector.publish(desk.channel, post(), "gone1")
    assert (again.remote_id, again.state) == (receipt.remote_id, MessageState.TRASHED)


async def test_own_post_is_updated_and_found(desk: Desk, clean_site: WordPressSite) -> None:
    receipt = await desk.connector.publish(desk.channel, post(), "up1")
    newer = post("On Tuesday.", "Library opens later", replaces=receipt.remote_id)
    assert await desk.connector.find(desk.channel, desk.delivery(newer, "up2")) is None
    updated = await desk.connector.publish(desk.channel, newer, "up2")
    assert updated.remote_id == receipt.remote_id
    assert updated.message is not None
    assert (updated.message.title, updated.message.text) == ("Library opens later", "On Tuesday.")
    assert await desk.connector.find(desk.channel, desk.delivery(newer, "up2")) is not None
    later = replace(newer, publish_at=desk.clock.now() + timedelta(days=1))
    with pytest.raises(Rejected, match="would disappear"):
        await desk.connector.publish(desk.channel, later, "up3")
    assert len(posts_in(clean_site)) == 1


async def test_lost_answer_to_a_post_is_found_and_never_doubled(desk: Desk, clean_site: WordPressSite) -> None:
    rendition = post("Sent into the dark")
    slow = clean_site.directory / "www/wp-content/mu-plugins/slow.php"
    mark = clean_site.directory / "arrived-post"
    slow.write_text(f"<?php add_action('rest_after_insert_post', function () {{ touch('{mark}'); sleep(20); }});")
    sending = asyncio.ensure_future(desk.connector.publish(desk.channel, rendition, "dark"))
    await asyncio.to_thread(until, mark.exists, "the post to be stored")
    await asyncio.to_thread(clean_site.kill_web)
    with pytest.raises(OutcomeUnknown):
        await sending
    slow.unlink()
    await asyncio.to_thread(clean_site.restart_web)
    found = await desk.connector.find(desk.channel, desk.delivery(rendition, "dark"))
    again = await desk.connector.publish(desk.channel, rendition, "dark")
    assert found is not None
    assert found.remote_id == again.remote_id
    assert len(posts_in(clean_site)) == 1


async def test_publishing_without_rights_says_who_has_to_act(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.php("get_role('editor')->remove_cap('publish_posts'); return true;")
    with pytest.raises(NotAllowed):
        await desk.connector.publish(desk.channel, post(), "k")
    clean_site.fault("strip-auth")
    with pytest.raises(SignInNeeded):
        await desk.connector.publish(desk.channel, post(), "k")
    assert posts_in(clean_site) == []


async def test_nothing_that_leaves_the_connector_holds_the_password(desk: Desk, clean_site: WordPressSite) -> None:
    secret = clean_site.application_password.replace(" ", "")
    clean_site.fault("status=500")
    errors = []
    for call in (desk.read(), desk.connector.publish(desk.channel, post(), "k"), desk.connector.channels()):
        with pytest.raises(Exception) as error:
            await call
        errors.append(error.value)
    told = json.dumps([[str(e), repr(e), repr(e.__cause__), repr(e.__context__)] for e in errors])
    assert secret not in told
