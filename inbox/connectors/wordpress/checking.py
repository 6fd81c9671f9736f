"""What became of given messages, and how everything stands: reread and sweep (wordpress.md section 4, 2 and 3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.wordpress import lists
from inbox.connectors.wordpress.cursor import Position, step
from inbox.connectors.wordpress.lists import COMMENTS, ENTRIES_PER_PAGE, ROUTES, id_of, letter_of
from inbox.connectors.wordpress.parsing import (
    COMMENT_FIELDS,
    POST_FIELDS,
    message_from_comment,
    message_from_post,
    sighting_of_comment,
    sighting_of_post,
)
from inbox.connectors.wordpress.polling import Moved
from inbox.connectors.wordpress.site import PER_PAGE, Api, Page, is_gone
from inbox.errors import BadReply
from inbox.model import Batch, Cursor, Message, Sighting, SweepPage

MOST_IDS: Final = 100


async def reread(api: Api, remote_ids: Sequence[str]) -> Batch:
    """These messages as they are now. What the list leaves out is asked for by its number: only a 404 by WordPress
    itself makes it gone."""
    wanted: dict[str, list[int]] = {}
    for remote_id in list(dict.fromkeys(remote_ids))[:MOST_IDS]:
        kind, number = parted(remote_id)
        if number:
            wanted.setdefault(kind, []).append(number)
    messages: list[Message] = []
    gone: list[str] = []
    for kind, numbers in wanted.items():
        route = await route_of(api, kind)
        if not route:
            continue  # the plugin that knew this type is switched off: nobody can say anything about these
        found = await _found(api, kind, route, numbers)
        messages += found
        seen = {m.remote_id for m in found}
        for number in numbers:
            if f"{kind}:{number}" not in seen:
                one = await _one(api, kind, route, number)
                if one is None:
                    gone.append(f"{kind}:{number}")
                elif one:
                    messages.append(one[0])
    return Batch(messages=tuple(messages), gone=tuple(gone), cursor=START, requests=api.requests)


async def sweep(api: Api, cursor: Cursor, moved: Moved) -> AsyncIterator[SweepPage]:
    """Ids, states and parents of everything, oldest first; the last page carries the cursor with the new totals."""
    at = Position.of(cursor)
    moved.clear()
    # Counted first: what moves while we sweep differs from these counts at the next poll, and is swept again.
    counts = await lists.comment_counts(api)
    letters: dict[str, str] = {}
    async for page in _comment_pages(api):
        counts.setdefault("any", page.total or 0)
        for item in page.items:
            number, letter = id_of(item), letter_of(item)
            if str(number) in letters or not number:
                continue
            letters[str(number)] = letter
            if number > at.mark:  # the next poll counts it as new
                counts["any"] -= 1
                if letter in counts:
                    counts[letter] -= 1
        yield SweepPage(sightings=_sightings(page.items, sighting_of_comment))
    for kind, route in ROUTES.items():
        newer = total = 0
        async for page in _entry_pages(api, route):
            total = max(total, page.total or 0)
            newer += sum(id_of(item) > at.highest.get(kind, 0) for item in page.items)
            yield SweepPage(sightings=_sightings(page.items, sighting_of_post))
        at.entry_totals[kind] = max(0, total - newer)
    at.totals = counts
    at.recent = {number: letters[number] for number in at.recent if number in letters}
    at.swept_at = at.counted_at = api.now().isoformat()
    whole = [kind for kind, route in ROUTES.items() if lists.sees_all(api, route)]
    yield SweepPage(
        sightings=(),
        swept_prefixes=("comment:", *(f"{kind}:" for kind in whole)),
        cursor=at.cursor() if at.phase == "poll" else None,
    )


def parted(remote_id: str) -> tuple[str, int]:
    """("comment", 74) for "comment:74"; the number is 0 for anything else."""
    kind, _, number = remote_id.rpartition(":")
    return (kind, int(number)) if kind and kind != "unreadable" and number.isdigit() else ("", 0)


async def route_of(api: Api, kind: str) -> str:
    """The list that holds messages of this kind; other types' lists are named by the blog. Empty when there is none."""
    if kind == "comment":
        return COMMENTS
    if kind in ROUTES:
        return ROUTES[kind]
    types = await api.read("wp/v2/types", {"context": "view"}, "the types")
    one = types.get(kind)
    if not isinstance(one, dict) or not isinstance(one.get("rest_base"), str):
        return ""
    return f"{one.get('rest_namespace') or 'wp/v2'}/{one['rest_base']}"


def message_of(api: Api, kind: str, item: Any) -> Message | None:
    """The item as a message of its kind; None for an editors' note."""
    return message_from_comment(item, api.site) if kind == "comment" else message_from_post(item, api.site)


async def _found(api: Api, kind: str, route: str, numbers: Sequence[int]) -> list[Message]:
    size = PER_PAGE if kind == "comment" else ENTRIES_PER_PAGE
    found: list[Message] = []
    for start in range(0, len(numbers), size):
        some = numbers[start : start + size]
        page = await (lists.comments_by_id(api, some) if kind == "comment" else lists.entries(api, route, ids=some))
        found += (m for m in (message_of(api, kind, item) for item in page.items) if m is not None)
    return found


async def _one(api: Api, kind: str, route: str, number: int) -> tuple[Message, ...] | None:
    """The message, an empty tuple when nothing can be said about it, None when WordPress says that it is gone."""
    fields = COMMENT_FIELDS if kind == "comment" else POST_FIELDS
    reply = await api.ask("GET", f"{route}/{number}", {"context": "edit", "_fields": fields})
    if is_gone(reply):
        return None
    if reply.status in {403, 404}:
        return ()
    api.judge(reply, f"{kind} {number}")
    message = message_of(api, kind, reply.json(f"{kind} {number}"))
    return (message,) if message else ()


async def _comment_pages(api: Api) -> AsyncIterator[Page]:
    offset = last = back = 0
    while True:
        page = await lists.comment_outline(api, offset=offset)
        yield page
        if page.ends_at(offset):
            return
        offset, last, back = _onwards(page, offset, last, back)


async def _entry_pages(api: Api, route: str) -> AsyncIterator[Page]:
    offset = last = back = 0
    while True:
        page = await lists.entry_outline(api, route, orderby="id", order="asc", offset=offset)
        yield page
        if page.ends_at(offset):
            return
        offset, last, back = _onwards(page, offset, last, back)


def _onwards(page: Page, offset: int, last: int, back: int) -> tuple[int, int, int]:
    ids = [i for i in map(id_of, page.items) if i]
    highest = max([last, *ids])
    offset, back, forward = step(offset, back, not ids or min(ids) <= last, highest > last, PER_PAGE)
    return offset, highest if forward else last, back


def _sightings(items: Sequence[Any], read: Any) -> tuple[Sighting, ...]:
    """Sightings of one page; one that cannot be read makes the page unreadable, as it would look like a deletion."""
    try:
        return tuple(s for s in map(read, items) if s is not None)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadReply("the sweep: an item without id or status") from None
