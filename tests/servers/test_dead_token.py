"""A sign-in dies in the middle of a poll, seen through the window: fetching stops and one banner with one button says
so; signing in again there closes the gap, and nothing is lost or there twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from inbox.connectors import http as web
from inbox.store import accounts, ledger
from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.journeys.browser import Browser, allows_on_bluesky, allows_on_mastodon
from tests.servers.journeys.inbox import PATIENCE_S, Inbox, inbox_in
from tests.servers.journeys.seen import Seen, keep, window_over
from tests.servers.mastodon_server import MastodonServer, Person

BEFORE, MEANWHILE = 170, 5
INTERVAL_S, SEVERAL_POLLS_MS = 1, 8_000


class Watched(httpx.AsyncHTTPTransport):
    """Counts requests; before the ``dies_at``-th that reads notifications, ``dies`` happens."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = 0
        self.notifications = 0
        self.dies_at = 0
        self.dies: Callable[[httpx.Request], None] = lambda _: None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if request.url.path.endswith(("/api/v1/notifications", ".listNotifications")):
            self.notifications += 1
            if self.notifications == self.dies_at:
                self.dies(request)
        return await super().handle_async_request(request)


@pytest.fixture
def wire() -> Watched:
    return Watched()


@pytest.fixture
def inbox(tmp_path: Path, wire: Watched) -> Iterator[Inbox]:
    """New, and fetching by itself as on a desk, but every second. (The clock is the machine's: proofs carry it.)"""
    client = partial(web.client, transport=wire)
    with inbox_in(tmp_path / "home", client=client, poll_by_itself=True, interval_s=INTERVAL_S) as made:
        yield made


@dataclass(frozen=True)
class Story:
    """What differs between the networks."""

    network: str
    address: str
    answers: dict[str, str]
    ask: Callable[[str], None]
    dies: Callable[[Inbox, httpx.Request], None]
    allows: Callable[[str], str]


def there(inbox: Inbox) -> list[str]:
    """Every question in the inbox, as often as it is there."""
    found = inbox.store.execute("SELECT text FROM messages WHERE text LIKE '%Question ___ about the quay' ORDER BY id")
    return [text for (text,) in found]


def button(seen: Seen) -> QPushButton:
    """The one button of the banner."""
    [found] = [b for b in seen.window.troubles.signed_out.findChildren(QPushButton) if b.isVisible()]
    return found


def dies_and_lives_again(
    story: Story, inbox: Inbox, wire: Watched, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [f"Question {n:03d} about the quay" for n in range(BEFORE + MEANWHILE)]
    for text in asked[:BEFORE]:
        story.ask(text)
    Browser(monkeypatch, story.allows)
    with window_over(inbox, qtbot) as seen:
        discovery = inbox.engine.discover(story.network, story.address).result(PATIENCE_S)
        wire.dies_at = wire.notifications + 2  # the first page is in, more was to come
        wire.dies = lambda request: story.dies(inbox, request)
        inbox.engine.sign_in(discovery, story.answers).result(PATIENCE_S)

        seen.until(seen.window.troubles.signed_out.isVisible)
        words = seen.says(seen.window.troubles.signed_out)
        assert "no longer accepts the sign-in" in words
        assert "withdrawn" in words
        assert words.endswith("Sign in again. Fetching has stopped there; nothing is lost.")
        assert button(seen).text() == "Sign in again"
        assert not seen.window.troubles.failure.isVisible()
        assert not seen.window.troubles.offline.isVisible()
        kept = there(inbox)
        assert 0 < len(kept) < BEFORE
        seen.until(lambda: not inbox.engine.state().polling)
        asked_so_far = wire.requests
        for text in asked[BEFORE:]:
            story.ask(text)
        QTest.qWait(SEVERAL_POLLS_MS)
        assert wire.requests == asked_so_far, "a dead sign-in is not tried again, also when a stream tells of news"
        seen.window.rail.choose("everything")
        seen.picture(f"dead-token-{story.network}")

        QTest.mouseClick(button(seen), Qt.MouseButton.LeftButton)
        dialog = seen.window.dialogs._accounts
        assert dialog is not None
        seen.until(lambda: dialog.focusWidget() is dialog.adding.found.browser)
        keep(dialog, f"dead-token-{story.network}-again")
        QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)
        seen.until(lambda: not dialog.adding.done.isHidden())
        QTest.keyClick(dialog.adding.done.close_, Qt.Key.Key_Return)
        seen.until(lambda: not seen.window.troubles.signed_out.isVisible())
        seen.until(lambda: len(there(inbox)) >= len(asked) and not inbox.engine.state().polling)
        print(f"\n{story.network}: {len(kept)} of {BEFORE} came before the end. The banner: {words}")
    found = there(inbox)
    assert len(found) == len(asked), "nothing is there twice"
    assert {text for text in asked if not any(text in one for one in found)} == set()
    [account] = accounts.accounts(inbox.store)
    assert account.signed_in
    assert ledger.gaps(inbox.store, since=inbox.clock.now().replace(year=2020)) == []


def test_on_mastodon(
    mastodon: MastodonServer, office: Person, inbox: Inbox, wire: Watched, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    maria = mastodon.person("maria")

    def dies(inbox: Inbox, request: httpx.Request) -> None:
        [kept] = inbox.secrets._kept.values()
        mastodon.revoke(kept["token"])

    token = mastodon.token_again(office)
    story = Story(
        network="mastodon", address=mastodon.url, answers={"token": token}, dies=dies,
        ask=lambda text: maria.post(f"@{office.acct} {text}") and None, allows=allows_on_mastodon(mastodon, office),
    )  # fmt: skip
    dies_and_lives_again(story, inbox, wire, qtbot, monkeypatch)


def test_on_bluesky(
    bluesky: BlueskyNetwork, inbox: Inbox, wire: Watched, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The app password is withdrawn. Its access token would live on for two hours; here it ends at once."""
    org, amina = bluesky.citizen("org"), bluesky.citizen("amina")
    password = org.app_password("soon withdrawn")

    def dies(inbox: Inbox, request: httpx.Request) -> None:
        org.revoke("soon withdrawn")
        ended = bluesky.control("session-lifetime", did=org.did, seconds=-10)["accessJwt"]
        [(account_id, kept)] = inbox.secrets._kept.items()
        inbox.secrets._kept[account_id] = {**kept, "access": ended}
        request.headers["Authorization"] = f"Bearer {ended}"

    def ask(text: str) -> None:
        amina.post(text, mentions=[org], flush=text >= f"Question {BEFORE - 1}")

    story = Story(
        network="bluesky", address=f"{org.handle}@{bluesky.service}", answers={"password": password}, dies=dies,
        ask=ask, allows=allows_on_bluesky(bluesky),
    )  # fmt: skip
    dies_and_lives_again(story, inbox, wire, qtbot, monkeypatch)
