"""Signing in by browser as the real servers insist on it (bluesky.md section 3): every rule, broken once."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from inbox.clock import SystemClock
from inbox.connectors import http as web
from inbox.connectors.bluesky import Bluesky, oauth
from inbox.model import SignIn
from inbox.practice.town import Town
from tests.practice.bluesky_stage import HOME, Stage

BACK = "http://127.0.0.1:53682/callback"
SCOPE = "atproto transition:generic transition:chat.bsky"
CLIENT = "http://localhost?" + urlencode({"redirect_uri": "http://127.0.0.1/callback", "scope": SCOPE})
VERIFIER = "v" * 43
READ = f"{HOME}/xrpc/app.bsky.notification.listNotifications"


class Journey:
    """A loopback client on its way."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.http = self.stage.http
        self.nonce = ""

    async def post(self, what: str, form: dict[str, str], **claims: Any) -> httpx.Response:
        url = f"{HOME}/oauth/{what}"
        for _ in range(2):
            proof = self.stage.proof("POST", url, self.nonce, **claims)
            answer = await self.http.post(url, data=form, headers={"dpop": proof})
            self.nonce = answer.headers.get("dpop-nonce", self.nonce)
            if answer.json().get("error") != "use_dpop_nonce":
                break
        return answer

    async def announce(self, **other: str) -> httpx.Response:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
        form = {
            "client_id": CLIENT, "response_type": "code", "redirect_uri": BACK, "scope": SCOPE, "state": "s",
            "code_challenge": challenge, "code_challenge_method": "S256", "login_hint": "org.test", **other,
        }  # fmt: skip
        return await self.post("par", form)

    async def code(self, decision: str = "allow") -> dict[str, str]:
        pressed = {"client_id": CLIENT, "request_uri": (await self.announce()).json()["request_uri"]}
        page = await self.http.get("/oauth/authorize", params=pressed)
        assert 'value="org.test"' in page.text
        answer = await self.http.post("/oauth/authorize", data={**pressed, "person": "org.test", "decision": decision})
        where = urlsplit(answer.headers["location"])
        assert f"{where.scheme}://{where.netloc}{where.path}" == BACK
        return {name: values[0] for name, values in parse_qs(where.query).items()}

    async def redeem(self, code: str, **other: str) -> httpx.Response:
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": CLIENT}
        return await self.post("token", {**form, "code_verifier": VERIFIER, **other})

    async def read(self, token: str, *, scheme: str = "DPoP", proof: str = "") -> httpx.Response:
        made = proof or self.stage.proof("GET", READ, self.nonce, token)
        return await self.http.get(READ, headers={"authorization": f"{scheme} {token}", "dpop": made})


@pytest.fixture
async def journey() -> AsyncIterator[Journey]:
    made = Journey()
    yield made
    await made.http.aclose()


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"client_id": "https://postroom.example/client.json"}, "invalid_client_metadata"),
        ({"redirect_uri": "http://127.0.0.1:9/elsewhere"}, "invalid_request"),
        ({"redirect_uri": "http://192.0.2.1/callback"}, "invalid_request"),
        ({"scope": "atproto transition:email"}, "invalid_scope"),
        ({"scope": "transition:generic"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "invalid_request"),
    ],
)
async def test_what_may_not_be_announced(journey: Journey, other: dict[str, str], error: str) -> None:
    answer = await journey.announce(**other)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


async def test_a_person_may_say_no(journey: Journey) -> None:
    said = await journey.code("deny")
    assert (said["error"], said["iss"], said["state"]) == ("access_denied", HOME, "s")
    assert "code" not in said


