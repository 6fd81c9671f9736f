"""Direct messages: ``chat.bsky.convo``, proxied by our own server to the chat service (bluesky.md section 8).

Read by its log, which has a running cursor. The chat service is closed source and not in the test network: this is
written after the lexicon and shown on the practice server only. Where the service does not answer, the channel has no
direct messages at all, and nothing else suffers.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from inbox.connectors.bluesky.cursor import Position
from inbox.connectors.bluesky.dpop import error_of
from inbox.connectors.bluesky.embeds import WEB
from inbox.connectors.bluesky.facets import facets_of, markup
from inbox.connectors.bluesky.parsing import moment, unreadable
from inbox.connectors.bluesky.tid import began_at
from inbox.connectors.bluesky.xrpc import Api, judge, listed, mapping, reject
from inbox.connectors.text import name_text
from inbox.errors import BadReply, NotAllowed, NotFound, Unavailable
from inbox.model import Author, Delivery, Message, MessageKind, Receipt, Rendition, Visibility

log = logging.getLogger(__name__)

SERVICE: Final = "did:web:api.bsky.chat#bsky_chat"
MOST_BYTES: Final = 10_000
_PREFIX: Final = "direct:"
_AT_ONCE: Final = 100
_MOST_PAGES: Final = 20
_CLOCKS_DIFFER: Final = timedelta(minutes=5)


def is_direct(remote_id: str) -> bool:
    """Whether this is the id of a direct message."""
    return remote_id.startswith(_PREFIX)


async def available(api: Api) -> bool:
    """Whether the chat service answers us: it needs a right that not every app password has."""
    try:
        await _query(api, "listConvos", {"limit": 1})
    except (NotAllowed, NotFound, Unavailable, BadReply) as error:
        log.info("there are no direct messages here: %s", error)
        return False
    return True


async def poll(api: Api, at: Position) -> list[Message]:
    """What was said since the last look; at first the newest of every conversation. A failing service is left alone.

    The log says everything once, so the mark moves only when all that it said has become messages.
    """
    try:
        if not at.chat:
            return await _first(api, at)
        entries, end = await _log(api, at.chat)
        said: dict[str, list[Mapping[str, Any]]] = {}
        for entry in entries:
            message = entry.get("message")
            if isinstance(message, Mapping) and message.get("id") and "sentAt" in message:
                said.setdefault(str(entry.get("convoId") or ""), []).append(message)
        found: list[Message] = []
        for convo_id, messages in said.items():
            found += _messages(api, await _convo(api, convo_id), messages)
        at.chat = end
        return found
    except (NotAllowed, NotFound, Unavailable, BadReply) as error:
        log.warning("direct messages cannot be read now: %s", error)
        return []


async def send(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Answer a direct message. The service knows no name of ours for it, so it is looked for before it is sent."""
    if rendition.media or rendition.card:
        reject("A direct message at Bluesky holds text only", where="media")
    if len(rendition.text.encode()) > MOST_BYTES:
        reject("The message is too long for Bluesky")
    convo_id = _convo_of(rendition.reply_to)
    if there := await _sent(api, rendition, key):
        return there

    async def did_for(handle: str) -> str:
        reply = await api.ask("GET", "com.atproto.identity.resolveHandle", {"handle": handle})
        return str(mapping(reply, "the handle").get("did") or "") if reply.status == 200 else ""

    message: dict[str, Any] = {"text": rendition.text}
    if facets := await facets_of(rendition.text, did_for):
        message["facets"] = facets
    reply = await api.ask(
        "POST", "chat.bsky.convo.sendMessage", json={"convoId": convo_id, "message": message}, proxy=SERVICE
    )
    _judge(api, reply, "sending", writing=True)
    return _receipt(api, convo_id, api.answer(reply, "sending"))


async def find(api: Api, delivery: Delivery) -> Receipt | None:
    """The message this delivery made: ours, with these words, neither older than it nor than what it answers."""
    return await _sent(api, delivery.rendition, delivery.key)


# --- how it is done ---


async def _first(api: Api, at: Position) -> list[Message]:
    """The log's end first, so that what is said while we read comes with the next poll."""
    _, end = await _log(api, "")
    found: list[Message] = []
    cursor = ""
    for _ in range(_MOST_PAGES):
        page = await _query(api, "listConvos", {"limit": _AT_ONCE, "cursor": cursor or None})
        for convo in listed(page, "convos", "the conversations"):
            if isinstance(convo, Mapping) and convo.get("id"):
                answer = await _query(api, "getMessages", {"convoId": convo["id"], "limit": _AT_ONCE})
                found += _messages(api, convo, listed(answer, "messages", "the messages"))
        cursor = str(page.get("cursor") or "")
        if not cursor:
            break
    at.chat = end
    return found


async def _convo(api: Api, convo_id: str) -> Mapping[str, Any]:
    """A conversation with its members; where it is not shown to us, without them: what was said matters more."""
    try:
        convo = (await _query(api, "getConvo", {"convoId": convo_id})).get("convo")
        if isinstance(convo, Mapping):
            return {**convo, "id": convo_id}
    except (NotAllowed, NotFound, BadReply) as error:
        log.warning("a conversation is read without names: %s", error)
    return {"id": convo_id}


