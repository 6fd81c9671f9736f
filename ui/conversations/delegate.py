"""Paints a row from its value: no query, no parsing, no network. Heights come from the font, so 200 % text fits."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from time import time

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from inbox.store.reading import ConversationRow
from ui.conversations.model import ROW
from ui.conversations.stamps import Stamps
from ui.format import bare_name, initials, right_to_left, short_time
from ui.reading.markup import isolated, plain
from ui.reading.signs import paint_lock
from ui.theme import CHIP_RADIUS, Theme, Tokens, scaled
from ui.widgets.glyph import paint_glyph

_PAD = 12
_ONE_LINE = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextSingleLine)
_DIRECTION = (Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft)
_CACHE = 400
_SEEN = QStyle.StateFlag
_SELECTED, _HOVERED, _FOCUSED = (s.value for s in (_SEEN.State_Selected, _SEEN.State_MouseOver, _SEEN.State_HasFocus))
"""As numbers: a row asks three times, and Python's flags take longer for it than to paint what is kept."""
_MOMENT_S = 10
_PRIVATE = "Private"
"""Said with a padlock, and before anything else but trouble."""
Chips = tuple[tuple[str, str, str], ...]


@lru_cache(_CACHE)
def _when(at: datetime, moment: int) -> str:
    """The time as the row says it, worked out once in ten seconds."""
    return short_time(at, datetime.fromtimestamp(moment * _MOMENT_S, UTC))


