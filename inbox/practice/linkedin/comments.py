"""The Comments API: one level at a time, below a post (by share, ugcPost or activity) or below a comment."""

from __future__ import annotations

import re
from typing import Any

from inbox.practice.linkedin.entities import Comment, Post
from inbox.practice.linkedin.wire import Answer, ApiError, Call, invalid, not_found, not_yours, paged

MOST_CHARACTERS = 1_250
_COMMENT = re.compile(r"urn:li:comment:\((urn:li:activity:\d+),(\d+)\)")
_READ = "socialActionsV2.GET_ALL.20230401"


def listed(call: Call) -> Answer:
    call.need("r_organization_social_feed", resource=_READ)
    post, parent = _place(call)
    _allowed(call, post)
    rows = sorted(call.network.below(post, parent.id if parent else ""), key=lambda c: c.at, reverse=True)
    return paged(call, rows, lambda comment: comment_json(call, comment))


def get(call: Call) -> Answer:
    call.need("r_organization_social_feed", resource="socialActionsV2.GET")
    post, comment = _one(call)
    _allowed(call, post)
    return Answer(body=comment_json(call, comment))


def create(call: Call) -> Answer:
    """A comment or an answer of a page; answers stand on one level below the comment they belong to."""
    call.need("w_organization_social_feed", resource="socialActionsV2.CREATE")
    sent = call.body()
    actor = call.speak_as(sent.get("actor"))
    if sent.get("content"):
        raise ApiError(403, "Field Value validation failed in REQUEST_BODY: /content", "ACCESS_DENIED")
    text = (sent.get("message") or {}).get("text")
    if not isinstance(text, str) or not text or len(text) > MOST_CHARACTERS:
        raise invalid("message.text")
    post, parent = _place(call)
    _allowed(call, post)
    if post.comments_state == "CLOSED":
        raise ApiError(403, "Comments are closed", "ACCESS_DENIED")
    if sent.get("object") not in {post.urn, post.activity}:
        raise invalid("object does not match the resource")
    if (parent.urn if parent else None) != sent.get("parentComment") or (parent is not None and parent.parent):
        raise invalid("parentComment")
    made = call.network.comment(actor, post, text, to=parent, impersonator=call.me.urn)
    for hear in call.network.said:
        hear(made)
    return Answer(body=comment_json(call, made), status=201, headers={"x-restli-id": made.id})


def update(call: Call) -> Answer:
    call.need("w_organization_social_feed", resource="socialActionsV2.PARTIAL_UPDATE")
    comment = _mine(call)
    text = ((call.patch().get("message") or {}).get("$set") or {}).get("text")
    if not isinstance(text, str) or not text or len(text) > MOST_CHARACTERS:
        raise invalid("message.text")
    call.network.edit_comment(comment, text)
    return Answer(body=comment_json(call, comment))


def delete(call: Call) -> Answer:
    call.need("w_organization_social_feed", resource="socialActionsV2.DELETE")
    call.network.remove_comment(_mine(call))
    return Answer(status=204)


def comment_json(call: Call, comment: Comment) -> dict[str, Any]:
    """A comment as the API gives it; what is zero is left out, as in the recording."""
    created: dict[str, Any] = {"actor": comment.actor, "time": int(comment.at.timestamp() * 1000) + 120}
    changed = {**created}
    if comment.changed_at > comment.at:
        changed["time"] = int(comment.changed_at.timestamp() * 1000) + 120
    if comment.impersonator:
        created["impersonator"] = changed["impersonator"] = comment.impersonator
    made: dict[str, Any] = {
        "id": comment.id,
        "$URN" if call.network.old_names else "commentUrn": comment.urn,
        "actor": comment.actor,
        "object": comment.activity,
        "message": {"attributes": [], "text": comment.text},
        "created": created,
        "lastModified": changed,
    }
    if comment.parent:
        made["parentComment"] = f"urn:li:comment:({comment.activity},{comment.parent})"
    if answers := call.network.answers(comment):
        made["commentsSummary"] = {
            "selectedComments": [c.urn for c in answers[-2:]],
            "totalFirstLevelComments": len(answers),
            "aggregatedTotalComments": len(answers),
        }
    if comment.likes:
        made["likesSummary"] = {
            "selectedLikes": [f"urn:li:like:({a},{comment.urn})" for a in list(comment.likes)[:2]],
            "aggregatedTotalLikes": len(comment.likes),
            "likedByCurrentUser": any(call.role(a) for a in comment.likes),
            "totalLikes": len(comment.likes),
        }
    return made


def _place(call: Call) -> tuple[Post, Comment | None]:
    """The post, and the comment on it, that a path names."""
    urn = call.keys[0]
    found = _COMMENT.fullmatch(urn) if isinstance(urn, str) else None
    post = call.network.post(found[1] if found else str(urn))
    comment = call.network.comments.get(found[2]) if found else None
    if post is None or (found and comment is None):
        raise not_found("Entity")
    return post, comment


def _one(call: Call) -> tuple[Post, Comment]:
    post, _ = _place(call)
    comment = call.network.comments.get(str(call.keys[1]))
    if comment is None or comment.activity != post.activity:
        raise not_found("Comment")
    return post, comment


def _mine(call: Call) -> Comment:
    actor = call.speak_as(call.params.get("actor"))
    _, comment = _one(call)
    if comment.actor != actor:
        raise not_yours(comment.urn)
    return comment


def _allowed(call: Call, post: Post) -> None:
    if not call.role(post.author) or post.urn in call.network.closed:
        raise not_yours(post.activity)
