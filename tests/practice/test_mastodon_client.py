"""Mastodon.py, written for the real network, does its work against the practice one over real loopback HTTP."""

from __future__ import annotations

import asyncio
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import uvicorn
from mastodon import (
    Mastodon,
    MastodonAPIError,
    MastodonIllegalArgumentError,
    MastodonNotFoundError,
    MastodonUnauthorizedError,
    StreamListener,
)

from inbox.clock import SystemClock
from inbox.practice.mastodon import FORK, MODERN, OLDER, Flavour, Person, Place, mastodon_app
from tests.practice.mastodon_stage import picture

Made = TypeVar("Made")
SCOPES = ["read", "write", "follow"]
OOB = "urn:ietf:wg:oauth:2.0:oob"


class Harbour:
    """The practice server on a loopback port, in a thread of its own."""

    def __init__(self, flavour: Flavour) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.place = Place(clock=SystemClock(), domain="town.example", address=self.url, flavour=flavour)
        self.office = self.place.add_person("office", "Harbour Council", staff=True)
        self.vera = self.place.add_person("vera", "Vera", domain="far.example")
        self.lena = self.place.add_person("lena", "Lena")
        config = uvicorn.Config(mastodon_app(self.place), lifespan="off", ws="none", log_config=None)
        self.server = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self.thread.start()
        deadline_s = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline_s:
            threading.Event().wait(0.01)

    def _run(self, listening: socket.socket) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.server.serve(sockets=[listening]))
        self.loop.close()

    def act(self, deed: Callable[[], Made]) -> Made:
        """Let somebody do something, on the server's own loop."""

        async def do() -> Made:
            return deed()

        return asyncio.run_coroutine_threadsafe(do(), self.loop).result(5)

    def stop(self) -> None:
        self.act(self.place.close_streams)
        self.server.should_exit = True
        self.thread.join(10)

    def client(self, person: Person, **how: Any) -> Mastodon:
        token = self.act(lambda: self.place.token_for(person, "read write follow"))
        return Mastodon(access_token=token, api_base_url=self.url, ratelimit_method="throw", **how)


def harbour_of(flavour: Flavour) -> Iterator[Harbour]:
    made = Harbour(flavour)
    yield made
    made.stop()


@pytest.fixture
def harbour() -> Iterator[Harbour]:
    yield from harbour_of(MODERN)


@pytest.fixture
def older() -> Iterator[Harbour]:
    yield from harbour_of(OLDER)


@pytest.fixture
def fork() -> Iterator[Harbour]:
    yield from harbour_of(FORK)


@pytest.fixture
def api(harbour: Harbour) -> Mastodon:
    return harbour.client(harbour.office)


def test_an_app_is_made_and_a_person_signs_in_with_a_code(harbour: Harbour) -> None:
    key, secret = Mastodon.create_app("Postroom", SCOPES, redirect_uris=[OOB], api_base_url=harbour.url)
    api = Mastodon(client_id=key, client_secret=secret, api_base_url=harbour.url)
    where = api.auth_request_url(scopes=SCOPES, state="s1", force_login=True, allow_http=True)
    assert "Postroom" in httpx.get(where).text
    form = {k: v[0] for k, v in parse_qs(urlsplit(where).query).items()}
    page = httpx.post(f"{harbour.url}/oauth/authorize", data={**form, "person": "office", "decision": "allow"}).text
    code = page.partition('value="')[2].partition('"')[0]
    token = api.log_in(code=code, scopes=SCOPES, allow_http=True)
    assert api.me().acct == "office"
    assert api.app_verify_credentials().name == "Postroom"
    with pytest.raises(MastodonIllegalArgumentError):
        api.log_in(code=code, scopes=SCOPES, allow_http=True)  # good once
    again = Mastodon(access_token=token, client_id=key, client_secret=secret, api_base_url=harbour.url)
    again.revoke_access_token(allow_http=True)
    with pytest.raises(MastodonUnauthorizedError):
        Mastodon(access_token=token, api_base_url=harbour.url).me()


