"""Where an account lives: the service, the mailbox that answers come to, and what else a person typed at sign-in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from inbox.connectors.http import is_loopback
from inbox.model import Account

REAL = "https://api.govdelivery.com"
_PUBLIC = {REAL: "https://content.govdelivery.com"}


@dataclass(frozen=True, slots=True)
class Host:
    """A mail server. ``tls``: from the first byte; else STARTTLS is demanded, but on this machine."""

    name: str
    port: int
    tls: bool

    @property
    def plain(self) -> bool:
        """On this machine nothing needs to be hidden."""
        return not self.tls and is_loopback(f"http://{self.name}")

    def __str__(self) -> str:
        return f"{self.name}:{self.port}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mailbox:
    """The mailbox that answers to bulletins arrive in. ``sent``: folder with copies of our answers, if one is known;
    ``copies``: we put them there ourselves. Without ``smtp`` it is only read."""

    imap: Host
    user: str
    address: str
    folder: str = "INBOX"
    smtp: Host | None = None
    sent: str = ""
    copies: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """An account at Comm Cloud. ``reports``: its numeric id, which v2 statistics are asked for under."""

    base: str
    code: str
    user: str = ""
    from_address_id: str = ""
    reports: str = ""
    trial_to: str = ""
    mailbox: Mailbox | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, account: Account) -> Place:
        """As it was kept at sign-in."""
        kept = account.settings
        return cls(
            base=kept.get("base", REAL),
            code=kept.get("code", ""),
            user=account.user,
            from_address_id=kept.get("from_address_id", ""),
            reports=kept.get("reports", ""),
            trial_to=kept.get("trial_to", ""),
            mailbox=mailbox_of(kept),
            settings=kept,
        )

    @property
    def address(self) -> str:
        """The account's own address, which may be typed again."""
        return f"{self.base}/api/account/{self.code}"

    def url(self, path: str) -> str:
        """The address of a resource of v1; ``path`` is quoted already where that is needed."""
        return f"{self.address}/{path}"

    def report(self, path: str) -> str:
        """The address of a report of v2."""
        return f"{self.base}/api/v2/accounts/{self.reports}/reports/{path}"

    def public(self, public_id: str) -> str:
        """The page of a bulletin for everybody; empty where its host is not known (the staging system's is not)."""
        host = _PUBLIC.get(self.base, self.base if is_loopback(self.base) else "")
        return f"{host}/accounts/{self.code}/bulletins/{quote(public_id)}" if host and public_id else ""


def host_typed(words: str, *, tls_port: int, default_port: int) -> Host | None:
    """``mail.example.org`` or ``mail.example.org:993`` as a person types it; None when it is neither."""
    words = words.strip().removeprefix("imap://").removeprefix("smtp://").strip("/")
    try:
        parts = urlsplit(f"//{words}")
        name, port = parts.hostname or "", parts.port or default_port
    except ValueError:
        return None
    if not name or parts.path or parts.username or not re.fullmatch(r"[A-Za-z0-9:._-]+", name):
        return None
    return Host(name, port, port == tls_port)


def mailbox_of(kept: Mapping[str, str]) -> Mailbox | None:
    """The mailbox as a person typed it; None when there is none."""
    imap = host_typed(kept.get("imap", ""), tls_port=993, default_port=993)
    if imap is None or not kept.get("mail_user"):
        return None
    user, sent = kept["mail_user"], kept.get("sent", "")
    smtp = kept.get("smtp", "")
    return Mailbox(
        imap=imap,
        user=user,
        address=kept.get("mail_address") or user,
        folder=kept.get("folder") or "INBOX",
        smtp=host_typed(smtp, tls_port=465, default_port=465) if smtp else None,
        sent=sent.removeprefix("+").strip(),
        copies=sent.startswith("+"),
    )
