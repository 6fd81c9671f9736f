"""What an officer does holds, and can be taken back: answering, publishing, moderating, editing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from inbox.connectors.memory import BEFORE_SEND
from inbox.errors import (
    NotAllowed,
    NotFound,
    Offline,
    Rejected,
)
from inbox.model import (
    ChannelId,
    ConversationStatus,
    DeliveryState,
    Media,
    MessageId,
    MessageState,
    Moderation,
    Reaction,
    Update,
    UpdateKind,
)
from inbox.store import outbox, reading, record
from tests.inbox.running import Running

QUEUED = DeliveryState.QUEUED
SENDING = DeliveryState.SENDING
SENT = DeliveryState.SENT
CANCELLED = DeliveryState.CANCELLED
DONE = ConversationStatus.DONE
WAITING = ConversationStatus.WAITING
UNDO_S = 10


# Answering


def test_a_reply_can_be_undone_for_ten_seconds(running: Running) -> None:
    before = running.row("m1")
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    row = running.row("m1")
    assert (row.place, row.outgoing, running.delivery(id_).state) == ("done", "queued", QUEUED)
    running.run(UNDO_S - 1)
    assert running.world.made == []
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert undone.update is not None
    assert (undone.update.text, undone.conversations) == ("Three metres.", (before.id,))
    assert running.row("m1") == before
    assert running.delivery(id_).state is CANCELLED
    assert outbox.draft(running.reader, f"reply:{before.id}") == "Three metres."
    running.run(600)
    assert running.world.made == []


def test_after_undo_and_edit_the_new_text_goes(running: Running) -> None:
    """mailspring #390 sent the old one."""
    id_ = running.do(running.engine.reply(MessageId(1), "Old"))
    running.do(running.engine.cancel(id_))
    running.do(running.engine.reply(MessageId(1), "New"))
    running.run(600)
    assert [running.world.entries[m].text for _, m in running.world.made] == ["New"]


def test_undoing_too_late_says_so(running: Running) -> None:
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    running.run(UNDO_S)
    assert running.delivery(id_).state is SENT
    with pytest.raises(NotFound, match="left already") as caught:
        running.do(running.engine.cancel(id_))
    assert "edit or delete" in caught.value.hint.lower()
    assert (running.row("m1").place, running.row("m1").messages) == ("done", 2)
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert undone.words.startswith("Too late")


def test_a_reply_that_may_not_go_queues_nothing(running: Running) -> None:
    for text in ("", " \n", "x" * 3_000):
        with pytest.raises(Rejected) as caught:
            running.do(running.engine.reply(MessageId(1), text, close=True))
        assert caught.value.problems
    assert outbox.waiting(running.reader) == []
    assert running.row("m1").place == "owed"


def test_a_held_comment_is_approved_first_or_the_reply_waits(running: Running) -> None:
    held = running.world.say("Let me in", state=MessageState.HELD)
    running.do(running.engine.sync())
    id_ = running.message(held).id
    with pytest.raises(Rejected, match="held"):
        running.do(running.engine.reply(id_, "Welcome"))
    assert running.world.requests["moderate"] == 0
    running.do(running.engine.reply(id_, "Welcome", approve_first=True))
    assert running.world.entries[held].state is MessageState.PUBLISHED
    assert running.message(held).message.state is MessageState.PUBLISHED
    running.run(UNDO_S)
    assert running.row(held).place == "quiet"


def test_approving_that_fails_queues_nothing(running: Running) -> None:
    held = running.world.say("Let me in", state=MessageState.HELD)
    running.do(running.engine.sync())
    running.world.fail("moderate", BEFORE_SEND, NotAllowed("Not you"))
    with pytest.raises(NotAllowed):
        running.do(running.engine.reply(running.message(held).id, "Welcome", approve_first=True))
    assert outbox.waiting(running.reader) == []
    assert running.do(running.engine.undo()) is None


def test_sending_forgets_the_draft(running: Running) -> None:
    place = f"reply:{running.row('m1').id}"
    running.do(running.engine.save_draft(place, "Three met"))
    assert outbox.draft(running.reader, place) == "Three met"
    running.do(running.engine.reply(MessageId(1), "Three metres."))
    assert outbox.draft(running.reader, place) == ""


def test_a_reply_need_not_wait(running: Running) -> None:
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.do(running.engine.send_now(id_))
    assert running.delivery(id_).state is SENT