def test_the_server_says_what_it_is(api: Mastodon, harbour: Harbour) -> None:
    assert api.instance_v2().api_versions.mastodon == 11
    assert api.instance_v1().uri == "town.example"
    assert api.instance_nodeinfo().software.name == "mastodon"
    assert api.retrieve_mastodon_version() == "4.6.4"
    assert api.oauth_authorization_server_info().code_challenge_methods_supported == ["S256"]
    harbour.act(lambda: harbour.place.add_emoji("anchor"))
    assert [e.shortcode for e in api.custom_emojis()] == ["anchor"]
    assert api.preferences()["posting:default:visibility"] == "public"


def test_notifications_are_paged_both_ways(api: Mastodon, harbour: Harbour) -> None:
    harbour.act(lambda: [harbour.place.say(harbour.vera, f"@office number {n}") for n in range(65)])
    first = api.notifications(limit=30)
    seen = api.fetch_remaining(first)
    assert [int(n.status.content.rpartition(" ")[2].partition("<")[0]) for n in seen] == list(range(64, -1, -1))
    assert len({n.id for n in seen}) == 65
    oldest = seen[-1]
    upwards, cursor = [], oldest.id
    while page := api.notifications(min_id=cursor, limit=20):
        upwards += list(reversed(page))
        cursor = page[0].id
    assert [n.id for n in upwards] == [n.id for n in reversed(seen)][1:]
    newest = api.notifications(since_id=oldest.id, limit=5)
    assert [n.id for n in newest] == [n.id for n in seen[:5]]  # the gap below is skipped
    assert api.notifications(types=["favourite"]) == []
    assert api.notifications_unread_count().count == 65
    assert len(api.fetch_previous(api.notifications(max_id=seen[10].id, limit=5))) > 0


def test_a_post_with_pictures_a_reply_and_what_others_make_of_it(api: Mastodon, harbour: Harbour) -> None:
    media = [
        api.media_post(picture(), "image/png", description="The bridge"),
        api.media_post(picture("image/jpeg"), "image/jpeg"),
    ]
    api.media_update(media[1].id, description="The quay", focus=(0.5, -0.25))
    post = api.status_post(
        "Open from Monday https://harbour.example/bridge", media_ids=media, spoiler_text="Traffic",
        language="en", visibility="unlisted", idempotency_key="k1",
    )  # fmt: skip
    assert [m.description for m in post.media_attachments] == ["The bridge", "The quay"]
    assert httpx.get(post.media_attachments[0].url).headers["content-type"] == "image/png"
    assert api.status_post("Open from Monday", idempotency_key="k1").id == post.id
    here = harbour.place.statuses[post.id]
    reply = harbour.act(lambda: harbour.place.say(harbour.vera, "@office At last", to=here))
    harbour.act(lambda: (harbour.place.boost(harbour.vera, here), harbour.place.favourite(harbour.lena, here)))
    answer = api.status_reply(api.status(reply.id), "Thank you")
    assert "vera@far.example" in answer.mentions[0].acct
    assert answer.visibility == "unlisted"
    thread = api.status_context(post.id)
    assert [s.id for s in thread.descendants] == [reply.id, answer.id]
    assert [s.id for s in api.status_context(answer.id).ancestors] == [post.id, reply.id]
    again = api.status(post.id)
    assert (again.replies_count, again.reblogs_count, again.favourites_count) == (1, 1, 1)
    assert [a.acct for a in api.status_reblogged_by(post.id)] == ["vera@far.example"]
    assert {n.type for n in api.notifications()} == {"mention", "reblog", "favourite"}
    assert len(api.statuses([post.id, reply.id, "1"])) == 2
    assert [s.id for s in api.account_statuses(api.me().id, exclude_reblogs=True)] == [answer.id, post.id]


def test_a_post_is_edited_and_deleted(api: Mastodon) -> None:
    post = api.status_post("opens on Monday")
    changed = api.status_update(post.id, "opens on Tuesday", spoiler_text="Corrected")
    assert changed.edited_at is not None
    assert [v.content for v in api.status_history(post.id)] == ["<p>opens on Monday</p>", "<p>opens on Tuesday</p>"]
    assert api.status_source(post.id).text == "opens on Tuesday"
    assert api.status_delete(post.id).text == "opens on Tuesday"
    with pytest.raises(MastodonNotFoundError):
        api.status(post.id)


