"""Fetching: the import of a year, then the poll that loses nothing (facebook.md section 2.5).

A poll sweeps the feed of the last thirty days. Its order is "ranked" and promises nothing, so every row is held against
what the cursor knows instead of stopping at the first known one. A post that is new or whose pair moved has its
comments read; so has, once a day, every young post (deletions that balance additions, edits, hides), and once a week
every older one. What stands elsewhere (posts that name us, reels, recommendations) comes at a slower beat; private
messages with every poll, where allowed.

A dead token must not look like a quiet Page: a user's token gets empty lists with status 200. So each run proves once
that the token is the Page's own.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.facebook import asking, beats, comments
from inbox.connectors.facebook.comments import Found
from inbox.connectors.facebook.cursor import HISTORY, YOUNG, Position, long, minutes, moment
from inbox.connectors.facebook.graph import Api, asked, is_gone
from inbox.connectors.facebook.ids import comment_id
from inbox.connectors.facebook.parsing import total_of, utc
from inbox.connectors.facebook.posts import read_comments, take
from inbox.connectors.facebook.troubles import Told
from inbox.errors import SignInNeeded, Unavailable
from inbox.model import Batch, Capability, Cursor

log = logging.getLogger(__name__)

DAILY, WEEKLY = timedelta(hours=24), timedelta(days=7)
DIRTY_AT_ONCE: Final = 25
WHOLE_AT_ONCE: Final = 5
OLD_AT_ONCE: Final = 3
MISSED_EVERY_S: Final = 3_600
_IMPORT_ROWS: Final = 25


async def fetch(api: Api, cursor: Cursor, can: Capability) -> Batch:
    """The batch after ``cursor``. Raises SignInNeeded when the token died, never an empty batch instead."""
    at = Position.of(cursor, api.page)
    essence = at.essence()
    await prove(api)
    now = api.now()
    at.started_at = at.started_at or now.isoformat()
    found = Found()
    if not at.begun:
        await _import(api, at, found)
    complete = at.begun and (not found.messages or await _poll(api, at, found, can, sweep=False))
    if complete and not found.messages:
        complete = await _poll(api, at, found, can, sweep=True)
    window: tuple[datetime | None, datetime | None] = (None, None)
    if complete:
        window = (moment(at.read_at), moment(at.started_at))
        at.read_at, at.started_at = at.started_at, ""
    at.trim(now)
    moved = bool(found.messages or found.gone) or at.essence() != essence
    return Batch(
        messages=tuple({m.remote_id: m for m in found.messages}.values()),
        cursor=at.cursor() if moved else cursor,
        complete=complete or not moved,
        gone=tuple(dict.fromkeys(found.gone)),
        window_from=window[0],
        window_to=window[1],
        requests=api.requests,
    )


async def prove(api: Api) -> None:
    """Raise SignInNeeded unless the token is this Page's own."""
    if api.session.proven:
        return
    me = await api.get("me", {"fields": "id,name"}, what="whose token this is")
    if str(me.get("id")) != api.page:
        hint = "Sign in again; Postroom fetches the Page's own token then."
        raise SignInNeeded("The token is not the Page's own, so Facebook would show nothing", hint=hint)
    api.session.proven = True


# --- the import ---


async def _import(api: Api, at: Position, found: Found) -> None:
    """The next page of the feed with something on it, and all comments below; the last page ends the import."""
    while not at.begun and not found.messages:
        params = {"fields": asking.of_post(api.session, f"{api.page}_"), **at.walking(api.now())}
        page = await comments.pages(api, f"{api.page}/feed", params, rows=_IMPORT_ROWS, what="the feed")
        dirty = {post: row for row in page.rows if (post := take(api, at, row, found))}
        await read_comments(api, at, dirty, found, whole=frozenset(dirty))
        beyond = [_moved(row) for row in page.rows]
        old = bool(beyond) and all(when is not None and when < api.now() - HISTORY for when in beyond)
        at.walk, at.walk_at = dict(page.further), api.now().isoformat()
        at.begun = old or not page.further
        if at.begun:
            at.walk = {}


