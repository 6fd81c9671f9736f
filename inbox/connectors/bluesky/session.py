"""The tokens of one account: sent along, renewed when they have expired, saved before they are used.

Two kinds (bluesky.md section 3): an app password's session (bearer tokens) and OAuth's (bound to a DPoP key). Only
``ExpiredToken`` is cured by renewing. A renewal is serialised per account, whoever asks, and begins by reading the
secret again: of two who found the token expired, the second takes what the first was given. OAuth's refresh tokens are
single-use, and one used twice ends the whole session.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

from inbox.connectors.bluesky import dpop
from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, request
from inbox.errors import BadReply, NotAllowed, OutcomeUnknown, SignInNeeded, Unavailable

LOST_HINT: Final = "The app password was withdrawn, or the sign-in was not used for too long. Sign in again."
_DEAD: Final = frozenset(
    {"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired", "invalid_grant", "invalid_token"}
)
SUSPENDED: Final = frozenset({"AccountTakedown", "AccountDeactivated", "AccountSuspended"})
_EARLY: Final = timedelta(seconds=60)  # OAuth says when a token ends: better renewed before than refused

_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()


class Session:
    """The signed-in door to the account's own server."""

    def __init__(self, room: Room, server: str, token_endpoint: str, client_id: str) -> None:
        self.server = server
        self._room = room
        self._token_endpoint = token_endpoint
        self._client_id = client_id
        self._account = room.account.title
        self.requests = 0

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        timeout_s: float = 30,
        judged: Collection[int] = (),
    ) -> Reply:
        """The answer to one signed request, unjudged but for what nobody could cure; renews the tokens when due."""
        parts = self._parts()
        if self._due(parts):
            parts = await self._renewed(parts)
        for renewed in (False, True):
            for _ in range(2):
                self.requests += 1
                reply = await request(
                    self._room.http,
                    method,
                    url,
                    headers={**(headers or {}), **self._signed(parts, method, url)},
                    json=json,
                    content=content,
                    timeout_s=timeout_s,
                    clock=self._room.clock,
                    account=self._account,
                    judged=judged,
                )
                if not dpop.wants_nonce(reply):
                    break
            if renewed or not _expired(reply):
                break
            parts = await self._renewed(parts)
        return reply

    async def end(self, revocation_endpoint: str) -> None:
        """Give the session back. Already gone is success."""
        parts = self._room.secret.read()
        if not parts.get("refresh"):
            return
        if parts.get("key"):
            if revocation_endpoint:
                form = {"token": parts["refresh"], "client_id": self._client_id}
                await self._form(revocation_endpoint, form, parts["key"])
            return
        await self._post("com.atproto.server.deleteSession", parts["refresh"])

    def _parts(self) -> Mapping[str, str]:
        parts = self._room.secret.read()
        if not parts.get("access") or not self.server:
            raise SignInNeeded("There is no sign-in for this account", account=self._account)
        return parts

    def _signed(self, parts: Mapping[str, str], method: str, url: str) -> dict[str, str]:
        if not parts.get("key"):
            return {"Authorization": f"Bearer {parts['access']}"}
        proof = dpop.proof(parts["key"], method, url, self._room.clock, token=parts["access"])
        return {"Authorization": f"DPoP {parts['access']}", "DPoP": proof}

    def _due(self, parts: Mapping[str, str]) -> bool:
        ends = parts.get("ends_at", "")
        return bool(ends) and self._room.clock.now() >= datetime.fromisoformat(ends) - _EARLY

    async def _renewed(self, stale: Mapping[str, str]) -> Mapping[str, str]:
        async with lock_of(self._room.account.id):
            parts = self._parts()
            if parts["access"] != stale["access"]:
                return parts  # somebody renewed while we waited
            if not parts.get("refresh"):
                raise SignInNeeded("The sign-in has expired", hint=LOST_HINT, account=self._account)
            try:
                fresh = await (self._renewed_oauth(parts) if parts.get("key") else self._renewed_app(parts))
            except OutcomeUnknown as error:
                # Whatever was to be sent has not been: only the renewal is in doubt, and it may be repeated.
                raise Unavailable(error.detail, account=self._account, status=error.status) from None
            self._room.secret.save(fresh)
            return fresh

    async def _renewed_app(self, parts: Mapping[str, str]) -> dict[str, str]:
        reply = await self._post("com.atproto.server.refreshSession", parts["refresh"])
        answer = self._judged(reply)
        return {**parts, "access": _text(answer, "accessJwt"), "refresh": _text(answer, "refreshJwt")}

    async def _renewed_oauth(self, parts: Mapping[str, str]) -> dict[str, str]:
        form = {"grant_type": "refresh_token", "refresh_token": parts["refresh"], "client_id": self._client_id}
        answer = self._judged(await self._form(self._token_endpoint, form, parts["key"]))
        return {**parts, **oauth_parts(answer, self._room.clock.now())}

    async def _post(self, nsid: str, token: str) -> Reply:
        self.requests += 1
        return await request(
            self._room.http,
            "POST",
            f"{self.server}/xrpc/{nsid}",
            headers={"Authorization": f"Bearer {token}"},
            clock=self._room.clock,
            account=self._account,
        )

    async def _form(self, url: str, form: Mapping[str, str], key: str) -> Reply:
        for _ in range(2):
            self.requests += 1
            reply = await request(
                self._room.http,
                "POST",
                url,
                headers={
                    "Content-Type": "application/x-www-form-urlencoded",
                    "DPoP": dpop.proof(key, "POST", url, self._room.clock),
                },
                content=urlencode(form).encode(),
                clock=self._room.clock,
                account=self._account,
            )
            if not dpop.wants_nonce(reply):
                break
        return reply

    def _judged(self, reply: Reply) -> Mapping[str, Any]:
        """The answer to a renewal; else why the account has to be signed in again."""
        if reply.status != 200:
            name = dpop.error_of(reply)
            if name in SUSPENDED:
                raise NotAllowed(f"Bluesky has closed this account ({name})", account=self._account)
            if name in _DEAD or reply.status in {401, 403}:
                raise SignInNeeded(
                    "Bluesky no longer accepts the sign-in", hint=LOST_HINT, account=self._account, status=reply.status
                )
            raise BadReply(f"renewing the sign-in: {reply.words()}", account=self._account, status=reply.status)
        answer = reply.json("renewing the sign-in")
        if not isinstance(answer, Mapping):
            raise BadReply("renewing the sign-in: no object in the answer", account=self._account)
        if answer.get("active") is False:
            raise NotAllowed("This account is not active at Bluesky", account=self._account)
        return answer


def lock_of(account_id: str) -> asyncio.Lock:
    """The one lock under which this account's tokens are renewed."""
    return _locks.setdefault(asyncio.get_running_loop(), {}).setdefault(account_id, asyncio.Lock())


def oauth_parts(answer: Mapping[str, Any], now: datetime) -> dict[str, str]:
    """What of a token answer is kept."""
    if str(answer.get("token_type", "")).lower() != "dpop":
        raise BadReply("the tokens: not bound to our key")
    ends = answer.get("expires_in")
    parts = {"access": _text(answer, "access_token"), "refresh": str(answer.get("refresh_token") or "")}
    parts["ends_at"] = (now + timedelta(seconds=ends)).isoformat() if isinstance(ends, int) and ends > 0 else ""
    return parts


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise BadReply(f"the tokens: no {name} in the answer")
    return value


def _expired(reply: Reply) -> bool:
    """Renewing helps; of InvalidToken ("Bad token scope") it is no cure."""
    if reply.status not in {400, 401}:
        return False
    if dpop.error_of(reply) == "ExpiredToken":
        return True
    asked = reply.headers.get("www-authenticate", "")
    return reply.status == 401 and asked.lower().startswith("dpop") and 'error="invalid_token"' in asked
