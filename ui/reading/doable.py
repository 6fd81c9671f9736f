"""The buttons of a card: what can be done with its message. They are kept from one message to the next."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QPushButton

from inbox.model import Channel
from inbox.store.reading import StoredMessage
from ui.reading.offers import more_offers, offers
from ui.widgets.flow import FlowLayout


class Doable(FlowLayout):
    """``wanted(command, id)`` for a button or a line of the menu. Most cards never need their buttons, and they are
    half of what a card costs: they are made when they are first offered."""

    wanted = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 4, 0, 0)
        self._buttons: list[QPushButton] = []
        self._commands: list[str] = []  # what each of the buttons does now
        self._more: QPushButton | None = None
        self._open: QPushButton | None = None
        self._about: tuple[StoredMessage, Channel, str] | None = None
        self._filled = False

    def heightForWidth(self, width: int) -> int:
        return super().heightForWidth(width) if any(not b.isHidden() for b in self.buttons) else 0

    def begin(self, stored: StoredMessage, channel: Channel, name: str, *, offered: bool) -> None:
        """Another message; what can be done with it is ``offered`` at once, or when it is wanted."""
        self._about, self._filled, self._commands = (stored, channel, name), False, []
        for button in self.buttons:
            button.setDown(False)  # pressed for the one, it is not let go over the other
            if button.text():
                _say(button, "", "")
        self.offer(offered)

    def offer(self, visible: bool) -> bool:
        """Show what can be done, or not; whether that took new buttons."""
        before = self.count()
        if visible and not self._filled:
            self._fill()
        for button in self.buttons:
            wanted = visible and bool(button.text())
            if button.isHidden() is wanted:
                button.setVisible(wanted)
        return self.count() > before

    def ask(self, place: QPoint) -> None:
        """All that can be done, as a menu."""
        assert self._about is not None
        stored, channel, _ = self._about
        if commands := offers(stored, channel) + more_offers(stored, channel):
            self._menu(commands).popup(place)

    def act(self, place: int) -> None:
        """What the button at this place does now."""
        if self._about is not None and place < len(self._commands):
            self.wanted.emit(self._commands[place], int(self._about[0].id))

    @property
    def buttons(self) -> list[QPushButton]:
        """All that were ever needed, as they stand."""
        return [*self._buttons, *(b for b in (self._more, self._open) if b is not None)]

    def _fill(self) -> None:
        assert self._about is not None
        stored, channel, name = self._about
        self._filled = True
        found = offers(stored, channel)
        self._commands = [command for command, _ in found]
        while len(self._buttons) < len(found):
            self._make(len(self._buttons))
        for button, (_, words) in zip(self._buttons, found, strict=False):
            _say(button, words, f"{words}: {name}")
        if more_offers(stored, channel):
            if self._more is None:
                self._more = self._added(len(self._buttons))
                self._more.clicked.connect(self._show_more)
            words = self.tr("More …")
            _say(self._more, words, self.tr("More that can be done: {0}").format(name))
        url = stored.message.url
        if url.startswith(("http://", "https://")):
            if self._open is None:
                self._open = self._added(self.count())
                self._open.setProperty("role", "quiet")
                self._open.clicked.connect(self._open_outside)
            _say(self._open, self.tr("Open ↗"), f"Open in the browser: {name}", url)

    def _make(self, place: int) -> None:
        button = self._added(place)
        button.clicked.connect(lambda _=False: self.act(place))
        self._buttons.append(button)

    def _added(self, place: int) -> QPushButton:
        """A new button at this place of the row."""
        button = QPushButton(self.parentWidget())
        self.addWidget(button)
        self._items.insert(place, self._items.pop())
        return button

    def _show_more(self) -> None:
        assert self._about is not None
        assert self._more is not None
        stored, channel, _ = self._about
        below = self._more.mapToGlobal(self._more.rect().bottomLeft())
        self._menu(more_offers(stored, channel)).popup(below)

    def _open_outside(self) -> None:
        if self._open is not None and self._open.toolTip():
            QDesktopServices.openUrl(QUrl(self._open.toolTip()))

    def _menu(self, commands: list[tuple[str, str]]) -> QMenu:
        assert self._about is not None
        id_ = int(self._about[0].id)  # while it is open the card may come to show another message
        menu = QMenu(self.parentWidget())
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for command, words in commands:
            menu.addAction(words).triggered.connect(lambda _=False, c=command: self.wanted.emit(c, id_))
        return menu


def _say(button: QPushButton, words: str, spoken: str, tip: str = "") -> None:
    button.setText(words)
    button.setAccessibleName(spoken)
    button.setToolTip(tip)
