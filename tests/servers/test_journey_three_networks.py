"""One update with two pictures from the window to a real WordPress, a Mastodon and a real Bluesky at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inbox.model import ChannelId, Delivery, DeliveryState, Update, UpdateKind
from inbox.store import accounts
from tests.servers.bluesky_network import BlueskyNetwork
from tests.servers.journeys.inbox import PATIENCE_S, Inbox, inbox_in
from tests.servers.journeys.picture import png
from tests.servers.journeys.seen import window_over
from tests.servers.mastodon_server import MastodonServer
from tests.servers.wordpress_http import signed_in
from tests.servers.wordpress_site import WordPressSite

TEXT = "The quay is open again 👨‍👩‍👧 see https://example.org/quay #harbour"
ALTS = ("The quay at dawn", "A pump, at rest")


@pytest.fixture
def inbox(
    clean_site: WordPressSite, limited_mastodon: MastodonServer, bluesky: BlueskyNetwork, tmp_path: Path
) -> Iterator[Inbox]:
    """Signed in at all three."""
    office = limited_mastodon.new_person()
    city = bluesky.state["accounts"]["org"]
    with inbox_in(tmp_path / "home") as made:
        made.sign_in(clean_site)
        for network, address, answers in (
            ("mastodon", limited_mastodon.url, {"token": office.token}),
            ("bluesky", f"{city['handle']}@{bluesky.service}", {"password": city["appPassword"]}),
        ):
            discovery = made.engine.discover(network, address).result(PATIENCE_S)
            made.engine.sign_in(discovery, answers).result(PATIENCE_S)
        made.sync()
        made.send_at_once()
        made.office = office  # type: ignore[attr-defined]
        yield made


def channels(inbox: Inbox) -> dict[str, ChannelId]:
    return {c.network: c.id for c in accounts.channels(inbox.store)}


def posts_on_bluesky(bluesky: BlueskyNetwork, text: str) -> list[dict[str, object]]:
    did = bluesky.state["accounts"]["org"]["did"]
    return [r for r in bluesky.records(did, "app.bsky.feed.post") if r["value"]["text"] == text]


def test_from_the_window_to_three_networks_and_read_back(
    inbox: Inbox, clean_site: WordPressSite, bluesky: BlueskyNetwork, tmp_path: Path, qtbot: QtBot
) -> None:
    where, office = channels(inbox), inbox.office  # type: ignore[attr-defined]
    pictures = [png(tmp_path / "quay.png"), png(tmp_path / "pump.png", width_px=400, height_px=300)]
    with window_over(inbox, qtbot) as seen:
        seen.window.dialogs.compose()
        composer = seen.window.dialogs.composer
        seen.until(composer.isVisible)
        for tick in composer.editor.ticks.values():
            if not tick.isChecked():
                qtbot.keyClick(tick, Qt.Key.Key_Space)
        composer.editor.title.setText("The quay is open")
        composer.editor.text.setPlainText(TEXT)
        composer.take_files([str(p) for p in pictures])
        seen.until(lambda: len(composer.state.pictures) == 2)
        for picture, alt in zip(composer.state.pictures, ALTS, strict=True):
            picture.media = type(picture.media)(
                path=picture.media.path, mime_type=picture.media.mime_type, alt_text=alt,
                size_bytes=picture.media.size_bytes,
            )  # fmt: skip
        composer.check()
        seen.until(lambda: composer.publish_button.text() == "Publish to 3 now")
        previewed = {id_: card.text.plain for id_, card in composer.previews.cards.items()}
        composer.grab().save(str(tmp_path / "composer.png"))
        with qtbot.waitSignal(composer.queued, timeout=20_000) as queued:
            composer.publish_button.click()
        deliveries = {d.channel_id: d for d in (inbox.wait_for(i) for i in queued.args[0])}
    assert set(deliveries) == set(where.values())
    assert all(d.remote_id and d.url for d in deliveries.values()), "three receipts"

    status = office.status(deliveries[where["mastodon"]].remote_id)
    assert [m["description"] for m in status["media_attachments"]] == list(ALTS)
    assert previewed[where["mastodon"]] == TEXT == deliveries[where["mastodon"]].rendition.text
    assert status["visibility"] == "public"

    [record] = posts_on_bluesky(bluesky, TEXT)
    images = record["value"]["embed"]["images"]  # type: ignore[index]
    assert [i["alt"] for i in images] == list(ALTS)
    assert previewed[where["bluesky"]] == TEXT
    kinds = {f["features"][0]["$type"].partition("#")[2] for f in record["value"]["facets"]}  # type: ignore[index]
    assert kinds == {"link", "tag"}

    number = deliveries[where["wordpress"]].remote_id.removeprefix("post:")
    with signed_in(clean_site) as client:
        post = client.get(f"{clean_site.api}wp/v2/posts/{number}", params={"context": "edit"}).json()
    assert post["title"]["raw"] == "The quay is open"
    assert "https://example.org/quay" in post["content"]["raw"]
    for alt in ALTS:
        assert alt in post["content"]["raw"] or post["featured_media"]


def update() -> Update:
    return Update(kind=UpdateKind.POST, title="Down", text="One of three is down just now")


def test_one_is_down_the_others_are_out_and_it_follows_once(
    inbox: Inbox, limited_mastodon: MastodonServer, bluesky: BlueskyNetwork
) -> None:
    where, office = channels(inbox), inbox.office  # type: ignore[attr-defined]
    limited_mastodon.stop()
    ids = inbox.engine.publish(update(), list(where.values())).result(PATIENCE_S)
    by_channel: dict[ChannelId, Delivery] = {inbox.delivery(i).channel_id: inbox.delivery(i) for i in ids}
    for network in ("wordpress", "bluesky"):
        inbox.wait_for(by_channel[where[network]].id)
    waiting = by_channel[where["mastodon"]].id
    held = inbox.wait_for(waiting, DeliveryState.QUEUED)
    assert held.state is DeliveryState.QUEUED
    limited_mastodon.start_again()
    for _ in range(8):
        inbox.later(120)
    sent = inbox.wait_for(waiting)
    inbox.later(600)
    assert [s["id"] for s in office.statuses() if "One of three" in s["content"]] == [sent.remote_id]
    assert len(posts_on_bluesky(bluesky, update().text)) == 1
