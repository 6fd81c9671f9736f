"""Fetching, rereading and sweeping: what must hold whatever happens between two requests (wordpress.md section 4)."""

from __future__ import annotations

import json
from datetime import timedelta

import httpx
import pytest

from inbox.connectors.connector import START
from inbox.connectors.wordpress.polling import COUNTS_EVERY_S, ENTRIES_EVERY_S, SWEEP_EVERY_S
from inbox.errors import BadReply, CursorExpired, NotAllowed, SignInNeeded, Unavailable
from inbox.model import Cursor, MessageKind, MessageState
from tests.connectors.wordpress_recorded import Blog, Desk, answer, body_of, failing


def desk_at(blog: Blog) -> Desk:
    return Desk(blog)


async def imported(blog: Blog) -> Desk:
    desk = desk_at(blog)
    await desk.read()
    return desk


def ids(desk: Desk) -> set[int]:
    return {int(i.partition(":")[2]) for i in desk.held if i.startswith("comment:")}


# --- the import ---


async def test_import_reads_posts_pages_and_comments_oldest_first() -> None:
    blog = Blog()
    for number in range(1, 61):
        blog.write(number)
    blog.write(900, kind="pages")
    blog.say(250)
    desk = desk_at(blog)
    batches = await desk.read()
    assert ids(desk) == set(range(1, 251))
    assert len(desk.held) == 250 + 61
    order = [m.remote_id for b in batches for m in b.messages]
    assert order.index("post:1") < order.index("post:60") < order.index("page:900") < order.index("comment:1")
    assert order.index("comment:1") < order.index("comment:250")
    assert [b.complete for b in batches] == [False] * (len(batches) - 1) + [True]


async def test_import_resumes_where_it_was_stopped() -> None:
    blog = Blog()
    blog.say(250)
    desk = desk_at(blog)
    first = await desk.fetch()
    again = await desk.connector.fetch(desk.channel, START)
    assert first == again
    await desk.read()
    assert ids(desk) == set(range(1, 251))


async def test_import_steps_back_when_more_was_deleted_than_pages_overlap() -> None:
    blog = Blog()
    blog.say(400)
    desk = desk_at(blog)
    await desk.fetch()
    for number in range(1, 61):
        del blog.comments[number]
    await desk.read()
    assert ids(desk) == set(range(1, 401))


async def test_import_goes_past_items_that_are_counted_but_hidden() -> None:
    blog = Blog()
    blog.say(500)
    blog.hidden = set(range(80, 120)) | set(range(200, 400))
    desk = desk_at(blog)
    batches = await desk.read()
    assert ids(desk) == set(range(1, 501)) - blog.hidden
    assert all(b.messages for b in batches)


async def test_empty_blog_keeps_the_first_cursor_and_is_complete() -> None:
    desk = desk_at(Blog())
    batch = await desk.fetch()
    assert (batch.messages, batch.cursor, batch.complete) == ((), START, True)


async def test_comments_that_arrive_during_the_import_are_there_at_its_end() -> None:
    blog = Blog()
    blog.say(150)
    blog.before = lambda number: blog.say(7) and None
    desk = desk_at(blog)
    await desk.read()
    blog.before = lambda number: None
    await desk.read()
    assert ids(desk) == set(blog.comments)


# --- the poll ---


async def test_poll_with_nothing_new_is_one_request() -> None:
    blog = Blog()
    blog.say(30)
    desk = await imported(blog)
    batch = await desk.fetch()
    assert (batch.requests, batch.complete, batch.drifted) == (1, True, False)
    assert batch.window_to == desk.clock.now()


async def test_mark_is_raised_only_when_all_pages_are_stored() -> None:
    blog = Blog()
    blog.say(10)
    desk = await imported(blog)
    blog.say(450)
    first = await desk.fetch()
    assert not first.complete
    kept = json.loads(first.cursor)
    assert (kept["mark"], kept["walk"]["top"]) == (10, 460)
    second = await desk.fetch()
    third = await desk.connector.fetch(desk.channel, second.cursor)
    assert third == await desk.connector.fetch(desk.channel, second.cursor)  # the same cursor, the same answer
    await desk.read()
    assert ids(desk) == set(range(1, 461))
    assert json.loads(desk.cursor)["mark"] == 460
    assert "walk" not in json.loads(desk.cursor)


