"""The practice X over real HTTP: API v2, sign-in, prices, and what it refuses to programs. See ``app``.

Held against both OpenAPI subsets, the recorded answers and the official client (docs/likeness/x.md). Known to be
unlike: no streams, webhooks, compliance jobs, lists, spaces, bookmarks or likes that succeed; search knows @names,
plain words, ``from:``, ``conversation_id:`` and ``quotes_of_tweet_id:`` only; no cards or previews of links, no videos;
bare hosts are taken for links under a dozen endings; credits are counted to the micro-dollar at once; every "Authorize
app" is one click by the app's owner; entities of escaped text count the escaped form.
"""

from inbox.practice.x.app import x_app
from inbox.practice.x.network import App, Event, Grant, Network, Post, Upload, User

__all__ = ["App", "Event", "Grant", "Network", "Post", "Upload", "User", "x_app"]
