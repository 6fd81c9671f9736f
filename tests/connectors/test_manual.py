"""A place that only a person can publish at: nothing is asked of it, nothing is sent, and the record says who did."""

from __future__ import annotations

import httpx
import pytest

from inbox.connectors.connector import START
from inbox.connectors.manual import Manual
from inbox.errors import ByHand, NotFound, Unsupported
from inbox.model import Capability, Channel, Delivery, Rendition, Update, UpdateKind
from inbox.publishing.render import render
from tests.connectors.harness import KeptSecret, SetClock, account_of, channel_of, room
from tests.inbox.making import START as MORNING


def nobody(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"nothing may be asked of {request.url}")


CLOCK = SetClock()
POST = Rendition(kind=UpdateKind.POST, text="The library opens on Monday")


def http() -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(nobody))


async def signed_in(**answers: str) -> tuple[Manual, Channel]:
    async with http() as client:
        found = await Manual.discover("linkedin.example/groups/7", client, CLOCK)
        done = await Manual.sign_in(found, {"title": "Alumni", **answers}, client, CLOCK)
    [channel] = done.channels
    account = account_of(Manual, done.address, **done.settings)
    connector = Manual(room(httpx.MockTransport(nobody), CLOCK, account, KeptSecret()))
    made = channel_of(Manual, channel.remote_id, capabilities=channel.capabilities, limits=channel.limits)
    assert list(await connector.channels()) == [channel]
    return connector, made


async def test_publishing_hands_the_text_to_a_person() -> None:
    connector, channel = await signed_in()
    with pytest.raises(ByHand) as caught:
        await connector.publish(channel, POST, "key-1")
    assert caught.value.text == POST.text
    assert Capability.FETCH not in channel.capabilities


async def test_nothing_is_read_or_answered_there() -> None:
    connector, channel = await signed_in()
    with pytest.raises(Unsupported):
        await connector.fetch(channel, START)
    with pytest.raises(Unsupported):
        await connector.publish(channel, Rendition(kind=UpdateKind.REPLY, text="Yes", reply_to="m1"), "key-1")


async def test_what_was_under_way_at_a_crash_was_surely_not_sent() -> None:
    connector, channel = await signed_in()
    delivery: Delivery = object()  # type: ignore[assignment]
    assert await connector.find(channel, delivery) is None


async def test_a_limit_the_officer_knows_counts() -> None:
    _, channel = await signed_in(most="1.000")
    assert channel.limits.text_graphemes == 1000
    _, problems = render(Update(kind=UpdateKind.POST, text="x" * 1001), channel, now=MORNING)
    assert [p.stops for p in problems] == [True]


@pytest.mark.parametrize("answers", [{"title": " "}, {"title": "Alumni", "most": "many"}])
async def test_what_cannot_be_is_said(answers: dict[str, str]) -> None:
    with pytest.raises(NotFound) as caught:
        await signed_in(**answers)
    assert caught.value.hint


@pytest.mark.parametrize("address", ["", "not an address", "https://me:secret@place.example", "ftp://place.example"])
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    async with http() as client:
        with pytest.raises(NotFound) as caught:
            await Manual.discover(address, client, CLOCK)
    assert "secret" not in str(vars(caught.value))


async def test_two_places_are_two_channels() -> None:
    async with http() as client:
        one = await Manual.discover("a.example", client, CLOCK)
        other = await Manual.discover("b.example", client, CLOCK)
    assert one.settings["place"] != other.settings["place"]