@pytest.mark.parametrize("deleted", [1, 5, 6, 60, 130])
async def test_deletion_between_two_pages_of_a_poll_loses_nothing(deleted: int) -> None:
    blog = Blog()
    blog.say(150)
    desk = await imported(blog)
    new = blog.say(400)
    await desk.fetch()
    for number in new[-deleted:]:
        del blog.comments[number]
    await desk.read()
    assert ids(desk) >= set(blog.comments)


async def test_arrivals_between_two_pages_of_a_poll_come_with_the_next() -> None:
    blog = Blog()
    blog.say(20)
    desk = await imported(blog)
    blog.say(300)
    await desk.fetch()
    blog.say(150)
    await desk.read()
    await desk.read()
    assert ids(desk) == set(blog.comments)


async def test_id_handed_out_before_it_was_committed_is_still_found() -> None:
    blog = Blog()
    blog.say(120)
    late = blog.comments.pop(101)
    desk = await imported(blog)
    blog.comments[101] = late
    blog.say(60)
    await desk.read()
    assert 101 in ids(desk)


async def test_page_of_nothing_but_notes_does_not_stop_a_poll() -> None:
    blog = Blog()
    blog.say(60)
    desk = await imported(blog)
    blog.say(20)
    blog.say(230, kind="note")
    blog.say(3)
    await desk.read()
    assert ids(desk) == set(range(1, 81)) | {311, 312, 313}


async def test_trap_2_parameters_that_would_be_ignored_are_never_sent() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(3)
    desk = await imported(blog)
    desk.clock.forward(SWEEP_EVERY_S)
    await desk.read()
    await desk.connector.reread(desk.channel, ["comment:1", "post:1"])
    known = {
        *("status", "type", "context", "post", "parent", "include", "author", "order", "orderby", "per_page", "offset"),
        *("_fields", "_embed", "slug", "search"),
    }
    assert {name for r in desk.sent for name in r.url.params} <= known
    assert {r.url.params.get("orderby") for r in desk.sent if "comments" in r.url.path} <= {"id", None}


async def test_trap_3_no_request_depends_on_the_blogs_time_zone() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(3)
    desk = await imported(blog)
    desk.clock.forward(SWEEP_EVERY_S)
    await desk.read()
    assert not [r for r in desk.sent if {"after", "before", "modified_after", "modified_before"} & set(r.url.params)]


async def test_unreadable_comment_in_a_readable_page_is_kept_and_the_rest_goes_on() -> None:
    blog = Blog()
    blog.say(3)
    blog.comments[2]["content"] = None
    desk = await imported(blog)
    assert desk.held["comment:2"].kind is MessageKind.UNREADABLE
    assert desk.held["comment:3"].kind is MessageKind.COMMENT
    blog.say(1)
    await desk.read()
    assert "comment:4" in desk.held


@pytest.mark.parametrize(
    "envelope",
    [
        httpx.Response(200, html="<!doctype html><title>Just a moment</title>"),
        httpx.Response(200, json={"items": []}),
        httpx.Response(200, content=b'[{"id": 1}, {"id"'),
        httpx.Response(200, content=b""),
    ],
)
async def test_unreadable_envelope_leaves_the_cursor(envelope: httpx.Response) -> None:
    blog = Blog()
    blog.say(3)
    desk = await imported(blog)
    before = desk.cursor
    with failing(blog, "GET", envelope), pytest.raises(BadReply, match="the comments"):
        await desk.fetch()
    assert desk.cursor == before


@pytest.mark.parametrize("cursor", ["{", "[]", '"x"', '{"v":99}', '{"v":1,"strange":1}', '{"v":1,"phase":"moon"}'])
async def test_mark_of_another_version_is_expired(cursor: str) -> None:
    desk = desk_at(Blog())
    with pytest.raises(CursorExpired):
        await desk.connector.fetch(desk.channel, Cursor(cursor))
    assert desk.sent == []


# --- rights ---


async def test_trap_1_poll_without_rights_is_never_an_empty_batch() -> None:
    blog = Blog()
    blog.say(3)
    desk = await imported(blog)
    for name in ("poll-without-rights", "error-forbidden-param", "early-wrong-password", "header-dropped"):
        with failing(blog, "GET", answer(name)), pytest.raises(SignInNeeded) as error:
            await desk.fetch()
        assert "Authorization" in error.value.hint


