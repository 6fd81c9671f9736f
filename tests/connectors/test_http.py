"""One request: what comes back, and which error each failure is. Doubtful ones over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gzip
import json
import logging
import socket
import ssl
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.http import (
    VERSION_UNINSTALLED,
    Reply,
    fail_by_status,
    is_loopback,
    keeps_credentials,
    request,
    retry_at,
    same_host,
    user_agent,
)
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    Offline,
    OutcomeUnknown,
    PostroomError,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
    Unsupported,
)
from tests.connectors.harness import MORNING, SetClock

CLOCK = SetClock()
URL = "https://host.example/place?access_token=s3cret"
AUTH = ("officer", "s3cret-password")
Handler = Callable[[httpx.Request], httpx.Response]


def over(handler: Handler | httpx.Response) -> httpx.AsyncClient:
    answer = handler if callable(handler) else lambda request: handler
    return web.client(transport=httpx.MockTransport(answer))


async def ask(handler: Handler | httpx.Response, method: str = "GET", **others: object) -> Reply:
    return await request(over(handler), method, URL, clock=CLOCK, **others)  # type: ignore[arg-type]


def raises(error: Exception, cause: Exception | None = None) -> Handler:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error from cause

    return fail


# --- what comes back ---


@pytest.mark.parametrize("status", [200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 410, 413, 422])
async def test_what_the_connector_judges_is_returned(status: int) -> None:
    for method in ("GET", "POST"):
        assert (await ask(httpx.Response(status, text="x"), method)).status == status


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": [1]}',
        b'\xef\xbb\xbf{"a": [1]}',
        b'<br />\n<b>Warning</b>: Undefined variable in /srv/plugin.php on line 3<br />\n{"a": [1]}',
        b'<br />\n<b>Warning</b>: key [x] of {y} in p.php<br />\n{"a": [1]}',
        b'  \n{"a": [1]}\n',
    ],
)
def test_json_is_read_behind_a_bom_and_php_warnings(body: bytes) -> None:
    assert Reply(200, httpx.Headers(), body, URL).json("here") == {"a": [1]}


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"a": [{"b": 1}', b'[{"id": 1}, {"id"', b"NaN", b"[" * 100_000, b"\xff\xfe\x00", b'{"a":NaN}'],
)
def test_what_is_no_json_names_place_status_type_and_length_only(body: bytes) -> None:
    body = b'Vera <vera@citizen.example> "s3cret" ' + body + b" zzz"
    reply = Reply(200, httpx.Headers({"content-type": "text/html; charset=UTF-8"}), body, URL)
    with pytest.raises(BadReply) as error:
        reply.json("the comments")
    told = f"the comments: expected JSON, got status 200, text/html, {len(body):,} bytes"
    assert (str(error.value), error.value.detail) == (told, told)
    with pytest.raises(BadReply) as error:
        fail_by_status(Reply(302, reply.headers, body, URL), what="Reading")
    assert str(error.value) == f"Reading was answered with status 302, text/html, {len(body):,} bytes"


def test_half_a_surrogate_pair_becomes_a_character_that_can_be_stored() -> None:
    whole, half = json.dumps("👩‍👧"), '"a\\ud83d b \\ude00"'
    reply = Reply(200, httpx.Headers(), f"[{whole},{half},{{{half}:1}}]".encode(), URL)
    value = reply.json("x")
    assert value[0] == "👩‍👧"
    json.dumps(value, ensure_ascii=False).encode()  # would raise
    assert value[1] == "a\ufffd b \ufffd"


def test_text_follows_the_named_character_set() -> None:
    def text(body: bytes, kind: str) -> str:
        return Reply(200, httpx.Headers({"content-type": kind}), body, URL).text

    assert text("Zoë".encode("latin-1"), "text/html; charset=ISO-8859-1") == "Zoë"
    assert text("Zoë".encode(), "text/html") == "Zoë"
    assert text("Zoë".encode(), 'text/html; charset="no-such"') == "Zoë"
    assert text(b"\xef\xbb\xbfZ\xff", "text/html; charset=utf-8") == "Z\ufffd"


def test_reply_shows_neither_address_nor_body() -> None:
    reply = Reply(200, httpx.Headers({"set-cookie": "s3cret"}), b"s3cret", URL)
    assert "s3cret" not in repr(reply)


async def test_client_says_who_we_are_and_keeps_no_cookies() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, headers={"Set-Cookie": "id=1; Path=/"})

    http = over(answer)
    for _ in range(2):
        await request(http, "GET", URL, clock=CLOCK)
    assert seen[1].headers["user-agent"] == user_agent()
    assert user_agent().startswith("Postroom/")
    assert user_agent().endswith(" (+social inbox)")
    assert "cookie" not in seen[1].headers


def test_version_is_the_projects() -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION_UNINSTALLED


# --- the server's own errors ---


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
async def test_server_errors_wait_when_reading_and_are_unknown_when_writing(status: int) -> None:
    for method, error in {
        "GET": Unavailable,
        "HEAD": Unavailable,
        "POST": OutcomeUnknown,
        "DELETE": OutcomeUnknown,
    }.items():
        with pytest.raises(error) as caught:
            await ask(httpx.Response(status), method)
        assert type(caught.value) is error
        assert caught.value.status == status


async def test_wait_of_the_server_is_heard() -> None:
    for headers, wait in [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "Mon, 23 Nov 2026 09:01:00 GMT"}, 60),
        ({}, None),
    ]:
        for method in ("GET", "POST"):
            with pytest.raises(RateLimited) as error:
                await ask(httpx.Response(429, headers=headers), method)
            assert error.value.retry_at == (None if wait is None else MORNING + timedelta(seconds=wait))
    with pytest.raises(RateLimited) as error:
        await ask(httpx.Response(503, headers={"Retry-After": "7"}))
    assert error.value.retry_at == MORNING + timedelta(seconds=7)
    with pytest.raises(OutcomeUnknown):
        await ask(httpx.Response(503, headers={"Retry-After": "7"}), "POST")


@pytest.mark.parametrize(
    ("words", "wait"),
    [
        ("0", 0),
        ("1.5", 1.5),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("99999999999999999999", 86_400),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Mon, 99 Nov 2026 08:00:00 GMT", None),
    ],
)
def test_retry_after_is_never_in_the_past_nor_more_than_a_day_ahead(words: str, wait: float | None) -> None:
    expected = None if wait is None else MORNING + timedelta(seconds=wait)
    assert retry_at(httpx.Headers({"Retry-After": words}), SetClock()) == expected
    assert retry_at({}, SetClock()) is None


async def test_statuses_that_the_connector_wants_to_judge_are_returned() -> None:
    assert (await ask(httpx.Response(500, text="x"), "POST", judged={500})).status == 500


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, SignInNeeded),
        (403, NotAllowed),
        (404, NotFound),
        (410, NotFound),
        (400, Rejected),
        (409, Rejected),
        (413, Rejected),
        (422, Rejected),
        (408, Unavailable),
        (425, Unavailable),
        (302, BadReply),
        (418, BadReply),
    ],
)
def test_default_judgement_of_a_status(status: int, error: type[PostroomError]) -> None:
    reply = Reply(status, httpx.Headers(), b"x" * 5000, URL)
    with pytest.raises(error, match="reading the page") as caught:
        fail_by_status(reply, account="Blog", what="reading the page")
    assert (caught.value.status, caught.value.account) == (status, "Blog")
    assert len(str(caught.value)) < 400


# --- the way to the server ---


@pytest.mark.parametrize(
    ("cause", "error", "words"),
    [
        (socket.gaierror(-2, "unknown"), Offline, "cannot be found"),
        (socket.gaierror(-3, "try again"), Offline, "cannot be found"),
        (OSError(errno.ENETUNREACH, "x"), Offline, "no way"),
        (OSError(errno.EHOSTUNREACH, "x"), Offline, "no way"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Unavailable, "refuses"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER]"), Unavailable, "secure connection"),
        (ExceptionGroup("all", [OSError(errno.ENETUNREACH, "x")]), Offline, "no way"),
    ],
)
async def test_connection_that_never_came_about_is_surely_not_sent(
    cause: Exception, error: type[PostroomError], words: str
) -> None:
    for method in ("GET", "POST"):
        with pytest.raises(error, match=words) as caught:
            await ask(raises(httpx.ConnectError("all attempts failed"), cause), method)
        assert type(caught.value) is error


@pytest.mark.parametrize("failure", [httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
async def test_time_out_before_sending_is_surely_not_sent(failure: Exception) -> None:
    for method in ("GET", "POST"):
        with pytest.raises(Unavailable):
            await ask(raises(failure), method)


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.CloseError("x"),
        httpx.RemoteProtocolError("x"),
    ],
)
async def test_failure_after_sending_is_unknown_for_a_write(failure: Exception) -> None:
    with pytest.raises(Unavailable):
        await ask(raises(failure))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(OutcomeUnknown):
            await ask(raises(failure), method)


async def test_what_cannot_be_an_address_is_not_found() -> None:
    for url in ("https://", "nonsense", "ftp://host.example/", "https://host.example:99999999/"):
        with pytest.raises(NotFound):
            await request(over(httpx.Response(200)), "GET", url, clock=CLOCK)
    async with web.client(transport=httpx.AsyncHTTPTransport()) as http:
        for url in ("http://a..b.invalid/", f"http://{'a' * 64}.invalid/"):
            with pytest.raises((NotFound, Offline)):
                await request(http, "GET", url, clock=CLOCK)


async def test_token_that_is_no_header_is_a_bug_and_stays_unseen() -> None:
    http = web.client(transport=httpx.AsyncHTTPTransport())
    with pytest.raises(Unsupported) as error:
        async with _server(_silent) as url:
            await request(http, "GET", url, headers={"Authorization": "Bearer s3cret\nx"}, clock=CLOCK)
    assert "s3cret" not in repr([error.value, error.value.__cause__, str(error.value)])


async def test_secrets_stay_out_of_errors_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="inbox")
    for handler in (httpx.Response(500, text="x"), raises(httpx.ReadError("x")), httpx.Response(429)):
        for method in ("GET", "POST"):
            with pytest.raises(PostroomError) as error:
                await ask(handler, method, auth=AUTH, headers={"X-Token": "s3cret"}, json={"p": "s3cret"})
            assert error.value.__cause__ is None
            assert "s3cret" not in f"{error.value!r} {error.value} {error.value.hint}"
    assert "s3cret" not in "".join(r.getMessage() for r in caplog.records if r.name.startswith("inbox"))


# --- bodies ---


class Pieces(httpx.AsyncByteStream):
    def __init__(self, piece: bytes, wait_s: float = 0) -> None:
        self.piece, self.wait_s, self.given, self.closed = piece, wait_s, 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(self.wait_s)
            self.given += len(self.piece)
            yield self.piece

    async def aclose(self) -> None:
        self.closed = True


async def test_endless_body_is_stopped_and_let_go() -> None:
    for method, error in (("GET", Unavailable), ("POST", OutcomeUnknown)):
        pieces = Pieces(b"x" * 10_000)
        with pytest.raises(error, match="endless body"):
            await ask(httpx.Response(200, stream=pieces), method, max_bytes=100_000)
        assert pieces.given <= 110_000
        assert pieces.closed


async def test_body_that_drips_for_ever_ends_with_the_deadline() -> None:
    for method, error in (("GET", Unavailable), ("POST", OutcomeUnknown)):
        pieces = Pieces(b"x", wait_s=0.01)
        with pytest.raises(error, match=r"within 0\.2 seconds"):
            await ask(httpx.Response(200, stream=pieces), method, timeout_s=0.2)
        assert pieces.closed


async def test_packed_body_counts_unpacked() -> None:
    packed = gzip.compress(b"x" * 1_000_000)
    with pytest.raises(Unavailable, match="endless"):
        await ask(lambda r: httpx.Response(200, content=packed, headers={"Content-Encoding": "gzip"}), max_bytes=50_000)
    with pytest.raises(Unavailable):
        await ask(lambda r: httpx.Response(200, stream=_once(b"no gzip"), headers={"Content-Encoding": "gzip"}))


def _once(body: bytes) -> httpx.AsyncByteStream:
    class Once(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield body

    return Once()


# --- redirects ---


def _redirecting(to: str, status: int = 302) -> tuple[list[httpx.Request], Handler]:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        first = len(seen) == 1
        return httpx.Response(status, headers={"Location": to}) if first else httpx.Response(200, text="end")

    return seen, answer


@pytest.mark.parametrize(
    ("to", "kept"),
    [
        ("/other", True),
        ("https://host.example/other", True),
        ("https://elsewhere.example/", False),
        ("https://host.example:8443/", False),
        ("http://host.example/", False),
        ("//elsewhere.example/x", False),
    ],
)
async def test_credentials_follow_a_redirect_only_to_the_same_host_and_never_to_http(to: str, kept: bool) -> None:
    seen, answer = _redirecting(to)
    reply = await ask(answer, auth=AUTH, headers={"X-Token": "s3cret"}, follow_redirects=True)
    assert reply.text == "end"
    assert reply.url == str(seen[1].url)
    assert ("authorization" in seen[1].headers, "x-token" in seen[1].headers) == (kept, kept)


async def test_redirect_is_not_followed_unasked_nor_for_a_write() -> None:
    for method, follow in (("GET", False), ("POST", True)):
        seen, answer = _redirecting("/other", 307)
        assert (await ask(answer, method, follow_redirects=follow)).status == 307
        assert len(seen) == 1


async def test_redirects_in_circles_and_out_of_the_web_end() -> None:
    with pytest.raises(Unavailable, match="circles"):
        await ask(lambda r: httpx.Response(302, headers={"Location": "/again"}), follow_redirects=True)
    for to in ("javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.example"):
        with pytest.raises(NotFound):
            await ask(lambda r, to=to: httpx.Response(302, headers={"Location": to}), follow_redirects=True)


def test_hosts_are_compared_as_browsers_do() -> None:
    assert same_host("https://a.example/x", "http://A.example:80/y")
    assert same_host("https://a.example:443/", "https://a.example/")
    assert not same_host("https://a.example/", "https://www.a.example/")
    assert not same_host("https://a.example/", "https://a.example.evil.example/")
    assert not same_host("https://a.example:1/", "https://a.example:2/")
    assert not same_host("nonsense", "nonsense")
    assert keeps_credentials("http://a.example/", "https://a.example/")
    assert not keeps_credentials("https://a.example/", "http://a.example/")
    assert [
        is_loopback(u)
        for u in ("http://127.0.0.1:1/", "http://[::1]/", "http://localhost/", "http://127.evil.example/")
    ] == [
        True,
        True,
        True,
        False,
    ]


# --- over real sockets ---

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class _server:  # noqa: N801 - used like a function
    """A server of one behaviour on loopback. ``asked`` is set when the first request is there."""

    def __init__(self, serve: Serve, until: bytes = b"\r\n\r\n") -> None:
        self._serve = serve
        self._until = until
        self.asked = asyncio.Event()

    async def __aenter__(self) -> str:
        self._open: set[asyncio.StreamWriter] = set()

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._open.add(writer)
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                await reader.readuntil(self._until)
                self.asked.set()
                await self._serve(reader, writer)

        self._server = await asyncio.start_server(one, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def __aexit__(self, *error: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self._open), return_exceptions=True)


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Takes the request and says nothing."""


