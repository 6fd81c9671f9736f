"""Editing, deleting and liking (linkedin.md section 6). All of these may be repeated."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from inbox.connectors.linkedin import little
from inbox.connectors.linkedin.pages import COMMENT_CHARACTERS, POST_CHARACTERS
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api, comment_path, reject
from inbox.connectors.linkedin.urns import comment_urn, is_comment, is_post
from inbox.errors import NotFound, Unsupported
from inbox.model import Channel, Message, Reaction

_GONE: Final = frozenset({404, 410})
_ALREADY: Final = frozenset({409, 422})


async def edit(api: Api, channel: Channel, message: Message, text: str) -> Message:
    """Replace the words of a post or comment of ours. Only the words: pictures and polls stay as they are."""
    urn = _ours(message)
    if is_comment(urn):
        if len(text.encode("utf-16-le")) // 2 > COMMENT_CHARACTERS:
            reject(f"A comment on LinkedIn may have {COMMENT_CHARACTERS:,} characters")
        patch: dict[str, object] = {"message": {"$set": {"text": text}}}
        reply = await api.ask(
            "POST", comment_path(urn), {"actor": channel.remote_id}, json={"patch": patch}, restli="PARTIAL_UPDATE",
            what="edited",
        )  # fmt: skip
        shown = text
    else:
        if len(little.shown(text).encode("utf-16-le")) // 2 > POST_CHARACTERS:
            reject(f"A post on LinkedIn may have {POST_CHARACTERS:,} characters")
        patch = {"$set": {"commentary": little.written(text)}}
        reply = await api.ask(
            "POST", f"/rest/posts/{encode(urn)}", json={"patch": patch}, restli="PARTIAL_UPDATE", what="edited"
        )
        shown = little.shown(text)
    api.judge(reply, "changing the words")
    return replace(message, text=shown, edited_at=api.now())


async def delete(api: Api, channel: Channel, message: Message) -> None:
    """Remove a post or comment of ours. Already gone is success."""
    urn = _ours(message)
    if is_comment(urn):
        path, params = comment_path(urn), {"actor": channel.remote_id}
    else:
        path, params = f"/rest/posts/{encode(urn)}", {}
    reply = await api.ask("DELETE", path, params, restli="DELETE", what="deleted")
    if reply.status not in _GONE:
        api.judge(reply, "deleting")


async def react(api: Api, channel: Channel, message: Message, reaction: Reaction) -> Message:
    """Like as the organisation, or take it back."""
    urn, us = comment_urn(message.remote_id) or message.remote_id, channel.remote_id
    if not is_comment(urn) and not is_post(urn):
        raise Unsupported("This can only be done to posts and comments")
    if reaction is Reaction.LIKE:
        body = {"root": urn, "reactionType": "LIKE"}
        reply = await api.ask("POST", "/rest/reactions", {"actor": us}, json=body, restli="CREATE", what="reacted")
        done = reply.status in _ALREADY
    else:
        path = f"/rest/reactions/(actor:{encode(us)},entity:{encode(urn)})"
        reply = await api.ask("DELETE", path, restli="DELETE", what="reacted")
        done = reply.status in _GONE
    if not done:
        api.judge(reply, "reacting")
    others = tuple(r for r in message.reacted if r is not Reaction.LIKE)
    return replace(message, reacted=(*others, Reaction.LIKE) if reaction is Reaction.LIKE else others, untold=())


def _ours(message: Message) -> str:
    urn = comment_urn(message.remote_id) or message.remote_id
    if not message.ours:
        raise Unsupported("LinkedIn lets us change and delete only what the page itself wrote")
    if not is_comment(urn) and not is_post(urn):
        raise NotFound("This is neither a post nor a comment")
    return urn
