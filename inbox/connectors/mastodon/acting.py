"""Moderating, reacting, editing and deleting (mastodon.md section 8). All of these may be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from inbox.connectors.mastodon import requests
from inbox.connectors.mastodon.checking import SCHEDULED, STATUSES
from inbox.connectors.mastodon.parsing import message_from_status, utc
from inbox.connectors.mastodon.server import Api, is_gone, reject
from inbox.errors import NotFound, Unsupported
from inbox.model import Message, Moderation, Reaction

REPORT_CHARACTERS: Final = 1_000
_AT_AUTHOR: Final = {
    Moderation.BLOCK: "block",
    Moderation.UNBLOCK: "unblock",
    Moderation.MUTE: "mute",
    Moderation.UNMUTE: "unmute",
}
_REACTIONS: Final = {
    Reaction.LIKE: "favourite",
    Reaction.UNLIKE: "unfavourite",
    Reaction.BOOST: "reblog",
    Reaction.UNBOOST: "unreblog",
}


async def moderate(api: Api, message: Message, action: Moderation, words: str) -> Message:
    """Do it to the message's author, or report the message. What arrived stays here: the server forgets the
    notifications of somebody who is blocked."""
    author = message.author.remote_id
    if message.ours or not author:
        raise Unsupported("This can only be done to what somebody else wrote")
    if action in _AT_AUTHOR:
        await api.write("POST", f"/api/v1/accounts/{author}/{_AT_AUTHOR[action]}", what=str(action))
        return message
    if action is Moderation.REPORT:
        if len(words) > REPORT_CHARACTERS:
            reject(f"A report holds at most {REPORT_CHARACTERS:,} characters", where="words")
        statuses = [message.remote_id] if ":" not in message.remote_id else []
        body = {"account_id": author, "status_ids": statuses, "comment": words, "category": "other", "forward": False}
        await api.write("POST", "/api/v1/reports", body, what="reporting")
        return _with(message, reported=True)
    if action in {Moderation.ACCEPT, Moderation.DISMISS}:
        return await _let_in(api, message, action)
    raise Unsupported(f"Mastodon cannot {action}")


async def react(api: Api, message: Message, reaction: Reaction) -> Message:
    """Like or boost, or take it back; the answer to a boost is a wrapper around the post."""
    number = _number(message)
    status = await api.write("POST", f"{STATUSES}/{number}/{_REACTIONS[reaction]}", what=str(reaction))
    inner = status.get("reblog")
    return _again(api, message, inner if isinstance(inner, Mapping) else status)


async def edit(api: Api, message: Message, text: str) -> Message:
    """Replace the words of a post of ours; everything else of it is sent along as it stands."""
    if not message.ours:
        raise Unsupported("Only what we wrote ourselves can be edited")
    number = _number(message)
    status = await api.one(f"{STATUSES}/{number}", what=f"post {number}")
    after = await rewritten(api, status, {"status": text})
    return _again(api, message, after)


async def rewritten(api: Api, status: Mapping[str, Any], change: Mapping[str, Any]) -> Mapping[str, Any]:
    """The post after an edit: what is not in ``change`` stays, since the server removes what is left out."""
    media = [m for m in status.get("media_attachments") or () if isinstance(m, Mapping)]
    body: dict[str, Any] = {
        "spoiler_text": status.get("spoiler_text") or "",
        "sensitive": status.get("sensitive") is True,
        "language": status.get("language"),
    }
    if media:
        body["media_ids"] = [str(m["id"]) for m in media]
    poll = status.get("poll")
    if isinstance(poll, Mapping):
        body["poll"] = _same_poll(poll, api.now() - api.skew)
    body = {name: value for name, value in {**body, **change}.items() if value is not None}
    return await api.write("PUT", f"{STATUSES}/{status['id']}", body, what="editing")


async def delete(api: Api, message: Message) -> None:
    """Remove it for good; already gone is success. Copies on other servers may stay."""
    if message.remote_id.startswith("scheduled:"):
        path = f"{SCHEDULED}/{message.remote_id.removeprefix('scheduled:')}"
    else:
        path = f"{STATUSES}/{_number(message)}"
    reply = await api.ask("DELETE", path, timeout_s=60)
    if not is_gone(reply):
        api.judge(reply, "deleting")


async def _let_in(api: Api, message: Message, action: Moderation) -> Message:
    """Accept or dismiss the sender; nobody waiting under that name any more is success."""
    waiting = await requests.pending(api)
    mine = [r for r in waiting if str((r.get("account") or {}).get("id")) == message.author.remote_id]
    for one in mine:
        try:
            await api.write("POST", f"{requests.REQUESTS}/{one['id']}/{action}", what=str(action))
        except NotFound:
            continue
    api.session.asked_at.pop("requests", None)  # what was merged is read at the next poll
    api.session.asked_at.pop("senders", None)
    if action is Moderation.DISMISS:
        return message
    return replace(message, details={k: v for k, v in message.details.items() if k != "filtered"})


def _again(api: Api, message: Message, status: Any) -> Message:
    """The answer as a message, with what only the first reading knew."""
    now = message_from_status(status, api.server, filtered=message.details.get("filtered") == "1")
    return replace(now, root_remote_id=message.root_remote_id, kind=message.kind)


def _with(message: Message, **flags: bool) -> Message:
    kept = {k: v for k, v in message.details.items() if k not in flags}
    return replace(message, details=kept | {name: "1" for name, is_so in flags.items() if is_so})


def _number(message: Message) -> str:
    if ":" in message.remote_id:
        raise Unsupported("This is no post of its own")
    return message.remote_id


def _same_poll(poll: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The poll as it stands: with other options its votes would be lost, left out it would vanish."""
    ends = utc(poll.get("expires_at"))
    if poll.get("expired") is True or (ends is not None and ends <= now):
        reject("A post whose poll has ended cannot be edited from here: its votes would be lost", where="poll")
    left_s = max(300, int((ends - now).total_seconds())) if ends is not None else 2_629_746
    return {
        "options": [str(o.get("title")) for o in poll.get("options") or ()],
        "multiple": poll.get("multiple") is True,
        "expires_in": left_s,
    }
