"""Pictures on their way to a post: uploaded, described, ready (x.md section 5.3).

What nobody attaches is thrown away by X after a day, and an upload costs nothing, so one in doubt is simply made again.
The description has its own price and comes after the upload, before the post.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from inbox.connectors.x import prices
from inbox.connectors.x.api import Api
from inbox.connectors.x.problems import judge
from inbox.errors import BadReply, OutcomeUnknown, Rejected, Unavailable
from inbox.model import Media, Problem

GIF: Final = "image/gif"
PIECE_BYTES: Final = 4_000_000
UPLOAD_S: Final = 180
READY_WITHIN_S: Final = 180
LONGEST_WAIT_S: Final = 30


async def pictures(api: Api, media: Sequence[Media], *, direct: bool = False) -> list[str]:
    """The media ids of these pictures, in order, each described."""
    bodies = [await _body(one) for one in media]
    ids = [await _uploaded(api, one, body, direct) for one, body in zip(media, bodies, strict=True)]
    for one, number in zip(media, ids, strict=True):
        if one.alt_text.strip():
            described = {"id": number, "metadata": {"alt_text": {"text": one.alt_text}}}
            try:
                await api.write(
                    "POST", "/2/media/metadata", described, what="picture described", price=prices.write("alt text")
                )
            except OutcomeUnknown as error:  # nothing was published
                raise Unavailable(error.detail, account=api.account, status=error.status) from None
    return ids


async def _uploaded(api: Api, one: Media, body: bytes, direct: bool) -> str:
    category = ("dm_" if direct else "tweet_") + ("gif" if one.mime_type == GIF else "image")
    try:
        if one.mime_type == GIF or len(body) > PIECE_BYTES:
            return await _in_pieces(api, one, body, category)
        form = [
            ("media", (Path(one.path).name, body, one.mime_type)),
            ("media_category", (None, category.encode())),
        ]
        answer = await _posted(api, "/2/media/upload", files=form)
    except OutcomeUnknown as error:
        raise Unavailable(f"The upload failed: {error.detail}", account=api.account, status=error.status) from None
    return await _ready(api, answer, one)


async def _in_pieces(api: Api, one: Media, body: bytes, category: str) -> str:
    wanted = {"media_type": one.mime_type, "total_bytes": len(body), "media_category": category}
    number = _id(await _posted(api, "/2/media/upload/initialize", json=wanted))
    for index, start in enumerate(range(0, len(body), PIECE_BYTES)):
        piece = [
            ("media", (Path(one.path).name, body[start : start + PIECE_BYTES], "application/octet-stream")),
            ("segment_index", (None, str(index).encode())),
        ]
        await _posted(api, f"/2/media/upload/{number}/append", files=piece)
    return await _ready(api, await _posted(api, f"/2/media/upload/{number}/finalize"), one)


async def _posted(api: Api, path: str, **how: Any) -> Mapping[str, Any]:
    reply = await api.ask("POST", path, timeout_s=UPLOAD_S, **how)
    if reply.status == 413:
        raise Rejected(problems=(Problem(words="The picture is too large for X", where="media"),), account=api.account)
    judge(reply, "uploading a picture", api.clock, account=api.account, writing=True)
    answer = reply.json("uploading a picture") if reply.body else {}
    data = answer.get("data") if isinstance(answer, Mapping) else None
    return data if isinstance(data, Mapping) else {}


async def _ready(api: Api, data: Mapping[str, Any], one: Media) -> str:
    """The id, once X has worked it through."""
    number, waited = _id(data), 0
    while isinstance(info := data.get("processing_info"), Mapping) and info.get("state") != "succeeded":
        if info.get("state") == "failed":
            words = f"X could not make anything of {Path(one.path).name}"
            raise Rejected(problems=(Problem(words=words, where="media"),), account=api.account)
        after = info.get("check_after_secs")
        wait_s = min(max(after if isinstance(after, int) else 1, 1), LONGEST_WAIT_S)
        waited += wait_s
        if waited > READY_WITHIN_S:
            raise Unavailable("X is still working on the picture", account=api.account)
        await api.clock.sleep(wait_s)
        reply = await api.ask("GET", "/2/media/upload", {"command": "STATUS", "media_id": number})
        judge(reply, "the picture", api.clock, account=api.account)
        answer = reply.json("the picture")
        found = answer.get("data") if isinstance(answer, Mapping) else None
        data = found if isinstance(found, Mapping) else {}
    return number


def _id(data: Mapping[str, Any]) -> str:
    if not data.get("id"):
        raise BadReply("uploading a picture: no id in the answer")
    return str(data["id"])


async def _body(one: Media) -> bytes:
    try:
        return await asyncio.to_thread(Path(one.path).read_bytes)
    except OSError:
        words = f"The picture {Path(one.path).name} cannot be read any more; attach it again"
        raise Rejected(problems=(Problem(words=words, where="media"),)) from None
