"""Finding a server and signing in: the traps of mastodon.md sections 1, 2 and 11."""

from __future__ import annotations

import copy
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import Authorization, Discovery
from inbox.connectors.mastodon import Mastodon
from inbox.connectors.mastodon.instance import capabilities_of
from inbox.connectors.mastodon.signing_in import COARSE, PASTED, SCOPES
from inbox.errors import BadReply, NotAllowed, NotFound, SignInNeeded, Unavailable
from inbox.model import Capability, Counting, Limits, Visibility
from inbox.practice.mastodon import FORK, OLDER, Flavour
from tests.connectors.harness import SetClock
from tests.connectors.mastodon_recorded import Desk, Town, answer, body_of, recorded, server

LANDING = "http://127.0.0.1:45678/callback"
Handler = Callable[[httpx.Request], httpx.Response]


class Web:
    """A web of hosts: address without query -> answer; everything else is a web page that is not found."""

    def __init__(self, **hosts: Any) -> None:
        self.pages: dict[str, httpx.Response] = {}
        self.sent: list[httpx.Request] = []

        def serve(request: httpx.Request) -> httpx.Response:
            self.sent.append(request)
            found = self.pages.get(f"{request.method} {request.url.copy_with(query=None)}")
            return found or httpx.Response(404, html="<h1>Not found</h1>")

        self.http = web.client(transport=httpx.MockTransport(serve))

    def put(self, url: str, body: Any = None, method: str = "GET", **parts: Any) -> None:
        self.pages[f"{method} {url}"] = httpx.Response(
            **{"status_code": 200, **parts}, **({"json": body} if body is not None else {})
        )

    async def discover(self, typed: str) -> Discovery:
        return await Mastodon.discover(typed, self.http, SetClock())


@pytest.fixture
async def wide() -> AsyncIterator[Web]:
    made = Web()
    yield made
    await made.http.aclose()


def instance(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(body_of("instance_v2")), "domain": "town.example", **changes}


# --- finding ---


async def test_handle_whose_domain_is_not_the_host(wide: Web) -> None:
    """Section 1: WebFinger tells; the handle keeps its own domain."""
    links = [{"rel": "self", "type": "application/activity+json", "href": "https://social.town.example/users/office"}]
    wide.put("https://town.example/.well-known/webfinger", {"subject": "acct:office@town.example", "links": links})
    wide.put("https://social.town.example/api/v2/instance", instance())
    found = await wide.discover("@office@town.example")
    assert found.address == "https://social.town.example"
    assert found.settings["domain"] == "town.example"
    assert wide.sent[0].url.params["resource"] == "acct:office@town.example"


@pytest.mark.parametrize(
    "typed",
    ["town.example", "https://town.example", "http://town.example/", "https://town.example/@office",
     "office@town.example", "https://other.example/@office@town.example", "  @office@TOWN.example "],
)  # fmt: skip
async def test_everything_people_type(wide: Web, typed: str) -> None:
    """Without WebFinger the domain is used as it is; a token is never sent in the open."""
    wide.put("https://town.example/api/v2/instance", instance())
    assert (await wide.discover(typed)).address == "https://town.example"
    assert all(r.url.scheme == "https" for r in wide.sent)


@pytest.mark.parametrize("typed", ["", "office", "not an address", "ftp://town.example", "@office@", "https://", "@@"])
async def test_what_is_no_address_asks_nobody(wide: Web, typed: str) -> None:
    with pytest.raises(NotFound) as caught:
        await wide.discover(typed)
    assert caught.value.hint
    assert wide.sent == []


async def test_link_to_another_scheme_is_not_followed(wide: Web) -> None:
    links = [{"rel": "self", "href": "http://evil.example/users/office"}, {"rel": "self", "href": "javascript:1"}, "x"]
    wide.put("https://town.example/.well-known/webfinger", {"links": links})
    wide.put("https://town.example/api/v2/instance", instance())
    assert (await wide.discover("office@town.example")).address == "https://town.example"


async def test_old_instance_document_is_read_where_the_new_one_is_missing(wide: Web) -> None:
    """Section 1: v2 since 4.0, else v1 with other names."""
    old = {
        "uri": "town.example",
        "title": "Old Town",
        "version": "3.5.19",
        "urls": {"streaming_api": "wss://town.example"},
    }
    wide.put("https://town.example/api/v1/instance", old)
    found = await wide.discover("town.example")
    assert (found.title, found.settings["api"]) == ("Old Town", "")
    assert found.settings["streaming"] == "https://town.example"