def test_what_is_being_sent_cannot_be_sent_again(running: Running) -> None:
    """Else a lost answer would make two."""
    running.world.recognises_keys = False
    running.world.hook = lambda operation, moment: running.clock.sleep(5)
    id_ = running.do(running.engine.reply(MessageId(1), "Three metres."))
    running.run(UNDO_S)
    assert running.delivery(id_).state is SENDING
    for command in (running.engine.send_now, running.engine.cancel):
        with pytest.raises(NotFound):
            running.do(command(id_))
    with pytest.raises(NotFound):
        running.do(running.engine.decide_unknown(id_, arrived=False))
    running.world.lose_answer()
    running.run(600)
    assert (running.delivery(id_).state, len(running.world.made)) == (SENT, 1)


def test_one_update_to_several_channels(make: Callable[..., Running]) -> None:
    running = make(worlds=3)
    running.sign_in()
    ids = [ChannelId(c) for c in running.channel_ids]
    running.worlds["blog2"].fail("publish", BEFORE_SEND, Rejected("Too bold"))
    update = Update(kind=UpdateKind.POST, title="Water", text="Three metres.")
    deliveries = running.do(running.engine.publish(update, ids))
    running.run(UNDO_S)
    assert [running.delivery(d).state for d in deliveries] == [SENT, DeliveryState.REJECTED, SENT]
    running.do(running.engine.send_now(deliveries[1]))
    assert running.delivery(deliveries[1]).state is SENT
    assert [len(w.made) for w in running.worlds.values()] == [1, 1, 1]


def test_an_update_that_one_channel_cannot_take_goes_to_none(make: Callable[..., Running]) -> None:
    running = make(worlds=2)
    running.worlds["blog2"].limits = type(running.world.limits)(text_bytes=5)
    running.sign_in()
    update = Update(kind=UpdateKind.POST, title="Water", text="Three metres.")
    with pytest.raises(Rejected, match="too long"):
        running.do(running.engine.publish(update, [ChannelId(c) for c in running.channel_ids]))
    with pytest.raises(Rejected, match="Choose where"):
        running.do(running.engine.publish(update, []))
    assert outbox.deliveries(running.reader) == []


def test_an_answer_that_is_too_long_is_not_queued(make: Callable[..., Running]) -> None:
    running = make()
    running.world.say("How high is the water?")
    running.world.limits = type(running.world.limits)(reply_bytes=20)
    running.sign_in()
    with pytest.raises(Rejected, match="2 bytes too long"):
        running.do(running.engine.reply(MessageId(1), "x" * 22))
    assert outbox.deliveries(running.reader) == []
    assert running.do(running.engine.reply(MessageId(1), "x" * 20)) == 1


# Moderating, editing, deleting, undoing


def test_moderating_is_done_there_and_here(running: Running) -> None:
    for action, state in (
        (Moderation.HOLD, MessageState.HELD),
        (Moderation.APPROVE, MessageState.PUBLISHED),
        (Moderation.SPAM, MessageState.SPAM),
        (Moderation.UNSPAM, MessageState.PUBLISHED),
        (Moderation.TRASH, MessageState.TRASHED),
        (Moderation.RESTORE, MessageState.PUBLISHED),
    ):
        told = running.heard_while(lambda action=action: running.do(running.engine.moderate(MessageId(1), action)))
        assert running.world.entries["m1"].state is state
        assert running.message("m1").message.state is state
        assert running.row("m1").id in told.conversations
        line = next(x for x in record.lines(running.reader, subject="message:1") if x.verb.startswith("moderated"))
        assert (line.verb, line.actor) == (f"moderated: {action}", running.engine.actor)


def test_moderating_that_fails_changes_nothing_here(running: Running) -> None:
    running.world.fail("moderate", BEFORE_SEND, NotAllowed("Not you"))
    with pytest.raises(NotAllowed):
        running.do(running.engine.moderate(MessageId(1), Moderation.SPAM))
    assert running.row("m1").place == "owed"
    assert running.do(running.engine.undo()) is None


def test_our_own_words_can_be_changed_and_removed(running: Running) -> None:
    running.do(running.engine.send_now(running.do(running.engine.reply(MessageId(1), "Three metres."))))
    [(_, remote_id)] = running.world.made
    ours = running.message(remote_id)
    running.do(running.engine.edit(ours.id, "Four metres."))
    assert running.world.entries[remote_id].text == "Four metres."
    assert [e.text for e in reading.earlier(running.reader, ours.id)] == ["Three metres."]
    assert record.lines(running.reader, subject=f"message:{ours.id}")[0].actor == running.engine.actor
    running.do(running.engine.delete(ours.id))
    assert remote_id not in running.world.entries
    assert running.message(remote_id).message.state is MessageState.DELETED
    verbs = {line.verb: line.actor for line in record.lines(running.reader, subject=f"message:{ours.id}")}
    assert verbs["deleted for good"] == verbs["deleted"] == running.engine.actor
    assert running.row("m1").place == "owed", "nobody has answered now"


