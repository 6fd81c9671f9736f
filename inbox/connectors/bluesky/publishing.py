"""Answers and posts, each sent once, and looking for what may have arrived (bluesky.md section 5).

The record's name is made from the delivery's key, and written with ``putRecord`` and ``swapRecord: null``: what is
there already is never replaced, so a repeat can only find it. Who may answer and quote is written in the same act as
the post, so that no crash leaves a post open that was meant to be closed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import regex

from inbox.connectors.bluesky import chat, pictures
from inbox.connectors.bluesky.channel import TEXT_BYTES, TEXT_GRAPHEMES
from inbox.connectors.bluesky.cursor import said
from inbox.connectors.bluesky.dpop import error_of
from inbox.connectors.bluesky.embeds import web_url
from inbox.connectors.bluesky.facets import facets_of
from inbox.connectors.bluesky.parsing import message_from_record, our_author, owner_of, reply_of
from inbox.connectors.bluesky.tid import tid_of
from inbox.connectors.bluesky.views import views
from inbox.connectors.bluesky.xrpc import POST, Api, mapping, reject
from inbox.errors import BadReply, NotFound, OutcomeUnknown
from inbox.model import Audience, Delivery, LinkCard, Receipt, Rendition, UpdateKind

THREADGATE: Final = "app.bsky.feed.threadgate"
POSTGATE: Final = "app.bsky.feed.postgate"
_ALLOW: Final[Mapping[Audience, tuple[str, ...]]] = {
    Audience.FOLLOWERS: ("followerRule",),
    Audience.FOLLOWED: ("followingRule",),
    Audience.MENTIONED: ("mentionRule",),
    Audience.NOBODY: (),
}


async def publish(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Send it, once; what an earlier attempt of this key made is found and returned instead."""
    if chat.is_direct(rendition.reply_to):
        return await chat.send(api, rendition, key)
    _check(rendition)
    rkey = tid_of(key)
    gates = _gates(api, rendition, rkey)
    if gates and (there := await _there(api, rkey)):
        return there  # several records at once know no "unless it is there"
    record = await _record(api, rendition)
    if gates:
        return await _write_all(api, rkey, record, gates)
    return await _write(api, rkey, record)


async def find(api: Api, delivery: Delivery) -> Receipt | None:
    """What this delivery made, or None on our own server's word that it is not there. Needs no sign-in."""
    if chat.is_direct(delivery.rendition.reply_to):
        return await chat.find(api, delivery)
    return await _there(api, tid_of(delivery.key))


def graphemes(text: str) -> int:
    """How many characters a reader sees."""
    return len(regex.findall(r"\X", text))


# --- the record ---


def _check(rendition: Rendition) -> None:
    text = rendition.text
    if not text.strip() and not rendition.media and not rendition.quotes and not rendition.card:
        reject("There is nothing to publish")
    if (count := graphemes(text)) > TEXT_GRAPHEMES:
        reject(f"{count - TEXT_GRAPHEMES:,} characters too long for Bluesky")
    if (count := len(text.encode("utf-8", "surrogatepass"))) > TEXT_BYTES:
        reject(f"{count - TEXT_BYTES:,} bytes too long for Bluesky")
    if rendition.media and rendition.card:
        reject("Bluesky shows either pictures or a link card", where="card")


async def _record(api: Api, rendition: Rendition) -> dict[str, Any]:
    record: dict[str, Any] = {"$type": POST, "text": rendition.text, "createdAt": said(api.now())}
    if rendition.kind is UpdateKind.REPLY:
        record["reply"] = await _reply(api, rendition.reply_to)
    if rendition.language:
        record["langs"] = [rendition.language]
    quoted = await _quote(api, rendition.quotes) if rendition.quotes else None

    async def did_for(handle: str) -> str:
        return await _did_for(api, handle)

    if facets := await facets_of(rendition.text, did_for):
        record["facets"] = facets
    media: dict[str, Any] | None = None
    if rendition.media:
        media = {"$type": "app.bsky.embed.images", "images": await pictures.images(api, rendition.media)}
    elif rendition.card:
        media = await _card(api, rendition.card)
    if quoted and media:
        inner = {"$type": "app.bsky.embed.record", "record": quoted}
        record["embed"] = {"$type": "app.bsky.embed.recordWithMedia", "record": inner, "media": media}
    elif quoted:
        record["embed"] = {"$type": "app.bsky.embed.record", "record": quoted}
    elif media:
        record["embed"] = media
    return record


async def _reply(api: Api, parent_uri: str) -> dict[str, Any]:
    """Both strong refs: the parent as it is now, and the root that the parent itself names."""
    parent = await _target(api, parent_uri, "answer", "reply_to")
    viewer = parent.get("viewer")
    if isinstance(viewer, Mapping) and viewer.get("replyDisabled"):
        reject("Its author lets only some people answer, and not us", where="reply_to")
    record = parent.get("record")
    reply = record.get("reply") if isinstance(record, Mapping) else None
    root = reply.get("root") if isinstance(reply, Mapping) else None
    ours = _ref(parent)
    return {"root": _ref(root) if isinstance(root, Mapping) else ours, "parent": ours}


async def _quote(api: Api, uri: str) -> dict[str, str]:
    view = await _target(api, uri, "quote", "quotes")
    viewer = view.get("viewer")
    if isinstance(viewer, Mapping) and viewer.get("embeddingDisabled"):
        reject("Its author does not want it quoted", where="quotes")
    return _ref(view)


