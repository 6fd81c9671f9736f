"""Moderating, editing and deleting what stands at the blog (wordpress.md section 5).

Every one of these may be repeated: it looks at how the message stands and only writes what is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Final

from inbox.connectors.text import escaped, lines_of
from inbox.connectors.wordpress.checking import message_of, parted, route_of
from inbox.connectors.wordpress.lists import COMMENTS, LETTERS, ROUTES, letter_of
from inbox.connectors.wordpress.parsing import COMMENT_FIELDS, POST_FIELDS, context_of
from inbox.connectors.wordpress.polling import Moved
from inbox.connectors.wordpress.site import COMMENT_BYTES, Api, is_gone, reject
from inbox.errors import BadReply, OutcomeUnknown, Unavailable, Unsupported
from inbox.model import Message, MessageKind, Moderation

# What is written, and which stored statuses mean that it is so (written "approve", read "approved").
_WRITTEN: Final = {
    Moderation.APPROVE: "approve",
    Moderation.HOLD: "hold",
    Moderation.SPAM: "spam",
    Moderation.UNSPAM: "unspam",
    Moderation.RESTORE: "untrash",
}
_MEANT: Final = {
    Moderation.APPROVE: {"approved"},
    Moderation.HOLD: {"hold"},
    Moderation.SPAM: {"spam"},
    Moderation.TRASH: {"trash", "post-trashed"},
    Moderation.UNSPAM: {"approved", "hold"},
    Moderation.RESTORE: {"approved", "hold", "spam"},
}
_ONLY_FROM: Final = {Moderation.UNSPAM: "spam", Moderation.RESTORE: "trash"}


async def moderate(api: Api, message: Message, action: Moderation, moved: Moved) -> Message:
    """Do it, and return the message as the blog has it now."""
    kind, number = parted(message.remote_id)
    if not number:
        raise Unsupported("This message has no number at the blog")
    if kind == "comment":
        return await _comment(api, number, action, moved)
    if action is Moderation.TRASH:
        return await _to_trash(api, kind, number)
    if action is Moderation.RESTORE:
        return await _entry_restored(api, kind, number)
    raise Unsupported("Posts can be put in the trash and taken out again, nothing else")


async def edit(api: Api, message: Message, text: str) -> Message:
    """Replace the words of a comment of ours."""
    kind, number = parted(message.remote_id)
    if kind != "comment" or not number or message.kind is not MessageKind.COMMENT:
        raise Unsupported("Only comments can be edited here; a post is changed by an update")
    if not message.ours:
        raise Unsupported("Only what we wrote ourselves can be edited")
    content = comment_content(text)
    before = await _stored(api, number)
    if lines_of(_raw(before)) == content:
        return _read(api, "comment", before)
    after = await api.write(f"{COMMENTS}/{number}", {"content": content, **_writers(before)}, "editing")
    return _read(api, "comment", after)


async def delete(api: Api, message: Message, moved: Moved) -> None:
    """Remove it for good; already gone is success."""
    kind, number = parted(message.remote_id)
    route = await route_of(api, kind) if number else ""
    if not route:
        raise Unsupported("This message cannot be deleted from here")
    reply = await api.ask("DELETE", f"{route}/{number}", {"force": "true"}, timeout_s=60)
    if reply.status == 410 or is_gone(reply):
        return
    api.judge(reply, "deleting", writing=True)
    if kind == "comment":
        before = LETTERS.get(message.details.get("status", ""), "")
        _note(moved, number, before, "gone")


def comment_content(text: str) -> str:
    """Typed text as it is stored: WordPress does not filter what an editor sends (section 1, point 10).

    Refuses what WordPress would refuse, so that nothing is sent in vain.
    """
    content = escaped(lines_of(text))
    if not content:
        reject("There is no text to send")
    if len(content.encode()) > COMMENT_BYTES:
        reject(f"The answer is longer than WordPress takes ({COMMENT_BYTES:,} bytes)")
    return content


async def _comment(api: Api, number: int, action: Moderation, moved: Moved) -> Message:
    before = await _stored(api, number)
    status = str(before.get("status"))
    if status in _MEANT[action]:
        return _read(api, "comment", before)
    written = _WRITTEN.get(action, "")
    if status == "post-trashed":
        await _refuse_under_trashed(api, before)
        if action is Moderation.RESTORE:
            written = "hold"  # what it was before, only WordPress's own "restore" would know; nothing goes public by it
    elif status != _ONLY_FROM.get(action, status):
        return _read(api, "comment", before)  # elsewhere these two would put it on hold (point 5)
    try:
        if action is Moderation.TRASH:
            after = await _comment_to_trash(api, number)
        else:
            change = {"status": written, **_writers(before)}
            after = await api.write(f"{COMMENTS}/{number}", change, "moderating")
    except OutcomeUnknown:
        after = await _stored(api, number)
        if str(after.get("status")) not in _MEANT[action]:
            raise
    if str(after.get("status")) not in _MEANT[action]:  # 200, and nothing was done (point 5)
        after = await _stored(api, number)
        if str(after.get("status")) not in _MEANT[action]:
            raise Unavailable(f"WordPress left the comment as it was ({after.get('status')})")
    _note(moved, number, letter_of(before), letter_of(after))
    return _read(api, "comment", after)


def _writers(comment: Mapping[str, Any]) -> dict[str, str]:
    """The writer's browser and address, to be sent back with every change: WordPress would overwrite both with ours
    (section 1, point 4; the address, which that leaves out, measured on 6.1.9). It takes no empty one, and refuses the
    whole change for an address that is none: a proxy's list or a shortened one stays out, and the change is made."""
    kept = {name: str(comment.get(name) or "") for name in ("author_user_agent", "author_ip")}
    if not _is_address(kept["author_ip"]):
        del kept["author_ip"]
    return {name: words for name, words in kept.items() if words}


