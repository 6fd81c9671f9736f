"""What a person does: settle, answer, publish, moderate, and take it back. Every act is one line of the record."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from inbox.accounts import Accounts, need
from inbox.clock import Clock
from inbox.connectors.connector import NEEDED
from inbox.errors import NotAllowed, NotFound, PostroomError, Rejected
from inbox.events import Changed
from inbox.model import (
    Capability,
    Channel,
    ChannelId,
    ConversationId,
    ConversationStatus,
    DeliveryId,
    DeliveryState,
    Message,
    MessageId,
    MessageState,
    Moderation,
    Problem,
    Reaction,
    Receipt,
    Rendition,
    Update,
    UpdateKind,
    Weight,
)
from inbox.publishing.outbox import Outbox
from inbox.publishing.render import render
from inbox.store import accounts, outbox, reading, record, triage
from inbox.store.database import Database
from inbox.sync import fetch

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
_TRACELESS = (Moderation.BLOCK, Moderation.UNBLOCK, Moderation.MUTE, Moderation.UNMUTE)
"""What concerns the author and leaves the message as it was."""
_TAKEN_BACK = {
    Reaction.LIKE: Reaction.UNLIKE,
    Reaction.UNLIKE: Reaction.LIKE,
    Reaction.BOOST: Reaction.UNBOOST,
    Reaction.UNBOOST: Reaction.BOOST,
}
UNDO_DEPTH = 50


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
    """The officer's hands, on the engine's thread."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        accounts_: Accounts,
        outbox_: Outbox,
        publish: Callable[[Changed], None],
        actor: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._accounts = accounts_
        self._outbox = outbox_
        self._publish = publish
        self._actor = actor
        self._done: list[_Act] = []

    async def set_status(self, ids: Sequence[int], status: ConversationStatus) -> None:
        with self._database.transaction() as connection:
            before = triage.set_status(connection, ids, status, at=self._clock.now(), actor=self._actor)
        self._remember(_Act(status=before))
        self._changed(ids)

    async def mark_read(self, ids: Sequence[int], read: bool) -> None:
        with self._database.transaction() as connection:
            changed = triage.mark_read(connection, ids, read)
        self._changed(changed)

    async def reply(
        self, message_id: MessageId, text: str, *, close: bool, approve_first: bool, options: Update | None = None
    ) -> DeliveryId:
        stored = self._message(message_id)
        channel = self._open_channel(stored.channel_id)
        now = self._clock.now()
        update = replace(options or Update(kind=UpdateKind.REPLY, text=""), text=text, reply_to=message_id)
        rendition, problems = render(update, channel, now=now, reply_to=stored.message)
        held = stored.message.state is MessageState.HELD
        if held and not approve_first:
            problems += (Problem(words="This comment is held: approve it first, or approve and reply."),)
        if stops := tuple(p for p in problems if p.stops):
            raise Rejected(problems=stops)
        rendition = await self._fitted(rendition, channel)
        if held:
            await self._moderate(message_id, Moderation.APPROVE)
        with self._database.transaction() as connection:
            undo = ""
            if close:
                undo = triage.set_status(
                    connection, [stored.conversation_id], ConversationStatus.DONE, at=now, actor=self._actor
                )
            wait = timedelta(seconds=accounts.undo_s(connection, channel.id))
            plan = outbox.Planned(
                channel_id=channel.id, rendition=rendition, not_before_at=now + wait,
                conversation_id=stored.conversation_id, undo=undo,
            )  # fmt: skip
            [id_] = outbox.approve(connection, update, [plan], at=now, actor=self._actor)
            place = f"reply:{stored.conversation_id}"
            if text.startswith(outbox.draft(connection, place).strip()):  # else a next answer was begun meanwhile
                outbox.save_draft(connection, place, "", at=now)
        self._remember(_Act(delivery_id=id_, approved=held))
        self._publish(Changed(deliveries=frozenset({id_}), conversations=frozenset({stored.conversation_id})))
        self._outbox.poke()
        return id_

    async def publish(
        self, update: Update, channel_ids: Sequence[ChannelId], *, draft: tuple[str, str] | None = None
    ) -> list[DeliveryId]:
        now = self._clock.now()
        replaces = self._message(update.replaces).message if update.replaces else None
        quoted = self._message(update.quotes) if update.quotes else None
        ready, stops = [], []
        for channel_id in channel_ids:
            channel = self._open_channel(channel_id)
            here = quoted.message if quoted is not None and quoted.channel_id == channel_id else None
            rendition, problems = render(update, channel, now=now, replaces=replaces, quotes=here)
            if quoted is not None and here is None:
                problems += (Problem(words=f"{channel.title} does not have the post that is quoted.", where="quotes"),)
            stops += [p for p in problems if p.stops]
            ready.append((channel, rendition))
        if stops or not ready:
            raise Rejected(problems=tuple(stops) or (Problem(words="Choose where to publish.", where="channel"),))
        plans = []
        for channel, rendition in ready:
            wait = timedelta(seconds=accounts.undo_s(self._database.connection, channel.id))
            first_at = now + wait
            if update.publish_at is not None and rendition.publish_at is None:  # the time is ours to keep
                first_at = max(first_at, update.publish_at)
            fit = await self._fitted(rendition, channel)
            plans.append(outbox.Planned(channel_id=channel.id, rendition=fit, not_before_at=first_at))
        with self._database.transaction() as connection:
            ids = outbox.approve(connection, update, plans, at=now, actor=self._actor)
            if draft is not None:
                outbox.save_draft(connection, *draft, at=now)
        self._remember(_Act(published=tuple(ids)))
        self._publish(Changed(deliveries=frozenset(ids)))
        self._outbox.poke()
        return ids

    async def _fitted(self, rendition: Rendition, channel: Channel) -> Rendition:
        """With pictures as the channel takes them; what goes out is decided here, once."""
        if not rendition.media:
            return rendition
        from inbox.publishing.fitting import fitted  # Pillow: nobody needs it before the first picture

        folder = self._database.path.parent / "media" / "outgoing"
        fit = [await asyncio.to_thread(fitted, m, channel.limits, folder) for m in rendition.media]
        return replace(rendition, media=tuple(fit))

    async def cancel(self, delivery_id: DeliveryId) -> Update:
        found = outbox.delivery(self._database.connection, delivery_id)
        if found is None:
            raise NotFound(f"There is no delivery {delivery_id}.")
        now = self._clock.now()
        with self._database.transaction() as connection:
            undo = outbox.cancel(connection, delivery_id, at=now, actor=self._actor)
            if undo is None:
                raise NotFound("It has left already.", hint="Edit or delete it in the conversation instead.")
            if undo:
                triage.restore(connection, undo, at=now, actor=self._actor)
            update = outbox.update_of(connection, found.update_id)
            if update.kind is UpdateKind.REPLY and found.conversation_id:
                place = f"reply:{found.conversation_id}"
                typed = outbox.draft(connection, place)  # a next answer was begun meanwhile: neither text is lost
                text = update.text if typed in ("", update.text) else f"{update.text}\n\n{typed}"
                outbox.save_draft(connection, place, text, at=now)
        self._done = [a for a in self._done if a.delivery_id != delivery_id and a.published != (delivery_id,)]
        self._delivery_changed(delivery_id, found.conversation_id)
        return update

    async def send_now(self, delivery_id: DeliveryId) -> None:
        found = outbox.delivery(self._database.connection, delivery_id)
        now = self._clock.now()
        with self._database.transaction() as connection:
            if found is not None and found.state is DeliveryState.UNKNOWN:
                outbox.look_again(connection, delivery_id, not_before_at=now, words=found.words)
            elif found is None or not outbox.requeue(
                connection, delivery_id, was=[DeliveryState.QUEUED, DeliveryState.REJECTED], not_before_at=now,
                words="", hint="", at=now, verb="sent again" if found.attempts else "not waited for", actor=self._actor,
            ):  # fmt: skip
                raise NotFound("It has left already.")
        self._delivery_changed(delivery_id, found.conversation_id)
        self._outbox.poke()

    async def decide_unknown(self, delivery_id: DeliveryId, *, arrived: bool, url: str) -> None:
        found = outbox.delivery(self._database.connection, delivery_id)
        if found is None or found.state is not DeliveryState.UNKNOWN:
            raise NotFound("This delivery is not in doubt.")
        now = self._clock.now()
        with self._database.transaction() as connection:
            if arrived:
                outbox.sent(connection, delivery_id, Receipt(remote_id="", url=url), at=now, verb="seen by a person")
            else:
                outbox.requeue(
                    connection, delivery_id, was=[DeliveryState.UNKNOWN], not_before_at=now, words="", hint="", at=now,
                    verb="absent says a person", actor=self._actor,
                )  # fmt: skip
        self._delivery_changed(delivery_id, found.conversation_id)
        self._outbox.poke()

    async def carried(self, delivery_id: DeliveryId, *, url: str) -> None:
        """A person carried over by hand what this network takes from no program."""
        found = outbox.delivery(self._database.connection, delivery_id)
        with self._database.transaction() as connection:
            if found is None or not outbox.carried(
                connection, delivery_id, remote_id="", url=url, at=self._clock.now(), actor=self._actor,
                verb="carried over by hand",
            ):  # fmt: skip
                raise NotFound("This does not wait to be carried over.")
        self._delivery_changed(delivery_id, found.conversation_id)

    async def weigh(self, update: Update, channel_ids: Sequence[ChannelId]) -> dict[ChannelId, Weight | PostroomError]:
        """How many it would reach and what it would cost, for those channels that can say, or why one cannot now."""
        channels = [self._open_channel(id_) for id_ in channel_ids]
        able = [c for c in channels if Capability.WEIGH in c.capabilities]
        return {channel.id: await self._weight(update, channel) for channel in able}

    async def _weight(self, update: Update, channel: Channel) -> Weight | PostroomError:
        try:
            connector = await self._accounts.connector_for(channel)
            return await connector.weigh(channel, self._rendered(update, channel))
        except PostroomError as error:
            return error  # what one network does not know holds back no other

    async def trial(self, update: Update, channel_id: ChannelId) -> str:
        """Send it to ourselves only; in words, to whom."""
        channel = self._open_channel(channel_id)
        rendition = await self._fitted(self._rendered(update, channel), channel)
        connector = await self._accounts.connector_for(channel)
        said = await connector.trial(channel, rendition)
        with self._database.transaction() as connection:
            record.append(
                connection, at=self._clock.now(), actor=self._actor, verb="tried", subject=f"channel:{channel_id}",
                after={"title": rendition.title, "text": rendition.text},
            )  # fmt: skip
        return said

    def _rendered(self, update: Update, channel: Channel) -> Rendition:
        answered = self._message(update.reply_to).message if update.reply_to else None
        rendition, problems = render(update, channel, now=self._clock.now(), reply_to=answered)
        if stops := tuple(p for p in problems if p.stops):
            raise Rejected(problems=stops)
        return rendition

    async def moderate(self, message_id: MessageId, action: Moderation, words: str = "") -> None:
        before = self._message(message_id).message.state
        after = await self._moderate(message_id, action, words)
        if after is not before or action in _TRACELESS:
            self._remember(_Act(moderation=(message_id, action, after)))

    async def react(self, message_id: MessageId, reaction: Reaction) -> None:
        stored = self._message(message_id)
        channel = self._open_channel(stored.channel_id)
        connector = await self._accounts.connector_for(channel)
        self._intend(f"asked: {reaction}", message_id)
        after = await connector.react(channel, stored.message, reaction)
        now = self._clock.now()
        with self._database.transaction() as connection:
            record.append(
                connection, at=now, actor=self._actor, verb=f"reacted: {reaction}", subject=f"message:{message_id}"
            )
        self._publish(fetch.save(self._database, channel, fetch.ours(after), at=now, actor=self._actor).changed)
        self._changed([stored.conversation_id])
        self._remember(_Act(reaction=(message_id, reaction)))

    async def read_around(self, message_id: MessageId, around: Callable[[Channel, Message], Awaitable[None]]) -> None:
        stored = self._message(message_id)
        channel = self._open_channel(stored.channel_id)
        if Capability.THREAD in channel.capabilities:
            await around(channel, stored.message)

    async def _moderate(self, message_id: MessageId, action: Moderation, words: str = "") -> MessageState:
        """Do it at the network and here; how the message stands now."""
        stored = self._message(message_id)
        channel = self._open_channel(stored.channel_id)
        if NEEDED[action] & stored.message.denied:
            raise NotAllowed(f"{channel.title} does not allow this with this message.", hint="")
        connector = await self._accounts.connector_for(channel)
        self._intend(f"asked: {action}", message_id)
        after = await connector.moderate(channel, stored.message, action, words)
        now = self._clock.now()
        with self._database.transaction() as connection:
            record.append(
                connection, at=now, actor=self._actor, verb=f"moderated: {action}", subject=f"message:{message_id}",
                before={"state": stored.message.state},
                after={"state": after.state} | ({"words": words} if words else {}),
            )  # fmt: skip
        saved = fetch.save(self._database, channel, fetch.ours(after), at=now, actor=self._actor)
        self._publish(saved.changed)
        return after.state

    def _intend(self, verb: str, message_id: MessageId) -> None:
        """On the record before the network is asked: an end in between must not hide whose act it was."""
        with self._database.transaction() as connection:
            record.append(
                connection, at=self._clock.now(), actor=self._actor, verb=verb, subject=f"message:{message_id}"
            )

    async def edit(self, message_id: MessageId, text: str) -> None:
        stored = self._message(message_id)
        channel = self._open_channel(stored.channel_id)
        connector = await self._accounts.connector_for(channel)
        self._intend("asked: edit", message_id)
        after = await connector.edit(channel, stored.message, text)
        saved = fetch.save(self._database, channel, fetch.ours(after), at=self._clock.now(), actor=self._actor)
        self._publish(saved.changed)

    async def delete(self, message_id: MessageId) -> None:
        stored = self._message(message_id)
        channel = self._open_channel(stored.channel_id)
        connector = await self._accounts.connector_for(channel)
        self._intend("asked: delete", message_id)
        await connector.delete(channel, stored.message)
        now = self._clock.now()
        with self._database.transaction() as connection:
            record.append(
                connection, at=now, actor=self._actor, verb="deleted for good", subject=f"message:{message_id}"
            )
        batch = fetch.gone(stored.message.remote_id)
        self._publish(fetch.save(self._database, channel, batch, at=now, actor=self._actor).changed)

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
        with self._database.transaction() as connection:
            ids = triage.restore(connection, act.status, at=self._clock.now(), actor=self._actor)
        self._changed(ids)
        return Undone(words="Undone.", conversations=tuple(ConversationId(i) for i in ids))

    async def _undo_delivery(self, delivery_id: DeliveryId, approved: bool) -> Undone:
        found = outbox.delivery(self._database.connection, delivery_id)
        where = (found.conversation_id,) if found is not None and found.conversation_id else ()
        if found is None or found.state is not DeliveryState.QUEUED:
            return Undone(words="Too late: it has left. Edit or delete it in the conversation.", conversations=where)
        update = await self.cancel(delivery_id)
        words = "Taken back before it left"
        return Undone(
            words=f"{words}; the comment stays approved." if approved else f"{words}.",
            conversations=where,
            update=update,
        )

    async def _undo_post(self, delivery_ids: Sequence[DeliveryId]) -> Undone:
        """Take back an update wherever it has not left yet."""
        found = [outbox.delivery(self._database.connection, id_) for id_ in delivery_ids]
        queued = [d for d in found if d is not None and d.state is DeliveryState.QUEUED]
        if not queued:
            return Undone(words="Too late: it has left. Edit or delete it in the conversation.")
        updates = [await self.cancel(d.id) for d in queued]
        left = len(delivery_ids) - len(queued)
        words = f"Taken back before it left; {left} had gone already." if left else "Taken back before it left."
        return Undone(words=words, update=updates[0], channels=tuple(d.channel_id for d in queued))

    async def _undo_moderation(
        self, act: _Act, message_id: MessageId, action: Moderation, made: MessageState
    ) -> Undone:
        stored = self._message(message_id)
        if stored.message.state is not made:
            return Undone(words="It has changed since: nothing was undone.", conversations=(stored.conversation_id,))
        try:
            await self._moderate(message_id, _OPPOSITE[action])
        except PostroomError:
            self._remember(act)  # not undone, so it can still be
            raise
        return Undone(words=f"Undone: {action}.", conversations=(stored.conversation_id,))

    async def _undo_reaction(self, act: _Act, message_id: MessageId, reaction: Reaction) -> Undone:
        try:
            await self.react(message_id, _TAKEN_BACK[reaction])
        except PostroomError:
            self._remember(act)  # not undone, so it can still be
            raise
        self._done.pop()  # taking back is not an act of its own
        return Undone(words=f"Undone: {reaction}.", conversations=(self._message(message_id).conversation_id,))

    async def save_draft(self, place: str, body: str) -> None:
        with self._database.transaction() as connection:
            outbox.save_draft(connection, place, body, at=self._clock.now())

    def _message(self, message_id: int) -> reading.StoredMessage:
        found = reading.message(self._database.connection, message_id)
        if found is None:
            raise NotFound(f"There is no message {message_id}.")
        return found

    def _channel(self, channel_id: ChannelId) -> Channel:
        return need(accounts.channel(self._database.connection, channel_id), channel_id)

    def _open_channel(self, channel_id: ChannelId) -> Channel:
        """The channel, if its account is still here: what was removed can be read, and nothing more."""
        channel = self._channel(channel_id)
        if not accounts.is_open(self._database.connection, channel_id):
            raise NotAllowed(f"The account of {channel.title} was removed.", hint="Add it again under Accounts.")
        return channel

    def _remember(self, act: _Act) -> None:
        self._done = [*self._done[-UNDO_DEPTH:], act]

    def _changed(self, ids: Sequence[int]) -> None:
        self._publish(Changed(conversations=frozenset(ConversationId(i) for i in ids)))

    def _delivery_changed(self, delivery_id: DeliveryId, conversation_id: ConversationId | None) -> None:
        where = frozenset({conversation_id} if conversation_id else ())
        self._publish(Changed(deliveries=frozenset({delivery_id}), conversations=where))
