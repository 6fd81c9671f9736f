"""How a request proves who sends it: OAuth 1.0a user keys, or an access token of OAuth 2 (x.md section 1).

JSON and multipart bodies are not signed; method, address and query are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from authlib.oauth1 import ClientAuth

KEYS: Final = ("api_key", "api_secret", "token", "token_secret")


class _Timed(ClientAuth):
    """Signs with the clock it is given, so that tests and practice own time."""

    def __init__(self, parts: Mapping[str, str], now: datetime) -> None:
        super().__init__(
            parts["api_key"], parts["api_secret"], token=parts["token"], token_secret=parts["token_secret"]
        )
        self._now = str(int(now.timestamp()))

    def get_oauth_params(self, nonce: str, timestamp: str) -> list[tuple[str, str]]:
        params: list[tuple[str, str]] = super().get_oauth_params(nonce, self._now)
        return params


def has_keys(parts: Mapping[str, str]) -> bool:
    """Whether the secret holds OAuth 1.0a keys."""
    return all(parts.get(name) for name in KEYS)


def headers_for(parts: Mapping[str, str], method: str, url: str, now: datetime) -> dict[str, str]:
    """The Authorization header for one request."""
    if not has_keys(parts):
        return {"Authorization": f"Bearer {parts['access']}"}
    _, headers, _ = _Timed(parts, now).sign(method.upper(), url, {}, b"")
    return {"Authorization": str(headers["Authorization"])}
