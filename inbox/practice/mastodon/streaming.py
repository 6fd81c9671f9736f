"""Server-sent events: what happens, told while it happens, and never again (mastodon.md section 5)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from inbox.practice.mastodon.notifications import notice_json
from inbox.practice.mastodon.status_json import status_json
from inbox.practice.mastodon.talks import conversation_json
from inbox.practice.mastodon.wire import Call, encoded

HEARTBEAT_S = 15.0
_HOME = ("update", "status.update", "delete")
STREAMS = {
    "user": (*_HOME, "notification", "notifications_merged"),
    "user/notification": ("notification", "notifications_merged"),
    "direct": ("conversation",),
}


async def events(call: Call, stream: str, heartbeat_s: float = HEARTBEAT_S) -> AsyncIterator[bytes]:
    """The frames of one stream until the reader leaves or the token dies."""
    place, me = call.place, call.me
    queue: asyncio.Queue[tuple[str, dict[str, Any] | str] | None] = asyncio.Queue()
    place.streams[me.id].append(queue)
    try:
        yield b":)\n"
        while True:
            try:
                async with asyncio.timeout(heartbeat_s):
                    told = await queue.get()
            except TimeoutError:
                yield b":thump\n"
                continue
            if told is None:
                return
            event, about = told
            if event not in STREAMS[stream]:
                continue
            words = about.encode() if isinstance(about, str) else _said(call, about)
            if words is not None:
                yield b"event: " + event.encode() + b"\ndata: " + words + b"\n\n"
    finally:
        place.streams[me.id].remove(queue)


def _said(call: Call, about: dict[str, Any]) -> bytes | None:
    """The thing itself as JSON; ``None`` when it is gone or hidden by now."""
    place = call.place
    if "notice" in about:
        notice = place.notice_ids.get(about["notice"])
        return encoded(notice_json(call, notice)) if notice is not None and not notice.filtered else None
    if "conversation" in about:
        talk = place.conversations.get(about["conversation"])
        return encoded(conversation_json(call, talk)) if talk is not None else None
    status = place.statuses.get(about["status"])
    return encoded(status_json(call, status)) if status is not None and place.sees(call.viewer, status) else None
