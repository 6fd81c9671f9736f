"""Which language is foreign, and where a long handle goes on in the next line."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QLocale
from pytestqt.qtbot import QtBot

from inbox.model import Limits
from tests.ui.reading.test_refill import ALL, PLAIN
from ui.reading import signs
from ui.reading.person import Value
from ui.reading.signs import foreign_language


@pytest.mark.parametrize(
    ("system", "language", "said"),
    [("C", "en", ""), ("C", "en-GB", ""), ("C", "uk", "Ukrainian"), ("de_DE", "en", "English"), ("de_DE", "de", "")],
)
def test_without_a_language_of_the_system_the_windows_own_is_usual(
    monkeypatch: pytest.MonkeyPatch, system: str, language: str, said: str
) -> None:
    class Locale(QLocale):
        @staticmethod
        def system() -> QLocale:
            return QLocale(system)

    monkeypatch.setattr(signs, "QLocale", Locale)
    channel = replace(ALL, limits=Limits(language=""))
    assert foreign_language(replace(PLAIN, language=language), channel) == said


def test_a_handle_without_room_goes_on_in_the_next_line(qtbot: QtBot) -> None:
    said = Value()
    qtbot.addWidget(said)
    said.setText("@harbour@social.harbour.example")
    line = said.fontMetrics().height()
    width = said.fontMetrics().horizontalAdvance("@harbour@social.harb")
    assert said.heightForWidth(width) == pytest.approx(2 * line, abs=2)
    assert said.heightForWidth(1000) == pytest.approx(line, abs=2)
    assert said.text() == "@harbour@social.harbour.example"  # what is copied and spoken stays as it is