@pytest.mark.parametrize("body", [{}, [], {"message": "lemmy"}, {"uri": "", "title": "x"}])
async def test_other_answers_are_not_taken_for_mastodon(wide: Web, body: Any) -> None:
    wide.put("https://town.example/api/v2/instance", body)
    with pytest.raises(NotFound) as caught:
        await wide.discover("town.example")
    assert caught.value.hint


async def test_nodeinfo_names_the_software_though_its_link_names_another_host(wide: Web) -> None:
    """Section 1: the link may name the public host; the software's version is for people only."""
    wide.put(
        "https://town.example/api/v2/instance", instance(version="2.7.2 (compatible; Akkoma 3.1)", api_versions={})
    )
    wide.put("https://town.example/.well-known/nodeinfo", body_of("nodeinfo_links"))
    told = {**body_of("nodeinfo_2_0"), "software": {"name": "Akkoma", "version": "3.1"}}
    wide.put("https://town.example/nodeinfo/2.0", told)
    found = await wide.discover("town.example")
    assert found.settings["software"] == "akkoma"
    assert found.settings["api"] == ""
    assert {r.url.host for r in wide.sent} == {"town.example"}


# --- what it allows ---


async def limits_of(body: dict[str, Any], source: dict[str, Any] | None = None) -> Limits:
    me = {**body_of("verify_credentials"), "source": source or {}}

    def serve(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=me if "verify_credentials" in request.url.path else body)

    desk = Desk(serve, server(me["id"]))
    found = await desk.connector.limits(desk.channel)
    await desk.http.aclose()
    return found


async def test_limits_are_the_servers_own() -> None:
    limits = await limits_of(instance(), {"privacy": "unlisted", "language": "de"})
    assert (limits.text_graphemes, limits.link_length, limits.counting) == (500, 23, Counting.MASTODON)
    assert (limits.media_count, limits.media_bytes, limits.media_px) == (4, 16_777_216, 33_177_600)
    assert limits.alt_graphemes == 10_000
    assert (limits.poll_options, limits.poll_option_graphemes) == (4, 50)
    assert (limits.visibility, limits.language) == (Visibility.UNLISTED, "de")
    assert all(t.startswith("image/") for t in limits.media_types)
    assert limits.schedule_ahead_s > 300
    raised = instance()
    raised["configuration"]["statuses"]["max_characters"] = 5000
    assert (await limits_of(raised)).text_graphemes == 5000


async def test_limits_that_are_not_named_are_mastodons() -> None:
    """``description_limit`` is younger than the 1,500 that were allowed before; other servers leave out more."""
    older = instance()
    del older["configuration"]["media_attachments"]["description_limit"]
    assert (await limits_of(older)).alt_graphemes == 1_500
    bare = {
        "uri": "https://town.example/",
        "title": "x",
        "version": "2.7.2 (compatible; Pleroma)",
        "max_toot_chars": 5000,
    }
    limits = await limits_of(bare)
    assert limits.text_graphemes == 5000
    assert limits.media_count == 4


QUOTING = Capability.QUOTE | Capability.QUOTABLE


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"api": 11, "streaming": "https://s"}, Capability.NONE),
        ({"api": 6, "streaming": "https://s"}, QUOTING),
        ({"api": 0, "streaming": "https://s"}, QUOTING | Capability.REQUESTS),
        ({"api": 11}, Capability.HINTS),
        ({"api": 0, "software": "gotosocial", "streaming": "https://s"},
         QUOTING | Capability.REQUESTS | Capability.SCHEDULE),
        ({"api": 11, "streaming": "https://s", "scopes": frozenset(["read", "write:statuses"])},
         Capability.MEDIA | Capability.REACT_LIKE | Capability.BLOCK | Capability.MUTE | Capability.REPORT
         | Capability.REQUESTS),
    ],
    ids=["4.6", "before 4.5", "before 4.3", "no stream", "another software", "few rights"],
)  # fmt: skip
def test_capabilities_follow_from_the_api_version_and_the_rights(parts: dict[str, Any], missing: Capability) -> None:
    assert capabilities_of(server(**parts)) == Mastodon.capabilities & ~missing


def test_reading_token_may_only_read() -> None:
    able = capabilities_of(server(scopes=frozenset(["read"])))
    assert able == Capability.FETCH | Capability.REREAD | Capability.THREAD


