"""What leaves: answers and posts into the outbox, taken back, sent again, decided; and what they would mean first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from inbox.desk.moderating import Moderating
from inbox.desk.office import Office
from inbox.errors import NotFound, PostroomError, Rejected
from inbox.events import Changed
from inbox.model import (
    Capability,
    Channel,
    ChannelId,
    ConversationId,
    ConversationStatus,
    DeliveryId,
    DeliveryState,
    MessageId,
    MessageState,
    Moderation,
    Problem,
    Receipt,
    Rendition,
    Update,
    UpdateKind,
    Weight,
)
from inbox.publishing.outbox import Outbox
from inbox.publishing.render import render
from inbox.store import accounts, aims, outbox, record, triage


class Writing:
    """Hands over to the outbox, each act in one transaction."""

    def __init__(self, office: Office, outbox_: Outbox, moderating: Moderating) -> None:
        self._office = office
        self._outbox = outbox_
        self._moderating = moderating

    async def reply(
        self, message_id: MessageId, text: str, *, close: bool, approve_first: bool, options: Update | None = None
    ) -> tuple[DeliveryId, bool]:
        """The queued answer, and whether the comment it answers was approved on the way."""
        office = self._office
        stored = office.message(message_id)
        channel = office.open_channel(stored.channel_id)
        now = office.clock.now()
        update = replace(options or Update(kind=UpdateKind.REPLY, text=""), text=text, reply_to=message_id)
        rendition, problems = render(update, channel, now=now, reply_to=stored.message)
        held = stored.message.state is MessageState.HELD
        if held and not approve_first:
            problems += (Problem(words="This comment is held: approve it first, or approve and reply."),)
        if stops := tuple(p for p in problems if p.stops):
            raise Rejected(problems=stops)
        known = _newest(office, stored.conversation_id)
        rendition = await self._fitted(rendition, channel)
        if held:
            await self._moderating.moderate(message_id, Moderation.APPROVE)
        stored, now = office.message(message_id), office.clock.now()  # the network may have taken its time
        office.open_channel(stored.channel_id)
        with office.database.transaction() as connection:
            undo = ""
            if close and _newest(office, stored.conversation_id) == known:  # else something came that nobody has seen
                undo = triage.set_status(
                    connection, [stored.conversation_id], ConversationStatus.DONE, at=now, actor=office.actor
                )
            wait = timedelta(seconds=accounts.undo_s(connection, channel.id))
            plan = outbox.Planned(
                channel_id=channel.id, rendition=rendition, not_before_at=now + wait,
                conversation_id=stored.conversation_id, undo=undo,
            )  # fmt: skip
            [id_] = outbox.approve(connection, update, [plan], at=now, actor=office.actor)
            place = f"reply:{stored.conversation_id}"
            if text.startswith(outbox.draft(connection, place).strip()):  # else a next answer was begun meanwhile
                outbox.save_draft(connection, place, "", at=now)
                outbox.save_draft(connection, aims.place(stored.conversation_id), "", at=now)
        office.publish(Changed(deliveries=frozenset({id_}), conversations=frozenset({stored.conversation_id})))
        self._outbox.poke()
        return id_, held

    async def publish(
        self, update: Update, channel_ids: Sequence[ChannelId], *, draft: tuple[str, str] | None = None
    ) -> list[DeliveryId]:
        """Queue an update for these channels: for all of them or, when one cannot take it, for none."""
        office = self._office
        now = office.clock.now()
        replaces = office.message(update.replaces).message if update.replaces else None
        quoted = office.message(update.quotes) if update.quotes else None
        ready, stops = [], []
        for channel_id in channel_ids:
            channel = office.open_channel(channel_id)
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
            wait = timedelta(seconds=accounts.undo_s(office.database.connection, channel.id))
            first_at = now + wait
            if update.publish_at is not None and rendition.publish_at is None:  # the time is ours to keep
                first_at = max(first_at, update.publish_at)
            fit = await self._fitted(rendition, channel)
            plans.append(outbox.Planned(channel_id=channel.id, rendition=fit, not_before_at=first_at))
        with office.database.transaction() as connection:
            ids = outbox.approve(connection, update, plans, at=now, actor=office.actor)
            if draft is not None:
                outbox.save_draft(connection, *draft, at=now)
        office.publish(Changed(deliveries=frozenset(ids)))
        self._outbox.poke()
        return ids

    async def _fitted(self, rendition: Rendition, channel: Channel) -> Rendition:
        """With pictures as the channel takes them; what goes out is decided here, once."""
        if not rendition.media:
            return rendition
        from inbox.publishing.fitting import fitted  # Pillow: nobody needs it before the first picture

        folder = self._office.database.path.parent / "media" / "outgoing"
        fit = [await asyncio.to_thread(fitted, m, channel.limits, folder) for m in rendition.media]
        return replace(rendition, media=tuple(fit))

    async def cancel(self, delivery_id: DeliveryId) -> Update:
        """Take back what has not left; its words are a draft again."""
        office = self._office
        found = outbox.delivery(office.database.connection, delivery_id)
        if found is None:
            raise NotFound(f"There is no delivery {delivery_id}.")
        now = office.clock.now()
        with office.database.transaction() as connection:
            undo = outbox.cancel(connection, delivery_id, at=now, actor=office.actor)
            if undo is None:
                raise NotFound("It has left already.", hint="Edit or delete it in the conversation instead.")
            if undo:
                triage.restore(connection, undo, at=now, actor=office.actor)
            update = outbox.update_of(connection, found.update_id)
            if update.kind is UpdateKind.REPLY and found.conversation_id:
                place = f"reply:{found.conversation_id}"
                typed = outbox.draft(connection, place)  # a next answer was begun meanwhile: neither text is lost
                text = update.text if typed in ("", update.text) else f"{update.text}\n\n{typed}"
                outbox.save_draft(connection, place, text, at=now)
                aims.take_back(connection, found.conversation_id, update.reply_to, update.visibility, at=now)
        self._changed(delivery_id, found.conversation_id)
        return update

    async def send_now(self, delivery_id: DeliveryId) -> None:
        """Wait no longer, send again, or look again for what is in doubt."""
        office = self._office
        found = outbox.delivery(office.database.connection, delivery_id)
        now = office.clock.now()
        with office.database.transaction() as connection:
            if found is not None and found.state is DeliveryState.UNKNOWN:
                outbox.look_again(connection, delivery_id, not_before_at=now, words=found.words)
            elif found is None or not outbox.requeue(
                connection, delivery_id, was=[DeliveryState.QUEUED, DeliveryState.REJECTED], not_before_at=now,
                words="", hint="", at=now, verb="sent again" if found.attempts else "not waited for",
                actor=office.actor,
            ):  # fmt: skip
                raise NotFound("It has left already.")
        self._changed(delivery_id, found.conversation_id)
        self._outbox.poke()

    async def decide_unknown(self, delivery_id: DeliveryId, *, arrived: bool, url: str) -> None:
        """A person looked and says whether it is there."""
        office = self._office
        found = outbox.delivery(office.database.connection, delivery_id)
        if found is None or found.state is not DeliveryState.UNKNOWN:
            raise NotFound("This delivery is not in doubt.")
        now = office.clock.now()
        with office.database.transaction() as connection:
            if arrived:
                outbox.sent(connection, delivery_id, Receipt(remote_id="", url=url), at=now, verb="seen by a person")
            else:
                outbox.requeue(
                    connection, delivery_id, was=[DeliveryState.UNKNOWN], not_before_at=now, words="", hint="", at=now,
                    verb="absent says a person", actor=office.actor,
                )  # fmt: skip
        self._changed(delivery_id, found.conversation_id)
        self._outbox.poke()

    async def carried(self, delivery_id: DeliveryId, *, url: str) -> None:
        """A person carried over by hand what this network takes from no program."""
        office = self._office
        found = outbox.delivery(office.database.connection, delivery_id)
        with office.database.transaction() as connection:
            if found is None or not outbox.carried(
                connection, delivery_id, remote_id="", url=url, at=office.clock.now(), actor=office.actor,
                verb="carried over by hand",
            ):  # fmt: skip
                raise NotFound("This does not wait to be carried over.")
        self._changed(delivery_id, found.conversation_id)

    async def weigh(self, update: Update, channel_ids: Sequence[ChannelId]) -> dict[ChannelId, Weight | PostroomError]:
        """How many it would reach and what it would cost, for those channels that can say, or why one cannot now."""
        office = self._office
        channels = [office.open_channel(id_) for id_ in channel_ids]
        able = [c for c in channels if Capability.WEIGH in c.capabilities]
        return {channel.id: await self._weight(update, channel) for channel in able}

    async def _weight(self, update: Update, channel: Channel) -> Weight | PostroomError:
        office = self._office
        try:
            connector = await office.accounts.connector_for(channel)
            return await connector.weigh(channel, self._rendered(update, channel))
        except PostroomError as error:
            return error  # what one network does not know holds back no other

    async def trial(self, update: Update, channel_id: ChannelId) -> str:
        """Send it to ourselves only; in words, to whom."""
        office = self._office
        channel = office.open_channel(channel_id)
        rendition = await self._fitted(self._rendered(update, channel), channel)
        connector = await office.accounts.connector_for(channel)
        said = await connector.trial(channel, rendition)
        with office.database.transaction() as connection:
            record.append(
                connection, at=office.clock.now(), actor=office.actor, verb="tried", subject=f"channel:{channel_id}",
                after={"title": rendition.title, "text": rendition.text},
            )  # fmt: skip
        return said

    def _rendered(self, update: Update, channel: Channel) -> Rendition:
        office = self._office
        answered = office.message(update.reply_to).message if update.reply_to else None
        rendition, problems = render(update, channel, now=office.clock.now(), reply_to=answered)
        if stops := tuple(p for p in problems if p.stops):
            raise Rejected(problems=stops)
        return rendition

    def _changed(self, delivery_id: DeliveryId, conversation_id: ConversationId | None) -> None:
        conversations = frozenset({conversation_id} if conversation_id else ())
        self._office.publish(Changed(deliveries=frozenset({delivery_id}), conversations=conversations))


def _newest(office: Office, conversation_id: ConversationId) -> int:
    """The last that somebody else said there."""
    row = office.database.connection.execute(
        "SELECT coalesce(max(id), 0) FROM messages WHERE conversation_id = ? AND NOT ours", (conversation_id,)
    ).fetchone()
    return int(row[0])
