"""``GET comments`` and ``GET comments/{id}`` (wordpress.md section 4)."""

from __future__ import annotations

from typing import Any

from inbox.practice.blog import Comment
from inbox.practice.wordpress.comment_json import comment_json, stored
from inbox.practice.wordpress.params import Arg, moment
from inbox.practice.wordpress.wire import Answer, Call, RestError, paging

CONTEXT = Arg(type="string", enum=("view", "embed", "edit"), default="view")
_ORDERS = ("date", "date_gmt", "id", "include", "post", "parent", "type")

LIST_ARGS = {
    "context": CONTEXT,
    "page": Arg(type="integer", minimum=1, default=1),
    "per_page": Arg(type="integer", minimum=1, maximum=100, default=10),
    "search": Arg(type="string"),
    "after": Arg(type="date"),
    "author": Arg(type="ids"),
    "author_exclude": Arg(type="ids"),
    "author_email": Arg(type="string"),
    "before": Arg(type="date"),
    "exclude": Arg(type="ids", default=[]),
    "include": Arg(type="ids", default=[]),
    "offset": Arg(type="integer"),
    "order": Arg(type="string", enum=("asc", "desc"), default="desc"),
    "orderby": Arg(type="string", enum=_ORDERS, default="date_gmt"),
    "parent": Arg(type="ids", default=[]),
    "parent_exclude": Arg(type="ids", default=[]),
    "post": Arg(type="ids", default=[]),
    "status": Arg(type="string", default="approve"),
    "type": Arg(type="string", default="comment"),
}


def may_list(call: Call) -> None:
    """Visitors see approved comments only; the refusals in the order WordPress finds them."""
    posts = call.get("post") or []
    for post_id in posts if isinstance(posts, list) else [posts]:
        post = call.blog.posts.get(int(post_id)) if str(post_id).isdigit() else None
        if post is not None and post.status != "publish" and not call.may("edit_others_posts"):
            raise call.denied("rest_cannot_read_post", "Sorry, you are not allowed to read the post for this comment.")
        if str(post_id) == "0" and not call.may("moderate_comments"):
            raise call.denied("rest_cannot_read", "Sorry, you are not allowed to read comments without a post.")
    if call.get("context") == "edit" and not call.may("moderate_comments"):
        raise call.denied("rest_forbidden_context", "Sorry, you are not allowed to edit comments.")
    if not call.may("edit_posts"):
        forbidden = [name for name in ("author", "author_exclude", "author_email") if call.get(name)]
        forbidden += [name for name, open_ in (("type", "comment"), ("status", "approve")) if call.get(name) != open_]
        if forbidden:
            message = f"Query parameter not permitted: {', '.join(forbidden)}"
            raise call.denied("rest_forbidden_param", message)


def readable(call: Call, comment: Comment) -> bool:
    """Whether whoever asks may see this one."""
    if call.may("moderate_comments"):
        return True
    post = call.blog.posts.get(comment.post_id)
    if post is None or post.status != "publish":
        return False
    return comment.status == "approved" or bool(call.user and comment.user_id == call.user.id)


def listing(call: Call) -> Answer:
    """One page; counted before what the caller may not read is dropped, so a page may be short."""
    found = [c for c in call.blog.comments.values() if _matches(call, c)]
    _sort(call, found)
    per_page, page = call.get("per_page"), call.get("page")
    offset = call.get("offset")
    start = abs(offset) if offset is not None else (page - 1) * per_page
    shown = [c for c in found[start : start + per_page] if readable(call, c)]
    body = [comment_json(call, c, call.get("context")) for c in shown]
    return Answer(body=body, headers=paging(call, len(found), per_page, page))


def _matches(call: Call, comment: Comment) -> bool:
    return (
        _status_matches(call.get("status"), comment.status)
        and _type_matches(call.get("type"), comment.kind)
        and _ids_match(call, comment)
        and _dates_match(call, comment)
        and (not call.get("author_email") or call.get("author_email") == comment.email)
        and _search_matches(call.get("search"), comment)
    )


def _status_matches(wanted: str, status: str) -> bool:
    # Anything else is compared as it stands, so that "approved" or a comma list finds nothing (section 4).
    wanted = wanted.lower()
    named = {"approve": ("approved",), "hold": ("hold",), "all": ("approved", "hold"), "": ("approved", "hold")}
    if wanted == "any":
        return True
    if wanted in named:
        return status in named[wanted]
    return wanted in ("spam", "trash", "post-trashed") and status == wanted


def _type_matches(wanted: str, kind: str) -> bool:
    if wanted in ("all", ""):
        return True
    return kind in ("pingback", "trackback") if wanted == "pings" else kind == wanted


def _ids_match(call: Call, comment: Comment) -> bool:
    author, parent, post = comment.user_id, comment.parent_id, comment.post_id
    wanted: tuple[tuple[str, int, bool], ...] = (
        ("include", comment.id, True), ("exclude", comment.id, False), ("post", post, True), ("parent", parent, True),
        ("parent_exclude", parent, False), ("author", author, True), ("author_exclude", author, False),
    )  # fmt: skip
    return all((value in call.get(name)) is inside for name, value, inside in wanted if call.get(name))


def _dates_match(call: Call, comment: Comment) -> bool:
    after, before = call.get("after"), call.get("before")
    if after and comment.at <= moment(after, call.blog.zone):
        return False
    return not (before and comment.at >= moment(before, call.blog.zone))


def _search_matches(needle: str | None, comment: Comment) -> bool:
    hay = (comment.name, comment.email, comment.url, comment.ip, stored(comment))
    return not needle or any(needle.lower() in h.lower() for h in hay)


def _sort(call: Call, found: list[Comment]) -> None:
    orderby = call.get("orderby")
    include: list[int] = call.get("include")
    keys: dict[str, Any] = {
        "id": lambda c: c.id,
        "post": lambda c: c.post_id,
        "parent": lambda c: c.parent_id,
        "type": lambda c: c.kind,
        "include": lambda c: include.index(c.id) if c.id in include else c.id,
    }
    descending = call.get("order") == "desc" and orderby != "include"
    if orderby in ("post", "parent", "type"):
        found.sort(key=lambda c: -c.id)  # among equals the newest comes first, whatever the order
    found.sort(key=keys.get(orderby, lambda c: (c.at, c.id)), reverse=descending)


def comment_asked_for(call: Call) -> Comment:
    """The comment in the address. Raises 404."""
    comment = call.blog.comments.get(int(call.ids["id"]))
    if comment is None:
        raise RestError(404, "rest_comment_invalid_id", "Invalid comment ID.")
    return comment


def may_read(call: Call) -> None:
    """Permission for one comment."""
    comment = comment_asked_for(call)
    if call.get("context") == "edit" and not call.may("moderate_comments"):
        raise call.denied("rest_forbidden_context", "Sorry, you are not allowed to edit comments.")
    if not readable(call, comment):
        raise call.denied("rest_cannot_read", "Sorry, you are not allowed to read this comment.")


def one(call: Call) -> Answer:
    """One comment."""
    return Answer(body=comment_json(call, comment_asked_for(call), call.get("context", "view")))
