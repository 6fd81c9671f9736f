"""The Posts API, share statistics and reactions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from inbox.practice.linkedin import little
from inbox.practice.linkedin.entities import Comment, Post
from inbox.practice.linkedin.wire import Answer, ApiError, Call, invalid, not_found, not_yours, paged, unresolved

MOST_CHARACTERS = 3_000
_DURATIONS = {"ONE_DAY", "THREE_DAYS", "SEVEN_DAYS", "FOURTEEN_DAYS"}
_RESOURCE = "posts.{}.20260901"


def finder(call: Call) -> Answer:
    """q=author: newest change (or newest) first."""
    call.need("r_organization_social", resource=_RESOURCE.format("FINDER-author"))
    author = call.text("author")
    if call.text("q") != "author" or not author:
        raise unresolved()
    if not call.role(author):
        raise not_yours(author)
    now = call.network.now()
    rows = [p for p in call.network.posts.values() if p.author == author and (p.visible_at or p.at) <= now]
    key = (lambda p: p.at) if call.text("sortBy") == "CREATED" else (lambda p: p.changed_at)
    rows.sort(key=key, reverse=True)
    return paged(call, rows, post_json)


def get(call: Call) -> Answer:
    call.need("r_organization_social", resource=_RESOURCE.format("GET"))
    return Answer(body=post_json(_post(call)))


def create(call: Call) -> Answer:
    """Only what is published at once; the words are cut where they are not well formed or too long."""
    call.need("w_organization_social", resource=_RESOURCE.format("CREATE"))
    sent = call.body()
    author = sent.get("author")
    if isinstance(author, str) and ":person:" in author:
        raise ApiError(400, "Member permissions must be used when using member as author")
    author = call.speak_as(author)
    for name in ("lifecycleState", "visibility", "distribution", "commentary"):
        if name not in sent:
            raise ApiError(422, f"/{name} :: field is required but not found and has no default value")
    if sent["lifecycleState"] != "PUBLISHED":
        raise invalid("lifecycleState must be PUBLISHED")
    words = little.taken_in(str(sent["commentary"]))
    if len(little.visible(words)) > MOST_CHARACTERS:
        words = words[:MOST_CHARACTERS]
    content = _content(call, author, sent.get("content") or {})
    parent = (sent.get("reshareContext") or {}).get("parent", "")
    if parent and call.network.post(parent) is None:
        raise not_found("reshareContext.parent")
    kind = "ugcPost" if "poll" in content or any(":document:" in str(v) for v in content.values()) else "share"
    post = call.network.publish(
        author, words, content=content, reshares=parent, visibility=str(sent["visibility"]), kind=kind
    )
    for hear in call.network.posted:
        hear(post)
    return Answer(status=201, headers={"x-restli-id": post.urn, "x-linkedin-id": post.urn})


def update(call: Call) -> Answer:
    call.need("w_organization_social", resource=_RESOURCE.format("PARTIAL_UPDATE"))
    post, sets = _mine(call), call.patch().get("$set")
    if not isinstance(sets, dict) or not isinstance(sets.get("commentary"), str):
        raise invalid("nothing to set")
    post.commentary = little.taken_in(sets["commentary"])
    post.edited, post.changed_at = True, call.network.now()
    return Answer(status=204)


def delete(call: Call) -> Answer:
    """May be repeated."""
    call.need("w_organization_social", resource=_RESOURCE.format("DELETE"))
    if call.network.post(call.keys[0]) is not None:
        call.network.remove_post(_mine(call))
    return Answer(status=204)


def statistics(call: Call) -> Answer:
    """For some posts, as they stood a while ago."""
    call.need("rw_organization_admin", resource="organizationalEntityShareStatistics.FINDER")
    page = call.text("organizationalEntity")
    if call.text("q") != "organizationalEntity" or not call.role(page):
        raise not_yours(page)
    until = call.network.now() - timedelta(seconds=call.network.statistics_lag_s)
    rows = []
    for name, field in (("shares", "share"), ("ugcPosts", "ugcPost")):
        for urn in call.params.get(name) or ():
            post = call.network.posts.get(urn)
            if post is not None and post.author == page:
                said = sum(1 for c in call.network.under(post) if c.at <= until)
                shared = sum(1 for p in call.network.posts.values() if p.reshares == urn and p.at <= until)
                told = {
                    "uniqueImpressionsCount": 9327, "clickCount": 12, "engagement": 0.0075, "impressionCount": 14490,
                    "likeCount": len(post.likes), "commentCount": said, "shareCount": shared,
                }  # fmt: skip
                rows.append({"totalShareStatistics": told, field: urn, "organizationalEntity": page})
    return Answer(body={"paging": {"start": 0, "count": len(rows), "links": []}, "elements": rows})


def react(call: Call) -> Answer:
    call.need("w_organization_social_feed", resource="reactions.CREATE")
    actor, sent = call.speak_as(call.params.get("actor")), call.body()
    if sent.get("reactionType") not in {"LIKE", "PRAISE", "EMPATHY", "INTEREST", "APPRECIATION", "ENTERTAINMENT"}:
        raise invalid("reactionType")
    target = _target(call, str(sent.get("root")))
    target.likes[actor] = sent["reactionType"]
    return Answer(status=201, headers={"x-restli-id": f"(actor:{actor},entity:{sent['root']})"})


def unreact(call: Call) -> Answer:
    call.need("w_organization_social_feed", resource="reactions.DELETE")
    key = call.keys[0] if isinstance(call.keys[0], dict) else {}
    actor = call.speak_as(key.get("actor"))
    if _target(call, str(key.get("entity"))).likes.pop(actor, None) is None:
        raise not_found("Reaction")
    return Answer(status=204)


def metadata(call: Call) -> Answer:
    """How much was said and felt below a post, and whether comments are open."""
    post = _post(call)
    if call.method == "POST":
        call.speak_as(call.params.get("actor"))
        sets = call.patch().get("$set") or {}
        post.comments_state = str(sets.get("commentsState", post.comments_state))
        return Answer(status=204)
    said = call.network.under(post)
    kinds = sorted(set(post.likes.values()))
    return Answer(
        body={
            "entity": post.urn,
            "commentsState": post.comments_state,
            "commentSummary": {"count": len(said), "topLevelCount": sum(not c.parent for c in said)},
            "reactionSummaries": {
                k: {"reactionType": k, "count": sum(v == k for v in post.likes.values())} for k in kinds
            },
        }
    )


def post_json(post: Post) -> dict[str, Any]:
    """A post as the API gives it."""
    made: dict[str, Any] = {
        "id": post.urn,
        "author": post.author,
        "commentary": post.commentary,
        "visibility": post.visibility,
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
        "createdAt": int(post.at.timestamp() * 1000) - 40,
        "publishedAt": int(post.at.timestamp() * 1000),
        "lastModifiedAt": int(post.changed_at.timestamp() * 1000),
        "lifecycleStateInfo": {"isEditedByAuthor": post.edited},
    }
    if post.content:
        made["content"] = post.content
    if post.reshares:
        made["reshareContext"] = {"parent": post.reshares, "root": post.reshares}
    return made


def _post(call: Call) -> Post:
    urn = call.keys[0]
    found = call.network.post(urn) if isinstance(urn, str) else None
    if found is None:
        raise not_found("Post")
    return found


def _mine(call: Call) -> Post:
    post = _post(call)
    if not call.role(post.author):
        raise not_yours(post.urn)
    return post


def _target(call: Call, urn: str) -> Post | Comment:
    comment = next((c for c in call.network.comments.values() if c.urn == urn), None)
    found = comment or call.network.post(urn)
    if found is None:
        raise not_found("Entity")
    return found


def _content(call: Call, author: str, sent: dict[str, Any]) -> dict[str, Any]:
    """What a post shows, checked; files have to be there and ready."""
    if len(sent) > 1:
        raise invalid("content is a union of one")
    for one in _files(sent):
        upload = call.network.uploads.get(str(one.get("id")))
        if upload is None or upload.owner != author or not upload.body:
            raise invalid(f"{one.get('id')} is not available")
    article, poll = sent.get("article"), sent.get("poll")
    if article is not None and not (article.get("source") and article.get("title")):
        raise invalid("article needs source and title")
    if poll is not None:
        options = poll.get("options") or []
        duration = (poll.get("settings") or {}).get("duration")
        if not poll.get("question") or len(poll["question"]) > 140 or not 2 <= len(options) <= 4:
            raise invalid("poll")
        if duration not in _DURATIONS or any(len(o.get("text", "")) > 30 for o in options):
            raise invalid("poll")
    return sent


def _files(sent: dict[str, Any]) -> list[dict[str, Any]]:
    images = (sent.get("multiImage") or {}).get("images")
    if images is not None and not 2 <= len(images) <= 20:
        raise invalid("multiImage takes 2 to 20 images")
    return [*([sent["media"]] if "media" in sent else []), *(images or [])]
