"""The head of a card: who, when, whom it answers, and the signs. The name comes first: what has no room beside it
stands below it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QLabel, QLayout, QLayoutItem, QStyle, QWidget

from ui.reading.parts import label
from ui.reading.signs import Sign
from ui.widgets.text import Elided, Text

GAP_PX, LINE_GAP_PX = 8, 3
ROOM_FOR_WHOM = 18
"""Letters of "in reply to ..." that are worth staying in the first line."""


class Heading(QLayout):
    """One line while everything fits into it. Chips are made when first needed, kept, and say something else later."""

    def __init__(self) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._sizes: dict[QWidget, QSize] = {}  # what each wants, until one of them changes
        self._known: dict[int, tuple[list[tuple[QWidget, QRect]], int]] = {}  # what stands where, by width; likewise
        self._chips: dict[tuple[str, bool], list[Text]] = {}
        self._shown: list[Text] = []
        self.setContentsMargins(0, 0, 0, 0)
        self.name: QLabel = Elided("")
        self._plain, self._drawn = self.name, QLabel()
        self._plain.set_size(100, QFont.Weight.Bold)  # type: ignore[attr-defined]
        self._drawn.setTextFormat(Qt.TextFormat.RichText)
        self._drawn.hide()
        self._when = label("", "text-3", percent=92)
        self._whom = Elided("")
        self._whom.set_size(92)
        self._whom.setProperty("role", "text-3")
        for one in (self._plain, self._drawn, self._when, self._whom):
            self.addWidget(one)

    # What it says

    def say(self, name: str, when: str, exactly: str, whom: str, signs: Sequence[Sign]) -> None:
        """Another message's head."""
        self.name = self._plain
        self._plain.setText(name)
        self._plain.show()
        self._drawn.hide()
        self._drawn.clear()
        self._drawn.setAccessibleName("")
        self._when.setText(when)
        self._when.setToolTip(exactly)
        self._whom.setText(whom)
        self._whom.setVisible(bool(whom))
        self._sign(signs)

    def draw_name(self, html: str, name: str) -> None:
        """The name with emoji in it, as markup, and in words."""
        self.name = self._drawn
        self._drawn.setText(html)
        self._drawn.setAccessibleName(name)
        self._drawn.show()
        self._plain.hide()
        self._plain.clear()

    @property
    def signs(self) -> list[str]:
        """The words of the chips."""
        return [chip.text() for chip in self._shown]

    def _sign(self, signs: Sequence[Sign]) -> None:
        free = {look: list(chips) for look, chips in self._chips.items()}
        before, self._shown = self._shown, []
        for sign in signs:
            look = (sign.role, sign.locked)
            if spare := free.get(look):
                chip = spare.pop(0)
                sign.put_on(chip)
            else:
                chip = sign.made()
                sign.put_on(chip)
                self._chips.setdefault(look, []).append(chip)
                self.addWidget(chip)
            self._shown.append(chip)
            chip.show() if chip.parentWidget() is not None else None  # else shown with the card
        for chip in before:
            if chip not in self._shown:
                chip.hide()
                chip.clear()
                chip.setToolTip("")
        self.invalidate()

    # Where it stands

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._arranged(width)[1]

    def sizeHint(self) -> QSize:
        parts = [self.name, self._when, *([self._whom] if self._whom.text() else []), *self._shown]
        wide = sum(self._size(p).width() + GAP_PX for p in parts) - GAP_PX
        return QSize(wide, max(self._size(p).height() for p in parts))

    def minimumSize(self) -> QSize:
        least = self._when.sizeHint().width() + GAP_PX + self._plain.minimumSizeHint().width()
        return QSize(max([least, *(self._size(c).width() for c in self._shown)]), self._size(self._when).height())

    def invalidate(self) -> None:
        self._sizes.clear()
        self._known.clear()
        super().invalidate()

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        parent = self.parentWidget()
        direction = parent.layoutDirection() if parent is not None else Qt.LayoutDirection.LeftToRight
        for part, place in self._arranged(rect.width())[0]:
            part.setGeometry(QStyle.visualRect(direction, rect, place.translated(rect.topLeft())))

    def _size(self, part: QWidget) -> QSize:
        size = self._sizes.get(part)
        if size is None:
            size = self._sizes[part] = part.sizeHint()
        return size

    def _arranged(self, width: int) -> tuple[list[tuple[QWidget, QRect]], int]:
        """Where each part stands in so much width, and the height of all."""
        if width not in self._known:
            self._known[width] = self._arrange(width)
        return self._known[width]

    def _arrange(self, width: int) -> tuple[list[tuple[QWidget, QRect]], int]:
        when = self._size(self._when).width()
        name = min(self._size(self.name).width(), max(width - when - GAP_PX, 0))
        first: list[tuple[QWidget, int]] = [(self.name, name), (self._when, when)]
        below: list[tuple[QWidget, int]] = []
        chips: list[tuple[QWidget, int]] = [(c, min(self._size(c).width(), width)) for c in self._shown]
        left = width - name - GAP_PX - when  # room in the first line
        after = left - sum(wide + GAP_PX for _, wide in chips)
        if after < 0:  # the name comes before the signs
            below, chips = chips, []
        else:
            left = after
        if self._whom.text():
            whom, room = self._size(self._whom).width(), left - GAP_PX
            if whom <= room or room >= self._whom.fontMetrics().averageCharWidth() * ROOM_FOR_WHOM:
                first.append((self._whom, min(whom, room)))
                left -= GAP_PX + min(whom, room)
            else:
                below.insert(0, (self._whom, min(whom, width)))
        lines = [first + chips]
        for part, wide in below:
            if len(lines) == 1 or sum(w + GAP_PX for _, w in lines[-1]) + wide > width:
                lines.append([])
            lines[-1].append((part, wide))
        return self._placed(lines, left if chips else 0)

    def _placed(self, lines: list[list[tuple[QWidget, int]]], left: int) -> tuple[list[tuple[QWidget, QRect]], int]:
        """The parts of each line share their middle; what is ``left`` of the first stands before its chips."""
        placed: list[tuple[QWidget, QRect]] = []
        y = 0
        for line in lines:
            tall, x = max(self._size(p).height() for p, _ in line), 0
            for part, wide in line:
                if left and part is self._shown[0]:
                    x += left
                high = self._size(part).height()
                placed.append((part, QRect(QPoint(x, y + (tall - high) // 2), QSize(wide, high))))
                x += wide + GAP_PX
            y += tall + LINE_GAP_PX
        return placed, y - LINE_GAP_PX
