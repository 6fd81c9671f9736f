"""Looking for what a delivery may have made: among our own posts, or among the comments below what it answers.
Never writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.linkedin import little
from inbox.connectors.linkedin.parsing import (
    View,
    message_from_comment,
    message_from_post,
    moment,
    parent_of_comment,
    urn_of_comment,
)
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api, comment_path
from inbox.connectors.linkedin.urns import comment_urn, is_comment, is_post, object_of, page_of
from inbox.errors import NotFound
from inbox.model import Channel, Message, Receipt, Rendition, UpdateKind

BEFORE: Final = timedelta(minutes=2)
"""LinkedIn's clock may be behind ours by so much."""
WITHOUT_A_TIME: Final = timedelta(days=7)


async def find(
    api: Api, channel: Channel, rendition: Rendition, key: str, sending_at: datetime | None, step: str = ""
) -> Receipt | None:
    """What this delivery made; None after all of ours since it was approved was looked at."""
    if step.startswith("urn:"):
        return await proven(api, channel, rendition, step)
    since = _since(api, key, sending_at)
    if rendition.kind is UpdateKind.REPLY:
        return await _comment(api, channel, rendition, since)
    return await _post(api, channel, rendition, since)


async def proven(api: Api, channel: Channel, rendition: Rendition, urn: str) -> Receipt:
    """The receipt once more, for something whose name LinkedIn told us: that is proof enough."""
    try:
        if is_comment(urn):
            item = {**await api.one(comment_path(urn), what="comments read"), "commentUrn": urn}
            return _receipt(message_from_comment(item, _view(api, channel), post=_under(rendition)))
        item = {**await api.one(f"/rest/posts/{encode(urn)}", what="own posts read"), "id": urn}
        return _receipt(message_from_post(item, _view(api, channel)))
    except NotFound:
        return Receipt(remote_id=urn, url=page_of(urn))


async def _post(api: Api, channel: Channel, rendition: Rendition, since: datetime) -> Receipt | None:
    asked = {"q": "author", "author": channel.remote_id, "sortBy": "LAST_MODIFIED"}
    read, more, view = 0, True, _view(api, channel)
    while more:
        page, more = await api.page("/rest/posts", asked, read, what="looked for a post")
        read += len(page)
        items = [i for i in page if isinstance(i, Mapping) and is_post(str(i.get("id") or ""))]
        for item in items:
            made = message_from_post(item, view)
            if made.created_at >= since and _is_post(item, made, rendition):
                return _receipt(made)
        if items and all(_changed(i) < since for i in items):
            return None
    return None


def _changed(item: Mapping[str, Any]) -> datetime:
    return moment(item.get("lastModifiedAt")) or datetime.max.replace(tzinfo=UTC)


def _is_post(item: Mapping[str, Any], made: Message, rendition: Rendition) -> bool:
    content = item.get("content")
    content = content if isinstance(content, Mapping) else {}
    reshared = item.get("reshareContext")
    parent = str(reshared.get("parent") or "") if isinstance(reshared, Mapping) else ""
    return (
        _words(made.text) == _words(little.shown(rendition.text))
        and len(made.attachments) == len(rendition.media)
        and ("poll" in content) == (rendition.poll is not None)
        and parent == rendition.quotes
    )


async def _comment(api: Api, channel: Channel, rendition: Rendition, since: datetime) -> Receipt | None:
    target = comment_urn(rendition.reply_to) or rendition.reply_to
    found = await _below(api, channel, rendition, target, since)
    if found is None and is_comment(target):
        try:  # an answer to an answer stands below the comment of the first level
            above = parent_of_comment(await api.one(comment_path(target), what="looked for an answer"))
        except NotFound:
            return None
        found = await _below(api, channel, rendition, above, since) if above else None
    return found


async def _below(api: Api, channel: Channel, rendition: Rendition, target: str, since: datetime) -> Receipt | None:
    path, view = f"/rest/socialActions/{encode(target)}/comments", _view(api, channel)
    read, more = 0, True
    while more:
        try:
            page, more = await api.page(path, {}, read, what="looked for an answer", finder=False)
        except NotFound:
            return None  # what it answers is gone, and all below it
        read += len(page)
        for item in page:
            if not isinstance(item, Mapping) or not urn_of_comment(item):
                continue
            made = message_from_comment({**item, "parentComment": _parent(rendition)}, view, post=_under(rendition))
            if made.ours and made.created_at >= since and _words(made.text) == _words(rendition.text):
                return _receipt(made)
    return None


def _parent(rendition: Rendition) -> str:
    return comment_urn(rendition.reply_to)


def _under(rendition: Rendition) -> str:
    """Our name for the post that an answer stands under."""
    return rendition.context or object_of(comment_urn(rendition.reply_to)) or rendition.reply_to


def _receipt(made: Message) -> Receipt:
    return Receipt(remote_id=made.remote_id, url=made.url or page_of(made.remote_id), message=made)


def _view(api: Api, channel: Channel) -> View:
    return View(organization=channel.remote_id, title=channel.title, now=api.now())


def _words(text: str) -> str:
    return " ".join(text.split())


def _since(api: Api, key: str, sending_at: datetime | None) -> datetime:
    """Nothing made by this delivery is older: when it was approved stands in its key."""
    try:
        approved: datetime | None = datetime.fromtimestamp(int(key[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        approved = None
    times = [t for t in (approved, sending_at) if t is not None]
    return min(times, default=api.now() - WITHOUT_A_TIME) - BEFORE
