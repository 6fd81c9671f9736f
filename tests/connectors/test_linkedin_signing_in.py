"""Signing in with the organisation's own app, by all three ways (linkedin.md section 2), and how long it lasts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import Authorization, Discovery, Room, SignedIn
from inbox.connectors.linkedin import LinkedIn, tokens
from inbox.connectors.linkedin.discovery import APP_FIELDS, FIELDS, REDIRECTS
from inbox.connectors.loopback import PATH
from inbox.errors import NotAllowed, NotFound, SignInNeeded
from inbox.model import SignIn
from inbox.practice.linkedin import App, linkedin_app
from tests.connectors.harness import KeptSecret, all_of, read_on, room
from tests.connectors.harnesses.linkedin import ROOT, LinkedInHarness

APP = {"client_id": "77postroom", "client_secret": "s3cret=="}


class Door(LinkedInHarness):
    """The practice network as a browser and the sign-in see it."""

    def __init__(self) -> None:
        super().__init__()
        self.http = web.client(transport=httpx.ASGITransport(linkedin_app(self.network)))
        self.app: App = self.network.apps["77postroom"]

    async def discovery(self) -> Discovery:
        return await LinkedIn.discover(ROOT, self.http, self.clock)

    async def begin(self, back: str, /, **answers: str) -> Authorization:
        return await LinkedIn.authorize(await self.discovery(), back, self.http, self.clock, answers)

    async def browser(self, begun: Authorization) -> dict[str, str]:
        """A person allows it; what the browser brings back."""
        page = await self.http.get(begun.url)
        assert page.status_code == 200, page.text
        answer = await self.http.get(f"{begun.url}&allow={self.admin.urn}")
        return {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}

    async def sign_in(self, **answers: str) -> SignedIn:
        return await LinkedIn.sign_in(await self.discovery(), answers, self.http, self.clock)

    def signed_in(self, done: SignedIn) -> tuple[LinkedIn, KeptSecret]:
        secret = KeptSecret(**done.secret)
        account = replace(self.account, settings=done.settings)
        given = room(self.wire, self.clock, account, secret)
        self._clients.append(given.http)
        return LinkedIn(replace(given, steps=self.steps)), secret


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    yield made
    await made.http.aclose()
    await made.close()


# --- where it is ---


@pytest.mark.parametrize(
    "words",
    ["linkedin.com", "LinkedIn", "https://www.linkedin.com/company/harbour-council/", "nl.linkedin.com/company/x"],
)
async def test_any_address_on_linkedin_leads_to_the_real_hosts(door: Door, words: str) -> None:
    found = await LinkedIn.discover(words, door.http, door.clock)
    assert found.settings == {"api": "https://api.linkedin.com", "www": "https://www.linkedin.com"}
    assert found.sign_in == (SignIn.BROWSER, SignIn.BROWSER_CODE, SignIn.PASTE)
    assert any("48 hours" in w for w in found.warnings)
    assert door.requests == 0


@pytest.mark.parametrize("words", ["linkedin.com.evil.example", "evil-linkedin.com", "http://192.0.2.1:80", "x y"])
async def test_a_token_can_go_nowhere_else(door: Door, words: str) -> None:
    with pytest.raises(NotFound) as caught:
        await LinkedIn.discover(words, door.http, door.clock)
    assert caught.value.hint


async def test_practice_is_known_by_what_answers_there(door: Door) -> None:
    assert (await door.discovery()).settings == {"api": ROOT, "www": ROOT}
    shop = httpx.AsyncClient(transport=httpx.MockTransport(lambda request: httpx.Response(200, html="A shop")))
    async with shop:
        with pytest.raises(NotFound):
            await LinkedIn.discover("http://127.0.0.1:8000", shop, door.clock)


def test_the_forms_ask_for_the_organisations_own_app() -> None:
    assert [(f.name, f.secret, f.required) for f in FIELDS] == [
        ("token", True, True), ("client_id", False, False), ("client_secret", True, False),
    ]  # fmt: skip
    assert [(f.name, f.secret, f.required) for f in APP_FIELDS] == [
        ("client_id", False, True), ("client_secret", True, False), ("redirect", False, False),
    ]  # fmt: skip
    assert LinkedIn.landing_host == "localhost"
    assert tuple(f"http://localhost:{port}{PATH}" for port in LinkedIn.landing_ports) == REDIRECTS


# --- variant A: native PKCE ---


async def test_without_a_secret_native_pkce_is_used_at_127_0_0_1(door: Door) -> None:
    door.app.native = True
    begun = await door.begin("http://localhost:3017/callback", client_id="77postroom")
    asked = parse_qs(urlsplit(begun.url).query)
    assert urlsplit(begun.url).path == "/oauth/native-pkce/authorization"
    assert asked["redirect_uri"] == ["http://127.0.0.1:3017/callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert "client_secret" not in begun.url
    brought = await door.browser(begun)
    done = await door.sign_in(client_id="77postroom", **brought, **begun.keep)
    assert done.user == door.admin.urn
    assert [c.title for c in done.channels] == ["Harbour Council"]
    assert "client_secret" not in done.secret


async def test_an_app_without_native_pkce_says_so(door: Door) -> None:
    begun = await door.begin("http://localhost:3000/callback", client_id="77postroom")
    assert (await door.http.get(begun.url)).status_code == 401
    with pytest.raises(SignInNeeded) as caught:
        await door.sign_in(client_id="77postroom", code="AQTwrong", state=begun.state, **begun.keep)
    assert "PKCE" in caught.value.hint


# --- variant B: code and secret ---


async def test_with_a_secret_the_registered_address_is_used_letter_by_letter(door: Door) -> None:
    begun = await door.begin(REDIRECTS[1], **APP)
    assert urlsplit(begun.url).path == "/oauth/v2/authorization"
    assert "s3cret" not in begun.url
    assert "code_challenge" not in begun.url
    brought = await door.browser(begun)
    done = await door.sign_in(**APP, **brought, **begun.keep)
    assert done.title == "Harbour Council"
    assert set(done.secret) == {"token", "expires_at", "scopes", "client_id", "client_secret"}
    assert "token" not in repr(done.settings)
    assert "rw_organization_admin" in done.settings["scopes"].split()
    other = await door.begin("http://localhost:4000/callback", **APP)
    assert (await door.http.get(other.url)).status_code == 400, "what is not registered is refused"


@pytest.mark.parametrize("way", ["address", "code", "query"])
async def test_the_address_the_browser_ended_at_may_be_pasted(door: Door, way: str) -> None:
    begun = await door.begin("", **APP)
    assert parse_qs(urlsplit(begun.url).query)["redirect_uri"] == [REDIRECTS[0]]
    brought = await door.browser(begun)
    query = f"code={brought['code']}&state={brought['state']}"
    pasted = {"address": f"{REDIRECTS[0]}?{query}", "code": brought["code"], "query": query}[way]
    done = await door.sign_in(**APP, **begun.keep, code=pasted)
    assert done.channels


async def test_an_https_address_of_the_apps_own_is_used_when_named(door: Door) -> None:
    door.app.redirects = ("https://harbour.example/callback",)
    begun = await door.begin("", **APP, redirect="https://harbour.example/callback")
    brought = await door.browser(begun)
    pasted = f"https://harbour.example/callback?code={brought['code']}&state={brought['state']}"
    assert (await door.sign_in(**APP, **begun.keep, code=pasted)).channels


async def test_an_answer_to_another_sign_in_is_refused(door: Door) -> None:
    begun, other = await door.begin(REDIRECTS[0], **APP), await door.begin(REDIRECTS[0], **APP)
    brought = await door.browser(other)
    with pytest.raises(SignInNeeded):
        await door.sign_in(**APP, **brought, **begun.keep)
    with pytest.raises(SignInNeeded):
        await door.sign_in(**APP, code=brought["code"])
    with pytest.raises(SignInNeeded):
        await door.sign_in(**APP, error="access_denied")
    with pytest.raises(SignInNeeded):
        await door.begin(REDIRECTS[0])


# --- variant C: a token from the portal ---


async def test_a_pasted_token_is_enough(door: Door) -> None:
    done = await door.sign_in(token=f"  {door.secret} ")
    assert done.secret["token"] == door.secret
    connector, _ = door.signed_in(done)
    told = connector.validity()
    assert told.sign_in_ends_at == door.clock.now() + timedelta(days=60), "at the latest"
    assert any("sooner" in w for w in told.words)


async def test_with_id_and_secret_linkedin_says_when_a_pasted_token_ends(door: Door) -> None:
    made_at = door.clock.now()
    door.clock.forward(20 * 86_400)
    done = await door.sign_in(token=door.secret, **APP)
    connector, _ = door.signed_in(done)
    told = connector.validity()
    assert told.sign_in_ends_at == made_at + timedelta(days=60)
    assert not told.words
    door.network.tokens[door.secret].revoked = True
    with pytest.raises(SignInNeeded):
        await door.sign_in(token=door.secret, **APP)
    with pytest.raises(SignInNeeded):
        await door.sign_in(token=door.secret, client_id="77postroom", client_secret="wrong")


async def test_a_token_of_somebody_without_a_page_or_without_rights_is_refused(door: Door) -> None:
    with pytest.raises(NotAllowed):
        await door.sign_in(token=door.network.token_for(door.vera))
    narrow = door.network.token_for(door.admin, ("r_basicprofile",))
    with pytest.raises(NotAllowed):
        await door.sign_in(token=narrow)
    with pytest.raises(NotAllowed) as caught:
        await door.sign_in(token=narrow, **APP)
    assert "rw_organization_admin" in str(caught.value)
    with pytest.raises(SignInNeeded):
        await door.sign_in(token="nonsense")
    with pytest.raises(SignInNeeded):
        await door.sign_in()


async def test_missing_rights_are_said_in_words_and_take_capabilities_away(door: Door) -> None:
    scopes = ("r_basicprofile", "r_organization_social", "rw_organization_admin", "r_organization_social_feed")
    done = await door.sign_in(token=door.network.token_for(door.admin, scopes), **APP)
    connector, _ = door.signed_in(done)
    assert any("w_organization_social" in w for w in connector.validity().words)
    [found] = done.channels
    assert "POST" not in (found.capabilities.name or "").split("|")
    assert "FETCH" in (found.capabilities.name or "").split("|")


# --- how long it lasts ---


async def test_validity_names_token_version_and_the_end_of_both(door: Door) -> None:
    begun = await door.begin(REDIRECTS[0], **APP)
    done = await door.sign_in(**APP, **await door.browser(begun), **begun.keep)
    connector, _ = door.signed_in(done)
    told = connector.validity()
    assert told.sign_in_ends_at is not None
    assert timedelta(days=59) < told.sign_in_ends_at - door.clock.now() <= timedelta(days=60)
    assert (told.version, str(told.version_ends_on)) == ("202609", "2027-09-15")
    assert told.words == ()
    door.clock.forward(51 * 86_400)
    assert "sign in again before" in connector.validity().words[0], "from day 50 on"
    assert door.requests == 0, "no request is made for it"


async def test_a_partners_app_renews_in_time_saved_before_use_and_only_once(door: Door) -> None:
    door.app.refreshes = True
    begun = await door.begin(REDIRECTS[0], **APP)
    done = await door.sign_in(**APP, **await door.browser(begun), **begun.keep)
    connector, secret = door.signed_in(done)
    first = secret.parts["token"]
    door.clock.forward(54 * 86_400)
    said = door.seed(2)
    fetches = [read_on(connector, door.channel) for _ in range(3)]
    for batches, _ in await asyncio.gather(*fetches):
        assert set(said) <= {m.remote_id for m in all_of(batches)}
    assert secret.parts["token"] != first
    tokens = [t for t in door.network.tokens.values() if t.client_id == "77postroom" and t.secret != door.secret]
    assert len(tokens) == 2, "one renewal for three who wanted it"
    used = {r.headers["Authorization"] for r in door.wire.requests if "/rest/" in r.url.path}
    assert used == {f"Bearer {secret.parts['token']}"}
    kept = secret.parts["refresh_expires_at"]
    door.clock.forward(300 * 86_400)
    await connector.channels()
    assert (
        abs((datetime.fromisoformat(secret.parts["refresh_expires_at"]) - datetime.fromisoformat(kept)).total_seconds())
        < 2
    ), "it counts from the consent"
    assert (connector.validity().sign_in_ends_at or door.clock.now()) - door.clock.now() < timedelta(days=12)


async def test_a_token_that_dies_before_its_time_is_renewed_once_and_then_given_up(door: Door) -> None:
    door.app.refreshes = True
    begun = await door.begin(REDIRECTS[0], **APP)
    done = await door.sign_in(**APP, **await door.browser(begun), **begun.keep)
    connector, secret = door.signed_in(done)
    door.network.tokens[secret.parts["token"]].revoked = True
    assert await connector.channels()
    for token in door.network.tokens.values():
        token.revoked, token.refresh = True, ""
    with pytest.raises(SignInNeeded) as caught:
        await connector.channels()
    assert secret.parts["token"] not in str(caught.value)


def renewals(door: Door) -> int:
    """How often a new token was asked for."""
    return len([r for r in door.wire.requests if r.url.path == "/oauth/v2/accessToken"])


async def test_in_the_last_week_of_the_year_nothing_is_renewed_in_vain(door: Door) -> None:
    """No token outlives its refresh token, which counts from the first consent."""
    door.app.refreshes = True
    begun = await door.begin(REDIRECTS[0], **APP)
    done = await door.sign_in(**APP, **await door.browser(begun), **begun.keep)
    connector, _ = door.signed_in(done)
    for days in (54, 54, 54, 54, 54, 54):  # until day 324: each renewal gave 60 days, the last one 41
        door.clock.forward(days * 86_400)
        await connector.channels()
    assert renewals(door) == 6
    door.clock.forward(36 * 86_400)
    for _ in range(20):
        await connector.channels()
    assert renewals(door) == 6
    assert "Renewing ends a year after" in connector.validity().words[0]


def asked_of(*answers: httpx.Response) -> tuple[httpx.AsyncClient, list[httpx.Request]]:
    """A token endpoint that gives these answers, the last one again and again; and what was asked."""
    sent: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return answers[min(len(sent), len(answers)) - 1]

    return web.client(transport=httpx.MockTransport(answer)), sent


def ending(door: Door, http: httpx.AsyncClient, **parts: str) -> Room:
    """The room of an account whose token lives five more days."""
    ends = (door.clock.now() + timedelta(days=5)).isoformat()
    secret = KeptSecret(token="old", refresh_token="r", expires_at=ends, **APP, **parts)
    return Room(account=door.account, http=http, secret=secret, clock=door.clock)


async def test_a_renewal_that_gained_nothing_is_tried_again_a_day_later(door: Door) -> None:
    """Where LinkedIn does not say when the refresh token ends."""
    http, sent = asked_of(httpx.Response(200, json={"access_token": "new", "expires_in": 5 * 86_400}))
    given = ending(door, http)
    for _ in range(100):
        assert await tokens.current(given, ROOT) == "new"
    assert len(sent) == 1
    door.clock.forward(86_400)
    await asyncio.gather(*(tokens.current(given, ROOT) for _ in range(3)))
    assert len(sent) == 2
    await http.aclose()


@pytest.mark.parametrize(("status", "said"), [(400, True), (401, True), (503, False), (429, False)])
async def test_a_refused_early_renewal_leaves_the_living_token(door: Door, status: int, said: bool) -> None:
    good = httpx.Response(200, json={"access_token": "new", "expires_in": 60 * 86_400})
    http, sent = asked_of(httpx.Response(status, json={"error": "invalid_request"}), good)
    given = ending(door, http)
    assert await asyncio.gather(*(tokens.current(given, ROOT) for _ in range(3))) == ["old"] * 3
    assert len(sent) == 1
    assert any("did not renew" in w for w in LinkedIn(given).validity().words) is said
    door.clock.forward(86_400)
    assert await tokens.current(given, ROOT) == "new"
    assert LinkedIn(given).validity().words == ()
    await http.aclose()


async def test_a_token_that_ended_is_renewed_whatever_was_tried_and_else_given_up(door: Door) -> None:
    http, sent = asked_of(httpx.Response(400, json={"error": "invalid_request"}))
    given = ending(door, http, refresh_expires_at=(door.clock.now() + timedelta(days=6)).isoformat())
    assert await tokens.current(given, ROOT) == "old"
    assert not sent
    door.clock.forward(5 * 86_400)
    for _ in range(2):
        with pytest.raises(SignInNeeded):
            await tokens.current(given, ROOT)
    assert len(sent) == 2
    await http.aclose()
