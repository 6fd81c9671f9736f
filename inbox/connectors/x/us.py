"""What signing in established about our account at X; kept in the account's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from inbox.model import Account

API: Final = "https://api.x.com"
WEB: Final = "https://x.com"
CLASSIC: Final = "classic"
NEW: Final = "new"
HISTORY: Final = timedelta(days=7)
"""So much of what was said before signing in is read: more would cost more than it tells."""
ALL: Final = frozenset({"write", "media", "moderate", "direct"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Us:
    """``owned``: the developer app belongs to this very account, so that reading our own things is cheap. ``dialect``:
    which of X's two vocabularies we ask in. ``since``: what was said before is not read. ``rights``: what our sign-in
    allows beyond reading."""

    id: str = ""
    username: str = ""
    name: str = ""
    api: str = API
    web: str = WEB
    owned: bool = True
    premium: bool = False
    rights: frozenset[str] = ALL
    dialect: str = CLASSIC
    since: str = ""

    @classmethod
    def of(cls, account: Account) -> Us:
        """The account's settings as a value."""
        kept = account.settings
        return cls(
            id=kept.get("id", ""),
            username=kept.get("username", account.user),
            name=kept.get("name", account.title),
            api=kept.get("api", API),
            web=kept.get("web", WEB),
            owned=kept.get("owned", "yes") != "no",
            premium=kept.get("premium", "") == "yes",
            rights=frozenset(kept["rights"].split()) if "rights" in kept else ALL,
            dialect=NEW if kept.get("dialect") == NEW else CLASSIC,
            since=kept.get("since", ""),
        )

    def settings(self) -> dict[str, str]:
        """The same as strings."""
        return {
            "id": self.id,
            "username": self.username,
            "name": self.name,
            "api": self.api,
            "web": self.web,
            "owned": _word(self.owned),
            "premium": _word(self.premium),
            "rights": " ".join(sorted(self.rights)),
            "dialect": self.dialect,
            "since": self.since,
        }

    @property
    def direct(self) -> bool:
        """We may read and write direct messages."""
        return "direct" in self.rights

    @property
    def began_at(self) -> datetime | None:
        """From when on things are read."""
        return datetime.fromisoformat(self.since) if self.since else None

    @property
    def signed_in_at(self) -> datetime | None:
        """When these settings were made."""
        return self.began_at + HISTORY if self.began_at else None

    def profile(self, username: str) -> str:
        """Somebody's page."""
        return f"{self.web}/{username}"

    def post(self, username: str, number: str) -> str:
        """A post's page; X finds it under any name."""
        return f"{self.web}/{username or 'i'}/status/{number}"


def known(settings: Mapping[str, str]) -> dict[str, str]:
    """Where the network is, of what discovery found."""
    return {"api": settings.get("api", API), "web": settings.get("web", WEB)}


def _word(value: bool) -> str:
    return "yes" if value else "no"
