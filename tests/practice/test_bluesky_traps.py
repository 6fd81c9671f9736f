"""What bites at the real network bites here, too (bluesky.md sections 3 to 6); and the faults on demand work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from inbox.practice.bluesky.ids import moment, stamp
from inbox.practice.bluesky.records import POST, Record
from inbox.practice.bluesky.tokens import APP
from inbox.practice.faults import FaultKind
from tests.practice.bluesky_stage import FAMILY, Stage, png

LIST = "app.bsky.notification.listNotifications"
THREAD = "app.bsky.feed.getPostThread"
PUT = "com.atproto.repo.putRecord"
CREATE = "com.atproto.repo.createRecord"


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.http.aclose()


async def told(stage: Stage, who: str = "org", **params: Any) -> list[dict[str, Any]]:
    answer = await stage.ask(LIST, who, **params)
    found: list[dict[str, Any]] = answer.json()["notifications"]
    return found


def texts(notifications: list[dict[str, Any]]) -> list[str]:
    return [n["record"].get("text", n["reason"]) for n in notifications]


def say(stage: Stage, who: str, text: str, to: Record | None = None, **how: Any) -> Record:
    stage.hop()
    return stage.people.say(stage.accounts[who], text, to=to, **how)


# --- the list of notifications ---


async def test_the_earlier_of_claimed_and_real_time_is_the_order(stage: Stage) -> None:
    top = say(stage, "org", "Top")
    for number in range(3):
        say(stage, "amina", f"Reply {number}", top)
    say(stage, "bruno", "Imported", top, at=stage.clock.now() - timedelta(days=2))
    say(stage, "chen", "From the future", top, at=stage.clock.now() + timedelta(days=2))
    listed = await told(stage)
    assert texts(listed) == ["From the future", "Reply 2", "Reply 1", "Reply 0", "Imported"]
    assert moment(listed[0]["indexedAt"]) <= stage.clock.now()
    assert listed[-1]["indexedAt"] == listed[-1]["record"]["createdAt"]


async def test_the_cursor_leaves_out_its_whole_millisecond(stage: Stage) -> None:
    top = say(stage, "org", "Top")
    for number in range(61):
        if number % 2:
            stage.clock.at += timedelta(milliseconds=1)
        stage.people.say(stage.accounts["amina"], f"Reply {number}", to=top)

    async def through(step: timedelta) -> set[str]:
        found: set[str] = set()
        cursor: dict[str, str] = {}
        while True:
            answer = (await stage.ask(LIST, limit=3, **cursor)).json()
            new = {n["uri"] for n in answer["notifications"]} - found
            found |= new
            if "cursor" not in answer:
                return found
            at = moment(answer["cursor"])
            cursor = {"cursor": stamp(at + step if new else at)}

    assert len(await through(timedelta())) < 61
    assert len(await through(timedelta(milliseconds=1))) == 61


async def test_one_notification_per_post_and_a_mention_goes_before_all(stage: Stage) -> None:
    top = say(stage, "org", "Top")
    say(stage, "amina", "@org.test both", top, quote=top)
    say(stage, "amina", "quote and reply", top, quote=top)
    say(stage, "org", "@org.test our own words")
    assert [n["reason"] for n in await told(stage)] == ["quote", "mention"]


async def test_five_levels_down_nobody_is_told(stage: Stage) -> None:
    last = say(stage, "org", "Top")
    top = last
    for level in range(1, 7):
        last = say(stage, "amina", f"Level {level}", last)
    assert texts(await told(stage)) == ["Level 4", "Level 3", "Level 2", "Level 1"]
    node = (await stage.ask(THREAD, uri=top.uri, depth=1000)).json()["thread"]
    for _ in range(6):
        node = node["replies"][0]
    assert node["post"]["record"]["text"] == "Level 6"


async def test_what_is_withdrawn_or_unwanted_leaves_the_list_without_a_word(stage: Stage) -> None:
    people, top = stage.people, say(stage, "org", "Top")
    said = {name: say(stage, name, name, top) for name in ("amina", "bruno", "chen", "dana", "emeka", "farah")}
    people.remove(said["amina"])
    people.takedown(said["bruno"])
    people.mute(stage.org, stage.accounts["chen"])
    block = people.block(stage.accounts["dana"], stage.org)
    people.gate(top, hide=[said["emeka"]])
    assert texts(await told(stage)) == ["farah"]
    gone = await stage.ask(
        "com.atproto.repo.getRecord", "", repo=said["amina"].did, collection=POST, rkey=said["amina"].rkey
    )
    assert (gone.status_code, gone.json()["error"]) == (400, "RecordNotFound")
    kept = await stage.ask(
        "com.atproto.repo.getRecord", "", repo=said["bruno"].did, collection=POST, rkey=said["bruno"].rkey
    )
    assert kept.status_code == 200
    shown = (await stage.ask("app.bsky.feed.getPosts", uris=[r.uri for r in said.values()])).json()["posts"]
    assert {p["record"]["text"] for p in shown} == {"chen", "emeka", "farah"}
    people.remove(block)
    assert set(texts(await told(stage))) == {"farah", "dana"}


async def test_what_breaks_the_threadgate_is_kept_by_its_server_and_shown_nowhere(stage: Stage) -> None:
    people = stage.people
    top = say(stage, "org", "Only whom we follow, or named @bruno.test")
    people.gate(top, ["mentionRule", "followingRule"])
    people.follow(stage.org, stage.accounts["chen"])
    for name in ("amina", "bruno", "chen"):
        say(stage, name, name, top)
    assert set(texts(await told(stage))) == {"bruno", "chen"}
    assert (await stage.ask(THREAD, uri=top.uri)).json()["thread"]["post"]["replyCount"] == 2
    seen = (await stage.ask(THREAD, "amina", uri=top.uri)).json()["thread"]["post"]["viewer"]
    assert seen["replyDisabled"] is True
    elsewhere = say(stage, "org", "Open")
    await stage.put("app.bsky.feed.threadgate", {"post": elsewhere.uri, "allow": []})  # under a key of its own
    say(stage, "amina", "hello", elsewhere)
    assert texts(await told(stage))[0] == "hello"


async def test_quotes_that_are_not_wanted(stage: Stage) -> None:
    top = say(stage, "org", "Do not quote")
    before = say(stage, "amina", "Look", quote=top)
    stage.people.gate(top, quotes=False)
    say(stage, "bruno", "Look", quote=top)
    shown = (await stage.ask("app.bsky.feed.getQuotes", uri=top.uri)).json()["posts"]
    assert [p["author"]["handle"] for p in shown] == ["amina.test"]
    gate = {"$type": "app.bsky.feed.postgate", "post": top.uri, "createdAt": stage.now()}
    stage.network.write(stage.org, gate["$type"], {**gate, "detachedEmbeddingUris": [before.uri]}, rkey=top.rkey)
    post = (await stage.ask("app.bsky.feed.getPosts", uris=before.uri)).json()["posts"][0]
    assert post["embed"]["record"]["$type"] == "app.bsky.embed.record#viewDetached"


async def test_below_a_deleted_reply_one_is_told_but_the_thread_has_it_not(stage: Stage) -> None:
    top = say(stage, "org", "Top")
    middle = say(stage, "amina", "Middle", top)
    stage.people.remove(middle)
    below = say(stage, "bruno", "Below", middle)
    thread = (await stage.ask(THREAD, uri=top.uri)).json()["thread"]
    assert thread["replies"] == []
    assert (await stage.ask(THREAD, uri=below.uri)).json()["thread"]["parent"]["notFound"] is True


async def test_edits_make_a_new_version_and_strong_references_keep_the_old(stage: Stage) -> None:
    top = say(stage, "org", "Top")
    asked = say(stage, "amina", "When?", top)
    answer = say(stage, "org", "At nine", asked)
    stage.hop()
    edited = stage.people.edit(asked, "When, please?")
    assert (edited.uri, edited.cid != asked.cid) == (asked.uri, True)
    assert answer.value["reply"]["parent"]["cid"] == asked.cid
    assert texts(await told(stage)) == ["When, please?"]
    node = (await stage.ask(THREAD, uri=top.uri)).json()["thread"]["replies"][0]
    assert node["post"]["cid"] == edited.cid
    assert [r["post"]["uri"] for r in node["replies"]] == [answer.uri]


async def test_reasons_nobody_has_heard_of(stage: Stage) -> None:
    post = say(stage, "amina", "A hologram")
    stage.network.notify(stage.org, "hologram", post)
    assert [n["reason"] for n in await told(stage)] == ["hologram"]
    assert (await stage.ask(LIST, seenAt=stage.now())).json()["error"] == "InvalidRequest"


async def test_the_appview_lags_and_the_own_server_covers_it_except_in_get_posts(stage: Stage) -> None:
    stage.network.lag_s = 2.0
    uri = (await stage.post("Fresh")).json()["uri"]

    async def seen(who: str) -> tuple[int, int, int]:
        feed = (await stage.ask("app.bsky.feed.getAuthorFeed", who, actor="org.test")).json()["feed"]
        posts = (await stage.ask("app.bsky.feed.getPosts", who, uris=uri)).json()["posts"]
        return len(feed), len(posts), (await stage.ask(THREAD, who, uri=uri)).status_code

    assert await seen("org") == (1, 0, 200)
    assert await seen("amina") == (0, 0, 400)
    stage.hop(2)
    assert await seen("amina") == (1, 1, 200)


# --- sessions ---


async def test_a_refresh_may_be_repeated_for_two_hours_and_no_longer(stage: Stage) -> None:
    _, refresh = stage.tokens.sign_in(stage.org, APP)

    async def renew(token: str) -> httpx.Response:
        return await stage.tell("com.atproto.server.refreshSession", None, token=token)

    once, twice = await renew(refresh.text), await renew(refresh.text)
    assert once.json()["refreshJwt"] == twice.json()["refreshJwt"] != refresh.text
    stage.hop(2 * 3600 + 1)
    assert (await renew(refresh.text)).json() == {"error": "ExpiredToken", "message": "Token has been revoked"}
    newest = await renew(once.json()["refreshJwt"])
    ended = await stage.tell("com.atproto.server.deleteSession", None, token=newest.json()["refreshJwt"])
    assert (ended.status_code, ended.content) == (200, b"")
    assert (await renew(newest.json()["refreshJwt"])).json()["message"] == "Token has been revoked"
    assert (await stage.ask(LIST, token=newest.json()["accessJwt"])).status_code == 200  # until it expires
    stage.hop(2 * 3600)
    assert (await stage.ask(LIST, token=newest.json()["accessJwt"])).json()["error"] == "ExpiredToken"
    access, _ = stage.tokens.sign_in(stage.org, APP)
    refused = await stage.ask("com.atproto.server.listAppPasswords", token=access.text)
    assert refused.json() == {"error": "InvalidToken", "message": "Bad token scope"}
    stage.tokens.end_all(stage.org)
    assert (await stage.ask(LIST, token=access.text)).json()["error"] == "ExpiredToken"


# --- writing ---


async def test_creating_twice_is_a_bare_500_and_putting_with_swap_null_is_safe(stage: Stage) -> None:
    record = {"$type": POST, "text": "Once", "createdAt": stage.now()}
    body = {"repo": stage.org.did, "collection": POST, "rkey": "3n2x6zcrmjs2y", "record": record}
    first = await stage.tell(PUT, {**body, "swapRecord": None})
    again = await stage.tell(PUT, {**body, "swapRecord": None})
    assert (first.json()["uri"], first.json()["cid"]) == (again.json()["uri"], again.json()["cid"])
    assert ("commit" in first.json(), "commit" in again.json()) == (True, False)
    other = await stage.tell(PUT, {**body, "swapRecord": None, "record": {**record, "text": "Another"}})
    assert (other.status_code, other.json()["error"]) == (400, "InvalidSwap")
    twice = await stage.tell(CREATE, body)
    assert (twice.status_code, twice.json()["error"]) == (500, "InternalServerError")
    assert len(stage.network.repos[stage.org.did][POST]) == 1


async def test_several_writes_are_all_done_or_none(stage: Stage) -> None:
    def create(collection: str, key: str, value: dict[str, Any]) -> dict[str, Any]:
        kind = "com.atproto.repo.applyWrites#create"
        return {"$type": kind, "collection": collection, "rkey": key, "value": {"createdAt": stage.now(), **value}}

    key = stage.network.next_tid()
    uri = f"at://{stage.org.did}/{POST}/{key}"
    post, gate = create(POST, key, {"text": "Top"}), create("app.bsky.feed.threadgate", key, {"post": uri, "allow": []})
    broken = {**gate, "value": {"post": uri}}
    refused = await stage.tell("com.atproto.repo.applyWrites", {"repo": stage.org.did, "writes": [post, broken]})
    assert refused.status_code == 400
    assert stage.network.find(uri) is None
    done = await stage.tell("com.atproto.repo.applyWrites", {"repo": stage.org.did, "writes": [post, gate]})
    assert [r["$type"].partition("#")[2] for r in done.json()["results"]] == ["createResult"] * 2
    say(stage, "amina", "Refused", stage.network.find(uri))
    assert await told(stage) == []


async def test_a_second_like_takes_the_first_away(stage: Stage) -> None:
    post = say(stage, "amina", "Words")
    first = (await stage.put("app.bsky.feed.like", {"subject": post.ref})).json()
    second = (await stage.put("app.bsky.feed.like", {"subject": post.ref})).json()
    shown = (await stage.ask("app.bsky.feed.getPosts", uris=post.uri)).json()["posts"][0]
    assert (shown["likeCount"], shown["viewer"]["like"]) == (1, second["uri"])
    assert stage.network.find(first["uri"]) is None
    likes = (await stage.ask("app.bsky.feed.getLikes", uri=post.uri)).json()["likes"]
    assert [like["actor"]["handle"] for like in likes] == ["org.test"]


async def test_pictures_need_to_be_used_within_the_hour_and_are_kept_as_they_are(stage: Stage) -> None:
    def upload() -> Any:
        return stage.tell("com.atproto.repo.uploadBlob", png(), content_type="image/png")

    blob = (await upload()).json()["blob"]
    stage.hop(3601)
    images = {"$type": "app.bsky.embed.images", "images": [{"image": blob, "alt": ""}]}
    assert (await stage.post("Late", embed=images)).json()["error"] == "BlobNotFound"
    await upload()
    made = await stage.post(f"In time {FAMILY}", embed=images)
    stage.hop(3601)
    view = (await stage.ask("app.bsky.feed.getPosts", "", uris=made.json()["uri"])).json()["posts"][0]
    assert (await stage.http.get(view["embed"]["images"][0]["thumb"])).content == png()
    raw = await stage.ask("com.atproto.sync.getBlob", "", did=stage.org.did, cid=blob["ref"]["$link"])
    assert (raw.content, raw.headers["content-type"]) == (png(), "image/png")


async def test_writes_are_counted_in_points(stage: Stage) -> None:
    for _ in range(1666):
        stage.clock.at += timedelta(seconds=1)
        done = await stage.post("x")
    assert (done.headers["ratelimit-policy"], done.headers["ratelimit-remaining"]) == ("5000;w=3600", "2")
    over = await stage.post("x")
    assert (over.status_code, over.json()["error"]) == (429, "RateLimitExceeded")
    wait_s = int(over.headers["retry-after"])
    assert 0 < wait_s <= 3600
    stage.hop(wait_s)
    assert (await stage.post("x")).status_code == 200
    stage.network.limited = False
    assert "ratelimit-limit" not in (await stage.post("x")).headers


async def test_reports_mutes_and_profiles(stage: Stage) -> None:
    amina, post = stage.accounts["amina"], say(stage, "amina", "@org.test rude words")
    report = {"reasonType": "com.atproto.moderation.defs#reasonRude", "reason": "Rude", "subject": post.ref}
    made = (await stage.tell("com.atproto.moderation.createReport", report)).json()
    assert (made["reportedBy"], stage.network.reports) == (stage.org.did, [made])
    await stage.tell("app.bsky.graph.muteActor", {"actor": amina.did})
    assert await told(stage) == []
    profile = (await stage.ask("app.bsky.actor.getProfile", actor="amina.test")).json()
    assert (profile["viewer"]["muted"], profile["postsCount"], profile["displayName"]) == (True, 1, "Amina K. 🌻")
    await stage.tell("app.bsky.graph.unmuteActor", {"actor": amina.did})
    assert texts(await told(stage)) == ["@org.test rude words"]


# --- direct messages ---


async def test_direct_messages_where_there_is_a_service() -> None:
    stage = Stage(chat=True)
    amina, headers = stage.accounts["amina"], {"atproto_proxy": "did:web:api.bsky.chat#bsky_chat"}
    stage.chat.say(amina, stage.org, "May I ask in private?")

    async def chat(name: str, **params: Any) -> Any:
        how = {
            "params": params,
            "headers": stage.auth(stage.token("org")) | {"atproto-proxy": headers["atproto_proxy"]},
        }
        return (await stage.http.get(f"/xrpc/chat.bsky.convo.{name}", **how)).json()

    start = (await chat("getLog"))["cursor"]
    convo = (await chat("listConvos"))["convos"][0]
    assert (convo["unreadCount"], convo["lastMessage"]["text"]) == (1, "May I ask in private?")
    sent = {"convoId": convo["id"], "message": {"text": "Of course"}}
    answer = await stage.tell("chat.bsky.convo.sendMessage", sent, **headers)
    long = {**sent, "message": {"text": "x" * 1001}}
    assert (await stage.tell("chat.bsky.convo.sendMessage", long, **headers)).json()["error"] == "InvalidRequest"
    log = await chat("getLog", cursor=start)
    assert [e["message"]["id"] for e in log["logs"]] == [answer.json()["id"]]
    assert (await chat("getLog", cursor=log["cursor"]))["logs"] == []
    said = (await chat("getMessages", convoId=convo["id"]))["messages"]
    assert [m["text"] for m in said] == ["Of course", "May I ask in private?"]
    await stage.http.aclose()


# --- faults ---


async def test_the_faults_on_demand_work_here_too(stage: Stage) -> None:
    stage.faults.too_many(retry_after=7, path=LIST, times=1)
    assert (await stage.ask(LIST)).headers["retry-after"] == "7"
    stage.faults.add(FaultKind.LOST_ANSWER, method="POST", path="createRecord", times=1)
    with pytest.raises(httpx.ReadError):
        await stage.post("Arrived")
    assert [r.value["text"] for r in stage.network.repos[stage.org.did][POST].values()] == ["Arrived"]
    stage.faults.add(FaultKind.STRIP_AUTH, times=1)
    assert (await stage.ask(LIST)).json()["error"] == "AuthMissing"
