"""Signing in at a real Bluesky network: app passwords, OAuth through to a stored token, and renewing either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.bluesky import Bluesky
from inbox.connectors.bluesky.dpop import _NONCES
from inbox.connectors.connector import START, Authorization, Discovery, Room
from inbox.errors import NotFound, SignInNeeded, Unavailable, Unsupported
from inbox.model import SignIn
from tests.connectors.harness import Break, KeptSecret, Wire, account_of, channel_of
from tests.servers.bluesky.approve_oauth import approve
from tests.servers.bluesky_desk import Unlimited, desk_at
from tests.servers.bluesky_network import POST, BlueskyNetwork
from tests.servers.desk import Desk, ShiftedClock, fresh_key, post

BACK = "http://127.0.0.1:53682/callback"


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    made = Wire(Unlimited(), ShiftedClock())  # type: ignore[arg-type]
    yield made
    await made.aclose()


def desk_of(wire: Wire, settings: Mapping[str, str], address: str, secret: KeptSecret) -> Desk:
    clock, http = ShiftedClock(), web.client(transport=wire)
    account = account_of(Bluesky, address, settings["did"], **settings)
    connector = Bluesky(Room(account=account, http=http, secret=secret, clock=clock))
    return Desk(connector, channel_of(Bluesky, settings["did"]), clock, http, account, secret, wire)


async def allowed(
    network: BlueskyNetwork, found: Discovery, wire: Wire, **others: str
) -> tuple[Authorization, dict[str, str]]:
    """The browser's answer after the person has allowed it, as the answers of ``sign_in``."""
    clock = ShiftedClock()
    asked = await Bluesky.authorize(found, BACK, web.client(transport=wire), clock)
    org = network.state["accounts"]["org"]
    back = await asyncio.to_thread(approve, asked.url, org["handle"], org["password"])
    return asked, {**asked.keep, **dict(httpx.URL(back).params), **others}


async def by_oauth(network: BlueskyNetwork, wire: Wire) -> Desk:
    http, clock = web.client(transport=wire), ShiftedClock()
    found = await Bluesky.discover(f"org.test@{network.service}", http, clock)
    _, answers = await allowed(network, found, wire)
    signed = await Bluesky.sign_in(found, answers, http, clock)
    return desk_of(wire, signed.settings, signed.address, KeptSecret(**signed.secret))


# --- finding ---


async def test_a_handle_leads_to_its_server_and_to_both_ways_in(bluesky: BlueskyNetwork, wire: Wire) -> None:
    http, clock = web.client(transport=wire), ShiftedClock()
    found = await Bluesky.discover(f"@Org.test@{bluesky.service}", http, clock)
    assert found.settings["did"] == bluesky.state["accounts"]["org"]["did"]
    assert found.settings["server"] == bluesky.service
    assert found.sign_in == (SignIn.BROWSER, SignIn.PASTE)
    with pytest.raises(NotFound):
        await Bluesky.discover(f"nobody.test@{bluesky.service}", http, clock)
    again = await Bluesky.discover(found.address + f"@{bluesky.service}", http, clock)
    assert again.settings == found.settings


# --- app passwords ---


async def test_an_app_password_opens_the_account_and_is_not_kept(bluesky: BlueskyNetwork, wire: Wire) -> None:
    http, clock = web.client(transport=wire), ShiftedClock()
    found = await Bluesky.discover(f"org.test@{bluesky.service}", http, clock)
    password = bluesky.state["accounts"]["org"]["appPassword"]
    signed = await Bluesky.sign_in(found, {"password": password}, http, clock)
    assert set(signed.secret) == {"access", "refresh"}
    assert password not in repr(signed)
    assert signed.channels[0].title == "City of Testville"
    with pytest.raises(SignInNeeded):
        await Bluesky.sign_in(found, {"password": "wrong-wron-wron-wron"}, http, clock)


