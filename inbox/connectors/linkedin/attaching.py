"""Pictures and documents on their way to LinkedIn: asked for, put there, waited for (linkedin.md section 6, "Media").

Nothing is published by it, so whatever fails here surely was not sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from inbox.connectors.http import host_of, is_loopback, same_host
from inbox.connectors.linkedin.restli import encode
from inbox.connectors.linkedin.server import Api, mapping, reject
from inbox.errors import BadReply, OutcomeUnknown, PostroomError, Unavailable
from inbox.model import DOCUMENT, Media

WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Before each question whether a file is ready: each is a call."""
_READY: Final = "AVAILABLE"
_FAILED: Final = "PROCESSING_FAILED"


async def content(api: Api, owner: str, media: Sequence[Media]) -> Mapping[str, Any]:
    """What the post's ``content`` says of these: one picture, several, or one document."""
    documents = [one for one in media if one.mime_type == DOCUMENT]
    if documents and len(media) > 1:
        reject("LinkedIn takes a document alone, without pictures or other documents", where="media")
    urns = [await uploaded(api, owner, one) for one in media]
    if documents:
        title = documents[0].alt_text.strip() or Path(documents[0].path).stem
        return {"media": {"id": urns[0], "title": title}}
    shown = [{"id": urn, "altText": one.alt_text.strip()} for urn, one in zip(urns, media, strict=True)]
    return {"media": shown[0]} if len(shown) == 1 else {"multiImage": {"images": shown}}


async def uploaded(api: Api, owner: str, one: Media) -> str:
    """The URN of a file of ours at LinkedIn, ready to be shown."""
    body = await _body(one)
    resource, name = ("documents", "document") if one.mime_type == DOCUMENT else ("images", "image")
    try:
        reply = await api.ask(
            "POST", f"/rest/{resource}", {"action": "initializeUpload"}, restli="ACTION",
            json={"initializeUploadRequest": {"owner": owner}}, what="media uploaded",
        )  # fmt: skip
        api.judge(reply, "uploading")
        value = mapping(reply, "uploading").get("value")
        value = value if isinstance(value, Mapping) else {}
        url, urn = str(value.get("uploadUrl") or ""), str(value.get(name) or "")
        if not urn or not _trusted(api, url):
            raise Unavailable("LinkedIn did not say where the file goes", account=api.account)
        reply = await api.upload(url, body, one.mime_type)
        api.judge(reply, "uploading")
    except (OutcomeUnknown, BadReply) as error:
        raise Unavailable(f"The upload failed: {error.detail}", account=api.account, status=error.status) from None
    await _ready(api, f"/rest/{resource}/{encode(urn)}", one)
    return urn


async def _ready(api: Api, path: str, one: Media) -> None:
    """Wait until LinkedIn has worked it through."""
    for wait_s in WAITS_S:
        await api.clock.sleep(wait_s)
        try:
            status = str((await api.one(path, what="media uploaded")).get("status"))
        except BadReply as error:
            raise _not_sent(error, api) from None
        if status == _READY:
            return
        if status == _FAILED:
            reject(f"LinkedIn could not make anything of {Path(one.path).name}", where="media", account=api.account)
    raise Unavailable("LinkedIn is still working on the file", account=api.account)


def _not_sent(error: PostroomError, api: Api) -> Unavailable:
    return Unavailable(f"The upload failed: {error.detail}", account=api.account, status=error.status)


def _trusted(api: Api, url: str) -> bool:
    """The token goes to LinkedIn only: over https to one of its own hosts, or to where practice is."""
    host = host_of(url)
    own = host == "linkedin.com" or host.endswith(".linkedin.com")
    here = same_host(url, api.place.api) and is_loopback(api.place.api)
    return (own and url.startswith("https://")) or here


async def _body(one: Media) -> bytes:
    try:
        return await asyncio.to_thread(Path(one.path).read_bytes)
    except OSError:
        reject(f"The file {Path(one.path).name} cannot be read any more; attach it again", where="media")
