"""LinkedIn's notifications, comments and posts as messages. Pure; nothing is dropped (linkedin.md section 4).

A comment on a post of ours is a conversation of its own, with the post above it; an answer to a comment belongs to the
comment. Notifications do not say which of both a comment is: whoever asks LinkedIn hands ``parent`` in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.linkedin import little
from inbox.connectors.linkedin.urns import PAGES, born_at, comment_urn, is_comment, page_of
from inbox.model import (
    Attachment,
    Author,
    Capability,
    Counts,
    LinkCard,
    Message,
    MessageKind,
    Poll,
    PollOption,
    Quoted,
)

MEMBER: Final = "LinkedIn member"
PAGE: Final = "LinkedIn page"
COMMENTS: Final = frozenset({"COMMENT", "ADMIN_COMMENT", "COMMENT_EDIT"})
DELETED: Final = "COMMENT_DELETE"
NOT_OURS: Final = Capability.EDIT | Capability.DELETE
_NOTICES: Final = {"LIKE": "Somebody likes this post.", "SHARE": "Somebody shared this post without words."}
_POLLS_LAST: Final = {"ONE_DAY": 1, "THREE_DAYS": 3, "SEVEN_DAYS": 7, "FOURTEEN_DAYS": 14}


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """Who looks: our organisation, its name, the present moment, and the names known for a day."""

    organization: str
    title: str
    now: datetime
    names: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # by URN: name and page

    def author(self, urn: str) -> Author:
        """Who a URN is, as far as known."""
        if urn == self.organization:
            return Author(name=self.title, remote_id=urn)
        name, url = self.names.get(urn, ("", ""))
        return Author(name=name or (MEMBER if ":person:" in urn or not urn else PAGE), remote_id=urn, url=url)

    def at(self, urn: str, *otherwise: Any) -> datetime:
        """When something was made: as its number says, else the first of these times (ms) that is one."""
        return born_at(urn, self.now) or next((t for t in map(moment, otherwise) if t is not None), self.now)


def moment(milliseconds: Any) -> datetime | None:
    """A time of LinkedIn's; None for anything else."""
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def raw_of(value: Any) -> bytes:
    """What came over the wire, one and the same for the same value."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


# --- notifications ---


def subject_of(element: Any) -> str:
    """The comment or share a notification is about, in its long form; empty when it names none."""
    if not isinstance(element, Mapping):
        return ""
    made = _generated(element)
    urn = str(made.get("entity") or element.get("generatedActivity") or "")
    return comment_urn(urn) or comment_urn(element.get("generatedActivity")) or urn


def post_of(element: Any) -> tuple[str, str]:
    """The post of ours a notification is about: its share or ugcPost, and its activity."""
    source = _part(element, "decoratedSourcePost")
    return str(source.get("entity") or ""), str(element.get("sourcePost") or "") if isinstance(element, Mapping) else ""


def message_from_notification(element: Any, view: View, *, parent: str = "") -> Message:
    """A notification as a message: a comment, a mention, a share with words; all else as a quiet notice."""
    if not isinstance(element, Mapping) or not element.get("action"):
        return _unreadable(element, view)
    action, urn = str(element["action"]), subject_of(element)
    share, activity = post_of(element)
    made = _generated(element)
    at = element.get("lastModifiedAt")
    if action in COMMENTS and is_comment(urn):
        owner = str(made.get("owner") or "")
        return _comment(
            urn, owner, str(made.get("text") or ""), view, post=share or activity, parent=parent,
            created_at=view.at(urn, at), edited_at=moment(at) if action == "COMMENT_EDIT" else None,
            raw=raw_of(element),
        )  # fmt: skip
    if action in {"SHARE", "SHARE_MENTION"} and urn and (made.get("text") or action == "SHARE_MENTION"):
        return _share(urn, made, element, view)
    words = _NOTICES.get(action, f"LinkedIn tells of something Postroom does not know ({action[:40]}).")
    about = share or activity
    return Message(
        remote_id=f"notification:{element.get('notificationId')}",
        kind=MessageKind.NOTICE,
        author=Author(name="LinkedIn"),
        created_at=moment(at) or view.now,
        text=words,
        url=page_of(about) if about else view_url(view),
        context_remote_id=about,
        denied=NOT_OURS | Capability.REPLY | Capability.REACT_LIKE,
        raw=raw_of(element),
    )


def _share(urn: str, made: Mapping[str, Any], element: Mapping[str, Any], view: View) -> Message:
    """Somebody's own post that shares ours with words of theirs, or that names us."""
    owner = str(made.get("owner") or "")
    share, _ = post_of(element)
    source = _part(element, "decoratedSourcePost")
    mentions = element.get("action") == "SHARE_MENTION"
    quoted = None
    if share and not mentions:
        quoted = Quoted(
            remote_id=share, author=view.title if source.get("owner") == view.organization else "",
            text=little.plain(str(source.get("text") or "")), url=page_of(share),
        )  # fmt: skip
    return Message(
        remote_id=urn,
        kind=MessageKind.MENTION if mentions else MessageKind.QUOTE,
        author=view.author(owner),
        created_at=view.at(urn, element.get("lastModifiedAt")),
        text=little.plain(str(made.get("text") or "")),
        url=page_of(urn),
        ours=owner == view.organization,
        quoted=quoted,
        denied=NOT_OURS,
        raw=raw_of(element),
    )


