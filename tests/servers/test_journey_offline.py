"""Without a network everything that is here can be read and answered; what waits leaves once, when it returns."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from inbox.connectors import http as web
from inbox.model import DeliveryState
from inbox.store import outbox, reading
from tests.servers.journeys.inbox import Inbox, inbox_in
from tests.servers.journeys.seen import window_over
from tests.servers.journeys.truth import assert_sound, differences
from tests.servers.wordpress_site import WordPressSite

PLACES = ("owed", "waiting", "quiet", "done", "everything", "aside", "published")


class Cable(httpx.AsyncHTTPTransport):
    """The way to the blog; pulled out, the machine knows no route, as it says without any network."""

    pulled = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.pulled:
            try:
                raise OSError(errno.ENETUNREACH, "Network is unreachable")
            except OSError as error:
                raise httpx.ConnectError("All connection attempts failed") from error
        return await super().handle_async_request(request)


@pytest.fixture
def cable() -> Cable:
    return Cable()


@pytest.fixture
def inbox(clean_site: WordPressSite, tmp_path: Path, cable: Cable) -> Iterator[Inbox]:
    """A blog with life in it, fetched by itself every second."""
    clean_site.seed(8, 20, 4)
    client: Callable[[], httpx.AsyncClient] = lambda: web.client(transport=cable)  # noqa: E731
    with inbox_in(tmp_path / "home", client=client, poll_by_itself=True, interval_s=1) as made:
        made.sign_in(clean_site)
        made.sync()
        made.send_at_once()
        yield made


def test_offline_everything_is_here_and_answers_wait(
    inbox: Inbox, clean_site: WordPressSite, cable: Cable, qtbot: QtBot
) -> None:
    with window_over(inbox, qtbot) as seen:
        seen.until(lambda: inbox.health().backfilled and inbox.engine.state().offline_since is None)
        before = differences(inbox.store, inbox.channel_id, clean_site)
        assert before == []
        cable.pulled = True
        seen.until(lambda: seen.says(seen.window.troubles.offline).startswith("Working offline since "))
        seen.until(lambda: "There is no way to 127.0.0.1" in inbox.health().trouble)
        assert inbox.account().signed_in
        # every list and every conversation of it opens, and search finds
        for place in PLACES:
            rows = reading.page(inbox.store, place, limit=1000)
            for row in rows[:15]:
                seen.go_to(place, row.id)
                assert seen.window.conversation.row is not None
                assert seen.window.conversation.row.id == row.id
        seen.press("/")
        seen.type("disagree")
        found = {hit.row.id for hit in reading.search(inbox.store, "disagree", limit=100)}
        assert len(found) > 1
        seen.until(lambda: seen.window.list.searching and seen.window.list.view.model().rowCount() == len(found))
        seen.window.list.search.clear()
        # answers are written and wait
        owed = [r for r in reading.page(inbox.store, "owed", limit=1000) if not r.held][:3]
        for number, row in enumerate(owed):
            seen.go_to("owed", row.id)
            seen.press("r")
            seen.type(f"Written on the train {number}")
            seen.send()
        seen.until(lambda: all(d.words for d in outbox.waiting(inbox.store)))
        assert [d.state for d in outbox.waiting(inbox.store)] == [DeliveryState.QUEUED] * 3
        seen.until(lambda: seen.says(seen.window.troubles.offline).endswith("3 messages wait."))
        print("\n" + seen.says(seen.window.troubles.offline))
        told = [label.text() for label in seen.window.status.findChildren(QLabel)]
        assert told[0].startswith("Organisation blog only to ")
        assert told[0].endswith(" · 3 messages wait to go")
        assert "cannot be closed" not in told[0]
        assert told[1].startswith("offline")
        seen.picture("offline")
        seen.window.rail.choose("outbox")
        seen.picture("offline-outbox")
        seen.window.rail.choose("owed")
        assert texts(clean_site) == []
        # a visitor writes meanwhile
        fresh = clean_site.comment(1, "Vera", "While you were away")
        cable.pulled = False
        inbox.later(16)  # the next look for the network is due
        seen.until(lambda: not seen.says(seen.window.troubles.offline))
        seen.until(lambda: not outbox.waiting(inbox.store))
        seen.until(lambda: reading.message_by_remote_id(inbox.store, inbox.channel_id, f"comment:{fresh}"))
        seen.picture("online-again")
    inbox.sync()
    assert texts(clean_site) == [f"Written on the train {n}" for n in range(3)]
    assert differences(inbox.store, inbox.channel_id, clean_site) == []
    assert inbox.engine.state().offline_since is None
    assert_sound(inbox.store)


def test_a_dead_host_is_not_taken_for_a_dead_network(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    with window_over(inbox, qtbot) as seen:
        clean_site.kill_web()
        seen.until(lambda: "127.0.0.1 refuses the connection" in inbox.health().trouble)
        assert inbox.engine.state().offline_since is None
        assert seen.says(seen.window.troubles.offline) == ""
        row = next(r for r in reading.page(inbox.store, "owed", limit=1000) if not r.held)
        seen.go_to("owed", row.id)
        seen.press("r")
        seen.type("To a dead host")
        seen.send()
        seen.until(lambda: any(d.words for d in outbox.waiting(inbox.store)))
        [delivery] = outbox.waiting(inbox.store)
        assert delivery.state is DeliveryState.QUEUED
        assert "refuses the connection" in delivery.words
        seen.picture("host-dead")
        clean_site.restart_web()
        inbox.later(60)
        seen.until(lambda: not outbox.waiting(inbox.store))
        seen.until(lambda: not inbox.health().trouble)
    assert texts(clean_site) == ["To a dead host"]


def test_the_window_says_when_to_sign_in_again(inbox: Inbox, clean_site: WordPressSite, qtbot: QtBot) -> None:
    with window_over(inbox, qtbot) as seen:
        clean_site.fault("strip-auth")
        seen.until(
            lambda: (
                "Organisation blog: The blog no longer accepts the sign-in"
                in seen.says(seen.window.troubles.signed_out)
            )
        )
        words = seen.says(seen.window.troubles.signed_out)
        print("\n" + words)
        assert "nothing is lost" in words
        assert "Authorization" in words
        seen.picture("signed-out")
        clean_site.clear_faults()
        seen.window.commands.run("sync")
        seen.until(lambda: not seen.says(seen.window.troubles.signed_out))
        assert inbox.account().signed_in


def texts(site: WordPressSite) -> list[str]:
    """What the officer said through the window, oldest first."""
    mine = "SELECT comment_content FROM wp_comments WHERE comment_content LIKE ? OR comment_content LIKE ? ORDER BY 1"
    return [str(text) for (text,) in site.sql(mine, "Written on the train %", "To a dead host%")]
