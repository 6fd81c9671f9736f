"""The builders: whatever they make has a name, and says its trouble; ticks and glyphs are seen in both schemes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from tests.ui.walk import spoken
from ui.notices import Notice
from ui.theme import DARK, GLYPHS, LIGHT, Theme
from ui.widgets.ask import ask
from ui.widgets.form import Form, SecretEdit, button
from ui.widgets.glyph import Glyph, letters, paint_glyph
from ui.widgets.inline_notice import InlineNotice
from ui.widgets.tick import Choice, Tick

Until = Callable[[Callable[[], object]], None]


@pytest.fixture
def window(qtbot: QtBot, theme: Theme) -> QWidget:
    made = QWidget()
    QVBoxLayout(made)
    qtbot.addWidget(made)
    return made


def contrast(one: QColor, other: QColor) -> float:
    def luminance(c: QColor) -> float:
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c.redF(), c.greenF(), c.blueF())]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_a_row_gives_its_control_label_name_and_description(theme: Theme) -> None:
    form, edit = Form(), QLineEdit()
    row = form.add("&Address", edit, "As it stands in the browser.")
    assert row.label.buddy() is edit
    assert (edit.accessibleName(), edit.accessibleDescription()) == ("Address", "As it stands in the browser.")
    row.show_error("Type it first.")
    assert edit.accessibleDescription() == "Type it first. As it stands in the browser."
    assert not row.error.isHidden()
    row.show_error("")
    assert row.error.isHidden()
    row.rename("Feed", "Any page")
    assert (edit.accessibleName(), edit.accessibleDescription()) == ("Feed", "Any page")


def test_a_secret_edit_names_its_parts(theme: Theme) -> None:
    secret = SecretEdit("Password")
    form = Form()
    row = form.add("Password", secret, focus=secret.edit)
    assert row.label.buddy() is secret.edit
    assert (secret.edit.accessibleName(), secret.toggle.accessibleName()) == ("Password", "Show: Password")
    secret.setText("sesame")
    assert "sesame" not in secret.edit.displayText()


def test_a_notice_has_three_parts_and_a_way_to_help(window: QWidget, qtbot: QtBot) -> None:
    notice = InlineNotice()
    window.layout().addWidget(notice)
    assert notice.text() == ""
    notice.tell(Notice(title="What", words="Why", hint="How"), action="accounts", action_words="Sign in again")
    assert notice.text() == "What Why How"
    assert notice.accessibleName() == "What Why How"
    with qtbot.waitSignal(notice.wanted) as wanted:
        notice.findChild(QPushButton).click()
    assert wanted.args == ["accounts"]
    notice.clear()
    assert notice.text() == ""


def test_a_question_gives_the_focus_back(window: QWidget, qtbot: QtBot, until: Until) -> None:
    first, second = button("One"), button("Two")
    for one in (first, second):
        window.layout().addWidget(one)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    second.setFocus()
    answers: list[str] = []
    box = ask(window, "Remove it?", "For good.", {"yes": "Remove", "no": "Keep"}, answers.append, default="no")
    until(box.isVisible)
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    until(lambda: answers == ["no"])
    until(lambda: QApplication.focusWidget() is second)


@pytest.mark.parametrize("kind", [Tick, Choice])
def test_a_mark_works_by_key_and_its_words_wrap(kind: type[Tick] | type[Choice], window: QWidget, qtbot: QtBot) -> None:
    mark = kind("I know that the password will be sent to another host, and that both belong to us, go on")
    window.layout().addWidget(mark)
    window.show()
    assert spoken(mark) == mark.text()
    assert mark.heightForWidth(160) > 3 * mark.heightForWidth(2_000) / 2
    assert mark.minimumSizeHint().height() >= 24
    qtbot.keyClick(mark, Qt.Key.Key_Space)
    assert mark.isChecked()
    far = mark.rect().bottomRight() - QPoint(3, 3)
    if kind is Tick:
        qtbot.mouseClick(mark, Qt.MouseButton.LeftButton, pos=far)
        assert not mark.isChecked()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", [Tick, Choice])
@pytest.mark.parametrize("on", [False, True])
def test_the_edge_of_a_mark_is_seen(
    kind: type[Tick] | type[Choice], on: bool, dark: bool, window: QWidget, theme: Theme
) -> None:
    theme.force(dark)
    mark = kind("Word")
    mark.setChecked(on)
    window.layout().addWidget(mark)
    window.show()
    image = mark.grab().toImage()
    ground = theme.colour("window")
    middle = image.height() // 2
    best = max(contrast(image.pixelColor(x, middle), ground) for x in range(4, 12))
    theme.force(False)
    assert best >= 3


def test_a_glyph_is_a_letter_pair_on_its_colour(theme: Theme) -> None:
    assert {n: letters(n) for n in GLYPHS} == {n: pair for n, (pair, _) in GLYPHS.items()}
    assert letters("memory") == "Me"
    for network, (_, colour) in GLYPHS.items():
        image = painted(network)
        assert image.pixelColor(20, 4) == QColor(colour), network
        assert contrast(QColor(colour), QColor(LIGHT.on_accent)) >= 4.5
        bright = [image.pixelColor(x, y).lightness() for x in range(8, 32) for y in range(8, 32)]
        assert max(bright) > 240, network


def test_the_black_glyph_has_an_edge_in_the_dark(theme: Theme) -> None:
    assert painted("x").pixelColor(20, 0) == QColor(GLYPHS["x"][1])
    theme.force(True)
    assert contrast(painted("x").pixelColor(20, 0), QColor(DARK.window)) >= 3
    assert painted("feed").pixelColor(20, 0) == QColor(GLYPHS["feed"][1])
    theme.force(False)


def test_a_glyph_grows_with_the_text(theme: Theme) -> None:
    glyph = Glyph("feed", "Feeds")
    assert glyph.sizeHint().width() >= 18
    font = glyph.font()
    font.setPointSizeF(font.pointSizeF() * 2)
    before = glyph.sizeHint()
    glyph.setFont(font)
    assert glyph.sizeHint().width() > before.width() * 1.6
    glyph.show_network("wordpress", "WordPress")
    assert (glyph.network, glyph.accessibleName()) == ("wordpress", "WordPress")


def painted(network: str) -> QImage:
    image = QImage(QSize(40, 40), QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    paint_glyph(painter, QRectF(0, 0, 40, 40), network, QApplication.font())
    painter.end()
    return image
