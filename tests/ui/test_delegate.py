"""Rows as they are painted: kept as they look, and never shown as they looked before."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QApplication, QStyle, QStyleOptionViewItem

from inbox.model import ChannelId, ConversationId
from inbox.store.reading import ConversationRow
from ui.conversations.delegate import RowDelegate
from ui.conversations.model import ROW
from ui.theme import Theme

HEIGHT, WIDTH, COUNT = 82, 440, 6
SEEN = QStyle.StateFlag
ROWS = [
    ConversationRow(
        id=ConversationId(n), channel_id=ChannelId("c"), network="mastodon", kind="thread", status="open",
        place="owed", unread=n % 2 == 0, held=0, public=n != 3, messages=n + 1, owed=1,
        last_at=datetime(2026, 2, n + 1, tzinfo=UTC), author="Wilhelmina Wurm", handle="@ww@social.example",
        snippet="متى يفتح الجسر؟" if n == 1 else "When does the bridge open?", subject="", context_title="",
        outgoing="",
    )
    for n in range(COUNT)
]  # fmt: skip


class Rows(QAbstractListModel):
    def __init__(self) -> None:
        super().__init__()
        self.rows = list(ROWS)

    def rowCount(self, parent: Any = None) -> int:
        return len(self.rows)

    def data(self, index: Any, role: int = 0) -> Any:
        return self.rows[index.row()] if role == ROW else None


class Sheet:
    """What a delegate paints of some rows, as bytes."""

    def __init__(self, application: QApplication, ratio: float = 1) -> None:
        self.model, self.ratio, self.title = Rows(), ratio, "City"
        self.theme = Theme(application)
        self.delegate = RowDelegate(self.theme, lambda _: self.title)
        self.states = dict.fromkeys(range(COUNT), SEEN.State_Enabled)
        self.font = application.font()

    def picture(self, *, kept: bool = True) -> bytes:
        image = QImage(round(WIDTH * self.ratio), round(HEIGHT * COUNT * self.ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self.ratio)
        image.fill(QColor("white"))
        painter = QPainter(image)
        for n in range(COUNT):
            if not kept:
                self.delegate._forget_stamps()
            option = QStyleOptionViewItem()
            option.font, option.state = self.font, self.states[n]
            option.rect = QRect(0, HEIGHT * n, WIDTH, HEIGHT)
            self.delegate.paint(painter, option, self.model.index(n, 0, QModelIndex()))
        painter.end()
        return bytes(image.constBits())

    def direct(self) -> bytes:
        """The same with no stamp for whole rows at all."""
        put = self.delegate._rows.put
        self.delegate._rows.put = lambda painter, area, ground, what, draw, **_: draw(painter)  # type: ignore[method-assign]
        try:
            return self.picture()
        finally:
            self.delegate._rows.put = put  # type: ignore[method-assign]


@pytest.fixture
def sheet(qapp: QApplication) -> Sheet:
    return Sheet(qapp)


@pytest.mark.parametrize("compact", [False, True])
@pytest.mark.parametrize("ratio", [1, 1.25, 2])
def test_a_kept_row_is_the_row_to_the_pixel(qapp: QApplication, ratio: float, compact: bool) -> None:
    sheet = Sheet(qapp, ratio)
    sheet.delegate.compact = compact
    sheet.states[2] |= SEEN.State_Selected
    sheet.states[4] |= SEEN.State_HasFocus
    first = sheet.picture()
    assert sheet.picture() == first, "painted from what was kept"
    assert sheet.direct() == first


def test_a_row_that_was_painted_is_not_painted_again(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet.picture()
    monkeypatch.setattr(sheet.delegate, "_paint_row", lambda *_, **__: pytest.fail("painted again"))
    sheet.picture()


@pytest.mark.parametrize(
    "change", ["words", "read", "time", "selected", "hovered", "focused", "title", "compact", "theme", "font"]
)
def test_whatever_changes_is_painted_anew(sheet: Sheet, change: str) -> None:
    sheet.model.rows[0] = replace(ROWS[0], kind="post", last_at=datetime.now(UTC))
    before = sheet.picture()
    row = sheet.model.rows[0]
    match change:
        case "words":
            sheet.model.rows[0] = replace(row, snippet="It is open.")
        case "read":
            sheet.model.rows[0] = replace(row, unread=False)
        case "time":
            sheet.model.rows[0] = replace(row, last_at=row.last_at - timedelta(minutes=3))
        case "selected":
            sheet.states[0] |= SEEN.State_Selected
        case "hovered":
            sheet.states[0] |= SEEN.State_MouseOver
        case "focused":
            sheet.states[0] |= SEEN.State_HasFocus
        case "title":
            sheet.title = "Museum"
        case "compact":
            sheet.delegate.compact = True
        case "theme":
            sheet.theme.force(not sheet.theme.dark)
        case "font":
            sheet.font.setPointSizeF(sheet.font.pointSizeF() * 1.5)
    after = sheet.picture()
    assert after != before
    assert after == sheet.picture(kept=False)


def test_a_row_that_ages_is_painted_anew(sheet: Sheet, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet.model.rows[0] = replace(ROWS[0], last_at=datetime.now(UTC))
    before = sheet.picture()
    later = time.time() + 120
    monkeypatch.setattr("ui.conversations.delegate.time", lambda: later)
    assert sheet.picture() != before


def test_rows_kept_are_those_of_a_screen_and_a_half(sheet: Sheet) -> None:
    for n in range(40):
        sheet.model.rows = [replace(r, messages=n + 2) for r in ROWS]
        sheet.picture()
    assert COUNT <= len(sheet.delegate._rows._kept) <= COUNT * 1.5 + 2


def test_initials_and_glyph_leave_room_for_each_other(sheet: Sheet) -> None:
    """They are painted apart, so neither may cover the other: of two wide letters too."""
    image = QImage(80, 80, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    sheet.delegate._use_font(sheet.font)
    painter.setFont(sheet.delegate._fonts[5])
    line = sheet.delegate._metrics[0].height()
    disc = QRectF(0, 0, max(34.0, line * 1.9), max(34.0, line * 1.9))
    letters = painter.boundingRect(disc, 0x84, "WW")
    painter.end()
    side = disc.width() / 2
    glyph = QRectF(disc.right() - side * 0.5, disc.bottom() - side * 0.55, side, side).adjusted(-2, -2, 2, 2)
    ink = sheet.delegate._metrics[5].descent()  # capitals have nothing below the line
    assert not letters.adjusted(0, 0, 0, -ink).intersects(glyph)
