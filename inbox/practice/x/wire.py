"""One request and its answer; refusals in X's own forms (x.md section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.practice.x.network import Grant, Network, User

PROBLEMS = "https://api.twitter.com/2/problems/"
File = tuple[str, str, bytes]


class Refusal(Exception):
    """A refusal: a status and a body."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(body.get("detail") or body.get("title") or status)
        self.status = status
        self.body = dict(body)


def problem(status: int, title: str, detail: str, kind: str = "about:blank", **more: Any) -> Refusal:
    """A problem object."""
    address = kind if kind == "about:blank" else PROBLEMS + kind
    return Refusal(status, {"title": title, "detail": detail, "type": address, "status": status, **more})


def forbidden(detail: str) -> Refusal:
    """403 without a type of its own."""
    return problem(403, "Forbidden", detail)


def invalid(name: str, value: str, words: str) -> Refusal:
    """400 for a parameter that will not do."""
    message = f"The `{name}` query parameter value [{value}] {words}"
    return Refusal(
        400,
        {
            "errors": [{"parameters": {name: [value]}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}invalid-request",
        },
    )


def gone(number: str, kind: str = "tweet") -> Refusal:
    """404."""
    detail = f"Could not find {kind} with id: [{number}]."
    return problem(404, "Not Found", detail, "resource-not-found", resource_type=kind, resource_id=number)


def bad_body(words: str) -> Refusal:
    """400 for a body that will not do."""
    return Refusal(
        400,
        {
            "errors": [{"parameters": {}, "message": words}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}invalid-request",
        },
    )


def missing(number: str, kind: str = "tweet", *, parameter: str = "ids") -> dict[str, Any]:
    """The entry in ``errors`` of something that is not there."""
    return {
        "value": number, "detail": f"Could not find {kind} with {parameter}: [{number}].", "title": "Not Found Error",
        "resource_type": kind, "parameter": parameter, "resource_id": number,
        "type": f"{PROBLEMS}resource-not-found",
    }  # fmt: skip


def closed(number: str, kind: str = "tweet") -> dict[str, Any]:
    """The entry in ``errors`` of something that we may not see."""
    return {
        "value": number, "detail": f"Sorry, you are not authorized to see the Tweet with ids: [{number}].",
        "title": "Authorization Error", "resource_type": kind, "parameter": "ids", "resource_id": number,
        "type": f"{PROBLEMS}not-authorized-for-resource",
    }  # fmt: skip


@dataclass(kw_only=True)
class Call:
    """One API request."""

    network: Network
    method: str
    path: str
    params: dict[str, str]
    body: dict[str, Any] = field(default_factory=dict)
    files: dict[str, File] = field(default_factory=dict)
    grant: Grant | None = None

    @property
    def me(self) -> User:
        """Who is signed in."""
        if self.grant is None:
            raise problem(401, "Unauthorized", "Unauthorized")
        return self.network.users[self.grant.user_id]

    @property
    def owns_app(self) -> bool:
        """The app belongs to whoever is signed in, so its own things are cheap."""
        return self.grant is not None and self.grant.app.owner_id == self.grant.user_id

    def number(self, name: str, least: int, most: int, usual: int) -> int:
        """A parameter that counts."""
        value = self.params.get(name, "")
        if not value:
            return usual
        if not value.isdecimal() or not least <= int(value) <= most:
            raise invalid(name, value, f"is not between {least} and {most}")
        return int(value)

    def text(self, name: str) -> str:
        """A member of the body that has to be a text."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""


@dataclass(kw_only=True)
class Answer:
    """What goes back."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json; charset=utf-8"
