"""What a record may be: the schemas that matter here, and the servers' own words for what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import regex

from inbox.practice.bluesky import ids

Check = Callable[[Any, str], None]


class NotValid(Exception):
    """The record breaks its schema; the text is the server's."""


def check(record: Any, collection: str) -> bool:
    """Hold a record against its schema. ``False``: nobody here knows that collection. Raises NotValid."""
    rules = SCHEMAS.get(collection)
    if rules is None:
        return False
    kind = record.get("$type", collection) if isinstance(record, dict) else collection
    if kind != collection:
        raise NotValid(f"Invalid $type: expected {collection}, got {kind}")
    try:
        rules(record, "$.record")
    except NotValid as wrong:
        raise NotValid(f"Invalid {collection} record: {wrong}") from None
    return True


def blobs(value: Any) -> Iterator[dict[str, Any]]:
    """Every blob a record refers to, at any depth."""
    if isinstance(value, dict):
        if value.get("$type") == "blob":
            yield value
        else:
            for part in value.values():
                yield from blobs(part)
    elif isinstance(value, list):
        for part in value:
            yield from blobs(part)


def _kind(value: Any) -> str:
    names = {bool: "boolean", int: "integer", str: "string", list: "array", dict: "object", type(None): "null"}
    return names.get(type(value), "unknown")


def text(most_bytes: int | None = None, most_graphemes: int | None = None) -> Check:
    """A string of limited length, counted in bytes of UTF-8 and in graphemes."""

    def rule(value: Any, at: str) -> None:
        if not isinstance(value, str):
            raise NotValid(f"Expected string value type (got {_kind(value)}) at {at}")
        size = len(value.encode("utf-8", "surrogatepass"))
        if most_bytes is not None and size > most_bytes:
            raise NotValid(f"string too big (maximum {most_bytes}, got {size}) at {at}")
        # Short strings cannot have too many: counting graphemes is the dear part.
        if most_graphemes is not None and size > most_graphemes:
            count = len(regex.findall(r"\X", value))
            if count > most_graphemes:
                raise NotValid(f"grapheme too big (maximum {most_graphemes}, got {count}) at {at}")

    return rule


def when(value: Any, at: str) -> None:
    """A written moment."""
    text()(value, at)
    try:
        ids.moment(value)
    except ValueError:
        raise NotValid(f'Invalid datetime (got "{value}") at {at}') from None


def did(value: Any, at: str) -> None:
    """An account's id."""
    text()(value, at)
    if not value.startswith("did:"):
        raise NotValid(f'Invalid did (got "{value}") at {at}')


def uri(value: Any, at: str) -> None:
    """The at:// address of a record."""
    text()(value, at)
    if not value.startswith("at://"):
        raise NotValid(f'Invalid at-uri (got "{value}") at {at}')


def whole(value: Any, at: str) -> None:
    """A whole number, not negative."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise NotValid(f"Expected integer value type (got {_kind(value)}) at {at}")
    if value < 0:
        raise NotValid(f"integer too small (minimum 0, got {value}) at {at}")


def many(item: Check, most: int | None = None) -> Check:
    """A list."""

    def rule(value: Any, at: str) -> None:
        if not isinstance(value, list):
            raise NotValid(f"Expected array value type (got {_kind(value)}) at {at}")
        if most is not None and len(value) > most:
            raise NotValid(f"array too big (maximum {most}, got {len(value)}) at {at}")
        for number, part in enumerate(value):
            item(part, f"{at}[{number}]")

    return rule


def fields(needed: dict[str, Check], may: dict[str, Check] | None = None) -> Check:
    """An object; what it has beyond these is nobody's business."""

    def rule(value: Any, at: str) -> None:
        if not isinstance(value, dict):
            raise NotValid(f"Expected object value type (got {_kind(value)}) at {at}")
        for name in needed:
            if name not in value:
                raise NotValid(f'Missing required key "{name}" at {at}')
        for name, part in {**needed, **(may or {})}.items():
            if name in value:
                part(value[name], f"{at}.{name}")

    return rule


