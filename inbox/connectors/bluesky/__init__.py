"""Bluesky and the rest of the AT Protocol: posts, answers, quotes and mentions around one profile.

Source: bluesky.md, read 2026-11-23 (XRPC lexicons com.atproto.*, app.bsky.*, chat.bsky.*; measured against
@atproto/dev-env 0.6.7). Read: notifications, our posts with their counts, threads, direct messages where the chat
service answers. Published: posts and answers with facets, up to four pictures, link card, quote, who may answer and
quote. No approval, no price, no storage rule; 5,000 points of writing an hour, 3,000 requests in five minutes.

One account is one profile is one channel. Remote ids are AT-URIs; "notification:<uri>#<reason>" for what has no words
of its own, "direct:<conversation>:<id>" for direct messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

import httpx

from inbox.clock import Clock
from inbox.connectors.bluesky import channel as opening
from inbox.connectors.bluesky import (
    chat,
    discovery,
    moderating,
    oauth,
    polling,
    publishing,
    signing_in,
    threads,
    views,
)
from inbox.connectors.bluesky.identity import Servers
from inbox.connectors.bluesky.xrpc import Api, Place
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
)


class Bluesky(Bare):
    """The connector for one profile."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky"
    glyph: ClassVar[str] = "Bs"
    capabilities: ClassVar[Capability] = opening.CAPABILITIES
    address_field: ClassVar[Field] = discovery.ADDRESS_FIELD
    interval_s: ClassVar[int] = 120
    reread_every_s: ClassVar[int] = 600

    def __init__(self, room: Room) -> None:
        self._room = room
        place = Place.of(room.account)
        self._place = place
        self._servers = Servers(place.did, place.server, place.directory)
        self._looked: dict[str, datetime] = {}
        self._folded: dict[str, frozenset[str]] = {}

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """The account of a handle, and how one signs in where it lives."""
        return await discovery.discover(address, http, clock)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove an app password, or what the browser brought back."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        """Begin OAuth; the person comes back to a loopback address, there is no code to paste."""
        return await oauth.authorize(discovery, redirect_uri, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The profile, with direct messages where the chat service answers."""
        api = self._api()
        return (await opening.channel_now(api, direct=await chat.available(api)),)

    async def limits(self, channel: Channel) -> Limits:
        """The same everywhere; asks nothing."""
        return opening.limits_now(direct=Capability.DIRECT in channel.capabilities)

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """Our posts and all notifications once, then what is new."""
        allow(channel, Capability.FETCH)
        direct = Capability.DIRECT in channel.capabilities
        return await polling.fetch(self._api(), cursor, self._looked, self._folded, direct=direct)

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        """How these posts are now, and which of them their authors deleted."""
        allow(channel, Capability.REREAD)
        return await views.reread(self._api(), remote_ids)

    async def thread(self, channel: Channel, message: Message) -> Batch:
        """The conversation around a post."""
        allow(channel, Capability.THREAD)
        return await threads.thread(self._api(), message)

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Answer or publish, once."""
        private = Capability.DIRECT if chat.is_direct(rendition.reply_to) else Capability.NONE
        allow(channel, needed_to_publish(rendition, private=private))
        return await publishing.publish(self._api(), rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery may have made."""
        return await publishing.find(self._api(), delivery)

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Hide an answer, block or mute its author, report it."""
        allow(channel, NEEDED[action])
        return await moderating.moderate(self._api(), message, action, words)

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        """Like or repost, or take it back."""
        allow(channel, NEEDED_TO_REACT[reaction])
        return await moderating.react(self._api(), message, reaction)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete a post of ours."""
        allow(channel, Capability.DELETE)
        await moderating.delete(self._api(), message)

    async def revoke(self) -> None:
        """End the session at the server."""
        await self._api().session.end(oauth.revocation_of(self._place))

    def _api(self) -> Api:
        return Api(self._room, self._place, self._servers)