async def test_an_expired_token_is_renewed_saved_and_used(bluesky: BlueskyNetwork) -> None:
    desk = await desk_at(bluesky)
    expired = bluesky.control("session-lifetime", did=desk.channel.remote_id, seconds=-10)["accessJwt"]
    before = dict(desk.secret.parts)
    desk.secret.parts["access"] = expired
    receipt = await desk.connector.publish(desk.channel, post("After the token had expired"), fresh_key())
    assert receipt.remote_id
    assert desk.secret.parts["access"] != expired
    assert desk.secret.parts["refresh"] != before["refresh"]
    await desk.http.aclose()


async def test_two_who_renew_at_once_lose_nothing(bluesky: BlueskyNetwork) -> None:
    desk = await desk_at(bluesky)
    desk.secret.parts["access"] = bluesky.control("session-lifetime", did=desk.channel.remote_id, seconds=-10)[
        "accessJwt"
    ]
    desk.wire.requests.clear()
    batches = await asyncio.gather(
        *(who.fetch(desk.channel, START) for who in (desk.connector, desk.again(), desk.connector, desk.again()))
    )
    assert all(batch.messages for batch in batches)
    renewals = [r for r in desk.wire.requests if r.url.path.endswith("refreshSession")]
    assert len(renewals) == 1
    await desk.http.aclose()


async def test_a_renewal_whose_answer_is_lost_can_be_repeated(bluesky: BlueskyNetwork) -> None:
    desk = await desk_at(bluesky)
    desk.secret.parts["access"] = bluesky.control("session-lifetime", did=desk.channel.remote_id, seconds=-10)[
        "accessJwt"
    ]
    desk.wire.breaks[True] = Break.LOST_ANSWER
    with pytest.raises(Unavailable):
        await desk.connector.fetch(desk.channel, START)
    desk.wire.breaks.clear()
    assert (await desk.connector.fetch(desk.channel, START)).messages
    await desk.http.aclose()


async def test_a_session_that_was_ended_asks_for_the_person_and_closes_the_gap_afterwards(
    bluesky: BlueskyNetwork,
) -> None:
    org = bluesky.citizen("org")
    password = org.app_password("to be withdrawn")
    desk = await desk_at(bluesky, password=password)
    await desk.read()
    org.revoke("to be withdrawn")
    desk.secret.parts["access"] = bluesky.control("session-lifetime", did=org.did, seconds=-10)["accessJwt"]
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, desk.cursor)
    key = fresh_key()
    with pytest.raises(SignInNeeded):
        await desk.connector.publish(desk.channel, post("Never sent"), key)
    missed = bluesky.citizen("amina").post("said while we were signed out", mentions=[org])
    # What may have gone out can still be looked for.
    assert await desk.connector.find(desk.channel, desk.delivery(post("Never sent"), key)) is None
    again = await desk_at(bluesky)
    again.cursor = desk.cursor
    await again.read()
    assert missed["uri"] in again.held
    await desk.http.aclose()
    await again.http.aclose()


async def test_revoking_ends_the_session(bluesky: BlueskyNetwork) -> None:
    desk = await desk_at(bluesky)
    for _ in range(2):
        await desk.connector.revoke()
    desk.secret.parts["access"] = bluesky.control("session-lifetime", did=desk.channel.remote_id, seconds=-10)[
        "accessJwt"
    ]
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, START)
    await desk.http.aclose()


# --- OAuth ---


async def test_oauth_leads_to_a_stored_token_that_reads_and_writes(bluesky: BlueskyNetwork, wire: Wire) -> None:
    _NONCES.clear()
    desk = await by_oauth(bluesky, wire)
    assert set(desk.secret.parts) == {"access", "refresh", "ends_at", "key"}
    await desk.read()
    receipt = await desk.connector.publish(desk.channel, post("Signed in by browser"), fresh_key())
    assert bluesky.record(receipt.remote_id)["value"]["text"] == "Signed in by browser"
    _NONCES.clear()  # the server changes its nonces: a write is repeated with the new one, and made once
    await desk.again().publish(desk.channel, post("With another nonce"), fresh_key())
    texts = [r["value"]["text"] for r in bluesky.records(desk.channel.remote_id, POST)]
    assert texts.count("With another nonce") == 1
    signed = [r for r in wire.requests if r.headers.get("authorization", "").startswith("DPoP ")]
    proofs = [r.headers["dpop"] for r in signed]
    assert len(set(proofs)) == len(proofs), "each proof is used once"


