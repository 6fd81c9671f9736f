"""Tick boxes and choices of a network: painted as the window is now, in either scheme and at any size of text."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from ui.theme import GLYPHS, Theme
from ui.widgets.glyph import FAINT, _contrast, colour
from ui.widgets.tick import Choice, Tick


def picture(widget: Tick | Choice) -> QImage:
    widget.resize(widget.sizeHint())
    return widget.grab().toImage()


@pytest.mark.parametrize("kind", [Tick, Choice])
@pytest.mark.parametrize("network", GLYPHS)
def test_the_glyph_follows_the_scheme(qtbot: QtBot, theme: Theme, kind: type, network: str) -> None:
    theme.force(False)
    lived = kind("Harbour Council", network)
    qtbot.addWidget(lived)
    light = picture(lived)
    theme.force(True)
    fresh = kind("Harbour Council", network)
    qtbot.addWidget(fresh)
    dark = picture(lived)
    assert dark == picture(fresh), "as if it had been made in the dark"
    assert dark != light


def test_only_what_is_near_the_ground_gets_an_edge(qtbot: QtBot, theme: Theme) -> None:
    theme.force(True)
    edged = [n for n in GLYPHS if _contrast(colour(n), theme.colour("window")) < FAINT]
    assert edged == ["x"]
    tick = Tick("Harbour Council", "x")
    qtbot.addWidget(tick)
    edge = theme.colour("text_3")
    image = picture(tick)
    seen = {image.pixelColor(x, y).name() for x in range(image.width() // 2) for y in range(image.height())}
    assert edge.name() in seen
