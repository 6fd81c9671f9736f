"""One call, its errors and its pages, as the Graph API writes them (facebook.md sections 2.4 and 4)."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlencode

if TYPE_CHECKING:
    from inbox.practice.facebook.entities import Token
    from inbox.practice.facebook.network import Network

Row = TypeVar("Row")
MOST_ROWS = 100


class GraphError(Exception):
    """A refusal. HTTP status 400 is usual, whatever it is about."""

    def __init__(
        self, code: int, message: str, *, subcode: int = 0, status: int = 400, kind: str = "OAuthException",
        user_msg: str = "", transient: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.code, self.subcode, self.status = code, subcode, status
        self.message, self.kind, self.user_msg, self.transient = message, kind, user_msg, transient

    def body(self, trace: str) -> dict[str, Any]:
        """The envelope."""
        error: dict[str, Any] = {"message": self.message, "type": self.kind, "code": self.code}
        if self.subcode:
            error["error_subcode"] = self.subcode
        if self.transient:
            error["is_transient"] = True
        if self.user_msg:
            error |= {"error_user_title": "It did not work", "error_user_msg": self.user_msg}
        return {"error": {**error, "fbtrace_id": trace}}


def not_there(id_: str) -> GraphError:
    """There is no such thing, or none that this token may see: Facebook does not say which."""
    return GraphError(
        100,
        f"Unsupported get request. Object with ID '{id_}' does not exist, cannot be loaded due to missing permissions, "
        "or does not support this operation. Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        subcode=33,
        kind="GraphMethodException",
    )


def no_field(name: str, node: str) -> GraphError:
    """A field that the node does not have."""
    return GraphError(100, f"(#100) Tried accessing nonexisting field ({name}) on node type ({node})")


@dataclass(kw_only=True, slots=True)
class Call:
    """One call, alone or as an item of a batch."""

    network: Network
    home: str
    method: str
    path: list[str]
    params: dict[str, str]
    files: Mapping[str, tuple[bytes, str]] = field(default_factory=dict)
    token: Token | None = None
    version: str = ""

    def flag(self, name: str, default: bool = False) -> bool:
        """A parameter as yes or no."""
        value = self.params.get(name)
        return default if value is None else value.lower() in {"true", "1", "yes"}

    def json(self, name: str) -> Any:
        """A parameter that holds JSON. Raises GraphError 100."""
        try:
            return json.loads(self.params[name])
        except (KeyError, ValueError):
            raise GraphError(100, f"(#100) Param {name} must be valid JSON") from None

    @property
    def key(self) -> Token:
        """The token. Raises GraphError 104 or 2500 without one."""
        if self.token is None:
            raise GraphError(2500, "An active access token must be used to query information about the current user.")
        return self.token


def stamp(when: datetime) -> str:
    """A time as Facebook writes it."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


def page_of(
    call: Call, edge: str, rows: Sequence[Row], key: Callable[[Row], tuple[Any, ...]], modifiers: Mapping[str, str],
    *, default: int = 25,
) -> tuple[list[Row], dict[str, Any]]:  # fmt: skip
    """The rows of one page and its ``paging``. Rows come in their order; the cursor names the last one seen, and there
    is a ``next`` exactly when rows follow. An empty one on purpose stands before the rest (``network.empty_pages``).
    """
    try:
        limit = int(modifiers.get("limit", default))
    except ValueError:
        raise GraphError(100, "(#100) Param limit must be an integer") from None
    if limit > MOST_ROWS:
        raise GraphError(100, f"(#100) The limit may not be more than {MOST_ROWS}")
    if limit == 0:
        return [], {}
    heavy = call.network.heavy_rows
    if heavy and limit > heavy:
        raise GraphError(1, "Please reduce the amount of data you're asking for, then retry your request", status=500)
    names = [_cursor(key(row)) for row in rows]
    after, start = modifiers.get("after", ""), 0
    if after:
        if call.network.deepest and _depth(after, names) >= call.network.deepest:
            raise GraphError(100, "(#100) The After Cursor specified exceeds the max limit supported by this endpoint")
        start = _depth(after, names)
    chosen = list(rows[start : start + limit])
    further = start + limit < len(rows)
    if not after and edge.rpartition("/")[2] in call.network.empty_pages and rows:
        chosen, further, last = [], True, _cursor(("start",))
    else:
        last = names[start + len(chosen) - 1] if chosen else ""
    if not chosen and not further:
        return [], {}
    paging: dict[str, Any] = {"cursors": {"before": names[start] if chosen else last, "after": last}}
    if further:
        query = {**{k: v for k, v in modifiers.items() if k != "after"}, "after": last}
        if call.token is not None:
            query["access_token"] = call.token.text
        paging["next"] = f"{call.home}/{call.version}/{edge}?{urlencode(query)}"
    return chosen, paging


def _cursor(of: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(part) for part in of]).encode()).decode()


def _depth(after: str, names: Sequence[str]) -> int:
    """How many rows lie before the one a cursor stands behind."""
    try:
        parts = json.loads(base64.urlsafe_b64decode(after))
    except (ValueError, binascii.Error):
        raise GraphError(100, "(#100) Invalid cursors values supplied") from None
    if parts == ["start"]:
        return 0
    if after in names:
        return names.index(after) + 1
    raise GraphError(100, "(#100) Invalid cursors values supplied")
