"""From what a person types to a blog, and from a pasted password to an account."""

from __future__ import annotations

import socket
from typing import Any

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import Discovery, SignedIn
from inbox.connectors.wordpress import WordPress
from inbox.connectors.wordpress.discovery import APP_ID, starts
from inbox.errors import BadReply, NotAllowed, NotFound, Offline, RateLimited, SignInNeeded, Unavailable
from inbox.model import Capability, SignIn
from tests.connectors.harness import SetClock
from tests.connectors.wordpress_recorded import HOME, PASSWORD, ROOT, Desk, answer, body_of

Answers = dict[str, httpx.Response]


def client(answers: Answers, sent: list[httpx.Request] | None = None) -> httpx.AsyncClient:
    """A web of these addresses ("METHOD address" or the address alone); 404 everywhere else."""

    def reply(request: httpx.Request) -> httpx.Response:
        if sent is not None:
            sent.append(request)
        bare = str(request.url).partition("_fields=")[0].rstrip("?&").replace("%2F", "/")
        return answers.get(f"{request.method} {bare}") or answers.get(bare) or httpx.Response(404, html="<h1>No</h1>")

    return web.client(transport=httpx.MockTransport(reply))


def root_answer(**changed: Any) -> httpx.Response:
    return httpx.Response(200, json=body_of("root") | changed)


async def discover(typed: str, answers: Answers, sent: list[httpx.Request] | None = None) -> Discovery:
    return await WordPress.discover(typed, client(answers, sent), SetClock())


BLOG: Answers = {f"{HOME}/": answer("front-page"), ROOT: answer("root")}


@pytest.mark.parametrize(
    "typed",
    [
        "blog.example.org",
        "https://blog.example.org",
        "HTTPS://Blog.Example.org/",
        "  blog.example.org/wp-admin/edit.php?post_type=post ",
        "<https://blog.example.org/>",
        "//blog.example.org",
        "https://blog.example.org/wp-login.php",
        "https://blog.example.org/2026/11/library-opens/#comment-3",
        "https://blog.example.org/feed/",
        "https://user:hunter2@blog.example.org/",
    ],
)
async def test_recorded_blog_is_found(typed: str) -> None:
    sent: list[httpx.Request] = []
    found = await discover(typed, BLOG, sent)
    assert (found.network, found.title, found.address) == ("wordpress", "Organisation blog", HOME)
    assert found.settings["root"] == ROOT
    assert found.sign_in == (SignIn.BROWSER, SignIn.PASTE)
    assert found.browser_url == f"{HOME}/wp-admin/authorize-application.php?app_name=Postroom&app_id={APP_ID}"
    assert [f.name for f in found.fields if f.secret] == ["password"]
    assert found.warnings == ()
    assert not [r for r in sent if "authorization" in r.headers or "hunter2" in str(r.url)]


async def test_root_in_the_markup_alone_is_found() -> None:
    page = "<html><head><link href='/wp-json/' rel='https://api.w.org/'></head></html>"
    found = await discover("blog.example.org", {f"GET {HOME}/": httpx.Response(200, html=page), ROOT: answer("root")})
    assert found.settings["root"] == ROOT


async def test_page_that_hides_its_root_is_tried_at_the_usual_places() -> None:
    found = await discover("blog.example.org", {f"{HOME}/": httpx.Response(200, html="<p>Hi"), ROOT: answer("root")})
    assert found.settings["root"] == ROOT


async def test_plain_permalinks_are_found_and_kept_as_a_string() -> None:
    plain = f"{HOME}/?rest_route=/"
    found = await discover("blog.example.org", {f"{HOME}/": httpx.Response(200, html="x"), plain: answer("root")})
    # The root's own answer names it; "https://api.w.org/" in its Link header is the pretty one of the recording.
    assert found.settings["root"] in {plain, ROOT}
    named = {"Link": f'<{HOME}/index.php?rest_route=/>; rel="https://api.w.org/"'}
    plain = f"{HOME}/index.php?rest_route=/"
    body = httpx.Response(200, json=body_of("root"), headers=named)
    found = await discover("blog.example.org", {f"{HOME}/": httpx.Response(200, headers=named), plain: body})
    assert found.settings["root"] == plain


async def test_sub_directory_above_the_typed_address_is_found() -> None:
    root = f"{HOME}/news/wp-json/"
    body = root_answer(home=f"{HOME}/news", url=f"{HOME}/news")
    found = await discover("blog.example.org/news/2026/11/x", {root: body})
    assert (found.settings["root"], found.address) == (root, f"{HOME}/news")


