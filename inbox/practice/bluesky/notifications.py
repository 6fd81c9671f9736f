"""app.bsky.notification: what happened to us, with all the traps of the real list (bluesky.md section 4)."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime
from typing import Any

from inbox.practice.bluesky import ids
from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import POST, Notification
from inbox.practice.bluesky.views import Views
from inbox.practice.bluesky.wire import Call, Method, Raw, XrpcError, invalid


def methods(network: Network) -> dict[str, Method]:
    """The methods of this part, by name."""

    def list_notifications(call: Call) -> Any:
        limit, cursor = call.number("limit", 50, 100), call.param("cursor")
        reasons = set(call.query.get("reasons", ()))
        if call.param("seenAt"):
            raise invalid("The seenAt parameter is unsupported")
        told = network.notifications[call.mine]
        # The cursor is a bare time and leaves out its whole millisecond: what shares it with the last one is lost.
        end = bisect_left(told, _before(cursor), key=lambda n: n.record.sort_at) if cursor else len(told)
        page: list[Notification] = []
        position = end
        while position > 0 and len(page) < limit:
            position -= 1
            if not reasons or told[position].reason in reasons:
                page.append(told[position])
        more = any(not reasons or n.reason in reasons for n in told[:position]) if reasons else position > 0
        seen = call.me.seen_at
        if seen is None and not cursor and page:
            seen = page[0].record.sort_at  # nothing seen yet: only the newest counts as new
        views = Views(network, call.mine, call.home)
        shown = [_view(views, n, read=seen is None or n.record.sort_at < seen) for n in page if _visible(call, n)]
        answer: dict[str, Any] = {"notifications": shown}
        if more:
            answer["cursor"] = ids.stamp(page[-1].record.sort_at)
        answer["priority"] = False
        return answer | ({"seenAt": ids.stamp(seen)} if seen is not None else {})

    def unread_count(call: Call) -> Any:
        seen = call.me.seen_at
        told = network.notifications[call.mine]
        return {"count": sum(1 for n in told if (seen is None or n.record.sort_at >= seen) and _visible(call, n))}

    def update_seen(call: Call) -> Any:
        try:
            call.me.seen_at = ids.moment(str(call.body("seenAt")["seenAt"]))
        except ValueError:
            raise invalid(f"Invalid {call.nsid} input: Invalid datetime at $.seenAt") from None
        return Raw()

    name = "app.bsky.notification."
    return {
        f"{name}listNotifications": Method(serve=list_notifications, labelled=True),
        f"{name}getUnreadCount": Method(serve=unread_count),
        f"{name}updateSeen": Method(serve=update_seen, writes=True),
    }


def _before(cursor: str) -> datetime:
    try:
        return ids.moment(cursor)
    except ValueError:
        # Not the caller's fault, as the real one sees it.
        raise XrpcError(502, "InternalServerError", "Internal Server Error") from None


def _visible(call: Call, notification: Notification) -> bool:
    network, record = call.network, notification.record
    did = record.did
    if did in network.mutes[call.mine] or network.blocks(did, call.mine):
        return False
    if did in network.taken_down or record.uri in network.taken_down or not network.accounts[did].active:
        return False
    if record.collection != POST or "reply" not in record.value:
        return True
    root = record.value["reply"]["root"]["uri"]
    if root in network.muted_threads[call.mine]:
        return False
    gate = network.gate(root)
    return gate is None or record.uri not in gate.value.get("hiddenReplies", ())


def _view(views: Views, notification: Notification, *, read: bool) -> dict[str, Any]:
    record = notification.record
    subject = {"reasonSubject": notification.subject} if notification.subject else {}
    return {
        **record.ref,
        "author": views.person_listed(record.did),
        "reason": notification.reason,
        **subject,
        "record": record.value,
        "isRead": read,
        "indexedAt": ids.stamp(record.sort_at),
        "labels": views.labels(record.uri, record),
    }
