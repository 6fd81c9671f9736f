"""Our side of the network in memory: what every connector looks like.

API: none, the network is made up in ``world.py``. Reads and publishes everything; needs no approval, costs nothing, has
no storage rule. ``Memory.over(worlds)`` makes the class for given worlds, so that no state hangs on the module.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar, Self, cast

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import (
    NEEDED,
    NEEDED_TO_REACT,
    NOTHING,
    START,
    Authorization,
    Bare,
    Discovery,
    Room,
    SignedIn,
    needed_to_publish,
)
from inbox.connectors.memory.world import Entry, World
from inbox.errors import CursorExpired, NotAllowed, NotFound, Unsupported
from inbox.model import (
    Author,
    Batch,
    Capability,
    Channel,
    ChannelFound,
    Counts,
    Cursor,
    Delivery,
    Field,
    Limits,
    Message,
    MessageKind,
    MessageState,
    Moderation,
    Quoted,
    Reaction,
    Receipt,
    Rendition,
    Sighting,
    SweepPage,
    Weight,
)

MOST_REREAD = 100


class Memory(Bare):
    """One account at the network in memory."""

    name: ClassVar[str] = "memory"
    title: ClassVar[str] = "Memory"
    glyph: ClassVar[str] = "Me"
    capabilities: ClassVar[Capability] = ~Capability.NONE
    address_field: ClassVar[Field] = Field(name="address", label="Address", placeholder="memory.example")
    interval_s: ClassVar[int] = 60
    reread_every_s: ClassVar[int] = 0
    worlds: ClassVar[Mapping[str, World]] = {}  # one channel for each, by its remote id

    def __init__(self, room: Room) -> None:
        self._room = room

    @classmethod
    def over(cls, worlds: Mapping[str, World]) -> type[Self]:
        """This connector, opening one channel for each of these worlds."""
        return cast("type[Self]", type(cls.__name__, (cls,), {"worlds": worlds}))

    @classmethod
    async def discover(cls, address: str, http: httpx.AsyncClient, clock: Clock) -> Discovery:
        if address != "memory.example":
            raise NotFound("There is no memory network at this address", hint="Try memory.example")
        password = Field(name="password", label="Password", secret=True)
        return Discovery(network=cls.name, title=cls.title, address=address, fields=(password,), settings={})

    @classmethod
    async def sign_in(
        cls, discovery: Discovery, answers: Mapping[str, str], http: httpx.AsyncClient, clock: Clock
    ) -> SignedIn:
        secret = {"password": answers.get("password") or answers.get("code", "")}
        for world in cls.worlds.values():
            async with world.visit("sign_in", secret["password"]):
                pass
        return SignedIn(
            title=cls.title,
            address=discovery.address,
            user="officer",
            settings={},
            secret=secret,
            channels=cls._found(),
        )

    @classmethod
    def _found(cls) -> tuple[ChannelFound, ...]:
        return tuple(
            ChannelFound(remote_id=name, title=name, speaks_as="We", capabilities=cls.capabilities, limits=world.limits)
            for name, world in cls.worlds.items()
        )

    @classmethod
    async def authorize(
        cls,
        discovery: Discovery,
        redirect_uri: str,
        http: httpx.AsyncClient,
        clock: Clock,
        answers: Mapping[str, str] = NOTHING,
    ) -> Authorization:
        return Authorization(url=f"https://{discovery.address}/allow?to={redirect_uri}", state="s1", keep={})

    async def channels(self) -> Sequence[ChannelFound]:
        for world in self.worlds.values():
            async with world.visit("channels", self._password()):
                pass
        return self._found()

    async def limits(self, channel: Channel) -> Limits:
        return self.worlds[channel.remote_id].limits

    async def fetch(self, channel: Channel, cursor: Cursor) -> Batch:
        world = self._world(channel, Capability.FETCH)
        async with world.visit("fetch", self._password()):
            since, removed = _read(cursor, world.removed)
            if since > world.change or 0 < since < world.expired_before:
                raise CursorExpired("The network does not know this cursor any more", status=410)
            changed = sorted(
                (e for e in world.entries.values() if e.change > max(since, world.offered_from)),
                key=lambda e: e.change,
            )
            some = changed[: world.page_size]
            complete = len(some) == len(changed)
            return Batch(
                messages=tuple(message_from(e) for e in some),
                cursor=_cursor(some[-1].change, removed) if some else cursor,
                complete=complete,
                window_from=min((e.created_at for e in some), default=None),
                window_to=world.clock.now() if complete else max(e.created_at for e in some),
                gap_before=0 < since < world.offered_from,
                drifted=complete and removed != world.removed,
            )

    async def reread(self, channel: Channel, remote_ids: Sequence[str]) -> Batch:
        world = self._world(channel, Capability.REREAD)
        async with world.visit("reread", self._password()):
            wanted = remote_ids[:MOST_REREAD]
            there = [world.entries[i] for i in wanted if i in world.entries and world.entries[i].change]
            found = {e.remote_id for e in there}
            gone = tuple(i for i in wanted if i not in found)
            return Batch(messages=tuple(message_from(e) for e in there), cursor=START, gone=gone)

    async def thread(self, channel: Channel, message: Message) -> Batch:
        world = self._world(channel, Capability.THREAD)
        async with world.visit("thread", self._password()):
            entries, gone = world.around(message.remote_id)
            return Batch(messages=tuple(map(message_from, entries)), cursor=START, gone=(gone,) if gone else ())

    async def hints(self, channel: Channel) -> AsyncIterator[None]:
        world = self._world(channel, Capability.HINTS)
        async with world.visit("hints", self._password()):
            pass
        news, loop = asyncio.Event(), asyncio.get_running_loop()

        def tell() -> None:
            loop.call_soon_threadsafe(news.set)  # whoever speaks there need not live on our loop

        world.listeners.add(tell)
        try:
            while True:
                yield
                await news.wait()
                news.clear()
        finally:
            world.listeners.discard(tell)

    async def sweep(self, channel: Channel, cursor: Cursor) -> AsyncIterator[SweepPage]:
        world = self._world(channel, Capability.SWEEP)
        since, _ = _read(cursor, 0)
        removed, last = world.removed, 0  # counted before the first page: what goes meanwhile is left to the next sweep
        while True:
            async with world.visit("sweep", self._password()):
                rest = sorted((e for e in world.entries.values() if e.change and _number(e) > last), key=_number)
                sightings = tuple(
                    Sighting(remote_id=e.remote_id, state=e.state, parent_remote_id=e.parent) for e in rest
                )
            if len(rest) <= world.page_size:
                # The changes not fetched yet stay unfetched: only the count of what is gone moves on.
                yield SweepPage(sightings=sightings, swept_prefixes=("m",), cursor=_cursor(since, removed))
                return
            last = _number(rest[world.page_size - 1])
            yield SweepPage(sightings=sightings[: world.page_size])

    async def publish(self, channel: Channel, rendition: Rendition, key: str) -> Receipt:
        world = self._world(channel, needed_to_publish(rendition))
        async with world.visit("publish", self._password()):
            return _receipt(world.accept(rendition, key))

    async def find(self, channel: Channel, delivery: Delivery) -> Receipt | None:
        # No right is asked for: what went out before a right was lost must still be found.
        world = self.worlds[channel.remote_id]
        async with world.visit("find", self._password()):
            entry = world.with_key(delivery.key)
        return _receipt(entry) if entry else None

    async def weigh(self, channel: Channel, rendition: Rendition) -> Weight:
        world = self._world(channel, Capability.WEIGH)
        async with world.visit("weigh", self._password()):
            return world.weight

    async def trial(self, channel: Channel, rendition: Rendition) -> str:
        world = self._world(channel, Capability.TRIAL)
        async with world.visit("trial", self._password()):
            world.tried.append(rendition.text)
            return "Sent to ourselves."

    async def moderate(self, channel: Channel, message: Message, action: Moderation, words: str = "") -> Message:
        world = self._world(channel, NEEDED[action])
        async with world.visit("moderate", self._password()):
            entry = world.entry(message.remote_id)
            if action in _STATES or action in _UNDOES:
                world.set_state(message.remote_id, _state_after(entry, action))
            else:
                world.told.append((action, entry.author, words))
            return message_from(entry)

    async def react(self, channel: Channel, message: Message, reaction: Reaction) -> Message:
        world = self._world(channel, NEEDED_TO_REACT[reaction])
        async with world.visit("react", self._password()):
            entry = world.entry(message.remote_id)
            if reaction in _TAKES_BACK:
                entry.reacted.discard(_TAKES_BACK[reaction])
            else:
                entry.reacted.add(reaction)
            return message_from(entry)

    async def edit(self, channel: Channel, message: Message, text: str) -> Message:
        world = self._world(channel, Capability.EDIT)
        async with world.visit("edit", self._password()):
            entry = world.entry(message.remote_id)
            if not entry.ours:
                raise NotAllowed("These are somebody else's words", status=403)
            world.edit(message.remote_id, text)
            return message_from(entry)

    async def delete(self, channel: Channel, message: Message) -> None:
        world = self._world(channel, Capability.DELETE)
        async with world.visit("delete", self._password()):
            world.remove(message.remote_id)

    async def revoke(self) -> None:
        self._room.secret.save({})

    async def close(self) -> None:
        """Nothing is held open."""

    def _world(self, channel: Channel, needed: Capability) -> World:
        """The channel's world, if both the connector and the channel allow what is ``needed``; else Unsupported."""
        missing = needed & ~(self.capabilities & channel.capabilities)
        if missing:
            raise Unsupported(f"{self.title} cannot do that here: {missing.name}", account=self._room.account.id)
        return self.worlds[channel.remote_id]

    def _password(self) -> str:
        return self._room.secret.read().get("password", "")


