"""Contrast of every pair that is used, in both schemes; and no colour anywhere but in the theme."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFont
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.walk import colours_in
from ui.theme import DARK, GLYPHS, LIGHT, Theme, Tokens
from ui.widgets.form import words
from ui.widgets.glyph import _contrast

GROUNDS = ("window", "surface", "sunken", "accent_soft")
TEXT = [
    *((text, ground) for text in ("text", "text_2", "text_3") for ground in GROUNDS),
    ("accent", "surface"), ("accent", "window"), ("accent", "accent_soft"), ("on_accent", "accent"),
    ("owed", "owed_soft"),
    ("accent", "sunken"),
    ("owed", "surface"), ("danger", "danger_soft"), ("danger", "surface"), ("ok", "ok_soft"), ("on_private", "private"),
    ("text", "private"), ("text", "danger_soft"), ("practice", "surface"), ("window", "text"), ("accent", "private"),
]  # fmt: skip
EDGES = [("edge", "surface"), ("edge", "window"), ("accent", "surface"), ("owed", "surface"), ("accent", "window")]


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT)
def test_text_reads(tokens: Tokens, text: str, ground: str) -> None:
    assert _contrast(QColor(getattr(tokens, text)), QColor(getattr(tokens, ground))) >= 4.5


@pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_and_marks_show(tokens: Tokens, edge: str, ground: str) -> None:
    assert _contrast(QColor(getattr(tokens, edge)), QColor(getattr(tokens, ground))) >= 3


@pytest.mark.parametrize("network", GLYPHS)
def test_glyphs_read(network: str) -> None:
    assert _contrast(QColor("#FFFFFF"), QColor(GLYPHS[network][1])) >= 5


def test_no_colour_is_named_outside_the_theme() -> None:
    ui = Path(__file__).parents[2] / "ui"
    named = [line for f in sorted(ui.rglob("*.py")) if f.name != "theme.py" for line in colours_in(f)]
    assert [line for line in named if "GlobalColor.transparent" not in line] == []


def test_larger_text_reaches_what_is_open_already(qapp: QApplication, theme: Theme, qtbot: QtBot) -> None:
    before, box = qapp.font(), QWidget()
    qtbot.addWidget(box)
    column = QVBoxLayout(box)
    small, usual = words("small", percent=92), QPushButton("usual")
    column.addWidget(small)
    column.addWidget(usual)
    box.show()
    doubled = QFont(before)
    doubled.setPointSizeF(before.pointSizeF() * 2)
    qapp.setFont(doubled)
    try:
        assert usual.font().pointSizeF() == pytest.approx(before.pointSizeF() * 2)
        assert small.font().pointSizeF() == pytest.approx(before.pointSizeF() * 2 * 0.92, rel=0.02)
    finally:
        qapp.setFont(before)
    assert small.font().pointSizeF() == pytest.approx(before.pointSizeF() * 0.92, rel=0.02)
