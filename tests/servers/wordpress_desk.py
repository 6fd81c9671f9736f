"""A connector signed in at a real site, with time in the test's hands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from inbox.connectors import http as web
from inbox.connectors.connector import START, Room
from inbox.connectors.wordpress import WordPress
from inbox.model import (
    Account,
    AccountId,
    Batch,
    Channel,
    ChannelFound,
    ChannelId,
    Cursor,
    Delivery,
    DeliveryId,
    DeliveryState,
    Message,
    Rendition,
    Sighting,
    UpdateId,
    UpdateKind,
)
from tests.connectors.harness import KeptSecret, SetClock
from tests.servers.wordpress_site import WordPressSite

STATES = {"1": "published", "0": "held", "spam": "spam", "trash": "trashed", "post-trashed": "trashed"}
POST_STATES = {
    "publish": "published",
    "future": "scheduled",
    "draft": "draft",
    "pending": "draft",
    "private": "private",
    "trash": "trashed",
}


@dataclass
class Desk:
    """The connector at work, and what the inbox would hold after its batches."""

    connector: WordPress
    channel: Channel
    clock: SetClock
    http: httpx.AsyncClient
    account: Account
    secret: KeptSecret
    cursor: Cursor = START

    def __post_init__(self) -> None:
        self.held: dict[str, Message] = {}
        self.last: Batch | None = None

    async def read(self) -> list[Batch]:
        """Batches until nothing newer is waiting, kept as the store would keep them."""
        batches: list[Batch] = []
        while not batches or not batches[-1].complete:
            batch = await self.connector.fetch(self.channel, self.cursor)
            self.held |= {m.remote_id: m for m in batch.messages}
            self.cursor = batch.cursor
            batches.append(batch)
            assert len(batches) < 500
        return batches

    async def reread(self, *remote_ids: str) -> Batch:
        batch = await self.connector.reread(self.channel, remote_ids)
        self.held |= {m.remote_id: m for m in batch.messages}
        for remote_id in batch.gone:
            del self.held[remote_id]
        return batch

    async def sweep(self) -> tuple[dict[str, Sighting], tuple[str, ...]]:
        """Everything sighted, and the kinds that were swept whole; goes on with the sweep's cursor."""
        pages = [page async for page in self.connector.sweep(self.channel, self.cursor)]
        assert pages[-1].cursor is not None
        self.cursor = pages[-1].cursor
        return {s.remote_id: s for page in pages for s in page.sightings}, pages[-1].swept_prefixes

    def delivery(self, rendition: Rendition, key: str) -> Delivery:
        return Delivery(
            id=DeliveryId(1),
            update_id=UpdateId(1),
            channel_id=self.channel.id,
            rendition=rendition,
            key=key,
            state=DeliveryState.UNKNOWN,
        )


async def desk_at(site: WordPressSite, user: str = "officer", password: str = "", typed: str = "") -> Desk:
    """Found and signed in as a person would do it."""
    clock = SetClock(datetime.now(UTC))
    http = web.client(transport=httpx.AsyncHTTPTransport())  # no proxy of the machine gets between us and loopback
    if not password:
        password = site.application_password if user == site.user else site.others[user].application_password
    found = await WordPress.discover(typed or site.url, http, clock)
    signed = await WordPress.sign_in(found, {"user": user, "password": password}, http, clock)
    account = Account(
        id=AccountId("a1"),
        network="wordpress",
        title=signed.title,
        address=signed.address,
        user=signed.user,
        settings=signed.settings,
    )
    secret = KeptSecret(**signed.secret)
    connector = WordPress(Room(account=account, http=http, secret=secret, clock=clock))
    return Desk(connector, channel_from(signed.channels[0]), clock, http, account, secret)


def channel_from(found: ChannelFound) -> Channel:
    return Channel(
        id=ChannelId("c1"),
        account_id=AccountId("a1"),
        network="wordpress",
        remote_id=found.remote_id,
        title=found.title,
        url=found.url,
        speaks_as=found.speaks_as,
        capabilities=found.capabilities,
        limits=found.limits,
    )


def reply_to(parent: int, text: str, post: int = 0) -> Rendition:
    context = f"post:{post}" if post else ""
    return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=f"comment:{parent}", context=context)


def comments_in(site: WordPressSite) -> dict[str, str]:
    """Remote id -> state of every comment, from the database."""
    rows = site.sql("SELECT comment_ID, comment_approved FROM wp_comments WHERE comment_type <> 'note'")
    return {f"comment:{number}": STATES[str(state)] for number, state in rows}


def entries_in(site: WordPressSite) -> dict[str, str]:
    """Remote id -> state of every post and page an editor may read, from the database.

    Not the privacy page: WordPress shows its draft to administrators only, but counts it in X-WP-Total all the same.
    """
    rows = site.sql(
        "SELECT post_type, ID, post_status FROM wp_posts"
        " WHERE post_type IN ('post', 'page') AND post_status <> 'auto-draft'"
        " AND ID <> (SELECT option_value FROM wp_options WHERE option_name = 'wp_page_for_privacy_policy')"
    )
    return {f"{kind}:{number}": POST_STATES[str(state)] for kind, number, state in rows}


def held_by(desk: Desk) -> dict[str, str]:
    return {remote_id: m.state.value for remote_id, m in desk.held.items()}
