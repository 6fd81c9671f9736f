"""Tokens: what Facebook says of one, and one that lasts in place of one that does not (facebook.md section 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from inbox.connectors.connector import Room
from inbox.connectors.facebook.graph import Api, Session, asked, raised
from inbox.connectors.facebook.troubles import Told
from inbox.errors import PostroomError

RENEW_BEFORE: Final = timedelta(days=14)


class Passing:
    """A secret that is not kept yet."""

    def __init__(self, parts: Mapping[str, str]) -> None:
        self._parts = parts

    def read(self) -> Mapping[str, str]:
        return self._parts

    def save(self, parts: Mapping[str, str]) -> None:
        self._parts = parts


def filled(secret: Mapping[str, str]) -> dict[str, str]:
    """The parts of a secret that say something."""
    return {key: value for key, value in secret.items() if value}


def ends_at(secret: Mapping[str, str]) -> datetime | None:
    """When the token runs out; None for never, or not known."""
    words = secret.get("ends_at", "")
    return datetime.fromisoformat(words) if words else None


async def told_of(room: Room, secret: dict[str, str]) -> Mapping[str, Any]:
    """What Facebook says of the token: whose, how long, which rights. Asked in a body, so that no token stands in an
    address. Nothing, where it does not tell this app."""
    app_id, app_secret = secret.get("app_id", ""), secret.get("app_secret", "")
    url = asked("debug_token", {"input_token": secret.get("token", "")})
    try:
        if app_id and app_secret:  # the app's own token, which needs no proof
            api = with_token(room, {"token": f"{app_id}|{app_secret}"})
        else:
            api = with_token(room, secret)
        answer = raised((await api.batch([url], what="the token", hidden=True))[0])
    except PostroomError:
        return {}
    told = answer.get("data") if isinstance(answer, Mapping) else None
    if not isinstance(told, Mapping):
        return {}
    ends = told.get("expires_at")
    if isinstance(ends, int):
        secret["ends_at"] = datetime.fromtimestamp(ends, UTC).isoformat() if ends else ""
    data_ends = told.get("data_access_expires_at")
    if isinstance(data_ends, int) and data_ends:
        secret["data_ends_at"] = datetime.fromtimestamp(data_ends, UTC).isoformat()
    secret["kind"] = str(told.get("type") or "")
    return told


async def lasting(room: Room, secret: dict[str, str]) -> dict[str, str]:
    """The secret with a token that lasts: a short one is exchanged for one of sixty days, and a system user's is
    renewed in time, where app id and secret are known."""
    ends, now = ends_at(secret), room.clock.now()
    if ends is None or ends - now > RENEW_BEFORE or not (secret.get("app_id") and secret.get("app_secret")):
        return secret
    form = {
        "grant_type": "fb_exchange_token",
        "client_id": secret["app_id"],
        "client_secret": secret["app_secret"],
        "fb_exchange_token": secret["token"],
    }
    if secret.get("kind") == "SYSTEM_USER":
        form |= {"set_token_expires_in_60_days": "true"}
    try:
        answer = await with_token(room, secret).write("oauth/access_token", form, what="renewing the token")
    except (Told, PostroomError):
        return secret  # what we have still works for a while
    token, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(token, str) or not token:
        return secret
    lasts = (now + timedelta(seconds=seconds)).isoformat() if isinstance(seconds, int) and seconds else ""
    renewed = {**secret, "token": token, "ends_at": lasts}
    if room.account.id:  # saved before its first use
        room.secret.save(filled(renewed))
    return renewed


def with_token(room: Room, secret: Mapping[str, str]) -> Api:
    """The door as whoever this secret's token belongs to, instead of as a Page."""
    return Api(replace(room, secret=Passing(secret)), Session(), "", token=secret.get("token", ""))
