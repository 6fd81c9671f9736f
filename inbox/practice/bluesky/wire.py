"""One XRPC call and its answer: what came in, who asks, and how refusals look on the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import Account


class XrpcError(Exception):
    """A refusal: ``{"error": name, "message": text}``."""

    def __init__(
        self, status: int, error: str, message: str, *, headers: Mapping[str, str] | None = None, bare: bool = False
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.message = message
        self.headers = dict(headers or {})
        self.bare = bare
        """It comes from before the rate limits, so their headers are not with it."""


def invalid(message: str) -> XrpcError:
    """400 InvalidRequest."""
    return XrpcError(400, "InvalidRequest", message)


def broken() -> XrpcError:
    """500 without a word of why."""
    return XrpcError(500, "InternalServerError", "Internal Server Error")


@dataclass(kw_only=True)
class Call:
    """One call. ``viewer`` is who is signed in; ``home`` begins every address of this server."""

    network: Network
    home: str
    nsid: str
    method: str
    headers: Mapping[str, str]
    query: dict[str, list[str]]
    content: bytes = b""
    client: str = ""
    viewer: Account | None = None
    token: str = ""
    scope: str = ""
    out: dict[str, str] = field(default_factory=dict)
    """Headers for the answer."""

    @property
    def me(self) -> Account:
        """Who is signed in; only for methods that ask for it."""
        assert self.viewer is not None
        return self.viewer

    @property
    def mine(self) -> str:
        """The DID of who is signed in, or empty."""
        return self.viewer.did if self.viewer is not None else ""

    def param(self, name: str, default: str = "") -> str:
        """A parameter as sent."""
        return self.query.get(name, [default])[0]

    def need(self, name: str) -> str:
        """A parameter that must be there."""
        if not self.query.get(name):
            raise invalid(f'Invalid {self.nsid} params: Missing required key "{name}"')
        return self.query[name][0]

    def many(self, name: str, most: int) -> list[str]:
        """A repeated parameter."""
        values = self.query.get(name, [])
        if len(values) > most:
            raise invalid(f"Invalid {self.nsid} params: array too big (maximum {most}, got {len(values)})")
        return values

    def number(self, name: str, default: int, most: int, least: int = 1) -> int:
        """A whole number within its bounds."""
        text = self.param(name)
        if not text:
            return default
        try:
            number = int(text)
        except ValueError:
            raise invalid(f'Invalid {self.nsid} params: Expected integer value type (got "{text}")') from None
        if number > most:
            raise invalid(f"Invalid {self.nsid} params: integer too big (maximum {most}, got {number})")
        if number < least:
            raise invalid(f"Invalid {self.nsid} params: integer too small (minimum {least}, got {number})")
        return number

    def json(self) -> dict[str, Any]:
        """The JSON object sent, or an empty one; never a refusal."""
        try:
            value = json.loads(self.content or b"{}")
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def body(self, *needed: str) -> dict[str, Any]:
        """The JSON object sent."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            if not self.content:
                raise invalid(f"A request body was expected but none was provided ({self.nsid})")
            raise invalid("Wrong request encoding (Content-Type)")
        try:
            value = json.loads(self.content)
        except ValueError:
            raise invalid("Invalid request body") from None
        if not isinstance(value, dict):
            raise invalid(f"Invalid {self.nsid} input: Expected object value type")
        for name in needed:
            if name not in value:
                raise invalid(f'Invalid {self.nsid} input: Missing required key "{name}" at $')
        return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """How a method is served. ``auth``: none, optional, access, full (no app password), refresh or chat."""

    serve: Callable[[Call], Any]
    writes: bool = False
    auth: str = "access"
    labelled: bool = False
    """Its answer says which labelers were asked."""
    fresh: bool = False
    """The PDS shows the signed-in account its newest records in it, and says up to which revision."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Raw:
    """An answer that is not JSON: bytes, or nothing at all."""

    content: bytes = b""
    content_type: str = ""


def encoded(body: Any) -> bytes:
    """JSON as the servers write it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
