"""What a search found, as rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from PySide6.QtCore import QAbstractListModel, QObject, Qt

from inbox.events import Changed
from inbox.model import ChannelId
from inbox.store import reading
from inbox.store.reading import ConversationRow
from ui.conversations.model import NOWHERE, ROW, Index, spoken
from ui.format import exact_time
from ui.reader import Reader


class FoundList(QAbstractListModel):
    """What a search found: one row per conversation, with the words of the message found, replaced by each answer."""

    def __init__(
        self, reader: Reader, channel_title: Callable[[ChannelId], str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._reader = reader
        self._channel_title = channel_title
        self._hits: list[reading.Hit] = []
        self._shown: list[ConversationRow] = []

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._hits)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._hits):
            return None
        row = self._shown[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken(row, self._channel_title(row.channel_id), datetime.now(UTC))
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{self._channel_title(row.channel_id)}\n{exact_time(row.last_at)}"
        return None

    def show_hits(self, hits: Iterable[reading.Hit]) -> None:
        """Show these, first found first, each conversation once."""
        self.beginResetModel()
        once: dict[int, reading.Hit] = {}
        for hit in hits:
            once.setdefault(hit.row.id, hit)
        self._hits = list(once.values())
        self._shown = [_as_found(hit) for hit in self._hits]
        self.endResetModel()

    def on_changed(self, changed: Changed) -> None:
        """Read the rows of touched conversations again; what they said when they were found stays."""
        touched = [n for n, hit in enumerate(self._hits) if hit.row.id in changed.conversations]
        rows = reading.rows(self._reader.connection, [self._hits[n].row.id for n in touched])
        for position in touched:
            hit = self._hits[position]
            row = rows.get(hit.row.id) or self._moved(hit)
            if row is not None:
                self._hits[position] = hit = replace(hit, row=row)
                self._shown[position] = _as_found(hit)
                index = self.index(position)
                self.dataChanged.emit(index, index)

    def _moved(self, hit: reading.Hit) -> ConversationRow | None:
        """The row of the conversation that the hit's own one was merged into."""
        connection = self._reader.connection
        stored = reading.message(connection, hit.message_id)
        found = reading.rows(connection, [stored.conversation_id]) if stored is not None else {}
        return next(iter(found.values()), None)

    def hit_at(self, position: int) -> reading.Hit | None:
        """The hit at a position."""
        return self._hits[position] if 0 <= position < len(self._hits) else None

    def row_at(self, position: int) -> ConversationRow | None:
        """The conversation at a position."""
        hit = self.hit_at(position)
        return hit.row if hit else None


def _as_found(hit: reading.Hit) -> ConversationRow:
    """The row as it is painted and spoken: who wrote the words that were found, and when, and these."""
    row = hit.row
    return replace(
        row, author=hit.author, handle=row.handle if row.author == hit.author else "", snippet=hit.text,
        kind=hit.kind, last_at=hit.created_at,
    )  # fmt: skip
