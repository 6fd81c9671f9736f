"""One HTTP client and one request function for all connectors: what went wrong comes out named by who has to act.

``request`` answers with a ``Reply`` for 2xx, 3xx (unless followed) and 4xx other than 429; everything else is an error
of ``inbox.errors``. For a writing method the one question is whether it may have arrived: what surely never left the
machine is Offline or Unavailable, all other doubt is OutcomeUnknown.

Nothing here puts a request, its headers or its query into words: an access token may stand in any of them. That is
also why errors of httpx are not chained (``from None``): they hold the request.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import re
import socket
import ssl
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

import httpx

from inbox.clock import Clock
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

VERSION_UNINSTALLED = "0.1.0"  # the checkout runs as it is; a test holds this against pyproject.toml
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SHOWN_CHARACTERS = 80
MOST_REDIRECTS = 5
LONGEST_WAIT = timedelta(days=1)
JSON_STARTS_TRIED = 20

_NO_WAY_OUT = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN, errno.EADDRNOTAVAIL})
_HALF_A_CHARACTER = re.compile(
    r"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD])[c-fC-F])"
)


def user_agent() -> str:
    """How we introduce ourselves; some firewalls refuse the defaults of libraries (wordpress.md section 8)."""
    try:
        number = version("postroom")
    except PackageNotFoundError:
        number = VERSION_UNINSTALLED
    return f"Postroom/{number} (+social inbox)"


Client = httpx.AsyncClient
"""What the rest of the house calls it, so that only connectors and practice know the library."""


def client(*, transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """The one client: no cookies kept, no redirect followed by itself, proxies taken from the environment."""
    return httpx.AsyncClient(
        transport=transport,
        headers={"User-Agent": user_agent()},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
        limits=httpx.Limits(max_connections=24, max_keepalive_connections=12, keepalive_expiry=5.0),
        trust_env=True,
    )


@dataclass(frozen=True)
class Reply:
    """What a server answered. The repr shows the status only: address and body may hold secrets."""

    status: int
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    url: str = field(repr=False)

    @property
    def content_type(self) -> str:
        """The bare type, lower case, without parameters; empty when none was named."""
        return str(self.headers.get("content-type", "")).partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body in the character set it names, else UTF-8; what cannot be decoded is shown as U+FFFD."""
        named = re.search(r"charset=[\"']?([\w.:-]+)", str(self.headers.get("content-type", "")), re.IGNORECASE)
        try:
            return self.body.decode(named[1] if named else "utf-8", "replace").removeprefix("\ufeff")
        except LookupError:
            return self.body.decode("utf-8", "replace").removeprefix("\ufeff")

    def json(self, where: str) -> Any:
        """The body as JSON, also behind a BOM or PHP's warnings. Raises BadReply naming ``where``."""
        try:
            text = self.body.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = self.text
        for start in _json_starts(text):
            try:
                value = json.loads(text[start:], parse_constant=_no_such_constant)
            except (ValueError, RecursionError):
                continue
            # Half a surrogate pair is legal JSON, but no text that SQLite or Qt would take.
            return _whole_characters(value) if _HALF_A_CHARACTER.search(text) else value
        raise BadReply(f"{where}: expected JSON, got {self.words()}", status=self.status)

    def words(self) -> str:
        """Status, content type and length, for an error a person may have to pass on.

        Nothing of the body: errors are logged and kept in the ledger, and a body is full of what people wrote.
        """
        kind = self.content_type[:SHOWN_CHARACTERS] or "no content type"
        return f"status {self.status}, {kind}, {len(self.body):,} bytes"


