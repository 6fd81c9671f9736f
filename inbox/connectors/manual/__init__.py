"""A place without a way in for programs: an alumni group, a messaging channel, a notice board.

What is published there goes through the same outbox; when its time comes a person carries it over, text on the
clipboard and the page open in the browser, and says when it is done. Nothing is ever read or sent.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import ClassVar, NoReturn
from urllib.parse import urlsplit

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Bare, Discovery, Room, SignedIn, allow, needed_to_publish
from inbox.errors import ByHand, NotFound
from inbox.model import (
    Batch,
    Capability,
    Channel,
    ChannelFound,
    Cursor,
    Delivery,
    Field,
    Limits,
    Receipt,
    Rendition,
    SignIn,
)

_CAPABILITIES = Capability.POST | Capability.MEDIA
_MOST_PICTURES = 20
_NAME = Field(name="title", label="Name", hint="As it should stand in Postroom.", placeholder="Alumni group")
_SPEAKS = Field(
    name="speaks_as", label="You speak there as", hint="The name that its readers see.", required=False
)  # fmt: skip
_MOST = Field(
    name="most", label="Longest text", hint="In characters, if the place sets a limit.", placeholder="1000",
    required=False,
)  # fmt: skip


class Manual(Bare):
    """One place that a person carries things to."""

    name: ClassVar[str] = "manual"
    title: ClassVar[str] = "By hand"
    glyph: ClassVar[str] = "Bh"
    capabilities: ClassVar[Capability] = _CAPABILITIES
    address_field: ClassVar[Field] = Field(
        name="address",
        label="Page to open",
        hint="Where you write there: the address of the group, channel or page.",
        placeholder="linkedin.com/groups/123456",
    )
    interval_s: ClassVar[int] = 86_400

    def __init__(self, room: Room) -> None:
        self._room = room

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """Take the address as it is: nothing is asked of a place that answers no program."""
        url = address if "://" in address else f"https://{address}"
        try:
            parts = urlsplit(url)
            named = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and " " not in url
        except ValueError:
            named = False
        if not named or parts.username is not None:
            raise NotFound("This is not a web address", hint="It looks like linkedin.com/groups/123456")
        return Discovery(
            network=cls.name, title=parts.hostname or "", address=url, fields=(_NAME, _SPEAKS, _MOST),
            settings={"place": uuid.uuid5(uuid.NAMESPACE_URL, url).hex}, sign_in=(SignIn.PASTE,),
        )  # fmt: skip

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """There is nothing to prove; a limit that is no number is refused."""
        title = answers.get("title", "").strip()
        most = answers.get("most", "").replace(",", "").replace(".", "").strip()
        if not title:
            raise NotFound("The place has no name yet", hint="Give it the name it should have in Postroom.")
        if most and not most.isdecimal():
            raise NotFound("The longest text is not a number", hint="Leave it empty if there is no limit.")
        settings = {**discovery.settings, "title": title, "speaks_as": answers.get("speaks_as", "").strip()}
        settings["most"] = most
        return SignedIn(
            title=title, address=discovery.address, user="", settings=settings, secret={},
            channels=(_channel(discovery.address, settings),),
        )  # fmt: skip

    async def channels(self) -> Sequence[ChannelFound]:
        """The one place."""
        account = self._room.account
        return (_channel(account.address, account.settings),)

    async def limits(self, channel: Channel) -> Limits:
        """As the officer said."""
        return _limits(self._room.account.settings)

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """Nothing can be read there."""
        self._refuse("be read")

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> NoReturn:
        """Hand it over to a person."""
        allow(channel, needed_to_publish(rendition))
        raise ByHand(f"{channel.title} takes nothing from a program", url=channel.url, text=rendition.text)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Nothing was ever sent from here."""
        return None


def _channel(address: str, settings: Mapping[str, str]) -> ChannelFound:
    return ChannelFound(
        remote_id=settings["place"], title=settings["title"], url=address, speaks_as=settings.get("speaks_as", ""),
        capabilities=_CAPABILITIES, limits=_limits(settings),
    )  # fmt: skip


def _limits(settings: Mapping[str, str]) -> Limits:
    most = settings.get("most", "")
    return Limits(text_graphemes=int(most) if most else None, media_count=_MOST_PICTURES)
