"""The stream of events, used as a hint only: it makes the next poll sooner (mastodon.md section 5)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import httpx
from httpx_sse import SSEError, aconnect_sse

from inbox.connectors.http import host_of
from inbox.connectors.mastodon.server import Api
from inbox.errors import NotAllowed, NotFound, Offline, RateLimited, SignInNeeded, Unavailable

PATH: Final = "/api/v1/streaming/user/notification"
SILENCE_S: Final = 60.0
"""A heartbeat comes every fifteen seconds; a minute without one means that nobody is there any more."""
HEARD: Final = frozenset({"notification", "notifications_merged", "update", "status.update", "delete", "conversation"})


async def hints(api: Api) -> AsyncIterator[None]:
    """Yields once it listens and at each event. Raises when the stream ends, whatever the reason.

    Nothing is replayed after a gap, so whoever listens again polls first: that is what the first yield is for.
    """
    base = api.server.streaming
    host = host_of(base)
    if not base:
        raise NotFound("This server offers no stream", account=api.account)
    headers = {"Authorization": f"Bearer {api.token()}"}
    timeout = httpx.Timeout(SILENCE_S, connect=10.0)
    try:
        async with aconnect_sse(api.http, "GET", f"{base}{PATH}", headers=headers, timeout=timeout) as source:
            _judge(source.response.status_code, host, api.account)
            yield
            async for event in source.aiter_sse():
                if event.event in HEARD:
                    yield
    except SSEError:
        raise Unavailable(f"{host} answers the stream with something else", account=api.account) from None
    except httpx.ConnectError:
        raise Offline(f"There is no way to the stream of {host}", account=api.account) from None
    except httpx.TimeoutException:
        raise Unavailable(f"The stream of {host} fell silent", account=api.account) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unavailable(f"The stream of {host} broke off ({type(error).__name__})", account=api.account) from None
    raise Unavailable(f"{host} ended the stream", account=api.account)


def _judge(status: int, host: str, account: str) -> None:
    if status == 200:
        return
    detail = f"{host} answered the stream with status {status}"
    if status == 401:
        raise SignInNeeded(detail, account=account, status=status)
    if status == 403:
        raise NotAllowed(detail, account=account, status=status)
    if status in {404, 405, 410, 501}:
        raise NotFound(detail, account=account, status=status)
    if status == 429:
        raise RateLimited(detail, account=account, status=status)
    raise Unavailable(detail, account=account, status=status)
