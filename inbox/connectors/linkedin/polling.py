"""Fetching: the poll that loses nothing and fits 100 calls a day (linkedin.md sections 4.2 and 4.5).

Each poll asks for the notifications since two hours before the last one: mostly one call, and a comment's words are in
it. What is left of the day beyond the polls to come goes into the rest: which comment an answer belongs to, a few
names, our own posts and their counts, and a look at the comments themselves where the counts disagree.

A walk over several pages reads the newest first; it may be broken off anywhere and goes on there, tomorrow if need be.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.linkedin import names, ours, sweeping, threads
from inbox.connectors.linkedin.cursor import DAY_MS, OVERLAP_MS, Position
from inbox.connectors.linkedin.parsing import (
    COMMENTS,
    DELETED,
    View,
    message_from_notification,
    moment,
    post_of,
    subject_of,
)
from inbox.connectors.linkedin.server import Api
from inbox.connectors.linkedin.urns import born_at, is_comment, is_post
from inbox.errors import BadReply, NotAllowed, NotFound, OutOfBudget, Rejected, Unavailable
from inbox.model import Batch, Channel, Cursor, Message

log = logging.getLogger(__name__)

PATH: Final = "/rest/organizationalEntityNotifications"
ACTIONS: Final = ("COMMENT", "COMMENT_EDIT", "COMMENT_DELETE", "ADMIN_COMMENT", "SHARE", "SHARE_MENTION")
HISTORY_MS: Final = 30 * DAY_MS
"""How far back the first reading goes: older talk is nobody's debt, and each page costs a call."""
AGAIN_AFTER_MS: Final = 10 * 60_000
OWN_EVERY: Final = timedelta(hours=3)
RANGES_AGAIN: Final = timedelta(days=1)
EXTRA_PAGES: Final = 2
"""Without timeRange the order of the pages is not promised, so so many more are read beyond what is known."""


async def fetch(api: Api, channel: Channel, cursor: Cursor) -> Batch:
    """The batch after ``cursor``: notifications first; when one of the rest cannot be read now, they still come."""
    at = Position.of(cursor, channel.remote_id)
    now = _ms(api.now())
    gap = at.plan(now, HISTORY_MS, AGAIN_AFTER_MS)
    found: list[Message] = []
    gone: list[str] = []
    while at.windows and not found and not gone:
        await _page(api, channel, at, found, gone)
    complete = not at.windows
    window: tuple[datetime | None, datetime | None] = (None, None)
    if complete:
        at.finished()
        found += await _around(api, channel, at, gone)
        window = (moment(at.read_at or now - HISTORY_MS), moment(now))
        at.read_at = now
    return Batch(
        messages=tuple({m.remote_id: m for m in found if m.remote_id not in gone}.values()),
        cursor=at.cursor() if found or gone or not complete or cursor == START else cursor,
        complete=complete,
        gone=tuple(dict.fromkeys(gone)),
        window_from=window[0],
        window_to=window[1],
        gap_before=gap,
        requests=api.requests,
    )


async def _page(api: Api, channel: Channel, at: Position, found: list[Message], gone: list[str]) -> None:
    """The next page of the first window, taken in; the window goes when it is read to its end."""
    window = at.windows[0]
    start, end, offset = window
    try:
        elements, more = await _read(api, channel, at, start, end, offset)
    except _NoRanges:
        at.no_ranges = True
        at.windows = [[min(w[0] for w in at.windows), max(w[1] for w in at.windows), 0]]
        return
    fresh = [e for e in elements if _is_new(e, at, start)]
    fresh.sort(key=lambda e: (_at(e), _rank(e), abs(int(_number(e) or 0))))
    wanted = [e for e in fresh if not _is_overtaken(e, at, gone)]
    for element in fresh:
        _learn(element, at, api.now())
    parents = await threads.parents(api, channel, wanted)
    await names.learn(api, [owner for e in wanted if (owner := _owner(e)) != channel.remote_id])
    view = View(organization=channel.remote_id, title=channel.title, now=api.now(), names=names.known(api))
    found += [message_from_notification(e, view, parent=parents.get(subject_of(e), "")) for e in wanted]
    window[2] = offset + len(elements)
    if at.no_ranges and elements and not fresh and offset >= EXTRA_PAGES * len(elements):
        more = False
    if not more:
        at.windows.pop(0)


