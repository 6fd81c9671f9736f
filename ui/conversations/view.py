"""The list pane: search field, rows, what is new above, and what to say when there is nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from inbox.events import Changed
from inbox.model import ChannelId
from inbox.store import reading
from inbox.store.reading import ConversationRow
from inbox.tasks import Tasks
from ui.conversations.delegate import RowDelegate
from ui.conversations.found import FoundList
from ui.conversations.model import ConversationList
from ui.conversations.rows import Empty, Rows
from ui.conversations.search import SearchField
from ui.format import plural
from ui.reader import Reader
from ui.theme import Theme


class ConversationPane(QWidget):
    """``opened(id, message_id)``: show it (message 0: from its start). ``entered``: go into it with the keyboard."""

    opened = Signal(int, int)
    entered = Signal()
    accounts_wanted = Signal()

    def __init__(
        self, reader: Reader, theme: Theme, tasks: Tasks, channel_title: Callable[[ChannelId], str],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.tasks = tasks
        self._reader = reader
        self._empty_words: Callable[[], tuple[str, str, bool]] = lambda: ("", "", False)
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = ConversationList(reader, channel_title, self)
        self.found = FoundList(reader, channel_title, self)
        self.search = SearchField(reader, tasks)
        self.search.found.connect(self._show_hits)
        self.search.first_wanted.connect(self._go_to_first)
        self.search.emptied.connect(self._leave_search)
        self.view = Rows()
        self.view.setModel(self.model)
        self.delegate = RowDelegate(theme, lambda i: channel_title(ChannelId(i)), self.view)
        self.view.setItemDelegate(self.delegate)
        self.view.setAccessibleName(self.tr("Conversations"))
        self.view.entered_row.connect(self.entered)
        self.view.selectionModel().currentChanged.connect(self._current_changed)
        self.news = QPushButton(self.tr("New above"))
        self.news.hide()
        self.news.setProperty("role", "quiet")
        self.news.clicked.connect(self.show_newest)
        self.empty = Empty()
        self.empty.add.clicked.connect(self.accounts_wanted)
        self._stack = QStackedLayout()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        head = QFrame()
        head.setProperty("role", "surface")
        head_layout = QVBoxLayout(head)
        head_layout.setContentsMargins(12, 8, 12, 8)
        head_layout.addWidget(self.search)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(head)
        layout.addWidget(self.news)
        rows = QWidget()
        rows.setLayout(self._stack)
        layout.addWidget(rows, 1)
        self.model.rowsInserted.connect(lambda: self._show(self.view))
        self.model.rowsRemoved.connect(lambda: self._say_if_empty())
        self.model.arrived.connect(self._arrived)
        self.model.modelReset.connect(self._say_if_empty)
        self.view.verticalScrollBar().valueChanged.connect(lambda value: None if value else self._count_new(0))
        self._minute = QTimer(self, interval=20_000)
        self._minute.timeout.connect(self.view.viewport().update)
        self._minute.start()
        self._new = 0

    # Which list

    def explain_empty(self, words: Callable[[], tuple[str, str, bool]]) -> None:
        """Title and sentence for an empty list, and whether to offer adding an account; asked for when it is shown."""
        self._empty_words = words

    def show_place(self, place: str, network: str, title: str = "") -> None:
        """Show another list from its top; nothing is selected. What is searched for is kept on another ``network``."""
        elsewhere = network != self.model.network and place == self.model.place
        if self.search.text() and not elsewhere:
            self.search.clear()
        self.model.show_place(place, network)
        self._count_new(0)
        self.search.search_in(network, title)

    def on_changed(self, changed: Changed) -> None:
        """Follow the engine."""
        self.model.on_changed(changed)
        if self.searching:
            self.found.on_changed(changed)

    def take_focus(self) -> None:
        """Bring the keyboard into the list, also when it is empty; somebody typing a search is left to it."""
        if self.search.hasFocus() and self.search.text():
            return
        self._focus_list()

    def _focus_list(self) -> None:
        part = self.empty.words if self._stack.currentWidget() is self.empty else self.view
        part.setFocus(Qt.FocusReason.OtherFocusReason)

    def stop(self) -> None:
        """The window closes: ask nothing any more."""
        self.model.stop()
        self.search.stop()
        self._minute.stop()

    # Where we are

    @property
    def searching(self) -> bool:
        """Whether search results are shown."""
        return self.view.model() is self.found

    def current(self) -> ConversationRow | None:
        """The row the officer is on."""
        model = self.found if self.searching else self.model
        return model.row_at(self.view.currentIndex().row())

    def select(self, conversation_id: int) -> bool:
        """Go to a conversation of this list, reading on until it is there."""
        position = self.model.load_until(conversation_id)
        if position >= 0:
            self.view.setCurrentIndex(self.model.index(position))
        return position >= 0

    def step(self, by: int) -> bool:
        """Go up or down; returns whether there was anywhere to go."""
        model = self.view.model()
        position = self.view.currentIndex().row() + by if self.view.currentIndex().isValid() else 0
        if position >= model.rowCount() and model.canFetchMore(QModelIndex()):
            model.fetchMore(QModelIndex())
        if not 0 <= position < model.rowCount():
            return False
        self.view.setCurrentIndex(model.index(position, 0))
        return True

    def take_current_and_step(self) -> ConversationRow | None:
        """Remove the current row from the list and go to the one below (or above, at the end)."""
        row = self.current()
        if row is None or self.searching:
            return row
        position = self.view.currentIndex().row()
        if not self.step(1):
            self.step(-1)
        if self.model.rowCount() == 1:
            self.view.setCurrentIndex(QModelIndex())
        self.model.take(row.id)
        if not self.view.currentIndex().isValid() and self.model.rowCount():
            self.view.setCurrentIndex(self.model.index(min(position, self.model.rowCount() - 1)))
        return row

    def show_newest(self) -> None:
        """Go to the top of the list."""
        self.view.scrollToTop()
        if self.view.model().rowCount():
            self.view.setCurrentIndex(self.view.model().index(0, 0))
        self._count_new(0)

    def set_compact(self, compact: bool) -> None:
        """One line per row, or three."""
        self.delegate.compact = compact
        self.view.doItemsLayout()

    def _current_changed(self, current: QModelIndex, previous: QModelIndex) -> None:
        if self.searching:
            hit = self.found.hit_at(current.row())
            if hit is not None:
                self.opened.emit(hit.row.id, hit.message_id)
            return
        row = self.model.row_at(current.row())
        if row is None:
            self.model.release()
            self.opened.emit(0, 0)
        elif row.id != self.model.kept:
            self.model.release()
            self.model.kept = row.id
            self.opened.emit(row.id, 0)

    # What comes in

    def _arrived(self, count: int) -> None:
        self._count_new(self._new + count if self.view.verticalScrollBar().value() > 0 else 0)

    def _count_new(self, count: int) -> None:
        self._new = count
        self.news.setVisible(count > 0 and not self.searching)
        self.news.setText(self.tr("↑ {0} above").format(plural(count, "new conversation")))

    # Search

    def _show_hits(self, hits: list[reading.Hit]) -> None:
        self.found.show_hits(hits)
        if not self.searching:
            self._swap(self.found)
        self._say_if_empty()

    def _go_to_first(self) -> None:
        self._focus_list()
        if self.searching and self.found.rowCount():
            self.view.setCurrentIndex(self.found.index(0))
            self.view.scrollToTop()

    def _leave_search(self) -> None:
        if self.searching:
            self._swap(self.model)
            kept = self.model.kept
            position = self.model.position_of(kept) if kept is not None else -1
            if position >= 0:  # back to where the search began
                index = self.model.index(position)
                self.view.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
                self.view.scrollTo(index)
            self.opened.emit(kept if position >= 0 and kept is not None else 0, 0)
        self._say_if_empty()

    def _swap(self, model: ConversationList | FoundList) -> None:
        self._count_new(0)
        self.view.setModel(model)
        self.view.selectionModel().currentChanged.connect(self._current_changed)

    def _say_if_empty(self) -> None:
        if self.view.model().rowCount():
            self._show(self.view)
            return
        if self.searching:
            network = self.search.network_title
            title = self.tr("Nothing found for “{0}” on {1}") if network else self.tr("Nothing found for “{0}”")
            title = title.format(self.search.text(), network)
            words = self.tr("Every word must occur; the last may be unfinished. Accents do not matter.")
            first_run = False
        else:
            title, words, first_run = self._empty_words()
        self.empty.say(title, words, offer_account=first_run)
        self._show(self.empty)

    def _show(self, part: QWidget) -> None:
        """Show the rows, or why there are none; the keyboard stays in the list either way."""
        if self._stack.currentWidget() is not part:
            had_focus = self.view.hasFocus() or self.empty.words.hasFocus()
            self._stack.setCurrentWidget(part)
            if had_focus:
                self._focus_list()