async def test_trap_1_every_reading_of_comments_asks_for_what_only_an_editor_gets() -> None:
    blog = Blog()
    blog.say(3)
    desk = await imported(blog)
    await desk.connector.reread(desk.channel, ["comment:1"])
    reads = [r for r in desk.sent if r.url.path.endswith("/comments")]
    assert reads
    assert all(r.headers["authorization"].startswith("Basic ") for r in desk.sent)
    assert all(r.url.params["status"] != "approve" or r.method == "HEAD" for r in reads)


async def test_import_without_rights_fails_although_posts_hide_it_in_a_400() -> None:
    blog = Blog()
    blog.say(3)
    blog.write(1)
    desk = desk_at(blog)
    with failing(blog, "/posts", answer("posts-without-rights")), pytest.raises(SignInNeeded):
        await desk.fetch()


async def test_lowered_role_is_not_allowed_rather_than_signed_out() -> None:
    blog = Blog()
    blog.say(3)
    desk = await imported(blog)
    with failing(blog, "GET", answer("poll-role-too-low")), pytest.raises(NotAllowed):
        await desk.fetch()


async def test_closed_lists_of_posts_do_not_keep_comments_from_coming() -> None:
    blog = Blog()
    blog.say(3)
    with (
        failing(blog, "/posts", answer("posts-role-too-low")),
        failing(blog, "/pages", httpx.Response(404, json=body_of("error-no-route"))),
    ):
        desk = await imported(blog)
    assert ids(desk) == {1, 2, 3}


async def test_role_without_posts_reads_what_the_public_reads() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(1)
    desk = Desk(blog, rights="moderate_comments")
    await desk.read()
    lists = [r.url.params for r in desk.sent if r.url.path.endswith(("/posts", "/pages"))]
    assert lists
    assert all(p["status"] == "publish" and "context" not in p for p in lists)


# --- entries ---


async def test_comment_on_an_unknown_post_brings_the_post_along_once() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(2)
    desk = await imported(blog)
    blog.write(50)
    blog.say(1, post=50)
    batch = await desk.fetch()
    assert batch.messages[0].remote_id == "post:50"
    assert batch.requests == 2
    assert (await desk.fetch()).requests == 1


async def test_unknown_post_that_cannot_be_read_is_asked_for_once() -> None:
    blog = Blog()
    blog.say(2)
    desk = await imported(blog)
    blog.say(1, post=50)
    assert (await desk.fetch()).requests == 2
    assert (await desk.fetch()).requests == 1


async def test_unknown_post_is_asked_for_again_when_the_blog_only_failed_for_a_moment() -> None:
    blog = Blog()
    blog.say(2)
    desk = await imported(blog)
    blog.write(50)
    blog.say(1, post=50)
    with failing(blog, "/posts", httpx.Response(500)):
        batch = await desk.fetch()
    assert "comment:3" in desk.held
    assert batch.complete
    await desk.fetch()
    assert "post:50" in desk.held


async def test_entry_of_a_plugins_type_comes_from_the_list_its_link_names() -> None:
    blog = Blog()
    blog.write(7, kind="products")
    [number] = blog.say(1, post=7)
    links = {"up": [{"post_type": "product", "href": "https://blog.example.org/wp-json/wp/v2/products/7"}]}
    blog.comments[number]["_links"] = links
    desk = await imported(blog)
    assert desk.held["product:7"].title == "Entry 7"
    assert desk.held[f"comment:{number}"].context_remote_id == "product:7"


@pytest.mark.parametrize("href", ["https://evil.example/wp-json/wp/v2/products/7", "javascript:1/7", "", "../../7"])
async def test_link_to_elsewhere_is_never_followed(href: str) -> None:
    blog = Blog()
    [number] = blog.say(1, post=7)
    blog.comments[number]["_links"] = {"up": [{"post_type": "product", "href": href}]}
    desk = await imported(blog)
    assert {r.url.host for r in desk.sent} == {"blog.example.org"}
    assert f"comment:{number}" in desk.held


