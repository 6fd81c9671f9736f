"""LinkedIn company pages: comments, answers, mentions and shares of a page, its posts and answers.

Source: linkedin.md, compiled 2026-11-23: the versioned REST interface, Community Management API. Access needs the
organisation's own developer app, approved by LinkedIn, which may refuse; in the Development tier (100 calls a member
and day, no lists by id, no webhooks) one page can be served, and is. No price. Storage rule: members' words and what
goes with them 48 hours, their names 24 (``Limits.keep_text_s``, ``keep_name_s``); the page's own words are exempt.
Not possible at all: scheduling at the network, hiding comments, private messages, groups.

One organisation is one channel; all pages of a sign-in share its calls. Remote ids: a post's share or ugcPost URN, a
comment's URN in its long form, "notification:5" for what is neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Final

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import (
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
from inbox.connectors.linkedin import (
    acting,
    discovery,
    finding,
    ours,
    pages,
    polling,
    publishing,
    signing_in,
    threads,
    tokens,
    versions,
)
from inbox.connectors.linkedin.server import DAILY, Api, Place, Session
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
    Reaction,
    Receipt,
    Rendition,
)

WARN_BEFORE: Final = timedelta(days=10)


class LinkedIn(Bare):
    """The connector for one account."""

    name: ClassVar[str] = discovery.NAME
    title: ClassVar[str] = "LinkedIn"
    glyph: ClassVar[str] = "Li"
    capabilities: ClassVar[Capability] = pages.EVERYTHING
    address_field: ClassVar[Field] = discovery.ADDRESS_FIELD
    interval_s: ClassVar[int] = 1200
    allowances: ClassVar[tuple[Allowance, ...]] = (DAILY,)
    landing_ports: ClassVar[tuple[int, ...]] = discovery.PORTS
    landing_host: ClassVar[str] = discovery.HOST

    def __init__(self, room: Room) -> None:
        self._room = room
        self._place = Place.of(room.account)
        self._session = Session()

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        """LinkedIn, for any address of a page there."""
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
        """The page to allow Postroom on, with the organisation's own app."""
        return await signing_in.authorize(discovery, redirect_uri, http, clock, answers)

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        """Prove the ``code`` that the browser or the person brought, or a pasted ``token``."""
        return await signing_in.sign_in(discovery, answers, http, clock)

    async def channels(self) -> Sequence[ChannelFound]:
        """The pages this sign-in may work for."""
        return await pages.channels(self._api())

    async def limits(self, channel: Channel) -> Limits:
        """What LinkedIn accepts; it is the same for all, and no call is spent on it."""
        return pages.LIMITS

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        """What is new, by notifications, and what they do not tell."""
        allow(channel, Capability.FETCH)
        return await polling.fetch(self._api(), channel, cursor)

    async def thread(self, channel: Channel, message: Message) -> Batch:
        """What an answer answers, where that was never asked for."""
        allow(channel, Capability.THREAD)
        return await threads.thread(self._api(), channel, message)

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        """Post, comment or answer as the organisation, once."""
        allow(channel, needed_to_publish(rendition))
        return await publishing.publish(self._api(person=True), channel, rendition, key)

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        """Look for what a delivery may have made."""
        return await finding.find(
            self._api(person=True), channel, delivery.rendition, delivery.key, delivery.sending_at, delivery.step
        )

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        """Like, and take it back."""
        allow(channel, NEEDED_TO_REACT[reaction])
        return await acting.react(self._api(person=True), channel, message, reaction)

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        """Replace the words of something of ours."""
        allow(channel, Capability.EDIT)
        return await acting.edit(self._api(person=True), channel, message, text)

    async def delete(self, channel: Channel, message: Message) -> None:
        """Delete something of ours."""
        allow(channel, Capability.DELETE)
        await acting.delete(self._api(person=True), channel, message)

    def validity(self) -> Validity:
        """Until when the token lasts and the version of the interface lives, and what is missing or refused."""
        api, now = self._api(), self._room.clock.now()
        parts = self._room.secret.read()
        ends = tokens.moment(parts.get("expires_at", ""))
        words = []
        if ends is not None and not tokens.can_refresh(parts) and now >= ends - WARN_BEFORE:
            words.append(f"This app cannot renew its sign-in by itself: sign in again before {ends:%d %B %Y}.")
        elif ends is not None and tokens.was_refused(parts):
            words.append(f"LinkedIn did not renew this sign-in: sign in again before {ends:%d %B %Y}.")
        whole_end = tokens.moment(parts.get("refresh_expires_at", ""))
        if tokens.can_refresh(parts) and whole_end is not None and now >= whole_end - WARN_BEFORE:
            words.append(f"Renewing ends a year after the first sign-in: sign in again before {whole_end:%d %B %Y}.")
        if parts.get("pasted") and not parts.get("scopes"):
            words.append("The token was pasted; it ends 60 days after it was made, which may be sooner than shown.")
        if missing := self._place.lacks(*pages.NEEDED, *pages.READING, *pages.WRITING):
            words.append(f"These rights were not given: {', '.join(missing)}.")
        if ours.PART in self._session.absent:
            words.append(
                "LinkedIn refuses the list of the page's posts: what is published elsewhere and comments that nobody "
                "notified us of do not arrive. Restart Postroom when the role is right."
            )
        if closed := len(self._session.closed):
            posts = "one post" if closed == 1 else f"{closed} posts"
            words.append(f"LinkedIn refuses the comments under {posts} to this sign-in: read them on linkedin.com.")
        version = api.version
        return Validity(
            sign_in_ends_at=ends, version=version, version_ends_on=versions.ends_on(version) if version else None,
            words=tuple(words),
        )  # fmt: skip

    def _api(self, *, person: bool = False) -> Api:
        return Api(self._room, self._place, self._session, person=person)
