"""Reading from a real Bluesky network: everything arrives once, whatever its list of notifications loses."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from inbox.model import MessageKind, MessageState, Moderation, Reaction
from tests.servers.bluesky_desk import desk_at
from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.desk import Desk, fresh_key, post


@pytest.fixture
async def desk(bluesky: BlueskyNetwork) -> AsyncIterator[Desk]:
    made = await desk_at(bluesky)
    yield made
    await made.http.aclose()


async def publish(desk: Desk, network: BlueskyNetwork, text: str) -> dict[str, str]:
    """A post of ours, as a strong ref."""
    receipt = await desk.connector.publish(desk.channel, post(text), fresh_key())
    network.flush()
    assert receipt.message is not None
    return {"uri": receipt.remote_id, "cid": receipt.message.details["cid"]}


async def test_every_seeded_reply_mention_and_quote_arrives_once(bluesky: BlueskyNetwork, desk: Desk) -> None:
    bluesky.seed(42)
    await desk.read()
    there = {one["uri"]: one["value"]["text"] for one in bluesky.posts_of_citizens()}
    assert len(there) >= 27
    missing = {text for uri, text in there.items() if uri not in desk.held}
    assert missing == set()
    assert {uri: n for uri, n in desk.arrived.items() if n > 1 and uri in there} == {}
    ours = {one["uri"] for one in bluesky.records(desk.channel.remote_id, "app.bsky.feed.post")}
    assert ours <= set(desk.held)
    for uri, text in there.items():
        assert desk.held[uri].text == text
    kinds = Counter(desk.held[uri].kind for uri, text in there.items() if re.match(r"(Reply|Quote|👩‍👩‍👧‍👦 Ün)", text))
    assert kinds[MessageKind.QUOTE] == kinds[MessageKind.MENTION] == 3
    assert set(kinds) == {MessageKind.COMMENT, MessageKind.QUOTE, MessageKind.MENTION}
    assert [m.text for m in desk.held.values() if m.kind is MessageKind.NOTICE]
    with_pictures = [m for m in desk.held.values() if m.attachments and not m.ours]
    assert {m.attachments[0].description for m in with_pictures} == {"A red square: the pothole", "A grey square"}
    warned = [m for m in desk.held.values() if m.warning]
    assert {(m.warning, m.attachments[0].description) for m in warned} == {("Graphic pictures", "A grey square")}


async def test_a_quiet_poll_brings_nothing_and_costs_little(bluesky: BlueskyNetwork, desk: Desk) -> None:
    await desk.read()
    await desk.read()
    cursor, before = desk.cursor, dict(desk.arrived)
    batches = await desk.read()
    assert [b.messages for b in batches] == [()]
    assert desk.cursor == cursor
    assert desk.arrived == before
    assert batches[0].requests == 2


async def test_an_answer_five_levels_deep_arrives_although_nobody_is_notified(
    bluesky: BlueskyNetwork, desk: Desk
) -> None:
    amina, bruno = bluesky.citizen("amina"), bluesky.citizen("bruno")
    root = await publish(desk, bluesky, "A post to be talked about at length")
    await desk.read()
    last, texts = root, []
    for level in range(7):
        texts.append(f"Deep answer {level}")
        last = (amina, bruno)[level % 2].post(texts[-1], reply_to=last, root=root)
        if level == 0:
            await desk.read()  # the thread is known to be alive, and was looked at a moment ago
    told = bluesky.citizen("org").read("app.bsky.notification.listNotifications", limit=50)["notifications"]
    assert last["uri"] not in {one["uri"] for one in told}, "the network notifies of all of them by now"
    await desk.read()
    assert last["uri"] not in desk.held
    desk.clock.ahead_s += 3700
    for _ in range(10):  # an hour later threads are read again, a few with each poll
        await desk.read()
    assert {m.text for m in desk.held.values()} >= set(texts)
    deep = desk.said("Deep answer 6")
    assert deep.kind is MessageKind.COMMENT
    assert deep.root_remote_id == root["uri"]


async def test_answers_that_claim_to_be_old_are_not_lost(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post that is answered from elsewhere")
    await desk.read()
    farah = bluesky.citizen("farah")
    for days in (1, 3, 90):
        farah.post(f"Brought over, {days} days old", reply_to=root, created_at=datetime.now(UTC) - timedelta(days=days))
    await desk.read()
    for days in (1, 3, 90):
        assert desk.said(f"Brought over, {days} days old").parent_remote_id == root["uri"]


async def test_what_shares_an_instant_at_the_end_of_a_page_is_not_skipped(bluesky: BlueskyNetwork, desk: Desk) -> None:
    await desk.read()
    dana, org = bluesky.citizen("dana"), bluesky.citizen("org")
    began = datetime.now(UTC) - timedelta(hours=1)
    texts = []
    for number in range(130):
        at = began + timedelta(milliseconds=number // 7)
        texts.append(f"@{org.handle} of one instant {number}")
        dana.post(f"of one instant {number}", mentions=[org], created_at=at, flush=False)
    bluesky.flush()
    await desk.read()
    held = {m.text for m in desk.held.values()}
    assert set(texts) - held == set()
    desk_2 = await desk_at(bluesky)
    await desk_2.read()
    assert set(texts) - {m.text for m in desk_2.held.values()} == set()
    await desk_2.http.aclose()
    assert {n for uri, n in desk_2.arrived.items() if desk_2.held[uri].text in texts} == {1}


async def test_a_reply_that_mentions_us_belongs_to_its_thread(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post answered by name")
    org = bluesky.citizen("org")
    bluesky.citizen("emeka").post("is it open?", mentions=[org], reply_to=root)
    await desk.read()
    found = desk.said(f"@{org.handle} is it open?")
    assert (found.kind, found.parent_remote_id) == (MessageKind.COMMENT, root["uri"])
    assert f'href="https://bsky.app/profile/{org.did}"' in found.html


async def test_edits_and_deletions_are_seen(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post under which words change")
    chen, org = bluesky.citizen("chen"), bluesky.citizen("org")
    kept = chen.post("stays as it is", reply_to=root)
    edited = chen.post("before", reply_to=root)
    deleted = chen.post("taken back", reply_to=root, mentions=[org])
    below = bluesky.citizen("dana").post("below what was taken back", reply_to=deleted, root=root)
    await desk.read()
    chen.edit(edited["uri"], "after")
    chen.delete(deleted["uri"])
    batch = await desk.reread(kept["uri"], edited["uri"], deleted["uri"], below["uri"])
    assert batch.gone == (deleted["uri"],)
    assert desk.held[edited["uri"]].text == "after"
    assert desk.held[kept["uri"]].text == "stays as it is"
    around = await desk.connector.thread(desk.channel, desk.held[below["uri"]])
    assert around.gone == (deleted["uri"],)
    assert below["uri"] in {m.remote_id for m in around.messages}


async def test_what_a_moderator_takes_away_is_hidden_and_not_gone(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post under which somebody misbehaves")
    taken = bluesky.citizen("bruno").post("against the rules", reply_to=root)
    labelled = bluesky.citizen("bruno").post("rude words", reply_to=root)
    await desk.read()
    bluesky.control("takedown", **taken)
    bluesky.control("label", **labelled, val="!hide")
    batch = await desk.reread(taken["uri"], labelled["uri"])
    assert batch.gone == ()
    assert taken["uri"] in desk.held
    marked = [m for m in batch.messages if m.remote_id == labelled["uri"]]
    assert [m.warning for m in marked] in ([], ["Hidden by the network’s moderators"])


async def test_a_folded_answer_stays_known_as_folded(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post with an answer to fold away")
    bad = bluesky.citizen("dana").post("to be folded", reply_to=root)
    await desk.read()
    for _ in range(2):
        hidden = await desk.connector.moderate(desk.channel, desk.held[bad["uri"]], Moderation.HIDE)
        assert hidden.state is MessageState.HIDDEN
    bluesky.flush()
    batch = await desk.reread(bad["uri"])
    assert [m.state for m in batch.messages] == [MessageState.HIDDEN]
    around = await desk.connector.thread(desk.channel, desk.held[bad["uri"]])
    assert {m.remote_id: m.state for m in around.messages}[bad["uri"]] is MessageState.HIDDEN
    back = await desk.connector.moderate(desk.channel, desk.held[bad["uri"]], Moderation.UNHIDE)
    assert back.state is MessageState.PUBLISHED
    bluesky.flush()
    assert [m.state for m in (await desk.reread(bad["uri"])).messages] == [MessageState.PUBLISHED]


async def test_likes_and_reposts_are_counts_of_our_posts(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post that is liked")
    await desk.read()
    for name in ("amina", "bruno"):
        bluesky.citizen(name).create("app.bsky.feed.like", {"$type": "app.bsky.feed.like", "subject": root})
    bluesky.citizen("chen").create("app.bsky.feed.repost", {"$type": "app.bsky.feed.repost", "subject": root})
    before = len(desk.held)
    await desk.read()
    counts = desk.held[root["uri"]].counts
    assert (counts.likes, counts.boosts) == (2, 1)
    assert len(desk.held) == before, "nobody has said anything"


async def test_a_blocked_author_is_neither_gone_nor_lost(bluesky: BlueskyNetwork, desk: Desk) -> None:
    root = await publish(desk, bluesky, "A post answered by somebody who is blocked later")
    said = bluesky.citizen("farah").post("by somebody blocked", reply_to=root)
    await desk.read()
    message = desk.held[said["uri"]]
    for _ in range(2):
        await desk.connector.moderate(desk.channel, message, Moderation.BLOCK)
        bluesky.flush()
    assert len(bluesky.records(desk.channel.remote_id, "app.bsky.graph.block")) == 1
    batch = await desk.reread(said["uri"])
    assert batch.gone == ()
    assert (await desk.connector.thread(desk.channel, message)).gone == ()
    for _ in range(2):
        await desk.connector.moderate(desk.channel, message, Moderation.UNBLOCK)
        bluesky.flush()
    assert bluesky.records(desk.channel.remote_id, "app.bsky.graph.block") == []
    await desk.connector.moderate(desk.channel, message, Moderation.MUTE)
    await desk.connector.moderate(desk.channel, message, Moderation.UNMUTE)


async def test_liking_and_reposting_can_be_repeated_and_taken_back(bluesky: BlueskyNetwork, desk: Desk) -> None:
    org = bluesky.citizen("org")
    said = bluesky.citizen("amina").post("well done", mentions=[org])
    await desk.read()
    message = desk.held[said["uri"]]
    for reaction in (Reaction.LIKE, Reaction.LIKE, Reaction.BOOST, Reaction.BOOST):
        done = await desk.connector.react(desk.channel, message, reaction)
        bluesky.flush()
    assert done.reacted == (Reaction.LIKE, Reaction.BOOST)
    again = (await desk.reread(said["uri"])).messages[0]
    assert again.reacted == (Reaction.LIKE, Reaction.BOOST)
    assert (again.counts.likes, again.counts.boosts) == (1, 1)
    for reaction in (Reaction.UNLIKE, Reaction.UNBOOST, Reaction.UNLIKE):
        done = await desk.connector.react(desk.channel, message, reaction)
        bluesky.flush()
    assert done.reacted == ()
    assert (await desk.reread(said["uri"])).messages[0].reacted == ()
