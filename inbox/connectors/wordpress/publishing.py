"""Answers and posts, each sent once; and looking for what may have arrived (wordpress.md sections 5 and 6).

An answer is recognised by post, author, parent and text: WordPress itself refuses a second copy (409). Creating a post
is not idempotent, so each carries a slug made from the delivery's key, which is looked up before anything is sent.
"""

from __future__ import annotations

import hashlib
import html
import logging
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.text import lines_of, linked
from inbox.connectors.wordpress.attaching import Picture, pictures, pictures_there, terms, terms_there
from inbox.connectors.wordpress.checking import parted
from inbox.connectors.wordpress.lists import COMMENTS, ROUTES, id_of
from inbox.connectors.wordpress.moderating import comment_content
from inbox.connectors.wordpress.parsing import (
    COMMENT_FIELDS,
    POST_FIELDS,
    context_of,
    message_from_comment,
    message_from_post,
)
from inbox.connectors.wordpress.site import PER_PAGE, Api, code_of, reject, server_now
from inbox.errors import BadReply, NotFound, OutcomeUnknown, RateLimited, SignInNeeded, Unsupported
from inbox.model import Receipt, Rendition, UpdateKind

log = logging.getLogger(__name__)

POSTS: Final = ROUTES["post"]
STATUSES: Final = "publish,future,draft,pending,private,trash"
SOONEST_S: Final = 60  # what is due sooner WordPress publishes at once (section 1, point 8)
_PARENT_WORDS: Final = {
    "hold": "The comment you answer is still held: approve it first, or your answer stands alone in public",
    "spam": "The comment you answer is in spam; take it out first",
    "trash": "The comment you answer is in the trash; restore it first",
    "post-trashed": "The post of this comment is in the trash",
}
_ENTITY = re.compile(r"&(?=#?\w+;)")


