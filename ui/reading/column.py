"""Parts below one another that stay where they are on the screen, whatever is put in, taken out or grows above them.

A layout in a scroll area would not do: it measures every part again at a dozen widths whenever one of them changes
(0.7 ms a card, measured with Qt 6.11), and moves what is being read. Here each part is measured at the one width there
is, and after every change the part being looked at is put back to where it stood.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

from ui.reading.parts import Inner, chain, stops

SIDE_PX, EDGE_PX, GAP_PX = 20, 16, 12
SIGHT_PX = 24
"""How far from the edge of the pane a part is brought when it is brought into sight."""


class _Inner(QWidget):
    """What is scrolled. ``changed`` is called when a part wants another size."""

    def __init__(self, changed: Callable[[], None]) -> None:
        super().__init__()
        self._changed = changed
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:
            self._changed()
        return super().event(event)


class Column(QScrollArea):
    """The parts, from the top down. One of them can be held: it stays in sight until the reader scrolls."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[QWidget] = []
        self._loose: set[QWidget] = set()  # never what the reader is held by
        self._unmeasured: set[QWidget] = set()
        self._held: QWidget | None = None
        self._aiming = self._far = False
        self._anchor: tuple[QWidget, int] | None = None
        self._at_end = False
        self._settling = False
        self.inner = _Inner(self.settle)
        self.setWidget(self.inner)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    # Parts

    def prepare(self, part: QWidget) -> None:
        """Do beforehand, and unseen, most of what putting the part in costs."""
        if part.parentWidget() is not self.inner:  # else it has been dressed before
            part.setParent(self.inner)
            for one in (part, *part.findChildren(QWidget)):
                one.ensurePolished()
        _finish(part)
        part.heightForWidth(self._width())

    def put(self, part: QWidget, place: int, *, loose: bool = False) -> None:
        """Put a part in. ``settle`` follows by itself, or is called when positions are needed at once."""
        self.parts.insert(place, part)
        if loose:
            self._loose.add(part)
        if part.parentWidget() is not self.inner:
            part.setParent(self.inner)
        if place:  # Tab goes through the parts as they stand, not as they were made
            above = self.parts[place - 1]
            chain([above, *stops(above)][-1], [part, *stops(part)])
        if part.isHidden():
            part.show()
        self._unmeasured.add(part)

    def take(self, part: QWidget) -> None:
        """Take a part out."""
        self.parts.remove(part)
        self._loose.discard(part)
        self._unmeasured.discard(part)
        if self._held is part:
            self._held, self._aiming = None, False
        if self._anchor is not None and self._anchor[0] is part:
            self._anchor = None
        focused = QApplication.focusWidget()
        if focused is not None and (focused is part or part.isAncestorOf(focused)):
            focused.clearFocus()  # else Qt hands the keyboard on, and scrolls to whoever gets it
        part.hide()
        self.let_go(part)

    def let_go(self, part: QWidget) -> None:
        """What becomes of a part that is taken out."""
        part.deleteLater()

    def remeasure(self, part: QWidget) -> None:
        """What is in this part has become another."""
        self._unmeasured.add(part)
        self.settle()

    def shift(self, part: QWidget, place: int) -> None:
        """Let a part stand elsewhere; ``place`` is counted without it."""
        self.parts.remove(part)
        self.parts.insert(place, part)
        if place:
            above = self.parts[place - 1]
            chain([above, *stops(above)][-1], [part, *stops(part)])
        self._unmeasured.add(part)

    def replace(self, old: QWidget, new: QWidget) -> None:
        """Put another in the place of a part, also on the screen."""
        held, aiming, anchor = self._held is old, self._aiming, self._anchor
        self.put(new, self.parts.index(old))
        self.take(old)
        if held:
            self._held, self._aiming = new, aiming
        if anchor is not None and anchor[0] is old:
            self._anchor = (new, anchor[1])

    def clear(self, *, hide: bool = True) -> None:
        """Take every part out and begin at the top. Without ``hide`` they stay to be seen, until what comes next is
        put in from among them."""
        focused = QApplication.focusWidget()
        if focused is not None and self.inner.isAncestorOf(focused):
            focused.clearFocus()
        for part in self.parts:
            if hide:
                part.hide()
            self.let_go(part)
        self.parts, self._loose, self._unmeasured = [], set(), set()
        self._held, self._anchor, self._aiming = None, None, False
        self.scroll_to(0)

    # What is looked at

    @property
    def at_end(self) -> bool:
        """Whether the reader is at the very end."""
        return self._at_end

    def hold(self, part: QWidget) -> None:
        """What changes shall not move this part, as long as it is in sight."""
        if part is not self._held:
            self._held, self._aiming = part, False
            if part not in self._unmeasured:  # else it stands nowhere yet
                self._note()
        self._unmeasured.add(part)

    def aim(self, part: QWidget, *, far: bool = True) -> None:
        """Bring this part into sight, and keep it there until the reader scrolls. ``far``: with what is above it."""
        self._held, self._aiming, self._far = part, True, far
        self._unmeasured.add(part)
        self.settle(focused=False)

    def to_end(self) -> None:
        """Go to the very end, and keep the last part in sight."""
        if (last := self._last()) is not None:
            self.aim(last)
            self.scroll_to(self.verticalScrollBar().maximum())

    def in_view(self, part: QWidget, *, whole: bool = False) -> bool:
        """Whether any of a part is in sight, or all of it."""
        top, height = self.verticalScrollBar().value(), self.viewport().height()
        first, last = part.y(), part.y() + part.height()
        return top <= first and last <= top + height if whole else first < top + height and last > top

    def looked(self) -> None:
        """Called whenever positions have become true or the reader has scrolled."""

    # Where things are

    def settle(self, *, focused: bool = True) -> None:
        """Give every part its place, at once, and the reader what they were looking at.

        That is the part with the ``focused`` widget, the one that is held, or else the first in sight.
        """
        if self._settling or not self.isVisible():
            return  # shown later: then it is done
        self._settling = True
        try:
            if focused:
                self._hold_focused()
            self._place()
            self._restore()
        finally:
            self._settling = False
        QCoreApplication.removePostedEvents(self.inner, QEvent.Type.LayoutRequest)  # just done
        self._note()
        self.looked()

    def _hold_focused(self) -> None:
        """A part that somebody works in and that is in sight stays: what they open in it grows downwards."""
        part = QApplication.focusWidget()
        while part is not None and part.parentWidget() is not self.inner:
            part = part.parentWidget()
        if part is not None and part is not self._held and part not in self._unmeasured and self.in_view(part):
            self._aiming = False
            self._anchor = (part, part.y() - self.verticalScrollBar().value())

    def _place(self) -> None:
        for part in self._unmeasured:
            _finish(part)
        self._unmeasured.clear()
        width, y = self._width(), EDGE_PX
        for part in self.parts:
            if part not in self._loose or not part.isHidden():
                if (height := part.heightForWidth(width)) < 0:
                    height = part.sizeHint().height()
                part.setGeometry(SIDE_PX, y, width, height)
                y += height + GAP_PX
        for _ in range(2):  # the scroll bar takes room as soon as it is needed
            self.inner.resize(self.viewport().width(), max(y - GAP_PX + EDGE_PX, self.viewport().height()))

    def _restore(self) -> None:
        bar, held = self.verticalScrollBar(), self._held
        if self._anchor is not None:
            bar.setValue(self._anchor[0].y() - self._anchor[1])
        if not self._aiming or held is None or self.in_view(held, whole=True):
            return
        height, top, bottom = self.viewport().height(), held.y(), held.y() + held.height()
        if held is self._last() and bottom - top <= height:
            bar.setValue(bar.maximum())
        elif self._far and bottom - top <= height // 2:
            bar.setValue(top - height // 3)
        elif top < bar.value() or bottom - top > height - 2 * SIGHT_PX:
            bar.setValue(top - SIGHT_PX)
        else:
            bar.setValue(bottom + SIGHT_PX - height)
        self._far = False

    def _width(self) -> int:
        """The width of a part: with or without a scroll bar the same, so that its coming changes no height. The bar
        has its place in the margin at the right, so that the parts end where the reply box below them ends."""
        return self.maximumViewportSize().width() - 2 * SIDE_PX

    def _last(self) -> QWidget | None:
        return next((p for p in reversed(self.parts) if not p.isHidden()), None)

    def scroll_to(self, value: int) -> None:
        """Scroll without it being the reader who does."""
        self._settling = True
        self.verticalScrollBar().setValue(value)
        self._settling = False
        self._note()
        self.looked()

    def _note(self) -> None:
        """Remember where what is looked at stands on the screen: the held part, or else the first in sight."""
        bar = self.verticalScrollBar()
        self._at_end = bar.value() >= bar.maximum() - 4
        part = self._held if self._held is not None and self.in_view(self._held) else None
        if part is None:
            shown = [p for p in self.parts if not p.isHidden()]
            first = bisect_right(shown, bar.value(), key=lambda p: p.y() + p.height())
            part = next((p for p in shown[first:] if p not in self._loose), None)
        self._anchor = (part, part.y() - bar.value()) if part is not None else None

    def _scrolled(self) -> None:
        if not self._settling:
            self._aiming = False
            self._note()
            self.looked()

    def resizeEvent(self, event: QResizeEvent) -> None:
        at_end = self._at_end and self.verticalScrollBar().maximum() > 0
        inside, self._settling = self._settling, True
        super().resizeEvent(event)
        self._settling = inside
        if not inside:
            self.settle()
            if at_end and self.isVisible():  # what stands at the end stays there, above a reply box that grows
                self.scroll_to(self.verticalScrollBar().maximum())

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.settle()


def _finish(part: QWidget) -> None:
    """Let what changed inside of it be measured now, not when Qt gets to it."""
    for inner in (*part.findChildren(Inner), part):
        if (layout := inner.layout()) is not None:
            layout.activate()
