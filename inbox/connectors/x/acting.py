"""Hiding answers, reposting, deleting, and looking at one message again (x.md sections 4.2 and 5.2).

All may be repeated. Likes, follows and quotes are closed to apps like ours and therefore not offered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from inbox.connectors.connector import START
from inbox.connectors.x import direct, fields, prices
from inbox.connectors.x.api import Api
from inbox.connectors.x.parsing import Person, message_from_post
from inbox.connectors.x.people import looked_up
from inbox.connectors.x.problems import judge, problem_in, words_of
from inbox.errors import NotAllowed, Unsupported
from inbox.model import Batch, Capability, Message, MessageState, Moderation, Reaction

FRESH: Final = timedelta(days=1)
"""A message that was written or read less than this ago is taken for what it was then."""
GONE: Final = frozenset({"resource-not-found", "not-authorized-for-resource", "resource-unavailable"})
_ALREADY: Final = re.compile(r"\balready\b", re.IGNORECASE)


async def moderate(api: Api, message: Message, action: Moderation) -> Message:
    """Fold an answer away below a post of ours, or unfold it."""
    if Capability.HIDE in message.denied:
        raise NotAllowed("X hides answers below our own posts only", hint="Report it on X itself.", account=api.account)
    hidden = action is Moderation.HIDE
    await api.write(
        "PUT", f"/2/tweets/{newest(message)}/hidden", {"hidden": hidden},
        what="answer hidden" if hidden else "answer shown again", price=prices.write("hide"),
    )  # fmt: skip
    return replace(message, state=MessageState.HIDDEN if hidden else MessageState.PUBLISHED, untold=())


async def react(api: Api, message: Message, reaction: Reaction) -> Message:
    """Repost, and take it back."""
    path, others = f"/2/users/{api.us.id}/retweets", tuple(r for r in message.reacted if r is not Reaction.BOOST)
    if reaction is Reaction.BOOST:
        body = {"tweet_id": newest(message)}
        reply = await api.send("POST", path, body, what="reposted", price=prices.write("repost"))
        if not (reply.status in {400, 403} and _ALREADY.search(words_of(problem_in(reply)))):
            judge(reply, "reposting", api.clock, account=api.account, writing=True)
        return replace(message, reacted=(*others, Reaction.BOOST), untold=())
    price = prices.write("delete")
    await api.write("DELETE", f"{path}/{newest(message)}", what="repost taken back", price=price, gone=True)
    return replace(message, reacted=others, untold=())


async def delete(api: Api, message: Message) -> None:
    """Delete for good, with all its edits; already gone is success."""
    if not message.ours:
        raise Unsupported("Only what we wrote ourselves can be deleted")
    price = prices.write("delete")
    if direct.is_direct(message.remote_id):
        _, event = direct.ids_of(message.remote_id)
        await api.write("DELETE", f"/2/dm_events/{event}", what="direct message deleted", price=price, gone=True)
        return
    await api.write("DELETE", f"/2/tweets/{newest(message)}", what="post deleted", price=price, gone=True)


async def thread(api: Api, message: Message) -> Batch:
    """This message as it is now, and what it answers where that is not ours; only of one that was not read for a day,
    since each costs. So what was deleted, protected or edited is noticed when somebody looks (section 8)."""
    last = max(message.created_at, api.session.read_at.get(message.remote_id, message.created_at))
    if api.now() - last < FRESH or direct.is_direct(message.remote_id) or not message.remote_id.isdecimal():
        return Batch(cursor=START, requests=0)
    wanted = {newest(message): message.remote_id}
    if message.parent_remote_id and Capability.HIDE in message.denied and not message.ours:
        wanted[message.parent_remote_id] = message.parent_remote_id
    found, gone = await _read(api, list(wanted))
    messages = [await _message(api, item, message) for item in found.values()]
    for number, item in list(found.items()):
        latest = str((_chain(item) or [number])[-1])
        if latest not in found:  # it was edited since
            newer, _ = await _read(api, [latest])
            messages += [await _message(api, one, message) for one in newer.values()]
    api.session.read((m.remote_id for m in messages), api.now())
    return Batch(
        messages=tuple(messages),
        gone=tuple(wanted[number] for number in gone if number in wanted),
        cursor=START,
        requests=api.requests,
    )


def newest(message: Message) -> str:
    """The id of the message's last edit, which is what acts are about."""
    if not message.remote_id.isdecimal():
        raise Unsupported("This is no post of its own")
    return message.details.get("id") or message.remote_id


async def _read(api: Api, ids: list[str]) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """These posts, and which of them X does not show any more."""
    each = fields.dearest_post(prices.read("post"), api.us.dialect)
    params = {"ids": ",".join(ids), **fields.for_posts(api.us.dialect)}
    with api.purse.hold(each * len(ids)):
        page = await api.page(
            "/2/tweets", params, kind="post", price=prices.read("post"), what="messages looked at again"
        )
    found = {str(p["id"]): p for p in page.items if isinstance(p, Mapping) and p.get("id") and p.get("author_id")}
    gone = [
        str(m.get("resource_id") or m.get("value") or "")
        for m in page.missing
        if str(m.get("type") or "").rsplit("/", 1)[-1] in GONE
    ]
    return found, [number for number in gone if number not in found]


async def _message(api: Api, item: Mapping[str, Any], near: Message) -> Message:
    """A post as a message; its author is looked up unless it is the one we know."""
    author = str(item["author_id"])
    if author == near.author.remote_id:
        names = {author: Person(username=near.author.handle, name=near.author.name)}
    elif author != api.us.id:
        names = await looked_up(api, [author])
    else:
        names = {}
    return message_from_post(item, api.us, names)


def _chain(item: Mapping[str, Any]) -> list[Any]:
    listed = item.get("edit_history_tweet_ids", item.get("edit_history_post_ids"))
    return listed if isinstance(listed, list) else []
