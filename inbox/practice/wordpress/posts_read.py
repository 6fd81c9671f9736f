"""``GET posts`` and ``GET pages`` (wordpress.md section 7)."""

from __future__ import annotations

from typing import Any

from inbox.practice.blog import Post
from inbox.practice.wordpress.comments_read import CONTEXT
from inbox.practice.wordpress.params import Arg, Invalid, moment, refusal
from inbox.practice.wordpress.post_json import link_of, post_json
from inbox.practice.wordpress.wire import Answer, Call, RestError, paging

_STATUSES = ("publish", "future", "draft", "pending", "private", "trash", "auto-draft", "inherit", "any")
_ORDERS = (
    "author", "date", "id", "include", "modified", "parent", "relevance", "slug", "include_slugs", "title",
)  # fmt: skip

LIST_ARGS = {
    "context": CONTEXT,
    "page": Arg(type="integer", minimum=1, default=1),
    "per_page": Arg(type="integer", minimum=1, maximum=100, default=10),
    "search": Arg(type="string"),
    "after": Arg(type="date"),
    "modified_after": Arg(type="date"),
    "before": Arg(type="date"),
    "modified_before": Arg(type="date"),
    "author": Arg(type="ids", default=[]),
    "exclude": Arg(type="ids", default=[]),
    "include": Arg(type="ids", default=[]),
    "offset": Arg(type="integer"),
    "order": Arg(type="string", enum=("asc", "desc"), default="desc"),
    "orderby": Arg(type="string", enum=_ORDERS, default="date"),
    "slug": Arg(type="words"),
    "sticky": Arg(type="boolean"),
    "status": Arg(type="words", enum=_STATUSES, default=["publish"]),
    "categories": Arg(type="ids", default=[]),
    "tags": Arg(type="ids", default=[]),
}


def may_list(call: Call) -> None:
    """``context=edit`` is for those who edit posts."""
    if call.get("context") == "edit" and not call.may("edit_posts"):
        message = "Sorry, you are not allowed to edit posts in this post type."
        raise call.denied("rest_forbidden_context", message)


def listing(call: Call) -> Answer:
    """One page of posts or pages. Past the last page: 400, unlike comments."""
    statuses: list[str] = call.get("status")
    if statuses != ["publish"] and not call.may("edit_posts"):
        status = 403 if call.user else 401
        raise refusal({"status": Invalid("rest_forbidden_status", "Status is forbidden.", {"status": status})})
    wanted_type = "page" if "/pages" in call.path else "post"
    found = [p for p in call.blog.posts.values() if p.type == wanted_type and _matches(call, p, statuses)]
    _sort(call, found)
    per_page, page, offset = call.get("per_page"), call.get("page"), call.get("offset")
    if found and page > -(-len(found) // per_page) and offset is None:
        message = "The page number requested is larger than the number of pages available."
        raise RestError(400, "rest_post_invalid_page_number", message)
    start = offset if offset is not None else (page - 1) * per_page
    shown = found[start : start + per_page]
    # An offset past the end finds nothing, and then WordPress counts nothing, either.
    total = len(found) if shown else 0
    body = [post_json(call, p, call.get("context")) for p in shown]
    return Answer(body=body, headers=paging(call, total, per_page, page))


def _matches(call: Call, post: Post, statuses: list[str]) -> bool:
    if "any" in statuses:  # everything but the trash
        if post.status == "trash":
            return False
    elif post.status not in statuses:
        return False
    needle = (call.get("search") or "").lower()
    return (
        (not call.get("include") or post.id in call.get("include"))
        and post.id not in call.get("exclude")
        and (not call.get("author") or post.author_id in call.get("author"))
        and (not call.sent("slug") or post.slug in call.get("slug"))
        and (not call.get("categories") or bool(set(call.get("categories")) & set(post.categories)))
        and (not call.get("tags") or bool(set(call.get("tags")) & set(post.tags)))
        and (not needle or needle in f"{post.title} {post.excerpt} {post.content}".lower())
        and (not call.sent("sticky") or post.sticky is call.get("sticky"))
        and _dates_match(call, post)
    )


def _dates_match(call: Call, post: Post) -> bool:
    zone = call.blog.zone
    for name, at in (("after", post.at), ("modified_after", post.modified_at)):
        if call.get(name) and at <= moment(call.get(name), zone):
            return False
    for name, at in (("before", post.at), ("modified_before", post.modified_at)):
        if call.get(name) and at >= moment(call.get(name), zone):
            return False
    return True


def _sort(call: Call, found: list[Post]) -> None:
    orderby = call.get("orderby")
    include: list[int] = call.get("include")
    keys: dict[str, Any] = {
        "author": lambda p: (p.author_id, p.id),
        "id": lambda p: p.id,
        "modified": lambda p: (p.modified_at, p.id),
        "parent": lambda p: (p.parent_id, p.id),
        "slug": lambda p: p.slug,
        "title": lambda p: (p.title, p.id),
        "include": lambda p: include.index(p.id) if p.id in include else p.id,
    }
    descending = call.get("order") == "desc" and orderby != "include"
    found.sort(key=keys.get(orderby, lambda p: (p.at, p.id)), reverse=descending)


def post_asked_for(call: Call) -> Post:
    """The post in the address. Raises 404, also when it is a page asked for among posts."""
    post = call.blog.posts.get(int(call.ids["id"]))
    if post is None or post.type != ("page" if "/pages" in call.path else "post"):
        raise RestError(404, "rest_post_invalid_id", "Invalid post ID.")
    return post


def may_read(call: Call) -> None:
    """Published ones are for all, the rest for editors."""
    post = post_asked_for(call)
    if call.get("context") == "edit" and not call.may("edit_others_posts"):
        raise call.denied("rest_forbidden_context", "Sorry, you are not allowed to edit this post.")
    if post.status != "publish" and not call.may("edit_others_posts"):
        raise call.denied("rest_forbidden", "Sorry, you are not allowed to do that.")


def one(call: Call) -> Answer:
    """One post."""
    post = post_asked_for(call)
    # This Link takes the place of the one to the root (measured on 6.1.9).
    headers = {"Link": f'<{link_of(call, post)}>; rel="alternate"; type=text/html'}
    return Answer(body=post_json(call, post, call.get("context", "view")), headers=headers)
