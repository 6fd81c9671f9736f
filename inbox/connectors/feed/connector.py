"""Feeds: RSS, Atom and JSON Feed, read-only. No sign-in, no approval, no price, no storage rule.

What can be read: the newest entries a site offers, often 10 to 50, and nothing older. What cannot: deletions, states,
who answered. A feed read too seldom has lost entries for good; that is said with ``gap_before``.

Polite polling after RFC 9110: ETag and Last-Modified (section 13), and a permanent redirect is remembered (15.4). All
of that travels in the cursor. Because an empty batch keeps its cursor, a feed that moved without saying anything new
sends its newest entry once more: upserting makes that harmless, and losing the new address would not be.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urljoin

import httpx

from inbox.clock import Clock
from inbox.connectors import http as web
from inbox.connectors.connector import Bare, Discovery, Room, SignedIn
from inbox.connectors.feed.addresses import web_address
from inbox.connectors.feed.cursor import MOST_ENTRIES, MOST_OLDER, Mark, Memory, moment, ms, remembered, short
from inbox.connectors.feed.discovery import Offer, holds_password, offers, typed, well_known
from inbox.connectors.feed.document import MOST_BYTES, Document, Entry, read
from inbox.errors import (
    BadReply,
    NotAllowed,
    NotFound,
    Offline,
    RateLimited,
    Rejected,
    SignInNeeded,
    Unavailable,
)
from inbox.model import (
    Account,
    Author,
    Batch,
    Capability,
    Channel,
    ChannelFound,
    Cursor,
    Field,
    Limits,
    Message,
    MessageKind,
    SignIn,
)

ACCEPT = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5"
MOST_REDIRECTS = 5
MOST_TRIED = 4  # offers of a page that are looked at before giving up
NO_DATE_UNTIL = datetime(1970, 1, 2, tzinfo=UTC)  # 0 as a date, in whatever zone, is what software says for "none"
MOST_AHEAD = timedelta(days=2)  # careless zones are a day off; what is further ahead nobody has published yet
NOT_HERE = (NotFound, BadReply, NotAllowed, SignInNeeded, Rejected)


class Feed(Bare):
    """One account: the feeds of one site, each a channel whose remote id is the feed's address."""

    name: ClassVar[str] = "feed"
    title: ClassVar[str] = "Feeds"
    glyph: ClassVar[str] = "Fe"
    capabilities: ClassVar[Capability] = Capability.FETCH
    address_field: ClassVar[Field] = Field(
        name="address",
        label="Address of the feed or page",
        hint="Any page of the site will do; Postroom looks for its feeds.",
        placeholder="https://city.example/news",
    )
    interval_s: ClassVar[int] = 1_800

    def __init__(self, room: Room) -> None:
        self._room = room

    # --- how an account comes to be ---

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        if holds_password(address):
            raise NotFound(
                "The address holds a password", hint="Leave it out: Postroom reads feeds that are open to everybody."
            )
        meant = typed(address)
        if not meant:
            raise NotFound("This is not a web address", hint="It looks like city.example/news")
        for last, url in zip([False] * (len(meant) - 1) + [True], meant, strict=True):
            try:
                found = await _look(url, http, clock)
            except (Offline, Unavailable) as error:
                if last or isinstance(error, RateLimited):
                    raise
                continue  # typed without a scheme, and there is nothing behind https
            return cls._discovery(found)
        raise AssertionError("the last address returns or raises")

    @classmethod
    def _discovery(cls, found: Sequence[Offer]) -> Discovery:
        best = found[0]
        return Discovery(
            network=cls.name,
            title=best.title or web.host_of(best.url),
            address=best.url,
            fields=(),
            settings={"feeds": json.dumps([[offer.url, offer.title] for offer in found], ensure_ascii=False)},
            sign_in=(SignIn.NOTHING,),
        )

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        return SignedIn(
            title=discovery.title,
            address=discovery.address,
            user="",
            settings=discovery.settings,
            secret={},
            channels=_channels(discovery.settings, discovery.address),
        )

    # --- what an account can do ---

    async def channels(self) -> Sequence[ChannelFound]:
        return _channels(self._room.account.settings, self._room.account.address)

    async def limits(self, channel: Channel) -> Limits:
        return Limits()

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        if Capability.FETCH not in channel.capabilities:
            self._refuse("be read here")
        memory = remembered(cursor)
        now = self._room.clock.now()
        reply, url, requests = await _get(
            memory.url or channel.remote_id, self._room.http, self._room.clock, memory, self._room.account
        )
        if reply.status == 304:
            return Batch(cursor=cursor, window_to=now, requests=requests)
        learned = replace(
            memory,
            url=url if url != channel.remote_id else "",
            etag=reply.headers.get("etag", ""),
            modified=reply.headers.get("last-modified", ""),
        )

        def batch() -> Batch:
            return replace(news(_document(reply), memory, learned, cursor, now), requests=requests)

        # Off the engine's loop: a large feed takes a second, and other channels should not wait for it.
        return await asyncio.to_thread(batch)