def _unreadable(element: Any, view: View) -> Message:
    number = element.get("notificationId") if isinstance(element, Mapping) else None
    raw = raw_of(element)
    return Message(
        remote_id=f"notification:{number if number is not None else f'unreadable-{len(raw)}'}",
        kind=MessageKind.UNREADABLE,
        author=Author(name="LinkedIn"),
        created_at=moment(element.get("lastModifiedAt")) or view.now if isinstance(element, Mapping) else view.now,
        text="LinkedIn sent something that Postroom cannot read yet.",
        url=view_url(view),
        denied=NOT_OURS | Capability.REPLY | Capability.REACT_LIKE,
        raw=raw,
    )


# --- comments ---


def urn_of_comment(item: Any) -> str:
    """A comment's URN: ``commentUrn``, in older versions ``$URN``; else put together from what it stands under."""
    if not isinstance(item, Mapping):
        return ""
    named = comment_urn(item.get("commentUrn")) or comment_urn(item.get("$URN"))
    return named or comment_urn(f"urn:li:comment:({item.get('object')},{item.get('id')})")


def parent_of_comment(item: Mapping[str, Any]) -> str:
    """The comment it answers; empty for one of the first level."""
    return comment_urn(item.get("parentComment"))


def message_from_comment(item: Mapping[str, Any], view: View, *, post: str) -> Message:
    """A comment as the Comments API tells it. ``post``: our name for the post it stands under."""
    urn = urn_of_comment(item)
    created, changed = _part(item, "created"), _part(item, "lastModified")
    actor = str(item.get("actor") or created.get("actor") or "")
    edited = moment(changed.get("time")) if _later(changed.get("time"), created.get("time")) else None
    likes = _part(item, "likesSummary")
    return _comment(
        urn, actor, str(_part(item, "message").get("text") or ""), view, post=post, parent=parent_of_comment(item),
        created_at=view.at(urn, created.get("time")), edited_at=edited, raw=raw_of(item),
        counts=Counts(
            replies=_count(_part(item, "commentsSummary").get("aggregatedTotalComments")),
            likes=_count(likes.get("totalLikes")),
        ),
        attachments=_in_comment(item.get("content"), urn),
    )  # fmt: skip


def _comment(
    urn: str, actor: str, text: str, view: View, *, post: str, parent: str, created_at: datetime,
    edited_at: datetime | None, raw: bytes, counts: Counts | None = None, attachments: tuple[Attachment, ...] = (),
) -> Message:  # fmt: skip
    ours = actor == view.organization
    return Message(
        remote_id=urn,
        kind=MessageKind.COMMENT,
        author=view.author(actor),
        created_at=created_at,
        text=text,
        url=page_of(urn, post),
        ours=ours,
        parent_remote_id=parent,
        context_remote_id=post,
        edited_at=edited_at,
        attachments=attachments,
        counts=counts or Counts(),
        untold=("reacted",) if counts else ("reacted", "counts"),
        denied=Capability.NONE if ours else NOT_OURS,
        raw=raw,
    )


