"""The list of even rows: where they stand, what stays put, and that no frame pays for rows out of sight."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QAccessible, QColor, QHoverEvent, QImage, QPainter
from PySide6.QtWidgets import QAbstractItemView, QApplication, QStyle, QStyledItemDelegate
from pytestqt.qtbot import QtBot

from ui.conversations.even import EvenList
from ui.conversations.stamps import MOST, Stamps

HEIGHT, ROOM = 40, 400
NOWHERE = QModelIndex()


class Numbers(QAbstractListModel):
    """So many rows that say who they are, and more when asked. ``asked`` counts the rows anybody wanted to see."""

    def __init__(self, count: int, more: int = 0) -> None:
        super().__init__()
        self.rows = [f"Row {n}" for n in range(count)]
        self.more = more
        self.asked = self.fetched = 0

    def rowCount(self, parent: Any = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def index(self, row: int, column: int = 0, parent: Any = NOWHERE) -> QModelIndex:
        self.asked += 1
        return super().index(row, column, parent)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        said = role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        return self.rows[index.row()] if said and index.isValid() else None

    def canFetchMore(self, parent: Any = NOWHERE) -> bool:
        return self.more > 0 and not parent.isValid()

    def fetchMore(self, parent: Any = NOWHERE) -> None:
        count, self.fetched = min(20, self.more), self.fetched + 1
        self.more -= count
        self.put(len(self.rows), *(f"Later {n}" for n in range(count)))

    def put(self, at: int, *rows: str) -> None:
        self.beginInsertRows(NOWHERE, at, at + len(rows) - 1)
        self.rows[at:at] = rows
        self.endInsertRows()

    def take(self, first: int, last: int) -> None:
        self.beginRemoveRows(NOWHERE, first, last)
        del self.rows[first : last + 1]
        self.endRemoveRows()

    def move(self, row: int, to: int) -> None:
        self.beginMoveRows(NOWHERE, row, row, NOWHERE, to)
        self.rows.insert(to - (to > row), self.rows.pop(row))
        self.endMoveRows()


class Recorded(QStyledItemDelegate):
    """Paints nothing, and remembers which rows it was asked to, and in what state."""

    height = HEIGHT

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.painted: dict[int, tuple[QStyle.StateFlag, QRect]] = {}

    def sizeHint(self, option: Any, index: Any) -> QSize:
        return QSize(100, self.height)

    def paint(self, painter: Any, option: Any, index: Any) -> None:
        self.painted[index.row()] = (QStyle.StateFlag(option.state), QRect(option.rect))


@pytest.fixture
def view(qtbot: QtBot) -> EvenList:
    made = EvenList()
    qtbot.addWidget(made)
    made.delegate = Recorded(made)  # type: ignore[attr-defined]
    made.setItemDelegate(made.delegate)  # type: ignore[attr-defined]
    made.setFrameShape(EvenList.Shape.NoFrame)
    made.resize(300, ROOM)
    made.show()
    return made


def shown(view: EvenList, numbers: Numbers) -> Numbers:
    view.setModel(numbers)
    QApplication.processEvents()
    return numbers


def top_row(view: EvenList) -> str:
    return str(view.indexAt(QPoint(5, 0)).data())


def painted(view: EvenList) -> dict[int, Any]:
    view.delegate.painted = {}  # type: ignore[attr-defined]
    view.viewport().repaint()
    return view.delegate.painted  # type: ignore[attr-defined, no-any-return]


def test_a_frame_costs_what_is_in_sight_however_many_rows_there_are(view: EvenList) -> None:
    numbers = shown(view, Numbers(20_000))
    numbers.asked = 0
    for _ in range(20):
        numbers.put(len(numbers.rows), *("more" for _ in range(20)))
        view.verticalScrollBar().setValue(view.verticalScrollBar().value() + 120)
        view.viewport().repaint()
        QApplication.processEvents()
    assert numbers.asked < 20 * 60, "every row was laid out again"
    assert view.verticalScrollBar().maximum() == 20_400 * HEIGHT - ROOM


def test_rows_stand_where_they_are_found_and_painted(view: EvenList) -> None:
    numbers = shown(view, Numbers(1_000))
    view.verticalScrollBar().setValue(100 * HEIGHT + 15)
    seen = painted(view)
    assert list(seen) == list(range(100, 111))
    for row, (_, rect) in seen.items():
        index = numbers.index(row)
        assert rect == view.visualRect(index)
        assert view.indexAt(rect.center()) == index
    assert not view.indexAt(QPoint(5, -5000)).isValid()
    view.verticalScrollBar().setValue(0)
    assert not view.indexAt(QPoint(-1, 5)).isValid()
    shown(view, Numbers(2))
    assert not view.indexAt(QPoint(5, 2 * HEIGHT)).isValid()
    assert list(painted(view)) == [0, 1]


def test_a_row_is_brought_into_sight_as_asked(view: EvenList) -> None:
    numbers, bar, hint = shown(view, Numbers(1_000)), view.verticalScrollBar(), QAbstractItemView.ScrollHint
    view.scrollTo(numbers.index(5))
    assert bar.value() == 0, "it is in sight"
    view.scrollTo(numbers.index(50))
    assert bar.value() == 51 * HEIGHT - ROOM
    view.scrollTo(numbers.index(20))
    assert bar.value() == 20 * HEIGHT
    view.scrollTo(numbers.index(70), hint.PositionAtTop)
    assert bar.value() == 70 * HEIGHT
    view.scrollTo(numbers.index(70), hint.PositionAtBottom)
    assert bar.value() == 71 * HEIGHT - ROOM
    view.scrollTo(numbers.index(70), hint.PositionAtCenter)
    assert bar.value() == 70 * HEIGHT - (ROOM - HEIGHT) // 2


def test_keys_lead_through_the_rows(view: EvenList, qtbot: QtBot) -> None:
    shown(view, Numbers(100))
    view.setFocus()
    view.setCurrentIndex(view.model().index(0, 0))
    for key, row in (
        (Qt.Key.Key_Down, 1), (Qt.Key.Key_PageDown, 11), (Qt.Key.Key_Up, 10), (Qt.Key.Key_PageUp, 0),
        (Qt.Key.Key_Up, 0), (Qt.Key.Key_End, 99), (Qt.Key.Key_Down, 99), (Qt.Key.Key_Home, 0),
    ):  # fmt: skip
        qtbot.keyClick(view, key)
        assert view.currentIndex().row() == row
        assert view.selectionModel().isSelected(view.currentIndex())
        assert view.viewport().rect().contains(view.visualRect(view.currentIndex()))


def test_a_click_chooses_a_row_and_beside_the_rows_changes_nothing(view: EvenList, qtbot: QtBot) -> None:
    shown(view, Numbers(3))
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, HEIGHT + 5))
    assert view.currentIndex().row() == 1
    assert [i.row() for i in view.selectedIndexes()] == [1]
    state = QStyle.StateFlag
    assert [row for row, (s, _) in painted(view).items() if s & state.State_Selected] == [1]
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 3 * HEIGHT + 5))
    assert [i.row() for i in view.selectedIndexes()] == [1], "as in any list"


def test_the_row_under_the_pointer_says_so_also_while_it_scrolls(view: EvenList) -> None:
    shown(view, Numbers(100))
    over, state = QPointF(20, 2 * HEIGHT + 5), QStyle.StateFlag
    view.viewport().setAttribute(Qt.WidgetAttribute.WA_Hover)

    def hovered() -> list[int]:
        return [row for row, (s, _) in painted(view).items() if s & state.State_MouseOver]

    for kind, at in ((QEvent.Type.HoverEnter, over), (QEvent.Type.HoverMove, over)):
        QApplication.sendEvent(view.viewport(), QHoverEvent(kind, at, view.mapToGlobal(at), QPointF(-1, -1)))
    assert hovered() == [2]
    view.verticalScrollBar().setValue(10 * HEIGHT)
    assert hovered() == [12]
    gone = QPointF(-1, -1)
    QApplication.sendEvent(view.viewport(), QHoverEvent(QEvent.Type.HoverLeave, gone, gone, over))
    assert hovered() == []


def test_what_comes_goes_and_moves_above_leaves_what_is_looked_at(view: EvenList) -> None:
    numbers = shown(view, Numbers(200))
    bar = view.verticalScrollBar()
    bar.setValue(50 * HEIGHT + 7)
    numbers.put(0, "new", "newer")
    assert (top_row(view), bar.value() % HEIGHT) == ("Row 50", 7)
    numbers.put(150, "far below")
    assert top_row(view) == "Row 50"
    numbers.take(3, 6)
    assert (top_row(view), bar.value() % HEIGHT) == ("Row 50", 7)
    numbers.move(numbers.rows.index("Row 120"), 0)  # somebody answered: it goes to the top
    assert top_row(view) == "Row 50"
    numbers.move(0, len(numbers.rows))
    assert top_row(view) == "Row 50"
    numbers.move(numbers.rows.index("Row 50"), 0)  # the very first in sight leaves: the others stay
    assert top_row(view) == "Row 51"
    numbers.take(numbers.rows.index("Row 51"), numbers.rows.index("Row 52"))
    assert (top_row(view), bar.value() % HEIGHT) == ("Row 53", 7)
    QApplication.processEvents()
    assert (top_row(view), bar.value() % HEIGHT) == ("Row 53", 7)


def test_at_rest_the_newest_shows_and_while_one_is_read_it_waits_above(view: EvenList) -> None:
    numbers = shown(view, Numbers(100))
    numbers.put(0, "new")
    assert top_row(view) == "new"
    view.setCurrentIndex(numbers.index(3))
    numbers.put(0, "newer")
    assert top_row(view) == "new"
    assert view.verticalScrollBar().value() == HEIGHT


def test_other_rows_begin_at_the_top_and_a_taller_row_keeps_the_place(view: EvenList) -> None:
    shown(view, Numbers(100))
    view.verticalScrollBar().setValue(20 * HEIGHT)
    Recorded.height = 3 * HEIGHT
    try:
        view.doItemsLayout()
        assert top_row(view) == "Row 20"
        assert view.verticalScrollBar().maximum() == 300 * HEIGHT - ROOM
    finally:
        Recorded.height = HEIGHT
    shown(view, Numbers(90))
    assert top_row(view) == "Row 0"


def test_it_is_read_on_before_the_end_comes_into_sight(view: EvenList, qtbot: QtBot) -> None:
    numbers = shown(view, Numbers(60, more=200))
    assert numbers.fetched == 0, "nobody has come near"
    bar = view.verticalScrollBar()
    while bar.value() < 40 * HEIGHT:
        bar.setValue(bar.value() + HEIGHT)
        QApplication.processEvents()
    assert bar.value() < bar.maximum() - ROOM
    assert numbers.fetched >= 1
    before = numbers.fetched
    QApplication.processEvents()
    assert numbers.fetched <= before + 1, "not all at once"


def test_a_screen_reader_finds_a_list_with_its_rows(view: EvenList) -> None:
    shown(view, Numbers(30))
    found = QAccessible.queryAccessibleInterface(view)
    assert found.role() == QAccessible.Role.List
    assert found.childCount() == 30
    assert found.child(17).text(QAccessible.Text.Name) == "Row 17"
    assert found.child(3).rect().height() == HEIGHT


@pytest.mark.parametrize("ratio", [1, 1.25, 2])
def test_a_stamp_is_what_it_stands_for_to_the_pixel(qapp: QApplication, ratio: float) -> None:
    stamps, ground, ink = Stamps(), QColor("white"), QColor("black")
    drawn: list[QRectF] = []

    def draw(painter: QPainter, area: QRectF) -> None:
        drawn.append(area)
        painter.setBrush(ink)
        painter.drawEllipse(area.adjusted(1, 1, -20, -1))
        painter.drawText(area, Qt.AlignmentFlag.AlignRight, "fi")

    def picture(*, stamped: bool) -> bytes:
        image = QImage(round(120 * ratio), round(400 * ratio), QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        image.fill(ground)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for row in range(8):
            area = QRectF(10.4, row * 41 + 3.3, 60.7, 22.1)
            if stamped:
                stamps.put(painter, area, ground, "one", lambda p, a=area: draw(p, a))
            else:
                draw(painter, area)
        painter.end()
        return bytes(image.constBits())

    assert picture(stamped=True) == picture(stamped=False)
    drawn.clear()
    assert picture(stamped=True) == picture(stamped=False)
    assert len(drawn) == 8, "the stamped ones were not drawn again"


def test_stamps_do_not_pile_up(qapp: QApplication) -> None:
    stamps, image = Stamps(), QImage(50, 50, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    for n in range(MOST + 50):
        stamps.put(painter, QRectF(0, 0, 10, 10), QColor("white"), n, lambda _: None)
    painter.end()
    assert len(stamps._kept) == MOST
