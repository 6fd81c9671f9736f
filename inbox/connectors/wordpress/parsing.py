"""WordPress's JSON to Postroom's values: pure functions, no network, no clock.

Source: wordpress.md sections 4 and 7. ``rendered`` fields are HTML from strangers; titles and names are HTML-encoded
text (section 1, point 10). ``date_gmt`` has no ``Z`` and is UTC all the same.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from inbox.connectors.text import name_text, plain_text, title_text
from inbox.connectors.wordpress.site import Site
from inbox.model import Author, Message, MessageKind, MessageState, Sighting, Visibility

COMMENT_FIELDS: Final = (
    "id,post,parent,author,author_name,author_email,author_url,author_ip,author_user_agent,date,date_gmt,content,link,"
    "status,type,_links.up"
)
POST_FIELDS: Final = (
    "id,date,date_gmt,modified_gmt,slug,status,type,link,title,content,excerpt,author,featured_media,comment_status,"
    "categories,tags,_links.author,_links.self,_embedded"
)
COMMENT_STATES: Final = {
    "approved": MessageState.PUBLISHED,
    "hold": MessageState.HELD,
    "spam": MessageState.SPAM,
    "trash": MessageState.TRASHED,
    "post-trashed": MessageState.TRASHED,
}
POST_STATES: Final = {
    "publish": MessageState.PUBLISHED,
    "inherit": MessageState.PUBLISHED,  # a media item shows like the post it hangs on
    "future": MessageState.SCHEDULED,
    "draft": MessageState.DRAFT,
    "auto-draft": MessageState.DRAFT,
    "pending": MessageState.DRAFT,
    "private": MessageState.PRIVATE,
    "trash": MessageState.TRASHED,
}
NOTE: Final = "note"  # editors' private notes, 6.9+: never to be seen as a public comment (wordpress.md section 4)
_encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode  # one encoder: dumps() makes one each
_SPOKEN_FROM_AFAR: Final = frozenset({"pingback", "trackback"})
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # stands for a date that cannot be read: the same at every reading


def message_from_comment(item: Any, site: Site) -> Message | None:
    """One comment of the list, or None for an editors' note. What cannot be read comes out as UNREADABLE, kept raw."""
    try:
        if str(item.get("type") or "comment") == NOTE:
            return None
        return _comment(item, site)
    except (AttributeError, KeyError, TypeError, ValueError):
        return _unreadable(item, "comment")


def message_from_post(item: Any, site: Site) -> Message:
    """One post, page or other entry. What cannot be read comes out as UNREADABLE, kept raw."""
    try:
        return _post(item, site)
    except (AttributeError, KeyError, TypeError, ValueError):
        return _unreadable(item, "post")


def sighting_of_comment(item: Mapping[str, Any]) -> Sighting | None:
    """How a comment stands; None for an editors' note."""
    if str(item.get("type") or "comment") == NOTE:
        return None
    return Sighting(
        remote_id=f"comment:{int(item['id'])}",
        state=COMMENT_STATES.get(_word(item["status"]), MessageState.HELD),
        parent_remote_id=_parent(item),
    )


def sighting_of_post(item: Mapping[str, Any]) -> Sighting:
    """How a post or page stands."""
    return Sighting(
        remote_id=f"{item['type']}:{int(item['id'])}",
        state=POST_STATES.get(_word(item["status"]), MessageState.DRAFT),
    )


def context_of(item: Mapping[str, Any]) -> str:
    """The entry a comment stands under, such as "page:3"; its type is named by the link that comes with the comment.

    ``_links.up`` is missing for types that REST does not show: ids are unique over all types, so "post:" does no harm.
    """
    number = int(item.get("post") or 0)
    up = _up(item)
    return f"{up.get('post_type') or 'post'}:{number}" if number else ""


def collection_of(item: Mapping[str, Any]) -> str:
    """The address of the list that holds the comment's entry, from its own link; empty when the link is missing."""
    head, _, last = str(_up(item).get("href") or "").rpartition("/")
    return head if last.isdigit() else ""


def utc(words: Any) -> datetime | None:
    """A ``*_gmt`` field as aware UTC; None for zeros, null and nonsense."""
    if not isinstance(words, str) or len(words) < 19:
        return None
    try:
        when = datetime.fromisoformat(words)
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def raw_bytes(item: Any) -> bytes:
    """An item as it came, compact, as UTF-8."""
    return _encoded(item).encode("utf-8", "replace")


