"""The access token: how long it lasts, and a new one for it where the app may refresh (linkedin.md section 2).

A token lasts 60 days, a refresh token 365 days from the first consent, never longer; most apps get none, and then a
person signs in again every two months. The parts of the secret: ``token``, ``expires_at`` (UTC, ISO; an upper bound
for a token made in the portal without our seeing when), ``pasted``, ``scopes``, and where known ``refresh_token``,
``refresh_expires_at``, ``client_id``, ``client_secret``; and ``renewing_at``, ``renewing_refused``: when a new one was
last asked for before the old one ended, and whether in vain.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import httpx

from inbox.clock import Clock
from inbox.connectors.connector import Room
from inbox.connectors.http import Reply, fail_by_status, request
from inbox.errors import BadReply, OutcomeUnknown, PostroomError, SignInNeeded, Unavailable

log = logging.getLogger(__name__)

LASTS: Final = timedelta(days=60)
EARLY: Final = timedelta(days=7)
AGAIN_AFTER: Final = timedelta(days=1)
LOST_HINT: Final = (
    "LinkedIn's sign-ins end after 60 days, and when an administrator withdraws them. Sign in again under Accounts; "
    "nothing is lost meanwhile."
)
ASKED: Final = "renewing_at"
REFUSED: Final = "renewing_refused"
_locks: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Lock]] = WeakKeyDictionary()


async def current(room: Room, www: str) -> str:
    """A token that LinkedIn should accept; refreshed a week before it ends, where that is possible."""
    parts = room.secret.read()
    token = parts.get("token", "")
    if not token:
        raise SignInNeeded("There is no access token for this account", hint=LOST_HINT, account=room.account.title)
    ends, now = moment(parts.get("expires_at", "")), room.clock.now()
    if ends is None or not can_refresh(parts):
        return token
    if now >= ends or _is_early(parts, ends, now):
        return await refreshed(room, www, token, early=now < ends)
    return token


def _is_early(parts: Mapping[str, str], ends: datetime, now: datetime) -> bool:
    """Whether to renew a token that still lives: in its last week, once a day, and only when that makes it live longer.
    No token outlives its refresh token, so in the last week of the year a new one ends with the old."""
    whole_end, asked_at = moment(parts.get("refresh_expires_at", "")), moment(parts.get(ASKED, ""))
    longer = whole_end is None or whole_end - EARLY > now
    return now >= ends - EARLY and longer and (asked_at is None or not asked_at <= now < asked_at + AGAIN_AFTER)


def can_refresh(parts: Mapping[str, str]) -> bool:
    """Whether a new token can be had without a person."""
    return all(parts.get(name) for name in ("refresh_token", "client_id", "client_secret"))


def was_refused(parts: Mapping[str, str]) -> bool:
    """Whether LinkedIn refused a new token although the old one still lived."""
    return bool(parts.get(REFUSED))


async def refreshed(room: Room, www: str, stale: str, *, early: bool = False) -> str:
    """A new token instead of ``stale``, saved before its first use. Only one at a time asks for it. ``early``: it still
    lives, so when there is no new one the work goes on with it."""
    async with _lock_of(room.account.id):
        parts, now = room.secret.read(), room.clock.now()
        ends = moment(parts.get("expires_at", ""))
        if parts.get("token", "") != stale:
            return parts.get("token", "")  # somebody renewed it while we waited
        if early and ends is not None and not _is_early(parts, ends, now):
            return stale  # somebody tried while we waited
        kept = {name: value for name, value in parts.items() if name not in {ASKED, REFUSED}}
        try:
            fresh = await _renewed(room, www, parts)
        except PostroomError as error:
            if not early:
                raise
            log.warning("%s: not renewed, the token lives until %s: %s", room.account.title, ends, error)
            refused = {REFUSED: "yes"} if isinstance(error, SignInNeeded) else {}
            if room.secret.read().get("token", "") == stale:  # nobody signed in again meanwhile
                room.secret.save({**kept, ASKED: now.isoformat(), **refused})
            return room.secret.read().get("token", "")
        room.secret.save({**kept, **fresh, ASKED: now.isoformat()})
        return fresh["token"]


async def _renewed(room: Room, www: str, parts: Mapping[str, str]) -> dict[str, str]:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": parts.get("refresh_token", ""),
        "client_id": parts.get("client_id", ""),
        "client_secret": parts.get("client_secret", ""),
    }
    reply = await posted(f"{www}/oauth/v2/accessToken", form, room.http, room.clock)
    if reply.status in {400, 401}:
        raise SignInNeeded(
            "LinkedIn does not renew this sign-in", hint=LOST_HINT, account=room.account.title, status=reply.status
        )
    return parts_of(reply, room.clock.now(), what="renewing the sign-in")


def parts_of(reply: Reply, now: datetime, *, what: str) -> dict[str, str]:
    """The secret's parts in the answer of the token endpoint."""
    if reply.status != 200:
        fail_by_status(reply, what=what)
    answer: Any = reply.json(what)
    token = answer.get("access_token") if isinstance(answer, Mapping) else None
    if not isinstance(token, str) or not token:
        raise BadReply(f"{what}: there is no access token in the answer", status=reply.status)
    parts = {"token": token, "expires_at": _after(now, answer.get("expires_in")) or (now + LASTS).isoformat()}
    if answer.get("refresh_token"):
        parts["refresh_token"] = str(answer["refresh_token"])
        parts["refresh_expires_at"] = _after(now, answer.get("refresh_token_expires_in"))
    if answer.get("scope"):
        parts["scopes"] = " ".join(scopes_of(str(answer["scope"])))
    return parts


def scopes_of(words: str) -> list[str]:
    """The rights in a scope string: LinkedIn separates them by commas in answers, by spaces in questions."""
    return sorted({word for word in words.replace(",", " ").split() if word})


async def posted(url: str, form: Mapping[str, str], http: httpx.AsyncClient, clock: Clock) -> Reply:
    """A form, in the body: a secret never stands in an address."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    try:
        return await request(http, "POST", url, content=urlencode(form).encode(), headers=headers, clock=clock)
    except OutcomeUnknown as error:  # asking for a token once more harms nobody
        raise Unavailable(error.detail, status=error.status) from None


def moment(words: str) -> datetime | None:
    """A time as the secret keeps it."""
    try:
        return datetime.fromisoformat(words).astimezone(UTC) if words else None
    except ValueError:
        return None


def _after(now: datetime, seconds: Any) -> str:
    return (now + timedelta(seconds=seconds)).isoformat() if isinstance(seconds, int) and seconds > 0 else ""


def _lock_of(account_id: str) -> asyncio.Lock:
    return _locks.setdefault(asyncio.get_running_loop(), {}).setdefault(account_id, asyncio.Lock())
