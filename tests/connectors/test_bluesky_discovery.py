"""From what a person types to a server, and who is asked on the way (bluesky.md section 2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.bluesky import Bluesky
from inbox.connectors.bluesky.dpop import new_key
from inbox.connectors.bluesky.identity import Servers, handle_of, is_did, origin_of
from inbox.connectors.connector import Discovery
from inbox.errors import BadReply, NotAllowed, NotFound, Offline, SignInNeeded, Unavailable
from inbox.model import SignIn
from tests.connectors.bluesky_recorded import AMINA, DID, body_of, failing, recorded
from tests.connectors.harness import SetClock

PDS = "https://pds.example"


class Web:
    """Hosts of the network, as far as a test needs them; ``asked`` are the addresses."""

    def __init__(self, handle: str = "city.example", server: str = PDS, did: str = DID) -> None:
        self.handle, self.server, self.did = handle, server, did
        self.names = {handle: did}
        self.well_known: dict[str, str] = {}
        self.oauth = True
        self.asked: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        self.asked.append(f"{url.host}{url.path}")
        if url.path.endswith("resolveHandle"):
            did = self.names.get(url.params["handle"])
            return httpx.Response(200, json={"did": did}) if did else failing(400, "HandleNotFound")
        if url.path == "/.well-known/atproto-did":
            did = self.well_known.get(url.host)
            return httpx.Response(200, text=f"{did}\n") if did else httpx.Response(200, html="<h1>A shop</h1>")
        if url.host == "plc.directory" or url.path == "/.well-known/did.json":
            return httpx.Response(200, json=self.document())
        if url.path == "/.well-known/oauth-protected-resource" and self.oauth:
            return httpx.Response(200, json={"authorization_servers": ["https://auth.example"]})
        if url.path == "/.well-known/oauth-authorization-server":
            body = dict(recorded("oauth")["oauth-authorization-server"]["body"])
            body = {
                n: v.replace("http://localhost:22590", "https://auth.example") if isinstance(v, str) else v
                for n, v in body.items()
            }
            return httpx.Response(200, json=body)
        if url.path.endswith("describeServer"):
            return httpx.Response(200, json={"did": "did:web:pds.example", "availableUserDomains": []})
        return httpx.Response(404)

    def document(self) -> dict[str, Any]:
        document = dict(body_of("identity", "plc-did-document"))
        service = {**document["service"][0], "serviceEndpoint": self.server}
        return {**document, "id": self.did, "alsoKnownAs": [f"at://{self.handle}"], "service": [service]}


async def discover(there: Callable[[httpx.Request], httpx.Response], typed: str) -> Discovery:
    async with web.client(transport=httpx.MockTransport(there)) as http:
        return await Bluesky.discover(typed, http, SetClock())


@pytest.mark.parametrize(
    "typed",
    [
        "city.example",
        "@City.Example",
        " city.example ",
        "at://city.example",
        "https://bsky.app/profile/city.example",
        f"https://bsky.app/profile/{DID}/post/3n2x7fiyohs2e",
        DID,
    ],
)
async def test_whatever_is_on_the_profile_leads_to_the_server(typed: str) -> None:
    found = await discover(Web(), typed)
    assert (found.settings["did"], found.settings["server"]) == (DID, PDS)
    assert found.title == "@city.example"
    assert found.address == DID
    assert found.sign_in == (SignIn.BROWSER, SignIn.PASTE)
    assert found.settings["par_endpoint"] == "https://auth.example/oauth/par"


async def test_a_handle_that_only_its_own_host_knows_is_found_there() -> None:
    there = Web()
    there.names.clear()
    there.well_known["city.example"] = DID
    assert (await discover(there, "city.example")).settings["did"] == DID
    assert there.asked[:2] == [
        "public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle",
        "city.example/.well-known/atproto-did",
    ]


async def test_a_handle_that_its_account_does_not_bear_is_refused() -> None:
    there = Web()
    there.names["other.example"] = DID
    with pytest.raises(NotFound) as caught:
        await discover(there, "other.example")
    assert caught.value.hint


async def test_did_web_is_read_from_its_own_host() -> None:
    there = Web(did="did:web:city.example")
    assert (await discover(there, "city.example")).settings["did"] == "did:web:city.example"
    assert "city.example/.well-known/did.json" in there.asked


async def test_a_document_of_somebody_else_is_not_taken() -> None:
    there = Web()

    def lying(request: httpx.Request) -> httpx.Response:
        if request.url.host == "plc.directory":
            return httpx.Response(200, json={**there.document(), "id": AMINA})
        return there(request)

    with pytest.raises(NotFound):
        await discover(lying, "city.example")


async def test_no_secret_goes_to_a_server_without_encryption() -> None:
    for server in ("http://pds.example", "http://localhost:2583", "ftp://pds.example", "https://u:p@pds.example"):
        with pytest.raises(NotFound):
            await discover(Web(server=server), "city.example")


async def test_an_authorization_server_that_names_another_issuer_is_not_used() -> None:
    there = Web()

    def lying(request: httpx.Request) -> httpx.Response:
        answer = there(request)
        if request.url.path == "/.well-known/oauth-authorization-server":
            return httpx.Response(200, json={**answer.json(), "issuer": "https://elsewhere.example"})
        return answer

    assert (await discover(lying, "city.example")).sign_in == (SignIn.PASTE,)


async def test_a_server_without_oauth_takes_app_passwords() -> None:
    there = Web()
    there.oauth = False
    assert (await discover(there, "city.example")).sign_in == (SignIn.PASTE,)


async def test_a_server_named_alone_asks_for_the_handle() -> None:
    found = await discover(Web(), PDS)
    assert [field.name for field in found.fields] == ["user", "password"]
    with pytest.raises(NotFound):
        await discover(lambda request: httpx.Response(200, html="<h1>A shop</h1>"), "https://shop.example/")


async def test_nobody_to_ask_is_not_nobody_of_that_name() -> None:
    def down(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no way")

    with pytest.raises((Unavailable, Offline)):
        await discover(down, "city.example")


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        ("AuthenticationRequired", 401, SignInNeeded),
        ("AuthFactorTokenRequired", 401, SignInNeeded),
        ("AccountTakedown", 401, NotAllowed),
        ("InternalServerError", 500, Unavailable),
    ],
)
async def test_section_3_a_refused_password_says_what_to_do(error: str, status: int, expected: type[Exception]) -> None:
    there = Web()
    found = await discover(there, "city.example")

    def refusing(request: httpx.Request) -> httpx.Response:
        assert b"pass-pass-pass-pass" in request.content
        return failing(status, error)

    async with web.client(transport=httpx.MockTransport(refusing)) as http:
        with pytest.raises(expected) as caught:
            await Bluesky.sign_in(found, {"password": "pass-pass-pass-pass"}, http, SetClock())
    assert "pass-pass-pass-pass" not in str(caught.value)
    if error == "AuthFactorTokenRequired":
        assert "app password" in caught.value.hint  # type: ignore[attr-defined]


async def test_section_3_the_accounts_own_password_is_never_sent() -> None:
    found = await discover(Web(), "city.example")
    asked: list[httpx.Request] = []
    async with web.client(transport=httpx.MockTransport(lambda r: asked.append(r) or failing(401, "No"))) as http:  # type: ignore[func-returns-value]
        for own in ("correct horse battery staple", "Secret-1", "abcd-efgh-ijkl", "äbcd-efgh-ijkl-mnop"):
            with pytest.raises(SignInNeeded):
                await Bluesky.sign_in(found, {"password": own}, http, SetClock())
        assert asked == []
        for form in ("abcd-efgh-ijkl-mnop", "abcdefghijklmnop", " abcd-efgh-ijkl-mnop\n"):
            with pytest.raises(SignInNeeded):
                await Bluesky.sign_in(found, {"password": form}, http, SetClock())
        assert [b"abcd-efgh-ijkl-mnop" in r.content for r in asked] == [True] * 3


KEPT = {
    "verifier": "v" * 64, "expected_state": "s1", "redirect_uri": "http://127.0.0.1:5000/", "client_id": "http://localhost",
}  # fmt: skip
BROUGHT = {"state": "s1", "iss": "https://auth.example", "code": "cod-1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "s2"},
        {"state": ""},
        {"iss": "https://elsewhere.example"},
        {"iss": ""},
        {"code": ""},
        {"error": "access_denied"},
    ],
)
async def test_section_3_an_answer_of_the_browser_that_is_not_ours_is_not_redeemed(wrong: dict[str, str]) -> None:
    found = await discover(Web(), "city.example")
    asked: list[httpx.Request] = []
    async with web.client(transport=httpx.MockTransport(lambda r: asked.append(r) or failing(400, "No"))) as http:  # type: ignore[func-returns-value]
        with pytest.raises(SignInNeeded):
            await Bluesky.sign_in(found, {**KEPT, "key": new_key(), **BROUGHT, **wrong}, http, SetClock())
    assert asked == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({"sub": AMINA}, SignInNeeded),
        ({"sub": "amina"}, BadReply),
        ({"scope": "atproto"}, NotAllowed),
        ({"token_type": "Bearer"}, BadReply),
        ({"access_token": ""}, BadReply),
    ],
)
async def test_section_3_tokens_are_only_taken_for_the_account_that_was_meant(
    changed: dict[str, str], expected: type[Exception] | None
) -> None:
    found = await discover(Web(), "city.example")
    tokens = {
        "access_token": "a1", "refresh_token": "r1", "token_type": "DPoP", "scope": "atproto transition:generic",
        "expires_in": 3599, "sub": DID, **changed,
    }  # fmt: skip

    def serving(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/token":
            form = dict(httpx.QueryParams(request.content.decode()))
            assert form["code_verifier"] == KEPT["verifier"]
            return httpx.Response(200, json=tokens)
        return httpx.Response(200, json={"did": DID, "displayName": "City"})

    async with web.client(transport=httpx.MockTransport(serving)) as http:
        answers = {**KEPT, "key": new_key(), **BROUGHT}
        if expected is None:
            signed = await Bluesky.sign_in(found, answers, http, SetClock())
            assert signed.secret["refresh"] == "r1"
            assert "a1" not in repr(signed.settings)
        else:
            with pytest.raises(expected):
                await Bluesky.sign_in(found, answers, http, SetClock())


async def test_a_session_of_somebody_else_is_refused() -> None:
    found = await discover(Web(), "city.example")
    body = {**body_of("sessions", "session-create"), "did": AMINA}
    async with web.client(transport=httpx.MockTransport(lambda r: httpx.Response(200, json=body))) as http:
        with pytest.raises(SignInNeeded):
            await Bluesky.sign_in(found, {"password": "abcd-efgh-ijkl-mnop"}, http, SetClock())


async def test_a_session_cannot_move_us_into_this_machine() -> None:
    found = await discover(Web(), "city.example")
    tokens = {"accessJwt": "a", "refreshJwt": "r"}
    body = {**body_of("sessions", "session-create"), **tokens}  # its document names http://localhost:22590

    def serving(request: httpx.Request) -> httpx.Response:
        assert request.url.host == "pds.example"
        if request.url.path.endswith("createSession"):
            return httpx.Response(200, json=body)
        return httpx.Response(200, json={"did": DID, "displayName": "City"})

    async with web.client(transport=httpx.MockTransport(serving)) as http:
        signed = await Bluesky.sign_in(found, {"password": "abcd-efgh-ijkl-mnop"}, http, SetClock())
    assert signed.settings["server"] == PDS


# --- other people's servers ---


@pytest.mark.parametrize("server", ["http://pds.example", "http://127.0.0.1:22", "https://localhost", "https://[::1]/"])
async def test_a_strangers_document_does_not_send_us_where_we_must_not_go(server: str) -> None:
    there = Web(server=server, did=AMINA)
    async with web.client(transport=httpx.MockTransport(there)) as http:
        servers = Servers(DID, PDS, "https://plc.directory")
        assert await servers.server_of(AMINA, http, SetClock()) == ""


async def test_the_server_of_somebody_is_asked_for_once() -> None:
    there = Web(did=AMINA)
    async with web.client(transport=httpx.MockTransport(there)) as http:
        servers = Servers(DID, PDS, "https://plc.directory")
        for _ in range(3):
            assert await servers.server_of(AMINA, http, SetClock()) == PDS
        assert await servers.server_of(DID, http, SetClock()) == PDS
    assert len(there.asked) == 1


def test_handles_and_dids() -> None:
    assert handle_of("@City.Example.") == "city.example"
    assert handle_of("x." * 126 + "com") == ""
    for wrong in ("city", "city..example", "-a.example", "a_b.example", "city.example/x", "1.2.3.4"):
        assert handle_of(wrong) == ""
    assert is_did(DID)
    assert is_did("did:web:city.example")
    assert not is_did("did:plc:short")
    assert not is_did("did:key:zQ3sh")
    assert origin_of("https://City.example:443/x?y") == "https://city.example:443"
    assert origin_of("javascript:alert(1)") == ""
