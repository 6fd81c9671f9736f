"""LinkedIn as practice speaks it: the versioned REST interface of the Community Management API (linkedin.md, read
2026-11-23), with its Rest.li addresses, its 100 calls a day, and its silence about cut posts.

``Network`` is what stands there, ``linkedin_app`` serves it; how to use both, and where it stands what is known to be
unlike the real thing, is said in ``app``. ``Village`` is the town's page on it, with its citizens.
"""

from inbox.practice.linkedin.app import linkedin_app
from inbox.practice.linkedin.entities import App, Comment, Member, Organization, Post
from inbox.practice.linkedin.network import SCOPES, Network
from inbox.practice.linkedin.village import Village

__all__ = ["SCOPES", "App", "Comment", "Member", "Network", "Organization", "Post", "Village", "linkedin_app"]
