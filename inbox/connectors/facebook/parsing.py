"""Facebook's JSON to Postroom's values: pure functions, no network, no clock.

Source: facebook.md section 4. An absent value is an absent key; ``from`` above all may be missing anywhere. What cannot
be understood comes out as UNREADABLE with its raw form.

Remote ids: see ``ids``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.facebook.attached import attached, count, files, trusted
from inbox.connectors.facebook.ids import comment_id
from inbox.model import (
    Attachment,
    Author,
    Capability,
    Counts,
    Message,
    MessageKind,
    MessageState,
    Reaction,
    Visibility,
)

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # stands for a date that cannot be read: the same at every reading
ANSWER_WITHIN: Final = timedelta(hours=24)
PRIVATELY_WITHIN: Final = timedelta(days=7)
_NOBODY: Final = "Facebook user"  # what Facebook itself shows for somebody it does not name
_DENIED: Final = {
    "can_comment": Capability.REPLY,
    "can_hide": Capability.HIDE,
    "can_remove": Capability.DELETE,
    "can_like": Capability.REACT_LIKE,
    "can_reply_privately": Capability.PRIVATE_REPLY,
}
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode


def message_from_post(row: Any, page: str, name: str = "") -> Message:
    """A row of the feed: a post of ours, or what others wrote on the Page or naming it. ``name``: the Page's, which
    reels do not tell."""
    try:
        return _post(row, page, name)
    except (AttributeError, KeyError, TypeError, ValueError):
        return unreadable(row)


def message_from_comment(row: Any, page: str, post: str, *, ours: bool, who_sees: bool = True) -> Message:
    """A comment or reply under ``post``, which is ``ours`` or somebody else's.

    Under a post of ours each comment begins a conversation; under somebody's post it belongs to theirs. ``who_sees``:
    it was asked whether it is private. Where nobody asked, it is not taken for public.
    """
    try:
        return _comment(row, page, post, ours, who_sees)
    except (AttributeError, KeyError, TypeError, ValueError):
        return unreadable(row, post)


def message_from_rating(row: Any, page: str, site: str) -> Message:
    """A recommendation, which nobody can answer by program."""
    try:
        return _rating(row, page, site)
    except (AttributeError, KeyError, TypeError, ValueError):
        return unreadable(row, "rating")


def message_from_words(row: Any, page: str, talk: Mapping[str, Any], site: str) -> Message:
    """One private message of a conversation."""
    try:
        return _words(row, page, talk, site)
    except (AttributeError, KeyError, TypeError, ValueError):
        return unreadable(row, parent=str(talk.get("id") or ""))


def unreadable(row: Any, below: str = "", *, parent: str = "") -> Message:
    """Something the parser does not understand: its id where it has one, and all that came, kept raw."""
    raw = raw_bytes(row)
    fields = row if isinstance(row, Mapping) else {}
    named = fields.get("id")
    number = named if isinstance(named, str) and named else f"unreadable-{hashlib.sha256(raw).hexdigest()[:16]}"
    return Message(
        remote_id=f"{below}:{number}" if below else number,
        kind=MessageKind.UNREADABLE,
        author=Author(name=""),
        created_at=utc(fields.get("created_time")) or EPOCH,
        text="",
        visibility=Visibility.DIRECT,  # nobody can say who may see it: never taken for public
        parent_remote_id=parent,
        raw=raw,
    )


def fingerprint(message: Message, length: int = 8) -> str:
    """A few characters that change when what we show of a message changes. Addresses of pictures are signed anew each
    time and say nothing."""
    shown = (
        message.state, message.author.name, message.text, message.title, message.url, message.counts, message.reacted,
        message.denied.value, message.kind, [(a.kind, a.description) for a in message.attachments],
        message.card and message.card.url,
        *((message.visibility,) if message.visibility is Visibility.FOLLOWERS else ()),
    )  # fmt: skip
    return hashlib.sha256(repr(shown).encode("utf-8", "replace")).hexdigest()[:length]


def rating_id(row: Mapping[str, Any]) -> str:
    """A rating has no id: its story has, else what never changes of it stands for one."""
    story = row.get("open_graph_story")
    if isinstance(story, Mapping) and story.get("id"):
        return f"rating:{story['id']}"
    reviewer = row.get("reviewer")
    who = reviewer.get("id") if isinstance(reviewer, Mapping) else ""
    return f"rating:{hashlib.sha256(repr((row['created_time'], who)).encode()).hexdigest()[:16]}"


def utc(words: Any) -> datetime | None:
    """A time as aware UTC, written "2026-09-05T14:33:01+0000" or as seconds since 1970; None for nonsense."""
    try:
        if isinstance(words, int | float) and not isinstance(words, bool):
            return datetime.fromtimestamp(words, UTC)
        when = datetime.strptime(words, "%Y-%m-%dT%H:%M:%S%z") if isinstance(words, str) else None
    except (ValueError, OverflowError, OSError):
        return None
    return when.astimezone(UTC) if when else None


def raw_bytes(row: Any) -> bytes:
    """A row as it came, compact, as UTF-8."""
    return _encoded(row).encode("utf-8", "replace")


def total_of(row: Mapping[str, Any], edge: str) -> int:
    """The summary's count of a nested edge; 0 where there is none."""
    part = row.get(edge)
    summary = part.get("summary") if isinstance(part, Mapping) else None
    count = summary.get("total_count") if isinstance(summary, Mapping) else None
    return count if isinstance(count, int) and count > 0 else 0


