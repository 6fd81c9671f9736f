"""GovDelivery (Granicus Communications Cloud): bulletins by e-mail to subscribers, and their answers from a mailbox.

Source: govdelivery.md, read 2026-11-23: Comm Cloud v1 (XML, Basic sign-in of an administrator made for it), v2
statistics (JSON, token). Read: bulletins that went out with their figures; the mailbox of the From address by IMAP,
read-only. Published: bulletins to topics and categories, after a draft and with the number of recipients confirmed;
answers to mails by SMTP. No price, no published rate limit, no storage rule. Each API right is granted by Granicus
support. Pictures in a bulletin would have to lie on a web host of the organisation, so none are taken.

One account is one channel. Remote ids: "bulletin:12791099" (the number in its URI), "mail:<mark of its header>" with
its Message-ID where that is sane, "answer:<key of the delivery>" for answers of ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Bare, Discovery, Room, SignedIn, allow, needed_to_publish
from inbox.connectors.govdelivery import answering, polling, sending, signing_in, topics
from inbox.connectors.govdelivery.api import CALLS, Api, Memory
from inbox.connectors.govdelivery.place import Place
from inbox.errors import Unsupported
from inbox.metering import Allowance, Validity
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
    UpdateKind,
    Weight,
)


class GovDelivery(Bare):
    """The connector for one account."""

    name: ClassVar[str] = signing_in.NAME
    title: ClassVar[str] = signing_in.TITLE
    glyph: ClassVar[str] = "Gd"
    capabilities: ClassVar[Capability] = signing_in.EVERYTHING
    address_field: ClassVar[Field] = signing_in.ADDRESS_FIELD
    interval_s: ClassVar[int] = 300
    allowances: ClassVar[tuple[Allowance, ...]] = (CALLS,)

    def __init__(self, room: Room) -> None:
        self._room = room
        self._place = Place.of(room.account)
        self._memory = Memory()

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """The account whose code was typed."""
        return signing_in.discover(address)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove the API user, the token and the mailbox, as far as they were typed."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The bulletins of the account, with its topics of today."""
        return (signing_in.channel_of(self._place, await topics.limits(self._api())),)

    async def limits(self, channel: Channel) -> Limits:
        """The topics and categories of today; on a large account that takes a minute."""
        return await topics.limits(self._api())

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """Bulletins that went out, their figures, and the mailbox."""
        allow(channel, Capability.FETCH)
        return await polling.fetch(self._api(), cursor)

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Send a bulletin or answer a mail, once."""
        private = Capability.DIRECT if rendition.kind is UpdateKind.REPLY else Capability.NONE
        allow(channel, needed_to_publish(rendition, private=private))
        if rendition.kind is UpdateKind.REPLY:
            return await answering.publish(self._api(), rendition, key)
        return await sending.publish(self._api(), rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery made; None only while its sending was never begun."""
        look = answering.find if delivery.rendition.kind is UpdateKind.REPLY else sending.find
        return await look(self._api(), delivery.key, delivery.step)

    async def weigh(self, channel: Channel, rendition: Rendition) -> Weight:
        """How many subscribers the chosen topics have now, and what to know before it is sent."""
        allow(channel, Capability.WEIGH)
        if rendition.kind is UpdateKind.REPLY:
            return Weight(reaches=1)
        return await sending.weigh(self._api(), rendition)

    async def trial(self, channel: Channel, rendition: Rendition) -> str:
        """A test sending to one address and the API user."""
        allow(channel, Capability.TRIAL)
        if rendition.kind is UpdateKind.REPLY:
            raise Unsupported("Only bulletins can be tried")
        return await sending.trial(self._api(), rendition)

    def validity(self) -> Validity:
        """Neither sign-in nor version run out; rights that were refused are named."""
        words = [f"Not granted: {what}. Granicus support grants it." for what in sorted(self._memory.missing)]
        if not self._place.reports:
            words.append("Without a token for statistics there are no opens and clicks, and no times of sending.")
        if self._place.mailbox is None:
            words.append("Without a mailbox the answers to bulletins are not read.")
        return Validity(version="Comm Cloud v1", words=tuple(words))

    def _api(self) -> Api:
        return Api(self._room, self._place, self._memory)
