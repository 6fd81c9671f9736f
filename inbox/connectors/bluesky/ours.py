"""Our own posts with their counts, and the threads below them that the notifications do not account for.

This is how answers arrive that were never notified: five levels deep, indexed in the same instant as their parent, or
claiming to be old (bluesky.md section 4).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.bluesky import threads
from inbox.connectors.bluesky.cursor import Position, print_of
from inbox.connectors.bluesky.embeds import quoted_uri
from inbox.connectors.bluesky.parsing import QUIET, hidden_in, is_post, moment, owner_of, reply_of
from inbox.connectors.bluesky.views import Folded, hidden_among, messages_from, views
from inbox.connectors.bluesky.xrpc import Api, listed
from inbox.errors import NotFound, Unavailable
from inbox.model import Message

log = logging.getLogger(__name__)

PER_PAGE: Final = 100
YOUNG: Final = timedelta(days=2)
OLD: Final = timedelta(days=14)
YOUNG_EVERY: Final = timedelta(hours=1)
OLD_EVERY: Final = timedelta(days=1)
IMPORTED_THREADS: Final = timedelta(days=30)
DUE_AT_ONCE: Final = 4
SLOW_AT_ONCE: Final = 5
MOST_FEED_PAGES: Final = 20
MOST_QUOTE_PAGES: Final = 10

Looked = MutableMapping[str, datetime]
"""When a thread was last read for no other reason than the time; lost at a restart, which costs reading it once."""


@dataclass(slots=True)
class _Feed:
    """Views of our own posts, newest first; reposts of others left out."""

    views: dict[str, Mapping[str, Any]]
    cursor: str


async def _feed(api: Api, cursor: str) -> _Feed:
    params = {"actor": api.did, "limit": PER_PAGE, "filter": "posts_with_replies", "cursor": cursor or None}
    answer = await api.query("app.bsky.feed.getAuthorFeed", params, "our posts")
    found = {}
    for item in listed(answer, "feed", "our posts"):
        view = item.get("post") if isinstance(item, Mapping) else None
        if isinstance(view, Mapping) and owner_of(str(view.get("uri") or "")) == api.did:
            found[str(view["uri"])] = view
    return _Feed(found, str(answer.get("cursor") or ""))


async def import_posts(api: Api, at: Position, folded: Folded) -> list[Message]:
    """A page of our posts; what they fold away goes to ``folded``."""
    first = not at.feed
    page = await _feed(api, at.feed)
    recent = api.now() - IMPORTED_THREADS
    for uri, view in page.views.items():
        if first:
            at.posts[_rkey(uri)] = _counts(view)
        when = moment(view.get("indexedAt"))
        if _counts(view)[0] and when and when >= recent and not _parent(view):
            at.due.append(uri)  # the notifications do not tell of all that was answered there
    at.feed = page.cursor
    if not page.cursor:
        at.phase = "notes"
    folded.update({uri: hidden_in(view) for uri, view in page.views.items()})
    return messages_from(api, page.views.values(), await hidden_among(api, page.views.values(), folded))


async def poll(api: Api, at: Position, new: list[Mapping[str, Any]], looked: Looked) -> list[Message]:
    """Our posts that are new or counted differently, and the threads that the notifications do not account for."""
    messages: list[Message] = []
    feed = await _own_posts(api, at)
    replies = Counter(_parent(item) for item in new if is_post(item.get("record")))
    quotes = Counter(quoted_uri(item["record"]) for item in new if is_post(item.get("record")))
    changed = []
    for uri, view in feed.items():
        before = at.posts.get(_rkey(uri))
        if before is None:
            replies[_parent(view)] += 1
        if before != _counts(view):
            changed.append(view)
    quoted: list[str] = []
    for view in changed:
        uri = str(view["uri"])
        before, now = at.posts.get(_rkey(uri)) or [0, 0, 0, 0], _counts(view)
        if now[0] > before[0] + replies[uri]:
            at.due.append(uri)
        if now[1] > before[1] + quotes[uri]:
            quoted.append(uri)
    at.posts = {_rkey(uri): _counts(view) for uri, view in feed.items()}
    gates = {uri: hidden_in(view) for uri, view in feed.items()}
    messages += messages_from(api, changed, await hidden_among(api, changed, gates))
    messages += await liked(api, new, feed)
    for uri in quoted:
        messages += await _quotes(api, uri)
    messages += await due_threads(api, at)
    messages += await _slow_threads(api, at, looked)
    return messages


async def _own_posts(api: Api, at: Position) -> dict[str, Mapping[str, Any]]:
    """Our newest hundred posts; more, when none of these was known."""
    page = await _feed(api, "")
    found = dict(page.views)
    for _ in range(MOST_FEED_PAGES):
        if not page.cursor or any(_rkey(uri) in at.posts for uri in page.views):
            break
        page = await _feed(api, page.cursor)
        found |= page.views
    return found


async def due_threads(api: Api, at: Position) -> list[Message]:
    """A few of the threads that are due, whole."""
    messages: list[Message] = []
    for _ in range(DUE_AT_ONCE):
        if not at.due:
            break
        uri = at.due[0]
        found = await _thread(api, uri)
        at.due = at.due[1:]
        at.active[uri] = api.now().isoformat()
        at.digests[uri] = threads.digest(found)
        # The first one always: only a batch that holds something moves the cursor.
        messages += [*found[:1], *_unseen(at, found[1:])]
    return messages


async def _slow_threads(api: Api, at: Position, looked: Looked) -> list[Message]:
    """Threads of the last days whose time has come, of which something changed."""
    now = api.now()
    messages: list[Message] = []
    left = SLOW_AT_ONCE
    for uri, said in sorted(at.active.items(), key=lambda pair: pair[1], reverse=True):
        age = now - (moment(said) or now)
        if age > OLD:
            at.active.pop(uri)
            at.digests.pop(uri, None)
            continue
        every = YOUNG_EVERY if age <= YOUNG else OLD_EVERY
        if not left or (uri in looked and now - looked[uri] < every):
            continue
        left -= 1
        looked[uri] = now
        try:
            found = await _thread(api, uri)
        except Unavailable as error:
            log.info("a thread cannot be read now: %s", error)
            continue
        if threads.digest(found) != at.digests.get(uri):
            at.digests[uri] = threads.digest(found)
            at.active[uri] = now.isoformat()
            messages += [*found[:1], *_unseen(at, found[1:])]
    return messages


def _unseen(at: Position, messages: list[Message]) -> list[Message]:
    """Those of a thread that came by no other way yet; noted like notifications, so that each comes once."""
    found = []
    for message in messages:
        prints = [print_of({"uri": message.remote_id, "reason": reason}) for reason in ("reply", "mention", "quote")]
        ours = message.ours and message.remote_id.rpartition("/")[2] in at.posts
        if not ours and not any(word in at.seen for word in prints):
            at.seen[prints[0]] = int(message.created_at.timestamp() * 1000)
            found.append(message)
    return found


async def _thread(api: Api, uri: str) -> list[Message]:
    """A thread of ours; nothing when it is gone."""
    try:
        return (await threads.read(api, uri, parents=0))[0]
    except NotFound:
        return []


async def _quotes(api: Api, uri: str) -> list[Message]:
    messages: list[Message] = []
    cursor = ""
    for _ in range(MOST_QUOTE_PAGES):
        params = {"uri": uri, "limit": PER_PAGE, "cursor": cursor or None}
        answer = await api.query("app.bsky.feed.getQuotes", params, "the quotes")
        found = [v for v in listed(answer, "posts", "the quotes") if isinstance(v, Mapping) and v.get("uri")]
        messages += messages_from(api, found, await hidden_among(api, found, {}))
        cursor = str(answer.get("cursor") or "")
        if not cursor or not found:
            break
    return messages


async def liked(api: Api, items: Iterable[Mapping[str, Any]], known: Mapping[str, Any]) -> list[Message]:
    """Our posts that were liked or reposted, with their counts; ``known`` ones are left out."""
    subjects = {str(item.get("reasonSubject") or "") for item in items if item.get("reason") in QUIET}
    found = await views(api, sorted(uri for uri in subjects if owner_of(uri) == api.did and uri not in known))
    return messages_from(api, found.values(), await hidden_among(api, found.values(), {}))


def note_activity(api: Api, at: Position, new: Iterable[Mapping[str, Any]]) -> None:
    """Remember which threads of ours somebody said something in, and when."""
    for item in new:
        record = item.get("record")
        root = reply_of(record)[0] if isinstance(record, Mapping) and is_post(record) else ""
        when = moment(item.get("indexedAt"))
        if root and owner_of(root) == api.did and when and api.now() - when <= OLD:
            at.active[root] = max(at.active.get(root, ""), when.isoformat())


def _parent(view: Mapping[str, Any]) -> str:
    record = view.get("record")
    return reply_of(record)[1] if isinstance(record, Mapping) else ""


def _rkey(uri: str) -> str:
    return uri.rpartition("/")[2]


def _counts(view: Mapping[str, Any]) -> list[int]:
    names = ("replyCount", "quoteCount", "repostCount", "likeCount")
    return [n if isinstance(n := view.get(name), int) else 0 for name in names]