class RowDelegate(QStyledItemDelegate):
    """Three lines: name and where with the time at right; first words; chips. ``compact``: one line."""

    def __init__(self, theme: Theme, channel_title: Callable[[str], str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._channel_title = channel_title
        self.compact = False
        self._fonts: tuple[QFont, ...] = ()
        self._metrics: tuple[QFontMetricsF, ...] = ()
        self._font: QFont | None = None
        self._dot = 4.0
        self._tokens: Tokens | None = None
        self._stamps = Stamps()
        self._rows = Stamps()
        self._elided: OrderedDict[tuple[object, ...], tuple[str, str, str]] = OrderedDict()

    def _use_font(self, font: QFont) -> None:
        if self._font != font:
            self._font = QFont(font)
            self._fonts = (
                scaled(font, 100, QFont.Weight.Medium), scaled(font, 100, QFont.Weight.Bold), scaled(font, 100),
                scaled(font, 92), scaled(font, 85, QFont.Weight.DemiBold), scaled(font, 85, QFont.Weight.DemiBold),
            )  # fmt: skip
            self._metrics = tuple(QFontMetricsF(f) for f in self._fonts)
            self._elided.clear()
            self._forget_stamps()
            self._dot = max(4.0, self._metrics[0].height() / 4.5)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        self._use_font(option.font)
        line, chip = self._metrics[0].height(), self._metrics[4].height() + 4
        height = line + 18 if self.compact else 10 + line + 3 + line + 7 + chip + 12
        return QSize(200, round(height))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        row: ConversationRow = index.data(ROW)
        self._use_font(option.font)
        t = self._theme.tokens
        if self._tokens is not t:
            self._tokens = t
            self._forget_stamps()
        state = option.state.value
        selected, focused = bool(state & _SELECTED), bool(state & _FOCUSED)
        rect = QRectF(option.rect)
        ground = QColor(t.accent_soft if selected else t.window if state & _HOVERED else t.surface)
        when = _when(row.last_at, int(time() / _MOMENT_S))
        chips = () if self.compact else tuple(self._chips(row))
        # A notch of the wheel brings three new rows. Kept are as many as are in sight, and half as many again.
        self._rows.most = 2 + round(1.5 * painter.device().height() / rect.height())
        look = (row, when, chips, self.compact, selected, focused)
        self._rows.put(
            painter, rect, ground, look,
            lambda p: self._paint_row(p, row, rect, ground, when, chips, selected=selected, focused=focused),
            tile=True,
        )  # fmt: skip

    def _paint_row(
        self, painter: QPainter, row: ConversationRow, rect: QRectF, ground: QColor, when: str, chips: Chips, *,
        selected: bool, focused: bool,
    ) -> None:  # fmt: skip
        t = self._theme.tokens
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.fillRect(rect, ground)
        if selected:
            painter.fillRect(QRectF(rect.left(), rect.top(), 3, rect.height()), QColor(t.accent))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 1, rect.width(), 1), QColor(t.line))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = self._metrics[0].height()
        top = rect.top() + (9 if self.compact else 10)
        size = max(34.0, line * 1.9) if not self.compact else line
        self._paint_state(painter, row, QPointF(rect.left() + 9 + self._dot, top + (size / 2)))
        avatar = QRectF(rect.left() + 22 + 2 * self._dot, top + (1 if not self.compact else 0), size, size)
        beyond = 0 if self.compact else size / 4 + 2  # the glyph stands out at the lower right
        around = avatar.adjusted(0, 0, beyond, beyond)
        disc = (row.network, self.compact)
        self._stamps.put(painter, around, ground, disc, lambda p: self._paint_disc(p, row.network, avatar, ground))
        if not self.compact:
            painter.setPen(QColor(t.text_2))
            painter.setFont(self._fonts[5])
            painter.drawText(avatar, Qt.AlignmentFlag.AlignCenter, initials(row.author))
        left = avatar.right() + 8 + (0 if self.compact else size / 4)  # a quarter of the avatar: the glyph stands out
        if self.compact and not row.public:  # one line has no chips: the padlock stands before the name
            paint_lock(painter, QRectF(left, top, line, line), QColor(t.on_private))
            left += line + 4
        when_width = self._metrics[3].horizontalAdvance(when)
        right = rect.right() - _PAD
        name_font = 1 if row.unread else 0
        name, where, words = self._elide(row, right - left - when_width - 12, right - left, name_font)
        baseline = top + self._metrics[0].ascent()
        painter.setFont(self._fonts[name_font])
        painter.setPen(QColor(t.text))
        painter.drawText(QPointF(left, baseline), name)
        x = left + self._metrics[name_font].horizontalAdvance(name) + 8
        painter.setFont(self._fonts[3])
        painter.setPen(QColor(t.text_3))
        if where:
            painter.drawText(QPointF(x, baseline), where)
        painter.drawText(QPointF(right - when_width, baseline), when)
        if not self.compact:
            painter.setFont(self._fonts[2])
            painter.setPen(QColor(t.text if row.unread else t.text_2))
            # Right-to-left words begin at the right, and their full stop stands at the left.
            painter.setLayoutDirection(_DIRECTION[right_to_left(words)])
            painter.drawText(QRectF(left, top + line + 3, right - left, line), _ONE_LINE, words)
            painter.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
            y, height = top + 2 * line + 10, self._metrics[4].height() + 4
            room = QRectF(left, y, self._chips_width(chips, right - left), height)
            if room.width() > 0:
                self._stamps.put(painter, room, ground, chips, lambda p: self._paint_chips(p, chips, left, y, right))
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.accent), 2))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -2), CHIP_RADIUS, CHIP_RADIUS)

    def _forget_stamps(self) -> None:
        self._stamps.clear()
        self._rows.clear()

    def _elide(self, row: ConversationRow, first: float, second: float, name_font: int) -> tuple[str, str, str]:
        key = (row, round(first), round(second), name_font, self.compact)
        if (known := self._elided.get(key)) is not None:
            self._elided.move_to_end(key)
            return known
        right = Qt.TextElideMode.ElideRight
        post = row.kind == "post" and bool(row.subject)
        words = plain(row.snippet)  # strangers' words: no direction tricks
        where = plain(row.handle) or (f"on “{isolated(plain(row.context_title))}”" if row.context_title else "")
        if self.compact:
            where = " · ".join(p for p in (where, isolated(words)) if p)
        name = bare_name(plain(row.subject if post else row.author)) or "Unknown"
        name = self._metrics[name_font].elidedText(name, right, first * (0.62 if where else 1))
        room = first - self._metrics[name_font].horizontalAdvance(name) - 8
        where = self._metrics[3].elidedText(where, right, room) if room > 30 else ""
        found = (name, where, self._metrics[2].elidedText(words, right, second))
        self._elided[key] = found
        if len(self._elided) > _CACHE:
            self._elided.popitem(last=False)
        return found

    def _paint_state(self, painter: QPainter, row: ConversationRow, centre: QPointF) -> None:
        t = self._theme.tokens
        if row.place == "owed":
            painter.setPen(QPen(QColor(t.owed), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, self._dot, self._dot)
        if row.unread:
            inner = self._dot * (0.4 if row.place == "owed" else 1)  # both signs at once: a dot in the ring
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.owed if row.place == "owed" else t.accent))
            painter.drawEllipse(centre, inner, inner)

    def _paint_disc(self, painter: QPainter, network: str, rect: QRectF, ground: QColor) -> None:
        """The avatar of anybody there: what is missing are the initials, which the glyph leaves room for."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.tokens.sunken))
        painter.drawEllipse(rect)
        side = rect.width() * (0.5 if not self.compact else 0.9)
        glyph = QRectF(rect.right() - side * 0.5, rect.bottom() - side * 0.55, side, side)  # clear of the initials
        if self.compact:
            glyph = QRectF(rect.center().x() - side / 2, rect.center().y() - side / 2, side, side)
        else:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(glyph.adjusted(-2, -2, 2, 2), 5, 5)
        paint_glyph(painter, glyph, network, self._fonts[5])

    def _chips_width(self, chips: Chips, room: float) -> float:
        """The width that those chips take which find room."""
        width = -6.0
        for words, _, _ in chips:
            more = self._chip_width(words) + 6
            if width + more > room:
                break
            width += more
        return width

    def _chip_width(self, words: str) -> float:
        lock = self._lock_side() + 3 if words == _PRIVATE else 0
        return self._metrics[4].horizontalAdvance(words) + 12 + lock

    def _lock_side(self) -> float:
        return self._metrics[4].height() * 0.85

    def _paint_chips(self, painter: QPainter, chips: Chips, x: float, y: float, right: float) -> None:
        t = self._theme.tokens
        metrics = self._metrics[4]
        height = metrics.height() + 4
        painter.setFont(self._fonts[4])
        for words, colour, soft in chips:
            width = self._chip_width(words)
            if x + width > right:
                break
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(getattr(t, soft)))
            painter.drawRoundedRect(QRectF(x, y, width, height), CHIP_RADIUS, CHIP_RADIUS)
            painter.setPen(QColor(getattr(t, colour)))
            ink = x + 6
            if words == _PRIVATE:
                side = self._lock_side()
                paint_lock(painter, QRectF(x + 5, y + (height - side) / 2, side, side), QColor(getattr(t, colour)))
                ink += side + 3
            painter.drawText(QPointF(ink, y + 2 + metrics.ascent()), words)
            x += width + 6

    def _chips(self, row: ConversationRow) -> list[tuple[str, str, str]]:
        """Words, text token and ground token of what changes how one acts."""
        found = []
        if row.outgoing == "trouble":
            found.append(("not sent", "danger", "danger_soft"))
        elif row.outgoing == "queued":
            found.append(("on its way", "accent", "sunken"))  # on a selected row accent_soft would not show
        if not row.public:
            found.append((_PRIVATE, "on_private", "private"))
        if row.held:
            found.append(("held", "on_private", "private"))
        if row.place == "owed":
            found.append(("owed" if row.owed < 2 else f"{row.owed} owed", "owed", "owed_soft"))
        elif row.place == "done":
            found.append(("done", "ok", "ok_soft"))
        elif row.place == "waiting":
            found.append(("waiting", "text_2", "sunken"))
        elif row.place == "aside":
            found.append(("set aside", "text_2", "sunken"))
        if row.messages > 1:
            found.append((f"{row.messages} messages", "text_2", "sunken"))
        if row.kind == "post" and row.messages == 1:
            found.append((self._channel_title(row.channel_id), "text_2", "sunken"))
        return found
