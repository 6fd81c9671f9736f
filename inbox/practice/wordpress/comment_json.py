"""A comment as REST shows it (recordings ``comment-held.json``, ``comment-reply.json``)."""

from __future__ import annotations

from typing import Any

from inbox.practice.blog import Comment
from inbox.practice.wordpress import fields, text
from inbox.practice.wordpress.post_json import link_of
from inbox.practice.wordpress.wire import Call, gmt

_EDIT_ONLY = ("author_email", "author_ip", "author_user_agent", "content.raw")
_NOT_EMBEDDED = ("post", "author_email", "author_ip", "author_user_agent", "date_gmt", "content.raw", "status", "meta")


def stored(comment: Comment) -> str:
    """The comment's text as the site keeps it."""
    return text.with_rel(comment.text) if comment.as_sent else text.filtered(comment.text)


def comment_link(call: Call, comment: Comment) -> str:
    """Where the public finds it."""
    post = call.blog.posts.get(comment.post_id)
    return f"{link_of(call, post) if post else call.home + '/'}#comment-{comment.id}"


def comment_json(call: Call, comment: Comment, context: str) -> dict[str, Any]:
    """The comment for ``context`` view, edit or embed, with its links."""
    raw = stored(comment)
    item: dict[str, Any] = {
        "id": comment.id,
        "post": comment.post_id,
        "parent": comment.parent_id,
        "author": comment.user_id,
        "author_name": comment.name,
        "author_email": comment.email,
        "author_url": comment.url,
        "author_ip": comment.ip,
        "author_user_agent": comment.agent,
        "date": call.local(comment.at),
        "date_gmt": gmt(comment.at),
        "content": {"rendered": text.comment_html(raw), "raw": raw},
        "link": comment_link(call, comment),
        "status": comment.status,
        "type": comment.kind,
        "author_avatar_urls": call.avatars(comment.email),
        "meta": [],
        "_links": _links(call, comment),
    }
    if context == "edit":
        return item
    return fields.without(item, _NOT_EMBEDDED if context == "embed" else _EDIT_ONLY)


def _links(call: Call, comment: Comment) -> dict[str, list[dict[str, Any]]]:
    links: dict[str, list[dict[str, Any]]] = {
        "self": [{"href": call.rest(f"wp/v2/comments/{comment.id}")}],
        "collection": [{"href": call.rest("wp/v2/comments")}],
    }
    if comment.user_id:
        links["author"] = [{"embeddable": True, "href": call.rest(f"wp/v2/users/{comment.user_id}")}]
    post = call.blog.posts.get(comment.post_id)
    if post is not None:
        address = call.rest(f"wp/v2/{post.type}s/{post.id}")
        links["up"] = [{"embeddable": True, "post_type": post.type, "href": address}]
    if comment.parent_id:
        links["in-reply-to"] = [{"embeddable": True, "href": call.rest(f"wp/v2/comments/{comment.parent_id}")}]
    children = [c for c in call.blog.comments.values() if c.parent_id == comment.id and c.status == "approved"]
    if children:
        address = call.rest("wp/v2/comments", f"parent={comment.id}")
        links["children"] = [{"embeddable": True, "href": address}]
    return links
