"""The contract of ``inbox/connectors/connector.py``, for every connector there is (house.md section 8).

Which tests run for a network follows from its harness: what it can (``Capability``), what can go wrong (``breaks``) and
whether it has a secret. Nothing is skipped: a test that has no meaning for a network is not made for it.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from inbox.connectors import CONNECTORS, TITLES
from inbox.connectors.connector import START, Connector
from inbox.errors import NotFound, PostroomError, RateLimited, Rejected, SignInNeeded, Unsupported
from inbox.model import (
    Author,
    Capability,
    Channel,
    Delivery,
    Message,
    MessageKind,
    MessageState,
    Moderation,
    Receipt,
    Rendition,
    Sighting,
    Update,
    UpdateKind,
    Visibility,
)
from inbox.publishing.render import render
from tests.connectors.harness import (
    IN_DOUBT_READING,
    IN_DOUBT_WRITING,
    MORNING,
    SURELY_NOT_DONE,
    WAIT,
    Break,
    Harness,
    all_of,
    delivery_of,
    read_on,
)
from tests.connectors.harnesses import HARNESSES

FAMILY = "👩‍👩‍👧‍👦"  # one character, 25 bytes
MODERATIONS = {
    Moderation.APPROVE: (Capability.APPROVE, MessageState.PUBLISHED),
    Moderation.HOLD: (Capability.HOLD, MessageState.HELD),
    Moderation.SPAM: (Capability.SPAM, MessageState.SPAM),
    Moderation.TRASH: (Capability.TRASH, MessageState.TRASHED),
}


def for_networks(
    needed: Capability = Capability.FETCH, *, secret: bool = False, edits: bool = False
) -> pytest.MarkDecorator:
    """The networks that can do all of ``needed``; with ``secret`` only those that have one, with ``edits`` those on
    which words may change at all (a mail never does)."""
    names = [name for name in able_to(needed) if not secret or HARNESSES[name]().secret]
    names = [name for name in names if not edits or getattr(HARNESSES[name](), "edits", True)]
    return pytest.mark.parametrize("harness", names, indirect=True)


def able_to(needed: Capability) -> list[str]:
    """Names of the harnesses whose connector declares all of ``needed``."""
    return [name for name, make in HARNESSES.items() if needed in make().connector_class.capabilities]


def for_breaks(breaks: dict[Break, object], needed: Capability = Capability.FETCH) -> pytest.MarkDecorator:
    """Those networks, each with every one of these failures that can happen there."""
    pairs = [
        pytest.param(name, how, id=f"{name}-{how.name.lower()}")
        for name, make in HARNESSES.items()
        for how in breaks
        if needed in make().connector_class.capabilities and how in make().breaks
    ]
    return pytest.mark.parametrize(("harness", "how"), pairs, indirect=["harness"])


def writes() -> pytest.MarkDecorator:
    """Each network with each kind of thing it can publish."""
    kinds = {UpdateKind.POST: Capability.POST, UpdateKind.REPLY: Capability.REPLY}
    pairs = [
        pytest.param(name, kind, id=f"{name}-{kind}")
        for name, make in HARNESSES.items()
        for kind, needed in kinds.items()
        if needed in make().connector_class.capabilities
    ]
    return pytest.mark.parametrize(("harness", "kind"), pairs, indirect=["harness"])


def rendition_of(harness: Harness, kind: UpdateKind) -> Rendition:
    return harness.post() if kind is UpdateKind.POST else harness.reply(harness.seed(3)[0])


async def one_message(harness: Harness, remote_id: str) -> Message:
    batches, _ = await read_on(harness.connector(), harness.channel)
    return next(message for message in all_of(batches) if message.remote_id == remote_id)


def check_repeats(harness: Harness, read: list[Message]) -> None:
    """Nothing comes twice in one reading, but for a small overlap where the network's lists shift under the reader."""
    once = {message.remote_id: message for message in read}
    assert all(once[message.remote_id] == message for message in read)
    assert len(read) - len(once) <= (len(read) // 10 if harness.overlaps else 0)


# --- the suite misses nobody ---


def test_every_connector_has_a_harness() -> None:
    by_hand = {"manual"}  # talks to nobody: test_manual.py
    assert set(CONNECTORS) <= {make().connector_class.name for make in HARNESSES.values()} | by_hand


def test_the_table_names_each_connector_by_its_own_name() -> None:
    assert {name: connector.name for name, connector in CONNECTORS.items()} == {name: name for name in CONNECTORS}
    assert {name: connector.title for name, connector in CONNECTORS.items()} == TITLES
    glyphs = [connector.glyph for connector in CONNECTORS.values()]
    assert all(1 <= len(glyph) <= 2 for glyph in glyphs)
    assert len(set(glyphs)) == len(glyphs)


# --- reading ---


@for_networks()
async def test_batches_join_without_gap_or_repeat(harness: Harness) -> None:
    said = harness.seed(harness.many)
    batches, _ = await read_on(harness.connector(), harness.channel)
    check_repeats(harness, all_of(batches))
    assert set(said) <= {message.remote_id for message in all_of(batches)}


@for_networks()
async def test_all_that_is_new_and_no_other_news_comes_after_a_cursor(harness: Harness) -> None:
    harness.seed(7)
    before, cursor = await read_on(harness.connector(), harness.channel)
    new = harness.seed(harness.many // 2)
    batches, _ = await read_on(harness.connector(), harness.channel, cursor)
    check_repeats(harness, all_of(batches))
    assert set(new) <= {message.remote_id for message in all_of(batches)}
    others = [message for message in all_of(batches) if message.remote_id not in new]
    assert all(message in all_of(before) for message in others), "what was not touched says what it said before"
    assert harness.overlaps or not others
    assert not any(batch.gap_before for batch in batches)


@for_networks()
async def test_the_same_cursor_gets_the_same_answer(harness: Harness) -> None:
    harness.seed(9)
    _, cursor = await read_on(harness.connector(), harness.channel)
    harness.seed(5)
    for again in (START, cursor):
        first, _ = await read_on(harness.connector(), harness.channel, again)
        second, _ = await read_on(harness.connector(), harness.channel, again)
        assert all_of(first), "nothing was compared"
        assert [replace(b, requests=0) for b in first] == [replace(b, requests=0) for b in second]


@for_networks()
async def test_an_empty_batch_keeps_the_cursor(harness: Harness) -> None:
    connector = harness.connector()
    harness.seed(4)
    before, cursor = await read_on(connector, harness.channel)
    harness.clock.forward(60)
    batch = await connector.fetch(harness.channel, cursor)
    known = all_of(before)
    assert all(message in known for message in batch.messages), "nothing happened meanwhile"
    assert batch.messages or batch.cursor == cursor
    assert batch.gone == ()
    assert batch.complete
    assert not batch.gap_before


@for_networks()
async def test_a_channel_without_anything_is_read_in_peace(harness: Harness) -> None:
    connector = harness.connector()
    before = {message.remote_id for message in all_of((await read_on(connector, harness.channel))[0])}
    batches, cursor = await read_on(connector, harness.channel)
    assert {message.remote_id for message in all_of(batches)} == before
    said = harness.seed(2)
    batches, _ = await read_on(connector, harness.channel, cursor)
    assert set(said) <= {message.remote_id for message in all_of(batches)}


@for_networks()
async def test_ids_are_stable_and_times_are_aware(harness: Harness) -> None:
    said = harness.seed(12)
    first, cursor = await read_on(harness.connector(), harness.channel)
    harness.clock.forward(900)
    harness.edit(said[-1], "Other words")
    later, _ = await read_on(harness.connector(), harness.channel, cursor)
    created = {message.remote_id: message.created_at for message in all_of(first)}
    assert set(said) <= set(created)
    for message in all_of(first) + all_of(later):
        assert created[message.remote_id] == message.created_at
        assert message.created_at.utcoffset() == timedelta(0)
        assert message.edited_at is None or message.edited_at.utcoffset() == timedelta(0)
    for batch in first + later:
        assert batch.window_from is None or batch.window_from.utcoffset() == timedelta(0)
        assert batch.window_to is None or batch.window_to.utcoffset() == timedelta(0)
        assert batch.window_from is None or batch.window_to is None or batch.window_from <= batch.window_to


@for_networks()
async def test_words_come_as_plain_text(harness: Harness) -> None:
    said = harness.seed(1)
    message = await one_message(harness, said[0])
    assert "& more" in message.text
    assert "&amp;" not in message.text
    assert "<" not in message.text
    assert message.raw
    assert not message.ours


@for_networks()
async def test_an_unknown_kind_survives(harness: Harness) -> None:
    said = harness.seed(3)
    unknown = harness.say_unknown()
    said += harness.seed(2)
    batches, cursor = await read_on(harness.connector(), harness.channel)
    read = {message.remote_id: message for message in all_of(batches)}
    assert set(said) <= set(read), "what came before and after it was lost"
    strange = [message for message in read.values() if message.remote_id not in said]
    if unknown:
        assert read[unknown].raw
    else:
        assert [m.kind for m in strange] == [MessageKind.UNREADABLE]
        assert strange[0].raw
    batch = await harness.connector().fetch(harness.channel, cursor)
    assert {message.remote_id for message in batch.messages} <= set(read)


@for_networks()
async def test_a_removed_message_is_not_concluded_from_absence(harness: Harness) -> None:
    said = harness.seed(6)
    _, cursor = await read_on(harness.connector(), harness.channel)
    harness.remove(said[2])
    harness.seed(1)
    batches, _ = await read_on(harness.connector(), harness.channel, cursor)
    for batch in batches:
        assert set(batch.gone) <= {said[2]}
    assert said[2] not in {message.remote_id for message in all_of(batches)}


@for_networks(edits=True)
async def test_an_edit_is_seen_by_the_next_fetch_or_by_rereading(harness: Harness) -> None:
    said = harness.seed(6)
    _, cursor = await read_on(harness.connector(), harness.channel)
    harness.clock.forward(60)
    harness.edit(said[4], "Entirely other words")
    batches, _ = await read_on(harness.connector(), harness.channel, cursor)
    seen = all_of(batches)
    if Capability.REREAD in harness.channel.capabilities:
        seen += (await harness.connector().reread(harness.channel, said)).messages
    assert "Entirely other words" in [message.text for message in seen if message.remote_id == said[4]]


# --- reading again ---


@for_networks(Capability.REREAD)
async def test_rereading_agrees_with_fetch(harness: Harness) -> None:
    said = harness.seed(8)
    batches, _ = await read_on(harness.connector(), harness.channel)
    fetched = {message.remote_id: message for message in all_of(batches)}
    again = await harness.connector().reread(harness.channel, said)
    assert {message.remote_id: message for message in again.messages} == {i: fetched[i] for i in said}
    assert again.gone == ()
    assert again.cursor == START


@for_networks(Capability.REREAD | Capability.HOLD)
async def test_rereading_tells_what_became_of_messages(harness: Harness) -> None:
    said = harness.seed(6)
    await read_on(harness.connector(), harness.channel)
    harness.edit(said[0], "Edited words")
    harness.hold(said[1])
    harness.remove(said[5])
    again = await harness.connector().reread(harness.channel, said)
    now = {message.remote_id: message for message in again.messages}
    assert now[said[0]].text == "Edited words"
    assert now[said[1]].state is MessageState.HELD
    assert now[said[2]].state is MessageState.PUBLISHED
    assert again.gone == (said[5],)
    assert said[5] not in now


@for_networks(Capability.REREAD)
async def test_rereading_more_than_fits_one_request_loses_none(harness: Harness) -> None:
    said = harness.seed(100)
    again = await harness.connector().reread(harness.channel, said)
    assert {message.remote_id for message in again.messages} == set(said)
    assert again.gone == ()


@for_networks(Capability.REREAD, secret=True)
async def test_nothing_is_gone_because_we_are_signed_out(harness: Harness) -> None:
    said = harness.seed(5)
    _, cursor = await read_on(harness.connector(), harness.channel)
    harness.hold(said[1])
    harness.sign_out()
    connector = harness.connector()
    with pytest.raises(SignInNeeded):
        await connector.reread(harness.channel, said)
    with pytest.raises(SignInNeeded):
        await connector.fetch(harness.channel, cursor)


@for_networks(Capability.SWEEP)
async def test_a_sweep_agrees_with_fetch(harness: Harness) -> None:
    said = harness.seed(harness.many)
    harness.hold(said[3])
    harness.remove(said.pop())
    batches, cursor = await read_on(harness.connector(), harness.channel)
    fetched = {
        m.remote_id: Sighting(remote_id=m.remote_id, state=m.state, parent_remote_id=m.parent_remote_id)
        for m in all_of(batches)
    }
    pages = [page async for page in harness.connector().sweep(harness.channel, cursor)]
    sighted = {s.remote_id: s for page in pages for s in page.sightings}
    assert pages[-1].swept_prefixes
    assert not any(page.swept_prefixes for page in pages[:-1])
    swept = tuple(pages[-1].swept_prefixes)
    assert {i: s for i, s in fetched.items() if i.startswith(swept)} == sighted
    assert all(i.startswith(swept) for i in said)


@for_networks(Capability.SWEEP)
async def test_a_sweep_loses_nothing_that_was_not_fetched_yet(harness: Harness) -> None:
    harness.seed(5)
    _, cursor = await read_on(harness.connector(), harness.channel)
    new = harness.seed(4)
    pages = [page async for page in harness.connector().sweep(harness.channel, cursor)]
    after = pages[-1].cursor
    batches, _ = await read_on(harness.connector(), harness.channel, cursor if after is None else after)
    assert set(new) <= {message.remote_id for message in all_of(batches)}


# --- when it goes wrong, reading ---


@for_breaks(SURELY_NOT_DONE | IN_DOUBT_READING)
async def test_a_failed_read_is_named_and_loses_nothing(harness: Harness, how: Break) -> None:
    connector = harness.connector()
    harness.seed(3)
    _, cursor = await read_on(connector, harness.channel)
    new = harness.seed(4)
    expected = (SURELY_NOT_DONE | IN_DOUBT_READING)[how]
    harness.break_reads(how)
    with pytest.raises(PostroomError) as caught:
        await connector.fetch(harness.channel, cursor)
    assert type(caught.value) is expected
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_at == harness.clock.now() + WAIT
    harness.mend()
    batches, _ = await read_on(connector, harness.channel, cursor)
    assert set(new) <= {message.remote_id for message in all_of(batches)}


@for_breaks(SURELY_NOT_DONE | IN_DOUBT_READING, Capability.REREAD)
async def test_a_failed_rereading_declares_nothing_gone(harness: Harness, how: Break) -> None:
    said = harness.seed(4)
    connector = harness.connector()
    await read_on(connector, harness.channel)
    harness.break_reads(how)
    with pytest.raises(PostroomError) as caught:
        await connector.reread(harness.channel, said)
    assert type(caught.value) is (SURELY_NOT_DONE | IN_DOUBT_READING)[how]


@for_breaks(SURELY_NOT_DONE | IN_DOUBT_READING, Capability.POST)
async def test_a_failed_search_proves_nothing(harness: Harness, how: Break) -> None:
    connector = harness.connector()
    rendition = harness.post()
    await connector.publish(harness.channel, rendition, "key-1")
    harness.break_reads(how)
    with pytest.raises(PostroomError) as caught:
        await connector.find(harness.channel, delivery_of(harness, rendition, "key-1"))
    assert type(caught.value) is (SURELY_NOT_DONE | IN_DOUBT_READING)[how]


# --- publishing ---


@writes()
async def test_what_we_publish_is_there_and_ours(harness: Harness, kind: UpdateKind) -> None:
    connector = harness.connector()
    rendition = rendition_of(harness, kind)
    receipt = await connector.publish(harness.channel, rendition, "key-1")
    assert harness.made == [receipt.remote_id]
    message = await one_message(harness, receipt.remote_id)
    assert message.ours
    assert message.state is MessageState.PUBLISHED is receipt.state
    assert rendition.text in message.text
    if kind is UpdateKind.REPLY:
        assert message.parent_remote_id == rendition.reply_to
    if receipt.message is not None:
        # An answer to what we send may tell less than a list does, and says so.
        assert replace(receipt.message, raw=b"", untold=()) == replace(message, raw=b"", untold=())


@for_networks(Capability.REPLY | Capability.DIRECT)
@pytest.mark.parametrize("said", ["what the app says", "the readers named"])
async def test_what_is_asked_in_private_is_answered_in_private(harness: Harness, said: str) -> None:
    connector = harness.connector()
    channel = replace(harness.channel, limits=await connector.limits(harness.channel))
    harness.ask_privately("Where did my permit go?")
    batches, _ = await read_on(connector, channel)
    asked = next(m for m in all_of(batches) if "permit go" in m.text)
    assert asked.visibility is Visibility.DIRECT
    update = Update(kind=UpdateKind.REPLY, text="It went out on Monday")
    rendition, problems = render(update, channel, now=harness.clock.now(), reply_to=asked)
    assert not [p for p in problems if p.stops]
    if said == "the readers named":
        rendition = replace(rendition, visibility=Visibility.DIRECT)
    unable = replace(channel, capabilities=channel.capabilities & ~(Capability.DIRECT | Capability.VISIBILITY))
    if Capability.VISIBILITY not in channel.capabilities:
        before = harness.requests
        with pytest.raises(Unsupported):
            await connector.publish(unable, rendition, "key-1")
        assert harness.requests == before
    receipt = await connector.publish(channel, rendition, "key-1")
    answer = await one_message(harness, receipt.remote_id)
    assert (answer.ours, answer.visibility) == (True, Visibility.DIRECT)
    assert "on Monday" in answer.text


@writes()
async def test_typed_text_arrives_as_it_was_typed(harness: Harness, kind: UpdateKind) -> None:
    typed = "Fish & chips <b>for 5 €</b> &amp; tea\n\nSee https://city.example/?a=1&b=2 👩‍👩‍👧"
    rendition = replace(rendition_of(harness, kind), text=typed)
    receipt = await harness.connector().publish(harness.channel, rendition, "key-1")
    message = await one_message(harness, receipt.remote_id)
    assert message.text == typed


@writes()
async def test_the_same_key_twice_never_makes_two(harness: Harness, kind: UpdateKind) -> None:
    rendition = rendition_of(harness, kind)
    first = await harness.connector().publish(harness.channel, rendition, "key-1")
    second = await harness.connector().publish(harness.channel, rendition, "key-1")
    assert first.remote_id == second.remote_id
    assert harness.made == [first.remote_id]


@writes()
async def test_a_lost_answer_is_found_and_not_repeated(harness: Harness, kind: UpdateKind) -> None:
    rendition = rendition_of(harness, kind)
    harness.break_writes(Break.LOST_ANSWER)
    with pytest.raises(PostroomError):
        await harness.connector().publish(harness.channel, rendition, "key-1")
    harness.mend()
    assert len(harness.made) == 1
    found = await harness.connector().find(harness.channel, delivery_of(harness, rendition, "key-1"))
    assert found is not None
    assert [found.remote_id] == harness.made
    again = await harness.connector().publish(harness.channel, rendition, "key-1")
    assert [again.remote_id] == harness.made


@writes()
async def test_finding_nothing_is_proof_and_writes_nothing(harness: Harness, kind: UpdateKind) -> None:
    connector = harness.connector()
    rendition = rendition_of(harness, kind)
    await connector.publish(harness.channel, rendition, "key-1")
    other = replace(rendition, text="Something else entirely")
    assert await connector.find(harness.channel, delivery_of(harness, other, "key-2")) is None
    assert len(harness.made) == 1


@for_breaks(SURELY_NOT_DONE, Capability.POST)
async def test_a_publish_that_surely_did_not_happen(harness: Harness, how: Break) -> None:
    connector = harness.connector()
    rendition = harness.post()
    harness.break_writes(how)
    with pytest.raises(PostroomError) as caught:
        await connector.publish(harness.channel, rendition, "key-1")
    assert type(caught.value) is SURELY_NOT_DONE[how]
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_at == harness.clock.now() + WAIT
    harness.mend()
    assert harness.made == []
    assert await connector.find(harness.channel, delivery_of(harness, rendition, "key-1")) is None


@for_breaks(IN_DOUBT_WRITING, Capability.POST)
async def test_a_publish_in_doubt_says_so_and_find_knows(harness: Harness, how: Break) -> None:
    connector = harness.connector()
    rendition = harness.post()
    harness.break_writes(how)
    with pytest.raises(PostroomError) as caught:
        await connector.publish(harness.channel, rendition, "key-1")
    assert type(caught.value) in IN_DOUBT_WRITING[how]
    harness.mend()
    found = await connector.find(harness.channel, delivery_of(harness, rendition, "key-1"))
    assert ([found.remote_id] if found else []) == harness.made


@for_networks(Capability.SCHEDULE)
async def test_what_is_scheduled_waits_at_the_network(harness: Harness) -> None:
    at = harness.clock.now() + timedelta(days=2)
    rendition = harness.post(publish_at=at)
    receipt = await harness.connector().publish(harness.channel, rendition, "key-1")
    assert receipt.state is MessageState.SCHEDULED
    message = await one_message(harness, receipt.remote_id)
    assert message.state is MessageState.SCHEDULED
    found = await harness.connector().find(harness.channel, delivery_of(harness, rendition, "key-1"))
    assert found is not None
    assert found.state is MessageState.SCHEDULED


@for_networks(Capability.UPDATE_POST)
async def test_updating_a_post_makes_no_second_one(harness: Harness) -> None:
    connector = harness.connector()
    receipt = await connector.publish(harness.channel, harness.post(), "key-1")
    other = replace(harness.post("The library opens on Tuesday"), replaces=receipt.remote_id)
    for _ in range(2):
        updated = await connector.publish(harness.channel, other, "key-2")
        assert updated.remote_id == receipt.remote_id
    assert harness.made == [receipt.remote_id]
    assert "Tuesday" in (await one_message(harness, receipt.remote_id)).text


@writes()
async def test_at_the_limit_passes_and_one_over_is_stopped(harness: Harness, kind: UpdateKind) -> None:
    connector = harness.connector()
    rendition = rendition_of(harness, kind)
    most = harness.most_bytes(kind)
    if most is None:
        receipt = await connector.publish(harness.channel, replace(rendition, text="x" * 200_000), "key-1")
        assert "x" * 200_000 in (await one_message(harness, receipt.remote_id)).text
        return
    limits = await connector.limits(harness.channel)
    in_bytes = {limits.text_bytes, limits.reply_bytes if kind is UpdateKind.REPLY else None} - {None}
    declared = in_bytes or {limits.text_graphemes}  # of ASCII, a character is a byte
    assert declared == {most}, "so that it can be judged before it is queued"
    # Where characters count as well, the bytes come from characters that are many bytes each.
    longest = "x" * most if limits.text_graphemes is None or not in_bytes else FAMILY * (most // 25) + "x" * (most % 25)
    with pytest.raises(Rejected) as caught:
        await connector.publish(harness.channel, replace(rendition, text=longest + "x"), "key-1")
    assert caught.value.problems
    assert all(problem.words for problem in caught.value.problems)
    assert harness.made == []
    receipt = await connector.publish(harness.channel, replace(rendition, text=longest), "key-2")
    assert harness.made == [receipt.remote_id]


@for_networks(Capability.REPLY)
async def test_an_answer_to_something_gone_is_refused(harness: Harness) -> None:
    said = harness.seed(2)
    rendition = harness.reply(said[1])
    harness.remove(said[1])
    with pytest.raises((NotFound, Rejected)):
        await harness.connector().publish(harness.channel, rendition, "key-1")
    assert harness.made == []


# --- moderating and changing ---


@pytest.mark.parametrize(
    ("harness", "action"),
    [
        pytest.param(name, action, id=f"{name}-{action}")
        for name, make in HARNESSES.items()
        for action, (needed, _) in MODERATIONS.items()
        if needed in make().connector_class.capabilities
    ],
    indirect=["harness"],
)
async def test_moderation_is_safe_to_repeat(harness: Harness, action: Moderation) -> None:
    said = harness.seed(3)
    if action is Moderation.APPROVE:
        harness.hold(said[1])
    message = await one_message(harness, said[1])
    for _ in range(2):
        done = await harness.connector().moderate(harness.channel, message, action)
        assert done.remote_id == said[1]
        assert done.state is MODERATIONS[action][1]
    assert await one_message(harness, said[1]) == done
    assert (await one_message(harness, said[0])).state is MessageState.PUBLISHED


@pytest.mark.parametrize(
    ("harness", "there", "back"),
    [
        pytest.param(name, there, back, id=f"{name}-{there}")
        for name, make in HARNESSES.items()
        for there, back, needed in (
            (Moderation.SPAM, Moderation.UNSPAM, Capability.SPAM),
            (Moderation.TRASH, Moderation.RESTORE, Capability.TRASH),
        )
        if needed in make().connector_class.capabilities
    ],
    indirect=["harness"],
)
async def test_moderation_can_be_taken_back(harness: Harness, there: Moderation, back: Moderation) -> None:
    said = harness.seed(2)
    connector = harness.connector()
    message = await one_message(harness, said[0])
    away = await connector.moderate(harness.channel, message, there)
    for _ in range(2):
        returned = await connector.moderate(harness.channel, away, back)
        assert returned.state is MessageState.PUBLISHED
        assert returned.text == message.text
        assert returned.author == message.author


@for_networks(Capability.EDIT | Capability.REPLY)
async def test_our_own_words_can_be_edited_twice(harness: Harness) -> None:
    connector = harness.connector()
    receipt = await connector.publish(harness.channel, harness.reply(harness.seed(1)[0]), "key-1")
    message = await one_message(harness, receipt.remote_id)
    for _ in range(2):
        edited = await connector.edit(harness.channel, message, "We open at <ten> & stay")
        assert edited.text == "We open at <ten> & stay"
    assert (await one_message(harness, receipt.remote_id)).text == "We open at <ten> & stay"


@for_networks(Capability.DELETE | Capability.REPLY | Capability.REREAD)
async def test_deleting_twice_is_success(harness: Harness) -> None:
    connector = harness.connector()
    receipt = await connector.publish(harness.channel, harness.reply(harness.seed(1)[0]), "key-1")
    message = await one_message(harness, receipt.remote_id)
    for _ in range(2):
        await connector.delete(harness.channel, message)
    again = await connector.reread(harness.channel, [receipt.remote_id])
    assert again.gone == (receipt.remote_id,)


# --- what is not declared ---

Ask = Callable[[Connector, Channel], Awaitable[object]]


def stranger() -> Message:
    return Message(
        remote_id="x1", kind=MessageKind.COMMENT, author=Author(name="Vera"), created_at=MORNING, text="?", ours=True
    )


async def swept(connector: Connector, channel: Channel) -> list[object]:
    return [page async for page in connector.sweep(channel, START)]


def publishes(**fields: object) -> Ask:
    kind = UpdateKind.REPLY if "reply_to" in fields else UpdateKind.POST
    rendition = Rendition(kind=kind, text="Words", **fields)  # type: ignore[arg-type]
    return lambda connector, channel: connector.publish(channel, rendition, "key-1")


ASKS: dict[str, tuple[Capability, Ask]] = {
    "fetch": (Capability.FETCH, lambda c, ch: c.fetch(ch, START)),
    "reread": (Capability.REREAD, lambda c, ch: c.reread(ch, ["x1"])),
    "sweep": (Capability.SWEEP, swept),
    "post": (Capability.POST, publishes()),
    "reply": (Capability.REPLY, publishes(reply_to="x1")),
    "private reply": (
        Capability.VISIBILITY | Capability.PRIVATE_REPLY | Capability.DIRECT,
        publishes(reply_to="x1", visibility=Visibility.DIRECT),
    ),
    "schedule": (Capability.SCHEDULE, publishes(publish_at=MORNING + timedelta(days=1))),
    "update": (Capability.UPDATE_POST, publishes(replaces="x1")),
    "terms": (Capability.TERMS, publishes(tags=("a",))),
    "edit": (Capability.EDIT, lambda c, ch: c.edit(ch, stranger(), "Words")),
    "delete": (Capability.DELETE, lambda c, ch: c.delete(ch, stranger())),
    "approve": (Capability.APPROVE, lambda c, ch: c.moderate(ch, stranger(), Moderation.APPROVE)),
    "hold": (Capability.HOLD, lambda c, ch: c.moderate(ch, stranger(), Moderation.HOLD)),
    "spam": (Capability.SPAM, lambda c, ch: c.moderate(ch, stranger(), Moderation.SPAM)),
    "unspam": (Capability.SPAM, lambda c, ch: c.moderate(ch, stranger(), Moderation.UNSPAM)),
    "trash": (Capability.TRASH, lambda c, ch: c.moderate(ch, stranger(), Moderation.TRASH)),
    "restore": (Capability.TRASH, lambda c, ch: c.moderate(ch, stranger(), Moderation.RESTORE)),
}


@pytest.mark.parametrize("ask", ASKS)
@for_networks()
async def test_the_undeclared_is_refused_before_any_request(harness: Harness, ask: str) -> None:
    needed, do = ASKS[ask]
    allowed = harness.channel.capabilities & ~needed
    with pytest.raises(Unsupported):
        await do(harness.connector(), replace(harness.channel, capabilities=allowed))
    assert harness.requests == 0


@pytest.mark.parametrize("harness", sorted(set(HARNESSES) - set(able_to(Capability.POST))), indirect=True)
async def test_a_search_is_refused_where_nothing_can_ever_be_published(harness: Harness) -> None:
    rendition = Rendition(kind=UpdateKind.POST, text="Words")
    with pytest.raises(Unsupported):
        await harness.connector().find(harness.channel, delivery_of(harness, rendition, "key-1"))
    assert harness.requests == 0


@writes()
async def test_a_search_goes_on_after_the_right_to_publish_is_lost(harness: Harness, kind: UpdateKind) -> None:
    rendition = rendition_of(harness, kind)
    receipt = await harness.connector().publish(harness.channel, rendition, "key-1")
    channel = replace(harness.channel, capabilities=Capability.FETCH)
    found = await harness.connector().find(channel, delivery_of(harness, rendition, "key-1"))
    assert found is not None
    assert found.remote_id == receipt.remote_id


# --- channels, secrets, the end ---


@for_networks()
async def test_channels_are_what_the_connector_can_do_at_most(harness: Harness) -> None:
    connector = harness.connector()
    channels = await connector.channels()
    assert harness.channel.remote_id in [channel.remote_id for channel in channels]
    assert len({channel.remote_id for channel in channels}) == len(channels)
    for channel in channels:
        assert channel.title
        assert channel.capabilities in connector.capabilities


@for_networks(Capability.POST, secret=True)
async def test_no_secret_is_ever_seen(harness: Harness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    seen: list[object] = []
    connector = harness.connector()
    seen += [connector, vars(type(connector)).get("__doc__", "")]
    said = harness.seed(2)
    seen += [await connector.fetch(harness.channel, START), await connector.channels()]
    receipt: Receipt = await connector.publish(harness.channel, harness.reply(said[0]), "key-1")
    delivery: Delivery = delivery_of(harness, harness.reply(said[0]), "key-1")
    seen += [receipt, await connector.find(harness.channel, delivery)]
    for how in sorted(harness.breaks):
        harness.break_reads(how)
        harness.break_writes(how)
        for attempt in (
            connector.fetch(harness.channel, START),
            connector.publish(harness.channel, harness.post(f"Words {how}"), f"key-{how.name}"),
        ):
            with pytest.raises(PostroomError) as caught:
                await attempt
            error: BaseException | None = caught.value
            seen += [vars(caught.value)]
            while error is not None:
                seen += [error, str(error)]
                error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    harness.mend()
    harness.sign_out()
    with pytest.raises(SignInNeeded) as out:
        await harness.connector().fetch(harness.channel, START)
    seen += [out.value, vars(out.value)]
    words = "\n".join(map(repr, seen)) + caplog.text
    assert harness.secret
    for form in {harness.secret, harness.secret.replace(" ", ""), harness.secret.replace("-", "")}:
        assert form not in words


@for_networks()
async def test_closing_is_enough_and_may_be_repeated(harness: Harness) -> None:
    connector = harness.connector()
    harness.seed(1)
    await connector.fetch(harness.channel, START)
    running = asyncio.all_tasks()
    await connector.close()
    await connector.close()
    gc.collect()  # something left open would complain now, and warnings are errors here
    assert asyncio.all_tasks() <= running


@for_networks()
async def test_a_call_that_is_given_up_leaves_no_mark(harness: Harness) -> None:
    connector = harness.connector()
    said = harness.seed(3)
    given_up = asyncio.ensure_future(connector.fetch(harness.channel, START))
    await asyncio.sleep(0)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    batches, _ = await read_on(connector, harness.channel)
    assert set(said) <= {message.remote_id for message in all_of(batches)}


@for_networks()
async def test_an_address_that_is_none_of_ours_is_refused_with_a_hint(harness: Harness) -> None:
    def nobody(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, html="<!doctype html><title>A shop</title>")

    async with httpx.AsyncClient(transport=httpx.MockTransport(nobody)) as http:
        for address in ("https://shop.example/", "not an address", ""):
            with pytest.raises(NotFound) as caught:
                await harness.connector_class.discover(address, http, harness.clock)
            assert caught.value.hint
