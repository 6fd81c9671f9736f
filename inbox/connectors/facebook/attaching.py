"""Pictures: each is brought unpublished, where nobody sees it, with its description; then a post takes it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from inbox.connectors.facebook.graph import Api
from inbox.connectors.facebook.troubles import Told
from inbox.errors import OutcomeUnknown, Rejected, Unavailable
from inbox.model import Media, Problem

MOST_BYTES: Final = 4_000_000
TYPES: Final = ("image/jpeg", "image/png")


async def picture(api: Api, one: Media, *, kept: bool) -> str:
    """The id of the picture at Facebook. Brought twice, one of them vanishes there after a day. ``kept``: for a post
    that waits longer than that."""
    form = {"published": "false", "alt_text_custom": one.alt_text}
    if kept:
        form["temporary"] = "true"
    files = [("source", (Path(one.path).name, await _body(one), one.mime_type))]
    try:
        answer = await api.write(
            f"{api.page}/photos", {k: v for k, v in form.items() if v}, what="bringing a picture", files=files
        )
    except Told as told:
        if isinstance(told.error, OutcomeUnknown):
            raise Unavailable(told.error.detail, account=api.account) from None
        raise told.error from None
    except OutcomeUnknown as error:  # nobody sees it: as good as not sent
        raise Unavailable(error.detail, account=api.account, status=error.status) from None
    id_ = answer.get("id")
    if not isinstance(id_, str) or not id_:
        raise Unavailable("Facebook took the picture and named no id", account=api.account)
    return id_


async def _body(one: Media) -> bytes:
    try:
        return await asyncio.to_thread(Path(one.path).read_bytes)
    except OSError:
        words = f"The picture {Path(one.path).name} cannot be read any more; attach it again"
        raise Rejected(problems=(Problem(words=words, where="media"),)) from None
