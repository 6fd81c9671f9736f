"""Uploads, and the bytes of pictures (mastodon.md section 8; recordings ``media_202.json``, ``media_200.json``)."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, UnidentifiedImageError

from inbox.practice.mastodon.entities import Media
from inbox.practice.mastodon.instance import DESCRIPTION, IMAGE_BYTES, MIME_TYPES, VIDEO_BYTES
from inbox.practice.mastodon.status_json import kind_of, media_json
from inbox.practice.mastodon.wire import Answer, ApiError, Call, invalid, not_found

_PNG = "image/png"


def upload(call: Call) -> Answer:
    """200 when it is ready, 202 while it is being processed (``url`` null)."""
    place = call.place
    file = call.files.get("file")
    if file is None:
        raise invalid("File can't be blank")
    _, kind, data = file
    kind = kind.partition(";")[0].strip().lower()
    if kind not in MIME_TYPES:
        raise invalid("File content type is invalid")
    family = kind_of(kind)
    if len(data) > (IMAGE_BYTES if family == "image" else VIDEO_BYTES):
        raise invalid("File file size must be less than 16 MB")
    width, height, data = _decoded(data) if family == "image" else (640, 640, data)
    media = Media(
        id=place.snowflake(), person_id=call.me.id, mime_type=kind, data=data, at=place.now(), width=width,
        height=height, focus=_focus(call.text("focus")), description=_description(call),
        waits=place.media_waits if family != "image" or place.slow_pictures else 0,
    )  # fmt: skip
    place.media[media.id] = media
    return Answer(body=media_json(call, media), status=202 if media.waits else 200)


def _decoded(data: bytes) -> tuple[int, int, bytes]:
    """Size, and the picture encoded anew without what the camera wrote into it, as Mastodon does."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            out = io.BytesIO()
            picture.convert("RGBA" if "A" in picture.getbands() else "RGB").save(out, "PNG")
            return picture.width, picture.height, out.getvalue()
    except (UnidentifiedImageError, OSError) as error:
        raise invalid("File is not a valid media file") from error


def _description(call: Call) -> str | None:
    if not call.sent("description"):
        return None
    words = call.text("description")
    if len(words) > DESCRIPTION:
        raise invalid(f"Description is too long (maximum is {DESCRIPTION} characters)")
    return words or None


def _focus(text: str) -> tuple[float, float] | None:
    parts = text.split(",")
    try:
        return (float(parts[0]), float(parts[1])) if len(parts) == 2 else None
    except ValueError:
        return None


def _mine(call: Call) -> Media:
    media = call.place.media.get(call.ids["id"])
    if media is None or media.person_id != call.me.id:
        raise not_found()
    return media


def show(call: Call) -> Answer:
    """206 while it is being processed, 422 when that failed; each look brings it nearer."""
    media = _mine(call)
    if media.failed:
        raise ApiError(422, "There was an error processing the uploaded media")
    if media.waits:
        body = media_json(call, media)
        media.waits -= 1
        return Answer(body=body, status=206)
    return Answer(body=media_json(call, media))


def update(call: Call) -> Answer:
    """Alt text or focus, before it is used."""
    media = _mine(call)
    if media.status_id:
        raise not_found()
    if call.sent("description"):
        media.description = _description(call)
    if call.text("focus"):
        media.focus = _focus(call.text("focus"))
    return Answer(body=media_json(call, media))


def delete(call: Call) -> Answer:
    """Before it is used (4.4)."""
    media = _mine(call)
    if media.status_id:
        raise invalid("Media attachment is currently used by a status")
    del call.place.media[media.id]
    return Answer(body={})


# --- bytes ---


def drawn(owner: str, width: int, height: int) -> bytes:
    """A plain picture in a colour that belongs to ``owner``."""
    digits = sum(ord(c) * n for n, c in enumerate(owner, 7))
    return _plain((60 + digits % 150, 60 + digits // 7 % 150, 60 + digits // 49 % 150), width, height)


def _plain(rgb: tuple[int, int, int], width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), rgb).save(out, "PNG")
    return out.getvalue()


def _png(rgb: tuple[int, int, int], px: int) -> Answer:
    return Answer(body=_plain(rgb, px, px), content_type=_PNG)


def file(call: Call) -> Answer:
    """What was uploaded; smaller under its preview address."""
    media = call.place.media.get(call.ids["id"])
    if media is None:
        return lost(call)
    if kind_of(media.mime_type) != "image":
        return Answer(body=media.data, content_type=media.mime_type)
    if "/small/" not in call.path:
        return Answer(body=media.data, content_type=_PNG)
    with Image.open(io.BytesIO(media.data)) as picture:
        picture.thumbnail((640, 360))
        out = io.BytesIO()
        picture.save(out, "PNG")
    return Answer(body=out.getvalue(), content_type=_PNG)


def thumbnail(call: Call) -> Answer:
    """A still of a video."""
    return _png((12, 60, 90), 64) if call.ids["id"] in call.place.media else lost(call)


def emoji(call: Call) -> Answer:
    """A custom emoji's picture."""
    found = call.place.emojis.get(call.ids["name"])
    return _png(found.rgb, 32) if found else lost(call)


def avatar(call: Call) -> Answer:
    """Somebody's picture: a colour of their own."""
    return Answer(body=drawn(call.ids["id"], 96, 96), content_type=_PNG)


def picture(call: Call) -> Answer:
    """Icons, headers and the preview of the server."""
    return _png((99, 100, 255), 64)


def lost(call: Call) -> Answer:
    """A page, not JSON: as a proxy or the web part of the server answers."""
    words: Any = "<!DOCTYPE html><html lang=en><title>The page you are looking for isn't here.</title><h1>404</h1>"
    return Answer(body=words.encode(), status=404, content_type="text/html; charset=utf-8")