@pytest.mark.parametrize(
    ("said", "used"),
    [
        ("wss://streams.example", "https://streams.example"),
        ("ws://streams.example", ""),
        ("ws://127.0.0.1:4000", "http://127.0.0.1:4000"),
        ("", ""),
        (None, ""),
    ],
)
async def test_token_is_told_to_safe_streams_only(wide: Web, said: str | None, used: str) -> None:
    body = instance()
    body["configuration"]["urls"]["streaming"] = said
    wide.put("https://town.example/api/v2/instance", body)
    assert (await wide.discover("town.example")).settings["streaming"] == used


# --- signing in ---


async def begun(town: Town, redirect_uri: str = LANDING) -> tuple[Discovery, Authorization]:
    found = await Mastodon.discover("@office@town.example", town.http, town.clock)
    return found, await Mastodon.authorize(found, redirect_uri, town.http, town.clock)


async def allowed(town: Town, start: Authorization, **more: str) -> dict[str, str]:
    """A person allows it on the server's page; what the browser brings."""
    asked = {k: v[0] for k, v in parse_qs(urlsplit(start.url).query).items()}
    reply = await town.http.post(
        "https://town.example/oauth/authorize", data={**asked, "person": "office", "decision": "allow", **more}
    )
    assert reply.status_code in {302, 303}, reply.text
    return {k: v[0] for k, v in parse_qs(urlsplit(reply.headers["location"]).query).items()}


@pytest.mark.parametrize("flavour", [None, OLDER, FORK], ids=["4.6", "older", "fork"])
async def test_browser_and_back_on_every_kind_of_server(flavour: Flavour | None) -> None:
    """Section 2: exact port for servers that compare byte for byte; PKCE sent to all; narrow rights where known."""
    town = Town(flavour) if flavour else Town()
    found, start = await begun(town)
    asked = {k: v[0] for k, v in parse_qs(urlsplit(start.url).query).items()}
    assert asked["redirect_uri"] == LANDING
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == (SCOPES if flavour is not FORK else COARSE)
    assert asked["force_login"] == "true"
    signed = await Mastodon.sign_in(found, {**await allowed(town, start), **start.keep}, town.http, town.clock)
    assert signed.user == "office@town.example"
    assert signed.secret["token"] in town.place.tokens
    assert signed.channels[0].remote_id == "office@town.example"
    told = f"{signed.settings}{signed.channels}{signed.title}"
    assert signed.secret["token"] not in told
    assert signed.secret["client_secret"] not in told
    assert start.keep["verifier"] not in repr(start)
    await town.http.aclose()


async def test_state_of_another_sign_in_is_refused() -> None:
    town = Town()
    found, start = await begun(town)
    brought = await allowed(town, start)
    for spoiled in ({**brought, "state": "x"}, {"code": brought["code"]}, {"error": "access_denied"}, {}):
        with pytest.raises(SignInNeeded):
            await Mastodon.sign_in(found, {**spoiled, **start.keep}, town.http, town.clock)
    with pytest.raises(SignInNeeded):
        await Mastodon.sign_in(found, brought, town.http, town.clock)  # without what was kept
    await town.http.aclose()


async def test_registration_falls_back_to_one_address_and_to_wide_rights(wide: Web) -> None:
    """A server that takes one redirect address only, and one that rejects granular scopes."""
    tried: list[Any] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path != "/api/v1/apps":
            return httpx.Response(404, html="no")
        body = json.loads(request.content)
        tried.append(body)
        if "\n" in body["redirect_uris"] or body["scopes"] != COARSE:
            return httpx.Response(422, json={"error": "invalid"})
        return httpx.Response(200, json={"client_id": "i", "client_secret": "s"})

    async with web.client(transport=httpx.MockTransport(serve)) as http:
        settings = {"root": "https://town.example", "software": "mastodon"}
        found = Discovery(network="mastodon", title="x", address="https://town.example", fields=(), settings=settings)
        start = await Mastodon.authorize(found, LANDING, http, SetClock())
        assert len(tried) == 4
        assert tried[-1]["redirect_uris"] == LANDING
        assert tried[0]["redirect_uris"].split("\n") == [LANDING, PASTED]
        assert parse_qs(urlsplit(start.url).query)["scope"] == [COARSE]
        tried.clear()
        pasted = await Mastodon.authorize(found, "", http, SetClock())
        assert pasted.keep["redirect_uri"] == PASTED


