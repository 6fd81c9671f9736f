"""Reading again, moderating, liking, editing, deleting (facebook.md section 3). All of these may be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.facebook import asking, usage
from inbox.connectors.facebook.graph import Api, asked, is_gone, raised
from inbox.connectors.facebook.ids import bare, is_comment, is_private, is_rating, post_of
from inbox.connectors.facebook.parsing import is_ours, message_from_comment, message_from_post
from inbox.connectors.facebook.troubles import Told
from inbox.errors import BadReply, NotFound, Unsupported
from inbox.model import Batch, Message, Moderation, Reaction

MOST_IDS: Final = 100


async def reread(api: Api, remote_ids: Sequence[str]) -> Batch:
    """These messages as they are now. Gone is only what Facebook itself says is not there. Recommendations cannot be
    asked for one by one, and a private message that cannot be read any more is merely an old one."""
    asked_for = [i for i in dict.fromkeys(remote_ids) if not is_rating(i)][:MOST_IDS]
    wanted = [i for i in asked_for if not i.startswith(("m_", "t_", "unreadable-"))]
    if not wanted:
        return Batch(cursor=START, requests=0)
    answers = await api.batch([_url(api, one) for one in wanted], what="a message")
    gone = tuple(one for one, answer in zip(wanted, answers, strict=True) if is_gone(answer))
    there = [(one, answer) for one, answer in zip(wanted, answers, strict=True) if isinstance(answer, Mapping)]
    refused = [answer for answer in answers if isinstance(answer, Told) and not is_gone(answer)]
    if refused and not there and not gone:
        raise refused[0].error
    await _learn_whose(api, [post_of(one) for one, _ in there if is_comment(one)])
    messages = tuple(_message(api, one, row) for one, row in there)
    return Batch(messages=messages, gone=gone, cursor=START, requests=api.requests)


async def read_one(api: Api, remote_id: str) -> Message:
    """One post or comment as it is now. Raises NotFound."""
    [answer] = await api.batch([_url(api, remote_id)], what="the message")
    row = raised(answer)
    if is_comment(remote_id):
        await _learn_whose(api, [post_of(remote_id)])
    return _message(api, remote_id, row)


async def moderate(api: Api, message: Message, action: Moderation) -> Message:
    """Hide or show a comment; ban its author from the Page, or let them back."""
    if action in {Moderation.HIDE, Moderation.UNHIDE}:
        if not is_comment(message.remote_id):
            raise Unsupported("Only comments can be hidden")
        hidden = action is Moderation.HIDE
        await _done(api, bare(message.remote_id), {"is_hidden": "true" if hidden else "false"}, what=str(action))
        return await read_one(api, message.remote_id)
    if action in {Moderation.BLOCK, Moderation.UNBLOCK}:
        who = message.author.remote_id
        if message.ours or not who:
            raise Unsupported("Facebook does not say who wrote this, so nobody can be banned")
        method = "POST" if action is Moderation.BLOCK else "DELETE"
        await _done(api, f"{api.page}/blocked", {"user": who}, what="banning", method=method)
        return message
    raise Unsupported(f"Facebook cannot {action}")


async def react(api: Api, message: Message, reaction: Reaction) -> Message:
    """Like it as the Page, or take that back."""
    if is_private(message.remote_id):
        raise Unsupported("Private messages cannot be liked from here")
    method = {Reaction.LIKE: "POST", Reaction.UNLIKE: "DELETE"}[reaction]
    await _done(api, f"{bare(message.remote_id)}/likes", {}, what="liking", method=method)
    after = await read_one(api, message.remote_id)
    if not after.untold:
        return after
    return replace(after, reacted=(Reaction.LIKE,) if reaction is Reaction.LIKE else (), untold=())


async def edit(api: Api, message: Message, text: str) -> Message:
    """Replace the words of what we wrote. Only the app that made a post may change it."""
    if not message.ours or is_private(message.remote_id):
        raise Unsupported("Only what we wrote ourselves can be edited")
    await _done(api, bare(message.remote_id), {"message": text}, what="editing")
    return await read_one(api, message.remote_id)


async def delete(api: Api, message: Message) -> None:
    """Delete for good. Already gone is success."""
    if is_private(message.remote_id):
        raise Unsupported("Private messages cannot be taken back")
    try:
        await _done(api, bare(message.remote_id), {}, what="deleting", method="DELETE")
    except NotFound:
        return


# --- how it is done ---


async def _done(api: Api, path: str, form: Mapping[str, str], *, what: str, method: str = "POST") -> None:
    try:
        await api.write(path, form, what=what, method=method)
    except Told as told:
        raise told.error from None


def _url(api: Api, remote_id: str) -> str:
    fields = asking.of_comment(api.session) if is_comment(remote_id) else asking.of_post(api.session, remote_id)
    return asked(bare(remote_id), {"fields": fields})


async def _learn_whose(api: Api, posts: Sequence[str]) -> None:
    """Whether these posts are the Page's own: below them, a comment begins a conversation."""
    unknown = [post for post in dict.fromkeys(posts) if post not in api.session.ours]
    api.session.ours |= {post: True for post in unknown if "_" not in post}
    unknown = [post for post in unknown if "_" in post]
    answers = await api.batch([asked(p, {"fields": "from{id}"}) for p in unknown], what="a post") if unknown else []
    for post, answer in zip(unknown, answers, strict=True):
        if isinstance(answer, Mapping):
            api.session.ours[post] = is_ours(answer, api.page)


def _message(api: Api, remote_id: str, row: Any) -> Message:
    if not is_comment(remote_id):
        return message_from_post(row, api.page, api.title)
    post = post_of(remote_id)
    ours = api.session.ours.get(post, post.startswith(api.page))
    return message_from_comment(row, api.page, post, ours=ours, who_sees=asking.who_sees(api.session))


async def private_message(api: Api, remote_id: str) -> Mapping[str, Any]:
    """Who wrote a private message to whom. Raises NotFound for one that Facebook does not show any more."""
    return await api.get(remote_id, {"fields": "id,created_time,from,to"}, what="the message", quota=usage.MESSENGER)


def other_side(row: Mapping[str, Any], page: str) -> str:
    """The person of a private message: who wrote it, or to whom the Page did."""
    by, to = row.get("from"), row.get("to")
    people = [by, *(to.get("data") or () if isinstance(to, Mapping) else ())]
    found = [str(p["id"]) for p in people if isinstance(p, Mapping) and p.get("id") and str(p["id"]) != page]
    if not found:
        raise BadReply("the message: nobody to answer to")
    return found[0]
