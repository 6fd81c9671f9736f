"""What hangs on a post, comment or private message: pictures, films, files, a link's card, or words for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from inbox.connectors.http import host_of
from inbox.model import Attachment, LinkCard

_PICTURE_HOSTS: Final = ("fbcdn.net", "facebook.com", "127.0.0.1", "localhost")
_KINDS: Final = {"photo": "image", "animated_image_share": "image", "sticker": "image", "video_inline": "video"}


def attached(edge: Any) -> tuple[tuple[Attachment, ...], LinkCard | None, str]:
    """Pictures and films, the link's card, and words for what is neither."""
    found: list[Attachment] = []
    card: LinkCard | None = None
    words = ""
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, Mapping):
            continue
        inside = row.get("subattachments")
        if isinstance(inside, Mapping) and inside.get("data"):
            found += attached(inside)[0]
            continue
        media, kind = row.get("media"), str(row.get("media_type") or row.get("type") or "")
        image = media.get("image") if isinstance(media, Mapping) else None
        source = str(image.get("src") or "") if isinstance(image, Mapping) else ""
        target = row.get("target")
        link = str(row.get("unshimmed_url") or row.get("url") or (target or {}).get("url") or "")
        if kind in {"link", "share"} and link:
            card = LinkCard(
                url=link, title=str(row.get("title") or ""), description=str(row.get("description") or ""),
                image_url=trusted(source),
            )  # fmt: skip
        elif source or link:
            usual = "video" if "video" in kind else "image" if source else "unknown"
            found.append(
                Attachment(
                    url=source or link, kind=_KINDS.get(kind, usual), preview_url=trusted(source),
                    width_px=_px(image, "width"), height_px=_px(image, "height"),
                )
            )  # fmt: skip
        else:
            words = words or str(row.get("title") or row.get("description") or f"[{kind or 'attachment'}]")
    return tuple(found), card, words


def pictures(edge: Any) -> tuple[str, ...]:
    """The ids of the pictures that hang there, in order; empty for one without an id. Cards and films, which Facebook
    makes of a link by itself, are none."""
    found: list[str] = []
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, Mapping):
            continue
        inside, target = row.get("subattachments"), row.get("target")
        if isinstance(inside, Mapping) and inside.get("data"):
            found += pictures(inside)
        elif "photo" in {row.get("media_type"), row.get("type")}:
            found.append(str(target.get("id") or "") if isinstance(target, Mapping) else "")
    return tuple(found)


def files(edge: Any) -> tuple[tuple[Attachment, ...], tuple[str, ...]]:
    """Files of a private message; in Europe Facebook may send a note in their place."""
    found, notes = [], []
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    for row in rows if isinstance(rows, list) else ():
        if not isinstance(row, Mapping):
            continue
        image, film = row.get("image_data"), row.get("video_data")
        picture = image if isinstance(image, Mapping) else film if isinstance(film, Mapping) else {}
        url = str(picture.get("url") or row.get("file_url") or "")
        mime = str(row.get("mime_type") or "")
        if not url:
            notes.append(f"[{row.get('name') or mime or 'attachment'}]")
            continue
        kind = "image" if picture is image else "video" if picture is film else mime.partition("/")[0] or "file"
        found.append(
            Attachment(
                url=url, kind=kind, description=str(row.get("name") or ""), size_bytes=count(row.get("size")) or None,
                preview_url=trusted(str(picture.get("preview_url") or "")), width_px=_px(picture, "width"),
                height_px=_px(picture, "height"),
            )
        )  # fmt: skip
    return tuple(found), tuple(notes)


def trusted(url: str) -> str:
    """A picture's address, if Facebook's own picture host has it (or the practice town on this machine)."""
    host = host_of(url) if url else ""
    return url if any(host == h or host.endswith(f".{h}") for h in _PICTURE_HOSTS) else ""


def _px(of: Any, name: str) -> int | None:
    return (count(of.get(name)) or None) if isinstance(of, Mapping) else None


def count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
