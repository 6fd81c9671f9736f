"""Facebook Pages: posts, comments on both levels, what others write on the Page, recommendations, private messages.

Source: facebook.md, read 2026-11-23: Graph API v26.0. Read: the feed with visitors' and tagging posts, comments and
replies, reels' comments, recommendations, Messenger where the app was granted it. Published: posts with pictures or a
link, now or later (Facebook keeps the time), answers, private replies within seven days, private messages within 24
hours. Sign-in: the organisation's own app; a token of a system user or Page pasted, or the login page in the browser.
No approval for one's own Pages except for Messenger; no price; no storage rule. Calls are limited by a share that
Facebook reports with its answers.

One account is one token; each Page it opens is a channel. Remote ids: see ``parsing``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
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
from inbox.connectors.facebook import acting, discovery, polling, publishing, rights, signing_in, tokens, usage
from inbox.connectors.facebook.graph import VERSION, Api, Session
from inbox.connectors.facebook.ids import is_private
from inbox.errors import SignInNeeded
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
    UpdateKind,
    Visibility,
)


class Facebook(Bare):
    """The connector for one token and its Pages."""

    name: ClassVar[str] = discovery.NAME
    title: ClassVar[str] = "Facebook"
    glyph: ClassVar[str] = "Fb"
    capabilities: ClassVar[Capability] = rights.EVERYTHING
    address_field: ClassVar[Field] = discovery.ADDRESS_FIELD
    interval_s: ClassVar[int] = 180
    reread_every_s: ClassVar[int] = 3 * 3_600  # every message asked after is a call
    allowances: ClassVar[tuple[Allowance, ...]] = usage.ALLOWANCES

    def __init__(self, room: Room) -> None:
        self._room = room
        self._sessions: dict[str, Session] = {}
        self._words: tuple[str, ...] | None = None  # what is missing, once asked in this run

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """The Page of an address that a person typed."""
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
        """Facebook's own login page; its last address is pasted, since it can lead to no program of ours."""
        return signing_in.authorize(discovery, answers)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove a pasted ``token``, or the address pasted as ``code``."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The Pages the token opens today; their tokens, and a renewed one of ours, are kept."""
        before = self._room.secret.read()
        if not before.get("token"):
            raise SignInNeeded("There is no access token for this account", account=self._room.account.title)
        kept = self._room.account.settings
        opened = await signing_in.open_pages(self._room, kept.get("page", ""), kept.get("named", ""))
        if dict(opened.secret) != dict(before):
            self._room.secret.save(opened.secret)
        self._words = opened.words
        return [page.channel() for page in opened.pages if page.capabilities]

    async def limits(self, channel: Channel) -> Limits:
        """The same for every Page, and nowhere to be asked for."""
        return rights.LIMITS

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """The import of a year, then what is new."""
        allow(channel, Capability.FETCH)
        return await polling.fetch(self._api(channel, background=True), cursor, channel.capabilities)

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        """How these messages are now, and which of them are gone."""
        allow(channel, Capability.REREAD)
        return await acting.reread(self._api(channel, background=True), remote_ids)

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Answer or publish, once."""
        private = Capability.DIRECT if is_private(rendition.reply_to) else Capability.NONE
        if not private and rendition.kind is UpdateKind.REPLY and rendition.visibility is Visibility.DIRECT:
            private = Capability.PRIVATE_REPLY
        allow(channel, needed_to_publish(rendition, private=private))
        return await publishing.publish(self._api(channel), self._room.steps, rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery may have made."""
        return await publishing.find(self._api(channel), delivery)

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        """Hide or show a comment, ban its author."""
        allow(channel, NEEDED[action])
        return await acting.moderate(self._api(channel), message, action)

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        """Like as the Page, and take it back."""
        allow(channel, NEEDED_TO_REACT[reaction])
        return await acting.react(self._api(channel), message, reaction)

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        """Replace the words of a post or comment of ours."""
        allow(channel, Capability.EDIT)
        return await acting.edit(self._api(channel), message, text)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete a post or comment for good."""
        allow(channel, Capability.DELETE)
        await acting.delete(self._api(channel), message)

    def validity(self) -> Validity:
        """When the token ends, which version answers, and which rights are missing."""
        secret, found = self._room.secret.read(), list(self._missing())
        for session in self._sessions.values():
            if session.version != VERSION:
                found.append(
                    f"Facebook answers as {session.version}; Postroom is written for {VERSION}: look for a newer one."
                )
                break
        for session in self._sessions.values():
            found += [f"Facebook does not show {what} to this token." for what in session.absent]
            if session.basic:
                found.append("Facebook refused some details, so only the plainest are read.")
        data_ends = secret.get("data_ends_at", "")
        if data_ends and (datetime.fromisoformat(data_ends) - self._room.clock.now()).days < 14:
            found.append(f"From {data_ends[:10]} on Facebook gives no more data until the person signs in again.")
        if secret.get("ends_at") and not secret.get("app_secret"):
            found.append("The token runs out; with app number and app secret Postroom could renew it.")
        return Validity(sign_in_ends_at=tokens.ends_at(secret), version=VERSION, words=tuple(dict.fromkeys(found)))

    def _missing(self) -> Sequence[str]:
        if self._words is not None:
            return self._words
        kept = self._room.account.settings.get("words", "")
        return tuple(map(str, json.loads(kept))) if kept else ()

    def _api(self, channel: Channel, *, background: bool = False) -> Api:
        session = self._sessions.setdefault(channel.remote_id, Session())
        return Api(self._room, session, channel.remote_id, title=channel.title, background=background)