def test_polls_are_asked_answered_and_end(api: Mastodon, harbour: Harbour) -> None:
    post = api.status_post("Which?", poll=api.make_poll(["red", "blue"], expires_in=600, multiple=False))
    lena = harbour.client(harbour.lena)
    assert lena.poll_vote(post.poll.id, [1]).own_votes == [1]
    with pytest.raises(MastodonAPIError):
        lena.poll_vote(post.poll.id, [0])
    assert [o.votes_count for o in api.poll(post.poll.id).options] == [0, 1]
    harbour.act(lambda: harbour.place.end_poll(harbour.place.statuses[post.id]))
    assert [n.type for n in api.notifications()] == ["poll"]
    assert [n.type for n in lena.notifications()] == ["poll"]


def test_posts_are_scheduled_moved_and_called_off(api: Mastodon) -> None:
    at = datetime.now(UTC) + timedelta(hours=2)
    waiting = api.status_post("Later", scheduled_at=at)
    assert waiting.params.text == "Later"
    moved = api.scheduled_status_update(waiting.id, at + timedelta(hours=1))
    assert abs((moved.scheduled_at - at).total_seconds() - 3600) < 1
    assert [s.id for s in api.scheduled_statuses()] == [waiting.id]
    with pytest.raises(MastodonAPIError):
        api.scheduled_status_update(waiting.id, datetime.now(UTC))
    api.scheduled_status_delete(waiting.id)
    assert api.scheduled_statuses() == []


def test_others_are_liked_boosted_kept_quoted_and_reported(api: Mastodon, harbour: Harbour) -> None:
    theirs = harbour.act(lambda: harbour.place.say(harbour.lena, "A fine quay #harbour"))
    assert api.status_favourite(theirs.id).favourited
    assert not api.status_unfavourite(theirs.id).favourited
    wrapper = api.status_reblog(theirs.id)
    assert wrapper.reblog.id == theirs.id
    assert api.status_reblog(theirs.id).id == wrapper.id
    assert not api.status_unreblog(theirs.id).reblogged
    assert api.status_bookmark(theirs.id).bookmarked
    quote = api.status_post("Indeed", quoted_status_id=theirs.id)
    assert quote.quote.state == "accepted"
    assert quote.quote.quoted_status.id == theirs.id
    assert api.report(harbour.lena.id, status_ids=[theirs.id], comment="test").category == "other"
    assert [s.id for s in api.timeline_hashtag("harbour")] == [theirs.id]
    assert api.account_mute(harbour.lena.id).muting
    assert api.account_block(harbour.lena.id).blocking
    assert not api.account_unblock(harbour.lena.id).blocking
    assert [s.id for s in api.timeline_home()] == [quote.id]
    assert theirs.id in [s.id for s in api.timeline_public(local=True)]


def test_search_finds_and_fetches(api: Mastodon, harbour: Harbour) -> None:
    far = harbour.act(lambda: harbour.place.say(harbour.vera, "Nobody here knows this", late=True))
    where = f"https://far.example/@vera/{far.id}"
    assert api.search_v2(where, resolve=False).statuses == []
    assert [s.id for s in api.search_v2(where, resolve=True).statuses] == [far.id]
    assert [a.acct for a in api.account_search("vera")] == ["vera@far.example"]
    assert api.account_lookup("vera@far.example").id == harbour.vera.id
    assert api.account_relationships(harbour.vera.id)[0].followed_by is False


def test_private_questions_wait_as_requests(api: Mastodon, harbour: Harbour) -> None:
    asked = harbour.act(lambda: harbour.place.ask_privately(harbour.vera, harbour.office, "my tax"))
    assert api.notifications() == []
    assert api.notifications_policy().for_private_mentions == "filter"
    assert api.notifications_policy().summary.pending_requests_count == 1
    waiting = api.notification_requests()
    assert (int(waiting[0].notifications_count), waiting[0].last_status.id) == (1, asked.id)
    assert [t.last_status.id for t in api.conversations()] == [asked.id]
    api.accept_notification_request(waiting[0].id)
    assert api.notifications_merged()
    assert [n.status.id for n in api.notifications()] == [asked.id]
    assert not api.conversations_read(api.conversations()[0].id).unread
    assert api.update_notifications_policy(for_private_mentions="accept").for_private_mentions == "accept"
    api.notifications_dismiss(api.notifications()[0].id)
    assert api.notifications() == []
    api.markers_set(["notifications"], [7])
    assert api.markers_get(["notifications"])["notifications"].last_read_id == "7"


