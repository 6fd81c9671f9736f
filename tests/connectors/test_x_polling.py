"""The poll that loses nothing and pays little (x.md section 4.1), over the practice network and over odd answers."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from inbox.errors import BadReply, CursorExpired, NotAllowed, OutOfBudget, RateLimited, Unavailable
from inbox.model import Capability, Cursor, MessageKind, MessageState, Moderation
from inbox.practice.faults import FaultKind
from tests.connectors.x_recorded import Desk, Square, error, us

OURS = "1111111111111111111"


@pytest.fixture
def square() -> Square:
    return Square()


async def test_an_idle_poll_asks_three_things_and_no_expansion(square: Square) -> None:
    square.network.say(square.vera, "@harbour hello")
    await square.read()
    square.clock.forward(3600)
    await square.read()
    square.sent.clear()
    square.clock.forward(3600)
    before = square.network.billing.total
    batches = await square.read()
    paths = [r.url.path for r in square.sent]
    assert paths == [f"/2/users/{square.office.id}/mentions", f"/2/users/{square.office.id}/tweets", "/2/dm_events"]
    assert not [r for r in square.sent if "expansions" in r.url.params]
    assert square.network.billing.total == before
    assert not batches[-1].messages


async def test_each_author_is_looked_up_once_and_after_a_restart_too(square: Square) -> None:
    tom = square.network.add_user("tom", "Tom")
    for number in range(3):
        square.clock.forward(60)
        square.network.say(square.vera, f"@harbour {number}")
        square.network.say(tom, f"@harbour again {number}")
        await square.read()
        square.connector = square.again()
    asked = square.asked("/2/users")
    assert [r.url.params["ids"] for r in asked] == [f"{tom.id},{square.vera.id}"]
    assert {m.author.name for m in square.held.values()} == {"Vera", "Tom"}


async def test_what_is_listed_late_is_not_lost(square: Square) -> None:
    late = square.network.say(square.vera, "@harbour late", late_s=600)
    square.clock.forward(10)
    square.network.say(square.vera, "@harbour in time")
    await square.read()
    assert late.id not in square.held
    square.clock.forward(700)
    await square.read()
    assert late.id in square.held


async def test_the_mark_moves_only_when_the_list_was_read_to_its_end(square: Square) -> None:
    square.network.say(square.vera, "@harbour first")
    await square.read()
    square.clock.forward(7200)
    said = [square.network.say(square.vera, f"@harbour {n}").id for n in range(250)]
    first = await square.connector.fetch(square.channel, square.cursor)
    assert not first.complete
    kept = json.loads(first.cursor)["mentions"]
    assert kept["mark"] < said[0] < kept["oldest"]
    assert kept["token"]
    # The program ends here and comes back an hour later: it goes on where the page ended.
    square.clock.forward(3600)
    square.connector, square.cursor = square.again(), first.cursor
    square.held |= {m.remote_id: m for m in first.messages}
    await square.read()
    assert set(said) <= set(square.held)
    assert json.loads(square.cursor)["mentions"]["mark"] == said[-1]


def spoilt(cursor: Cursor) -> Cursor:
    """The same mark with tokens that X no longer takes."""
    kept = json.loads(cursor)
    for place, name in ((kept.get("mentions", {}), "token"), (kept.get("own", {}), "token"), (kept, "event_token")):
        if place.get(name):
            place[name] = "a-token-from-before-the-night"
    assert "a-token" in json.dumps(kept), "a reading was under way"
    return Cursor(json.dumps(kept))


@pytest.mark.parametrize("part", ["mentions", "own"])
async def test_where_x_no_longer_takes_a_token_the_list_is_begun_anew(square: Square, part: str) -> None:
    """x.md 4.1(3): "After a crash resume the token, else restart from floor"."""
    by = square.vera if part == "mentions" else square.office
    square.network.say(by, "@harbour first")
    await square.read()
    square.clock.forward(7200)
    said = [square.network.say(by, f"@harbour {n}").id for n in range(250)]
    first = await square.connector.fetch(square.channel, square.cursor)
    since = json.loads(first.cursor)[part]["since"]
    square.held |= {m.remote_id: m for m in first.messages}
    square.cursor = spoilt(first.cursor)
    square.clock.forward(12 * 3600)
    late = square.network.say(by, "@harbour in the night").id
    square.connector = square.again()
    square.sent.clear()
    batches = await square.read()
    assert {*said, late} <= set(square.held)
    assert not any(b.gap_before for b in batches)
    which = "mentions" if part == "mentions" else "tweets"
    asked = [r.url.params for r in square.asked(f"/2/users/{square.office.id}/{which}")]
    assert ["pagination_token" in a for a in asked] == [True, False, True, True], "refused, then from the first page on"
    assert {a["since_id"] for a in asked} == {since}
    kept = json.loads(square.cursor)[part]
    assert kept["mark"] == late
    assert set(kept) == {"mark", "read_at"}, "nothing of the restart is left"


async def test_where_every_token_is_refused_the_list_is_begun_anew_once_an_hour(square: Square) -> None:
    """Otherwise a poll would read the first page for ever."""

    async def read_on() -> Cursor:
        batch = await square.connector.fetch(square.channel, square.cursor)
        square.held |= {m.remote_id: m for m in batch.messages}
        return batch.cursor

    for number in range(250):
        square.network.say(square.vera, f"@harbour {number}")
    square.cursor = spoilt(await read_on())
    for _ in range(3):
        square.cursor = spoilt(await read_on())
        with pytest.raises(BadReply):
            await read_on()
        square.clock.forward(3600)
    await square.read()
    assert len(square.held) == 250


async def test_what_is_refused_without_a_token_is_not_asked_again(square: Square) -> None:
    square.faults.add(FaultKind.STATUS, path="/mentions$", status=400)
    with pytest.raises(BadReply):
        await square.read()
    assert len(square.sent) == 1


async def test_when_beginning_anew_fails_at_first_nothing_is_passed_over(square: Square) -> None:
    square.network.say(square.vera, "@harbour first")
    await square.read()
    square.clock.forward(7200)
    said = [square.network.say(square.vera, f"@harbour {n}").id for n in range(250)]
    square.cursor = spoilt((await square.connector.fetch(square.channel, square.cursor)).cursor)
    square.faults.add(FaultKind.STATUS, path="/mentions$", status=400, times=1)
    square.faults.add(FaultKind.STATUS, path="/mentions$", status=503, times=1)
    with pytest.raises(Unavailable):
        await square.connector.fetch(square.channel, square.cursor)
    await square.read()
    assert set(said) <= set(square.held)


async def test_beyond_the_800_newest_a_search_goes_on(square: Square) -> None:
    square.network.say(square.vera, "@harbour first")
    await square.read()
    said = []
    for number in range(1_000):
        square.clock.forward(2)
        said.append(square.network.say(square.vera, f"@harbour {number}").id)
    square.clock.forward(60)
    batches = await square.read()
    assert set(said) <= set(square.held)
    assert square.asked("/2/tweets/search/recent")
    assert not any(b.gap_before for b in batches)
    assert json.loads(square.cursor)["mentions"]["mark"] == said[-1]
    square.sent.clear()
    await square.read()
    assert not square.asked("/2/tweets/search/recent")


async def test_what_lies_beyond_a_search_is_told(square: Square) -> None:
    square.network.say(square.vera, "@harbour first")
    await square.read()
    square.clock.forward(86_400)
    early = [square.network.say(square.vera, f"@harbour early {n}").id for n in range(100)]
    square.clock.forward(9 * 86_400)
    late = [square.network.say(square.vera, f"@harbour late {n}").id for n in range(900)]
    square.clock.forward(60)
    batches = await square.read()
    assert set(late) <= set(square.held)
    assert not set(early) & set(square.held)
    last = batches[-1]
    assert last.gap_before
    assert last.window_from is not None
    assert last.window_from > square.ago(days=8)


async def test_edits_come_as_the_same_message(square: Square) -> None:
    post = square.network.say(square.vera, "@harbour is it open?")
    await square.read()
    square.clock.forward(120)
    edited = square.network.edit(post, "@harbour is it open on Friday?")
    await square.read()
    message = square.held[post.id]
    assert (message.text, message.details["id"]) == ("@harbour is it open on Friday?", edited.id)
    assert message.edited_at is not None


async def test_own_posts_written_elsewhere_come_too(square: Square) -> None:
    post = square.network.say(square.office, "Written on a phone")
    answer = square.network.say(square.office, "So was this", to=square.network.say(square.vera, "@harbour?"))
    await square.read()
    assert square.held[post.id].ours
    assert (square.held[answer.id].kind, square.held[answer.id].parent_remote_id) == (
        MessageKind.COMMENT,
        answer.parent_id,
    )


async def test_what_was_hidden_here_is_said_to_be_untold(square: Square) -> None:
    root = square.network.say(square.office, "Open day")
    rude = square.network.say(square.vera, "rude", to=root)
    await square.read()
    done = await square.connector.moderate(square.channel, square.held[rude.id], Moderation.HIDE)
    assert (done.state, done.untold) == (MessageState.HIDDEN, ())
    assert square.network.posts[rude.id].hidden
    await square.read()
    assert square.held[rude.id].untold == ("state", "reacted"), "so the inbox keeps what it knows (store.own)"


# --- direct messages ---


async def test_a_window_of_ten_and_more_only_while_nothing_is_known(square: Square) -> None:
    for number in range(25):
        square.clock.forward(1)
        square.network.message(square.vera, square.office, f"Message {number}")
    await square.read()
    assert len(square.held) == 25
    square.sent.clear()
    square.network.message(square.vera, square.office, "One more")
    await square.read()
    asked = square.asked("/2/dm_events")
    assert [r.url.params["max_results"] for r in asked] == ["10"]
    assert len(square.held) == 26
    for number in range(30):
        square.network.message(square.vera, square.office, f"Flood {number}")
    await square.read()
    assert len(square.held) == 56


async def test_where_x_no_longer_takes_a_token_direct_messages_are_read_from_the_newest_on(square: Square) -> None:
    known = square.network.message(square.vera, square.office, "Known")
    await square.read()
    square.clock.forward(3600)
    sent = [square.network.message(square.vera, square.office, f"Message {n}") for n in range(150)]
    batch = await square.connector.fetch(square.channel, square.cursor)
    square.cursor = spoilt(batch.cursor)
    square.clock.forward(12 * 3600)
    late = square.network.message(square.vera, square.office, "In the night")
    square.connector = square.again()
    square.sent.clear()
    await square.read()
    ids = {f"dm:{e.conversation_id}:{e.id}" for e in (known, *sent, late)}
    assert ids <= set(square.held)
    asked = [r.url.params for r in square.asked("/2/dm_events")]
    assert ["pagination_token" in a for a in asked][:3] == [True, False, True]
    kept = json.loads(square.cursor)
    assert not {"event_token", "fresh", "event_idle", "events_restarted_at"} & set(kept)
    again = square.network.message(square.vera, square.office, "One more")
    square.sent.clear()
    await square.read()
    assert f"dm:{again.conversation_id}:{again.id}" in square.held
    assert len(square.asked("/2/dm_events")) == 1


async def test_a_conversation_is_one_and_says_which(square: Square) -> None:
    said = square.network.message(square.vera, square.office, "About my tax")
    ours = square.network.message(square.office, square.vera, "We look into it")
    await square.read()
    one, two = square.held[f"dm:{said.conversation_id}:{said.id}"], square.held[f"dm:{said.conversation_id}:{ours.id}"]
    assert one.root_remote_id == two.root_remote_id == f"dm:{said.conversation_id}"
    assert (one.ours, two.ours, one.author.name) == (False, True, "Vera")
    assert Capability.REPLY not in one.denied
    assert Capability.REACT_BOOST in one.denied


async def test_without_the_right_direct_messages_are_left_alone() -> None:
    square = Square(rights=frozenset({"write"}))
    await square.read()
    assert not square.asked("/2/dm_events")
    assert Capability.DIRECT not in (await square.connector.channels())[0].capabilities
    assert any("Direct messages" in words for words in square.connector.validity().words)


async def test_refused_direct_messages_hold_up_nothing_else(square: Square) -> None:
    square.network.grants[0].access_level = "read-write"
    post = square.network.say(square.vera, "@harbour hello")
    await square.read()
    await square.read()
    assert post.id in square.held
    assert len(square.asked("/2/dm_events")) == 1
    assert any("refuses the direct messages" in words for words in square.connector.validity().words)


async def test_encrypted_messages_are_said_to_be_missing(square: Square) -> None:
    assert any("XChat" in words and "/messages" in words for words in square.connector.validity().words)


# --- odd answers ---


def answering(**pages: Any) -> Desk:
    """A desk whose network answers each path so."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rsplit("/", 1)[-1]
        found = pages.get(name, {"meta": {"result_count": 0}})
        return found if isinstance(found, httpx.Response) else httpx.Response(200, json=found)

    return Desk(answer, us())


