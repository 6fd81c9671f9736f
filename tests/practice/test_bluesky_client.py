"""The ``atproto`` client, written for the real network, does its work against the practice one over loopback HTTP; and
what the practice network answers has the shape of what the real one answered (recordings, bluesky.md)."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from atproto import Client, client_utils, models
from atproto.exceptions import BadRequestError, UnauthorizedError

from inbox.clock import SystemClock
from inbox.practice.bluesky import Network, bluesky_app
from inbox.practice.bluesky.ids import stamp
from inbox.practice.bluesky.records import POST
from tests.practice.mastodon_stage import picture

# The atproto client still uploads in a way that httpx finds old-fashioned.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
RECORDINGS = Path(__file__).parents[1] / "connectors" / "recordings" / "bluesky"


class Town:
    """The practice network on a loopback port, in a thread of its own."""

    def __init__(self) -> None:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.clients: list[Client] = []
        self.network = Network(SystemClock())
        self.city = self.network.add_account("city", "The city")
        self.vera = self.network.add_account("vera", "Vera")
        self.password = self.network.add_app_password(self.city).secret
        config = uvicorn.Config(bluesky_app(self.network), lifespan="off", ws="none", log_config=None)
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve(sockets=[listening])), daemon=True)
        self.thread.start()
        deadline_s = time.monotonic() + 10
        while not self.server.started and time.monotonic() < deadline_s:
            threading.Event().wait(0.01)

    def stop(self) -> None:
        for client in self.clients:
            client.request.close()
        self.server.should_exit = True
        self.thread.join(5)

    def bare(self) -> Client:
        self.clients.append(Client(base_url=f"{self.url}/xrpc"))
        return self.clients[-1]

    def client(self, who: str = "city") -> Client:
        made = self.bare()
        made.login(f"{who}.test", self.password if who == "city" else f"{who}-pass")
        return made


@pytest.fixture(scope="module")
def town() -> Iterator[Town]:
    made = Town()
    yield made
    made.stop()


def test_signing_in_and_refreshing(town: Town) -> None:
    client = town.client()
    assert client.me is not None
    assert (client.me.handle, client.me.did) == ("city.test", town.city.did)
    again = town.bare()
    again.login(session_string=client.export_session_string())
    assert again.com.atproto.server.get_session().handle == "city.test"
    before = again.export_session_string()
    again._refresh_and_set_session()  # what it does by itself when the access token has run out
    assert again.export_session_string() != before
    assert again.com.atproto.server.get_session().handle == "city.test"
    with pytest.raises(UnauthorizedError):
        town.bare().login("city.test", "wrong")


def test_a_post_with_links_names_and_pictures_and_what_follows_it(town: Town) -> None:
    city, vera = town.client(), town.client("vera")
    text = (
        client_utils.TextBuilder().text("Ágüa 👨‍👩‍👧 ask ").mention("@vera.test", town.vera.did).text(" or see ")
        .link("here", "https://city.example/water").text(" ").tag("#water", "water")
    )  # fmt: skip
    post = city.send_post(text)
    with_pictures = city.send_images("Two pictures", images=[picture(), picture()], image_alts=["A quay", "A pump"])
    ref = models.create_strong_ref(post)
    reply = vera.send_post("Thank you", reply_to=models.AppBskyFeedPost.ReplyRef(parent=ref, root=ref))
    quote = vera.send_post("Look", embed=models.AppBskyEmbedRecord.Main(record=ref))
    vera.like(post.uri, post.cid)
    vera.repost(post.uri, post.cid)
    shown = city.get_posts([post.uri, with_pictures.uri]).posts
    counted = (shown[0].reply_count, shown[0].quote_count, shown[0].like_count, shown[0].repost_count)
    assert counted == (1, 1, 1, 1)
    images = shown[1].embed.images  # type: ignore[union-attr]
    assert [i.alt for i in images] == ["A quay", "A pump"]
    assert httpx.get(images[0].thumb).content == picture()
    thread = city.get_post_thread(post.uri).thread
    assert [r.post.uri for r in thread.replies] == [reply.uri]  # type: ignore[union-attr]
    told = {n.uri: n.reason for n in city.app.bsky.notification.list_notifications().notifications}
    assert (told[reply.uri], told[quote.uri]) == ("reply", "quote")
    assert {"like", "repost"} <= set(told.values())
    assert vera.app.bsky.notification.list_notifications().notifications[-1].reason == "mention"
    assert city.get_profile("vera.test").display_name == "Vera"
    assert city.resolve_handle("vera.test").did == town.vera.did
    vera.delete_post(reply.uri)
    assert city.get_post_thread(post.uri).thread.replies == []  # type: ignore[union-attr]


def test_what_the_real_one_refuses_is_refused(town: Town) -> None:
    client = town.client()
    with pytest.raises(BadRequestError, match="grapheme too big"):
        client.send_post("x" * 301)
    assert client.send_post("👨‍👩‍👧‍👦" * 100 + "x" * 200).uri


# --- likeness ---


def shape(value: Any) -> Any:
    """What a value is made of, without what it says."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [shape(inner) for inner in value]
    return type(value).__name__