async def test_move_from_http_to_https_and_www_is_followed_and_is_no_warning() -> None:
    www = "https://www.blog.example.org"
    link = {"Link": f'<{www}/wp-json/>; rel="https://api.w.org/"'}
    answers = {
        "http://blog.example.org/": httpx.Response(301, headers={"Location": f"{HOME}/"}),
        f"{HOME}/": httpx.Response(301, headers={"Location": f"{www}/"}),
        f"{www}/": httpx.Response(200, headers=link),
        f"{www}/wp-json/": httpx.Response(200, json=body_of("root"), headers=link),
    }
    found = await discover("http://blog.example.org", answers)
    assert (found.settings["root"], found.warnings) == (f"{www}/wp-json/", ())


async def test_root_that_redirects_is_taken_where_it_ends() -> None:
    old = {"Link": '<http://blog.example.org/wp-json/>; rel="https://api.w.org/"'}
    answers = {
        f"{HOME}/": httpx.Response(200, headers=old),
        "http://blog.example.org/wp-json/": httpx.Response(301, headers={"Location": ROOT}),
        ROOT: root_answer(),
    }
    assert (await discover(HOME, answers)).settings["root"] == ROOT


async def test_root_on_another_host_is_a_warning_before_anything_is_sent() -> None:
    other = {"Link": '<https://api.elsewhere.example/wp-json/>; rel="https://api.w.org/"'}
    answers = {f"{HOME}/": httpx.Response(200, headers=other), "https://api.elsewhere.example/wp-json/": root_answer()}
    [warning] = (await discover(HOME, answers)).warnings
    assert "api.elsewhere.example" in warning
    assert "blog.example.org" in warning


async def test_page_that_leads_to_another_host_is_a_warning_too() -> None:
    link = {"Link": '<https://elsewhere.example/wp-json/>; rel="https://api.w.org/"'}
    answers = {
        f"{HOME}/": httpx.Response(302, headers={"Location": "https://elsewhere.example/"}),
        "https://elsewhere.example/": httpx.Response(200, headers=link),
        "https://elsewhere.example/wp-json/": root_answer(),
    }
    [warning] = (await discover(HOME, answers)).warnings
    assert "elsewhere.example" in warning


async def test_unencrypted_blog_is_a_warning_and_the_own_machine_is_not() -> None:
    for host, count in (("plain.example.org", 1), ("127.0.0.1:8101", 0)):
        link = {"Link": f'<http://{host}/wp-json/>; rel="https://api.w.org/"'}
        answers = {f"http://{host}/": httpx.Response(200, headers=link), f"http://{host}/wp-json/": root_answer()}
        found = await discover(f"http://{host}", answers)
        assert len(found.warnings) == count
        assert all("not encrypted" in w for w in found.warnings)


async def test_host_without_https_is_tried_with_http() -> None:
    link = {"Link": '<http://plain.example.org/wp-json/>; rel="https://api.w.org/"'}

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.scheme == "https":
            raise httpx.ConnectError("refused", request=request) from ConnectionRefusedError(111, "refused")
        answers = {"/": httpx.Response(200, headers=link), "/wp-json/": root_answer()}
        return answers.get(request.url.path) or httpx.Response(404)

    http = web.client(transport=httpx.MockTransport(reply))
    found = await WordPress.discover("plain.example.org/some/post", http, SetClock())
    assert found.settings["root"] == "http://plain.example.org/wp-json/"


@pytest.mark.parametrize(
    "typed", ["city.wordpress.com", "https://wordpress.com/city", "https://City.WordPress.com/2026/"]
)
async def test_blog_at_wordpress_com_is_told_apart_without_asking(typed: str) -> None:
    sent: list[httpx.Request] = []
    with pytest.raises(NotFound, match=r"WordPress\.com") as error:
        await discover(typed, {}, sent)
    assert "another sign-in" in error.value.hint
    assert sent == []


async def test_own_domain_at_wordpress_com_is_told_apart_by_its_root() -> None:
    link = {"Link": '<https://public-api.wordpress.com/wp-json/?x=1>; rel="https://api.w.org/"'}
    with pytest.raises(NotFound, match=r"WordPress\.com"):
        await discover(HOME, {f"{HOME}/": httpx.Response(200, headers=link)})


async def test_application_passwords_off_is_said_in_words() -> None:
    closed = httpx.Response(200, json=body_of("root") | body_of("root-passwords-off"))
    with pytest.raises(NotAllowed, match="application passwords switched off") as error:
        await discover(HOME, {f"{HOME}/": answer("front-page"), ROOT: closed})
    assert "https" in error.value.hint


