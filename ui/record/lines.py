"""The lines of the record as a table that reads on as it is scrolled, and the words they are shown in."""

from __future__ import annotations

import json
import sqlite3

from PySide6.QtCore import QAbstractTableModel, QCoreApplication, QModelIndex, QObject, QPersistentModelIndex, Qt

from inbox.clock import Clock
from inbox.store import record
from inbox.store.record import MACHINE, Event, Verdict
from ui.format import exact_time, long_time

PAGE = 100
_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()


class Lines(QAbstractTableModel):
    """Newest first. Only what is looked at is read: a page more each time the end comes into view."""

    WHEN, WHO, WHAT, ABOUT, DETAILS = range(5)

    def __init__(self, connection: sqlite3.Connection, clock: Clock, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connection = connection
        self._clock = clock
        self._subject = ""
        self._lines: list[Event] = []
        self._more = False  # nothing is read before it is shown

    def line(self, row: int) -> Event:
        """The line in this row."""
        return self._lines[row]

    def show_subject(self, subject: str) -> None:
        """Show the lines of one subject ("delivery:3"), of all when it is empty; from the newest on."""
        self.beginResetModel()  # another question, another list: nothing of the old one stays
        self._subject, self._lines, self._more = subject, [], True
        self.endResetModel()
        self.fetchMore()

    def read_newer(self) -> int:
        """Put lines that were written meanwhile on top; how many."""
        if not self._lines:
            self.show_subject(self._subject)
            return len(self._lines)
        newest = self._lines[0].id
        found: list[Event] = []
        before: int | None = None
        while True:
            page = record.lines(self._connection, subject=self._subject, before_id=before, limit=PAGE)
            fresh = [e for e in page if e.id > newest]
            found += fresh
            if len(fresh) < PAGE:
                break
            before = page[-1].id
        if found:
            self.beginInsertRows(_NOWHERE, 0, len(found) - 1)
            self._lines[:0] = found
            self.endInsertRows()
        return len(found)

    def stop(self) -> None:
        """The window closes: read nothing any more."""
        self._more = False

    def canFetchMore(self, parent: _Index = _NOWHERE) -> bool:
        return self._more and not parent.isValid()

    def fetchMore(self, parent: _Index = _NOWHERE) -> None:
        last = self._lines[-1].id if self._lines else None
        page = record.lines(self._connection, subject=self._subject, before_id=last, limit=PAGE)
        self._more = len(page) == PAGE
        if page:
            self.beginInsertRows(_NOWHERE, len(self._lines), len(self._lines) + len(page) - 1)
            self._lines += page
            self.endInsertRows()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def columnCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else 5

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role != Qt.ItemDataRole.DisplayRole or orientation is not Qt.Orientation.Horizontal:
            return None
        return (_tr("When"), _tr("Who"), _tr("What"), _tr("About"), _tr("Details"))[section]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        event = self._lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(event, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return exact_time(event.at) if index.column() == self.WHEN else self._cell(event, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == self.WHEN:
            return ", ".join(self._cell(event, c) for c in range(5) if self._cell(event, c))
        return None

    def _cell(self, event: Event, column: int) -> str:
        if column == self.WHEN:
            return long_time(event.at, self._clock.now())
        if column == self.WHO:
            return who(event.actor)
        return (event.verb, event.subject.replace(":", " "), details(event))[column - self.WHAT]


def who(actor: str) -> str:
    """ "person:kl" is kl, the machine is Postroom."""
    return _tr("Postroom") if actor == MACHINE else actor.removeprefix("person:")


def details(event: Event) -> str:
    """What changed, in one line: "state: queued → sent; url: …"."""
    before, after = _object(event.before), _object(event.after)
    parts = []
    for name in dict.fromkeys((*before, *after)):
        old, new = (" ".join(str(o.get(name, "")).split()) for o in (before, after))
        if old and new and old != new:
            parts.append(f"{name}: {old} → {new}")
        elif old or new:
            parts.append(f"{name}: {new or old}")
    return "; ".join(parts)


def verdict_words(verdict: Verdict) -> str:
    """ "4,312 lines, all sound", or the first broken one."""
    if verdict.broken_line is None:
        words = _tr("{0} line, sound") if verdict.lines == 1 else _tr("{0} lines, all sound")
        return words.format(f"{verdict.lines:,}")
    return _tr("Not sound: {0}. The {1} lines before it are.").format(verdict.words, f"{verdict.lines:,}")


def _object(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"": text}  # a line that somebody changed may hold anything
    return found if isinstance(found, dict) else {"": found}


def _tr(text: str) -> str:
    return QCoreApplication.translate("record", text)
