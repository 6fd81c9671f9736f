"""Rate limits and their headers (bluesky.md section 6): fixed windows; the headers tell of whichever has least left."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.wire import Call, XrpcError

_POINTS = {"create": 3, "update": 2, "delete": 1}
_WRITES = {"createRecord": "create", "putRecord": "update", "deleteRecord": "delete"}


class Limit(NamedTuple):
    """So many points in so many seconds."""

    points: int
    seconds: int


ALL = (Limit(3000, 300),)
SIGN_INS = (Limit(30, 300), Limit(300, 86_400))
WRITES = (Limit(5000, 3600), Limit(35_000, 86_400))
UPLOADS = (Limit(1000, 86_400),)


class Limiter:
    """Counts what everybody does; silent while ``network.limited`` is off."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._used: dict[tuple[str, str, Limit], tuple[float, int]] = {}

    def admit(self, call: Call) -> None:
        """Count a call against whoever sent it and put the headers into its answer. Raises XrpcError (429)."""
        self._take(call, "all", call.client, ALL, 1)

    def admit_known(self, call: Call) -> None:
        """Count it against the account, too; called when it is known who asks."""
        name = call.nsid.rpartition(".")[2]
        if call.nsid == "com.atproto.server.createSession":
            sent = call.json()
            self._take(call, name, f"{sent.get('identifier')}/{call.client}", SIGN_INS, 1)
        elif call.nsid == "com.atproto.repo.uploadBlob":
            self._take(call, name, call.mine, UPLOADS, 1)
        elif call.nsid.startswith("com.atproto.repo.") and name in _WRITES:
            self._take(call, "writes", call.mine, WRITES, _POINTS[_WRITES[name]])
        elif name == "applyWrites":
            self._take(call, "writes", call.mine, WRITES, sum(map(_cost, call.json().get("writes") or ())))

    def _take(self, call: Call, name: str, who: str, limits: tuple[Limit, ...], points: int) -> None:
        if not self.network.limited:
            return
        now_s = self.network.clock.now().timestamp()
        for limit in limits:
            began_s, used = self._used.get((name, who, limit), (now_s, 0))
            if began_s + limit.seconds <= now_s:
                began_s, used = now_s, 0
            used += points
            self._used[name, who, limit] = began_s, used
            left = max(0, limit.points - used)
            if left < int(call.out.get("ratelimit-remaining", left + 1)):
                call.out |= {
                    "ratelimit-limit": str(limit.points),
                    "ratelimit-reset": str(math.ceil(began_s + limit.seconds)),
                    "ratelimit-remaining": str(left),
                    "ratelimit-policy": f"{limit.points};w={limit.seconds}",
                }
            if used > limit.points:
                wait_s = max(1, math.ceil(began_s + limit.seconds - now_s))
                raise XrpcError(429, "RateLimitExceeded", "Rate Limit Exceeded", headers={"retry-after": str(wait_s)})


def _cost(write: Any) -> int:
    kind = str(write.get("$type", "")).partition("#")[2] if isinstance(write, dict) else ""
    return _POINTS.get(kind, 0)
