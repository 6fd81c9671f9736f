"""Our connector's requests and the practice network's answers, held against ``facebook_fields.json``, and the answers
against the recorded ones: same keys, same types, same errors.

The file is of the v25.0 era; what is not in it, and why it is used all the same, stands in ``facebook_spec``.
"""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from email.parser import BytesParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from PIL import Image

from inbox.connectors.facebook import Facebook
from inbox.connectors.facebook.rights import SCOPES
from inbox.model import Media, Moderation, Reaction, Visibility
from inbox.practice.facebook import facebook_app
from tests.connectors.facebook_town import Desk, body_of, post, reply, unknown
from tests.connectors.harnesses.facebook import ROOT
from tests.practice.facebook_spec import NODES, OUTSIDE, wrong_answer, wrong_request

KINDS = {"Post": "PagePost", "Comment": "Comment", "Page": "Page", "Photo": "Photo", "Talk": "UnifiedThread"}


class Stage(Desk):
    """A desk that keeps every request with its body, and what came back."""

    def __init__(self) -> None:
        super().__init__()
        self.passed: list[tuple[str, str, dict[str, str], list[str], Any]] = []
        self.app_transport = httpx.ASGITransport(facebook_app(self.network))
        self.wire._server = Recording(self.app_transport, self._keep)

    def _keep(self, request: httpx.Request, content: bytes, answer: httpx.Response) -> None:
        body = json.loads(answer.content)
        params, files = _params(request, content)
        path = request.url.path.removeprefix("/v26.0").strip("/")
        if "batch" in params and isinstance(body, list):
            items = json.loads(params["batch"])
            assert set(params) <= {"batch", "include_headers", "access_token", "appsecret_proof"}
            for item, one in zip(items, body, strict=True):
                parts = urlsplit(f"/{item['relative_url']}")
                inner = json.loads(one["body"])
                self.passed.append((item["method"], parts.path.removeprefix("/v26.0").strip("/"),
                                    dict(parse_qsl(parts.query)), [], inner))  # fmt: skip
        else:
            self.passed.append((request.method, path, params, files, body))

    def node(self, id_: str) -> str:
        """What kind of thing an id names."""
        network = self.network
        if id_ == "me":
            return "Page"
        if id_.startswith("m_"):
            return "UnifiedMessage"
        for place in (network.pages, network.posts, network.comments, network.photos, network.talks):
            if id_ in place:
                found: Any = place[id_]  # type: ignore[index]
                return "AdVideo" if getattr(found, "reel", False) else KINDS[type(found).__name__]
        return "PagePost" if id_.count("_") and id_.startswith(self.page.id) else "Comment"


class Recording(httpx.AsyncBaseTransport):
    """Passes on, and shows what passed."""

    def __init__(
        self, inner: httpx.AsyncBaseTransport, keep: Callable[[httpx.Request, bytes, httpx.Response], None]
    ) -> None:
        self._inner, self._keep = inner, keep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        content = await request.aread()
        answer = await self._inner.handle_async_request(request)
        body = await answer.aread()
        kept = httpx.Response(answer.status_code, headers=answer.headers, content=body)
        self._keep(request, content, kept)
        return kept


def _params(request: httpx.Request, content: bytes) -> tuple[dict[str, str], list[str]]:
    params, files = dict(request.url.params), list[str]()
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/"):
        whole = BytesParser().parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + content)
        for part in whole.get_payload():
            name = part.get_param("name", header="content-disposition")
            if part.get_filename():
                files.append(name)
            else:
                params[name] = part.get_payload(decode=True).decode()
    else:
        params |= dict(parse_qsl(content.decode()))
    return params, files


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.close()