async def test_interface_closed_to_visitors_is_still_found() -> None:
    page = {"Link": f'<{ROOT}>; rel="https://api.w.org/"'}
    found = await discover(HOME, {f"{HOME}/": httpx.Response(200, headers=page), ROOT: answer("closed-to-visitors")})
    assert (found.settings["root"], found.title) == (ROOT, "blog.example.org")
    assert found.browser_url.startswith(f"{HOME}/wp-admin/authorize-application.php?")
    found = await discover(HOME, {ROOT: answer("closed-to-visitors")})  # and its front page hides it
    assert found.settings["root"] == ROOT


@pytest.mark.parametrize(
    "typed",
    [
        *("", "   ", "blog", "two words", "ftp://blog.example.org", "mailto:a@b.c", "http://", "http://[::1", "a:b:c"),
        "vera@example.org",
    ],
)
async def test_what_is_no_address_is_refused_in_words(typed: str) -> None:
    sent: list[httpx.Request] = []
    with pytest.raises(NotFound) as error:
        await discover(typed, {}, sent)
    assert "address" in error.value.hint
    assert sent == []


@pytest.mark.parametrize(
    "root",
    [
        httpx.Response(200, html="<h1>A shop</h1>"),
        httpx.Response(200, json={"namespaces": ["other/v1"]}),
        httpx.Response(200, json=[1, 2]),
        httpx.Response(200, json={"namespaces": None}),
        httpx.Response(404),
    ],
)
async def test_no_wordpress_there_says_so_with_a_hint(root: httpx.Response) -> None:
    with pytest.raises(NotFound, match=r"no WordPress blog at blog\.example\.org") as error:
        await discover(HOME, {f"{HOME}/": httpx.Response(200, html="<p>Hi"), ROOT: root})
    assert error.value.hint


async def test_trouble_on_the_way_is_not_called_absence() -> None:
    with pytest.raises(Unavailable):
        await discover(HOME, {f"{HOME}/": answer("front-page"), ROOT: httpx.Response(502)})
    with pytest.raises(RateLimited):
        await discover(HOME, {f"{HOME}/": httpx.Response(429, headers={"Retry-After": "60"})})

    sent: list[str] = []

    def counted(request: httpx.Request) -> httpx.Response:
        sent.append(str(request.url))
        raise httpx.ConnectError("x", request=request) from socket.gaierror(-2, "unknown")

    with pytest.raises(Offline, match="cannot be found"):
        await WordPress.discover("typo.example", web.client(transport=httpx.MockTransport(counted)), SetClock())
    assert len(sent) == 1


async def test_page_behind_an_error_may_still_have_its_interface() -> None:
    assert (await discover(HOME, {f"{HOME}/": httpx.Response(500), ROOT: answer("root")})).settings["root"] == ROOT


