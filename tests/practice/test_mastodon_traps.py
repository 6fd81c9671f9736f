"""The traps of mastodon.md, set on purpose: each is what a connector has to survive, so each must really be there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from inbox.practice.mastodon import FORK, OLDER, Flavour, markup
from inbox.practice.mastodon.oauth import matches
from inbox.practice.mastodon.records import GRANULAR
from tests.practice.mastodon_stage import Stage

LOOPBACK, OOB = "http://127.0.0.1/callback", "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.http.aclose()


def another(flavour: Flavour) -> Stage:
    return Stage(flavour)


async def ids(stage: Stage, path: str = "/api/v1/notifications", **params: Any) -> list[str]:
    return [row["id"] for row in await stage.get(path, **params)]


# --- signing in ---


async def signing_in(stage: Stage, **asked: str) -> tuple[dict[str, Any], dict[str, str], httpx.Response]:
    """Register, agree; the app, what was asked, and where the browser is sent."""
    form = {"client_name": "Postroom", "redirect_uris": f"{LOOPBACK}\n{OOB}", "scopes": GRANULAR}
    app = (await stage.http.post("/api/v1/apps", data=form)).json()
    wish = {
        "response_type": "code", "client_id": app["client_id"], "redirect_uri": "http://127.0.0.1:5005/callback",
        "scope": GRANULAR, "state": "s t", "code_challenge": CHALLENGE, "code_challenge_method": "S256", **asked,
    }  # fmt: skip
    answer = await stage.http.post("/oauth/authorize", data={"person": "office", "decision": "allow", **wish})
    return app, wish, answer


def grant(app: dict[str, Any], wish: dict[str, str], code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code", "code": code, "client_id": app["client_id"],
        "client_secret": app["client_secret"], "redirect_uri": wish["redirect_uri"], "code_verifier": VERIFIER,
    }  # fmt: skip


async def test_a_code_needs_its_verifier_and_its_redirect_and_is_good_once(stage: Stage) -> None:
    app, wish, answer = await signing_in(stage)
    sent = {k: v[0] for k, v in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    assert answer.headers["location"].startswith("http://127.0.0.1:5005/callback?")
    assert sent["state"] == "s t"
    for wrong in ({"code_verifier": "w" * 43}, {"redirect_uri": LOOPBACK}, {"code": "x"}):
        refused = await stage.http.post("/oauth/token", data=grant(app, wish, sent["code"]) | wrong)
        assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    unknown = await stage.http.post("/oauth/token", data=grant(app, wish, sent["code"]) | {"client_secret": "x"})
    assert (unknown.status_code, unknown.json()["error"]) == (401, "invalid_client")
    token = (await stage.http.post("/oauth/token", data=grant(app, wish, sent["code"]))).json()
    assert "refresh_token" not in token
    assert token["scope"] == GRANULAR
    me = await stage.http.get(
        "/api/v1/accounts/verify_credentials", headers={"Authorization": f"Bearer {token['access_token']}"}
    )
    assert me.json()["acct"] == "office"
    assert (await stage.http.post("/oauth/token", data=grant(app, wish, sent["code"]))).status_code == 400


async def test_a_code_dies_after_ten_minutes(stage: Stage) -> None:
    app, wish, answer = await signing_in(stage)
    code = parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]
    stage.tick(601)
    assert (await stage.http.post("/oauth/token", data=grant(app, wish, code))).status_code == 400


async def test_refusals_come_back_to_the_app_and_wrong_redirects_do_not(stage: Stage) -> None:
    _, _, denied = await signing_in(stage, decision="deny")
    assert "error=access_denied" in denied.headers["location"]
    assert "state=s+t" in denied.headers["location"]
    _, _, scope = await signing_in(stage, scope="read:accounts admin:read")
    assert "error=invalid_scope" in scope.headers["location"]
    _, _, elsewhere = await signing_in(stage, redirect_uri="http://evil.example/callback")
    assert elsewhere.status_code == 400
    assert "location" not in elsewhere.headers
    _, _, code = await signing_in(stage, redirect_uri=OOB)
    assert "class=oauth-code" in code.text


def test_only_loopback_addresses_may_change_their_port() -> None:
    assert matches([LOOPBACK], "http://127.0.0.1:9/callback", any_port=True)
    assert matches(["http://[::1]/callback"], "http://[::1]:9/callback", any_port=True)
    assert not matches(["http://localhost/callback"], "http://localhost:9/callback", any_port=True)
    assert not matches([LOOPBACK], "http://127.0.0.1:9/other", any_port=True)
    assert not matches([LOOPBACK], "http://127.0.0.1:9/callback", any_port=False)


async def test_scopes_are_demanded_and_an_app_is_nobody(stage: Stage) -> None:
    narrow = {"Authorization": f"Bearer {stage.token(stage.office, 'read:accounts')}"}
    assert (await stage.http.get("/api/v1/notifications", headers=narrow)).status_code == 403
    assert (await stage.http.get("/api/v1/accounts/verify_credentials", headers=narrow)).status_code == 200
    app = stage.place.add_app("x", [OOB], ["read"])
    keys = {"client_id": app.client_id, "client_secret": app.client_secret, "grant_type": "client_credentials"}
    bare = (await stage.http.post("/oauth/token", data=keys)).json()["access_token"]
    nobody = await stage.http.get("/api/v1/notifications", headers={"Authorization": f"Bearer {bare}"})
    assert nobody.status_code == 422
    assert (await stage.call("GET", "/api/v1/notifications", None)).status_code == 401


# --- ids, pages, policy ---


async def test_ids_are_long_strings_and_notifications_short_serials(stage: Stage) -> None:
    said = stage.place.say(stage.vera, "@office hi")
    assert len(said.id) == 18
    assert int(said.id) > 2**53
    assert await ids(stage) == ["1"]


async def test_ids_become_visible_out_of_order_on_demand(stage: Stage) -> None:
    stage.place.delay_notices = True
    stage.place.say(stage.vera, "@office first")
    stage.place.delay_notices = False
    stage.place.say(stage.vera, "@office second")
    assert await ids(stage) == ["2"]
    stage.place.release()
    assert await ids(stage, min_id="2") == []  # who goes on from the highest id has lost one
    assert await ids(stage) == ["2", "1"]


async def test_min_id_is_the_page_above_and_since_id_the_newest(stage: Stage) -> None:
    for n in range(10):
        stage.place.say(stage.vera, f"@office {n}")
    assert await ids(stage, min_id="3", limit=2) == ["5", "4"]
    assert await ids(stage, since_id="3", limit=2) == ["10", "9"]
    assert await ids(stage, max_id="3") == ["2", "1"]
    assert await ids(stage, min_id="115500000000000000") == []  # an id of another kind: nonsense, no error
    empty = await stage.call("GET", "/api/v1/notifications?min_id=10")
    assert (empty.json(), "link" in empty.headers) == ([], False)
    many = await stage.call("GET", "/api/v1/notifications?limit=500&exclude_types[]=follow")
    assert "exclude_types%5B%5D=follow" in many.headers["link"]


async def test_a_strangers_private_question_is_hidden_by_default(stage: Stage) -> None:
    asked = stage.place.ask_privately(stage.vera, stage.office, "My tax")
    assert await ids(stage) == []
    shown = await stage.get("/api/v1/notifications", include_filtered="true")
    assert [(n["status"]["id"], n["filtered"]) for n in shown] == [(asked.id, True)]
    stage.place.merging_s = 5
    waiting = (await ids(stage, "/api/v1/notifications/requests"))[0]
    await stage.post("/api/v1/notifications/requests/accept", id=[waiting])
    assert await ids(stage) == []
    assert not (await stage.get("/api/v1/notifications/requests/merged"))["merged"]
    stage.place.say(stage.lena, "@office meanwhile")
    stage.tick(6)
    assert await ids(stage) == ["2", "1"]  # below the cursor of whoever saw 2


async def test_an_answer_to_our_own_private_words_is_not_hidden(stage: Stage) -> None:
    ours = stage.place.say(stage.office, "@vera@far.example we need your number", visibility="direct")
    stage.place.say(stage.vera, "@office 42", to=ours)
    assert await ids(stage) == ["1"]


async def test_what_is_dropped_cannot_be_recovered(stage: Stage) -> None:
    await stage.call("PATCH", "/api/v2/notifications/policy", json={"for_private_mentions": "drop"})
    stage.place.ask_privately(stage.vera, stage.office, "My tax")
    await stage.call("PATCH", "/api/v2/notifications/policy", json={"for_private_mentions": "accept"})
    assert await ids(stage, include_filtered="true") == []


async def test_a_type_that_nobody_knows(stage: Stage) -> None:
    stage.place.notify(stage.office, "hologram", stage.vera)
    row = (await stage.get("/api/v1/notifications"))[0]
    assert row["type"] == "hologram"
    assert "status" not in row


async def test_deleting_and_blocking_take_notifications_away_silently(stage: Stage) -> None:
    first, second = (stage.place.say(p, "@office hi") for p in (stage.vera, stage.lena))
    answer = stage.place.say(stage.office, "@vera@far.example yes", to=first)
    stage.place.remove(first)
    assert await ids(stage) == ["2"]
    kept = await stage.get(f"/api/v1/statuses/{answer.id}")
    assert (kept["in_reply_to_id"], kept["in_reply_to_account_id"]) == (None, stage.vera.id)
    await stage.post(f"/api/v1/accounts/{stage.lena.id}/block")
    assert await ids(stage) == []
    assert (await stage.call("GET", f"/api/v1/statuses/{second.id}")).status_code == 200


# --- threads and visibility ---


async def test_an_edit_tells_nobody_but_those_who_boosted(stage: Stage) -> None:
    said = stage.place.say(stage.vera, "@office hi")
    stage.tick()
    stage.place.edit(said, "@office hello")
    assert await ids(stage) == ["1"]
    row = (await stage.get("/api/v1/statuses", **{"id[]": [said.id, "7"]}))[0]
    assert row["edited_at"] == "2026-08-01T13:50:01.459Z"
    stage.place.boost(stage.office, said)
    stage.place.edit(said, "@office good day")
    assert [n["type"] for n in await stage.get("/api/v1/notifications")] == ["update", "mention"]


async def test_private_and_direct_are_for_those_named(stage: Stage) -> None:
    direct = stage.place.ask_privately(stage.vera, stage.office, "secret")
    private = stage.place.say(stage.lena, "for followers", visibility="private")
    for status, who, code in (
        (direct, "office", 200), (direct, stage.lena, 404), (direct, None, 404), (private, "office", 404),
    ):  # fmt: skip
        assert (await stage.call("GET", f"/api/v1/statuses/{status.id}", who)).status_code == code
    stage.place.follow(stage.office, stage.lena)
    assert (await stage.call("GET", f"/api/v1/statuses/{private.id}")).status_code == 200
    assert (await stage.call("POST", f"/api/v1/statuses/{private.id}/reblog")).status_code == 403


async def test_a_thread_without_token_is_cut_and_hides_what_is_below_the_hidden(stage: Stage) -> None:
    root = stage.place.say(stage.office, "root")
    above = root
    for n in range(70):
        above = stage.place.say(stage.vera, f"{n}", to=above)
    assert len((await stage.get(f"/api/v1/statuses/{root.id}/context"))["descendants"]) == 70
    assert len((await stage.get(f"/api/v1/statuses/{root.id}/context", None))["descendants"]) == 20
    assert len((await stage.get(f"/api/v1/statuses/{above.id}/context", None))["ancestors"]) == 40
    hidden = stage.place.ask_privately(stage.vera, stage.lena, "aside", to=root)
    stage.place.say(stage.vera, "below", to=hidden, visibility="public")
    assert len((await stage.get(f"/api/v1/statuses/{root.id}/context"))["descendants"]) == 70


async def test_replies_from_afar_come_when_asked_twice(stage: Stage) -> None:
    root = stage.place.say(stage.office, "root")
    late = stage.place.say(stage.vera, "nobody is named here", to=root, late=True)
    where = f"/api/v1/statuses/{root.id}/context"
    first = await stage.call("GET", where)
    assert first.json()["descendants"] == []
    assert "retry=2" in first.headers["mastodon-async-refresh"]
    stage.tick(2)
    second = await stage.call("GET", where)
    assert [s["id"] for s in second.json()["descendants"]] == [late.id]
    assert "mastodon-async-refresh" not in second.headers
    assert await ids(stage) == []


async def test_a_limited_persons_public_words_become_unlisted(stage: Stage) -> None:
    stage.office.limited = True
    assert (await stage.post("/api/v1/statuses", status="hello"))["visibility"] == "unlisted"


# --- writing ---


async def test_too_near_a_time_publishes_at_once_and_moving_it_there_is_refused(stage: Stage) -> None:
    near = await stage.post("/api/v1/statuses", status="now", scheduled_at=stage.later(200))
    assert "content" in near
    later = await stage.post("/api/v1/statuses", status="later", scheduled_at=stage.later(400))
    assert "content" not in later
    where = f"/api/v1/scheduled_statuses/{later['id']}"
    assert (await stage.call("PUT", where, json={"scheduled_at": stage.later(100)})).status_code == 422
    stage.tick(401)
    assert await stage.get("/api/v1/scheduled_statuses") == []
    own = await stage.get(f"/api/v1/accounts/{stage.office.id}/statuses")
    assert [s["content"] for s in own] == ["<p>later</p>", "<p>now</p>"]
    assert own[0]["id"] != later["id"]


async def test_the_same_key_twice_is_one_post_for_an_hour(stage: Stage) -> None:
    how: dict[str, Any] = {"json": {"status": "once"}, "headers": {"Idempotency-Key": "k"}}
    first = (await stage.call("POST", "/api/v1/statuses", **how)).json()["id"]
    assert (await stage.call("POST", "/api/v1/statuses", **how)).json()["id"] == first
    assert (await stage.call("POST", "/api/v1/statuses", stage.lena, **how)).json()["id"] != first
    stage.place.quirks.add("repeat-500")
    assert (await stage.call("POST", "/api/v1/statuses", **how)).status_code == 500
    stage.place.quirks.clear()
    stage.tick(3601)
    assert (await stage.call("POST", "/api/v1/statuses", **how)).json()["id"] != first


async def test_what_cannot_be_posted(stage: Stage) -> None:
    quoted = stage.place.say(stage.lena, "x")
    slow = (await stage.upload("video/mp4")).json()["id"]
    picture = (await stage.upload()).json()["id"]
    poll = {"options": ["a", "b"], "expires_in": 600}
    for body, code in (
        ({"status": "x" * 501}, 422), ({"status": "x" * 500}, 200), ({"status": " "}, 422),
        ({"status": "x", "media_ids": [slow]}, 422), ({"status": "x", "media_ids": [picture], "poll": poll}, 422),
        ({"status": "x", "quoted_status_id": quoted.id, "poll": poll}, 422),
        ({"status": "x", "in_reply_to_id": "12345"}, 404), ({"status": "x", "media_ids": [picture]}, 200),
        ({"status": "x", "media_ids": [picture]}, 422),
        ({"status": "x", "poll": {"options": ["a"], "expires_in": 600}}, 422),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 60}}, 422),
        ({"status": "x" * 490, "spoiler_text": "x" * 11}, 422),
    ):  # fmt: skip
        answer = await stage.call("POST", "/api/v1/statuses", json=body)
        assert answer.status_code == code, (body, answer.text)


async def test_forms_say_the_same_as_json(stage: Stage) -> None:
    form = {"status": "which", "poll[options][]": ["a", "b"], "poll[expires_in]": "600", "poll[multiple]": "true"}
    made = (await stage.call("POST", "/api/v1/statuses", data=form)).json()
    assert [o["title"] for o in made["poll"]["options"]] == ["a", "b"]
    assert made["poll"]["multiple"] is True
    picture = (await stage.upload(description="old")).json()["id"]
    post = (await stage.call("POST", "/api/v1/statuses", data={"status": "x", "media_ids[]": [picture]})).json()
    change = {
        "status": "y", "media_ids[]": [picture], "media_attributes[][id]": picture,
        "media_attributes[][description]": "new",
    }  # fmt: skip
    edited = (await stage.call("PUT", f"/api/v1/statuses/{post['id']}", data=change)).json()
    assert edited["media_attachments"][0]["description"] == "new"
    bare = (await stage.call("PUT", f"/api/v1/statuses/{post['id']}", data={"status": "z"})).json()
    assert bare["media_attachments"] == []  # what is left out is gone


def test_counting() -> None:
    assert markup.counted("https://a.example/" + "x" * 90) == 23
    assert markup.counted("@vera@far.example hi") == len("@vera hi")
    assert markup.counted("👩‍👩‍👧‍👦é") == 2
    assert markup.counted("text", "warning") == 11


async def test_media_take_their_time_and_may_fail(stage: Stage) -> None:
    stage.place.slow_pictures, stage.place.media_waits = True, 2
    made = await stage.upload()
    assert (made.status_code, made.json()["url"]) == (202, None)
    where = f"/api/v1/media/{made.json()['id']}"
    assert [(await stage.call("GET", where)).status_code for _ in range(3)] == [206, 206, 200]
    stage.place.media[made.json()["id"]].failed = True
    assert (await stage.call("GET", where)).status_code == 422
    assert (await stage.upload("application/pdf")).status_code == 422
    broken = await stage.call("POST", "/api/v2/media", files={"file": ("a", b"no picture", "image/png")})
    assert broken.status_code == 422
    long = await stage.upload(description="x" * 10_001)
    assert long.status_code == 422


async def test_a_quote_of_somebody_far_away_waits(stage: Stage) -> None:
    far, near = stage.place.say(stage.vera, "far"), stage.place.say(stage.lena, "near", quote_policy="nobody")
    for quoted, state in ((far, "pending"), (near, "rejected")):
        made = await stage.post("/api/v1/statuses", status="look", quoted_status_id=quoted.id)
        assert made["quote"] == {"state": state, "quoted_status": None}
    ours = await stage.post("/api/v1/statuses", status="ours")
    stage.place.say(stage.vera, "hm", quote=stage.place.statuses[ours["id"]])
    row = (await stage.get("/api/v1/notifications"))[0]
    assert row["type"] == "quote"
    outer = stage.place.say(stage.lena, "outer", quote=stage.place.statuses[row["status"]["id"]])
    shown = await stage.get(f"/api/v1/statuses/{outer.id}")
    assert shown["quote"]["state"] == "pending"
    taken = await stage.post(f"/api/v1/statuses/{ours['id']}/quotes/{row['status']['id']}/revoke")
    assert taken["quote"] == {"state": "revoked", "quoted_status": None}


# --- limits, faults, other servers ---


async def test_limits_are_said_as_times_and_the_tightest_counts(stage: Stage) -> None:
    post = await stage.call("POST", "/api/v1/statuses", json={"status": "x"})
    assert post.headers["x-ratelimit-reset"].startswith("2026-08-01T15:00:00.")  # the three hours' window
    stage.place.limits["all"] = (3, 300)
    codes = [(await stage.call("GET", "/api/v1/notifications")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    refused = await stage.call("GET", "/api/v1/notifications")
    assert "retry-after" not in refused.headers
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-reset"].startswith("2026-08-01T13:55:00.")
    assert (await stage.call("GET", "/api/v1/notifications", stage.lena)).status_code == 200
    stage.tick(300)
    assert (await stage.call("GET", "/api/v1/notifications")).status_code == 200


async def test_paged_requests_have_their_own_limit(stage: Stage) -> None:
    stage.place.limits["paged"] = (2, 900)
    codes = [(await stage.call("GET", "/api/v1/notifications?min_id=1")).status_code for _ in range(3)]
    assert codes == [200, 200, 429]
    assert (await stage.call("GET", "/api/v1/notifications")).status_code == 200


async def test_the_fault_plan_works_here_too(stage: Stage) -> None:
    stage.faults.add("status", status=500, times=1)
    assert (await stage.call("GET", "/api/v1/notifications")).status_code == 500
    stage.faults.add("broken-json", times=1)
    with pytest.raises(ValueError):
        (await stage.call("GET", "/api/v2/instance")).json()
    stage.faults.add("lost-answer", method="POST", times=1)
    with pytest.raises(httpx.ReadError):
        await stage.call("POST", "/api/v1/statuses", json={"status": "arrived"})
    assert len(stage.office.statuses) == 1
    stage.faults.add("strip-auth", times=1)
    assert (await stage.call("GET", "/api/v1/notifications")).status_code == 401


async def test_an_older_server_answers_pages_where_it_lacks_things() -> None:
    stage = another(OLDER)
    for path in (
        "/api/v2/instance",
        "/api/v2/notifications",
        "/api/v1/notifications/requests",
        "/api/v1/statuses?id[]=1",
    ):
        answer = await stage.call("GET", path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
    assert "api_versions" not in await stage.get("/api/v1/instance")
    post = await stage.post("/api/v1/statuses", status="x", quoted_status_id="1")
    assert "quote" not in post
    stage.place.ask_privately(stage.vera, stage.office, "x")
    assert await ids(stage) == ["1"]  # nothing was filtered before there were policies
    await stage.http.aclose()


async def test_another_software_differs_where_it_hurts() -> None:
    stage = another(FORK)
    form = {"client_name": "P", "redirect_uris": LOOPBACK, "scopes": GRANULAR}
    assert (await stage.http.post("/api/v1/apps", data=form)).status_code == 422
    assert (await stage.http.post("/api/v1/apps", data={**form, "scopes": "read write"})).status_code == 200
    said = stage.place.say(stage.vera, "@office hi")
    row = (await stage.get("/api/v1/notifications"))[0]
    assert row["id"].startswith("01J")
    assert row["created_at"].endswith("+00:00")
    listed = await stage.call("GET", "/api/v1/notifications?limit=1&exclude_types[]=follow")
    assert "exclude_types" not in listed.headers["link"]
    assert "x-ratelimit-limit" not in listed.headers
    assert (await stage.get(f"/api/v1/statuses/{said.id}"))["visibility"] == "public"
    await stage.http.aclose()


async def test_a_stream_tells_what_happens_until_the_token_dies(stage: Stage) -> None:
    listening = asyncio.create_task(stage.call("GET", "/api/v1/streaming/user"))
    for _ in range(20):
        await asyncio.sleep(0)  # until the server has begun to listen
    stage.place.say(stage.vera, "@office hi")
    stage.place.ask_privately(stage.vera, stage.office, "hidden")
    stage.place.revoke(stage.token(stage.office))
    heard = (await asyncio.wait_for(listening, 5)).text
    assert heard.count("event: notification") == 1
    assert '"type":"mention"' in heard
    assert stage.place.streams[stage.office.id] == []
    assert (await stage.call("GET", "/api/v1/streaming/user")).status_code == 401
    assert (await stage.call("GET", "/api/v1/streaming/health", None)).text == "OK"
