"""The network's side of one channel in memory: what stands there, what is asked of it, and what goes wrong.

Others act through ``say``, ``show``, ``edit``, ``remove`` and ``set_state``; ``asked``, ``made`` and ``requests`` count
what reached the network. The moments at which a request can go wrong are the same for every operation:

    before_send    nothing has left: an error raised here means that it surely did not happen
    after_accept   it happened; the answer is on its way. OutcomeUnknown raised here is the lost answer
"""

from __future__ import annotations

import asyncio
import inspect
from collections import Counter, defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from inbox.clock import Clock
from inbox.errors import NotFound, OutcomeUnknown, Rejected, SignInNeeded
from inbox.model import (
    Limits,
    Media,
    MessageKind,
    MessageState,
    Moderation,
    Problem,
    Reaction,
    Rendition,
    UpdateKind,
    Visibility,
    Weight,
)

BEFORE_SEND, AFTER_ACCEPT = "before_send", "after_accept"

Hook = Callable[[str, str], Awaitable[None] | None]
"""Called with the operation and the moment; may raise, or return something to wait for."""


class Crash(BaseException):
    """The power went: no error of anybody's. Nothing catches it, so whatever was not durable by now is lost."""


@dataclass(slots=True)
class Entry:
    """One thing that stands at the network. ``change`` is the number of the last change to it; 0: not shown yet."""

    remote_id: str
    kind: str
    author: str
    text: str
    created_at: datetime
    title: str = ""
    state: MessageState = MessageState.PUBLISHED
    state_before: MessageState = MessageState.PUBLISHED
    parent: str = ""
    context: str = ""
    ours: bool = False
    edited_at: datetime | None = None
    publish_at: datetime | None = None
    media: tuple[Media, ...] = ()
    keys: set[str] = field(default_factory=set)
    change: int = 0
    ready: bool = True
    visibility: Visibility = Visibility.PUBLIC
    warning: str = ""
    language: str = ""
    quotes: str = ""
    reacted: set[Reaction] = field(default_factory=set)


