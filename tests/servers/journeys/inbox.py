"""A whole inbox at work: engine, store and connector, signed in at a real blog as a person would do it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from inbox.connectors import http as web
from inbox.engine import Engine
from inbox.events import Changed
from inbox.model import Account, AccountId, ChannelId, Delivery, DeliveryId, DeliveryState
from inbox.secrets import MemorySecrets
from inbox.store import accounts, outbox, reading
from inbox.store.accounts import Health
from inbox.store.database import FILE_NAME, open_reader
from inbox.store.reading import ConversationRow, StoredMessage
from inbox.sync.fetch import Outcome
from tests.servers.journeys.clock import MovableClock
from tests.servers.waiting import until
from tests.servers.wordpress_site import WordPressSite

PATIENCE_S = 60
SETTLE_S = 2.0


def direct_client() -> httpx.AsyncClient:
    """Past any proxy in the environment: nothing gets between us and loopback."""
    return web.client(transport=httpx.AsyncHTTPTransport(retries=0))


class Inbox:
    """One inbox, its engine running. Whatever an engine task failed with is in ``errors``."""

    def __init__(
        self,
        home: Path,
        *,
        secrets: MemorySecrets | None = None,
        client: Callable[[], httpx.AsyncClient] = direct_client,
        poll_by_itself: bool = False,
        interval_s: int | None = None,
    ) -> None:
        self.home = home
        self.secrets = secrets or MemorySecrets()
        self.clock = MovableClock()
        self.errors: list[BaseException] = []
        self.heard: list[Changed] = []
        self.engine = Engine(
            home, self.secrets, clock=self.clock, poll_by_itself=poll_by_itself, interval_s=interval_s,
            settle_s=SETTLE_S, client=client, on_error=self.errors.append,
        )  # fmt: skip
        self.engine.bus.subscribe(self.heard.append)
        self.engine.start()
        self.store = open_reader(home / FILE_NAME)

    def close(self) -> None:
        self.engine.stop()
        self.store.close()
        assert not self.errors, self.errors

    # Coming in

    def sign_in(
        self, site: WordPressSite, *, password: str = "", user: str = "", again: AccountId | None = None
    ) -> Account:
        """Found by its address and signed in with an application password, the officer's unless told otherwise."""
        discovery = self.engine.discover("wordpress", site.url).result(PATIENCE_S)
        answers = {"user": user or site.user, "password": password or site.application_password}
        return self.engine.sign_in(discovery, answers, again).result(PATIENCE_S)

    def sync(self, times: int = 1) -> Outcome:
        """Fetch all channels, ``times`` over; the last outcome of the first channel."""
        for _ in range(times):
            outcomes = self.engine.sync().result(600)
        return outcomes[0]

    def sync_all(self) -> list[Outcome]:
        """Fetch all channels once; one outcome each."""
        return self.engine.sync().result(600)

    def later(self, seconds: float) -> None:
        """So much time has passed."""
        self.clock.move(seconds)

    def send_at_once(self) -> None:
        """From now on nothing waits for second thoughts."""
        with contextlib.closing(sqlite3.connect(self.home / FILE_NAME, timeout=5)) as connection, connection:
            connection.execute("UPDATE channels SET undo_s = 0")

    # What is here

    @property
    def channel_id(self) -> ChannelId:
        """The first blog's."""
        return accounts.channels(self.store)[0].id

    def health(self) -> Health:
        """How the first channel is doing."""
        return accounts.health(self.store)[0]

    def cursor(self) -> str:
        """How far the first channel was read, as the connector wrote it."""
        return accounts.reading(self.store, self.channel_id).cursor

    def account(self) -> Account:
        """The first account."""
        return accounts.accounts(self.store)[0]

    def comment(self, number: int, channel_id: ChannelId | None = None) -> StoredMessage:
        """The stored comment with this number at the blog."""
        return self.message(f"comment:{number}", channel_id)

    def message(self, remote_id: str, channel_id: ChannelId | None = None) -> StoredMessage:
        """The stored message that the blog calls so."""
        found = reading.message_by_remote_id(self.store, channel_id or self.channel_id, remote_id)
        assert found is not None, f"{remote_id} is not in the inbox"
        return found

    def row(self, stored: StoredMessage) -> ConversationRow:
        """The row of the conversation a message stands in."""
        return reading.rows(self.store, [stored.conversation_id])[stored.conversation_id]

    def delivery(self, delivery_id: DeliveryId) -> Delivery:
        found = outbox.delivery(self.store, delivery_id)
        assert found is not None
        return found

    def wait_for(self, delivery_id: DeliveryId, *states: DeliveryState) -> Delivery:
        """The delivery, once it is in one of these states (none named: sent)."""
        wanted = states or (DeliveryState.SENT,)
        until(
            lambda: self.delivery(delivery_id).state in wanted,
            f"delivery {delivery_id} to be {wanted}, not {self.delivery(delivery_id)}",
            PATIENCE_S,
        )
        return self.delivery(delivery_id)


@contextlib.contextmanager
def inbox_in(home: Path, **options: object) -> Iterator[Inbox]:
    """An inbox in this folder, at work until the end of the block."""
    made = Inbox(home, **options)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()
