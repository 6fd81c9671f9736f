"""Which conversation each message belongs to. Pure, and independent of the order in which messages arrive.

A conversation is named by the remote id of its root: the furthest ancestor that is known *or named*. A comment whose
parent has not arrived waits in a conversation named after that parent, or after the root where the network names it;
when the parent comes, it takes its place there, or, if it answers something itself, the waiting conversation is
merged into its own.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from inbox.model import Message


def roots(messages: Collection[Message], known: Mapping[str, str]) -> dict[str, str]:
    """The root remote id for each message's remote id.

    ``known`` maps remote ids that the store already has to the root of their conversation; it holds at least the
    messages themselves and their parents, where stored. A stored message stays where it is, even if its network has
    since hung it elsewhere (WordPress moves the children of a deleted comment up). Where a stored message waits under
    the name of one that comes with this batch, the way goes on from there.
    """
    named = {message.remote_id: message.root_remote_id for message in messages}
    parents = {message.remote_id: message.parent_remote_id for message in messages}
    found: dict[str, str] = {}
    for remote_id in parents:
        path: list[str] = []
        here = remote_id
        while True:
            if here in found:
                root = found[here]
            elif here in known and (known[here] in known or known[here] not in parents):
                root = known[here]
            elif here in known and here not in path:
                path.append(here)
                here = known[here]
                continue
            elif here not in parents and path and (root := named[path[-1]]):
                root = known.get(root, root)
            elif here not in parents or not parents[here] or here in path:
                root = (
                    min(path[path.index(here) :]) if here in path else here
                )  # a loop is nobody's root: take one, always the same
            else:
                path.append(here)
                here = parents[here]
                continue
            break
        for passed in path:
            if passed in parents:
                found[passed] = root
        found[remote_id] = root
    return found