class World:
    """The network's side of one channel, shared by any number of connectors and living through their crashes.

    Settings may be changed at any time: ``page_size``; ``password``; ``recognises_keys`` (False: the same key twice
    makes two posts, as at most real networks); ``takes_its_time`` (a publish is pending until ``finish``);
    ``limits``; ``expired_before`` (older cursors raise CursorExpired) and ``offered_from`` (older changes are no
    longer offered: a gap).
    """

    def __init__(self, clock: Clock, *, page_size: int = 20) -> None:
        self.clock = clock
        self.page_size = page_size
        self.password = "open-sesame-42"  # noqa: S105 - opens nothing but this
        self.recognises_keys = True
        self.takes_its_time = False
        self.weight = Weight()
        self.tried: list[str] = []  # what was sent to ourselves only
        self.limits = Limits(text_bytes=2_000, media_count=4)
        self.expired_before = 0
        self.offered_from = 0
        self.entries: dict[str, Entry] = {}
        self.removed = 0
        self.change = 0
        self.requests: Counter[str] = Counter()  # operation -> requests that reached the network
        self.asked: Counter[str] = Counter()  # delivery key -> publishes that reached the network
        self.made: list[tuple[str, str]] = []  # (delivery key, remote id), one for each thing really made or changed
        self.hook: Hook | None = None
        self.told: list[tuple[Moderation, str, str]] = []  # what, whom, with which words
        self.listeners: set[Callable[[], object]] = set()  # called at every change
        self._faults: defaultdict[tuple[str, str], deque[BaseException]] = defaultdict(deque)
        self._serial = 0

    # --- what others do there ---

    def say(
        self,
        text: str,
        *,
        author: str = "Vera",
        parent: str = "",
        context: str = "",
        kind: str = MessageKind.COMMENT,
        state: MessageState = MessageState.PUBLISHED,
        created_at: datetime | None = None,
        ours: bool = False,
        shown: bool = True,
        visibility: Visibility = Visibility.PUBLIC,
    ) -> str:
        """Somebody says something; its remote id. ``shown=False``: nobody sees it until ``show`` (out of order)."""
        self._serial += 1
        entry = Entry(f"m{self._serial}", kind, author, text, created_at or self.clock.now(), state=state, ours=ours)
        entry.parent, entry.context, entry.visibility = parent, context, visibility
        self.entries[entry.remote_id] = entry
        if shown:
            self._touch(entry)
        return entry.remote_id

    def show(self, remote_id: str) -> None:
        """Something said earlier becomes visible now, after things that were said later."""
        self._touch(self.entries[remote_id])

    def edit(self, remote_id: str, text: str) -> None:
        entry = self.entries[remote_id]
        if entry.text != text:
            entry.text, entry.edited_at = text, self.clock.now()
            self._touch(entry)

    def remove(self, remote_id: str) -> None:
        """Gone for good. As at most networks no change tells of it: only asking by id, a sweep or a count does."""
        if self.entries.pop(remote_id, None):
            self.removed += 1

    def set_state(self, remote_id: str, state: MessageState) -> None:
        entry = self.entries[remote_id]
        if entry.state is not state:
            entry.state_before, entry.state = entry.state, state
            self._touch(entry)

    def finish(self) -> None:
        """Whatever is still pending is done now."""
        for entry in self.entries.values():
            if not entry.ready:
                entry.ready = True
                self._touch(entry)

    # --- what goes wrong ---

    def fail(self, operation: str, moment: str, *errors: BaseException) -> None:
        """Raise these, one at each coming visit to that moment of that operation."""
        self._faults[operation, moment].extend(errors)

    def lose_answer(self, operation: str = "publish") -> None:
        """The next one happens, and its answer is lost."""
        self.fail(operation, AFTER_ACCEPT, OutcomeUnknown("The answer was lost"))

    # --- the network at work ---

    @asynccontextmanager
    async def visit(self, operation: str, password: str) -> AsyncIterator[None]:
        """One request: what is done inside happens at the network, between the two moments."""
        await self._reach(operation, BEFORE_SEND)
        self.requests[operation] += 1
        if password != self.password:
            raise SignInNeeded("The password is not the one of this network", status=401)
        self._publish_due()
        yield
        await self._reach(operation, AFTER_ACCEPT)

    async def _reach(self, operation: str, moment: str) -> None:
        await asyncio.sleep(0)  # others may act here, and the caller may be cancelled: as on a real wire
        if self._faults[operation, moment]:
            raise self._faults[operation, moment].popleft()
        if self.hook is not None and inspect.isawaitable(waiting := self.hook(operation, moment)):
            await waiting

    def around(self, remote_id: str) -> tuple[list[Entry], str]:
        """What an entry answers, up to the first, and all that answers any of it; and what it answers and is gone."""
        top, gone = self.entry(remote_id), ""
        while top.parent and not gone:
            above = self.entries.get(top.parent)
            gone = "" if above and above.change else top.parent
            top = above if above and not gone else top
        found, fresh = {top.remote_id: top}, [top]
        while fresh:
            below = [e for e in self.entries.values() if e.change and e.parent in {f.remote_id for f in fresh}]
            fresh = [e for e in below if e.remote_id not in found]
            found |= {e.remote_id: e for e in fresh}
        return list(found.values()), gone

    def with_key(self, key: str) -> Entry | None:
        """What a publish with this key made or changed, shown already or not."""
        return next((e for e in self.entries.values() if key in e.keys), None)

    def entry(self, remote_id: str) -> Entry:
        """What is shown under this id. Raises NotFound."""
        entry = self.entries.get(remote_id)
        if entry is None or not entry.change:
            raise NotFound(f"There is no {remote_id} here", status=404)
        return entry

    def accept(self, rendition: Rendition, key: str) -> Entry:
        """Make it, or change what it replaces. Raises Rejected or NotFound and has then done nothing."""
        self.asked[key] += 1
        if self.recognises_keys and (known := self.with_key(key)):
            return known
        problems = self._problems(rendition)
        if problems:
            raise Rejected(problems=problems, status=422)
        if rendition.replaces:
            entry = self.entry(rendition.replaces)
            entry.text, entry.edited_at = rendition.text, self.clock.now()
        else:
            if rendition.reply_to:
                self.entry(rendition.reply_to)
            kind = MessageKind.POST if rendition.kind is UpdateKind.POST else MessageKind.COMMENT
            entry = self.entries[
                self.say(rendition.text, author="We", parent=rendition.reply_to, kind=kind, ours=True, shown=False)
            ]
            entry.context, entry.ready = rendition.context, not self.takes_its_time
            if rendition.publish_at and rendition.publish_at > self.clock.now():
                entry.state, entry.publish_at = MessageState.SCHEDULED, rendition.publish_at
        entry.title, entry.media = rendition.title, rendition.media
        entry.visibility = rendition.visibility or entry.visibility
        entry.warning, entry.language, entry.quotes = rendition.warning, rendition.language, rendition.quotes
        entry.keys.add(key)
        self.made.append((key, entry.remote_id))
        if entry.ready:
            self._touch(entry)
        return entry

    def _problems(self, rendition: Rendition) -> tuple[Problem, ...]:
        found = []
        size_bytes, limits = len(rendition.text.encode()), self.limits
        if limits.text_bytes is not None and size_bytes > limits.text_bytes:
            found.append(Problem(words=f"{size_bytes - limits.text_bytes} bytes too long"))
        if len(rendition.media) > limits.media_count:
            found.append(Problem(words=f"No more than {limits.media_count} pictures", where="media"))
        if not rendition.text.strip() and not rendition.media:
            found.append(Problem(words="There is nothing in it"))
        return tuple(found)

    def _touch(self, entry: Entry) -> None:
        self.change += 1
        entry.change = self.change
        for tell in list(self.listeners):
            tell()

    def _publish_due(self) -> None:
        for entry in self.entries.values():
            if entry.state is MessageState.SCHEDULED and entry.publish_at and entry.publish_at <= self.clock.now():
                entry.state, entry.created_at = MessageState.PUBLISHED, entry.publish_at
                self._touch(entry)
