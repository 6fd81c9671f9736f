"""WordPress: comments and posts of a self-hosted blog through its REST API (wp/v2, core 5.6 to 6.9).

Source: wordpress.md, read 2026-11-23, measured against 6.1.9 and 6.5.5. Read: comments of every status and type, posts,
pages and other public types. Published: answers, posts now or scheduled, with pictures, categories and tags. Sign-in:
an application password of an Editor. No approval, no price, no storage rule, no rate limit of its own; hosts have
theirs. WordPress.com uses another sign-in and is told apart at discovery.

One account is one blog is one channel. Remote ids: "comment:74", "post:18", "page:3", other types "<type>:<id>".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import NEEDED, Bare, Discovery, Room, SignedIn, allow, needed_to_publish
from inbox.connectors.wordpress import checking, discovery, moderating, polling, publishing, signing_in
from inbox.connectors.wordpress.site import Api, Site
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
    Receipt,
    Rendition,
    SweepPage,
)


class WordPress(Bare):
    """The connector for one blog."""

    name: ClassVar[str] = "wordpress"
    title: ClassVar[str] = "WordPress"
    glyph: ClassVar[str] = "WP"
    capabilities: ClassVar[Capability] = (
        Capability.FETCH
        | Capability.REREAD
        | Capability.SWEEP
        | Capability.REPLY
        | Capability.POST
        | Capability.SCHEDULE
        | Capability.UPDATE_POST
        | Capability.EDIT
        | Capability.DELETE
        | Capability.APPROVE
        | Capability.HOLD
        | Capability.SPAM
        | Capability.TRASH
        | Capability.MEDIA
        | Capability.TERMS
        | Capability.TITLE
    )
    address_field: ClassVar[Field] = discovery.ADDRESS_FIELD
    interval_s: ClassVar[int] = 120

    def __init__(self, room: Room) -> None:
        self._room = room
        self._site = Site.of(room.account)
        # What we moved ourselves, so that it is not taken for drift. Lost at a restart: that costs one sweep.
        self._moved: polling.Moved = {}

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """The blog at an address a person typed."""
        return await discovery.discover(address, http, clock)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove the pasted application password; the answers are "user" and "password"."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The blog, with what our user may do there today."""
        self._site = await signing_in.site_now(self._api())
        return (signing_in.channel_of(self._site),)

    async def limits(self, channel: Channel) -> Limits:
        """WordPress sets none for text; pictures only where our user may upload. Asks nothing."""
        return signing_in.limits_of(self._site)

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """The import, oldest first, then what is new."""
        allow(channel, Capability.FETCH)
        return await polling.fetch(self._api(), cursor, self._moved)

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        """How these messages are now, and which of them are gone."""
        allow(channel, Capability.REREAD)
        return await checking.reread(self._api(), remote_ids)

    async def sweep(self, channel: Channel, cursor: Cursor) -> AsyncIterator[SweepPage]:
        """The state of every comment, post and page."""
        allow(channel, Capability.SWEEP)
        async for page in checking.sweep(self._api(), cursor, self._moved):
            yield page

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Answer or publish, once."""
        allow(channel, needed_to_publish(rendition))
        return await publishing.publish(self._api(), rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery may have made."""
        return await publishing.find(self._api(), delivery.rendition, delivery.key)

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Approve, hold, spam, trash and back."""
        allow(channel, NEEDED[action])
        return await moderating.moderate(self._api(), message, action, self._moved)

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        """Replace the words of a comment of ours."""
        allow(channel, Capability.EDIT)
        return await moderating.edit(self._api(), message, text)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete for good, past the trash."""
        allow(channel, Capability.DELETE)
        await moderating.delete(self._api(), message, self._moved)

    async def revoke(self) -> None:
        """Delete the application password at the blog."""
        await signing_in.revoke(self._api())

    def _api(self) -> Api:
        return Api(self._room, self._site)
