"""app.bsky.feed.getPostThread: a post, what it answers, and what answers it."""

from __future__ import annotations

from typing import Any

from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import Record
from inbox.practice.bluesky.views import Views
from inbox.practice.bluesky.wire import Call, Method, XrpcError

_DEEPEST = 400
"""Python writes no deeper JSON."""


def methods(network: Network) -> dict[str, Method]:
    """The methods of this part, by name."""

    def post_thread(call: Call) -> Any:
        uri = call.need("uri")
        depth = min(_DEEPEST, call.number("depth", 6, 1000, 0))
        above = min(_DEEPEST, call.number("parentHeight", 80, 1000, 0))
        uri = _by_did(network, uri)
        record = network.shown(uri)
        if record is None:
            raise XrpcError(400, "NotFound", f"Post not found: {uri}")
        views = Views(network, call.mine, call.home)
        answer: dict[str, Any] = {"thread": _top(views, record, depth, above)}
        gate = network.gate((record.value.get("reply") or {"root": {"uri": uri}})["root"]["uri"])
        return answer | ({"threadgate": views.threadgate(gate)} if gate is not None else {})

    return {
        "app.bsky.feed.getPostThread": Method(serve=post_thread, auth="optional", labelled=True, fresh=True),
    }


def _top(views: Views, record: Record, depth: int, above: int) -> dict[str, Any]:
    node = _node(views, record)
    if "post" not in node:
        return node
    # From the bottom up, by hand: threads are deeper than Python's stack.
    lowest, here = node, record
    while above > 0 and "reply" in here.value:
        uri = here.value["reply"]["parent"]["uri"]
        parent = views.network.shown(uri)
        if parent is None:
            lowest["parent"] = {"uri": uri, "notFound": True, "$type": "app.bsky.feed.defs#notFoundPost"}
            break
        lowest["parent"] = _node(views, parent)
        if "post" not in lowest["parent"]:
            break
        lowest, here, above = lowest["parent"], parent, above - 1
    waiting = [(node, record, depth)]
    while waiting:
        at, of, left = waiting.pop()
        if left == 0 or "post" not in at:
            continue
        at["replies"] = []
        answers = [r for r in views.network.replies.get(of.uri, ()) if views.network.shown(r.uri) is r]
        for answer in sorted(answers, key=lambda r: (r.sort_at, r.rev), reverse=True):
            below = _node(views, answer)
            at["replies"].append(below)
            waiting.append((below, answer, left - 1))
    return node


def _node(views: Views, record: Record) -> dict[str, Any]:
    if views.network.blocks(record.did, views.viewer):
        return {**views.blocked(record), "$type": "app.bsky.feed.defs#blockedPost"}
    return {"post": views.post(record), "threadContext": {}, "$type": "app.bsky.feed.defs#threadViewPost"}


def _by_did(network: Network, uri: str) -> str:
    """The address with the author's DID, when it came with a handle."""
    who, slash, rest = uri.removeprefix("at://").partition("/")
    account = network.account(who) if not who.startswith("did:") else None
    return f"at://{account.did}{slash}{rest}" if account is not None else uri
