"""Pictures on their way to a post: uploaded, described, and ready before the post is sent (mastodon.md section 8).

An upload that nobody attaches is thrown away by the server after a day, so an upload in doubt is simply made again:
nothing here is ever an unknown outcome.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from inbox.connectors.http import Reply
from inbox.connectors.mastodon.server import Api, mapping, reject
from inbox.errors import BadReply, OutcomeUnknown, Unavailable
from inbox.model import Media

UPLOAD_S: Final = 180
READY_WITHIN_S: Final = 180
ASK_EVERY_S: Final = 2


async def pictures(api: Api, media: Sequence[Media]) -> list[str]:
    """The ids of the update's pictures at the server, in order, all ready to be attached."""
    bodies = [await _body(one) for one in media]
    return [await _uploaded(api, one, body) for one, body in zip(media, bodies, strict=True)]


async def _uploaded(api: Api, one: Media, body: bytes) -> str:
    reply = await _sent(api, "/api/v2/media", one, body)
    if reply.status in {404, 501}:
        reply = await _sent(api, "/api/v1/media", one, body)  # servers older than 3.1.3
    if reply.status == 422:
        reject(f"The server does not take the picture {Path(one.path).name}", where="media", account=api.account)
    if reply.status == 413:
        reject(f"The picture {Path(one.path).name} is too large for the server", where="media", account=api.account)
    api.judge(reply, "uploading a picture")
    item = _item(reply)
    if reply.status == 202 or (reply.status != 200 and not item.get("url")):
        await _ready(api, str(item["id"]), one)
    return str(item["id"])


async def _sent(api: Api, path: str, one: Media, body: bytes) -> Reply:
    files: list[tuple[str, Any]] = [("file", (Path(one.path).name, body, one.mime_type))]
    if one.alt_text:
        files.append(("description", (None, one.alt_text.encode())))
    try:
        return await api.ask("POST", path, files=files, timeout_s=UPLOAD_S)
    except OutcomeUnknown as error:
        raise Unavailable(f"The upload failed: {error.detail}", account=api.account, status=error.status) from None


async def _ready(api: Api, number: str, one: Media) -> None:
    """Wait until the server has worked it through: 206 is not yet, 422 is never."""
    for _ in range(READY_WITHIN_S // ASK_EVERY_S):
        await api.clock.sleep(ASK_EVERY_S)
        reply = await api.ask("GET", f"/api/v1/media/{number}")
        if reply.status == 422:
            reject(f"The server could not make anything of {Path(one.path).name}", where="media", account=api.account)
        if reply.status == 206:
            continue
        api.judge(reply, "the picture")
        return
    raise Unavailable("The server is still working on the picture", account=api.account)


def _item(reply: Reply) -> Mapping[str, Any]:
    try:
        item = mapping(reply, "uploading a picture")
    except BadReply as error:
        raise Unavailable(error.detail, status=reply.status) from None
    if not item.get("id"):
        raise Unavailable("The upload was answered without an id", status=reply.status)
    return item


async def _body(one: Media) -> bytes:
    try:
        return await asyncio.to_thread(Path(one.path).read_bytes)
    except OSError:
        reject(f"The picture {Path(one.path).name} cannot be read any more; attach it again", where="media")
