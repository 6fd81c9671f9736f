"""Signing in: tokens of all kinds, Pages that no list names, rights that are missing: facebook.md section 1."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from inbox.connectors.connector import Discovery, SignedIn
from inbox.connectors.facebook import Facebook
from inbox.connectors.facebook.graph import GRAPH, SITE, VERSION
from inbox.connectors.facebook.rights import EVERYTHING, SCOPES
from inbox.connectors.http import client
from inbox.errors import NotAllowed, NotFound, PostroomError, SignInNeeded
from inbox.model import Capability, SignIn
from inbox.practice.facebook import keys
from inbox.practice.faults import Faults, FaultyTransport
from tests.connectors.facebook_town import Desk, answering
from tests.connectors.harness import KeptSecret
from tests.connectors.harnesses.facebook import ROOT

LOCAL = "http://127.0.0.1:8123"


class Door(Desk):
    """The way in."""

    def __init__(self) -> None:
        super().__init__()
        self.http = client(transport=self.wire)
        self._clients.append(self.http)
        self.user_token = self.network.token_for(self.olga, self.app)

    @property
    def discovery(self) -> Discovery:
        return Discovery(
            network="facebook", title="Facebook", address=ROOT, fields=(),
            settings={"graph": ROOT, "site": ROOT, "page": ""},
        )  # fmt: skip

    async def enter(self, *, named: str = "", **answers: str) -> SignedIn:
        found = replace(self.discovery, settings={**self.discovery.settings, "page": named})
        return await Facebook.sign_in(found, answers, self.http, self.clock)

    @property
    def own(self) -> dict[str, str]:
        return {"app_id": self.app.id, "app_secret": self.app.secret}


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    yield made
    await made.close()


# --- addresses ---


@pytest.mark.parametrize(
    ("typed", "page"),
    [
        ("https://www.facebook.com/harbourcouncil", "harbourcouncil"),
        ("facebook.com/harbourcouncil/", "harbourcouncil"),
        ("https://m.facebook.com/harbourcouncil?ref=1", "harbourcouncil"),
        ("https://de-de.facebook.com/harbourcouncil", "harbourcouncil"),
        ("fb.com/harbourcouncil", "harbourcouncil"),
        ("https://www.facebook.com/profile.php?id=61550000000001", "61550000000001"),
        ("https://www.facebook.com/Harbour-Council-105700000000001/", "105700000000001"),
        ("https://www.facebook.com/pages/Harbour/105700000000001", "105700000000001"),
        ("https://www.facebook.com/people/Harbour/61550000000001/", "61550000000001"),
        ("https://www.facebook.com/", ""),
    ],
)
async def test_the_page_is_named_by_its_address_without_asking_anybody(door: Door, typed: str, page: str) -> None:
    found = await Facebook.discover(typed, door.http, door.clock)
    assert found.settings == {"graph": GRAPH, "site": SITE, "page": page}
    assert found.address == SITE
    assert found.sign_in == (SignIn.PASTE, SignIn.BROWSER_CODE)
    assert [f.name for f in found.fields if f.required] == ["token"]
    assert [f.name for f in found.app_fields if f.required] == ["app_id"]
    assert {f.name for f in (*found.fields, *found.app_fields) if f.secret} == {"token", "app_secret"}
    assert door.requests == 0


async def test_on_this_machine_it_is_the_practice_network_if_that_answers(door: Door) -> None:
    found = await Facebook.discover(f"{LOCAL}/harbourcouncil", door.http, door.clock)
    assert found.settings == {"graph": LOCAL, "site": LOCAL, "page": "harbourcouncil"}
    async with httpx.AsyncClient(transport=answering(200, {"hello": 1})) as other:
        with pytest.raises(NotFound):
            await Facebook.discover(LOCAL, other, door.clock)


@pytest.mark.parametrize(
    "typed", ["https://facebook.com.evil.example/x", "https://notfacebook.com/x", "ftp://facebook.com"]
)
async def test_an_address_that_only_looks_like_it_is_refused(door: Door, typed: str) -> None:
    with pytest.raises(NotFound) as caught:
        await Facebook.discover(typed, door.http, door.clock)
    assert caught.value.hint


# --- pasted tokens ---


async def test_a_pasted_token_opens_every_page_with_its_own_token(door: Door) -> None:
    museum = door.network.add_page("Harbour Museum", "harbourmuseum", door.olga)
    done = await door.enter(token=door.user_token, **door.own)
    assert [(c.remote_id, c.title) for c in done.channels] == [
        (door.page.id, "Harbour Council"), (museum.id, "Harbour Museum"),
    ]  # fmt: skip
    assert done.title == "2 Pages on Facebook"
    assert {c.capabilities for c in done.channels} == {EVERYTHING}
    for page in (door.page, museum):
        token = door.network.tokens[done.secret[f"page:{page.id}"]]
        assert (token.kind, token.owner_id) == ("PAGE", page.id)
    assert done.settings["graph"] == ROOT
    assert "ends_at" not in done.secret, "it never ends"


async def test_no_token_and_no_secret_stands_in_an_address_or_a_log(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ends = door.clock.now() + timedelta(days=3)
    token = door.network.token_for(door.olga, door.app, ends_at=ends)
    done = await door.enter(token=token, **door.own)
    addresses = " ".join(str(r.url) for r in door.wire.requests)
    for secret in (
        token,
        door.app.secret,
        *(v for k, v in done.secret.items() if k in {"token", f"page:{door.page.id}"}),
    ):
        assert secret not in addresses
        assert secret not in caplog.text
        assert secret not in repr(done.channels) + str(done.settings)


async def test_only_the_page_that_was_typed_is_taken(door: Door) -> None:
    door.network.add_page("Harbour Museum", "harbourmuseum", door.olga)
    done = await door.enter(token=door.user_token, page=door.page.id)
    assert [c.remote_id for c in done.channels] == [door.page.id]
    assert done.title == "Harbour Council"


async def test_a_pages_own_token_is_enough(door: Door) -> None:
    done = await door.enter(token=door.secret)
    assert [c.remote_id for c in done.channels] == [door.page.id]
    assert done.secret["token"] == done.secret[f"page:{door.page.id}"] == door.secret
    with pytest.raises(NotAllowed) as caught:
        await door.enter(token=door.secret, page="4711")
    assert "another Page" in str(caught.value)


async def test_a_list_that_is_empty_although_all_is_granted(door: Door) -> None:
    """Pages of a business stand in the list only with a further right; the token's own details name them."""
    door.page.business = True
    scopes = [s for s in SCOPES if s != "business_management"]
    plain = door.network.token_for(door.olga, door.app, scopes=scopes)
    with pytest.raises(NotAllowed) as caught:
        await door.enter(token=plain)
    assert "number" in caught.value.hint
    assert (await door.enter(token=plain, page=door.page.id)).channels[0].remote_id == door.page.id
    assert (await door.enter(token=plain, named="harbourcouncil")).channels[0].remote_id == door.page.id
    targets = {scope: [door.page.id] for scope in scopes}
    granular = door.network.token_for(door.olga, door.app, scopes=scopes, targets=targets)
    assert (await door.enter(token=granular)).channels[0].remote_id == door.page.id


