"""The list of accounts: glyph, title and, below, how each is doing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from inbox.model import AccountId
from ui.accounts.health import AccountHealth, overall
from ui.theme import GAP, RADIUS, Theme, line_height, scaled
from ui.widgets.glyph import paint_glyph, side_for

_ID, _NETWORK, _WORDS, _TONE = (Qt.ItemDataRole.UserRole + n for n in range(1, 5))


class AccountList(QListWidget):
    """``chosen(account_id)`` when the current row changes; refreshing keeps the row."""

    chosen = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("role", "rail")
        self.setAccessibleName(self.tr("Accounts"))
        self.setItemDelegate(_Row(theme, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.currentItemChanged.connect(lambda *_: self.chosen.emit(self.current_id() or ""))

    def show_accounts(self, found: Sequence[AccountHealth], now: datetime, titles: dict[str, str]) -> None:
        """Show these, in this order; ``titles`` are the networks' own names. Rows that stay are not made anew."""
        for number, one in enumerate(found):
            item = self._item(one.account.id, number)
            how = overall(one, now)
            item.setText(one.account.title)
            item.setData(_NETWORK, one.account.network)
            item.setData(_WORDS, how.words)
            item.setData(_TONE, how.tone)
            network = titles.get(one.account.network, one.account.network)
            item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{one.account.title}, {network}, {how.words}")
            item.setToolTip(f"{one.account.title}\n{one.account.address}")
        while self.count() > len(found):
            self.takeItem(self.count() - 1)

    def current_id(self) -> AccountId | None:
        """The account in the current row."""
        index = self.currentIndex()
        return AccountId(index.data(_ID)) if index.isValid() else None

    def choose(self, account_id: str) -> None:
        """Make this account's row the current one, if it is there."""
        for number in range(self.count()):
            if self.item(number).data(_ID) == account_id:
                self.setCurrentRow(number)

    def _item(self, account_id: str, at: int) -> QListWidgetItem:
        """The row of this account, brought to its place; rows of accounts that went are dropped on the way."""
        while at < self.count():
            item = self.item(at)
            if item.data(_ID) == account_id:
                return item
            self.takeItem(at)
        item = QListWidgetItem()
        item.setData(_ID, account_id)
        self.insertItem(at, item)
        return item


class _Row(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QListWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        small = line_height(scaled(option.font, 92))
        return QSize(120, round(line_height(option.font) + small + 5 * GAP))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect).adjusted(GAP, 2, -GAP, -2)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("surface"))
            painter.drawRoundedRect(rect, RADIUS, RADIUS)
        if bool(option.state & QStyle.StateFlag.State_HasFocus):
            painter.setBrush(Qt.BrushStyle.NoBrush)
            pen = painter.pen()
            pen.setStyle(Qt.PenStyle.SolidLine)
            pen.setColor(self._theme.colour("accent"))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), RADIUS, RADIUS)
        title = scaled(option.font, 100, QFont.Weight.DemiBold if selected else QFont.Weight.Medium)
        small = scaled(option.font, 92)
        side = side_for(option.font, 20)
        x, y = rect.left() + 2 * GAP, rect.top() + 2 * GAP - 2
        paint_glyph(painter, QRectF(x, rect.center().y() - side / 2, side, side), index.data(_NETWORK), option.font)
        left, width = x + side + 2 * GAP + 2, rect.right() - x - side - 4 * GAP
        for font, tone, text in (
            (title, "text", index.data(Qt.ItemDataRole.DisplayRole)),
            (small, index.data(_TONE), index.data(_WORDS)),
        ):
            painter.setFont(font)
            painter.setPen(self._theme.colour(tone))
            line = QRectF(left, y, width, line_height(font))
            elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(width))
            painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, elided)
            y += line.height()
        painter.restore()