async def a_day(stage: Stage, folder: Path) -> None:
    """Everything the connector can do, once: signing in, reading, publishing, looking, moderating."""
    picture = folder / "bridge.jpg"
    out = io.BytesIO()
    Image.new("RGB", (32, 18), (10, 90, 140)).save(out, "JPEG")
    picture.write_bytes(out.getvalue())
    media = (Media(path=str(picture), mime_type="image/jpeg", alt_text="The bridge"),)
    network, page, vera = stage.network, stage.page, stage.vera
    said = stage.seed(9)
    film = network.film(page, "Thirty seconds")
    network.comment(vera, film, "Nice")
    network.tag(vera, page, "Look at this")
    network.rate(vera, page, "Kind people")
    asked = network.tell(vera, page, vera, "About my tax")
    network.react(vera, network.posts[said[0]])
    messages, cursor = await stage.read()
    connector = stage.connector()
    await connector.reread(stage.channel, [m.remote_id for m in messages])
    publish = connector.publish
    made = await publish(stage.channel, post("See https://city.example/"), "k1")
    await publish(stage.channel, post("Pictures", media=media * 2), "k2")
    later = stage.clock.now() + timedelta(days=2)
    await publish(stage.channel, post("Later", publish_at=later, media=media), "k3")
    await publish(stage.channel, post("Other words", replaces=made.remote_id), "k4")
    answer = await publish(stage.channel, reply(said[1], media=media), "k5")
    await publish(stage.channel, reply(said[2], "In private", visibility=Visibility.DIRECT), "k6")
    await publish(stage.channel, reply(asked.id, "This year"), "k7")
    for number, rendition in enumerate((
        post("Never"), post("Later", publish_at=later), reply(said[1], "Never"), reply(asked.id, "Never"),
        reply(said[3], "Never", visibility=Visibility.DIRECT), post("Other words", replaces=made.remote_id),
    )):  # fmt: skip
        await connector.find(stage.channel, replace(unknown(stage, rendition, f"look {number}"), step=""))
    by_id = {m.remote_id: m for m in messages}
    comment, visitor = by_id[said[1]], by_id[said[0]]
    for action in (Moderation.HIDE, Moderation.UNHIDE, Moderation.BLOCK, Moderation.UNBLOCK):
        await connector.moderate(stage.channel, comment, action)
    for message in (comment, visitor):
        for reaction in (Reaction.LIKE, Reaction.UNLIKE):
            await connector.react(stage.channel, message, reaction)
    assert answer.message is not None
    await connector.edit(stage.channel, answer.message, "At ten")
    await connector.delete(stage.channel, answer.message)
    stage.clock.forward(26 * 3_600)
    network.comment(vera, network.posts[said[0]], "Still there?")
    await stage.read(cursor)
    await signs_in(stage)


async def signs_in(stage: Stage) -> None:
    http = stage.connector()._room.http
    found = await Facebook.discover("https://www.facebook.com/harbourcouncil", http, stage.clock)
    found = replace(found, settings={"graph": ROOT, "site": ROOT, "page": "harbourcouncil"})
    ends = stage.clock.now() + timedelta(days=3)
    token = stage.network.token_for(stage.olga, stage.app, ends_at=ends)
    own = {"app_id": stage.app.id, "app_secret": stage.app.secret}
    await Facebook.sign_in(found, {"token": token, **own}, http, stage.clock)
    stage.page.business = True
    lesser = stage.network.token_for(stage.olga, stage.app, scopes=[s for s in SCOPES if s != "business_management"])
    await Facebook.sign_in(found, {"token": lesser}, http, stage.clock)


async def test_every_request_of_ours_is_one_the_specification_knows(stage: Stage, tmp_path: Path) -> None:
    await a_day(stage, tmp_path)
    wrong, edges = [], set()
    for method, path, params, files, _ in stage.passed:
        own = {name: value for name, value in params.items() if name != "appsecret_proof"}
        if (method, path) in OUTSIDE:
            assert set(own) <= OUTSIDE[method, path], path
            continue
        id_, _, edge = path.partition("/")
        node = "Page" if id_ == "harbourcouncil" else stage.node(id_)
        edges.add(f"{method} {node}/{edge}")
        wrong += wrong_request(method, node, edge, own, files)
    assert sorted(set(wrong)) == []
    assert len(edges) >= 22, sorted(edges)


