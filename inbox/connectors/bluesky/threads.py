"""Whole conversations by ``getPostThread``: nested, not paged, with members that are gone, blocked or folded away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from inbox.connectors.bluesky.parsing import hidden_in
from inbox.connectors.bluesky.views import is_gone, messages_from
from inbox.connectors.bluesky.xrpc import Api
from inbox.connectors.connector import START
from inbox.errors import NotFound
from inbox.model import Batch, Message

DEPTH: Final = 1000
TIMEOUT_S: Final = 60
_POST: Final = "app.bsky.feed.defs#threadViewPost"
_NOT_FOUND: Final = "app.bsky.feed.defs#notFoundPost"


async def read(api: Api, uri: str, *, parents: int) -> tuple[list[Message], tuple[str, ...]]:
    """The messages around a post, the oldest ancestor first, and which ancestor is not there. Raises NotFound."""
    params = {"uri": uri, "depth": DEPTH, "parentHeight": parents}
    answer = await api.query("app.bsky.feed.getPostThread", params, "the thread", timeout_s=TIMEOUT_S)
    top = answer.get("thread")
    top = top if isinstance(top, Mapping) else {}
    ancestors, missing = _above(top)
    found = [*ancestors, *_below(top)]
    hidden = set(hidden_in(answer))
    for view in found:
        hidden |= hidden_in(view)
    return messages_from(api, found, hidden), missing


async def thread(api: Api, message: Message) -> Batch:
    """The conversation around a message; what it answers is only called gone when its author's server says so."""
    if not message.remote_id.startswith("at://"):
        return Batch(cursor=START, requests=0)  # a direct message's conversation comes whole by itself
    try:
        messages, missing = await read(api, message.remote_id, parents=DEPTH)
    except NotFound:
        messages, missing = [], (message.remote_id,)
    gone = tuple([uri for uri in missing if await is_gone(api, uri)])
    return Batch(messages=tuple(messages), cursor=START, gone=gone, requests=api.requests)


def digest(messages: list[Message]) -> str:
    """A short word for who says what in a thread; changes with every message that comes, goes or is edited."""
    whole = "\n".join(sorted(f"{m.remote_id} {m.details.get('cid')} {m.state}" for m in messages))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _above(node: Mapping[str, Any]) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    """What a node answers, furthest first, and the ancestor at which the way breaks off because it is not there."""
    found: list[Mapping[str, Any]] = []
    here = node.get("parent")
    while isinstance(here, Mapping):
        if here.get("$type") == _NOT_FOUND:
            return found[::-1], (str(here.get("uri") or ""),)
        view = here.get("post")
        if not isinstance(view, Mapping):
            break  # blocked: neither shown nor gone
        found.append(view)
        here = here.get("parent")
    return found[::-1], ()


def _below(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A node and all that answers it, level by level; no recursion, since a thread may be a thousand deep."""
    level = [node]
    while level:
        following = []
        for here in level:
            view = here.get("post")
            if here.get("$type", _POST) != _POST or not isinstance(view, Mapping) or not view.get("uri"):
                continue
            yield view
            following += [child for child in here.get("replies") or () if isinstance(child, Mapping)]
        level = following
