"""The network in memory: its failures happen at the two moments of a request, not in HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import httpx

from inbox.connectors.memory import AFTER_ACCEPT, BEFORE_SEND, Memory, World
from inbox.errors import NotAllowed, Offline, OutcomeUnknown, PostroomError, RateLimited, SignInNeeded, Unavailable
from inbox.model import MessageState, Rendition, UpdateKind, Visibility
from tests.connectors.harness import WAIT, Break, KeptSecret, SetClock, account_of, channel_of, room

READS = ("fetch", "reread", "sweep", "find", "channels")
WRITES = ("publish", "moderate", "edit", "delete")


class MemoryHarness:
    breaks: ClassVar[frozenset[Break]] = frozenset(Break) - {
        Break.BROKEN_BODY,  # nothing is put into bytes
        Break.WRONG_TYPE,
        Break.ENDLESS,
        Break.HALF_ANSWER,
    }
    many: ClassVar[int] = 45
    overlaps: ClassVar[bool] = False
    connector_class: ClassVar[type[Memory]] = Memory

    def __init__(self) -> None:
        self.clock = SetClock()
        self.world = World(self.clock, page_size=20)
        self.world.limits = replace(self.world.limits, visibilities=tuple(Visibility))
        self.world.hook = self._reach
        self.secret = self.world.password
        self.channel = channel_of(Memory, "square", limits=self.world.limits)
        self._class = Memory.over({"square": self.world})
        self._broken: dict[str, Break] = {}
        self._wire = httpx.MockTransport(lambda request: httpx.Response(500))
        self._visits = 0

    @property
    def requests(self) -> int:
        return self._visits

    @property
    def made(self) -> list[str]:
        return [entry.remote_id for entry in self.world.entries.values() if entry.ours and entry.keys]

    def connector(self) -> Memory:
        account = account_of(Memory, "memory.example", "officer")
        return self._class(room(self._wire, self.clock, account, KeptSecret(password=self.secret)))

    def seed(self, count: int) -> list[str]:
        said: list[str] = []
        for number in range(count):
            self.clock.forward(1)
            parent = said[number // 2] if number % 3 == 2 else ""
            said.append(self.world.say(f"Word {number} & more", parent=parent))
        return said

    def ask_privately(self, text: str) -> None:
        self.clock.forward(1)
        self.world.say(text, visibility=Visibility.DIRECT)

    def say_unknown(self) -> str:
        return self.world.say("A hologram", kind="hologram")

    def edit(self, remote_id: str, text: str) -> None:
        self.world.edit(remote_id, text)

    def remove(self, remote_id: str) -> None:
        self.world.remove(remote_id)

    def hold(self, remote_id: str) -> None:
        self.world.set_state(remote_id, MessageState.HELD)

    def sign_out(self) -> None:
        self.world.password = "another-one"

    def break_reads(self, how: Break) -> None:
        self._broken.update(dict.fromkeys(READS, how))

    def break_writes(self, how: Break) -> None:
        self._broken.update(dict.fromkeys(WRITES, how))

    def mend(self) -> None:
        self._broken.clear()

    def most_bytes(self, kind: UpdateKind) -> int | None:
        return self.world.limits.text_bytes

    def post(self, text: str = "The library opens on Monday", **others: object) -> Rendition:
        return Rendition(kind=UpdateKind.POST, text=text, **others)  # type: ignore[arg-type]

    def reply(self, remote_id: str, text: str = "We open at nine") -> Rendition:
        return Rendition(kind=UpdateKind.REPLY, text=text, reply_to=remote_id)

    async def close(self) -> None:
        await self._wire.aclose()

    def _reach(self, operation: str, moment: str) -> None:
        self._visits += moment == BEFORE_SEND
        how = self._broken.get(operation)
        if how is None:
            return
        writing = operation in WRITES
        before: dict[Break, PostroomError] = {
            Break.NO_NAME: Offline(),
            Break.REFUSED: Unavailable(),
            Break.NO_CONNECTION: Unavailable(),
            Break.UNAUTHORIZED: SignInNeeded(),
            Break.FORBIDDEN: NotAllowed(),
            Break.WAIT_SECONDS: RateLimited(retry_at=self.clock.now() + WAIT),
            Break.WAIT_DATE: RateLimited(retry_at=self.clock.now() + WAIT),
            Break.SERVER_ERROR: OutcomeUnknown() if writing else Unavailable(),
        }
        if moment == BEFORE_SEND and how in before:
            raise before[how]
        if moment == AFTER_ACCEPT and how is Break.LOST_ANSWER:
            raise OutcomeUnknown() if writing else Unavailable()
