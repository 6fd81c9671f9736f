"""Bluesky's JSON as messages: post views, bare records, and notifications that have no words of their own.

Pure functions. What a post is to us is decided by its record (``reply``, facets, quoted post), never by the reason a
notification gives: of reply, mention and quote only one is ever named (bluesky.md section 4, point 3).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from inbox.connectors.bluesky.embeds import WEB, Attached, attached, quoted_uri, web_url
from inbox.connectors.bluesky.facets import markup, mentioned
from inbox.connectors.bluesky.xrpc import POST, Place
from inbox.connectors.text import name_text
from inbox.model import (
    Attachment,
    Author,
    Counts,
    LinkCard,
    Message,
    MessageKind,
    MessageState,
    Quoted,
    Reaction,
)

QUIET: Final = frozenset({"like", "repost", "like-via-repost", "repost-via-repost"})
"""Reasons that become counts of our posts, not messages."""
_NOTICES: Final = {
    "follow": "{} follows you.",
    "starterpack-joined": "{} joined Bluesky by your starter pack.",
    "verified": "{} verified your account.",
    "unverified": "{} withdrew the verification of your account.",
    "subscribed-post": "{} has posted.",
    "contact-match": "{} of your contacts is on Bluesky.",
}
_LABELS: Final = {
    "!hide": "Hidden by the network’s moderators",
    "!warn": "The network’s moderators warn of this",
    "porn": "Adult content",
    "sexual": "Sexually suggestive",
    "nudity": "Nudity",
    "graphic-media": "Graphic pictures",
    "gore": "Graphic pictures",
}
_UNSPOKEN: Final = frozenset({"!no-unauthenticated", "!no-promote", "!takedown", "bot"})
_IMPORTED: Final = timedelta(days=1)  # claimed to be so much older than it is: brought over from elsewhere
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def is_post(record: object) -> bool:
    """Whether this is the record of a post."""
    return isinstance(record, Mapping) and record.get("$type") == POST


def message_from_view(view: Mapping[str, Any], place: Place, hidden: Collection[str] = ()) -> Message:
    """A post as the AppView shows it. ``hidden``: the answers that the owner of its thread has folded away."""
    record = view.get("record")
    record = record if isinstance(record, Mapping) else {}
    viewer = view.get("viewer")
    viewer = viewer if isinstance(viewer, Mapping) else {}
    author = view.get("author")
    author = author if isinstance(author, Mapping) else {}
    uri = str(view["uri"])
    shown = attached(view.get("embed"))
    reacted = [r for name, r in (("like", Reaction.LIKE), ("repost", Reaction.BOOST)) if viewer.get(name)]
    return _message(
        uri,
        str(view.get("cid") or ""),
        record,
        _author(author),
        place,
        created_at=moment(view.get("indexedAt")) or moment(record.get("createdAt")) or _NO_TIME,
        state=MessageState.HIDDEN if uri in hidden else MessageState.PUBLISHED,
        warning=warning_of([*_labels(view), *_labels(author), *_self_labels(record)]),
        counts=Counts(
            replies=_count(view, "replyCount"),
            boosts=_count(view, "repostCount"),
            likes=_count(view, "likeCount"),
            quotes=_count(view, "quoteCount"),
        ),
        reacted=tuple(reacted),
        shown=shown,
        details=_viewed(viewer, author),
        raw=view,
    )


def message_from_record(
    uri: str, cid: str, record: Mapping[str, Any], author: Author, place: Place, server: str
) -> Message:
    """A post as its own server has it: nothing is counted there, and pictures come from the server itself."""
    return _message(
        uri,
        cid,
        record,
        author,
        place,
        created_at=moment(record.get("createdAt")) or _NO_TIME,
        state=MessageState.PUBLISHED,
        warning=warning_of(_self_labels(record)),
        counts=Counts(),
        reacted=(),
        shown=_from_blobs(record.get("embed"), uri, server),
        details={},
        raw={"uri": uri, "cid": cid, "value": record},
    )


def message_from_notification(item: Mapping[str, Any], place: Place) -> Message:
    """A notification that is not about a post to be read: quiet, and of an unknown reason kept as it came."""
    reason = str(item.get("reason") or "")
    author = item.get("author")
    who = _author(author if isinstance(author, Mapping) else {})
    record = item.get("record")
    said = str(record.get("text") or "") if is_post(record) and isinstance(record, Mapping) else ""
    words = _NOTICES.get(reason)
    text = words.format(who.name or who.handle) if words else f"{who.name or who.handle or 'Somebody'}: {reason}"
    return Message(
        remote_id=f"notification:{item['uri']}#{reason}",
        kind=MessageKind.NOTICE if words else MessageKind.UNREADABLE,
        author=who,
        created_at=moment(item.get("indexedAt")) or _NO_TIME,
        text=f"{text}\n\n{said}".strip(),
        url=web_url(str(item["uri"])) or who.url,
        warning=warning_of(_labels(item)),
        details={"reason": reason, "subject": str(item.get("reasonSubject") or "")},
        raw=_raw(item),
    )


def message_from_bare_notification(item: Mapping[str, Any], place: Place) -> Message:
    """A post of which only the notification could be had: its words, without embeds and counts."""
    view = {name: item[name] for name in ("uri", "cid", "author", "record", "labels", "indexedAt") if name in item}
    return message_from_view(view, place)


def unreadable(item: Mapping[str, Any], what: str) -> Message:
    """Something that could not be read at all, kept raw for a better parser."""
    return Message(
        remote_id=f"{what}:{item.get('uri') or item.get('id') or ''}",
        kind=MessageKind.UNREADABLE,
        author=Author(name=""),
        created_at=moment(item.get("indexedAt")) or _NO_TIME,
        text="Something arrived that Postroom cannot read yet.",
        raw=_raw(item),
    )


def reply_of(record: Mapping[str, Any]) -> tuple[str, str]:
    """The AT-URIs of the root and the parent of a reply; both empty for a post at the top."""
    reply = record.get("reply")
    if not isinstance(reply, Mapping):
        return "", ""
    root, parent = reply.get("root"), reply.get("parent")
    parent_uri = str(parent.get("uri") or "") if isinstance(parent, Mapping) else ""
    root_uri = str(root.get("uri") or "") if isinstance(root, Mapping) else ""
    return root_uri or parent_uri, parent_uri


def owner_of(uri: str) -> str:
    """The DID in an AT-URI."""
    return uri.removeprefix("at://").partition("/")[0]


def kind_of(uri: str, record: Mapping[str, Any], did: str) -> MessageKind:
    """What a post is to us."""
    root, parent = reply_of(record)
    if owner_of(uri) == did:
        return MessageKind.COMMENT if parent else MessageKind.POST
    if parent and owner_of(root) == did:
        return MessageKind.COMMENT
    if did in mentioned(record) or (parent and owner_of(parent) == did):
        return MessageKind.MENTION
    if owner_of(quoted_uri(record)) == did:
        return MessageKind.QUOTE
    return MessageKind.POST  # somebody's words to somebody else: read with what answers them, owed to nobody


def hidden_in(view: Mapping[str, Any]) -> frozenset[str]:
    """The answers that the threadgate in this view (of a post, or of a whole thread) folds away."""
    gate = view.get("threadgate")
    record = gate.get("record") if isinstance(gate, Mapping) else None
    uris = record.get("hiddenReplies") if isinstance(record, Mapping) else None
    return frozenset(str(uri) for uri in uris) if isinstance(uris, list) else frozenset()


def warning_of(labels: Sequence[str]) -> str:
    """What a reader is told before the words are unfolded; the network's own labels first, each said once."""
    spoken = sorted({label for label in labels if label not in _UNSPOKEN}, key=lambda v: (v not in _LABELS, v))
    return "; ".join(dict.fromkeys(_LABELS.get(label, f"Labelled “{label}”") for label in spoken))


