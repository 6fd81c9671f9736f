"""Fetching: mentions, our own posts and direct messages, so that nothing is lost and little is paid for (section 4.1).

Nothing is asked for that the budget could not pay in the worst case; when it is used up, what was read is delivered and
the next batch says so. An idle poll costs three requests and no money.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from inbox.connectors.x import direct, fields, people, prices
from inbox.connectors.x.api import Api, Page
from inbox.connectors.x.cursor import IDLE_PAGES, Position, Sweep
from inbox.connectors.x.parsing import message_from_post
from inbox.connectors.x.problems import refuses_token, type_of
from inbox.connectors.x.snowflake import at as id_at
from inbox.connectors.x.snowflake import newer, time_of
from inbox.errors import BadReply, NotAllowed, PostroomError
from inbox.model import Batch, Cursor, Message, MessageKind

log = logging.getLogger(__name__)

PER_PAGE: Final = 100
LEAST: Final = 5
SEARCH_LEAST: Final = 10
REACH: Final = 790
"""X lists the 800 newest mentions; a sweep that got so many may have missed some."""
SEARCHED: Final = timedelta(days=7) - timedelta(minutes=5)
ENOUGH: Final = 100


async def fetch(api: Api, cursor: Cursor) -> Batch:
    """The batch after ``cursor``."""
    at = Position.of(cursor, api.us.id)
    began_midway = at.midway
    _count_signing_in(api)
    at.started_at = at.started_at or api.now().isoformat()
    found: list[Message] = []
    complete = False
    while not complete:
        try:
            page = await _PARTS[at.part](api, at)
        except PostroomError:
            if not found:
                raise
            break  # what was read is delivered; the next batch meets the trouble again, and names it
        found += page
        if not _under_way(at):
            complete = at.next_part()
        if found and not complete and (_under_way(at) or len(found) >= ENOUGH):
            break
    lost_to = _moment(at.lost_to)
    window: tuple[datetime | None, datetime | None] = (None, None)
    if complete:
        window = (lost_to or _moment(at.read_at) or api.us.began_at, _moment(at.started_at))
        at.read_at, at.started_at, at.lost_to = at.started_at, "", ""
    moved = bool(found) or began_midway
    return Batch(
        messages=tuple({m.remote_id: m for m in _oldest_first(found)}.values()),
        cursor=at.cursor() if moved else cursor,
        complete=complete,
        window_from=window[0],
        window_to=window[1],
        gap_before=complete and lost_to is not None,
        requests=api.requests,
    )


def _count_signing_in(api: Api) -> None:
    """Signing in looked us up, and had no meter: that is noted now, where it was today."""
    when = api.us.signed_in_at
    if when is not None and when.date() == api.now().date():
        api.purse.read({f"user:{api.us.id}": prices.read("user")}, "signing in")


def _under_way(at: Position) -> bool:
    if at.part == "direct":
        return bool(at.event_token)
    return (at.mentions if at.part == "mentions" else at.own).midway


# --- posts ---


async def _mentions(api: Api, at: Position) -> list[Message]:
    sweep = at.mentions
    if sweep.filling:
        return await _searched(api, at, sweep)
    found = [_named(m) for m in await _page(api, at, sweep, "mentions", "mentions read")]
    if sweep.token:
        return found
    if (sweep.seen >= REACH or sweep.idle >= IDLE_PAGES) and sweep.since and sweep.oldest:
        _begin_filling(api, at, sweep)
    if not sweep.filling:
        sweep.ended(api.now())
    return found


async def _own(api: Api, at: Position) -> list[Message]:
    found = await _page(api, at, at.own, "tweets", "own posts read", exclude="retweets")
    if not at.own.token:
        at.own.ended(api.now())
    return found


async def _page(api: Api, at: Position, sweep: Sweep, which: str, what: str, **more: str) -> list[Message]:
    """The next page of one of our own lists; the first one again where X no longer takes the token of the next."""
    try:
        return await _page_at(api, at, sweep, which, what, **more)
    except BadReply as error:
        if not (refuses_token(error, sweep.token) and sweep.restarted(api.now())):
            raise
    log.warning("%s: X refuses the place where %s went on; the list is begun anew", api.account, what)
    return await _page_at(api, at, sweep, which, what, **more)


async def _page_at(api: Api, at: Position, sweep: Sweep, which: str, what: str, **more: str) -> list[Message]:
    """The page that ``sweep`` is at."""
    price = prices.read("owned" if api.us.owned else "post")
    each = fields.dearest_post(price, api.us.dialect) if which == "mentions" else _own_each(api, price)
    since = sweep.above() or (id_at(api.us.began_at) if api.us.began_at else "")
    most = api.purse.affords(each, PER_PAGE, LEAST)
    params = {"max_results": str(most), **fields.for_posts(api.us.dialect), **more}
    if since:
        params["since_id"] = since
    if sweep.token:
        params["pagination_token"] = sweep.token
    with api.purse.hold(most * each):
        page = await api.page(f"/2/users/{api.us.id}/{which}", params, kind="post", price=price, what=what)
        found = await _messages(api, at, page, what)
    if not sweep.midway:
        sweep.since = since
    sweep.saw(_ids(page), page.token)
    return found


def _own_each(api: Api, price: int) -> int:
    """Our own posts bring nobody to look up, but in the new vocabulary what they refer to."""
    return price if fields.dearest_post(0, api.us.dialect) == prices.read("user") else fields.dearest_post(
        price, api.us.dialect
    )  # fmt: skip


def _begin_filling(api: Api, at: Position, sweep: Sweep) -> None:
    """More was said than the list reaches back: a search goes on below it, as far as a search reaches (7 days)."""
    reached = api.now() - api.skew - SEARCHED
    since_at = time_of(sweep.since)
    lowest = time_of(sweep.oldest)
    if since_at is not None and since_at < reached:
        at.lost_to = min(reached, lowest or reached).isoformat()
        log.warning("%s: mentions before %s are out of X's reach", api.account, at.lost_to)
    sweep.token = ""
    sweep.filling = lowest is None or lowest > reached


async def _searched(api: Api, at: Position, sweep: Sweep) -> list[Message]:
    price = prices.read("post")
    each = fields.dearest_post(price, api.us.dialect)
    most = api.purse.affords(each, PER_PAGE, SEARCH_LEAST)
    reached = id_at(api.now() - api.skew - SEARCHED)
    params = {
        "query": f"@{api.us.username} -is:retweet",
        "max_results": str(most),
        "since_id": sweep.since if newer(sweep.since, reached) else reached,
        "until_id": sweep.oldest,
        **fields.for_posts(api.us.dialect),
    }
    with api.purse.hold(most * each):
        page = await api.page("/2/tweets/search/recent", params, kind="post", price=price, what="mentions searched")
        found = [_named(m) for m in await _messages(api, at, page, "mentions searched")]
    # Each page is asked for below what is known, instead of by its token: that holds across a restart of any length.
    before = sweep.oldest
    sweep.saw(_ids(page), "")
    if not page.items or sweep.oldest == before:
        sweep.ended(api.now())
    return found


async def _messages(api: Api, at: Position, page: Page, what: str) -> list[Message]:
    """The posts of a page, with the names of those who wrote them."""
    posts = [p for p in page.items if isinstance(p, Mapping)]
    if page.items and not any(p.get("author_id") and p.get("created_at") for p in posts):
        raise BadReply(f"{what}: X leaves out who wrote and when; its vocabulary may have changed", account=api.account)
    if not page.items and any(type_of(m).startswith("not-authorized") for m in page.missing):
        raise NotAllowed(f"{what}: X does not let us read this", account=api.account)
    names = await people.known(api, at, (str(p.get("author_id") or "") for p in posts), page.users)
    return [message_from_post(item, api.us, names, page.posts) for item in page.items]


_PARTS: Final[Mapping[str, Callable[[Api, Position], Awaitable[list[Message]]]]] = {
    "mentions": _mentions,
    "own": _own,
    "direct": direct.poll,
}


def _named(message: Message) -> Message:
    """What stands among the mentions names us, also where X leaves out the entity that would say so."""
    return (
        replace(message, kind=MessageKind.MENTION) if message.kind is MessageKind.POST and not message.ours else message
    )


def _ids(page: Page) -> list[str]:
    return [str(p["id"]) for p in page.items if isinstance(p, Mapping) and p.get("id")]


def _oldest_first(found: list[Message]) -> list[Message]:
    """So that an answer follows what it answers, and of a chain of edits the last one counts."""
    return sorted(found, key=lambda m: (m.edited_at or m.created_at, m.remote_id))


def _moment(words: str) -> datetime | None:
    return datetime.fromisoformat(words) if words else None
