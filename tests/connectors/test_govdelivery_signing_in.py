"""What a person types to sign in, and the proof of each of up to three sign-ins before anything is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import httpx
import pytest

from inbox.connectors.connector import SignedIn
from inbox.connectors.govdelivery import GovDelivery, signing_in
from inbox.connectors.govdelivery.place import Place, host_typed
from inbox.errors import NotAllowed, NotFound, PostroomError, SignInNeeded, Unavailable
from inbox.model import Account, AccountId, Capability
from inbox.practice.govdelivery import Bureau, agency_app
from tests.connectors.harness import SetClock

REAL = "https://api.govdelivery.com"


@pytest.fixture
async def bureau() -> AsyncIterator[Bureau]:
    made = Bureau(1, SetClock())
    made.mail.start()
    yield made
    made.mail.stop()


async def sign_in(bureau: Bureau, answers: Mapping[str, str], address: str = "http://127.0.0.1:1 HARBOUR") -> SignedIn:
    discovery = signing_in.discover(address)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(agency_app(bureau.agency))) as http:
        return await GovDelivery.sign_in(discovery, answers, http, SetClock())


@pytest.mark.parametrize(
    ("typed", "base", "code"),
    [
        ("UKGOVUK", REAL, "UKGOVUK"),
        (" ukgovuk ", REAL, "ukgovuk"),
        ("https://stage-api.govdelivery.com UKGOVUK", "https://stage-api.govdelivery.com", "UKGOVUK"),
        ("stage-api.govdelivery.com UKGOVUK", "https://stage-api.govdelivery.com", "UKGOVUK"),
        ("https://api.govdelivery.com/api/account/UKGOVUK", REAL, "UKGOVUK"),
        ("https://api.govdelivery.com/api/account/UKGOVUK/topics.xml", REAL, "UKGOVUK"),
        ("https://public.govdelivery.com/accounts/UKGOVUK/subscriber/new", REAL, "UKGOVUK"),
        ("http://127.0.0.1:8080 HARBOUR", "http://127.0.0.1:8080", "HARBOUR"),
        ("https://me:secret@city.govdelivery.com CITY", "https://city.govdelivery.com", "CITY"),
    ],
)
def test_addresses_as_people_type_them(typed: str, base: str, code: str) -> None:
    found = signing_in.discover(typed)
    assert (found.settings["base"], found.settings["code"]) == (base, code)
    assert "secret" not in found.address
    assert signing_in.discover(found.address).settings == found.settings, "what is shown may be typed again"


@pytest.mark.parametrize(
    "typed",
    ["", "not an address", "https://shop.example/", "http://api.govdelivery.com UKGOVUK", "ftp://x.example CODE",
     "https://x.example CODE extra", "a", "UK GOV/UK", "https:// CODE", "https://[::1 CODE"],
)  # fmt: skip
def test_what_is_no_account_code_is_refused_with_a_hint(typed: str) -> None:
    with pytest.raises(NotFound) as caught:
        signing_in.discover(typed)
    assert caught.value.hint


def test_another_host_and_the_staging_system_are_warned_of() -> None:
    assert signing_in.discover("UKGOVUK").warnings == ()
    assert "mail.example.org" in signing_in.discover("https://mail.example.org X1").warnings[0]
    assert "staging" in signing_in.discover("stage-api.govdelivery.com UKGOVUK").warnings[0]


async def test_everything_that_was_typed_is_proved(bureau: Bureau) -> None:
    done = await sign_in(bureau, bureau.sign_in)
    assert (done.title, done.user) == ("HARBOUR", bureau.sign_in["user"])
    assert set(done.secret) == {"password", "token", "mail_password"}
    for secret in done.secret.values():
        assert secret not in repr((done.settings, done.channels, done.address))
    [channel] = done.channels
    assert channel.remote_id == "bulletins"
    assert channel.capabilities == GovDelivery.capabilities
    account = Account(id=AccountId("g"), network="govdelivery", title="x", user=done.user, settings=done.settings)
    place = Place.of(account)
    assert place.mailbox is not None
    assert (place.mailbox.sent, place.mailbox.copies, place.mailbox.folder) == ("Sent", False, "INBOX")


async def test_two_lines_are_enough_and_then_nothing_is_answered(bureau: Bureau) -> None:
    done = await sign_in(bureau, {n: bureau.sign_in[n] for n in ("user", "password")})
    [channel] = done.channels
    assert Capability.REPLY not in channel.capabilities
    assert Capability.POST in channel.capabilities
    only_reading = await sign_in(bureau, {**bureau.sign_in, "smtp": "-"})
    assert Capability.REPLY not in only_reading.channels[0].capabilities


@pytest.mark.parametrize(
    ("wrong", "error", "words"),
    [
        ({"password": ""}, SignInNeeded, "both needed"),
        ({"password": "wrong"}, SignInNeeded, "list topics"),
        ({"from_address_id": "desk"}, SignInNeeded, "digits"),
        ({"trial_to": "a@b.example, c@d.example"}, SignInNeeded, "exactly one"),
        ({"reports": ""}, SignInNeeded, "both a token"),
        ({"token": "wrong"}, SignInNeeded, "statistics"),
        ({"reports": "99"}, SignInNeeded, "statistics"),
        ({"mail_password": "wrong"}, SignInNeeded, "mailbox"),
        ({"mail_user": ""}, SignInNeeded, "user and a password"),
        ({"sent": "Gesendet"}, NotFound, "folder"),
        ({"folder": "Nowhere"}, NotFound, "folder"),
        ({"imap": "not a host/x"}, SignInNeeded, "mail server"),
        ({"imap": "127.0.0.1:1"}, Unavailable, "refuses"),
        ({"smtp": "127.0.0.1:1"}, Unavailable, "mail server"),
        ({"mail_address": "nobody"}, SignInNeeded, "address to come from"),
    ],
)
async def test_what_is_wrong_is_named(
    bureau: Bureau, wrong: dict[str, str], error: type[PostroomError], words: str
) -> None:
    with pytest.raises(error) as caught:
        await sign_in(bureau, {**bureau.sign_in, **wrong})
    assert words in str(caught.value)
    for secret in (bureau.password, bureau.office.password, bureau.token):
        assert secret not in f"{caught.value} {caught.value.hint}"


async def test_a_user_without_rights_is_sent_to_granicus(bureau: Bureau) -> None:
    bureau.agency.refused.add("list topics")
    with pytest.raises(NotAllowed) as caught:
        await sign_in(bureau, bureau.sign_in)
    assert "Granicus" in caught.value.hint


def test_mail_goes_in_the_clear_on_this_machine_only() -> None:
    loopback, far, tls = (
        host_typed(words, tls_port=993, default_port=993)
        for words in ("127.0.0.1:1143", "mail.example:143", "mail.example")
    )
    assert loopback is not None
    assert far is not None
    assert tls is not None
    assert (loopback.plain, far.plain, far.tls) == (True, False, False), "STARTTLS is demanded of the second"
    assert (tls.port, tls.tls) == (993, True)
    assert host_typed("user@mail.example", tls_port=993, default_port=993) is None