async def test_rights_that_are_missing_are_named_and_their_capabilities_left_out(door: Door) -> None:
    scopes = [s for s in SCOPES if s not in {"pages_messaging", "pages_manage_posts"}]
    done = await door.enter(token=door.network.token_for(door.olga, door.app, scopes=scopes))
    can = done.channels[0].capabilities
    assert Capability.FETCH | Capability.REPLY in can
    assert not can & (Capability.POST | Capability.MEDIA | Capability.DIRECT | Capability.PRIVATE_REPLY)
    assert "cannot publish posts, for want of pages_manage_posts" in done.settings["words"]


async def test_a_right_given_for_another_page_does_not_count(door: Door) -> None:
    museum = door.network.add_page("Harbour Museum", "harbourmuseum", door.olga)
    token = door.network.token_for(door.olga, door.app, targets={"pages_manage_posts": [museum.id]})
    can = {c.remote_id: c.capabilities for c in (await door.enter(token=token)).channels}
    assert Capability.POST in can[museum.id]
    assert Capability.POST not in can[door.page.id]


async def test_tasks_of_the_person_behind_the_token_count_too(door: Door) -> None:
    door.page.tasks[door.olga.id] = {"CREATE_CONTENT", "ANALYZE"}
    done = await door.enter(token=door.user_token)
    can = done.channels[0].capabilities
    assert Capability.POST in can
    assert Capability.FETCH not in can, "without MODERATE comments seem to be none"
    assert "the task MODERATE" in done.settings["words"]


