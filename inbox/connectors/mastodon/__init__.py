"""Mastodon and servers that speak its API: mentions, answers, quotes, private messages, posts.

Source: mastodon.md, read 2026-11-23: Mastodon 4.6 (API version 11), with what differs back to 4.2 and on compatible
servers. Read: notifications of all types, our own posts, what is scheduled, threads. Published: posts and answers
with pictures, polls, warnings, quotes, now or (by Mastodon itself) later. Sign-in: OAuth in the browser with PKCE, or
an access token pasted. No approval, no price, no storage rule; 300 requests in five minutes, the last of which we
leave for people.

One account is one profile is one channel. Remote ids: a status's own id; "notification:20" for what has no status of
its own; "scheduled:1" for what waits for its time (when it fires, it comes under another id).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
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
from inbox.connectors.mastodon import acting, checking, discovery, polling, publishing, signing_in, streaming
from inbox.connectors.mastodon.instance import EVERYTHING
from inbox.connectors.mastodon.server import Api, Server, Session
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


class Mastodon(Bare):
    """The connector for one account."""

    name: ClassVar[str] = discovery.NAME
    title: ClassVar[str] = "Mastodon"
    glyph: ClassVar[str] = "Ma"
    capabilities: ClassVar[Capability] = EVERYTHING
    address_field: ClassVar[Field] = discovery.ADDRESS_FIELD
    interval_s: ClassVar[int] = 90

    def __init__(self, room: Room) -> None:
        self._room = room
        self._server = Server.of(room.account)
        self._session = Session()

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """The server of a handle or domain that a person typed."""
        return await discovery.discover(address, http, clock)

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        """Register with the server, and the page to allow Postroom on."""
        return await signing_in.authorize(discovery, redirect_uri, http, clock)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove the ``code`` that the browser or the person brought, or a pasted ``token``."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The profile, with what server and token allow today."""
        self._server, instance, me = await signing_in.server_now(self._api(background=True))
        return (signing_in.channel_of(self._server, instance, me),)

    async def limits(self, channel: Channel) -> Limits:
        """What the server accepts today; a server chooses its own limits."""
        self._server, instance, me = await signing_in.server_now(self._api())
        return signing_in.channel_of(self._server, instance, me).limits

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """The import, newest first, then what is new."""
        allow(channel, Capability.FETCH)
        return await polling.fetch(self._api(background=True), cursor)

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        """How these messages are now, and which of them are gone."""
        allow(channel, Capability.REREAD)
        return await checking.reread(self._api(background=True), remote_ids)

    async def thread(self, channel: Channel, message: Message) -> Batch:
        """The whole conversation around a message."""
        allow(channel, Capability.THREAD)
        return await checking.thread(self._api(), message)

    async def hints(self, channel: Channel) -> AsyncIterator[None]:
        """The stream of notifications, as a hint."""
        allow(channel, Capability.HINTS)
        async for hint in streaming.hints(self._api()):
            yield hint

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Answer or publish, once."""
        allow(channel, needed_to_publish(rendition))
        return await publishing.publish(self._api(), rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery may have made."""
        return await publishing.find(self._api(), delivery)

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Block, mute, report; let a sender in whom the filter kept back."""
        allow(channel, NEEDED[action])
        return await acting.moderate(self._api(), message, action, words)

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        """Like, boost, and take it back."""
        allow(channel, NEEDED_TO_REACT[reaction])
        return await acting.react(self._api(), message, reaction)

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        """Replace the words of a post of ours."""
        allow(channel, Capability.EDIT)
        return await acting.edit(self._api(), message, text)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete for good."""
        allow(channel, Capability.DELETE)
        await acting.delete(self._api(), message)

    async def revoke(self) -> None:
        """Give the access token back to the server."""
        await signing_in.revoke(self._api())

    def _api(self, *, background: bool = False) -> Api:
        return Api(self._room, self._server, self._session, background=background)
