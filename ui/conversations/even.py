"""A list whose rows are all of one height, so that where each of them stands is a multiplication.

QListView keeps the place of every row and works all of them out again whenever rows come in: with 20,000 rows a frame
in which the next page is read takes 30 ms (measured with Qt 6.11). Here nothing is kept, and what a frame costs
depends on the rows in sight. It stays a QListView to the outside, so that screen readers find a list in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractItemModel,
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    Qt,
    QTimer,
)
from PySide6.QtGui import QAccessible, QAccessibleEvent, QHoverEvent, QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem

Index = QModelIndex | QPersistentModelIndex
_Hint = QAbstractItemView.ScrollHint
_Action = QAbstractItemView.CursorAction
SCREENS_AHEAD = 3
"""The model is asked to read on when fewer screens than these are left below what is in sight."""


class EvenList(QListView):
    """Rows of one height. What comes or goes above never moves what is looked at.

    The exception is a list at rest, at its top with no current row: there the newest shows at once.
    """

    _height = 0  # of a row

    def __init__(self) -> None:
        super().__init__()
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._pointer: QPoint | None = None
        self._ahead = QTimer(self, interval=0, singleShot=True)
        self._ahead.timeout.connect(self._read_on)
        self.verticalScrollBar().valueChanged.connect(self._look_ahead)

    # The model

    def setModel(self, model: QAbstractItemModel | None) -> None:
        if (old := self.model()) is not None:
            old.rowsRemoved.disconnect(self._rows_removed)
            old.rowsMoved.disconnect(self._rows_moved)
        super().setModel(model)
        if model is not None:
            model.rowsRemoved.connect(self._rows_removed)
            model.rowsMoved.connect(self._rows_moved)

    def reset(self) -> None:
        super().reset()
        self.verticalScrollBar().setValue(0)
        self.doItemsLayout()

    def rowsInserted(self, parent: Index, start: int, end: int) -> None:
        QAbstractItemView.rowsInserted(self, parent, start, end)  # not QListView's, which lays out every row
        if not self._height:
            self._measure()
        at_rest = self.verticalScrollBar().value() == 0 and not self.currentIndex().isValid()
        if start <= self._top() and not at_rest:
            self._shift(end - start + 1)
        else:
            self.updateGeometries()
        if start <= self._bottom():
            self.viewport().update()

    def rowsAboutToBeRemoved(self, parent: Index, start: int, end: int) -> None:
        QAbstractItemView.rowsAboutToBeRemoved(self, parent, start, end)

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        QAbstractItemView.dataChanged(self, first, last, list(roles))

    def _rows_removed(self, _: QModelIndex, start: int, end: int) -> None:
        self._shift(-max(min(end + 1, self._top()) - start, 0))
        self.viewport().update()

    def _rows_moved(self, _: QModelIndex, start: int, end: int, __: QModelIndex, to: int) -> None:
        count = end - start + 1
        top = self._top()
        gone = max(min(end + 1, top) - start, 0)
        came = count if (to - count if to > end else to) <= top - gone and self.verticalScrollBar().value() else 0
        self._shift(came - gone)
        self.viewport().update()

    def _shift(self, rows: int) -> None:
        """So many rows have come in above what is looked at, or have gone."""
        value = self.verticalScrollBar().value()
        self.updateGeometries()
        if rows:
            self.verticalScrollBar().setValue(value + rows * self._height)

    def _look_ahead(self) -> None:
        """Let the next page be read in a quiet moment, before anybody comes to the end of what is loaded."""
        model: QAbstractItemModel | None = self.model()
        if model is None or self._ahead.isActive():
            return
        wanted = self._bottom() + SCREENS_AHEAD * (self._bottom() - self._top())
        if wanted >= model.rowCount() and model.canFetchMore(QModelIndex()):
            self._ahead.start()

    def _read_on(self) -> None:
        if self.isVisible() and self.model().canFetchMore(QModelIndex()):
            self.model().fetchMore(QModelIndex())
            self._look_ahead()

    # Where rows are

    def _count(self) -> int:
        return self.model().rowCount() if self.model() is not None else 0

    def _measure(self) -> None:
        if self._count():
            self._height = max(self.sizeHintForRow(0), 1)

    def _top(self) -> int:
        """The number of the first row in sight."""
        return self.verticalScrollBar().value() // max(self._height, 1)

    def _bottom(self) -> int:
        """The number of the last row in sight, whether or not there is one."""
        return (self.verticalScrollBar().value() + self.viewport().height() - 1) // max(self._height, 1)

    def doItemsLayout(self) -> None:
        """Measure a row again; what is looked at stays when all become taller or lower."""
        before, bar = self._height, self.verticalScrollBar()
        rows = bar.value() / before if before else 0.0
        self._measure()
        QAbstractItemView.doItemsLayout(self)
        if before != self._height:
            bar.setValue(round(rows * self._height))

    def updateGeometries(self) -> None:
        QAbstractItemView.updateGeometries(self)
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setSingleStep(max(self._height, 1))
        bar.setPageStep(room)
        bar.setRange(0, max(self._count() * self._height - room, 0))
        self._look_ahead()

    def visualRect(self, index: Index) -> QRect:
        if not index.isValid():
            return QRect()
        top = index.row() * self._height - self.verticalScrollBar().value()
        return QRect(0, top, self.viewport().width(), self._height)

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = (point.y() + self.verticalScrollBar().value()) // max(self._height, 1)
        inside = 0 <= row < self._count() and 0 <= point.x() < self.viewport().width()
        return self.model().index(row, 0) if inside else QModelIndex()

    def scrollTo(self, index: Index, hint: QAbstractItemView.ScrollHint = _Hint.EnsureVisible) -> None:
        if not index.isValid():
            return
        top, bar, room = index.row() * self._height, self.verticalScrollBar(), self.viewport().height()
        lowest = top + self._height - room  # scrolled to here it stands at the bottom
        if hint == _Hint.PositionAtTop or (hint == _Hint.EnsureVisible and top < bar.value()):
            bar.setValue(top)
        elif hint == _Hint.PositionAtBottom or (hint == _Hint.EnsureVisible and lowest > bar.value()):
            bar.setValue(min(lowest, top))
        elif hint == _Hint.PositionAtCenter:
            bar.setValue(top - (room - self._height) // 2)

    def moveCursor(
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:  # fmt: skip
        count, row = self._count(), self.currentIndex().row()
        if not count:
            return QModelIndex()
        page = max(self.viewport().height() // max(self._height, 1), 1)
        to = {
            _Action.MoveUp: row - 1, _Action.MovePrevious: row - 1, _Action.MoveDown: row + 1,
            _Action.MoveNext: row + 1, _Action.MovePageUp: row - page, _Action.MovePageDown: row + page,
            _Action.MoveHome: 0, _Action.MoveEnd: count - 1,
        }.get(action, row) if row >= 0 else 0  # fmt: skip
        return self.model().index(min(max(to, 0), count - 1), 0)

    # What is chosen

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        index = self.indexAt(rect.topLeft())  # one row at a time is all this list is for
        self.selectionModel().select(QItemSelection(index, index) if index.isValid() else QItemSelection(), command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:
        region = QRegion()
        for part in selection:  # type: ignore[attr-defined] # PySide's stub forgets that it is a list
            first, last = max(part.top(), self._top()), min(part.bottom(), self._bottom())
            if part.isValid() and first <= last:
                top = first * self._height - self.verticalScrollBar().value()
                region += QRect(0, top, self.viewport().width(), (last - first + 1) * self._height)
        return region

    def currentChanged(self, current: Index, previous: Index) -> None:
        QAbstractItemView.currentChanged(self, current, previous)
        if current.isValid() and self.hasFocus():
            self._tell(QAccessible.Event.Focus, current.row())

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        QAbstractItemView.selectionChanged(self, selected, deselected)
        for part, said in ((selected, QAccessible.Event.SelectionAdd), (deselected, QAccessible.Event.SelectionRemove)):
            if not part.isEmpty():
                self._tell(said, part.first().top())

    def _tell(self, said: QAccessible.Event, row: int) -> None:
        """QListView tells screen readers the number of the row as it laid them out, which it has not done."""
        if QAccessible.isActive():
            event = QAccessibleEvent(self, said)
            event.setChild(row)
            QAccessible.updateAccessibility(event)

    # What is seen

    def viewportEvent(self, event: QEvent) -> bool:
        kind = event.type()
        if isinstance(event, QHoverEvent):
            self._pointer = None if kind == QEvent.Type.HoverLeave else event.position().toPoint()
        elif kind == QEvent.Type.Leave:
            self._pointer = None
        return super().viewportEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        model: QAbstractItemModel | None = self.model()
        delegate, chosen = self.itemDelegate(), self.selectionModel()
        if model is None or not self._height:
            return
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        usual, seen = option.state, QStyle.StateFlag
        value, width, height = self.verticalScrollBar().value(), self.viewport().width(), self._height
        focused = self.currentIndex().row() if self.hasFocus() else -1
        hovered = self.indexAt(self._pointer).row() if self._pointer is not None else -1
        part = event.rect()
        last = min((part.bottom() + value) // height, model.rowCount() - 1)
        painter = QPainter(self.viewport())
        try:
            for row in range((part.top() + value) // height, last + 1):
                index = model.index(row, 0)
                state = usual
                if chosen.isSelected(index):
                    state |= seen.State_Selected
                if row == hovered:
                    state |= seen.State_MouseOver
                if row == focused:
                    state |= seen.State_HasFocus
                option.state = state
                option.rect = QRect(0, row * height - value, width, height)
                delegate.paint(painter, option, index)
        finally:
            painter.end()