def test_undo_goes_back_step_by_step(running: Running) -> None:
    running.world.say("Second")
    running.do(running.engine.sync())
    start = {m: running.row(m) for m in ("m1", "m2")}
    both = [r.id for r in start.values()]
    running.do(running.engine.set_status(both, DONE))
    running.do(running.engine.set_status(both[:1], WAITING))
    running.do(running.engine.moderate(running.message("m2").id, Moderation.SPAM))
    running.do(running.engine.reply(running.message("m1").id, "Three metres."))

    def undo() -> str:
        undone = running.do(running.engine.undo())
        return undone.words if undone else ""

    assert undo() == "Taken back before it left."
    assert undo() == "Undone: spam."
    assert (running.message("m2").message.state, running.row("m2").status) == (MessageState.PUBLISHED, "done")
    assert undo() == "Undone."
    assert running.row("m1").status == "done"
    assert undo() == "Undone."
    assert {m: running.row(m) for m in ("m1", "m2")} == start
    assert undo() == ""


def test_undoing_that_fails_can_be_tried_again(running: Running) -> None:
    running.do(running.engine.moderate(MessageId(1), Moderation.SPAM))
    running.world.fail("moderate", BEFORE_SEND, Offline("No way"))
    with pytest.raises(Offline):
        running.do(running.engine.undo())
    assert running.world.entries["m1"].state is MessageState.SPAM
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert running.world.entries["m1"].state is MessageState.PUBLISHED
    assert running.do(running.engine.undo()) is None


def test_reading_is_noted_and_told_once(running: Running) -> None:
    assert running.row("m1").unread
    told = running.heard_while(lambda: running.do(running.engine.mark_read([1])))
    assert told.conversations == {1}
    assert not running.row("m1").unread
    assert not running.heard_while(lambda: running.do(running.engine.mark_read([1])))
    assert running.do(running.engine.undo()) is None, "reading is no decision"


def test_undo_never_reaches_past_what_has_left(running: Running) -> None:
    """Approve, then reply, then the reply leaves: z must not hide the comment again (acceptance review, A2)."""
    running.do(running.engine.moderate(MessageId(1), Moderation.HOLD))
    running.do(running.engine.moderate(MessageId(1), Moderation.APPROVE))
    running.do(running.engine.reply(MessageId(1), "Three metres.", close=True))
    running.run(UNDO_S)
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert undone.words.startswith("Too late")
    assert running.world.entries["m1"].state is MessageState.PUBLISHED


def test_approving_what_is_public_already_leaves_nothing_to_undo(running: Running) -> None:
    running.do(running.engine.moderate(MessageId(1), Moderation.APPROVE))
    assert running.do(running.engine.undo()) is None
    assert running.world.entries["m1"].state is MessageState.PUBLISHED


def test_undoing_approve_and_reply_says_that_the_comment_stays_public(running: Running) -> None:
    running.do(running.engine.moderate(MessageId(1), Moderation.HOLD))
    running.do(running.engine.reply(MessageId(1), "Three metres.", approve_first=True))
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert "stays approved" in undone.words
    assert running.world.entries["m1"].state is MessageState.PUBLISHED


def test_a_like_is_done_and_taken_back(running: Running) -> None:
    heard = running.world.say("Thank you for the pump!")
    running.run(120)
    message_id = running.message(heard).id
    running.do(running.engine.react(message_id, Reaction.LIKE))
    assert running.world.entries[heard].reacted == {Reaction.LIKE}
    assert running.message(heard).message.reacted == (Reaction.LIKE,)
    assert running.message(heard).message.counts.likes == 1
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert undone.words == "Undone: like."
    assert running.world.entries[heard].reacted == set()
    assert running.do(running.engine.undo()) is None, "taking back is not an act of its own"


def test_blocking_leaves_the_message_and_can_be_taken_back(running: Running) -> None:
    heard, before = running.world.say("Spam spam spam", author="Bot"), running.world.say("Spam", author="Bot")
    other = running.world.say("Hello", author="Vera")
    running.run(120)
    message_id = running.message(heard).id
    running.do(running.engine.moderate(message_id, Moderation.BLOCK))
    running.do(running.engine.moderate(message_id, Moderation.MUTE))
    assert [running.message(m).relations for m in (heard, before, other)] == [{"blocked", "muted"}] * 2 + [set()]
    running.world.edit(heard, "Spam and eggs")
    running.run(120)
    assert running.message(heard).relations == {"blocked", "muted"}, "no poll takes it back"
    running.do(running.engine.undo())
    assert running.message(before).relations == {"blocked"}
    running.do(running.engine.undo())
    assert running.message(before).relations == set()
    told = [Moderation.BLOCK, Moderation.MUTE, Moderation.UNMUTE, Moderation.UNBLOCK]
    assert running.world.told == [(action, "Bot", "") for action in told]
    assert running.message(heard).message.state is MessageState.PUBLISHED


