"""Signing in to X and staying signed in (x.md section 1)."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import START, Discovery, SignedIn
from inbox.connectors.x import X
from inbox.connectors.x.signing import headers_for
from inbox.errors import NotAllowed, NotFound, RateLimited, SignInNeeded, Unavailable
from inbox.model import Capability, Counting, SignIn
from inbox.practice.faults import FaultKind, Faults
from inbox.practice.x import Network, x_app
from inbox.practice.x.auth import signature
from tests.connectors.harness import SetClock
from tests.connectors.x_recorded import Square, recorded

BACK = "http://127.0.0.1:8765/callback"


class Door:
    """The practice network before anybody is signed in, and a person with a browser."""

    def __init__(self, **app: Any) -> None:
        self.clock = SetClock()
        self.network = Network(self.clock, address="http://127.0.0.1:9")
        self.office = self.network.add_user("harbour", "Harbour Council")
        self.app = self.network.add_app(self.office, **{"callbacks": (BACK,), **app})
        self.faults = Faults()
        self.http = web.client(transport=httpx.ASGITransport(x_app(self.network, self.faults)))

    async def found(self, address: str = "http://127.0.0.1:9") -> Discovery:
        return await X.discover(address, self.http, self.clock)

    async def sign_in(self, **answers: str) -> SignedIn:
        return await X.sign_in(await self.found(), answers, self.http, self.clock)

    async def by_browser(self, *, back: str = BACK, allow: str = "yes", wait_s: float = 0) -> Mapping[str, str]:
        """What ``sign_in`` gets after the person allowed it; they come back after so long."""
        begun = await X.authorize(await self.found(), back, self.http, self.clock, {"client_id": self.app.client_id})
        page = await self.http.get(begun.url)
        assert page.status_code == 200, page.text
        asked = {k: v[0] for k, v in parse_qs(urlsplit(begun.url).query).items()}
        answer = await self.http.post("http://127.0.0.1:9/i/oauth2/authorize", data={**asked, "allow": allow})
        came_back = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
        self.clock.forward(wait_s)
        return {"client_id": self.app.client_id, **came_back, **begun.keep}


@pytest.fixture
def door() -> Door:
    return Door()


# --- what a person typed ---


@pytest.mark.parametrize(
    ("typed", "user"),
    [
        ("@harbour", "harbour"), ("harbour", "harbour"), ("https://x.com/harbour", "harbour"),
        ("twitter.com/harbour/status/1", "harbour"), ("x.com", ""), ("www.x.com/", ""),
    ],
)  # fmt: skip
async def test_real_hosts_are_the_default(door: Door, typed: str, user: str) -> None:
    found = await door.found(typed)
    assert (found.settings["api"], found.settings["web"]) == ("https://api.x.com", "https://x.com")
    assert (found.settings["user"], found.address) == (user, "https://x.com")


@pytest.mark.parametrize(
    "typed", ["", "harbour council", "https://town.example/harbour", "@much_too_long_a_name", "ftp://x.com"]
)
async def test_what_is_no_account_is_refused_with_a_hint(door: Door, typed: str) -> None:
    with pytest.raises(NotFound) as refused:
        await door.found(typed)
    assert refused.value.hint


async def test_keys_come_first_and_the_person_is_told_what_it_costs(door: Door) -> None:
    found = await door.found()
    assert found.sign_in[0] is SignIn.PASTE
    assert [f.name for f in found.fields if f.required] == ["api_key", "api_secret", "token", "token_secret"]
    assert all(f.secret for f in found.fields)
    assert [f.name for f in found.app_fields] == ["client_id"]
    assert all(f"http://127.0.0.1:{port}/callback" in found.app_fields[0].hint for port in X.landing_ports)
    warned = " ".join(found.warnings)
    assert all(word in warned for word in ("charges", "belongs to this account", "Enterprise"))


# --- keys ---


async def test_keys_open_the_account(door: Door) -> None:
    keys = door.network.keys_for(door.app, door.office)
    done = await door.sign_in(**keys, bearer="b")
    assert (done.user, done.title) == ("harbour", "@harbour")
    assert done.secret == {**keys, "bearer": "b"}
    assert not set(keys.values()) & set(done.settings.values())
    [channel] = done.channels
    assert channel.speaks_as == "Harbour Council"
    limits = channel.limits
    assert (limits.counting, limits.text_graphemes, limits.link_length) == (Counting.X, 280, 23)


async def test_a_paid_subscription_writes_longer(door: Door) -> None:
    door.office.subscription = "Premium"
    done = await door.sign_in(**door.network.keys_for(door.app, door.office))
    assert done.channels[0].limits.text_graphemes == 25_000


@pytest.mark.parametrize(
    ("level", "able", "unable"),
    [
        ("read", Capability.FETCH, Capability.POST | Capability.DIRECT | Capability.HIDE | Capability.MEDIA),
        ("read-write", Capability.POST | Capability.HIDE, Capability.DIRECT),
        ("read-write-directmessages", Capability.POST | Capability.DIRECT, Capability.NONE),
    ],
)
async def test_keys_allow_what_their_app_was_set_to(
    door: Door, level: str, able: Capability, unable: Capability
) -> None:
    done = await door.sign_in(**door.network.keys_for(door.app, door.office, level))
    found = done.channels[0].capabilities
    assert able in found
    assert not found & unable


async def test_wrong_keys_and_missing_ones_are_told_apart(door: Door) -> None:
    keys = door.network.keys_for(door.app, door.office)
    for wrong in ({**keys, "token_secret": "x"}, {**keys, "api_key": "x"}):
        with pytest.raises(SignInNeeded, match="does not accept"):
            await door.sign_in(**wrong)
    with pytest.raises(SignInNeeded, match="Four keys"):
        await door.sign_in(**{**keys, "token": " "})


async def test_somebody_elses_keys_are_refused(door: Door) -> None:
    keys = door.network.keys_for(door.app, door.office)
    found = await door.found("http://127.0.0.1:9/museum")
    with pytest.raises(SignInNeeded, match="as @harbour, not as @museum"):
        await X.sign_in(found, keys, door.http, door.clock)


def test_a_signature_covers_method_address_and_query() -> None:
    """By RFC 5849 alone, against the library that signs."""
    keys = {"api_key": "k", "api_secret": "ks", "token": "t", "token_secret": "ts"}
    url = "https://api.x.com/2/tweets/search/recent?query=%40harbour%20-is%3Aretweet&max_results=10"
    header = headers_for(keys, "GET", url, SetClock().now())["Authorization"]
    given = {k: unquote(v) for k, v in re.findall(r'(\w+)="([^"]*)"', header)}
    assert given["oauth_timestamp"] == str(int(SetClock().now().timestamp()))
    assert signature("GET", url, given, "ks", "ts") == given["oauth_signature"]
    assert signature("GET", url.replace("10", "11"), given, "ks", "ts") != given["oauth_signature"]


async def test_a_wrong_clock_is_named_as_the_reason() -> None:
    square = Square()
    square.network.clock = SetClock(square.clock.now() - timedelta(hours=2))
    app = square.http._transport

    async def dated(request: httpx.Request) -> httpx.Response:
        response = await app.handle_async_request(request)
        there = square.network.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return httpx.Response(
            response.status_code, headers={**response.headers, "date": there}, content=await response.aread()
        )

    square.http = web.client(transport=httpx.MockTransport(dated))
    with pytest.raises(SignInNeeded) as out:
        await square.again().fetch(square.channel, START)
    assert "clock" in out.value.hint
    assert "120 minutes" in out.value.hint


# --- the browser ---


async def test_the_browser_opens_the_account(door: Door) -> None:
    answers = await door.by_browser()
    done = await door.sign_in(**answers)
    assert done.user == "harbour"
    assert {"access", "refresh", "client_id", "issued_at", "scopes"} == set(done.secret)
    assert Capability.DIRECT in done.channels[0].capabilities


async def test_the_address_asks_for_what_the_contract_says(door: Door) -> None:
    begun = await X.authorize(await door.found("@harbour"), BACK, door.http, door.clock, {"client_id": "c"})
    address = urlsplit(begun.url)
    asked = {k: v[0] for k, v in parse_qs(address.query).items()}
    assert (address.netloc, address.path) == ("x.com", "/i/oauth2/authorize")
    assert asked["code_challenge_method"] == "S256"
    assert {"offline.access", "dm.read", "tweet.moderate.write", "media.write"} <= set(asked["scope"].split())
    assert "like.write" not in asked["scope"]
    assert "%20" in address.query
    assert "+" not in address.query
    assert begun.keep["verifier"] not in begun.url


async def test_a_code_lives_thirty_seconds(door: Door) -> None:
    with pytest.raises(SignInNeeded) as late:
        await door.sign_in(**await door.by_browser(wait_s=31))
    assert "30 seconds" in late.value.hint
    answers = await door.by_browser()
    await door.sign_in(**answers)
    with pytest.raises(SignInNeeded):
        await door.sign_in(**answers)


async def test_a_person_may_paste_the_address_the_browser_shows(door: Door) -> None:
    answers = dict(await door.by_browser(back=""))
    pasted = f"{BACK}?state={answers.pop('state')}&code={answers['code']}"
    assert (await door.sign_in(**{**answers, "code": pasted})).user == "harbour"
    other = dict(await door.by_browser(back=""))
    with pytest.raises(SignInNeeded, match="another sign-in"):
        await door.sign_in(**{**other, "code": f"{BACK}?state=evil&code={other['code']}"})


async def test_an_answer_to_another_sign_in_is_refused(door: Door) -> None:
    answers = await door.by_browser()
    with pytest.raises(SignInNeeded):
        await door.sign_in(**{**answers, "state": "somebody-elses"})
    with pytest.raises(SignInNeeded):
        await door.sign_in(code="abc")


async def test_a_refusal_in_the_browser_is_one(door: Door) -> None:
    with pytest.raises(SignInNeeded):
        await door.sign_in(**await door.by_browser(allow="no"))


async def test_an_app_of_the_wrong_type_is_named() -> None:
    door = Door(web_app=True)
    with pytest.raises(SignInNeeded) as refused:
        await door.sign_in(**await door.by_browser())
    assert "Native App" in refused.value.hint


async def test_rights_that_were_not_granted_are_missing(door: Door) -> None:
    answers = await door.by_browser()
    code = door.network.codes[answers["code"]]
    code["scopes"] = ("tweet.read", "users.read", "tweet.write", "offline.access")
    done = await door.sign_in(**answers)
    found = done.channels[0].capabilities
    assert Capability.POST in found
    assert not found & (Capability.DIRECT | Capability.HIDE | Capability.MEDIA)
    answers = await door.by_browser()
    door.network.codes[answers["code"]]["scopes"] = ("tweet.write",)
    with pytest.raises(NotAllowed):
        await door.sign_in(**answers)


# --- staying signed in ---


class Tokens(Square):
    """A desk that is signed in by OAuth 2."""

    def __init__(self) -> None:
        super().__init__()
        grant = self.network.grants[0]
        grant.token, grant.token_secret, grant.refresh = "first-access", "", "first-refresh"
        grant.issued_at, grant.scopes = self.clock.now(), ("offline.access", "tweet.read", "dm.read", "tweet.write")
        self.secret.parts = {
            "access": "first-access", "refresh": "first-refresh", "client_id": self.app.client_id,
            "issued_at": self.clock.now().isoformat(), "scopes": "",
        }  # fmt: skip
        self.saved_before: list[str] = []
        self.connector = self.again()

    @property
    def renewals(self) -> int:
        return len(self.asked("/2/oauth2/token", "POST"))


@pytest.fixture
def tokens() -> Tokens:
    return Tokens()


async def test_tokens_are_renewed_late_and_once(tokens: Tokens) -> None:
    tokens.clock.forward(109 * 60)
    await tokens.read()
    assert tokens.renewals == 0
    tokens.clock.forward(120)
    await asyncio.gather(*(tokens.again().fetch(tokens.channel, START) for _ in range(4)))
    assert tokens.renewals == 1
    assert tokens.secret.parts["refresh"] != "first-refresh"


async def test_a_renewed_token_is_saved_before_it_is_used(tokens: Tokens) -> None:
    tokens.clock.forward(3 * 3600)
    await tokens.read()
    save = tokens.asked("/2/oauth2/token", "POST")[0]
    after = tokens.sent[tokens.sent.index(save) + 1 :]
    assert all(r.headers["authorization"] == f"Bearer {tokens.secret.parts['access']}" for r in after)

    class Full(Exception):
        pass

    def refuse(parts: Mapping[str, str]) -> None:
        raise Full

    tokens.clock.forward(3 * 3600)
    tokens.secret.save = refuse  # type: ignore[method-assign]
    tokens.sent.clear()
    with pytest.raises(Full):
        await tokens.again().fetch(tokens.channel, START)
    assert [r.url.path for r in tokens.sent] == ["/2/oauth2/token"]


async def test_a_401_renews_once_and_no_more(tokens: Tokens) -> None:
    tokens.network.grants[0].token = "somebody-elses"
    await tokens.read()
    assert tokens.renewals == 1
    tokens.network.grants[0].dead = True
    with pytest.raises(SignInNeeded) as out:
        await tokens.read()
    assert tokens.renewals == 2
    assert "another computer" in out.value.hint


@pytest.mark.parametrize("fault", [FaultKind.LOST_ANSWER, FaultKind.TIMEOUT_AFTER])
async def test_a_lost_rotation_ends_in_a_new_login(tokens: Tokens, fault: FaultKind) -> None:
    """X rotated and the answer never came: the old token is dead, and asked once more X says so."""
    tokens.clock.forward(3 * 3600)
    tokens.faults.add(fault, path="/2/oauth2/token", times=1)
    with pytest.raises(SignInNeeded):
        await tokens.read()
    assert tokens.renewals == 2
    assert tokens.secret.parts["refresh"] == "first-refresh"


async def test_a_renewal_that_never_reached_x_succeeds_the_second_time(tokens: Tokens) -> None:
    tokens.clock.forward(3 * 3600)
    tokens.faults.add(FaultKind.CUT_BEFORE, path="/2/oauth2/token", times=1)
    await tokens.read()
    assert tokens.renewals == 2
    assert tokens.secret.parts["refresh"] != "first-refresh"


async def test_two_lost_answers_are_left_to_a_person(tokens: Tokens) -> None:
    tokens.clock.forward(3 * 3600)
    tokens.faults.add(FaultKind.CUT_BEFORE, path="/2/oauth2/token")
    with pytest.raises(SignInNeeded):
        await tokens.read()
    assert tokens.renewals == 2


@pytest.mark.parametrize(
    ("fault", "raised"), [({"status": 503}, Unavailable), ({"status": 429, "retry_after": 30}, RateLimited)]
)
async def test_trouble_at_x_signs_nobody_out(tokens: Tokens, fault: dict[str, Any], raised: type[Exception]) -> None:
    tokens.clock.forward(3 * 3600)
    tokens.faults.add(FaultKind.STATUS, path="/2/oauth2/token", **fault)
    with pytest.raises(raised):
        await tokens.read()
    tokens.faults.clear()
    await tokens.read()


async def test_what_could_not_be_renewed_was_not_sent(tokens: Tokens) -> None:
    tokens.clock.forward(3 * 3600)
    tokens.faults.add(FaultKind.STATUS, path="/2/oauth2/token", status=503, times=1)
    with pytest.raises(Unavailable):
        await tokens.connector.publish(tokens.channel, tokens.post(), "key-1")
    assert not tokens.network.posts


async def test_the_sign_in_is_given_back(tokens: Tokens) -> None:
    await tokens.connector.revoke()
    assert tokens.network.grants[0].dead
    square = Square()
    await square.connector.revoke()
    assert not square.sent, "keys belong to the organisation's own app"


async def test_when_a_sign_in_ends_is_known(tokens: Tokens) -> None:
    ends_at = tokens.connector.validity().sign_in_ends_at
    assert ends_at is not None
    assert ends_at - tokens.clock.now() == timedelta(days=180)
    assert Square().connector.validity().sign_in_ends_at is None


async def test_the_recorded_token_answer_is_understood(tokens: Tokens) -> None:
    kept = recorded("oauth2_token_response")["json"]
    tokens.clock.forward(3 * 3600)
    real = tokens.http._transport

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/2/oauth2/token":
            return httpx.Response(200, json=kept)
        return httpx.Response(200, json={"meta": {"result_count": 0}})

    tokens.http = web.client(transport=httpx.MockTransport(answer))
    await tokens.again().fetch(tokens.channel, START)
    assert tokens.secret.parts["access"] == kept["access_token"]
    assert real is not tokens.http._transport


@pytest.mark.parametrize("name", ["oauth_refresh_rejected", "oauth_client_auth_missing"])
async def test_recorded_refusals_to_renew(tokens: Tokens, name: str) -> None:
    kept = recorded("errors")[name]
    tokens.clock.forward(3 * 3600)
    answer = httpx.Response(kept["http_status"], content=json.dumps(kept["json"]))
    tokens.http = web.client(transport=httpx.MockTransport(lambda _: answer))
    with pytest.raises(SignInNeeded):
        await tokens.again().fetch(tokens.channel, START)
