"""Networks to fetch from and publish to: the one in memory, and one that says just what a test wants said."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from inbox.connectors.connector import Room
from inbox.connectors.memory import Memory, World
from inbox.model import Account, AccountId, Batch, Capability, Channel, Cursor, SweepPage
from inbox.secrets import AccountSecret, MemorySecrets
from inbox.store import accounts
from inbox.store.database import Database
from tests.clock import TestClock
from tests.inbox.making import add_channel


class Refuses:
    """An HTTP client for networks that need none: whatever is asked of it, it was not meant to be."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"no request was expected, but http.{name} was")


def in_memory(database: Database, clock: TestClock, *, page_size: int = 20) -> tuple[World, Memory, Channel]:
    """A network in memory with one channel, signed in."""
    world = World(clock, page_size=page_size)
    channel = add_channel(database)
    return world, connected(world, clock, channel), channel


def connected(world: World, clock: TestClock, channel: Channel) -> Memory:
    """A new connector to it, as after a restart."""
    secrets = MemorySecrets()
    secrets.save(channel.account_id, {"password": world.password})
    account = Account(id=AccountId(channel.account_id), network="memory", title="Memory")
    room = Room(account=account, http=Refuses(), secret=AccountSecret(secrets, account.id), clock=clock)
    return Memory.over({channel.remote_id: world})(room)


def cursor(database: Database, channel: Channel) -> str:
    return accounts.reading(database.connection, channel.id).cursor


@dataclass
class Scripted:
    """Answers each fetch with the next of ``batches`` (or raises it), and notes what was asked."""

    capabilities: ClassVar[Capability] = Capability.FETCH | Capability.REREAD | Capability.SWEEP
    reread_every_s: ClassVar[int] = 0
    batches: list[Batch | BaseException | Callable[[Cursor], Batch]]
    asked: list[str] = field(default_factory=list)
    reread_ids: list[list[str]] = field(default_factory=list)
    pages: list[SweepPage | BaseException] = field(default_factory=list)

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        self.asked.append(cursor)
        answer = self.batches.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, Batch) else answer(cursor)

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        self.reread_ids.append(list(remote_ids))
        return Batch(cursor=Cursor(""))

    async def sweep(self, channel: Channel, cursor: Cursor) -> AsyncIterator[SweepPage]:
        for page in self.pages:
            if isinstance(page, BaseException):
                raise page
            yield page
