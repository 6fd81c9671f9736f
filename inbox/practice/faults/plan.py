"""The plan: which faults are to come, and what an answer looks like that they spoil."""

from __future__ import annotations

import enum
import re
import threading
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

PHP_WARNING = "<br />\n<b>Warning</b>: Undefined variable in /srv/plugin.php on line 3<br />\n"
CHECKING = "<!DOCTYPE html><title>One moment</title><h1>Checking your browser before you continue</h1>"
ENDLESS_CHUNK = b"[1,2,3,4,5,6,7,8],\n" * 3450
"""About 64 kB of a JSON list that never closes."""

judged: ContextVar[bool] = ContextVar("postroom_fault_judged", default=False)
"""Set while a FaultyTransport passes a request on, so that the app behind it does not apply the plan again."""


class FaultKind(enum.StrEnum):
    """What goes wrong. "Executed" means that the network did what was asked, although we are not told."""

    SLOW = "slow"  # the answer comes after ``seconds``
    STATUS = "status"  # ``status`` with an HTML page, and Retry-After; not executed
    JUNK = "junk"  # ``text`` before the JSON
    CONTENT_TYPE = "content-type"  # the JSON, called text/html
    HTML_PAGE = "html-page"  # 200 with a page that checks the browser; not executed
    BROKEN_JSON = "broken-json"  # the answer ends in the middle, orderly
    ENDLESS = "endless"  # a body without end; not executed
    HALF = "half"  # half the body, then the connection is cut; executed
    LOST_ANSWER = "lost-answer"  # executed, then the connection is cut without a word
    CUT_BEFORE = "cut-before"  # the connection is cut before anything is executed
    UNREACHABLE = "unreachable"  # nobody listens (over sockets the same as cut-before)
    TIMEOUT_BEFORE = "timeout-before"  # never sent: ConnectTimeout (over sockets: no answer, not executed)
    TIMEOUT_AFTER = "timeout-after"  # executed, and no answer comes
    STRIP_AUTH = "strip-auth"  # the host loses the Authorization header


@dataclass(kw_only=True, slots=True)
class Fault:
    """One planned fault. ``times`` requests are left to it; ``None``: until cleared."""

    kind: FaultKind
    path: str = ""
    method: str = ""
    times: int | None = None
    seconds: float = 0.0
    status: int = 503
    retry_after: int | datetime | None = None
    text: str = PHP_WARNING


class Faults:
    """The plan. May be changed from any thread while requests are served."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[Fault] = []

    def add(self, kind: FaultKind | str, **how: Any) -> Fault:
        """Plan a fault: ``path`` a regular expression searched in the path, ``method``, ``times``, and its own values.

        The first planned fault that fits a request is applied to it, and no other.
        """
        fault = Fault(kind=FaultKind(kind), **how)
        re.compile(fault.path)
        with self._lock:
            self._planned.append(fault)
        return fault

    def too_many(self, *, retry_after: int | datetime | None = 30, **how: Any) -> Fault:
        """429 with Retry-After in seconds or as a date."""
        return self.add(FaultKind.STATUS, status=429, retry_after=retry_after, **how)

    def clear(self, kind: FaultKind | str | None = None) -> None:
        """Forget all faults, or those of one kind."""
        with self._lock:
            self._planned = [f for f in self._planned if kind is not None and f.kind != FaultKind(kind)]

    @property
    def planned(self) -> tuple[Fault, ...]:
        """What is still planned."""
        with self._lock:
            return tuple(self._planned)

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this request, counted off; ``None`` when all is well."""
        with self._lock:
            for fault in self._planned:
                if (not fault.method or fault.method == method) and re.search(fault.path, path):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._planned.remove(fault)
                    return fault
        return None


def instead(fault: Fault) -> tuple[int, dict[str, str], bytes]:
    """The answer that comes without asking the app."""
    if fault.kind is FaultKind.HTML_PAGE:
        return 200, {"content-type": "text/html; charset=utf-8"}, CHECKING.encode()
    headers = {"content-type": "text/html; charset=utf-8"}
    if isinstance(fault.retry_after, datetime):
        headers["retry-after"] = format_datetime(fault.retry_after, usegmt=True)
    elif fault.retry_after is not None:
        headers["retry-after"] = str(fault.retry_after)
    page = f"<!DOCTYPE html><title>Error {fault.status}</title><h1>Error {fault.status}</h1>"
    return fault.status, headers, page.encode()


def altered(fault: Fault, headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], bytes]:
    """The app's answer, garbled."""
    out = {k.lower(): v for k, v in headers.items() if k.lower() != "content-length"}
    if fault.kind is FaultKind.JUNK:
        body = fault.text.encode() + body
    elif fault.kind is FaultKind.BROKEN_JSON:
        body = body[: max(1, len(body) // 2)]
    elif fault.kind is FaultKind.CONTENT_TYPE:
        out["content-type"] = "text/html; charset=utf-8"
    return out, body
