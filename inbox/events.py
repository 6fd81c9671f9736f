"""What changed, as a value, and the bus that carries it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, fields

from inbox.model import ChannelId, ConversationId, DeliveryId

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """What a committed write touched. Whoever shows any of it reads it again; nobody is sent the new values."""

    conversations: frozenset[ConversationId] = field(default_factory=frozenset)
    channels: frozenset[ChannelId] = field(default_factory=frozenset)
    deliveries: frozenset[DeliveryId] = field(default_factory=frozenset)
    accounts: bool = False
    connectivity: bool = False
    arrived: int = 0  # messages from others that were not here before

    def __or__(self, other: Changed) -> Changed:
        """Both changes as one."""
        return Changed(
            conversations=self.conversations | other.conversations,
            channels=self.channels | other.channels,
            deliveries=self.deliveries | other.deliveries,
            accounts=self.accounts or other.accounts,
            connectivity=self.connectivity or other.connectivity,
            arrived=self.arrived + other.arrived,
        )

    def __bool__(self) -> bool:
        return any(getattr(self, f.name) for f in fields(self))


class Bus:
    """Tells listeners, in order of subscription, on the thread that publishes."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Changed], None]] = []

    def subscribe(self, listener: Callable[[Changed], None]) -> Callable[[], None]:
        """Call ``listener`` for each change until the returned function is called."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def publish(self, changed: Changed) -> None:
        """Tell everyone; nothing happens for a change that touched nothing."""
        if changed:
            for listener in tuple(self._listeners):
                listener(changed)
