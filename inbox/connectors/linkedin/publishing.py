"""Posts, comments and answers, each sent once (linkedin.md section 6).

LinkedIn knows no idempotency key. So before anything is sent a durable note is made for the delivery, and whoever finds
that note there looks before sending again; what was in doubt is sent again a quarter of an hour later at the earliest,
since a new post may take a while to stand in the list. Only what is surely not there goes out once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from inbox.connectors.http import Reply
from inbox.connectors.linkedin import attaching, finding, little
from inbox.connectors.linkedin.pages import COMMENT_CHARACTERS, POST_CHARACTERS
from inbox.connectors.linkedin.parsing import View, message_from_comment, message_from_post, parent_of_comment
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api, comment_path, lacks_scope, made_id, mapping, reject
from inbox.connectors.linkedin.urns import comment_urn, is_comment, is_post, object_of, page_of
from inbox.errors import (
    BadReply,
    ByHand,
    OutcomeUnknown,
    PostroomError,
    Unavailable,
)
from inbox.model import Channel, LinkCard, Media, PollAsked, Receipt, Rendition, UpdateKind

SENDING: Final = "sending "
AGAIN_AFTER: Final = timedelta(minutes=15)
QUESTION_CHARACTERS: Final = 140
_DURATIONS: Final = ((1, "ONE_DAY"), (3, "THREE_DAYS"), (7, "SEVEN_DAYS"), (14, "FOURTEEN_DAYS"))
_DOUBT: Final = (OutcomeUnknown, BadReply)


async def publish(api: Api, channel: Channel, rendition: Rendition, key: str) -> Receipt:
    """Send it, once."""
    _check(rendition)
    step = api.room.steps.read(key)
    if step.startswith("urn:"):
        return await finding.proven(api, channel, rendition, step)
    if step.startswith(SENDING):
        there = await finding.find(api, channel, rendition, key, None)
        if there is not None:
            return there
        again_at = datetime.fromisoformat(step.removeprefix(SENDING)) + AGAIN_AFTER
        if api.now() < again_at:
            raise Unavailable(
                "It is not there yet; before it is sent again LinkedIn gets time to show it",
                retry_at=again_at, account=api.account,
            )  # fmt: skip
    send = _comment if rendition.kind is UpdateKind.REPLY else _post
    return await send(api, channel, rendition, key)


def _check(rendition: Rendition) -> None:
    """What LinkedIn would cut off silently, or could not show."""
    reply = rendition.kind is UpdateKind.REPLY
    most = COMMENT_CHARACTERS if reply else POST_CHARACTERS
    text = rendition.text if reply else little.shown(rendition.text)
    over = max(len(text.encode("utf-16-le")) // 2 - most, len(text.encode()) - most if reply else 0)
    if over > 0:
        reject(f"{over:,} characters too long for LinkedIn")
    if reply and rendition.media:
        reject("A comment on LinkedIn is text only", where="media")


# --- posts ---


async def _post(api: Api, channel: Channel, rendition: Rendition, key: str) -> Receipt:
    body: dict[str, Any] = {
        "author": channel.remote_id,
        "commentary": little.written(rendition.text),
        "visibility": "PUBLIC",
        "distribution": {
            "feedDistribution": "MAIN_FEED",
            "targetEntities": [],
            "thirdPartyDistributionChannels": [],
        },
        "lifecycleState": "PUBLISHED",
        "isReshareDisabledByAuthor": False,
    }
    if content := await _content(api, channel, rendition):
        body["content"] = content
    if rendition.quotes:
        if not is_post(rendition.quotes):
            reject("Only a post can be shared on LinkedIn", where="quotes")
        body["reshareContext"] = {"parent": rendition.quotes}
    reply = await _sent(api, "/rest/posts", body, key, "posts published")
    api.judge(reply, "publishing")
    urn = made_id(reply)
    if not is_post(urn):
        raise OutcomeUnknown("The post was accepted without its name", account=api.account)
    api.room.steps.save(key, urn)
    view = View(organization=channel.remote_id, title=channel.title, now=api.now())
    message = message_from_post({**body, "id": urn}, view)
    return Receipt(remote_id=urn, url=page_of(urn), message=message)


async def _content(api: Api, channel: Channel, rendition: Rendition) -> Mapping[str, Any] | None:
    if rendition.poll is not None:
        return {"poll": _poll(rendition.poll, rendition.text)}
    if rendition.media:
        return await attaching.content(api, channel.remote_id, rendition.media)
    if rendition.card is not None:
        return {"article": await _article(api, channel, rendition.card)}
    return None


def _poll(poll: PollAsked, text: str) -> Mapping[str, Any]:
    """LinkedIn's poll has a question of its own: the first line of what was written, which stands above it whole. It
    runs for one, three, seven or fourteen days: the next that is long enough."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        reject("A poll on LinkedIn needs a question: write it as the first line", where="poll")
    days, most = poll.lasts_s / 86_400, QUESTION_CHARACTERS
    duration = next((name for most, name in _DURATIONS if days <= most), _DURATIONS[-1][1])
    return {
        "question": lines[0] if len(lines[0]) <= most else f"{lines[0][: most - 1].rstrip()}…",
        "options": [{"text": option.strip()} for option in poll.options],
        "settings": {"duration": duration},
    }