async def test_every_answer_of_practice_is_one_the_specification_knows(stage: Stage, tmp_path: Path) -> None:
    await a_day(stage, tmp_path)
    wrong, looked = [], 0
    for method, path, _, _, body in stage.passed:
        if method != "GET" or (method, path) in OUTSIDE or not isinstance(body, dict) or "error" in body:
            continue
        id_, _, edge = path.partition("/")
        node = "Page" if id_ == "harbourcouncil" else stage.node(id_)
        if not edge:
            wrong += wrong_answer(body, node, path)
            looked += 1
            continue
        returns = {
            "conversations": "UnifiedThread", "messages": "UnifiedMessage", "comments": "Comment",
            "ratings": "Recommendation", "video_reels": "AdVideo",
        }.get(edge, "PagePost")  # fmt: skip
        assert set(body) <= {"data", "paging", "summary"}
        for row in body["data"]:
            wrong += wrong_answer(row, returns, edge)
            looked += 1
    assert sorted(set(wrong)) == []
    assert looked > 60


def test_the_specification_itself_would_notice() -> None:
    assert wrong_request("GET", "Page", "feed", {"fields": "id,hologram"}) == ["PagePost has no field hologram"]
    assert wrong_request("GET", "Page", "feed", {"ids": "1,2"})
    assert wrong_request("POST", "Page", "feed", {"massage": "x"}) == ["POST /{Page}/feed: no parameter massage"]
    assert wrong_request("GET", "PagePost", "comments", {"filter": "all"})
    assert wrong_request("GET", "Page", "mentions", {})
    lacking = wrong_request("POST", "Page", "messages", {"message": "{}"})
    assert lacking == ["POST /{Page}/messages: recipient is missing"]
    assert wrong_answer({"id": 5}, "Comment")
    assert wrong_answer({"created_time": "2026-09-05T14:33:01Z"}, "Comment")
    assert "Comment" in NODES


# --- the recorded answers ---


async def asked(stage: Stage, method: str, path: str, token: str = "", **params: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token or stage.secret}"}
    async with httpx.AsyncClient(transport=stage.wire, base_url=f"{ROOT}/v26.0") as http:
        how: dict[str, Any] = {"params": params} if method in {"GET", "DELETE"} else {"data": params}
        return await http.request(method, f"/{path}", headers=headers, **how)


def shape(value: Any) -> Any:
    """Keys and types of an answer, whatever the values."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def same(here: Any, recorded: Any, *, but: frozenset[str] = frozenset()) -> None:
    """The answer has the recorded one's shape; keys in ``but`` may be there or not."""
    assert _without(shape(here), but) == _without(shape(recorded), but)


def _without(value: Any, but: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(part, but) for key, part in value.items() if key not in but}
    if isinstance(value, list):
        return [_without(part, but) for part in value]
    return value


PAGING = frozenset({"paging"})


async def test_feed_and_comments_as_recorded_of_a_real_page(stage: Stage) -> None:
    made = stage.network.write(stage.page, stage.page, "hello world")
    top = stage.network.comment(stage.vera, made, "cool")
    below = stage.network.comment(stage.page, top, "thanks")
    fields = "id,message,created_time,permalink_url,is_published"
    same((await asked(stage, "GET", f"{stage.page.id}/feed", fields=fields)).json(), body_of("live_feed"))
    fields = "id,message,from,created_time,like_count,comment_count,can_hide,is_hidden"
    answer = (await asked(stage, "GET", f"{made.id}/comments", fields=fields)).json()
    same(answer, body_of("live_comments_toplevel"), but=PAGING)
    assert [row["id"] for row in answer["data"]] == [top.id], "replies are not among them unless asked for"
    assert top.id.partition("_")[0] == made.id.partition("_")[2], "no Page stands before it"
    flat = (await asked(stage, "GET", f"{made.id}/comments", filter="stream", fields="id")).json()["data"]
    assert [row["id"] for row in flat] == [top.id, below.id]
    same((await asked(stage, "GET", below.id, fields="parent")).json(), body_of("live_reply_with_parent"))


async def test_what_is_made_is_answered_as_recorded(stage: Stage) -> None:
    page = stage.page.id
    made = await asked(stage, "POST", f"{page}/feed", message="Hello")
    same(made.json(), body_of("live_feed_created"))
    created = await asked(
        stage, "POST", f"{made.json()['id']}/comments", message="Hi", fields="id,message,permalink_url,created_time"
    )
    same(created.json(), body_of("comment_created"))
    assert (await asked(stage, "POST", created.json()["id"], message="Hello")).json() == body_of("success_true")
    assert (await asked(stage, "DELETE", created.json()["id"])).json() == body_of("success_true")
    banned = await asked(stage, "POST", f"{page}/blocked", user=stage.vera.id)
    assert banned.json() == {stage.vera.id: True}
    assert list(body_of("blocked_created").values()) == [True]