def is_ours(row: Mapping[str, Any], page: str) -> bool:
    """Whether the Page itself wrote it. Reels are always its own, and say nobody."""
    by = row.get("from")
    if isinstance(by, Mapping):
        return str(by.get("id")) == page
    return "_" not in str(row.get("id", "_"))


# --- how it is done ---


def _post(row: Mapping[str, Any], page: str, name: str) -> Message:
    id_ = _id(row["id"])
    ours = is_ours(row, page)
    found, card, words = attached(row.get("attachments"))
    shares = row.get("shares")
    when = utc(row.get("scheduled_publish_time"))
    text = str(row.get("message") or row.get("description") or row.get("story") or words)
    denied = Capability.HIDE | (Capability.BLOCK if ours or not isinstance(row.get("from"), Mapping) else _NONE)
    if row.get("can_reply_privately") is False or ours:
        denied |= Capability.PRIVATE_REPLY
    return Message(
        remote_id=id_,
        kind=MessageKind.POST if ours else MessageKind.MENTION,
        state=_state(row, scheduled=when is not None),
        author=Author(name=name, remote_id=page) if ours and not row.get("from") else _author(row.get("from")),
        created_at=(when if row.get("is_published") is False else None) or utc(row.get("created_time")) or EPOCH,
        text=text,
        url=str(row.get("permalink_url") or ""),
        ours=ours,
        attachments=found,
        card=card,
        counts=Counts(
            replies=total_of(row, "comments"),
            likes=total_of(row, "reactions"),
            boosts=count(shares.get("count")) if isinstance(shares, Mapping) else 0,
        ),
        untold=("reacted",),  # Facebook tells it of comments only
        denied=denied,
        raw=raw_bytes(row),
    )


_NONE: Final = Capability.NONE


def _state(row: Mapping[str, Any], *, scheduled: bool) -> MessageState:
    if row.get("is_published") is False:
        return MessageState.SCHEDULED if scheduled else MessageState.DRAFT
    return MessageState.HIDDEN if row.get("is_hidden") is True else MessageState.PUBLISHED


