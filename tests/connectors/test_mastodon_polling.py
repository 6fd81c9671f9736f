"""What the poll must not lose or tell twice: the traps of mastodon.md sections 3, 4, 5, 9 and 10."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from inbox.connectors import http as web
from inbox.connectors.connector import START
from inbox.connectors.mastodon.cursor import Position, is_newer
from inbox.connectors.mastodon.parsing import message_from_status
from inbox.connectors.mastodon.polling import SCHEDULED
from inbox.connectors.mastodon.server import SPARED
from inbox.errors import CursorExpired, NotFound, RateLimited, SignInNeeded, Unavailable
from inbox.model import Capability, Cursor, MessageKind, MessageState, Moderation, Rendition, UpdateKind, Visibility
from inbox.practice.mastodon import FORK, OLDER, mastodon_app
from tests.connectors.mastodon_recorded import TOKEN, Desk, Town, answer, body_of, server

NOTIFICATIONS = "/api/v1/notifications"
REQUESTS = "/api/v1/notifications/requests"


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    made = Town()
    yield made
    await made.http.aclose()


def params(request: httpx.Request) -> list[tuple[str, str]]:
    return request.url.params.multi_items()


# --- the import ---


async def test_first_run_walks_down_and_stops_where_history_is_not_wanted(town: Town) -> None:
    """Section 4, point 1: no cursor, one page newest first, then ``max_id`` down."""
    now = town.clock.now()
    old = town.place.say(town.vera, "@office long ago", at=now - timedelta(days=800))
    older = [town.place.say(town.vera, f"@office {n}", at=now - timedelta(days=700, minutes=n)) for n in range(90)]
    said = [town.place.say(town.vera, f"@office {n}", at=now - timedelta(days=3, minutes=-n)) for n in range(100)]
    batches = await town.read()
    assert {s.id for s in said} <= town.held.keys()
    first = [m.remote_id for m in batches[0].messages]
    assert first == [s.id for s in said[-80:]], "the newest come first, oldest of them on top"
    below = [dict(params(r)).get("max_id") for r in town.asked(NOTIFICATIONS)]
    assert any(below)
    assert old.id not in town.held
    assert len(older) == 90


async def test_import_that_was_interrupted_goes_on_where_it_stood(town: Town) -> None:
    said = [town.place.say(town.vera, f"@office {n}").id for n in range(200)]
    batch = await town.connector.fetch(town.channel, START)
    town.held |= {m.remote_id: m for m in batch.messages}
    town.cursor = batch.cursor
    town.connector = town.again()
    town.sent.clear()
    await town.read()
    assert set(said) <= town.held.keys()
    assert all("max_id" in dict(params(r)) for r in town.asked(NOTIFICATIONS)[:2]), "nothing from the beginning"


async def test_account_without_anything_is_read_in_peace_and_misses_nothing_later(town: Town) -> None:
    await town.read()
    assert town.cursor == START
    said = [town.place.say(town.vera, f"@office {n}").id for n in range(170)]
    await town.read()
    assert set(said) <= town.held.keys()


# --- the poll ---


async def test_poll_goes_upwards_by_min_id_with_our_own_filters(town: Town) -> None:
    """Section 3: ``since_id`` skips what lies between; compatible servers lose filters in their Link header."""
    town.place.say(town.vera, "@office one")
    await town.read()
    town.sent.clear()
    said = [town.place.say(town.vera, f"@office {n}").id for n in range(200)]
    await town.read()
    asked = town.asked(NOTIFICATIONS)
    assert len(asked) >= 3
    assert set(said) <= town.held.keys()
    for request in asked[:3]:
        given = params(request)
        assert "min_id" in dict(given)
        assert "since_id" not in dict(given)
        assert ("include_filtered", "true") in given
        assert {v for k, v in given if k == "exclude_types[]"} == {"favourite", "reblog"}


async def test_servers_that_give_short_pages_are_read_to_the_empty_one() -> None:
    """Section 4, point 1: a page that is merely short is not the last."""
    rows = [notification(n) for n in range(1, 18)]
    asked: list[str] = []

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path != NOTIFICATIONS:
            return httpx.Response(200, json=[])
        above, below = request.url.params.get("min_id"), request.url.params.get("max_id")
        asked.append(above or "")
        if below:
            return httpx.Response(200, json=[])
        if not above:
            return httpx.Response(200, json=rows[:1])
        newer = [r for r in rows if int(r["id"]) > int(above)][:5]
        return httpx.Response(200, json=newer[::-1])

    desk = Desk(serve, server("1", api=0, software="pleroma"))
    await desk.read()
    await desk.read()
    assert len(desk.held) == 17
    await desk.http.aclose()


async def test_ids_that_become_visible_late_are_read(town: Town) -> None:
    """Section 4, point 3, with polls that are further apart than the overlap is long."""
    town.place.say(town.vera, "@office first")
    await town.read()
    town.clock.forward(300)
    await town.read()
    town.place.delay_notices = True
    late = town.place.say(town.vera, "@office drawn first, seen last")
    town.place.delay_notices = False
    seen = town.place.say(town.vera, "@office drawn last, seen first")
    await town.read()
    assert seen.id in town.held
    assert late.id not in town.held
    town.clock.forward(60)
    town.place.release()
    town.clock.forward(65)
    await town.read()
    assert late.id in town.held


async def test_busy_polls_come_back_below_what_they_saw(town: Town) -> None:
    """Hints may make polls follow each other by seconds; the overlap must not run away with them."""
    town.place.say(town.vera, "@office first")
    await town.read()
    town.place.delay_notices = True
    late = town.place.say(town.vera, "@office late")
    town.place.delay_notices = False
    for number in range(10):
        town.clock.forward(10)
        town.place.say(town.vera, f"@office {number}")
        await town.read()
    town.place.release()
    town.clock.forward(10)
    await town.read()
    assert late.id in town.held


async def test_idle_poll_asks_twice_and_moves_nothing(town: Town) -> None:
    town.place.say(town.vera, "@office one")
    await town.read()
    for _ in range(3):
        town.clock.forward(130)
        await town.read()
    cursor = town.cursor
    town.clock.forward(130)
    town.sent.clear()
    [batch] = await town.read()
    assert batch.messages == ()
    assert town.cursor == cursor
    assert len(town.sent) == 2
    assert batch.window_from is not None
    assert batch.window_to == town.clock.now()


async def test_a_cursor_of_another_account_or_version_begins_anew(town: Town) -> None:
    """Section 11: a rebuilt server gives the account another id."""
    town.place.say(town.vera, "@office one")
    await town.read()
    at = json.loads(town.cursor)
    for spoiled in ({**at, "account": "another"}, {**at, "v": 99}, {**at, "strange": 1}, [], {**at, "marks": 3}):
        with pytest.raises(CursorExpired):
            Position.of(Cursor(json.dumps(spoiled)), town.office.id)


@pytest.mark.parametrize(
    ("newer", "older"),
    [("100", "99"), ("117020583258292383", "117020583258292382"), ("01J0000000000038G7M8Z", "01J0000000000038G7M8S")],
)
def test_ids_are_compared_by_length_then_by_letters(newer: str, older: str) -> None:
    assert is_newer(newer, older)
    assert not is_newer(older, newer)


# --- what is not a mention ---


async def test_follows_and_unknown_types_come_as_notes_and_favourites_as_counts(town: Town) -> None:
    post = town.place.say(town.office, "The bridge opens")
    await town.read()
    town.place.favourite(town.vera, post)
    town.place.boost(town.vera, post)
    town.place.follow(town.vera, town.office)
    town.place.notify(town.office, "hologram", town.vera)
    await town.read()
    assert (town.held[post.id].counts.likes, town.held[post.id].counts.boosts) == (1, 1)
    notes = [m for m in town.held.values() if m.kind is MessageKind.NOTICE]
    assert sorted(m.text.partition(" ")[0] for m in notes) == ["Something", "Vera"]
    assert len(town.held) == 3


async def test_older_posts_of_ours_get_their_counts_from_grouped_notifications(town: Town) -> None:
    """Section 4: grouped v2 for counts, v1 for the inbox."""
    old = town.place.say(town.office, "Long ago", at=town.clock.now() - timedelta(days=9))
    for number in range(130):
        town.place.say(town.office, f"Notice {number}", at=town.clock.now() - timedelta(days=8, minutes=-number))
    await town.read()
    town.clock.forward(700)
    town.place.favourite(town.vera, old)
    await town.read()
    assert town.held[old.id].counts.likes == 1
    assert town.asked("/api/v2/notifications")


async def test_our_posts_made_elsewhere_come_and_unchanged_ones_do_not_again(town: Town) -> None:
    await town.read()
    first = town.place.say(town.office, "From the browser")
    await town.read()
    assert town.held[first.id].ours
    town.clock.forward(1)
    second = town.place.say(town.office, "And another")
    [batch] = await town.read()
    assert [m.remote_id for m in batch.messages] == [second.id]


async def test_scheduled_post_goes_only_when_its_own_address_says_so(town: Town) -> None:
    made = await town.connector.publish(town.channel, scheduled_rendition(town, "Tomorrow"), "key-1")
    await town.read()
    assert town.held[made.remote_id].state is MessageState.SCHEDULED
    town.place.scheduled.clear()
    town.clock.forward(700)
    await town.read()
    assert made.remote_id not in town.held
    assert town.asked(f"/api/v1/scheduled_statuses/{made.remote_id.removeprefix('scheduled:')}")


# --- what the filter keeps back ---


async def test_strangers_private_question_is_read_and_marked(town: Town) -> None:
    """Section 4: by default the server hides it."""
    await town.read()
    asked = town.place.ask_privately(town.vera, town.office, "About my tax")
    await town.read()
    message = town.held[asked.id]
    assert message.details["filtered"] == "1"
    assert message.visibility is Visibility.DIRECT
    assert message.kind is MessageKind.DIRECT
    batch = await town.connector.reread(town.channel, [asked.id])
    assert batch.messages == (message,)


async def test_accepted_sender_is_let_in_also_for_old_rows_below_the_cursor(town: Town) -> None:
    town.place.merging_s = 30
    first = town.place.ask_privately(town.vera, town.office, "One")
    second = town.place.ask_privately(town.vera, town.office, "Two")
    await town.read()
    let_in = await town.connector.moderate(town.channel, town.held[second.id], Moderation.ACCEPT)
    assert "filtered" not in let_in.details
    town.clock.forward(1)
    await town.read()  # the server is still at it
    town.clock.forward(700)
    town.place.say(town.vera, "@office unrelated")
    await town.read()
    for status in (first, second):
        assert "filtered" not in town.held[status.id].details
    again = await town.connector.moderate(town.channel, town.held[second.id], Moderation.ACCEPT)
    assert again.remote_id == second.id


async def test_sender_accepted_elsewhere_is_noticed(town: Town) -> None:
    asked = town.place.ask_privately(town.vera, town.office, "One")
    await town.read()
    [request] = town.place.requests.values()
    town.place.accept(request)
    town.clock.forward(700)
    await town.read()
    assert "filtered" not in town.held[asked.id].details


async def test_dismissed_sender_stays_out(town: Town) -> None:
    asked = town.place.ask_privately(town.vera, town.office, "WIN COINS")
    await town.read()
    await town.connector.moderate(town.channel, town.held[asked.id], Moderation.DISMISS)
    answered = await town.connector.reread(town.channel, [asked.id])
    assert asked.id in {m.remote_id for m in answered.messages}


# --- reading again, threads ---


async def test_what_a_list_leaves_out_is_asked_for_by_its_id(town: Town) -> None:
    said = [town.place.say(town.vera, f"@office {n}") for n in range(45)]
    town.place.remove(said[7])
    batch = await town.connector.reread(town.channel, [s.id for s in said])
    assert batch.gone == (said[7].id,)
    assert len(batch.messages) == 44
    assert len(town.asked("/api/v1/statuses")) == 3, "twenty at a time"
    assert len(town.asked(f"/api/v1/statuses/{said[7].id}")) == 1


@pytest.mark.parametrize("flavour", [OLDER, FORK], ids=["older", "fork"])
async def test_servers_that_lack_endpoints_are_read_without_them(flavour: Any) -> None:
    """No several-at-once, no requests, no grouped notifications: degrade, never crash."""
    town = Town(flavour)
    said = town.place.say(town.vera, "@office one")
    gone = town.place.say(town.vera, "@office two")
    await town.read()
    town.place.remove(gone)
    for _ in range(2):
        batch = await town.connector.reread(town.channel, [said.id, gone.id])
        assert batch.gone == (gone.id,)
    assert len(town.asked("/api/v1/statuses")) == 1, "not asked for again"
    town.clock.forward(700)
    town.place.say(town.vera, "@office three")
    await town.read()
    assert len(town.held) == 3
    assert len(town.asked(REQUESTS)) == 3, "at its turns only: a web page is no proof, be it the server's own"
    await town.http.aclose()


@pytest.mark.parametrize(
    ("reply", "gone"),
    [
        (httpx.Response(404, json={"error": "Eintrag nicht gefunden"}), True),
        (httpx.Response(410, text="Gone"), True),
        (httpx.Response(404, html="<h1>Maintenance</h1>"), False),
        (httpx.Response(404, text="not found"), False),
        (httpx.Response(404, html='{"error": "This host is asleep"}'), False),
    ],
    ids=["in any language", "410", "a proxy's page", "plain text", "not called JSON"],
)
async def test_only_the_servers_own_404_makes_gone(reply: httpx.Response, gone: bool) -> None:
    """Section 10: a 404 may be HTML or plain text."""

    def serve(request: httpx.Request) -> httpx.Response:
        return reply if request.url.path.startswith("/api/v1/statuses/") else httpx.Response(200, json=[])

    desk = Desk(serve, server())
    if gone:
        assert (await desk.connector.reread(desk.channel, ["5"])).gone == ("5",)
    else:
        with pytest.raises(Unavailable):
            await desk.connector.reread(desk.channel, ["5"])
    await desk.http.aclose()


async def test_thread_waits_for_replies_from_afar(town: Town) -> None:
    """Section 4, point 6: Mastodon-Async-Refresh."""
    root = town.place.say(town.office, "The bridge opens")
    await town.read()
    late = town.place.say(town.vera, "Really?", to=root, late=True)
    batch = await town.connector.thread(town.channel, town.held[root.id])
    assert late.id in {m.remote_id for m in batch.messages}
    assert len(town.asked(f"/api/v1/statuses/{root.id}/context")) == 2


async def test_thread_of_a_gone_parent_names_it() -> None:
    child = {**body_of("status_reply"), "in_reply_to_id": "77"}

    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/context"):
            return httpx.Response(200, json={"ancestors": [], "descendants": []})
        if request.url.path.endswith("/77"):
            return httpx.Response(404, json={"error": "Record not found"})
        if request.url.path == REQUESTS:
            return httpx.Response(200, json=[])
        return httpx.Response(200, json=child)

    desk = Desk(serve, server())
    batch = await desk.connector.thread(desk.channel, message_from_status(child, server()))
    assert batch.gone == ("77",)
    assert [m.root_remote_id for m in batch.messages] == [""]
    await desk.http.aclose()


# --- limits and errors ---


async def test_reset_is_a_time_and_the_later_of_two_waits_counts(town: Town) -> None:
    """Section 9: ISO 8601 in X-RateLimit-Reset; a proxy may add Retry-After. The server's clock is ten minutes slow."""
    slow = town.clock.now() - timedelta(minutes=10)
    reset = slow + timedelta(seconds=200)
    headers = {
        "X-RateLimit-Limit": "300",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%M:%S.459402Z"),
        "Date": slow.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }
    for more, wait_s in (({}, 200.459402), ({"Retry-After": "500"}, 500.0), ({"Retry-After": "5"}, 200.459402)):
        desk = Desk(lambda request, more=more: httpx.Response(429, headers={**headers, **more}), server())  # type: ignore[misc]
        with pytest.raises(RateLimited) as caught:
            await desk.connector.fetch(desk.channel, START)
        assert caught.value.retry_at is not None
        assert (caught.value.retry_at - desk.clock.now()).total_seconds() == pytest.approx(wait_s)
        await desk.http.aclose()