async def _read(api: Api, channel: Channel, at: Position, start: int, end: int, offset: int) -> tuple[list[Any], bool]:
    asked: dict[str, Any] = {
        "q": "criteria", "organizationalEntity": channel.remote_id, "actions": list(ACTIONS),
    }  # fmt: skip
    what = "notifications read"
    again = not offset and api.session.due("time ranges", api.now(), RANGES_AGAIN)
    if at.no_ranges and not again:
        return await api.page(PATH, asked, offset, what=what)
    try:
        page = await api.page(PATH, {**asked, "timeRange": {"start": start, "end": end}}, offset, what=what)
    except Rejected as error:
        if offset:
            raise
        log.info("%s: LinkedIn refuses timeRange, pages are read from the newest on", api.account)
        api.session.asked_at["time ranges"] = api.now()
        raise _NoRanges from error
    at.no_ranges = False
    return page


class _NoRanges(Exception):
    """LinkedIn refuses to be asked for a span of time."""


def _is_new(element: Any, at: Position, start: int) -> bool:
    """Not handed on before. Without timeRange pages hold what is long known as well."""
    number, when = _number(element), _at(element)
    if number and at.seen.get(number) == when:
        return False
    return not (at.no_ranges and when and when < start)


def _is_overtaken(element: Any, at: Position, gone: list[str]) -> bool:
    """Whether a later word on the same comment was heard already; takes in what is the last word so far."""
    if not isinstance(element, Mapping):
        return False
    urn, when, action = subject_of(element), _at(element), element.get("action")
    if not is_comment(urn):
        return False
    last = at.late.get(urn, -1)
    if last > when or (last == when and not _rank(element)):
        return True
    if action == DELETED:
        at.late[urn] = when
        gone.append(urn)
        return True
    if action == "COMMENT_EDIT":
        at.late[urn] = when
    return False


def _learn(element: Any, at: Position, now: datetime) -> None:
    """What a notification tells besides its words: that it was seen, which post has which activity, which comments."""
    if not isinstance(element, Mapping):
        return
    number, when = _number(element), _at(element)
    if number and when >= at.mark - OVERLAP_MS:
        at.seen[number] = when
    share, activity = post_of(element)
    source = element.get("decoratedSourcePost")
    if not is_post(share) or (isinstance(source, Mapping) and source.get("owner") != at.organization):
        return  # a post of somebody else's that names us is none of ours
    post = at.posts.get(share)
    if post is None:
        post = at.keep(share, _ms(born_at(share, now) or now))
    post.activity = activity or post.activity
    urn = subject_of(element)
    if is_comment(urn) and element.get("action") in COMMENTS:
        post.note(urn)


async def _around(api: Api, channel: Channel, at: Position, gone: list[str]) -> list[Message]:
    """What notifications do not tell: posts made elsewhere, counts, and what was said unnoticed."""
    now = api.now()
    found: list[Message] = []
    never, due = not at.modified, api.session.due(ours.PART, now, OWN_EVERY)
    if ours.PART in api.session.absent or not (never or (due and api.spare() > 0)):
        return found
    try:
        posts, counts, vanished = await ours.read(api, channel, at)
        found += posts
        gone += vanished
        api.session.asked_at[ours.PART] = now
        found += await sweeping.sweep(api, channel, at, counts)
        at.gap = False
    except (NotFound, NotAllowed, Rejected) as error:
        log.warning("%s: own posts are not asked for again: %s", api.account, error)
        api.session.absent.add(ours.PART)
    except (Unavailable, BadReply, OutOfBudget) as error:
        log.warning("%s: own posts cannot be read now: %s", api.account, error)
    return found


# --- small things ---


def _rank(element: Any) -> int:
    """Of two words on one comment at the same moment, the higher is the later."""
    action = element.get("action") if isinstance(element, Mapping) else None
    return {"COMMENT_EDIT": 1, DELETED: 2}.get(str(action), 0)


def _number(element: Any) -> str:
    number = element.get("notificationId") if isinstance(element, Mapping) else None
    return str(number) if isinstance(number, int) else ""


def _at(element: Any) -> int:
    when = element.get("lastModifiedAt") if isinstance(element, Mapping) else None
    return when if isinstance(when, int) else 0


def _owner(element: Any) -> str:
    made = element.get("decoratedGeneratedActivity") if isinstance(element, Mapping) else None
    inner = made.get("comment") or made.get("share") if isinstance(made, Mapping) else None
    return str(inner.get("owner") or "") if isinstance(inner, Mapping) else ""


def _ms(when: datetime) -> int:
    return int(when.timestamp() * 1000)
