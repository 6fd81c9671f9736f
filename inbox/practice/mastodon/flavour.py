"""Which server software the practice server pretends to be, and what that takes away."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Flavour:
    """One kind of server. ``lacks``: paths (regular expressions from their beginning) answered with a 404 page."""

    software: str
    version: str
    api_version: int | None
    lacks: tuple[str, ...] = ()
    ids: str = "snowflake"
    """snowflake: 18 digits for statuses, short serials for the rest; ulid: 26 letters for all (GoToSocial)."""
    idempotency: bool = True
    schedules: bool = True
    edits: bool = True
    rate_headers: bool = True
    filters_in_links: bool = True
    any_loopback_port: bool = True
    exact_paths: bool = False
    granular_scopes: bool = True
    pkce: bool = True
    fraction: str = "milliseconds"
    """How times end: milliseconds and Z, or microseconds and +00:00."""
    max_characters: int = 500
    streaming: bool = True

    @property
    def quotes(self) -> bool:
        """Whether a status may quote another (API version 7, Mastodon 4.5)."""
        return (self.api_version or 0) >= 7


MODERN = Flavour(software="mastodon", version="4.6.4", api_version=11)

OLDER = Flavour(
    software="mastodon",
    version="3.5.19",
    api_version=None,
    lacks=(
        "/api/v2/instance",
        "/api/v2/notifications",
        "/api/v1/notifications/(policy|requests)",
        r"/api/v1/statuses$",  # several at once came with 4.3; posting there is another method
        "/api/v1/async_refreshes",
        r"/\.well-known/oauth-authorization-server",
        "/oauth/userinfo",
    ),
    pkce=False,
    max_characters=500,
)
"""Mastodon before 4.0: one kind of instance document, no policy, no grouped notifications, no quotes."""

FORK = Flavour(
    software="gotosocial",
    version="0.19.1+git-deadbee",
    api_version=None,
    lacks=(
        "/api/v2/notifications",
        "/api/v1/notifications/(policy|requests)",
        r"/api/v1/statuses$",
        "/api/v1/statuses/[^/]+/(quotes|translate)",
        "/api/v1/async_refreshes",
        r"/\.well-known/oauth-authorization-server",
    ),
    ids="ulid",
    idempotency=False,
    schedules=False,
    rate_headers=False,
    filters_in_links=False,
    any_loopback_port=False,
    exact_paths=True,
    granular_scopes=False,
    pkce=False,
    fraction="microseconds",
    max_characters=5000,
)
"""Another software that speaks the same API, and not all of it (mastodon.md sections 2, 3, 8, 9, 11)."""

FLAVOURS = {"mastodon": MODERN, "older": OLDER, "fork": FORK}