def _in_comment(content: Any, urn: str) -> tuple[Attachment, ...]:
    """Pictures in a member's comment: where they may be seen, never loaded from a stranger's host."""
    found = content if isinstance(content, Sequence) and not isinstance(content, str) else ()
    return tuple(Attachment(url=page_of(urn), kind="image") for one in found if isinstance(one, Mapping))


# --- posts ---


def message_from_post(item: Mapping[str, Any], view: View, counts: Counts | None = None) -> Message:
    """A post of ours, or of somebody whose post was asked for."""
    urn, author = str(item.get("id") or ""), str(item.get("author") or "")
    content = item.get("content")
    content = content if isinstance(content, Mapping) else {}
    state = item.get("lifecycleStateInfo")
    edited = isinstance(state, Mapping) and state.get("isEditedByAuthor") is True
    parent = _part(item, "reshareContext").get("parent")
    at = view.at(urn, item.get("publishedAt"), item.get("createdAt"))
    return Message(
        remote_id=urn,
        kind=MessageKind.POST,
        author=view.author(author),
        created_at=at,
        text=little.plain(str(item.get("commentary") or "")),
        url=page_of(urn),
        ours=author == view.organization,
        edited_at=moment(item.get("lastModifiedAt")) if edited else None,
        attachments=_attachments(content, urn),
        counts=counts or Counts(),
        untold=("reacted",) if counts else ("reacted", "counts"),
        quoted=Quoted(remote_id=str(parent), url=page_of(str(parent))) if parent else None,
        card=_card(content.get("article")),
        poll=_poll(content.get("poll"), at),
        denied=Capability.NONE if author == view.organization else NOT_OURS,
        raw=raw_of(item),
    )


def _attachments(content: Mapping[str, Any], urn: str) -> tuple[Attachment, ...]:
    """What a post shows. LinkedIn names media by URN only: they are seen on the post's own page."""
    media = content.get("media")
    several = _part(content, "multiImage").get("images")
    items = [media] if isinstance(media, Mapping) else several if isinstance(several, list) else []
    return tuple(
        Attachment(
            url=page_of(urn), kind=_kind(str(one.get("id") or "")),
            description=str(one.get("altText") or one.get("title") or ""),
        )
        for one in items
        if isinstance(one, Mapping)
    )  # fmt: skip


def _kind(urn: str) -> str:
    return "video" if ":video:" in urn else "file" if ":document:" in urn else "image"


def _card(article: Any) -> LinkCard | None:
    if not isinstance(article, Mapping) or not article.get("source"):
        return None
    return LinkCard(
        url=str(article["source"]), title=str(article.get("title") or ""),
        description=str(article.get("description") or ""),
    )  # fmt: skip


def _poll(poll: Any, at: datetime) -> Poll | None:
    if not isinstance(poll, Mapping) or not isinstance(poll.get("options"), list):
        return None
    days = _POLLS_LAST.get(str(_part(poll, "settings").get("duration")))
    options = [o for o in poll["options"] if isinstance(o, Mapping)]
    return Poll(
        options=tuple(
            PollOption(title=str(o.get("text") or ""), votes=o["voteCount"] if isinstance(o.get("voteCount"), int)
                       else None)
            for o in options
        ),
        ends_at=at + timedelta(days=days) if days else None,
        voters=poll["uniqueVotersCount"] if isinstance(poll.get("uniqueVotersCount"), int) else None,
    )  # fmt: skip


# --- small things ---


def view_url(view: View) -> str:
    """Our page."""
    return f"{PAGES}/company/{view.organization.rpartition(':')[2]}/"


def _generated(element: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a notification says of the comment or share that somebody made."""
    made = _part(element, "decoratedGeneratedActivity")
    return _part(made, "comment") or _part(made, "share")


def _part(value: Any, name: str) -> Mapping[str, Any]:
    part = value.get(name) if isinstance(value, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _count(value: Any) -> int:
    return max(value, 0) if isinstance(value, int) else 0


def _later(one: Any, other: Any) -> bool:
    return isinstance(one, int) and isinstance(other, int) and one > other
