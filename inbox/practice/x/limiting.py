"""How often each call may be made in fifteen minutes, and the headers that say so (x.md section 4)."""

from __future__ import annotations

import re

from inbox.practice.x.network import Network

WINDOW_S = 900
LIMITS: tuple[tuple[str, str, int], ...] = (
    ("GET", r"/2/users/me", 75),
    ("GET", r"/2/users/\d+/mentions", 300),
    ("GET", r"/2/users/\d+/tweets", 900),
    ("GET", r"/2/users(/.*)?", 900),
    ("GET", r"/2/tweets/search/recent", 300),
    ("GET", r"/2/tweets/\d+/quote_tweets", 75),
    ("GET", r"/2/tweets(/\d+)?", 5_000),
    ("GET", r"/2/dm_events|/2/dm_conversations/.*", 15),
    ("GET", r"/2/usage/tweets", 50),
    ("POST", r"/2/tweets", 100),
    ("DELETE", r"/2/tweets/\d+", 50),
    ("PUT", r"/2/tweets/\d+/hidden", 50),
    ("POST", r"/2/users/\d+/(likes|retweets)", 50),
    ("DELETE", r"/2/users/\d+/(likes|retweets)/\d+", 50),
    ("POST", r"/2/dm_conversations/.*", 15),
    ("DELETE", r"/2/dm_events/\d+", 300),
    ("POST", r"/2/media/metadata", 500),
    ("POST", r"/2/media/.*", 1_875),
)


def counted(network: Network, who: str, method: str, path: str) -> tuple[bool, dict[str, str]]:
    """Whether the window has room for this call, and what the headers say about it."""
    found = next(((p, most) for m, p, most in LIMITS if m == method and re.fullmatch(p, path)), None)
    if found is None:
        return True, {}
    pattern, most = found
    now_s = network.now().timestamp()
    used, ends_s = network.windows.get((who, f"{method} {pattern}"), (0, 0.0))
    if now_s >= ends_s:
        used, ends_s = 0, now_s + WINDOW_S
    allowed = used < most or not network.limits
    if allowed:
        used += 1
    network.windows[who, f"{method} {pattern}"] = (used, ends_s)
    headers = {
        "x-rate-limit-limit": str(most), "x-rate-limit-remaining": str(max(most - used, 0)),
        "x-rate-limit-reset": str(int(ends_s)),
    }  # fmt: skip
    return allowed, headers
