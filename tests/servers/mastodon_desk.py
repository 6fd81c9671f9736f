"""The Mastodon connector signed in at a real server."""

from __future__ import annotations

import httpx

from inbox.connectors.mastodon import Mastodon
from tests.servers.desk import Desk, signed_in
from tests.servers.mastodon_server import MastodonServer, Person


async def desk_at(server: MastodonServer, person: Person) -> Desk:
    """Signed in with an access token."""
    return await signed_in(Mastodon, server.url, {"token": person.token}, httpx.AsyncHTTPTransport())
