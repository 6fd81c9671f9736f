"""Tokens: only ExpiredToken is cured by renewing, once, by whoever comes first, saved before use (section 3)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from inbox.connectors.bluesky.dpop import _NONCES, new_key, proof
from inbox.connectors.connector import START
from inbox.errors import BadReply, NotAllowed, PostroomError, SignInNeeded, Unavailable
from tests.connectors.bluesky_recorded import Desk, answer, failing
from tests.connectors.harness import SetClock

EMPTY = {"feed": [], "notifications": []}
URL = "https://pds.example/xrpc/app.bsky.feed.getAuthorFeed"


class Server:
    """Takes one access token at a time; each renewal gives the next pair."""

    def __init__(self) -> None:
        self.generation = 2
        self.renewed_by: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        if request.url.path.endswith("refreshSession"):
            assert request.content == b""
            self.renewed_by.append(token)
            self.generation += 1
            pair = {"accessJwt": f"access-{self.generation}", "refreshJwt": f"refresh-{self.generation}"}
            return httpx.Response(200, json={**pair, "active": True})
        if token != f"access-{self.generation}":
            return answer("errors", "error-expired-token")
        return httpx.Response(200, json=EMPTY)


async def test_an_expired_token_is_renewed_with_the_refresh_token_and_saved_before_it_is_used() -> None:
    server = Server()
    desk = Desk(server)
    saved_before_use: list[bool] = []

    def watching(request: httpx.Request) -> httpx.Response:
        if request.headers["authorization"] == "Bearer access-3":
            saved_before_use.append(desk.secret.parts["access"] == "access-3")
        return server(request)

    desk.handler = watching
    await desk.connector().fetch(desk.channel, START)
    assert server.renewed_by == ["refresh-1"]
    assert saved_before_use
    assert all(saved_before_use)
    assert desk.secret.parts == {"access": "access-3", "refresh": "refresh-3"}


async def test_two_who_find_it_expired_renew_it_once() -> None:
    server = Server()
    desk = Desk(server)
    await asyncio.gather(*(desk.connector().fetch(desk.channel, START) for _ in range(5)))
    assert server.renewed_by == ["refresh-1"]


async def test_a_token_that_is_refused_after_renewing_ends_in_signing_in() -> None:
    desk = Desk(
        lambda r: (
            httpx.Response(200, json={"accessJwt": "a", "refreshJwt": "r"})
            if r.url.path.endswith("refreshSession")
            else answer("errors", "error-expired-token")
        )
    )
    with pytest.raises(SignInNeeded):
        await desk.connector().fetch(desk.channel, START)
    assert len(desk.asked) == 3


@pytest.mark.parametrize("name", ["error-garbage-token", "error-no-token"])
async def test_invalid_tokens_are_not_cured_by_renewing(name: str) -> None:
    desk = Desk(lambda request: answer("errors", name))
    with pytest.raises(SignInNeeded):
        await desk.connector().fetch(desk.channel, START)
    assert len(desk.asked) == 1


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (failing(400, "ExpiredToken", "Token has been revoked"), SignInNeeded),
        (answer("sessions", "session-refresh-with-access-token"), SignInNeeded),
        (failing(401, "AccountTakedown"), NotAllowed),
        (httpx.Response(200, html="<h1>Wait</h1>"), BadReply),
        (httpx.Response(200, json={"accessJwt": "only-one"}), BadReply),
        (httpx.Response(502), Unavailable),
    ],
)
async def test_a_renewal_that_fails_says_who_has_to_act_and_keeps_the_old_tokens(
    refusal: httpx.Response, expected: type[PostroomError]
) -> None:
    desk = Desk(lambda r: refusal if r.url.path.endswith("refreshSession") else answer("errors", "error-expired-token"))
    with pytest.raises(expected) as caught:
        await desk.connector().fetch(desk.channel, START)
    assert type(caught.value) is expected
    assert desk.secret.parts == {"access": "access-1", "refresh": "refresh-1"}


async def test_without_a_secret_nobody_is_asked() -> None:
    desk = Desk(lambda request: httpx.Response(500), none="x")
    with pytest.raises(SignInNeeded):
        await desk.connector().fetch(desk.channel, START)
    assert desk.asked == []


# --- OAuth ---


class Bound:
    """A server that takes DPoP tokens, wants its own nonce, and tells by 401 when a token is over."""

    def __init__(self) -> None:
        self.nonce = "nonce-1"
        self.access = "access-1"
        self.refresh = "refresh-1"
        self.renewals = 0
        self.proofs: set[str] = set()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        claims = self.claims(request)
        headers = {"DPoP-Nonce": self.nonce}
        at_auth = request.url.host == "auth.example"
        if claims.get("nonce") != self.nonce:
            return failing(400 if at_auth else 401, "use_dpop_nonce", **headers)
        if at_auth:
            form = dict(httpx.QueryParams(request.content.decode()))
            if form["refresh_token"] != self.refresh:
                return httpx.Response(400, json={"error": "invalid_grant"}, headers=headers)
            self.renewals += 1
            self.access, self.refresh = f"access-{self.renewals + 1}", f"refresh-{self.renewals + 1}"
            tokens = {"access_token": self.access, "refresh_token": self.refresh, "token_type": "DPoP"}
            return httpx.Response(200, json={**tokens, "expires_in": 3599}, headers=headers)
        token = request.headers["authorization"].removeprefix("DPoP ")
        digest = base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
        assert claims["ath"] == digest
        if token != self.access:
            asks = {"WWW-Authenticate": 'DPoP error="invalid_token", error_description="expired"', **headers}
            return failing(401, "invalid_token", **asks)
        return httpx.Response(200, json=EMPTY, headers=headers)

    def claims(self, request: httpx.Request) -> dict[str, object]:
        header = json.loads(base64.urlsafe_b64decode(request.headers["dpop"].partition(".")[0] + "=="))
        assert header["typ"] == "dpop+jwt"
        assert "d" not in header["jwk"], "the private part stays here"
        claims: dict[str, object] = jwt.decode(
            request.headers["dpop"], ECKey.import_key(header["jwk"]), algorithms=["ES256"]
        ).claims
        assert claims["htm"] == request.method
        assert claims["htu"] == str(request.url).partition("?")[0]
        assert claims["jti"] not in self.proofs
        self.proofs.add(str(claims["jti"]))
        return claims


@pytest.fixture(autouse=True)
def _no_nonces() -> None:
    _NONCES.clear()


def bound_desk(server: Bound, **parts: str) -> Desk:
    return Desk(server, **{"access": "access-1", "refresh": "refresh-1", "key": new_key(), **parts})


async def test_a_wanted_nonce_is_used_and_kept() -> None:
    server = Bound()
    desk = bound_desk(server)
    await desk.connector().fetch(desk.channel, START)
    assert len(desk.asked) == 4, "three, the first of them twice"
    server.nonce = "nonce-2"
    await desk.connector().fetch(desk.channel, START)
    assert len(desk.asked) == 8


async def test_an_ended_token_is_renewed_bound_to_the_same_key() -> None:
    server = Bound()
    server.access = "access-9"
    desk = bound_desk(server)
    key = desk.secret.parts["key"]
    await asyncio.gather(*(desk.connector().fetch(desk.channel, START) for _ in range(4)))
    assert server.renewals == 1
    assert desk.secret.parts["key"] == key
    assert desk.secret.parts["access"] == "access-2"
    assert desk.secret.parts["ends_at"] > desk.clock.now().isoformat()


async def test_a_token_about_to_end_is_renewed_before_it_is_refused() -> None:
    server = Bound()
    desk = bound_desk(server, ends_at="2026-11-23T09:00:30+00:00")  # the clock says nine
    await desk.connector().fetch(desk.channel, START)
    assert server.renewals == 1


async def test_a_refresh_token_that_was_used_already_asks_for_the_person() -> None:
    server = Bound()
    server.access, server.refresh = "access-9", "refresh-9"
    desk = bound_desk(server)
    with pytest.raises(SignInNeeded):
        await desk.connector().fetch(desk.channel, START)


async def test_a_token_that_is_not_bound_to_our_key_is_not_taken() -> None:
    server = Bound()

    def unbound(request: httpx.Request) -> httpx.Response:
        answered = server(request)
        if request.url.host == "auth.example" and answered.status_code == 200:
            return httpx.Response(200, json={**answered.json(), "token_type": "Bearer"})
        return answered

    server.access = "access-9"
    desk = bound_desk(server)
    desk.handler = unbound
    with pytest.raises(BadReply):
        await desk.connector().fetch(desk.channel, START)


def test_a_damaged_key_asks_for_the_person() -> None:
    for key in ("", "{}", "nonsense", '{"kty":"EC"}'):
        with pytest.raises(SignInNeeded):
            proof(key, "GET", URL, SetClock())
