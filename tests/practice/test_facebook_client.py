"""facebook-business, Meta's own library, does its work against the practice network over real loopback HTTP.

It is unchanged: only ``FacebookSession.GRAPH`` of one session names another host, which is what that attribute is for.
"""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uvicorn
from facebook_business.adobjects.comment import Comment
from facebook_business.adobjects.page import Page
from facebook_business.adobjects.pagepost import PagePost
from facebook_business.adobjects.unifiedthread import UnifiedThread
from facebook_business.adobjects.user import User
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from PIL import Image

from inbox.clock import SystemClock
from inbox.practice.facebook import Network, facebook_app

Made = TypeVar("Made")


class Harbour:
    """The practice network on a loopback port, in a thread of its own."""

    def __init__(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.network = Network(clock=SystemClock(), address=self.url)
        self.app = self.network.add_app(needs_proof=True)
        self.olga = self.network.add_person("Olga Officer")
        self.vera = self.network.add_person("Vera")
        self.page = self.network.add_page("Harbour Council", "harbourcouncil", self.olga)
        config = uvicorn.Config(facebook_app(self.network), lifespan="off", ws="none", log_config=None)
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
        self.server.should_exit = True
        self.thread.join(10)

    def api(self, token: str) -> FacebookAdsApi:
        session = FacebookSession(self.app.id, self.app.secret, token)
        session.GRAPH = self.url
        return FacebookAdsApi(session)


@pytest.fixture
def harbour() -> Iterator[Harbour]:
    made = Harbour()
    yield made
    made.stop()


@pytest.fixture
def api(harbour: Harbour) -> FacebookAdsApi:
    """Signed in as the Page, the way its documentation shows: a person's list of Pages, then the Page's own token."""
    user = harbour.act(lambda: harbour.network.token_for(harbour.olga, harbour.app, kind="USER"))
    [row] = User("me", api=harbour.api(user)).get_accounts(fields=["id", "name", "access_token"])
    assert row["name"] == "Harbour Council"
    return harbour.api(row["access_token"])


@pytest.fixture
def page(harbour: Harbour, api: FacebookAdsApi) -> Page:
    return Page(harbour.page.id, api=api)


def plain(rows: Any) -> list[dict[str, Any]]:
    return [row.export_all_data() for row in rows]


def test_the_version_is_the_one_we_speak(api: FacebookAdsApi) -> None:
    from inbox.connectors.facebook.graph import VERSION

    assert api.API_VERSION == VERSION


def test_a_post_in_two_steps_is_read_back_edited_and_deleted(harbour: Harbour, page: Page, api: FacebookAdsApi) -> None:
    made = page.create_feed(params={"message": "The bridge opens", "published": False})
    post = PagePost(made["id"], api=api)
    assert post.api_get(fields=["is_published"])["is_published"] is False
    for _ in range(2):
        post.api_update(params={"is_published": True})  # the library raises unless it says success
    fields = ["id", "message", "created_time", "permalink_url", "is_published", "from"]
    [row] = plain(page.get_feed(fields=fields))
    assert (row["message"], row["is_published"], row["from"]["id"]) == ("The bridge opens", True, harbour.page.id)
    post.api_update(params={"message": "The bridge is open"})
    assert [row["message"] for row in page.get_published_posts(fields=["message"])] == ["The bridge is open"]
    post.api_delete()
    assert list(page.get_feed()) == []


def test_a_schedule_is_kept(page: Page) -> None:
    at = int(time.time()) + 3_600
    page.create_feed(params={"message": "Later", "published": False, "scheduled_publish_time": at})
    [row] = plain(page.get_scheduled_posts(fields=["message", "scheduled_publish_time", "is_published"]))
    assert row["scheduled_publish_time"] == at
    assert row["is_published"] is False


def test_pictures_are_brought_and_attached(harbour: Harbour, page: Page, api: FacebookAdsApi, tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("RGB", (64, 36), (10, 90, 140)).save(out, "JPEG")
    (tmp_path / "a.jpg").write_bytes(out.getvalue())
    ids = []
    for _ in range(2):
        with (tmp_path / "a.jpg").open("rb") as source:
            answer = api.call(
                "POST", (harbour.page.id, "photos"), params={"published": False, "alt_text_custom": "The bridge"},
                files={"source": ("a.jpg", source, "image/jpeg")},
            )  # fmt: skip
        ids.append(answer.json()["id"])
    made = page.create_feed(params={"message": "Two", "attached_media": [{"media_fbid": i} for i in ids]})
    [album] = PagePost(made["id"], api=api).get_attachments()
    assert album["media_type"] == "album"
    assert len(album["subattachments"]["data"]) == 2


def test_comments_on_both_levels_are_answered_hidden_liked_and_deleted(
    harbour: Harbour, page: Page, api: FacebookAdsApi
) -> None:
    network = harbour.network
    post = harbour.act(lambda: network.write(harbour.page, harbour.page, "The bridge"))
    asked = harbour.act(lambda: network.comment(harbour.vera, post, "When?"))
    answer = Comment(asked.id, api=api).create_comment(params={"message": "Soon"})
    flat = plain(
        PagePost(post.id, api=api).get_comments(
            fields=["id", "message", "parent", "from", "can_hide"],
            params={"filter": "stream", "order": "reverse_chronological"},
        )
    )
    assert {row["message"] for row in flat} == {"When?", "Soon"}
    assert next(row for row in flat if row["id"] == answer["id"])["parent"]["message"] == "When?"
    comment = Comment(asked.id, api=api)
    comment.api_update(params={"is_hidden": True})
    assert comment.api_get(fields=["is_hidden"])["is_hidden"] is True
    comment.create_like()
    assert comment.api_get(fields=["like_count", "user_likes"])["user_likes"] is True
    comment.delete_likes()
    assert comment.api_get(fields=["like_count"])["like_count"] == 0
    comment.api_delete()
    with pytest.raises(FacebookRequestError) as caught:
        comment.api_get(fields=["id"])
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (100, 33)


def test_cursors_lead_through_every_page(harbour: Harbour, page: Page) -> None:
    def busy() -> None:
        for number in range(57):
            harbour.network.write(harbour.page, harbour.page, f"Post {number}")

    harbour.act(busy)
    found = [row["message"] for row in page.get_feed(fields=["message"], params={"limit": 10})]
    assert sorted(found) == sorted(f"Post {n}" for n in range(57))


def test_who_is_banned_stands_in_a_list(harbour: Harbour, page: Page) -> None:
    page.create_blocked(params={"user": [harbour.vera.id]})
    assert [row["name"] for row in page.get_blocked(fields=["name"])] == ["Vera"]
    page.delete_blocked(params={"user": harbour.vera.id})
    assert list(page.get_blocked()) == []


def test_visitors_tagged_posts_reels_and_recommendations_are_listed(harbour: Harbour, page: Page) -> None:
    network, vera = harbour.network, harbour.vera

    def busy() -> None:
        network.write(vera, harbour.page, "On your wall")
        network.tag(vera, harbour.page, "On mine")
        network.film(harbour.page, "A film")
        network.rate(vera, harbour.page, "Kind people")

    harbour.act(busy)
    assert [row["message"] for row in page.get_visitor_posts(fields=["message"])] == ["On your wall"]
    assert [row["message"] for row in page.get_tagged(fields=["message"])] == ["On mine"]
    assert [row["description"] for row in page.get_video_reels(fields=["description"])] == ["A film"]
    [rating] = page.get_ratings(fields=["review_text", "recommendation_type", "open_graph_story"])
    assert rating["review_text"] == "Kind people"
    assert rating["open_graph_story"]["id"]


def test_private_words_go_both_ways(harbour: Harbour, page: Page, api: FacebookAdsApi) -> None:
    network, vera = harbour.network, harbour.vera
    harbour.act(lambda: network.tell(vera, harbour.page, vera, "About my tax"))
    [talk] = page.get_conversations(fields=["id", "updated_time", "can_reply"], params={"platform": "MESSENGER"})
    page.create_message(
        params={"recipient": {"id": vera.id}, "message": {"text": "Which year?"}, "messaging_type": "RESPONSE"}
    )
    assert len(list(UnifiedThread(talk["id"], api=api).get_messages())) == 2
    said = api.call("GET", (talk["id"], "messages"), params={"fields": "message,from,created_time"}).json()["data"]
    assert [row["message"] for row in said] == ["Which year?", "About my tax"]
    post = harbour.act(lambda: network.write(harbour.page, harbour.page, "The bridge"))
    asked = harbour.act(lambda: network.comment(vera, post, "When?"))
    private = {"recipient": {"comment_id": asked.id}, "message": {"text": "In private"}, "messaging_type": "RESPONSE"}
    page.create_message(params=private)
    with pytest.raises(FacebookRequestError):
        page.create_message(params=private)


def test_a_batch_answers_each_item(harbour: Harbour, api: FacebookAdsApi) -> None:
    batch, good, bad = api.new_batch(), [], []
    for id_ in (harbour.page.id, "2"):
        batch.add("GET", (id_,), params={"fields": "id,name"}, success=good.append, failure=bad.append)
    batch.execute()
    assert [one.json()["name"] for one in good] == ["Harbour Council"]
    assert [one.json()["error"]["code"] for one in bad] == [100]


def test_without_its_proof_and_with_a_dead_token_it_is_refused(harbour: Harbour, api: FacebookAdsApi) -> None:
    del api._session.requests.params["appsecret_proof"]
    with pytest.raises(FacebookRequestError) as caught:
        Page(harbour.page.id, api=api).api_get(fields=["name"])
    assert caught.value.api_error_code() == 100
    token = api._session.access_token
    harbour.act(lambda: harbour.network.revoke(token, 460))
    with pytest.raises(FacebookRequestError) as caught:
        Page(harbour.page.id, api=harbour.api(token)).api_get(fields=["name"])
    assert (caught.value.api_error_code(), caught.value.api_error_subcode()) == (190, 460)
    assert json.loads(json.dumps(caught.value.body()))["error"]["fbtrace_id"]
