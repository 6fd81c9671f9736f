"""App password sessions: tokens, their lifetimes, and what an app password may not do (bluesky.md section 3)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from inbox.practice.bluesky.network import Network
from inbox.practice.bluesky.records import Account
from inbox.practice.bluesky.wire import XrpcError

ACCESS_LIFE = timedelta(hours=2)
REFRESH_LIFE = timedelta(days=90)
GRACE = timedelta(hours=2)
FULL = "com.atproto.access"
APP = "com.atproto.appPass"
PRIVILEGED = "com.atproto.appPassPrivileged"
_KEY = secrets.token_bytes(32)


@dataclass(kw_only=True, slots=True, eq=False)
class Token:
    """One issued token. ``key`` binds it to a DPoP key (OAuth only)."""

    text: str
    account: Account
    kind: str  # "access" or "refresh"
    scope: str
    expires_at: datetime
    session: str
    key: str = ""
    replaced_at: datetime | None = None
    successor: tuple[Token, Token] | None = None
    revoked: bool = False


class Tokens:
    """All tokens of the PDS."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self._issued: dict[str, Token] = {}

    def sign_in(self, account: Account, scope: str = FULL, *, life: timedelta = ACCESS_LIFE) -> tuple[Token, Token]:
        """A new session: access and refresh token."""
        return self._pair(account, scope, secrets.token_hex(8), life)

    def issue(self, account: Account, kind: str, scope: str, *, life: timedelta, session: str, key: str = "") -> Token:
        """One token, of the JWT shape that clients look into."""
        now = self.network.now()
        header = {"typ": "at+jwt" if kind == "access" else "refresh+jwt", "alg": "HS256"}
        claims = {
            "scope": scope if kind == "access" else "com.atproto.refresh",
            "sub": account.did,
            "iat": int(now.timestamp()),
            "exp": int((now + life).timestamp()),
            "aud": "did:web:localhost",
            "jti": secrets.token_urlsafe(18),
        }
        text = f"{_part(header)}.{_part(claims)}"
        text += "." + _base64(hmac.digest(_KEY, text.encode(), hashlib.sha256))
        token = Token(
            text=text, account=account, kind=kind, scope=scope, expires_at=now + life, session=session, key=key
        )
        self._issued[text] = token
        return token

    def check(self, text: str, kind: str) -> Token:
        """The token, if it is one of this kind and alive."""
        token = self._issued.get(text)
        if token is None or token.kind != kind:
            raise XrpcError(400, "InvalidToken", "Token could not be verified")
        if token.revoked:
            raise XrpcError(400, "ExpiredToken", "Token has been revoked")
        if token.expires_at <= self.network.now():
            raise XrpcError(400, "ExpiredToken", "Token has expired")
        return token

    def refresh(self, token: Token) -> tuple[Token, Token]:
        """The next pair; the same one again inside the grace time."""
        now = self.network.now()
        if token.successor is not None and token.replaced_at is not None:
            if token.replaced_at + GRACE < now:
                raise XrpcError(400, "ExpiredToken", "Token has been revoked")
            return token.successor
        token.replaced_at = now
        token.successor = self._pair(token.account, token.scope, token.session, ACCESS_LIFE)
        return token.successor

    def end(self, session: str) -> None:
        """End a session: its refresh tokens die, its access tokens live until they expire."""
        for token in self._issued.values():
            if token.session == session and token.kind == "refresh":
                token.revoked = True

    def end_all(self, account: Account) -> None:
        """Nothing that this account was given works any more (revoked by an administrator, say)."""
        for token in self._issued.values():
            if token.account is account:
                token.revoked = True

    def _pair(self, account: Account, scope: str, session: str, life: timedelta) -> tuple[Token, Token]:
        access = self.issue(account, "access", scope, life=life, session=session)
        return access, self.issue(account, "refresh", scope, life=REFRESH_LIFE, session=session)


def _part(value: dict[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(",", ":")).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