def test_a_report_carries_its_words_and_they_are_on_the_record(running: Running) -> None:
    heard = running.world.say("Threats", author="Bot")
    running.run(120)
    running.do(running.engine.moderate(running.message(heard).id, Moderation.REPORT, "Threatens a neighbour"))
    assert running.world.told == [(Moderation.REPORT, "Bot", "Threatens a neighbour")]
    rows = running.reader.execute("SELECT after FROM events WHERE verb = 'moderated: report'").fetchall()
    assert "Threatens a neighbour" in rows[0][0]


def test_one_update_has_its_own_words_and_pictures_on_each_channel(running: Running, tmp_path: Path) -> None:
    Image.effect_noise((900, 600), 60).convert("RGB").save(tmp_path / "a.jpg", quality=95)
    large = Media(path=str(tmp_path / "a.jpg"), mime_type="image/jpeg", alt_text="Noise", size_bytes=10)
    one = ChannelId(running.channel_ids[0])
    update = Update(kind=UpdateKind.POST, title="T", text="Common", media=(large,), variations={one: "Special"})
    [id_] = running.do(running.engine.publish(update, [one]))
    rendition = running.delivery(id_).rendition
    assert rendition.text == "Special"
    assert rendition.media[0].path != large.path
    assert (rendition.media[0].width_px, rendition.media[0].alt_text) == (900, "Noise")
    assert running.do(running.engine.cancel(id_)) == update, "what comes back is what was written"


def test_one_step_back_takes_an_update_from_all_its_channels(make: Callable[..., Running]) -> None:
    running = make(worlds=2)
    running.sign_in()
    update = Update(kind=UpdateKind.POST, title="T", text="To both")
    channels = [ChannelId(i) for i in running.channel_ids]
    ids = running.do(running.engine.publish(update, channels))
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert (undone.update, list(undone.channels)) == (update, channels)
    assert [running.delivery(i).state for i in ids] == [DeliveryState.CANCELLED] * 2
    running.run(60)
    assert [world.made for world in running.worlds.values()] == [[], []]


def test_what_left_already_stays_and_the_rest_is_taken_back(make: Callable[..., Running]) -> None:
    running = make(worlds=2)
    running.sign_in()
    ids = running.do(
        running.engine.publish(
            Update(kind=UpdateKind.POST, title="T", text="To both"), [ChannelId(i) for i in running.channel_ids]
        )
    )
    running.do(running.engine.send_now(ids[0]))
    running.settle()
    undone = running.do(running.engine.undo())
    assert undone is not None
    assert "1 had gone already" in undone.words
    assert list(undone.channels) == [ChannelId(running.channel_ids[1])]


def test_a_draft_goes_in_the_same_step_as_what_was_made_of_it(running: Running) -> None:
    one = ChannelId(running.channel_ids[0])
    running.do(running.engine.save_draft("post", "Water"))
    update = Update(kind=UpdateKind.POST, title="T", text="Water")
    running.do(running.engine.publish(update, [one], draft=("post", "")))
    assert outbox.draft(running.reader, "post") == ""
    running.do(running.engine.save_draft("post", "More"))
    with pytest.raises(Rejected):
        running.do(running.engine.publish(replace(update, text="", title=""), [one], draft=("post", "")))
    assert outbox.draft(running.reader, "post") == "More", "what was refused takes no draft with it"


@pytest.mark.parametrize("how", ["refused", "taken back"])
def test_two_closing_answers_that_did_not_go_leave_the_questions_open(running: Running, how: str) -> None:
    second = running.world.say("And tomorrow?", parent="m1")
    running.do(running.engine.sync())
    answers = [
        running.do(running.engine.reply(MessageId(1), "Three metres.", close=True)),
        running.do(running.engine.reply(running.message(second).id, "Four.", close=True)),
    ]
    assert running.row("m1").place == "done"
    if how == "refused":
        running.world.fail("publish", BEFORE_SEND, *[Rejected("Comments are closed.")] * 2)
        running.run(60)
        assert [running.delivery(i).state for i in answers] == [DeliveryState.REJECTED] * 2
    for id_ in answers:
        running.do(running.engine.cancel(id_))
    assert (running.row("m1").place, running.row("m1").owed) == ("owed", 2)
