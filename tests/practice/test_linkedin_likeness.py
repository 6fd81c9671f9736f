"""The practice LinkedIn answers in the shapes that were recorded of the real one, and refuses in its words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.practice.linkedin_stage import Stage

RECORDINGS = Path(__file__).parents[1] / "connectors" / "recordings" / "linkedin"
OFTEN_ABSENT = {"impersonator", "likesSummary", "commentsSummary", "parentComment", "$URN", "commentUrn"}


def recorded(name: str) -> Any:
    return json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))


def enc(urn: str) -> str:
    return quote(urn, safe="")


def shape(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Each field there is, and of what sort its value is."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from shape(inner, f"{path}.{name}")
    elif isinstance(value, list):
        yield path, "list"
        for inner in value[:1]:
            yield from shape(inner, f"{path}[]")
    else:
        yield path, type(value).__name__


def assert_like(
    ours: Any, theirs: Any, *, without: frozenset[str] = frozenset(), more: frozenset[str] = frozenset()
) -> None:
    """Every recorded field is here and of its sort; and no other field but those of ``more``."""
    here, there = dict(shape(ours)), dict(shape(theirs))
    wanted = {k: v for k, v in there.items() if not any(w in k for w in without)}
    assert {k: here.get(k) for k in wanted} == wanted
    assert not {k for k in here if k not in there and not any(m in k for m in more)}


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.http.aclose()


async def notifications(stage: Stage, actions: str) -> list[Any]:
    path = (
        f"/rest/organizationalEntityNotifications?q=criteria&organizationalEntity={enc(stage.page.urn)}"
        f"&actions=List({actions})"
    )
    return list((await stage.get(path))["elements"])


async def test_notifications_have_the_recorded_shape(stage: Stage) -> None:
    comment = stage.network.comment(stage.vera.urn, stage.post, "When?")
    stage.network.comment(stage.page.urn, stage.post, "At nine", to=comment)
    stage.network.like(stage.vera, stage.post)
    stage.network.share(stage.vera, stage.post, "test")
    cases = {
        "COMMENT": recorded("notification_comment"),
        "ADMIN_COMMENT": recorded("notification_admin_comment"),
        "LIKE": recorded("notification_like_negative_id"),
        "SHARE": recorded("notification_push_envelope_share")["notifications"][0],
    }
    for action, theirs in cases.items():
        [ours] = await notifications(stage, action)
        assert_like(ours, theirs)
        assert ours["action"] == theirs["action"] == action
    [like] = await notifications(stage, "LIKE")
    assert like["notificationId"] < 0
    assert "generatedActivity" not in like
    [said] = await notifications(stage, "COMMENT")
    assert said["generatedActivity"].startswith("urn:li:comment:(activity:"), "the short form there"
    assert said["decoratedGeneratedActivity"]["comment"]["entity"].startswith("urn:li:comment:(urn:li:activity:")
    assert said["sourcePost"].startswith("urn:li:activity:")
    assert said["decoratedSourcePost"]["entity"].startswith("urn:li:share:")
    numbers = [int(said[n].rpartition(":")[2]) for n in ("sourcePost",)]
    assert numbers[0] != int(said["decoratedSourcePost"]["entity"].rpartition(":")[2])


async def test_comments_have_the_recorded_shape_of_their_year(stage: Stage) -> None:
    comment = stage.network.comment(stage.vera.urn, stage.post, "When?")
    for n in range(2):
        stage.network.comment(stage.page.urn, stage.post, f"At {n}", to=comment, impersonator=stage.ada.urn)
    comment.likes = {stage.vera.urn: "LIKE", stage.ada.urn: "LIKE"}
    path = f"/rest/socialActions/{enc(stage.post.urn)}/comments"
    stage.network.old_names = True
    old = await stage.get(path)
    assert_like(old, recorded("comments_list_202306"))
    stage.network.old_names = False
    new = await stage.get(path)
    assert_like(
        new, recorded("comments_list_202606_min"),
        more=frozenset({"paging", "attributes", "commentsSummary", "likesSummary", "created.actor", "lastModified"}),
    )  # fmt: skip
    below = await stage.get(f"/rest/socialActions/{enc(comment.urn)}/comments")
    assert len(below["elements"]) == 2, "one level at a time"
    assert {c["parentComment"] for c in below["elements"]} == {comment.urn}
    assert all(c["created"]["impersonator"] == stage.ada.urn for c in below["elements"])


async def test_a_created_answer_names_itself_in_the_body_and_only_its_number_in_the_header(stage: Stage) -> None:
    comment = stage.network.comment(stage.vera.urn, stage.post, "When?")
    body = {
        "actor": stage.page.urn, "object": stage.post.activity, "parentComment": comment.urn,
        "message": {"text": "At nine"},
    }  # fmt: skip
    answer = await stage.call("POST", f"/rest/socialActions/{enc(comment.urn)}/comments", json=body)
    assert answer.status_code == 201
    theirs = recorded("comment_reply_created")
    assert set(theirs) <= set(answer.json())
    assert answer.headers["x-restli-id"] == answer.json()["id"]
    assert answer.json()["commentUrn"] == f"urn:li:comment:({stage.post.activity},{answer.json()['id']})"
    bare = await stage.call("POST", f"/rest/socialActions/{comment.id}/comments", json=body)
    assert bare.status_code == 404, "the bare number is no target"


async def test_posts_have_the_recorded_shape(stage: Stage) -> None:
    stage.network.publish(
        stage.page.urn, "Don't forget the image.",
        content={"media": {"altText": "Image", "id": "urn:li:image:D4E10AQE71V5w_-aalA"}},
    )  # fmt: skip
    stage.clock.move(1)
    listed = await stage.get(f"/rest/posts?q=author&author={enc(stage.page.urn)}&sortBy=LAST_MODIFIED")
    item = next(i for i in listed["elements"] if "content" in i)
    assert_like(item, recorded("post_get_image"), more=frozenset({"targetEntities"}))
    assert_like(await stage.get(f"/rest/posts/{enc(item['id'])}"), recorded("post_get_image"),
                more=frozenset({"targetEntities"}))  # fmt: skip


async def test_linkedins_own_example_of_a_post_is_taken(stage: Stage) -> None:
    body = recorded("post_create_request_text") | {"author": stage.page.urn}
    answer = await stage.call("POST", "/rest/posts", json=body)
    assert (answer.status_code, answer.content) == (201, b"")
    assert answer.headers["x-restli-id"].startswith("urn:li:share:")


async def test_pages_and_uploads_and_counts_have_the_recorded_shape(stage: Stage) -> None:
    acls = await stage.get("/rest/organizationAcls?q=roleAssignee&state=APPROVED")
    assert_like(acls, recorded("organization_acls_with_role"),
                more=frozenset({"organizationTarget", "roleAssignee", "links"}))  # fmt: skip
    assert_like(acls, recorded("organization_acls_page"), more=frozenset(
        {"organizationTarget", "roleAssignee", "role", "state", "start", "count", "total"}))  # fmt: skip
    refused = await stage.call("GET", f"/rest/organizations?ids=List({stage.page.id})")
    assert refused.status_code == 403, "BATCH_GET is of the Standard tier"
    stage.network.apps["77postroom"].tier = "standard"
    several = await stage.get(f"/rest/organizations?ids=List({stage.page.id})")
    theirs = recorded("organizations_batch_get")
    assert set(theirs["results"]["42"]) <= set(several["results"][stage.page.id])
    assert several["statuses"] == {stage.page.id: 200}
    begun = await stage.call(
        "POST", "/rest/documents?action=initializeUpload",
        json={"initializeUploadRequest": {"owner": stage.page.urn}},
    )  # fmt: skip
    assert_like(begun.json(), recorded("document_initialize_upload"), more=frozenset({"uploadUrlExpiresAt"}))
    told = await stage.get(
        f"/rest/organizationalEntityShareStatistics?q=organizationalEntity&organizationalEntity={enc(stage.page.urn)}"
        f"&shares=List({enc(stage.post.urn)})"
    )
    assert_like(told, recorded("share_statistics_lifetime"), more=frozenset({"share", "paging"}))


async def test_errors_have_the_recorded_bodies(stage: Stage) -> None:
    sunset = await stage.call("GET", "/rest/posts?q=author", version="202504")
    assert (sunset.status_code, sunset.json()) == (426, recorded("error_426_version_sunset"))
    narrow = stage.network.token_for(stage.ada, ("r_basicprofile",))
    path = f"/rest/socialActions/{enc(stage.post.urn)}/comments"
    scope = await stage.call("GET", path, token=narrow)
    assert (scope.status_code, scope.json()) == (403, recorded("error_403_scope_missing"))
    foreign = stage.network.publish(stage.vera.urn, "My own words")
    owner = await stage.call("GET", f"/rest/socialActions/{enc(foreign.activity)}/comments")
    assert owner.status_code == 403
    theirs = recorded("error_403_not_entity_owner")
    assert set(owner.json()) == set(theirs)
    assert owner.json()["message"] == f"member is unauthorized on {foreign.activity}"
    wrong = (
        f"/rest/posts?q=author&author={enc(stage.page.urn)}&ids=List%28a%2Cb%29",
        "/rest/posts?q=nothing",
        f"/rest/posts/{stage.post.urn}",
        "/rest/posts?q=author&author=List(a",
    )
    for path in wrong:
        answer = await stage.call("GET", path)
        assert (answer.status_code, answer.json()) == (400, recorded("error_400_method_unresolved")), path


async def test_the_wire_rules(stage: Stage) -> None:
    path = f"/rest/posts?q=author&author={enc(stage.page.urn)}"
    missing = await stage.call("GET", path, version="")
    assert (missing.status_code, missing.json()["code"]) == (400, "VERSION_MISSING")
    assert (await stage.call("GET", path, version="202611")).status_code == 426, "this month's is not active yet"
    assert (await stage.call("GET", path, headers={"X-Restli-Protocol-Version": "1.0.0"})).status_code == 400
    assert (await stage.call("GET", path, token="nonsense")).status_code == 401
    answer = await stage.call("GET", path)
    assert {"x-li-uuid", "x-li-fabric"} <= set(answer.headers)
    edit = {"patch": {"$set": {"commentary": "Other"}}}
    assert (await stage.call("POST", f"/rest/posts/{enc(stage.post.urn)}", json=edit)).status_code == 400
    done = await stage.call("POST", f"/rest/posts/{enc(stage.post.urn)}", json=edit, restli="PARTIAL_UPDATE")
    assert done.status_code == 204
    for _ in range(2):
        assert (await stage.call("DELETE", f"/rest/posts/{enc(stage.post.urn)}")).status_code == 204


async def test_pages_follow_by_a_next_link_until_there_is_none(stage: Stage) -> None:
    for number in range(25):
        stage.network.comment(stage.vera.urn, stage.post, f"Word {number}")
    path, read = f"/rest/socialActions/{enc(stage.post.urn)}/comments", 0
    while True:
        page = await stage.get(f"{path}?start={read}&count=10")
        read += len(page["elements"])
        if not any(link["rel"] == "next" for link in page["paging"]["links"]):
            break
    assert read == 25


async def test_limits_of_the_development_tier(stage: Stage) -> None:
    stage.network.calls_a_day, stage.network.calls = 100, {}
    path = f"/rest/posts?q=author&author={enc(stage.page.urn)}"
    statuses = [(await stage.call("GET", path)).status_code for _ in range(102)]
    assert statuses == [200] * 100 + [429] * 2
    last = await stage.call("GET", path)
    assert "retry-after" not in last.headers, "LinkedIn sends no quota headers"
    stage.clock.move(15 * 3600)
    assert (await stage.call("GET", path)).status_code == 200, "midnight in UTC"


async def test_words_are_cut_silently_where_they_are_not_well_formed(stage: Stage) -> None:
    body = recorded("post_create_request_text") | {"author": stage.page.urn, "commentary": "Open until 6 (not 5)"}
    urn = (await stage.call("POST", "/rest/posts", json=body)).headers["x-restli-id"]
    assert stage.network.posts[urn].commentary == "Open until 6 "


async def test_notifications_are_kept_for_sixty_days_and_only_for_public_posts(stage: Stage) -> None:
    stage.network.comment(stage.vera.urn, stage.post, "When?")
    closed = stage.network.publish(stage.page.urn, "For some", visibility="LOGGED_IN")
    stage.network.comment(stage.vera.urn, closed, "Where?")
    assert len(await notifications(stage, "COMMENT")) == 1
    stage.clock.move(61 * 86_400)
    stage.token = stage.network.token_for(stage.ada)
    found = await stage.call(
        "GET", f"/rest/organizationalEntityNotifications?q=criteria&organizationalEntity={enc(stage.page.urn)}"
        "&actions=List(COMMENT)", version="202611",
    )  # fmt: skip
    assert found.json()["elements"] == []


async def test_somebody_private_is_not_looked_up(stage: Stage) -> None:
    shy = stage.network.add_member("Nobody", private=True)
    assert (await stage.call("GET", f"/rest/people/(id:{shy.id})")).status_code == 404
    found = await stage.get(f"/rest/people/(id:{stage.vera.id})")
    assert (found["localizedFirstName"], found["localizedLastName"]) == ("Vera", "Citizen")
    assert OFTEN_ABSENT
