"""The poll that loses nothing, trap by trap (bluesky.md section 4), over the practice network."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from inbox.connectors.bluesky.cursor import MOST_SEEN, Position, bumped
from inbox.connectors.connector import START
from inbox.errors import BadReply, CursorExpired, SignInNeeded, Unavailable
from inbox.model import Batch, Cursor, Message, MessageKind, MessageState
from inbox.practice.bluesky.ids import stamp
from inbox.practice.bluesky.records import LIKE, POST, THREADGATE, Record
from tests.connectors.bluesky_recorded import Desk as Played
from tests.connectors.bluesky_recorded import answer, body_of, recorded
from tests.connectors.harness import all_of, read_on
from tests.connectors.harnesses.bluesky import BlueskyHarness


class Town(BlueskyHarness):
    """The practice network with an inbox that reads on."""

    def __init__(self) -> None:
        super().__init__(chat=False)
        self.cursor: Cursor = START
        self.held: dict[str, Message] = {}
        self.reader = self.connector()

    async def read(self) -> list[Message]:
        batches, self.cursor = await read_on(self.reader, self.channel, self.cursor)
        self.held |= {m.remote_id: m for m in all_of(batches)}
        return all_of(batches)

    def ours(self, text: str = "The bridge opens") -> Record:
        self.clock.forward(1)
        return self.network.write(
            self.city, POST, {"$type": POST, "text": text, "createdAt": stamp(self.network.now())}
        )

    def answer(self, parent: Record, text: str, *, claimed: timedelta = timedelta(0)) -> Record:
        """An answer, or one that claims to be older than it is."""
        root = parent.value["reply"]["root"] if "reply" in parent.value else parent.ref
        value = {"$type": POST, "text": text, "createdAt": stamp(self.network.now() - claimed)}
        return self.network.write(self.vera, POST, {**value, "reply": {"root": root, "parent": parent.ref}})

    def forget(self, record: Record) -> None:
        """The network never told us of it (section 4, point 6)."""
        told = self.network.notifications[self.city.did]
        told[:] = [n for n in told if n.record is not record]

    def texts(self) -> set[str]:
        return {m.text for m in self.held.values()}

    def asked(self, method: str) -> int:
        return sum(r.url.path.endswith(method) for r in self.wire.requests)


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    made = Town()
    yield made
    await made.close()


# --- section 4: what the list of notifications loses ---


async def test_point_1_a_reply_that_claims_to_be_old_arrives(town: Town) -> None:
    root = town.ours()
    town.seed(150)
    await town.read()
    for hours in (1, 47, 49, 24 * 90):
        town.answer(root, f"Brought over, {hours} hours old", claimed=timedelta(hours=hours))
    await town.read()
    assert {f"Brought over, {h} hours old" for h in (1, 47, 49, 24 * 90)} <= town.texts()


async def test_point_1_a_mention_that_claims_to_be_old_is_looked_for_in_the_overlap(town: Town) -> None:
    town.seed(130)
    await town.read()
    town.clock.forward(3600)
    record = town.say(town.vera, "by an importer")
    told = town.network.notifications[town.city.did]
    note = next(n for n in told if n.record is record)
    told.remove(note)
    record.sort_at -= timedelta(hours=40)
    told.insert(0, note)
    town.say(town.vera, "just now")
    await town.read()
    assert f"@{town.city.handle} by an importer" in town.texts()


@pytest.mark.parametrize("shared", [2, 7, 40])
async def test_point_2_what_shares_an_instant_with_the_end_of_a_page_arrives(town: Town, shared: int) -> None:
    for number in range(230):
        if number % shared == 0:
            town.clock.forward(0.001)
        town.say(town.vera, f"of one instant {number}")
    messages = await town.read()
    assert {f"@{town.city.handle} of one instant {n}" for n in range(230)} <= town.texts()
    assert len(messages) == len(town.held), "nothing twice"


async def test_point_2_more_than_a_page_of_one_instant_does_not_stop_the_walk(town: Town) -> None:
    for number in range(120):
        town.say(town.vera, f"all at once {number}")
    town.clock.forward(-60)
    town.say(town.vera, "before them")
    town.clock.forward(61)
    await town.read()
    assert f"@{town.city.handle} before them" in town.texts()


def test_point_2_a_cursor_that_is_no_time_is_passed_on_untouched() -> None:
    assert bumped("2026-11-23T03:32:34.286Z") == "2026-11-23T03:32:34.287Z"
    assert bumped("2026-11-23T03:32:34.999Z") == "2026-11-23T03:32:35.000Z"
    for opaque in ("1795405175317__bafy", "abc", "20261123", ""):
        assert bumped(opaque) == opaque


async def test_point_3_a_reply_that_mentions_us_is_read_as_a_reply(town: Town) -> None:
    root = town.ours()
    town.say(town.vera, "when?", parent=root)
    await town.read()
    [found] = [m for m in town.held.values() if not m.ours]
    assert found.kind is MessageKind.COMMENT
    assert found.parent_remote_id == root.uri


async def test_point_4_replies_five_levels_deep_arrive(town: Town) -> None:
    here = root = town.ours()
    here = town.answer(here, "Level 1")
    await town.read()
    await town.read()
    for level in range(2, 8):
        town.clock.forward(1)
        here = town.answer(here, f"Level {level}")
    told = {n.record.uri for n in town.network.notifications[town.city.did]}
    assert here.uri not in told
    await town.read()
    town.clock.forward(3700)
    await town.read()
    assert {f"Level {level}" for level in range(1, 8)} <= town.texts()
    assert town.held[here.uri].root_remote_id == root.uri


async def test_point_4_they_are_there_after_the_first_import(town: Town) -> None:
    here = town.ours()
    for level in range(1, 8):
        town.clock.forward(1)
        here = town.answer(here, f"Level {level}")
    await town.read()
    assert {f"Level {level}" for level in range(1, 8)} <= town.texts()


async def test_point_5_what_left_the_list_is_not_concluded_to_be_gone(town: Town) -> None:
    root = town.ours()
    hidden, muted = town.answer(root, "folded"), town.answer(root, "muted")
    await town.read()
    gate = {"$type": THREADGATE, "post": root.uri, "createdAt": stamp(town.network.now())}
    town.network.write(town.city, THREADGATE, {**gate, "hiddenReplies": [hidden.uri]}, rkey=root.rkey)
    town.network.mutes[town.city.did].add(town.vera.did)
    await town.read()
    again = await town.reader.reread(town.channel, [hidden.uri, muted.uri])
    assert again.gone == ()
    assert {m.remote_id: m.state for m in again.messages}[hidden.uri] is MessageState.HIDDEN


async def test_point_6_a_reply_nobody_was_told_of_is_found_by_the_counts(town: Town) -> None:
    root = town.ours()
    await town.read()
    lost = town.answer(root, "indexed in the same instant")
    town.forget(lost)
    await town.read()
    assert lost.uri in town.held
    assert town.held[root.uri].counts.replies == 1


async def test_point_6_a_quote_nobody_was_told_of_is_found_by_the_counts(town: Town) -> None:
    root = town.ours()
    await town.read()
    embed = {"$type": "app.bsky.embed.record", "record": root.ref}
    value = {"$type": POST, "text": "Look", "createdAt": stamp(town.network.now()), "embed": embed}
    quote = town.network.write(town.vera, POST, value)
    town.forget(quote)
    await town.read()
    assert town.held[quote.uri].kind is MessageKind.QUOTE


async def test_counts_that_the_notifications_explain_cost_no_thread(town: Town) -> None:
    root = town.ours()
    town.answer(root, "first")
    await town.read()
    await town.read()
    town.wire.requests.clear()
    town.answer(root, "second")
    await town.read()
    assert "second" in town.texts()
    assert town.asked("getPostThread") == 0


# --- what it costs, and what it says ---


async def test_a_quiet_poll_is_two_requests_and_moves_nothing(town: Town) -> None:
    root = town.ours()
    town.seed(3)
    town.answer(root, "hello")
    await town.read()
    await town.read()
    cursor = town.cursor
    for _ in range(3):
        town.wire.requests.clear()
        town.clock.forward(120)
        assert await town.read() == []
        assert town.cursor == cursor
        assert len(town.wire.requests) == 2


async def test_the_import_asks_as_little_as_can_be(town: Town) -> None:
    town.seed(1000)
    town.wire.requests.clear()
    messages = await town.read()
    assert len(messages) == 1000
    # Our posts, ten pages of a hundred (one millisecond over, so perhaps one more), and each hundred's views by 25.
    assert len(town.wire.requests) <= 1 + 11 + 44


async def test_the_import_does_not_ask_for_our_threads_again_with_every_page(town: Town) -> None:
    roots = [town.ours(f"Ours {n}") for n in range(10)]
    for number in range(200):
        town.clock.forward(1)
        town.answer(roots[number % 10], f"Answer {number}")
    town.clock.forward(3600 * 24 * 60)  # long ago: no thread is read for its own sake
    town.wire.requests.clear()
    await town.read()
    assert len(town.held) == 210
    assert town.asked("getPosts") <= 200 // 25 + 1


async def test_after_weeks_away_everything_since_is_read(town: Town) -> None:
    town.seed(10)
    await town.read()
    town.clock.forward(3600 * 24 * 21)
    posts = [town.ours(f"Ours {n}") for n in range(130)]
    said = town.seed(250)
    await town.read()
    assert set(said) <= set(town.held)
    assert {p.uri for p in posts} <= set(town.held)


async def test_likes_change_counts_and_say_nothing(town: Town) -> None:
    old = town.ours("An old post")
    for number in range(110):
        town.ours(f"Later {number}")
    await town.read()
    before = set(town.held)
    town.clock.forward(60)
    like = {"$type": LIKE, "subject": old.ref, "createdAt": stamp(town.network.now())}
    town.network.write(town.vera, LIKE, like)
    await town.read()
    assert town.held[old.uri].counts.likes == 1, "although it is not among our newest hundred"
    assert set(town.held) == before


async def test_a_page_of_nothing_but_likes_does_not_end_the_import(town: Town) -> None:
    town.seed(5)
    post = town.ours()
    for number in range(150):
        town.clock.forward(1)
        fan = town.network.add_account(f"fan{number}")
        value = {"$type": LIKE, "subject": post.ref, "createdAt": stamp(town.network.now())}
        town.network.write(fan, LIKE, value)
    await town.read()
    assert sum(m.text.startswith(f"@{town.city.handle} Word") for m in town.held.values()) == 5


async def test_of_very_many_only_so_much_is_remembered(town: Town) -> None:
    said = town.seed(5_000)
    messages = await town.read()
    assert len(messages) == 5_000
    assert len(town.cursor) < 60_000
    town.wire.requests.clear()
    assert await town.read() == []
    assert len(town.wire.requests) <= 1 + MOST_SEEN // 100 + 1, "the whole overlap, as far as it is remembered"
    town.wire.requests.clear()
    assert await town.read() == []
    assert len(town.wire.requests) == 2
    town.clock.forward(3600)
    more = town.seed(2_500)
    batches, town.cursor = await read_on(town.reader, town.channel, town.cursor)
    assert set(more) <= {m.remote_id for m in all_of(batches)}
    assert len(all_of(batches)) <= 2_600
    assert said[0] in town.held


async def test_a_crash_anywhere_in_the_import_loses_nothing(town: Town) -> None:
    town.ours()
    said = town.seed(230)
    cursor, held = START, set[str]()
    for _ in range(60):
        batch = await town.connector().fetch(town.channel, cursor)
        again = await town.connector().fetch(town.channel, cursor)  # the first one was never saved
        assert again.messages == batch.messages
        held |= {m.remote_id for m in again.messages}
        cursor = again.cursor
        if again.complete:
            break
    assert set(said) <= held


async def test_a_thread_that_cannot_be_read_keeps_its_turn(town: Town) -> None:
    root = town.ours()
    await town.read()
    lost = town.answer(root, "nobody was told")
    town.forget(lost)
    inner = town.wire._server

    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("getPostThread"):
                return httpx.Response(502, json={"error": "UpstreamFailure"})
            return await inner.handle_async_request(request)

    town.wire._server = Broken()
    with pytest.raises(Unavailable):
        await town.read()
    town.wire._server = inner
    await town.read()
    assert lost.uri in town.held


# --- threads ---


async def test_a_thread_comes_whole_with_what_is_folded_marked(town: Town) -> None:
    root = town.ours()
    first = town.answer(root, "first")
    below = town.answer(first, "below")
    other = town.answer(root, "other")
    gate = {"$type": THREADGATE, "post": root.uri, "createdAt": stamp(town.network.now())}
    town.network.write(town.city, THREADGATE, {**gate, "hiddenReplies": [other.uri]}, rkey=root.rkey)
    await town.read()
    batch = await town.reader.thread(town.channel, town.held[root.uri])
    assert {m.remote_id for m in batch.messages} == {root.uri, first.uri, below.uri, other.uri}
    assert {m.remote_id: m.state for m in batch.messages}[other.uri] is MessageState.HIDDEN
    assert batch.cursor == START
    up = await town.reader.thread(town.channel, town.held[below.uri])
    assert [m.text for m in up.messages] == ["The bridge opens", "first", "below"]


async def test_below_a_deleted_reply_the_parent_is_gone_by_its_authors_word(town: Town) -> None:
    root = town.ours()
    deleted = town.answer(root, "taken back")
    below = town.answer(deleted, "below it")
    await town.read()
    town.network.erase(deleted)
    batch = await town.reader.thread(town.channel, town.held[below.uri])
    assert batch.gone == (deleted.uri,)
    assert [m.remote_id for m in batch.messages] == [below.uri]
    gone = await town.reader.thread(town.channel, town.held[deleted.uri])
    assert gone.gone == (deleted.uri,)


async def test_recorded_threads_with_missing_members_are_read(town: Town) -> None:
    calls: dict[str, Callable[[], httpx.Response]] = {
        "below": lambda: answer("thread-gone", "thread-below-deleted-post"),
        "blocked": lambda: answer("thread-gone", "thread-of-blocked-author"),
        "deleted": lambda: answer("thread-gone", "thread-of-deleted-post"),
    }
    await town.read()
    message = await _some(town)
    for name, expected in {"below": 1, "blocked": 0, "deleted": 0}.items():

        def serve(request: httpx.Request, name: str = name) -> httpx.Response:
            if request.url.path.endswith("getPostThread"):
                return calls[name]()
            if request.url.path.endswith("getRecord"):
                return httpx.Response(400, json={"error": "RecordNotFound", "message": "no"})
            return httpx.Response(200, json=body_of("identity", "plc-did-document"))

        batch = await Played(serve).connector().thread(Played(serve).channel, message)
        assert len(batch.messages) == expected


async def _some(town: Town) -> Message:
    town.seed(1)
    await town.read()
    return next(iter(town.held.values()))


def test_a_thread_a_thousand_deep_is_read_without_falling_over() -> None:
    from inbox.connectors.bluesky.threads import _above, _below

    post = {"uri": "at://did:plc:x/app.bsky.feed.post/1"}
    down: dict[str, Any] = {"post": post, "replies": []}
    up: dict[str, Any] = {"post": post}
    for _ in range(5000):
        down = {"post": post, "replies": [down]}
        up = {"post": post, "parent": up}
    assert len(list(_below(down))) == 5001
    assert len(_above(up)[0]) == 5000


# --- reading again ---


async def test_gone_is_only_what_the_authors_server_says(town: Town) -> None:
    said = town.seed(3)
    await town.read()
    town.network.taken_down.add(said[0])
    town.remove(said[1])
    batch = await town.reader.reread(town.channel, said)
    assert batch.gone == (said[1],)
    assert [m.remote_id for m in batch.messages] == [said[2]]


@pytest.mark.parametrize(
    "refusal",
    [
        httpx.Response(404),
        httpx.Response(401, json={"error": "AuthMissing"}),
        httpx.Response(429, headers={"retry-after": "60"}),
        httpx.Response(500),
        httpx.Response(200, html="<h1>Moved</h1>"),
        httpx.Response(400, json={"error": "RepoNotFound"}),
        httpx.Response(400, json={"error": "InvalidRequest"}),
    ],
)
async def test_a_server_that_cannot_say_proves_nothing(refusal: httpx.Response) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("getPosts"):
            return answer("posts", "posts-taken-down")
        if request.url.host == "plc.directory":
            document = {**body_of("identity", "plc-did-document"), "id": "did:plc:46jszvimyt247cl65gcmqthz"}
            document["service"] = [{"id": "#atproto_pds", "serviceEndpoint": "https://other.example"}]
            return httpx.Response(200, json=document)
        assert request.url.host == "other.example"
        assert "authorization" not in request.headers
        return refusal

    desk = Played(serve)
    uri = "at://did:plc:46jszvimyt247cl65gcmqthz/app.bsky.feed.post/3n2x7g24tic2e"
    batch = await desk.connector().reread(desk.channel, [uri])
    assert (batch.messages, batch.gone) == ((), ())


async def test_an_envelope_that_cannot_be_read_leaves_the_cursor(town: Town) -> None:
    for body in ({}, {"notifications": None}, {"feed": []}, {"notifications": {}}, []):
        desk = Played(lambda request, body=body: httpx.Response(200, json=body))
        with pytest.raises(BadReply):
            await desk.connector().fetch(desk.channel, START)


async def test_members_of_a_list_that_make_no_sense_are_kept_or_passed_over() -> None:
    strange = [None, 7, "x", {}, {"uri": 7}, {"reason": "reply"}, {"uri": "at://x", "reason": "reply", "record": 3}]

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("getAuthorFeed"):
            return httpx.Response(200, json={"feed": [None, {}, {"post": {}}, {"post": {"uri": "x"}}]})
        return httpx.Response(200, json={"notifications": strange, "posts": []})

    desk = Played(serve)
    batch: Batch = await desk.connector().fetch(desk.channel, START)
    assert batch.complete
    assert {m.kind for m in batch.messages} == {MessageKind.UNREADABLE}


def test_a_cursor_of_another_version_begins_anew() -> None:
    assert Position.of(Position(phase="poll", seen={"a": 1}).cursor()) == Position(phase="poll", seen={"a": 1})
    for wrong in ("{}", "7", "nonsense", json.dumps({"v": 99}), json.dumps([1])):
        with pytest.raises(CursorExpired):
            Position.of(Cursor(wrong))


async def test_recorded_notifications_are_read_in_two_pages() -> None:
    pages = [recorded("notifications-page-1"), recorded("notifications-page-2")]
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("getAuthorFeed"):
            return httpx.Response(200, json={"feed": []})
        if request.url.path.endswith("getPosts"):
            return httpx.Response(200, json={"posts": []})
        asked.append(request.url.params.get("cursor", ""))
        body = dict(pages[min(len(asked) - 1, 1)]["body"])
        if len(asked) > 1:
            body.pop("cursor")
        return httpx.Response(200, json=body)

    desk = Played(serve)
    batches, _ = await read_on(desk.connector(), desk.channel)
    assert asked == ["", "2026-11-23T03:39:29.437Z"]
    kinds = [m.kind for m in all_of(batches)]
    assert kinds.count(MessageKind.COMMENT) == 4
    assert kinds.count(MessageKind.QUOTE) == 1
    assert kinds.count(MessageKind.NOTICE) == 1


async def test_signed_out_in_the_middle_of_a_poll_and_back_again(town: Town) -> None:
    town.seed(120)
    await town.read()
    cursor = town.cursor
    said = town.seed(230)
    batch = await town.reader.fetch(town.channel, cursor)
    assert not batch.complete
    town.sign_out()
    with pytest.raises(SignInNeeded):
        await town.reader.fetch(town.channel, batch.cursor)
    access, refresh = town.tokens.sign_in(town.city)
    town._kept.save({"access": access.text, "refresh": refresh.text})
    town.held |= {m.remote_id: m for m in batch.messages}
    town.cursor = batch.cursor
    await town.read()
    assert set(said) <= set(town.held)


async def test_a_thread_that_is_gone_is_no_error(town: Town) -> None:
    root = town.ours()
    await town.read()
    lost = town.answer(root, "lost")
    town.forget(lost)
    inner = town.wire._server

    class Gone(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.path.endswith("getPostThread"):
                return httpx.Response(400, json={"error": "NotFound", "message": "Post not found"})
            return await inner.handle_async_request(request)

    town.wire._server = Gone()
    await town.read()
    assert lost.uri not in town.held
