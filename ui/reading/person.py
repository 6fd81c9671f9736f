"""The context pane: who is being talked to, and how this conversation stands."""

from __future__ import annotations

import functools
import re
import sqlite3
from datetime import UTC, datetime

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QAction, QGuiApplication, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from inbox.model import Channel
from inbox.store.keeping import MEMBER
from inbox.store.reading import ConversationRow, StoredMessage
from inbox.tasks import Tasks
from ui.format import bare_name, exact_time, long_time, plural
from ui.reader import Reader
from ui.reading.markup import plain
from ui.reading.parts import label
from ui.slots import async_slot
from ui.widgets.scrolled import Scrolled

_LEFT = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.AlignmentFlag.AlignTop)
_STATUS = {"open": "open", "waiting": "waiting", "done": "done"}
COUNT_LIMIT = 500
_BREAK = "\u200b"
_SIGN = re.compile(r"(?<=\w)([@./?#&=_-])")


class Value(QLabel):
    """A value that goes on in the next line wherever it must, as an e-mail address has to in a narrow pane."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        copy = QAction(self.tr("Copy"), self)
        copy.triggered.connect(lambda: QGuiApplication.clipboard().setText(self.text()))
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._room(width).height()

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 8, self.fontMetrics().height())

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 2, self.fontMetrics().height())

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(self.rect(), self._flags(self.width()), _breakable(self.text()))
        painter.end()

    def _flags(self, width: int) -> int:
        """Lines end at spaces, and in an address at its signs; only what is still too long is cut anywhere."""
        measure = self.fontMetrics().horizontalAdvance
        longest = max((measure(w) for w in _breakable(self.text()).replace(_BREAK, " ").split()), default=0)
        return _LEFT | int(Qt.TextFlag.TextWrapAnywhere if longest > width else Qt.TextFlag.TextWordWrap)

    def _room(self, width: int) -> QRect:
        words = _breakable(self.text())
        return self.fontMetrics().boundingRect(QRect(0, 0, width, 10_000), self._flags(width), words)


def _breakable(words: str) -> str:
    """With a place to go on in the next line before each sign of an address; for the eye only."""
    return _SIGN.sub(rf"{_BREAK}\1", words)


class PersonPane(QScrollArea):
    """Shows the author of the message in focus and the conversation's facts."""

    def __init__(self, reader: Reader, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tasks = tasks
        self._reader = reader
        self._about: tuple[str, str] = ("", "")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("About this person"))
        self.setMinimumWidth(180)
        self.setProperty("role", "pane")
        self._inner = inner = Scrolled()
        box = QVBoxLayout(inner)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        self._name = label("", percent=108, bold=True, wrap=True)
        self._name.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute)  # Arabic names too
        self._where = label("", "text-2", wrap=True)
        self._seen = label("", "text-2", wrap=True)
        self._details = [Value() for _ in range(3)]
        line = QFrame()
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        self._heading = label(self.tr("This conversation"), bold=True)
        self._conversation = QFormLayout()
        self._conversation.setHorizontalSpacing(12)
        self._conversation.setVerticalSpacing(6)
        self._conversation.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self._status, self._owed = self._fact(self.tr("Status")), self._fact(self.tr("Owed"))
        self._messages, self._arrived = self._fact(self.tr("Messages")), self._fact(self.tr("Arrived"))
        for part in (self._name, self._where, self._seen, *self._details):
            box.addWidget(part)
        box.addSpacing(4)
        box.addWidget(line)
        box.addSpacing(4)
        box.addWidget(self._heading)
        box.addLayout(self._conversation)
        box.addStretch(1)
        self.setWidget(inner)
        self.show_person(None, None, None)

    def show_person(self, stored: StoredMessage | None, row: ConversationRow | None, channel: Channel | None) -> None:
        """Show who wrote this message, and the conversation's row; nothing for ``None``."""
        self._inner.setVisible(stored is not None)
        if stored is None or row is None or channel is None:
            self._about = ("", "")
            return
        m = stored.message
        now = datetime.now(UTC)
        self._name.setText(bare_name(plain(m.author.name)) or self.tr("Unknown"))
        self._where.setText(f"{channel.title}")
        email = m.details.get("email", "")
        handle = m.author.handle if m.author.handle != email else ""  # a letter's writer is known by the address
        details = [(self.tr("E-mail"), email), (self.tr("Web"), m.author.url), (self.tr("Handle"), handle)]
        for said, (words, value) in zip(self._details, details, strict=True):
            said.setText(plain(value))
            said.setAccessibleName(f"{words}: {plain(value)}")  # to the eye it says what it is by itself
            said.setVisible(bool(value))
        self._status.setText(_STATUS.get(row.status, row.status))
        self._owed.setText(plural(row.owed, "answer"))
        self._conversation.setRowVisible(self._owed, row.owed > 0)
        self._messages.setText(str(row.messages))
        self._arrived.setText(long_time(stored.seen_at, now))
        self._arrived.setToolTip(exact_time(stored.seen_at))
        about = (str(row.channel_id), m.author.name)
        if about != self._about:
            self._about = about
            self._seen.setText("")
            self._count()

    def _fact(self, words: str) -> Value:
        """A line of the form. It stays and says something else for another: to make lines anew took 4 ms a step."""
        said = Value()
        head = QLabel(words)
        head.setProperty("role", "text-3")
        head.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._conversation.addRow(head, said)
        return said

    @async_slot
    async def _count(self) -> None:
        while True:
            about = self._about
            try:
                found = await self._reader.slowly(functools.partial(_messages_by, about=about))
            except sqlite3.OperationalError:  # a search was more urgent
                return
            if about == self._about:
                break
        if about[1] and found:
            more = "more than " if found >= COUNT_LIMIT else ""
            self._seen.setText(self.tr("{0}{1} under this name").format(more, plural(found, "message")))


def _messages_by(connection: sqlite3.Connection, about: tuple[str, str]) -> int:
    """How many messages of the channel (its id, a name) carry this name, counted by the index, up to a limit; of those
    whose names may not be kept, as many as are here now."""
    channel_id, name = about
    if name == MEMBER:
        return 0
    words = " ".join('"' + "".join(ch if ch.isalnum() else " " for ch in w).strip() + '"' for w in name.split())
    if not words.replace('"', "").strip():
        return 0
    row = connection.execute(
        "SELECT count(*) FROM (SELECT m.id FROM messages_fts f JOIN messages m ON m.id = f.rowid"
        " WHERE messages_fts MATCH :words AND m.channel_id = :channel AND m.author_name = :name"
        " UNION ALL SELECT m.id FROM fleeting f JOIN messages m ON m.id = f.message_id"
        " WHERE m.channel_id = :channel AND f.author_name = :name LIMIT :most)",
        {"words": f"author_name : ({words})", "channel": channel_id, "name": name, "most": COUNT_LIMIT},
    ).fetchone()
    return int(row[0])
