"""Finding a real Mastodon server from what a person types, and every way in."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from inbox.clock import SystemClock
from inbox.connectors import http as web
from inbox.connectors.connector import Authorization, Room
from inbox.connectors.mastodon import Mastodon
from inbox.connectors.mastodon.signing_in import PASTED, SCOPES
from inbox.errors import NotFound, PostroomError, SignInNeeded
from inbox.model import SignIn
from tests.connectors.harness import KeptSecret, account_of
from tests.servers.mastodon_server import MastodonServer, Person

LANDING = "http://127.0.0.1:45678/callback"


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with web.client(transport=httpx.AsyncHTTPTransport()) as client:
        yield client


def allowed(mastodon: MastodonServer, begun: Authorization, office: Person, *, deny: bool = False) -> httpx.Response:
    """A person reads the page and clicks: the server's answer to that click."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begun.url).query).items()}
    page = mastodon.http.get("/oauth/authorize", params=asked)
    assert "Postroom would like permission" in page.text
    form = {**asked, "deny": "1"} if deny else {**asked, "username": office.name}
    return mastodon.http.post("/oauth/authorize", data=form)


def brought(reply: httpx.Response) -> dict[str, str]:
    """What the browser brings to the loopback address."""
    assert reply.status_code == 302
    assert reply.headers["location"].startswith(LANDING)
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}


@pytest.mark.parametrize(
    "typed",
    ["@{user}@{host}", "{user}@{host}", "{host}", " http://{host}/ ", "http://{host}/@{user}", "acct:{user}@{host}"],
)
async def test_server_is_found_from_whatever_is_typed(
    mastodon: MastodonServer, http: httpx.AsyncClient, typed: str
) -> None:
    host = httpx.URL(mastodon.url).netloc.decode()
    found = await Mastodon.discover(typed.format(user="council", host=host), http, SystemClock())
    assert found.address == mastodon.url
    assert found.title == "Townhall Social"
    assert found.settings["software"] == "mastodon"
    assert found.settings["api"] == "11"
    assert found.sign_in == (SignIn.BROWSER, SignIn.PASTE)


async def test_nothing_that_speaks_mastodon_is_said_with_a_hint(http: httpx.AsyncClient) -> None:
    with pytest.raises(PostroomError):
        await Mastodon.discover("127.0.0.1:1", http, SystemClock())
    with pytest.raises(NotFound) as caught:
        await Mastodon.discover("not an address", http, SystemClock())
    assert caught.value.hint


async def test_oauth_through_to_a_stored_token_and_back(
    mastodon: MastodonServer, office: Person, http: httpx.AsyncClient
) -> None:
    clock = SystemClock()
    found = await Mastodon.discover(mastodon.url, http, clock)
    begun = await Mastodon.authorize(found, LANDING, http, clock)
    asked = parse_qs(urlsplit(begun.url).query)
    assert asked["scope"] == [SCOPES], "the narrowest rights"
    assert asked["code_challenge_method"] == ["S256"]
    assert begun.keep["client_secret"] not in begun.url
    answers = {**brought(allowed(mastodon, begun, office)), **begun.keep}
    signed = await Mastodon.sign_in(found, answers, http, clock)
    assert signed.user == f"{office.name}@{found.settings['domain']}"
    assert signed.channels[0].capabilities == Mastodon.capabilities
    secret = KeptSecret(**signed.secret)
    account = account_of(Mastodon, signed.address, signed.user, **signed.settings)
    assert signed.secret["token"] not in f"{account}{signed.settings}{signed.channels}"
    connector = Mastodon(Room(account=account, http=http, secret=secret, clock=clock))
    assert [c.remote_id for c in await connector.channels()] == [signed.user]
    with pytest.raises(SignInNeeded):
        await Mastodon.sign_in(found, answers, http, clock)  # a code works once
    for _ in range(2):
        await connector.revoke()
    with pytest.raises(SignInNeeded):
        await connector.channels()


async def test_code_to_paste_where_no_browser_can_come_back(
    mastodon: MastodonServer, office: Person, http: httpx.AsyncClient
) -> None:
    clock = SystemClock()
    found = await Mastodon.discover(mastodon.url, http, clock)
    begun = await Mastodon.authorize(found, "", http, clock)
    assert parse_qs(urlsplit(begun.url).query)["redirect_uri"] == [PASTED]
    page = allowed(mastodon, begun, office)
    code = re.search(r'value="([^"]+)"', page.text)
    assert code
    signed = await Mastodon.sign_in(found, {"code": f" {code[1]}\n", **begun.keep}, http, clock)
    assert signed.secret["token"]


async def test_refusal_wrong_state_and_wrong_verifier_let_nobody_in(
    mastodon: MastodonServer, office: Person, http: httpx.AsyncClient
) -> None:
    clock = SystemClock()
    found = await Mastodon.discover(mastodon.url, http, clock)
    begun = await Mastodon.authorize(found, LANDING, http, clock)
    refused = brought(allowed(mastodon, begun, office, deny=True))
    assert refused["error"] == "access_denied"
    good = brought(allowed(mastodon, begun, office))
    for spoiled in (refused, {**good, "state": "another"}, {"code": good["code"]}):
        with pytest.raises(SignInNeeded):
            await Mastodon.sign_in(found, {**spoiled, **begun.keep}, http, clock)
    with pytest.raises(SignInNeeded):
        await Mastodon.sign_in(found, {**good, **begun.keep, "verifier": "x" * 64}, http, clock)


async def test_wrong_access_token_is_said_in_words(mastodon: MastodonServer, http: httpx.AsyncClient) -> None:
    found = await Mastodon.discover(mastodon.url, http, SystemClock())
    with pytest.raises(SignInNeeded) as caught:
        await Mastodon.sign_in(found, {"token": "not-a-token-at-all"}, http, SystemClock())
    assert "not-a-token-at-all" not in f"{caught.value!r}{vars(caught.value)}"
    assert caught.value.hint
