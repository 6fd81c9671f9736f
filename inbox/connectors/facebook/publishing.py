"""Posts, answers and private messages, each sent once (facebook.md section 3).

Facebook has no key that makes a repeat harmless. A post therefore goes in two steps: it is made unpublished, its id is
noted durably, and then it is published, which may be repeated. What was begun and has no id yet is looked for before
anything is sent again; it is begun when all that nobody sees, such as bringing its pictures, is done. Comments and
private messages have one step only; for them the look is all there is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, NoReturn

from inbox.connectors.connector import Steps
from inbox.connectors.facebook import acting, asking, attaching, usage
from inbox.connectors.facebook.graph import Api
from inbox.connectors.facebook.ids import bare, comment_id, is_comment, is_private, is_rating, post_of, tail
from inbox.connectors.facebook.looking import comparable, look
from inbox.connectors.facebook.parsing import PRIVATELY_WITHIN, utc
from inbox.connectors.facebook.troubles import SAME_AGAIN, Told
from inbox.connectors.http import host_of
from inbox.errors import ByHand, NotAllowed, NotFound, OutcomeUnknown, PostroomError, Rejected
from inbox.model import Delivery, MessageState, Problem, Receipt, Rendition, UpdateKind, Visibility

POST_CHARACTERS: Final = 63_206
COMMENT_BYTES: Final = 8_000
PRIVATE_BYTES: Final = 2_000
SOONEST, LATEST = timedelta(minutes=10), timedelta(days=30)
MOST_PICTURES: Final = 10
LONG_CAPTION_BYTES: Final = 1_000
PICTURES_WITH_LONG_CAPTION: Final = 4
_BEGUN, _MADE = "begun", "made:"
_LINK: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Prepared:
    """The one request that is left to do. ``brought``: ids of the pictures that it takes."""

    send: Callable[[], Awaitable[str]]
    brought: tuple[str, ...] = ()


async def publish(api: Api, steps: Steps, rendition: Rendition, key: str) -> Receipt:
    """Send it, once."""
    check(api, rendition)
    if rendition.replaces:
        return await _replace(api, rendition)
    if is_rating(rendition.reply_to):
        words = "Facebook lets no program answer a recommendation"
        raise ByHand(words, url=f"{api.site}/{api.page}/reviews", text=rendition.text, account=api.account)
    made = await _made(api, steps, rendition, key)
    if rendition.kind is UpdateKind.POST and rendition.publish_at is None:
        await _release(api, made)
    return await _receipt(api, made, rendition)


async def find(api: Api, delivery: Delivery) -> Receipt | None:
    """What this delivery made, published. Never writes; a post that was made and not published yet is nothing that
    anybody saw: sending it again publishes that one."""
    rendition = delivery.rendition
    if rendition.replaces:
        return await _find_replaced(api, rendition)
    made = delivery.step.removeprefix(_MADE) if delivery.step.startswith(_MADE) else ""
    if not made:
        brought = _brought(delivery.step)
        there = await look(api, rendition, delivery.key, delivery.sending_at, brought)
        return None if there is None or there.waits else await _receipt(api, there.remote_id, rendition)
    if is_private(made):
        return Receipt(remote_id=made)
    try:
        message = await acting.read_one(api, made)
    except NotFound:
        words = "It was made at Facebook, and is not there any more"
        raise OutcomeUnknown(words, account=api.account) from None
    if message.state is MessageState.DRAFT:
        return None
    return Receipt(remote_id=made, url=message.url, state=message.state, message=message)


def check(api: Api, rendition: Rendition) -> None:
    """Refuse what Facebook would refuse, before anything is sent."""
    private = is_private(rendition.reply_to) or rendition.visibility is Visibility.DIRECT
    size = len(rendition.text.encode())
    if rendition.kind is UpdateKind.POST and len(rendition.text) > POST_CHARACTERS:
        _reject(f"A post on Facebook holds {POST_CHARACTERS:,} characters", api=api)
    if rendition.kind is UpdateKind.REPLY and not private and size > COMMENT_BYTES:
        _reject(f"A comment on Facebook holds {COMMENT_BYTES:,} bytes", api=api)
    if private and size > PRIVATE_BYTES:
        _reject(f"A private message on Facebook holds {PRIVATE_BYTES:,} bytes", api=api)
    pictures = len(rendition.media)
    if private and pictures:
        _reject("A private message goes without pictures from here", where="media", api=api)
    if pictures > (1 if rendition.kind is UpdateKind.REPLY else MOST_PICTURES):
        _reject("That is more pictures than Facebook takes here", where="media", api=api)
    if pictures > PICTURES_WITH_LONG_CAPTION and size > LONG_CAPTION_BYTES:
        words = f"With so long a text Facebook takes {PICTURES_WITH_LONG_CAPTION} pictures at most"
        _reject(words, where="media", api=api)
    if rendition.publish_at is not None:
        ahead = rendition.publish_at - api.now()
        if not SOONEST <= ahead <= LATEST:
            _reject("Facebook keeps a post from ten minutes to thirty days ahead", where="time", api=api)


# --- sending ---


async def _made(api: Api, steps: Steps, rendition: Rendition, key: str) -> str:
    """The remote id of what stands at Facebook for this delivery: made before, found, or made now."""
    step = steps.read(key)
    if step.startswith(_MADE):
        return step.removeprefix(_MADE)
    begun, brought = step.startswith(_BEGUN), _brought(step)
    there = await look(api, rendition, key, None, brought) if begun else None
    if there is not None:
        made = there.remote_id
    else:
        prepared = await _prepared(api, rendition)
        brought |= frozenset(prepared.brought)  # an earlier attempt may still come to light, with its own pictures
        steps.save(key, f"{_BEGUN}:{','.join(sorted(brought))}" if brought else _BEGUN)
        made = await _sent(api, rendition, key, prepared, brought)
    steps.save(key, f"{_MADE}{made}")
    return made


def _brought(step: str) -> frozenset[str]:
    """Ids of the pictures that were brought before it was begun."""
    noted = step.removeprefix(f"{_BEGUN}:") if step.startswith(f"{_BEGUN}:") else ""
    return frozenset(noted.split(",")) if noted else frozenset()


async def _sent(api: Api, rendition: Rendition, key: str, prepared: _Prepared, brought: frozenset[str]) -> str:
    try:
        return await prepared.send()
    except Told as told:
        if isinstance(told.error, NotAllowed) and is_comment(rendition.reply_to):
            await _if_closed(api, rendition)
        if told.trouble.code != SAME_AGAIN:
            raise told.error from None
        there = await look(api, rendition, key, None, brought)  # perhaps our own, sent a moment ago
        if there is None:
            _reject("Facebook does not take the same words twice in a row", api=api)
        return there.remote_id
    except OutcomeUnknown as lost:
        if rendition.kind is not UpdateKind.POST or rendition.publish_at is not None:
            raise  # the outbox looks, and gives the network time
        try:  # nobody saw it yet, so going on at once cannot double anything
            there = await look(api, rendition, key, None, brought)
        except PostroomError:
            there = None
        if there is None:
            raise lost from None
        return there.remote_id


async def _prepared(api: Api, rendition: Rendition) -> _Prepared:
    """What is left to do is one request: everything before it can be repeated and is seen by nobody."""
    if rendition.kind is UpdateKind.POST:
        return await _post(api, rendition)
    if is_private(rendition.reply_to):
        row = await acting.private_message(api, rendition.reply_to)
        return _private(api, rendition, {"id": acting.other_side(row, api.page)})
    if rendition.visibility is Visibility.DIRECT:
        return await _private_reply(api, rendition)
    return await _comment(api, rendition)


async def _post(api: Api, rendition: Rendition) -> _Prepared:
    later = rendition.publish_at is not None
    form = {"message": rendition.text, "published": "false"}
    if rendition.publish_at is not None:
        form |= {
            "scheduled_publish_time": str(int(rendition.publish_at.timestamp())),
            "unpublished_content_type": "SCHEDULED",
        }
    pictures = [await attaching.picture(api, one, kept=later) for one in rendition.media]
    if pictures:
        form["attached_media"] = json.dumps([{"media_fbid": one} for one in pictures])
    elif link := _link_in(rendition.text):
        form["link"] = link

    async def send() -> str:
        answer = await api.write(f"{api.page}/feed", {k: v for k, v in form.items() if v}, what="publishing")
        return _id_in(answer, api)

    return _Prepared(send=send, brought=tuple(pictures))


async def _comment(api: Api, rendition: Rendition) -> _Prepared:
    """An answer is posted to the ``comments`` edge of what it answers: without the edge it would *edit* that."""
    post, parent = post_of(rendition.reply_to), bare(rendition.reply_to)
    form = {"message": rendition.text, "fields": asking.of_comment(api.session)}
    pictures = [await attaching.picture(api, one, kept=False) for one in rendition.media]
    if pictures:
        form["attachment_id"] = pictures[0]

    async def send() -> str:
        answer = await api.write(f"{parent}/comments", {k: v for k, v in form.items() if v}, what="answering")
        made = _id_in(answer, api)
        if tail(made) == tail(parent):
            raise OutcomeUnknown("Facebook answered with what was to be answered", account=api.account)
        return comment_id(post, made)

    return _Prepared(send=send, brought=tuple(pictures))


async def _if_closed(api: Api, rendition: Rendition) -> None:
    """Raise ByHand where Facebook lets nobody answer this by program, though the Page may answer others."""
    fields = {"fields": "can_comment,permalink_url"}
    row = await api.get(bare(rendition.reply_to), fields, what="what this answers")
    if row.get("can_comment") is False and rendition.visibility is not Visibility.DIRECT:
        words, url = (
            "Facebook takes no answer to this comment from a program",
            str(row.get("permalink_url") or api.site),
        )
        raise ByHand(words, url=url, text=rendition.text, account=api.account)


def _private(api: Api, rendition: Rendition, recipient: Mapping[str, str]) -> _Prepared:
    form = {
        "recipient": json.dumps(recipient),
        "message": json.dumps({"text": rendition.text}),
        "messaging_type": "RESPONSE",
    }

    async def send() -> str:
        path = f"{api.page}/messages"
        answer = await api.write(path, form, what="sending a private message", quota=usage.MESSENGER)
        return _id_in(answer, api, "message_id")

    return _Prepared(send=send)


async def _private_reply(api: Api, rendition: Rendition) -> _Prepared:
    """Once for each comment, and within seven days."""
    node = bare(rendition.reply_to)
    row = await api.get(node, {"fields": "created_time,can_reply_privately"}, what="what this answers")
    when = utc(row.get("created_time"))
    if when is not None and api.now() - api.session.skew - when > PRIVATELY_WITHIN:
        words = "Facebook lets a comment be answered privately for seven days, and they are over"
        _reject(words, where="reply_to", api=api)
    if row.get("can_reply_privately") is False:
        _reject("Facebook does not let this be answered privately, or somebody already did", where="reply_to", api=api)
    kind = "comment_id" if is_comment(rendition.reply_to) else "post_id"
    return _private(api, rendition, {kind: node})


async def _release(api: Api, post: str) -> None:
    """The second step: publish what was made. Repeating it changes nothing."""
    try:
        await api.write(bare(post), {"is_published": "true"}, what="publishing")
    except Told as told:
        if isinstance(told.error, NotFound):
            hint = "Somebody may have deleted it. Look at the Page, and send it again if it is missing there."
            problem = Problem(words="The post that was prepared at Facebook is not there any more")
            raise Rejected(problems=(problem,), hint=hint, account=api.account) from None
        raise told.error from None


async def _receipt(api: Api, made: str, rendition: Rendition) -> Receipt:
    """What stands there now. It is there whether or not it can be read back at once."""
    scheduled = rendition.kind is UpdateKind.POST and rendition.publish_at is not None
    state = MessageState.SCHEDULED if scheduled else MessageState.PUBLISHED
    if is_private(made):
        return Receipt(remote_id=made)
    try:
        message = await acting.read_one(api, made)
    except PostroomError:
        return Receipt(remote_id=made, state=state)
    if message.state is MessageState.DRAFT:  # read from a place that has not heard of it yet
        return Receipt(remote_id=made, url=message.url, state=state)
    return Receipt(remote_id=made, url=message.url, state=message.state, message=message)


async def _replace(api: Api, rendition: Rendition) -> Receipt:
    """Other words for a post of ours; only the app that made it may do that."""
    try:
        await api.write(bare(rendition.replaces), {"message": rendition.text}, what="updating the post")
    except Told as told:
        raise told.error from None
    return await _receipt(api, rendition.replaces, rendition)


async def _find_replaced(api: Api, rendition: Rendition) -> Receipt | None:
    try:
        message = await acting.read_one(api, rendition.replaces)
    except NotFound:
        return None
    if comparable(message.text) != comparable(rendition.text):
        return None
    return Receipt(remote_id=rendition.replaces, url=message.url, state=message.state, message=message)


# --- small things ---


def _link_in(text: str) -> str:
    """The first address in a text, so that Facebook shows a card for it; not one of its own, which it refuses."""
    for found in _LINK.finditer(text):
        link = found[0].rstrip(".,;:!?'”’»…)")
        host = host_of(link)
        if host and not re.search(r"(^|\.)(facebook\.com|fb\.com|fb\.me)$", host):
            return link
    return ""


def _id_in(answer: Mapping[str, Any], api: Api, name: str = "id") -> str:
    id_ = answer.get(name)
    if not isinstance(id_, str) or not id_:
        raise OutcomeUnknown("Facebook accepted it and named no id", account=api.account)
    return id_


def _reject(words: str, *, where: str = "text", api: Api) -> NoReturn:
    raise Rejected(problems=(Problem(words=f"{words}.", where=where),), account=api.account)
