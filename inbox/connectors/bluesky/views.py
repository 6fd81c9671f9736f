"""Posts as they stand now: views 25 at a time, with the threadgates that say which answers are folded away."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Final

from inbox.connectors.bluesky.parsing import (
    hidden_in,
    is_post,
    message_from_view,
    owner_of,
    reply_of,
    unreadable,
)
from inbox.connectors.bluesky.xrpc import POST, Api, listed
from inbox.connectors.connector import START
from inbox.errors import BadReply, NotAllowed, NotFound, Rejected, SignInNeeded, Unavailable
from inbox.model import Batch, Message

log = logging.getLogger(__name__)

AT_ONCE: Final = 25
MOST_REREAD: Final = 100


async def views(api: Api, uris: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """The views of these posts; what is gone or not for us is silently absent."""
    wanted = [uri for uri in dict.fromkeys(uris) if f"/{POST}/" in uri]
    found: dict[str, Mapping[str, Any]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        answer = await api.query("app.bsky.feed.getPosts", {"uris": wanted[start : start + AT_ONCE]}, "the posts")
        for view in listed(answer, "posts", "the posts"):
            if isinstance(view, Mapping) and view.get("uri"):
                found[str(view["uri"])] = view
    return found


Folded = MutableMapping[str, frozenset[str]]
"""What our own threads fold away, by the URI of their first post."""


async def hidden_among(api: Api, posts: Iterable[Mapping[str, Any]], known: Folded) -> set[str]:
    """Which answers of ours to fold are folded: by the threadgates of our own threads that these posts stand in.

    ``known``: of the roots seen already; those that had to be asked for are added.
    """
    hidden: set[str] = set()
    missing: set[str] = set()
    for view in posts:
        root, _ = reply_of(view["record"]) if isinstance(view.get("record"), Mapping) else ("", "")
        if root in known:
            hidden |= known[root]
        elif root and owner_of(root) == api.did:
            missing.add(root)
    found = await views(api, sorted(missing))
    for root in missing:
        known[root] = hidden_in(found.get(root, {}))
        hidden |= known[root]
    return hidden


def messages_from(api: Api, found: Iterable[Mapping[str, Any]], hidden: Collection[str]) -> list[Message]:
    """Messages of these views; one that cannot be read is kept raw."""
    messages = []
    for view in found:
        try:
            messages.append(message_from_view(view, api.place, hidden))
        except (KeyError, TypeError, ValueError, AttributeError):
            log.warning("a post cannot be read")
            messages.append(unreadable(view, "post"))
    return messages


async def reread(api: Api, remote_ids: Sequence[str]) -> Batch:
    """How these messages are now; gone is only what the author's own server says is gone."""
    uris = [uri for uri in remote_ids[:MOST_REREAD] if uri.startswith("at://")]
    found = await views(api, uris)
    shown = [view for view in found.values() if is_post(view.get("record"))]
    hidden = await hidden_among(api, shown, {uri: hidden_in(view) for uri, view in found.items()})
    gone = tuple([uri for uri in uris if uri not in found and await is_gone(api, uri)])
    return Batch(
        messages=tuple(messages_from(api, found.values(), hidden)), cursor=START, gone=gone, requests=api.requests
    )


async def is_gone(api: Api, uri: str) -> bool:
    """The author's server says that the record does not exist. A server that cannot be asked proves nothing."""
    try:
        return await api.record(uri, "the post") is None
    except (NotFound, NotAllowed, SignInNeeded, Rejected, BadReply, Unavailable) as error:
        log.info("whether %s is gone is not known: %s", uri, error)
        return False
