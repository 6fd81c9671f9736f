"""What became of given messages, and the conversation around one (mastodon.md section 4, points 5 and 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.http import Reply
from inbox.connectors.mastodon import requests
from inbox.connectors.mastodon.parsing import message_from_scheduled, message_from_status
from inbox.connectors.mastodon.server import Api, is_gone, mapping
from inbox.errors import BadReply, NotFound, Rejected, Unavailable
from inbox.model import Batch, Message

STATUSES: Final = "/api/v1/statuses"
SCHEDULED: Final = "/api/v1/scheduled_statuses"
MOST_IDS: Final = 100
IDS_AT_ONCE: Final = 20
REFRESH_MOST_S: Final = 5
"""Longer than this nobody waits for replies that the server is still fetching from afar."""
_RETRY = re.compile(r"retry=(\d+)")


async def reread(api: Api, remote_ids: Sequence[str]) -> Batch:
    """These messages as they are now. What a list leaves out is asked for by its id: only the server's own 404 makes
    it gone."""
    wanted = list(dict.fromkeys(remote_ids))[:MOST_IDS]
    statuses = [i for i in wanted if ":" not in i]
    kept_back = await requests.senders(api) if statuses else frozenset()
    found: dict[str, Any] = {}
    for start in range(0, len(statuses), IDS_AT_ONCE):
        found |= await _several(api, statuses[start : start + IDS_AT_ONCE])
    messages: list[Message] = []
    gone: list[str] = []
    for remote_id in statuses:
        status = found.get(remote_id) or await _one(api, f"{STATUSES}/{remote_id}", f"post {remote_id}")
        if status is None:
            gone.append(remote_id)
        else:
            messages.append(_message(api, status, kept_back))
    for remote_id in wanted:
        if remote_id.startswith("scheduled:"):
            number = remote_id.removeprefix("scheduled:")
            waiting = await _one(api, f"{SCHEDULED}/{number}", "a scheduled post")
            if waiting is None:
                gone.append(remote_id)
            else:
                messages.append(message_from_scheduled(waiting, api.server))
    return Batch(messages=tuple(messages), gone=tuple(gone), cursor=START, requests=api.requests)


async def thread(api: Api, message: Message) -> Batch:
    """The conversation around ``message``: what it answers, itself, and what answers it."""
    number = message.remote_id
    if ":" in number:
        return Batch(cursor=START, requests=0)
    reply = await api.ask("GET", f"{STATUSES}/{number}/context")
    if is_gone(reply):
        return Batch(cursor=START, gone=(number,), requests=api.requests)
    api.judge(reply, "the conversation")
    reply = await _refreshed(api, reply, number)
    context = mapping(reply, "the conversation")
    ancestors, descendants = (_list(context.get(name)) for name in ("ancestors", "descendants"))
    itself = await _one(api, f"{STATUSES}/{number}", f"post {number}")
    if itself is None:
        return Batch(cursor=START, gone=(number,), requests=api.requests)
    gone: tuple[str, ...] = ()
    first = ancestors[0] if ancestors else itself
    above = first.get("in_reply_to_id")
    if isinstance(above, str) and above:  # what the first of them answers is missing: gone, or not for us
        status = await _one(api, f"{STATUSES}/{above}", f"post {above}")
        if status is None:
            gone = (above,)
        else:
            ancestors.insert(0, status)
            first = status
    root = "" if first.get("in_reply_to_id") else str(first.get("id") or "")
    ours = str((first.get("account") or {}).get("id")) == api.server.account_id
    kept_back = await requests.senders(api)
    messages = [
        _message(api, status, kept_back, root=root, below_ours=ours and bool(root))
        for status in (*ancestors, itself, *descendants)
    ]
    return Batch(messages=tuple(messages), gone=gone, cursor=START, requests=api.requests)


async def _several(api: Api, ids: Sequence[str]) -> dict[str, Any]:
    """Up to twenty at once (4.3); nothing on servers that cannot: then each is asked for by itself."""
    if "several" in api.session.absent or len(ids) < 2:
        return {}
    try:
        items = await api.list(STATUSES, [("id[]", i) for i in ids], what="posts")
    except (NotFound, Rejected) as error:
        if error.status not in {400, 404, 405, 422, 501}:
            raise
        api.session.absent.add("several")
        return {}
    return {str(item["id"]): item for item in items if isinstance(item, dict) and item.get("id")}


async def _one(api: Api, path: str, what: str) -> Any:
    """The object at ``path``; None when the server itself says that it is gone.

    A 404 that is not the server's own is a proxy's page: nothing follows from it.
    """
    reply = await api.ask("GET", path)
    if is_gone(reply):
        return None
    if reply.status == 404:
        raise Unavailable(f"{what} was answered with {reply.words()}", account=api.account, status=404)
    api.judge(reply, what)
    return mapping(reply, what)


async def _refreshed(api: Api, reply: Reply, number: str) -> Reply:
    """The context once more, where the server says that it is fetching answers from afar (4.5)."""
    wait = _RETRY.search(reply.headers.get("mastodon-async-refresh", ""))
    if wait is None or int(wait[1]) > REFRESH_MOST_S:
        return reply
    await api.clock.sleep(int(wait[1]))
    again = await api.ask("GET", f"{STATUSES}/{number}/context")
    return again if again.status == 200 else reply


def _message(api: Api, status: Any, kept_back: frozenset[str], *, root: str = "", below_ours: bool = False) -> Message:
    message = message_from_status(status, api.server, root=root, below_ours=below_ours)
    addressed = not message.ours and message.author.remote_id in kept_back
    named = addressed and any(str(m.get("id")) == api.server.account_id for m in status.get("mentions") or ())
    if not named:
        return message
    return message_from_status(status, api.server, filtered=True, root=root, below_ours=below_ours)


def _list(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise BadReply("the conversation: expected lists of posts")
    return [item for item in value if isinstance(item, dict)]
