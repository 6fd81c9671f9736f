"""The reply box: shouts where, how public and as whom; keeps what is typed; sends through the outbox."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout

from inbox.model import Channel, MessageState
from inbox.store.reading import StoredMessage
from ui.reading.markup import plain
from ui.reading.parts import label
from ui.widgets.direction import follow_direction
from ui.widgets.flow import FlowLayout
from ui.widgets.glyph import Glyph

DRAFT_PAUSE_MS = 500
_KEY = "  Ctrl ↵"


class ReplyBox(QFrame):
    """``send(text, close)``, ``draft(place, text)`` while typing, ``left`` on Escape."""

    send = Signal(str, bool)
    draft = Signal(str, str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.target: StoredMessage | None = None
        self.editing = False
        self._sending = False
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.setSpacing(0)
        head = QFrame()
        head_row = QHBoxLayout(head)
        head_row.setContentsMargins(14, 9, 14, 9)
        head_row.setSpacing(8)
        self._glyph = Glyph("")
        self._where = label("", bold=True, wrap=True)
        self._to = label("", "text-3", percent=92)
        self._to.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        head_row.addWidget(self._glyph)
        head_row.addWidget(self._where, 1)
        head_row.addWidget(self._to)
        box.addWidget(head)
        line = QFrame()
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        box.addWidget(line)
        self.text = QPlainTextEdit()
        self.text.setProperty("role", "bare")
        self.text.setTabChangesFocus(True)
        self.text.installEventFilter(self)
        follow_direction(self.text)
        self.text.textChanged.connect(self._typed)
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        box.addWidget(self.text, 1)
        foot = FlowLayout()
        foot.setContentsMargins(14, 4, 12, 12)
        self.keep_open = QPushButton(self.tr("Reply"))
        self.keep_open.setToolTip(self.tr("Send and keep the conversation open (Ctrl+Shift+Enter)"))
        self.close_too = QPushButton()
        self.close_too.setProperty("role", "primary")
        self.close_too.setToolTip(self.tr("Send and close the conversation (Ctrl+Enter)"))
        self.keep_open.clicked.connect(lambda: self._send(False))
        self.close_too.clicked.connect(lambda: self._send(True))
        foot.addWidget(self.close_too)
        foot.addWidget(self.keep_open)
        box.addLayout(foot)
        self._pause = QTimer(self, singleShot=True, interval=DRAFT_PAUSE_MS)
        self._pause.timeout.connect(self._keep)
        self._show_state()

    def answer(self, target: StoredMessage, channel: Channel, *, draft: str | None = None) -> None:
        """Answer this message; ``draft`` replaces what is typed, ``None`` leaves it."""
        self.target, self.editing = target, False
        m = target.message
        name = plain(m.author.name) or self.tr("Unknown")
        kind = self.tr("Public reply") if m.public else self.tr("Private message")
        self._glyph.show_network(channel.network)
        self._where.setText(
            self.tr("{0} on {1} as {2}").format(kind, channel.title, channel.speaks_as or channel.title)
        )
        self._to.setText(self.tr("to {0}").format(name if len(name) < 32 else name[:31] + "…"))
        held = m.state is MessageState.HELD
        self.close_too.setText(self.tr("Approve, reply and close") if held else self.tr("Reply and close") + _KEY)
        self.keep_open.setText(self.tr("Approve and reply") if held else self.tr("Reply"))
        self.close_too.setAccessibleName(self.close_too.text().removesuffix(_KEY))
        self.keep_open.setAccessibleName(self.tr("{0}, keep it open").format(self.keep_open.text()))
        self.keep_open.show()
        self.text.setPlaceholderText(self.tr("Answer {0} …  (r)").format(name))
        self.text.setAccessibleName(f"{self._where.text()}, {self._to.text()}")
        if draft is not None:
            self.set_text(draft)

    def edit(self, target: StoredMessage, channel: Channel) -> None:
        """Change the words of a message of ours."""
        self.answer(target, channel, draft=target.message.details.get("source") or target.message.text)
        self.editing = True
        self._where.setText(self.tr("Edit our words on {0}, in public").format(channel.title))
        self._to.setText("")
        self.close_too.setText(self.tr("Save the change") + _KEY)
        self.close_too.setAccessibleName(self.tr("Save the change"))
        self.keep_open.hide()
        self.text.setAccessibleName(self._where.text())

    def _mark(self, focused: bool) -> None:
        self.setProperty("focused", focused)
        self.style().unpolish(self)
        self.style().polish(self)

    def set_text(self, text: str) -> None:
        """Put the text in, the cursor behind it; this is not typing, so no draft is kept of it."""
        if text != self.text.toPlainText():
            self.text.setPlainText(text)
            cursor = self.text.textCursor()
            cursor.movePosition(cursor.MoveOperation.End)
            self.text.setTextCursor(cursor)
        self._pause.stop()

    def flush(self) -> None:
        """Keep the draft now: something else is about to be shown."""
        if self._pause.isActive():
            self._pause.stop()
            self._keep()

    @property
    def place(self) -> str:
        """Where the draft of what is being written is kept."""
        if self.target is None:
            return ""
        return f"edit:{self.target.id}" if self.editing else f"reply:{self.target.conversation_id}"

    def busy(self, sending: bool) -> None:
        """While this very answer is on its way into the outbox it cannot be sent a second time."""
        self._sending = sending
        self._show_state()

    def _keep(self) -> None:
        if self.place:
            self.draft.emit(self.place, self.text.toPlainText())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.text and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape:
                self.left.emit()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and (
                event.modifiers() & Qt.KeyboardModifier.ControlModifier
            ):
                self._send(not event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                return True
        if watched is self.text and event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._mark(event.type() == QEvent.Type.FocusIn)
        if watched is self.text and event.type() == QEvent.Type.FontChange:
            self._sync_height()
        return super().eventFilter(watched, event)

    def _send(self, close: bool) -> None:
        if (text := self.text.toPlainText().strip()) and self.target is not None and not self._sending:
            self.flush()
            self.send.emit(text, close)

    def _typed(self) -> None:
        if not self._pause.isActive():  # at most this much typing is lost, however long it goes on
            self._pause.start()
        self._show_state()

    def _show_state(self) -> None:
        text = self.text.toPlainText().strip()
        self.close_too.setEnabled(bool(text) and not self._sending)
        self.keep_open.setEnabled(bool(text) and not self._sending)
        self._sync_height()

    def _sync_height(self) -> None:
        """Grow with the text, from three lines to eight."""
        line = self.text.fontMetrics().lineSpacing()
        lines = min(max(int(self.text.document().size().height()), 3), 8)  # counted in lines by its plain layout
        self.text.setFixedHeight(round(line * (lines + 0.8)) + 8)
