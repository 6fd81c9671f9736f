"""A whole network in memory: the smallest whole example of the contract, and the twin that fuzzes the engine.

It is no network that anybody may pick, so it does not stand in CONNECTORS. ``connector.py`` is the example to copy,
``world.py`` the network it speaks to.
"""

from inbox.connectors.memory.connector import Memory, message_from
from inbox.connectors.memory.world import AFTER_ACCEPT, BEFORE_SEND, Crash, Entry, World

__all__ = ["AFTER_ACCEPT", "BEFORE_SEND", "Crash", "Entry", "Memory", "World", "message_from"]
