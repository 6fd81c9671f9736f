"""Things that go wrong on demand, for every dialect: slow, refused, garbled, cut, lost.

One ``Faults`` is the plan; two doors carry it out. ``FaultyApp`` is ASGI middleware for real sockets, where ``Town``
hands it a way to cut the connection (``scope["postroom.cut"]``). ``FaultyTransport`` wraps any ``httpx`` transport for
tests in one process: there is no socket to cut under ``httpx.ASGITransport``, so it raises what httpx raises when a
real one is cut, and can stream an endless body, which ``ASGITransport`` cannot. An app inside a ``FaultyTransport``
with the same plan does not apply it a second time. Without either, ``FaultyApp`` under a bare ``ASGITransport`` raises
httpx's errors itself and makes "endless" 24 MB long.
"""

from inbox.practice.faults.app import FaultyApp
from inbox.practice.faults.plan import Fault, FaultKind, Faults
from inbox.practice.faults.transport import FaultyTransport

__all__ = ["Fault", "FaultKind", "Faults", "FaultyApp", "FaultyTransport"]