def page(*items: dict[str, Any], token: str = "") -> dict[str, Any]:
    meta = {"result_count": len(items), "newest_id": items[0]["id"], "oldest_id": items[-1]["id"]}
    return {"data": list(items), "meta": {**meta, **({"next_token": token} if token else {})}}


def said(number: int = 2_107_184_236_008_718_446, **parts: Any) -> dict[str, Any]:
    return {
        "id": str(number), "text": "@ExampleOrg hello", "author_id": "2", "created_at": "2026-10-05T19:00:46.000Z",
        **parts,
    }  # fmt: skip


async def test_an_empty_page_has_no_data_at_all() -> None:
    batches = await answering().read()
    assert [(b.messages, b.complete) for b in batches] == [((), True)]


async def test_a_vocabulary_that_changed_fails_loudly() -> None:
    bare = {"id": "2107184236008718446", "text": "hello"}
    with pytest.raises(BadReply):
        await answering(mentions=page(bare)).read()


async def test_one_strange_post_among_others_is_kept() -> None:
    desk = answering(mentions=page(said(), {"id": "2107184236008718445", "hologram": True}), users={"data": []})
    await desk.read()
    assert {m.kind for m in desk.held.values()} == {MessageKind.UNREADABLE, MessageKind.MENTION}


async def test_a_token_that_repeats_for_ever_comes_to_an_end() -> None:
    desk = answering(mentions=page(said(), token="the-same-again-and-again"), users={"data": []})
    await desk.read()
    assert len(desk.asked(f"/2/users/{OURS}/mentions")) <= 5