async def test_background_reading_leaves_the_last_requests_to_people(town: Town) -> None:
    said = town.place.say(town.vera, "@office one")
    town.place.limits["all"] = (SPARED + 3, 300)
    await town.read()
    town.clock.forward(1)
    while town.connector._session.budgets["plain"][0] >= SPARED:
        await town.connector.reread(town.channel, [said.id])
    with pytest.raises(RateLimited) as caught:
        await town.connector.reread(town.channel, [said.id])
    assert caught.value.retry_at is not None
    assert caught.value.retry_at > town.clock.now()
    assert (await town.connector.thread(town.channel, town.held[said.id])).messages, "a person's own click"
    town.clock.forward(600)
    await town.read()


async def test_servers_without_rate_headers_are_read(town: Town) -> None:
    fork = Town(FORK)
    fork.place.say(fork.vera, "@office one")
    assert (await fork.read())[0].messages
    await fork.http.aclose()


@pytest.mark.parametrize("name", ["error_401_invalid", "error_401_revoked"])
async def test_dead_token_is_known_by_its_status_in_any_language(name: str) -> None:
    desk = Desk(lambda request: answer(name), server())
    with pytest.raises(SignInNeeded) as caught:
        await desk.connector.fetch(desk.channel, START)
    assert TOKEN not in f"{caught.value!r}{vars(caught.value)}"
    await desk.http.aclose()


