"""The reply box: shouts where, how public and as whom; keeps what is typed; sends through the outbox."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QPlainTextEdit, QPushButton, QSizePolicy, QVBoxLayout

from inbox.model import Capability, Channel, MessageState, Update, Visibility
from inbox.store import aims
from inbox.store.reading import StoredMessage
from ui.format import plural
from ui.reading.carried import NEARLY, Carried, answer, carried, choices
from ui.reading.emoji import without
from ui.reading.markup import plain
from ui.reading.parts import label
from ui.reading.signs import READERS, VISIBILITY_WORDS, Lock
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
        self._channel: Channel | None = None
        self._possible: list[Visibility] = []  # who may be let read the answer, where that can be chosen
        self._choice: Visibility | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(1, 1, 1, 1)
        box.setSpacing(0)
        self.head = head = QFrame()
        head_row = QHBoxLayout(head)
        head_row.setContentsMargins(14, 9, 14, 9)
        head_row.setSpacing(8)
        self._glyph = Glyph("")
        self._lock = Lock()
        self._where = label("", bold=True, wrap=True)
        self._to = label("", "text-3", percent=92)
        self._to.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        head_row.addWidget(self._glyph)
        head_row.addWidget(self._lock)
        head_row.addWidget(self._where, 1)
        head_row.addWidget(self._to)
        box.addWidget(head)
        line = QFrame()
        line.setProperty("role", "line")
        line.setFixedHeight(1)
        box.addWidget(line)
        self.carries = label("", "text-3", percent=92, wrap=True)
        self.carries.setContentsMargins(14, 6, 14, 0)
        self.carries.hide()
        box.addWidget(self.carries)
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
        self.readers = QPushButton()
        self.readers.setProperty("role", "quiet")
        self.readers.clicked.connect(self._ask_readers)
        self.readers.hide()
        foot.addWidget(self.readers)
        self.counter = label("", "text-3", percent=92)
        self.counter.hide()
        foot.addWidget(self.counter)
        box.addLayout(foot)
        self._pause = QTimer(self, singleShot=True, interval=DRAFT_PAUSE_MS)
        self._pause.timeout.connect(self._keep)
        self._show_state()

    def answer(self, target: StoredMessage, channel: Channel, *, draft: str | None = None) -> None:
        """Answer this message; ``draft`` replaces what is typed, ``None`` leaves it."""
        again = self.target is not None and self.target.id == target.id and not self.editing
        chosen = self._chosen() if self.text.toPlainText().strip() and not self.editing else None
        self.target, self.editing, self._channel = target, False, channel
        m = target.message
        name = without(plain(m.author.name), (e.code for e in m.emojis)) or self.tr("Unknown")
        self._glyph.show_network(channel.network)
        if not again:
            self._offer_readers(choices(channel, m))
            self.restore_readers(chosen)  # words that were begun for few are not for many because another is answered
        held = m.state is MessageState.HELD
        self.close_too.setText(self.tr("Approve, reply and close") if held else self.tr("Reply and close") + _KEY)
        self.keep_open.setText(self.tr("Approve and reply") if held else self.tr("Reply"))
        self.close_too.setAccessibleName(self.close_too.text().removesuffix(_KEY))
        self.keep_open.setAccessibleName(self.tr("{0}, keep it open").format(self.keep_open.text()))
        self.keep_open.show()
        self.text.setPlaceholderText(self.tr("Answer {0} …  (r)").format(name))
        if draft is not None:
            self.set_text(draft)
        self._show_state()

    def edit(self, target: StoredMessage, channel: Channel) -> None:
        """Change the words of a message of ours."""
        self.answer(target, channel, draft=target.message.details.get("source") or target.message.text)
        self.editing = True
        self._offer_readers([])
        public = target.message.public
        how = self.tr("in public") if public else VISIBILITY_WORDS[target.message.visibility].lower()
        self._where.setText(self.tr("Edit our words on {0}, {1}").format(channel.title, how))
        self._shout(target.message.visibility)
        self._to.setText("")
        self.close_too.setText(self.tr("Save the change") + _KEY)
        self.close_too.setAccessibleName(self.tr("Save the change"))
        self.keep_open.hide()
        self.text.setAccessibleName(self._where.text())
        self._show_state()

    def options(self) -> Update | None:
        """What was chosen besides the words; None for nothing."""
        chosen = self._chosen()
        return answer("", chosen) if chosen is not None else None

    def _chosen(self) -> Visibility | None:
        """Who shall read it, when somebody chose that; None: as it comes."""
        return self._choice if self._possible else None

    def _offer_readers(self, possible: list[Visibility]) -> None:
        self._possible, self._choice = possible, None
        self.readers.setVisible(bool(possible))

    def _ask_readers(self) -> None:
        """A menu of who may read the answer."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for one in self._possible:
            made = menu.addAction(f"{VISIBILITY_WORDS[one]}: {READERS[one].lower().replace('this', 'it')}")
            made.triggered.connect(lambda _=False, v=one: self.choose_readers(v))
        menu.popup(self.readers.mapToGlobal(self.readers.rect().bottomLeft()))

    def choose_readers(self, chosen: Visibility) -> None:
        """Let no more than these read the answer."""
        self._choice = chosen
        if self.text.toPlainText().strip() and not self._pause.isActive():
            self._pause.start()  # kept with the words
        self._show_state()

    def restore_readers(self, chosen: Visibility | None) -> None:
        """As it was chosen when the words were written, also where the network has no such way any more: then it cannot
        be sent like this, and only a person lets more people read it."""
        if chosen is None or self._channel is None or self.target is None:
            return
        able = Capability.VISIBILITY | Capability.PRIVATE_REPLY
        if chosen not in self._possible and self._channel.capabilities & able:
            possible = self._possible or [self.target.message.visibility]
            self._offer_readers([*dict.fromkeys([*possible, chosen])])
        if chosen in self._possible:
            self.choose_readers(chosen)

    def aim(self) -> str:
        """Whom this is for, as it is kept beside the words."""
        return aims.written(self.target.id, self._chosen()) if self.target is not None else ""

    def _say_where(self, found: Carried) -> None:
        """Where it goes, who will read it, as whom and to whom: in words, in colour and with a padlock."""
        assert self.target is not None
        assert self._channel is not None
        m, channel = self.target.message, self._channel
        name = without(plain(m.author.name), (e.code for e in m.emojis)) or self.tr("Unknown")
        short = name if len(name) < 32 else name[:31] + "…"
        voice = channel.speaks_as or channel.title
        if found.readers is Visibility.DIRECT:
            whom = plain(m.author.handle) or short
            self._where.setText(self.tr("Private message to {0} on {1} as {2}").format(whom, channel.title, voice))
        else:
            what = {
                Visibility.FOLLOWERS: self.tr("Reply for followers only"),
                Visibility.UNLISTED: self.tr("Public reply, unlisted,"),
            }.get(found.readers, self.tr("Public reply"))
            self._where.setText(self.tr("{0} on {1} as {2}").format(what, channel.title, voice))
        self._to.setText(self.tr("to {0}").format(short) if found.readers is not Visibility.DIRECT else "")
        self._shout(found.readers)
        chosen = VISIBILITY_WORDS[found.readers]
        self.readers.setText(f"{chosen} ▾")
        self.readers.setAccessibleName(self.tr("Who may read the answer: {0}").format(chosen))
        parts = [found.note] if found.note else []
        if found.before:
            parts.append(self.tr("Begins with {0}").format(found.before))
        if found.warning:
            parts.append(self.tr("Content warning: {0}").format(plain(found.warning)))
        if found.readers not in (Visibility.PUBLIC, Visibility.DIRECT):
            parts.append(READERS[found.readers])
        self.carries.setText(" · ".join(parts))
        self.carries.setVisible(bool(parts))
        self.text.setAccessibleName(", ".join(w for w in (self._where.text(), self._to.text()) if w))
        self.text.setAccessibleDescription(". ".join(parts))

    def _shout(self, readers: Visibility) -> None:
        """The bar at the top of the box: private words are written under another colour."""
        private = readers in (Visibility.FOLLOWERS, Visibility.DIRECT)
        self._lock.setVisible(private)
        role = "private-bar" if private else None
        if self.head.property("role") != role:
            self.head.setProperty("role", role)
            for part in (self.head, self._lock, self._where, self._to):
                part.style().unpolish(part)
                part.style().polish(part)

    def _count(self, found: Carried | None) -> None:
        words, role = "", "text-3"
        if found is not None and found.left is not None:
            words = f"{found.left:,} left" if found.unit == "character" else f"{plural(found.left, 'byte')} left"
            if found.left < 0:
                words, role = f"{plural(-found.left, found.unit)} too many", "danger"
            elif found.left <= NEARLY:
                role = "owed"
        if found is not None and found.stops and not (found.left is not None and found.left < 0):
            words, role = found.stops, "danger"
        self.counter.setText(words)
        self.counter.setVisible(bool(words))
        if self.counter.property("role") != role:
            self.counter.setProperty("role", role)
            self.counter.style().unpolish(self.counter)
            self.counter.style().polish(self.counter)

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
            words = self.text.toPlainText()
            if not self.editing and self.target is not None:  # first, so that no end in between leaves words without it
                self.draft.emit(aims.place(self.target.conversation_id), self.aim() if words else "")
            self.draft.emit(self.place, words)

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
        if (text := self.text.toPlainText().strip()) and self.target is not None and self.close_too.isEnabled():
            self.flush()
            self.send.emit(text, close)

    def _typed(self) -> None:
        if not self._pause.isActive():  # at most this much typing is lost, however long it goes on
            self._pause.start()
        self._show_state()

    def _show_state(self) -> None:
        text = self.text.toPlainText().strip()
        found = None
        if self.target is not None and self._channel is not None and not self.editing:
            found = carried(text, self._channel, self.target.message, self._chosen())
            self._say_where(found)
        elif self.editing:
            self.carries.hide()
        self._count(found)
        ready = bool(text) and not self._sending and not (found is not None and found.stops)
        self.close_too.setEnabled(ready)
        self.keep_open.setEnabled(ready)
        self._sync_height()

    def _sync_height(self) -> None:
        """Grow with the text, from three lines to eight."""
        line = self.text.fontMetrics().lineSpacing()
        lines = min(max(int(self.text.document().size().height()), 3), 8)  # counted in lines by its plain layout
        self.text.setFixedHeight(round(line * (lines + 0.8)) + 8)
        self.head.setMinimumHeight(self._where.minimumSizeHint().height() + 18)