async def test_a_suspended_author_is_not_asked_for_again() -> None:
    lost = {"errors": [{"resource_id": "2", "title": "Not Found Error", "type": "https://api.x.com/2/problems/x"}]}
    desk = answering(mentions=page(said()), users=lost)
    await desk.read()
    await desk.read()
    assert len(desk.asked("/2/users")) == 1
    assert next(iter(desk.held.values())).author.name == "X account 2"


async def test_expanded_authors_are_taken_and_billed_but_not_looked_up() -> None:
    along = {**page(said()), "includes": {"users": [{"id": "2", "name": "Two", "username": "two"}]}}
    desk = answering(mentions=along)
    await desk.read()
    assert not desk.asked("/2/users")
    assert next(iter(desk.held.values())).author.handle == "two"


@pytest.mark.parametrize("name", ["not_authorized_partial"])
async def test_a_list_that_is_closed_to_us_is_no_empty_one(name: str) -> None:
    with pytest.raises(NotAllowed):
        await answering(mentions=error(name)).read()


async def test_two_kinds_of_429(square: Square) -> None:
    square.network.usage_capped = True
    with pytest.raises(OutOfBudget) as capped:
        await square.read()
    assert capped.value.retry_at is not None
    assert (capped.value.retry_at.month, capped.value.retry_at.day) == (12, 1)
    square.network.usage_capped = False
    for _ in range(15):
        await square.connector.fetch(square.channel, Cursor(""))
    with pytest.raises(RateLimited) as full:
        await square.connector.fetch(square.channel, Cursor(""))
    assert full.value.retry_at == square.clock.now() + timedelta(minutes=15)


