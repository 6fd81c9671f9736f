"""OAuth 2's tokens at X: renewed late, by one at a time, saved before they are used (x.md section 1.1).

Every renewal returns a new refresh token and the old one dies; one used twice may end the whole grant. So nothing is
renewed just in case; a lost answer is asked for once more, and after that only a new login helps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, request
from inbox.connectors.x.signing import has_keys
from inbox.connectors.x.us import Us
from inbox.errors import BadReply, OutcomeUnknown, SignInNeeded, Unavailable

RENEW_AFTER: Final = timedelta(minutes=110)
AGAIN: Final = (
    "Open Accounts and sign in again; what is queued waits. If Postroom runs on another computer with the same account "
    "and app, the two log each other out: use API keys there."
)
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def usable(room: Room, us: Us) -> Mapping[str, str]:
    """The secret to sign with now. Raises SignInNeeded when there is none."""
    parts = _parts(room)
    if has_keys(parts):
        return parts
    issued = parts.get("issued_at", "")
    if issued and room.clock.now() - datetime.fromisoformat(issued) >= RENEW_AFTER:
        return await renewed(room, us, parts)
    return parts


async def renewed(room: Room, us: Us, stale: Mapping[str, str]) -> Mapping[str, str]:
    """The secret after a renewal, by us or by whoever was quicker."""
    account = room.account.title
    async with _lock_of(room.account.id):
        parts = _parts(room)
        if parts.get("access") != stale.get("access"):
            return parts
        if not parts.get("refresh"):
            raise SignInNeeded("X no longer accepts the sign-in", hint=AGAIN, account=account)
        form = {"grant_type": "refresh_token", "refresh_token": parts["refresh"], "client_id": parts["client_id"]}
        reply = await _asked_twice(room, us, form)
        if reply.status in {400, 401, 403}:
            raise SignInNeeded("X no longer accepts the sign-in", hint=AGAIN, account=account, status=reply.status)
        fresh = {**parts, **token_parts(reply, room.clock.now())}
        room.secret.save(fresh)
        return fresh


def token_parts(reply: Reply, now: datetime) -> dict[str, str]:
    """What of a token answer is kept."""
    answer = reply.json("the tokens")
    if reply.status != 200 or not isinstance(answer, Mapping) or not answer.get("access_token"):
        raise BadReply(f"the tokens: {reply.words()}", status=reply.status)
    return {
        "access": str(answer["access_token"]),
        "refresh": str(answer.get("refresh_token") or ""),
        "scopes": str(answer.get("scope") or ""),
        "issued_at": now.isoformat(),
    }


async def posted(
    http: httpx.AsyncClient, clock: Clock, url: str, form: Mapping[str, str], *, account: str = ""
) -> Reply:
    """A form, in the body: a secret never stands in an address."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    content = urlencode(form).encode()
    return await request(http, "POST", url, content=content, headers=headers, clock=clock, account=account)


async def give_back(room: Room, us: Us) -> None:
    """Withdraw the grant. Keys of OAuth 1.0a belong to the organisation's own app and stay."""
    parts: Mapping[str, Any] = room.secret.read()
    if parts.get("refresh") and not has_keys(parts):
        form = {"token": parts["refresh"], "client_id": parts.get("client_id", "")}
        await posted(room.http, room.clock, f"{us.api}/2/oauth2/revoke", form, account=room.account.title)


def _parts(room: Room) -> Mapping[str, str]:
    parts = room.secret.read()
    if not has_keys(parts) and not parts.get("access"):
        raise SignInNeeded("There is no sign-in for this account", account=room.account.title)
    return parts


async def _asked_twice(room: Room, us: Us, form: Mapping[str, str]) -> Reply:
    """A renewal whose answer is lost may have happened: it is tried once more, and then only a person helps."""
    for last in (False, True):
        try:
            return await posted(room.http, room.clock, f"{us.api}/2/oauth2/token", form, account=room.account.title)
        except OutcomeUnknown as error:
            if error.status is not None:  # X answered that it has trouble of its own
                raise Unavailable(error.detail, account=room.account.title, status=error.status) from None
            if last:
                raise SignInNeeded(
                    "Renewing the sign-in at X was not answered", hint=AGAIN, account=room.account.title
                ) from None
    raise AssertionError  # the loop returns or raises


def _lock_of(account_id: str) -> asyncio.Lock:
    return _locks.setdefault(asyncio.get_running_loop(), {}).setdefault(account_id, asyncio.Lock())
