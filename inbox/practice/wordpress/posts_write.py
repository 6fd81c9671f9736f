"""Creating, changing, scheduling and deleting posts and pages (wordpress.md section 6)."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from inbox.practice.blog import Post
from inbox.practice.wordpress import text
from inbox.practice.wordpress.params import Arg, moment
from inbox.practice.wordpress.post_json import post_json, unique_slug
from inbox.practice.wordpress.posts_read import post_asked_for
from inbox.practice.wordpress.wire import Answer, Call, RestError

_OPEN = ("open", "closed")
_FORMATS = ("standard", "aside", "chat", "gallery", "link", "image", "quote", "status", "video", "audio")

WRITE_ARGS = {
    "date": Arg(type="date", nullable=True),
    "date_gmt": Arg(type="date", nullable=True),
    "slug": Arg(type="string"),
    "status": Arg(type="string", enum=("publish", "future", "draft", "pending", "private")),
    "title": Arg(),
    "content": Arg(),
    "excerpt": Arg(),
    "author": Arg(type="integer"),
    "featured_media": Arg(type="integer"),
    "comment_status": Arg(type="string", enum=_OPEN),
    "ping_status": Arg(type="string", enum=_OPEN),
    "sticky": Arg(type="boolean"),
    "format": Arg(type="string", enum=_FORMATS),
    "categories": Arg(type="ids"),
    "tags": Arg(type="ids"),
    "parent": Arg(type="integer"),
}


def may_create(call: Call) -> None:
    """Permission to publish."""
    if call.get("id"):
        raise RestError(400, "rest_post_exists", "Cannot create existing post.")
    if not call.may("edit_posts"):
        raise call.denied("rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")


def may_edit(call: Call) -> None:
    """Permission to change one post."""
    post = post_asked_for(call)
    own = call.user is not None and post.author_id == call.user.id
    if not call.may("edit_others_posts") and not (own and call.may("edit_posts")):
        raise call.denied("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")


def create(call: Call) -> Answer:
    """201 with the post. Not idempotent: the same again makes another one (trap 6)."""
    assert call.user is not None
    now = call.blog.now()
    kind = "page" if "/pages" in call.path else "post"
    post = Post(
        id=0, type=kind, title="", content="", status="draft", at=now, modified_at=now, author_id=call.user.id
    )  # fmt: skip
    if not any(_words(call, name) for name in ("title", "content", "excerpt")):
        raise RestError(400, "empty_content", "Content, title, and excerpt are empty.")
    _fill(call, post)
    if post.type == "page":
        post.comment_status = call.get("comment_status") or "closed"
    elif not call.sent("categories"):
        post.categories = [1]
    # A new post counts as changed at its own date, be it years ahead or long past (trap 7).
    post.modified_at = post.at
    call.blog.add_post(post)
    address = call.rest(f"wp/v2/{post.type}s/{post.id}")
    return Answer(body=post_json(call, post, "edit"), status=201, headers={"Location": address})


def update(call: Call) -> Answer:
    """200 with the post; only the fields sent change."""
    post = post_asked_for(call)
    was = post.status
    if was == "trash" and call.get("status"):
        post.slug, post.slug_before = post.slug_before or post.slug, ""
    words = (post.title, post.content, post.excerpt)
    _fill(call, post)
    if not post.revisions or words != (post.title, post.content, post.excerpt):
        post.revisions.append(call.blog.next_post_id)
        call.blog.next_post_id += 1
    post.modified_at = call.blog.now()
    if post.status == "publish" and was != "publish":
        call.blog.tell_published(post)
    return Answer(body=post_json(call, post, "edit"))


def _fill(call: Call, post: Post) -> None:
    if call.sent("author") and call.get("author") not in call.blog.users:
        raise RestError(400, "rest_invalid_author", "Invalid author ID.")
    for name in ("title", "content", "excerpt"):
        if call.sent(name):
            setattr(post, name, _words(call, name))
    for name in ("comment_status", "ping_status", "sticky"):
        if call.sent(name):
            setattr(post, name, call.get(name))
    if call.sent("author"):
        post.author_id = call.get("author")
    if call.sent("parent"):
        post.parent_id = call.get("parent")
    picture = call.get("featured_media")
    if call.sent("featured_media") and (picture == 0 or picture in call.blog.pictures):
        post.featured_media = picture  # an unknown id is ignored, with 200
    for name, taxonomy in (("categories", "category"), ("tags", "post_tag")):
        if call.sent(name):
            known = {t.id for t in call.blog.terms.values() if t.taxonomy == taxonomy}
            setattr(post, name, [i for i in call.get(name) if i in known])
    _date_and_status(call, post)
    if call.sent("slug"):
        post.slug = text.slug_of(call.get("slug"))
    if post.status not in ("draft", "pending"):
        post.slug = unique_slug(
            call.blog, post.slug or text.slug_of(post.title) or str(post.id or call.blog.next_post_id), post
        )


def _date_and_status(call: Call, post: Post) -> None:
    now = call.blog.now()
    if call.get("date"):
        post.at, post.floating = moment(call.get("date"), call.blog.zone), False
    elif call.get("date_gmt"):
        post.at, post.floating = moment(call.get("date_gmt"), UTC), False
    elif call.sent("date") or call.sent("date_gmt"):
        post.floating = True
    post.status = call.get("status") or post.status
    if post.floating:
        post.at = now
    ahead = post.at > now + timedelta(seconds=59)
    if post.status == "publish" and ahead:
        post.status = "future"
    elif post.status == "future" and not ahead:
        post.status = "publish"  # less than a minute ahead, or past: public at once (trap 8)
    if post.status in ("publish", "private", "future"):
        post.floating = False


def may_delete(call: Call) -> None:
    """Permission to delete one post."""
    post = post_asked_for(call)
    own = call.user is not None and post.author_id == call.user.id
    if not call.may("delete_others_posts") and not (own and call.may("delete_posts")):
        raise call.denied("rest_cannot_delete", "Sorry, you are not allowed to delete this post.")


def delete(call: Call) -> Answer:
    """To the trash, with its comments, or with ``force`` for good."""
    post = post_asked_for(call)
    if call.get("force"):
        previous = post_json(call, post, "edit")
        previous.pop("_links")
        call.blog.delete_post(post.id)
        return Answer(body={"deleted": True, "previous": previous})
    if post.status == "trash":
        raise RestError(410, "rest_already_trashed", "The post has already been deleted.")
    post.status_before, post.status = post.status, "trash"
    if post.slug:
        post.slug_before, post.slug = post.slug, f"{post.slug}__trashed"
    post.modified_at = call.blog.now()
    for comment in call.blog.comments.values():
        if comment.post_id == post.id and comment.status != "post-trashed":
            comment.status_before, comment.status = comment.status, "post-trashed"
    return Answer(body=post_json(call, post, "edit"))


def _words(call: Call, name: str) -> str:
    value: Any = call.raw(name, "")
    if isinstance(value, dict):
        value = value.get("raw", "")
    if not isinstance(value, str):
        return ""  # a number is no title: it is left out without a word
    return value.strip() if name == "title" else value
