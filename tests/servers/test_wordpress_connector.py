"""The WordPress connector against a real blog: what is read, compared with what the database holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import Room
from inbox.connectors.wordpress import WordPress
from inbox.connectors.wordpress.polling import COUNTS_EVERY_S, ENTRIES_EVERY_S
from inbox.errors import BadReply, NotAllowed, NotFound, RateLimited, SignInNeeded, Unavailable
from inbox.model import Capability, MessageKind, MessageState, Moderation
from tests.connectors.harness import SetClock
from tests.servers.wordpress_admin import ImportedComment
from tests.servers.wordpress_desk import Desk, comments_in, desk_at, entries_in, held_by
from tests.servers.wordpress_http import FIRST_POST
from tests.servers.wordpress_site import WordPressSite


@pytest.fixture
async def desk(clean_site: WordPressSite) -> AsyncIterator[Desk]:
    made = await desk_at(clean_site)
    yield made
    await made.http.aclose()


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with web.client(transport=httpx.AsyncHTTPTransport()) as client:
        yield client


# --- finding the blog and signing in ---


@pytest.mark.parametrize(
    "typed",
    [
        "{host}",
        "http://{host}",
        "  {url}wp-admin/ ",
        "{url}wp-login.php?redirect_to=x",
        "{url}?p=1",
        "{url}2019/01/never-was/#comments",
        "{url}wp-json/wp/v2/posts",
        "http://somebody:hunter2@{host}/",
    ],
)
async def test_blog_is_found_from_whatever_is_typed(
    clean_site: WordPressSite, http: httpx.AsyncClient, typed: str
) -> None:
    host = httpx.URL(clean_site.url).netloc.decode()
    found = await WordPress.discover(typed.format(host=host, url=clean_site.url), http, SetClock())
    assert found.settings["root"] == clean_site.api
    assert found.title == "Organisation blog"
    assert found.browser_url.startswith(f"{clean_site.url}wp-admin/authorize-application.php?app_name=Postroom&app_id=")
    assert "success_url" not in found.browser_url
    assert found.warnings == ()


async def test_blog_that_hides_its_interface_is_found_below_its_address(
    clean_site: WordPressSite, http: httpx.AsyncClient
) -> None:
    clean_site.fault("no-rest-link")
    found = await WordPress.discover(clean_site.url, http, SetClock())
    assert found.settings["root"] == clean_site.api


async def test_interface_closed_to_visitors_is_found_and_opens_for_the_officer(clean_site: WordPressSite) -> None:
    clean_site.fault("private-rest")
    desk = await desk_at(clean_site)
    await desk.read()
    assert desk.held.keys() == comments_in(clean_site).keys() | entries_in(clean_site).keys()
    await desk.http.aclose()


async def test_sub_directory_is_found_from_a_post_below_it_and_read_whole(
    subdirectory_wordpress: WordPressSite,
) -> None:
    site = subdirectory_wordpress
    desk = await desk_at(site, typed=f"{site.url}2026/11/hello-world/")
    assert desk.account.settings["root"] == site.api
    assert desk.channel.remote_id.endswith("/blog")
    await desk.read()
    assert held_by(desk) == comments_in(site) | entries_in(site)
    await desk.http.aclose()


async def test_host_above_a_sub_directory_is_no_blog(
    subdirectory_wordpress: WordPressSite, http: httpx.AsyncClient
) -> None:
    host = httpx.URL(subdirectory_wordpress.url).netloc.decode()
    with pytest.raises(NotFound) as error:
        await WordPress.discover(f"http://{host}/elsewhere", http, SetClock())
    assert "address" in error.value.hint


async def test_plain_permalinks_are_read_written_and_answered(plain_wordpress: WordPressSite) -> None:
    site = plain_wordpress
    site.seed(posts=12, comments=15)
    desk = await desk_at(site)
    assert "rest_route=" in desk.account.settings["root"]
    await desk.read()
    assert held_by(desk) == comments_in(site) | entries_in(site)
    comment = site.comment(FIRST_POST, "Vera", "A question")
    await desk.read()
    approved = await desk.connector.moderate(desk.channel, desk.held[f"comment:{comment}"], Moderation.APPROVE)
    assert approved.state is MessageState.PUBLISHED
    await desk.http.aclose()


async def test_application_passwords_off_is_said_in_words(clean_site: WordPressSite, http: httpx.AsyncClient) -> None:
    clean_site.fault("no-app-passwords")
    with pytest.raises(NotAllowed) as error:
        await WordPress.discover(clean_site.url, http, SetClock())
    assert "application passwords" in error.value.detail
    assert "https" in error.value.hint


async def test_officer_gets_everything_an_editor_may(desk: Desk, clean_site: WordPressSite) -> None:
    assert desk.channel.capabilities == WordPress.capabilities
    assert desk.channel.speaks_as == "Communications Officer"
    assert [c.remote_id for c in await desk.connector.channels()] == [desk.channel.remote_id]
    assert clean_site.application_password.replace(" ", "") not in f"{desk.account}{desk.channel}{desk.connector}"


async def test_password_with_and_without_blanks_is_the_same(clean_site: WordPressSite) -> None:
    for password in (clean_site.application_password.replace(" ", ""), f"  {clean_site.application_password}\n"):
        desk = await desk_at(clean_site, password=password)
        assert desk.account.user == "officer"
        await desk.http.aclose()


async def test_wrong_application_password_names_both_reasons(clean_site: WordPressSite) -> None:
    with pytest.raises(SignInNeeded) as error:
        await desk_at(clean_site, password="abcd efgh ijkl mnop qrst uvwx")
    assert "application password is wrong" in error.value.detail
    assert "host" in error.value.detail
    assert "Authorization" in error.value.hint


async def test_login_password_is_recognised_as_such(clean_site: WordPressSite) -> None:
    with pytest.raises(SignInNeeded) as error:
        await desk_at(clean_site, password=clean_site.password)
    assert "normal password" in error.value.hint
    assert clean_site.password not in f"{error.value} {error.value.hint} {error.value!r}"


async def test_host_that_drops_the_header_names_both_reasons(clean_site: WordPressSite) -> None:
    clean_site.fault("strip-auth")
    with pytest.raises(SignInNeeded) as error:
        await desk_at(clean_site)
    assert "Authorization" in error.value.hint


async def test_site_that_looks_early_tells_password_and_user_apart(clean_site: WordPressSite) -> None:
    clean_site.fault("early-auth")
    with pytest.raises(SignInNeeded, match="password is not right"):
        await desk_at(clean_site, password="abcd efgh ijkl mnop qrst uvwx")
    with pytest.raises(SignInNeeded, match="no such user"):
        await desk_at(clean_site, user="nobody", password="abcd efgh ijkl mnop qrst uvwx")


async def test_subscriber_is_told_to_ask_for_a_higher_role(clean_site: WordPressSite) -> None:
    with pytest.raises(NotAllowed) as error:
        await desk_at(clean_site, user="reader")
    assert "Editor" in error.value.hint


async def test_revoked_password_opens_nothing_and_revoking_again_is_fine(desk: Desk, clean_site: WordPressSite) -> None:
    await desk.connector.revoke()
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, desk.cursor)
    await desk.connector.revoke()
    assert clean_site.php("return WP_Application_Passwords::get_user_application_passwords(2);") == []


# --- reading ---


async def test_everything_arrives_once_as_the_database_has_it(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.seed(posts=20, comments=20)
    batches = await desk.read()
    assert held_by(desk) == comments_in(clean_site) | entries_in(clean_site)
    seen = Counter(m.remote_id for b in batches for m in b.messages)
    assert max(seen.values()) <= 2  # pages overlap by five
    assert sum(n - 1 for n in seen.values()) <= 5 * len(batches)
    contexts = {m.context_remote_id for m in desk.held.values() if m.remote_id.startswith("comment:")}
    assert contexts <= desk.held.keys()
    rows = clean_site.sql("SELECT comment_ID, comment_parent, comment_agent, comment_date_gmt FROM wp_comments")
    for number, parent, agent, at in rows:
        message = desk.held[f"comment:{number}"]
        assert message.parent_remote_id == (f"comment:{parent}" if parent else "")
        assert message.details["user_agent"] == agent
        assert message.created_at == datetime.fromisoformat(str(at)).replace(tzinfo=UTC)
    own = {f"comment:{n}" for (n,) in clean_site.sql("SELECT comment_ID FROM wp_comments WHERE user_id = 2")}
    assert {m.remote_id for m in desk.held.values() if m.ours and m.kind is MessageKind.COMMENT} == own


async def test_import_can_be_stopped_anywhere_and_resumed(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.seed(posts=20, comments=20)
    cursor, complete, rounds = desk.cursor, False, 0
    while not complete:
        batch = await desk.connector.fetch(desk.channel, cursor)
        again = await desk.connector.fetch(desk.channel, cursor)  # the program ended before the first was saved
        assert batch.messages == again.messages
        desk.held |= {m.remote_id: m for m in again.messages}
        cursor, complete, rounds = again.cursor, again.complete, rounds + 1
    assert rounds > 3
    assert held_by(desk) == comments_in(clean_site) | entries_in(clean_site)


async def test_deletions_between_two_pages_lose_nothing(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.seed(posts=20, comments=20)
    cursor, complete, deleted = desk.cursor, False, 0
    while not complete:
        batch = await desk.connector.fetch(desk.channel, cursor)
        desk.held |= {m.remote_id: m for m in batch.messages}
        cursor, complete = batch.cursor, batch.complete
        comments = [m for m in batch.messages if m.remote_id.startswith("comment:")]
        if comments and deleted < 40:  # more than the pages overlap, and before what comes next
            for m in comments[:20]:
                clean_site.sql("DELETE FROM wp_comments WHERE comment_ID = ?", m.remote_id.partition(":")[2])
            deleted += 20
    assert deleted >= 40
    assert comments_in(clean_site).keys() <= desk.held.keys()


async def test_idle_poll_is_one_request(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.seed(posts=5, comments=10)
    await desk.read()
    [batch] = await desk.read()
    assert (batch.requests, batch.complete, batch.drifted) == (1, True, False)


async def test_new_comment_arrives_held_with_the_next_poll(desk: Desk, clean_site: WordPressSite) -> None:
    await desk.read()
    number = clean_site.comment(FIRST_POST, "Ahmed <b>Saleh</b>", 'When? <script>x</script> & "quotes" 😀')
    [batch] = await desk.read()
    message = desk.held[f"comment:{number}"]
    assert message in batch.messages
    assert (message.state, message.kind, message.context_remote_id) == (
        MessageState.HELD,
        MessageKind.COMMENT,
        f"post:{FIRST_POST}",
    )
    assert message.text == "When? x & “quotes” 😀"
    assert message.details["user_agent"] == "Mozilla/5.0 (visitor)"


async def test_more_than_a_page_at_once_arrives_whole_also_when_some_are_deleted_meanwhile(
    desk: Desk, clean_site: WordPressSite
) -> None:
    await desk.read()
    now = datetime.now(UTC)
    many = [ImportedComment(author="M", text=f"number {n}", at=now - timedelta(days=n)) for n in range(330)]
    numbers = clean_site.admin.import_comments(FIRST_POST, many)
    first = await desk.connector.fetch(desk.channel, desk.cursor)
    assert not first.complete
    desk.held |= {m.remote_id: m for m in first.messages}
    desk.cursor = first.cursor
    for number in numbers[-30:]:
        clean_site.sql("DELETE FROM wp_comments WHERE comment_ID = ?", number)
    await desk.read()
    assert comments_in(clean_site).keys() <= desk.held.keys()
    assert {f"comment:{n}" for n in numbers} - desk.held.keys() == set()


async def test_new_post_comes_along_with_its_first_comment(desk: Desk, clean_site: WordPressSite) -> None:
    await desk.read()
    post = clean_site.admin.add_post("Budget &#8212; what changed", "<p>All of it &amp; more.</p>")
    number = clean_site.comment(post, "Vera", "First!")
    [batch] = await desk.read()
    order = [m.remote_id for m in batch.messages]
    assert order.index(f"post:{post}") < order.index(f"comment:{number}")
    assert desk.held[f"post:{post}"].title == "Budget — what changed"
    assert desk.held[f"post:{post}"].text == "All of it & more."
    [again] = await desk.read()
    assert (again.requests, [m for m in again.messages if m.kind is MessageKind.POST]) == (1, [])


async def test_comment_on_a_page_names_the_page(desk: Desk, clean_site: WordPressSite) -> None:
    [(page,)] = clean_site.sql("SELECT ID FROM wp_posts WHERE post_type = 'page' AND post_name = 'sample-page'")
    said = ImportedComment(author="P", text="on a page", at=datetime.now(UTC))
    clean_site.admin.import_comments(int(page or 0), [said])
    await desk.read()
    [message] = [m for m in desk.held.values() if m.text == "on a page"]
    assert message.context_remote_id == f"page:{page}"
    assert desk.held[f"page:{page}"].kind is MessageKind.POST


async def test_mentions_reviews_and_notes_are_told_apart(desk: Desk, clean_site: WordPressSite) -> None:
    at = datetime.now(UTC)
    kinds = ("pingback", "trackback", "review", "note")
    said = [ImportedComment(author=k, text=k, at=at, type=k) for k in kinds]
    numbers = dict(zip(kinds, clean_site.admin.import_comments(FIRST_POST, said), strict=True))
    await desk.read()
    assert desk.held[f"comment:{numbers['pingback']}"].kind is MessageKind.NOTICE
    assert desk.held[f"comment:{numbers['trackback']}"].kind is MessageKind.NOTICE
    review = desk.held[f"comment:{numbers['review']}"]
    assert (review.kind, review.details["type"]) == (MessageKind.COMMENT, "review")
    assert f"comment:{numbers['note']}" not in desk.held
    sighted, _ = await desk.sweep()
    assert f"comment:{numbers['note']}" not in sighted


async def test_every_change_and_deletion_is_seen_by_reading_again(desk: Desk, clean_site: WordPressSite) -> None:
    at = datetime.now(UTC)
    said = [ImportedComment(author="A", text=f"number {n}", at=at) for n in range(6)]
    edited, held, spam, trashed, deleted, kept = clean_site.admin.import_comments(FIRST_POST, said)
    await desk.read()
    admin = clean_site.admin
    admin.edit(edited, "changed words")
    admin.hold(held)
    admin.spam(spam)
    admin.trash(trashed)
    admin.delete(deleted)
    batch = await desk.reread(*(f"comment:{n}" for n in (edited, held, spam, trashed, deleted, kept)))
    assert batch.gone == (f"comment:{deleted}",)
    assert desk.held[f"comment:{edited}"].text == "changed words"
    assert held_by(desk) == comments_in(clean_site) | entries_in(clean_site)


async def test_trashed_post_takes_its_comments_along_and_a_deleted_one_is_gone(
    desk: Desk, clean_site: WordPressSite
) -> None:
    post = clean_site.admin.add_post("Short-lived")
    number = clean_site.comment(post, "Vera", "Here")
    await desk.read()
    clean_site.admin.trash_post(post)
    await desk.reread(f"comment:{number}", f"post:{post}")
    assert desk.held[f"comment:{number}"].state is MessageState.TRASHED
    assert desk.held[f"post:{post}"].state is MessageState.TRASHED
    clean_site.admin.delete_post(post)
    batch = await desk.reread(f"comment:{number}", f"post:{post}")
    assert set(batch.gone) == {f"comment:{number}", f"post:{post}"}


async def test_old_comment_moved_elsewhere_shows_as_drift_and_the_sweep_explains_it(
    desk: Desk, clean_site: WordPressSite
) -> None:
    clean_site.seed(posts=20, comments=20)
    await desk.read()
    [(old,)] = clean_site.sql("SELECT MIN(comment_ID) FROM wp_comments WHERE comment_approved = '1'")
    clean_site.admin.spam(int(old or 0))
    assert not (await desk.read())[-1].drifted  # not looked at yet
    desk.clock.forward(COUNTS_EVERY_S)
    assert (await desk.read())[-1].drifted
    sighted, prefixes = await desk.sweep()
    assert {i: s.state.value for i, s in sighted.items()} == comments_in(clean_site) | entries_in(clean_site)
    assert set(prefixes) == {"comment:", "post:", "page:"}
    desk.clock.forward(COUNTS_EVERY_S)
    assert not (await desk.read())[-1].drifted


async def test_deletion_for_good_shows_as_drift_at_the_very_next_poll(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.seed(posts=10, comments=20)
    await desk.read()
    [(old,)] = clean_site.sql("SELECT MIN(comment_ID) FROM wp_comments WHERE comment_parent = 0")
    clean_site.admin.delete(int(old or 0))
    [batch] = await desk.read()
    assert (batch.requests, batch.drifted) == (1, True)
    sighted, _ = await desk.sweep()
    missing = desk.held.keys() - sighted.keys()
    assert missing == {f"comment:{old}"}
    assert (await desk.reread(*missing)).gone == (f"comment:{old}",)
    assert not (await desk.read())[-1].drifted


async def test_what_we_moderate_ourselves_and_what_the_newest_page_shows_is_no_drift(
    desk: Desk, clean_site: WordPressSite
) -> None:
    clean_site.seed(posts=20, comments=20)
    await desk.read()
    await desk.read()
    by_age = sorted((m for m in desk.held.values() if m.kind is MessageKind.COMMENT), key=lambda m: m.created_at)
    old = [m for m in by_age if m.state is MessageState.PUBLISHED and m.details["type"] == "comment"][:3]
    await desk.connector.moderate(desk.channel, old[0], Moderation.SPAM)
    await desk.connector.moderate(desk.channel, old[1], Moderation.TRASH)
    [(newest,)] = clean_site.sql("SELECT MAX(comment_ID) FROM wp_comments WHERE comment_approved = '1'")
    clean_site.admin.hold(int(newest or 0))
    clean_site.comment(FIRST_POST, "Vera", "And one that is new")
    desk.clock.forward(COUNTS_EVERY_S)
    assert not (await desk.read())[-1].drifted


async def test_posts_are_looked_at_every_ten_minutes_and_only_changed_ones_come(
    desk: Desk, clean_site: WordPressSite
) -> None:
    clean_site.seed(posts=15, comments=1)
    await desk.read()
    desk.clock.forward(ENTRIES_EVERY_S)
    await desk.read()
    post = clean_site.admin.add_post("Fresh")
    desk.clock.forward(ENTRIES_EVERY_S)
    [batch] = await desk.read()
    assert [m.remote_id for m in batch.messages if m.kind is MessageKind.POST] == [f"post:{post}"]
    clean_site.admin.trash_post(post)
    desk.clock.forward(ENTRIES_EVERY_S)
    await desk.read()
    assert desk.held[f"post:{post}"].state is MessageState.TRASHED
    clean_site.admin.delete_post(post)
    desk.clock.forward(ENTRIES_EVERY_S)
    [batch] = await desk.read()
    assert batch.drifted


async def test_trap_7_scheduled_post_is_seen_and_seen_again_when_cron_publishes_it(
    desk: Desk, clean_site: WordPressSite
) -> None:
    clean_site.seed(posts=20, comments=1)
    await desk.read()
    scheduled = [i for i, state in entries_in(clean_site).items() if state == "scheduled"]
    assert all(desk.held[i].state is MessageState.SCHEDULED for i in scheduled)
    clean_site.admin.make_due(int(scheduled[0].partition(":")[2]))
    clean_site.cron()
    backdated = clean_site.php(
        """return wp_insert_post(['post_title' => 'old', 'post_status' => 'publish',
                                  'post_date' => '2019-01-01 10:00:00']);"""
    )
    desk.clock.forward(ENTRIES_EVERY_S)
    await desk.read()
    assert desk.held[scheduled[0]].state is MessageState.PUBLISHED
    assert desk.held[f"post:{backdated}"].created_at.year == 2019


async def test_two_blogs_with_the_same_numbers_stay_apart(
    clean_site: WordPressSite, second_wordpress: WordPressSite
) -> None:
    one, two = await desk_at(clean_site), await desk_at(second_wordpress)
    await one.read()
    await two.read()
    assert one.held.keys() == two.held.keys()
    assert one.channel.remote_id != two.channel.remote_id
    assert (one.channel.title, two.channel.title) == ("Organisation blog", "Second blog")
    await one.http.aclose()
    await two.http.aclose()


# --- trouble ---


async def test_trap_1_lost_credentials_are_an_error_never_an_empty_batch(desk: Desk, clean_site: WordPressSite) -> None:
    await desk.read()
    clean_site.fault("strip-auth")
    with pytest.raises(SignInNeeded) as error:
        await desk.read()
    assert "Authorization" in error.value.hint
    clean_site.clear_faults()
    clean_site.php("WP_Application_Passwords::delete_all_application_passwords(2); return true;")
    for call in (desk.read(), desk.reread("comment:1"), desk.sweep()):
        with pytest.raises(SignInNeeded):
            await call


async def test_lowered_role_is_named_as_such(desk: Desk, clean_site: WordPressSite) -> None:
    await desk.read()
    clean_site.php("get_user_by('login', 'officer')->set_role('subscriber'); return true;")
    with pytest.raises(NotAllowed):
        await desk.read()
    [channel] = await desk.connector.channels()
    assert not channel.capabilities & (Capability.REPLY | Capability.POST | Capability.APPROVE)


async def test_junk_in_front_of_the_json_is_read_past(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.seed(posts=5, comments=5)
    clean_site.fault("junk")
    await desk.read()
    assert held_by(desk) == comments_in(clean_site) | entries_in(clean_site)


async def test_maintenance_says_when_to_come_back_and_other_failures_only_that(
    desk: Desk, clean_site: WordPressSite
) -> None:
    await desk.read()
    clean_site.fault("status=503")
    with pytest.raises(RateLimited) as limited:
        await desk.read()
    assert limited.value.retry_at == desk.clock.now() + timedelta(seconds=7)
    clean_site.fault("status=500")
    with pytest.raises(Unavailable):
        await desk.read()
    clean_site.fault("status=200")  # a page instead of JSON
    before = desk.cursor
    with pytest.raises(BadReply) as bad:
        await desk.read()
    assert "text/html" in bad.value.detail
    assert desk.cursor == before


async def test_slow_host_is_waited_for_and_a_dead_one_is_unavailable(desk: Desk, clean_site: WordPressSite) -> None:
    clean_site.fault("slow=0.5")
    await desk.read()
    assert held_by(desk) == comments_in(clean_site) | entries_in(clean_site)
    clean_site.kill_web()
    with pytest.raises(Unavailable, match="refuses"):
        await desk.read()
    clean_site.restart_web()
    clean_site.clear_faults()
    assert (await desk.read())[-1].complete


async def test_account_without_a_secret_asks_nobody(desk: Desk) -> None:
    desk.secret.save({})
    connector = WordPress(Room(account=desk.account, http=desk.http, secret=desk.secret, clock=desk.clock))
    with pytest.raises(SignInNeeded, match="no application password"):
        await connector.fetch(desk.channel, desk.cursor)
