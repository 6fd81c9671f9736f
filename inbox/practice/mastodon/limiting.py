"""How many requests are allowed, and the headers that say so (mastodon.md section 9)."""

from __future__ import annotations

from datetime import UTC, datetime

from inbox.practice.mastodon.wire import Call

_PLENTY = 1_000_000_000
_CURSORS = ("max_id", "min_id", "since_id")


def kinds(call: Call) -> list[str]:
    """The limits that this request counts against, the tightest last."""
    found = ["all"]
    if call.method == "GET" and any(call.text(name) for name in _CURSORS):
        found.append("paged")
    if call.method == "POST" and call.path.startswith(("/api/v1/media", "/api/v2/media")):
        found.append("media")
    elif call.method == "POST" and call.path == "/api/v1/statuses":
        found.append("posts")
    elif (call.method == "DELETE" and call.path.startswith("/api/v1/statuses/")) or call.path.endswith("/unreblog"):
        found.append("deletes")
    return found


def counted(call: Call) -> tuple[bool, dict[str, str]]:
    """Count the request: whether it is allowed, and the headers of the tightest limit it met."""
    place = call.place
    now = place.clock.now()
    who = call.token.secret if call.token else "visitor"
    allowed, tightest = True, (_PLENTY, 0, 0)
    for kind in kinds(call):
        most, window_s = place.limits[kind]
        bucket = int(now.timestamp() // window_s)
        # Several tokens of one person share what is limited per person.
        key = (who if kind == "all" else (call.viewer.id if call.viewer else who), kind, bucket)
        place.used[key] += 1
        left = most - place.used[key]
        allowed = allowed and left >= 0
        if (kind != "paged" and left <= tightest[0]) or left < 0:
            tightest = (max(0, left), most, (bucket + 1) * window_s)
    left, most, reset_s = tightest
    if not place.flavour.rate_headers:
        return allowed, {}
    # Like the real one it carries the fraction of the moment at which it was asked.
    reset = datetime.fromtimestamp(reset_s, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    headers = {
        "X-RateLimit-Limit": str(most),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{reset}.{now.microsecond:06d}Z",
    }
    return allowed, headers