# --- the poll ---


async def _poll(api: Api, at: Position, found: Found, can: Capability, *, sweep: bool) -> bool:
    """What is new everywhere; False when there is more than goes into one batch."""
    done = True
    if sweep:
        done = await _sweep(api, at, found)
    if done:
        await beats.poll(api, at, found, can)
    return done


async def _sweep(api: Api, at: Position, found: Found) -> bool:
    dirty: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    further: Mapping[str, str] = {}
    now = api.now()
    while True:
        params = {"fields": asking.of_post(api.session, f"{api.page}_"), **further}
        page = await comments.pages(api, f"{api.page}/feed", params, rows=asking.FEED_ROWS, what="the feed")
        for row in page.rows:
            seen[str(row.get("id")) if isinstance(row, Mapping) else ""] = row
            if post := take(api, at, row, found):
                dirty[post] = row
        further = page.further
        times = [_moved(row) for row in page.rows]
        if not further or (times and all(when is not None and when < now - YOUNG for when in times)):
            break
    dirty = {post: row for post, row in dirty.items() if api.session.due(f"comments {post}", now, MISSED_EVERY_S)}
    ready = dict(list(dirty.items())[:DIRTY_AT_ONCE])
    if ready:
        await read_comments(api, at, ready, found)
    if len(ready) < len(dirty):
        return False
    await _again(api, at, found, seen)
    return True


async def _again(api: Api, at: Position, found: Found, seen: Mapping[str, Any]) -> None:
    """Posts whose turn it is to be read whole, and young ones that the sweep should have shown and did not."""
    now = api.now()
    young = {p for p, s in at.posts.items() if s.moved >= minutes(now - YOUNG)}
    due = [p for p in at.posts if now - _read(api, at, p) >= (DAILY if p in young else WEEKLY)]
    due.sort(key=lambda p: _read(api, at, p))
    turn = [p for p in due if p in young][:WHOLE_AT_ONCE] + [p for p in due if p not in young][:OLD_AT_ONCE]
    missed = [p for p in young if p not in seen and p not in turn and api.session.due(f"post {p}", now, MISSED_EVERY_S)]
    rows = {post: seen[post] for post in turn if post in seen}
    for post in [post for post, row in rows.items() if not at.posts[post].comments and not total_of(row, "comments")]:
        api.session.read_at[post] = now
        del rows[post]
    wanted = [*(post for post in turn if post not in seen), *sorted(missed)[:DIRTY_AT_ONCE]]
    urls = [asked(post, {"fields": asking.of_post(api.session, post)}) for post in wanted]
    for post, answer in zip(wanted, await api.batch(urls, what="a post"), strict=True):
        api.session.asked_at[f"post {post}"] = now
        if is_gone(answer):
            stand = at.posts.pop(post)
            found.gone += [post, *(comment_id(post, long(post, kept)) for kept in stand.comments)]
        elif isinstance(answer, Told):
            log.info("%s: post %s cannot be read again: %s", api.account, post, answer.error)
            if not isinstance(answer.error, Unavailable):
                api.session.read_at[post] = now
        else:
            dirty = take(api, at, answer, found)
            if post in turn or dirty:
                rows[post] = answer
    if rows:
        await read_comments(api, at, rows, found, whole=frozenset(rows))


def _read(api: Api, at: Position, post: str) -> datetime:
    """When a post was last read whole; never is long ago."""
    kept = datetime.fromtimestamp(at.posts[post].read * 60, api.now().tzinfo)
    return max(api.session.read_at.get(post, kept), kept)


def _moved(row: Any) -> datetime | None:
    fields: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    times = [t for t in (utc(fields.get("updated_time")), utc(fields.get("created_time"))) if t is not None]
    return max(times, default=None)