def either(known: dict[str, Check]) -> Check:
    """One of several objects, told apart by $type; unknown ones pass, as in every open union."""

    def rule(value: Any, at: str) -> None:
        if not isinstance(value, dict) or "$type" not in value:
            raise NotValid(f'Missing required key "$type" at {at}')
        known.get(value["$type"], fields({}))(value, at)

    return rule


def blob(accept: str, most: int) -> Check:
    """A reference to uploaded bytes."""

    def rule(value: Any, at: str) -> None:
        if not isinstance(value, dict) or value.get("$type") != "blob" or "ref" not in value:
            raise NotValid(f"Expected blob value type (got {_kind(value)}) at {at}")
        kind = value.get("mimeType", "")
        if not kind.startswith(accept.removesuffix("*")):
            raise NotValid(f'Expected "{accept}" (got "{kind}") at {at}.mimeType')
        if value.get("size", 0) > most:
            raise NotValid(f"blob too big (maximum {most}, got {value['size']}) at {at}")

    return rule


_REF = fields({"uri": uri, "cid": text()})
_RATIO = fields({"width": whole, "height": whole})
_IMAGE = fields({"image": blob("image/*", 2_000_000), "alt": text()}, {"aspectRatio": _RATIO})
_IMAGES = fields({"images": many(_IMAGE, 4)})
_VIDEO = fields({"video": blob("video/mp4", 300_000_000)}, {"alt": text(10_000, 1_000), "aspectRatio": _RATIO})
_CARD = fields({"uri": text(), "title": text(), "description": text()}, {"thumb": blob("image/*", 1_000_000)})
_EXTERNAL = fields({"external": _CARD})
_QUOTE = fields({"record": _REF})
_MEDIA = {
    "app.bsky.embed.images": _IMAGES,
    "app.bsky.embed.video": _VIDEO,
    "app.bsky.embed.external": _EXTERNAL,
}
_EMBED = either(
    {
        **_MEDIA,
        "app.bsky.embed.record": _QUOTE,
        "app.bsky.embed.recordWithMedia": fields({"record": _QUOTE, "media": either(_MEDIA)}),
    }
)
_FACET = fields(
    {
        "index": fields({"byteStart": whole, "byteEnd": whole}),
        "features": many(
            either(
                {
                    "app.bsky.richtext.facet#mention": fields({"did": did}),
                    "app.bsky.richtext.facet#link": fields({"uri": text()}),
                    "app.bsky.richtext.facet#tag": fields({"tag": text(640, 64)}),
                }
            )
        ),
    }
)
_SELF_LABELS = either({"com.atproto.label.defs#selfLabels": fields({"values": many(fields({"val": text(128)}), 10)})})

SCHEMAS: dict[str, Check] = {
    "app.bsky.feed.post": fields(
        {"text": text(3000, 300), "createdAt": when},
        {
            "facets": many(_FACET),
            "reply": fields({"root": _REF, "parent": _REF}),
            "embed": _EMBED,
            "langs": many(text(), 3),
            "labels": _SELF_LABELS,
            "tags": many(text(640, 64), 8),
        },
    ),
    "app.bsky.feed.like": fields({"subject": _REF, "createdAt": when}),
    "app.bsky.feed.repost": fields({"subject": _REF, "createdAt": when}),
    "app.bsky.feed.threadgate": fields(
        {"post": uri, "createdAt": when}, {"allow": many(either({}), 5), "hiddenReplies": many(uri, 300)}
    ),
    "app.bsky.feed.postgate": fields(
        {"post": uri, "createdAt": when},
        {"detachedEmbeddingUris": many(uri, 50), "embeddingRules": many(either({}), 5)},
    ),
    "app.bsky.graph.follow": fields({"subject": did, "createdAt": when}),
    "app.bsky.graph.block": fields({"subject": did, "createdAt": when}),
    "app.bsky.actor.profile": fields(
        {},
        {
            "displayName": text(640, 64),
            "description": text(2560, 256),
            "avatar": blob("image/", 1_000_000),
            "labels": _SELF_LABELS,
        },
    ),
}
"""By collection."""
