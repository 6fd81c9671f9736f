"""What only some messages have, as one JSON column; and updates as they were approved. Only what differs from the
default is written, so that a row says what is special about it, and older rows read like new ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from inbox.model import (
    Attachment,
    Audience,
    Capability,
    Counts,
    Emoji,
    LinkCard,
    Media,
    Message,
    Poll,
    PollAsked,
    PollOption,
    Quoted,
    Reaction,
    Rendition,
    Update,
    UpdateKind,
    Visibility,
)

_written = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode  # one encoder: dumps() would make one each time
_NO_COUNTS = Counts()


def extras_json(m: Message) -> str:
    """The column of a message; ``{}`` for most."""
    found: dict[str, Any] = {}
    if m.attachments or m.language or m.details:
        attachments = [_spare(asdict(a)) for a in m.attachments]
        found = {"attachments": attachments, "language": m.language, "details": dict(m.details)}
    if m.visibility is not Visibility.PUBLIC:
        found["visibility"] = m.visibility
    if m.root_remote_id:
        found["root"] = m.root_remote_id
    if m.addressees:
        found["addressees"] = m.addressees
    if m.warning:
        found["warning"] = m.warning
    if m.counts != _NO_COUNTS:
        found["counts"] = asdict(m.counts)
    if m.reacted:
        found["reacted"] = m.reacted
    if m.quoted is not None:
        found["quoted"] = asdict(m.quoted)
    if m.card is not None:
        found["card"] = asdict(m.card)
    if m.poll is not None:
        found["poll"] = asdict(m.poll) | {"ends_at": m.poll.ends_at and m.poll.ends_at.isoformat()}
    if m.denied:
        found["denied"] = m.denied.value
    if m.reply_until is not None:
        found["reply_until"] = m.reply_until.isoformat()
    if m.emojis:
        found["emojis"] = {e.code: e.url for e in m.emojis}
    return _written(found) if found else "{}"


def author_json(m: Message) -> str:
    """Who wrote it, beside the name, as a column; ``{}`` where the network says no more."""
    author = m.author
    if not (author.remote_id or author.handle or author.url):
        return "{}"
    return _written({"remote_id": author.remote_id, "handle": author.handle, "url": author.url})


def extras_of(column: str, *, public: bool) -> dict[str, Any]:
    """The same as arguments of ``Message``. ``public``: the row's own column, which rows without visibility go by."""
    if column == "{}" and public:
        return {}
    more: dict[str, Any] = json.loads(column)
    poll = more.get("poll")
    return {
        "visibility": Visibility(more.get("visibility", "public" if public else "followers")),
        "language": more.get("language", ""),
        "details": more.get("details", {}),
        "attachments": tuple(Attachment(**{"url": ""} | a) for a in more.get("attachments", ())),
        "root_remote_id": more.get("root", ""),
        "addressees": tuple(more.get("addressees", ())),
        "warning": more.get("warning", ""),
        "counts": Counts(**more.get("counts", {})),
        "reacted": tuple(Reaction(r) for r in more.get("reacted", ())),
        "quoted": Quoted(**more["quoted"]) if "quoted" in more else None,
        "card": LinkCard(**more["card"]) if "card" in more else None,
        "poll": Poll(**poll | {"options": tuple(PollOption(**o) for o in poll["options"]),
                               "ends_at": _time(poll["ends_at"])}) if poll else None,
        "denied": Capability(more.get("denied", 0)),
        "reply_until": _time(more.get("reply_until")),
        "emojis": tuple(Emoji(code=c, url=u) for c, u in more.get("emojis", {}).items()),
    }  # fmt: skip


def written(value: Update | Rendition) -> str:
    """What was approved, as JSON."""
    fields = asdict(value)
    fields["publish_at"] = value.publish_at.isoformat() if value.publish_at else None
    return json.dumps(fields, ensure_ascii=False)


def update_from(body: str) -> Update:
    """The update that was written so, also by an earlier version."""
    return Update(**_typed(json.loads(body)))


def rendition_from(body: str) -> Rendition:
    """The rendition that was written so, also by an earlier version."""
    return Rendition(**_typed(json.loads(body)))


def _typed(fields: Mapping[str, Any]) -> dict[str, Any]:
    poll, card, visibility = fields.get("poll"), fields.get("card"), fields.get("visibility")
    return dict(fields) | {
        "kind": UpdateKind(fields["kind"]),
        "media": tuple(Media(**m) for m in fields["media"]),
        "categories": tuple(fields["categories"]),
        "tags": tuple(fields["tags"]),
        "publish_at": _time(fields["publish_at"]),
        "visibility": Visibility(visibility) if visibility else None,
        "poll": PollAsked(**poll | {"options": tuple(poll["options"])}) if poll else None,
        "card": LinkCard(**card) if card else None,
        **({"choices": {c: tuple(codes) for c, codes in fields["choices"].items()}} if "choices" in fields else {}),
        "audience": Audience(fields.get("audience", Audience.EVERYONE)),
    }


def _spare(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what says nothing; a row older than a field reads as if it had been empty."""
    return {k: v for k, v in fields.items() if v not in ("", None) or k in ("description", "size_bytes")}


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
