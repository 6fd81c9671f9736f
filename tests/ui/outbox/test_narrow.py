"""Every deed of a delivery can be reached in a narrow window and at large text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication

from inbox.connectors.memory import BEFORE_SEND, World
from inbox.engine import Engine
from inbox.errors import ByHand
from inbox.model import DeliveryState
from inbox.store import outbox, reading
from tests.ui.test_window import make, town
from ui.reader import Reader
from ui.window import Window

__all__ = ["make", "town"]


@pytest.mark.parametrize(("width", "times"), [(480, 1), (620, 1), (1024, 2)])
def test_no_button_lies_outside(
    qapp: QApplication, make: Callable[[], Window], town: World, engine: Engine, reader: Reader,
    until: Callable[[Callable[[], object]], None], width: int, times: int,
) -> None:  # fmt: skip
    usual = qapp.font()
    larger = QFont(usual)
    larger.setPointSizeF(usual.pointSizeF() * times)
    qapp.setFont(larger)
    try:
        window = make()
        town.fail("publish", BEFORE_SEND, ByHand("Nothing is taken here.", url="https://x.example/1", text="At nine"))
        [hit, *_] = reading.search(reader.connection, "question")
        engine.send_now(engine.reply(hit.message_id, "At nine").result(10)).result(10)
        until(lambda: outbox.waiting(reader.connection)[0].state is DeliveryState.BY_HAND)
        window.resize(width, 600)
        window.rail.choose("outbox")
        until(lambda: window.outbox.rows)
        [row] = window.outbox.rows.values()
        shown = [b for b in row.buttons.values() if not b.isHidden()]
        assert len(shown) > 2
        room = window.outbox._area.viewport()
        until(lambda: all(b.mapTo(room, QPoint(b.width(), 0)).x() <= room.width() for b in shown))
        assert len({(b.x(), b.y()) for b in shown}) == len(shown), "none covers another"
    finally:
        qapp.setFont(usual)