async def test_pages_and_tokens_as_recorded(stage: Stage) -> None:
    user = stage.network.token_for(stage.olga, stage.app, kind="USER", ends_at=stage.clock.now() + timedelta(days=60))
    accounts = (await asked(stage, "GET", "me/accounts", user)).json()
    same(accounts["data"][0], body_of("me_accounts")["data"][0], but=frozenset({"category_list"}))
    stage.page.business = True
    less = stage.network.token_for(stage.olga, stage.app, kind="USER", scopes=["pages_show_list"])
    assert (await asked(stage, "GET", "me/accounts", less)).json() == body_of("live_me_accounts_empty")
    fields = "id,name,category,is_published,access_token,has_transitioned_to_new_page_experience"
    same((await asked(stage, "GET", stage.page.id, user, fields=fields)).json(), body_of("live_page_with_token"))
    app = f"{stage.app.id}|{stage.app.secret}"
    told = (await asked(stage, "GET", "debug_token", app, input_token=user)).json()
    recorded = body_of("token_debug_user")
    recorded["data"]["issued_at"] = 1
    same(told, recorded)
    own = (await asked(stage, "GET", "debug_token", app, input_token=stage.secret)).json()["data"]
    assert own["expires_at"] == body_of("token_debug_never_expires")["expires_at"] == 0
    assert own["profile_id"] == stage.page.id
    longer = await asked(
        stage, "POST", "oauth/access_token", user, grant_type="fb_exchange_token", client_id=stage.app.id,
        client_secret=stage.app.secret, fb_exchange_token=user,
    )  # fmt: skip
    same(longer.json(), body_of("token_long_lived"))
    assert longer.json()["expires_in"] == body_of("token_long_lived")["expires_in"]


async def test_conversations_and_recommendations_as_recorded(stage: Stage) -> None:
    stage.network.tell(stage.vera, stage.page, stage.vera, "hello")
    [talk] = stage.network.talks.values()
    fields = "id,link,message_count,snippet,unread_count,updated_time"
    rows = (await asked(stage, "GET", f"{stage.page.id}/conversations", fields=fields)).json()["data"]
    same(rows[0], body_of("conversation_short"))
    said = (await asked(stage, "GET", talk.id, fields="messages")).json()
    same(said, body_of("conversation_messages"), but=PAGING)
    fields = "messages{id,created_time,from,to,message}"
    whole = (await asked(stage, "GET", talk.id, fields=fields)).json()["messages"]["data"][0]
    same(whole, body_of("message_with_attachment"), but=frozenset({"attachments", "tags"}))
    stage.network.rate(stage.vera, stage.page, "I love this page!")
    ratings = (await asked(stage, "GET", f"{stage.page.id}/ratings")).json()
    same(ratings, body_of("ratings_page"))
    stage.network.ratings[0].named = False
    stage.network.ratings[0].text = ""
    fields = "open_graph_story,created_time,has_rating,has_review,recommendation_type,review_text,reviewer"
    row = (await asked(stage, "GET", f"{stage.page.id}/ratings", fields=fields)).json()["data"][0]
    same(row, body_of("ratings_recommendation"), but=frozenset({"seller"}))