def test_grouped_notifications(api: Mastodon, harbour: Harbour) -> None:
    post = api.status_post("Well done everybody")
    here = harbour.place.statuses[post.id]
    harbour.act(lambda: [harbour.place.favourite(p, here) for p in (harbour.vera, harbour.lena)])
    groups = api.grouped_notifications()
    assert [(g.type, g.notifications_count) for g in groups.notification_groups] == [("favourite", 2)]


class Listener(StreamListener):  # type: ignore[misc]
    def __init__(self) -> None:
        self.heard: queue.Queue[tuple[str, Any]] = queue.Queue()

    def on_update(self, status: Any) -> None:
        self.heard.put(("update", status.id))

    def on_status_update(self, status: Any) -> None:
        self.heard.put(("edit", status.id))

    def on_notification(self, notification: Any) -> None:
        self.heard.put(("notification", notification.status.id))

    def on_delete(self, status_id: Any) -> None:
        self.heard.put(("delete", str(status_id)))


def test_the_stream_tells_what_happens(api: Mastodon, harbour: Harbour) -> None:
    assert api.stream_healthy()
    listener = Listener()
    handle = api.stream_user(listener, run_async=True)
    deadline_s = time.monotonic() + 5
    while not harbour.place.streams.get(harbour.office.id) and time.monotonic() < deadline_s:
        threading.Event().wait(0.01)
    said = harbour.act(lambda: harbour.place.say(harbour.vera, "@office hello"))
    assert listener.heard.get(timeout=5) == ("notification", said.id)
    post = api.status_post("out")
    assert listener.heard.get(timeout=5) == ("update", post.id)
    api.status_update(post.id, "out now")
    assert listener.heard.get(timeout=5) == ("edit", post.id)
    api.status_delete(post.id)
    assert listener.heard.get(timeout=5) == ("delete", post.id)
    harbour.act(lambda: harbour.place.ask_privately(harbour.vera, harbour.office, "hidden"))
    last = api.status_post("last")
    assert listener.heard.get(timeout=5) == ("update", last.id)  # what is filtered was not streamed
    harbour.act(harbour.place.close_streams)  # first: the client reads on until something comes
    handle.close()


def test_a_limit_is_said_as_a_time(api: Mastodon, harbour: Harbour) -> None:
    api.me()
    assert api.ratelimit_limit == 300
    assert api.ratelimit_reset is not None
    assert time.time() - 5 < api.ratelimit_reset <= time.time() + 305


def test_an_older_server_lacks_much(older: Harbour) -> None:
    api = older.client(older.office)
    assert api.instance_v1().version == "3.5.19"
    assert api.retrieve_mastodon_version() == "3.5.19"
    for ask in (api.instance_v2, lambda: api.notifications_policy(), lambda: api.grouped_notifications()):
        with pytest.raises(MastodonAPIError):
            ask()
    assert api.status_post("still works").visibility == "public"


def test_another_software_goes_its_own_way(fork: Harbour) -> None:
    api = fork.client(fork.office, version_check_mode="none")
    post = api.status_post("One", idempotency_key="k", scheduled_at=datetime.now(UTC) + timedelta(days=1))
    assert post.content == "<p>One</p>"  # published, not scheduled
    assert len(post.id) == 26
    assert api.status_post("One", idempotency_key="k").id != post.id
    assert api.ratelimit_remaining == 300  # nothing was said, the client's own idea stays
    fork.act(lambda: [fork.place.say(fork.vera, f"@office {n}") for n in range(5)])
    seen = api.fetch_remaining(api.notifications(limit=2))
    assert len(seen) == 5
    assert httpx.get(f"{fork.url}/api/v2/instance/").status_code == 404
    assert httpx.get(f"{fork.url}/api/v2/instance").json()["version"].startswith("0.19")
