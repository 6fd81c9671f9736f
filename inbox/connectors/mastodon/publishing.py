"""Posts and answers, each sent once; and looking for what may have arrived (mastodon.md section 8).

Every post carries the delivery's key as Idempotency-Key. That is a help and no proof: keys are forgotten after an hour,
some servers ignore them or answer 500 to the repeat. So what may have arrived is looked for by its words, among our own
posts and what is scheduled, and only what is not there is sent again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.mastodon.acting import rewritten
from inbox.connectors.mastodon.attaching import pictures
from inbox.connectors.mastodon.checking import SCHEDULED, STATUSES
from inbox.connectors.mastodon.content import comparable, plain_line, text_of
from inbox.connectors.mastodon.parsing import (
    VISIBILITIES,
    is_scheduled,
    message_from_scheduled,
    message_from_status,
    utc,
)
from inbox.connectors.mastodon.server import Api, is_gone, mapping, reject
from inbox.errors import NotAllowed, NotFound, OutcomeUnknown, RateLimited, Rejected
from inbox.model import Delivery, MessageState, Receipt, Rendition, Visibility

log = logging.getLogger(__name__)

WORDS: Final = {ours: theirs for theirs, ours in VISIBILITIES.items()}
SOONEST: Final = timedelta(minutes=5, seconds=10)
"""What is due sooner a server publishes at once (section 8: 5 minutes); the rest is for the way there."""
SAFELY_BEFORE: Final = timedelta(seconds=10)
WITHOUT_A_TIME: Final = timedelta(days=7)
KNOWS_KEYS: Final = frozenset({"mastodon", "hometown", "glitch"})
_PARENT_GONE: Final = "What this answers is not there any more"


async def publish(api: Api, rendition: Rendition, key: str) -> Receipt:
    """Send it, once."""
    if rendition.replaces:
        return await _replace(api, rendition)
    parent = await _parent(api, rendition) if rendition.reply_to else None
    if rendition.publish_at is not None or api.server.software not in KNOWS_KEYS:
        # Before 4.3 Mastodon doubles what is scheduled twice, whatever the key says; other servers double anything.
        there = await _find(api, rendition, key, None)
        if there is not None:
            return there
    _wait_if_near(api, rendition)
    body = _body(rendition, parent, scheduled=_is_ahead(api, rendition))
    if rendition.media:
        body["media_ids"] = await pictures(api, rendition.media)
        if "scheduled_at" in body:
            _wait_if_near(api, rendition)  # once more: pictures may have taken minutes
    reply = await api.ask("POST", STATUSES, json=body, headers={"Idempotency-Key": key}, timeout_s=60)
    if is_gone(reply) and rendition.reply_to:
        reject(_PARENT_GONE, where="reply_to", account=api.account)
    api.judge(reply, "publishing")
    item = api.answer(reply, "publishing")
    if not item.get("id"):
        raise OutcomeUnknown("The post was accepted without an id", account=api.account)
    receipt = _receipt(api, item)
    asked, shown = body.get("visibility"), item.get("visibility")
    if asked and shown and asked != shown:  # a limited account's posts become unlisted without notice
        log.warning("post %s is %s, not %s", receipt.remote_id, shown, asked)
    return receipt


async def find(api: Api, delivery: Delivery) -> Receipt | None:
    """What this delivery made: by its words, its warning and what it answers. Never writes, and None is proof: all our
    posts since it was approved were looked at."""
    return await _find(api, delivery.rendition, delivery.key, delivery.sending_at)


async def _find(api: Api, rendition: Rendition, key: str, sending_at: datetime | None) -> Receipt | None:
    if rendition.replaces:
        return await _find_replaced(api, rendition)
    if rendition.publish_at is not None:
        waiting = await _find_scheduled(api, rendition)
        if waiting is not None:
            return waiting
    since = _since(api, key, sending_at)
    below = ""
    while True:
        params = [("limit", "40"), ("exclude_reblogs", "true"), *([("max_id", below)] if below else [])]
        path = f"/api/v1/accounts/{api.server.account_id}/statuses"
        page = await api.list(path, params, what="own posts")
        if not below:
            since -= api.skew  # by the server's clock, now that we heard it
        statuses = [s for s in page if isinstance(s, dict) and s.get("id")]
        for status in statuses:
            if _when(status) >= since and await _is_it(api, status, rendition):
                return _receipt(api, status)
        if not statuses or str(statuses[-1]["id"]) == below:
            return None
        if all(_when(s) < since for s in statuses):  # not the last alone: pinned or back-dated posts stray
            return None
        below = str(statuses[-1]["id"])


# --- sending ---


async def _parent(api: Api, rendition: Rendition) -> Mapping[str, Any]:
    """What is answered, as it is now: an answer to a private message must not become public."""
    reply = await api.ask("GET", f"{STATUSES}/{rendition.reply_to}")
    if is_gone(reply):
        reject(_PARENT_GONE, where="reply_to", account=api.account)
    api.judge(reply, "what this answers")
    parent = mapping(reply, "what this answers")
    if parent.get("visibility") == "direct" and rendition.visibility not in {None, Visibility.DIRECT}:
        reject("An answer to a private message stays private", where="visibility", account=api.account)
    return parent


def _is_ahead(api: Api, rendition: Rendition) -> bool:
    return rendition.publish_at is not None and rendition.publish_at > api.now()


def _wait_if_near(api: Api, rendition: Rendition) -> None:
    """Raise when the time has not come, but is so near that the server would publish at once, before an embargo ends.

    Then nothing was sent, and it is sent at its time. The server's own clock counts where it is ahead.
    """
    due, now = rendition.publish_at, api.now()
    if due is not None and now < due and due - max(now, now - api.skew) < SOONEST:
        raise RateLimited(
            "Mastodon would publish this up to five minutes early",
            hint="Postroom sends it when its time has come.",
            retry_at=due,
            account=api.account,
        )


def _body(rendition: Rendition, parent: Mapping[str, Any] | None, *, scheduled: bool = True) -> dict[str, Any]:
    """The post as JSON; what is empty is left out, and so is a time that has come."""
    visibility = WORDS.get(rendition.visibility) if rendition.visibility is not None else None
    if visibility is None and parent is not None and str(parent.get("visibility")) in VISIBILITIES:
        visibility = str(parent["visibility"])
    poll = rendition.poll
    body: dict[str, Any] = {
        "status": rendition.text,
        "in_reply_to_id": rendition.reply_to,
        "visibility": visibility,
        "spoiler_text": rendition.warning,
        "sensitive": True if rendition.warning else None,
        "language": rendition.language,
        "quoted_status_id": rendition.quotes,
        "quote_approval_policy": None if rendition.quotable else "nobody",
        "scheduled_at": _iso(rendition.publish_at) if rendition.publish_at and scheduled else None,
        "poll": {"options": list(poll.options), "expires_in": poll.lasts_s, "multiple": poll.multiple}
        if poll
        else None,
    }
    return {name: value for name, value in body.items() if value}


def _receipt(api: Api, item: Mapping[str, Any]) -> Receipt:
    """What the answer proves. Asked to keep a time that is too near, a server publishes at once: then it is a post."""
    if is_scheduled(item):
        message = message_from_scheduled(item, api.server)
        return Receipt(remote_id=message.remote_id, state=MessageState.SCHEDULED, message=message)
    message = message_from_status(item, api.server)
    return Receipt(remote_id=message.remote_id, url=message.url, state=message.state, message=message)


async def _replace(api: Api, rendition: Rendition) -> Receipt:
    if _waits(rendition):  # of what waits a server lets only the time be changed (section 8)
        reject("It still waits there; delete it and write it anew", where="replaces", account=api.account)
    reply = await api.ask("GET", f"{STATUSES}/{rendition.replaces}")
    if is_gone(reply):
        reject("The post to update is not there any more", where="replaces", account=api.account)
    api.judge(reply, "the post")
    before = mapping(reply, "the post")
    change: dict[str, Any] = {"status": rendition.text, "spoiler_text": rendition.warning}
    if rendition.language:
        change["language"] = rendition.language
    if rendition.media:
        change["media_ids"] = await pictures(api, rendition.media)
    return _receipt(api, await rewritten(api, before, change))


def _waits(rendition: Rendition) -> bool:
    """Whether what it replaces is no post yet, but scheduled."""
    return rendition.replaces.startswith("scheduled:")


# --- looking ---


def _since(api: Api, key: str, sending_at: datetime | None) -> datetime:
    """Nothing made by this delivery is older than this, by our clock: when it was approved stands in its key."""
    try:
        approved: datetime | None = datetime.fromtimestamp(int(key[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        approved = None
    times = [t for t in (approved, sending_at) if t is not None]
    return min(times, default=api.now() - WITHOUT_A_TIME) - SAFELY_BEFORE


async def _is_it(api: Api, status: Mapping[str, Any], rendition: Rendition) -> bool:
    """Whether this post is the rendition: first by what is shown; where the server rewrote the words, by its source."""
    if status.get("reblog") or (status.get("in_reply_to_id") or "") != rendition.reply_to:
        return False
    if plain_line(status.get("spoiler_text")) != plain_line(rendition.warning):
        return False
    if len(status.get("media_attachments") or ()) != len(rendition.media):
        return False
    if bool(status.get("poll")) != bool(rendition.poll) or bool(status.get("quote")) != bool(rendition.quotes):
        return False
    return await _has_words(api, status, rendition.text)


async def _has_words(api: Api, status: Mapping[str, Any], text: str) -> bool:
    named = {str(m.get("url")): str(m.get("acct")) for m in status.get("mentions") or () if isinstance(m, Mapping)}
    words = text_of(str(status.get("content") or ""), named, quoting=bool(status.get("quote")))
    if comparable(words) == comparable(text):
        return True
    try:
        source = await api.one(f"{STATUSES}/{status['id']}/source", what="the source of a post")
    except (NotFound, NotAllowed, Rejected):
        return False
    return comparable(str(source.get("text") or "")) == comparable(text)


async def _find_scheduled(api: Api, rendition: Rendition) -> Receipt | None:
    try:
        items = await api.list(SCHEDULED, (("limit", "40"),), what="scheduled posts")
    except NotFound:
        return None
    for item in items:
        params = item.get("params") if isinstance(item, dict) else None
        if not isinstance(params, Mapping):
            continue
        when, wanted = utc(item.get("scheduled_at")), rendition.publish_at
        same_time = when is not None and wanted is not None and abs(when - wanted) < timedelta(seconds=2)
        answers = str(params.get("in_reply_to_id") or "") == rendition.reply_to
        if same_time and answers and comparable(str(params.get("text") or "")) == comparable(rendition.text):
            return _receipt(api, item)
    return None


async def _find_replaced(api: Api, rendition: Rendition) -> Receipt | None:
    """The post, when all that was sent stands there. Else None: to write a change again does no harm.

    Pictures cannot be told from those before, as the server names each copy anew: with them it is written again.
    """
    if rendition.media or _waits(rendition):
        return None
    reply = await api.ask("GET", f"{STATUSES}/{rendition.replaces}")
    if is_gone(reply):
        return None
    api.judge(reply, "the post")
    status = mapping(reply, "the post")
    same = (
        plain_line(status.get("spoiler_text")) == plain_line(rendition.warning)
        and (not rendition.language or status.get("language") == rendition.language)
        and await _has_words(api, status, rendition.text)
    )
    return _receipt(api, status) if same else None


def _when(status: Mapping[str, Any]) -> datetime:
    return utc(status.get("created_at")) or datetime.max.replace(tzinfo=UTC)


def _iso(when: datetime) -> str:
    at = when.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
