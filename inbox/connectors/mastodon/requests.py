"""Senders whom the server's filter keeps back: citizens' private questions hide there (mastodon.md section 4)."""

from __future__ import annotations

from typing import Any, Final

from inbox.connectors.mastodon.cursor import Position
from inbox.connectors.mastodon.parsing import message_from_notification, message_from_status
from inbox.connectors.mastodon.server import Api
from inbox.errors import NotAllowed, NotFound, Rejected
from inbox.model import Message

REQUESTS: Final = "/api/v1/notifications/requests"
MOST_PAGES: Final = 10
FRESH_S: Final = 120


async def pending(api: Api) -> list[dict[str, Any]]:
    """All requests that wait. Raises NotFound where the server has no such thing."""
    found: list[dict[str, Any]] = []
    below = ""
    for _ in range(MOST_PAGES):
        page = await api.list(REQUESTS, (("limit", "80"), *((("max_id", below),) if below else ())), what="requests")
        fresh = [r for r in page if isinstance(r, dict) and r.get("id") and r not in found]
        found += fresh
        if len(page) < 40 or not fresh:
            break
        below = str(fresh[-1]["id"])
    api.session.filtered = frozenset(filter(None, (sender_of(r) for r in found)))
    api.session.asked_at["senders"] = api.now()
    return found


async def senders(api: Api) -> frozenset[str]:
    """Account ids of those kept back, as of a moment ago; nobody where the server has no such thing."""
    if "requests" in api.session.absent:
        return frozenset()
    if api.session.due("senders", api.now(), FRESH_S):
        try:
            await pending(api)
        except (NotFound, NotAllowed, Rejected):
            if api.spoke_itself:
                api.session.absent.add("requests")
            api.session.asked_at["senders"] = api.now()  # a page in front of it: as last asked, for a moment
    return api.session.filtered


async def looked(api: Api, at: Position) -> list[Message]:
    """The last words of senders newly kept back; and of a sender who is not kept back any more, what was merged:
    those rows keep their old ids, below every mark."""
    waiting = await pending(api)
    found = [
        message_from_status(r["last_status"], api.server, filtered=True, said="mention")
        for r in waiting
        if str(r["id"]) not in at.requests and isinstance(r.get("last_status"), dict)
    ]
    now = {str(r["id"]): sender_of(r) for r in waiting}
    left = {number: sender for number, sender in at.requests.items() if number not in now}
    if left and not await _merged(api):
        at.requests = now | left  # still at it: looked at again next time
        return found
    for sender in dict.fromkeys(left.values()):
        found += await _all_of(api, sender)
    at.requests = now
    return found


async def _all_of(api: Api, sender: str) -> list[Message]:
    params = (("limit", "80"), ("account_id", sender), ("types[]", "mention"), ("types[]", "quote"))
    page = await api.list("/api/v1/notifications", params, what="merged notifications")
    mine = [i for i in page if isinstance(i, dict) and sender_of(i) == sender]  # where the filter is not known
    return [m for m in (message_from_notification(item, api.server) for item in reversed(mine)) if m is not None]


async def _merged(api: Api) -> bool:
    try:
        answer = await api.one(f"{REQUESTS}/merged", what="merged requests")
    except NotFound:
        return True
    return answer.get("merged") is not False


def sender_of(item: dict[str, Any]) -> str:
    """The account id of who caused a notification or waits as a request."""
    account = item.get("account")
    return str(account.get("id") or "") if isinstance(account, dict) else ""
