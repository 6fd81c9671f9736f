"""Pictures as Bluesky takes them: small enough, upright, and without what the camera wrote into them.

The bytes are kept as sent and anyone can fetch them (bluesky.md section 5), so every picture is written anew: place,
time and device are gone, its orientation is applied, its colours stay.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from inbox.connectors.bluesky.channel import PICTURE_BYTES, PICTURES
from inbox.connectors.bluesky.xrpc import Api, mapping, reject
from inbox.errors import OutcomeUnknown, Unavailable
from inbox.model import Media

if TYPE_CHECKING:
    from PIL import Image

UPLOAD_S: Final = 180
LONGEST_SIDE_PX: Final = 4000
_QUALITIES: Final = (92, 85, 78, 70, 60)
_SMALLER: Final = 0.8
_SMALLEST_PX: Final = 64
_AS_IT_IS: Final = frozenset({"JPEG", "PNG", "WEBP"})
_OF_THE_PIXELS: Final = frozenset(  # all that a picture's file may say besides its pixels
    {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "icc_profile", "progressive", "progression"}
    | {
        "adobe",
        "adobe_transform",
        "gamma",
        "srgb",
        "transparency",
        "interlace",
        "background",
        "loop",
        "duration",
        "timestamp",
    }
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A picture that may go as it is."""

    body: bytes
    mime_type: str
    width: int
    height: int


async def images(api: Api, media: Sequence[Media]) -> list[dict[str, Any]]:
    """The pictures uploaded, as entries of an images embed. Raises Rejected before anything is sent."""
    if len(media) > PICTURES:
        reject(f"At most {PICTURES} pictures go with one post", where="media")
    bodies = [await asyncio.to_thread(ready, one.path) for one in media]
    return [
        {
            "image": await uploaded(api, body),
            "alt": one.alt_text,
            "aspectRatio": {"width": body.width, "height": body.height},
        }
        for one, body in zip(media, bodies, strict=True)
    ]


async def thumb(api: Api, path: str) -> dict[str, Any]:
    """The picture of a link card, uploaded."""
    return await uploaded(api, await asyncio.to_thread(ready, path))


async def uploaded(api: Api, picture: Ready) -> dict[str, Any]:
    """The blob to put into a record, unchanged. In doubt nothing was published: it is simply tried again."""
    try:
        reply = await api.ask(
            "POST",
            "com.atproto.repo.uploadBlob",
            content=picture.body,
            content_type=picture.mime_type,
            timeout_s=UPLOAD_S,
        )
    except OutcomeUnknown as error:
        raise Unavailable(error.detail, account=error.account, status=error.status) from None
    api.judge(reply, "uploading a picture", writing=True)
    blob = mapping(reply, "uploading a picture").get("blob")
    if not isinstance(blob, dict):
        raise Unavailable("uploading a picture: no picture in the answer")
    return blob


def ready(path: str, most_bytes: int = PICTURE_BYTES) -> Ready:
    """The picture of a file, made to fit. Raises Rejected when it is none. Blocks: for a worker thread."""
    from PIL import Image, ImageOps, UnidentifiedImageError  # here: most run without a picture being published

    name = Path(path).name
    try:
        with Image.open(path) as opened:
            if _bare(opened) and Path(path).stat().st_size <= most_bytes:
                opened.load()  # a file that breaks off must not go
                return Ready(Path(path).read_bytes(), Image.MIME[str(opened.format)], *opened.size)
            profile = opened.info.get("icc_profile")
            upright = ImageOps.exif_transpose(opened)
            clear = "A" in upright.getbands() or "transparency" in upright.info
            flat = upright.convert("RGBA" if clear else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError):
        reject(f"The file {name} is no picture that can be read; save it anew and attach it again", where="media")
    except OSError:
        reject(f"The picture {name} cannot be read any more; attach it again", where="media")
    bare = Image.new(flat.mode, flat.size)  # only the pixels go on: no metadata of any kind
    bare.paste(flat)
    if max(bare.size) > LONGEST_SIDE_PX:
        bare.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    if opened.format in {"PNG", "GIF"}:  # drawings and screenshots keep their sharp edges where they fit
        body = _written(bare, "PNG", optimize=True)
        if len(body) <= most_bytes:
            return Ready(body, "image/png", *bare.size)
    if bare.mode == "RGBA":
        white = Image.new("RGB", bare.size, "white")
        white.paste(bare, mask=bare.getchannel("A"))
        bare = white
    colours = profile if profile and opened.mode == "RGB" else None
    while True:
        for quality in _QUALITIES:
            body = _written(bare, "JPEG", quality=quality, optimize=True, icc_profile=colours)
            if len(body) <= most_bytes:
                return Ready(body, "image/jpeg", *bare.size)
        if min(bare.size) < _SMALLEST_PX:
            reject(f"The picture {name} cannot be made small enough", where="media")
        bare = bare.resize((max(1, round(bare.width * _SMALLER)), max(1, round(bare.height * _SMALLER))))


def _bare(picture: Image.Image) -> bool:
    """The file was made to fit already: nothing in it but pixels, no reason to write it a second time."""
    still = getattr(picture, "n_frames", 1) == 1
    return picture.format in _AS_IT_IS and still and set(picture.info) <= _OF_THE_PIXELS and not picture.getexif()


def _written(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()
