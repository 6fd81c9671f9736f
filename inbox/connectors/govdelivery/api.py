"""Requests to Comm Cloud: Basic sign-in and XML for v1, a token and JSON for v2; what it refuses, by who has to act.

Source: govdelivery.md sections 0, 2, 6 and 7, read 2026-11-23. An error is judged by its code, not by the HTTP status
alone: one status stands for several causes, and one code (GD-12004) for several texts. No rate limit is published, so
there is one request at a time, and none is ever repeated by itself.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn
from urllib.parse import urlencode

from inbox.connectors.connector import Room
from inbox.connectors.govdelivery import xml
from inbox.connectors.govdelivery.place import Place
from inbox.connectors.http import Reply, fail_by_status, request
from inbox.errors import BadReply, NotAllowed, NotFound, PostroomError, Rejected
from inbox.metering import Allowance, Period, Unit
from inbox.model import Problem

log = logging.getLogger(__name__)

CALLS: Final = Allowance(
    name="calls", title="Requests", unit=Unit.CALLS, period=Period.DAY,
    source="No limit is published for Comm Cloud v1 (read 2026-11-23); one request at a time",
)  # fmt: skip
TIMEOUT_S: Final = 60.0
LONG_TIMEOUT_S: Final = 180.0
"""The list of topics took 40 seconds on a large account (govdelivery.md section 0)."""
NO_RIGHT_HINT: Final = (
    "API rights are granted one by one. Ask Granicus support to give this API user the right to do this."
)
NO_SUBSCRIBERS: Final = "must select at least one topic or category that has subscribers"
_TYPE: Final = "application/xml; charset=utf-8"
_CODE = re.compile(r"GD-(\d{2})(\d{3})")
_REQUEST_ID = re.compile(r"[\w-]{1,64}")


@dataclass(slots=True)
class Memory:
    """What a connector remembers while it runs: nothing that a restart would miss."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    missing: set[str] = field(default_factory=set)  # rights that were refused, in words
    bodies: dict[str, Any] = field(default_factory=dict)  # bulletins read whole, by id
    reported_at: float = -1e9  # when statistics were last asked for, by the monotonic clock
    walked_at: float = -1e9  # when the whole list of what was sent was last gone through
    newest_sent: str = ""  # the end of the list of what was sent, where that begins with the oldest
    trial_draft: str = ""
    late: PostroomError | None = None  # a half of a poll that failed while the other was saved


class Api:
    """One account's way to Comm Cloud."""

    def __init__(self, room: Room, place: Place, memory: Memory) -> None:
        self.room = room
        self.place = place
        self.memory = memory
        self.requests = 0

    async def read(self, path: str, where: str, *, timeout_s: float = TIMEOUT_S) -> xml.Node:
        """A document of v1. Raises NotFound, NotAllowed, SignInNeeded, BadReply."""
        return self.document(await self.ask("GET", path, where, timeout_s=timeout_s), where)

    async def write(self, method: str, path: str, where: str, body: str) -> xml.Node:
        """Send a document and read the answer; raises OutcomeUnknown when it may have been done."""
        return self.document(await self.ask(method, path, where, body=body), where)

    async def ask(
        self, method: str, path: str, where: str, *, body: str | None = None, timeout_s: float = TIMEOUT_S
    ) -> Reply:
        """One request of v1, answered with whatever it was answered with."""
        content = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'.encode() if body is not None else None
        headers = {"Accept": "application/xml"} | ({"Content-Type": _TYPE} if content else {})
        auth = (self.place.user, self.room.secret.read().get("password", ""))
        async with self.memory.turn:
            self._count(where)
            return await request(
                self.room.http, method, self.place.url(path), auth=auth, headers=headers, content=content,
                timeout_s=timeout_s, clock=self.room.clock, account=self.room.account.id,
            )  # fmt: skip

    async def report(self, path: str, query: Mapping[str, str], where: str) -> Any:
        """A report of v2 as JSON."""
        headers = {"X-AUTH-TOKEN": self.room.secret.read().get("token", ""), "Accept": "application/json"}
        url = self.place.report(path) + (f"?{urlencode(query)}" if query else "")
        async with self.memory.turn:
            self._count(where)
            reply = await request(
                self.room.http, "GET", url, headers=headers, timeout_s=TIMEOUT_S, clock=self.room.clock,
                account=self.room.account.id,
            )  # fmt: skip
        if reply.status != 200:
            fail_by_status(reply, account=self.room.account.id, what=where)
        return reply.json(where)

    def _count(self, where: str) -> None:
        self.requests += 1
        self.room.meter.spend(CALLS.name, 1, where)

    def document(self, reply: Reply, where: str) -> xml.Node:
        """The document in an answer of v1; else the error that it means."""
        if not 200 <= reply.status < 300:
            self.fail(reply, where)
        root = xml.read(reply.body, where)
        if root.tag == "errors":
            raise self.judged(root, reply.status, where)
        return root

    def fail(self, reply: Reply, where: str) -> NoReturn:
        """Name what was refused. Its request id is logged: Granicus support asks for it."""
        log.info("%s: status %s, request %s", where, reply.status, request_id(reply))
        if reply.status != 401:
            try:
                root = xml.read(reply.body, where)
            except BadReply:
                pass
            else:
                if root.tag == "errors":
                    raise self.judged(root, reply.status, where)
        if reply.status == 403:
            self.memory.missing.add(where)
            raise NotAllowed(f"GovDelivery refuses {where}", hint=NO_RIGHT_HINT, status=403)
        fail_by_status(reply, account=self.room.account.id, what=where)

    def judged(self, errors: xml.Node, status: int, where: str) -> PostroomError:
        """An ``<errors>`` document by its code and text (govdelivery.md section 7)."""
        code = errors.text("code")
        texts = tuple(" ".join(e.words.split())[:200] for e in errors.all("error") if e.words.strip())
        account = self.room.account.id
        family = _CODE.fullmatch(code)
        last = family[2] if family else ""
        if last == "015" or (status == 403 and last not in {"002", "004"}):
            self.memory.missing.add(where)
            return NotAllowed(
                f"GovDelivery does not grant the right to {where} ({code})", hint=NO_RIGHT_HINT, account=account,
                status=status,
            )  # fmt: skip
        if last == "002" or (status == 404 and last != "004"):
            return NotFound(f"{where}: GovDelivery does not know it ({code})", account=account, status=status)
        if any(NO_SUBSCRIBERS in text for text in texts):
            return Rejected(
                "Nobody has subscribed to what was chosen, so GovDelivery sent nothing",
                hint="It is not tried again by itself: the first new subscriber would get it out of the blue.",
                account=account, status=status,
            )  # fmt: skip
        problems = tuple(Problem(words=f"GovDelivery says: {text}") for text in texts)
        return Rejected(f"GovDelivery refused it ({code})", problems=problems, account=account, status=status)


def request_id(reply: Reply) -> str:
    """The vendor's own number of a request, when it looks like one."""
    found = str(reply.headers.get("x-request-id", ""))
    return found if _REQUEST_ID.fullmatch(found) else "unnamed"
