"""What an officer does to somebody's message: hide, block, mute, report, like, repost; and deleting our own.

Records that say such a thing once (like, repost, block) get a name made from what they are about, so that a repeat
writes the same record again (bluesky.md section 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from inbox.connectors.bluesky.cursor import said
from inbox.connectors.bluesky.dpop import error_of
from inbox.connectors.bluesky.parsing import hidden_in, message_from_view, owner_of, reply_of
from inbox.connectors.bluesky.publishing import POSTGATE, THREADGATE
from inbox.connectors.bluesky.tid import tid_of
from inbox.connectors.bluesky.views import views
from inbox.connectors.bluesky.xrpc import POST, Api, parts_of, reject
from inbox.errors import NotAllowed, NotFound, OutcomeUnknown, Unavailable, Unsupported
from inbox.model import Message, MessageState, Moderation, Reaction

LIKE: Final = "app.bsky.feed.like"
REPOST: Final = "app.bsky.feed.repost"
BLOCK: Final = "app.bsky.graph.block"
MOST_HIDDEN: Final = 300
_SWAPS: Final = 4
_REASON: Final = "com.atproto.moderation.defs#reasonOther"


async def moderate(api: Api, message: Message, action: Moderation, words: str) -> Message:
    """Do it and return the message as it is now."""
    author = message.author.remote_id
    if action in {Moderation.HIDE, Moderation.UNHIDE}:
        return await _hide(api, message, hide=action is Moderation.HIDE)
    if action in {Moderation.BLOCK, Moderation.UNBLOCK}:
        blocks = action is Moderation.BLOCK
        profile = await api.query("app.bsky.actor.getProfile", {"actor": author}, "the author")
        there = _viewed(profile, "blocking")
        await (_say(api, BLOCK, author, author, there) if blocks else _unsay(api, BLOCK, author, there))
        return _marked(await _now(api, message), "blocked", blocks)
    if action in {Moderation.MUTE, Moderation.UNMUTE}:
        mutes = action is Moderation.MUTE
        method = "app.bsky.graph.muteActor" if mutes else "app.bsky.graph.unmuteActor"
        await api.procedure(method, {"actor": author}, "muting")
        return _marked(await _now(api, message), "muted", mutes)
    if action is Moderation.REPORT:
        await _report(api, message, words)
        return await _now(api, message)
    raise Unsupported(f"Bluesky cannot {action}")


async def react(api: Api, message: Message, reaction: Reaction) -> Message:
    """Like, repost, or take either back."""
    view = (await views(api, [message.remote_id])).get(message.remote_id)
    if view is None:
        raise NotFound("The post is not shown any more")
    likes = reaction in {Reaction.LIKE, Reaction.UNLIKE}
    collection, shown = (LIKE, "like") if likes else (REPOST, "repost")
    there, does = _viewed(view, shown), reaction in {Reaction.LIKE, Reaction.BOOST}
    subject = {"uri": message.remote_id, "cid": str(view.get("cid") or "")}
    await (
        _say(api, collection, subject, message.remote_id, there)
        if does
        else _unsay(api, collection, message.remote_id, there)
    )
    now = await _now(api, message)
    mine = Reaction.LIKE if likes else Reaction.BOOST
    # The AppView hears of it a moment later; what we did is certain.
    reacted = [r for r in now.reacted if r is not mine] + ([mine] if does else [])
    return replace(now, reacted=tuple(sorted(reacted, key=[*Reaction].index)))


async def delete(api: Api, message: Message) -> None:
    """Remove a post of ours and what stands beside it. Already gone is success."""
    did, collection, rkey = parts_of(message.remote_id)
    if did != api.did or collection != POST:
        raise NotAllowed("These are somebody else's words")
    names = (POST,) if message.parent_remote_id else (POST, THREADGATE, POSTGATE)
    for name in names:
        await _delete(api, name, rkey)


# --- hiding ---


async def _hide(api: Api, message: Message, *, hide: bool) -> Message:
    root = message.root_remote_id
    if not root or owner_of(root) != api.did:
        raise NotAllowed(
            "Only whoever began the conversation can hide an answer in it", hint="Mute or block its author instead."
        )
    for _ in range(_SWAPS):
        if await _gate_with(api, root, message.remote_id, hide=hide):
            now = await _now(api, message)
            return replace(now, state=MessageState.HIDDEN if hide else MessageState.PUBLISHED)
    raise Unavailable("Somebody else is changing the same conversation at this moment")


async def _gate_with(api: Api, root: str, uri: str, *, hide: bool) -> bool:
    """Write the thread's gate with or without this answer; False when somebody else wrote it meanwhile."""
    _, _, rkey = parts_of(root)
    gate = await api.record(f"at://{api.did}/{THREADGATE}/{rkey}", "the conversation's rules")
    value = gate.get("value") if gate else None
    record: dict[str, Any] = (
        dict(value) if isinstance(value, Mapping) else {"$type": THREADGATE, "post": root, "createdAt": said(api.now())}
    )
    before = [str(one) for one in record.get("hiddenReplies") or ()]
    if (uri in before) is hide:
        return True
    after = [*before, uri] if hide else [one for one in before if one != uri]
    if len(after) > MOST_HIDDEN:
        reject(f"At most {MOST_HIDDEN} answers can be hidden in one conversation", where="channel")
    body = {
        "repo": api.did,
        "collection": THREADGATE,
        "rkey": rkey,
        "record": {**record, "hiddenReplies": after},
        "swapRecord": gate.get("cid") if gate else None,
    }
    reply = await api.ask("POST", "com.atproto.repo.putRecord", json=body)
    if reply.status == 400 and error_of(reply) == "InvalidSwap":
        return False
    api.judge(reply, "hiding an answer", writing=True)
    return True