async def test_notifications_are_delivered_though_the_rest_fails(town: Town) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if request.url.path == NOTIFICATIONS:
            wanted = "min_id" not in request.url.params and "max_id" not in request.url.params
            return httpx.Response(200, json=[notification(5)] if wanted else [])
        if "statuses" in request.url.path and "accounts" in request.url.path and "max_id" not in request.url.params:
            return httpx.Response(200, json=[])
        return httpx.Response(502, html="<h1>Bad gateway</h1>")

    desk = Desk(serve, server("1"))
    batch = await desk.connector.fetch(desk.channel, START)
    assert [m.remote_id for m in batch.messages] == ["1005"]
    await desk.http.aclose()


async def test_bearer_goes_to_no_other_host_and_paths_are_exact(town: Town) -> None:
    """Section 11: no trailing slash; redirects followed on GET only, without the token elsewhere."""
    seen: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if request.url.host == "elsewhere.example":
            return httpx.Response(401, json={"error": "no"})
        return httpx.Response(301, headers={"Location": f"https://elsewhere.example{request.url.path}"})

    desk = Desk(serve, server(root="https://town.example"))
    with pytest.raises(SignInNeeded):
        await desk.connector.fetch(desk.channel, START)
    assert "authorization" in seen[0].headers
    assert seen[-1].url.host == "elsewhere.example"
    assert "authorization" not in seen[-1].headers
    assert not any(r.url.path.endswith("/") for r in seen)
    await desk.http.aclose()