# --- from a document to a batch; pure ---


def news(document: Document, before: Memory, learned: Memory, cursor: Cursor, now: datetime) -> Batch:
    """What of the document was not there, or was different, at the last poll; oldest first.

    ``before`` is what the cursor remembers, ``learned`` the same with what the server said this time. An entry keeps
    the time it got when it was first seen, whatever the feed says later; a later date, or other words, is an edit.
    """
    offered: dict[str, tuple[Message, Mark]] = {}
    fresh: list[Message] = []
    for position, (remote_id, entry) in enumerate(identified(document.entries)):
        name = short(remote_id)
        known = before.marks.get(name)
        mark = _mark(entry, known, now - timedelta(milliseconds=position))
        message = message_from(remote_id, entry, mark)
        offered[name] = (message, mark)
        if known is None or known.content != mark.content:
            fresh.append(message)
    if len(offered) > MOST_ENTRIES:
        newest = sorted(offered, key=lambda name: offered[name][1].created_ms, reverse=True)[:MOST_ENTRIES]
        offered = {name: offered[name] for name in newest}
        kept = {message.remote_id for message, _ in offered.values()}
        fresh = [message for message in fresh if message.remote_id in kept]
    if not fresh and offered and learned.url != before.url:
        fresh = [max((message for message, _ in offered.values()), key=lambda m: m.created_at)]
    if not fresh:
        return Batch(cursor=cursor, window_to=now)
    earlier = before.of_newest()
    gap = bool(earlier) and earlier.isdisjoint(offered)
    older = [(name, mark) for name, mark in before.marks.items() if name not in offered][:MOST_OLDER]
    marks = {name: mark for name, (_, mark) in offered.items()} | dict(older)
    return Batch(
        messages=tuple(sorted(fresh, key=lambda m: m.created_at)),
        cursor=replace(learned, marks=marks, newest=len(offered)).cursor(),
        window_from=min(message.created_at for message, _ in offered.values()),
        window_to=now,
        gap_before=gap,
    )


def identified(entries: Sequence[Entry]) -> list[tuple[str, Entry]]:
    """Each entry with its remote id: what the feed calls it, else its link, else a name made of title and date.

    Some feeds call all entries the same. Then the link tells them apart; what is the same in all is one entry.
    """
    called: dict[str, set[str]] = {}
    for entry in entries:
        called.setdefault(entry.identity, set()).add(entry.url)
    found: dict[str, Entry] = {}
    for entry in entries:
        alone = entry.identity and len(called[entry.identity]) == 1
        remote_id = entry.identity if alone else entry.url or _made_up_id(entry)
        found.setdefault(remote_id, entry)
    return list(found.items())


def message_from(remote_id: str, entry: Entry, mark: Mark) -> Message:
    """The entry as a Message; what holds nothing to read or open stays UNREADABLE, with its raw form."""
    created_at = moment(mark.created_ms)
    assert created_at is not None
    return Message(
        remote_id=remote_id,
        kind=MessageKind.POST if entry.readable else MessageKind.UNREADABLE,
        author=entry.author or Author(name=""),
        created_at=created_at,
        edited_at=moment(mark.edited_ms),
        text=entry.text,
        html=entry.html,
        title=entry.title,
        url=entry.url,
        language=entry.language,
        attachments=entry.attachments,
        raw=entry.raw,
    )


def _made_up_id(entry: Entry) -> str:
    if not entry.readable:
        return "unreadable:" + short(entry.raw.decode("utf-8", "replace"), 22)
    date = entry.published_at or entry.updated_at
    return "made-up:" + short(f"{entry.title or entry.text}\n{date.isoformat() if date else ''}", 22)


def _credible(date: datetime | None, now: datetime) -> datetime | None:
    """A date an entry can have been published at; None for 1970, the year 1, 9999 and the like."""
    return date if date and NO_DATE_UNTIL < date <= now + MOST_AHEAD else None