# --- records that say one thing ---


async def _say(api: Api, collection: str, subject: Any, about: str, there: str) -> None:
    if there:
        return
    body = {
        "repo": api.did,
        "collection": collection,
        "rkey": _name(collection, about),
        "record": {"$type": collection, "subject": subject, "createdAt": said(api.now())},
        "swapRecord": None,
    }
    reply = await api.ask("POST", "com.atproto.repo.putRecord", json=body)
    if reply.status == 400 and error_of(reply) == "InvalidSwap":
        return  # it is there already
    api.judge(reply, "writing it down", writing=True)


async def _unsay(api: Api, collection: str, about: str, there: str) -> None:
    names = {_name(collection, about)}
    if there and owner_of(there) == api.did:
        names.add(parts_of(there)[2])  # done by another program
    for rkey in sorted(names):
        await _delete(api, collection, rkey)


async def _delete(api: Api, collection: str, rkey: str) -> None:
    body = {"repo": api.did, "collection": collection, "rkey": rkey}
    try:
        await api.procedure("com.atproto.repo.deleteRecord", body, "deleting")
    except NotFound:
        return


async def _report(api: Api, message: Message, words: str) -> None:
    cid = message.details.get("cid", "")
    subject: dict[str, str] = (
        {"$type": "com.atproto.repo.strongRef", "uri": message.remote_id, "cid": cid}
        if cid and message.remote_id.startswith("at://")
        else {"$type": "com.atproto.admin.defs#repoRef", "did": message.author.remote_id}
    )
    body = {"reasonType": _REASON, "reason": words[:2000], "subject": subject}
    try:
        await api.procedure("com.atproto.moderation.createReport", body, "the report")
    except OutcomeUnknown as error:
        raise Unavailable(error.detail, status=error.status) from None


async def _now(api: Api, message: Message) -> Message:
    """The message as it is shown now; as it was, when it is not shown any more."""
    roots = [root] if (root := message.root_remote_id) and owner_of(root) == api.did else []
    found = await views(api, [message.remote_id, *roots])
    view = found.get(message.remote_id)
    if view is None:
        return message
    root = reply_of(view.get("record") or {})[0]
    return message_from_view(view, api.place, hidden_in(found[root]) if root in found else ())


def _name(collection: str, about: str) -> str:
    return tid_of(f"{collection} {about}")


def _viewed(view: Mapping[str, Any], name: str) -> str:
    viewer = view.get("viewer")
    return str(viewer.get(name) or "") if isinstance(viewer, Mapping) else ""


def _marked(message: Message, name: str, on: bool) -> Message:
    details = {**message.details, name: "1"} if on else {n: v for n, v in message.details.items() if n != name}
    return replace(message, details=details)
