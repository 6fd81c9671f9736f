"""Uploading pictures, at once or in pieces, and describing them (x.md section 5.3)."""

from __future__ import annotations

import base64
from typing import Any

from inbox.practice.x.network import Upload
from inbox.practice.x.wire import Answer, Call, File, bad_body, forbidden, gone

LIVES_S = 86_400
MOST_BYTES = 5_000_000
MOST_GIF_BYTES = 15_000_000
_BEGINNINGS = ((b"\xff\xd8", "image/jpeg"), (b"\x89PNG", "image/png"), (b"RIFF", "image/webp"))
TYPES = {"image/jpeg", "image/png", "image/gif", "image/webp"}


def at_once(call: Call) -> Answer:
    """A still picture in one request."""
    _may(call)
    if not call.body.get("media_category"):
        raise bad_body("[$.media_category: is missing but it is required]")
    _, _, data = _file(call)
    mime_type = next((kind for begins, kind in _BEGINNINGS if data.startswith(begins)), "")
    if not mime_type or len(data) > MOST_BYTES:
        raise bad_body("media type unrecognized or too large")
    upload = Upload(
        id=call.network.ids.at(call.network.now()), owner_id=call.me.id, mime_type=mime_type, at=call.network.now(),
        data=data, finished=True,
    )  # fmt: skip
    call.network.uploads[upload.id] = upload
    return _answer(call, upload)


def initialize(call: Call) -> Answer:
    """The beginning of an upload in pieces."""
    _may(call)
    mime_type, size = str(call.body.get("media_type") or ""), call.body.get("total_bytes")
    most = MOST_GIF_BYTES if mime_type == "image/gif" else MOST_BYTES
    if mime_type not in TYPES or not isinstance(size, int) or size > most:
        raise bad_body("media type unrecognized or too large")
    upload = Upload(
        id=call.network.ids.at(call.network.now()), owner_id=call.me.id, mime_type=mime_type, at=call.network.now(),
        waits=call.network.gif_waits if mime_type == "image/gif" else 0,
    )  # fmt: skip
    call.network.uploads[upload.id] = upload
    return _answer(call, upload)


def append(call: Call, number: str) -> Answer:
    """One piece."""
    _may(call)
    upload, index = _mine(call, number), str(call.body.get("segment_index") or "0")
    if not index.isdecimal() or int(index) > 999:
        raise bad_body("[$.segment_index: is not valid]")
    upload.pieces[int(index)] = _file(call)[2]
    expires_at = int(upload.at.timestamp()) + LIVES_S
    return Answer(body={"data": {"expires_at": expires_at}, "meta": {}})


def finalize(call: Call, number: str) -> Answer:
    """The end: a moving picture is worked on for a while."""
    _may(call)
    upload = _mine(call, number)
    upload.data = b"".join(upload.pieces[i] for i in sorted(upload.pieces))
    upload.finished = not upload.waits and not upload.failed
    return _answer(call, upload)


def status(call: Call) -> Answer:
    """How far it is."""
    _may(call)
    upload = _mine(call, call.params.get("media_id", ""))
    upload.waits = max(upload.waits - 1, 0)
    upload.finished = not upload.waits and not upload.failed
    return _answer(call, upload)


def describe(call: Call) -> Answer:
    """Words for those who cannot see it."""
    _may(call)
    upload = _mine(call, call.text("id"))
    metadata = call.body.get("metadata")
    words = (metadata.get("alt_text") or {}).get("text", "") if isinstance(metadata, dict) else ""
    if len(words) > 1_000:
        raise bad_body("[$.metadata.alt_text.text: must be at most 1000 characters long]")
    upload.alt_text = words
    call.network.billing.wrote("metadata")
    return Answer(body={"data": {"id": upload.id, "associated_metadata": {"alt_text": {"text": words}}}})


def _file(call: Call) -> File:
    """The picture: a part of a form, or base64 in JSON, as the official client has it."""
    if "media" in call.files:
        return call.files["media"]
    try:
        return "", "", base64.b64decode(call.text("media"), validate=True)
    except ValueError:
        raise bad_body("[$.media: is not valid]") from None


def _answer(call: Call, upload: Upload) -> Answer:
    data: dict[str, Any] = {"id": upload.id, "media_key": upload.key, "expires_after_secs": LIVES_S}
    if upload.data:
        data["size"] = len(upload.data)
    if upload.mime_type == "image/gif" and upload.data:
        state = "failed" if upload.failed else "succeeded" if not upload.waits else "in_progress"
        data["processing_info"] = {"state": state, "check_after_secs": 1}
    if call.network.new:
        return Answer(body={"data": data})
    # Document 2.166 demands "meta" and "type" without describing them.
    if "processing_info" in data:
        data["processing_info"]["type"] = "video"
    return Answer(body={"data": data, "meta": {}})


def _mine(call: Call, number: str) -> Upload:
    upload = call.network.uploads.get(number)
    if upload is None or upload.owner_id != call.me.id:
        raise gone(number, "media")
    return upload


def _may(call: Call) -> None:
    assert call.grant is not None
    if call.grant.access_level == "read" or (call.grant.scopes and "media.write" not in call.grant.scopes):
        raise forbidden("Missing required permission: media.write")