def _is_address(words: str) -> bool:
    """Whether WordPress takes it: an address of version 4 or 6, without a zone."""
    try:
        ip_address(words)
    except ValueError:
        return False
    return "%" not in words


async def _refuse_under_trashed(api: Api, comment: Mapping[str, Any]) -> None:
    """Refuse while the comment's post is in the trash.

    A post taken out through REST leaves its comments ``post-trashed`` (6.1.9, measured): those may be moved one by one.
    """
    kind, number = parted(context_of(comment))
    post = await _entry(api, await _entry_route(api, kind), number)
    if post.get("status") == "trash":
        reject("The post of this comment is in the trash; restore the post first", where="parent")


def _note(moved: Moved, number: int, before: str, after: str) -> None:
    """Remember our own move until the next poll; of several, the first "before" and the last "after" count."""
    moved[number] = (moved[number][0] if number in moved else before, after)


async def _comment_to_trash(api: Api, number: int) -> Mapping[str, Any]:
    """By DELETE rather than by status: on a blog without trash that is refused instead of deleting for good."""
    reply = await api.ask("DELETE", f"{COMMENTS}/{number}", judged={501}, timeout_s=60)
    if reply.status != 410:
        api.judge(reply, "moving to the trash", writing=True)
    return await _stored(api, number)


async def _to_trash(api: Api, kind: str, number: int) -> Message:
    route = await _entry_route(api, kind)
    reply = await api.ask("DELETE", f"{route}/{number}", judged={501}, timeout_s=60)
    if reply.status != 410:
        api.judge(reply, "moving to the trash", writing=True)
    return _read(api, kind, await _entry(api, route, number))


async def _entry_restored(api: Api, kind: str, number: int) -> Message:
    """Out of the trash, as a draft: WordPress does not say what it was before."""
    route = await _entry_route(api, kind)
    before = await _entry(api, route, number)
    if before.get("status") != "trash":
        return _read(api, kind, before)
    after = await api.write(f"{route}/{number}", {"status": "draft"}, "restoring")
    if after.get("status") == "trash":
        raise Unavailable("WordPress left the post in the trash")
    return _read(api, kind, after)


async def _entry_route(api: Api, kind: str) -> str:
    route = ROUTES.get(kind) or await route_of(api, kind)
    if not route:
        raise Unsupported("The blog does not offer this type of post")
    return route


async def _stored(api: Api, number: int) -> Mapping[str, Any]:
    return await api.read(f"{COMMENTS}/{number}", {"context": "edit", "_fields": COMMENT_FIELDS}, "the comment")


async def _entry(api: Api, route: str, number: int) -> Mapping[str, Any]:
    params = {"context": "edit", "_embed": "author", "_fields": POST_FIELDS}
    return await api.read(f"{route}/{number}", params, "the post")


def _read(api: Api, kind: str, item: Mapping[str, Any]) -> Message:
    message = message_of(api, kind, item)
    if message is None:
        raise BadReply("the comment: it is an editors' note")
    return message


def _raw(item: Mapping[str, Any]) -> str:
    content = item.get("content")
    return str(content.get("raw") or "") if isinstance(content, Mapping) else ""