def _comment(item: Mapping[str, Any], site: Site) -> Message:
    number, by, kind = int(item["id"]), int(item["author"]), str(item.get("type") or "comment")
    status, rendered = _word(item["status"]), _word(item["content"]["rendered"])
    details = {
        "type": kind,
        "status": status,
        "post_id": str(int(item["post"])),
        "author_id": str(by),
        "email": str(item.get("author_email") or ""),
        "ip": str(item.get("author_ip") or ""),
    }
    if "author_user_agent" in item:  # absent without context=edit: then it must be read before it can be sent back
        details["user_agent"] = str(item["author_user_agent"])
    ours = bool(by) and by == site.user_id
    if ours and "raw" in item["content"]:  # what to edit: the words as typed, before the site made its quotes curly
        details["source"] = html.unescape(_word(item["content"]["raw"]))
    return Message(
        remote_id=f"comment:{number}",
        kind=MessageKind.NOTICE if kind in _SPOKEN_FROM_AFAR else MessageKind.COMMENT,
        state=COMMENT_STATES.get(status, MessageState.HELD),
        author=Author(
            name=name_text(str(item.get("author_name") or "")),
            remote_id=f"user:{by}" if by else "",
            url=str(item.get("author_url") or ""),
        ),
        created_at=utc(item.get("date_gmt")) or utc(item.get("date")) or EPOCH,
        text=plain_text(rendered),
        html=rendered,
        url=str(item.get("link") or ""),
        ours=ours,
        parent_remote_id=_parent(item),
        context_remote_id=context_of(item),
        details=details,
        raw=raw_bytes(item),
    )


def _post(item: Mapping[str, Any], site: Site) -> Message:
    number, by, kind = int(item["id"]), int(item.get("author") or 0), str(item["type"])
    status, title = _word(item["status"]), item.get("title") or {}
    rendered = str((item.get("content") or {}).get("rendered") or "")
    state = POST_STATES.get(status, MessageState.DRAFT)
    # WordPress puts "Private: " in front of the rendered title, translated; the raw one has no such prefix.
    shown = title.get("raw") if state is MessageState.PRIVATE and title.get("raw") else title.get("rendered")
    created = utc(item.get("date_gmt")) or utc(item.get("date")) or utc(item.get("modified_gmt")) or EPOCH
    modified = utc(item.get("modified_gmt"))
    ours = bool(by) and by == site.user_id
    return Message(
        remote_id=f"{kind}:{number}",
        kind=MessageKind.POST,
        state=state,
        author=Author(
            name=_embedded_author(item) or (site.user_name if ours else site.title),
            remote_id=f"user:{by}" if by else "",
        ),
        created_at=created,
        text=plain_text(rendered),
        html=rendered,
        title=title_text(str(shown or "")),
        url=str(item.get("link") or ""),
        ours=ours,
        visibility=Visibility.FOLLOWERS if state is MessageState.PRIVATE else Visibility.PUBLIC,
        edited_at=modified if modified is not None and modified > created else None,
        details={
            "type": kind,
            "status": status,
            "author_id": str(by),
            "slug": str(item.get("slug") or ""),
            "modified_gmt": str(item.get("modified_gmt") or ""),
            "comment_status": str(item.get("comment_status") or ""),
            "featured_media": str(item.get("featured_media") or ""),
        },
        raw=raw_bytes(item),
    )


def _unreadable(item: Any, prefix: str) -> Message:
    """Something that the parser does not understand: its id where there is one, and all that came, kept raw."""
    raw = raw_bytes(item)
    fields = item if isinstance(item, Mapping) else {}
    number = fields.get("id")
    known = isinstance(number, int) and not isinstance(number, bool)
    kind = fields.get("type") if prefix == "post" and isinstance(fields.get("type"), str) else prefix
    return Message(
        remote_id=f"{kind}:{number}" if known else f"unreadable:{hashlib.sha256(raw).hexdigest()[:16]}",
        kind=MessageKind.UNREADABLE,
        author=Author(name=""),
        created_at=utc(fields.get("date_gmt")) or EPOCH,
        text="",
        raw=raw,
    )


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a word was expected")
    return value


def _parent(item: Mapping[str, Any]) -> str:
    number = int(item.get("parent") or 0)
    return f"comment:{number}" if number else ""


def _up(item: Mapping[str, Any]) -> Mapping[str, Any]:
    links = item.get("_links")
    ups = links.get("up") if isinstance(links, Mapping) else None
    return ups[0] if isinstance(ups, list) and ups and isinstance(ups[0], Mapping) else {}


def _embedded_author(item: Mapping[str, Any]) -> str:
    embedded = item.get("_embedded")
    authors = embedded.get("author") if isinstance(embedded, Mapping) else None
    if isinstance(authors, list) and authors and isinstance(authors[0], Mapping):
        return name_text(str(authors[0].get("name") or ""))
    return ""
