"""One request and its answer: what came in, who asks, pages with their Link header, times and errors on the wire."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from inbox.practice.mastodon.entities import Person, Status, Token, order
from inbox.practice.mastodon.place import Place

Row = TypeVar("Row")
File = tuple[str, str, bytes]
_KEPT = (
    "limit", "types", "exclude_types", "include_filtered", "account_id", "grouped_types", "exclude_replies",
    "exclude_reblogs", "only_media", "pinned", "local",
)  # fmt: skip
_TRUE = {True, "true", "1", "on", "True", "yes", "t"}

WORDS: Mapping[str, Mapping[str, str]] = {
    "ja": {
        "The access token was revoked": "アクセストークンは取り消されています",
        "The access token is invalid": "アクセストークンは無効です",
        "Validation failed: Text can't be blank": "バリデーションに失敗しました: Textを入力してください",
        "Validation failed: You have already voted on this poll": "バリデーションに失敗しました: このアンケートには投票済みです",  # noqa: E501
        "Record not found": "見つかりません",
    },
    "de": {
        "The access token was revoked": "Das Zugriffs-Token wurde annulliert",
        "The access token is invalid": "Das Zugriffs-Token ist ungültig",
        "Validation failed: Text can't be blank": "Gültigkeitsprüfung ist fehlgeschlagen: Text darf nicht leer sein",
        "Validation failed: You have already voted on this poll": "Gültigkeitsprüfung ist fehlgeschlagen: Du hast bereits abgestimmt",  # noqa: E501
        "Record not found": "Eintrag nicht gefunden",
    },
}
"""Error texts that a server translates (mastodon.md section 10); the rest stays English."""


class ApiError(Exception):
    """A refusal: a status and a sentence, and whatever else the body says."""

    def __init__(self, status: int, text: str, **more: Any) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.more = more


def not_found() -> ApiError:
    return ApiError(404, "Record not found")


def invalid(text: str, **more: Any) -> ApiError:
    return ApiError(422, f"Validation failed: {text}", **more)


@dataclass(kw_only=True)
class Answer:
    """What goes back: JSON to be, or bytes with their ``content_type``."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"


@dataclass(kw_only=True)
class Call:
    """One API request. Parameters: those of the body, then of the query."""

    place: Place
    home: str
    method: str
    path: str
    headers: Mapping[str, str]
    token: Token | None = None
    viewer: Person | None = None
    params: dict[str, Any] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, File] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def me(self) -> Person:
        """Who is signed in; the routes that use it have been refused to others."""
        assert self.viewer is not None
        return self.viewer

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text; ``default`` when missing or null."""
        value = self.params.get(name)
        return default if value is None or isinstance(value, dict | list) else str(value)

    def flag(self, name: str) -> bool:
        """Whether a parameter says yes."""
        value = self.params.get(name)
        return isinstance(value, str | bool | int) and value in _TRUE

    def sent(self, name: str) -> bool:
        return self.params.get(name) is not None

    def many(self, name: str) -> list[str]:
        """A list parameter, whichever way it was written."""
        value = self.params.get(name)
        if isinstance(value, dict):
            value = list(value.values())
        if isinstance(value, list):
            return [str(v) for v in value if v not in (None, "")]
        return [] if value in (None, "") else [str(value)]

    def part(self, name: str) -> dict[str, Any]:
        """An object parameter."""
        value = self.params.get(name)
        return value if isinstance(value, dict) else {}

    def limit(self, default: int, most: int) -> int:
        """How many are wanted, never more than ``most``."""
        wanted = self.text("limit")
        return min(int(wanted), most) if wanted.isdigit() and int(wanted) > 0 else default

    def status(self, name: str = "id") -> Status:
        """The status in the address, if the one who asks may see it."""
        found = self.place.statuses.get(self.ids.get(name, "") or self.text(name))
        if found is None or not self.place.sees(self.viewer, found):
            raise not_found()
        return found

    def person(self) -> Person:
        """The account in the address."""
        found = self.place.people.get(self.ids.get("id", ""))
        if found is None:
            raise not_found()
        return found

    def shown(self, at: datetime) -> str:
        """A time as this server writes it."""
        return shown(at, self.place.flavour.fraction)


def shown(at: datetime, fraction: str = "milliseconds") -> str:
    """A time on the wire."""
    if fraction == "microseconds":
        return at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    return f"{at.strftime('%Y-%m-%dT%H:%M:%S')}.{at.microsecond // 1000:03d}Z"


def page(
    call: Call,
    rows: Sequence[Row],
    id_of: Callable[[Row], str],
    *,
    default: int = 20,
    most: int = 40,
    always_next: bool = False,
) -> tuple[list[Row], dict[str, str]]:
    """The part of ``rows`` (oldest first) that was asked for, newest first, and its Link header.

    ``min_id`` gives the page directly above the cursor, ``since_id`` the newest one. Notifications name a next page
    even after a short one (``always_next``); the other lists only after a full one.
    """
    limit = call.limit(default, most)
    max_id, since_id, min_id = call.text("max_id"), call.text("since_id"), call.text("min_id")
    begin, end = 0, len(rows)
    if max_id:
        end = bisect_left(rows, order(max_id), key=lambda row: order(id_of(row)))
    if min_id or since_id:
        begin = bisect_right(rows, order(min_id or since_id), key=lambda row: order(id_of(row)))
    part = rows[begin : min(end, begin + limit)] if min_id else rows[max(begin, end - limit) : max(begin, end)]
    chosen = list(reversed(part))
    if not chosen:
        return [], {}
    links = []
    if len(chosen) == limit or always_next:
        links.append(f'<{_address(call, "max_id", id_of(chosen[-1]))}>; rel="next"')
    links.append(f'<{_address(call, "min_id", id_of(chosen[0]))}>; rel="prev"')
    return chosen, {} if "no-link" in call.place.quirks else {"Link": ", ".join(links)}


def _address(call: Call, cursor: str, remote_id: str) -> str:
    kept = [(n, v) for n, v in call.query if n.removesuffix("[]") in _KEPT]
    if not call.place.flavour.filters_in_links:
        kept = [(n, v) for n, v in kept if n == "limit"]
    return f"{call.home}{call.path.rstrip('/')}?{urlencode([*kept, (cursor, remote_id)])}"


def encoded(body: Any) -> bytes:
    """JSON as Rails writes it: unicode as it is, but nothing that ends a script."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()