async def test_oauth_tokens_are_renewed_once_by_two_at_once(bluesky: BlueskyNetwork, wire: Wire) -> None:
    desk = await by_oauth(bluesky, wire)
    before = dict(desk.secret.parts)
    desk.clock.ahead_s = 0
    desk.secret.parts["ends_at"] = "2026-01-01T00:00:00+00:00"
    wire.requests.clear()
    batches = await asyncio.gather(*(who.fetch(desk.channel, START) for who in (desk.connector, desk.again())))
    assert all(batch.messages for batch in batches)
    after = dict(desk.secret.parts)
    assert after["refresh"] != before["refresh"]
    assert after["key"] == before["key"]
    renewals = [r for r in wire.requests if r.url.path == "/oauth/token"]
    assert len(renewals) <= 2, "one, and perhaps once more for a nonce"
    # A token used twice ends the session: the person is asked, nothing else happens.
    desk.secret.parts.update(refresh=before["refresh"], ends_at="2026-01-01T00:00:00+00:00")
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, START)


async def test_oauth_takes_no_answer_that_was_not_asked_for(bluesky: BlueskyNetwork, wire: Wire) -> None:
    http, clock = web.client(transport=wire), ShiftedClock()
    found = await Bluesky.discover(f"org.test@{bluesky.service}", http, clock)
    _, answers = await allowed(bluesky, found, wire)
    for wrong in (
        {"state": "other"},
        {"state": ""},
        {"iss": "https://elsewhere.example"},
        {"error": "access_denied"},
        {"code": ""},
    ):
        with pytest.raises(SignInNeeded):
            await Bluesky.sign_in(found, {**answers, **wrong}, http, clock)
    other = replace(found, settings={**found.settings, "did": bluesky.state["accounts"]["amina"]["did"]})
    with pytest.raises(SignInNeeded):
        await Bluesky.sign_in(other, answers, http, clock)
    for address in ("", "http://localhost:5000/callback", "https://postroom.example/callback"):
        with pytest.raises(Unsupported):
            await Bluesky.authorize(found, address, http, clock)


@pytest.mark.parametrize("back", ["http://127.0.0.1:41234/", "http://[::1]:41234/callback", "http://127.0.0.1:8/a/b"])
async def test_the_server_takes_every_loopback_address(bluesky: BlueskyNetwork, wire: Wire, back: str) -> None:
    http, clock = web.client(transport=wire), ShiftedClock()
    found = await Bluesky.discover(f"org.test@{bluesky.service}", http, clock)
    asked = await Bluesky.authorize(found, back, http, clock)
    assert asked.url.startswith(f"{bluesky.service}/oauth/authorize?client_id=")
    assert asked.keep["verifier"] not in repr(asked)


async def test_a_person_who_refuses_is_told_so(bluesky: BlueskyNetwork, wire: Wire) -> None:
    http, clock = web.client(transport=wire), ShiftedClock()
    found = await Bluesky.discover(f"org.test@{bluesky.service}", http, clock)
    asked = await Bluesky.authorize(found, BACK, http, clock)
    back = await asyncio.to_thread(approve, asked.url, "org.test", "org-pass", True)
    with pytest.raises(SignInNeeded, match="not allowed"):
        await Bluesky.sign_in(found, {**asked.keep, **dict(httpx.URL(back).params)}, http, clock)


async def test_revoking_oauth_ends_it(bluesky: BlueskyNetwork, wire: Wire) -> None:
    desk = await by_oauth(bluesky, wire)
    await desk.connector.revoke()
    desk.secret.parts["ends_at"] = "2026-01-01T00:00:00+00:00"
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, START)
