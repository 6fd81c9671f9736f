"""What can be changed: posts, comments, likes, bans, pictures, private messages (facebook.md section 3)."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from inbox.practice.facebook import asked, shapes
from inbox.practice.facebook.entities import Comment, Page, Person, Photo, Post, Talk
from inbox.practice.facebook.reading import needs, node, page_of_node, page_only
from inbox.practice.facebook.wire import Call, GraphError, not_there

POST_CHARACTERS, COMMENT_CHARACTERS, PRIVATE_BYTES = 63_206, 8_000, 2_000
PICTURE_BYTES = 4_000_000
VANISHES_AFTER = timedelta(hours=24)


def write(call: Call) -> Any:
    """POST or DELETE on a node or an edge."""
    network = call.network
    if network.refusals:
        raise network.refusals.pop(0)
    found = node(call, call.path[0])
    page = page_of_node(call, found)
    if page is None:
        raise GraphError(3, "(#3) Application does not have the capability to make this API call.")
    page_only(call, page)
    edge = call.path[1] if len(call.path) > 1 else ""
    deed = _DEEDS.get((call.method, type(found).__name__, edge))
    if deed is None:
        raise GraphError(100, f"Unsupported {call.method.lower()} request.", kind="GraphMethodException", subcode=33)
    return deed(call, page, found)


# --- posts ---


def _post(call: Call, page: Page, _: Page) -> Any:
    needs(call, "pages_manage_posts", page=page, task="CREATE_CONTENT")
    network, message, link = call.network, call.params.get("message", ""), call.params.get("link", "")
    photos = _photos(call, page)
    if not (message or link or photos):
        raise GraphError(100, "(#100) Missing message or attachment")
    if len(message) > POST_CHARACTERS:
        raise GraphError(100, "(#100) The message is too long")
    if link:
        host = urlsplit(link).hostname or ""
        if re.search(r"(^|\.)facebook\.com$", host):
            raise GraphError(1609008, "Links to Facebook cannot be shared here", user_msg="This link cannot be shared.")
        if host in network.deaf:
            raise GraphError(1609005, "The link could not be fetched", user_msg="We couldn't open this link.")
    published, at = call.flag("published", True), None
    if call.params.get("scheduled_publish_time"):
        at = _scheduled(call, published)
    if published and _same_as_last(call, page, message):
        raise _duplicate()
    post = network.write(
        page, page, message, published=published, scheduled_at=at, link="" if photos else link,
        photo_ids=tuple(p.id for p in photos), app_id=call.key.app_id,
    )  # fmt: skip
    for photo in photos:
        photo.post_id = post.id
    if published:
        for listener in network.said:
            listener(post)
    fields = call.params.get("fields")
    if fields:
        return shapes.shape(call, post, asked.read(fields))
    return {"id": post.id, "post_supports_client_mutation_id": True}


def _photos(call: Call, page: Page) -> list[Photo]:
    rows: Any
    if "attached_media" not in call.params:
        named = [call.params[k] for k in sorted(call.params) if k.startswith("attached_media[")]
        rows = [_json(one) for one in named]
    else:
        rows = call.json("attached_media")
    found = []
    for row in rows if isinstance(rows, list) else ():
        named_id = row.get("media_fbid") if isinstance(row, Mapping) else ""
        photo = call.network.photos.get(str(named_id))
        now = call.network.now()
        if photo is None or photo.page_id != page.id or (not photo.post_id and now - photo.at > VANISHES_AFTER):
            raise GraphError(100, "(#100) Invalid media_fbid")
        found.append(photo)
    return found


def _json(words: str) -> Any:
    try:
        return json.loads(words)
    except ValueError:
        raise GraphError(100, "(#100) attached_media must be valid JSON") from None


def _scheduled(call: Call, published: bool) -> datetime:
    if published:
        raise GraphError(100, "(#100) You must set published to false to schedule a post")
    words = call.params["scheduled_publish_time"]
    try:
        at = datetime.fromtimestamp(int(words), UTC) if words.isdigit() else datetime.fromisoformat(words)
    except ValueError:
        raise GraphError(100, "(#100) Invalid scheduled_publish_time") from None
    ahead = at - call.network.now()
    if not timedelta(minutes=10) <= ahead <= timedelta(days=30):
        raise GraphError(
            100, "(#100) The specified scheduled publish time is invalid.", user_msg="Choose another time.",
            subcode=1366051,
        )  # fmt: skip
    return at


def _same_as_last(call: Call, page: Page, message: str) -> bool:
    mine = [p for p in call.network.posts.values() if p.author_id == page.id and p.published and not p.reel]
    last = max(mine, key=lambda p: (p.at, p.id), default=None)
    return last is not None and bool(message) and last.message == message and not last.photo_ids


def _duplicate() -> GraphError:
    return GraphError(506, "(#506) Duplicate status message", user_msg="This post was already published.")


def _change_post(call: Call, page: Page, post: Post) -> Any:
    needs(call, "pages_manage_posts", page=page, task="CREATE_CONTENT")
    if post.author_id != page.id:
        raise GraphError(200, "(#200) Only the Page's own posts can be changed", status=403)
    if post.app_id and post.app_id != call.key.app_id:
        raise GraphError(200, "(#200) The app did not make this post", status=403)
    if "message" in call.params:
        call.network.edit(post, call.params["message"])
    if call.flag("is_published") and not post.published:
        if _same_as_last(call, page, post.message):
            raise _duplicate()
        post.published, post.scheduled_at = True, None
        post.updated_at = call.network.now()
        for listener in call.network.said:
            listener(post)
    if "is_hidden" in call.params:
        post.hidden = call.flag("is_hidden")
    return {"success": True}


def _remove(call: Call, page: Page, thing: Post | Comment) -> Any:
    scope = "pages_manage_posts" if isinstance(thing, Post) else "pages_manage_engagement"
    needs(call, scope, page=page, task="MODERATE")
    call.network.remove(thing)
    return {"success": True}


def _picture(call: Call, page: Page, _: Page) -> Any:
    needs(call, "pages_manage_posts", page=page, task="CREATE_CONTENT")
    data, mime = call.files.get("source", (b"", ""))
    if not data:
        raise GraphError(324, "(#324) Missing or invalid image file")
    if len(data) > PICTURE_BYTES or mime not in {"image/jpeg", "image/png"}:
        raise GraphError(
            100, "(#100) Invalid image", subcode=1366046, user_msg="Your photos should be under 4 MB, as JPG or PNG."
        )
    try:
        with Image.open(io.BytesIO(data)) as opened:
            width, height = opened.size
    except (UnidentifiedImageError, OSError):
        raise GraphError(324, "(#324) Missing or invalid image file") from None
    network = call.network
    photo = Photo(
        id=network.fresh_id(), page_id=page.id, data=data, mime_type=mime, at=network.now(),
        alt_text=call.params.get("alt_text_custom", ""), published=call.flag("published", True),
        temporary=call.flag("temporary"), width=width,
        height=height,
    )  # fmt: skip
    network.photos[photo.id] = photo
    if not photo.published:
        return {"id": photo.id}
    post = network.write(page, page, call.params.get("caption", ""), photo_ids=(photo.id,), app_id=call.key.app_id)
    photo.post_id = post.id
    return {"id": photo.id, "post_id": post.id}


# --- comments ---


def _comment(call: Call, page: Page, to: Post | Comment) -> Any:
    needs(call, "pages_manage_engagement", page=page, task="MODERATE")
    message, photo = call.params.get("message", ""), call.params.get("attachment_id", "")
    if not message and photo not in call.network.photos:
        raise GraphError(100, "(#100) Missing message or attachment")
    if len(message) > COMMENT_CHARACTERS:
        raise GraphError(100, "(#100) The comment is too long")
    made = call.network.comment(page, to, message, photo_id=photo)
    for listener in call.network.said:
        listener(made)
    fields = call.params.get("fields")
    return shapes.shape(call, made, asked.read(fields)) if fields else {"id": made.id}


def _change_comment(call: Call, page: Page, comment: Comment) -> Any:
    """With ``message`` this edits the comment itself: the trap behind an answer without the edge."""
    needs(call, "pages_manage_engagement", page=page, task="MODERATE")
    if "is_hidden" in call.params:
        if comment.author_id == page.id:
            raise GraphError(200, "(#200) Can not hide or unhide this comment", status=403)
        comment.hidden = call.flag("is_hidden")
    if "message" in call.params:
        if comment.author_id != page.id:
            raise GraphError(200, "(#200) Only the Page's own comments can be edited", status=403)
        call.network.edit(comment, call.params["message"])
    return {"success": True}


def _like(call: Call, page: Page, thing: Post | Comment) -> Any:
    needs(call, "pages_manage_engagement", page=page, task="MODERATE")
    call.network.react(page, thing)
    return {"success": True}


def _unlike(call: Call, page: Page, thing: Post | Comment) -> Any:
    needs(call, "pages_manage_engagement", page=page, task="MODERATE")
    if isinstance(thing, Post):
        thing.reactions.pop(page.id, None)
    else:
        thing.likes.discard(page.id)
    return {"success": True}


# --- people ---


def _ban(call: Call, page: Page, _: Page) -> Any:
    needs(call, "pages_manage_engagement", page=page, task="MODERATE")
    who = call.params.get("user", call.params.get("psid", ""))
    who = who.strip("[]\"' ")
    if who not in call.network.people:
        raise GraphError(100, "(#100) Param user must be a valid user")
    page.blocked.add(who)
    return {who: True}


def _unban(call: Call, page: Page, _: Page) -> Any:
    needs(call, "pages_manage_engagement", page=page, task="MODERATE")
    page.blocked.discard(call.params.get("user", ""))
    return {"success": True}


def _message(call: Call, page: Page, _: Page) -> Any:
    """A private message to somebody who wrote within a day, or the one private answer to a comment or post."""
    needs(call, "pages_messaging", page=page, task="MESSAGING")
    recipient, text = call.json("recipient"), str(call.json("message").get("text") or "")
    if not text or len(text.encode()) > PRIVATE_BYTES:
        raise GraphError(100, "(#100) Length of param message[text] must be less than or equal to 2000")
    network = call.network
    comment = network.comments.get(str(recipient.get("comment_id")))
    post = network.posts.get(str(recipient.get("post_id")))
    about = comment or post
    if about is not None:
        person = network.people.get(about.author_id)
        used = comment.talk_id if comment is not None else post.odd.get("_talk") if post is not None else ""
        if person is None or used or network.now() - about.at > timedelta(days=7):
            raise GraphError(
                10900, "(#10900) Activity already replied to", user_msg="It was already answered privately."
            )
    elif "id" in recipient:
        person = network.people.get(str(recipient["id"]))
        _may_write(call, page, person)
    else:
        raise not_there(str(recipient))
    assert person is not None
    said = network.tell(page, page, person, text)
    talk = next(t for t in network.talks.values() if said in t.said)
    if comment is not None:
        comment.talk_id = talk.id
    elif post is not None:
        post.odd["_talk"] = talk.id
    for listener in network.said:
        listener(said)
    return {"recipient_id": person.id, "message_id": said.id}


def _may_write(call: Call, page: Page, person: Person | None) -> None:
    talks = call.network.talks.values()
    talk: Talk | None = next((t for t in talks if person and (t.page_id, t.person_id) == (page.id, person.id)), None)
    if talk is None or person is None:
        raise GraphError(100, "(#100) No matching user found", subcode=2018001)
    last = max((s.at for s in talk.said if s.by == person.id), default=None)
    if last is None or call.network.now() - last > timedelta(hours=24):
        raise GraphError(10, "(#10) This message is sent outside of allowed window.", subcode=2018278, status=403)


_DEEDS: dict[tuple[str, str, str], Any] = {
    ("POST", "Page", "feed"): _post,
    ("POST", "Page", "photos"): _picture,
    ("POST", "Page", "messages"): _message,
    ("POST", "Page", "blocked"): _ban,
    ("DELETE", "Page", "blocked"): _unban,
    ("POST", "Post", ""): _change_post,
    ("DELETE", "Post", ""): _remove,
    ("POST", "Post", "comments"): _comment,
    ("POST", "Post", "likes"): _like,
    ("DELETE", "Post", "likes"): _unlike,
    ("POST", "Comment", ""): _change_comment,
    ("DELETE", "Comment", ""): _remove,
    ("POST", "Comment", "comments"): _comment,
    ("POST", "Comment", "likes"): _like,
    ("DELETE", "Comment", "likes"): _unlike,
}
