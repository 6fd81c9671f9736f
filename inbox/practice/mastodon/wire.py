"""One request and its answer: what came in, who asks, pages with their Link header, times and errors on the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from inbox.practice.mastodon.entities import Person, Status, Token, order
from inbox.practice.mastodon.place import Place
from inbox.practice.wordpress.forms import multipart_parts

Row = TypeVar("Row")
File = tuple[str, str, bytes]
_TRUE = {True, 1, "true", "1", "on", "True", "yes", "t"}

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
    call: Call, rows: Sequence[Row], id_of: Callable[[Row], str], *, default: int = 20, most: int = 40
) -> tuple[list[Row], dict[str, str]]:
    """The part of ``rows`` that was asked for, newest first, and its Link header.

    ``rows`` may come in any order. ``min_id`` gives the page directly above the cursor, ``since_id`` the newest one.
    """
    limit = call.limit(default, most)
    ordered = sorted(rows, key=lambda row: order(id_of(row)), reverse=True)
    max_id, since_id, min_id = call.text("max_id"), call.text("since_id"), call.text("min_id")
    if max_id:
        ordered = [row for row in ordered if order(id_of(row)) < order(max_id)]
    if min_id:
        above = [row for row in ordered if order(id_of(row)) > order(min_id)]
        chosen = above[-limit:] if limit else above
    else:
        if since_id:
            ordered = [row for row in ordered if order(id_of(row)) > order(since_id)]
        chosen = ordered[:limit]
    if not chosen:
        return [], {}
    links = []
    if len(chosen) == limit or min_id:
        links.append(f'<{_address(call, "max_id", id_of(chosen[-1]))}>; rel="next"')
    links.append(f'<{_address(call, "min_id", id_of(chosen[0]))}>; rel="prev"')
    return chosen, {} if "no-link" in call.place.quirks else {"Link": ", ".join(links)}


def _address(call: Call, cursor: str, remote_id: str) -> str:
    kept = [(n, v) for n, v in call.query if n not in ("max_id", "min_id", "since_id")]
    if not call.place.flavour.filters_in_links:
        kept = [(n, v) for n, v in kept if n == "limit"]
    return f"{call.home}{call.path}?{urlencode([*kept, (cursor, remote_id)])}"


def encoded(body: Any) -> bytes:
    """JSON as Rails writes it: unicode as it is, but nothing that ends a script."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()


def nested(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Names as Rails reads them: ``a[]=1`` a list, ``a[b]=1`` an object, deeper as well."""
    out: dict[str, Any] = {}
    for name, value in pairs:
        head, _, rest = name.partition("[")
        steps = [head, *(re.findall(r"([^\[\]]*)\]", rest) if rest else [])]
        _put(out, steps, value)
    return out


def _put(target: dict[str, Any], steps: list[str], value: Any) -> None:
    name, rest = steps[0], steps[1:]
    if not rest:
        target[name] = value
    elif rest[0] == "":
        rows = target.setdefault(name, [])
        if not isinstance(rows, list):
            return
        if len(rest) == 1:
            rows.append(value)
            return
        # a[][b]=1&a[][c]=2: a name seen before begins the next object.
        if not rows or not isinstance(rows[-1], dict) or rest[1] in rows[-1]:
            rows.append({})
        _put(rows[-1], rest[1:], value)
    else:
        inner = target.setdefault(name, {})
        if isinstance(inner, dict):
            _put(inner, rest, value)


def read(content_type: str, content: bytes, query: str) -> tuple[dict[str, Any], dict[str, File]]:
    """Parameters of body and query together, and files. Raises ApiError for JSON that cannot be read."""
    asked: list[tuple[str, Any]] = list(parse_qsl(query, keep_blank_values=True))
    kind = content_type.partition(";")[0].strip().lower()
    files: dict[str, File] = {}
    if kind == "multipart/form-data":
        fields, files = multipart_parts(content_type, content)
        asked += fields
    elif kind == "application/json" and content:
        try:
            value = json.loads(content)
        except ValueError as error:
            raise ApiError(400, "Error occurred while parsing request parameters") from error
        return nested(asked) | (value if isinstance(value, dict) else {}), files
    elif content:
        asked += parse_qsl(content.decode("utf-8", "replace"), keep_blank_values=True)
    return nested(asked), files
