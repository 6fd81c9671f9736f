"""What a person does: settle, answer, publish, moderate, and take it back. Every act is one line of the record.

``writing`` is what leaves, ``moderating`` what is done to what stands at the network already; here they are put
together, and what can be undone is remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inbox.clock import Clock
from inbox.desk.moderating import Moderating
from inbox.desk.office import Connectors, Office
from inbox.desk.writing import Writing
from inbox.errors import Offline, SignInNeeded, Unavailable
from inbox.events import Changed
from inbox.model import (
    ChannelId,
    ConversationId,
    ConversationStatus,
    DeliveryId,
    DeliveryState,
    MessageId,
    MessageState,
    Moderation,
    Reaction,
    Update,
)
from inbox.publishing.outbox import Outbox
from inbox.store import outbox, relations, triage
from inbox.store.database import Database

_OPPOSITE = {
    Moderation.APPROVE: Moderation.HOLD,
    Moderation.HOLD: Moderation.APPROVE,
    Moderation.SPAM: Moderation.UNSPAM,
    Moderation.UNSPAM: Moderation.SPAM,
    Moderation.TRASH: Moderation.RESTORE,
    Moderation.RESTORE: Moderation.TRASH,
    Moderation.HIDE: Moderation.UNHIDE,
    Moderation.UNHIDE: Moderation.HIDE,
    Moderation.BLOCK: Moderation.UNBLOCK,
    Moderation.UNBLOCK: Moderation.BLOCK,
    Moderation.MUTE: Moderation.UNMUTE,
    Moderation.UNMUTE: Moderation.MUTE,
}
_TAKEN_BACK = {
    Reaction.LIKE: Reaction.UNLIKE,
    Reaction.UNLIKE: Reaction.LIKE,
    Reaction.BOOST: Reaction.UNBOOST,
    Reaction.UNBOOST: Reaction.BOOST,
}
UNDO_DEPTH = 50
_HERE = (DeliveryState.QUEUED, DeliveryState.REJECTED, DeliveryState.BY_HAND)
_LEFT = (DeliveryState.SENDING, DeliveryState.UNKNOWN, DeliveryState.SENT)


def _why_not(states: Sequence[DeliveryState]) -> str:
    """Why nothing can be taken back, as it is."""
    if any(state in _LEFT for state in states):
        return "Too late: it has left. Edit or delete it in the conversation."
    return "It was taken back already: its words are a draft."


@dataclass(frozen=True, kw_only=True, slots=True)
class Undone:
    """What was undone, in words, and what it gives back: the conversations to look at, and a text to go on with."""

    words: str
    conversations: tuple[ConversationId, ...] = ()
    update: Update | None = None
    channels: tuple[ChannelId, ...] = ()  # where a post was to go


@dataclass(frozen=True, kw_only=True, slots=True)
class _Act:
    """Something that can be taken back: exactly one of the fields is set."""

    status: str = ""
    delivery_id: DeliveryId | None = None
    published: tuple[DeliveryId, ...] = ()  # one update, all its channels
    approved: bool = False  # with the delivery: the comment it answers was approved in the same step
    moderation: tuple[MessageId, Moderation, MessageState] | None = None  # the last is what it made of the message
    reaction: tuple[MessageId, Reaction] | None = None


class Desk:
    """The officer's hands, on the engine's thread: the acts that can be undone; the others are those of ``writing`` and
    ``moderating``. What each returns and raises stands at the engine's door."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts: Connectors,
        outbox_: Outbox,
        publish: Callable[[Changed], None],
        actor: str,
    ) -> None:
        self._office = Office(database=database, clock=clock, accounts=accounts, publish=publish, actor=actor)
        self.moderating = Moderating(self._office)
        self.writing = Writing(self._office, outbox_, self.moderating)
        self._done: list[_Act] = []

    async def set_status(self, ids: Sequence[int], status: ConversationStatus) -> None:
        with self._office.database.transaction() as connection:
            before = triage.set_status(connection, ids, status, at=self._office.clock.now(), actor=self._office.actor)
        self._remember(_Act(status=before))
        self._office.changed(ids)

    async def mark_read(self, ids: Sequence[int], read: bool) -> None:
        with self._office.database.transaction() as connection:
            changed = triage.mark_read(connection, ids, read)
        self._office.changed(changed)

    async def reply(
        self, message_id: MessageId, text: str, *, close: bool, approve_first: bool, options: Update | None = None
    ) -> DeliveryId:
        id_, approved = await self.writing.reply(
            message_id, text, close=close, approve_first=approve_first, options=options
        )
        self._remember(_Act(delivery_id=id_, approved=approved))
        return id_

    async def publish(
        self, update: Update, channel_ids: Sequence[ChannelId], *, draft: tuple[str, str] | None = None
    ) -> list[DeliveryId]:
        ids = await self.writing.publish(update, channel_ids, draft=draft)
        self._remember(_Act(published=tuple(ids)))
        return ids

    async def cancel(self, delivery_id: DeliveryId) -> Update:
        update = await self.writing.cancel(delivery_id)
        self._done = [a for a in self._done if a.delivery_id != delivery_id and a.published != (delivery_id,)]
        return update

    async def moderate(self, message_id: MessageId, action: Moderation, words: str = "") -> None:
        before = self._office.message(message_id).message.state
        after = await self.moderating.moderate(message_id, action, words)
        if after is not before or action in relations.MEANS:
            self._remember(_Act(moderation=(message_id, action, after)))

    async def react(self, message_id: MessageId, reaction: Reaction) -> None:
        await self.moderating.react(message_id, reaction)
        self._remember(_Act(reaction=(message_id, reaction)))

    async def undo(self) -> Undone | None:
        """Take back exactly the last act. What has left is not taken back, and nothing older in its place."""
        if not self._done:
            return None
        act = self._done.pop()
        if act.delivery_id is not None:
            return await self._undo_delivery(act.delivery_id, act.approved)
        if act.published:
            return await self._undo_post(act.published)
        if act.moderation is not None:
            return await self._undo_moderation(act, *act.moderation)
        if act.reaction is not None:
            return await self._undo_reaction(act, *act.reaction)
        with self._office.database.transaction() as connection:
            ids = triage.restore(connection, act.status, at=self._office.clock.now(), actor=self._office.actor)
        self._office.changed(ids)
        return Undone(words="Undone.", conversations=tuple(ConversationId(i) for i in ids))

    async def _undo_delivery(self, delivery_id: DeliveryId, approved: bool) -> Undone:
        found = outbox.delivery(self._office.database.connection, delivery_id)
        where = (found.conversation_id,) if found is not None and found.conversation_id else ()
        if found is None or found.state not in _HERE:
            return Undone(words=_why_not([found.state] if found is not None else []), conversations=where)
        update = await self.cancel(delivery_id)
        words = "Taken back before it left"
        return Undone(
            words=f"{words}; the comment stays approved." if approved else f"{words}.",
            conversations=where,
            update=update,
        )

    async def _undo_post(self, delivery_ids: Sequence[DeliveryId]) -> Undone:
        """Take back an update wherever it has not left yet."""
        found = [outbox.delivery(self._office.database.connection, id_) for id_ in delivery_ids]
        here = [d for d in found if d is not None and d.state in _HERE]
        if not here:
            return Undone(words=_why_not([d.state for d in found if d is not None]))
        updates = [await self.cancel(d.id) for d in here]
        left = sum(d is not None and d.state in _LEFT for d in found)
        words = f"Taken back before it left; {left} had gone already." if left else "Taken back before it left."
        return Undone(words=words, update=updates[0], channels=tuple(d.channel_id for d in here))

    async def _undo_moderation(
        self, act: _Act, message_id: MessageId, action: Moderation, made: MessageState
    ) -> Undone:
        stored = self._office.message(message_id)
        if stored.message.state is not made:
            return Undone(words="It has changed since: nothing was undone.", conversations=(stored.conversation_id,))
        try:
            await self.moderating.moderate(message_id, _OPPOSITE[action])
        except (Unavailable, Offline, SignInNeeded):
            self._remember(act)  # not undone, so it can still be; what never can be stands in nobody's way
            raise
        return Undone(words=f"Undone: {action}.", conversations=(stored.conversation_id,))

    async def _undo_reaction(self, act: _Act, message_id: MessageId, reaction: Reaction) -> Undone:
        try:
            await self.moderating.react(message_id, _TAKEN_BACK[reaction])
        except (Unavailable, Offline, SignInNeeded):
            self._remember(act)  # not undone, so it can still be; what never can be stands in nobody's way
            raise
        return Undone(words=f"Undone: {reaction}.", conversations=(self._office.message(message_id).conversation_id,))

    async def save_draft(self, place: str, body: str) -> None:
        with self._office.database.transaction() as connection:
            outbox.save_draft(connection, place, body, at=self._office.clock.now())

    def _remember(self, act: _Act) -> None:
        self._done = [*self._done[-UNDO_DEPTH:], act]