# --- hints ---


def stream(*frames: str, status: int = 200, kind: str = "text/event-stream") -> httpx.Response:
    return httpx.Response(status, headers={"Content-Type": kind}, content="".join(frames).encode())


async def test_events_are_hints_and_the_end_of_the_stream_is_an_error() -> None:
    """Section 5: heartbeats are no events; nothing is replayed, so listening itself is the first hint."""
    asked: list[httpx.Request] = []

    def serve(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return stream(":thump\n", "event: notification\ndata: {}\n\n", ":thump\n", "event: filters_changed\n\n",
                      "event: delete\ndata: 117\n\n")  # fmt: skip

    desk = Desk(serve, server(streaming="https://streams.example"))
    heard = 0
    hints = desk.connector.hints(desk.channel)
    while heard < 3:
        await anext(hints)
        heard += 1
    with pytest.raises(Unavailable):
        await anext(hints)
    assert asked[0].url.host == "streams.example", "it may be another host"
    assert asked[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in str(asked[0].url)
    await desk.http.aclose()


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (stream(status=401, kind="application/json"), SignInNeeded),
        (stream(status=404), NotFound),
        (stream(status=502), Unavailable),
        (stream("<html>", kind="text/html"), Unavailable),
    ],
    ids=["401", "404", "502", "a web page"],
)
async def test_stream_that_does_not_begin_is_named(reply: httpx.Response, expected: type[Exception]) -> None:
    desk = Desk(lambda request: reply, server(streaming="https://streams.example"))
    with pytest.raises(expected):
        _ = [hint async for hint in desk.connector.hints(desk.channel)]
    await desk.http.aclose()