async def publish(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Send it, once; what an earlier attempt of this key made is found and returned instead."""
    if rendition.kind is UpdateKind.REPLY:
        return await _reply(api, rendition)
    if rendition.replaces:
        return await _replace(api, rendition, key)
    return await _post(api, rendition, key)


async def find(api: Api, rendition: Rendition, key: str) -> Receipt | None:
    """What this rendition made, or None when it is not there. Never writes."""
    if rendition.kind is UpdateKind.REPLY:
        post, parent = _target(rendition)
        return await _find_reply(api, post, parent, rendition.text)
    if rendition.replaces:
        return await _find_replaced(api, rendition, key)
    return await _find_post(api, key)


def token_of(key: str) -> str:
    """A short word for a delivery's key, the same every time, of characters that WordPress leaves alone."""
    plain = re.sub(r"[^a-z0-9]", "", key.lower())
    short = plain if 0 < len(plain) <= 16 and plain == key else hashlib.sha256(key.encode()).hexdigest()[:12]
    return f"postroom-{short}"


def blocks(text: str, images: list[Picture]) -> str:
    """Typed text as paragraph blocks, a blank line apart, then the pictures as image blocks.

    Addresses become links here, as WordPress only links those in comments; a square bracket is encoded so that
    nothing typed is taken for a shortcode.
    """
    made = []
    for paragraph in re.split(r"\n[ \t]*\n\s*", lines_of(text)):
        if paragraph.strip():
            lines = [linked(line).replace("[", "&#91;") for line in paragraph.split("\n")]
            made.append(f"<!-- wp:paragraph -->\n<p>{'<br>'.join(lines)}</p>\n<!-- /wp:paragraph -->")
    for image in images:
        src, alt = html.escape(image.url), html.escape(image.alt_text)
        picture = f'<figure class="wp-block-image"><img src="{src}" alt="{alt}" class="wp-image-{image.id}"/></figure>'
        made.append(f'<!-- wp:image {{"id":{image.id}}} -->\n{picture}\n<!-- /wp:image -->')
    return "\n\n".join(made)


def one_line(text: str) -> str:
    """A title or excerpt as typed: HTML is allowed there, so tags and entities that were typed are encoded.

    A lone ``&`` stays, or the editor at the blog would show ``&amp;``.
    """
    return _ENTITY.sub("&amp;", " ".join(text.split())).replace("<", "&lt;").replace(">", "&gt;")


# --- answers ---


async def _reply(api: Api, rendition: Rendition) -> Receipt:
    if rendition.publish_at is not None and rendition.publish_at > api.now():
        raise Unsupported("WordPress cannot schedule an answer")
    post, parent = _target(rendition)
    content = comment_content(rendition.text)
    post = await _checked_parent(api, post, parent) if parent else await _checked_post(api, rendition, post)
    change = {"post": post, "parent": parent, "content": content}
    reply = await api.ask("POST", COMMENTS, {"context": "edit"}, json=change, timeout_s=60)
    if reply.status == 409 and code_of(reply) == "comment_duplicate":
        found = await _find_reply(api, post, parent, rendition.text)
        if found:
            return found
    api.judge(reply, "answering", writing=True)
    item = api.answer(reply, "answering")
    if not id_of(item):
        raise OutcomeUnknown("The answer was accepted without a number")
    return _reply_receipt(api, item)


def _target(rendition: Rendition) -> tuple[int, int]:
    """The post (0: not named) and the parent (0: an answer to the post itself) that an answer goes to."""
    kind, number = parted(rendition.reply_to)
    post = parted(rendition.context)[1]
    if kind == "comment":
        return post, number
    if not number and not post:
        reject("It is not known which comment this answers", where="reply_to")
    return number or post, 0


async def _checked_parent(api: Api, post: int, parent: int) -> int:
    """The parent's post, once the parent is found fit for an answer: WordPress itself checks nothing (point 9)."""
    try:
        params = {"context": "edit", "_fields": "id,post,status,type,_links.up"}
        item = await api.read(f"{COMMENTS}/{parent}", params, "the comment")
    except NotFound:
        reject("The comment you answer is not there any more", where="reply_to")
    status = str(item.get("status"))
    if status != "approved":
        reject(_PARENT_WORDS.get(status, f"The comment you answer is not public ({status})"), where="reply_to")
    under = item.get("post")
    if not isinstance(under, int) or (post and under != post):
        reject(f"The comment you answer stands on another post ({context_of(item)})", where="reply_to")
    return under


async def _checked_post(api: Api, rendition: Rendition, post: int) -> int:
    kind = parted(rendition.reply_to)[0] or parted(rendition.context)[0]
    route = ROUTES.get(kind)
    if route is None:
        return post  # another type: WordPress refuses by itself when comments are closed there
    try:
        item = await api.read(f"{route}/{post}", {"context": "edit", "_fields": "id,status,comment_status"}, "the post")
    except NotFound:
        reject("The post is not there any more", where="reply_to")
    if item.get("comment_status") != "open":
        reject("Comments are closed on this post", where="reply_to")
    return post


async def _find_reply(api: Api, post: int, parent: int, text: str) -> Receipt | None:
    """Our newest comment with this text on this post under this parent."""
    if not api.site.user_id:
        raise SignInNeeded("It is not known who we are on this blog")
    wanted, offset = _words(text), 0
    while True:
        page = await api.page(
            COMMENTS,
            {
                "post": post or None,
                "author": api.site.user_id,
                "parent": parent,
                "status": "any",
                "type": "all",
                "context": "edit",
                "orderby": "id",
                "order": "desc",
                "per_page": PER_PAGE,
                "offset": offset or None,
                "_fields": COMMENT_FIELDS,
            },
            "our answers",
        )
        for item in page.items:
            if _words(html.unescape(str((item.get("content") or {}).get("raw") or ""))) == wanted:
                return _reply_receipt(api, item)
        if page.ends_at(offset):
            return None
        offset += PER_PAGE - 5


def _words(text: str) -> str:
    return " ".join(text.split())


def _reply_receipt(api: Api, item: Mapping[str, Any]) -> Receipt:
    message = message_from_comment(item, api.site)
    if message is None:
        raise BadReply("our answer came back as an editors' note")
    return Receipt(remote_id=message.remote_id, url=message.url, state=message.state, message=message)


# --- posts ---


async def _post(api: Api, rendition: Rendition, key: str) -> Receipt:
    token = token_of(key)
    reply = await _by_slug(api, token)
    found = _first(api, reply)
    if found:
        return found
    when = _when(api, rendition, server_now(reply))
    change = await _change(api, rendition, token)
    change |= {"slug": token, **when}
    item = await api.write(POSTS, change, "publishing")
    if not id_of(item):
        raise OutcomeUnknown("The post was accepted without a number")
    return _post_receipt(api, item, change)


async def _find_post(api: Api, key: str) -> Receipt | None:
    return _first(api, await _by_slug(api, token_of(key)))


async def _by_slug(api: Api, token: str) -> Any:
    """Posts with the slug, also when somebody has put it in the trash since (the slug then ends in __trashed)."""
    params = {
        "slug": f"{token},{token}__trashed",
        "status": STATUSES,
        "context": "edit",
        "_embed": "author",
        "_fields": POST_FIELDS,
    }
    reply = await api.ask("GET", POSTS, params)
    api.judge(reply, "our posts")
    return reply


def _first(api: Api, reply: Any) -> Receipt | None:
    items = reply.json("our posts")
    if not isinstance(items, list):
        raise BadReply(f"our posts: expected a list, got {reply.words()}", status=reply.status)
    found = [item for item in items if id_of(item)]
    return _post_receipt(api, min(found, key=id_of), {}) if found else None


def _when(api: Api, rendition: Rendition, server: datetime | None) -> dict[str, Any]:
    """Publish now, or leave it with WordPress until its time.

    Due already: now. Due within a minute: WordPress would publish at once, so up to a minute early (section 1, point
    8); we wait for the time instead, by saying when to try again. The site's own clock counts where it is ahead.
    """
    if rendition.publish_at is None:
        return {"status": "publish"}
    due, now = rendition.publish_at.astimezone(UTC), api.now()
    if due <= now:
        return {"status": "publish"}
    if due - max(now, server or now) < timedelta(seconds=SOONEST_S):
        raise RateLimited(
            "WordPress would publish this up to a minute early",
            hint="Postroom sends it when its time has come.",
            retry_at=due,
        )
    return {"status": "future", "date_gmt": _gmt(due)}


async def _change(api: Api, rendition: Rendition, token: str) -> dict[str, Any]:
    """The fields of a post; pictures and terms are brought to the blog first."""
    if not rendition.text.strip() and not rendition.title.strip():
        reject("WordPress wants a title or a text")
    images = await pictures(api, rendition.media, token)
    change: dict[str, Any] = {"title": one_line(rendition.title), "content": blocks(rendition.text, images[1:])}
    if rendition.excerpt.strip():
        change["excerpt"] = one_line(rendition.excerpt)
    if rendition.categories:
        change["categories"] = await terms(api, "wp/v2/categories", rendition.categories)
    if rendition.tags:
        change["tags"] = await terms(api, "wp/v2/tags", rendition.tags)
    if images:
        change["featured_media"] = images[0].id
    return change


async def _replace(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Write a new version of a post of ours; only what the rendition names is changed."""
    route, number = _replaced(rendition)
    try:
        before = await api.read(f"{route}/{number}", {"context": "edit", "_fields": POST_FIELDS}, "the post")
    except NotFound:
        reject("The post to update is not there any more", where="replaces")
    status = before.get("status")
    if status == "trash":
        reject("The post to update is in the trash; restore it first", where="replaces")
    when: dict[str, Any] = {}
    if rendition.publish_at is not None:
        if status in {"publish", "private"} and rendition.publish_at > api.now():
            reject("A post that is public cannot be scheduled: it would disappear until then", where="publish_at")
        if status not in {"publish", "private"}:
            when = _when(api, rendition, None)
        if status == "future" and when.get("status") == "publish":
            when["date_gmt"] = None  # else the old date stays, and with it the post waits on (section 6)
    change = {**await _change(api, rendition, token_of(key)), **when}
    item = await api.write(f"{route}/{number}", change, "updating the post")
    return _post_receipt(api, item, change)


async def _find_replaced(api: Api, rendition: Rendition, key: str) -> Receipt | None:
    """The post, when all that was sent stands there. Else None: to write a change again does no harm, while a part
    that was taken out and stands there still may do some."""
    route, number = _replaced(rendition)
    try:
        item = await api.read(f"{route}/{number}", {"context": "edit", "_fields": POST_FIELDS}, "the post")
    except NotFound:
        return None
    if not _stands_as_timed(api, item, rendition.publish_at) or _words(_raw(item, "title")) != one_line(
        rendition.title
    ):
        return None
    if rendition.excerpt.strip() and _words(_raw(item, "excerpt")) != one_line(rendition.excerpt):
        return None
    images = await pictures_there(api, rendition.media, token_of(key))
    if images is None or (images and item.get("featured_media") != images[0].id):
        return None
    if _raw(item, "content").strip() != blocks(rendition.text, images[1:]):
        return None
    for field, names in (("categories", rendition.categories), ("tags", rendition.tags)):
        if names and set(item.get(field) or ()) != await terms_there(api, f"wp/v2/{field}", names):
            return None
    return _post_receipt(api, item, {})


def _stands_as_timed(api: Api, item: Mapping[str, Any], due: datetime | None) -> bool:
    """Whether the post is public, or waits, as the time that was asked for has it; without one that was left alone."""
    if due is None:
        return True
    if item.get("status") in {"publish", "private"}:
        return due <= api.now()
    return item.get("status") == "future" and item.get("date_gmt") == _gmt(due)


def _raw(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return str(value.get("raw") or "") if isinstance(value, Mapping) else ""


def _gmt(due: datetime) -> str:
    return due.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _replaced(rendition: Rendition) -> tuple[str, int]:
    kind, number = parted(rendition.replaces)
    if not number or kind not in ROUTES:
        raise Unsupported("Only posts and pages can be updated")
    return ROUTES[kind], number


def _post_receipt(api: Api, item: Mapping[str, Any], sent: Mapping[str, Any]) -> Receipt:
    message = message_from_post(item, api.site)
    for name in ("featured_media", "status"):
        # An unknown picture is ignored with 200 (section 6); the post is there all the same, so it is only said.
        if name in sent and item.get(name) != sent[name]:
            log.warning("post %s: %s is %s, not %s", message.remote_id, name, item.get(name), sent[name])
    return Receipt(remote_id=message.remote_id, url=message.url, state=message.state, message=message)
