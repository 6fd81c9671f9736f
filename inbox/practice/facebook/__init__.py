"""Facebook as practice speaks it: the Graph API of v26.0 for Pages, in memory (facebook.md, read 2026-11-23).

``Network`` is what stands there and what people do, ``facebook_app`` serves it; how to use both, and what is known to
be unlike the real thing, stands in ``app``. ``Square`` is the council's Page in the practice town.
"""

from inbox.practice.facebook.app import facebook_app
from inbox.practice.facebook.network import Network
from inbox.practice.facebook.wire import GraphError

__all__ = ["GraphError", "Network", "facebook_app"]
