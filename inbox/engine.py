"""The door: one thread with its own asyncio loop, commands in, Changed out.

Every command returns a ``concurrent.futures.Future`` at once and does its work on the engine's thread; plain values go
in and out, so that the engine can become a process the day a thread is not smooth enough. Whoever listens on ``bus``
is called on the engine's thread.

What the engine works with is imported on its own thread once it begins: asyncio, the networks and their HTTP client
take longer than all the rest of a start, and the window shows its list without them (``start(held=True)``).
"""

from __future__ import annotations

import contextlib
import getpass
import logging
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from inbox.clock import Clock, SystemClock
from inbox.connectors import CONNECTORS, TITLES
from inbox.errors import PostroomError, StoreError
from inbox.events import Bus, Changed
from inbox.metering import Use
from inbox.model import (
    Account,
    AccountId,
    ChannelId,
    ConversationStatus,
    DeliveryId,
    LinkCard,
    MessageId,
    Moderation,
    Reaction,
    Update,
    Weight,
)
from inbox.store import fleeting
from inbox.store.database import Database
from inbox.tasks import Tasks

if TYPE_CHECKING:
    import asyncio

    from inbox.connectors import http
    from inbox.connectors.connector import Authorization, Connector, Discovery
    from inbox.desk import Undone
    from inbox.secrets import Secrets
    from inbox.store.purging import Purger
    from inbox.sync.fetch import Outcome

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """How the engine is doing as a whole; a snapshot."""

    offline_since: datetime | None = None
    polling: frozenset[ChannelId] = frozenset()
    paused: bool = False
    uses: Mapping[AccountId, tuple[Use, ...]] = field(default_factory=dict)  # of accounts that use something up