def message_from(entry: Entry) -> Message:
    """What stands there as a Message; of a kind nobody has heard of as UNREADABLE, with its raw form."""
    known = entry.kind in set(MessageKind)
    raw = {"id": entry.remote_id, "kind": str(entry.kind), "author": entry.author, "text": entry.text}
    return Message(
        remote_id=entry.remote_id,
        kind=MessageKind(entry.kind) if known else MessageKind.UNREADABLE,
        state=entry.state,
        author=Author(name=entry.author, remote_id=entry.author.lower()),
        created_at=entry.created_at,
        text=entry.text,
        title=entry.title,
        url=_url(entry),
        ours=entry.ours,
        parent_remote_id=entry.parent,
        context_remote_id=entry.context,
        edited_at=entry.edited_at,
        visibility=entry.visibility,
        warning=entry.warning,
        language=entry.language,
        quoted=Quoted(remote_id=entry.quotes) if entry.quotes else None,
        counts=Counts(likes=Reaction.LIKE in entry.reacted, boosts=Reaction.BOOST in entry.reacted),
        reacted=tuple(sorted(entry.reacted)),
        raw=json.dumps(raw).encode(),
    )


def _receipt(entry: Entry) -> Receipt:
    if not entry.ready:
        return Receipt(remote_id=entry.remote_id, state=entry.state, pending=True)
    return Receipt(remote_id=entry.remote_id, url=_url(entry), state=entry.state, message=message_from(entry))


