"""One call and its answer: what came in, errors as LinkedIn words them, pages of a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from inbox.practice.linkedin.entities import Member, Token
from inbox.practice.linkedin.network import Network


class ApiError(Exception):
    """A refusal, with the body that was recorded for its kind."""

    def __init__(self, status: int, message: str, code: str = "", service: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"status": status, "message": message}
        if code:
            self.body["code"] = code
        if service is not None:
            self.body["serviceErrorCode"] = service


def unresolved() -> ApiError:
    return ApiError(400, "Resource method could not be resolved from request parameters.", "ILLEGAL_ARGUMENT")


def invalid(message: str) -> ApiError:
    return ApiError(400, message, "ILLEGAL_ARGUMENT")


def not_found(what: str = "Entity") -> ApiError:
    return ApiError(404, f"{what} not found", "NOT_FOUND")


def no_scope(resource: str) -> ApiError:
    return ApiError(403, f"Not enough permissions to access: {resource}", "ACCESS_DENIED", 100)


def not_yours(urn: str) -> ApiError:
    return ApiError(403, f"member is unauthorized on {urn}")


@dataclass(kw_only=True)
class Answer:
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(kw_only=True)
class Call:
    """One signed-in call. ``keys``: the decoded parts of the path; ``params``: the decoded query."""

    network: Network
    home: str
    method: str
    restli: str
    path: str
    keys: list[Any]
    params: dict[str, Any]
    content: bytes
    token: Token
    me: Member
    version: str

    def text(self, name: str) -> str:
        value = self.params.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str, default: int) -> int:
        words = self.text(name)
        return int(words) if words.isdigit() else default

    def body(self) -> dict[str, Any]:
        """The JSON sent. Anything but an object is refused."""
        try:
            sent = json.loads(self.content or b"{}")
        except ValueError:
            raise invalid("Unable to parse the request body") from None
        if not isinstance(sent, dict):
            raise invalid("The request body is no object")
        return sent

    def need(self, *scopes: str, resource: str) -> None:
        """Refuse unless the token has one of these rights."""
        if not set(scopes) & set(self.token.scopes):
            raise no_scope(resource)

    def role(self, page: str) -> str:
        """Whoever calls is this at a page; empty when nothing."""
        found = self.network.organizations.get(page)
        role, state = found.roles.get(self.me.urn, ("", "")) if found is not None else ("", "")
        return role if state == "APPROVED" else ""

    def speak_as(self, actor: Any) -> str:
        """The page somebody acts as. Refused unless they may."""
        if not isinstance(actor, str) or self.role(actor) not in {
            "ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN", "RECRUITING_POSTER",
        }:  # fmt: skip
            raise ApiError(403, f"Member is not allowed to act as {actor}", "ACCESS_DENIED")
        return actor

    def patch(self) -> dict[str, Any]:
        """What a partial update sets."""
        if self.restli != "PARTIAL_UPDATE":
            raise unresolved()
        patch = self.body().get("patch")
        if not isinstance(patch, dict):
            raise invalid("patch is missing")
        return patch


def paged(call: Call, rows: Sequence[Any], shown: Callable[[Any], Any] = lambda row: row) -> Answer:
    """One page of a list, each row as ``shown``, with a next link while there is more."""
    start, count = call.number("start", 0), call.number("count", 10)
    if count > call.network.most_count:
        raise invalid(f"count is larger than {call.network.most_count}")
    page = [shown(row) for row in rows[start : start + count]]
    links = []
    if start + count < len(rows):
        href = f"{call.path}?start={start + count}&count={count}"
        links.append({"type": "application/json", "rel": "next", "href": href})
    paging = {"start": start, "count": count, "links": links, "total": len(rows)}
    return Answer(body={"paging": paging, "elements": page})