async def request(
    http: httpx.AsyncClient,
    method: str,
    url: str,
    *,
    auth: httpx.Auth | tuple[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    content: bytes | None = None,
    files: Any = None,
    timeout_s: float = 30,
    max_bytes: int = 16_000_000,
    clock: Clock,
    account: str = "",
    follow_redirects: bool = False,
    judged: Collection[int] = (),
) -> Reply:
    """Send one request and read the whole answer within ``timeout_s`` and ``max_bytes``.

    ``judged``: statuses that would be an error here, but which the connector wants to judge by the body itself.
    Redirects are only followed for reading methods; a redirect to another host, or from https to http, goes on
    without credentials and without the caller's headers.
    Raises Offline, Unavailable, RateLimited; for POST, PUT, PATCH and DELETE also OutcomeUnknown.
    """
    method = method.upper()
    writing = method in WRITING
    for _ in range(MOST_REDIRECTS + 1):
        try:
            built = http.build_request(
                method, url, headers=headers, json=json, content=content, files=files, timeout=_timeouts(timeout_s)
            )
        except (httpx.InvalidURL, UnicodeError):
            raise NotFound("This is not a web address", hint="Check the address.", account=account) from None
        if built.url.scheme not in {"http", "https"} or not built.url.host or (built.url.port or 0) > 65_535:
            raise NotFound("This is not a web address", hint="Check the address.", account=account)
        reply = await _sent(http, built, auth, timeout_s, max_bytes, writing, account)
        to = reply.headers.get("location", "")
        if writing or not follow_redirects or reply.status not in {301, 302, 303, 307, 308} or not to:
            _raise_for_server(reply, writing, clock, account, judged)
            return reply
        target = _joined(reply.url, to)
        if not keeps_credentials(reply.url, target):
            auth, headers = None, None
        url = target
    raise Unavailable(f"{host_of(url)} sends us round in circles", account=account)


def fail_by_status(reply: Reply, *, account: str = "", what: str = "") -> NoReturn:
    """The default judgement of an answer that is not what was hoped for. ``what`` says what was attempted."""
    status = reply.status
    detail = f"{what or 'The request'} was answered with {reply.words()}"
    if status == 401:
        raise SignInNeeded(detail, account=account, status=status)
    if status == 403:
        raise NotAllowed(detail, account=account, status=status)
    if status in {404, 410}:
        raise NotFound(detail, account=account, status=status)
    if status in {400, 409, 413, 422}:
        raise Rejected(detail, account=account, status=status)
    if status in {408, 425}:
        raise Unavailable(detail, account=account, status=status)
    raise BadReply(detail, account=account, status=status)


def retry_at(headers: Mapping[str, str], clock: Clock) -> datetime | None:
    """When ``Retry-After`` (seconds or an HTTP date) lets us ask again: from now to a day ahead; None without one."""
    words = headers.get("retry-after", headers.get("Retry-After", "")).strip()
    if not words:
        return None
    now = clock.now()
    try:
        if re.fullmatch(r"\d+(\.\d+)?", words):
            wait = timedelta(seconds=min(float(words), LONGEST_WAIT.total_seconds()))
        else:
            named = parsedate_to_datetime(words)
            wait = (named if named.tzinfo else named.replace(tzinfo=UTC)) - now
    except (ValueError, OverflowError):
        return None
    return now + min(max(wait, timedelta(0)), LONGEST_WAIT)


def host_of(url: str) -> str:
    """The host in an address, for words a person reads; empty when there is none."""
    try:
        return httpx.URL(url).host
    except httpx.InvalidURL:
        return ""


def same_host(a: str, b: str) -> bool:
    """Both addresses lead to one host and port; http on 80 and https on 443 count as the same."""
    try:
        one, two = httpx.URL(a), httpx.URL(b)
    except httpx.InvalidURL:
        return False
    return bool(one.host) and one.host.lower() == two.host.lower() and one.port == two.port


def keeps_credentials(origin: str, target: str) -> bool:
    """Whether what was meant for ``origin`` may be told to ``target``: same host, and never from https to http."""
    downgraded = origin.lower().startswith("https:") and not target.lower().startswith("https:")
    return same_host(origin, target) and not downgraded


def is_loopback(url: str) -> bool:
    """The address stays on this machine, so plain http tells nobody anything."""
    host = host_of(url)
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name, and be it 127.example.org


# --- how it is done ---


def _timeouts(timeout_s: float) -> httpx.Timeout:
    return httpx.Timeout(timeout_s, connect=min(10.0, timeout_s), pool=min(20.0, timeout_s))


def _joined(base: str, location: str) -> str:
    try:
        target = httpx.URL(base).join(location)
    except httpx.InvalidURL:
        raise NotFound("The server sends us to something that is not an address") from None
    if target.scheme not in {"http", "https"}:
        raise NotFound("The server sends us to something that is not a web page")
    return str(target)


class _Progress:
    """How far a request got, told by httpcore; a transport that tells nothing leaves us with "may have left"."""

    def __init__(self) -> None:
        self.still_connecting = False

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.startswith("connection.") and event.endswith(".started"):
            self.still_connecting = True
        elif event.endswith(".send_request_headers.started"):
            self.still_connecting = False


async def _sent(
    http: httpx.AsyncClient,
    built: httpx.Request,
    auth: httpx.Auth | tuple[str, str] | None,
    timeout_s: float,
    max_bytes: int,
    writing: bool,
    account: str,
) -> Reply:
    progress = _Progress()
    built.extensions["trace"] = progress
    host = built.url.host
    doubt: type[PostroomError] = OutcomeUnknown if writing else Unavailable
    try:
        async with asyncio.timeout(timeout_s):
            response = await http.send(built, auth=auth, stream=True, follow_redirects=False)
            try:
                body = await _body(response, max_bytes)
            finally:
                await response.aclose()
    except (httpx.ConnectError, httpx.ProxyError) as error:
        raise _not_reached(error, host, account) from None
    except (httpx.ConnectTimeout, httpx.PoolTimeout):
        raise Unavailable(f"{host} does not answer", account=account) from None
    except (TimeoutError, httpx.TimeoutException):
        if progress.still_connecting:
            raise Unavailable(f"{host} does not answer", account=account) from None
        raise doubt(f"{host} did not answer within {timeout_s:g} seconds", account=account) from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, UnicodeError):  # the last: a name that DNS cannot hold
        raise NotFound("This is not a web address", hint="Check the address.", account=account) from None
    except httpx.LocalProtocolError:
        raise Unsupported("A request could not be put into HTTP", account=account) from None
    except _TooMuch:
        raise doubt(f"{host} sends an endless body", account=account) from None
    except httpx.DecodingError:
        raise doubt(f"{host} sends a body that cannot be unpacked", account=account) from None
    except httpx.TransportError as error:
        raise doubt(f"{host} broke off ({type(error).__name__})", account=account) from None
    return Reply(response.status_code, response.headers, body, str(response.url))