async def _article(api: Api, channel: Channel, card: LinkCard) -> Mapping[str, Any]:
    """The link card is ours to make: LinkedIn fetches nothing from the address."""
    article = {"source": card.url, "title": card.title or card.url, "description": card.description}
    if card.image_path:
        kind = "image/png" if card.image_path.lower().endswith(".png") else "image/jpeg"
        article["thumbnail"] = await attaching.uploaded(
            api, channel.remote_id, Media(path=card.image_path, mime_type=kind)
        )
    return {name: value for name, value in article.items() if value}


# --- comments ---


async def _comment(api: Api, channel: Channel, rendition: Rendition, key: str) -> Receipt:
    target = comment_urn(rendition.reply_to) or rendition.reply_to
    above = api.session.answers.get(target, "") or target  # one level: what answers an answer stands beside it
    reply = await _sent_comment(api, channel, rendition.text, target, above, key)
    if reply.status == 400 and above == target and is_comment(target):
        above = parent_of_comment(await _looked_at(api, target))
        if above:
            api.session.answers[target] = above
            reply = await _sent_comment(api, channel, rendition.text, target, above, key)
    if reply.status == 404:
        reject("What this answers is not there any more", where="reply_to", account=api.account)
    if reply.status == 403 and not lacks_scope(reply):
        raise ByHand(
            "LinkedIn lets a program comment on the page's own posts only",
            url=page_of(target), text=rendition.text, account=api.account,
        )  # fmt: skip
    api.judge(reply, "answering")
    try:
        item = {**mapping(reply, "answering")}
    except BadReply:
        item = {}
    under = object_of(target)
    urn = comment_urn(item.get("commentUrn")) or comment_urn(item.get("$URN"))
    urn = urn or (comment_urn(f"urn:li:comment:({under},{made_id(reply)})") if under else "")
    if not urn:
        raise OutcomeUnknown("The comment was accepted without its name", account=api.account)
    parent = target if is_comment(target) else ""
    api.room.steps.save(key, urn)
    api.session.answers[urn] = parent
    made = {
        "commentUrn": urn, "actor": channel.remote_id, "object": object_of(urn), "parentComment": parent,
        "message": {"text": rendition.text},
    }  # fmt: skip
    view = View(organization=channel.remote_id, title=channel.title, now=api.now())
    post = rendition.context or (target if not parent else under)
    message = message_from_comment(made, view, post=post)
    return Receipt(remote_id=urn, url=message.url, message=message)


async def _sent_comment(api: Api, channel: Channel, text: str, target: str, above: str, key: str) -> Reply:
    """``above``: the comment (or post) it stands below, which names the path as well as the parent."""
    body: dict[str, Any] = {
        "actor": channel.remote_id,
        "object": object_of(above) or above,
        "message": {"text": text},
    }
    if is_comment(above):
        body["parentComment"] = above
    return await _sent(api, f"/rest/socialActions/{encode(above)}/comments", body, key, "answers published")


async def _looked_at(api: Api, urn: str) -> Mapping[str, Any]:
    reply = await api.ask("GET", comment_path(urn), what="comments read")
    if reply.status == 404:
        reject("What this answers is not there any more", where="reply_to", account=api.account)
    api.judge(reply, "what this answers")
    return mapping(reply, "what this answers")


async def _sent(api: Api, path: str, body: Mapping[str, Any], key: str, what: str) -> Reply:
    """The one request that publishes, noted before it leaves; the note goes when it surely did nothing.

    An older note stays: that this try did nothing says nothing of one before it whose answer was lost."""
    step = api.room.steps.read(key)
    before = step if step.startswith(SENDING) else ""
    api.room.steps.save(key, f"{SENDING}{api.now().isoformat()}")
    try:
        reply = await api.ask("POST", path, json=body, what=what, restli="CREATE")
    except PostroomError as error:
        if not isinstance(error, _DOUBT):
            api.room.steps.save(key, before)
        raise
    if not 200 <= reply.status < 300:
        api.room.steps.save(key, before)
    return reply
