"""As a new user would: nothing there yet, a handle typed, the browser's page allowed, and messages on the screen.

A step is a click, a key that does something, or a text typed without a break.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from inbox.store import accounts
from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.journeys.browser import Browser, allows_on_bluesky, allows_on_mastodon
from tests.servers.journeys.inbox import Inbox, inbox_in
from tests.servers.journeys.seen import Seen, keep, window_over
from tests.servers.mastodon_server import MastodonServer, Person

MOST_STEPS = 7
QUESTION = "When does the library open on Saturdays?"


@dataclass
class Hand:
    """Does what a person does, and counts it."""

    seen: Seen
    steps: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def click(self, what: QAbstractButton | QLineEdit, name: str = "") -> None:
        assert what.isVisible()
        assert what.isEnabled()
        self.steps.append(f"click “{name or what.text()}”")
        QTest.mouseClick(what, Qt.MouseButton.LeftButton)

    def press(self, key: Qt.Key) -> None:
        on = self._focused()
        self.steps.append(f"press {key.name.removeprefix('Key_')} on “{getattr(on, 'text', str)()}”")
        QTest.keyClick(on, key)

    def type(self, text: str) -> None:
        self.steps.append(f"type “{text}”")
        QTest.keyClicks(self._focused(), text)

    def _focused(self) -> QWidget:
        """Where the keyboard is in the dialog; off the screen a window may not be the active one."""
        dialog = self.seen.window.dialogs._accounts
        found = dialog.focusWidget() if dialog is not None else None
        assert found is not None, "the keyboard is nowhere"
        return found


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    """New, and fetching by itself as on a desk."""
    with inbox_in(tmp_path / "home", poll_by_itself=True) as made:
        yield made


def connected(inbox: Inbox, qtbot: QtBot, browser: Browser, network: str, handle: str, expected: str) -> list[str]:
    """Through the dialog until ``expected`` is a painted row; the steps it took."""
    with window_over(inbox, qtbot) as seen:
        hand = Hand(seen)
        seen.until(seen.window.list.empty.add.isVisible)
        hand.click(seen.window.list.empty.add)
        dialog = seen.window.dialogs._accounts
        assert dialog is not None
        adding = dialog.adding
        seen.until(adding.isVisible)
        [choice] = [b for b in adding.networks.buttons() if b.objectName() == network]
        if not choice.isChecked():
            hand.click(choice)
        hand.click(adding.address, "Address")
        hand.type(handle)
        hand.press(Qt.Key.Key_Return)
        seen.until(lambda: dialog.focusWidget() is adding.found.browser)
        looked_s = time.monotonic() - hand.began
        keep(dialog, f"connecting-{network}")
        hand.press(Qt.Key.Key_Space)
        seen.until(lambda: not adding.done.isHidden())
        signed_in_s = time.monotonic() - hand.began
        assert "go back to Postroom" in browser.said[-1]
        seen.until(lambda: dialog.focusWidget() is adding.done.close_)
        hand.press(Qt.Key.Key_Return)
        seen.until(lambda: not dialog.isVisible())
        view, model = seen.window.list.view, seen.window.list.model

        def painted() -> bool:
            view.viewport().repaint()
            rows = (model.row_at(n) for n in range(min(model.rowCount(), 20)))
            return any(expected in row.snippet for row in rows)

        seen.window.rail.choose("everything")
        seen.until(painted)
        took_s = time.monotonic() - hand.began
        seen.picture(f"connected-{network}")
        print(
            f"\n{network}: {len(hand.steps)} steps and the browser's page: {'; '.join(hand.steps)}.\n"
            f"Found after {looked_s:.1f} s, signed in {signed_in_s:.1f} s, first messages painted {took_s:.1f} s"
        )
    [account] = accounts.accounts(inbox.store)
    assert account.network == network
    assert account.signed_in
    secrets = {name: part for name, part in inbox.secrets._kept[account.id].items() if name != "client_id"}
    assert secrets
    assert not any(secret in " ".join(browser.opened) for secret in secrets.values())
    return hand.steps


def test_mastodon_by_typing_a_handle(
    mastodon: MastodonServer, office: Person, inbox: Inbox, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    mastodon.person("maria").post(f"@{office.acct} {QUESTION}")
    browser = Browser(monkeypatch, allows_on_mastodon(mastodon, office))
    handle = f"@{office.name}@{httpx.URL(mastodon.url).netloc.decode()}"
    steps = connected(inbox, qtbot, browser, "mastodon", handle, QUESTION)
    assert len(steps) <= MOST_STEPS


def test_bluesky_by_typing_a_handle(
    bluesky: BlueskyNetwork, inbox: Inbox, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The network's address behind the handle stands for the public directory, which knows no handle of a test."""
    bluesky.citizen("amina").post(QUESTION, mentions=[bluesky.citizen("org")])
    browser = Browser(monkeypatch, allows_on_bluesky(bluesky))
    handle = f"{bluesky.state['accounts']['org']['handle']}@{bluesky.service}"
    steps = connected(inbox, qtbot, browser, "bluesky", handle, QUESTION)
    assert len(steps) <= MOST_STEPS
