"""Posts held against what the cursor knows of them, whatever list they came in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inbox.connectors.facebook import comments
from inbox.connectors.facebook.comments import Found
from inbox.connectors.facebook.cursor import HISTORY, Position, Stand, minutes
from inbox.connectors.facebook.graph import Api
from inbox.connectors.facebook.parsing import fingerprint, message_from_post, total_of, utc
from inbox.model import MessageKind, MessageState

_UNSEEN: Final = (MessageState.DRAFT, MessageState.SCHEDULED)


def take(api: Api, at: Position, row: Any, found: Found) -> str:
    """Hold a post against what is known; its message, if it is news, goes to ``found``. Returns its id if its comments
    have to be read, else nothing."""
    message = message_from_post(row, api.page, api.title)
    if message.kind is MessageKind.UNREADABLE:  # kept, and nothing more is asked of it
        if at.others.get(message.remote_id) != (print_ := fingerprint(message)):
            at.others[message.remote_id] = print_
            found.messages.append(message)
        return ""
    known = at.known_as(message.remote_id)
    if known != message.remote_id:
        return ""  # the same post by another list's id: that list says nothing new of it
    fields: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    updated = utc(fields.get("updated_time")) or message.created_at
    if known not in at.posts and updated < api.now() - HISTORY:
        return ""  # older than what is read at all
    stand = at.posts.setdefault(known, Stand())
    stand.ours = api.session.ours[known] = message.ours
    if stand.print != (print_ := fingerprint(message)):
        stand.print = print_
        found.messages.append(message)
    stand.moved = minutes(updated)
    total = total_of(fields, "comments")
    pair = f"{stand.moved}.{updated.second}/{total}"
    dirty = pair != stand.pair and message.state not in _UNSEEN
    if pair != stand.pair and not total and not stand.comments:
        dirty = False  # nothing there, and nothing was
    if not dirty:
        stand.pair = pair
        stand.read = stand.read or minutes(api.now())
    return known if dirty else ""


async def read_comments(
    api: Api, at: Position, rows: Mapping[str, Any], found: Found, *, whole: frozenset[str] = frozenset()
) -> None:
    """Read below these posts, then note them as read: their pairs and what is below them go into one cursor."""
    whole |= {post for post in rows if not at.posts[post].comments}  # of which nothing is known, all is read
    below = await comments.read(api, at, list(rows), whole=whole)
    found.messages += below.messages
    found.gone += below.gone
    for post, row in rows.items():
        stand = at.posts[post]
        if post in below.unread:
            continue  # as dirty as before
        if isinstance(row, Mapping):
            updated = utc(row.get("updated_time"))
            second = updated.second if updated else 0
            stand.pair = f"{stand.moved}.{second}/{total_of(row, 'comments')}"
        if post in whole:
            stand.read = minutes(api.now())
            api.session.read_at[post] = api.now()