async def test_errors_as_recorded(stage: Stage) -> None:
    made = stage.network.write(stage.page, stage.page, "Hello")
    own = stage.network.comment(stage.page, made, "Our own")
    hiding = await asked(stage, "POST", own.id, is_hidden="true")
    recorded = body_of("live_error_200_cannot_hide")["error"]
    assert hiding.status_code == 403
    assert {k: hiding.json()["error"][k] for k in recorded} == recorded
    stage.network.heavy_rows = 10
    heavy = await asked(stage, "GET", f"{stage.page.id}/feed", limit="50")
    recorded = body_of("error_code1_reduce_data")["error"]
    assert heavy.status_code == 500
    assert {k: heavy.json()["error"][k] for k in ("message", "type", "code")} == {
        k: recorded[k] for k in ("message", "type", "code")
    }
    stage.network.heavy_rows, stage.network.deepest = 0, 1
    for _ in range(3):
        stage.network.comment(stage.vera, made, "More")
    first = await asked(stage, "GET", f"{made.id}/comments", limit="2")
    after = first.json()["paging"]["cursors"]["after"]
    deep = await asked(stage, "GET", f"{made.id}/comments", limit="2", after=after)
    recorded = body_of("error_100_cursor_limit")["error"]
    assert {k: deep.json()["error"][k] for k in recorded} == recorded
    stage.network.throttle(timedelta(minutes=5))
    waits = await asked(stage, "GET", f"{stage.page.id}/feed")
    recorded = body_of("error_80001_page_limit")["error"]
    assert waits.status_code == 400
    assert {k: waits.json()["error"][k] for k in ("message", "type", "code")} == {
        k: recorded[k] for k in ("message", "type", "code")
    }
    header = json.loads(waits.headers["x-business-use-case-usage"])
    same(next(iter(header.values())), body_of("header_x_business_use_case_usage")["10153848260347724"])
    assert next(iter(header.values()))[0]["estimated_time_to_regain_access"] == 5
    same(json.loads(waits.headers["x-app-usage"]), body_of("header_x_app_usage"))
    stage.network.throttled_until = None
    stage.network.revoke(stage.secret, 460)
    dead = await asked(stage, "GET", "me")
    recorded = body_of("error_190_460")["error"]
    assert {k: dead.json()["error"][k] for k in ("type", "code", "error_subcode")} == {
        k: recorded[k] for k in ("type", "code", "error_subcode")
    }


async def test_a_batch_as_recorded(stage: Stage) -> None:
    items = [{"method": "GET", "relative_url": f"v26.0/{stage.page.id}?fields=id,name"},
             {"method": "GET", "relative_url": "v26.0/2"}]  # fmt: skip
    answer = (await asked(stage, "POST", "", batch=json.dumps(items), access_token=stage.secret)).json()
    recorded = body_of("batch_second_item_error")
    assert [set(one) for one in answer] == [set(one) for one in recorded]
    assert [one["code"] for one in answer] == [one["code"] for one in recorded] == [200, 400]
    here, there = (json.loads(one[1]["body"])["error"] for one in (answer, recorded))
    assert (here["code"], here["type"]) == (there["code"], there["type"])
    assert here["message"].startswith("Unsupported get request. Object with ID '2' does not exist")
    too_many = await asked(stage, "POST", "", batch=json.dumps(items * 26), access_token=stage.secret)
    assert too_many.json()["error"]["code"] == 100


@pytest.mark.parametrize("name", ["pretty", "debug", "date_format", "ids"])
async def test_what_was_removed_in_autumn_is_refused(stage: Stage, name: str) -> None:
    refused = await asked(stage, "GET", "me", **{name: "1"})
    assert refused.json()["error"]["code"] == 100


async def test_the_login_page_leads_back_with_the_token_behind_the_number_sign(stage: Stage) -> None:
    back = f"{ROOT}/connect/login_success.html"
    query = {"client_id": stage.app.id, "redirect_uri": back, "state": "s1", "response_type": "token"}
    async with httpx.AsyncClient(transport=stage.app_transport, base_url=f"{ROOT}/v26.0") as http:
        page = await http.get("/dialog/oauth", params=query)
        assert "Continue as Olga Officer" in page.text
        allowed = await http.get("/dialog/oauth", params={**query, "person": stage.olga.id, "decision": "allow"})
        told = dict(parse_qsl(urlsplit(allowed.headers["location"]).fragment))
        assert {"access_token", "expires_in", "state"} <= set(told)
        refused = await http.get("/dialog/oauth", params={**query, "decision": "cancel"})
        told = dict(parse_qsl(urlsplit(refused.headers["location"]).query))
        assert (told["error"], told["error_reason"]) == ("access_denied", "user_denied")
        elsewhere = await http.get("/dialog/oauth", params={**query, "redirect_uri": "https://evil.example/"})
        assert elsewhere.status_code == 400
        assert (await http.get(back)).text == "Success"
