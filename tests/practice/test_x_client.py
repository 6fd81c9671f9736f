"""``xdk``, X's official client (0.10.6), unchanged but for its base address, does its work against the practice network
over real loopback HTTP: the calls that Postroom makes, in the new vocabulary that it speaks."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import uvicorn
from requests.exceptions import HTTPError
from xdk import Client
from xdk.direct_messages.models import CreateByConversationIdRequest
from xdk.media.models import (
    AppendUploadRequest,
    CreateMetadataRequest,
    InitializeUploadRequest,
    UploadRequest,
)
from xdk.oauth1_auth import OAuth1
from xdk.posts.models import CreateRequest, HideReplyRequest
from xdk.users.models import LikePostRequest, RepostPostRequest

from inbox.clock import SystemClock
from inbox.practice.x import Network, x_app
from tests.practice.mastodon_stage import picture

Made = TypeVar("Made")
BACK = "http://127.0.0.1:8765/callback"
EXPANSIONS: Any = ["author_id", "referenced_posts", "edit_history_post_ids", "in_reply_to_user_id"]
FIELDS: Any = ["created_at", "conversation_id", "entities", "public_metrics", "note_post", "display_text_range"]


class Square:
    """The practice network on a loopback port, in a thread of its own."""

    def __init__(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.network = Network(SystemClock(), address=self.url)
        self.network.limits, self.network.new = False, True
        self.office = self.network.add_user("harbour", "Harbour Council")
        self.vera = self.network.add_user("vera", "Vera")
        self.native = self.network.add_app(self.office, callbacks=(BACK,))
        self.web = self.network.add_app(self.office, callbacks=(BACK,), web_app=True)
        config = uvicorn.Config(x_app(self.network), lifespan="off", ws="none", log_config=None)
        self.server = uvicorn.Server(config)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run, args=(listening,), daemon=True)
        self.thread.start()
        deadline_s = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline_s:
            threading.Event().wait(0.01)
        self.clients: list[Client] = []

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
        for client in self.clients:
            client.session.close()
        self.server.should_exit = True
        self.thread.join(10)

    def with_keys(self) -> Client:
        keys = self.act(lambda: self.network.keys_for(self.native, self.office))
        auth = OAuth1(keys["api_key"], keys["api_secret"], BACK, keys["token"], keys["token_secret"])
        return self.kept(Client(base_url=self.url, auth=auth))

    def kept(self, client: Client) -> Client:
        self.clients.append(client)
        return client


@pytest.fixture(scope="module")
def square() -> Iterator[Square]:
    made = Square()
    yield made
    made.stop()


def refused(call: Callable[[], Any], status: int) -> dict[str, Any]:
    """The problem that a call is answered with."""
    with pytest.raises(HTTPError) as caught:
        call()
    assert caught.value.response.status_code == status
    body: dict[str, Any] = caught.value.response.json()
    return body


def test_the_browser_and_renewal(square: Square, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # loopback without TLS
    client = square.kept(
        Client(
            base_url=square.url, authorization_base_url=f"{square.url}/i", client_id=square.web.client_id,
            client_secret=square.web.secret, redirect_uri=BACK, scope=["tweet.read", "users.read", "offline.access"],
        )
    )  # fmt: skip
    address = client.get_authorization_url(state="s")
    assert requests.get(address, timeout=5).status_code == 200
    asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
    back = requests.post(f"{square.url}/i/oauth2/authorize", data=asked, allow_redirects=False, timeout=5)
    token = client.fetch_token(back.headers["location"])
    assert token["refresh_token"]
    assert client.users.get_me().data.username == "harbour"
    before = dict(token)
    assert client.refresh_token()["refresh_token"] != before["refresh_token"]
    assert client.users.get_me().data.username == "harbour"
    public = square.kept(Client(base_url=square.url, client_id=square.native.client_id, redirect_uri=BACK))
    public.get_authorization_url()
    with pytest.raises(ValueError, match="400"):
        public.exchange_code("wrong")


def test_mentions_are_paged_through(square: Square) -> None:
    client = square.with_keys()
    root = square.act(lambda: square.network.say(square.office, "The bridge is open https://town.org/b #bridge"))
    for number in range(12):
        square.act(lambda n=number: square.network.say(square.vera, f"@harbour question {n}", to=root))  # type: ignore[misc]
    pages = list(
        client.users.get_mentions(
            square.office.id, max_results=5, post_fields=FIELDS, expansions=EXPANSIONS, since_id=root.id
        )
    )
    posts = [post for page in pages for post in page.data]
    assert len(posts) == 12
    assert {p.author_id for p in posts} == {square.vera.id}
    assert pages[0].includes.users[0].username == "vera"
    assert posts[0].referenced_posts[0].id == root.id
    assert [m.id for m in posts[0].entities.mentions][-1] == square.office.id
    own = next(iter(client.users.get_posts(square.office.id, max_results=5, post_fields=FIELDS)))
    assert own.data[0].entities.urls[0].expanded_url == "https://town.org/b"
    looked_up = client.users.get_by_ids([square.vera.id], user_fields=["verified_type"])
    assert looked_up.data[0].name == "Vera"


def test_searching_and_looking_up(square: Square) -> None:
    client = square.with_keys()
    early = square.network.now() - timedelta(minutes=5)
    post = square.act(lambda: square.network.say(square.vera, "@harbour unusualword", at=early))
    found = next(iter(client.posts.search_recent("unusualword", max_results=10, post_fields=FIELDS)))
    assert [p.id for p in found.data] == [post.id]
    several = client.posts.get_by_ids([post.id, "12"], expansions=["edit_history_post_ids"])
    assert [p.id for p in several.data] == [post.id]
    assert several.errors[0].resource_id == "12"
    quote = square.act(lambda: square.network.say(square.vera, "Look", quote=post))
    quoting = next(iter(client.posts.get_quoted(post.id, max_results=10)))
    assert [p.id for p in quoting.data] == [quote.id]


def test_publishing_answering_hiding_reposting_deleting(square: Square) -> None:
    client = square.with_keys()
    made = client.posts.create(CreateRequest(text="Written by xdk & <friends>"))
    post = square.network.posts[made.data.id]
    assert post.typed == "Written by xdk & <friends>"
    assert refused(lambda: client.posts.create(CreateRequest(text=post.typed)), 403)["detail"].endswith("content.")
    asked = square.act(lambda: square.network.say(square.vera, "@harbour when?", to=post))
    implicit = square.act(lambda: square.network.say(square.vera, "hm", to=post))
    answer = client.posts.create(
        CreateRequest(text="At nine", reply={"in_reply_to_tweet_id": asked.id})  # type: ignore[arg-type]
    )
    assert square.network.posts[answer.data.id].parent_id == asked.id
    body = CreateRequest(text="At ten", reply={"in_reply_to_tweet_id": implicit.id})  # type: ignore[arg-type]
    assert "not been mentioned" in refused(lambda: client.posts.create(body), 403)["detail"]
    assert client.posts.hide_reply(implicit.id, HideReplyRequest(hidden=True)).data.hidden
    assert client.users.repost_post(square.office.id, RepostPostRequest(tweet_id=asked.id)).data.retweeted
    assert not client.users.unrepost_post(square.office.id, asked.id).data.retweeted
    closed = refused(lambda: client.users.like_post(square.office.id, LikePostRequest(tweet_id=asked.id)), 403)
    assert closed["type"].endswith("/client-forbidden")
    assert client.posts.delete(answer.data.id).data.deleted
    assert answer.data.id not in square.network.posts


def test_pictures_and_their_words(square: Square) -> None:
    client = square.with_keys()
    body = base64.b64encode(picture()).decode()
    media = client.media.upload(UploadRequest(media=body, media_category="tweet_image")).data
    words = {"alt_text": {"text": "A quay"}}
    client.media.create_metadata(CreateMetadataRequest(id=media.id, metadata=words))  # type: ignore[arg-type]
    assert square.network.uploads[media.id].alt_text == "A quay"
    gif = picture("image/gif")
    begun = client.media.initialize_upload(
        InitializeUploadRequest(media_type="image/gif", total_bytes=len(gif), media_category="tweet_gif")
    ).data
    piece = AppendUploadRequest(media=base64.b64encode(gif).decode(), segment_index=0)
    client.media.append_upload(begun.id, piece)
    assert client.media.finalize_upload(begun.id).data.processing_info.state == "succeeded"
    assert client.media.get_upload_status(begun.id, command="STATUS").data.id == begun.id
    for number in (media.id, begun.id):
        made = client.posts.create(
            CreateRequest(text=f"Look {number}", media={"media_ids": [number]})  # type: ignore[arg-type]
        )
        assert square.network.posts[made.data.id].media == [number]


def test_direct_messages(square: Square) -> None:
    client = square.with_keys()
    event = square.act(lambda: square.network.message(square.vera, square.office, "About my tax https://town.org/t"))
    fields: Any = ["id", "text", "created_at", "dm_conversation_id", "entities"]
    page = next(
        iter(client.direct_messages.get_events(max_results=10, dm_event_fields=fields, expansions=["sender_id"]))
    )
    assert [e.id for e in page.data] == [event.id]
    assert page.data[0].sender_id == square.vera.id
    body = CreateByConversationIdRequest(text="We look into it")
    sent = client.direct_messages.create_by_conversation_id(event.conversation_id, body)
    assert sent.data.dm_conversation_id == event.conversation_id
    found = next(
        iter(client.direct_messages.get_events_by_conversation_id(event.conversation_id, dm_event_fields=fields))
    )
    assert found.data[0].text == "We look into it"
    assert client.direct_messages.delete_events(sent.data.dm_event_id).data.deleted


def test_an_apps_own_bearer_token_reads_usage_and_nothing_else(square: Square) -> None:
    client = square.kept(Client(base_url=square.url, bearer_token=square.native.bearer))
    assert client.usage.get().data.project_cap
    kind = refused(lambda: next(iter(client.users.get_mentions(square.office.id))), 403)["type"]
    assert kind.endswith("/unsupported-authentication")


def test_money_and_limits_are_refused_as_x_does(square: Square) -> None:
    client = square.with_keys()
    square.network.billing.credits = 0
    try:
        assert refused(lambda: client.users.get_me(), 402)["title"] == "CreditsDepleted"
    finally:
        square.network.billing.credits = None
    square.network.limits = True
    try:
        square.network.windows[square.office.id, "GET /2/users/me"] = (75, time.time() + 60)
        assert refused(lambda: client.users.get_me(), 429)["title"] == "Too Many Requests"
    finally:
        square.network.limits = False
