"""What only a person can publish: words on the clipboard, the page in the browser, and a word when it is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from inbox.clock import SystemClock
from inbox.connectors.memory import BEFORE_SEND, World
from inbox.engine import Engine
from inbox.errors import ByHand
from inbox.model import Account, DeliveryId, DeliveryState, Media, Update, UpdateKind
from inbox.store import accounts, outbox
from inbox.tasks import Tasks
from ui.bridge import Bridge
from ui.channels.status import leaving
from ui.outbox.standing import Deed
from ui.outbox.view import OutboxView
from ui.reader import Reader

Until = Callable[[Callable[[], object]], None]
THERE = "https://alumni.example/group/7"


@pytest.fixture
def view(qtbot: QtBot, engine: Engine, account: Account, reader: Reader, tasks: Tasks) -> OutboxView:
    made = OutboxView(engine, reader, tasks, SystemClock())
    bridge = Bridge(engine.bus, made)
    bridge.changed.connect(made.on_changed)
    qtbot.addWidget(made, before_close_func=lambda _: bridge.close())
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.fixture
def photo(tmp_path: Path) -> Media:
    image = QImage(40, 30, QImage.Format.Format_RGB32)
    image.fill(QColor("teal"))
    path = tmp_path / "photo.png"
    assert image.save(str(path))
    return Media(path=str(path), mime_type="image/png", alt_text="The bridge", size_bytes=path.stat().st_size)


@pytest.fixture
def handed(
    engine: Engine, world: World, reader: Reader, account: Account, until: Until, view: OutboxView, photo: Media
) -> DeliveryId:
    world.fail("publish", BEFORE_SEND, ByHand("Alumni takes nothing from a program", url=THERE, text="Words."))
    channel = accounts.channels(reader.connection)[0].id
    update = Update(kind=UpdateKind.POST, title="The bridge", text="It is open again.", media=(photo,))
    [id_] = engine.publish(update, [channel]).result(5)
    engine.send_now(id_).result(5)
    until(lambda: id_ in view.rows and view.rows[id_].delivery.state is DeliveryState.BY_HAND)
    return id_


def state(reader: Reader, id_: DeliveryId) -> DeliveryState | None:
    found = outbox.delivery(reader.connection, id_)
    return found.state if found is not None else None


def test_the_row_says_whose_it_is_and_what_to_do(view: OutboxView, handed: DeliveryId, reader: Reader) -> None:
    row = view.rows[handed]
    assert "yours to carry over" in row.accessibleName()
    shown = [d for d, b in row.buttons.items() if not b.isHidden()]
    assert set(shown) == {Deed.CARRY, Deed.PICTURES, Deed.DONE, Deed.TAKE_BACK}
    waiting = outbox.waiting(reader.connection)
    assert "1 message to carry over by hand" in leaving(waiting, SystemClock().now())


def test_the_words_are_copied_and_the_page_opens(view: OutboxView, handed: DeliveryId, browser: list[str]) -> None:
    view.rows[handed].buttons[Deed.CARRY].click()
    assert QGuiApplication.clipboard().text() == "The bridge\n\nIt is open again."
    assert browser == [THERE]
    view.rows[handed].buttons[Deed.PICTURES].click()
    copied = QGuiApplication.clipboard().mimeData()
    assert copied.hasImage()
    assert [Path(u.toLocalFile()).suffix for u in copied.urls()] == [".png"]


def test_a_word_settles_it(view: OutboxView, handed: DeliveryId, reader: Reader, until: Until) -> None:
    view.rows[handed].buttons[Deed.DONE].click()
    until(lambda: state(reader, handed) is DeliveryState.SENT)


def test_it_can_be_taken_back_to_the_composer(
    view: OutboxView, handed: DeliveryId, reader: Reader, until: Until
) -> None:
    wanted: list[Update] = []
    view.edit_wanted.connect(lambda update, _: wanted.append(update))
    view.rows[handed].buttons[Deed.TAKE_BACK].click()
    until(lambda: wanted)
    assert wanted[0].text == "It is open again."
    assert state(reader, handed) is DeliveryState.CANCELLED
