"""Looking for what may have arrived: Facebook knows no idempotency key, so words, pictures, parent and time have to do.

Words alone say little where there are none: a colleague's post of a picture looks like ours then. So the pictures are
compared too, by the ids that were noted before the post was sent; where that settles nothing, nobody can tell.

Nothing here writes. What is looked for was begun no earlier than its delivery was approved, which its key says.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from inbox.connectors.facebook import acting, asking, comments, usage
from inbox.connectors.facebook.attached import pictures
from inbox.connectors.facebook.graph import Api, rows_of
from inbox.connectors.facebook.ids import bare, comment_id, is_comment, is_private, post_of, tail
from inbox.connectors.facebook.parsing import utc
from inbox.connectors.facebook.troubles import Told
from inbox.errors import NotFound, OutcomeUnknown
from inbox.model import Rendition, UpdateKind, Visibility

SAFELY_BEFORE: Final = timedelta(seconds=10)
WITHOUT_A_TIME: Final = timedelta(days=7)
_MOST_PAGES: Final = 20
_POST: Final = (
    "id,message,created_time,is_published,scheduled_publish_time,from{id},"
    "attachments{media_type,type,target,subattachments.limit(10)}"
)
_COMMENT: Final = "id,message,created_time,from{id},parent{id},attachment"
_OF_FACEBOOK: Final = re.compile(r"\b(facebook\.com|fb\.(com|me|watch))\b", re.IGNORECASE)
_TALK: Final = f"id,messages.limit(20){{{asking.WORDS}}}"


@dataclass(frozen=True, kw_only=True, slots=True)
class There:
    """What was found. ``waits``: it is there, but not yet for the public."""

    remote_id: str
    waits: bool = False


class _Match(Enum):
    """Whether a post or comment of the Page is the one looked for."""

    NO = "no"
    PERHAPS = "perhaps"
    YES = "yes"


async def look(
    api: Api, rendition: Rendition, key: str, sending_at: datetime | None, brought: frozenset[str] = frozenset()
) -> There | None:
    """What this delivery made; None is proof that it made nothing. Raises OutcomeUnknown where no look can tell.
    ``brought``: ids of the pictures that were brought for it."""
    since = _since(api, key, sending_at)
    if rendition.kind is UpdateKind.POST:
        return await _post(api, rendition, since, brought)
    if is_private(rendition.reply_to):
        return await _message(api, rendition, since)
    if rendition.visibility is Visibility.DIRECT:
        return await _private_reply(api, rendition, since)
    return await _comment(api, rendition, since, brought)


def comparable(text: str) -> str:
    """Words alone: white space comes back otherwise."""
    return " ".join(text.split())


async def _post(api: Api, rendition: Rendition, since: datetime, brought: frozenset[str]) -> There | None:
    """Among all posts, published or not, newest first; what is published counts before what waits."""
    waiting: There | None = None
    doubtful = False
    further: Mapping[str, str] = {}
    for _ in range(_MOST_PAGES):
        params = {"fields": _POST, **further}
        page = await comments.pages(api, f"{api.page}/feed", params, rows=asking.MOST_ROWS, what="the feed")
        rows = [row for row in page.rows if isinstance(row, Mapping)]
        for row in rows:
            if not _ours(row, api.page) or not _since_then(row, since - api.session.skew):
                continue
            match = _match(row, rendition, pictures(row.get("attachments")), brought)
            if match is _Match.NO or not _same_time(row, rendition):
                continue
            if match is _Match.PERHAPS:
                doubtful = True
                continue
            id_ = str(row["id"])
            if row.get("is_published") is not False or rendition.publish_at is not None:
                return There(remote_id=id_)
            waiting = waiting or There(remote_id=id_, waits=True)
        older = rows and all(not _since_then(row, since - api.session.skew) for row in rows)
        further = page.further
        if not further or older:
            break
    if doubtful and waiting is None:
        raise _nobody_knows(api)
    return waiting


async def _comment(api: Api, rendition: Rendition, since: datetime, brought: frozenset[str]) -> There | None:
    """Below the post, all levels, newest first."""
    doubtful = False
    post, parent = post_of(rendition.reply_to), bare(rendition.reply_to)
    below_comment = is_comment(rendition.reply_to)
    parents = {tail(parent)} if below_comment else {""}
    params: Mapping[str, str] = {"filter": "stream", "order": "reverse_chronological", "fields": _COMMENT}
    try:
        if below_comment:  # an answer to an answer hangs on the comment above both
            above = (await api.get(parent, {"fields": "parent{id}"}, what="what this answers")).get("parent")
            parents |= {tail(str(above["id"]))} if isinstance(above, Mapping) and above.get("id") else set()
    except NotFound:
        parents = set()  # it went; what we wrote below it may stand elsewhere
    further: Mapping[str, str] = {}
    for _ in range(_MOST_PAGES):
        try:
            page = await comments.pages(
                api, f"{bare(post)}/comments", {**params, **further}, rows=asking.COMMENT_ROWS, what="comments"
            )
        except NotFound:
            return None  # the post is gone, and all below it
        rows = [row for row in page.rows if isinstance(row, Mapping)]
        for row in rows:
            if not _ours(row, api.page) or not _since_then(row, since - api.session.skew):
                continue
            hangs_on = row.get("parent")
            under = tail(str(hangs_on.get("id"))) if isinstance(hangs_on, Mapping) else ""
            match = _match(row, rendition, pictures({"data": [row.get("attachment")]}), brought)
            if match is _Match.NO or (parents and under not in parents):
                continue
            if match is _Match.YES:
                return There(remote_id=comment_id(post, str(row["id"])))
            doubtful = True
        further = page.further
        if not further or (rows and all(not _since_then(row, since - api.session.skew) for row in rows)):
            if doubtful:
                raise _nobody_knows(api)
            return None
    raise OutcomeUnknown("There are too many comments to look through", account=api.account)


async def _private_reply(api: Api, rendition: Rendition, since: datetime) -> There | None:
    """A comment can be answered privately once: as long as it still can, nobody did."""
    node = bare(rendition.reply_to)
    fields = "can_reply_privately,from{id}" + (",private_reply_conversation" if is_comment(rendition.reply_to) else "")
    row = await api.get(node, {"fields": fields}, what="what this answers")
    if row.get("can_reply_privately") is True:
        return None
    talk, by = row.get("private_reply_conversation"), row.get("from")
    if isinstance(talk, Mapping) and talk.get("id"):
        answer = await api.get(str(talk["id"]), {"fields": _TALK}, what="the conversation", quota=usage.MESSENGER)
        found = _in_talks([answer], api, rendition, since)
    else:
        found = await _with_person(api, str(by["id"]), rendition, since) if isinstance(by, Mapping) else None
    if found is None:
        raise OutcomeUnknown(
            "It was answered privately, and Facebook does not show by which words", account=api.account
        )
    return found


async def _message(api: Api, rendition: Rendition, since: datetime) -> There | None:
    row = await acting.private_message(api, rendition.reply_to)
    return await _with_person(api, acting.other_side(row, api.page), rendition, since)


async def _with_person(api: Api, person: str, rendition: Rendition, since: datetime) -> There | None:
    params = {"platform": "messenger", "user_id": person, "fields": _TALK}
    try:
        page = await api.edge(f"{api.page}/conversations", params, what="the conversation", quota=usage.MESSENGER)
    except Told as told:
        raise told.error from None
    return _in_talks(page.rows, api, rendition, since)


def _in_talks(talks: Any, api: Api, rendition: Rendition, since: datetime) -> There | None:
    for talk in talks:
        edge = talk.get("messages") if isinstance(talk, Mapping) else None
        for row in rows_of(edge, "the conversation").rows if edge is not None else ():
            same = isinstance(row, Mapping) and comparable(str(row.get("message") or "")) == comparable(rendition.text)
            if same and _ours(row, api.page) and _since_then(row, since - api.session.skew):
                return There(remote_id=str(row["id"]))
    return None


def _match(row: Mapping[str, Any], rendition: Rendition, shown: tuple[str, ...], brought: frozenset[str]) -> _Match:
    """Words and pictures held against what was to be sent. ``shown``: ids of the pictures that hang there."""
    if comparable(str(row.get("message") or "")) != comparable(rendition.text):
        return _Match.NO
    if brought and not brought.isdisjoint(shown):
        return _Match.YES
    if not rendition.media and shown:  # by itself Facebook hangs up no picture but those of its own addresses
        return _Match.PERHAPS if _OF_FACEBOOK.search(rendition.text) else _Match.NO
    if not rendition.media:
        return _Match.YES
    if not shown:
        return _Match.PERHAPS  # Facebook may not have hung them there yet
    if len(shown) != len(rendition.media):
        return _Match.NO
    told = brought and all(shown)  # other pictures than ours, or ours by other ids: a guess either way
    return _Match.YES if rendition.text.strip() and not told else _Match.PERHAPS


def _nobody_knows(api: Api) -> OutcomeUnknown:
    words = "Something like it stands on the Page, and Facebook does not show whether it is this one"
    return OutcomeUnknown(words, account=api.account)


def _ours(row: Mapping[str, Any], page: str) -> bool:
    by = row.get("from")
    return isinstance(by, Mapping) and str(by.get("id")) == page


def _since_then(row: Mapping[str, Any], since: datetime) -> bool:
    when = utc(row.get("created_time"))
    return when is None or when >= since


def _same_time(row: Mapping[str, Any], rendition: Rendition) -> bool:
    """What waits for its time is another thing than what goes at once."""
    when = utc(row.get("scheduled_publish_time")) if row.get("is_published") is False else None
    if rendition.publish_at is None:
        return when is None
    return row.get("is_published") is not False or (
        when is not None and abs(when - rendition.publish_at) < timedelta(seconds=2)
    )


def _since(api: Api, key: str, sending_at: datetime | None) -> datetime:
    """Nothing made by this delivery is older than this, by our clock: when it was approved stands in its key."""
    try:
        approved: datetime | None = datetime.fromtimestamp(int(key[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        approved = None
    times = [t for t in (approved, sending_at) if t is not None]
    return min(times, default=api.now() - WITHOUT_A_TIME) - SAFELY_BEFORE
