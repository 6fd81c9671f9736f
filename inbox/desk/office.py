"""What every act needs: the inbox, the clock, the accounts, whom to tell and who acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from inbox.accounts import need
from inbox.clock import Clock
from inbox.connectors.connector import Connector
from inbox.errors import NotAllowed, NotFound
from inbox.events import Changed
from inbox.model import Channel, ChannelId, ConversationId
from inbox.store import accounts, reading
from inbox.store.database import Database


class Connectors(Protocol):
    """Where the connector of a channel is to be had."""

    async def connector_for(self, channel: Channel) -> Connector:
        """The connector that serves this channel."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Office:
    """``publish`` tells the window; ``actor`` is who stands in the record."""

    database: Database
    clock: Clock
    accounts: Connectors
    publish: Callable[[Changed], None]
    actor: str

    def message(self, message_id: int) -> reading.StoredMessage:
        """Raises NotFound."""
        found = reading.message(self.database.connection, message_id)
        if found is None:
            raise NotFound(f"There is no message {message_id}.")
        return found

    def open_channel(self, channel_id: ChannelId) -> Channel:
        """The channel, if its account is still here: what was removed can be read, and nothing more."""
        channel = need(accounts.channel(self.database.connection, channel_id), channel_id)
        if not accounts.is_open(self.database.connection, channel_id):
            raise NotAllowed(f"The account of {channel.title} was removed.", hint="Add it again under Accounts.")
        return channel

    def changed(self, ids: Sequence[int]) -> None:
        """These conversations are to be shown anew."""
        self.publish(Changed(conversations=frozenset(ConversationId(i) for i in ids)))
