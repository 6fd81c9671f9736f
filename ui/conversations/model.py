"""The rows of the list: pages read as they are scrolled to, changes applied one by one, never a whole reset.

Sorted by (last_at, id), newest first, like the store's index. A change re-reads only the touched rows, a slice at a
time, so that a back-fill of thousands never holds the window up. The row the officer is on stays, even when it no
longer belongs into the list, until they move off it.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal

from inbox.events import Changed
from inbox.model import ChannelId, ConversationId
from inbox.store import reading
from inbox.store.reading import EVERYTHING, ConversationRow
from ui.format import bare_name, exact_time, spoken_age
from ui.reader import Reader

PAGE = 60
NEXT_PAGE = 20
"""Rows read on at a time: a millisecond, so that the frame in which it happens is like any other."""
SLICE = 40
"""Rows re-read per turn of the event loop: about two milliseconds."""
ROW = Qt.ItemDataRole.UserRole
_PLACE_WORDS = {
    "owed": "Owed",
    "waiting": "Waiting",
    "done": "Done",
    "quiet": "",
    "published": "Ours",
    "aside": "Set aside",
}
Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


def _key(row: ConversationRow) -> tuple[float, int]:
    return (-row.last_at.timestamp(), -row.id)


class ConversationList(QAbstractListModel):
    """The conversations of one place and network. ``arrived(n)``: so many rows came in above."""

    arrived = Signal(int)
    emptied = Signal()

    def __init__(
        self, reader: Reader, channel_title: Callable[[ChannelId], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._reader = reader
        self._channel_title = channel_title
        self._rows: list[ConversationRow] = []
        self._ids: dict[ConversationId, ConversationRow] = {}
        self._place, self._network = "owed", ""
        self._more = True
        self._telling = False  # of a change under way: who hears of it may ask for more, which must wait
        self._stale: set[ConversationId] = set()
        self._slices = QTimer(self, interval=0, singleShot=True)
        self._slices.timeout.connect(self._apply_slice)
        self.kept: ConversationId | None = None

    # Qt's side

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken(row, self._channel_title(row.channel_id), datetime.now(UTC))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._channel_title(row.channel_id)}\n{exact_time(row.last_at)}"
        return None

    def canFetchMore(self, parent: Index = NOWHERE) -> bool:
        return self._more and not self._telling and not parent.isValid()

    def fetchMore(self, parent: Index = NOWHERE) -> None:
        if not self.canFetchMore(parent):
            return
        page = self._read_page(after=self._rows[-1] if self._rows else None, limit=NEXT_PAGE)
        fresh = [r for r in page if r.id not in self._ids]
        self._more = len(page) == NEXT_PAGE
        if fresh:
            start = len(self._rows)
            with self._change():
                self.beginInsertRows(NOWHERE, start, start + len(fresh) - 1)
                self._rows += fresh
                self._ids.update({r.id: r for r in fresh})
                self.endInsertRows()

    # The window's side

    def show_place(self, place: str, network: str) -> None:
        """Show another list from its top."""
        self.beginResetModel()
        self._place, self._network = place, network
        self._rows, self._ids, self._stale, self.kept = [], {}, set(), None
        self._rows = self._read_page(after=None)
        self._ids = {r.id: r for r in self._rows}
        self._more = len(self._rows) == PAGE
        self.endResetModel()

    @property
    def place(self) -> str:
        """The place shown."""
        return self._place

    @property
    def network(self) -> str:
        """The network shown; empty for all."""
        return self._network

    def row_at(self, position: int) -> ConversationRow | None:
        """The conversation at a position, if loaded."""
        return self._rows[position] if 0 <= position < len(self._rows) else None

    def position_of(self, conversation_id: int) -> int:
        """Where the conversation is, or -1."""
        row = self._ids.get(ConversationId(conversation_id))
        if row is None:
            return -1
        position = bisect.bisect_left(self._rows, _key(row), key=_key)
        if position < len(self._rows) and self._rows[position].id == conversation_id:
            return position
        # The kept row may stand out of order, and then its neighbours mislead the search.
        return next((i for i, r in enumerate(self._rows) if r.id == conversation_id), -1)

    def load_until(self, conversation_id: int, limit: int = 2000) -> int:
        """Read on until the conversation is there (at most ``limit`` rows); its position, or -1."""
        while conversation_id not in self._ids and self._more and len(self._rows) < limit:
            self.fetchMore()
        return self.position_of(conversation_id)

    def take(self, conversation_id: ConversationId) -> None:
        """Remove a row at once; the engine's word about it follows."""
        if (position := self.position_of(conversation_id)) >= 0:
            self._remove(position)

    def on_changed(self, changed: Changed) -> None:
        """Re-read what the change touched, a slice at a time; loaded rows first."""
        self._stale |= changed.conversations
        if self._stale and not self._slices.isActive():
            self._slices.start()

    def release(self) -> None:
        """The officer moved off the kept row: let it go where it belongs."""
        kept, self.kept = self.kept, None
        if kept is not None:
            self._stale.add(kept)
            self._slices.start()

    def stop(self) -> None:
        """Read nothing any more."""
        self._slices.stop()
        self._stale.clear()

    def _apply_slice(self) -> None:
        first = [i for i in self._stale if i in self._ids][:SLICE]
        wanted = first or list(self._stale)[:SLICE]
        self._stale.difference_update(wanted)
        found = reading.rows(self._reader.connection, wanted)
        above = 0
        for id_ in wanted:
            above += self._apply(id_, found.get(id_))
        if above:
            self.arrived.emit(above)
        if self._stale:
            self._slices.start()
        elif not self._rows:
            self.emptied.emit()

    def _apply(self, id_: ConversationId, row: ConversationRow | None) -> int:
        """Bring one row up to date; returns 1 when it is new here."""
        old = self.position_of(id_)
        if row is None or not self._belongs(row):
            if old >= 0 and not (row is not None and id_ == self.kept):
                self._remove(old)
            elif old >= 0 and row is not None:
                self._replace(old, row)
            return 0
        if old >= 0 and (_key(self._rows[old]) == _key(row) or id_ == self.kept):
            self._replace(old, row)  # the row under the officer's eyes stays where it is
            return 0
        if old >= 0:
            self._move(old, row)
            return 0
        return self._insert(row)

    def _belongs(self, row: ConversationRow) -> bool:
        if self._network and row.network != self._network:
            return False
        return row.place != "aside" if self._place == EVERYTHING else row.place == self._place

    def _replace(self, position: int, row: ConversationRow) -> None:
        if self._rows[position] != row:
            self._rows[position] = self._ids[row.id] = row
            index = self.index(position)
            self.dataChanged.emit(index, index)

    def _move(self, old: int, row: ConversationRow) -> None:
        target = bisect.bisect_left(self._rows, _key(row), key=_key)
        if target in (old, old + 1):
            self._replace(old, row)
            return
        with self._change():
            self.beginMoveRows(NOWHERE, old, old, NOWHERE, target)
            self._rows.pop(old)
            self._rows.insert(target - (target > old), row)
            self._ids[row.id] = row
            self.endMoveRows()
        index = self.index(target - (target > old))
        self.dataChanged.emit(index, index)

    def _insert(self, row: ConversationRow) -> int:
        position = bisect.bisect_left(self._rows, _key(row), key=_key)
        if position == len(self._rows) and self._more:
            return 0  # below what is loaded: it comes when scrolled to
        with self._change():
            self.beginInsertRows(NOWHERE, position, position)
            self._rows.insert(position, row)
            self._ids[row.id] = row
            self.endInsertRows()
        return 1

    def _remove(self, position: int) -> None:
        with self._change():
            self.beginRemoveRows(NOWHERE, position, position)
            del self._ids[self._rows.pop(position).id]
            self.endRemoveRows()

    @contextmanager
    def _change(self) -> Iterator[None]:
        self._telling = True
        try:
            yield
        finally:
            self._telling = False

    def _read_page(self, after: ConversationRow | None, limit: int = PAGE) -> list[ConversationRow]:
        key = reading.Key(after.last_at, after.id) if after else None
        return reading.page(self._reader.connection, self._place, network=self._network, after=key, limit=limit)


def spoken(row: ConversationRow, channel: str, now: datetime) -> str:
    """The row in words, what matters first."""
    parts = [_PLACE_WORDS.get(row.place, ""), "not read" if row.unread else "", channel, bare_name(row.author)]
    if row.held:
        parts.insert(1, "held for moderation")
    if row.outgoing == "trouble":
        parts.insert(0, "Reply not sent")
    parts.append(spoken_age(row.last_at, now))
    if not row.public:
        parts.append("private")
    if title := row.context_title or row.subject:
        parts.append(f"on {title}")
    return ", ".join(p for p in parts if p) + f": {row.snippet}"