class _TooMuch(Exception):
    """The body is larger than the caller is ready to hold."""


async def _body(response: httpx.Response, max_bytes: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > max_bytes:
            raise _TooMuch
    return bytes(body)


def _not_reached(error: BaseException, host: str, account: str) -> PostroomError:
    """Offline or Unavailable for a connection that never came about, judged by the system's own reason."""
    for cause in _causes(error):
        if isinstance(cause, socket.gaierror):
            return Offline(f"The name {host} cannot be found", hint=_NAME_HINT, account=account)
        if isinstance(cause, ssl.SSLError):
            return Unavailable(f"The secure connection to {host} failed ({_tls_words(cause)})", account=account)
        if isinstance(cause, OSError) and cause.errno in _NO_WAY_OUT:
            return Offline(f"There is no way to {host}", account=account)
    return Unavailable(f"{host} refuses the connection", account=account)


_NAME_HINT = "Check the spelling of the address. If it is right, there is no connection; Postroom goes on by itself."


def _tls_words(error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    reason: str | None = getattr(error, "reason", None)  # only set by OpenSSL itself
    return (reason or "TLS").replace("_", " ").lower()


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what caused it, and the members of groups, each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting.extend(one.exceptions)
        waiting.extend(e for e in (one.__cause__, one.__context__) if e is not None)


def _raise_for_server(reply: Reply, writing: bool, clock: Clock, account: str, judged: Collection[int]) -> None:
    status = reply.status
    if status in judged or (status < 500 and status != 429):
        return
    host = host_of(reply.url)
    if status == 429:
        wait = retry_at(reply.headers, clock)
        raise RateLimited(f"{host} asks us to wait", retry_at=wait, account=account, status=status)
    if writing:
        raise OutcomeUnknown(f"{host} answered with status {status}", account=account, status=status)
    wait = retry_at(reply.headers, clock)
    if status == 503 and wait is not None:
        raise RateLimited(f"{host} asks us to wait", retry_at=wait, account=account, status=status)
    raise Unavailable(f"{host} answered with status {status}", retry_at=wait, account=account, status=status)


def _json_starts(text: str) -> Iterator[int]:
    """Places where JSON may begin: the start; else the first bracket, and brackets that begin a line.

    Not every bracket: the inner list of an object that was cut off would be read as the whole answer.
    """
    yield 0
    if text.lstrip()[:1] in {"[", "{"}:
        return
    for number, found in enumerate(re.finditer(r"\A[^\[{]*([\[{])|^[ \t]*([\[{])", text, re.MULTILINE)):
        if number >= JSON_STARTS_TRIED:
            return
        yield found.start(found.lastindex or 0)


def _no_such_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole_characters(v) for v in value]
    if isinstance(value, dict):
        return {_whole_characters(k): _whole_characters(v) for k, v in value.items()}
    return value
