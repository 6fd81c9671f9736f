"""Every recorded exchange is made again with the practice dialect, in the same situation, and the answers are compared.

Held against the recording: status, headers a client may act on, the whole body at every depth; only what is never twice
the same (ids, times, tokens, addresses, sizes of pictures) is made equal first. Recordings: PDS 0.6.7's test network.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from tests.practice.bluesky_stage import FAMILY, HOME, Stage, png

RECORDINGS = Path(__file__).parents[1] / "connectors" / "recordings" / "bluesky"
SINGLE = {
    "notifications-page-1", "notifications-page-2", "notifications-after-moderation", "thread", "thread-moderated",
    "author-feed", "author-feed-embeds", "search-posts", "quotes", "list-own-records",
}  # fmt: skip
# Known to be unlike, or never the same twice: only the type counts.
FREE = {
    "accessJwt", "refreshJwt", "access_token", "refresh_token", "request_uri", "publicKeyMultibase", "size", "links",
    "availableUserDomains", "expires_in",
}  # fmt: skip
ACTED_ON = re.compile(r"^(ratelimit-(limit|policy)|content-type|atproto-.*|dpop-nonce|www-authenticate|retry-after)$")
FREE_HEADERS = {"dpop-nonce", "retry-after", "atproto-repo-rev", "atproto-content-labelers"}


def recorded() -> dict[str, dict[str, Any]]:
    """All exchanges by name."""
    found: dict[str, dict[str, Any]] = {}
    for file in sorted(RECORDINGS.glob("*.json")):
        value = json.loads(file.read_text("utf-8"))
        found |= {file.stem: value} if "request" in value else value
    return found


EXCHANGES = recorded()


class Takes:
    """What was answered, by the name of the exchange."""

    def __init__(self) -> None:
        self.answers: dict[str, httpx.Response] = {}

    def take(self, name: str, answer: httpx.Response) -> httpx.Response:
        self.answers[name] = answer
        return answer


async def everything() -> dict[str, httpx.Response]:
    """The whole afternoon of the recordings, once more."""
    stage, takes = Stage(), Takes()
    stage.seed(56)
    token = await identity_and_sessions(stage, takes)
    await reading(stage, takes)
    post, theirs = await publishing(stage, takes)
    await refused(stage, takes, post, theirs)
    await moderating(stage, takes, post)
    await private(stage, takes, token)
    await browser(stage, takes)
    for _ in range(31):
        answer = await stage.tell(
            "com.atproto.server.createSession", {"identifier": "farah.test", "password": "wrong"}, ""
        )
    takes.take("error-rate-limit", answer)
    await stage.http.aclose()
    return takes.answers


async def identity_and_sessions(stage: Stage, takes: Takes) -> str:
    take = takes.take
    take("describe-server", await stage.ask("com.atproto.server.describeServer", ""))
    take("resolve-handle", await stage.ask("com.atproto.identity.resolveHandle", "", handle="org.test"))
    take("resolve-handle-unknown", await stage.ask("com.atproto.identity.resolveHandle", "", handle="nobody.test"))
    take("plc-did-document", await stage.http.get(f"/{stage.org.did}"))
    secret = stage.network.add_app_password(stage.org).secret
    body = {"identifier": "org.test", "password": secret}
    made = take("session-create", await stage.tell("com.atproto.server.createSession", body, "")).json()
    wrong = {"identifier": "org.test", "password": "wrong"}
    take("session-wrong-password", await stage.tell("com.atproto.server.createSession", wrong, ""))
    refresh = "com.atproto.server.refreshSession"
    again = take("session-refresh", await stage.tell(refresh, None, token=made["refreshJwt"])).json()
    token: str = again["accessJwt"]
    take("session-refresh-with-access-token", await stage.tell(refresh, None, token=token))
    take("session-get", await stage.ask("com.atproto.server.getSession", token=token))
    listing = "app.bsky.notification.listNotifications"
    take("error-no-token", await stage.ask(listing, ""))
    take("error-garbage-token", await stage.ask(listing, token="not-a-token"))
    short = stage.tokens.sign_in(stage.org, life=timedelta(seconds=1))[0].text
    stage.hop(2.5)
    take("error-expired-token", await stage.ask(listing, token=short))
    return token


async def reading(stage: Stage, takes: Takes) -> None:
    take, listing = takes.take, "app.bsky.notification.listNotifications"
    first = take("notifications-page-1", await stage.ask(listing, limit=4)).json()
    take("notifications-page-2", await stage.ask(listing, limit=4, cursor=first["cursor"]))
    take("notifications-by-reason", await stage.ask(listing, limit=2, reasons=["reply", "mention", "quote"]))
    take("notifications-bad-cursor", await stage.ask(listing, limit=2, cursor="nonsense"))
    take("notifications-limit-101", await stage.ask(listing, limit=101))
    take("unread-count", await stage.ask("app.bsky.notification.getUnreadCount"))
    stage.hop()
    take("update-seen", await stage.tell("app.bsky.notification.updateSeen", {"seenAt": stage.now()}))
    take("unread-count-after-seen", await stage.ask("app.bsky.notification.getUnreadCount"))
    uri = stage.posts[0].uri
    take("thread", await stage.ask("app.bsky.feed.getPostThread", uri=uri, depth=2, parentHeight=0))
    feed = await stage.ask("app.bsky.feed.getAuthorFeed", actor="org.test", limit=2, filter="posts_no_replies")
    take("author-feed", feed)
    take("posts-by-uri", await stage.ask("app.bsky.feed.getPosts", uris=[uri, f"{uri[:-3]}zzz"]))
    take("search-posts", await stage.ask("app.bsky.feed.searchPosts", q="road", limit=2))
    take("quotes", await stage.ask("app.bsky.feed.getQuotes", uri=stage.posts[4].uri, limit=1))
    own = {"repo": stage.org.did, "collection": "app.bsky.feed.post", "limit": 1}
    take("list-own-records", await stage.ask("com.atproto.repo.listRecords", "", **own))


async def publishing(stage: Stage, takes: Takes) -> tuple[dict[str, Any], dict[str, Any]]:
    take = takes.take
    text = "🚰 Água notice: ask @amina.test or see https://testville.example/água #água"
    mine = take("post-facets", await stage.post(text, facets=list(stage.people.facets(text)))).json()
    upload = "com.atproto.repo.uploadBlob"
    blob = take("upload-blob", await stage.tell(upload, png(), content_type="image/png")).json()["blob"]
    image = {"image": blob, "alt": "A grey square", "aspectRatio": {"width": 64, "height": 48}}
    images = {"$type": "app.bsky.embed.images", "images": [image]}
    take("post-image", await stage.post("With a picture", embed=images))
    card = {"uri": "https://testville.example/roads", "title": "Roads", "description": "Works this week", "thumb": blob}
    take(
        "post-link-card", await stage.post("With a card", embed={"$type": "app.bsky.embed.external", "external": card})
    )
    theirs = ref((await stage.post("A question for the city", "amina")).json())
    take("post-reply", await stage.post("An answer", reply={"root": theirs, "parent": theirs}))
    take("post-quote", await stage.post("Well said", embed={"$type": "app.bsky.embed.record", "record": theirs}))
    take("like", await stage.put("app.bsky.feed.like", {"subject": theirs}))
    take("repost", await stage.put("app.bsky.feed.repost", {"subject": theirs}))
    take("author-feed-embeds", await stage.ask("app.bsky.feed.getAuthorFeed", actor="org.test", limit=5))
    return mine, {"ref": theirs, "blob": blob}


async def refused(stage: Stage, takes: Takes, mine: dict[str, Any], other: dict[str, Any]) -> None:
    take, blob, create = takes.take, other["blob"], "com.atproto.repo.createRecord"

    def pictures(*images: dict[str, Any]) -> dict[str, Any]:
        return {"$type": "app.bsky.embed.images", "images": list(images)}

    take("error-301-graphemes", await stage.post("é" * 301))
    take("error-3001-bytes", await stage.post(FAMILY * 121))
    bare = {"$type": "app.bsky.feed.post", "text": "x"}
    own = {"repo": stage.org.did, "collection": "app.bsky.feed.post"}
    take("error-no-created-at", await stage.tell(create, {**own, "record": bare}))
    take("error-no-alt", await stage.post("x", embed=pictures({"image": blob})))
    take("error-5-images", await stage.post("x", embed=pictures(*[{"image": blob, "alt": ""}] * 5)))
    take("error-4-langs", await stage.post("x", langs=["en", "fr", "de", "es"]))
    upload = "com.atproto.repo.uploadBlob"
    data = png(8, 8)
    big = png(8, 8, 2_000_188 - len(data) - 16)
    answer = take("upload-blob-2mb", await stage.tell(upload, big, content_type="image/png"))
    too_big = {"image": answer.json()["blob"], "alt": "big"}
    take("error-blob-too-large", await stage.post("x", embed=pictures(too_big)))
    take("error-upload-too-large", await stage.tell(upload, b"x" * 6_000_000, content_type="image/png"))
    text = (await stage.tell(upload, b"hello", content_type="text/plain")).json()["blob"]
    take("error-blob-mime", await stage.post("x", embed=pictures({"image": text, "alt": "t"})))
    gone = {**blob, "ref": {"$link": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"}}
    take("error-blob-not-found", await stage.post("x", embed=pictures({"image": gone, "alt": "t"})))
    record = {"$type": "app.bsky.feed.post", "text": "x", "createdAt": stage.now()}
    other_repo = {**own, "repo": stage.accounts["amina"].did, "record": record}
    take("error-other-repo", await stage.tell(create, other_repo))
    swap = {**own, "rkey": rkey(mine), "swapRecord": other["ref"]["cid"], "record": {**record, "text": "edited"}}
    take("error-invalid-swap", await stage.tell("com.atproto.repo.putRecord", swap))
    wide = [
        {"index": {"byteStart": 0, "byteEnd": 99}, "features": [{"$type": "app.bsky.richtext.facet#tag", "tag": "x"}]}
    ]
    take("facet-out-of-range-accepted", await stage.post("short", facets=wide))
    take("error-method-unknown", await stage.ask("app.bsky.nothing.here"))


async def moderating(stage: Stage, takes: Takes, mine: dict[str, Any]) -> None:
    take, people, accounts = takes.take, stage.people, stage.accounts
    thread, posts = "app.bsky.feed.getPostThread", "app.bsky.feed.getPosts"
    record = {"$type": "app.bsky.feed.post", "text": "Edited text", "createdAt": stage.now()}
    own = {"repo": stage.org.did, "collection": "app.bsky.feed.post", "rkey": rkey(mine), "record": record}
    take("put-record-edit", await stage.tell("com.atproto.repo.putRecord", own))
    take("posts-after-edit", await stage.ask(posts, uris=[mine["uri"]]))
    top = stage.record(await stage.post("Top of a moderated thread"))

    def say(name: str, text: str, to: Any = top) -> Any:
        stage.hop()
        return people.say(accounts[name], text, to=to)

    deleted = say("bruno", "Reply to be deleted")
    below = say("chen", "Answer below it", deleted)
    hidden = say("dana", "Reply to be hidden by the organisation")
    taken = say("amina", "Reply to be taken down")
    blocked = say("chen", "Reply by somebody we block later")
    labelled = say("bruno", "Reply that a moderator labels")
    theirs = {"repo": deleted.did, "collection": "app.bsky.feed.post", "rkey": deleted.rkey}
    take("delete-record", await stage.tell("com.atproto.repo.deleteRecord", theirs, "bruno"))
    take("delete-record-again", await stage.tell("com.atproto.repo.deleteRecord", theirs, "bruno"))
    gate = "app.bsky.feed.threadgate"
    fields: dict[str, Any] = {"post": top.uri, "hiddenReplies": [hidden.uri]}
    take("threadgate-hide-reply", await stage.put(gate, fields, rkey=top.rkey))
    people.takedown(taken)
    people.label(labelled, "rude")
    take("thread-moderated", await stage.ask(thread, uri=top.uri, depth=6))
    listing = await stage.ask("app.bsky.notification.listNotifications", limit=6)
    take("notifications-after-moderation", listing)
    take("thread-of-deleted-post", await stage.ask(thread, uri=deleted.uri))
    take("thread-below-deleted-post", await stage.ask(thread, uri=below.uri, depth=0))
    take("posts-taken-down", await stage.ask(posts, uris=[taken.uri]))
    block = people.block(stage.org, accounts["chen"])
    take("thread-of-blocked-author", await stage.ask(thread, uri=blocked.uri, depth=0))
    people.remove(block)
    closed = stage.record(await stage.post("Nobody may reply or quote"))
    nobody: dict[str, Any] = {"post": closed.uri, "allow": []}
    take("threadgate-nobody", await stage.put(gate, nobody, rkey=closed.rkey))
    rules = {"post": closed.uri, "embeddingRules": [{"$type": "app.bsky.feed.postgate#disableRule"}]}
    take("postgate-no-quotes", await stage.put("app.bsky.feed.postgate", rules, rkey=closed.rkey))
    take("threadgate-wrong-rkey", await stage.put(gate, nobody))
    both = {"root": closed.ref, "parent": closed.ref}
    take("reply-against-threadgate", await stage.post("I reply anyway", "dana", reply=both))
    take("thread-closed", await stage.ask(thread, uri=closed.uri))


async def private(stage: Stage, takes: Takes, token: str) -> None:
    method = "chat.bsky.convo.listConvos"
    takes.take("chat-plain-app-password", await stage.ask(method, token=token))
    secret = stage.network.add_app_password(stage.org, privileged=True).secret
    body = {"identifier": "org.test", "password": secret}
    allowed = (await stage.tell("com.atproto.server.createSession", body, "")).json()["accessJwt"]
    takes.take("chat-privileged-no-proxy", await stage.ask(method, token=allowed))
    proxy = {"atproto-proxy": "did:web:api.bsky.chat#bsky_chat"}
    answer = await stage.http.get(f"/xrpc/{method}", headers=stage.auth(allowed) | proxy)
    takes.take("chat-privileged-proxy", answer)


async def browser(stage: Stage, takes: Takes) -> None:
    take, http = takes.take, stage.http
    take("oauth-protected-resource", await http.get("/.well-known/oauth-protected-resource"))
    meta = take("oauth-authorization-server", await http.get("/.well-known/oauth-authorization-server")).json()
    par, token_url = meta["pushed_authorization_request_endpoint"], meta["token_endpoint"]
    verifier = "v" * 43
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    back, scope = "http://127.0.0.1:53682/callback", "atproto transition:generic"
    client = "http://localhost?" + urlencode({"redirect_uri": "http://127.0.0.1/callback", "scope": scope})
    form = {
        "client_id": client, "response_type": "code", "redirect_uri": back, "scope": scope, "state": "s",
        "code_challenge": challenge, "code_challenge_method": "S256", "login_hint": "org.test",
    }  # fmt: skip
    answer = take("oauth-par-needs-nonce", await http.post(par, data=form, headers={"dpop": stage.proof("POST", par)}))
    nonce = answer.headers["dpop-nonce"]

    async def post(url: str, data: dict[str, str]) -> httpx.Response:
        return await http.post(url, data=data, headers={"dpop": stage.proof("POST", url, nonce)})

    localhost = {**form, "redirect_uri": "http://localhost:53682/callback"}
    take("oauth-par-localhost-redirect", await post(par, localhost))
    request_uri = take("oauth-par", await post(par, form)).json()["request_uri"]
    pressed = {"client_id": client, "request_uri": request_uri, "person": "org.test", "decision": "allow"}
    said = parse_qs(urlsplit((await http.post(meta["authorization_endpoint"], data=pressed)).headers["location"]).query)
    assert (said["iss"], said["state"]) == ([HOME], ["s"])
    redeem = {
        "client_id": client, "grant_type": "authorization_code", "code": said["code"][0], "redirect_uri": back,
        "code_verifier": verifier,
    }  # fmt: skip
    made = take("oauth-token", await post(token_url, redeem)).json()
    access, listing = made["access_token"], f"{HOME}/xrpc/app.bsky.notification.listNotifications"

    async def read(nonce: str) -> httpx.Response:
        headers = {"authorization": f"DPoP {access}", "dpop": stage.proof("GET", listing, nonce, access)}
        return await http.get(listing, params={"limit": 1}, headers=headers)

    take("oauth-resource-needs-nonce", await read(""))
    take("oauth-resource", await read(nonce))
    renew = {"client_id": client, "grant_type": "refresh_token", "refresh_token": made["refresh_token"]}
    renewed = take("oauth-refresh", await post(token_url, renew)).json()
    take("oauth-refresh-reused", await post(token_url, renew))
    newer = {**renew, "refresh_token": renewed["refresh_token"]}
    take("oauth-refresh-after-reuse", await post(token_url, newer))


def ref(answer: dict[str, Any]) -> dict[str, Any]:
    return {"uri": answer["uri"], "cid": answer["cid"]}


def rkey(answer: dict[str, Any]) -> str:
    return str(answer["uri"]).rpartition("/")[2]


# --- comparing ---


def even(value: Any, key: str = "") -> Any:
    """A body with all that is never the same twice made equal."""
    if key in FREE:
        return type(value).__name__
    if isinstance(value, dict):
        return {k: even(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [even(v, key) for v in value]
    if not isinstance(value, str):
        return value
    text = f"{value[:120]}… ({len(value)} characters)" if len(value) > 700 else value
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", text)
    text = re.sub(r"\b\d{13}__", "MS__", text)
    text = re.sub(r"(?<![a-z0-9])baf[yk]rei[a-z2-7]{52}", lambda m: m[0][:4], text)
    text = re.sub(r"did:plc:[a-z2-7]{24}", "DID", text)
    text = re.sub(r"(?<![a-z2-7])3[a-z2-7]{12}(?![a-z2-7])", "TID", text)
    return re.sub(r"https?://localhost:\d+", "HOME", text)


@pytest.fixture(scope="module")
def answers() -> dict[str, httpx.Response]:
    return asyncio.run(everything())


def test_nothing_recorded_is_left_out(answers: dict[str, httpx.Response]) -> None:
    assert EXCHANGES.keys() == answers.keys()
    assert len(EXCHANGES) > 70


@pytest.mark.parametrize("name", sorted(EXCHANGES))
def test_answer_as_recorded(answers: dict[str, httpx.Response], name: str) -> None:
    real, ours = EXCHANGES[name], answers[name]
    assert ours.status_code == real["status"], ours.text[:300]
    body = ours.json() if ours.content else ""
    assert even(body) == even(real["body"])
    theirs = {n: v for n, v in real["headers"].items() if ACTED_ON.match(n)}
    acted_on = {n: v for n, v in ours.headers.items() if ACTED_ON.match(n)}
    assert acted_on.keys() == theirs.keys()
    for header in theirs.keys() - FREE_HEADERS:
        assert acted_on[header] == theirs[header]