def moment(text: object) -> datetime | None:
    """A time of the network as aware UTC; None when it is none."""
    if not isinstance(text, str):
        return None
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# --- how it is done ---


def _message(
    uri: str,
    cid: str,
    record: Mapping[str, Any],
    author: Author,
    place: Place,
    *,
    created_at: datetime,
    state: MessageState,
    warning: str,
    counts: Counts,
    reacted: tuple[Reaction, ...],
    shown: Attached,
    details: dict[str, str],
    raw: Mapping[str, Any],
) -> Message:
    root, parent = reply_of(record)
    text = str(record.get("text") or "")
    langs = record.get("langs")
    claimed = moment(record.get("createdAt"))
    details = {"cid": cid, **details}
    if claimed and abs(created_at - claimed) > _IMPORTED:
        details["claimed_at"] = claimed.isoformat()
    if shown.unknown:
        details["embed"] = shown.unknown
    return Message(
        remote_id=uri,
        kind=kind_of(uri, record, place.did),
        state=state,
        author=author,
        created_at=created_at,
        text=text,
        html=markup(text, record.get("facets")),
        url=web_url(uri),
        ours=owner_of(uri) == place.did,
        parent_remote_id=parent,
        root_remote_id=root,
        language=str(langs[0]) if isinstance(langs, list) and langs else "",
        attachments=shown.attachments,
        warning=warning,
        counts=counts,
        reacted=reacted,
        quoted=shown.quoted,
        card=shown.card,
        details=details,
        raw=_raw(raw),
    )


