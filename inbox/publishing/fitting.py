"""Pictures as one channel takes them: small enough, of a kind it knows, and without what the camera wrote into them.

Where a photograph was taken, by whom and with what is nobody's business (EXIF, XMP, IPTC); the colour profile stays,
since without it colours change. The picture is turned the way the camera meant it, because that is written in the part
that goes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from inbox.errors import Rejected
from inbox.model import DOCUMENT, Limits, Media, Problem

QUALITIES: Final = (90, 82, 74, 66)
SHRINK: Final = 0.82
LEAST_PX: Final = 64
_ALWAYS_TAKEN: Final = ("image/jpeg", "image/png")
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
_MOVES: Final = ("GIF", "WEBP", "PNG")
"""A telephone's JPEG may hold a second picture too (its depth, say): that is not a moving one."""
_MOST_PX: Final = 200_000_000
"""A picture of more dots than that is no photograph but an attempt to fill the memory."""


def fitted(media: Media, limits: Limits, folder: Path) -> Media:
    """The picture as a channel with these limits takes it: a file in ``folder``, named after what is in it.

    Slow (a tenth of a second for a photograph): not on the engine's loop and not in the window. Raises Rejected when
    it is no picture, or a moving one that is too large.
    """
    if media.mime_type == DOCUMENT and DOCUMENT in limits.media_types:
        if not Path(media.path).is_file():
            raise _refused(media, "cannot be read any more")
        return media  # nothing in it can be made smaller without changing what it says
    try:
        source = Path(media.path).read_bytes()
        with Image.open(io.BytesIO(source)) as opened:
            if opened.width * opened.height > _MOST_PX:
                raise _refused(media, "has too many dots")
            moving = opened.format in _MOVES and getattr(opened, "n_frames", 1) > 1
            body, mime_type, size = _moving(opened, source, media, limits) if moving else _still(opened, limits)
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise _refused(media, "cannot be read as a picture") from error
    place = folder / f"{hashlib.sha256(body).hexdigest()[:32]}{_suffix(mime_type)}"
    if not place.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = place.with_suffix(".part")
        unfinished.write_bytes(body)
        unfinished.replace(place)
    return replace(
        media, path=str(place), mime_type=mime_type, size_bytes=len(body), width_px=size[0], height_px=size[1]
    )


def _moving(opened: Image.Image, source: bytes, media: Media, limits: Limits) -> tuple[bytes, str, tuple[int, int]]:
    """A moving picture goes as it is: it has no camera's data to speak of, and made smaller it would fall apart."""
    mime_type = Image.MIME.get(opened.format or "", media.mime_type)
    too_large = limits.media_bytes is not None and len(source) > limits.media_bytes
    if too_large or (limits.media_types and mime_type not in limits.media_types):
        raise _refused(media, "moves, and is too large or of the wrong kind for this channel")
    return source, mime_type, opened.size


def _still(opened: Image.Image, limits: Limits) -> tuple[bytes, str, tuple[int, int]]:
    mime_type = _kind(opened, limits)
    picture = ImageOps.exif_transpose(opened)
    picture = _within(picture, limits.media_px)
    profile = opened.info.get("icc_profile")
    for body, size in _smaller_and_smaller(picture, mime_type, profile):
        if limits.media_bytes is None or len(body) <= limits.media_bytes:
            return body, mime_type, size
    raise Rejected(problems=(Problem(words="The picture cannot be made small enough.", where="media"),))


def _kind(opened: Image.Image, limits: Limits) -> str:
    """The kind it has, if the channel takes that; else what comes nearest."""
    mime_type = Image.MIME.get(opened.format or "", "")
    taken = limits.media_types or _ALWAYS_TAKEN
    if mime_type in taken and mime_type in _FORMATS:
        return mime_type
    return "image/png" if _see_through(opened) and "image/png" in taken else "image/jpeg"


def _see_through(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _within(picture: Image.Image, most_px: int | None) -> Image.Image:
    dots = picture.width * picture.height
    if most_px is None or dots <= most_px:
        return picture
    return _scaled(picture, (most_px / dots) ** 0.5)


def _scaled(picture: Image.Image, factor: float) -> Image.Image:
    size = max(1, int(picture.width * factor)), max(1, int(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def _smaller_and_smaller(
    picture: Image.Image, mime_type: str, profile: bytes | None
) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """The picture ever smaller: first by quality, where its kind has one, then by size."""
    if mime_type == "image/jpeg":
        picture = _on_white(picture)
    elif picture.mode == "P" and mime_type != "image/gif":
        picture = picture.convert("RGBA" if _see_through(picture) else "RGB")
    lossy = mime_type in ("image/jpeg", "image/webp")
    while min(picture.size) >= min(LEAST_PX, *picture.size) and max(picture.size) >= LEAST_PX // 4:
        for quality in QUALITIES if lossy else (None,):
            yield _written(picture, mime_type, profile, quality), picture.size
        if max(picture.size) <= LEAST_PX:
            return
        picture = _scaled(picture, SHRINK)


def _on_white(picture: Image.Image) -> Image.Image:
    if not _see_through(picture):
        return picture if picture.mode in ("RGB", "L", "CMYK") else picture.convert("RGB")
    clear = picture.convert("RGBA")
    ground = Image.new("RGBA", clear.size, "white")
    return Image.alpha_composite(ground, clear).convert("RGB")


def _written(picture: Image.Image, mime_type: str, profile: bytes | None, quality: int | None) -> bytes:
    bare = picture.copy()
    bare.info = {"transparency": picture.info["transparency"]} if "transparency" in picture.info else {}
    options: dict[str, object] = {"icc_profile": profile} if profile else {}
    if quality is not None:
        options |= {"quality": quality}
    if mime_type == "image/jpeg":
        options |= {"optimize": True, "progressive": True}
    elif mime_type == "image/png":
        options |= {"optimize": True}
    out = io.BytesIO()
    bare.save(out, _FORMATS[mime_type], **options)
    return out.getvalue()


def _suffix(mime_type: str) -> str:
    return {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/gif": ".gif"}.get(mime_type, "")


def _refused(media: Media, why: str) -> Rejected:
    return Rejected(problems=(Problem(words=f"“{Path(media.path).name}” {why}.", where="media"),))
