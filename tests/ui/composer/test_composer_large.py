"""Text at 200 % in a window of 1024 x 700, with everything open that three networks offer: nothing is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from inbox.model import AccountId, Capability, Channel, ChannelId
from tests.ui.networks import Three
from tests.ui.walk import cut_off
from ui.composer.state import ComposerState
from ui.composer.where import Where
from ui.composer.window import Composer

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def large(qapp: QApplication) -> Iterator[None]:
    before, doubled = qapp.font(), qapp.font()
    doubled.setPointSizeF(before.pointSizeF() * 2)
    qapp.setFont(doubled)
    yield
    qapp.setFont(before)


def test_three_channels_with_all_options(
    large: None, make_three: Callable[[], Composer], networks: Three, qtbot: QtBot, until: Until, image: QImage,
    tmp_path: Path, named: Callable[[QWidget], None], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    image.save(str(tmp_path / "a.png"))
    monkeypatch.setattr(networks.engine, "link_card", lambda url: Future())  # a page that takes its time
    composer = make_three()
    composer.resize(1024, 700)
    for tick in composer.editor.ticks.values():
        tick.setChecked(True)
    composer.editor.title.setText("Library opens")
    composer.editor.text.setPlainText("See https://x.example/a " + "x" * 300)
    composer.editor.texts.go_to(networks.id("sky"))
    composer.editor.text.setPlainText("Short " + "x" * 300)
    options = composer.editor.options
    options.poll.wanted.setChecked(True)
    options.card.setChecked(True)
    options.visibility.setCurrentIndex(3)
    composer.editor.when.later.setChecked(True)
    composer.take_files([str(tmp_path / "a.png")])
    until(lambda: composer.editor.strip.cards and composer.editor.strip.cards[0].remove.isVisible())
    composer.check()
    until(lambda: cut_off(composer) == [])
    named(composer)


def test_a_long_name_wraps(large: None, qtbot: QtBot) -> None:
    where = Where()
    qtbot.addWidget(where)
    name = "The Department of Agriculture, Fisheries, Forestry and Everything Else that Grows by the Water"
    found = Channel(
        id=ChannelId("a"), account_id=AccountId("a"), network="mastodon", remote_id="a", title=name,
        capabilities=Capability.POST,
    )  # fmt: skip
    where.show_channels([found], ComposerState(), set())
    where.resize(700, 400)
    where.show()
    tick = where.ticks[found.id]
    qtbot.waitUntil(lambda: 0 < tick.width() <= 700)
    assert tick.height() == tick.heightForWidth(tick.width()) > 2 * tick.fontMetrics().height()
