"""Uploads (wordpress.md section 6, recording ``media-upload.json``). Files are kept in memory."""

from __future__ import annotations

import re
import struct
from typing import Any

from inbox.practice.blog import Picture
from inbox.practice.wordpress import fields, text
from inbox.practice.wordpress.comments_read import CONTEXT
from inbox.practice.wordpress.params import Arg
from inbox.practice.wordpress.wire import CURIES, Answer, Call, RestError, gmt, paging

UPLOAD_MAX_BYTES = 32 * 1024 * 1024
"""PHP's upload_max_filesize; a raw body passes it, as it does there."""
BODY_MAX_BYTES = 40 * 1024 * 1024
"""PHP's post_max_size: over it the form arrives empty."""

_TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp",
    "pdf": "application/pdf", "mp4": "video/mp4",
}  # fmt: skip
_MAGIC = {"png": b"\x89PNG\r\n\x1a\n", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8", "pdf": b"%PDF"}
_META = ("aperture", "credit", "camera", "caption", "created_timestamp", "copyright", "focal_length", "iso",
         "shutter_speed", "title", "orientation")  # fmt: skip
_META_ZERO = ("aperture", "created_timestamp", "focal_length", "iso", "shutter_speed", "orientation")

_EDIT_ONLY = ("guid.raw", "title.raw", "description.raw", "caption.raw", "generated_slug", "missing_image_sizes")
_NOT_EMBEDDED = (
    *_EDIT_ONLY, "date_gmt", "guid", "modified", "modified_gmt", "status", "comment_status", "ping_status", "template",
    "meta", "description", "post",
)  # fmt: skip

LIST_ARGS = {
    "context": CONTEXT,
    "page": Arg(type="integer", minimum=1, default=1),
    "per_page": Arg(type="integer", minimum=1, maximum=100, default=10),
    "include": Arg(type="ids", default=[]),
    "search": Arg(type="string"),
    "slug": Arg(type="words"),
    "parent": Arg(type="ids", default=[]),
}
WRITE_ARGS = {
    "title": Arg(),
    "alt_text": Arg(type="string"),
    "caption": Arg(),
    "description": Arg(),
    "post": Arg(type="integer"),
}
DELETE_ARGS = {"force": Arg(type="boolean", default=False)}


def size_px(data: bytes) -> tuple[int, int]:
    """Width and height of a PNG or GIF; zeros for the rest, which practice does not measure."""
    if data.startswith(_MAGIC["png"]) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return int(width), int(height)
    if data.startswith(_MAGIC["gif"]) and len(data) >= 10:
        width, height = struct.unpack("<HH", data[6:10])
        return int(width), int(height)
    return 0, 0


def media_json(call: Call, picture: Picture, context: str) -> dict[str, Any]:
    """The upload as REST shows it."""
    image = picture.mime_type.startswith("image/")
    address = f"{call.home}/wp-content/uploads/{picture.file}"
    details: dict[str, Any] = {"filesize": len(picture.data), "sizes": {}}
    if image:
        zeros = {name: "0" if name in _META_ZERO else "" for name in _META}
        details = {"width": picture.width, "height": picture.height, "file": picture.file} | details
        details["image_meta"] = {**zeros, "keywords": []}
    base = call.rest(f"wp/v2/media/{picture.id}")
    item: dict[str, Any] = {
        "id": picture.id,
        "date": call.local(picture.at),
        "date_gmt": gmt(picture.at),
        "guid": {"rendered": address, "raw": address},
        "modified": call.local(picture.at),
        "modified_gmt": gmt(picture.at),
        "slug": picture.slug,
        "status": "inherit",
        "type": "attachment",
        "link": f"{call.home}/{picture.slug}/",
        "title": {"raw": picture.title, "rendered": text.texturized(picture.title)},
        "author": picture.author_id,
        "comment_status": "open",
        "ping_status": "closed",
        "template": "",
        "meta": [],
        "description": {"raw": picture.description, "rendered": text.paragraphed(picture.description)},
        "caption": {"raw": picture.caption, "rendered": text.paragraphed(picture.caption)},
        "alt_text": picture.alt_text,
        "media_type": "image" if image else "file",
        "mime_type": picture.mime_type,
        "media_details": details,
        "post": picture.post_id or None,
        "source_url": address,
        "generated_slug": picture.slug,
        "missing_image_sizes": [],
        "_links": {
            "self": [{"href": base}],
            "collection": [{"href": call.rest("wp/v2/media")}],
            "about": [{"href": call.rest("wp/v2/types/attachment")}],
            "author": [{"embeddable": True, "href": call.rest(f"wp/v2/users/{picture.author_id}")}],
            "replies": [{"embeddable": True, "href": call.rest("wp/v2/comments", f"post={picture.id}")}],
        },
    }
    if context == "edit":
        item["_links"] |= {
            f"wp:action-{what}": [{"href": base}] for what in ("unfiltered-html", "assign-author")
        } | CURIES
        return item
    return fields.without(item, _EDIT_ONLY if context == "view" else _NOT_EMBEDDED)


def may_list(call: Call) -> None:
    """Public, but ``context=edit`` is not."""
    if call.get("context") == "edit" and not call.may("upload_files"):
        message = "Sorry, you are not allowed to edit posts in this post type."
        raise call.denied("rest_forbidden_context", message)


def listing(call: Call) -> Answer:
    """One page of uploads, newest first."""
    found = [
        p
        for p in call.blog.pictures.values()
        if (not call.get("include") or p.id in call.get("include"))
        and (not call.get("parent") or p.post_id in call.get("parent"))
        and (not call.sent("slug") or p.slug in call.get("slug"))
        and (not call.get("search") or call.get("search").lower() in p.title.lower())
    ]
    found.sort(key=lambda p: (p.at, p.id), reverse=True)
    per_page, page = call.get("per_page"), call.get("page")
    body = [media_json(call, p, call.get("context")) for p in found[(page - 1) * per_page : page * per_page]]
    return Answer(body=body, headers=paging(call, len(found), per_page, page))


def asked_for(call: Call) -> Picture:
    """The upload in the address. Raises 404."""
    picture = call.blog.pictures.get(int(call.ids["id"]))
    if picture is None:
        raise RestError(404, "rest_post_invalid_id", "Invalid post ID.")
    return picture


def may_read(call: Call) -> None:
    """Anyone may read one that is there."""
    asked_for(call)
    may_list(call)


def one(call: Call) -> Answer:
    """One upload."""
    picture = asked_for(call)
    headers = {"Link": f'<{call.home}/{picture.slug}/>; rel="alternate"; type=text/html'}
    return Answer(body=media_json(call, picture, call.get("context", "view")), headers=headers)


def may_create(call: Call) -> None:
    """Permission to upload."""
    if not call.may("upload_files"):
        raise call.denied("rest_cannot_create", "Sorry, you are not allowed to create posts as this user.")


def create(call: Call) -> Answer:
    """201 with the upload, from a raw body or a form's ``file``."""
    assert call.user is not None
    name, data = _upload(call)
    clean = text.file_name(name)
    extension = clean.rpartition(".")[2].lower()
    magic = _MAGIC.get(extension)
    if extension not in _TYPES or (magic is not None and not data.startswith(magic)):
        raise RestError(500, "rest_upload_sideload_error", "Sorry, you are not allowed to upload this file type.")
    now = call.blog.now()
    folder = f"{now.astimezone(call.blog.zone):%Y/%m}"
    stem, taken, number = clean.rpartition(".")[0], {p.file for p in call.blog.pictures.values()}, 1
    while f"{folder}/{clean}" in taken:
        clean, number = f"{stem}-{number}.{extension}", number + 1
    width, height = size_px(data)
    picture = Picture(
        id=0, at=now, author_id=call.user.id, file=f"{folder}/{clean}", mime_type=_TYPES[extension], data=data,
        width=width, height=height, title=name.rpartition(".")[0],
    )  # fmt: skip
    _fill(call, picture)
    picture.slug = text.slug_of(picture.title) or stem.lower()
    call.blog.add_picture(picture)
    headers = {"Location": call.rest(f"wp/v2/media/{picture.id}")}
    return Answer(body=media_json(call, picture, "edit"), status=201, headers=headers)


def _upload(call: Call) -> tuple[str, bytes]:
    if call.headers.get("content-type", "").startswith("multipart/"):
        if len(call.content) > BODY_MAX_BYTES or "file" not in call.files:
            raise RestError(400, "rest_upload_no_content_disposition", "No Content-Disposition supplied.")
        name, _, data = call.files["file"]
        if len(data) > UPLOAD_MAX_BYTES:
            message = "The uploaded file exceeds the upload_max_filesize directive in php.ini."
            raise RestError(500, "rest_upload_unknown_error", message)
        return name, data
    if not call.content:
        raise RestError(400, "rest_upload_no_data", "No data supplied.")
    if not call.headers.get("content-type"):
        raise RestError(400, "rest_upload_no_content_type", "No Content-Type supplied.")
    disposition = call.headers.get("content-disposition", "")
    if not disposition:
        raise RestError(400, "rest_upload_no_content_disposition", "No Content-Disposition supplied.")
    match = re.search(r'filename="?([^";]+)"?', disposition)
    if match is None:
        message = (
            "Invalid Content-Disposition supplied. Content-Disposition needs to be formatted as "
            '`attachment; filename="image.png"` or similar.'
        )
        raise RestError(400, "rest_upload_invalid_disposition", message)
    # Header bytes arrive as Latin-1; clients that send UTF-8 there mean UTF-8.
    return match[1].encode("latin-1", "replace").decode("utf-8", "replace"), call.content


def update(call: Call) -> Answer:
    """200 with the upload; alternative text and the like."""
    picture = asked_for(call)
    _fill(call, picture)
    return Answer(body=media_json(call, picture, "edit"))


def delete(call: Call) -> Answer:
    """Only for good: uploads have no trash."""
    picture = asked_for(call)
    if not call.get("force"):
        message = "The post does not support trashing. Set 'force=true' to delete."
        raise RestError(501, "rest_trash_not_supported", message)
    previous = media_json(call, picture, "edit")
    previous.pop("_links")
    del call.blog.pictures[picture.id]
    return Answer(body={"deleted": True, "previous": previous})


def may_edit(call: Call) -> None:
    """Permission to change or delete one upload."""
    asked_for(call)
    if not call.may("edit_others_posts"):
        raise call.denied("rest_cannot_edit", "Sorry, you are not allowed to edit this post.")


def _fill(call: Call, picture: Picture) -> None:
    for name in ("title", "caption", "description"):
        if call.sent(name):
            value = call.raw(name)
            setattr(picture, name, str(value.get("raw", "") if isinstance(value, dict) else value))
    if call.sent("alt_text"):
        picture.alt_text = str(call.get("alt_text"))
    if call.sent("post"):
        picture.post_id = call.get("post")
