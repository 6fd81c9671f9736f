"""The context pane: who is being talked to, and how this conversation stands."""

from __future__ import annotations

import functools
import sqlite3
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QLabel, QScrollArea, QVBoxLayout, QWidget

from inbox.model import Channel
from inbox.store.reading import ConversationRow, StoredMessage
from inbox.tasks import Tasks
from ui.format import exact_time, long_time, plural
from ui.reader import Reader
from ui.reading.cards import label
from ui.reading.markup import plain
from ui.slots import async_slot

_STATUS = {"open": "open", "waiting": "waiting", "done": "done"}
COUNT_LIMIT = 500


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
        self._inner = inner = QWidget()
        inner.setProperty("role", "window")
        box = QVBoxLayout(inner)
        box.setContentsMargins(16, 16, 16, 16)
        box.setSpacing(8)
        self._name = label("", percent=108, bold=True, wrap=True)
        self._where = label("", "text-2", wrap=True)
        self._seen = label("", "text-2", wrap=True)
        self._facts = QFormLayout()
        self._facts.setHorizontalSpacing(12)
        self._facts.setVerticalSpacing(6)
        self._facts.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        line = QFrame()
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        self._heading = label(self.tr("This conversation"), bold=True)
        self._conversation = QFormLayout()
        self._conversation.setHorizontalSpacing(12)
        self._conversation.setVerticalSpacing(6)
        self._conversation.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        for part in (self._name, self._where, self._seen):
            box.addWidget(part)
        box.addLayout(self._facts)
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
        for form in (self._facts, self._conversation):
            while form.rowCount():
                form.removeRow(0)
        if stored is None or row is None or channel is None:
            self._about = ("", "")
            return
        m = stored.message
        now = datetime.now(UTC)
        self._name.setText(plain(m.author.name) or self.tr("Unknown"))
        self._where.setText(f"{channel.title}")
        details = [
            (self.tr("E-mail"), m.details.get("email", "")), (self.tr("Web"), m.author.url),
            (self.tr("Handle"), m.author.handle),
        ]  # fmt: skip
        for words, value in details:
            if value:
                self._fact(self._facts, words, value)
        self._fact(self._conversation, self.tr("Status"), _STATUS.get(row.status, row.status))
        if row.owed:
            self._fact(self._conversation, self.tr("Owed"), plural(row.owed, "answer"))
        self._fact(self._conversation, self.tr("Messages"), str(row.messages))
        self._fact(self._conversation, self.tr("Arrived"), long_time(stored.seen_at, now), exact_time(stored.seen_at))
        about = (str(row.channel_id), m.author.name)
        if about != self._about:
            self._about = about
            self._seen.setText("")
            self._count()

    def _fact(self, form: QFormLayout, words: str, value: str, tip: str = "") -> None:
        said = label(plain(value), wrap=True)
        said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        said.setToolTip(tip or value)
        head = QLabel(words)
        head.setProperty("role", "text-3")
        head.setAlignment(Qt.AlignmentFlag.AlignTop)
        form.addRow(head, said)

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
        if about[1]:
            more = "more than " if found >= COUNT_LIMIT else ""
            self._seen.setText(self.tr("{0}{1} here under this name").format(more, plural(found, "message")))


def _messages_by(connection: sqlite3.Connection, about: tuple[str, str]) -> int:
    """How many messages of the channel (its id, a name) carry this name, counted by the index, up to a limit."""
    channel_id, name = about
    words = " ".join('"' + "".join(ch if ch.isalnum() else " " for ch in w).strip() + '"' for w in name.split())
    if not words.replace('"', "").strip():
        return 0
    row = connection.execute(
        "SELECT count(*) FROM (SELECT m.id FROM messages_fts f JOIN messages m ON m.id = f.rowid"
        " WHERE messages_fts MATCH ? AND m.channel_id = ? AND m.author_name = ? LIMIT ?)",
        (f"author_name : ({words})", channel_id, name, COUNT_LIMIT),
    ).fetchone()
    return int(row[0])
