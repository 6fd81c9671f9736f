"""Acts on what is at the network already: moderate, react, edit, delete. Each is on the record before it is asked."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from inbox.connectors.connector import NEEDED
from inbox.desk.office import Office
from inbox.errors import NotAllowed
from inbox.model import Capability, Channel, Message, MessageId, MessageState, Moderation, Reaction
from inbox.store import record, relations
from inbox.sync import fetch


class Moderating:
    """What is done to a message where it stands, and here."""

    def __init__(self, office: Office) -> None:
        self._office = office

    async def moderate(self, message_id: MessageId, action: Moderation, words: str = "") -> MessageState:
        """Do it at the network and here; how the message stands now."""
        office = self._office
        stored = office.message(message_id)
        channel = office.open_channel(stored.channel_id)
        if NEEDED[action] & stored.message.denied:
            raise NotAllowed(f"{channel.title} does not allow this with this message.", hint="")
        connector = await office.accounts.connector_for(channel)
        self._intend(f"asked: {action}", message_id)
        after = await connector.moderate(channel, stored.message, action, words)
        now = office.clock.now()
        with office.database.transaction() as connection:
            record.append(
                connection, at=now, actor=office.actor, verb=f"moderated: {action}", subject=f"message:{message_id}",
                before={"state": stored.message.state},
                after={"state": after.state} | ({"words": words} if words else {}),
            )  # fmt: skip
            if action in relations.MEANS:
                relations.decide(connection, channel.id, stored.message.author, action, at=now)
        saved = fetch.save(office.database, channel, fetch.ours(after), at=now, actor=office.actor)
        office.publish(saved.changed)
        if action in relations.MEANS:
            office.changed([stored.conversation_id])
        return after.state

    async def react(self, message_id: MessageId, reaction: Reaction) -> None:
        """Like or boost, or take that back."""
        office = self._office
        stored = office.message(message_id)
        channel = office.open_channel(stored.channel_id)
        connector = await office.accounts.connector_for(channel)
        self._intend(f"asked: {reaction}", message_id)
        after = await connector.react(channel, stored.message, reaction)
        now = office.clock.now()
        with office.database.transaction() as connection:
            record.append(
                connection, at=now, actor=office.actor, verb=f"reacted: {reaction}", subject=f"message:{message_id}"
            )
        office.publish(fetch.save(office.database, channel, fetch.ours(after), at=now, actor=office.actor).changed)
        office.changed([stored.conversation_id])

    async def edit(self, message_id: MessageId, text: str) -> None:
        """Change the words of a message of ours."""
        office = self._office
        stored = office.message(message_id)
        channel = office.open_channel(stored.channel_id)
        connector = await office.accounts.connector_for(channel)
        self._intend("asked: edit", message_id)
        after = await connector.edit(channel, stored.message, text)
        saved = fetch.save(office.database, channel, fetch.ours(after), at=office.clock.now(), actor=office.actor)
        office.publish(saved.changed)

    async def delete(self, message_id: MessageId) -> None:
        """Remove it for good; here its tombstone stays."""
        office = self._office
        stored = office.message(message_id)
        channel = office.open_channel(stored.channel_id)
        connector = await office.accounts.connector_for(channel)
        self._intend("asked: delete", message_id)
        await connector.delete(channel, stored.message)
        now = office.clock.now()
        with office.database.transaction() as connection:
            record.append(
                connection, at=now, actor=office.actor, verb="deleted for good", subject=f"message:{message_id}"
            )
        batch = fetch.gone(stored.message.remote_id)
        office.publish(fetch.save(office.database, channel, batch, at=now, actor=office.actor).changed)

    async def read_around(self, message_id: MessageId, around: Callable[[Channel, Message], Awaitable[None]]) -> None:
        """Read the conversation around it by ``around``, where the network can."""
        office = self._office
        stored = office.message(message_id)
        channel = office.open_channel(stored.channel_id)
        if Capability.THREAD in channel.capabilities:
            await around(channel, stored.message)

    def _intend(self, verb: str, message_id: MessageId) -> None:
        """On the record before the network is asked: an end in between must not hide whose act it was."""
        office = self._office
        with office.database.transaction() as connection:
            record.append(
                connection, at=office.clock.now(), actor=office.actor, verb=verb, subject=f"message:{message_id}"
            )