def _comment(row: Mapping[str, Any], page: str, post: str, below_ours: bool, who_sees: bool) -> Message:
    id_ = comment_id(post, _id(row["id"]))
    by = row.get("from")
    ours = isinstance(by, Mapping) and str(by.get("id")) == page
    parent = row.get("parent")
    answers = comment_id(post, _id(parent["id"])) if isinstance(parent, Mapping) and parent.get("id") else ""
    denied = Capability.NONE
    for flag, capability in _DENIED.items():
        if row.get(flag) is False:
            denied |= capability
    if ours or not isinstance(by, Mapping):
        denied |= Capability.BLOCK | Capability.PRIVATE_REPLY
    attachment = row.get("attachment")
    found, card, words = attached({"data": [attachment]} if isinstance(attachment, Mapping) else None)
    return Message(
        remote_id=id_,
        kind=MessageKind.COMMENT,
        state=MessageState.HIDDEN if row.get("is_hidden") is True else MessageState.PUBLISHED,
        author=_author(by),
        created_at=utc(row.get("created_time")) or EPOCH,
        text=str(row.get("message") or words),
        url=str(row.get("permalink_url") or ""),
        ours=ours,
        visibility=Visibility.PUBLIC if row.get("is_private", not who_sees) is False else Visibility.FOLLOWERS,
        parent_remote_id=answers or ("" if below_ours else post),
        root_remote_id="" if below_ours else post,
        context_remote_id=post if below_ours else "",
        attachments=found,
        card=card,
        counts=Counts(replies=count(row.get("comment_count")), likes=count(row.get("like_count"))),
        reacted=(Reaction.LIKE,) if row.get("user_likes") is True else (),
        untold=() if "user_likes" in row else ("reacted",),
        denied=denied,
        raw=raw_bytes(row),
    )


def _rating(row: Mapping[str, Any], page: str, site: str) -> Message:
    kind = str(row.get("recommendation_type") or "")
    stars = row.get("rating")
    usual = {"positive": "Recommends the Page", "negative": "Does not recommend the Page"}.get(kind, "")
    title = usual or (f"{stars} of 5 stars" if isinstance(stars, int) else "A review")
    return Message(
        remote_id=rating_id(row),
        kind=MessageKind.REVIEW,
        author=_author(row.get("reviewer")),
        created_at=utc(row["created_time"]) or EPOCH,
        title=title,
        text=str(row.get("review_text") or title),
        url=f"{site}/{page}/reviews",
        denied=Capability.REPLY | Capability.HIDE | Capability.DELETE | Capability.REACT_LIKE
        | Capability.PRIVATE_REPLY | Capability.BLOCK,
        raw=raw_bytes(row),
    )  # fmt: skip


def _words(row: Mapping[str, Any], page: str, talk: Mapping[str, Any], site: str) -> Message:
    by = row.get("from")
    ours = isinstance(by, Mapping) and str(by.get("id")) == page
    when = utc(row.get("created_time")) or EPOCH
    found, notes = files(row.get("attachments"))
    sticker = row.get("sticker")
    if isinstance(sticker, str) and sticker:
        found += (Attachment(url=sticker, preview_url=trusted(sticker)),)
    shared = row.get("shares")
    for one in shared.get("data") or () if isinstance(shared, Mapping) else ():
        notes += tuple(str(one[name]) for name in ("name", "link") if isinstance(one, Mapping) and one.get(name))
    thread, link = _id(talk["id"]), str(talk.get("link") or "")
    denied = Capability.HIDE | Capability.DELETE | Capability.REACT_LIKE | Capability.PRIVATE_REPLY
    if talk.get("can_reply") is False:
        denied |= Capability.REPLY
    if ours or not isinstance(by, Mapping):
        denied |= Capability.BLOCK
    return Message(
        remote_id=_id(row["id"]),
        kind=MessageKind.DIRECT,
        author=_author(by),
        created_at=when,
        text="\n".join(part for part in (str(row.get("message") or ""), *notes) if part),
        url=f"{site}{link}" if link.startswith("/") else link,
        ours=ours,
        visibility=Visibility.DIRECT,
        parent_remote_id=thread,
        root_remote_id=thread,
        attachments=found,
        denied=denied,
        reply_until=None if ours else when + ANSWER_WITHIN,
        raw=raw_bytes(row),
    )


def _author(by: Any) -> Author:
    if not isinstance(by, Mapping):
        return Author(name=_NOBODY)
    id_ = str(by.get("id") or "")
    return Author(name=" ".join(str(by.get("name") or _NOBODY).split()), remote_id=id_)


def _id(value: Any) -> str:
    if isinstance(value, str) and value:
        return value
    raise ValueError("an id was expected")