class Engine:
    """One inbox at work. ``start`` opens the file (raising StoreError), ``stop`` ends all work in good order."""

    def __init__(
        self,
        home: Path,
        secrets: Secrets,
        *,
        clock: Clock | None = None,
        networks: Mapping[str, type[Connector]] = CONNECTORS,
        poll_by_itself: bool = True,
        interval_s: int | None = None,
        settle_s: float | None = None,
        client: Callable[[], http.Client] | None = None,
        on_error: Callable[[BaseException], None] | None = None,
    ) -> None:
        self.home = home
        self.bus = Bus()
        self.actor = f"person:{getpass.getuser()}"
        self.networks = networks
        self._secrets = secrets
        self._clock = clock or SystemClock()
        self._poll_by_itself = poll_by_itself
        self._interval_s = interval_s
        self._settle_s = settle_s
        self._client = client
        self.on_error = on_error or (lambda error: log.error("engine task failed", exc_info=error))
        """Told, on the engine's thread, of what nobody awaits: a full disk, or a bug. The window sets its own."""
        self._thread: threading.Thread | None = None
        self._released = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._making_loop = threading.Lock()

    @property
    def titles(self) -> dict[str, str]:
        """What people call each network; known before its code is there."""
        return {name: TITLES.get(name) or self.networks[name].title for name in self.networks}

    # Life

    def start(self, *, held: bool = False) -> None:
        """Open the file and begin. Raises StoreError when the file cannot be used; then nothing runs.

        ``held``: only open the file; the work, and every command given meanwhile, waits for ``release``.
        """
        ready: Future[None] = Future()
        self._held, self._loop = held, None
        self._released.clear()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="engine", daemon=True)
        self._thread.start()
        try:
            ready.result()
        except BaseException:
            self._thread.join()
            self._thread = None
            raise

    def release(self) -> Future[None]:
        """Begin the work that was held; done when it has begun."""

        async def nothing_more() -> None: ...

        self._released.set()
        return self._do(nothing_more)

    def stop(self, *, within_s: float = 10.0) -> None:
        """Take no more work, cancel what runs, close the file. What was being sent is on disk as such."""
        if self._thread is None:
            return
        with contextlib.suppress(RuntimeError):  # it may have ended by itself, its loop with it
            self._its_loop().call_soon_threadsafe(self._ending.set)
        self._released.set()
        self._thread.join(within_s)
        self._thread = None

    def _run(self, ready: Future[None]) -> None:
        try:
            database = Database.open(self.home)
            try:
                if fleeting.in_force(database.connection):  # before anybody can look
                    self._purger(database).run(self._clock.now())
                if self._held:
                    ready.set_result(None)
                    self._released.wait()
                from asyncio import Runner

                with Runner(loop_factory=self._its_loop) as runner:
                    runner.run(self._main(database, ready))
            finally:
                database.close()
        except BaseException as error:  # noqa: BLE001 - the thread ends here: whoever waits for the start, or the hook, is told
            if ready.done():
                self.on_error(error)
            else:
                ready.set_exception(error)

    def _its_loop(self) -> asyncio.AbstractEventLoop:
        """The engine's loop, made by whoever needs it first: a command may come before the thread does."""
        import asyncio

        with self._making_loop:
            if self._loop is None:
                self._ending, self._begun = asyncio.Event(), asyncio.Event()
                self._loop = asyncio.new_event_loop()
            return self._loop

    async def _main(self, database: Database, ready: Future[None]) -> None:
        self._its_loop().set_exception_handler(
            lambda _, c: self.on_error(c.get("exception") or RuntimeError(c["message"]))
        )
        if not self._ending.is_set():
            await self._work(database, ready)

    def _purger(self, database: Database) -> Purger:
        from inbox.store.purging import Purger

        return Purger(database)

    async def _forget(self, database: Database) -> None:
        """Forget, for ever, what may not be kept any longer."""
        purger = self._purger(database)
        while True:
            try:
                self.bus.publish(purger.run(self._clock.now()))
                wait_s = purger.wait_s(self._clock.now())
            except StoreError as error:  # a full disk; it is tried again
                self.on_error(error)
                wait_s = 60.0
            await self._clock.sleep(wait_s)

    async def _work(self, database: Database, ready: Future[None]) -> None:
        from inbox.accounts import Accounts
        from inbox.connectors import http
        from inbox.desk import Desk
        from inbox.pictures import Pictures
        from inbox.polling import Polling
        from inbox.publishing.outbox import SETTLE_S, Outbox

        tasks = Tasks(lambda error: self.on_error(error))
        client = self._client() if self._client else http.client()
        try:
            self._accounts = Accounts(database, self._secrets, client, self._clock, self.networks)
            self._outbox = Outbox(
                database, self._clock, tasks, self.bus.publish, self._accounts.connector_for,
                settle_s=SETTLE_S if self._settle_s is None else self._settle_s,
            )  # fmt: skip
            self._polling = Polling(
                database,
                self._clock,
                tasks,
                self.bus.publish,
                self._accounts,
                self._outbox.network_returned,
                self._interval_s,
            )
            self._desk = Desk(database, self._clock, self._accounts, self._outbox, self.bus.publish, self.actor)
            self._pictures = Pictures(self.home / "media" / "fetched", client, self._clock)
            self._outbox.recover()
            tasks.start(self._forget(database), name="forgetting")
            tasks.start(self._outbox.run(), name="outbox")
            if self._poll_by_itself:
                tasks.start(self._polling.run(), name="polling")
            self._begun.set()
            if not ready.done():
                ready.set_result(None)
            await self._ending.wait()
        finally:
            await tasks.cancel()
            await self._accounts.close()
            await client.aclose()

    # Commands. Each is one line: what is done stands in the room it belongs to.

    def _do(self, work: Callable[[], Coroutine[Any, Any, T]]) -> Future[T]:
        if self._thread is None:
            raise PostroomError("The engine is not running.")
        import asyncio

        async def once_begun() -> T:
            await self._begun.wait()
            return await work()

        return asyncio.run_coroutine_threadsafe(once_begun(), self._its_loop())

    def discover(self, network: str, address: str) -> Future[Discovery]:
        """What stands at an address, before signing in."""
        return self._do(lambda: self._accounts.discover(network, address))

    def sign_in(
        self, discovery: Discovery, answers: Mapping[str, str], again: AccountId | None = None
    ) -> Future[Account]:
        """Add an account, or sign in again; its channels are fetched at once."""

        return self._do(
            lambda: self._signed_in(self._accounts.sign_in(discovery, answers, actor=self.actor, again=again))
        )

    def sign_in_by_browser(
        self,
        discovery: Discovery,
        opened: Callable[[str], None],
        again: AccountId | None = None,
        answers: Mapping[str, str] | None = None,
    ) -> Future[Account]:
        """The same by the person's browser; ``opened`` is told the address to open, on the engine's thread.
        ``answers`` are to ``Discovery.app_fields``."""
        return self._do(
            lambda: self._signed_in(
                self._accounts.sign_in_by_browser(
                    discovery, opened, actor=self.actor, again=again, answers=answers or {}
                )
            )
        )

    def authorize(self, discovery: Discovery, answers: Mapping[str, str] | None = None) -> Future[Authorization]:
        """The same with a code to paste: the code goes into ``sign_in`` with what is to be kept until then."""
        return self._do(lambda: self._accounts.authorize(discovery, answers or {}))

    async def _signed_in(self, signing_in: Coroutine[Any, Any, Account]) -> Account:
        account = await signing_in
        self._polling.replan(hurry=account.id)
        self._outbox.poke()
        self.bus.publish(Changed(accounts=True))
        return account

    def remove_account(self, account_id: AccountId) -> Future[None]:
        """Sign out, stop polling and sending; what arrived stays, what had not gone out becomes drafts."""

        async def work() -> None:
            changed = await self._accounts.remove(account_id, actor=self.actor)
            self._polling.replan()
            self.bus.publish(changed)

        return self._do(work)

    def sync(self, channel_ids: Sequence[ChannelId] = ()) -> Future[list[Outcome]]:
        """Fetch these channels (none named: all) now and return what each came to."""
        return self._do(lambda: self._polling.now(channel_ids))

    def pause(self, paused: bool) -> Future[None]:
        """Stop polling and sending, or go on. What is under way finishes."""

        async def work() -> None:
            self._outbox.pause(paused)
            self._polling.pause(paused)

        return self._do(work)

    def set_status(self, conversation_ids: Iterable[int], status: ConversationStatus) -> Future[None]:
        """Open, waiting or done."""
        ids = list(conversation_ids)
        return self._do(lambda: self._desk.set_status(ids, status))

    def mark_read(self, conversation_ids: Iterable[int], read: bool = True) -> Future[None]:
        """Seen, or not."""
        ids = list(conversation_ids)
        return self._do(lambda: self._desk.mark_read(ids, read))

    def reply(
        self, message_id: MessageId, text: str, *, close: bool = False, approve_first: bool = False,
        options: Update | None = None,
    ) -> Future[DeliveryId]:  # fmt: skip
        """Queue an answer to a message. Raises Rejected when it may not go; then nothing is queued.

        ``options``: a reply with whatever else was chosen (visibility, warning, pictures); its text does not count.
        """
        return self._do(
            lambda: self._desk.reply(message_id, text, close=close, approve_first=approve_first, options=options)
        )

    def publish(
        self, update: Update, channel_ids: Sequence[ChannelId], *, draft: tuple[str, str] | None = None
    ) -> Future[list[DeliveryId]]:
        """Queue an update for several channels. Raises Rejected when one cannot take it; then none is queued.

        ``draft``: its place and what is left of it, kept in the same transaction, so that an end in between brings
        back nothing that is on its way.
        """
        return self._do(lambda: self._desk.publish(update, channel_ids, draft=draft))

    def cancel(self, delivery_id: DeliveryId) -> Future[Update]:
        """Take back what has not left and return what was written. Raises NotFound when it is too late."""
        return self._do(lambda: self._desk.cancel(delivery_id))

    def send_now(self, delivery_id: DeliveryId) -> Future[None]:
        """Try again, or do not wait any longer."""
        return self._do(lambda: self._desk.writing.send_now(delivery_id))

    def decide_unknown(self, delivery_id: DeliveryId, *, arrived: bool, url: str = "") -> Future[None]:
        """A person looked and says whether it is there."""
        return self._do(lambda: self._desk.writing.decide_unknown(delivery_id, arrived=arrived, url=url))

    def carried(self, delivery_id: DeliveryId, *, url: str = "") -> Future[None]:
        """A person carried over by hand what this network takes from no program."""
        return self._do(lambda: self._desk.writing.carried(delivery_id, url=url))

    def weigh(
        self, update: Update, channel_ids: Sequence[ChannelId]
    ) -> Future[dict[ChannelId, Weight | PostroomError]]:
        """How many an update would reach and what it would cost, for those channels that can say, or why not now."""
        return self._do(lambda: self._desk.writing.weigh(update, channel_ids))

    def trial(self, update: Update, channel_id: ChannelId) -> Future[str]:
        """Send an update to ourselves only; in words, to whom."""
        return self._do(lambda: self._desk.writing.trial(update, channel_id))

    def set_budget(self, account_id: AccountId, allowance: str, amount: int) -> Future[None]:
        """The officer's limit for what an account may use up in a period, in the allowance's unit."""

        async def work() -> None:
            await self._accounts.set_budget(account_id, allowance, amount, actor=self.actor)
            await self._polling.measure(account_id)
            self._polling.replan(hurry=account_id)
            self._outbox.budget_raised(account_id)
            self.bus.publish(Changed(accounts=True))

        return self._do(work)

    def moderate(self, message_id: MessageId, action: Moderation, words: str = "") -> Future[None]:
        """Approve, hold, spam, hide, block ... at the network and here. ``words`` go with a report."""
        return self._do(lambda: self._desk.moderate(message_id, action, words))

    def react(self, message_id: MessageId, reaction: Reaction) -> Future[None]:
        """Like or boost, or take that back."""
        return self._do(lambda: self._desk.react(message_id, reaction))

    def read_around(self, message_id: MessageId) -> Future[None]:
        """Read the whole conversation around a message from its network, because somebody looks at it."""
        return self._do(lambda: self._desk.moderating.read_around(message_id, self._polling.around))

    def edit(self, message_id: MessageId, text: str) -> Future[None]:
        """Change the words of a message of ours, at the network and here."""
        return self._do(lambda: self._desk.moderating.edit(message_id, text))

    def delete(self, message_id: MessageId) -> Future[None]:
        """Remove a message for good, at the network; here its tombstone stays."""
        return self._do(lambda: self._desk.moderating.delete(message_id))

    def picture(self, url: str, *, asked: bool = True) -> Future[Path]:
        """The file with a picture that a message points to; unless a person ``asked``, from that very host alone."""
        return self._do(lambda: self._pictures.get(url, asked=asked))

    def link_card(self, url: str) -> Future[LinkCard]:
        """What a page says of itself, for a card that we make; asked because a person wants one."""
        return self._do(lambda: self._pictures.card(url))

    def undo(self) -> Future[Undone | None]:
        """Undo the last thing done from here, or ``None`` when there is nothing left to undo."""
        return self._do(lambda: self._desk.undo())

    def save_draft(self, place: str, body: str) -> Future[None]:
        """Keep what is being written; an empty body forgets it."""
        return self._do(lambda: self._desk.save_draft(place, body))

    def state(self) -> State:
        """How the engine is doing now; may be asked from any thread."""
        polling = getattr(self, "_polling", None)
        if polling is None:
            return State()
        return State(
            offline_since=polling.offline_since, polling=frozenset(polling.busy), paused=polling.paused,
            uses=dict(polling.uses),
        )  # fmt: skip