def unlike(ours: Any, real: list[Any], where: str = "$") -> list[str]:
    """Where ours has what none of the real ones has, or lacks what all of them have, or is of another type."""
    if isinstance(ours, dict):
        theirs = [r for r in real if isinstance(r, dict)]
        if not theirs:
            return [f"{where}: an object"]
        known, always = set().union(*theirs), set.intersection(*(set(r) for r in theirs))
        found = [f"{where}.{key}: never there" for key in ours.keys() - known]
        found += [f"{where}.{key}: always there" for key in always - ours.keys()]
        for key in ours.keys() & known:
            found += unlike(ours[key], [r[key] for r in theirs if key in r], f"{where}.{key}")
        return found
    if isinstance(ours, list):
        inner = [i for r in real if isinstance(r, list) for i in r]
        return [u for one in ours for u in unlike(one, inner, f"{where}[]")] if inner else []
    kinds = {type(r).__name__ for r in real}
    return [] if type(ours).__name__ in kinds else [f"{where}: {type(ours).__name__} and not {kinds}"]


def recorded(*names: str) -> list[dict[str, Any]]:
    """All exchanges of these files."""
    found: list[dict[str, Any]] = []
    for name in names:
        value = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))
        found += (
            [value] if "request" in value else [v for v in value.values() if isinstance(v, dict) and "request" in v]
        )
    return found


def bodies(method: str, *names: str) -> list[Any]:
    return [e["body"] for e in recorded(*names) if method in e["request"]["path"] and e["status"] == 200]


@pytest.fixture(scope="module")
def said(town: Town) -> Iterator[httpx.Client]:
    """Something to show, and a bare client that is signed in."""
    city, vera = town.client(), town.client("vera")
    post = city.send_post("Ask away")
    ref = models.create_strong_ref(post)
    vera.send_post("When?", reply_to=models.AppBskyFeedPost.ReplyRef(parent=ref, root=ref))
    vera.like(post.uri, post.cid)
    town.network.write(town.vera, POST, {"$type": POST, "text": "Plain", "createdAt": stamp(town.network.now())})
    session = httpx.post(
        f"{town.url}/xrpc/com.atproto.server.createSession", json={"identifier": "city.test", "password": town.password}
    ).json()
    with httpx.Client(
        base_url=f"{town.url}/xrpc", headers={"authorization": f"Bearer {session['accessJwt']}"}
    ) as client:
        client.params = httpx.QueryParams()
        client.post_uri = post.uri  # type: ignore[attr-defined]
        yield client


@pytest.mark.parametrize(
    ("method", "files"),
    [
        ("app.bsky.notification.listNotifications",
         ("notifications-page-1", "notifications-page-2", "notifications-other", "notifications-after-moderation")),
        ("app.bsky.feed.getPostThread", ("thread", "thread-gone", "thread-moderated")),
        ("app.bsky.feed.getAuthorFeed", ("author-feed", "author-feed-embeds")),
        ("app.bsky.feed.getPosts", ("posts",)),
    ],
)  # fmt: skip
def test_answers_have_the_shape_of_the_real_ones(said: httpx.Client, method: str, files: tuple[str, ...]) -> None:
    real = bodies(method, *files)
    assert real
    uri = said.post_uri  # type: ignore[attr-defined]
    params = {"uri": uri, "uris": uri, "actor": "city.test"}
    wanted = {"getPostThread": ["uri"], "getPosts": ["uris"], "getAuthorFeed": ["actor"]}
    names = wanted.get(method.rpartition(".")[2], [])
    ours = said.get(f"/{method}", params={n: params[n] for n in names}).json()
    # A last page has no cursor, and the recorded ones were none.
    hidden = (
        "$.cursor: always",
        ".record.",
        ".embed",
        ".labels",
        ".associated",
        ".threadgate",
    )  # what people wrote, and what is optional
    found = [u for u in unlike(shape(ours), [shape(r) for r in real]) if not any(h in u for h in hidden)]
    assert found == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (("GET", "app.bsky.feed.getPostThread", {"uri": "at://did:plc:x/app.bsky.feed.post/3k"}), (400, "NotFound")),
        (("GET", "com.atproto.identity.resolveHandle", {"handle": "nobody.test"}), (400, "HandleNotFound")),
        (("GET", "app.bsky.nowhere.atAll", {}), (501, "MethodNotImplemented")),
        (("GET", "app.bsky.notification.listNotifications", {"limit": "101"}), (400, "InvalidRequest")),
    ],
)
def test_refusals_are_the_real_ones(said: httpx.Client, call: tuple[str, str, dict[str, str]], error: Any) -> None:
    method, nsid, params = call
    answer = said.request(method, f"/{nsid}", params=params)
    assert (answer.status_code, answer.json()["error"]) == error
    real = {(e["status"], e["body"]["error"]) for e in recorded("errors", "thread-gone", "chat") if e["status"] >= 400}
    assert error in real or error[1] in {"HandleNotFound", "MethodNotImplemented"}