async def test_a_code_is_good_once_and_with_its_verifier_and_key_only(journey: Journey) -> None:
    code = (await journey.code())["code"]
    assert (await journey.redeem(code, code_verifier="w" * 43)).json()["error"] == "invalid_grant"
    assert (await journey.redeem(code)).json()["error"] == "invalid_grant"  # a wrong try uses it up
    code = (await journey.code())["code"]
    key, journey.stage.key = journey.stage.key, ECKey.generate_key("P-256")
    assert (await journey.redeem(code)).json()["error"] == "invalid_grant"
    journey.stage.key = key
    code = (await journey.code())["code"]
    made = await journey.redeem(code)
    assert (made.json()["token_type"], made.json()["sub"]) == ("DPoP", journey.stage.org.did)
    assert (await journey.redeem(code)).json()["error"] == "invalid_grant"


async def test_a_token_goes_with_its_proof_only(journey: Journey) -> None:
    token = (await journey.redeem((await journey.code())["code"])).json()["access_token"]
    assert (await journey.read(token)).status_code == 200
    proof = journey.stage.proof("GET", READ, journey.nonce, token)
    assert (await journey.read(token, proof=proof)).status_code == 200
    assert (await journey.read(token, proof=proof)).json()["error"] == "invalid_dpop_proof"  # replayed
    for wrong in (
        journey.stage.proof("POST", READ, journey.nonce, token),
        journey.stage.proof("GET", f"{READ}?limit=1", journey.nonce, token),
        journey.stage.proof("GET", READ, journey.nonce, "another"),
        journey.stage.proof("GET", READ, journey.nonce, token, iat=1),
        "nonsense",
    ):
        assert (await journey.read(token, proof=wrong)).status_code == 401
    assert (await journey.read(token, scheme="Bearer")).json()["error"] == "InvalidToken"
    journey.stage.key = ECKey.generate_key("P-256")
    assert (await journey.read(token)).json()["error"] == "invalid_token"


async def test_nonces_change_within_minutes_and_tokens_run_out(journey: Journey) -> None:
    token = (await journey.redeem((await journey.code())["code"])).json()["access_token"]
    journey.stage.hop(370)
    stale = await journey.read(token)
    assert (stale.status_code, stale.json()["error"]) == (401, "use_dpop_nonce")
    journey.nonce = stale.headers["dpop-nonce"]
    assert (await journey.read(token)).status_code == 200
    journey.stage.hop(3600)
    journey.nonce = (await journey.read(token)).headers["dpop-nonce"]
    old = await journey.read(token)
    assert (old.status_code, old.json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in old.headers["www-authenticate"]


async def test_refresh_tokens_are_used_once_and_may_be_revoked(journey: Journey) -> None:
    made = (await journey.redeem((await journey.code())["code"])).json()

    async def renew(token: str) -> Any:
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT}
        return (await journey.post("token", form)).json()

    renewed = await renew(made["refresh_token"])
    again = await renew(renewed["refresh_token"])
    assert (await journey.read(again["access_token"])).status_code == 200
    await journey.post("revoke", {"token": again["refresh_token"], "client_id": CLIENT})
    assert (await renew(again["refresh_token"]))["error"] == "invalid_grant"


async def test_the_connector_finds_its_way_through() -> None:
    with Town() as town:
        async with web.client() as http:
            clock = SystemClock()
            found = await Bluesky.discover(town.addresses.sky, http, clock)
            assert SignIn.BROWSER in found.sign_in
            asked = await Bluesky.authorize(found, BACK, http, clock)
            query = {name: values[0] for name, values in parse_qs(urlsplit(asked.url).query).items()}
            pressed = {**query, "person": "harbour", "decision": "allow"}
            answer = await http.post(asked.url.partition("?")[0], data=pressed)
            back = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
            settings, secret = await oauth.redeem(found, {**asked.keep, **back}, http, clock)
    assert settings["did"] == town.world.sky.office.did
    assert {"access", "refresh", "key"} <= secret.keys()


async def test_without_sign_in_by_browser_nothing_says_there_is_one() -> None:
    stage = Stage(oauth=False)
    assert (await stage.http.get("/.well-known/oauth-protected-resource")).status_code == 404
    await stage.http.aclose()
