"""Fetching: the import, newest first, then the poll that loses nothing (mastodon.md sections 3 and 4).

An idle poll costs two requests: notifications above the mark of two minutes ago, and our own newest posts, which bring
what was posted elsewhere and the counts of likes and boosts. Every ``EXTRAS_EVERY_S`` come: what is scheduled, whom the
filter keeps back, and which older posts of ours were liked or boosted (grouped notifications where offered).

Notifications come first: when one of the rest cannot be read just now, they are delivered all the same.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.mastodon import requests
from inbox.connectors.mastodon.cursor import PRINTS_KEPT, Position, moment
from inbox.connectors.mastodon.instance import GROUPED
from inbox.connectors.mastodon.parsing import (
    QUIET,
    fingerprint,
    message_from_notification,
    message_from_scheduled,
    message_from_status,
    utc,
)
from inbox.connectors.mastodon.server import Api, Params, is_gone
from inbox.errors import BadReply, NotAllowed, NotFound, Rejected, Unavailable
from inbox.model import Batch, Cursor, Message

log = logging.getLogger(__name__)

NOTIFICATIONS: Final = "/api/v1/notifications"
SCHEDULED: Final = "/api/v1/scheduled_statuses"
PER_PAGE: Final = 80
OWN_PER_PAGE: Final = 40
EXTRAS_EVERY_S: Final = 600
JUST_NOW: Final = timedelta(minutes=1)
HISTORY: Final = timedelta(days=365)
_WANTED: Final = (
    ("limit", str(PER_PAGE)),
    ("include_filtered", "true"),
    *(("exclude_types[]", kind) for kind in sorted(QUIET)),
)
"""Given with every request: compatible servers drop filters from their Link header (section 3)."""


async def fetch(api: Api, cursor: Cursor) -> Batch:
    """The batch after ``cursor``. Raises SignInNeeded when the token died, never an empty batch instead."""
    at = Position.of(cursor, api.server.account_id)
    began_at = at.started_at = at.started_at or api.now().isoformat()
    found: list[Message] = []
    gone: list[str] = []
    complete = False
    if at.phase == "import":
        found = await _import(api, at)
        complete = at.phase == "poll"
        if complete and not found:
            began_at = at.started_at = api.now().isoformat()
            if api.now() - _set(at.top_at, api) < JUST_NOW:
                at.walk, at.walk_at = at.top, began_at  # the rest was read a moment ago
    if at.phase == "poll" and not found:
        found = await _notifications(api, at)
        complete = not at.walk
        if complete:
            more, gone = await _around(api, at)
            found += more
    window: tuple[datetime | None, datetime | None] = (None, None)
    if complete:
        window = (moment(at.read_at), moment(began_at))
        at.read_at, at.started_at = began_at, ""
    moved = bool(found or gone)
    return Batch(
        messages=tuple({m.remote_id: m for m in found}.values()),
        cursor=at.cursor() if moved else cursor,
        complete=complete or not moved,
        gone=tuple(gone),
        window_from=window[0],
        window_to=window[1],
        requests=api.requests,
    )


# --- the import ---


async def _import(api: Api, at: Position) -> list[Message]:
    """The next page, and the next parts along with it while there is little: so the end of the import mostly comes
    with something to save. An empty list only when nothing is left, and the poll begins."""
    found: list[Message] = []
    while at.phase == "import" and len(found) < OWN_PER_PAGE:
        try:
            found += await _next_part(api, at)
        except (Unavailable, BadReply, NotAllowed, NotFound):
            if not found:
                raise
            break  # what was read is delivered; the next batch meets the trouble again, and names it
    return found


async def _next_part(api: Api, at: Position) -> list[Message]:
    if not at.begun:
        return await _newest(api, at)
    if not at.own_done:
        return await _own_older(api, at)
    if not at.older_done:
        return await _older(api, at)
    at.phase = "poll"
    found = await _part(api, "scheduled", lambda: _scheduled(api, at, []))
    return found + await _part(api, "requests", lambda: requests.looked(api, at))


async def _newest(api: Api, at: Position) -> list[Message]:
    page = await api.list(NOTIFICATIONS, _WANTED, what="notifications")
    at.begun = True
    ids = _ids(page)
    at.older, at.older_done = (ids[-1], False) if ids else ("", True)
    if ids:
        now = api.now()
        # What lies two minutes back by the server's own time: from there on ids may still become visible.
        settled = [i for i, item in zip(ids, _with_id(page), strict=True) if _older_than(item, now - api.skew)]
        at.saw(settled[0] if settled else ids[-1], now - timedelta(minutes=5))
        at.saw(ids[0], now)
    return _messages(api, page)


async def _older(api: Api, at: Position) -> list[Message]:
    page = await api.list(NOTIFICATIONS, (*_WANTED, ("max_id", at.older)), what="notifications")
    ids = _ids(page)
    if not ids or ids[-1] == at.older or _beyond(page[-1], api.now()):
        at.older_done = True
    else:
        at.older = ids[-1]
    return _messages(api, page)


async def _own_older(api: Api, at: Position) -> list[Message]:
    page = await _own_page(api, at.own)
    ids = _ids(page)
    if not ids or ids[-1] == at.own or _beyond(page[-1], api.now()):
        at.own_done = True
    else:
        at.own = ids[-1]
    for status in page if len(at.prints) < PRINTS_KEPT else ():
        _print(at, status)
    return [message_from_status(status, api.server) for status in page if not _is_boost(status)]


# --- the poll ---


async def _notifications(api: Api, at: Position) -> list[Message]:
    """Pages above the mark until one is empty (not merely short), or until there is enough for a batch."""
    if not at.top:
        at.begun = False  # there was never one: whatever came since is read newest first, down to the first
        found = await _newest(api, at)
        while not at.older_done:
            found += await _older(api, at)
        return found
    found, read = [], 0
    while True:
        above = at.above(api.now())
        page = await api.list(NOTIFICATIONS, (*_WANTED, ("min_id", above)), what="notifications")
        ids = _ids(page)
        if not ids or ids[0] == above:
            at.walk = ""
            return found
        found += _messages(api, page)
        read += len(ids)
        at.saw(ids[0], api.now())
        at.walk, at.walk_at = ids[0], api.now().isoformat()
        if read >= PER_PAGE and found:
            return found


async def _around(api: Api, at: Position) -> tuple[list[Message], list[str]]:
    """What notifications do not tell."""
    gone: list[str] = []
    found = await _part(api, "own", lambda: _own_newest(api, at), every_s=0)
    found += await _part(api, "scheduled", lambda: _scheduled(api, at, gone))
    found += await _part(api, "requests", lambda: requests.looked(api, at))
    found += await _part(api, "reactions", lambda: _reacted(api, at))
    return found, gone


async def _part(
    api: Api, what: str, read: Callable[[], Awaitable[list[Message]]], *, every_s: int = EXTRAS_EVERY_S
) -> list[Message]:
    """One of the rest, at its turn. What this server says itself that it does not have is not asked for again.

    A web page says nothing of the kind, be it a proxy's or an older server's, and our own posts every server has: those
    are asked for again at the next turn.
    """
    if not api.session.due(what, api.now(), every_s):
        return []
    try:
        found = await read()
    except (NotFound, NotAllowed, Rejected) as error:
        if api.spoke_itself and what != "own":
            log.info("%s: %s: not asked for again: %s", api.account, what, error)
            api.session.absent.add(what)
        else:
            log.info("%s: %s cannot be read now: %s", api.account, what, error)
            api.session.asked_at[what] = api.now()
        return []
    except (Unavailable, BadReply) as error:
        log.warning("%s: %s cannot be read now: %s", api.account, what, error)
        return []
    api.session.asked_at[what] = api.now()
    return found


async def _own_newest(api: Api, at: Position) -> list[Message]:
    """Our posts that are new or look different; walks down until one is known or older than the last reading."""
    found: list[Message] = []
    below, read_at = "", moment(at.read_at)
    while True:
        page = await _own_page(api, below)
        ids = _ids(page)
        known = any(i in at.prints for i in ids)
        found += (message_from_status(s, api.server) for s in page if _looks_new(at, s))
        for status in page:
            _print(at, status)
        last = utc(page[-1].get("created_at")) if ids and isinstance(page[-1], dict) else None
        older = last is not None and read_at is not None and last < read_at - timedelta(minutes=10) - api.skew
        if not ids or known or older or ids[-1] == below:
            break
        below = ids[-1]
    at.prints = dict(sorted(at.prints.items(), key=lambda one: (len(one[0]), one[0]))[-PRINTS_KEPT:])
    return found


async def _own_page(api: Api, below: str) -> list[Any]:
    params: Params = (("limit", str(OWN_PER_PAGE)), ("exclude_reblogs", "true"))
    path = f"/api/v1/accounts/{api.server.account_id}/statuses"
    return await api.list(path, (*params, ("max_id", below)) if below else params, what="own posts")


async def _scheduled(api: Api, at: Position, gone: list[str]) -> list[Message]:
    """What waits at the server. What waits no longer is asked for by its id before it is called gone."""
    page = await api.list(SCHEDULED, (("limit", "40"),), what="scheduled posts")
    ids = _ids(page)
    left = [i for i in at.scheduled if i not in ids]
    gone += [f"scheduled:{i}" for i in left if is_gone(await api.ask("GET", f"{SCHEDULED}/{i}"))]
    new = [item for item in _with_id(page) if str(item["id"]) not in at.scheduled]
    at.scheduled = ids
    return [message_from_scheduled(item, api.server) for item in new]


async def _reacted(api: Api, at: Position) -> list[Message]:
    """Posts of ours that were liked or boosted lately, with their counts as they are now."""
    wanted: Params = (("limit", "40"), *(("types[]", kind) for kind in sorted(QUIET)))
    if api.server.api >= GROUPED:
        merged = (*wanted, *(("grouped_types[]", kind) for kind in sorted(QUIET)))
        answer = await api.one("/api/v2/notifications", merged, what="reactions")
        statuses = answer.get("statuses")
        statuses = statuses if isinstance(statuses, list) else []
    else:
        page = await api.list(NOTIFICATIONS, wanted, what="reactions")
        statuses = [i["status"] for i in page if isinstance(i, dict) and i.get("type") in QUIET and i.get("status")]
    found = []
    for status in statuses:
        number = str(status.get("id")) if isinstance(status, dict) else ""
        if number and at.prints.get(number) != (now := fingerprint(status)):
            at.prints[number] = now
            found.append(message_from_status(status, api.server))
    return [m for m in found if m.ours]


# --- small things ---


def _messages(api: Api, page: list[Any]) -> list[Message]:
    """Notifications as messages, oldest first, so that an answer follows what it answers."""
    held = (item for item in page if isinstance(item, dict) and item.get("filtered") is True)
    api.session.filtered |= {requests.sender_of(item) for item in held}
    found = (message_from_notification(item, api.server) for item in reversed(page))
    return [m for m in found if m is not None]


def _with_id(page: list[Any]) -> list[dict[str, Any]]:
    return [item for item in page if isinstance(item, dict) and isinstance(item.get("id"), str | int)]


def _ids(page: list[Any]) -> list[str]:
    return [str(item["id"]) for item in _with_id(page)]


def _is_boost(status: Any) -> bool:
    return isinstance(status, dict) and bool(status.get("reblog"))


def _looks_new(at: Position, status: Any) -> bool:
    number = status.get("id") if isinstance(status, dict) else None
    return number is None or (not _is_boost(status) and at.prints.get(str(number)) != fingerprint(status))


def _print(at: Position, status: Any) -> None:
    if isinstance(status, dict) and status.get("id") and not _is_boost(status):
        at.prints[str(status["id"])] = fingerprint(status)


def _set(words: str, api: Api) -> datetime:
    return moment(words) or api.now()


def _beyond(item: Any, now: datetime) -> bool:
    when = utc(item.get("created_at")) if isinstance(item, dict) else None
    return when is not None and when < now - HISTORY


def _older_than(item: Any, now: datetime) -> bool:
    when = utc(item.get("created_at"))
    return when is not None and when < now - timedelta(minutes=2)