def _url(entry: Entry) -> str:
    return f"https://memory.example/{entry.remote_id}"


def _number(entry: Entry) -> int:
    return int(entry.remote_id.removeprefix("m"))


_STATES = {
    Moderation.APPROVE: MessageState.PUBLISHED,
    Moderation.HOLD: MessageState.HELD,
    Moderation.SPAM: MessageState.SPAM,
    Moderation.TRASH: MessageState.TRASHED,
    Moderation.HIDE: MessageState.HIDDEN,
}
_UNDOES = {
    Moderation.UNSPAM: MessageState.SPAM,
    Moderation.RESTORE: MessageState.TRASHED,
    Moderation.UNHIDE: MessageState.HIDDEN,
}
_TAKES_BACK = {Reaction.UNLIKE: Reaction.LIKE, Reaction.UNBOOST: Reaction.BOOST}


def _state_after(entry: Entry, action: Moderation) -> MessageState:
    """The state an action leads to; undoing what was not done changes nothing."""
    if action in _UNDOES:
        return entry.state_before if entry.state is _UNDOES[action] else entry.state
    return _STATES[action]


def _cursor(change: int, removed: int) -> Cursor:
    return Cursor(f"{change}.{removed}")


def _read(cursor: Cursor, removed: int) -> tuple[int, int]:
    """The change number and the count of removals a cursor accounts for; a channel never read has missed none."""
    if not cursor:
        return 0, removed
    change, _, count = cursor.partition(".")
    if not (change.isdecimal() and count.isdecimal()):
        raise CursorExpired("This is no cursor of this network")
    return int(change), int(count)
