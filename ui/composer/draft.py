"""A draft as text, and back: whatever was being written comes back after a crash, also from an older version."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from inbox.model import DOCUMENT, Audience, ChannelId, LinkCard, Media, MessageId, PollAsked, Visibility


@dataclass(kw_only=True, slots=True)
class Picture:
    """A picture that was chosen. ``decorative``: a person said that it needs no description."""

    media: Media
    decorative: bool = False

    @property
    def described(self) -> bool:
        """Whether a blind reader misses nothing."""
        return self.decorative or bool(self.media.alt_text.strip())

    @property
    def document(self) -> bool:
        """Whether it is pages to read, which some networks take in a picture's place."""
        return self.media.mime_type == DOCUMENT


def written(fields: Mapping[str, Any]) -> str:
    """The fields of a state as one text; those that are as they were in the beginning may be left out."""
    body = dict(fields)
    body["pictures"] = [asdict(p.media) | {"decorative": p.decorative} for p in fields["pictures"]]
    if fields["publish_at"] is not None:
        body["publish_at"] = fields["publish_at"].isoformat()
    for name in ("poll", "card"):
        body[name] = asdict(fields[name]) if fields[name] is not None else None
    return json.dumps(body, ensure_ascii=False)


def read(body: str) -> dict[str, Any]:
    """The fields that a draft holds. One of another form becomes a text: whatever it was, the words are there to be
    seen."""
    try:
        kept = json.loads(body) if body else {}
        return {name: make(kept[name]) for name, make in _FIELDS.items() if kept.get(name) is not None}
    except (ValueError, TypeError, KeyError, AttributeError):
        return {"text": body}


def _picture(kept: Mapping[str, Any]) -> Picture:
    media = Media(
        path=str(kept["path"]), mime_type=str(kept["mime_type"]), alt_text=str(kept.get("alt_text", "")),
        size_bytes=int(kept.get("size_bytes", 0)), width_px=int(kept.get("width_px", 0)),
        height_px=int(kept.get("height_px", 0)),
    )  # fmt: skip
    return Picture(media=media, decorative=bool(kept.get("decorative", False)))


def _poll(kept: Mapping[str, Any]) -> PollAsked:
    options = tuple(str(o) for o in kept["options"])
    return PollAsked(options=options, lasts_s=int(kept["lasts_s"]), multiple=bool(kept["multiple"]))


_FIELDS: Mapping[str, Callable[[Any], Any]] = {
    "title": str,
    "text": str,
    "excerpt": str,
    "categories": tuple,
    "tags": tuple,
    "pictures": lambda kept: [_picture(p) for p in kept],
    "publish_at": datetime.fromisoformat,
    "channels": lambda kept: [ChannelId(c) for c in kept],
    "variations": lambda kept: {ChannelId(c): str(t) for c, t in kept.items()},
    "choices": lambda kept: {ChannelId(c): tuple(str(one) for one in codes) for c, codes in kept.items()},
    "visibility": Visibility,
    "warning": str,
    "language": str,
    "poll": _poll,
    "card": lambda kept: LinkCard(**kept),
    "audience": Audience,
    "quotable": bool,
    "replaces": MessageId,
    "quotes": MessageId,
}
