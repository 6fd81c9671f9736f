"""Listens where a network tells at once that something may be new, and asks for a poll.

A hint is never the only source: polls go on at their interval whether anybody listens or not. So whatever goes wrong
here costs nothing but time, and is tried again later and later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from inbox.clock import Clock
from inbox.connectors.connector import Connector
from inbox.errors import NotAllowed, NotFound, PostroomError, SignInNeeded, Unsupported
from inbox.model import Channel, ChannelId
from inbox.tasks import Tasks

log = logging.getLogger(__name__)

AT_MOST_EVERY_S = 5.0
"""However much a network has to tell: its polls come no more often than this."""
AGAIN_FIRST_S = 2.0
AGAIN_LONGEST_S = 300.0


class Hints:
    """One listener for each channel that has hints."""

    def __init__(
        self,
        clock: Clock,
        tasks: Tasks,
        connector_for: Callable[[Channel], Awaitable[Connector]],
        hinted: Callable[[ChannelId], None],
    ) -> None:
        self._clock = clock
        self._tasks = tasks
        self._connector_for = connector_for
        self._hinted = hinted
        self._listening: dict[ChannelId, asyncio.Task[None]] = {}

    def keep(self, channels: Iterable[Channel]) -> None:
        """Listen at exactly these channels."""
        wanted = {c.id: c for c in channels}
        for gone in self._listening.keys() - wanted.keys():
            self._listening.pop(gone).cancel()
        for id_, channel in wanted.items():
            if id_ not in self._listening or self._listening[id_].done():
                self._listening[id_] = self._tasks.start(self._listen(channel), name=f"hints {id_}")

    async def _listen(self, channel: Channel) -> None:
        again_s = AGAIN_FIRST_S
        while True:
            try:
                connector = await self._connector_for(channel)
                events = 0
                async for _ in connector.hints(channel):
                    events += 1
                    if events > 1:  # the first comes with the beginning, also of a stream that is ended at once
                        again_s = AGAIN_FIRST_S
                    self._hinted(channel.id)
                    await self._clock.sleep(AT_MOST_EVERY_S)
            except (SignInNeeded, NotAllowed, NotFound, Unsupported) as error:
                log.info("%s: no hints: %s", channel.id, error)  # there are none, or the next poll says why
                return
            except PostroomError as error:
                log.info("%s: hints stopped: %s", channel.id, error)
            await self._clock.sleep(again_s)
            again_s = min(again_s * 2, AGAIN_LONGEST_S)
