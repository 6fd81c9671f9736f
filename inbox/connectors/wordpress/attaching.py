"""What a post needs before it can be written: pictures in the media library, categories and tags as numbers.

Source: wordpress.md section 6. Each step looks first, so that a retry neither uploads nor creates anything twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unicodedata import normalize

from inbox.connectors.http import Reply
from inbox.connectors.text import name_text
from inbox.connectors.wordpress.lists import id_of
from inbox.connectors.wordpress.signing_in import MOST_PICTURES
from inbox.connectors.wordpress.site import PER_PAGE, Api, code_of, reject
from inbox.errors import BadReply, OutcomeUnknown
from inbox.model import Media

MEDIA: Final = "wp/v2/media"
MEDIA_FIELDS: Final = "id,slug,status,alt_text,source_url"
UPLOAD_S: Final = 180  # WordPress resizes large pictures within the request
_ENDINGS: Final = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
_BEGINNINGS: Final = {
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
}
_TOO_LARGE: Final = "The picture is too large for this blog; make it smaller and send it again"
_REFUSED: Final = "WordPress refuses this picture: its type is not allowed, or the file is not what its name says"


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is in the media library."""

    id: int
    url: str
    alt_text: str


async def pictures(api: Api, media: Sequence[Media], token: str) -> list[Picture]:
    """The update's pictures in the media library, in order. Raises Rejected before anything is sent."""
    if len(media) > MOST_PICTURES:
        reject(f"At most {MOST_PICTURES} pictures go with one post", where="media")
    bodies = [await _body(one) for one in media]
    found = []
    for number, (one, body) in enumerate(zip(media, bodies, strict=True), start=1):
        found.append(await _picture(api, one, body, f"{_stem(one)}-{token}-{number}"))
    return found


async def pictures_there(api: Api, media: Sequence[Media], token: str) -> list[Picture] | None:
    """The same pictures, when all are in the media library with their descriptions; else None. Never writes."""
    found = []
    for number, one in enumerate(media, start=1):
        item = await _kept(api, f"{_stem(one)}-{token}-{number}")
        if item is None or (one.alt_text and item.get("alt_text") != one.alt_text):
            return None
        found.append(Picture(id_of(item), str(item.get("source_url") or ""), one.alt_text))
    return found


async def terms_there(api: Api, route: str, names: Sequence[str]) -> set[int]:
    """The ids of categories or tags by name, 0 for what is not there. Never writes."""
    return {await _term_named(api, route, name.strip()) for name in names if name.strip()}


async def terms(api: Api, route: str, names: Sequence[str]) -> list[int]:
    """The ids of categories or tags by name; what is not there is created."""
    ids = [await _term(api, route, name.strip()) for name in names if name.strip()]
    return list(dict.fromkeys(ids))


async def _picture(api: Api, one: Media, body: bytes, name: str) -> Picture:
    item = await _kept(api, name) or await _uploaded(api, one, body, name)
    if one.alt_text and item.get("alt_text") != one.alt_text:
        item = await api.write(f"{MEDIA}/{id_of(item)}", {"alt_text": one.alt_text}, "describing a picture")
    return Picture(id_of(item), str(item.get("source_url") or ""), one.alt_text)


async def _kept(api: Api, name: str) -> Mapping[str, Any] | None:
    params = {"slug": name, "context": "edit", "status": "inherit,private", "_fields": MEDIA_FIELDS}
    page = await api.page(MEDIA, params, "the media library")
    return next((i for i in page.items if id_of(i)), None)


async def _uploaded(api: Api, one: Media, body: bytes, name: str) -> Mapping[str, Any]:
    """Send the raw body: it passes both of PHP's upload limits, which a form would not."""
    reply = await api.ask(
        "POST",
        MEDIA,
        {"context": "edit"},
        content=body,
        headers={
            "Content-Type": one.mime_type,
            "Content-Disposition": f'attachment; filename="{name}.{_ENDINGS[one.mime_type]}"',
        },
        timeout_s=UPLOAD_S,
        judged={500},
    )
    _judge_upload(api, reply)
    item = api.answer(reply, "uploading a picture")
    if not id_of(item):
        raise OutcomeUnknown("The upload was answered without a number")
    return item


def _judge_upload(api: Api, reply: Reply) -> None:
    """Section 6's upload errors, some of which are a 500 although nothing is in doubt."""
    code = code_of(reply)
    if reply.status == 413 or code in {"rest_upload_no_content_disposition", "rest_upload_file_too_big"}:
        reject(_TOO_LARGE, where="media")
    if reply.status == 500:
        if code == "rest_upload_unknown_error":
            reject(_TOO_LARGE, where="media")
        if code.startswith("rest_upload_"):
            reject(_REFUSED, where="media")
        raise OutcomeUnknown("The upload was answered with status 500", status=500)
    api.judge(reply, "uploading a picture", writing=True)


async def _body(one: Media) -> bytes:
    beginning, name = _BEGINNINGS.get(one.mime_type), Path(one.path).name
    if beginning is None:
        kind = one.mime_type or "this kind of file"
        reject(f"WordPress does not take {kind}; use JPEG, PNG, GIF or WebP", where="media")
    try:
        body = await asyncio.to_thread(Path(one.path).read_bytes)
    except OSError:
        reject(f"The picture {name} cannot be read any more; attach it again", where="media")
    if not beginning.match(body):
        reject(f"The picture {name} is not {one.mime_type}; save it anew and attach it again", where="media")
    return body


def _stem(one: Media) -> str:
    """The file's name as WordPress would make it an address: small ASCII letters, digits, hyphens."""
    ascii_only = normalize("NFKD", Path(one.path).stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")[:40].strip("-") or "picture"


async def _term(api: Api, route: str, name: str) -> int:
    found = await _term_named(api, route, name)
    if found:
        return found
    reply = await api.ask("POST", route, json={"name": name})
    code = code_of(reply) if reply.status >= 400 else ""
    if code == "term_exists":
        answer = reply.json("the term")
        known = (answer.get("data") or {}).get("term_id")
        if isinstance(known, int):
            return known
        raise BadReply("The term exists, but the answer does not say which", status=reply.status)
    if reply.status == 403:
        reject(f"“{name}” does not exist on this blog, and this account may not create it", where="terms")
    api.judge(reply, f"creating “{name}”", writing=True)
    made = id_of(api.answer(reply, "the term"))
    if not made:
        raise OutcomeUnknown("The term was answered without a number")
    return made


async def _term_named(api: Api, route: str, name: str) -> int:
    """Names come HTML-encoded; capitals do not tell two terms apart."""
    params = {"search": name, "per_page": PER_PAGE, "_fields": "id,name"}
    page = await api.page(route, params, "the terms")
    for item in page.items:
        if id_of(item) and name_text(str(item.get("name") or "")).casefold() == name.casefold():
            return id_of(item)
    return 0
