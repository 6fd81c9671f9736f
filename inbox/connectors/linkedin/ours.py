"""Our own posts: those made elsewhere, what was changed or withdrawn there, and how much was said below them
(linkedin.md section 4.5, step 2). Two calls."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from inbox.connectors.linkedin.cursor import DAY_MS, POSTS_KEPT, Position
from inbox.connectors.linkedin.parsing import View, message_from_post, raw_of
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api
from inbox.connectors.linkedin.urns import is_post
from inbox.errors import BadReply, NotAllowed, NotFound, Rejected
from inbox.model import Channel, Counts, Message

log = logging.getLogger(__name__)

PART: Final = "own posts"
"""Their name among what a sign-in may not read."""
PATH: Final = "/rest/posts"
STATISTICS: Final = "/rest/organizationalEntityShareStatistics"
HISTORY: Final = timedelta(days=365)
MOST_PAGES: Final = 10
MOST_COUNTED: Final = 60
"""In one question: its address stays below the 4000 characters from which on LinkedIn wants it another way."""
MOST_PROVEN: Final = 3
YOUNG_MS: Final = 14 * DAY_MS


async def read(api: Api, channel: Channel, at: Position) -> tuple[list[Message], dict[str, Counts], list[str]]:
    """Posts of ours that are new or look different, the counts of the young ones, and those proven gone. Raises
    NotAllowed, NotFound or Rejected only when the list of them is refused."""
    first = not at.modified
    items, whole = await _walk(api, channel, at)
    for item in items:
        at.keep(str(item["id"]), _born(item))
    counts = await _counts(api, channel, at)
    view = View(organization=channel.remote_id, title=channel.title, now=api.now())
    found, newest = [], at.modified
    for item in reversed(items):
        urn, changed = str(item["id"]), _modified(item)
        post = at.posts.get(urn)
        look = _print(item, counts.get(urn))
        if (post is not None and post.print != look) or (post is None and (first or changed > at.modified)):
            found.append(message_from_post(item, view, counts.get(urn)))
        if post is not None:
            post.print = look
        newest = max(newest, changed)
    gone = await _vanished(api, at, items, whole)
    at.modified = max(newest, 1)
    return found, counts, gone


async def _walk(api: Api, channel: Channel, at: Position) -> tuple[list[Mapping[str, Any]], bool]:
    """Newest change first, down to what is known; the first time down to a year ago. Whether that was all there is."""
    asked = {"q": "author", "author": channel.remote_id, "sortBy": "LAST_MODIFIED"}
    found: list[Mapping[str, Any]] = []
    oldest = int((api.now() - HISTORY).timestamp() * 1000)
    for _ in range(MOST_PAGES):
        page, more = await api.page(PATH, asked, len(found), what="own posts read")
        found += [item for item in page if isinstance(item, Mapping) and is_post(str(item.get("id")))]
        if not more:
            return found, True
        last = _modified(found[-1]) if found else 0
        if last < oldest or (at.modified and last < at.modified):
            break
    return found, False


async def _counts(api: Api, channel: Channel, at: Position) -> dict[str, Counts]:
    """How often the young posts were commented on, liked and shared; empty where we may not know."""
    if "statistics" in api.session.absent:
        return {}
    young = 0 if at.gap else int(api.now().timestamp() * 1000) - YOUNG_MS
    wanted = sorted((u for u, p in at.posts.items() if p.born >= young), key=lambda u: -at.posts[u].born)[:MOST_COUNTED]
    if not wanted:
        return {}
    asked: dict[str, Any] = {"q": "organizationalEntity", "organizationalEntity": channel.remote_id}
    for name, kind in (("shares", ":share:"), ("ugcPosts", ":ugcPost:")):
        if some := [urn for urn in wanted if kind in urn]:
            asked[name] = some
    try:
        rows, _ = await api.page(STATISTICS, asked, 0, what="counts read")
    except (NotAllowed, NotFound, Rejected, BadReply) as error:
        log.info("%s: counts are not asked for again: %s", api.account, error)
        api.session.absent.add("statistics")
        return {}
    return dict(_counted(rows))


def _counted(rows: Iterable[Any]) -> Iterable[tuple[str, Counts]]:
    for row in rows:
        if not isinstance(row, Mapping):
            continue
        urn = str(row.get("share") or row.get("ugcPost") or "")
        told = row.get("totalShareStatistics")
        if is_post(urn) and isinstance(told, Mapping):
            replies, likes, boosts = (_number(told.get(n)) for n in ("commentCount", "likeCount", "shareCount"))
            yield urn, Counts(replies=replies, likes=likes, boosts=boosts)


async def _vanished(api: Api, at: Position, items: list[Mapping[str, Any]], whole: bool) -> list[str]:
    """Posts that should have stood in the list and do not: asked for by name, and gone only when LinkedIn says so."""
    there = {str(item["id"]) for item in items}
    floor = 0 if whole and len(at.posts) < POSTS_KEPT else min(map(_modified, items), default=0)
    missing = [urn for urn, post in at.posts.items() if post.print and urn not in there and post.born > floor]
    gone: list[str] = []
    for urn in missing[:MOST_PROVEN]:
        try:
            await api.one(f"{PATH}/{encode(urn)}", what="own posts read")
        except NotFound:
            gone.append(urn)
            del at.posts[urn]
        except (NotAllowed, Rejected) as error:  # it may still stand there: only LinkedIn's word would prove otherwise
            log.info("%s: whether a post is gone cannot be asked: %s", api.account, error)
    return gone


def _print(item: Mapping[str, Any], counts: Counts | None) -> str:
    """A few characters for how a post looks."""
    return hashlib.blake2b(raw_of(item) + repr(counts or Counts()).encode(), digest_size=6).hexdigest()


def _born(item: Mapping[str, Any]) -> int:
    made = item.get("publishedAt") or item.get("createdAt")
    return made if isinstance(made, int) else 0


def _modified(item: Mapping[str, Any]) -> int:
    changed = item.get("lastModifiedAt")
    return changed if isinstance(changed, int) else _born(item)


def _number(value: Any) -> int:
    return max(value, 0) if isinstance(value, int) else 0  # likeCount can be negative