async def test_endless_front_page_does_not_hold_discovery_up() -> None:
    class Endless(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                yield b"x" * 100_000

    def reply(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/":
            return httpx.Response(200, stream=Endless(), headers={"Content-Type": "text/html"})
        return answer("root")

    with pytest.raises(Unavailable, match="endless"):
        await WordPress.discover(HOME, web.client(transport=httpx.MockTransport(reply)), SetClock())


def test_addresses_are_tried_from_the_whole_path_upwards() -> None:
    assert list(starts("example.org/a/b/"))[:3] == [
        "https://example.org/a/b/",
        "https://example.org/a/",
        "https://example.org/",
    ]
    assert all(s.startswith("http://") for s in starts("http://example.org/a"))
    assert next(starts("example.org/?p=12")) == "https://example.org/?p=12"


# --- signing in ---

FOUND = Discovery(
    network="wordpress",
    title="Organisation blog",
    address=HOME,
    fields=(),
    settings={"root": ROOT, "home": HOME, "title": "Organisation blog"},
)
ME = f"{ROOT}wp/v2/users/me?context=edit"


async def sign_in(reply: httpx.Response, password: str = PASSWORD, user: str = "officer") -> SignedIn:
    http = client({ME: reply})
    return await WordPress.sign_in(FOUND, {"user": user, "password": password}, http, SetClock())


async def test_editor_is_signed_in_with_all_that_the_role_allows() -> None:
    spaced = " ".join(PASSWORD[i : i + 4] for i in range(0, 24, 4))
    signed = await sign_in(answer("me-editor"), f" {spaced}\n")
    assert signed.secret == {"user": "officer", "password": PASSWORD}
    assert (signed.title, signed.address, signed.user) == ("Organisation blog", HOME, "officer")
    assert PASSWORD not in str(signed.settings)
    [channel] = signed.channels
    assert (channel.remote_id, channel.speaks_as) == ("blog.example.org", "Communications Officer")
    assert channel.capabilities == WordPress.capabilities
    assert channel.limits.text_graphemes is None


async def test_capabilities_follow_the_role() -> None:
    me = body_of("me-editor")
    able = {k: v for k, v in me["capabilities"].items() if k not in {"publish_posts", "upload_files"}}
    [channel] = (await sign_in(httpx.Response(200, json=me | {"capabilities": able}))).channels
    assert Capability.REPLY in channel.capabilities
    assert not channel.capabilities & (Capability.POST | Capability.MEDIA | Capability.SCHEDULE)
    assert channel.limits.media_count == 0


async def test_subscriber_is_not_allowed() -> None:
    with pytest.raises(NotAllowed, match="may not moderate") as error:
        await sign_in(answer("me-subscriber"))
    assert "Editor" in error.value.hint


@pytest.mark.parametrize("name", ["error-not-logged-in", "header-dropped"])
async def test_wrong_password_and_dropped_header_cannot_be_told_apart_and_both_are_named(name: str) -> None:
    with pytest.raises(SignInNeeded, match="application password is wrong, or the host") as error:
        await sign_in(answer(name))
    assert "Authorization" in error.value.hint
    assert PASSWORD not in f"{error.value!r} {error.value.hint}"


async def test_normal_password_is_recognised_by_its_shape() -> None:
    with pytest.raises(SignInNeeded) as error:
        await sign_in(answer("error-not-logged-in"), "hunter2-is-mine")
    assert "normal password" in error.value.hint
    assert "hunter2" not in f"{error.value!r} {error.value.hint}"


async def test_sites_that_look_early_say_which_one_is_wrong() -> None:
    with pytest.raises(SignInNeeded, match="password is not right"):
        await sign_in(answer("early-wrong-password"))
    with pytest.raises(SignInNeeded, match="no such user"):
        await sign_in(answer("early-unknown-user"))


async def test_forbidden_application_passwords_are_named() -> None:
    refused = {"code": "application_passwords_disabled_for_user", "message": "", "data": {"status": 401}}
    with pytest.raises(NotAllowed, match="application passwords"):
        await sign_in(httpx.Response(401, json=refused))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (httpx.Response(403, html="<h1>Blocked by the firewall</h1>"), NotAllowed),
        (httpx.Response(404, json=body_of("error-no-route")), NotFound),
        (httpx.Response(200, html="<title>Log in</title>"), BadReply),
        (httpx.Response(200, json=[]), BadReply),
        (httpx.Response(200, json={"id": 2}), BadReply),
        (httpx.Response(502), Unavailable),
        (httpx.Response(302, headers={"Location": "https://elsewhere.example/login"}), SignInNeeded),
    ],
)
async def test_other_answers_to_a_sign_in(reply: httpx.Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        await sign_in(reply)


async def test_empty_lines_ask_nobody() -> None:
    sent: list[httpx.Request] = []
    http = client({}, sent)
    for answers in ({"user": "officer", "password": "  "}, {"user": "", "password": "x"}, {}):
        with pytest.raises(SignInNeeded, match="both needed"):
            await WordPress.sign_in(FOUND, answers, http, SetClock())
    assert sent == []


async def test_move_to_https_is_followed_with_the_password_and_elsewhere_is_not() -> None:
    sent: list[httpx.Request] = []
    old = "http://blog.example.org/wp-json/"
    found = Discovery(network="wordpress", title="B", address=HOME, fields=(), settings={"root": old, "home": HOME})
    old_me = f"{old}wp/v2/users/me?context=edit"
    answers = {old_me: httpx.Response(301, headers={"Location": ME}), ME: answer("me-editor")}
    signed = await WordPress.sign_in(found, {"user": "o", "password": PASSWORD}, client(answers, sent), SetClock())
    assert signed.settings["root"] == ROOT
    sent.clear()
    answers[old_me] = httpx.Response(301, headers={"Location": ME.replace("blog.example.org", "evil.example")})
    with pytest.raises(SignInNeeded, match="moved"):
        await WordPress.sign_in(found, {"user": "o", "password": PASSWORD}, client(answers, sent), SetClock())
    assert {r.url.host for r in sent} == {"blog.example.org"}


async def test_password_is_given_back_by_its_number() -> None:
    uuid = body_of("introspect")["uuid"]
    desk = Desk(lambda r: answer("introspect") if r.method == "GET" else httpx.Response(200, json={"deleted": True}))
    await desk.connector.revoke()
    assert [r.url.path.rpartition("/")[2] for r in desk.sent] == ["introspect", uuid]
    assert desk.sent[1].method == "DELETE"


@pytest.mark.parametrize("name", ["error-not-logged-in", "error-no-route"])
async def test_giving_back_what_is_not_there_is_fine(name: str) -> None:
    desk = Desk(lambda r: answer(name))
    await desk.connector.revoke()
    assert len(desk.sent) == 1
