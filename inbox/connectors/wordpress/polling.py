"""Fetching: the import, oldest first, then the poll that loses nothing (wordpress.md section 4).

What a poll costs: one request for the newest hundred comments, which is also the overlap. Every COUNTS_EVERY_S four
counts on top (the fifth, of all comments, comes with each page for nothing); every ENTRIES_EVERY_S the outlines of
posts and pages, four small requests, and the whole of those that changed. A comment on an entry that was never seen
brings that entry along in the same batch.

Comments come first: when the counts or the entries cannot be read just now, the comments are delivered all the same
and the rest is tried again at its next turn.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, MutableMapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import unquote

from inbox.connectors.wordpress import lists
from inbox.connectors.wordpress.cursor import PARTS, Position, Walk, moment, step
from inbox.connectors.wordpress.lists import ENTRIES_PER_PAGE, ROUTES, fingerprint, id_of, letter_of
from inbox.connectors.wordpress.parsing import (
    collection_of,
    context_of,
    message_from_comment,
    message_from_post,
)
from inbox.connectors.wordpress.site import PER_PAGE, Api, Page
from inbox.errors import BadReply, NotAllowed, NotFound, Unavailable
from inbox.model import Batch, Cursor, Message

log = logging.getLogger(__name__)

COUNTS_EVERY_S: Final = 300
ENTRIES_EVERY_S: Final = 600
SWEEP_EVERY_S: Final = 86_400
IDS_BELOW: Final = 50  # so many known ids must be seen before a walk ends: ids are handed out before they are committed
ASKED_KEPT: Final = 300
PRINTS_KEPT: Final = 200

Moved = MutableMapping[int, tuple[str, str]]
"""Comments that we moved ourselves since the last poll: status counted under before and after, "" for none."""


async def fetch(api: Api, cursor: Cursor, moved: Moved) -> Batch:
    """The batch after ``cursor``. Raises SignInNeeded when rights are lost, never an empty batch instead."""
    at = Position.of(cursor)
    window: tuple[datetime | None, datetime | None] = (None, None)
    drifted = False
    began_at = at.started_at = at.started_at or api.now().isoformat()
    if at.phase == "import":
        messages = await _import(api, at)
        complete = at.phase == "poll"
    else:
        messages, total = await _newest_with_messages(api, at, moved)
        complete = at.walk is None
        if complete:
            drifted = await _moved_unseen(api, at, total)
            changed, fewer = await _changed_entries(api, at)
            messages, drifted = [*changed, *messages], drifted or fewer
    if complete:
        window = (moment(at.read_at), moment(began_at))
        at.read_at, at.started_at = began_at, ""
    return Batch(
        messages=tuple(messages),
        cursor=at.cursor() if messages else cursor,
        complete=complete or not messages,
        window_from=window[0],
        window_to=window[1],
        drifted=drifted,
        requests=api.requests,
    )


# --- the import ---


async def _import(api: Api, at: Position) -> list[Message]:
    """The next page that holds anything; an empty list only when the whole blog is empty."""
    while at.phase == "import":
        messages = await (_import_comments(api, at) if at.part == "comments" else _import_entries(api, at))
        if messages:
            return messages
    return []


async def _import_entries(api: Api, at: Position) -> list[Message]:
    kind = "post" if at.part == "posts" else "page"
    page = await _list_of(api, ROUTES[kind], at.offset)
    _remember(at, kind, page.items)
    if page.total is not None:
        at.entry_totals[kind] = page.total or at.entry_totals.get(kind, 0)
    _advance(at, page, ENTRIES_PER_PAGE, api)
    return [message_from_post(item, api.site) for item in page.items]


async def _list_of(api: Api, route: str, offset: int) -> Page:
    """A page of entries; a blog that closes this list to us has none, which must not keep comments from coming."""
    try:
        return await lists.entries(api, route, offset=offset)
    except (NotAllowed, NotFound) as error:
        log.warning("%s cannot be read: %s", route, error)
        return Page([], 0)


async def _import_comments(api: Api, at: Position) -> list[Message]:
    if not at.totals:
        # Counted before the first page: what moves while we read is then noticed, and swept, later.
        at.totals = await _counts(api)
    page = await lists.comments(api, order="asc", offset=at.offset)
    if page.total is not None:
        at.totals.setdefault("any", page.total)
    _advance(at, page, PER_PAGE, api)
    return [*await _unknown_entries(api, at, page.items), *_messages(api, page.items)]


def _advance(at: Position, page: Page, per_page: int, api: Api) -> None:
    """Go on to the next page, the next part, or from the import to the poll."""
    ids = [i for i in map(id_of, page.items) if i]
    if not page.ends_at(at.offset, per_page):
        joined = not ids or min(ids) <= at.last
        highest = max([at.last, *ids])
        at.offset, at.back, forward = step(at.offset, at.back, joined, highest > at.last, per_page)
        if forward:
            at.last = highest
        return
    at.last = max([at.last, *ids])
    if at.part == PARTS[-1]:
        at.phase, at.mark = "poll", at.last
        at.counted_at = at.entries_at = at.swept_at = at.started_at
    at.part = PARTS[min(PARTS.index(at.part) + 1, len(PARTS) - 1)]
    at.offset = at.last = at.back = 0


# --- the poll ---


async def _newest_with_messages(api: Api, at: Position, moved: Moved) -> tuple[list[Message], int | None]:
    """``_newest``, going on over pages that hold nothing for us (hidden items, editors' notes): an empty batch would
    not move the cursor. An empty list only when there are no comments at all."""
    walking = at.walk is not None
    messages, total = await _newest(api, at, moved)
    while not messages and (at.walk is not None or walking):
        walking = at.walk is not None
        messages, total = await _newest(api, at, moved)
    return messages, total


async def _newest(api: Api, at: Position, moved: Moved) -> tuple[list[Message], int | None]:
    """One page of the newest comments, and how many there are in all (None inside a longer walk)."""
    walk = at.walk
    offset = walk.offset if walk else 0
    page = await lists.comments(api, order="desc", offset=offset)
    ids = [i for i in map(id_of, page.items) if i]
    _explain(at, page.items, moved)
    if walk is None:
        walk = Walk(top=max(ids, default=at.mark), offset=0, lowest=max(ids, default=0) + 1)
    joined = not ids or max(ids) >= walk.lowest or offset == 0
    fresh = min([walk.lowest, *ids]) < walk.lowest
    next_offset, walk.back, forward = step(offset, walk.back, joined, fresh, PER_PAGE)
    if forward:
        walk.below += sum(i <= at.mark and i < walk.lowest for i in ids)
        walk.lowest = min([walk.lowest, *ids])
    walk.offset = next_offset
    done = page.ends_at(offset) or (forward and walk.below >= IDS_BELOW)
    if done:
        at.mark, at.walk = max(at.mark, walk.top), None
        at.recent = {n: at.recent[n] for n in sorted(at.recent, key=int)[-PER_PAGE:]}
    else:
        at.walk = walk
    found = [*await _unknown_entries(api, at, page.items), *_messages(api, page.items)]
    return found, page.total if offset == 0 else None


def _explain(at: Position, items: Iterable[Any], moved: Moved) -> None:
    """Bring ``totals`` to what they must be now, by what this page shows and by what we moved ourselves."""
    seen_down_to = at.walk.lowest if at.walk else None
    explained = set()
    for item in items:
        number = id_of(item)
        if not number or (seen_down_to is not None and number >= seen_down_to):
            continue
        letter, before = letter_of(item), at.recent.get(str(number))
        at.recent[str(number)] = letter
        if number > at.mark:
            _count(at, letter, +1)
            _count(at, "any", +1)
        elif before is not None:
            explained.add(number)
            _count(at, before, -1)
            _count(at, letter, +1)
    for number, (before, after) in list(moved.items()):
        if number <= at.mark and number not in explained:
            _count(at, before, -1)
            _count(at, *(("any", -1) if after == "gone" else (after, +1)))
            if str(number) in at.recent:
                at.recent[str(number)] = after
        del moved[number]


def _count(at: Position, letter: str, by: int) -> None:
    if letter in at.totals:
        at.totals[letter] += by


async def _moved_unseen(api: Api, at: Position, total: int | None) -> bool:
    """The blog's own counts differ from what we account for, or the daily look at everything is due."""
    drifted = _due(api, at.swept_at, SWEEP_EVERY_S)
    if total is not None and total != at.totals.setdefault("any", total):
        drifted = True
    if _due(api, at.counted_at, COUNTS_EVERY_S):
        now = await _counts(api)
        drifted = drifted or any(at.totals.setdefault(letter, number) != number for letter, number in now.items())
        if not drifted:
            at.counted_at = at.started_at
    return drifted


async def _counts(api: Api) -> dict[str, int]:
    """The four counts; empty when the host refuses HEAD or fails just now."""
    try:
        return await lists.comment_counts(api)
    except (Unavailable, BadReply, NotAllowed) as error:
        log.warning("comments cannot be counted: %s", error)
        return {}


async def _changed_entries(api: Api, at: Position) -> tuple[list[Message], bool]:
    """Posts and pages that changed since the last look, whole; and whether there are fewer than there should be."""
    if not _due(api, at.entries_at, ENTRIES_EVERY_S):
        return [], False
    messages: list[Message] = []
    fewer = False
    at.entries_at = at.started_at
    for kind, route in ROUTES.items():
        try:
            outline, total = await _outline(api, route, at.highest.get(kind, 0))
            known = at.entries.get(kind, {})
            changed = [number for number, item in outline.items() if known.get(str(number)) != fingerprint(item)]
            for start in range(0, len(changed), ENTRIES_PER_PAGE):
                page = await lists.entries(api, route, ids=changed[start : start + ENTRIES_PER_PAGE])
                messages += (message_from_post(item, api.site) for item in page.items)
        except (Unavailable, BadReply, NotAllowed, NotFound) as error:
            log.warning("%s cannot be read now: %s", route, error)
            continue
        new = sum(number > at.highest.get(kind, 0) for number in outline)
        expected = at.entry_totals.get(kind, total - new) + new
        fewer = fewer or total < expected
        at.entry_totals[kind] = max(total, expected)  # kept as expected until a sweep has looked
        at.entries[kind] = {str(number): fingerprint(item) for number, item in outline.items()}
        at.highest[kind] = max([at.highest.get(kind, 0), *outline])
    return messages, fewer


async def _outline(api: Api, route: str, highest: int) -> tuple[dict[int, Mapping[str, Any]], int]:
    """Outlines of the newest hundred by modification, and of all that are new by id: both, since a scheduled post is
    modified in the future and a back-dated one in the past (wordpress.md section 1, point 7)."""
    page = await lists.entry_outline(api, route, orderby="modified")
    found = {id_of(item): item for item in page.items if id_of(item)}
    offset = total = 0
    while True:
        page = await lists.entry_outline(api, route, orderby="id", offset=offset)
        found |= {id_of(item): item for item in page.items if id_of(item)}
        total = total or page.total or len(page.items)
        ids = [i for i in map(id_of, page.items) if i]
        if page.ends_at(offset) or (ids and min(ids) <= highest):
            return found, total
        offset += PER_PAGE - 5


# --- entries that comments stand under ---


async def _unknown_entries(api: Api, at: Position, items: Iterable[Any]) -> list[Message]:
    """The entries of these comments that were never seen, so that what is being discussed can be shown."""
    wanted: dict[str, dict[int, str]] = {}
    for item in items:
        if not isinstance(item, Mapping) or not isinstance(item.get("post"), int) or not item["post"]:
            continue
        kind, number = context_of(item).partition(":")[0], int(item["post"])
        known = number <= at.highest.get(kind, 0) or str(number) in at.entries.get(kind, {})
        route = ROUTES.get(kind) or _route(api, collection_of(item))
        if not known and number not in at.asked and route:
            wanted.setdefault(route, {})[number] = kind
    messages: list[Message] = []
    for route, kinds in wanted.items():
        numbers = list(kinds)
        try:
            for start in range(0, len(numbers), ENTRIES_PER_PAGE):
                page = await lists.entries(api, route, ids=numbers[start : start + ENTRIES_PER_PAGE])
                messages += (message_from_post(item, api.site) for item in page.items)
                for item in page.items:
                    if kinds.get(id_of(item)) in ROUTES:
                        at.entries.setdefault(kinds[id_of(item)], {})[str(id_of(item))] = fingerprint(item)
        except (BadReply, NotAllowed, NotFound) as error:
            log.warning("%s cannot be read: %s", route, error)
        except Unavailable as error:
            log.warning("%s cannot be read now: %s", route, error)
            continue
        at.asked = [*at.asked, *numbers][-ASKED_KEPT:]
    return messages


def _route(api: Api, href: str) -> str:
    """The route below our root that ``href`` names; empty when it leads anywhere else."""
    root, whole = unquote(api.site.root), unquote(href)
    route = whole.removeprefix(root)
    return route if href and whole.startswith(root) and "?" not in route and ".." not in route else ""


def _remember(at: Position, kind: str, items: Iterable[Any]) -> None:
    prints = at.entries.setdefault(kind, {})
    prints.update({str(id_of(item)): fingerprint(item) for item in items if id_of(item)})
    for number in sorted(prints, key=int)[:-PRINTS_KEPT]:
        del prints[number]
    at.highest[kind] = max([at.highest.get(kind, 0), *map(int, prints)])


def _messages(api: Api, items: Iterable[Any]) -> list[Message]:
    """Comments as messages, oldest first, so that an answer follows what it answers; editors' notes left out."""
    found = sorted(items, key=id_of)
    return [m for m in (message_from_comment(item, api.site) for item in found) if m is not None]


def _due(api: Api, last: str, every_s: int) -> bool:
    at = moment(last)
    return at is None or api.now() - at >= timedelta(seconds=every_s)
