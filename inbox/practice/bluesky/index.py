"""What the AppView makes of a record: threads, counts, gates, and who is told (bluesky.md section 4, traps 1 to 5)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator

from inbox.practice.bluesky import ids
from inbox.practice.bluesky.records import (
    BLOCK,
    FOLLOW,
    LIKE,
    POST,
    REPOST,
    Notification,
    Record,
    Shelves,
)

_TOLD_DEPTH = 5
"""An answer this many levels below a post, or more, is not told to its author."""


def add(network: Shelves, record: Record) -> None:
    """Take a record in and tell whom it concerns."""
    network.records[record.uri] = record
    match record.collection:
        case "app.bsky.feed.post":
            _add_post(network, record)
        case "app.bsky.feed.like" | "app.bsky.feed.repost":
            _react(network, record, record.value["subject"]["uri"])
        case "app.bsky.graph.follow" | "app.bsky.graph.block":
            _react(network, record, record.value["subject"])


def drop(network: Shelves, record: Record) -> None:
    """Forget a record and what was told because of it."""
    if network.records.get(record.uri) is not record:
        return
    del network.records[record.uri]
    for recipient in _concerned(network, record):
        told = network.notifications[recipient]
        told[:] = [n for n in told if n.record is not record]
    if record.collection == POST:
        parent = record.value.get("reply", {}).get("parent", {}).get("uri", "")
        _discard(network.replies[parent], record)
        _discard(network.quotes[quoted(record)], record)
        _discard(network.feeds[record.did], record)
        return
    if record.collection in (LIKE, REPOST, FOLLOW, BLOCK):
        subject = record.value["subject"]
        by = network.reactions[record.collection, subject if isinstance(subject, str) else subject["uri"]]
        if by.get(record.did) is record:
            del by[record.did]
        _discard(network.feeds[record.did], record)


def quoted(record: Record) -> str:
    """The address of the record that a post quotes, or empty."""
    embed = record.value.get("embed") or {}
    if embed.get("$type") == "app.bsky.embed.recordWithMedia":
        embed = embed.get("record") or {}
    elif embed.get("$type") != "app.bsky.embed.record":
        return ""
    return str((embed.get("record") or {}).get("uri", ""))


def mentioned(record: Record) -> Iterator[str]:
    """Whom the facets of a post name."""
    for facet in record.value.get("facets") or ():
        for feature in facet.get("features", ()):
            if feature.get("$type") == "app.bsky.richtext.facet#mention":
                yield feature.get("did", "")


def ancestors(network: Shelves, record: Record) -> Iterator[str]:
    """The addresses of what a post answers, parent first, as far as the AppView has them."""
    uri = record.value.get("reply", {}).get("parent", {}).get("uri", "")
    while uri:
        yield uri
        above = network.records.get(uri)
        uri = above.value.get("reply", {}).get("parent", {}).get("uri", "") if above is not None else ""


def may_reply(network: Shelves, did: str, root_uri: str) -> bool:
    """Whether the threadgate lets this account answer in the thread."""
    gate = network.gate(root_uri)
    owner = ids.address(root_uri).did
    if gate is None or "allow" not in gate.value or did == owner:
        return True
    root = network.records.get(root_uri)
    for rule in gate.value["allow"]:
        kind = str(rule.get("$type", "")).partition("#")[2]
        if kind == "mentionRule" and root is not None and did in mentioned(root):
            return True
        if kind == "followingRule" and owner in network.reactions[FOLLOW, did]:
            return True
        if kind == "followerRule" and did in network.reactions[FOLLOW, owner]:
            return True
    return False


def may_quote(network: Shelves, did: str, uri: str) -> bool:
    """Whether the postgate lets this account quote the post."""
    gate = network.postgate(uri)
    return gate is None or did == ids.address(uri).did or not gate.value.get("embeddingRules")


def tell(network: Shelves, recipient: str, notification: Notification) -> None:
    """Put a notification where its time belongs."""
    insort(network.notifications[recipient], notification, key=lambda n: n.record.sort_at)


def _add_post(network: Shelves, record: Record) -> None:
    reply = record.value.get("reply")
    if reply:
        parent, root = reply["parent"]["uri"], reply["root"]["uri"]
        known = network.records.get(parent)
        true_root = (known.value.get("reply") or {"root": {"uri": parent}})["root"]["uri"] if known else root
        record.refused = root != true_root or not may_reply(network, record.did, root)
        if not record.refused:
            network.replies[parent].append(record)
    subject = quoted(record)
    if f"/{POST}/" in subject:
        record.detached = not may_quote(network, record.did, subject)
        if not record.detached:
            network.quotes[subject].append(record)
    insort(network.feeds[record.did], record, key=_when)
    told = {record.did}
    for recipient in mentioned(record):
        _tell(network, told, recipient, Notification(reason="mention", record=record))
    if f"/{POST}/" in subject and not record.detached:
        _tell(network, told, ids.address(subject).did, Notification(reason="quote", record=record, subject=subject))
    if not record.refused:
        for height, uri in enumerate(ancestors(network, record), start=1):
            if height >= _TOLD_DEPTH:
                break
            _tell(network, told, ids.address(uri).did, Notification(reason="reply", record=record, subject=uri))


def _react(network: Shelves, record: Record, subject: str) -> None:
    network.reactions[record.collection, subject][record.did] = record
    if record.collection == REPOST:
        insort(network.feeds[record.did], record, key=_when)
    if record.collection == FOLLOW:
        _tell(network, {record.did}, subject, Notification(reason="follow", record=record))
    elif record.collection != BLOCK and f"/{POST}/" in subject:
        reason = "like" if record.collection == LIKE else "repost"
        owner = ids.address(subject).did
        _tell(network, {record.did}, owner, Notification(reason=reason, record=record, subject=subject))


def _tell(network: Shelves, told: set[str], recipient: str, notification: Notification) -> None:
    """One notification per record and recipient: who calls first decides the reason."""
    if recipient not in told and recipient in network.accounts:
        told.add(recipient)
        tell(network, recipient, notification)


def _concerned(network: Shelves, record: Record) -> set[str]:
    """Who may have been told of a record."""
    subject = record.value.get("subject")
    if subject is not None:
        return {subject if isinstance(subject, str) else ids.address(subject["uri"]).did}
    if record.collection != POST:
        return set()
    of = [quoted(record), *ancestors(network, record)]
    return {*mentioned(record), *(ids.address(uri).did for uri in of if uri)}


def _when(record: Record) -> tuple[int, str]:
    return ids.milliseconds(record.sort_at), record.cid


def _discard(records: list[Record], record: Record) -> None:
    records[:] = [r for r in records if r is not record]
