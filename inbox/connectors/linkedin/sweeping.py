"""Comments that nobody notified us of: read where LinkedIn counts more than were handed on, and, with what is left of a
day's calls, under one post of the last fortnight after the other (linkedin.md section 4.5, step 3).

Only what was never handed on is: to hand on a comment again would keep a member's words longer than 48 hours.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from inbox.connectors.linkedin import names
from inbox.connectors.linkedin.cursor import Position, Post
from inbox.connectors.linkedin.ours import YOUNG_MS
from inbox.connectors.linkedin.parsing import View, message_from_comment, urn_of_comment
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api
from inbox.connectors.linkedin.urns import comment_urn, mark_of
from inbox.errors import NotAllowed, NotFound, Rejected
from inbox.model import Channel, Counts, Message

log = logging.getLogger(__name__)

ROLL_EVERY: Final = timedelta(hours=20)
ROLL_FROM_HOUR: Final = 15
"""UTC: by then it shows what the day leaves over."""
MOST_ROLLED: Final = 8


async def sweep(api: Api, channel: Channel, at: Position, counts: Mapping[str, Counts]) -> list[Message]:
    """Comments under our posts that were never handed on."""
    found: list[Message] = []
    for urn in _wanted(api, at, counts):
        if api.spare() <= 0:
            break
        post, told = at.posts[urn], counts.get(urn)
        done, more = await _post(api, channel, at, urn)
        found += more
        if done and told is not None:
            if urn not in api.session.closed:  # what we were not shown stays owed, for the day we are
                post.others = max(told.replies - post.known, 0)
            api.session.asked_at[f"{urn} {told.replies}"] = api.now()
    return found


def _wanted(api: Api, at: Position, counts: Mapping[str, Counts]) -> list[str]:
    """Posts to look at: those that LinkedIn counts more comments of than were handed on, then others in turn."""
    fresh = [urn for urn in counts if urn in at.posts and at.posts[urn].others is None]
    for urn in fresh:  # what was said before we began to read here is nobody's debt
        here = at.posts[urn]
        here.others = max(counts[urn].replies - here.known, 0) if here.born < at.began else 0
    more = [
        urn
        for urn, told in counts.items()
        if (post := at.posts.get(urn)) is not None
        and told.replies - (post.others or 0) > post.known
        and f"{urn} {told.replies}" not in api.session.asked_at
    ]  # fmt: skip
    in_turn: list[str] = []
    if api.now().hour >= ROLL_FROM_HOUR and api.session.due("sweep", api.now(), ROLL_EVERY):
        api.session.asked_at["sweep"] = api.now()
        young = int(api.now().timestamp() * 1000) - YOUNG_MS
        in_turn = [urn for urn, post in at.posts.items() if post.born >= young]
        in_turn.sort(key=lambda urn: mark_of(f"{urn}{api.now().toordinal()}"))  # each day other ones first
    return list(dict.fromkeys([*more, *in_turn[:MOST_ROLLED]]))


async def _post(api: Api, channel: Channel, at: Position, urn: str) -> tuple[bool, list[Message]]:
    """What was never handed on under one post, on both levels; and whether it was read to its end. What was said
    before we began to read this page stays where it is."""
    post = at.posts[urn]
    api.session.closed.discard(urn)
    items, done = await _comments(api, urn, urn, post)
    for item in list(items):
        if done and _has_unknown_answers(item, post):
            answers, done = await _comments(api, urn_of_comment(item), urn, post)
            items += answers
    fresh = {u: item for item in items if (u := urn_of_comment(item)) and not post.knows(u)}
    actors = [str(item.get("actor") or "") for item in fresh.values()]
    await names.learn(api, [actor for actor in actors if actor != channel.remote_id])
    view = View(organization=channel.remote_id, title=channel.title, now=api.now(), names=names.known(api))
    found = [message_from_comment(item, view, post=urn) for item in fresh.values()]
    for one in found:
        post.note(one.remote_id)
    return done, [m for m in found if m.created_at.timestamp() * 1000 >= at.began]


async def _comments(api: Api, urn: str, below: str, post: Post) -> tuple[list[Mapping[str, Any]], bool]:
    """All comments of one level, as far as calls are left; LinkedIn gives one level at a time. ``below``: the post
    that all of it stands under. A refusal is about this one thing (section 3) and ends nothing else."""
    path, found, more = f"/rest/socialActions/{encode(urn)}/comments", list[Mapping[str, Any]](), True
    read = 0
    while more:
        if api.spare() <= 0:
            return found, False
        try:
            page, more = await api.page(path, {}, read, what="comments read", finder=False)
        except NotFound:  # deleted while we looked
            return found, True
        except (NotAllowed, Rejected) as error:
            log.warning("%s: the comments of a post are not shown to us: %s", api.account, error)
            api.session.closed.add(below)
            return found, True
        read += len(page)
        found += [item for item in page if isinstance(item, Mapping) and urn_of_comment(item)]
    if found and not post.activity:
        post.activity = str(found[0].get("object") or "")
    return found, True


def _has_unknown_answers(item: Mapping[str, Any], post: Post) -> bool:
    """Whether below this comment stands something never handed on, as far as its summary tells."""
    summary = item.get("commentsSummary")
    if not isinstance(summary, Mapping):
        return False
    total = summary.get("totalFirstLevelComments") or summary.get("aggregatedTotalComments")
    named = [comment_urn(one) for one in summary.get("selectedComments") or ()]
    known = all(post.knows(urn) for urn in named if urn)
    return isinstance(total, int) and total > 0 and not (known and total <= len(named))
