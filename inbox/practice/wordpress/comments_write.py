"""Creating, changing and deleting comments (wordpress.md section 5)."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from inbox.practice.blog import Blog, Comment, User
from inbox.practice.wordpress.comment_json import comment_json, stored
from inbox.practice.wordpress.comments_read import comment_asked_for
from inbox.practice.wordpress.params import Arg, moment
from inbox.practice.wordpress.roles import may
from inbox.practice.wordpress.wire import Answer, Call, RestError

MAX_BYTES = 65_525
FLOOD_S = 15

WRITE_ARGS = {
    "author": Arg(type="integer"),
    "author_name": Arg(type="string"),
    "author_email": Arg(type="email"),
    "author_url": Arg(type="string"),
    "author_user_agent": Arg(type="string"),
    "author_ip": Arg(type="ip"),
    "date": Arg(type="date", nullable=True),
    "date_gmt": Arg(type="date", nullable=True),
    "parent": Arg(type="integer"),
    "post": Arg(type="integer"),
    "status": Arg(type="string"),
    "content": Arg(),
}
DELETE_ARGS = {"force": Arg(type="boolean", default=False)}


def may_create(call: Call) -> None:
    """Permission to comment on a post, in the order WordPress looks."""
    if call.user is None:
        raise RestError(401, "rest_comment_login_required", "Sorry, you must be logged in to comment.")
    if call.sent("author") and str(call.raw("author")) != str(call.user.id) and not call.may("moderate_comments"):
        raise call.denied("rest_comment_invalid_author", "Sorry, you are not allowed to edit 'author' for comments.")
    if call.sent("status") and not call.may("moderate_comments"):
        raise call.denied("rest_comment_invalid_status", "Sorry, you are not allowed to edit 'status' for comments.")
    post = call.blog.posts.get(int(call.raw("post"))) if str(call.raw("post", "")).isdigit() else None
    if post is None:
        message = "Sorry, you are not allowed to create this comment without a post."
        raise RestError(403, "rest_comment_invalid_post_id", message)
    if post.status in ("draft", "trash"):
        message = "Sorry, you are not allowed to create a comment on this post."
        raise RestError(403, f"rest_comment_{post.status}_post", message)
    if post.status == "private" and not call.may("read_private_posts"):
        raise call.denied("rest_cannot_read_post", "Sorry, you are not allowed to read the post for this comment.")
    if post.comment_status != "open":
        raise RestError(403, "rest_comment_closed", "Sorry, comments are closed for this item.")


def create(call: Call) -> Answer:
    """201 with the comment; an editor's is public at once. ``parent`` is not validated (trap 9)."""
    if call.get("id"):
        raise RestError(400, "rest_comment_exists", "Cannot create existing comment.")
    if call.get("type", "comment") != "comment":
        raise RestError(400, "rest_invalid_comment_type", "Cannot create a comment with that type.")
    words = _words(call)
    if not words:
        raise RestError(400, "rest_comment_content_invalid", "Invalid comment content.")
    if len(words.encode()) > MAX_BYTES:
        message = "Comment field exceeds maximum length allowed."
        raise RestError(400, "comment_content_column_length", message)
    trusted = call.may("moderate_comments")
    author = _author(call)
    email = author.email if author else call.get("author_email") or ""
    comment = Comment(
        id=0,
        post_id=call.get("post"),
        parent_id=call.get("parent") or 0,
        user_id=author.id if author else 0,
        name=author.name if author else call.get("author_name") or "",
        email=email,
        at=call.blog.now(),
        text=words,
        status="approved" if may(author, "moderate_comments") or call.blog.known(email) else "hold",
        url=call.get("author_url") or "",
        agent=call.get("author_user_agent") or call.headers.get("user-agent", ""),
        as_sent=call.may("unfiltered_html"),
    )
    refuse_repeats(call.blog, comment, trusted=trusted)
    call.blog.add_comment(comment)
    if call.get("status"):
        change_status(comment, call.get("status"))
    address = call.rest(f"wp/v2/comments/{comment.id}")
    body = comment_json(call, comment, "edit" if trusted else "view")
    return Answer(body=body, status=201, headers={"Location": address})