@pytest.mark.parametrize("name", ["rate_limited", "rate_limited_alt"])
async def test_recorded_full_windows(name: str) -> None:
    with pytest.raises(RateLimited):
        await answering(mentions=error(name)).read()


@pytest.mark.parametrize("name", ["credits_depleted_user_context", "credits_depleted_alt", "usage_capped"])
async def test_recorded_ends_of_money(name: str) -> None:
    with pytest.raises(OutOfBudget):
        await answering(mentions=error(name)).read()


@pytest.mark.parametrize("name", ["client_not_enrolled", "unsupported_authentication", "not_permitted_generic"])
async def test_recorded_refusals(name: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        await answering(mentions=error(name)).read()
    assert refused.value.hint


async def test_no_credit_left_is_out_of_budget_and_says_where_to_buy(square: Square) -> None:
    square.network.billing.credits = 0
    with pytest.raises(OutOfBudget) as out:
        await square.read()
    assert "console.x.com" in out.value.hint


async def test_what_was_read_before_a_failure_is_delivered_first(square: Square) -> None:
    post = square.network.say(square.vera, "@harbour hello")
    square.faults.add(FaultKind.STATUS, path="/2/dm_events", status=503)
    batch = await square.connector.fetch(square.channel, square.cursor)
    assert [m.remote_id for m in batch.messages] == [post.id]
    assert not batch.complete
    with pytest.raises(Unavailable):
        await square.connector.fetch(square.channel, batch.cursor)
    square.faults.clear()
    assert (await square.connector.fetch(square.channel, batch.cursor)).complete


@pytest.mark.parametrize("cursor", ["{", "[]", '{"v":2}', '{"v":1,"account":"other"}', '{"v":1,"people":3}'])
async def test_a_mark_of_something_else_expires(square: Square, cursor: str) -> None:
    with pytest.raises(CursorExpired):
        await square.connector.fetch(square.channel, Cursor(cursor))