async def test_sign_in_pages_of_another_host_are_not_believed(wide: Web) -> None:
    wide.put("https://town.example/.well-known/oauth-authorization-server", body_of("oauth_authorization_server"))
    wide.put("https://town.example/api/v1/apps", {"client_id": "i", "client_secret": "s"}, method="POST")
    settings = {"root": "https://town.example", "software": "mastodon"}
    found = Discovery(network="mastodon", title="x", address="https://town.example", fields=(), settings=settings)
    start = await Mastodon.authorize(found, LANDING, wide.http, SetClock())
    assert start.url.startswith("https://town.example/oauth/authorize?")
    assert start.keep["token_url"] == "https://town.example/oauth/token"


def pasting(**answers: httpx.Response) -> Handler:
    """A server with these answers under the last word of the address."""

    def serve(request: httpx.Request) -> httpx.Response:
        for name, reply in answers.items():
            if name in request.url.path:
                return reply
        if request.url.path == "/api/v2/instance":
            return httpx.Response(200, json=instance())
        return httpx.Response(404, json={"error": "x"})

    return serve


async def paste(handler: Handler, token: str = " a-token\n") -> Any:
    settings = {"root": "https://town.example", "domain": "town.example", "software": "mastodon"}
    found = Discovery(network="mastodon", title="x", address="https://town.example", fields=(), settings=settings)
    async with web.client(transport=httpx.MockTransport(handler)) as http:
        return await Mastodon.sign_in(found, {"token": token}, http, SetClock())


async def test_pasted_token_with_its_rights() -> None:
    signed = await paste(
        pasting(**{"accounts/verify_credentials": answer("verify_credentials"),
                   "apps/verify_credentials": answer("app_verify_credentials")})
    )  # fmt: skip
    assert signed.secret == {"token": "a-token"}
    assert signed.settings["account_id"] == recorded("verify_credentials")["body"]["id"]
    assert signed.channels[0].capabilities == Mastodon.capabilities


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (answer("error_401_invalid"), SignInNeeded),
        (httpx.Response(422, json={"error": "This method requires an authenticated user"}), SignInNeeded),
        (httpx.Response(403, json={"error": "Your login is currently pending approval"}), NotAllowed),
        (httpx.Response(404, html="no"), NotFound),
        (httpx.Response(200, html="hello"), BadReply),
        (httpx.Response(200, json={"id": ""}), BadReply),
        (httpx.Response(503), Unavailable),
    ],
    ids=["unknown", "an app's own token", "pending", "nothing there", "a web page", "nobody", "503"],
)
async def test_token_that_lets_nobody_in_is_named(reply: httpx.Response, expected: type[Exception]) -> None:
    with pytest.raises(expected) as caught:
        await paste(pasting(**{"accounts/verify_credentials": reply}))
    assert "a-token" not in f"{caught.value!r}{vars(caught.value)}"


async def test_token_without_the_right_to_read_is_refused_with_a_hint() -> None:
    app = {**body_of("app_verify_credentials"), "scopes": ["profile", "write"]}
    with pytest.raises(NotAllowed) as caught:
        await paste(
            pasting(**{"accounts/verify_credentials": answer("verify_credentials"),
                       "apps/verify_credentials": httpx.Response(200, json=app)})
        )  # fmt: skip
    assert "read:notifications" in caught.value.hint


async def test_account_under_another_number_asks_to_sign_in_again() -> None:
    """Section 11: a rebuilt server gives other ids; nothing of the old reading mark fits it."""
    desk = Desk(
        lambda request: answer("verify_credentials" if "verify" in request.url.path else "instance_v2"), server("1")
    )
    with pytest.raises(SignInNeeded):
        await desk.connector.channels()
    await desk.http.aclose()


@pytest.mark.parametrize("status", [200, 403, 404])
async def test_token_is_given_back_and_a_foreign_one_is_no_error(status: int) -> None:
    desk = Desk(lambda request: httpx.Response(status, json={}), server())
    await desk.connector.revoke()
    assert desk.sent == [], "a pasted token belongs to an application of the person's own"
    desk.secret.parts |= {"client_id": "i", "client_secret": "s"}
    await desk.connector.revoke()
    [sent] = desk.sent
    assert sent.url.path == "/oauth/revoke"
    assert desk.secret.parts["token"] not in str(sent.url)
    assert desk.secret.parts["token"].encode() in sent.content
    await desk.http.aclose()
