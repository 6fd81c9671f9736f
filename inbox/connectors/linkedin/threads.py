"""Which comment an answer belongs to. Notifications do not say it, so LinkedIn is asked, while calls are left
(linkedin.md section 4.2, trap d).

What cannot be asked for stands as a conversation of its own below the post: nothing is lost, it only stands apart.
Our own answers are always asked for, since they belong below what they answer.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.linkedin import names
from inbox.connectors.linkedin.parsing import (
    COMMENTS,
    View,
    message_from_comment,
    parent_of_comment,
    subject_of,
    urn_of_comment,
)
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api, comment_path
from inbox.connectors.linkedin.urns import is_comment, object_of
from inbox.errors import BadReply, NotAllowed, NotFound, OutOfBudget, Rejected, Unavailable
from inbox.model import Batch, Channel, Message

log = logging.getLogger(__name__)

LEFT_OVER: Final = 10
"""So much of what may be spared stays for finding what nobody notified us of, which is worth more."""
LIST_FROM: Final = 3
"""So many new comments under one post are found in one list, rather than one by one."""


async def parents(api: Api, channel: Channel, elements: Sequence[Any]) -> dict[str, str]:
    """By comment, the comment it answers ("": none), for those of these notifications where that could be learnt."""
    found = api.session.answers
    asked: dict[str, list[str]] = {}
    ours: set[str] = set()
    for element in elements:
        urn = subject_of(element)
        if not is_comment(urn) or element.get("action") not in COMMENTS:
            continue
        if urn in api.session.answers:
            continue
        asked.setdefault(object_of(urn), []).append(urn)
        if element.get("action") == "ADMIN_COMMENT":
            ours.add(urn)
    try:
        for post, urns in asked.items():
            if len(urns) >= LIST_FROM and api.spare() > LEFT_OVER:
                found.update(await _first_level(api, post, urns))
            for urn in urns:
                if urn not in found and (urn in ours or api.spare() > LEFT_OVER):
                    found.update(await _parent(api, urn))
    except (Unavailable, BadReply, NotAllowed, Rejected, OutOfBudget) as error:
        log.info("%s: answers cannot be told from comments now: %s", api.account, error)
    return found


async def thread(api: Api, channel: Channel, message: Message) -> Batch:
    """The comment that ``message`` answers, when it was never asked for; a call, so only where somebody needs it."""
    parent = message.parent_remote_id
    nothing = Batch(cursor=START, requests=0)
    if not is_comment(parent) or message.ours or parent in api.session.looked or api.spare() <= LEFT_OVER:
        return nothing
    try:
        item = await api.one(comment_path(parent), what="comments read")
    except NotFound:
        return Batch(gone=(parent,), cursor=START, requests=api.requests)
    api.session.looked.add(parent)
    view = View(organization=channel.remote_id, title=channel.title, now=api.now(), names=names.known(api))
    there = message_from_comment({**item, "commentUrn": parent}, view, post=message.context_remote_id)
    return Batch(messages=(there,), cursor=START, requests=api.requests)


async def _first_level(api: Api, post: str, wanted: Sequence[str]) -> dict[str, str]:
    """Those that stand on the first level, as far as the first page shows them."""
    path = f"/rest/socialActions/{encode(post)}/comments"
    items, _ = await api.page(path, {}, 0, what="comments read", finder=False)
    there = {urn_of_comment(item): item for item in items if isinstance(item, Mapping)}
    return {urn: parent_of_comment(there[urn]) for urn in wanted if urn in there}


async def _parent(api: Api, urn: str) -> dict[str, str]:
    try:
        item = await api.one(comment_path(urn), what="comments read")
    except NotFound:  # withdrawn meanwhile, or not to be read yet: a notification of its own will say
        return {}
    return {urn: parent_of_comment(item)}