async def test_trap_7_scheduled_and_backdated_posts_are_seen_at_the_next_look() -> None:
    blog = Blog()
    for number in range(1, 151):
        blog.write(number)
    blog.say(1)
    desk = await imported(blog)
    desk.clock.forward(ENTRIES_EVERY_S)
    await desk.read()
    blog.write(200, status="future", date_gmt="2031-05-01T12:00:00", modified_gmt="2031-05-01T12:00:00")
    blog.write(201, date_gmt="2019-01-01T00:00:00", modified_gmt="2019-01-01T00:00:00")
    desk.clock.forward(ENTRIES_EVERY_S)
    await desk.read()
    assert desk.held["post:200"].state is MessageState.SCHEDULED
    assert desk.held["post:201"].created_at.year == 2019
    blog.entries["posts"][200]["status"] = "publish"  # by cron, which leaves modified_gmt alone
    blog.write(202)
    desk.clock.forward(ENTRIES_EVERY_S)
    batch = (await desk.read())[-1]
    assert desk.held["post:200"].state is MessageState.PUBLISHED
    assert {m.remote_id for m in batch.messages if m.kind is MessageKind.POST} == {"post:200", "post:202"}


async def test_more_new_posts_than_a_page_holds_are_all_found() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(1)
    desk = await imported(blog)
    for number in range(2, 300):
        blog.write(number, modified_gmt="2019-01-01T00:00:00")
    desk.clock.forward(ENTRIES_EVERY_S)
    await desk.read()
    assert {f"post:{n}" for n in range(1, 300)} <= desk.held.keys()


async def test_posts_that_cannot_be_read_now_do_not_hold_up_comments() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(1)
    desk = await imported(blog)
    desk.clock.forward(ENTRIES_EVERY_S)
    blog.say(1)
    with failing(blog, "/posts", httpx.Response(502)):
        batch = await desk.fetch()
    assert batch.complete
    assert "comment:2" in desk.held


# --- drift ---


async def test_old_comment_that_changed_status_is_drift_until_a_sweep() -> None:
    blog = Blog()
    blog.say(300)
    desk = await imported(blog)
    blog.comments[5]["status"] = "spam"
    assert not (await desk.fetch()).drifted
    desk.clock.forward(COUNTS_EVERY_S)
    batch = await desk.fetch()
    assert (batch.drifted, batch.requests) == (True, 5)
    assert (await desk.fetch()).drifted  # and again, as long as nobody swept
    pages = [page async for page in desk.connector.sweep(desk.channel, desk.cursor)]
    sighted = {s.remote_id: s.state for page in pages for s in page.sightings}
    assert sighted["comment:5"] is MessageState.SPAM
    assert len(sighted) == 300
    assert pages[-1].swept_prefixes == ("comment:", "post:", "page:")
    assert pages[-1].cursor is not None
    desk.cursor = pages[-1].cursor
    desk.clock.forward(COUNTS_EVERY_S)
    assert not (await desk.fetch()).drifted


async def test_new_comments_and_changes_among_the_newest_are_no_drift() -> None:
    blog = Blog()
    blog.say(300)
    desk = await imported(blog)
    await desk.read()
    blog.say(150, status="hold")
    blog.comments[299]["status"] = "trash"
    await desk.read()
    blog.comments[440]["status"] = "approved"
    desk.clock.forward(COUNTS_EVERY_S)
    assert not (await desk.read())[-1].drifted


async def test_deletion_is_drift_at_the_next_poll_without_another_request() -> None:
    blog = Blog()
    blog.say(300)
    desk = await imported(blog)
    await desk.read()
    del blog.comments[7]
    batch = await desk.fetch()
    assert (batch.drifted, batch.requests) == (True, 1)


async def test_comments_between_poll_and_sweep_are_not_counted_twice() -> None:
    blog = Blog()
    blog.say(120)
    desk = await imported(blog)
    await desk.read()
    blog.say(4)
    blog.comments[110]["status"] = "hold"
    pages = [page async for page in desk.connector.sweep(desk.channel, desk.cursor)]
    assert pages[-1].cursor is not None
    desk.cursor = pages[-1].cursor
    desk.clock.forward(COUNTS_EVERY_S)
    assert not (await desk.read())[-1].drifted
    assert ids(desk) == set(blog.comments)


async def test_everything_is_looked_at_once_a_day() -> None:
    blog = Blog()
    blog.say(3)
    desk = await imported(blog)
    desk.clock.forward(SWEEP_EVERY_S)
    assert (await desk.read())[-1].drifted
    pages = [page async for page in desk.connector.sweep(desk.channel, desk.cursor)]
    assert pages[-1].cursor is not None
    desk.cursor = pages[-1].cursor
    assert not (await desk.read())[-1].drifted