def _mark(entry: Entry, known: Mark | None, now: datetime) -> Mark:
    # The words, not the markup: counting pixels and one-time tokens in it differ at each poll.
    files = [attachment.url.partition("?")[0] for attachment in entry.attachments]
    content = short("\n".join([entry.title, entry.text, entry.url, *files]), 8)
    published_at, updated_at = _credible(entry.published_at, now), _credible(entry.updated_at, now)
    if known is None:
        created_ms = ms(published_at or updated_at or now)
        edited_ms = ms(updated_at)
        return Mark(content, created_ms, edited_ms if edited_ms > created_ms else 0)
    if known.content == content:
        return known
    dated_ms = max(ms(updated_at), ms(published_at))
    later = dated_ms > max(known.created_ms, known.edited_ms)
    return Mark(content, known.created_ms, dated_ms if later else ms(now))


# --- on the wire ---


async def _get(
    url: str, http: httpx.AsyncClient, clock: Clock, memory: Memory, account: Account | None = None
) -> tuple[web.Reply, str, int]:
    """The reply (200 or 304), the address to ask next time, and how many requests it took.

    Raises BadReply when led from https to http or in circles, and what ``fail_by_status`` says for the rest.
    """
    whose = account.id if account else ""
    validators = {"If-None-Match": memory.etag, "If-Modified-Since": memory.modified}
    permanent, lasting = True, url
    for requests in range(1, MOST_REDIRECTS + 2):
        headers = {"Accept": ACCEPT} | {name: value for name, value in validators.items() if value}
        reply = await web.request(http, "GET", url, headers=headers, max_bytes=MOST_BYTES, clock=clock, account=whose)
        location = reply.headers.get("location", "")
        if reply.status in {301, 302, 303, 307, 308} and location:
            target = web_address(location, url)
            if not target or (url.startswith("https:") and not target.startswith("https:")):
                raise BadReply(
                    f"{web.host_of(url)} sends us away from the secure web", account=whose, status=reply.status
                )
            permanent = permanent and reply.status in {301, 308}
            if permanent:
                # Asked without conditions: only a whole document proves that the new address is a feed.
                lasting, validators = target, {}
            url = urljoin(url, target)
            continue
        if reply.status == 200 or (reply.status == 304 and any(validators.values())):
            return reply, lasting, requests
        web.fail_by_status(reply, account=whose, what="The feed")
    raise BadReply(f"{web.host_of(url)} sends us round in circles", account=whose)


async def _look(url: str, http: httpx.AsyncClient, clock: Clock) -> list[Offer]:
    """The feeds behind an address, the best first and read once as proof. Raises NotFound, Offline, Unavailable."""
    nothing = Memory()
    try:
        reply, lasting, _ = await _get(url, http, clock, nothing)
        page, url = reply.text, reply.url
        with_title = await _as_feed(reply, lasting)
    except NOT_HERE:
        page, with_title = "", None
    if with_title:
        return [with_title]
    named = offers(page, url)
    for number, offer in enumerate(named[:MOST_TRIED]):
        if proven := await _proven(offer.url, http, clock):
            best = replace(proven, title=proven.title or offer.title)
            return [best, *(other for other in named[number + 1 :] if other.url != best.url)]
    for place in well_known(url):
        if proven := await _proven(place, http, clock):
            return [proven]
    raise NotFound(
        f"No feed was found at {web.host_of(url)}", hint="Look on the site for a link called RSS or Feed and paste it."
    )


async def _proven(url: str, http: httpx.AsyncClient, clock: Clock) -> Offer | None:
    try:
        reply, lasting, _ = await _get(url, http, clock, Memory())
        return await _as_feed(reply, lasting)
    except RateLimited:
        raise
    except (*NOT_HERE, Unavailable):
        return None


async def _as_feed(reply: web.Reply, lasting: str) -> Offer | None:
    """The feed in a reply; None when it is something else."""
    try:
        document = await asyncio.to_thread(_document, reply)
    except BadReply:
        return None
    return Offer(url=lasting, title=document.title)


def _document(reply: web.Reply) -> Document:
    return read(reply.body, reply.headers.get("content-type", ""), reply.url)


def _channels(settings: Mapping[str, str], address: str) -> tuple[ChannelFound, ...]:
    """One channel for each feed that was found, the best first."""
    feeds = json.loads(settings.get("feeds", "[]")) or [[address, ""]]
    return tuple(
        ChannelFound(remote_id=url, title=title or web.host_of(url), url=url, capabilities=Capability.FETCH)
        for url, title in feeds
    )
