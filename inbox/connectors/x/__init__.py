"""X, by its API v2: mentions, answers, quotes, our own posts and direct messages, each read for money.

Source: x.md, read 2026-11-23 (documentation of 2026-08-22, OpenAPI 2.166 and 2.167). Read: mentions with a search below
them, our own posts, direct messages (never encrypted ones). Published: posts and answers with pictures, polls and a
circle of who may answer; what X lets no program answer is carried over by hand. Sign-in: keys of OAuth 1.0a pasted, or
OAuth 2 by browser as a public client; an app of the organisation's own, pay-per-use credits, a budget that we keep.
Storage: what is deleted, protected or edited at X is followed when somebody opens it. Likes and quotes are closed to
apps like ours. X keeps no time for us: nothing is scheduled there.

One account is one profile is one channel. Remote ids: the first id of a post's chain of edits; "dm:1-2:3" for event 3
of the conversation of 1 and 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import (
    NEEDED,
    NEEDED_TO_REACT,
    NOTHING,
    Authorization,
    Bare,
    Discovery,
    Room,
    SignedIn,
    allow,
    needed_to_publish,
)
from inbox.connectors.x import acting, direct, discovery, polling, prices, publishing, signing_in, tokens
from inbox.connectors.x.api import Api, Session
from inbox.connectors.x.channel import EVERYTHING, channel_of, limits_of
from inbox.connectors.x.us import ALL, Us
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
    Message,
    Moderation,
    Reaction,
    Receipt,
    Rendition,
    Weight,
)

_LACKS = {
    "write": "Postroom may only read here: give the app the permission to write, then make new keys.",
    "direct": "Direct messages are not read: give the app the permission “Read, write and DMs”, then make new keys.",
    "moderate": "Answers cannot be hidden: the right tweet.moderate.write was not granted.",
    "media": "Pictures cannot be published: the right media.write was not granted.",
}


class X(Bare):
    """The connector for one account."""

    name: ClassVar[str] = discovery.NAME
    title: ClassVar[str] = discovery.TITLE
    glyph: ClassVar[str] = "X"
    capabilities: ClassVar[Capability] = EVERYTHING
    address_field: ClassVar[Field] = discovery.ADDRESS_FIELD
    interval_s: ClassVar[int] = 300
    allowances: ClassVar[tuple[Allowance, ...]] = (prices.ALLOWANCE,)
    landing_ports: ClassVar[tuple[int, ...]] = discovery.PORTS

    def __init__(self, room: Room) -> None:
        self._room = room
        self._us = Us.of(room.account)
        self._session = Session()

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """The account that a person named."""
        return discovery.discover(address)

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        """The page to allow Postroom on, as the organisation's own app."""
        return signing_in.authorize(discovery, redirect_uri, answers)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove pasted keys, or the ``code`` that the browser or the person brought."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The profile as signing in found it: asking again would cost."""
        return (channel_of(self._us),)

    async def limits(self, channel: Channel) -> Limits:
        """What X takes of this account."""
        return limits_of(self._us)

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """What is new among mentions, our own posts and direct messages."""
        allow(channel, Capability.FETCH)
        batch = await polling.fetch(self._api(), cursor)
        self._session.read((m.remote_id for m in batch.messages), self._room.clock.now())
        return batch

    async def thread(self, channel: Channel, message: Message) -> Batch:
        """One message as it is now, when it was not read for a day."""
        allow(channel, Capability.THREAD)
        return await acting.thread(self._api(person=True), message)

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Answer or publish, once."""
        private = Capability.DIRECT if direct.is_direct(rendition.reply_to) else Capability.NONE
        allow(channel, needed_to_publish(rendition, private=private))
        return await publishing.publish(self._api(person=True), rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery may have made."""
        return await publishing.find(self._api(person=True), delivery)

    async def weigh(self, channel: Channel, rendition: Rendition) -> Weight:
        """What publishing this costs."""
        allow(channel, Capability.WEIGH)
        return publishing.weigh(rendition)

    def validity(self) -> Validity:
        """How long the sign-in holds, and what it lacks."""
        words = [_LACKS[right] for right in sorted(ALL - self._us.rights)]
        if self._session.no_direct:
            words.append("X refuses the direct messages to this sign-in: see the permissions of the app.")
        elif self._us.direct:
            words.append(f"Encrypted messages (XChat) never come here: read them at {self._us.web}/messages.")
        if not self._us.owned:
            words.append("The app belongs to another account: reading costs five times as much.")
        ends_at = signing_in.ends_at(self._room.secret.read())
        return Validity(sign_in_ends_at=ends_at, version="2", words=tuple(words))

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Hide an answer below a post of ours, or show it again."""
        allow(channel, NEEDED[action])
        return await acting.moderate(self._api(person=True), message, action)

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        """Repost, and take it back."""
        allow(channel, NEEDED_TO_REACT[reaction])
        return await acting.react(self._api(person=True), message, reaction)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete for good."""
        allow(channel, Capability.DELETE)
        await acting.delete(self._api(person=True), message)

    async def revoke(self) -> None:
        """Give the tokens back; keys belong to the organisation's own app."""
        await tokens.give_back(self._room, self._us)

    def _api(self, *, person: bool = False) -> Api:
        return Api(self._room, self._us, self._session, person=person)