async def test_nothing_at_all_is_said_to_be_nothing(door: Door) -> None:
    token = door.network.token_for(door.olga, door.app, scopes=["pages_show_list"])
    with pytest.raises(NotAllowed) as caught:
        await door.enter(token=token)
    assert "pages_read_user_content" in caught.value.hint
    for answers in ({}, {"token": "  "}, {"token": "EAAnonsense"}):
        with pytest.raises(SignInNeeded):
            await door.enter(**answers)


@pytest.mark.parametrize(("subcode", "error"), [(460, SignInNeeded), (463, SignInNeeded), (458, SignInNeeded)])
async def test_a_dead_token_is_refused(door: Door, subcode: int, error: type[PostroomError]) -> None:
    door.network.revoke(door.user_token, subcode)
    with pytest.raises(error):
        await door.enter(token=door.user_token)


async def test_a_wrong_app_secret_is_no_reason_to_lose_the_way(door: Door) -> None:
    with pytest.raises(SignInNeeded) as caught:
        await door.enter(token=door.user_token, app_id=door.app.id, app_secret="wrong")
    assert "app secret" in caught.value.hint


# --- the browser ---


async def test_the_login_page_leads_to_an_address_that_is_pasted(door: Door) -> None:
    begun = await Facebook.authorize(door.discovery, "", door.http, door.clock, door.own)
    query = parse_qs(urlsplit(begun.url).query)
    assert begun.url.startswith(f"{ROOT}/{VERSION}/dialog/oauth?")
    assert query["response_type"] == ["token"]
    assert query["redirect_uri"] == [f"{ROOT}/connect/login_success.html"]
    assert query["scope"] == [",".join(SCOPES)]
    assert door.app.secret not in begun.url
    ended = keys.allow(door.network, begun.url, door.olga)
    assert "#access_token=" in ended
    done = await Facebook.sign_in(door.discovery, {**door.own, **begun.keep, "code": ended}, door.http, door.clock)
    assert [c.remote_id for c in done.channels] == [door.page.id]
    short = dict(parse_qsl(urlsplit(ended).fragment))["access_token"]
    assert done.secret["token"] != short, "the one of two hours became one of sixty days"
    assert door.network.tokens[done.secret["token"]].ends_at == door.clock.now() + timedelta(days=60)


async def test_real_facebook_is_where_it_leads_by_default(door: Door) -> None:
    real = await Facebook.discover("https://www.facebook.com/harbourcouncil", door.http, door.clock)
    begun = await Facebook.authorize(real, "", door.http, door.clock, {"app_id": "4711", "config_id": "99"})
    query = parse_qs(urlsplit(begun.url).query)
    assert begun.url.startswith("https://www.facebook.com/v26.0/dialog/oauth?")
    assert query["redirect_uri"] == ["https://www.facebook.com/connect/login_success.html"]
    assert query["config_id"] == ["99"]
    assert "scope" not in query, "Login for Business takes a configuration in its place"


@pytest.mark.parametrize(
    "pasted",
    [
        "https://www.facebook.com/connect/login_success.html?error=access_denied&error_reason=user_denied&state=s",
        "https://www.facebook.com/connect/login_success.html",
        "https://www.facebook.com/connect/login_success.html#access_token=EAA1&expires_in=7200&state=another",
        "not an address",
    ],
)
async def test_what_else_may_be_pasted_is_refused_in_words(door: Door, pasted: str) -> None:
    begun = await Facebook.authorize(door.discovery, "", door.http, door.clock, door.own)
    with pytest.raises(SignInNeeded) as caught:
        await Facebook.sign_in(door.discovery, {**door.own, **begun.keep, "code": pasted}, door.http, door.clock)
    assert caught.value.hint
    assert "EAA1" not in str(vars(caught.value))


async def test_without_an_app_there_is_no_login_page(door: Door) -> None:
    for answers in ({}, {"app_id": "my app"}):
        with pytest.raises(SignInNeeded):
            await Facebook.authorize(door.discovery, "", door.http, door.clock, answers)


# --- later on ---


def stay(door: Door, secret: Mapping[str, str]) -> Facebook:
    door.kept = KeptSecret(**secret)
    return door.connector()


