"""What is attached to a post, as the AppView shows it: pictures, video, link card, quote (bluesky.md section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from inbox.connectors.text import name_text, title_text
from inbox.model import Attachment, LinkCard, Quoted

WEB: Final = "https://bsky.app"
_WITHHELD: Final = {
    "app.bsky.embed.record#viewNotFound": "The quoted post is not there any more",
    "app.bsky.embed.record#viewBlocked": "The quoted post is by somebody blocked",
    "app.bsky.embed.record#viewDetached": "Its author has detached the quoted post",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """All that one embed holds; ``unknown`` is the type of an embed that nobody here has heard of."""

    attachments: tuple[Attachment, ...] = ()
    card: LinkCard | None = None
    quoted: Quoted | None = None
    unknown: str = ""


def attached(embed: object) -> Attached:
    """What an embed's view shows."""
    if not isinstance(embed, Mapping):
        return Attached()
    kind = str(embed.get("$type") or "").removesuffix("#view")
    if kind in {"app.bsky.embed.images", "app.bsky.embed.gallery"}:
        return Attached(attachments=tuple(_pictures(embed.get("images") or embed.get("items"))))
    if kind == "app.bsky.embed.video":
        return Attached(attachments=(_video(embed),))
    if kind == "app.bsky.embed.external":
        return Attached(card=_card(embed.get("external")))
    if kind == "app.bsky.embed.record":
        return Attached(quoted=_quoted(embed.get("record")))
    if kind == "app.bsky.embed.recordWithMedia":
        media, record = attached(embed.get("media")), embed.get("record")
        inner = record.get("record") if isinstance(record, Mapping) else None
        return Attached(attachments=media.attachments, card=media.card, quoted=_quoted(inner), unknown=media.unknown)
    return Attached(unknown=kind or "?")


def quoted_uri(record: Mapping[str, Any]) -> str:
    """The AT-URI of what a post's record quotes; empty when it quotes nothing."""
    embed = record.get("embed")
    if not isinstance(embed, Mapping):
        return ""
    inner = embed.get("record")
    if embed.get("$type") == "app.bsky.embed.recordWithMedia" and isinstance(inner, Mapping):
        inner = inner.get("record")
    return str(inner.get("uri") or "") if isinstance(inner, Mapping) else ""


def web_url(uri: str) -> str:
    """The web page of a post; by DID, since that does not change."""
    did, _, rest = uri.removeprefix("at://").partition("/")
    collection, _, rkey = rest.partition("/")
    return f"{WEB}/profile/{did}/post/{rkey}" if collection == "app.bsky.feed.post" and rkey else ""


def _pictures(images: object) -> Iterable[Attachment]:
    for image in images if isinstance(images, Sequence) and not isinstance(images, str) else ():
        if not isinstance(image, Mapping):
            continue
        url = _address(image.get("fullsize")) or _address(image.get("thumb"))
        if url:
            width, height = _size(image)
            yield Attachment(
                url=url,
                description=str(image.get("alt") or ""),
                preview_url=_address(image.get("thumb")),
                width_px=width,
                height_px=height,
            )


def _video(embed: Mapping[str, Any]) -> Attachment:
    width, height = _size(embed)
    return Attachment(
        url=_address(embed.get("playlist")),
        kind="video",
        description=str(embed.get("alt") or ""),
        preview_url=_address(embed.get("thumbnail")),
        width_px=width,
        height_px=height,
    )


def _card(external: object) -> LinkCard | None:
    if not isinstance(external, Mapping):
        return None
    thumb = external.get("thumb")
    return LinkCard(
        url=str(external.get("uri") or ""),
        title=title_text(str(external.get("title") or "")),
        description=str(external.get("description") or ""),
        image_url=_address(thumb) if isinstance(thumb, str) else "",
    )


def _quoted(record: object) -> Quoted | None:
    if not isinstance(record, Mapping):
        return None
    kind, uri = str(record.get("$type") or ""), str(record.get("uri") or "")
    if kind in _WITHHELD:
        return Quoted(remote_id=uri, withheld=_WITHHELD[kind])
    author = record.get("author") or record.get("creator")
    author = author if isinstance(author, Mapping) else {}
    value = record.get("value")
    text = str(value.get("text") or "") if isinstance(value, Mapping) else ""
    if kind != "app.bsky.embed.record#viewRecord":  # a feed, a list, a starter pack ...
        text = str(record.get("displayName") or record.get("name") or text)
    handle = str(author.get("handle") or "")
    return Quoted(
        remote_id=uri,
        author=name_text(str(author.get("displayName") or "")) or handle,
        handle=handle,
        text=text,
        url=web_url(uri),
    )


def _size(view: Mapping[str, Any]) -> tuple[int | None, int | None]:
    ratio = view.get("aspectRatio")
    if not isinstance(ratio, Mapping):
        return None, None
    width, height = ratio.get("width"), ratio.get("height")
    return (width if type(width) is int else None), (height if type(height) is int else None)


def _address(value: object) -> str:
    return value if isinstance(value, str) and value.startswith(("https://", "http://")) else ""