async def test_host_that_refuses_to_count_still_delivers() -> None:
    blog = Blog()
    blog.say(3)
    with failing(blog, "HEAD", httpx.Response(405)):
        desk = await imported(blog)
        desk.clock.forward(COUNTS_EVERY_S)
        blog.say(1)
        batch = await desk.fetch()
        assert (batch.drifted, batch.complete) == (False, True)
        del blog.comments[1]
        assert (await desk.fetch()).drifted  # the number of all comments comes with each page
    assert ids(desk) == {1, 2, 3, 4}


async def test_deleted_post_is_drift_when_posts_are_looked_at() -> None:
    blog = Blog()
    for number in range(1, 6):
        blog.write(number)
    blog.say(1)
    desk = await imported(blog)
    blog.write(6)
    desk.clock.forward(ENTRIES_EVERY_S)
    assert not (await desk.read())[-1].drifted
    del blog.entries["posts"][2]
    desk.clock.forward(ENTRIES_EVERY_S)
    assert (await desk.read())[-1].drifted


async def test_sweep_survives_deletions_between_its_pages() -> None:
    blog = Blog()
    blog.say(400)
    desk = await imported(blog)
    sighted = set()
    async for page in desk.connector.sweep(desk.channel, desk.cursor):
        sighted |= {s.remote_id for s in page.sightings}
        for number in list(blog.comments)[:30]:
            if number < 200:
                del blog.comments[number]
    assert sighted >= {f"comment:{n}" for n in blog.comments}


async def test_sweep_that_cannot_read_an_item_says_so_instead_of_calling_it_gone() -> None:
    blog = Blog()
    blog.say(3)
    desk = await imported(blog)
    blog.comments[2]["status"] = None
    del blog.comments[3]["status"]
    with pytest.raises(BadReply):
        _ = [page async for page in desk.connector.sweep(desk.channel, desk.cursor)]


# --- reading again ---


async def test_only_what_wordpress_itself_calls_unknown_is_gone() -> None:
    blog = Blog()
    blog.write(1)
    blog.say(3)
    desk = await imported(blog)
    del blog.comments[2]
    blog.hidden = {3}
    batch = await desk.connector.reread(desk.channel, ["comment:1", "comment:2", "comment:3", "post:1", "post:9"])
    assert set(batch.gone) == {"comment:2", "post:9"}
    assert {m.remote_id for m in batch.messages} == {"comment:1", "comment:3", "post:1"}
    assert batch.cursor == START
    with failing(blog, "comments/2", httpx.Response(404, html="<h1>Not Found</h1>")):
        assert (await desk.connector.reread(desk.channel, ["comment:2"])).gone == ()
    with failing(blog, "comments/2", answer("error-no-route")):
        assert (await desk.connector.reread(desk.channel, ["comment:2"])).gone == ()
    with failing(blog, "comments/2", httpx.Response(503)), pytest.raises(Unavailable):
        await desk.connector.reread(desk.channel, ["comment:2"])


async def test_rereading_a_hundred_is_one_request() -> None:
    blog = Blog()
    blog.say(100)
    desk = desk_at(blog)
    batch = await desk.connector.reread(desk.channel, [f"comment:{n}" for n in range(1, 101)])
    assert (batch.requests, len(batch.messages)) == (1, 100)
    assert desk.sent[0].url.params["status"] == "any"


async def test_unreadable_names_are_passed_over_when_reading_again() -> None:
    desk = desk_at(Blog())
    batch = await desk.connector.reread(desk.channel, ["unreadable:0011223344556677", "nonsense", "comment:x"])
    assert (batch.messages, batch.gone, desk.sent) == ((), (), [])


async def test_window_of_time_joins_without_a_gap() -> None:
    blog = Blog()
    blog.say(3)
    desk = desk_at(blog)
    first = (await desk.read())[-1]
    desk.clock.forward(120)
    second = await desk.fetch()
    assert first.window_from is None
    assert second.window_from == first.window_to
    assert second.window_to == first.window_to + timedelta(seconds=120) if first.window_to else False
    assert not second.gap_before