async def test_silence_of_a_minute_ends_the_stream() -> None:
    class Silent(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b":connected\n"
            raise httpx.ReadTimeout("silence")

    seen: list[Any] = []

    def serve(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, headers={"Content-Type": "text/event-stream"}, stream=Silent())

    desk = Desk(serve, server(streaming="https://streams.example"))
    hints = desk.connector.hints(desk.channel)
    await anext(hints)
    with pytest.raises(Unavailable):
        await anext(hints)
    assert seen[0]["read"] == 60
    await desk.http.aclose()


async def test_server_without_a_stream_says_so_before_any_request() -> None:
    desk = Desk(lambda request: httpx.Response(500), server(streaming=""))
    with pytest.raises(NotFound):
        await anext(desk.connector.hints(desk.channel))
    assert desk.sent == []
    assert Capability.HINTS in desk.channel.capabilities
    await desk.http.aclose()


def notification(number: int) -> dict[str, Any]:
    [made] = body_of("notifications_v1")
    return {**made, "id": str(number), "status": {**made["status"], "id": str(1000 + number)}}


def scheduled_rendition(town: Town, text: str) -> Rendition:
    return Rendition(kind=UpdateKind.POST, text=text, publish_at=town.clock.now() + timedelta(days=2))


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("part", ["own", "requests"])
async def test_proxys_page_stops_nothing_for_good(town: Town, part: str, status: int) -> None:
    """What a server does not have it says itself; a page in front of it says nothing about that."""
    path = REQUESTS if part == "requests" else f"/api/v1/accounts/{town.office.id}/statuses"
    town.place.say(town.office, "Earlier")
    await town.read()
    inner, page = httpx.ASGITransport(mastodon_app(town.place)), [httpx.Response(status, html="<h1>Maintenance</h1>")]

    async def serve(request: httpx.Request) -> httpx.Response:
        town.sent.append(request)
        if request.url.path == path and page:
            return page[0]
        return await inner.handle_async_request(request)

    town.http = web.client(transport=httpx.MockTransport(serve))
    town.connector = town.again()
    town.clock.forward(700)
    await town.read()
    page.clear()
    town.sent.clear()
    written = town.place.say(town.office, "Written elsewhere")
    town.clock.forward(700)
    await town.read()
    assert town.asked(path)
    assert written.id in town.held


@pytest.mark.parametrize(("part", "again"), [("own", True), ("scheduled", False)])
async def test_servers_own_refusal_holds_but_our_posts_are_asked_for_again(town: Town, part: str, again: bool) -> None:
    path = SCHEDULED if part == "scheduled" else f"/api/v1/accounts/{town.office.id}/statuses"
    town.place.say(town.office, "Earlier")
    await town.read()
    inner = httpx.ASGITransport(mastodon_app(town.place))

    async def serve(request: httpx.Request) -> httpx.Response:
        town.sent.append(request)
        if request.url.path == path:
            return httpx.Response(404, json={"error": "Record not found"})
        return await inner.handle_async_request(request)

    town.http = web.client(transport=httpx.MockTransport(serve))
    town.connector = town.again()
    town.clock.forward(700)
    await town.read()
    town.sent.clear()
    town.clock.forward(700)
    await town.read()
    assert bool(town.asked(path)) is again