async def _hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def _half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1, 2")
    await writer.drain()
    writer.close()


async def _answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]")
    await writer.drain()
    writer.close()


@pytest.mark.parametrize("serve", [_silent, _hangs_up, _half])
async def test_real_connection_that_breaks_after_sending(serve: Serve) -> None:
    async with _server(serve) as url, web.client(transport=httpx.AsyncHTTPTransport()) as http:
        with pytest.raises(Unavailable):
            await request(http, "GET", url, clock=CLOCK, timeout_s=0.5)
        with pytest.raises(OutcomeUnknown):
            await request(http, "POST", url, json={}, clock=CLOCK, timeout_s=0.5)


async def test_real_refusal_and_unknown_name_are_surely_not_sent() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with web.client(transport=httpx.AsyncHTTPTransport()) as http:
        for method in ("GET", "POST"):
            with pytest.raises(Unavailable, match="refuses"):
                await request(http, method, f"http://127.0.0.1:{port}/", clock=CLOCK)
            with pytest.raises(Offline):
                await request(http, method, "http://no-such-host.invalid/", clock=CLOCK)


async def test_real_tls_failure_is_unavailable_in_words() -> None:
    async with _server(_answers, until=b"\x16") as url, web.client(transport=httpx.AsyncHTTPTransport()) as http:
        with pytest.raises(Unavailable, match="secure connection"):
            await request(http, "POST", url.replace("http:", "https:"), clock=CLOCK, timeout_s=5)


async def test_deadline_that_ends_while_connecting_is_surely_not_sent() -> None:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    waiting = []
    for _ in range(4):  # fill the queue of a server that accepts nobody
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(address)
        waiting.append(one)
    async with web.client(transport=httpx.AsyncHTTPTransport()) as http:
        with pytest.raises(Unavailable, match="does not answer"):
            await request(http, "POST", f"http://127.0.0.1:{address[1]}/", clock=CLOCK, timeout_s=0.3)
    for one in [*waiting, listener]:
        one.close()


async def test_cancelled_request_lets_its_connection_go() -> None:
    server = _server(_silent)
    async with server as url, web.client(transport=httpx.AsyncHTTPTransport()) as http:
        asking = asyncio.ensure_future(request(http, "GET", url, clock=CLOCK))
        await server.asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        transport = http._transport
        assert isinstance(transport, httpx.AsyncHTTPTransport)
        assert transport._pool.connections == []