async def _log(api: Api, cursor: str) -> tuple[list[Mapping[str, Any]], str]:
    entries: list[Mapping[str, Any]] = []
    for _ in range(_MOST_PAGES):
        answer = await _query(api, "getLog", {"cursor": cursor or None})
        page = [e for e in listed(answer, "logs", "the log") if isinstance(e, Mapping)]
        entries += page
        following = str(answer.get("cursor") or "")
        if not page or not following or following == cursor:
            return entries, following or cursor
        cursor = following
    return entries, cursor


async def _sent(api: Api, rendition: Rendition, key: str) -> Receipt | None:
    """Ours with these words. The newest come first, and what stands before the message that is answered, or was said
    long before the delivery began, answered something else, perhaps in the same words.
    """
    convo_id = _convo_of(rendition.reply_to)
    answered = rendition.reply_to.removeprefix(_PREFIX).partition(":")[2]
    since = began_at(key)
    cursor = ""
    for _ in range(_MOST_PAGES):
        params = {"convoId": convo_id, "limit": _AT_ONCE, "cursor": cursor or None}
        answer = await _query(api, "getMessages", params)
        for item in listed(answer, "messages", "the messages"):
            if not isinstance(item, Mapping):
                continue
            if answered and item.get("id") == answered:
                return None
            sent_at, sender = moment(item.get("sentAt")), item.get("sender")
            if since and sent_at and sent_at < since - _CLOCKS_DIFFER:
                return None
            ours = isinstance(sender, Mapping) and sender.get("did") == api.did
            if ours and item.get("text") == rendition.text:
                return _receipt(api, convo_id, item)
        cursor = str(answer.get("cursor") or "")
        if not cursor:
            break
    return None


def _receipt(api: Api, convo_id: str, item: Mapping[str, Any]) -> Receipt:
    message = _message(api, convo_id, {}, item)
    return Receipt(remote_id=message.remote_id, url=message.url, message=message)


def _messages(api: Api, convo: object, items: Iterable[Any]) -> list[Message]:
    if not isinstance(convo, Mapping):
        return []
    members = {str(m.get("did")): m for m in convo.get("members") or () if isinstance(m, Mapping)}
    convo_id = str(convo.get("id") or "")
    found: list[Message] = []
    for item in items:
        if not isinstance(item, Mapping) or not item.get("id"):
            continue
        try:
            found.append(_message(api, convo_id, members, item))
        except BadReply as error:  # one that cannot be read must not stand in the way of all others at every poll
            log.warning("a direct message cannot be read: %s", error)
            found.append(
                replace(
                    unreadable(item, f"{_PREFIX}{convo_id}"),
                    visibility=Visibility.DIRECT,
                    parent_remote_id=f"{_PREFIX}{convo_id}",
                    root_remote_id=f"{_PREFIX}{convo_id}",
                )
            )
    return found


def _message(api: Api, convo_id: str, members: Mapping[str, Mapping[str, Any]], item: Mapping[str, Any]) -> Message:
    """A direct message. All of one conversation answer the conversation itself, which nobody wrote."""
    sender = item.get("sender")
    did = str(sender.get("did") or "") if isinstance(sender, Mapping) else ""
    ours = did == api.did
    who = members.get(did) or ({"handle": api.place.handle, "displayName": api.place.name} if ours else {})
    handle = str(who.get("handle") or "")
    text = str(item.get("text") or "")
    sent_at = moment(item.get("sentAt"))
    if sent_at is None:
        raise BadReply("a direct message: no time")
    return Message(
        remote_id=f"{_PREFIX}{convo_id}:{item['id']}",
        kind=MessageKind.DIRECT,
        author=Author(
            name=name_text(str(who.get("displayName") or "")) or handle or did,
            remote_id=did,
            handle=handle,
            url=f"{WEB}/profile/{did}",
        ),
        created_at=sent_at,
        text=text,
        html=markup(text, item.get("facets")),
        url=f"{WEB}/messages/{convo_id}",
        ours=ours,
        visibility=Visibility.DIRECT,
        parent_remote_id=f"{_PREFIX}{convo_id}",
        root_remote_id=f"{_PREFIX}{convo_id}",
        raw=json.dumps(item, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace"),
    )


def _convo_of(remote_id: str) -> str:
    return remote_id.removeprefix(_PREFIX).partition(":")[0]


async def _query(api: Api, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
    reply = await api.ask("GET", f"chat.bsky.convo.{method}", params, proxy=SERVICE)
    _judge(api, reply, "direct messages")
    return mapping(reply, "direct messages")


def _judge(api: Api, reply: Any, what: str, *, writing: bool = False) -> None:
    """InvalidToken means here that the app password may not do this: nobody is signed out by it."""
    if reply.status in {400, 403} and error_of(reply) in {"InvalidToken", "InsufficientScope"}:
        raise NotAllowed(
            f"{what}: this sign-in may not read direct messages",
            hint="Make an app password with direct messages allowed, and sign in again.",
        )
    judge(reply, what, api.clock, writing=writing)
