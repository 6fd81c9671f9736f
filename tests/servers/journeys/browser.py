"""A person in front of a browser: reads the page that Postroom opens, allows it, and is sent back by the browser."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from PySide6.QtCore import QUrl

from tests.servers.bluesky.approve_oauth import approve
from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.mastodon_server import MastodonServer, Person
from ui.accounts import adding


class Browser:
    """In place of the desktop's own. ``allows`` gets the address of the page and gives the one that comes after it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, allows: Callable[[str], str]) -> None:
        self.opened: list[str] = []
        self.said: list[str] = []
        """What the last page said, that of Postroom itself."""
        self._allows = allows
        monkeypatch.setattr(adding.QDesktopServices, "openUrl", self._open)

    def _open(self, url: QUrl) -> bool:
        self.opened.append(url.toString(QUrl.ComponentFormattingOption.FullyEncoded))
        # A browser is another program: the window goes on meanwhile.
        threading.Thread(target=self._through, args=(self.opened[-1],), daemon=True).start()
        return True

    def _through(self, address: str) -> None:
        self.said.append(httpx.get(self._allows(address), trust_env=False, timeout=30).text)


def allows_on_mastodon(server: MastodonServer, person: Person) -> Callable[[str], str]:
    """Signs in as this person and clicks on what allows it."""

    def allow(address: str) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        with httpx.Client(base_url=server.url, trust_env=False, timeout=30) as there:
            assert "Postroom would like permission" in there.get(address).text
            reply = there.post("/oauth/authorize", data={**asked, "username": person.name})
        assert reply.status_code == 302
        return reply.headers["location"]

    return allow


def allows_on_bluesky(network: BlueskyNetwork, name: str = "org") -> Callable[[str], str]:
    """Signs in as this account and consents, on the network's own page."""
    account = network.state["accounts"][name]
    return lambda address: str(approve(address, account["handle"], account["password"]))
