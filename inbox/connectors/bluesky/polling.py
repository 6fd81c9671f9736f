"""Fetching: our posts and all notifications once, then the poll that loses nothing (bluesky.md section 4).

What a quiet poll costs: one request for the newest hundred notifications, one for our newest hundred posts with their
counts. What is new costs one more per 25 posts. Counts that the notifications do not explain make us read the thread
itself, as do, on a slower clock, threads with something said lately: that is how answers arrive that were never
notified (five levels deep, indexed in the same instant, or claiming to be old).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.bluesky import chat, ours
from inbox.connectors.bluesky.cursor import MOST_SEEN, Position, bumped, key_of, print_of
from inbox.connectors.bluesky.ours import PER_PAGE, Looked
from inbox.connectors.bluesky.parsing import (
    QUIET,
    is_post,
    message_from_bare_notification,
    message_from_notification,
    moment,
    unreadable,
)
from inbox.connectors.bluesky.views import Folded, hidden_among, messages_from, views
from inbox.connectors.bluesky.xrpc import Api, listed
from inbox.model import Batch, Cursor, Message

log = logging.getLogger(__name__)

OVERLAP: Final = timedelta(hours=48)
WHOLE_OVERLAP_EVERY: Final = timedelta(minutes=10)
_POSTS: Final = frozenset({"reply", "mention", "quote"})


async def fetch(api: Api, cursor: Cursor, looked: Looked, folded: Folded, *, direct: bool) -> Batch:
    """The batch after ``cursor``. ``direct``: read direct messages too. ``folded``: kept while the past is imported, so
    that our threads are not asked for again with every page that stands in them."""
    at = Position.of(cursor)
    messages: list[Message] = []
    complete = False
    began_at = at.started_at = at.started_at or api.now().isoformat()
    while not messages and not complete:
        if at.phase == "posts":
            messages = await ours.import_posts(api, at, folded)
        elif at.phase == "poll" and at.due and not at.walk:
            messages, complete = await ours.due_threads(api, at), not at.due
        else:
            messages, complete = await _notes(api, at, looked, folded, direct=direct)
    window: tuple[datetime | None, datetime | None] = (None, None)
    if complete:
        window = (moment(at.read_at), moment(began_at))
        at.read_at, at.started_at = began_at, ""
    return Batch(
        messages=tuple(_once(messages)),
        cursor=at.cursor() if messages else cursor,
        complete=complete,
        window_from=window[0],
        window_to=window[1],
        requests=api.requests,
    )


# --- notifications ---


async def _notes(
    api: Api, at: Position, looked: Looked, folded: Folded, *, direct: bool
) -> tuple[list[Message], bool]:  # fmt: skip
    """One page of notifications; at the end of the walk also our posts and threads."""
    importing = at.phase == "notes"
    if not importing:
        folded.clear()  # somebody may fold an answer away at any time
    if not at.walk:
        read_whole = looked.get("the overlap")  # remembered too, since a poll that brings nothing moves no cursor
        rested = read_whole is None or api.now() - read_whole >= WHOLE_OVERLAP_EVERY
        at.whole = importing or (rested and _due(api, at.full_at, WHOLE_OVERLAP_EVERY))
        if at.whole:
            looked["the overlap"] = api.now()
    answer = await api.query(
        "app.bsky.notification.listNotifications", {"limit": PER_PAGE, "cursor": at.walk or None}, "the notifications"
    )
    items, strange = _readable(listed(answer, "notifications", "the notifications"))
    prints = {print_of(item): item for item in items}
    new = {word: item for word, item in prints.items() if word not in at.seen and word not in at.edge}
    oldest = min(map(key_of, items), default=0)
    done = _step(at, api, prints, new, str(answer.get("cursor") or ""), oldest, importing)
    messages = [*await _said(api, new.values(), folded), *strange] if new or strange else []
    ours.note_activity(api, at, new.values())
    if not done:
        if not messages and new:
            messages = await ours.liked(api, new.values(), {})
        return messages, False
    if importing:
        at.phase = "poll"
        at.full_at = at.started_at
    if not importing or not messages:  # an import that ends with nothing cannot move the cursor: it polls at once
        messages += await ours.poll(api, at, list(new.values()), looked)
    if direct:
        messages += await chat.poll(api, at)
    return messages, not at.due


def _step(
    at: Position,
    api: Api,
    prints: Mapping[str, Mapping[str, Any]],
    new: Mapping[str, Mapping[str, Any]],
    cursor: str,
    oldest: int,
    importing: bool,
) -> bool:
    """Note this page, and go on to the next; True when the walk is at its end."""
    first = not at.walk
    stuck = not first and at.walk != at.plain and set(prints) <= set(at.edge)
    at.walked = len(prints) + (0 if first else at.walked)
    if at.walked <= MOST_SEEN:  # the newest are what the next poll meets again
        at.seen.update({word: key_of(item) for word, item in prints.items()})
        at.walked_from = oldest
    began = moment(at.read_at) or moment(at.started_at) or api.now()
    floor = max(int((began - OVERLAP).timestamp() * 1000), at.known_from)
    if importing:
        if first:
            at.keep_from = min(oldest, floor)
        at.seen = {word: key for word, key in at.seen.items() if key >= at.keep_from}
        done = not cursor
    else:
        done = not cursor or oldest < floor or not (at.whole or new)
    if not done:
        at.edge = list(prints)
        # A page of the extra millisecond that shows nothing but the page before would come again and again.
        at.walk, at.plain = (cursor if stuck else bumped(cursor)), cursor
        return False
    if at.whole and not importing:
        at.keep_from, at.full_at = min(oldest, floor), at.started_at
    if at.walked > MOST_SEEN:
        at.known_from = max(at.known_from, at.walked_from)
    newest = sorted(((key, word) for word, key in at.seen.items() if key >= at.keep_from), reverse=True)
    if len(newest) > MOST_SEEN:
        at.known_from = max(at.known_from, newest[MOST_SEEN - 1][0])
    at.seen = {word: key for key, word in newest if key >= at.known_from}
    at.walk, at.plain, at.edge, at.walked = "", "", [], 0
    return True


def _readable(items: Sequence[Any]) -> tuple[list[Mapping[str, Any]], list[Message]]:
    """Notifications with an address, and whatever else stood in the list, kept raw."""
    good = [item for item in items if isinstance(item, Mapping) and item.get("uri")]
    bad = [item for item in items if isinstance(item, Mapping) and not item.get("uri")]
    return good, [unreadable(item, f"notification:{print_of(item)}") for item in bad]


async def _said(api: Api, items: Iterable[Mapping[str, Any]], folded: Folded) -> list[Message]:
    """Messages of the notifications that have words: posts as they are now, notices as they were."""
    items = [item for item in items if item.get("reason") not in QUIET]
    posts = {str(i["uri"]): i for i in items if i.get("reason") in _POSTS and is_post(i.get("record"))}
    found = await views(api, posts)
    messages = messages_from(api, found.values(), await hidden_among(api, found.values(), folded))
    for item in items:
        try:
            if str(item["uri"]) not in posts:
                messages.append(message_from_notification(item, api.place))
            elif str(item["uri"]) not in found:
                messages.append(message_from_bare_notification(item, api.place))
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("a notification cannot be read")
            messages.append(unreadable(item, "notification"))
    return messages


def _once(messages: list[Message]) -> list[Message]:
    """Each message once, as it was read last, oldest first, so that an answer follows what it answers."""
    return sorted({m.remote_id: m for m in messages}.values(), key=lambda m: (m.created_at, m.remote_id))


def _due(api: Api, last: str, every: timedelta) -> bool:
    at = moment(last)
    return at is None or api.now() - at >= every
