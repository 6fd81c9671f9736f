"""The work on the left: which list is shown, with its count. Networks are the tabs' business."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from inbox.store.reading import EVERYTHING
from ui.theme import RADIUS, Theme, line_height, scaled

OUTBOX, RECORD = "outbox", "record"
_ENTRIES = (
    ("", "owed", "Owed"), ("", "waiting", "Waiting"), ("", "quiet", "Quiet"), ("", "done", "Done"),
    ("", EVERYTHING, "Everything"), ("", "aside", "Spam and bin"),
    ("Publish", "published", "Our posts"), ("Publish", OUTBOX, "Outbox"), ("Answer for it", RECORD, "Record"),
)  # fmt: skip
_TIPS = {
    "owed": "Somebody waits for an answer", "waiting": "We wait for somebody", "done": "Settled",
    "quiet": "Open, but nobody waits for an answer", EVERYTHING: "All conversations that are not set aside",
    "aside": "Set aside: spam, binned, deleted",
    "published": "What we published", OUTBOX: "What is on its way out", RECORD: "Who did what, when",
}  # fmt: skip
_PLACE, _COUNT = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class Rail(QListWidget):
    """``chosen(place)``: a list of conversations, OUTBOX or RECORD."""

    chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "rail")
        self.setAccessibleName(self.tr("Lists"))
        self.setItemDelegate(_RailDelegate(theme, self))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(120)
        self.setViewportMargins(0, 10, 0, 0)
        self.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)
        section = ""
        for heading, place, words in _ENTRIES:
            if heading != section:
                section = heading
                head = QListWidgetItem(self.tr(heading), self)
                head.setFlags(Qt.ItemFlag.NoItemFlags)
            item = QListWidgetItem(self.tr(words), self)
            item.setData(_PLACE, place)
            item.setToolTip(self.tr(_TIPS[place]))
        self.setCurrentRow(0)
        self.currentItemChanged.connect(self._changed)

    @property
    def place(self) -> str:
        """What is chosen."""
        return str(self.currentIndex().data(_PLACE) or "owed")

    def choose(self, place: str) -> None:
        """Choose an entry by its place."""
        for i in range(self.count()):
            if self.item(i).data(_PLACE) == place:
                self.setCurrentRow(i)

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Put a count beside each entry; none is shown as nothing."""
        for i in range(self.count()):
            item = self.item(i)
            place = item.data(_PLACE)
            count = counts.get(place, 0) if place else 0
            if place and item.data(_COUNT) != count:
                item.setData(_COUNT, count)
                item.setData(Qt.ItemDataRole.AccessibleTextRole, f"{item.text()}, {count}" if count else item.text())

    def sizeHint(self) -> QSize:
        return QSize(round(line_height(self.font()) * 11), 400)

    def _changed(self, item: QListWidgetItem | None) -> None:
        if item is not None and item.data(_PLACE):
            self.chosen.emit(item.data(_PLACE))


class _RailDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        heading = not index.data(_PLACE)
        return QSize(100, round(line_height(option.font) * (0.9 if heading else 1) + (20 if heading else 14)))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        t = self._theme.tokens
        rect = QRectF(option.rect)
        if not index.data(_PLACE):
            painter.setFont(scaled(option.font, 85, QFont.Weight.DemiBold))
            painter.setPen(QColor(t.text_3))
            painter.drawText(
                rect.adjusted(18, 0, -8, -4),
                Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft,
                str(index.data()),
            )
            return
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        box = rect.adjusted(8, 1, -8, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if chosen:
            painter.setBrush(QColor(t.surface))
            focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
            painter.setPen(QPen(QColor(t.accent), 2) if focused else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1) if focused else box, RADIUS, RADIUS)
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.window))
            painter.drawRoundedRect(box, RADIUS, RADIUS)
        painter.setFont(scaled(option.font, 100, QFont.Weight.Bold if chosen else QFont.Weight.Normal))
        painter.setPen(QColor(t.text if chosen else t.text_2))
        inner = box.adjusted(10, 0, -10, 0)
        count = index.data(_COUNT)
        words = f"{count:,}" if count else ""
        width = painter.fontMetrics().horizontalAdvance(words) + 8 if words else 0
        name = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, round(inner.width() - width)
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, words)
        painter.restore()