def _author(call: Call) -> User | None:
    """Whose comment it is: the named user's, else nobody's when a name or address is given, else ours."""
    if call.get("author"):
        return call.blog.users.get(call.get("author"))
    given = any(call.get(name) for name in ("author_name", "author_email", "author_url"))
    return None if given else call.user


def refuse_repeats(blog: Blog, comment: Comment, *, trusted: bool) -> None:
    """Raises 409 for the same words again, 400 for a visitor who is too quick."""
    words = stored(comment)
    for other in blog.comments.values():
        same_place = (other.post_id, other.parent_id) == (comment.post_id, comment.parent_id)
        same_author = other.name == comment.name or other.email == comment.email
        if same_place and same_author and other.status != "trash" and stored(other) == words:
            message = "Duplicate comment detected; it looks as though you&#8217;ve already said that!"
            raise RestError(409, "comment_duplicate", message)
    if not trusted and blog.said_lately(comment.email, FLOOD_S):
        raise RestError(400, "comment_flood", "You are posting comments too quickly. Slow down.")


def may_edit(call: Call) -> None:
    """Permission to change one comment."""
    comment_asked_for(call)
    if not call.may("moderate_comments"):
        raise call.denied("rest_cannot_edit", "Sorry, you are not allowed to edit this comment.")


def update(call: Call) -> Answer:
    """200 with the comment. Overwrites the visitor's user agent unless it is sent back (trap 4)."""
    comment = comment_asked_for(call)
    if call.sent("type") and call.get("type") != comment.kind:
        message = "Sorry, you are not allowed to change the comment type."
        raise RestError(404, "rest_comment_invalid_type", message)
    if call.sent("post") and call.get("post") not in call.blog.posts:
        raise RestError(403, "rest_comment_invalid_post_id", "Invalid post ID.")
    if call.sent("content"):
        words = _words(call)
        if not words:
            raise RestError(400, "rest_comment_content_invalid", "Invalid comment content.")
        comment.text, comment.as_sent = words, call.may("unfiltered_html")
    comment.agent = call.get("author_user_agent") or call.headers.get("user-agent", "") or comment.agent
    comment.ip = call.get("author_ip") or "127.0.0.1"  # whoever asks, unless the visitor's is sent back
    for name, attribute in (("author_name", "name"), ("author_email", "email"), ("author_url", "url")):
        if call.sent(name):
            setattr(comment, attribute, call.get(name))
    if call.get("date_gmt"):
        comment.at = moment(call.get("date_gmt"), UTC)
    elif call.get("date"):
        comment.at = moment(call.get("date"), call.blog.zone)
    if call.sent("parent"):
        comment.parent_id = call.get("parent")
    if call.sent("post"):
        comment.post_id = call.get("post")
    if call.sent("status"):
        change_status(comment, call.get("status"))
    return Answer(body=comment_json(call, comment, "edit"))


def change_status(comment: Comment, wanted: str) -> None:
    """Do what the word says. An unknown one does nothing; undoing what was not done holds the comment (trap 5)."""
    if wanted == comment.status:
        return
    match wanted:
        case "approve" | "approved" | "1":
            comment.status, comment.status_before = "approved", ""
        case "hold" | "0":
            comment.status, comment.status_before = "hold", ""
        case "spam" | "trash":
            comment.status_before, comment.status = comment.status, wanted
        case "unspam" | "untrash":
            comment.status, comment.status_before = comment.status_before or "hold", ""
        case _:
            pass


def may_delete(call: Call) -> None:
    """Permission to delete one comment."""
    comment_asked_for(call)
    if not call.may("moderate_comments"):
        raise call.denied("rest_cannot_delete", "Sorry, you are not allowed to delete this comment.")


def delete(call: Call) -> Answer:
    """To the trash, or with ``force`` for good; then its children move up."""
    comment = comment_asked_for(call)
    if call.get("force"):
        previous = comment_json(call, comment, "edit")
        previous.pop("_links")
        call.blog.delete_comment(comment.id)
        return Answer(body={"deleted": True, "previous": previous})
    if comment.status == "trash":
        raise RestError(410, "rest_already_trashed", "The comment has already been trashed.")
    change_status(comment, "trash")
    return Answer(body=comment_json(call, comment, "edit"))


def _words(call: Call) -> str:
    content: Any = call.raw("content", "")
    if isinstance(content, dict):
        content = content.get("raw", "")
    return content.strip() if isinstance(content, str) else ""
