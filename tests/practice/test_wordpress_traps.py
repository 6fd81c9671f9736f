"""The traps of wordpress.md that no single recording shows: a connector must meet them in practice, too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

OFFICER_ALL = "status=any&type=all&context=edit"


async def ids(stage: Any, query: str, login: str = "officer") -> list[int]:
    response = await stage.rest("GET", f"comments?{query}&per_page=100&_fields=id", login)
    assert response.status_code == 200, response.text
    return [row["id"] for row in response.json()]


def furnish(stage: Any) -> None:
    stage.post(18)
    stage.post(19, slug="other")
    for number, status in enumerate(("approved", "hold", "spam", "trash", "post-trashed"), start=1):
        stage.comment(number, status=status, text=f"Words {number}", at=stage.real.at - timedelta(minutes=number))
    stage.comment(6, 19, parent_id=1, kind="pingback")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=approve&type=all", {1, 6}),
        ("status=hold", {2}),
        ("status=spam", {3}),
        ("status=trash", {4}),
        ("status=post-trashed", {5}),
        ("status=all&type=all", {1, 2, 6}),
        ("status=any&type=all", {1, 2, 3, 4, 5, 6}),
        ("status=any", {1, 2, 3, 4, 5}),  # pingbacks only when asked for
        ("status=any&type=pings", {6}),
        ("status=approved&type=all", set()),  # read "approved", write and ask "approve"
        ("status=hold,spam", set()),
        ("include=2,6&type=all", {6}),  # include needs status=any
        ("include[]=2&include[]=6&status=any&type=all", {2, 6}),
        ("exclude=1&type=all", {6}),
        ("post=19&type=all", {6}),
        ("parent=1&type=all", {6}),
        ("search=words 2&status=any", {2}),
        ("author_email=vera@example.org&type=all", {1, 6}),
        ("modified_after=2026-01-01T00:00:00Z&status=any&type=all", {1, 2, 3, 4, 5, 6}),  # unknown: ignored
    ],
)
async def test_comment_filters(stage: Any, query: str, found: set[int]) -> None:
    furnish(stage)
    assert set(await ids(stage, query)) == found


async def test_a_time_without_zone_is_the_sites_own(stage: Any) -> None:
    stage.post(18)
    stage.comment(1, at=datetime(2026, 11, 23, 3, 0, tzinfo=UTC))  # 22:00 the day before in New York
    assert await ids(stage, "after=2026-11-23T02:00:00Z") == [1]
    assert await ids(stage, "after=2026-11-23T02:00:00") == []
    assert await ids(stage, "before=2026-11-23T02:00:00%2B00:00") == []


async def test_paging_by_page_by_offset_and_backwards(stage: Any) -> None:
    stage.post(18)
    for number in range(1, 24):
        stage.comment(number, text=f"{number}")
    ask = f"comments?{OFFICER_ALL}&orderby=id&_fields=id&per_page=10"
    first = await stage.rest("GET", f"{ask}&order=desc")
    assert [r["id"] for r in first.json()] == list(range(23, 13, -1))
    assert (first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == ("23", "3")
    middle = await stage.rest("GET", f"{ask}&order=asc&page=2")
    assert [r["id"] for r in middle.json()] == list(range(11, 21))
    assert middle.headers["link"].count("rel=") == 2
    shifted = await stage.rest("GET", f"{ask}&order=asc&page=3&offset=5")  # offset wins
    assert [r["id"] for r in shifted.json()] == list(range(6, 16))
    head = await stage.rest("HEAD", f"{ask}&order=asc")
    assert (head.headers["x-wp-total"], head.content) == ("23", b"")


async def test_visitors_see_less_and_pages_may_be_short(stage: Any) -> None:
    stage.post(18)
    stage.post(20, slug="hidden", status="private")
    stage.comment(1)
    stage.comment(2, 20)
    response = await stage.rest("GET", "comments", "")
    assert [r["id"] for r in response.json()] == [1]
    assert response.headers["x-wp-total"] == "2"  # counted before what may not be read is dropped
    assert response.json()[0].keys().isdisjoint({"author_email", "author_ip", "author_user_agent"})
    denied = await stage.rest("GET", "comments/2", "")
    assert (denied.status_code, denied.json()["code"]) == (401, "rest_cannot_read")


async def test_fields_may_be_nested_and_the_post_embedded(stage: Any) -> None:
    stage.post(18)
    stage.comment(1)
    post = (await stage.rest("GET", "posts?context=edit&_fields=id,title.raw")).json()[0]
    assert post == {"id": 18, "title": {"raw": "Library opens"}}
    # Comments know no half content (6.1.9, compared with a running one; wordpress.md section 4 says otherwise).
    row = (await stage.rest("GET", f"comments?{OFFICER_ALL}&_fields=id,content.raw,_links.up")).json()[0]
    assert row.keys() == {"id", "_links"}
    assert row["_links"].keys() == {"up"}
    assert (await stage.rest("GET", "comments?_fields=content.raw")).json() == [[]]
    row = (await stage.rest("GET", f"comments?{OFFICER_ALL}&_embed=up")).json()[0]
    assert row["_embedded"]["up"][0]["title"] == {"rendered": "Library opens"}


async def test_a_wrong_password_reads_like_a_visitor_and_never_gets_an_error_on_public_routes(stage: Any) -> None:
    stage.post(18)
    wrong = stage.auth("officer", wrong=True)
    public = await stage.rest("GET", "comments", "", headers=wrong)
    assert (public.status_code, public.headers["vary"]) == (200, "Origin")
    polled = await stage.rest("GET", f"comments?{OFFICER_ALL}", "", headers=wrong)
    assert (polled.status_code, polled.json()["code"]) == (401, "rest_forbidden_context")
    assert "cache-control" not in polled.headers


async def test_blanks_in_the_password_and_the_mail_address_are_accepted(stage: Any) -> None:
    secret = stage.blog.users[2].passwords[0].secret
    spaced = " ".join(secret[n : n + 4] for n in range(0, 24, 4))
    response = await stage.http.get("/wp-json/wp/v2/users/me", auth=("officer@example.org", spaced))
    assert response.json()["slug"] == "officer"


async def test_a_revoked_password_opens_nothing_more(stage: Any) -> None:
    mine = (await stage.rest("GET", "users/me/application-passwords/introspect")).json()
    gone = await stage.rest("DELETE", f"users/me/application-passwords/{mine['uuid']}")
    assert (gone.status_code, gone.json()["deleted"], gone.json()["previous"]["uuid"]) == (200, True, mine["uuid"])
    stage.blog.add_password(stage.blog.users[2], "other")
    headers = {"Authorization": gone.request.headers["authorization"]}
    assert (await stage.rest("GET", "users/me", "", headers=headers)).status_code == 401


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("AT&T & <b>x</b>", "AT&amp;T &amp; <b>x</b>", "<p>AT&amp;T &amp; <b>x</b></p>\n"),
        ("5 < 6 and 7 > 6", "5  6", "<p>5  6</p>\n"),  # the real filter takes the middle for a tag
        ("I <3 it", "I &lt;3 it", "<p>I &lt;3 it</p>\n"),
        ("<i>a</i><script>b</script>", "<i>a</i>b", "<p><i>a</i>b</p>\n"),
        ("It's \"so\"\nand\n\nso...", "It's \"so\"\nand\n\nso...",
         "<p>It&#8217;s &#8220;so&#8221;<br />\nand</p>\n<p>so&#8230;</p>\n"),
        ("<a href=\"http://x.example/?a=1&b=2\" onclick=\"y\">k</a>",
         '<a href="http://x.example/?a=1&amp;b=2" rel="nofollow ugc">k</a>',
         '<p><a href="http://x.example/?a=1&amp;b=2" rel="nofollow ugc">k</a></p>\n'),
        ("http://x.example/?a=1&b=2.", "http://x.example/?a=1&amp;b=2.",
         '<p><a href="http://x.example/?a=1&amp;b=2" rel="nofollow ugc">http://x.example/?a=1&amp;b=2</a>.</p>\n'),
    ],
)  # fmt: skip
async def test_a_visitors_words_are_filtered_and_dressed(stage: Any, typed: str, stored: str, shown: str) -> None:
    stage.post(18)
    stage.comment(1, text=typed)
    content = (await stage.rest("GET", "comments/1?context=edit")).json()["content"]
    assert content["raw"] == stored
    assert content["rendered"].replace("&#038;", "&amp;") == shown


async def test_a_reply_elsewhere_is_accepted_and_an_editors_markup_stays(stage: Any) -> None:
    furnish(stage)
    response = await stage.rest("POST", "comments", json={"post": 18, "parent": 6, "content": "<i>x</i> & y"})
    assert (response.status_code, response.json()["parent"]) == (201, 6)
    assert response.json()["content"]["raw"] == "<i>x</i> & y"


async def test_an_edit_replaces_words_and_keeps_author_and_date(stage: Any) -> None:
    furnish(stage)
    before = (await stage.rest("GET", "comments/1?context=edit")).json()
    stage.real.move(60)
    body = {"content": "Other words", "author_user_agent": before["author_user_agent"]}
    after = (await stage.rest("POST", "comments/1", json=body)).json()
    assert after["content"]["raw"] == "Other words"
    same = ("author_name", "date_gmt", "status", "author_user_agent")
    assert [after[k] for k in same] == [before[k] for k in same]


async def test_slugs_are_numbered_only_among_what_is_public(stage: Any) -> None:
    async def make(**body: Any) -> dict[str, Any]:
        response = await stage.rest("POST", "posts", json={"title": "T", "content": "c", "slug": "same", **body})
        made: dict[str, Any] = response.json()
        return made

    first, second = await make(status="publish"), await make(status="publish")
    assert (first["slug"], second["slug"]) == ("same", "same-2")
    assert (await make(status="draft"))["slug"] == "same"
    found = await stage.rest("GET", "posts?slug=same&status=publish,future,draft,pending,private&_fields=id,status")
    assert len(found.json()) == 2
    hidden = await stage.rest("GET", "posts?slug=same&_fields=id")
    assert [p["id"] for p in hidden.json()] == [first["id"]]


@pytest.mark.parametrize(("ahead_s", "status"), [(-60, "publish"), (30, "publish"), (61, "future")])
async def test_a_schedule_too_near_publishes_at_once(stage: Any, ahead_s: int, status: str) -> None:
    at = (stage.real.at + timedelta(seconds=ahead_s)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = (await stage.rest("POST", "posts", json={"title": "T", "status": "future", "date_gmt": at})).json()
    assert made["status"] == status
    assert made["modified_gmt"] == made["date_gmt"]  # in the future, or in the past


async def test_cron_publishes_late_and_leaves_modified_alone(stage: Any) -> None:
    at = (stage.real.at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = (await stage.rest("POST", "posts", json={"title": "T", "status": "future", "date_gmt": at})).json()
    assert made["link"].endswith(f"/?p={made['id']}")
    stage.real.move(3600)
    ask = f"posts/{made['id']}?context=edit"
    assert (await stage.rest("GET", ask)).json()["status"] == "future"  # nobody had visited yet
    after = (await stage.rest("GET", ask)).json()
    assert (after["status"], after["modified_gmt"]) == ("publish", made["modified_gmt"])
    assert after["link"].endswith("/2026/11/t/")


async def test_without_cron_a_schedule_is_missed(stage: Any) -> None:
    stage.blog.quirks.add("no-cron")
    at = (stage.real.at + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = (await stage.rest("POST", "posts", json={"title": "T", "status": "future", "date_gmt": at})).json()
    stage.real.move(7200)
    for _ in range(3):
        assert (await stage.rest("GET", f"posts/{made['id']}?context=edit")).json()["status"] == "future"


async def test_the_trash_takes_the_slug_and_the_comments_along(stage: Any) -> None:
    furnish(stage)
    gone = (await stage.rest("DELETE", "posts/18")).json()
    assert (gone["status"], gone["slug"]) == ("trash", "postroom-11aa22__trashed")
    assert set(await ids(stage, "status=post-trashed")) == {1, 2, 3, 4, 5}
    back = (await stage.rest("POST", "posts/18", json={"status": "draft"})).json()
    assert (back["status"], back["slug"]) == ("draft", "postroom-11aa22")
    listed = (await stage.rest("GET", "posts?status=any&context=edit&_fields=id")).json()
    assert {p["id"] for p in listed} == {18, 19}


async def test_a_post_deleted_for_good_takes_its_comments(stage: Any) -> None:
    furnish(stage)
    gone = await stage.rest("DELETE", "posts/18?force=true")
    assert gone.json()["previous"]["id"] == 18
    assert await ids(stage, "status=any&type=all") == [6]


async def test_terms_by_name_are_refused_and_unknown_ids_dropped(stage: Any) -> None:
    by_name = await stage.rest("POST", "posts", json={"title": "T", "tags": ["x"]})
    assert (by_name.status_code, by_name.json()["code"]) == (400, "rest_invalid_param")
    made = await stage.rest("POST", "posts", json={"title": "T", "tags": [999], "categories": [1]})
    assert (made.json()["tags"], made.json()["categories"]) == ([], [1])


async def test_plain_permalinks_have_another_root_and_no_pretty_one(stage: Any) -> None:
    stage.blog.quirks.add("plain-permalinks")
    stage.post(18)
    stage.comment(1)
    front = await stage.http.head("/")
    assert front.headers["link"].startswith("<http://127.0.0.1:8101/index.php?rest_route=/>;")
    assert (await stage.http.get("/wp-json/")).status_code == 404
    headers = stage.auth("officer")
    listed = await stage.http.get(f"/index.php?rest_route=/wp/v2/comments&{OFFICER_ALL}&per_page=1", headers=headers)
    assert listed.json()[0]["link"] == "http://127.0.0.1:8101/?p=18#comment-1"
    assert listed.json()[0]["_links"]["self"][0]["href"].endswith("/index.php?rest_route=/wp/v2/comments/1")
    assert (await stage.http.get("/?p=18")).status_code == 200


async def test_a_page_is_not_a_post_and_types_name_their_routes(stage: Any) -> None:
    page = (await stage.rest("POST", "pages", json={"title": "About", "status": "publish"})).json()
    assert page["type"] == "page"
    assert page["link"].endswith("/about/")
    assert (await stage.rest("GET", f"posts/{page['id']}")).status_code == 404
    types = (await stage.rest("GET", "types", "")).json()
    assert {t["rest_base"] for t in types.values()} == {"posts", "pages", "media"}


async def test_uploads_can_be_fetched_and_are_never_named_alike(stage: Any) -> None:
    body = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
    headers = {"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="chart.png"'}
    urls = [(await stage.rest("POST", "media", content=body, headers=headers)).json()["source_url"] for _ in range(2)]
    assert [u.rsplit("/", 1)[1] for u in urls] == ["chart.png", "chart-1.png"]
    served = await stage.http.get(urls[1])
    assert (served.content, served.headers["content-type"]) == (body, "image/png")
    wrong = await stage.rest("POST", "media", content=b"no picture", headers=headers)
    assert wrong.json()["code"] == "rest_upload_sideload_error"


async def test_multipart_bodies_keep_every_byte(stage: Any) -> None:
    body = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) + b"\r\n--\r\n\r\n"
    made = await stage.rest("POST", "media", files={"file": ("a.png", body, "image/png")}, data={"alt_text": "Ünï"})
    assert made.json()["alt_text"] == "Ünï"
    assert (await stage.http.get(made.json()["source_url"])).content == body


async def test_the_pages_show_the_blog_and_run_nobodys_script(stage: Any) -> None:
    stage.post(18)
    stage.comment(1, name="<script>alert(1)</script>")
    stage.comment(2, text="<script>alert(2)</script>", as_sent=True, parent_id=1)
    front = await stage.http.get("/")
    assert "Library opens" in front.text
    shown = await stage.http.get("/2026/11/postroom-11aa22/")
    assert "&lt;script&gt;alert(1)" in shown.text
    assert "script-src 'none'" in shown.headers["content-security-policy"]
    assert (await stage.http.get("/2026/11/nowhere/")).status_code == 404
    moved = await stage.http.get("/?p=18")
    assert (moved.status_code, moved.headers["location"]) == (301, "http://127.0.0.1:8101/2026/11/postroom-11aa22/")


async def test_the_consent_page_shows_the_password_when_nobody_waits_for_it(stage: Any) -> None:
    import html
    import re

    await stage.http.post("/wp-login.php", data={"log": "officer"})
    page = await stage.http.get("/wp-admin/authorize-application.php?app_name=Postroom")
    nonce = re.search(r'name="_wpnonce" value="(\w+)"', page.text)
    assert nonce is not None
    address = "/wp-admin/authorize-application.php"
    expired = await stage.http.post(address, data={"app_name": "Postroom", "approve": "1", "_wpnonce": "x"})
    assert expired.status_code == 403
    shown = await stage.http.post(address, data={"app_name": "Postroom", "approve": "1", "_wpnonce": nonce[1]})
    password = re.search(r"<code>([\w ]{29})</code>", html.unescape(shown.text))
    assert password is not None
    me = await stage.http.get("/wp-json/wp/v2/users/me", auth=("officer", password[1]))
    assert me.json()["slug"] == "officer"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "nonsense"])
async def test_redirects_to_nonsense_are_refused(stage: Any, url: str) -> None:
    await stage.http.post("/wp-login.php", data={"log": "officer"})
    page = await stage.http.get("/wp-admin/authorize-application.php", params={"app_name": "x", "success_url": url})
    assert page.status_code == 500


async def test_a_visitor_of_the_page_can_comment_and_join_the_story(stage: Any) -> None:
    stage.post(18)
    form = {"comment_post_ID": "18", "author": "Guest", "email": "guest@example.org", "comment": "Hello?"}
    assert (await stage.http.post("/wp-comments-post.php", data=form)).status_code == 302
    comment = next(iter(stage.blog.comments.values()))
    assert (comment.status, comment.name) == ("hold", "Guest")
    await stage.rest("POST", f"comments/{comment.id}", json={"status": "approve"})
    await stage.rest("POST", "comments", json={"post": 18, "parent": comment.id, "content": "Good morning"})
    stage.clock.step(20 * 60)
    assert [h.what for h in stage.world.advance()] == ["Reaction"]
    assert list(stage.blog.comments.values())[-1].name == "Guest"