async def test_a_system_users_token_is_renewed_before_it_ends_and_kept_before_it_is_used(door: Door) -> None:
    ends = door.clock.now() + timedelta(days=30)
    token = door.network.token_for(door.olga, door.app, ends_at=ends)
    connector = stay(door, (await door.enter(token=token, **door.own)).secret)
    await connector.channels()
    assert door.kept.parts["token"] == token, "there is time"
    assert connector.validity().sign_in_ends_at == ends.replace(microsecond=0)
    door.clock.forward(20 * 86_400)
    found = await connector.channels()
    assert [c.remote_id for c in found] == [door.page.id]
    assert door.kept.parts["token"] != token
    renewed = door.network.tokens[door.kept.parts["token"]]
    assert renewed.ends_at == door.clock.now() + timedelta(days=60)
    assert connector.validity().sign_in_ends_at == renewed.ends_at


async def test_without_the_apps_secret_the_end_is_foretold(door: Door) -> None:
    ends = door.clock.now() + timedelta(days=5)
    done = await door.enter(token=door.network.token_for(door.olga, door.app, ends_at=ends))
    validity = stay(door, done.secret).validity()
    assert validity.sign_in_ends_at == ends.replace(microsecond=0)
    assert any("could renew it" in word for word in validity.words)
    assert validity.version == "v26.0"


async def test_data_access_that_ends_soon_is_named(door: Door) -> None:
    soon = door.clock.now() + timedelta(days=7)
    done = await door.enter(token=door.network.token_for(door.olga, door.app, data_ends_at=soon))
    assert any("gives no more data" in word for word in stay(door, done.secret).validity().words)


async def test_once_a_day_a_lost_right_is_noticed(door: Door) -> None:
    done = await door.enter(token=door.user_token)
    connector = stay(door, done.secret)
    door.network.tokens[door.user_token].scopes.discard("pages_manage_engagement")
    [channel] = await connector.channels()
    assert Capability.REPLY not in channel.capabilities
    assert any("pages_manage_engagement" in word for word in connector.validity().words)


async def test_signed_out_the_channels_say_so(door: Door) -> None:
    connector = stay(door, (await door.enter(token=door.user_token)).secret)
    door.network.revoke(door.user_token)
    with pytest.raises(SignInNeeded):
        await connector.channels()
    with pytest.raises(SignInNeeded):
        await stay(door, {}).channels()


async def test_who_pastes_a_token_without_any_page_is_not_taken_for_a_page(door: Door) -> None:
    """Where Facebook refuses a person's list outright, the person must not become a channel."""
    door.network.pages.clear()
    door.network.no_fields = {"category"}
    stranger = door.network.add_person("Nobody's officer")
    with pytest.raises(NotAllowed):
        await door.enter(token=door.network.token_for(stranger, door.app, scopes=["pages_show_list"]))


async def test_a_token_that_facebook_itself_calls_over_says_why(door: Door) -> None:
    door.network.revoke(door.user_token, 460)
    with pytest.raises(SignInNeeded) as caught:
        await door.enter(token=door.user_token, **door.own)
    assert "password" in str(caught.value)


async def test_a_page_found_by_its_name_is_found_again_every_day(door: Door) -> None:
    door.page.business = True
    scopes = [s for s in SCOPES if s != "business_management"]
    token = door.network.token_for(door.olga, door.app, scopes=scopes)
    done = await door.enter(token=token, named="harbourcouncil")
    door.kept = KeptSecret(**done.secret)
    room = replace(door.connector()._room, account=replace(door.account, settings=done.settings))
    assert [c.remote_id for c in await Facebook(room).channels()] == [door.page.id]


async def test_a_renewed_token_is_kept_even_if_nothing_else_works_afterwards(door: Door) -> None:
    token = door.network.token_for(door.olga, door.app, ends_at=door.clock.now() + timedelta(days=30))
    done = await door.enter(token=token, **door.own)
    door.clock.forward(20 * 86_400)
    faults = Faults()
    faults.add("unreachable", path="/me$")
    door.wire._server = FaultyTransport(door.wire._server, faults)
    with pytest.raises(PostroomError):
        await stay(door, done.secret).channels()
    assert door.kept.parts["token"] != token
    assert door.network.tokens[door.kept.parts["token"]].ends_at is not None