def _from_blobs(embed: object, uri: str, server: str) -> Attached:
    """What a record itself says of its embed: blobs, fetched from the author's server."""
    if not isinstance(embed, Mapping):
        return Attached()
    media = embed.get("media") if embed.get("$type") == "app.bsky.embed.recordWithMedia" else embed
    found: list[Attachment] = []
    card = None
    if isinstance(media, Mapping):
        for image in media.get("images") or ():
            if isinstance(image, Mapping) and (url := _blob(image.get("image"), uri, server)):
                ratio = image.get("aspectRatio")
                ratio = ratio if isinstance(ratio, Mapping) else {}
                found.append(
                    Attachment(
                        url=url,
                        description=str(image.get("alt") or ""),
                        preview_url=url,
                        width_px=ratio.get("width"),
                        height_px=ratio.get("height"),
                    )
                )
        external = media.get("external")
        if isinstance(external, Mapping):
            card = LinkCard(
                url=str(external.get("uri") or ""),
                title=str(external.get("title") or ""),
                description=str(external.get("description") or ""),
                image_url=_blob(external.get("thumb"), uri, server),
            )
    quoted = quoted_uri({"embed": embed})
    return Attached(
        attachments=tuple(found),
        card=card,
        quoted=Quoted(remote_id=quoted, url=web_url(quoted)) if quoted else None,
    )


def _blob(blob: object, uri: str, server: str) -> str:
    ref = blob.get("ref") if isinstance(blob, Mapping) else None
    cid = ref.get("$link") if isinstance(ref, Mapping) else None
    if not cid or not server:
        return ""
    return f"{server}/xrpc/com.atproto.sync.getBlob?{urlencode({'did': owner_of(uri), 'cid': cid})}"


def _author(author: Mapping[str, Any]) -> Author:
    did, handle = str(author.get("did") or ""), str(author.get("handle") or "")
    return Author(
        name=name_text(str(author.get("displayName") or "")) or handle or did,
        remote_id=did,
        handle="" if handle == "handle.invalid" else handle,
        url=f"{WEB}/profile/{did}" if did else "",
    )


def our_author(place: Place) -> Author:
    """Ourselves, as others see us."""
    return _author({"did": place.did, "handle": place.handle, "displayName": place.name})


def _viewed(viewer: Mapping[str, Any], author: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    if viewer.get("replyDisabled"):
        found["reply_disabled"] = "1"
    if viewer.get("embeddingDisabled"):
        found["quote_disabled"] = "1"
    seen = author.get("viewer")
    if isinstance(seen, Mapping):
        if seen.get("muted"):
            found["muted"] = "1"
        if seen.get("blocking"):
            found["blocked"] = "1"
    return found


def _labels(view: Mapping[str, Any]) -> list[str]:
    labels = view.get("labels")
    found = [label for label in labels if isinstance(label, Mapping)] if isinstance(labels, list) else []
    return [str(label["val"]) for label in found if label.get("val") and not label.get("neg")]


def _self_labels(record: Mapping[str, Any]) -> list[str]:
    labels = record.get("labels")
    values = labels.get("values") if isinstance(labels, Mapping) else None
    found = [value for value in values if isinstance(value, Mapping)] if isinstance(values, list) else []
    return [str(value["val"]) for value in found if value.get("val")]


def _count(view: Mapping[str, Any], name: str) -> int:
    value = view.get(name)
    return value if type(value) is int and value > 0 else 0


def _raw(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8", "replace")