async def _target(api: Api, uri: str, verb: str, where: str) -> Mapping[str, Any]:
    """The post we answer or quote, as it stands. Raises Rejected when it is gone or not shown to us."""
    if not uri.startswith("at://"):
        reject(f"It is not known which post to {verb}", where=where)
    found = (await views(api, [uri])).get(uri)
    if found is not None:
        return found
    try:
        there = await api.record(uri, "the post")
    except NotFound:
        there = None
    if there is None:
        reject(f"The post to {verb} is not there any more", where=where)
    if owner_of(uri) != api.did:  # ours may be too fresh to be shown
        reject(f"The post to {verb} is not shown to us: blocked, or taken down", where=where)
    value = there.get("value")
    return {"uri": uri, "cid": str(there.get("cid") or ""), "record": value if isinstance(value, Mapping) else {}}


async def _did_for(api: Api, handle: str) -> str:
    reply = await api.ask("GET", "com.atproto.identity.resolveHandle", {"handle": handle})
    if reply.status == 400 and error_of(reply) in {"HandleNotFound", "InvalidRequest"}:
        return ""
    api.judge(reply, "the handle")
    return str(mapping(reply, "the handle").get("did") or "")


async def _card(api: Api, card: LinkCard) -> dict[str, Any]:
    external: dict[str, Any] = {"uri": card.url, "title": card.title, "description": card.description}
    if card.image_path:
        external["thumb"] = await pictures.thumb(api, card.image_path)
    return {"$type": "app.bsky.embed.external", "external": external}


def _ref(post: Mapping[str, Any]) -> dict[str, str]:
    return {"uri": str(post.get("uri") or ""), "cid": str(post.get("cid") or "")}


def _gates(api: Api, rendition: Rendition, rkey: str) -> list[tuple[str, dict[str, Any]]]:
    """Who may answer and quote, as records beside the post and with its name: under another they have no effect."""
    uri, now = f"at://{api.did}/{POST}/{rkey}", said(api.now())
    found: list[tuple[str, dict[str, Any]]] = []
    if rendition.audience is not Audience.EVERYONE:
        if rendition.kind is UpdateKind.REPLY:
            reject("Who may answer is decided where a conversation begins", where="audience")
        allow = [{"$type": f"{THREADGATE}#{rule}"} for rule in _ALLOW[rendition.audience]]
        found.append((THREADGATE, {"$type": THREADGATE, "post": uri, "allow": allow, "createdAt": now}))
    if not rendition.quotable:
        rules = [{"$type": f"{POSTGATE}#disableRule"}]
        found.append((POSTGATE, {"$type": POSTGATE, "post": uri, "embeddingRules": rules, "createdAt": now}))
    return found


# --- writing ---


async def _write(api: Api, rkey: str, record: dict[str, Any]) -> Receipt:
    body = {"repo": api.did, "collection": POST, "rkey": rkey, "record": record, "swapRecord": None}
    reply = await api.ask("POST", "com.atproto.repo.putRecord", json=body, timeout_s=60)
    if reply.status == 400 and error_of(reply) == "InvalidSwap":
        # Something stands under this name: an earlier attempt of ours, which is what was wanted.
        if there := await _after(api, rkey):
            return there
        raise OutcomeUnknown("The server says that it is there, and that it is not", status=reply.status)
    api.judge(reply, "publishing", writing=True)
    answer = api.answer(reply, "publishing")
    return _made(api, rkey, answer, record)


async def _write_all(api: Api, rkey: str, record: dict[str, Any], gates: list[tuple[str, dict[str, Any]]]) -> Receipt:
    writes = [
        {"$type": "com.atproto.repo.applyWrites#create", "collection": name, "rkey": rkey, "value": value}
        for name, value in [(POST, record), *gates]
    ]
    answer = await api.procedure("com.atproto.repo.applyWrites", {"repo": api.did, "writes": writes}, "publishing")
    results = answer.get("results")
    first = results[0] if isinstance(results, list) and results and isinstance(results[0], Mapping) else {}
    if not first.get("uri") and (there := await _after(api, rkey)):
        return there
    return _made(api, rkey, first, record)


def _made(api: Api, rkey: str, answer: Mapping[str, Any], record: Mapping[str, Any]) -> Receipt:
    uri = f"at://{api.did}/{POST}/{rkey}"
    cid = answer.get("cid")
    if answer.get("uri") != uri or not isinstance(cid, str):
        raise OutcomeUnknown("The post was accepted without saying where")
    return _receipt(api, uri, cid, record)


async def _after(api: Api, rkey: str) -> Receipt | None:
    """``_there`` once a write has left us: what fails now leaves the outcome unknown."""
    try:
        return await _there(api, rkey)
    except (BadReply, NotFound) as error:
        raise OutcomeUnknown(error.detail, status=error.status) from None


async def _there(api: Api, rkey: str) -> Receipt | None:
    uri = f"at://{api.did}/{POST}/{rkey}"
    found = await api.record(uri, "our post")
    if found is None:
        return None
    value = found.get("value")
    if found.get("uri") != uri or not isinstance(value, Mapping):
        raise BadReply("our post: another record than the one asked for")
    return _receipt(api, uri, str(found.get("cid") or ""), value)


def _receipt(api: Api, uri: str, cid: str, record: Mapping[str, Any]) -> Receipt:
    message = message_from_record(uri, cid, record, our_author(api.place), api.place, api.place.server)
    return Receipt(remote_id=uri, url=web_url(uri), state=message.state, message=message)


def root_of(uri: str, record: Mapping[str, Any]) -> str:
    """Where the conversation of a post begins."""
    return reply_of(record)[0] or uri
